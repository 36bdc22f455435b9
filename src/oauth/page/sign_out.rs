//! Signing out: the page that asks, its form, and the page after it.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    audit::Actor,
    authentication::{
        endpoint::{Person, SignedIn},
        page::sign_out::{SignOutPage, signed_out_page},
    },
    oauth::{
        Provider,
        endpoint::{context, logout_destination},
        metadata::path::LOGOUT,
        redirect_uri::VerifiedRedirect,
    },
    session::EndReason,
    storage,
    web::{self, CsrfForm, Frame, Page, Parameters, RedirectOrigin, RedirectsTo, Visit, cookie::Cookie},
};

/// Where the form posts to.
pub const PATH: &str = "/oauth2/logout/confirm";

/// The page that asks; what the app sent is passed on and verified again.
#[must_use]
pub fn ask(visit: &Visit, person: &SignedIn, sent: &Parameters, to: Option<&VerifiedRedirect>) -> Response {
    let page = SignOutPage {
        frame: Frame::new(visit),
        action: PATH.to_owned(),
        person: person.user.name.as_str().to_owned(),
        hidden: sent.clone(),
        stay_href: "/account".to_owned(),
    };
    (RedirectsTo(to.and_then(|to| RedirectOrigin::of(&to.url()))), Page(page)).into_response()
}

/// The person said yes.
pub(in crate::oauth) async fn sign_out(
    State(provider): State<Provider>,
    visit: Visit,
    CsrfForm(form): CsrfForm,
) -> Result<Response, web::Error> {
    let to = logout_destination(&provider, &form).await?;
    if let Some((session, user)) = Person::of(&provider.app, &visit).await?.known {
        end(&provider, &visit, SignedIn { session, user }).await?;
    }
    // The page of an address that can be asked for again: in another language, for example.
    Ok(signed_out(&visit, Some(to.unwrap_or_else(|| LOGOUT.to_owned()))))
}

/// `GET` of the form's address: nothing was decided.
pub(in crate::oauth) async fn undecided() -> Redirect {
    Redirect::to(LOGOUT)
}

/// Ends the session.
///
/// # Errors
/// When the database fails.
pub async fn end(provider: &Provider, visit: &Visit, person: SignedIn) -> storage::Result<()> {
    let context = context(provider, visit).by(Actor::User(person.user.id));
    let session = person.session;
    provider
        .app
        .storage
        .write(move |tx| Box::pin(async move { tx.sessions().end(&context, &session, EndReason::SignOut).await }))
        .await
}

/// Back to the app, or the page that says it is done; the cookie goes.
#[must_use]
pub fn signed_out(visit: &Visit, to: Option<String>) -> Response {
    let cleared = Cookie::Session.clear(visit.site());
    match to {
        Some(to) => (cleared, Redirect::to(&to)).into_response(),
        None => (cleared, Page(signed_out_page(Frame::new(visit)))).into_response(),
    }
}
