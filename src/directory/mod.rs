//! Who there is and how they belong together: organizations, people, memberships, locations, roles, assignments,
//! groups, invitations, domains.
//!
//! One file per noun holds its type, its rules (plain functions) and its operations. An operation runs in the caller's
//! unit of work: it loads, decides by a rule, saves and records the audit event. Every organization-scoped query takes
//! the [`OrganizationId`](crate::id::OrganizationId): what another organization owns answers as if it did not exist.
//!
//! What a member effectively holds is computed in [`access`]. Not here: who *may* do something (`permission`), and
//! ending of sessions and tokens (`session`), which stand above.

pub mod access;
pub mod app;
pub mod assignment;
pub mod domain;
pub mod email_change;
pub mod emergency;
pub mod erasure;
pub mod expiry;
pub mod group;
pub mod identifier;
pub mod invitation;
pub mod kind;
pub mod location;
pub mod login_name;
pub mod logo;
pub mod membership;
pub mod organization;
pub mod origin;
pub mod owner;
pub mod permission;
pub mod profile;
pub mod provisioning;
pub mod registration;
pub mod retention;
pub mod review;
pub mod role;
pub mod rule;
pub mod search;
pub mod station;
pub mod store;
pub mod tenancy;
pub mod tree;
pub mod user;
pub mod validity;

use std::fmt;

use crate::{
    storage,
    text::{Slug, TextError},
};

/// Why an operation on the directory was not done; the message is fit for the administrator who asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Storage(storage::Error),
    /// Nothing of that name or id in this organization.
    #[error("there is no {0} `{1}`")]
    Unknown(Noun, String),
    /// The name or slug is in use, or was once and never changes hands.
    #[error("the {0} `{1}` exists already{again}; choose another one", again = .0.whether_it_is_given_again())]
    Taken(Noun, String),
    /// The person is a member already.
    #[error("this person is a member of the organization already")]
    AlreadyMember,
    /// Something would contain itself.
    #[error("the {0} `{1}` would contain itself")]
    Cycle(Noun, String),
    /// The organization would be left without an owner.
    #[error("this is the last owner of the organization; make somebody else an owner first")]
    LastOwner,
    /// A rule refuses; the text says which and what to do.
    #[error("{0}")]
    Refused(&'static str),
    /// A person who belongs to several organizations is not changed by one of them.
    #[error(transparent)]
    Tenancy(#[from] tenancy::Shared),
    /// An attribute that this editor may not change.
    #[error(transparent)]
    Profile(#[from] profile::Refusal),
    /// A role that a source may not assign.
    #[error(
        "a place in this group gives the role `{0}`, which this source may not assign; allow it, or take the role from the group"
    )]
    Unassignable(Slug),
    /// An attribute that another source keeps.
    #[error(transparent)]
    Owned(#[from] provisioning::Owned),
    /// A source that may not say whether registrations were compared with the register, and who lets it.
    #[error("`registrationVerification`: {0}")]
    MayNotVerify(String),
    /// Somebody compared another registration number than the member's.
    #[error("the registration number of this member is `{known}`, not `{typed}`; compare that one with the register")]
    OtherNumber {
        /// The member's.
        known: String,
        /// What was compared.
        typed: String,
    },
    /// A permission that nobody has registered.
    #[error("no permission `{0}` is registered; an app's permissions are known once it is activated")]
    Unregistered(String),
    /// A text that does not fit.
    #[error("{0} {1}")]
    Text(&'static str, TextError),
}

impl From<storage::Error> for Error {
    /// What settles a unit of work refuses it as an operation does.
    fn from(fault: storage::Error) -> Self {
        match fault {
            storage::Error::Refused(why) => match why.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::Storage(storage::Error::Refused(other)),
            },
            fault => Self::Storage(fault),
        }
    }
}

impl From<Error> for storage::Error {
    /// For what settles a unit of work.
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(fault) => fault,
            refusal => Self::Refused(Box::new(refusal)),
        }
    }
}

/// What a [`Result`] of this module holds.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A kind of thing, as messages name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the nouns of the directory")]
pub enum Noun {
    Organization,
    User,
    Membership,
    MembershipKind,
    Location,
    Role,
    Assignment,
    Group,
    Invitation,
    Domain,
    App,
    LoginName,
    UserName,
    Manager,
    ExternalId,
    RetentionHold,
    Station,
    EmergencyAccount,
}

impl Noun {
    /// What becomes of a name once its bearer is removed.
    const fn whether_it_is_given_again(self) -> &'static str {
        match self {
            Self::Station | Self::EmergencyAccount => ", and is free once that one is removed",
            _ => ", or did once and is not given again",
        }
    }

    /// The error of an id or name that leads nowhere.
    #[must_use]
    pub fn unknown(self, name: impl fmt::Display) -> Error {
        Error::Unknown(self, name.to_string())
    }
}

impl fmt::Display for Noun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Organization => "organization",
            Self::User => "person",
            Self::Membership => "member",
            Self::MembershipKind => "kind of membership",
            Self::Location => "location",
            Self::Role => "role",
            Self::Assignment => "assignment",
            Self::Group => "group",
            Self::Invitation => "invitation",
            Self::Domain => "domain",
            Self::App => "app",
            Self::LoginName => "login name",
            Self::UserName => "user name",
            Self::Manager => "manager",
            Self::ExternalId => "external id",
            Self::RetentionHold => "hold",
            Self::Station => "workstation",
            Self::EmergencyAccount => "emergency account",
        })
    }
}

/// What an edit does to an optional value.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Leaves it.
    #[default]
    Keep,
    /// Replaces it.
    Set(T),
    /// Removes it.
    Clear,
}

impl<T> Change<T> {
    /// Makes the change; says whether there was one to make.
    pub fn apply(self, value: &mut Option<T>) -> bool {
        match self {
            Self::Keep => return false,
            Self::Set(new) => *value = Some(new),
            Self::Clear => *value = None,
        }
        true
    }
}
