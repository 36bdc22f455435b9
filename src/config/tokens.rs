//! `[tokens]`: how long codes and tokens live unless a client says otherwise.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    check::{Check, wrong},
    span::span,
};

/// Default lives of codes and tokens.
#[derive(Debug, Clone)]
pub struct Tokens {
    /// Access tokens (RFC 9068); 60 s to 15 minutes.
    pub access_token: Duration,
    /// ID tokens (OpenID Connect Core 1.0 §2).
    pub id_token: Duration,
    /// Authorization codes (RFC 6749 §4.1.2).
    pub authorization_code: Duration,
    /// A refresh token that is not used ends after this time.
    pub refresh_idle: Duration,
    /// A refresh family ends after this time, however often it is used.
    pub refresh_absolute: Duration,
}

impl Tokens {
    /// The shortest life of an access token that a client may be given.
    pub const LEAST_ACCESS_TOKEN: Duration = Duration::from_mins(1);
    /// The longest life of an access token that a client may be given.
    pub const MOST_ACCESS_TOKEN: Duration = Duration::from_mins(15);
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    access_token: String,
    id_token: String,
    authorization_code: String,
    refresh_idle: String,
    refresh_absolute: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            access_token: "5m".to_owned(),
            id_token: "5m".to_owned(),
            authorization_code: "60s".to_owned(),
            refresh_idle: "14d".to_owned(),
            refresh_absolute: "90d".to_owned(),
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Tokens> {
        let access_token = check.take("tokens.access_token", span(&self.access_token, "60s", "15m"));
        let id_token = check.take("tokens.id_token", span(&self.id_token, "60s", "1h"));
        // RFC 6749 §4.1.2 recommends at most ten minutes.
        let authorization_code = check.take("tokens.authorization_code", span(&self.authorization_code, "5s", "10m"));
        let refresh_idle = check.take("tokens.refresh_idle", span(&self.refresh_idle, "1m", "365d"));
        let refresh_absolute = check.take("tokens.refresh_absolute", span(&self.refresh_absolute, "1m", "3650d"));
        if refresh_idle? > refresh_absolute? {
            let problem = wrong("is longer than `tokens.refresh_absolute`", "write a shorter one");
            check.take("tokens.refresh_idle", Err::<(), _>(problem))?;
        }
        Some(Tokens {
            access_token: access_token?,
            id_token: id_token?,
            authorization_code: authorization_code?,
            refresh_idle: refresh_idle?,
            refresh_absolute: refresh_absolute?,
        })
    }
}
