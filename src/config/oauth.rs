//! `[oauth]`: what every app has to do, whatever it is registered with.

use serde::{Deserialize, Serialize};

use super::check::{Check, Wrong, wrong};

/// What every app has to do.
#[derive(Debug, Clone, Copy, Default)]
pub struct OAuth {
    /// Authorization requests have to be pushed (RFC 9126 §5).
    pub requires_pushed_requests: bool,
    /// Which DPoP proofs need a nonce.
    pub dpop_nonces: DpopNonces,
}

/// Which DPoP proofs need a nonce (RFC 9449 §8). Where one is needed, proofs that a script made in advance are worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DpopNonces {
    /// Those of clients without a secret or key, at the token endpoint: a script in a browser may have made them.
    #[default]
    Public,
    /// All.
    All,
    /// None; one that is sent is checked.
    None,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    pushed_requests: String,
    dpop_nonces: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self { pushed_requests: "allowed".to_owned(), dpop_nonces: "public".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<OAuth> {
        let requires_pushed_requests = check.take("oauth.pushed_requests", is_required(self.pushed_requests.trim()));
        let dpop_nonces = check.take("oauth.dpop_nonces", dpop_nonces(self.dpop_nonces.trim()));
        Some(OAuth { requires_pushed_requests: requires_pushed_requests?, dpop_nonces: dpop_nonces? })
    }
}

fn dpop_nonces(text: &str) -> Result<DpopNonces, Wrong> {
    match text {
        "public" => Ok(DpopNonces::Public),
        "all" => Ok(DpopNonces::All),
        "none" => Ok(DpopNonces::None),
        other => Err(wrong(format!("`{other}` says of no proofs"), "write `public`, `all` or `none`")),
    }
}

fn is_required(text: &str) -> Result<bool, Wrong> {
    match text {
        "allowed" => Ok(false),
        "required" => Ok(true),
        other => Err(wrong(format!("`{other}` is neither `allowed` nor `required`"), "write `allowed` or `required`")),
    }
}
