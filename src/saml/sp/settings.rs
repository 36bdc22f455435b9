//! An identity provider as an administrator describes it, in TOML. What is not said is as the preset says.

use std::time::Duration;

use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use serde::Deserialize;
use url::Url;

use super::preset::Preset;
use super::source::RawIdentityProvider;
pub use super::source::{Address, Source};
use crate::{
    clock::Timestamp,
    federation::{
        Rules,
        rules::{RawPeople, RawSignIn},
    },
    saml::{
        metadata::{self, Binding},
        names,
    },
    text::span,
    upstream::mapping::{OneOrMore, Reader, Wrong},
};

/// An identity provider.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its kind.
    pub preset: Preset,
    /// Where what it is comes from.
    pub source: Source,
    /// What we ask.
    pub request: Request,
    /// What is taken for an answer.
    pub response: Response,
    /// Who is let in, and what they are here.
    pub rules: Rules,
}

/// What we ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whether requests are signed.
    pub sign: bool,
    /// How it is sent, where both are offered.
    pub binding: Option<Binding>,
    /// How people should have signed in, by the names of the identity provider (core §3.3.2.2.1).
    pub authn_context: Vec<String>,
    /// `exact`, `minimum`, `maximum` or `better` than that.
    pub comparison: String,
    /// What names are asked for.
    pub name_id_format: String,
}

/// What is taken for an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// How far clocks may differ.
    pub clock_skew: Duration,
    /// Whether assertions have to be encrypted.
    pub encrypted: bool,
    /// The attribute that names people for ever; the `NameID` where there is none.
    pub subject: Option<String>,
    /// Where people come out who did not ask; nobody may come like that where there is nothing.
    pub unsolicited: Option<Unsolicited>,
}

/// The one app into which an identity provider may send people who did not ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsolicited {
    /// The client.
    pub app: String,
    /// Where it begins: of the origin of one of its redirect URIs.
    pub start: Url,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    preset: Preset,
    identity_provider: RawIdentityProvider,
    #[serde(default)]
    request: RawRequest,
    #[serde(default)]
    response: RawResponse,
    idp_initiated: Option<RawUnsolicited>,
    #[serde(default)]
    people: RawPeople,
    #[serde(default)]
    sign_in: RawSignIn,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawRequest {
    sign: bool,
    authn_context: Option<OneOrMore>,
    comparison: String,
    name_id_format: Option<String>,
}

impl Default for RawRequest {
    fn default() -> Self {
        Self { sign: true, authn_context: None, comparison: "exact".to_owned(), name_id_format: None }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawResponse {
    clock_skew: String,
    encrypted: bool,
    subject: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawUnsolicited {
    app: String,
    start: String,
}

impl Default for RawResponse {
    fn default() -> Self {
        Self { clock_skew: "60s".to_owned(), encrypted: false, subject: None }
    }
}

impl Settings {
    /// Reads TOML.
    ///
    /// # Errors
    /// [`Wrong`], with all that is wrong, each with its place; when the text is no TOML or lacks something, with that alone.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, Wrong> {
        let raw: Raw = Figment::from(Toml::string(text))
            .extract()
            .map_err(|error| Wrong(error.into_iter().map(|error| told(&error)).collect()))?;
        let mut reader = Reader::default();
        let binding = raw.identity_provider.binding();
        let source = raw.identity_provider.source(&mut reader, now);
        let request = request(&mut reader, raw.preset, raw.request, binding);
        let response = response(&mut reader, raw.preset, (raw.response, raw.idp_initiated));
        let rules = Rules::read(&mut reader, raw.preset.attributes(), (raw.people, raw.sign_in, raw.roles));
        let Some(source) = source else {
            // Something about it was wrong: there is nothing to answer but that.
            return Err(reader.done(()).err().unwrap_or_else(|| Wrong(vec![])));
        };
        reader.done(Self { preset: raw.preset, source, request, response, rules })
    }
}

fn told(error: &figment::Error) -> String {
    let place = error.path.join(".");
    if place.is_empty() { error.kind.to_string() } else { format!("{place}: {}", error.kind) }
}

fn request(reader: &mut Reader, preset: Preset, raw: RawRequest, binding: Option<Binding>) -> Request {
    if !["exact", "minimum", "maximum", "better"].contains(&raw.comparison.as_str()) {
        reader.wrong("request.comparison", "write `exact`, `minimum`, `maximum` or `better`");
    }
    let authn_context = raw.authn_context.map(OneOrMore::all).unwrap_or_default();
    if authn_context.len() > 10 || authn_context.iter().any(|text| text.trim().is_empty() || text.len() > 500) {
        reader.wrong("request.authn_context", "name at most 10, such as `urn:oasis:names:tc:SAML:2.0:ac:classes:X509`");
    }
    let name_id_format = match raw.name_id_format.as_deref() {
        None => preset.name_id_format().to_owned(),
        Some("persistent") => names::PERSISTENT.to_owned(),
        Some("email") => names::EMAIL.to_owned(),
        Some("unspecified") => names::UNSPECIFIED.to_owned(),
        Some("transient" | names::TRANSIENT) => {
            reader.wrong(
                "request.name_id_format",
                "a transient name is another one each time: nobody would be found again",
            );
            String::new()
        }
        Some(urn) if urn.starts_with("urn:") && urn.len() <= 200 => urn.to_owned(),
        Some(_) => {
            reader.wrong(
                "request.name_id_format",
                "write `persistent`, `email`, `unspecified`, or a name that begins with `urn:`",
            );
            String::new()
        }
    };
    Request { sign: raw.sign, binding, authn_context, comparison: raw.comparison, name_id_format }
}

fn response(
    reader: &mut Reader,
    preset: Preset,
    (raw, unsolicited): (RawResponse, Option<RawUnsolicited>),
) -> Response {
    let bounds = Duration::ZERO..=Duration::from_secs(300);
    let clock_skew = span::parse(&raw.clock_skew).filter(|span| bounds.contains(span)).unwrap_or_else(|| {
        reader.wrong("response.clock_skew", format_args!("`{}` is no length of time up to 5m", raw.clock_skew));
        Duration::ZERO
    });
    let unsolicited = unsolicited.and_then(|raw| {
        let start = metadata::address(&raw.start);
        if start.is_none() {
            reader.wrong("idp_initiated.start", format_args!("`{}` is no address of https", raw.start));
        }
        if raw.app.trim().is_empty() {
            reader.wrong("idp_initiated.app", "name the client into which people are sent");
        }
        Some(Unsolicited { app: raw.app, start: start? })
    });
    let subject = match raw.subject.as_deref().map(str::trim) {
        None => preset.subject().map(str::to_owned),
        Some("" | "NameID") => None,
        Some(name) => Some(name.to_owned()),
    };
    Response { clock_skew, encrypted: raw.encrypted, subject, unsolicited }
}

#[cfg(test)]
mod tests;
