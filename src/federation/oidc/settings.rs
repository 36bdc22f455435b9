//! A provider as an administrator describes it, in TOML. What is not said is as the preset says.

use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use serde::Deserialize;
use url::Url;

use super::preset::Preset;
use crate::{
    federation::rules::{RawPeople, RawSignIn, Rules},
    jose::Alg,
    upstream::mapping::{OneOrMore, Reader, Wrong},
};

/// Scopes that are asked for at most.
const MOST_SCOPES: usize = 20;

/// A provider.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its kind.
    pub preset: Preset,
    /// Its issuer identifier, to the letter (OpenID Connect Discovery §3).
    pub issuer: String,
    /// What it calls this server.
    pub client_id: String,
    /// How this server proves that it is that.
    pub authentication: Authentication,
    /// What is asked for; `openid` among it.
    pub scopes: Vec<String>,
    /// How its ID tokens may be signed.
    pub algorithms: Vec<Alg>,
    /// Whether an address counts that the provider does not say to be verified: only administrators write it there.
    pub trusts_addresses: bool,
    /// Whether userinfo is asked for.
    pub asks_userinfo: bool,
    /// Where somebody's groups are said.
    pub groups: Groups,
    /// What the organization lets follow of what it says.
    pub rules: Rules,
}

/// How a client proves itself at the token endpoint (OpenID Connect Core §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authentication {
    /// By a secret in a header.
    #[default]
    ClientSecretBasic,
    /// By a secret in the form.
    ClientSecretPost,
    /// By what its private key has signed (RFC 7523): the secret of the upstream is that key, as PEM (PKCS #8).
    PrivateKeyJwt,
}

/// Where somebody's groups are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Groups {
    /// The claim.
    pub claim: String,
    /// Where they are asked for where a token has no room for them: in the form of Microsoft Graph.
    pub endpoint: Option<Url>,
    /// Which attribute of a group there stands for it.
    pub value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    preset: Preset,
    issuer: String,
    client_id: String,
    #[serde(default)]
    authentication: Authentication,
    scopes: Option<OneOrMore>,
    algorithms: Option<OneOrMore>,
    userinfo: Option<bool>,
    #[serde(default)]
    trust_addresses: bool,
    #[serde(default)]
    groups: RawGroups,
    #[serde(default)]
    people: RawPeople,
    #[serde(default)]
    sign_in: RawSignIn,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct RawGroups {
    claim: Option<String>,
    endpoint: Option<String>,
    value: Option<String>,
}

impl Settings {
    /// Reads TOML.
    ///
    /// # Errors
    /// [`Wrong`], with all that is wrong, each with its place; when the text is no TOML or lacks something, with that alone.
    pub fn parse(text: &str) -> Result<Self, Wrong> {
        let raw: Raw = Figment::from(Toml::string(text))
            .extract()
            .map_err(|error| Wrong(error.into_iter().map(|error| told(&error)).collect()))?;
        let mut reader = Reader::default();
        let preset = raw.preset;
        if raw.client_id.trim().is_empty() {
            reader.wrong("client_id", "say what the provider calls this server");
        }
        let settings = Self {
            preset,
            issuer: issuer(&mut reader, preset, raw.issuer),
            client_id: raw.client_id,
            authentication: raw.authentication,
            scopes: scopes(&mut reader, raw.scopes.map_or_else(|| owned(preset.scopes()), OneOrMore::all)),
            algorithms: algorithms(
                &mut reader,
                raw.algorithms.map_or_else(|| owned(preset.algorithms()), OneOrMore::all),
            ),
            trusts_addresses: raw.trust_addresses,
            asks_userinfo: raw.userinfo.unwrap_or(preset.asks_userinfo()),
            groups: groups(&mut reader, preset, raw.groups),
            rules: Rules::read(&mut reader, preset.attributes(), (raw.people, raw.sign_in, raw.roles)),
        };
        reader.done(settings)
    }
}

fn told(error: &figment::Error) -> String {
    let place = error.path.join(".");
    if place.is_empty() { error.kind.to_string() } else { format!("{place}: {}", error.kind) }
}

/// OpenID Connect Discovery §3: https, and neither query nor fragment. Plain http is for the networks of `[outgoing]`, which the
/// way out looks at.
fn issuer(reader: &mut Reader, preset: Preset, text: String) -> String {
    let url = Url::parse(&text).ok().filter(|url| {
        ["https", "http"].contains(&url.scheme())
            && url.host_str().is_some()
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none()
    });
    match url {
        None => reader.wrong("issuer", format_args!("`{text}` is none; write for example `https://id.clinic.example`")),
        Some(url) if preset == Preset::Entra => {
            let tenant = url.path_segments().and_then(|mut parts| parts.next()).unwrap_or_default();
            // One issuer for everybody's tenants would let everybody's staff in.
            if ["", "common", "organizations", "consumers"].contains(&tenant) {
                reader.wrong("issuer", "name the tenant: `https://login.microsoftonline.com/TENANT-ID/v2.0`");
            }
        }
        Some(_) => {}
    }
    text
}

