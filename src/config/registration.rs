//! `[registration]`: who may register clients by the protocol (RFC 7591).

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::{Check, Wrong, wrong};

/// Who may register clients by the protocol.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// Everybody may; otherwise whoever has an initial access token.
    pub is_open: bool,
    /// A client brings a software statement.
    pub requires_statement: bool,
    /// Whose software statements are believed.
    pub statement_issuers: Vec<StatementIssuer>,
}

/// Somebody who vouches for software.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementIssuer {
    /// `iss` of the statements.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: Url,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    access: String,
    software_statement: String,
    statement_issuers: Vec<String>,
}

impl Default for Raw {
    fn default() -> Self {
        Self { access: "token".to_owned(), software_statement: "optional".to_owned(), statement_issuers: vec![] }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Registration> {
        let is_open = check.take("registration.access", is_open(self.access.trim()));
        let requires = check.take("registration.software_statement", is_required(self.software_statement.trim()));
        let issuers = self.statement_issuers.iter().map(|text| issuer(text)).collect::<Result<Vec<_>, _>>();
        let issuers = check.take("registration.statement_issuers", issuers);
        Some(Registration { is_open: is_open?, requires_statement: requires?, statement_issuers: issuers? })
    }
}

fn is_open(text: &str) -> Result<bool, Wrong> {
    match text {
        "token" => Ok(false),
        "open" => Ok(true),
        other => Err(wrong(format!("`{other}` is neither `token` nor `open`"), "write `token` or `open`")),
    }
}

fn is_required(text: &str) -> Result<bool, Wrong> {
    match text {
        "optional" => Ok(false),
        "required" => Ok(true),
        other => {
            Err(wrong(format!("`{other}` is neither `optional` nor `required`"), "write `optional` or `required`"))
        }
    }
}

/// `ISSUER JWKS-ADDRESS`
fn issuer(text: &str) -> Result<StatementIssuer, Wrong> {
    let parts = text.split_whitespace().collect::<Vec<_>>();
    let parsed = match parts[..] {
        [issuer, address] => {
            Url::parse(address).ok().map(|jwks_uri| StatementIssuer { issuer: issuer.to_owned(), jwks_uri })
        }
        _ => None,
    };
    parsed.ok_or_else(|| {
        let instead = "write for example `https://directory.example https://directory.example/jwks`";
        wrong(format!("`{text}` is not an issuer with the address of its keys"), instead)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_comes_with_the_address_of_its_keys() {
        for (text, accepted) in [
            ("https://a.example https://a.example/jwks", true),
            ("a  https://a.example/jwks ", true),
            ("https://a.example", false),
            ("a b", false),
            ("a https://b.example c", false),
            ("", false),
        ] {
            assert_eq!(issuer(text).is_ok(), accepted, "{text}");
        }
    }
}
