//! `[invitations]`: how long an invitation can be accepted.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{check::Check, span::span};

/// How long an invitation can be accepted.
#[derive(Debug, Clone)]
pub struct Invitations {
    /// From its sending, or its last resending.
    pub lifetime: Duration,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    lifetime: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self { lifetime: "7d".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Invitations> {
        let lifetime = check.take("invitations.lifetime", span(&self.lifetime, "1m", "90d"))?;
        Some(Invitations { lifetime })
    }
}
