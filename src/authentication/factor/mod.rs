//! What a person can prove themselves with; a factor knows nothing of the others.

pub mod hasher;
pub mod passkey;
pub mod recovery_code;
pub mod sent_code;
pub mod totp;

use crate::{
    clock::Timestamp,
    id::{FactorId, UserId},
};

/// What a factor beside the password is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An authenticator app that shows one-time codes.
    Totp,
    /// A passkey, or a security key.
    Passkey,
    /// Codes that are mailed to the address of the person.
    Email,
    /// Codes that are sent to a telephone as text messages.
    Sms,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Totp, Self::Passkey, Self::Email, Self::Sms];

    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// Those whose codes are sent to the person.
    pub const SENT: [Self; 2] = [Self::Email, Self::Sms];

    /// The kind that is stored as `text`.
    #[must_use]
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// Something that a person proves themselves with beside the password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its id.
    pub id: FactorId,
    /// Whose it is.
    pub user: UserId,
    /// What it is.
    pub kind: Kind,
    /// What the person calls it.
    pub name: String,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
    /// Since when it proves nobody any more: a passkey of which there may be a copy, codes to a mailbox that the password rests
    /// on as well.
    pub closed_at: Option<Timestamp>,
}
