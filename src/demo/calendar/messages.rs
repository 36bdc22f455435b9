//! The text messages that the demo keeps instead of sending: what a gateway does with a webhook, its signature checked.

use askama::Template;
use aws_lc_rs::hmac;
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use data_encoding::BASE64;
use serde::Deserialize;

use super::{Calendar, page::show};
use crate::secret::ExposeSecret;

/// Messages that are kept.
const MOST: usize = 100;

/// A text message.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Message {
    /// The number.
    to: String,
    /// What it says.
    text: String,
}

#[derive(Deserialize)]
struct Envelope {
    data: Message,
}

#[derive(Template)]
#[template(path = "demo/messages.html")]
struct Messages {
    messages: Vec<Message>,
}

/// `GET /messages`: the newest first.
pub(super) async fn list(State(app): State<Calendar>) -> Response {
    let kept = app.0.messages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    show(&Messages { messages: kept.iter().cloned().collect() })
}

/// `POST /messages`: one that Lanyard hands over, signed as Standard Webhooks say.
pub(super) async fn take(State(app): State<Calendar>, headers: HeaderMap, body: String) -> StatusCode {
    if !app.0.gateway.as_ref().is_some_and(|key| is_signed(key.expose_secret(), &headers, &body)) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(envelope) = serde_json::from_str::<Envelope>(&body) else { return StatusCode::BAD_REQUEST };
    let mut kept = app.0.messages.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    kept.push_front(envelope.data);
    kept.truncate(MOST);
    StatusCode::NO_CONTENT
}

fn is_signed(key: &[u8], headers: &HeaderMap, body: &str) -> bool {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(id), Some(at), Some(signature)) =
        (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"))
    else {
        return false;
    };
    let tag = signature.strip_prefix("v1,").and_then(|tag| BASE64.decode(tag.as_bytes()).ok());
    let Some(tag) = tag else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::verify(&key, format!("{id}.{at}.{body}").as_bytes(), &tag).is_ok()
}
