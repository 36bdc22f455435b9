//! Letting somebody in who has lost every factor and every recovery code.
//!
//! An administrator of one of the person's organizations asks, a different one agrees, and the person is mailed a link, good
//! once and for a day. It stands in for the second factor: in a session whose password was just proved it removes all factors
//! and recovery codes and ends every other session; what rules ask for is set up next. So neither an administrator alone, nor
//! the mailbox alone, nor the password alone lets anybody in. The host's operator may ask in an organization's place.
//!
//! Administrators ask and agree from where, and when, the rules of the organization let them in; whoever hears of it ends it from
//! anywhere.
//!
//! A password that was chosen by a mailed link is no proof beside the mailbox: nobody is let in within a day of it.
//!
//! Each step is told to the person, whose letters hold a way to end it, to those who look after the members, and to the owners
//! of the person's other organizations. Whoever owns another organization is let in there, or by the host.
//! [`asking`] is what administrators do, [`on_host`] what the host does for an owner who is alone, [`letting_in`] what the person
//! does, [`telling`] the letters.

pub mod asking;
pub mod letting_in;
pub mod on_host;
mod telling;

use std::{sync::Arc, time::Duration};

use crate::{
    authentication::admitted::Admitted,
    clock::Timestamp,
    directory,
    id::{OrganizationId, RecoveryId, UserId},
    keys::Sealer,
    permission::Denial,
    storage,
    text::{EmailAddress, Reason},
    web::Site,
};

/// How long a request waits for somebody who agrees.
pub const PATIENCE: Duration = Duration::from_hours(72);

/// How long the link is good, as its letter says.
pub const LINK_LIFE: Duration = Duration::from_hours(24);

/// How often it may be asked for one person within [`DAY`].
const MOST: i64 = 5;
const DAY: Duration = Duration::from_hours(24);

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// Its id.
    pub id: RecoveryId,
    /// The person who has lost everything.
    pub user: UserId,
    /// Whose administrators ask and agree; none where the host asks and time agrees.
    pub organization: Option<OrganizationId>,
    /// The person's address when it was made, if they had one: with another one it is void.
    pub email: Option<EmailAddress>,
    /// Why.
    pub reason: Reason,
    /// Who asked; the host's operator where it is nobody.
    pub requested_by: Option<UserId>,
    /// When.
    pub created_at: Timestamp,
    /// When time agrees.
    pub due_at: Option<Timestamp>,
    /// When somebody agreed: from then on there is a link.
    pub approved_at: Option<Timestamp>,
    /// When the request, or then the link, is good no more.
    pub expires_at: Timestamp,
}

/// A request that is open, with the names of people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Open {
    /// The request.
    pub recovery: Recovery,
    /// The person's name.
    pub person: String,
    /// The name of who asked; none for the host's operator.
    pub requester: Option<String>,
}

/// By whom letters are written and sealed.
#[derive(Clone)]
pub struct Desk {
    /// The site.
    pub site: Site,
    /// What seals them until they are sent.
    pub sealer: Arc<Sealer>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Asker {
    /// The host's operator, for this organization.
    Host(OrganizationId),
    /// An administrator whom the rules of their organization let in.
    Administrator(Admitted),
}

impl Asker {
    /// Of which organization.
    #[must_use]
    pub const fn organization(&self) -> &OrganizationId {
        match self {
            Self::Host(organization) => organization,
            Self::Administrator(by) => by.organization(),
        }
    }
}

/// Who ends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Party {
    /// The host's operator.
    Host,
    /// An administrator of the organization.
    Administrator(UserId),
}

/// Why nothing was done; the message is fit for the administrator who asked.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Storage(storage::Error),
    /// No such member, or no such request that is open.
    #[error("there is no such member, or no such request that is still open")]
    Unknown,
    /// Not this member, or not by this administrator.
    #[error(transparent)]
    Denied(Denial),
    /// The link could not be mailed to an address that the person has proved.
    #[error(
        "no address of this person is proved, to which a link could be mailed; on the host: `lanyard user reset-factors`"
    )]
    NoAddress,
    /// There is nothing to recover.
    #[error("this person has no second factor: the password alone signs them in")]
    NoFactor,
    /// The mailbox would be the only proof.
    #[error(
        "the password of this person was chosen by a mailed link within a day: the mailbox alone would let them in; ask again \
         a day after"
    )]
    MailedPassword,
    /// The person owns another organization.
    #[error("this person has to be let in elsewhere: on the host, `lanyard admin recover`")]
    Elsewhere,
    /// One request at a time.
    #[error("somebody has asked for this person already; see `lanyard recovery list`")]
    Asked,
    /// The person was asked for too often today.
    #[error("it was asked for this person too often today; try again tomorrow")]
    TooOften,
    /// Four eyes.
    #[error("whoever asked does not agree: that takes a different administrator")]
    OwnRequest,
    /// Nobody asks or agrees for themselves.
    #[error("nobody asks or agrees for themselves: that takes two other administrators")]
    OwnFactors,
    /// Whoever asked has no right to any more.
    #[error("whoever asked may not do so any more: refuse the request, and ask anew")]
    Lapsed,
}

impl From<storage::Error> for Fault {
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

impl From<directory::Error> for Fault {
    fn from(error: directory::Error) -> Self {
        match error {
            directory::Error::Unknown(..) => Self::Unknown,
            error => Self::from(storage::Error::from(error)),
        }
    }
}

impl From<Denial> for Fault {
    fn from(denial: Denial) -> Self {
        match denial {
            Denial::Unknown => Self::Unknown,
            denial => Self::Denied(denial),
        }
    }
}

/// Whether this administrator may agree to a request that waits.
///
/// # Errors
/// Why not.
pub fn may_agree(recovery: &Recovery, by: &UserId) -> Result<(), Fault> {
    if recovery.approved_at.is_some() {
        return Err(Fault::Unknown);
    }
    if recovery.user == *by {
        return Err(Fault::OwnFactors);
    }
    if recovery.requested_by.as_ref() == Some(by) { Err(Fault::OwnRequest) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_agrees_to_what_they_asked_for_or_to_their_own_recovery_or_twice() {
        let id = |name: &str| UserId::from_stored(format!("usr_{name}"));
        let recovery = |by: Option<&str>, approved: bool| Recovery {
            id: RecoveryId::from_stored("rcv_1".to_owned()),
            user: id("priya"),
            organization: Some(OrganizationId::from_stored("org_1".to_owned())),
            email: Some("priya@riverside.example".parse().unwrap()),
            reason: "Lost the phone".parse().unwrap(),
            requested_by: by.map(id),
            created_at: Timestamp(0),
            due_at: None,
            approved_at: approved.then_some(Timestamp(1)),
            expires_at: Timestamp(2),
        };
        let said =
            |found: Result<(), Fault>| found.map_err(|fault| fault.to_string().split(' ').next().map(str::to_owned));
        let no = |word: &str| Err(Some(word.to_owned()));
        for (case, by, approved, agrees, expected) in [
            ("a different one", Some("max"), false, "olivia", Ok(())),
            ("the same one", Some("max"), false, "max", no("whoever")),
            ("the person", Some("max"), false, "priya", no("nobody")),
            ("the person who asked", Some("priya"), false, "priya", no("nobody")),
            ("for the host", None, false, "max", Ok(())),
            ("a second time", Some("max"), true, "olivia", no("there")),
        ] {
            assert_eq!(said(may_agree(&recovery(by, approved), &id(agrees))), expected, "{case}");
        }
    }
}
