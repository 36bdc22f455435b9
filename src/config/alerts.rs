//! `[alerts]`: when something looks like an attack, and who is told of it.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Purpose,
    check::{Check, Wrong, wrong},
};
use crate::{secret::SecretSlice, text::EmailAddress};

/// When something looks like an attack, and who is told of it.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// Who gets mail.
    pub mail: Recipients,
    /// Whether a person's sign-in in a new browser is told to others too, not to the person alone.
    pub devices: bool,
    /// An address that is told of everything.
    pub webhook: Option<Webhook>,
    /// So many failed sign-ins to one account in a row are many.
    pub failures: i64,
    /// So many accounts to which sign-ins from one network failed within an hour are many.
    pub accounts: i64,
}

/// Who gets mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipients {
    /// The owners of the organizations of whom it is about.
    Owners,
    /// These, whomever it is about.
    These(Vec<EmailAddress>),
    /// Nobody.
    Nobody,
}

/// An address that is told, and the key that signs what it is told.
#[derive(Debug, Clone)]
pub struct Webhook {
    /// The address.
    pub url: Url,
    /// At least 24 bytes.
    pub key: SecretSlice<u8>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    accounts: u64,
    devices: String,
    failures: u64,
    mail: String,
    secret: String,
    webhook: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            accounts: 10,
            devices: "off".to_owned(),
            failures: 10,
            mail: "owners".to_owned(),
            secret: String::new(),
            webhook: String::new(),
        }
    }
}

impl Raw {
    pub(super) fn interpret(&self, check: &mut Check, purpose: Purpose) -> Option<Alerts> {
        let accounts = check.take("alerts.accounts", count(self.accounts));
        let failures = check.take("alerts.failures", count(self.failures));
        let devices = match self.devices.as_str() {
            "on" => Ok(true),
            "off" => Ok(false),
            other => Err(wrong(format!("`{other}` is neither `on` nor `off`"), "write \"on\" or \"off\"")),
        };
        let devices = check.take("alerts.devices", devices);
        let mail = check.take("alerts.mail", recipients(&self.mail));
        let webhook = webhook(check, ["alerts.webhook", "alerts.secret"], [&self.webhook, &self.secret], purpose);
        Some(Alerts {
            mail: mail?,
            devices: devices?,
            webhook: webhook.ok()?,
            failures: failures?,
            accounts: accounts?,
        })
    }
}

/// An address with the secret that signs what it is told, by the names of their keys; none where there is no address.
pub(super) fn webhook(
    check: &mut Check,
    [url_key, secret_key]: [&str; 2],
    [url, secret]: [&str; 2],
    purpose: Purpose,
) -> Result<Option<Webhook>, Noted> {
    let published = purpose.refuses(secret);
    let key = if published { Err(wrong("is published with the demo", "choose another")) } else { key(secret) };
    let (url, key) = (check.take(url_key, address(url)), check.take(secret_key, key));
    match (url.ok_or(Noted)?, key.ok_or(Noted)?) {
        (None, _) => Ok(None),
        (Some(url), Some(key)) => Ok(Some(Webhook { url, key })),
        (Some(_), None) => {
            let variable = secret_key.to_uppercase().replace('.', "__");
            let missing = wrong(format!("is missing while `{url_key}` is set"), format!("set LANYARD_{variable}"));
            check.take::<()>(secret_key, Err(missing));
            Err(Noted)
        }
    }
}

/// What is wrong is among the problems.
pub(super) struct Noted;

fn count(number: u64) -> Result<i64, Wrong> {
    match i64::try_from(number) {
        Ok(number) if (3..=1000).contains(&number) => Ok(number),
        _ => Err(wrong(format!("{number} is out of bounds"), "write 3 to 1000")),
    }
}

/// The most addresses.
const MOST: usize = 20;

fn recipients(text: &str) -> Result<Recipients, Wrong> {
    match text.trim() {
        "owners" => return Ok(Recipients::Owners),
        "off" => return Ok(Recipients::Nobody),
        _ => {}
    }
    let addresses = text.split(',').map(|one| one.trim().parse()).collect::<Result<Vec<EmailAddress>, _>>();
    match addresses {
        Ok(addresses) if (1..=MOST).contains(&addresses.len()) => Ok(Recipients::These(addresses)),
        _ => Err(wrong(
            format!("`{}` are no addresses", crate::text::echo(text)),
            "write `owners`, `off`, or addresses with commas between them",
        )),
    }
}

fn address(text: &str) -> Result<Option<Url>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let instead = "write for example `https://siem.clinic.example/lanyard`";
    let url = Url::parse(text).map_err(|_| wrong(format!("`{}` is no address", crate::text::echo(text)), instead))?;
    let is_whole = matches!(url.scheme(), "https" | "http") && url.has_host();
    let has_password = !url.username().is_empty() || url.password().is_some();
    if !is_whole || has_password {
        return Err(wrong("is not an address of a web server without user name and password", instead));
    }
    Ok(Some(url))
}

/// A secret as Standard Webhooks write it: `whsec_` and base64 of 24 to 64 bytes.
fn key(text: &str) -> Result<Option<SecretSlice<u8>>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    let instead = "write `whsec_` and the base64 of 24 to 64 random bytes: `echo whsec_$(openssl rand -base64 32)`";
    let bytes = text.strip_prefix("whsec_").and_then(|rest| BASE64.decode(rest.as_bytes()).ok());
    match bytes {
        Some(bytes) if (24..=64).contains(&bytes.len()) => Ok(Some(bytes.into())),
        _ => Err(wrong("is no secret of a webhook", instead)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn owners_are_told_or_who_is_named_or_nobody() {
        for (text, expected) in [
            ("owners", Some(0)),
            ("off", Some(0)),
            ("it@clinic.example", Some(1)),
            ("it@clinic.example, soc@msp.example", Some(2)),
            ("", None),
            ("somebody", None),
            ("it@clinic.example,", None),
        ] {
            let found = recipients(text).ok().map(|found| match found {
                Recipients::These(addresses) => addresses.len(),
                _ => 0,
            });
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn a_webhook_has_an_address_and_a_long_secret() {
        for (text, is_right) in [
            ("https://siem.example/in", true),
            ("http://127.0.0.1:9/in", true),
            ("ftp://siem.example", false),
            ("siem.example", false),
            ("https://user:password@siem.example", false),
        ] {
            assert_eq!(address(text).is_ok(), is_right, "{text}");
        }
        for (text, is_right) in [
            ("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", true),
            ("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", false),
            ("whsec_c2hvcnQ=", false),
            ("whsec_***", false),
        ] {
            assert_eq!(key(text).is_ok(), is_right, "{text}");
        }
    }
}
