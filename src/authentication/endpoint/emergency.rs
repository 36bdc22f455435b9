//! `/emergency/{token}`: the key of an emergency account is registered, once.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    passkey::{given, sealed_state},
    visit_context,
};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        emergency::{self, ASKED},
        factor::passkey::Ceremony,
        page::emergency::EmergencyPage,
    },
    directory::emergency::Account,
    secret::TokenHash,
    web::{CsrfForm, Error, Frame, Message, Page, Problem, Refusal, Visit},
};

/// `GET /emergency/{token}`
pub(super) async fn ask(
    (State(app), State(with)): (State<App>, State<Authenticator>),
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    Ok(Page(view((&app, &with), &visit, &token, vec![]).await?).into_response())
}

/// `POST /emergency/{token}`: what the browser answered.
pub(super) async fn register(
    (State(app), State(with)): (State<App>, State<Authenticator>),
    visit: Visit,
    Path(token): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let link = TokenHash::of(&token);
    let (account, _) = emergency::account(&app, link).await?.ok_or(Refusal::LinkInvalid)?;
    let context = visit_context(&app, &visit, Actor::Anonymous);
    let is_done = match given(&visit, &purpose_of(&account), &form) {
        Some(given) => emergency::register((&app, visit.site()), &with, context, (link, given)).await?,
        None => false,
    };
    let frame = Frame::new(&visit);
    if is_done {
        let said = &frame.t.recovery.emergency.done;
        return Ok(Page(Message::new(frame, said)).into_response());
    }
    let problem = Problem::whole(frame.t.account.security.keys.unverified);
    let page = view((&app, &with), &visit, &token, vec![problem]).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
}

/// What a ceremony is for: this account.
fn purpose_of(account: &Account) -> String {
    format!("emergency key of {}", account.user)
}

async fn view(
    (app, with): (&App, &Authenticator),
    visit: &Visit,
    token: &str,
    problems: Vec<Problem>,
) -> Result<EmergencyPage, Error> {
    let (account, user) = emergency::account(app, TokenHash::of(token)).await?.ok_or(Refusal::LinkInvalid)?;
    let begun = with.relying_party.register(&user.id, (user.name.as_str(), user.name.as_str()), &[], &ASKED);
    let Ceremony { options, state } = begun.ok_or(Refusal::NotFound)?;
    let state = sealed_state(visit, &purpose_of(&account), state);
    let action = format!("/emergency/{token}");
    Ok(EmergencyPage { frame: Frame::new(visit), name: user.name.to_string(), action, options, state, problems })
}
