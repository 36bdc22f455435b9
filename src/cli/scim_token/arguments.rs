//! What `lanyard scim-token` is called with.

use std::time::Duration;

use clap::{Args, Subcommand};
use ipnet::IpNet;

use crate::{
    cli::scope::Scope,
    config::{parse_network, parse_span},
    directory::{permission::Permission, provisioning::PRECEDENCES},
    id::ConnectionTokenId,
    scim::{caller::ResourceSet, connection::Rights},
    text::Slug,
};

/// SCIM: the systems that push people and groups into an organization, and their tokens
#[derive(Debug, Args)]
pub(in crate::cli) struct ScimTokens {
    #[command(flatten)]
    pub(super) scope: Scope,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lets a system in and prints its token, the only time that it can be seen
    #[command(after_help = "\
Examples:
  Entra ID, which may assign two roles, with a token for a year:
    lanyard scim-token create entra --organization riverside --role practitioner --role front_desk \\
      --expires 365d
  a script that reads people from one network:
    lanyard scim-token create roster --organization riverside --read-only --users \\
      --network 192.0.2.0/24")]
    Create {
        /// What you call it, such as entra: lower-case letters, digits, `-` and `_`
        name: Slug,
        #[command(flatten)]
        may: May,
        /// It reads and never writes
        #[arg(long)]
        read_only: bool,
    },
    /// Lists the systems
    #[command(after_help = "Example:\n  lanyard scim-token list --organization riverside")]
    List,
    /// Shows what a system may do, and all its tokens
    #[command(after_help = "Example:\n  lanyard scim-token show entra --organization riverside")]
    Show {
        /// Its name
        name: Slug,
    },
    /// Changes what a system may do; what is not named stays as it is
    #[command(after_help = "\
Examples:
  lanyard scim-token change entra --role practitioner --role billing --organization riverside
  lanyard scim-token change roster --no-network --read-write --organization riverside
  what it says of somebody is believed before what others say:
    lanyard scim-token change hr --precedence 10 --organization riverside
  it compares registrations with the register, and may grant one permission of an app:
    lanyard scim-token change hr --may-verify --permission calendar:appointment:read \\
      --organization riverside")]
    Change(Changed),
    /// Prints a new token; the present one ends after the overlap
    #[command(after_help = "\
Examples:
  time to change it over there until tomorrow:
    lanyard scim-token rotate entra --organization riverside
  the present one was stolen:
    lanyard scim-token rotate entra --overlap 0s --organization riverside")]
    Rotate {
        /// Its name
        name: Slug,
        /// How long the present token still counts: a number with s, m, h or d
        #[arg(long, value_name = "TIME", default_value = "24h", value_parser = overlap)]
        overlap: Duration,
    },
    /// Ends a token at once
    #[command(after_help = "Example:\n  lanyard scim-token revoke sct_… --organization riverside")]
    Revoke {
        /// The id of the token, as `show` shows it
        token: ConnectionTokenId,
    },
    /// Removes a system with its tokens; the people whom it brought stay
    #[command(after_help = "Example:\n  lanyard scim-token remove entra --organization riverside")]
    Remove {
        /// Its name
        name: Slug,
    },
}

/// What a system may do.
#[derive(Debug, Args)]
pub(super) struct May {
    /// It sees people alone
    #[arg(long, conflicts_with = "groups")]
    users: bool,
    /// It sees groups alone
    #[arg(long)]
    groups: bool,
    /// It may call from this network (10.0.0.0/8) or address; may be repeated. At first from anywhere
    #[arg(long = "network", value_name = "CIDR", value_parser = network)]
    pub(super) networks: Vec<IpNet>,
    /// A role that it may assign, never owner; may be repeated, and takes the place of those before. At first none
    #[arg(long = "role", value_name = "SLUG")]
    pub(super) roles: Vec<Slug>,
    /// A permission of an app that it may grant, as in calendar:appointment:read; may be repeated, and takes the place of those before. At first none
    #[arg(long = "permission", value_name = "PERMISSION")]
    pub(super) permissions: Vec<Permission>,
    /// It may say that a registration was compared with the register
    #[arg(long = "may-verify")]
    pub(super) verify: bool,
    /// How long its tokens live: a number with h or d, at least 1h. At first until they are revoked
    #[arg(long, value_name = "TIME", value_parser = life)]
    pub(super) expires: Option<Duration>,
    /// Where several systems speak of the same attribute, the highest number (-1000 to 1000) is believed. At first 0
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true, value_parser = precedence)]
    pub(super) precedence: Option<i64>,
}

