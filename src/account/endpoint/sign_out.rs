//! `/account/sign-out`: ends the session of this browser, and goes back to the page that asked for it.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    audit::Actor,
    authentication::{
        endpoint::{Person, visit_context},
        page::sign_out::{SignOutPage, signed_out_page},
    },
    session::EndReason,
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
    let back = way_back(&visit, &query);
    let Some((_, user)) = person.known.filter(|(session, _)| session.ended_at.is_none()) else {
        return signed_out(&visit, back);
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
    if let Some((session, user)) = person.known {
        let context = visit_context(&app, &visit, Actor::User(user.id));
        app.storage
            .write::<_, storage::Error, _>(move |tx| {
                Box::pin(async move { tx.sessions().end(&context, &session, EndReason::SignOut).await })
            })
            .await?;
    }
    Ok(signed_out(&visit, way_back(&visit, &query)))
}

fn way_back(visit: &Visit, query: &Parameters) -> Option<ReturnTo> {
    visit.open_return(query.value(return_to::PARAMETER)?).ok()
}

fn signed_out(visit: &Visit, back: Option<ReturnTo>) -> Response {
    let cleared = Cookie::Session.clear(visit.site());
    match back {
        Some(back) => (cleared, back.path).into_response(),
        None => (cleared, Page(signed_out_page(Frame::new(visit)))).into_response(),
    }
}
