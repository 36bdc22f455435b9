//! `[mail]`: how letters leave: an SMTP server, or a folder of `.eml` files.

use std::{net::IpAddr, path::PathBuf, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Purpose,
    check::{Check, Wrong, wrong},
    span::span,
};
use crate::secret::SecretString;

/// How letters leave, and in whose name.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The sender: an address, or a name with an address in angle brackets.
    pub from: String,
    /// Whether people are told when they sign in in a browser in which they never did.
    pub new_device: bool,
    /// The way out.
    pub delivery: Delivery,
}

/// The way out for letters.
#[derive(Debug, Clone)]
pub enum Delivery {
    /// Each letter is a file of this folder.
    Folder(PathBuf),
    /// An SMTP server (RFC 5321).
    Smtp(Smtp),
}

/// An SMTP server and how to talk to it.
#[derive(Debug, Clone)]
pub struct Smtp {
    /// Name or address; the name is checked in the server's certificate.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// TLS or none.
    pub security: SmtpSecurity,
    /// User name and password; never sent without TLS.
    pub credentials: Option<(String, SecretString)>,
    /// PEM file of an authority to trust besides those of the system.
    pub ca_file: Option<PathBuf>,
    /// The longest that one letter may take.
    pub timeout: Duration,
}

/// TLS or none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// `smtps://`: TLS from the first byte (RFC 8314 §3.3).
    Implicit,
    /// `smtp://`: STARTTLS (RFC 3207), and no letter without it.
    StartTls,
    /// `smtp+plain://`: no TLS; to this machine alone.
    Plain,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    from: String,
    new_device: String,
    folder: String,
    smtp: String,
    username: String,
    password: String,
    ca_file: String,
    timeout: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            from: "Lanyard <lanyard@localhost>".to_owned(),
            new_device: "on".to_owned(),
            folder: "data/mail".to_owned(),
            smtp: String::new(),
            username: String::new(),
            password: String::new(),
            ca_file: String::new(),
            timeout: "30s".to_owned(),
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check, purpose: Purpose) -> Option<Mail> {
        let from = check.take("mail.from", sender(&self.from));
        let new_device = match self.new_device.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(wrong(format!("`{other}` is neither `on` nor `off`"), "write \"on\" or \"off\"")),
        };
        let new_device = check.take("mail.new_device", new_device);
        // Less than the lease of the job that sends a letter: a second node would send it again.
        let timeout = check.take("mail.timeout", span(&self.timeout, "1s", "90s"));
        let delivery = if self.smtp.is_empty() {
            check.take("mail.folder", super::check::path(&self.folder)).map(Delivery::Folder)
        } else {
            let server = check.take("mail.smtp", server(&self.smtp));
            let refused =
                purpose.refuses(&self.password).then(|| wrong("is published with the demo", "choose another"));
            check.take("mail.password", refused.map_or(Ok(()), Err))?;
            let (host, port, security) = server?;
            let credentials = check.take("mail.username", credentials(self.username, self.password, security))?;
            let ca_file = (!self.ca_file.is_empty()).then(|| self.ca_file.into());
            Some(Delivery::Smtp(Smtp { host, port, security, credentials, ca_file, timeout: timeout? }))
        };
        Some(Mail { from: from?, new_device: new_device?, delivery: delivery? })
    }
}

/// `mail/` parses the sender in full; this catches what people forget.
fn sender(text: &str) -> Result<String, Wrong> {
    let address = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
    let well_formed = address.split_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty());
    if well_formed && !text.contains(char::is_control) {
        return Ok(text.to_owned());
    }
    Err(wrong(format!("`{text}` is not a sender"), "write for example `Clinic sign-in <no-reply@clinic.example>`"))
}

fn server(text: &str) -> Result<(String, u16, SmtpSecurity), Wrong> {
    let instead = "write `smtps://host`, `smtp://host` (STARTTLS) or `smtp+plain://localhost:25`";
    let url = Url::parse(text).map_err(|_| wrong("is not the address of an SMTP server", instead))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("carries a user name", "set `mail.username` and LANYARD_MAIL__PASSWORD instead"));
    }
    let (security, default_port) = match url.scheme() {
        "smtps" => (SmtpSecurity::Implicit, 465),
        "smtp" => (SmtpSecurity::StartTls, 587),
        "smtp+plain" => (SmtpSecurity::Plain, 25),
        other => return Err(wrong(format!("`{other}:` is no way to send mail"), instead)),
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    if host.is_empty() || !matches!(url.path(), "" | "/") || url.query().is_some() {
        return Err(wrong("is not a host with an optional port", instead));
    }
    let is_local = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if security == SmtpSecurity::Plain && !is_local {
        return Err(wrong(
            "would send letters over the network without TLS",
            format!("write `smtp://{host}` or `smtps://{host}`"),
        ));
    }
    Ok((host, url.port().unwrap_or(default_port), security))
}

fn credentials(
    name: String,
    password: String,
    security: SmtpSecurity,
) -> Result<Option<(String, SecretString)>, Wrong> {
    match (name.is_empty(), password.is_empty()) {
        (true, true) => Ok(None),
        (false, false) if security == SmtpSecurity::Plain => {
            Err(wrong("a password would be sent without TLS", "use `smtp://` or `smtps://`, or remove the user name"))
        }
        (false, false) => Ok(Some((name, password.into()))),
        (false, true) => Err(wrong("has no password", "set LANYARD_MAIL__PASSWORD")),
        (true, false) => Err(wrong("is missing while `mail.password` is set", "set `mail.username` too")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_smtp_server_is_reached_with_tls_or_on_this_machine() {
        for (text, expected) in [
            ("smtps://mail.example", Some(("mail.example", 465, SmtpSecurity::Implicit))),
            ("smtp://mail.example", Some(("mail.example", 587, SmtpSecurity::StartTls))),
            ("smtp://mail.example:25", Some(("mail.example", 25, SmtpSecurity::StartTls))),
            ("smtp+plain://localhost:2525", Some(("localhost", 2525, SmtpSecurity::Plain))),
            ("smtp+plain://[::1]:2525", Some(("::1", 2525, SmtpSecurity::Plain))),
            ("smtp+plain://mail.example", None),
            ("smtp+plain://localhost.example", None),
            ("smtps://user:secret@mail.example", None),
            ("http://mail.example", None),
            ("smtps://mail.example/path", None),
            ("mail.example", None),
        ] {
            let parsed = server(text).ok();
            assert_eq!(
                parsed.as_ref().map(|(host, port, security)| (host.as_str(), *port, *security)),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn a_sender_has_an_address() {
        for (text, accepted) in [
            ("no-reply@clinic.example", true),
            ("Clinic <no-reply@clinic.example>", true),
            ("Clinic", false),
            ("@clinic.example", false),
            ("a@b\r\nBcc: c@d", false),
        ] {
            assert_eq!(sender(text).is_ok(), accepted, "{text:?}");
        }
    }
}
