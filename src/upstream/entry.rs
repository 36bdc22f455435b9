//! Who and what an upstream knows, and what that is here.

use std::collections::BTreeSet;

use crate::{
    clock::Timestamp,
    id::{GroupId, MembershipId},
};

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// A person: a membership here.
    Person,
    /// A group.
    Group,
}

impl Class {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Group => "group",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        [Self::Person, Self::Group].into_iter().find(|class| class.name() == name)
    }
}

/// What an upstream said of somebody or something, as far as that is remembered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownEntry {
    /// What stays when it is renamed or moved.
    pub anchor: String,
    /// Whether it is a person.
    pub class: Class,
    /// What it is called there, in lower case; empty where nothing is called so.
    pub dn: String,
    /// The membership or group; none while that could not be made.
    pub thing: Option<String>,
    /// Of all that was said last; none when it has to be looked at again.
    pub digest: Option<String>,
    /// What groups call a person that name no entries, in lower case.
    pub account: Option<String>,
    /// What a person may type to sign in, in lower case; none where nothing was said of it, and it stays as it was.
    pub names: Option<BTreeSet<String>>,
    /// The keys of groups that a person was put into by rule, or the roles that a group was given (`role`, `role@location`).
    pub given: BTreeSet<String>,
    /// Of a group its own number, of a person that of their first group.
    pub number: Option<i64>,
    /// When the account ends by itself.
    pub ends_at: Option<Timestamp>,
    /// Since when it is not there any more, or is shut out there.
    pub gone_at: Option<Timestamp>,
    /// Why the last word was not followed.
    pub trouble: Option<String>,
}

impl KnownEntry {
    /// The membership of a person.
    #[must_use]
    pub fn membership(&self) -> Option<MembershipId> {
        self.thing.clone().filter(|_| self.class == Class::Person).map(MembershipId::from_stored)
    }

    /// The group.
    #[must_use]
    pub fn group(&self) -> Option<GroupId> {
        self.thing.clone().filter(|_| self.class == Class::Group).map(GroupId::from_stored)
    }
}
