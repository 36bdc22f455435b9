//! Counts every answered request by its route.

use std::time::Instant;

use axum::{
    Router,
    extract::{MatchedPath, Request, State},
    middleware::{self, Next},
    response::Response,
};

use crate::telemetry::Metrics;

/// Counts the requests of `router`, those of no route as one.
pub fn observe(router: Router, metrics: Metrics) -> Router {
    router.layer(middleware::from_fn_with_state(metrics, count))
}

async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    // The path itself is the client's text: only the template of a route becomes a label.
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics.request(route, response.status().as_u16(), begun.elapsed());
    response
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode, routing::get};
    use tower::ServiceExt;

    use super::*;

    #[tokio::test]
    async fn labels_are_templates_of_routes() {
        let metrics = Metrics::new();
        let router = Router::new()
            .route("/invitation/{token}", get(|| async { StatusCode::GONE }))
            .fallback(|| async { StatusCode::NOT_FOUND });
        let router = observe(router, metrics.clone());
        for path in ["/invitation/secret", "/invitation/other", "/wp-admin.php"] {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            router.clone().oneshot(request).await.expect("an answer");
        }
        let text = metrics.render();
        for line in [
            r#"lanyard_http_requests_total{status="4xx",route="/invitation/{token}"} 2"#,
            r#"lanyard_http_requests_total{status="4xx",route="none"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
        assert!(!text.contains("secret") && !text.contains("wp-admin"), "{text}");
    }
}
