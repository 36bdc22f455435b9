//! `GET` and `POST /oauth2/logout` (OpenID Connect RP-Initiated Logout 1.0).
//!
//! With an ID token of the person and session that is signed in, the session ends at once; else the person is asked. The
//! browser is sent on only to an address that is registered for the client.

use std::sync::Arc;

use axum::{
    extract::{RawQuery, State},
    response::{IntoResponse, Redirect, Response},
};

use super::kept::{self, fetch, keep};
use crate::{
    authentication::{
        endpoint::{Person, SignedIn},
        page::sign_out::signed_out,
    },
    oauth::{
        Provider,
        client::Registered,
        error::{Code, Refusal, refuse},
        metadata::path,
        page::sign_out::{ask, end},
        redirect_uri::VerifiedRedirect,
        request_object::SIGNED,
        sector,
        token::id_token::{Hint, HintError, NOT_OURS, hint},
    },
    web::{self, Parameters, PlainForm, Visit},
};

pub(super) async fn by_get(
    State(provider): State<Provider>,
    visit: Visit,
    RawQuery(query): RawQuery,
) -> Result<Response, web::Error> {
    let sent = parameters(&provider, &query.unwrap_or_default()).await?;
    let request = LogoutRequest::read(&provider, &sent).await?;
    let Some((session, user)) = Person::of(&provider.policies, &visit).await?.known else {
        return Ok(signed_out(&visit, vec![], request.location()));
    };
    let person = SignedIn { session, user, locks_after: None, password_ends_at: None };
    if request.is_of(&provider, &person).await? {
        let apps = end(&provider, &visit, person).await?;
        return Ok(signed_out(&visit, apps, request.location()));
    }
    Ok(ask(&visit, &person, &sent, request.to.as_ref()))
}

/// A POST from another site comes without cookies: what names a client of ours is kept, and fetched by GET.
pub(super) async fn by_post(
    State(provider): State<Provider>,
    visit: Visit,
    PlainForm(body): PlainForm,
) -> Result<Response, web::Error> {
    let sent = Parameters::parse(&body).map_err(|error| unacceptable(&error.into()))?;
    let request = LogoutRequest::read(&provider, &sent).await?;
    if request.hint.is_none() && request.to.is_none() {
        return Ok(Redirect::to(path::LOGOUT).into_response());
    }
    // What is kept may be fetched as an authorization request: it was no signed one.
    let stored = keep(&provider, &visit, &sent.without(SIGNED)).await?;
    Ok(Redirect::to(&format!("{}?{}={stored}", path::LOGOUT, kept::PARAMETER)).into_response())
}

/// Where the browser goes afterwards, verified; `None`: a page of ours.
pub(in crate::oauth) async fn logout_destination(
    provider: &Provider,
    sent: &Parameters,
) -> Result<Option<String>, web::Error> {
    Ok(LogoutRequest::read(provider, sent).await?.location())
}

struct LogoutRequest {
    hint: Option<Hint>,
    client: Option<Arc<Registered>>,
    to: Option<VerifiedRedirect>,
    state: Option<String>,
}

impl LogoutRequest {
    async fn read(provider: &Provider, sent: &Parameters) -> Result<Self, web::Error> {
        let hint = match sent.value("id_token_hint").map(|token| hint(&provider.app, token)) {
            None => None,
            Some(reading) => match reading.await {
                Ok(hint) => hint,
                Err(HintError::Foreign(_)) => return Err(unacceptable(&NOT_OURS)),
                Err(HintError::Storage(fault)) => return Err(fault.into()),
            },
        };
        let client = client(provider, sent.value("client_id"), hint.as_ref()).await?;
        let to = match (sent.value("post_logout_redirect_uri"), &client) {
            (None, _) => None,
            (Some(asked), Some(client)) => Some(verify(client, asked).map_err(|refusal| unacceptable(&refusal))?),
            (Some(_), None) => {
                return Err(unacceptable(&refuse(
                    Code::InvalidRequest,
                    "post_logout_redirect_uri needs id_token_hint or client_id",
                )));
            }
        };
        Ok(Self { hint, client, to, state: sent.value("state").map(str::to_owned) })
    }

    /// Whether the hint proves that the app speaks of the session of this browser.
    async fn is_of(&self, provider: &Provider, person: &SignedIn) -> Result<bool, web::Error> {
        let Some(hint) = &self.hint else { return Ok(false) };
        let Some(sid) = hint.sid.as_deref().and_then(|sid| sid.parse().ok()) else { return Ok(false) };
        let Some(client) = &self.client else { return Ok(false) };
        if hint.sub != sector::subject(&provider.app, &client.client, &person.user.id) {
            return Ok(false);
        }
        let session = provider.app.storage.read().await?.families().session_of_sid(&sid).await?;
        Ok(session.as_ref() == Some(&person.session.id))
    }

    fn location(&self) -> Option<String> {
        let state: Vec<_> = self.state.clone().map(|state| ("state", state)).into_iter().collect();
        let to = self.to.as_ref()?;
        Some(if state.is_empty() { to.as_str().to_owned() } else { to.with(&state) })
    }
}

/// The client that is named, directly or by the hint; if both, they must agree (§2).
async fn client(
    provider: &Provider,
    named: Option<&str>,
    hint: Option<&Hint>,
) -> Result<Option<Arc<Registered>>, web::Error> {
    let of_hint = hint.and_then(|hint| match &hint.aud {
        crate::oauth::token::Audience::One(client) => Some(client.as_str()),
        crate::oauth::token::Audience::Many(_) => None,
    });
    let id = match (named, of_hint) {
        (Some(named), Some(of_hint)) if named != of_hint => {
            return Err(unacceptable(&refuse(Code::InvalidRequest, "client_id differs from that of id_token_hint")));
        }
        (named, of_hint) => named.or(of_hint),
    };
    match id {
        Some(id) => Ok(provider.client(id).await?.filter(|client| client.client.disabled_at.is_none())),
        None => Ok(None),
    }
}

fn verify(client: &Registered, asked: &str) -> Result<VerifiedRedirect, Refusal> {
    let verified = client.client.verify_post_logout_redirect(asked);
    verified.ok_or(refuse(Code::InvalidRequest, "post_logout_redirect_uri is not registered for this client"))
}

/// An error that may not be sent anywhere, as [`super::authorize::app_error`] shows those of a sign-in.
fn unacceptable(refusal: &Refusal) -> web::Error {
    web::Refusal::AppSignOut(refusal.code.name(), refusal.hint.clone()).into()
}

async fn parameters(provider: &Provider, query: &str) -> Result<Parameters, web::Error> {
    let sent = Parameters::parse(query.as_bytes()).map_err(|error| unacceptable(&error.into()))?;
    let Some(stored) = sent.value(kept::PARAMETER) else { return Ok(sent) };
    let kept = fetch(provider, stored).await?;
    Parameters::parse(kept.as_bytes()).map_err(|error| unacceptable(&error.into()))
}
