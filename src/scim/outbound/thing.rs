//! What is pushed: a person as a member, or a group.

use std::fmt;

use crate::{
    id::{GroupId, MembershipId},
    scim::ResourceType,
};

/// A member or a group of the organization.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Thing {
    /// A person, by the membership.
    Person(MembershipId),
    /// A group.
    Group(GroupId),
}

impl Thing {
    /// The id here: `externalId` in the app.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Person(id) => id.as_str(),
            Self::Group(id) => id.as_str(),
        }
    }

    /// What it is in the app.
    #[must_use]
    pub const fn kind(&self) -> ResourceType {
        match self {
            Self::Person(_) => ResourceType::User,
            Self::Group(_) => ResourceType::Group,
        }
    }

    pub(super) const fn stored_kind(&self) -> &'static str {
        match self {
            Self::Person(_) => "user",
            Self::Group(_) => "group",
        }
    }

    /// What has this id, which says what it is.
    #[must_use]
    pub fn from_stored(id: String) -> Self {
        if id.starts_with(GroupId::PREFIX) {
            Self::Group(GroupId::from_stored(id))
        } else {
            Self::Person(MembershipId::from_stored(id))
        }
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}
