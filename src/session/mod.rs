//! Sessions: one browser or device signed in, and its `sid` in each organization.
//!
//! Owns the life of a session and what ends with it. Ending a session, a `sid` or a person's access revokes the refresh
//! families that rest on it in the same unit of work, so that nothing outlives the answer, and leaves a job for each
//! app that has to be told. Not here: how somebody proves
//! who they are (`authentication`), cookies (`web`), tokens (`oauth`). It knows people and organizations by their ids alone
//! and stands before `directory`, which ends sessions in the unit that disables somebody.

mod binding;
mod crowd;
mod lifetime;
pub mod store;

use crate::{
    clock::Timestamp,
    id::{FactorId, OrganizationId, SessionId, Sid, StationId, UpstreamId, UserId},
    secret::TokenHash,
};

pub use binding::{Bearer, Rotation, is_one_range};
pub use crowd::{Crowd, WhenFull};
pub use lifetime::{AHEAD, Lifetime, Liveness};

/// One browser or device that is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Its id; the cookie holds another secret.
    pub id: SessionId,
    /// Who is signed in.
    pub user: UserId,
    /// When the person last proved who they are (OpenID Connect Core §2, `auth_time`).
    pub auth_time: Timestamp,
    /// Authentication context class reference.
    pub acr: String,
    /// Authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// What the browser said it is.
    pub user_agent: String,
    /// Where the person signed in from.
    pub address: String,
    /// The shared workstation that it is at.
    pub station: Option<StationId>,
    /// When its sign-in was complete; until then it stands at the second factor, and its person is not signed in.
    pub completed_at: Option<Timestamp>,
    /// The upstream that vouched for its person, where one did.
    pub via: Option<Via>,
    /// What about its sign-in was unexpected.
    pub unexpected: Unexpected,
    /// When it was ended before its time.
    pub ended_at: Option<Timestamp>,
}

/// Who vouched for the person of a session: it counts in the organization that trusts them, and nowhere else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// The upstream.
    pub upstream: UpstreamId,
    /// Whose it is.
    pub organization: OrganizationId,
    /// What it calls its own session; none where it names none.
    pub session: Option<String>,
}

impl Session {
    /// Whether its sign-in counts in an organization.
    #[must_use]
    pub fn counts_in(&self, organization: &OrganizationId) -> bool {
        self.via.as_ref().is_none_or(|via| via.organization == *organization)
    }
}

/// What about a sign-in was unexpected.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Unexpected {
    /// The country, or how fast the person came there.
    pub place: bool,
    /// The browser.
    pub device: bool,
}

/// Who signed in and how, as a session keeps it.
#[derive(Debug, Clone)]
pub struct Authenticated {
    /// Who.
    pub user: UserId,
    /// By what.
    pub proof: Proof,
    /// Which upstream vouches for them, where it is not they who prove themselves here.
    pub via: Option<Via>,
    /// What the browser said it is.
    pub user_agent: String,
    /// The browser's cookie, by which a shared workstation is known.
    pub browser: Option<TokenHash>,
}

/// What somebody has proved themselves with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proof {
    /// Authentication context class reference.
    pub acr: String,
    /// Authentication methods (RFC 8176).
    pub amr: Vec<String>,
    /// Which factor beside the password.
    pub factor: Option<FactorId>,
    /// The client that sent the person, where one did.
    pub client: Option<String>,
    /// Whether that is all.
    pub extent: Extent,
}

/// How much of a sign-in is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// The second factor is still asked for.
    Half,
}

/// Why a session ended; shown to the person and to auditors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// The person signed out.
    SignOut,
    /// The person ended it from another device.
    Remote,
    /// Somebody else signed in with the same browser, or the person signed in anew.
    Replaced,
    /// The password was changed.
    PasswordChange,
    /// The first second factor was set up: what began with a password alone is over; or one was copied: whatever it began is.
    FactorChange,
    /// The person was disabled or deleted.
    Disabled,
    /// The last membership ended.
    NoMembership,
    /// An administrator ended it.
    Administrator,
    /// Its time was over.
    Expiry,
    /// The person signed in once more, and may not be signed in that often.
    TooMany,
    /// Its cookie was used by two.
    Copied,
    /// The database came back from a backup.
    Restore,
    /// The person signed out at the upstream that vouched for them.
    Upstream,
}

impl EndReason {
    /// Every reason.
    pub const ALL: [Self; 13] = [
        Self::SignOut,
        Self::Remote,
        Self::Replaced,
        Self::PasswordChange,
        Self::FactorChange,
        Self::Disabled,
        Self::NoMembership,
        Self::Administrator,
        Self::Expiry,
        Self::TooMany,
        Self::Copied,
        Self::Restore,
        Self::Upstream,
    ];

    /// Whether somebody else than the person may have been in the session, and it was ended for that.
    #[must_use]
    pub const fn is_doubtful(self) -> bool {
        matches!(
            self,
            Self::Remote
                | Self::PasswordChange
                | Self::FactorChange
                | Self::Disabled
                | Self::Administrator
                | Self::Copied
        )
    }

    /// Whether refresh tokens with `offline_access` that were given to this session end with it.
    #[must_use]
    pub const fn ends_offline(self) -> bool {
        !matches!(self, Self::SignOut | Self::Replaced)
    }

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SignOut => "sign-out",
            Self::Remote => "remote",
            Self::Replaced => "replaced",
            Self::PasswordChange => "password-change",
            Self::FactorChange => "factor-change",
            Self::Disabled => "disabled",
            Self::NoMembership => "no-membership",
            Self::Administrator => "administrator",
            Self::Expiry => "expiry",
            Self::TooMany => "too-many",
            Self::Copied => "copied",
            Self::Restore => "restore",
            Self::Upstream => "upstream",
        }
    }
}

/// A session in one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrganizationSession {
    /// The `sid` claim.
    pub sid: Sid,
    /// The session it belongs to.
    pub session: SessionId,
    /// The organization.
    pub organization: OrganizationId,
}
