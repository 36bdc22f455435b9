//! `/account/requests`: what back ends ask the person (CIBA Core 1.0 §8), each with its decision.
//!
//! A request shows who asks, what for, in which organization, and the message by which the person recognises it.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    audit::{Actor, Context},
    authentication::endpoint::SignedIn,
    id::DeferredId,
    oauth::{
        Provider,
        authorization::admission::{Admission, Allowed, Allowing, admission, need, note_place, record_denial, refuse},
        backchannel::ping,
        client::Registered,
        endpoint::context,
        page,
        store::{Asks, DeferredRequest},
    },
    storage,
    web::{self, CsrfForm, Frame, LocalPath, Page, Query, Refusal, ReturnTo, Visit},
};

/// Where they are listed.
pub const PATH: &str = "/account/requests";
/// Where a decision posts to.
pub const DECISION: &str = "/account/requests/{id}";

/// The parameter that says what was decided just before.
const DONE: &str = "done";

#[derive(Template)]
#[template(path = "oauth/asked.html")]
struct AskedPage {
    frame: Frame,
    notice: Option<String>,
    requests: Vec<Row>,
}

struct Row {
    action: String,
    app: String,
    organization: String,
    message: Option<String>,
    scopes: Vec<String>,
}

impl AskedPage {
    fn will(&self, request: &Row) -> String {
        (self.frame.t.authentication.consent.will)(&request.app)
    }
}

impl Row {
    /// What tells the buttons of one request from those of another, for whoever hears them.
    fn name(&self) -> String {
        [&self.app].into_iter().chain(&self.message).cloned().collect::<Vec<_>>().join(", ")
    }
}

/// `GET /account/requests`
pub(in crate::oauth) async fn show(
    State(provider): State<Provider>,
    visit: Visit,
    person: SignedIn,
    Query(query): Query,
) -> Result<Response, web::Error> {
    let frame = Frame::new(&visit).in_language(visit.language_for(person.user.locale.as_deref()));
    let (now, user) = (provider.app.clock.now(), &person.user.id);
    let open = provider.app.storage.read().await?.deferred_requests().open_of_user(user, now).await?;
    let members = provider.memberships(user).await?;
    let mut requests = vec![];
    for request in open {
        let Some(client) = provider.client(&request.client_id).await? else { continue };
        let at = members.iter().find(|(_, at)| request.organization.as_deref() == Some(at.id.as_str()));
        let Some((_, organization)) = at else { continue };
        requests.push(row(&frame, &request, (&client, organization.name.as_str())));
    }
    let texts = &frame.t.authentication.asked;
    let notice = match query.value(DONE) {
        Some("allowed") => Some(texts.allowed.to_owned()),
        Some("refused") => Some(texts.refused.to_owned()),
        Some(_) => Some(texts.gone.to_owned()),
        None => None,
    };
    Ok(Page(AskedPage { frame, notice, requests }).into_response())
}

fn row(frame: &Frame, request: &DeferredRequest, (client, organization): (&Registered, &str)) -> Row {
    let texts = &frame.t.authentication.consent.scopes;
    let message = match &request.asks {
        Asks::Person { binding_message, .. } => binding_message.clone(),
        Asks::Whoever(_) => None,
    };
    Row {
        action: format!("{PATH}/{}", request.id),
        app: client.client.name.clone(),
        organization: organization.to_owned(),
        message,
        scopes: request.scopes.for_people().map(|scope| texts.describe(scope)).collect(),
    }
}

/// `GET` of an address that a form posts to: the page with the form.
pub(in crate::oauth) async fn anew() -> Redirect {
    Redirect::to(PATH)
}

