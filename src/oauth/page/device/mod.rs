//! `/device`: where a person types the code that a device shows, or comes by its QR code (RFC 8628 §3.3).
//!
//! Whoever comes by an address that holds the code confirms like everybody else, seeing the code and what it is about
//! (§5.4): an address can be sent by anybody. Wrong codes are limited by person and network (§5.1).

mod view;

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use self::view::{ConfirmPage, EnterPage};
use crate::{
    audit::{Actor, Context},
    authentication::{
        endpoint::{SignedIn, address_of, brand_of},
        flow::Step,
        page::organization::OrganizationPage,
    },
    directory::organization::Organization,
    id::OrganizationId,
    limit::{Network, Verdict},
    oauth::{
        Provider,
        authorization::{
            Denial,
            admission::{Admission, Allowed, Allowing, admission, need, note_place, record_denial, refuse},
            organization::Member,
        },
        client::Registered,
        device::address,
        endpoint::context,
        metadata::path::DEVICE,
        page::{self, organization::choices},
        store::DeferredRequest,
        user_code::UserCode,
    },
    web::{self, CsrfForm, Frame, LocalPath, Message, Page, Parameters, Problem, Query, Refusal, ReturnTo, Visit, qr},
};

/// Where the choice of an organization posts to.
pub const ORGANIZATION: &str = "/device/organization";
/// Where the decision posts to.
pub const DECISION: &str = "/device/decision";

/// The parameter that says what was decided just before.
const DONE: &str = "done";

/// A code that waits for this person's word.
struct Asked {
    client: Arc<Registered>,
    request: DeferredRequest,
    code: UserCode,
}

/// `GET /device`: the field for a code, or what is asked by the code in the address.
pub(in crate::oauth) async fn show(
    State(provider): State<Provider>,
    visit: Visit,
    person: SignedIn,
    Query(query): Query,
) -> Result<Response, web::Error> {
    let frame = frame(&visit, &person);
    if let Some(done) = query.value(DONE) {
        let texts = &frame.t.authentication.device;
        let said = if done == "allowed" { &texts.allowed } else { &texts.refused };
        return Ok(Page(Message::new(frame, said)).into_response());
    }
    let Some(typed) = query.value("user_code") else {
        return Ok(Page(EnterPage { frame, action: DEVICE, typed: String::new(), problems: vec![] }).into_response());
    };
    let Some(asked) = find(&provider, &visit, &person, typed).await? else {
        return Ok(wrong(frame, typed));
    };
    let own = context(&provider, &visit);
    let considered = considered(&provider, (&person, &own), &asked, &query).await?;
    let about = (&asked.client.client, &asked.request);
    if let Some(need) = need(&provider, &own, about, &person, &considered).await? {
        let back = ReturnTo::new(LocalPath::parse(&with_code(DEVICE, &asked.code))?, visit.site());
        return Ok(page::send_for(&visit, need, &back));
    }
    match considered {
        Admission::Open(member) => Ok(Page(confirm_page(frame, (&person, &asked), &member)).into_response()),
        Admission::Choose(open) => {
            let page = choice_page(&provider, &visit, frame, (&person, &asked, open)).await?;
            Ok(Page(page).into_response())
        }
        Admission::Denied(denial, organization) => {
            denied(&provider, &visit, (&person, &asked), (denial, organization)).await
        }
    }
}

/// `POST /device`: the code as it was typed; on to what it asks.
pub(in crate::oauth) async fn typed(visit: Visit, person: SignedIn, CsrfForm(form): CsrfForm) -> Response {
    let typed = form.trimmed("user_code");
    match typed.parse::<UserCode>() {
        Ok(code) => Redirect::to(&with_code(DEVICE, &code)).into_response(),
        Err(_) => wrong(frame(&visit, &person), typed),
    }
}

/// `POST /device/organization`: where the device is to be used.
pub(in crate::oauth) async fn choose(_: SignedIn, Query(query): Query, CsrfForm(form): CsrfForm) -> Redirect {
    let to = Parameters::default()
        .with("user_code", query.value("user_code").unwrap_or_default())
        .with("organization", form.value("organization").unwrap_or_default());
    Redirect::to(&format!("{DEVICE}?{}", to.encode()))
}

