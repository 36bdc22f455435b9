//! Requests that are kept until the browser comes back: by POST they come from another site and so without cookies, or they
//! are too long to be carried around in an address.
//!
//! Nobody is known yet when they come: only what names a verified client or address is brought here, and its size and its
//! number from one network are bounded.

use super::authorize::app_error;
use crate::{
    oauth::{
        Provider,
        error::{Code, TooMany, refuse},
        provider::Kept,
    },
    secret::{ExposeSecret, TokenHash},
    storage,
    web::{self, Parameters, Visit},
};

/// The parameter that names a kept request.
pub(super) const PARAMETER: &str = "stored";

/// The longest request, form-encoded, in bytes: several times what an app sends with the longest hint and state.
const LONGEST: usize = 16 * 1024;

/// Keeps a request and answers the name by which it is fetched.
pub(super) async fn keep(provider: &Provider, visit: &Visit, parameters: &Parameters) -> Result<String, web::Error> {
    let (encoded, now) = (parameters.encode(), provider.app.clock.now());
    if encoded.len() > LONGEST {
        return Err(web::Refusal::TooLarge.into());
    }
    if let Err(TooMany(time)) = provider.may_keep(Kept::Authorization, visit.address()) {
        return Err(web::Refusal::TooManyAttempts(time).into());
    }
    let (text, hash) = provider.app.random.token();
    provider
        .app
        .storage
        .write(move |tx| {
            tx.stored_requests().insert(hash, &encoded, now);
            Box::pin(async { Ok::<_, storage::Error>(()) })
        })
        .await?;
    Ok(text.expose_secret().to_owned())
}

/// The kept request of this name, form-encoded.
pub(super) async fn fetch(provider: &Provider, stored: &str) -> Result<String, web::Error> {
    let now = provider.app.clock.now();
    let kept = provider.app.storage.read().await?.stored_requests().find(TokenHash::of(stored), now).await?;
    kept.ok_or_else(|| app_error(&refuse(Code::InvalidRequest, "the request was kept too long ago")))
}