/// `POST /account/requests/{id}`: one to somebody else answers as if it did not exist.
pub(in crate::oauth) async fn decide(
    State(provider): State<Provider>,
    visit: Visit,
    person: SignedIn,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, web::Error> {
    let id: DeferredId = id.parse().map_err(|_| Refusal::NotFound)?;
    let (context, now) = (context(&provider, &visit), provider.app.clock.now());
    let open = provider.app.storage.read().await?.deferred_requests().open_of_user(&person.user.id, now).await?;
    let request = open.into_iter().find(|request| request.id == id);
    let Some(request) = request else { return Ok(done("gone")) };
    let client = provider.client(&request.client_id).await?.filter(|client| client.client.disabled_at.is_none());
    let Some(client) = client else { return Ok(done("gone")) };
    let context = context.by(Actor::User(person.user.id.clone()));
    let told = match form.value("decision") {
        Some("allow") => allow((&provider, &visit), &context, &person, (client, request)).await?,
        _ => Ok(deny(&provider, context, person, (client, request)).await?),
    };
    match told {
        Ok(told) => Ok(done(told)),
        Err(other) => Ok(other),
    }
}

fn done(told: &str) -> Response {
    Redirect::to(&format!("{PATH}?{DONE}={told}")).into_response()
}

/// What became of a yes, for the page after it; or the way to what the person has to prove first, or the page that says why not.
async fn allow(
    (provider, visit): (&Provider, &Visit),
    context: &Context,
    person: &SignedIn,
    (client, request): (Arc<Registered>, DeferredRequest),
) -> Result<Result<&'static str, Response>, web::Error> {
    let from = provider.arrival_of(context, &person.session);
    let considered =
        admission(provider, (&client, &request), (&person.user, None), (Some(&person.session), from)).await?;
    if let Some(need) = need(provider, context, (&client.client, &request), person, &considered).await? {
        let back = ReturnTo::new(LocalPath::parse(PATH)?, visit.site());
        return Ok(Err(page::send_for(visit, need, &back)));
    }
    let member = match considered {
        Admission::Open(member) => member,
        Admission::Choose(_) => return Ok(Ok("gone")),
        Admission::Denied(denial, at) => {
            let known = at.as_ref().map(|at| &at.id);
            let is_recorded = record_denial(provider, context, (person, &request), (&denial, known)).await?;
            let frame = Frame::new(visit).in_language(visit.language_for(person.user.locale.as_deref()));
            return Ok(Err(page::denied::told(frame, &client, (&denial, at.as_deref()), is_recorded)));
        }
    };
    let (sealer, job) = (Arc::clone(&provider.app.sealer), ping(&provider.app.sealer, &client, &request));
    let allowing = Allowing::new(provider, context, (Arc::clone(&client), request), (person, &member)).await?;
    let own = context.clone();
    let saving = provider.app.storage.write(move |tx| {
        Box::pin(async move {
            let allowed = allowing.save(tx, &own).await?;
            if let (Allowed::Done, Some(job)) = (allowed, &job) {
                tx.jobs().enqueue(&own, &sealer, job).await?;
            }
            Ok::<_, storage::Error>(allowed)
        })
    });
    match saving.await? {
        Allowed::Done => {
            note_place(provider, context, (&client.client, person), &member.1.id).await?;
            Ok(Ok("allowed"))
        }
        Allowed::TooLate => Ok(Ok("gone")),
        Allowed::SignedOut => Err(Refusal::FormExpired.into()),
    }
}

async fn deny(
    provider: &Provider,
    context: Context,
    person: SignedIn,
    (client, request): (Arc<Registered>, DeferredRequest),
) -> Result<&'static str, web::Error> {
    let (sealer, job) = (Arc::clone(&provider.app.sealer), ping(&provider.app.sealer, &client, &request));
    let saving = provider.app.storage.write(move |tx| {
        Box::pin(async move {
            let refused = refuse(tx, &context, (&person, &request)).await?;
            if let (true, Some(job)) = (refused, &job) {
                tx.jobs().enqueue(&context, &sealer, job).await?;
            }
            Ok::<_, storage::Error>(refused)
        })
    });
    Ok(if saving.await? { "refused" } else { "gone" })
}