/// `POST /device/decision`: yes or no. What is allowed is read from the request again, never from the form.
pub(in crate::oauth) async fn decide(
    State(provider): State<Provider>,
    visit: Visit,
    person: SignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, web::Error> {
    let context = context(&provider, &visit).by(Actor::User(person.user.id.clone()));
    let typed = form.value("user_code").unwrap_or_default();
    let Some(asked) = find(&provider, &visit, &person, typed).await? else {
        return Ok(wrong(frame(&visit, &person), typed));
    };
    // Whoever else is signed in by now sees the page before they answer it.
    if form.value("person") != Some(person.user.id.as_str()) {
        return Ok(Redirect::to(&with_code(DEVICE, &asked.code)).into_response());
    }
    let decided = match form.value("decision") {
        Some("allow") => allow(&provider, &context, (&person, asked), &form).await?,
        _ => refuse_device(&provider, context, (person, asked)).await?,
    };
    Ok(match decided {
        Some(done) => Redirect::to(&format!("{DEVICE}?{DONE}={done}")).into_response(),
        // The page says what has changed since.
        None => Redirect::to(&format!("{DEVICE}?{}", form.without("decision").encode())).into_response(),
    })
}

/// `GET` of an address that a form posts to: the page with the form.
pub(in crate::oauth) async fn anew(Query(query): Query) -> Redirect {
    match query.value("user_code").and_then(|typed| typed.parse::<UserCode>().ok()) {
        Some(code) => Redirect::to(&with_code(DEVICE, &code)),
        None => Redirect::to(DEVICE),
    }
}

/// `GET /device/qr`: the address of a code as a picture. It says nothing of the code but what the address says, and
/// everybody could draw it: nothing is looked up.
pub(in crate::oauth) async fn qr(
    State(provider): State<Provider>,
    Query(query): Query,
) -> Result<Response, web::Error> {
    let code = query.value("user_code").and_then(|typed| typed.parse::<UserCode>().ok()).ok_or(Refusal::NotFound)?;
    let address = address(&provider, DEVICE, &code);
    let svg = qr::picture(&address, 256)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("image/svg+xml"))], svg).into_response())
}

/// The page in the language of the person.
fn frame(visit: &Visit, person: &SignedIn) -> Frame {
    Frame::new(visit).in_language(visit.language_for(person.user.locale.as_deref())).found_at(DEVICE)
}

fn with_code(path: &str, code: &UserCode) -> String {
    format!("{path}?user_code={code}")
}

/// The field for a code again, with what is wrong.
fn wrong(frame: Frame, typed: &str) -> Response {
    let problems = vec![Problem::of("user_code", frame.t.authentication.device.wrong)];
    let typed = typed.chars().take(40).collect();
    (StatusCode::UNPROCESSABLE_ENTITY, Page(EnterPage { frame, action: DEVICE, typed, problems })).into_response()
}

/// The open request of a code; a wrong code is charged.
async fn find(provider: &Provider, visit: &Visit, person: &SignedIn, typed: &str) -> Result<Option<Asked>, web::Error> {
    let Ok(code) = typed.parse::<UserCode>() else { return Ok(None) };
    let network = Network::from(visit.address());
    if let Verdict::Wait(time) = provider.typing.attempt(&person.user.id, network) {
        return Err(Refusal::TooManyAttempts(time).into());
    }
    let now = provider.app.clock.now();
    let request = provider.app.storage.read().await?.deferred_requests().open_by_user_code(&code, now).await?;
    let Some(request) = request else { return Ok(None) };
    provider.typing.succeeded(&person.user.id, network);
    let client = provider.client(&request.client_id).await?.filter(|client| client.client.disabled_at.is_none());
    Ok(client.map(|client| Asked { client, request, code }))
}

