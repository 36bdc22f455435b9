//! What any request may cost at most.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, HttpBody as _},
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, header},
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt as _, stream::poll_fn};

use crate::{
    config,
    web::{Refusal, form::BodyFault},
};

/// Bounds the body and the time (408 when the client is late with its body, else 503) of every request of `router`.
///
/// A body that is too large fails for whoever reads it ([`BodyFault::TooLarge`]), so that each endpoint refuses it in its
/// own way: with a page, or with the JSON of its protocol.
pub fn limit(router: Router, config: &config::Server) -> Router {
    router
        // The limit below is the one that counts, for every way to read a body.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state((config.body_limit, config.request_timeout), bounded))
}

async fn bounded(State((size, most)): State<(usize, Duration)>, request: Request, next: Next) -> Response {
    let is_awaited = Arc::new(AtomicBool::new(false));
    let request = request.map(|body| watched(body, size, Arc::clone(&is_awaited)));
    match tokio::time::timeout(most, next.run(request)).await {
        Ok(response) => response,
        Err(_) if is_awaited.load(Ordering::Relaxed) => {
            // RFC 9110 §15.5.9: what is left of the body is not waited for.
            ([(header::CONNECTION, HeaderValue::from_static("close"))], Refusal::TooSlow).into_response()
        }
        Err(_) => Refusal::Busy.into_response(),
    }
}

/// The body, which ends with an error beyond `size` bytes and tells by `is_awaited` whether its reader waits for the client.
fn watched(body: Body, size: usize, is_awaited: Arc<AtomicBool>) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let (mut chunks, mut left) = (body.into_data_stream(), size);
    Body::from_stream(poll_fn(move |context| {
        let polled = chunks.poll_next_unpin(context);
        is_awaited.store(polled.is_pending(), Ordering::Relaxed);
        polled.map(|chunk| {
            let chunk = chunk?.map_err(axum::Error::into_inner);
            Some(chunk.and_then(|chunk| match left.checked_sub(chunk.len()) {
                None => Err(BodyFault::TooLarge.into()),
                Some(rest) => {
                    left = rest;
                    Ok(chunk)
                }
            }))
        })
    }))
}

#[cfg(test)]
mod tests {
    use axum::{body::Bytes, http::StatusCode, routing::post};
    use tower::ServiceExt;

    use super::*;
    use crate::{
        config::{Config, Sources},
        web::form::read_body,
    };

    async fn answer(body: Body) -> Response {
        let sources = Sources::none().with("server.body_limit", "16384").with("server.request_timeout", "100ms");
        let config = Config::load(&sources).expect("right").server;
        let slow_if_short = async |request: Request| -> Result<(), Refusal> {
            if read_body(request).await?.len() < 2 {
                tokio::time::sleep(Duration::from_secs(10)).await;
            }
            Ok(())
        };
        let router = limit(Router::new().route("/", post(slow_if_short)), &config);
        router.oneshot(Request::post("/").body(body).expect("a request")).await.expect("an answer")
    }

    #[tokio::test]
    async fn bodies_and_times_are_bounded() {
        let stream = |sizes: Vec<usize>| {
            let chunks = sizes.into_iter().map(|size| Ok::<_, std::io::Error>(vec![0_u8; size]));
            Body::from_stream(futures_util::stream::iter(chunks))
        };
        let broken = [Ok(vec![0; 10]), Err(std::io::Error::other("reset"))];
        for (case, body, expected) in [
            ("largest", Body::from(vec![0; 16_384]), StatusCode::OK),
            ("too large", Body::from(vec![0; 16_385]), StatusCode::PAYLOAD_TOO_LARGE),
            ("largest in chunks", stream(vec![16_000, 384]), StatusCode::OK),
            ("too large in chunks", stream(vec![16_000, 385]), StatusCode::PAYLOAD_TOO_LARGE),
            ("too large in one", stream(vec![100_000]), StatusCode::PAYLOAD_TOO_LARGE),
            ("broken off", Body::from_stream(futures_util::stream::iter(broken)), StatusCode::BAD_REQUEST),
            ("slow", Body::empty(), StatusCode::SERVICE_UNAVAILABLE),
            ("slow after the body", stream(vec![1]), StatusCode::SERVICE_UNAVAILABLE),
        ] {
            assert_eq!(answer(body).await.status(), expected, "{case}");
        }
    }

    #[tokio::test]
    async fn a_client_that_is_late_with_its_body_is_told_so() {
        let begun = futures_util::stream::iter([Ok::<_, std::io::Error>(vec![b'a'; 10])]);
        for (case, body) in [
            ("not begun", Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>())),
            ("not ended", Body::from_stream(begun.chain(futures_util::stream::pending()))),
        ] {
            let answer = answer(body).await;
            assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT, "{case}");
            assert_eq!(answer.headers()["connection"], "close", "{case}");
        }
    }
}
