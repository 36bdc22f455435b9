//! What a token says of the registration with the register of a profession.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, directory::registration};

/// A registration at the instant of the token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// The number.
    pub number: String,
    /// Who keeps the register.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// `verified`, `unverified` or `expired`.
    pub status: Cow<'static, str>,
    /// When it ends, in Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<i64>,
    /// When it was compared with the register, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_at: Option<i64>,
}

impl From<&registration::Registration> for Registration {
    fn from(one: &registration::Registration) -> Self {
        Self {
            number: one.number.clone(),
            body: one.body.clone(),
            status: Cow::Borrowed(one.status.name()),
            expires_at: one.expires_at.map(Timestamp::seconds),
            verified_at: one.verified_at.map(Timestamp::seconds),
        }
    }
}