async fn considered(
    provider: &Provider,
    (person, context): (&SignedIn, &Context),
    asked: &Asked,
    given: &Parameters,
) -> Result<Admission, web::Error> {
    // A slug or id that is not one of the person's organizations is no choice.
    let members = provider.memberships(&person.user.id).await?;
    let wanted = given.value("organization").unwrap_or_default();
    let is_wanted = |(_, at): &&Member| at.slug.as_str() == wanted || at.id.as_str() == wanted;
    let from = provider.arrival_of(context, &person.session);
    let chosen: Option<OrganizationId> = members.iter().find(is_wanted).map(|(_, at)| at.id.clone());
    Ok(admission(
        provider,
        (&asked.client, &asked.request),
        (&person.user, chosen.as_ref()),
        (Some(&person.session), from),
    )
    .await?)
}

/// What became of a yes, for the page after it; `None` when the request has to be looked at again.
async fn allow(
    provider: &Provider,
    context: &Context,
    (person, asked): (&SignedIn, Asked),
    form: &Parameters,
) -> Result<Option<&'static str>, web::Error> {
    let considered = considered(provider, (person, context), &asked, form).await?;
    if need(provider, context, (&asked.client.client, &asked.request), person, &considered).await?.is_some() {
        return Ok(None);
    }
    let Admission::Open(member) = considered else { return Ok(None) };
    // The page has shown another organization than the one that would be meant now.
    if form.value("organization") != Some(member.1.id.as_str()) {
        return Ok(None);
    }
    let about = (Arc::clone(&asked.client), asked.request);
    let allowing = Allowing::new(provider, context, about, (person, &member)).await?;
    let own = context.clone();
    let allowed = provider.app.storage.write(move |tx| Box::pin(async move { allowing.save(tx, &own).await }));
    match allowed.await? {
        Allowed::Done => {
            note_place(provider, context, (&asked.client.client, person), &member.1.id).await?;
            Ok(Some("allowed"))
        }
        Allowed::TooLate => Ok(None),
        Allowed::SignedOut => Err(Refusal::FormExpired.into()),
    }
}

async fn refuse_device(
    provider: &Provider,
    context: Context,
    (person, asked): (SignedIn, Asked),
) -> Result<Option<&'static str>, web::Error> {
    let work = provider
        .app
        .storage
        .write(move |tx| Box::pin(async move { refuse(tx, &context, (&person, &asked.request)).await }));
    Ok(work.await?.then_some("refused"))
}

fn confirm_page(frame: Frame, (person, asked): (&SignedIn, &Asked), (_, organization): &Member) -> ConfirmPage {
    let texts = &frame.t.authentication.consent.scopes;
    ConfirmPage {
        action: with_code(DECISION, &asked.code),
        person: person.user.id.to_string(),
        app: asked.client.client.name.clone(),
        organization: organization.name.as_str().to_owned(),
        organization_id: organization.id.to_string(),
        code: asked.code.to_string(),
        scopes: asked.request.scopes.for_people().map(|scope| texts.describe(scope)).collect(),
        frame: frame.branded(Some(brand_of(organization))),
    }
}

async fn choice_page(
    provider: &Provider,
    visit: &Visit,
    frame: Frame,
    (person, asked, open): (&SignedIn, &Asked, Vec<Organization>),
) -> Result<OrganizationPage, web::Error> {
    let back = LocalPath::parse(&with_code(DEVICE, &asked.code))?;
    Ok(OrganizationPage {
        action: with_code(ORGANIZATION, &asked.code),
        app: Some(asked.client.client.name.clone()),
        choices: choices(provider, &frame, Some(&person.user), &open).await?,
        other_person_href: address_of(Step::SignIn, visit, &ReturnTo::new(back, visit.site())),
        frame,
    })
}

/// The page that says whom to ask; the device goes on waiting, perhaps for somebody else.
async fn denied(
    provider: &Provider,
    visit: &Visit,
    (person, asked): (&SignedIn, &Asked),
    (denial, organization): (Denial, Option<Box<Organization>>),
) -> Result<Response, web::Error> {
    let context = context(provider, visit);
    let at = organization.as_ref().map(|organization| &organization.id);
    let is_recorded = record_denial(provider, &context, (person, &asked.request), (&denial, at)).await?;
    let frame = frame(visit, person);
    Ok(page::denied::told(frame, &asked.client, (&denial, organization.as_deref()), is_recorded))
}
