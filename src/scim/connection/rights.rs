//! What an outside system may do.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use crate::{directory::permission::Permission, scim::caller::ResourceSet, text::Slug};

/// What an outside system may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// What it may see at all.
    pub resources: ResourceSet,
    /// Whether it may change that.
    pub may_write: bool,
    /// Where it may call from; from anywhere when empty.
    pub networks: Vec<IpNet>,
    /// The roles that it may assign.
    pub roles: Vec<Slug>,
    /// The permissions that it may grant; none of Lanyard's own.
    pub permissions: Vec<Permission>,
    /// Whether it may say that registrations were compared with their registers.
    pub may_verify: bool,
    /// How long its tokens live; until they are revoked when `None`.
    pub token_life: Option<Duration>,
    /// Where another source speaks of the same attribute, the higher one is believed.
    pub precedence: i64,
}

impl Default for Rights {
    /// Reads and writes people and groups from anywhere, and assigns no role.
    fn default() -> Self {
        Self {
            resources: ResourceSet::All,
            may_write: true,
            networks: vec![],
            roles: vec![],
            permissions: vec![],
            may_verify: false,
            token_life: None,
            precedence: 0,
        }
    }
}

impl Rights {
    /// Whether a request may come from this address.
    #[must_use]
    pub fn admit(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// Whether with these other rights more of what the system said may mean something.
    pub(super) fn may_map(&self, other: &Self) -> bool {
        self.resources != other.resources
            || self.may_write != other.may_write
            || self.roles != other.roles
            || self.permissions != other.permissions
    }

    /// The names of what differs, for the audit log.
    pub(super) fn changed(&self, other: &Self) -> String {
        let members = [
            ("resources", self.resources != other.resources),
            ("may_write", self.may_write != other.may_write),
            ("networks", self.networks != other.networks),
            ("roles", self.roles != other.roles),
            ("permissions", self.permissions != other.permissions),
            ("may_verify", self.may_verify != other.may_verify),
            ("token_life", self.token_life != other.token_life),
            ("precedence", self.precedence != other.precedence),
        ];
        members.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_used_from_its_networks_alone() {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpNet>>();
        for (allowed, address, expected) in [
            (&[][..], "203.0.113.9", true),
            (&["192.0.2.0/24"], "192.0.2.7", true),
            (&["192.0.2.0/24"], "192.0.3.7", false),
            (&["192.0.2.0/24"], "::ffff:192.0.2.7", true),
            (&["2001:db8::/32", "192.0.2.0/24"], "2001:db8::1", true),
            (&["2001:db8::/32"], "192.0.2.7", false),
        ] {
            let rights = Rights { networks: networks(allowed), ..Rights::default() };
            assert_eq!(rights.admit(address.parse().unwrap()), expected, "{allowed:?} {address}");
        }
    }

    #[test]
    fn what_was_changed_is_named() {
        let before = Rights::default();
        let after = Rights { may_write: false, roles: vec!["billing".parse().unwrap()], ..before.clone() };
        assert_eq!(before.changed(&after), "may_write roles");
        assert_eq!(before.changed(&before), "");
    }
}
