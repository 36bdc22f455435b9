//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4).

use std::time::Duration;

use serde::Serialize;

use crate::clock::Timestamp;

/// How long an app may take it for fresh: each try has a token of its own.
const LIFE: Duration = Duration::from_secs(120);

/// The payload of a logout token. It never has a `nonce`, so that no ID token can stand for it.
#[derive(Debug, Clone, Serialize)]
pub struct LogoutTokenClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    iat: i64,
    exp: i64,
    jti: &'a str,
    sid: &'a str,
    events: Events,
}

/// The one event of a logout token.
#[derive(Debug, Clone, Default, Serialize)]
struct Events {
    #[serde(rename = "http://schemas.openid.net/event/backchannel-logout")]
    logout: Particulars,
}

/// `{}`: there are none.
#[derive(Debug, Clone, Default, Serialize)]
struct Particulars {}

/// Whose session ended, and who is told.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    /// The person, as the app knows them.
    pub sub: &'a str,
    /// The session in the organization.
    pub sid: &'a str,
    /// The app.
    pub client_id: &'a str,
}

impl<'a> LogoutTokenClaims<'a> {
    /// The claims of a token that is sent at `now`.
    #[must_use]
    pub fn new(iss: &'a str, ended: Ended<'a>, jti: &'a str, now: Timestamp) -> Self {
        Self {
            iss,
            sub: ended.sub,
            aud: ended.client_id,
            iat: now.seconds(),
            exp: now.plus(LIFE).seconds(),
            jti,
            sid: ended.sid,
            events: Events::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_logout_token_has_the_claims_of_the_specification_and_no_nonce() {
        let ended = Ended { sub: "usr_a", sid: "sid_a", client_id: "portal" };
        let claims = LogoutTokenClaims::new("https://id.example", ended, "j", Timestamp(1_000_000));
        assert_eq!(
            serde_json::to_value(claims).unwrap(),
            json!({
                "iss": "https://id.example", "sub": "usr_a", "aud": "portal", "iat": 1000, "exp": 1120, "jti": "j",
                "sid": "sid_a", "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            })
        );
    }
}
