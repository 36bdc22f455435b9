//! `[outgoing]`: which private networks the server itself may call (logout, upstreams, webhooks).

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::{check::Check, network::networks};

/// Which private networks the server itself may call.
#[derive(Debug, Clone, Default)]
pub struct Outgoing {
    /// Loopback, private and link-local addresses are refused unless they are in one of these.
    pub allowed_networks: Vec<IpNet>,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Raw {
    allowed_networks: Vec<String>,
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Outgoing> {
        let allowed_networks = check.take("outgoing.allowed_networks", networks(&self.allowed_networks))?;
        Some(Outgoing { allowed_networks })
    }
}
