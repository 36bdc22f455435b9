//! `/station/{token}`: the browser in which its link is opened becomes a shared workstation.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};

use super::{brand_of, visit_context};
use crate::{
    app::App,
    audit::Actor,
    authentication::page::station::StationPage,
    directory::{
        self,
        organization::Organization,
        station::{self, Station},
    },
    secret::{ExposeSecret, TokenHash},
    session::EndReason,
    storage,
    web::{CsrfForm, Error, Frame, Message, Page, Refusal, Visit, cookie::Cookie},
};

/// What the sign-in page is told by.
pub(super) const DONE: &str = "station";

/// `GET /station/{token}`
pub(super) async fn ask(State(app): State<App>, visit: Visit, Path(token): Path<String>) -> Result<Response, Error> {
    let mut tx = app.storage.read().await?;
    let station = tx.stations().by_link(TokenHash::of(&token), app.clock.now()).await?;
    let station = station.ok_or(Refusal::LinkInvalid)?;
    let organization = tx.organizations().by_id(&station.organization).await?.filter(Organization::is_active);
    let organization = organization.ok_or(Refusal::LinkInvalid)?;
    Ok(Page(StationPage {
        frame: Frame::new(&visit).branded(Some(brand_of(&organization))),
        action: format!("/station/{token}"),
        name: station.name.into(),
        organization: organization.name.into(),
    })
    .into_response())
}

/// `POST /station/{token}`: whoever is signed in here is signed out.
pub(super) async fn register(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let (link, browser) = (TokenHash::of(&token), TokenHash::of(visit.browser().as_str()));
    let present = visit.session_token().map(|token| TokenHash::of(token.expose_secret()));
    let context = visit_context(&app, &visit, Actor::Anonymous);
    let work = app.storage.write::<_, directory::Error, _>(move |tx| {
        Box::pin(async move {
            station::register(tx, &context, link, browser).await?;
            if let Some(present) = present
                && let Some(session) = tx.sessions().by_token(present).await?
            {
                tx.sessions().end(&context, &session, EndReason::Replaced).await?;
            }
            Ok(())
        })
    });
    match work.await {
        Ok(()) => {
            let done = Redirect::to(&format!("/login/password?{DONE}=1"));
            Ok((Cookie::Session.clear(visit.site()), done).into_response())
        }
        Err(directory::Error::Unknown(..)) => Err(Refusal::LinkInvalid.into()),
        Err(error) => Err(error.into()),
    }
}

/// `GET /login/away`: where a page at a workstation goes that nobody used. It looks at no session, so that it is no use of one;
/// what comes next is in the workstation's language.
pub(super) async fn away(visit: Visit) -> Response {
    let texts = &visit.texts().authentication.station;
    let page = Page(Message::new(Frame::new(&visit), &texts.away).linking("/account", texts.go_on));
    (Cookie::Language.clear(visit.site()), page).into_response()
}

/// The workstation that this browser is, with whose it is.
pub(super) async fn of(app: &App, visit: &Visit) -> storage::Result<Option<(Station, Organization)>> {
    let Some(browser) = visit.known_browser() else { return Ok(None) };
    let mut tx = app.storage.read().await?;
    let Some(station) = tx.stations().of_browser(TokenHash::of(browser.as_str())).await? else { return Ok(None) };
    let organization = tx.organizations().by_id(&station.organization).await?;
    Ok(organization.map(|organization| (station, organization)))
}
