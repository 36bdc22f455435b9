//! `/take-back/{token}`: an account is taken back from whoever set the first factor up, and a new password follows.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::visit_context;
use crate::{
    app::App,
    audit::Actor,
    authentication::{page::take_back::TakeBackPage, take_back},
    directory,
    secret::{ExposeSecret, TokenHash},
    web::{CsrfForm, Error, Frame, Page, Refusal, Visit, cookie::Cookie},
};

/// `GET /take-back/{token}`
pub(super) async fn ask(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    take_back::owner(&app, TokenHash::of(&token)).await?.ok_or(Refusal::LinkInvalid)?;
    Ok(Page(TakeBackPage { frame: Frame::new(&visit), action: format!("/take-back/{token}") }).into_response())
}

/// `POST /take-back/{token}`
pub(super) async fn act(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let link = TokenHash::of(&token);
    let user = take_back::owner(&app, link).await?.ok_or(Refusal::LinkInvalid)?;
    let context = visit_context(&app, &visit, Actor::Anonymous);
    let to = (visit.site().clone(), visit.language_for(user.locale.as_deref()));
    match take_back::take_back(&app, context, link, to).await {
        Ok(password) => {
            let next = Redirect::to(&format!("/password/{}", password.expose_secret()));
            Ok((Cookie::Session.clear(visit.site()), next).into_response())
        }
        Err(directory::Error::Unknown(..)) => Err(Refusal::LinkInvalid.into()),
        Err(error) => Err(error.into()),
    }
}
