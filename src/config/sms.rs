//! `[sms]`: the address that text messages are handed to, and how many there may be.

use serde::{Deserialize, Serialize};

use super::{
    Purpose,
    alerts::{Webhook, webhook},
    check::{Check, Wrong, wrong},
};

/// How text messages leave, and how many.
#[derive(Debug, Clone)]
pub struct Sms {
    /// Who sends them; nobody, where there is none.
    pub gateway: Option<Webhook>,
    /// No more than so many leave in an hour, whoever asks for them.
    pub hourly: u64,
    /// What numbers begin with that they are sent to; every number, where there is none.
    pub prefixes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    hourly: u64,
    prefixes: Vec<String>,
    secret: String,
    url: String,
}

impl Default for Raw {
    fn default() -> Self {
        Self { hourly: 200, prefixes: vec![], secret: String::new(), url: String::new() }
    }
}

impl Raw {
    pub(super) fn interpret(&self, check: &mut Check, purpose: Purpose) -> Option<Sms> {
        let hourly = match self.hourly {
            hourly @ 1..=10_000 => Ok(hourly),
            other => Err(wrong(format!("{other} is out of bounds"), "write 1 to 10000")),
        };
        let hourly = check.take("sms.hourly", hourly);
        let prefixes = self.prefixes.iter().map(|one| prefix(one)).collect::<Result<Vec<_>, _>>();
        let prefixes = check.take("sms.prefixes", prefixes);
        let gateway = webhook(check, ["sms.url", "sms.secret"], [&self.url, &self.secret], purpose);
        Some(Sms { gateway: gateway.ok()?, hourly: hourly?, prefixes: prefixes? })
    }
}

fn prefix(text: &str) -> Result<String, Wrong> {
    let dialled: String = text.chars().filter(|c| *c != ' ').collect();
    let digits = dialled.strip_prefix('+').unwrap_or_default();
    let is_prefix = (1..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_prefix && !digits.starts_with('0') {
        return Ok(dialled);
    }
    Err(wrong(format!("`{}` begins no telephone number", crate::text::echo(text)), "write for example `+45`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numbers_begin_with_is_the_code_of_a_country_at_least() {
        for (text, expected) in [
            ("+45", Some("+45")),
            ("+44 7", Some("+447")),
            ("45", None),
            ("+0", None),
            ("+", None),
            ("", None),
            ("+4x", None),
        ] {
            assert_eq!(prefix(text).ok().as_deref(), expected, "{text}");
        }
    }
}