/// What is to be different.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option")]
pub(super) struct Changed {
    /// Its name
    pub(super) name: Slug,
    #[command(flatten)]
    may: May,
    /// It sees people and groups
    #[arg(long, conflicts_with_all = ["users", "groups"])]
    all: bool,
    /// It reads and never writes
    #[arg(long, conflicts_with = "read_write")]
    read_only: bool,
    /// It reads and writes
    #[arg(long)]
    read_write: bool,
    /// It may call from anywhere
    #[arg(long, conflicts_with = "networks")]
    no_network: bool,
    /// It may assign no role
    #[arg(long, conflicts_with = "roles")]
    no_role: bool,
    /// It may grant no permission
    #[arg(long, conflicts_with = "permissions")]
    no_permission: bool,
    /// What it says of registrations does not count as verified
    #[arg(long, conflicts_with = "verify")]
    no_verify: bool,
    /// Its next tokens live until they are revoked
    #[arg(long, conflicts_with = "expires")]
    no_expiry: bool,
}

impl May {
    pub(super) fn resources(&self) -> Option<ResourceSet> {
        match (self.users, self.groups) {
            (true, _) => Some(ResourceSet::Users),
            (_, true) => Some(ResourceSet::Groups),
            _ => None,
        }
    }
}

impl Changed {
    pub(super) fn apply(self, rights: Rights) -> Rights {
        let kept = |given: bool, nothing: bool| !given && !nothing;
        let resources = if self.all { Some(ResourceSet::All) } else { self.may.resources() };
        let may_write = (rights.may_write || self.read_write) && !self.read_only;
        let networks = kept(!self.may.networks.is_empty(), self.no_network);
        let roles = kept(!self.may.roles.is_empty(), self.no_role);
        let permissions = kept(!self.may.permissions.is_empty(), self.no_permission);
        let life = kept(self.may.expires.is_some(), self.no_expiry);
        Rights {
            resources: resources.unwrap_or(rights.resources),
            may_write,
            networks: if networks { rights.networks } else { self.may.networks },
            roles: if roles { rights.roles } else { self.may.roles },
            permissions: if permissions { rights.permissions } else { self.may.permissions },
            may_verify: (rights.may_verify || self.may.verify) && !self.no_verify,
            token_life: if life { rights.token_life } else { self.may.expires },
            precedence: self.may.precedence.unwrap_or(rights.precedence),
        }
    }
}

fn network(text: &str) -> Result<IpNet, String> {
    parse_network(text).ok_or_else(|| "write for example 10.0.0.0/8, ::1 or 192.0.2.7".to_owned())
}

fn precedence(text: &str) -> Result<i64, String> {
    let number = text.parse().ok().filter(|number| PRECEDENCES.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (PRECEDENCES.start(), PRECEDENCES.end());
        format!(
            "write a whole number from {least} to {most}, for example 10: the system with the highest one is believed"
        )
    })
}

/// Ten years are as good as for ever.
const LONGEST: Duration = Duration::from_hours(24 * 3650);

fn life(text: &str) -> Result<Duration, String> {
    span(text, Duration::from_hours(1), "write for example 365d: at least 1h, at most 3650d")
}

fn overlap(text: &str) -> Result<Duration, String> {
    span(text, Duration::ZERO, "write for example 24h: a number with s, m, h or d")
}

fn span(text: &str, least: Duration, instead: &str) -> Result<Duration, String> {
    parse_span(text).filter(|span| (least..=LONGEST).contains(span)).ok_or_else(|| instead.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_bounds() {
        let hours = |hours| Ok(Duration::from_hours(hours));
        assert_eq!((life("365d"), life("1h")), (hours(365 * 24), hours(1)));
        assert_eq!((overlap("0s"), overlap("24h")), (Ok(Duration::ZERO), hours(24)));
        for bad in ["59m", "3651d", "365", "", "-1d", "a year"] {
            assert!(life(bad).is_err(), "{bad}");
        }
        assert!(overlap("a day").is_err());
    }
}
