//! Prefixed, time-ordered ids (`usr_…`): a UUID version 7 (RFC 9562 §5.7) in lower-case hexadecimal.
//!
//! Each kind is a type of its own, so that a membership can never be looked up with a user's id.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{clock::Timestamp, random::Random};

/// Text that is not an id of the wanted kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("expected an id that begins with `{0}_`")]
pub struct NotAnId(pub &'static str);

fn fresh(prefix: &str, now: Timestamp, random: &Random) -> String {
    let millis = u64::try_from(now.0).unwrap_or(0);
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &random.bytes::<10>()).into_uuid();
    let mut digits = uuid::Uuid::encode_buffer();
    let digits: &str = id.simple().encode_lower(&mut digits);
    [prefix, "_", digits].concat()
}

/// RFC 9562 §5.7: the first 48 bits are Unix milliseconds.
fn made_at(id: &str) -> Timestamp {
    let digits = id.split_once('_').and_then(|(_, hex)| hex.get(..12));
    Timestamp(digits.and_then(|digits| i64::from_str_radix(digits, 16).ok()).unwrap_or(0))
}

fn is_well_formed(prefix: &str, text: &str) -> bool {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .is_some_and(|hex| hex.len() == 32 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')))
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// What every id of this kind begins with.
            pub const PREFIX: &'static str = $prefix;

            /// A new id; ids made later sort later.
            #[must_use]
            pub fn fresh(now: Timestamp, random: &Random) -> Self {
                Self(fresh($prefix, now, random))
            }

            /// When it was made, which the id says itself.
            #[must_use]
            pub fn made_at(&self) -> Timestamp {
                made_at(&self.0)
            }

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// An id read from the database, which holds no malformed one.
            #[must_use]
            pub fn from_stored(text: String) -> Self {
                Self(text)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if is_well_formed($prefix, text) { Ok(Self(text.to_owned())) } else { Err(NotAnId($prefix)) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;
            fn try_from(text: String) -> Result<Self, NotAnId> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A practice: the tenant.
    OrganizationId = "org";
    /// One person with one login; the `sub` of tokens.
    UserId = "usr";
    /// A user in an organization.
    MembershipId = "mem";
    /// A clinic site.
    LocationId = "loc";
    /// A named bundle of permissions.
    RoleId = "rol";
    /// Membership × role × location.
    AssignmentId = "asg";
    /// A set of members.
    GroupId = "grp";
    /// An offer of membership.
    InvitationId = "inv";
    /// A shared workstation.
    StationId = "sta";
    /// One browser or device signed in.
    SessionId = "ses";
    /// Something that a person proves themselves with beside the password.
    FactorId = "fac";
    /// A request to let somebody in who has lost every factor.
    RecoveryId = "rcv";
    /// A code that was sent to somebody.
    SentCodeId = "cod";
    /// A session in one organization: the `sid` claim.
    Sid = "sid";
    /// A chain of refresh tokens that descend from one authorization.
    FamilyId = "fam";
    /// A request that a person decides about elsewhere.
    DeferredId = "ask";
    /// One secret of a client.
    ClientSecretId = "sec";
    /// An initial access token, by which clients register themselves.
    RegistrationTokenId = "reg";
    /// What keeps the record of a person from being erased.
    RetentionHoldId = "hld";
    /// An outside system that pushes people and groups.
    ConnectionId = "scn";
    /// One token of such a system.
    ConnectionTokenId = "sct";
    /// An app that people and groups are pushed to.
    TargetId = "sco";
    /// An identity provider or directory that an organization trusts.
    UpstreamId = "ups";
    /// One reading of such.
    UpstreamRunId = "upr";
    /// One audit event.
    EventId = "evt";
    /// One job of the queue.
    JobId = "job";
    /// One HTTP request, as logs and error pages name it.
    RequestId = "req";
    /// One verified or claimed domain.
    DomainId = "dom";
    /// One process of the server.
    NodeId = "nod";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_parses_as_its_own_kind_alone() {
        let id = UserId::fresh(Timestamp(1_700_000_000_000), &Random::seeded(1));
        assert_eq!(id.as_str().parse(), Ok(id.clone()));
        assert!(id.as_str().parse::<GroupId>().is_err());
        for bad in [
            "",
            "usr_",
            "usr_0",
            "usr_ZZ",
            "usr-0123456789abcdef0123456789abcdef",
            "usr_0123456789ABCDEF0123456789abcdef",
        ] {
            assert!(bad.parse::<UserId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn later_ids_sort_later() {
        let random = Random::system();
        assert!(EventId::fresh(Timestamp(1), &random) < EventId::fresh(Timestamp(2), &random));
    }
}
