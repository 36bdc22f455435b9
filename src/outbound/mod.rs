//! Requests to addresses that somebody else wrote down: key sets, request objects, logout addresses, webhooks.
//!
//! Owns the guard around them: only https (plain http inside networks that `[outgoing]` allows), no private, loopback or
//! link-local address unless allowed, judged after the name was resolved, for the very address that is then called; no
//! redirects, no proxies, a time limit over the whole exchange, an answer of bounded size. Not here: what an answer means, but
//! for the keys of others, which are wanted in many places ([`key_sets`]).

mod address;
pub mod documents;
pub mod key_sets;
mod resolver;
mod silent;
mod stream;

use std::{
    fs,
    net::IpAddr,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::{
    Method,
    header::{ACCEPT, CONTENT_TYPE, IF_MATCH},
};
use ipnet::IpNet;
use reqwest::{Certificate, Client, RequestBuilder, redirect::Policy};
use tokio::sync::Semaphore;
use url::{Host, Url};

pub use documents::Documents;
pub use key_sets::Untrusted;

use crate::{clock::Clock, config::Outgoing};
use resolver::{Guarded, Refused};
use silent::Silent;

/// How long an exchange may take, connecting and reading the answer included.
pub const LONGEST: Duration = Duration::from_secs(5);

/// The most bytes of an answer.
pub const LARGEST: usize = 64 * 1024;

/// Exchanges at a time; others wait, within their time limit.
const AT_ONCE: usize = 128;

/// Why there is no answer; for logs and administrators, never for strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Not an address that may be called.
    #[error("{0}")]
    Forbidden(String),
    /// Nobody answered, or not in time.
    #[error("no answer: {0}")]
    Unreachable(String),
    /// The answer is longer than so many bytes.
    #[error("the answer is longer than {0} bytes")]
    TooLarge(usize),
}

/// How long an exchange may take and how many bytes its answer may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Connecting and reading the answer included.
    pub longest: Duration,
    /// Bytes of the body.
    pub largest: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { longest: LONGEST, largest: LARGEST }
    }
}

/// A request to an interface that speaks JSON.
#[derive(Debug)]
pub struct Call<'c> {
    /// What is done.
    pub method: Method,
    /// The media type of what is sent and wanted.
    pub media_type: &'static str,
    /// What is sent.
    pub body: Option<&'c serde_json::Value>,
    /// What authenticates.
    pub bearer: &'c str,
    /// The version that is to be changed (RFC 9110 §13.1.1).
    pub if_match: Option<&'c str>,
    /// What is allowed.
    pub bounds: Bounds,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, without parameters, in lower case.
    pub content_type: String,
    /// `max-age` of `Cache-Control`; none where it says nothing, zero for `no-store` and `no-cache`.
    pub max_age: Option<Duration>,
    /// `Retry-After` in seconds (RFC 9110 §10.2.3); a date is not read.
    pub retry_after: Option<Duration>,
    /// `ETag`.
    pub version: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status / 100 == 2
    }
}

/// The way out; cheap to clone.
#[derive(Debug, Clone)]
pub struct Outbound(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    allowed: Arc<[IpNet]>,
    ca_file: Option<PathBuf>,
    places: Semaphore,
    /// Clients for https and for http. Made when they are first needed: reading the machine's certificates takes a while.
    clients: [OnceLock<Result<Client, Fault>>; 2],
    documents: Documents,
    silent: Silent,
}

impl Outbound {
    /// The way out that is configured.
    #[must_use]
    pub fn new(config: &Outgoing, clock: Clock) -> Self {
        Self(Arc::new(Parts {
            allowed: config.allowed_networks.clone().into(),
            ca_file: config.ca_file.clone(),
            places: Semaphore::new(AT_ONCE),
            clients: [OnceLock::new(), OnceLock::new()],
            documents: Documents::new(clock.clone()),
            silent: Silent::new(clock),
        }))
    }

