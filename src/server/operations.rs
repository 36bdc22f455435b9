//! What operators and their machines ask: is it alive, can it serve, how is it doing.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use futures_util::future::BoxFuture;
use ipnet::IpNet;

use super::Stop;
use crate::{telemetry::Metrics, web::TrustedProxies};

/// Headers by which a proxy tells that a request is not its own.
const FORWARDING: [&str; 3] = ["forwarded", "x-forwarded-for", "x-real-ip"];

/// Asks whether requests can be served now; the answer lists what is missing.
#[derive(Clone)]
pub struct Readiness(Arc<dyn Fn() -> BoxFuture<'static, Vec<&'static str>> + Send + Sync>);

impl Readiness {
    /// `missing` names what is missing in a few words, none of them secret: anybody can read them.
    pub fn new<F, Missing>(missing: F) -> Self
    where
        F: Fn() -> Missing + Send + Sync + 'static,
        Missing: Future<Output = Vec<&'static str>> + Send + 'static,
    {
        Self(Arc::new(move || Box::pin(missing())))
    }
}

/// Who may read metrics, and through which proxies they may come.
#[derive(Clone)]
struct Operations {
    readiness: Readiness,
    stop: Stop,
    metrics: Metrics,
    readers: Arc<[IpNet]>,
    proxies: TrustedProxies,
}

/// `/healthz`: the process answers. `/readyz`: it can serve, and is not about to stop. `/metrics`: its counters, for
/// `readers` alone; for others it does not exist.
pub fn operations(
    readiness: Readiness,
    stop: Stop,
    metrics: Metrics,
    readers: &[IpNet],
    proxies: TrustedProxies,
) -> Router {
    Router::new()
        .route("/healthz", get(async || "alive\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(counters))
        .with_state(Operations { readiness, stop, metrics, readers: readers.into(), proxies })
}

async fn ready(State(operations): State<Operations>) -> Response {
    let mut missing = (operations.readiness.0)().await;
    if operations.stop.is_requested() {
        missing.push("stopping");
    }
    if missing.is_empty() {
        "ready\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", missing.join(", "))).into_response()
    }
}

async fn counters(
    State(operations): State<Operations>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    if !operations.may_read(peer, &headers) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let text = operations.metrics.render();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

impl Operations {
    /// A proxy of this machine that nobody configured would make everybody local, so that its requests are refused.
    fn may_read(&self, peer: SocketAddr, headers: &HeaderMap) -> bool {
        let peer = peer.ip().to_canonical();
        let forwarded = FORWARDING.iter().any(|name| headers.contains_key(*name));
        if forwarded && !self.proxies.contains(peer) {
            return false;
        }
        let reader = self.proxies.origin(peer, headers).address;
        self.readers.iter().any(|network| network.contains(&reader))
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::Request};
    use tower::ServiceExt;

    use super::*;
    use crate::{config::ForwardedBy, server::Stopper};

    async fn ask(router: &Router, path: &str, peer: &str, forwarded: Option<&str>) -> (StatusCode, String) {
        let mut request = Request::get(path);
        if let Some(address) = forwarded {
            request = request.header("x-forwarded-for", address);
        }
        let mut request = request.body(Body::empty()).expect("a request");
        let peer: SocketAddr = peer.parse().expect("an address");
        request.extensions_mut().insert(ConnectInfo(peer));
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("text"))
    }

    fn router(missing: &'static [&'static str], stop: Stop, proxies: TrustedProxies) -> Router {
        let readers = ["127.0.0.0/8".parse().expect("a network"), "192.0.2.0/24".parse().expect("a network")];
        operations(Readiness::new(async || missing.to_vec()), stop, Metrics::new(), &readers, proxies)
    }

    #[tokio::test]
    async fn readiness_says_what_is_missing() {
        let (_stopper, stop) = Stopper::new();
        for (missing, status, text) in [
            (&[][..], 200, "ready\n"),
            (&["signing key for RS256", "database"][..], 503, "not ready: signing key for RS256, database\n"),
        ] {
            let router = router(missing, stop.clone(), TrustedProxies::none());
            let answer = ask(&router, "/readyz", "192.0.2.1:1", None).await;
            assert_eq!((answer.0.as_u16(), answer.1.as_str()), (status, text));
            assert_eq!(ask(&router, "/healthz", "192.0.2.1:1", None).await.0, StatusCode::OK);
        }
    }

    #[tokio::test]
    async fn a_server_that_stops_is_alive_but_not_ready() {
        let (stopper, stop) = Stopper::new();
        let router = router(&[], stop, TrustedProxies::none());
        stopper.stop();
        let (status, text) = ask(&router, "/readyz", "127.0.0.1:1", None).await;
        assert_eq!((status.as_u16(), text.as_str()), (503, "not ready: stopping\n"));
        assert_eq!(ask(&router, "/healthz", "127.0.0.1:1", None).await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn metrics_are_for_their_readers_alone() {
        let (_stopper, stop) = Stopper::new();
        let proxy = "127.0.0.1/32".parse().expect("a network");
        let behind_proxy = TrustedProxies::new(vec![proxy], ForwardedBy::XForwardedFor);
        for (proxies, peer, forwarded, expected) in [
            (TrustedProxies::none(), "127.0.0.1:1", None, 200),
            (TrustedProxies::none(), "[::ffff:192.0.2.9]:1", None, 200),
            (TrustedProxies::none(), "203.0.113.1:1", None, 404),
            (TrustedProxies::none(), "203.0.113.1:1", Some("127.0.0.1"), 404),
            (TrustedProxies::none(), "127.0.0.1:1", Some("203.0.113.1"), 404),
            (behind_proxy.clone(), "127.0.0.1:1", Some("203.0.113.1"), 404),
            (behind_proxy.clone(), "127.0.0.1:1", Some("127.0.0.1, 203.0.113.1"), 404),
            (behind_proxy.clone(), "127.0.0.1:1", Some("192.0.2.9"), 200),
            (behind_proxy, "127.0.0.1:1", None, 200),
        ] {
            let router = router(&[], stop.clone(), proxies);
            let (status, _) = ask(&router, "/metrics", peer, forwarded).await;
            assert_eq!(status.as_u16(), expected, "{peer} {forwarded:?}");
        }
    }
}
