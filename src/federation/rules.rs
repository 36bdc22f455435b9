//! What an organization lets follow of the word of an identity provider, as its administrator writes it in TOML beside the
//! description of the connection; and what it comes to.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::identity::ExternalIdentity;
use crate::{
    authentication::assurance::{self, Assurance},
    setting::demand::Level,
    text::{DomainName, Slug},
    upstream::mapping::{Key, Mapping, OneOrMore, RawRule, Reader},
};

/// What an organization lets follow.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What becomes of what it says.
    pub mapping: Mapping,
    /// What it has to say of somebody who is let in.
    pub required: Vec<Key>,
    /// Roles that may follow; never `owner`.
    pub roles: Vec<Slug>,
    /// Whether it brings people who are no members yet.
    pub brings: bool,
    /// Domains of the organization whose people are sent there: all of them where none is named.
    pub domains: Vec<DomainName>,
    /// What signing in there is worth here, by a word of how it was done.
    pub trusted: BTreeMap<String, Level>,
}

/// The table `people`: who somebody is here.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawPeople {
    attributes: BTreeMap<String, OneOrMore>,
    rules: Vec<RawRule>,
    required: Vec<String>,
}

/// The table `sign_in`: who is sent there, and who is let in.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RawSignIn {
    brings: bool,
    domains: Vec<String>,
    trusted: BTreeMap<String, String>,
}

impl Default for RawSignIn {
    fn default() -> Self {
        Self { brings: true, domains: vec![], trusted: BTreeMap::new() }
    }
}

impl Rules {
    /// Reads them, above what the preset of a product says of people: keys, each with templates.
    pub fn read(
        reader: &mut Reader,
        preset: &[(&str, &[&str])],
        (people, sign_in, roles): (RawPeople, RawSignIn, Vec<String>),
    ) -> Self {
        let owned = |texts: &[&str]| OneOrMore::More(texts.iter().map(|text| (*text).to_owned()).collect());
        let mut attributes: BTreeMap<String, OneOrMore> =
            preset.iter().map(|(key, templates)| ((*key).to_owned(), owned(templates))).collect();
        attributes.extend(people.attributes);
        Self {
            mapping: reader.mapping("people", attributes, people.rules),
            required: required(reader, &people.required),
            roles: reader.roles(roles),
            brings: sign_in.brings,
            domains: domains(reader, &sign_in.domains),
            trusted: trusted(reader, sign_in.trusted),
        }
    }

    /// How sure it is who comes: no surer than a password where the organization does not say that more is to be believed. Apps
    /// are told of no methods but those that are believed.
    #[must_use]
    pub fn assurance(&self, identity: &ExternalIdentity) -> Assurance {
        let words = identity.context.iter().chain(&identity.methods);
        match words.filter_map(|word| self.trusted.get(word)).max() {
            Some(level) => Assurance { acr: assurance::acr(*level), amr: believed(&identity.methods) },
            None => Assurance { acr: assurance::PASSWORD, amr: vec![] },
        }
    }
}

/// Words of RFC 8176 and what is like them; `mfa` among them, as two factors are believed.
fn believed(methods: &[String]) -> Vec<String> {
    let is_word = |word: &&String| {
        (1..=20).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
    };
    let mut amr: Vec<String> = methods.iter().filter(is_word).take(10).cloned().collect();
    if !amr.iter().any(|word| word == "mfa") {
        amr.push("mfa".to_owned());
    }
    amr
}

fn required(reader: &mut Reader, names: &[String]) -> Vec<Key> {
    let mut keys = vec![];
    for name in names {
        match Key::named(name) {
            Some(key) => keys.push(key),
            None => reader.wrong("people.required", format_args!("`{name}` is nothing that is known of people")),
        }
    }
    keys
}

fn domains(reader: &mut Reader, texts: &[String]) -> Vec<DomainName> {
    let mut domains = vec![];
    for text in texts {
        match text.parse() {
            Ok(domain) => domains.push(domain),
            Err(error) => reader.wrong("sign_in.domains", format_args!("`{text}`: {error}")),
        }
    }
    domains
}

fn trusted(reader: &mut Reader, raw: BTreeMap<String, String>) -> BTreeMap<String, Level> {
    let mut trusted = BTreeMap::new();
    for (word, text) in raw {
        if let Some(level) = Level::ALL.into_iter().find(|level| level.name() == text) {
            trusted.insert(word, level);
        } else {
            let known = Level::ALL.map(Level::name).join(" or ");
            reader.wrong("sign_in.trusted", format_args!("`{text}` of `{word}` is not {known}"));
        }
    }
    trusted
}

#[cfg(test)]
mod tests {
    use figment::providers::Format as _;

    use super::*;
    use crate::federation::identity::tests::identity;

    #[derive(Deserialize)]
    struct Raw {
        #[serde(default)]
        people: RawPeople,
        #[serde(default)]
        sign_in: RawSignIn,
        #[serde(default)]
        roles: Vec<String>,
    }

    fn read(toml: &str) -> Result<Rules, crate::upstream::mapping::Wrong> {
        let raw: Raw = figment::Figment::from(figment::providers::Toml::string(toml)).extract().expect("TOML");
        let mut reader = Reader::default();
        let rules = Rules::read(&mut reader, &[("userName", &["{sub}"])], (raw.people, raw.sign_in, raw.roles));
        reader.done(rules)
    }

    #[test]
    fn what_is_not_said_is_careful() {
        let rules = read("").expect("enough");
        assert!(rules.brings && rules.roles.is_empty() && rules.domains.is_empty() && rules.trusted.is_empty());
        assert_eq!(rules.mapping.attributes.len(), 1);
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let wrong = read(
            "roles = ['gp', 'owner']\n[people]\nrequired = ['emails', 'shoes']\n[sign_in]\ndomains = ['a b']\n\
             trusted = { mfa = 'multi-factor', pwd = 'sure' }",
        );
        let told = wrong.unwrap_err().to_string();
        for part in ["roles:", "`shoes`", "`a b`", "`sure` of `pwd`"] {
            assert!(told.contains(part), "{part} is not in {told}");
        }
        assert_eq!(told.lines().count(), 4, "{told}");
    }

    #[test]
    fn how_they_signed_in_is_believed_as_far_as_the_organization_says() {
        let rules = read(
            "[sign_in]\ntrusted = { mfa = 'multi-factor', 'urn:x:Smartcard' = 'phishing-resistant', hwk = 'phishing-resistant' }",
        );
        let rules = rules.expect("good");
        for (context, methods, acr, amr) in [
            (None, &[][..], assurance::PASSWORD, ""),
            (None, &["pwd"], assurance::PASSWORD, ""),
            (None, &["pwd", "mfa"], assurance::MULTI_FACTOR, "pwd mfa"),
            (Some("urn:x:Smartcard"), &[], assurance::PHISHING_RESISTANT, "mfa"),
            (Some("urn:lanyard:acr:phishing-resistant"), &["otp"], assurance::PASSWORD, ""),
            (Some("1"), &["mfa", "hwk", "not a word", "\"x"], assurance::PHISHING_RESISTANT, "mfa hwk"),
        ] {
            let identity = ExternalIdentity {
                context: context.map(str::to_owned),
                methods: methods.iter().map(|word| (*word).to_owned()).collect(),
                ..identity()
            };
            let said = rules.assurance(&identity);
            assert_eq!((said.acr, said.amr.join(" ").as_str()), (acr, amr), "{context:?} {methods:?}");
        }
    }
}
