//! `/invitation/{token}`: the page behind the link of an invitation.
//!
//! The person of the invited address accepts or rejects it once signed in; a new person sets name and password, and is
//! signed in as a member afterwards: the link was mailed to the address, which proves it. What is unknown, answered,
//! revoked or expired answers alike.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    invitations::{self, unless_closed},
    notice::Notice,
    offer::offers,
    sign_out,
};
use crate::{
    account::{
        guest::{Guest, guest},
        joining::{self, Newcomer, Way, Welcome},
        page::{
            invitation::{Answer, InvitationPage},
            invitations::Offer,
        },
    },
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        endpoint::{Person, SignedIn, address_of, chosen_password, visit_context},
        flow::Step,
        new_password::Measure,
    },
    directory::{
        self,
        access::Access,
        invitation::{self, Approach, Invitation},
    },
    policy::{Policies, Whom, password::Asked},
    secret::{ExposeSecret, TokenHash},
    text::Name,
    web::{
        CsrfForm, Error, Frame, LocalPath, Message, Page, Parameters, Problem, Refusal, ReturnTo, Visit, cookie::Cookie,
    },
};

/// An open invitation and whoever looks at it.
struct Opened {
    token: String,
    invitation: Invitation,
    offer: Offer,
    guest: Guest,
    person: Option<SignedIn>,
    step: Step,
    asked: Asked,
}

/// `GET /invitation/{token}`
pub(super) async fn show(
    State(policies): State<Policies>,
    visit: Visit,
    person: Person,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let opened = open(&policies, person, token).await?;
    Ok(page(&visit, opened, &Parameters::default(), vec![]))
}

/// `POST /invitation/{token}`
pub(super) async fn answer(
    State(policies): State<Policies>,
    State(authenticator): State<Authenticator>,
    (visit, person): (Visit, Person),
    Path(token): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (app, opened) = (&policies.app, open(&policies, person, token).await?);
    let link = TokenHash::of(&opened.token);
    let closed = |error| unless_closed(error, Refusal::LinkInvalid);
    match (form.value("answer"), opened.guest, opened.person.clone()) {
        (Some("reject"), Guest::Invited | Guest::ToSignIn | Guest::New, person) => {
            reject(app, &visit, link, person).await.map_err(closed)
        }
        (Some("accept"), Guest::Invited, Some(person)) => {
            invitations::accept(app, &visit, person, Way::Link(link)).await.map_err(closed)
        }
        (Some("accept"), Guest::New, _) => join(app, &authenticator, &visit, opened, &form).await,
        (Some("accept"), Guest::ToSignIn, _) => Ok(Redirect::to(&sign_in(&visit, &opened)).into_response()),
        (Some("accept" | "reject"), ..) => Ok(page(&visit, opened, &form, vec![])),
        _ => Err(Refusal::BadRequest("an invitation is accepted or rejected".into()).into()),
    }
}

async fn open(policies: &Policies, person: Person, token: String) -> Result<Opened, Error> {
    let app = &policies.app;
    let mut tx = app.storage.read().await?;
    let found = invitation::find(&mut tx, Approach::Link(TokenHash::of(&token)), app.clock.now()).await?;
    let found = found.ok_or(Refusal::LinkInvalid)?;
    let offer = offers(&mut tx, std::slice::from_ref(&found.invitation)).await?.pop().ok_or(Refusal::LinkInvalid)?;
    let step = person.step;
    // The word of one organization answers no other's invitation.
    let person = person.signed_in();
    if person.as_ref().is_some_and(|person| !person.session.counts_in(&found.invitation.organization_id)) {
        return Err(Refusal::OwnSignIn.into());
    }
    let guest = guest(found.account.as_ref(), person.as_ref().map(|person| &person.user.id));
    drop(tx);
    let asked = asked(policies, &found.invitation).await?;
    Ok(Opened { token, invitation: found.invitation, offer, guest, person, step, asked })
}

/// What is asked of the password of whoever joins, with the roles that the invitation names.
async fn asked(policies: &Policies, invitation: &Invitation) -> Result<Asked, Error> {
    let roles = invitation.roles.iter().flatten().map(|at| at.role.clone()).collect();
    // Rules may be for whoever takes a place that is kept.
    let access = Access { roles, member: invitation.membership_id.clone(), ..Access::default() };
    let ruled = policies.of_member(&invitation.organization_id, invitation.membership_id.as_ref()).await?;
    let applying = ruled.applying(Whom { access: Some(&access), client: None });
    Ok(Asked::of(&policies.app.config.password, &applying))
}

