//! `[recovery]`: how long a recovery that the host asks for waits before it counts.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{check::Check, span::span};

/// How somebody is let in who has lost every factor.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// How long whoever may object has time, when the host asks.
    pub delay: Duration,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    delay: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self { delay: "24h".to_owned() }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Recovery> {
        Some(Recovery { delay: check.take("recovery.delay", span(&self.delay, "1h", "30d"))? })
    }
}
