//! What any request may cost at most.

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode};
use tower_http::{limit::RequestBodyLimitLayer, timeout::TimeoutLayer};

use crate::config;

/// Bounds the body (413) and the time (503) of every request of `router`.
pub fn limit(router: Router, config: &config::Server) -> Router {
    router
        // The limit below is the one that counts, for every way to read a body.
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(config.body_limit))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, config.request_timeout))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{
        body::{Body, Bytes},
        http::Request,
        routing::post,
    };
    use tower::ServiceExt;

    use super::*;
    use crate::config::{Config, Sources};

    async fn status(body: Body) -> StatusCode {
        let sources = Sources::none().with("server.body_limit", "16384").with("server.request_timeout", "100ms");
        let config = Config::load(&sources).expect("right").server;
        let slow_if_empty = async |body: Bytes| {
            if body.is_empty() {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
        };
        let router = limit(Router::new().route("/", post(slow_if_empty)), &config);
        router.oneshot(Request::post("/").body(body).expect("a request")).await.expect("an answer").status()
    }

    #[tokio::test]
    async fn bodies_and_times_are_bounded() {
        // Without a length a body is measured while it is read.
        let stream = |size| Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(vec![0_u8; size])]));
        for (case, body, expected) in [
            ("largest", Body::from(vec![0; 16_384]), StatusCode::OK),
            ("too large", Body::from(vec![0; 16_385]), StatusCode::PAYLOAD_TOO_LARGE),
            ("largest in chunks", stream(16_384), StatusCode::OK),
            ("too large in chunks", stream(16_385), StatusCode::PAYLOAD_TOO_LARGE),
            ("slow", Body::empty(), StatusCode::SERVICE_UNAVAILABLE),
        ] {
            assert_eq!(status(body).await, expected, "{case}");
        }
    }
}