/// The page that fits who looks at it.
fn page(visit: &Visit, opened: Opened, typed: &Parameters, problems: Vec<Problem>) -> Response {
    let locale = opened.person.as_ref().and_then(|person| person.user.locale.as_deref());
    let frame = Frame::new(visit).in_language(visit.language_for(locale)).branded(Some(opened.offer.brand.clone()));
    let name = opened.person.as_ref().map(|person| person.user.name.to_string()).unwrap_or_default();
    let other_person_href = sign_out::address(visit, &back(visit, &opened));
    let status = if problems.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    let answer = match opened.guest {
        Guest::SomebodyElse => {
            let said = &frame.t.authentication.invitation.wrong_person;
            let label = frame.t.account.sign_out;
            let message = Message::new(frame, said).linking(other_person_href, label);
            return (StatusCode::FORBIDDEN, Page(message)).into_response();
        }
        Guest::Invited => Answer::Here { person: name, other_person_href },
        Guest::ToSignIn => Answer::AfterSignIn { sign_in_href: sign_in(visit, &opened) },
        Guest::New => Answer::AsNewPerson {
            email: opened.invitation.email.to_string(),
            name: typed.trimmed("name").to_owned(),
            asked: opened.asked,
            problems,
        },
    };
    let action = format!("/invitation/{}", opened.token);
    (status, Page(InvitationPage { frame, action, offer: opened.offer, answer })).into_response()
}

fn back(visit: &Visit, opened: &Opened) -> ReturnTo {
    let path = LocalPath::parse(&format!("/invitation/{}", opened.token)).expect("the token of an open invitation");
    ReturnTo::new(path, visit.site())
}

/// Where the person signs in, or does what is left of it, and comes back from.
fn sign_in(visit: &Visit, opened: &Opened) -> String {
    address_of(opened.step, visit, &back(visit, opened))
}

/// Declines; the link is enough.
async fn reject(app: &App, visit: &Visit, link: TokenHash, person: Option<SignedIn>) -> directory::Result<Response> {
    let user = person.map(|person| person.user.id);
    let actor = user.clone().map_or(Actor::Anonymous, Actor::User);
    let context = visit_context(app, visit, actor);
    app.storage
        .write::<Invitation, directory::Error, _>(move |tx| {
            Box::pin(async move { invitation::reject(tx, &context, Approach::Link(link), user.as_ref()).await })
        })
        .await?;
    let frame = Frame::new(visit);
    let said = &frame.t.authentication.invitation.rejected;
    Ok(Page(Message::new(frame, said)).into_response())
}

/// Makes an account with the name and password of the form, and signs in.
async fn join(
    app: &App,
    authenticator: &Authenticator,
    visit: &Visit,
    opened: Opened,
    form: &Parameters,
) -> Result<Response, Error> {
    let t = visit.texts();
    let Ok(name) = form.trimmed("name").parse::<Name>() else {
        let problem = Problem::of("name", (t.form.fill_in)(t.authentication.invitation.name));
        return Ok(page(visit, opened, form, vec![problem]));
    };
    let about = [name.as_str(), opened.invitation.email.as_str(), opened.offer.brand.name.as_str()];
    let measure =
        Measure { asked: opened.asked, about: about.map(str::to_owned).to_vec(), present: None, former: vec![] };
    let hash = match chosen_password(app, authenticator, visit, form, &measure).await? {
        Ok(hash) => hash,
        Err(problem) => return Ok(page(visit, opened, form, vec![problem])),
    };
    let welcome = Welcome::new(visit.site(), visit.language(), name.as_str());
    let present = visit.session_token().map(|token| TokenHash::of(token.expose_secret()));
    let browser = visit.known_browser().map(|browser| TokenHash::of(browser.as_str()));
    let new = Newcomer { name, hash, language: visit.language(), user_agent: visit.user_agent(), browser, present };
    let context = visit_context(app, visit, Actor::Anonymous);
    let joined = joining::join(app, context, TokenHash::of(&opened.token), (new, welcome)).await;
    let (organization, token) = joined.map_err(|error| unless_closed(error, Refusal::LinkInvalid))?;
    let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
    Ok((cookie, Notice::joined(&organization.slug)).into_response())
}
