//! `/account/security/passkeys`: adding a passkey.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    context, frame, masthead,
    notice::Notice,
    security::{PATH, codes_page, notice},
};
use crate::{
    account::page::{Tab, security::PasskeyPage},
    app::App,
    authentication::{
        Authenticator,
        endpoint::{FreshlySignedIn, SignedIn, given, sealed_state},
        enrolling::{self, Confirmed, LONGEST_NAME, Registering},
        factor::passkey::Ceremony,
        with_passkey::keys_of,
    },
    secret::ExposeSecret,
    web::{CsrfForm, Error, FactorChange, Page, Problem, Refusal, Visit, cookie::Cookie},
};

/// What a ceremony is for: this session's person.
fn purpose_of(person: &SignedIn) -> String {
    format!("passkey of {}", person.session.id)
}

/// `GET /account/security/passkeys`
pub(super) async fn ask(
    (State(app), State(with)): (State<App>, State<Authenticator>),
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
) -> Result<Response, Error> {
    let name = frame(&visit, &person).t.account.security.keys.default_name.to_owned();
    Ok(Page(page((&app, &with), &visit, &person, (name, vec![])).await?).into_response())
}

/// `POST /account/security/passkeys`: what the browser answered.
pub(super) async fn register(
    (State(app), State(with)): (State<App>, State<Authenticator>),
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let t = &frame(&visit, &person).t.account.security;
    let name = Some(form.trimmed("name")).filter(|name| !name.is_empty()).unwrap_or(t.keys.default_name).to_owned();
    let refuse = async |problem| {
        let page = page((&app, &with), &visit, &person, (name.clone(), vec![problem])).await?;
        Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
    };
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return refuse(Problem::of("name", t.set_up.too_long)).await;
    }
    let Some(given) = given(&visit, &purpose_of(&person), &form) else {
        return refuse(Problem::whole(t.keys.wrong)).await;
    };
    let context = context(&app, &visit, &person);
    let notice = notice(&visit, &person, FactorChange::PasskeyAdded, context.now);
    let typed = Registering { context, session: person.session.clone(), name: name.clone(), given, notice };
    let (token, codes) = match enrolling::register(&app, &with, typed).await? {
        Confirmed::Done { token, codes } => (token, codes),
        Confirmed::Wrong => return refuse(Problem::whole(t.keys.wrong)).await,
        Confirmed::TooMany => return refuse(Problem::whole(t.too_many)).await,
        Confirmed::Gone => return Ok(Redirect::to(PATH).into_response()),
    };
    let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
    let done = Notice::PasskeyAdded;
    Ok(match codes {
        Some(codes) => (cookie, codes_page(&app, &visit, &person, (&codes, done.address(PATH))).await?).into_response(),
        None => (cookie, done.at(PATH)).into_response(),
    })
}

async fn page(
    (app, with): (&App, &Authenticator),
    visit: &Visit,
    person: &SignedIn,
    (name, problems): (String, Vec<Problem>),
) -> Result<PasskeyPage, Error> {
    let user = &person.user;
    let kept = app.storage.read().await?.factors().keys(&user.id).await?;
    let account = user.email.as_ref().map_or(user.name.as_str(), |email| email.as_str());
    let begun = with.relying_party.register(&user.id, (account, user.name.as_str()), &keys_of(&app.sealer, &kept));
    let Ceremony { options, state } = begun.ok_or(Refusal::NotFound)?;
    let state = sealed_state(visit, &purpose_of(person), state);
    let masthead = masthead(app, person, Tab::Security).await?;
    Ok(PasskeyPage { frame: frame(visit, person), masthead, options, state, name, problems })
}