fn scopes(reader: &mut Reader, texts: Vec<String>) -> Vec<String> {
    // RFC 6749 §3.3.
    let is_scope = |text: &String| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\')
    };
    if let Some(wrong) = texts.iter().find(|text| !is_scope(text)) {
        reader.wrong("scopes", format_args!("`{wrong}` is no scope"));
    }
    if texts.len() > MOST_SCOPES {
        reader.wrong("scopes", format_args!("there are more than {MOST_SCOPES}"));
    }
    let others = texts.into_iter().filter(|text| text != "openid");
    std::iter::once("openid".to_owned()).chain(others).collect()
}

fn algorithms(reader: &mut Reader, texts: Vec<String>) -> Vec<Alg> {
    if texts.is_empty() {
        reader.wrong("algorithms", "say how ID tokens may be signed");
    }
    let mut algorithms = vec![];
    for text in texts {
        if let Some(alg) = Alg::named(&text) {
            algorithms.push(alg);
        } else {
            let known: Vec<&str> = Alg::ALL.iter().map(|alg| alg.name()).collect();
            reader.wrong("algorithms", format_args!("`{text}` is none of {}", known.join(", ")));
        }
    }
    algorithms
}

fn groups(reader: &mut Reader, preset: Preset, raw: RawGroups) -> Groups {
    let endpoint = raw.endpoint.or_else(|| preset.groups_endpoint().map(str::to_owned));
    let endpoint = endpoint.and_then(|text| {
        let url = Url::parse(&text).ok().filter(|url| ["https", "http"].contains(&url.scheme()));
        if url.is_none() {
            reader.wrong("groups.endpoint", format_args!("`{text}` is no https address"));
        }
        url
    });
    let value = raw.value.unwrap_or_else(|| "id".to_owned());
    if !["id", "displayName"].contains(&value.as_str()) {
        reader.wrong("groups.value", "say `id` or `displayName`");
    }
    Groups { claim: raw.claim.unwrap_or_else(|| "groups".to_owned()), endpoint, value }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = "issuer = 'https://id.hospital.example'\nclient_id = 'lanyard'\n";

    #[test]
    fn what_is_not_said_is_as_the_preset_says() {
        for preset in Preset::ALL {
            let name = format!("{preset:?}").to_lowercase();
            let issuer = "issuer = 'https://login.microsoftonline.com/9d0a/v2.0'\nclient_id = 'lanyard'";
            let settings = Settings::parse(&format!("preset = '{name}'\n{issuer}")).expect(&name);
            assert_eq!(settings.rules.mapping.attributes.len(), preset.attributes().len(), "{name}");
            assert_eq!(settings.scopes.first().map(String::as_str), Some("openid"));
            assert_eq!(settings.scopes.len(), preset.scopes().len() + 1, "{name}");
            assert_eq!(settings.algorithms.len(), preset.algorithms().len(), "{name}");
            assert_eq!(settings.groups.endpoint.is_some(), preset == Preset::Entra, "{name}");
            assert!(settings.rules.trusted.is_empty(), "nothing is trusted unsaid");
        }
        let settings = Settings::parse(LEAST).expect("enough");
        assert_eq!((settings.preset, settings.authentication), (Preset::Other, Authentication::ClientSecretBasic));
        assert_eq!((settings.groups.claim.as_str(), settings.groups.value.as_str()), ("groups", "id"));
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let wrong = Settings::parse(
            r#"
            preset = "entra"
            issuer = "https://login.microsoftonline.com/common/v2.0"
            client_id = " "
            scopes = ["openid", "two words"]
            algorithms = ["RS256", "HS256", "none"]
            roles = ["gp", "owner", "No Role"]
            groups = { endpoint = "graph", value = "mail" }
            people = { attributes = { usrName = "{upn}" } }
            "#,
        );
        let wrong = wrong.expect_err("much is wrong").0;
        let places: Vec<&str> = wrong.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
        assert_eq!(
            places,
            [
                "client_id",
                "issuer",
                "scopes",
                "algorithms",
                "algorithms",
                "groups.endpoint",
                "groups.value",
                "people.attributes.usrName",
                "roles",
                "roles",
            ]
        );
    }

    #[test]
    fn unknown_and_missing_settings_are_named() {
        for (case, text, part) in [
            ("unknown", format!("colour = 1\n{LEAST}"), "colour"),
            ("missing", "client_id = 'x'".to_owned(), "issuer"),
            ("another preset", format!("preset = 'auth0'\n{LEAST}"), "auth0"),
            ("another way", format!("authentication = 'none'\n{LEAST}"), "none"),
            ("no issuer", LEAST.replace("https", "ldap"), "issuer"),
            ("a query", LEAST.replace(".example'", ".example/?a=b'"), "issuer"),
            ("a password", LEAST.replace("id.", "a:b@id."), "issuer"),
            ("no algorithm", format!("algorithms = []\n{LEAST}"), "algorithms"),
        ] {
            let wrong = Settings::parse(&text).expect_err(case).to_string();
            assert!(wrong.contains(part), "{case}: {wrong}");
        }
    }
}
