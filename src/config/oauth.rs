//! `[oauth]`: what every app has to do, whatever it is registered with.

use serde::{Deserialize, Serialize};

use super::check::{Check, Wrong, wrong};

/// What every app has to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct OAuth {
    /// Authorization requests have to be pushed (RFC 9126 §5).
    pub requires_pushed_requests: bool,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    pushed_requests: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self { pushed_requests: "allowed".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<OAuth> {
        let requires_pushed_requests = check.take("oauth.pushed_requests", is_required(self.pushed_requests.trim()));
        Some(OAuth { requires_pushed_requests: requires_pushed_requests? })
    }
}

fn is_required(text: &str) -> Result<bool, Wrong> {
    match text {
        "allowed" => Ok(false),
        "required" => Ok(true),
        other => Err(wrong(format!("`{other}` is neither `allowed` nor `required`"), "write `allowed` or `required`")),
    }
}
