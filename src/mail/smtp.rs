//! Delivery to an SMTP server (RFC 5321), one connection per letter.
//!
//! The library's connection pool is not used: a connection whose letter ran out of time would go back into it with an
//! answer still to come, which the next letter would take for its own.

use std::{fmt, fs, time::Duration};

use lettre::transport::smtp::{
    Error,
    authentication::{Credentials, Mechanism},
    client::{AsyncSmtpConnection, Certificate, TlsParameters},
    extension::ClientId,
};

use super::{SendError, SetupError};
use crate::{
    config::{Smtp, SmtpSecurity},
    secret::ExposeSecret,
};

/// Needs a user name and password that the server does not have, or has changed (RFC 4954 §6).
const AUTHENTICATION_REQUIRED: u16 = 530;

/// An SMTP server and how to talk to it.
pub(super) struct Server {
    host: String,
    port: u16,
    security: SmtpSecurity,
    tls: TlsParameters,
    credentials: Option<Credentials>,
    timeout: Duration,
}

impl Server {
    pub(super) fn new(config: &Smtp) -> Result<Self, SetupError> {
        let mut tls = TlsParameters::builder(config.host.clone());
        if let Some(path) = &config.ca_file {
            let fault = |cause: String| SetupError::Authority { path: path.display().to_string(), cause };
            let pem = fs::read(path).map_err(|error| fault(error.to_string()))?;
            tls = tls.add_root_certificate(Certificate::from_pem(&pem).map_err(|error| fault(error.to_string()))?);
        }
        let credentials = config
            .credentials
            .as_ref()
            .map(|(name, password)| Credentials::new(name.clone(), password.expose_secret().to_owned()));
        Ok(Self {
            host: config.host.clone(),
            port: config.port,
            security: config.security,
            tls: tls.build_rustls()?,
            credentials,
            timeout: config.timeout,
        })
    }

    /// Hands a letter over.
    pub(super) async fn deliver(&self, letter: &lettre::Message) -> Result<(), SendError> {
        self.in_time(async {
            let mut connection = self.connect().await?;
            let sent = connection.send(letter.envelope(), &letter.formatted()).await;
            if sent.is_ok() {
                // The letter is taken over: a failed farewell changes nothing.
                let _ = connection.quit().await;
            }
            sent.map(drop).map_err(|error| refused(&error))
        })
        .await
    }

    /// Connects and signs in, and sends nothing.
    pub(super) async fn check(&self) -> Result<(), SendError> {
        self.in_time(async {
            let mut connection = self.connect().await?;
            connection.quit().await.map(drop).map_err(|error| unreachable(&error))
        })
        .await
    }

    /// A connection ready for a letter. Whatever fails here is the server's or the configuration's fault, not the letter's.
    async fn connect(&self) -> Result<AsyncSmtpConnection, SendError> {
        let hello = ClientId::default();
        let implicit = (self.security == SmtpSecurity::Implicit).then(|| self.tls.clone());
        let address = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(address, Some(self.timeout), &hello, implicit, None)
            .await
            .map_err(|error| unreachable(&error))?;
        if self.security == SmtpSecurity::StartTls {
            connection.starttls(self.tls.clone(), &hello).await.map_err(|error| unreachable(&error))?;
        }
        if let Some(credentials) = &self.credentials {
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, credentials).await.map_err(|error| unreachable(&error))?;
        }
        Ok(connection)
    }

    /// The library limits connecting alone; a server that falls silent later would hold a letter for ever.
    async fn in_time(&self, work: impl Future<Output = Result<(), SendError>>) -> Result<(), SendError> {
        let late = || SendError::TryAgain(format!("the mail server did not answer within {:?}", self.timeout));
        tokio::time::timeout(self.timeout, work).await.unwrap_or_else(|_| Err(late()))
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Server({}:{} {:?})", self.host, self.port, self.security)
    }
}

fn unreachable(error: &Error) -> SendError {
    SendError::TryAgain(describe(error))
}

/// The server's answer to this very letter: 5xx is final (RFC 5321 §4.2.1), 4xx and broken connections are not.
fn refused(error: &Error) -> SendError {
    let code = error.status().map(u16::from);
    if code == Some(AUTHENTICATION_REQUIRED) || !(error.is_permanent() || error.is_client()) {
        SendError::TryAgain(describe(error))
    } else {
        SendError::GiveUp(describe(error))
    }
}

/// The error with its cause, in one bounded line.
fn describe(error: &Error) -> String {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    let text = format!("{error}{cause}");
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect()
}
