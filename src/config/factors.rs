//! `[factors]`: which kinds of second factors there are at all; rules may only leave some out.

use serde::{Deserialize, Serialize};

use super::check::{Check, wrong};

/// Which kinds of second factors there are, beside authenticator apps and passkeys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Factors {
    /// Whether codes may be mailed.
    pub email: bool,
    /// Whether they may be sent to telephones: there is somebody who sends them.
    pub sms: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    email: String,
}

impl Default for Raw {
    /// A mailbox is the weakest of them: whoever reads it may choose a new password as well (NIST SP 800-63B §3.1.3.1 takes no
    /// mail for a factor at all).
    fn default() -> Self {
        Self { email: "off".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(&self, check: &mut Check, has_gateway: bool) -> Option<Factors> {
        let email = match self.email.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(wrong(format!("`{other}` is neither `on` nor `off`"), "write \"on\" or \"off\"")),
        };
        Some(Factors { email: check.take("factors.email", email)?, sms: has_gateway })
    }
}
