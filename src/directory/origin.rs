//! Who or what made a membership, an assignment or a place in a group.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    audit::{Actor, Context},
    id::{GroupId, InvitationId},
    text::Slug,
};

/// Where something comes from, kept as text: `user:usr_…`, `scim:scn_…`, `upstream:ups_…`, `kind:practitioner`, `invitation:inv_…`,
/// `rule:grp_…`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Origin(String);

impl Origin {
    /// The actor's own decision.
    #[must_use]
    pub fn of(context: &Context) -> Self {
        Self::by(&context.actor)
    }

    /// The same, for an actor who is known before anything is changed.
    #[must_use]
    pub fn by(actor: &Actor) -> Self {
        match actor {
            Actor::Server | Actor::Anonymous => Self(actor.kind().to_owned()),
            Actor::Connection(id) => Self(format!("scim:{id}")),
            actor => Self(format!("{}:{}", actor.kind(), actor.id().unwrap_or_default())),
        }
    }

    /// The default roles of a kind of membership.
    #[must_use]
    pub fn kind(kind: &Slug) -> Self {
        Self(format!("kind:{kind}"))
    }

    /// An invitation that was accepted.
    #[must_use]
    pub fn invitation(id: &InvitationId) -> Self {
        Self(format!("invitation:{id}"))
    }

    /// The rule of a group.
    #[must_use]
    pub fn rule(group: &GroupId) -> Self {
        Self(format!("rule:{group}"))
    }

    /// Whether the rule of a group made it.
    #[must_use]
    pub fn is_rule(&self) -> bool {
        self.0.starts_with("rule:")
    }

    /// Whether it is a connection of SCIM.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.0.starts_with("scim:")
    }

    /// Whether an outside source made it: neither somebody here nor a rule of the organization.
    #[must_use]
    pub fn is_outside(&self) -> bool {
        ["scim:", "client:", "upstream:"].iter().any(|kind| self.0.starts_with(kind))
    }

    /// The text, as stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(in crate::directory) fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
