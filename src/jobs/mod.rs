//! Work to be done later: written in the transaction of the change that asks for it, done at least once.
//!
//! A job is leased to one node for a while; a node that dies loses its lease and another takes over. What fails is tried
//! again with growing pauses and is kept for a month, marked as failed, after the last try. Payloads are sealed,
//! since they hold links that are mailed; a job whose particulars are in a table of its own has none. Not here: what a job does (`worker`).

pub mod retry;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::{
    clock::Timestamp,
    id::{JobId, NodeId, OrganizationId},
};

/// What there is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Job {
    /// Sends a mail.
    SendMail {
        /// Recipient's address.
        to: String,
        /// Subject line.
        subject: String,
        /// Plain text.
        text: String,
        /// HTML.
        html: String,
        /// Which mail it is, for logs and counters (`invitation`, `password-reset`, …).
        mail: String,
        /// When it is worth nothing any more and is not sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// Hands a text message to the gateway.
    SendTextMessage {
        /// The number, as it is dialled.
        to: String,
        /// What it says.
        text: String,
        /// When it is worth nothing any more and is not sent.
        until: Timestamp,
    },
    /// Tells the webhook of a sign of an attack.
    SendAlert {
        /// What it is told, as JSON.
        body: String,
    },
    /// Writes to those owners of an organization who were not written to yet.
    TellOwners(Tidings),
    /// Tells one app that a session has ended (OpenID Connect Back-Channel Logout §2.5); whom and which is written in
    /// `logouts` under the id of the job.
    BackchannelLogout,
    /// Tells a client that a person has decided (CIBA Core 1.0 §10.2).
    PingClient {
        /// Where it wants to be told.
        url: String,
        /// What it gave us to authenticate with.
        token: String,
        /// Which request.
        auth_req_id: String,
    },
}

impl Job {
    /// The kind, for logs and counters.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::SendMail { .. } => "send-mail",
            Self::SendTextMessage { .. } => "send-text-message",
            Self::SendAlert { .. } => "send-alert",
            Self::TellOwners(_) => "tell-owners",
            Self::BackchannelLogout => "backchannel-logout",
            Self::PingClient { .. } => "ping-client",
        }
    }

    /// The job of this kind whose particulars are in a table of its own: it has no payload, and nothing that is sealed.
    #[must_use]
    fn without_payload(kind: &str) -> Option<Self> {
        [Self::BackchannelLogout].into_iter().find(|job| job.kind() == kind)
    }
}

/// Word of an emergency account to the owners of its organization, some at a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tidings {
    /// Its organization.
    pub organization: OrganizationId,
    /// Its name.
    pub account: String,
    /// What has become of it.
    pub news: String,
    /// From which address; empty where it was done on the host.
    pub address: String,
    /// When.
    pub at: Timestamp,
    /// The owners up to this one, in the order of their ids, have been written to; empty where none has.
    pub after: String,
}

/// Jobs that share places: apps that stay silent delay no mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Mails.
    Mail,
    /// Messages to apps.
    Apps,
}

impl Lane {
    /// Every lane.
    pub const ALL: [Self; 2] = [Self::Mail, Self::Apps];

    /// Jobs that one node runs at a time. Apps that stay silent hold a place for seconds: there are enough for the others.
    #[must_use]
    pub const fn places(self) -> usize {
        match self {
            Self::Mail => 16,
            Self::Apps => 96,
        }
    }
}

/// A job that this node has leased.
#[derive(Debug, Clone)]
pub struct Leased {
    /// Its id.
    pub id: JobId,
    /// What to do; `None` when it cannot be read by this program or with this master key.
    pub job: Option<Job>,
    /// How often it was tried, this time included.
    pub attempts: i64,
    /// Who has leased it.
    pub by: NodeId,
}

/// A job that was given up, as people see it.
#[derive(Debug, Clone, Serialize)]
pub struct Failed {
    /// Its id.
    pub id: JobId,
    /// Its kind.
    pub kind: String,
    /// When it was given up.
    pub failed_at: Timestamp,
    /// What the last try said.
    pub last_error: String,
}
