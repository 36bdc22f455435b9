//! Lanyard as this app knows it: metadata and keys, fetched when they are needed and kept.

use std::{pin::Pin, sync::Arc};

use arc_swap::ArcSwapOption;
use openidconnect::{
    AsyncHttpClient, HttpRequest, HttpResponse, IssuerUrl, JsonWebKeySet,
    core::{CoreJsonWebKey, CoreProviderMetadata},
};
use reqwest::redirect::Policy;
use url::Url;

use crate::clock::{Clock, Timestamp};

/// Metadata and keys of the provider.
pub(super) struct Provider {
    issuer: Url,
    http: Http,
    clock: Clock,
    known: ArcSwapOption<Known>,
}

/// The HTTP client in the shape that the `openidconnect` crate asks for.
pub(super) struct Http(reqwest::Client);

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let mut answer = self.0.execute(request.try_into()?).await?;
            let mut response = HttpResponse::new(vec![]);
            *response.status_mut() = answer.status();
            std::mem::swap(response.headers_mut(), answer.headers_mut());
            *response.body_mut() = answer.bytes().await?.to_vec();
            Ok(response)
        })
    }
}

/// What was fetched.
pub(super) struct Known {
    pub(super) metadata: CoreProviderMetadata,
    fetched_at: Timestamp,
}

impl Known {
    pub(super) fn keys(&self) -> &JsonWebKeySet<CoreJsonWebKey> {
        self.metadata.jwks()
    }
}

/// Lanyard could not be asked.
#[derive(Debug, thiserror::Error)]
#[error("Lanyard does not answer: {0}")]
pub(super) struct Unreachable(pub(super) String);

/// How long metadata and keys are kept, in seconds.
const KEPT: i64 = 300;
/// An unknown key is looked for at most this often, in seconds.
const LOOK: i64 = 5;

impl Provider {
    pub(super) fn new(issuer: Url, clock: Clock) -> Result<Self, reqwest::Error> {
        let http =
            reqwest::Client::builder().redirect(Policy::none()).timeout(std::time::Duration::from_secs(10)).build()?;
        Ok(Self { issuer, http: Http(http), clock, known: ArcSwapOption::empty() })
    }

    /// How the `openidconnect` crate asks.
    pub(super) fn http(&self) -> &Http {
        &self.http
    }

    /// The issuer, exactly as it writes itself.
    pub(super) fn issuer(&self) -> &str {
        self.issuer.as_str().trim_end_matches('/')
    }

    /// What is known, fetched anew after five minutes.
    pub(super) async fn known(&self) -> Result<Arc<Known>, Unreachable> {
        match self.known.load_full() {
            Some(known) if self.age(&known) < KEPT => Ok(known),
            _ => self.fetch().await,
        }
    }

    /// What is known, fetched anew because a token names a key that is not: the key set has rotated.
    pub(super) async fn known_anew(&self) -> Result<Arc<Known>, Unreachable> {
        match self.known.load_full() {
            Some(known) if self.age(&known) < LOOK => Ok(known),
            _ => self.fetch().await,
        }
    }

    fn age(&self, known: &Known) -> i64 {
        self.clock.now().seconds() - known.fetched_at.seconds()
    }

    async fn fetch(&self) -> Result<Arc<Known>, Unreachable> {
        let issuer = IssuerUrl::new(self.issuer().to_owned()).map_err(|error| Unreachable(error.to_string()))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| Unreachable(error.to_string()))?;
        let known = Arc::new(Known { metadata, fetched_at: self.clock.now() });
        self.known.store(Some(Arc::clone(&known)));
        Ok(known)
    }

    /// POSTs a form with the client's own name and secret; the answer as JSON.
    pub(super) async fn post_form(
        &self,
        address: &str,
        client: (&str, &str),
        form: &[(&str, &str)],
    ) -> Result<serde_json::Value, Unreachable> {
        let answer = self.http.0.post(address).basic_auth(client.0, Some(client.1)).form(form).send().await;
        let answer = answer.map_err(|error| Unreachable(error.to_string()))?;
        answer.json().await.map_err(|error| Unreachable(error.to_string()))
    }

    /// GETs JSON with a bearer token.
    pub(super) async fn get_json(&self, address: Url, token: &str) -> Result<(u16, serde_json::Value), Unreachable> {
        let answer = self.http.0.get(address).bearer_auth(token).send().await;
        let answer = answer.map_err(|error| Unreachable(error.to_string()))?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await.map_err(|error| Unreachable(error.to_string()))?))
    }
}
