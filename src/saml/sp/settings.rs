//! An identity provider as an administrator describes it, in TOML. What is not said is as the preset says.

use std::{collections::BTreeMap, time::Duration};

use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use serde::Deserialize;

use super::preset::Preset;
use super::source::RawIdentityProvider;
pub use super::source::{Address, Source};
use crate::{
    clock::Timestamp,
    saml::{metadata::Binding, names},
    text::{Slug, span},
    upstream::mapping::{Mapping, OneOrMore, RawRule, Reader, Wrong},
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
    /// What is told of people.
    pub mapping: Mapping,
    /// Roles that may follow of what it says; never `owner`.
    pub roles: Vec<Slug>,
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
    /// The app into which it may send people who did not ask; nobody may come like that otherwise.
    pub unsolicited: Option<String>,
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
    #[serde(default)]
    people: RawPeople,
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
    idp_initiated_app: Option<String>,
}

impl Default for RawResponse {
    fn default() -> Self {
        Self { clock_skew: "60s".to_owned(), encrypted: false, idp_initiated_app: None }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawPeople {
    attributes: BTreeMap<String, OneOrMore>,
    rules: Vec<RawRule>,
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
        let preset_attributes = raw.preset.attributes().iter().map(|(key, templates)| {
            ((*key).to_owned(), OneOrMore::More(templates.iter().map(|text| (*text).to_owned()).collect()))
        });
        let mut attributes: BTreeMap<String, OneOrMore> = preset_attributes.collect();
        attributes.extend(raw.people.attributes);
        let mapping = reader.mapping("people", attributes, raw.people.rules);
        let request = request(&mut reader, raw.preset, raw.request, binding);
        let response = response(&mut reader, raw.response);
        let roles = roles(&mut reader, raw.roles);
        let Some(source) = source else {
            // Something about it was wrong: there is nothing to answer but that.
            return Err(reader.done(()).err().unwrap_or_else(|| Wrong(vec![])));
        };
        reader.done(Self { preset: raw.preset, source, request, response, mapping, roles })
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

fn response(reader: &mut Reader, raw: RawResponse) -> Response {
    let bounds = Duration::ZERO..=Duration::from_secs(300);
    let clock_skew = span::parse(&raw.clock_skew).filter(|span| bounds.contains(span)).unwrap_or_else(|| {
        reader.wrong("response.clock_skew", format_args!("`{}` is no length of time up to 5m", raw.clock_skew));
        Duration::ZERO
    });
    let unsolicited = raw.idp_initiated_app.filter(|app| {
        let is_name = !app.trim().is_empty();
        if !is_name {
            reader.wrong("response.idp_initiated_app", "name the client into which people are sent");
        }
        is_name
    });
    Response { clock_skew, encrypted: raw.encrypted, unsolicited }
}

fn roles(reader: &mut Reader, texts: Vec<String>) -> Vec<Slug> {
    let mut roles = vec![];
    for text in texts {
        match text.parse::<Slug>() {
            Ok(slug) if slug.as_str() == "owner" => {
                reader.wrong("roles", "no identity provider makes owners; an owner does");
            }
            Ok(slug) => roles.push(slug),
            Err(error) => reader.wrong("roles", error),
        }
    }
    roles
}

#[cfg(test)]
mod tests;
