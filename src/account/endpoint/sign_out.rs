//! `/account/sign-out`: ends the session of this browser, and goes back to the page that asked for it.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use url::Url;

use crate::{
    app::App,
    audit::{Actor, Context},
    authentication::{
        endpoint::{Person, visit_context},
        page::sign_out::{SignOutPage, signed_out},
    },
    oauth::frontchannel_logout,
    session::{EndReason, Session},
    storage,
    web::{CsrfForm, Error, Frame, Page, Parameters, Query, ReturnTo, Visit, cookie::Cookie, return_to},
};

const PATH: &str = "/account/sign-out";

/// The address that asks, and goes on to `back` once it is done.
pub(super) fn address(visit: &Visit, back: &ReturnTo) -> String {
    format!("{PATH}?{}={}", return_to::PARAMETER, back.seal(visit.site(), visit.browser()))
}

/// `GET /account/sign-out`
pub(super) async fn ask(visit: Visit, person: Person, Query(query): Query) -> Response {
    let back = query.value(return_to::PARAMETER).and_then(|sealed| visit.open_return(sealed).ok());
    let Some((_, user)) = person.known.filter(|(session, _)| session.ended_at.is_none()) else {
        return signed_out(&visit, vec![], back.map(|back| back.path.to_string()));
    };
    let frame = Frame::new(&visit).in_language(visit.language_for(user.locale.as_deref()));
    let action = back.as_ref().map_or_else(|| PATH.to_owned(), |back| address(&visit, back));
    let (hidden, stay_href) = (Parameters::default(), "/account".to_owned());
    Page(SignOutPage { frame, action, person: user.name.to_string(), hidden, stay_href }).into_response()
}

/// `POST /account/sign-out`: also for somebody who has steps of the sign-in left to do.
pub(super) async fn submit(
    State(app): State<App>,
    visit: Visit,
    person: Person,
    Query(query): Query,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let at_station = person.known.as_ref().is_some_and(|(session, _)| session.station.is_some());
    let apps = match person.known {
        Some((session, user)) => {
            end(&app, visit_context(&app, &visit, Actor::User(user.id)), session, Reach::This).await?
        }
        None => vec![],
    };
    if !at_station {
        return Ok(signed_out(&visit, apps, way_back(&visit, &query)));
    }
    let next = way_back(&visit, &query).unwrap_or_else(|| "/login".to_owned());
    // The next person reads their own language.
    Ok((Cookie::Language.clear(visit.site()), signed_out(&visit, apps, Some(next))).into_response())
}

/// What ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// This session.
    This,
    /// Every session of the person.
    Everywhere,
}

/// Ends the session of this browser, or all of the person; what the browser loads so that apps learn of it.
pub(super) async fn end(app: &App, context: Context, session: Session, reach: Reach) -> storage::Result<Vec<Url>> {
    let issuer = app.config.server.issuer.to_string();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                let apps = frontchannel_logout::frames(tx, &session.id, &issuer).await?;
                match reach {
                    Reach::This => tx.sessions().end(&context, &session, EndReason::SignOut).await?,
                    Reach::Everywhere => {
                        tx.sessions().end_all_of_user(&context, &session.user, None, EndReason::Remote).await?;
                    }
                }
                Ok(apps)
            })
        })
        .await
}

fn way_back(visit: &Visit, query: &Parameters) -> Option<String> {
    Some(visit.open_return(query.value(return_to::PARAMETER)?).ok()?.path.to_string())
}
