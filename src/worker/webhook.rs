//! Messages to addresses of the configuration, signed as Standard Webhooks say: HMAC-SHA-256 of id, time and body with the
//! secret of the configuration. What is repeated has the same id and another time.

use aws_lc_rs::hmac;
use data_encoding::BASE64;

use crate::{
    app::App,
    config::Webhook,
    id::JobId,
    outbound::{Answer, Fault},
    secret::ExposeSecret,
};

/// Posts it once.
///
/// # Errors
/// As [`crate::outbound::Outbound::post_signed`].
pub(super) async fn post(app: &App, webhook: &Webhook, (id, body): (&JobId, &str)) -> Result<Answer, Fault> {
    let at = app.clock.now().seconds().to_string();
    let signature = signature(webhook.key.expose_secret(), (id.as_str(), &at, body));
    let headers = [("webhook-id", id.as_str()), ("webhook-timestamp", &at), ("webhook-signature", &signature)];
    app.outbound.post_signed(&webhook.url, body, &headers).await
}

fn signature(key: &[u8], (id, at, body): (&str, &str, &str)) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    let tag = hmac::sign(&key, format!("{id}.{at}.{body}").as_bytes());
    format!("v1,{}", BASE64.encode(tag.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification.
    #[test]
    fn a_message_is_signed_as_others_verify_it() {
        let key = BASE64.decode(b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signed = signature(&key, ("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body));
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
