//! `[registration]`: who may register clients by the protocol (RFC 7591).

use serde::{Deserialize, Serialize};
use url::{Host, Url};

use super::check::{Check, Wrong, wrong};
use crate::text::Slug;

/// Who may register clients by the protocol.
#[derive(Debug, Clone, Default)]
pub struct Registration {
    /// Everybody may; otherwise whoever has an initial access token.
    pub is_open: bool,
    /// A client brings a software statement.
    pub requires_statement: bool,
    /// Whose software statements are believed.
    pub statement_issuers: Vec<StatementIssuer>,
    /// Hosts whose documents describe clients by their address; without any, no address is a client id.
    pub document_hosts: Vec<DocumentHost>,
    /// Organizations that use such clients without activating each.
    pub document_organizations: Vec<Slug>,
}

/// A host whose documents describe clients (draft-ietf-oauth-client-id-metadata-document).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentHost {
    /// The host, with the port where it is not that of https.
    pub authority: String,
    /// Where addresses in its documents may be beside the host itself.
    pub others: Vec<String>,
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
    document_hosts: Vec<String>,
    document_organizations: Vec<String>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            access: "token".to_owned(),
            software_statement: "optional".to_owned(),
            statement_issuers: vec![],
            document_hosts: vec![],
            document_organizations: vec![],
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Registration> {
        let is_open = check.take("registration.access", is_open(self.access.trim()));
        let requires = check.take("registration.software_statement", is_required(self.software_statement.trim()));
        let issuers = self.statement_issuers.iter().map(|text| issuer(text)).collect::<Result<Vec<_>, _>>();
        let issuers = check.take("registration.statement_issuers", issuers);
        let hosts = self.document_hosts.iter().map(|text| document_host(text)).collect::<Result<Vec<_>, _>>();
        let hosts = check.take("registration.document_hosts", hosts);
        let organizations = self.document_organizations.iter().map(|text| slug(text)).collect::<Result<Vec<_>, _>>();
        let organizations = check.take("registration.document_organizations", organizations);
        Some(Registration {
            is_open: is_open?,
            requires_statement: requires?,
            statement_issuers: issuers?,
            document_hosts: hosts?,
            document_organizations: organizations?,
        })
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

/// `HOST[:PORT] [HOST…]`: exact, since whoever has a place on a host can describe clients there.
fn document_host(text: &str) -> Result<DocumentHost, Wrong> {
    let authority_of = |part: &str| {
        let url = Url::parse(&format!("https://{part}/")).ok()?;
        (url.as_str() == format!("https://{part}/") && !part.contains(['*', '@', '/', '?', '#'])).then_some(url)
    };
    let mut parts = text.split_whitespace();
    let authority =
        parts.next().filter(|part| authority_of(part).is_some_and(|url| matches!(url.host(), Some(Host::Domain(_)))));
    let others: Option<Vec<String>> =
        parts.map(|part| authority_of(part).filter(|url| url.port().is_none()).map(|_| part.to_owned())).collect();
    match (authority, others) {
        (Some(authority), Some(others)) => Ok(DocumentHost { authority: authority.to_owned(), others }),
        _ => Err(wrong(
            format!("`{text}` is not a host, in lower case and without `*`, with others behind it"),
            "write for example `apps.example` or `tools.example 127.0.0.1`",
        )),
    }
}

fn slug(text: &str) -> Result<Slug, Wrong> {
    let fault =
        |cause| wrong(format!("`{text}` {cause}"), "write the short name of an organization, such as `riverside`");
    text.parse().map_err(fault)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_documents_are_exact() {
        for (text, authority, others) in [
            ("apps.example", "apps.example", 0),
            ("apps.example:8443", "apps.example:8443", 0),
            (" tools.example  127.0.0.1 [::1] login.tools.example ", "tools.example", 3),
            ("localhost:8443 localhost", "localhost:8443", 1),
        ] {
            let read = document_host(text).unwrap();
            assert_eq!((read.authority.as_str(), read.others.len()), (authority, others), "{text}");
        }
        for text in [
            "",
            " ",
            "*",
            "*.example",
            "https://apps.example",
            "apps.example/",
            "Apps.example",
            "apps.example:443",
            "user@apps.example",
            "127.0.0.1",
            "[::1]",
            "apps.example *",
            "apps.example b.example:8443",
            "a b/c",
            "a?b",
        ] {
            assert!(document_host(text).is_err(), "{text}");
        }
    }

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
