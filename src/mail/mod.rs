//! Letters: to an SMTP server, or into a folder that people and tests read.
//!
//! A letter is sent once per call and not remembered: the queue, its retries and the texts belong to others. A failure
//! says whether another try makes sense.

mod folder;
mod message;
mod smtp;

use lettre::message::Mailbox;

pub use self::message::{Content, Message, Unmailable};
use self::{folder::Folder, smtp::Server};
use crate::{
    clock::Clock,
    config::{self, Delivery},
    random::Random,
};

/// Sends letters in the name of the configured sender.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    clock: Clock,
    random: Random,
    way: Way,
}

#[derive(Debug)]
enum Way {
    Folder(Folder),
    Smtp(Server),
}

/// Why mail cannot be sent with this configuration.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The sender is none.
    #[error("`mail.from` is not a sender: {0}; write for example `Clinic sign-in <no-reply@clinic.example>`")]
    Sender(#[from] lettre::address::AddressError),
    /// The file of trusted authorities cannot be used.
    #[error("`mail.ca_file` {path}: {cause}")]
    Authority {
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// TLS cannot be set up.
    #[error("TLS for mail cannot be set up: {0}")]
    Tls(#[from] lettre::transport::smtp::Error),
}

/// Why a letter did not leave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Another try may succeed: the server is away, busy, or not set up as it should be.
    #[error("{0}")]
    TryAgain(String),
    /// No other try will succeed: the server refuses this letter or its recipient for good.
    #[error("{0}")]
    GiveUp(String),
}

impl Mailer {
    /// Prepares the way out; connects to nothing yet.
    ///
    /// # Errors
    /// [`SetupError`] names the key of the configuration to correct.
    pub fn new(config: &config::Mail, clock: Clock, random: Random) -> Result<Self, SetupError> {
        let way = match &config.delivery {
            Delivery::Folder(path) => Way::Folder(Folder::at(path)),
            Delivery::Smtp(smtp) => Way::Smtp(Server::new(smtp)?),
        };
        Ok(Self { from: config.from.parse()?, clock, random, way })
    }

    /// Sends one letter; returns when the server has taken it over, or when the file is on the disk.
    ///
    /// # Errors
    /// [`SendError`] says whether to try again.
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let now = self.clock.now();
        let id = data_encoding::HEXLOWER.encode(&self.random.bytes::<16>());
        let letter = message.compose(&self.from, now, &id)?;
        match &self.way {
            Way::Folder(folder) => folder.keep(message, now, &id, letter.formatted()).await,
            Way::Smtp(server) => server.deliver(&letter).await,
        }
    }

    /// Whether the way out is open: the folder can be written, the server answers and knows us. Sends nothing.
    ///
    /// # Errors
    /// [`SendError`] with the cause.
    pub async fn check(&self) -> Result<(), SendError> {
        match &self.way {
            Way::Folder(folder) => folder.check().await,
            Way::Smtp(server) => server.check().await,
        }
    }
}

#[cfg(test)]
mod tests;
