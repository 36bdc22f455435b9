//! Signing out: the page that asks, and its form.

use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use url::Url;

use crate::{
    audit::Actor,
    authentication::{
        endpoint::{Person, SignedIn},
        page::sign_out::{SignOutPage, signed_out},
    },
    oauth::{
        Provider,
        endpoint::{context, logout_destination},
        frontchannel_logout,
        metadata::path::LOGOUT,
        redirect_uri::VerifiedRedirect,
    },
    session::EndReason,
    storage,
    web::{self, CsrfForm, Frame, Page, Parameters, RedirectOrigin, RedirectsTo, Visit},
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
    let apps = match Person::of(&provider.policies, &visit).await?.known {
        Some((session, user)) => {
            end(&provider, &visit, SignedIn { session, user, locks_after: None, password_ends_at: None }).await?
        }
        None => vec![],
    };
    // The page of an address that can be asked for again: in another language, for example.
    let to = to.or_else(|| apps.is_empty().then(|| LOGOUT.to_owned()));
    Ok(signed_out(&visit, apps, to))
}

/// `GET` of the form's address: nothing was decided.
pub(in crate::oauth) async fn undecided() -> Redirect {
    Redirect::to(LOGOUT)
}

/// Ends the session; what the browser loads so that apps learn of it.
///
/// # Errors
/// When the database fails.
pub async fn end(provider: &Provider, visit: &Visit, person: SignedIn) -> storage::Result<Vec<Url>> {
    let context = context(provider, visit).by(Actor::User(person.user.id));
    let (session, issuer) = (person.session, provider.issuer().to_owned());
    provider
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let apps = frontchannel_logout::frames(tx, &session.id, &issuer).await?;
                tx.sessions().end(&context, &session, EndReason::SignOut).await?;
                Ok(apps)
            })
        })
        .await
}
