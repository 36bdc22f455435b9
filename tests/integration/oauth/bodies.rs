//! Bodies that are too large: every endpoint refuses them in its own way.

use axum::http::{StatusCode, header};

use super::clinic::Clinic;

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_is_too_large_is_refused_as_the_endpoint_refuses() {
    for clinic in Clinic::each().await {
        // Beyond what a form may be, and beyond `server.body_limit`.
        for size in [70_000, 2 << 20] {
            let (body, length) = (format!("x={}", "x".repeat(size)), (size + 2).to_string());
            for headers in [&[][..], &[("content-length", length.as_str())]] {
                for path in [
                    "/oauth2/device_authorization",
                    "/oauth2/backchannel-authentication",
                    "/oauth2/par",
                    "/oauth2/token",
                    "/oauth2/introspect",
                    "/oauth2/revoke",
                    "/oauth2/userinfo",
                ] {
                    let answer = clinic.post(path, headers, &body).await;
                    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{path} {headers:?}");
                    assert_eq!(answer.json()["error"], "invalid_request", "{path}");
                    assert_eq!(answer.json()["error_description"], "the body is larger than 64 KiB", "{path}");
                }
                for path in ["/oauth2/authorize", "/oauth2/logout", "/oauth2/organization"] {
                    let cookie = clinic.stranger();
                    let headers =
                        [headers, &[("accept", "text/html"), ("cookie", &cookie), ("origin", super::clinic::ISSUER)]];
                    let answer = clinic.post(path, &headers.concat(), &body).await;
                    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{path} {}", answer.body);
                    assert!(answer.header(header::CONTENT_TYPE).starts_with("text/html"), "{path}");
                    assert!(answer.body.contains(answer.headers["x-request-id"].to_str().unwrap()), "{path}");
                }
            }
        }
    }
}