    /// Reads what lies at `url`.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn get(&self, url: &Url) -> Result<Answer, Fault> {
        self.send(url, (Method::GET, Bounds::default()), |request| request).await
    }

    /// Reads what lies at `url`, within other bounds than the usual ones.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn get_within(&self, url: &Url, bounds: Bounds) -> Result<Answer, Fault> {
        self.send(url, (Method::GET, bounds), |request| request).await
    }

    /// Posts a form.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn post_form(&self, url: &Url, fields: &[(&str, &str)]) -> Result<Answer, Fault> {
        self.send(url, (Method::POST, Bounds::default()), |request| request.form(fields)).await
    }

    /// Posts JSON, with a bearer token where one is given.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn post_json(&self, url: &Url, body: &serde_json::Value, bearer: Option<&str>) -> Result<Answer, Fault> {
        self.send(url, (Method::POST, Bounds::default()), |request| match bearer {
            Some(token) => request.bearer_auth(token).json(body),
            None => request.json(body),
        })
        .await
    }

    /// Posts JSON that is signed by headers.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn post_signed(&self, url: &Url, body: &str, headers: &[(&'static str, &str)]) -> Result<Answer, Fault> {
        self.send(url, (Method::POST, Bounds::default()), |request| {
            let request = request.header(CONTENT_TYPE, "application/json").body(body.to_owned());
            headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
        })
        .await
    }

    /// Sends a request that a library has made.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn carry(&self, request: http::Request<Vec<u8>>) -> Result<Answer, Fault> {
        let (head, body) = request.into_parts();
        let url = Url::parse(&head.uri.to_string()).map_err(|_| Fault::Forbidden("it is no address".to_owned()))?;
        let fill = |request: RequestBuilder| request.headers(head.headers).body(body);
        self.send(&url, (head.method, Bounds::default()), fill).await
    }

    /// Calls an interface.
    ///
    /// # Errors
    /// [`Fault`]. An answer that is no success is no fault.
    pub async fn call(&self, url: &Url, call: Call<'_>) -> Result<Answer, Fault> {
        self.send(url, (call.method, call.bounds), |request| {
            let request = request.bearer_auth(call.bearer).header(ACCEPT, call.media_type);
            let request = match call.if_match {
                Some(version) => request.header(IF_MATCH, version),
                None => request,
            };
            match call.body {
                Some(body) => request.header(CONTENT_TYPE, call.media_type).body(body.to_string()),
                None => request,
            }
        })
        .await
    }

    /// What lies at `url`, kept as long as it says.
    ///
    /// # Errors
    /// [`documents::Unavailable`].
    pub async fn document(&self, url: &Url) -> Result<Arc<documents::Document>, documents::Unavailable> {
        self.0.documents.get(self, url).await
    }

    /// The same, read anew: something that it does not hold is sought. At most once a minute for each address.
    ///
    /// # Errors
    /// [`documents::Unavailable`].
    pub async fn newer_document(&self, url: &Url) -> Result<Arc<documents::Document>, documents::Unavailable> {
        self.0.documents.get_newer(self, url).await
    }

    /// Whether `url` may be called as far as its text tells: the scheme, and an address in place of a name.
    ///
    /// # Errors
    /// [`Fault::Forbidden`].
    pub fn check(&self, url: &Url) -> Result<(), Fault> {
        let forbidden = |why: &str| Err(Fault::Forbidden(format!("{url} may not be called: {why}")));
        let plain = match url.scheme() {
            "https" => false,
            "http" => true,
            _ => return forbidden("it is not https"),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return forbidden("it holds a password");
        }
        let address = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return forbidden("it names no host"),
        };
        match address {
            Some(address) if !address::is_open(address, &self.0.allowed, plain) => forbidden(if plain {
                "plain http is for networks in `outgoing.allowed_networks`"
            } else {
                "its address is private and not in `outgoing.allowed_networks`"
            }),
            _ => Ok(()),
        }
    }

    async fn send(
        &self,
        url: &Url,
        (method, bounds): (Method, Bounds),
        fill: impl FnOnce(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, Fault> {
        self.check(url)?;
        if self.0.silent.is_known(url) {
            return Err(Fault::Unreachable(format!("{url} did not answer a moment ago")));
        }
        let request = fill(self.client(url.scheme() == "http")?.request(method, url.clone()));
        // Whoever waits for a place says nothing about the server.
        let busy = || Fault::Unreachable(format!("{url} was not called: too many others are"));
        let place = tokio::time::timeout(LONGEST, self.0.places.acquire()).await;
        let _place = place.map_err(|_| busy())?.map_err(|_| busy())?;
        let exchange = async { read(request.send().await.map_err(|error| fault(url, &error))?, bounds.largest).await };
        tokio::time::timeout(bounds.longest, exchange).await.unwrap_or_else(|_| {
            self.0.silent.remember(url);
            Err(Fault::Unreachable(format!("{url} did not answer within {} seconds", bounds.longest.as_secs())))
        })
    }

    fn client(&self, plain: bool) -> Result<&Client, Fault> {
        let make = || {
            Client::builder()
                .tls_certs_merge(authorities(self.0.ca_file.as_deref())?)
                .redirect(Policy::none())
                .no_proxy()
                .https_only(!plain)
                .pool_max_idle_per_host(2)
                .pool_idle_timeout(Duration::from_secs(20))
                .user_agent(concat!("lanyard/", env!("CARGO_PKG_VERSION")))
                .dns_resolver(Guarded { allowed: Arc::clone(&self.0.allowed), plain })
                .build()
                .map_err(|error| Fault::Unreachable(told(&error)))
        };
        self.0.clients[usize::from(plain)].get_or_init(make).as_ref().map_err(Clone::clone)
    }
}

fn authorities(file: Option<&Path>) -> Result<Vec<Certificate>, Fault> {
    let Some(file) = file else { return Ok(vec![]) };
    let unreadable = |cause: String| Fault::Unreachable(format!("outgoing.ca_file {}: {cause}", file.display()));
    let pem = fs::read(file).map_err(|cause| unreadable(cause.to_string()))?;
    Certificate::from_pem_bundle(&pem).map_err(|error| unreadable(told(&error)))
}

async fn read(mut response: reqwest::Response, largest: usize) -> Result<Answer, Fault> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
    let content_type = header("content-type").unwrap_or_default();
    let content_type = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let max_age = header("cache-control").and_then(max_age);
    let retry_after = header("retry-after").and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    let version = header("etag").map(str::to_owned);
    let status = response.status().as_u16();
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| Fault::Unreachable(told(&error)))? {
        if body.len() + piece.len() > largest {
            return Err(Fault::TooLarge(largest));
        }
        body.extend_from_slice(&piece);
    }
    Ok(Answer { status, content_type, max_age, retry_after, version, body })
}

/// RFC 9111 §5.2.2.
fn max_age(header: &str) -> Option<Duration> {
    let directives = || header.split(',').map(|one| one.trim().to_ascii_lowercase());
    if directives().any(|one| one == "no-store" || one == "no-cache") {
        return Some(Duration::ZERO);
    }
    directives().find_map(|one| one.strip_prefix("max-age=")?.trim_matches('"').parse().ok()).map(Duration::from_secs)
}

/// A name that leads to a forbidden address is forbidden; all else is out of reach.
fn fault(url: &Url, error: &reqwest::Error) -> Fault {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = cause {
        if let Some(refused) = one.downcast_ref::<Refused>() {
            return Fault::Forbidden(format!("{url} may not be called: {refused}"));
        }
        cause = one.source();
    }
    Fault::Unreachable(told(error))
}

/// The innermost cause says most.
fn told(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests;
