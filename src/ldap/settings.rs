//! A directory as an administrator describes it, in TOML. What is not said is as the preset says.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use figment::{
    Figment,
    providers::{Format as _, Toml},
};
use serde::Deserialize;
use url::Url;

use super::{connection::Server, preset::Preset};
use crate::{
    text::{Slug, span},
    upstream::mapping::{Mapping, OneOrMore, Pattern, RawPattern, RawRule, Reader, Said, Template, Wrong, fill},
};

/// Servers of a directory at most.
const MOST_SERVERS: usize = 8;

/// A directory.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Its kind.
    pub preset: Preset,
    /// Where it answers: the first that does is asked.
    pub servers: Vec<Server>,
    /// Who vouches for their certificates, as PEM; whom this machine trusts otherwise.
    pub authorities: Option<String>,
    /// The account that reads.
    pub bind_dn: String,
    /// How long an answer may take.
    pub patience: Duration,
    /// The people.
    pub people: People,
    /// The groups.
    pub groups: Groups,
    /// When it is read, and what stops that.
    pub sync: Sync,
    /// Roles that may follow of what it says; never `owner`.
    pub roles: Vec<Slug>,
}

/// Which entries are people, and what they are called here.
#[derive(Debug, Clone)]
pub struct People {
    /// Where they lie.
    pub bases: Vec<String>,
    /// Which entries there (RFC 4515).
    pub filter: String,
    /// What somebody may type to sign in.
    pub names: Vec<String>,
    /// What is told of them.
    pub mapping: Mapping,
}

/// Which entries are groups, and what they are called here.
#[derive(Debug, Clone)]
pub struct Groups {
    /// Where they lie; groups are not read where there is no place.
    pub bases: Vec<String>,
    /// Which entries there.
    pub filter: String,
    /// The first whose pattern the name of a group fits says what becomes of it.
    pub rules: Vec<GroupRule>,
    /// Whether groups that no rule names are groups here, too.
    pub others: bool,
}

/// What becomes of groups of some names.
#[derive(Debug, Clone)]
pub struct GroupRule {
    /// What the name has to look like.
    pub pattern: Pattern,
    /// What it is called here; as there when none.
    pub name: Option<Template>,
    /// Roles of its members, each perhaps at a location: `role@location`.
    pub roles: Vec<Template>,
    /// Whether it is no group here.
    pub skip: bool,
}

/// What a group is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappedGroup {
    /// What it is called.
    pub name: String,
    /// Roles of its members: `role`, or `role@location`.
    pub roles: BTreeSet<String>,
}

impl Groups {
    /// What becomes of a group; none when it is none here.
    #[must_use]
    pub fn apply(&self, said: &impl Said) -> Option<MappedGroup> {
        let called = said.values("cn").into_iter().next()?.into_owned();
        let found = self.rules.iter().find_map(|rule| Some((rule, rule.pattern.find(&called)?)));
        let Some((rule, captures)) = found else {
            return self.others.then(|| MappedGroup { name: called, roles: BTreeSet::new() });
        };
        if rule.skip {
            return None;
        }
        let name = rule.name.as_ref().and_then(|name| fill(name, said, &captures)).unwrap_or(called);
        let roles = rule.roles.iter().filter_map(|role| fill(role, said, &captures)).collect();
        Some(MappedGroup { name, roles })
    }
}

/// When a directory is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sync {
    /// How often changes are asked for.
    pub every: Duration,
    /// How often all is read.
    pub full_every: Duration,
    /// How long after they were shut out people are no members any more.
    pub remove_after: Duration,
    /// The share of people, in percent, of whom a run that would shut out more stops and asks.
    pub brake: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    preset: Preset,
    connection: RawConnection,
    people: RawPeople,
    #[serde(default)]
    groups: RawGroups,
    #[serde(default)]
    sync: RawSync,
    #[serde(default)]
    roles: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawConnection {
    servers: OneOrMore,
    #[serde(default)]
    start_tls: bool,
    authorities: Option<String>,
    bind_dn: String,
    #[serde(default = "ten_seconds")]
    timeout: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPeople {
    bases: OneOrMore,
    filter: Option<String>,
    names: Option<OneOrMore>,
    #[serde(default)]
    attributes: BTreeMap<String, OneOrMore>,
    #[serde(default)]
    rules: Vec<RawRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawGroups {
    bases: Option<OneOrMore>,
    filter: Option<String>,
    rules: Vec<RawGroupRule>,
    others: bool,
}

impl Default for RawGroups {
    fn default() -> Self {
        Self { bases: None, filter: None, rules: vec![], others: true }
    }
}

#[derive(Deserialize)]
struct RawGroupRule {
    #[serde(flatten)]
    pattern: RawPattern,
    name: Option<String>,
    roles: Option<OneOrMore>,
    #[serde(default)]
    skip: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RawSync {
    every: String,
    full_every: String,
    remove_after: String,
    brake: u8,
}

impl Default for RawSync {
    /// A leaver is out within a minute.
    fn default() -> Self {
        Self { every: "30s".to_owned(), full_every: "1d".to_owned(), remove_after: "30d".to_owned(), brake: 10 }
    }
}

fn ten_seconds() -> String {
    "10s".to_owned()
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
        let settings = Self {
            preset: raw.preset,
            servers: servers(&mut reader, raw.connection.servers.all(), raw.connection.start_tls),
            authorities: raw.connection.authorities,
            bind_dn: filled(&mut reader, "connection.bind_dn", raw.connection.bind_dn),
            patience: within(&mut reader, "connection.timeout", &raw.connection.timeout, ("1s", "60s")),
            people: people(&mut reader, raw.preset, raw.people),
            groups: groups(&mut reader, raw.preset, raw.groups),
            sync: Sync {
                every: within(&mut reader, "sync.every", &raw.sync.every, ("10s", "1h")),
                full_every: within(&mut reader, "sync.full_every", &raw.sync.full_every, ("10m", "7d")),
                remove_after: within(&mut reader, "sync.remove_after", &raw.sync.remove_after, ("1d", "3650d")),
                brake: raw.sync.brake,
            },
            roles: reader.roles(raw.roles),
        };
        if settings.sync.brake > 100 {
            reader.wrong("sync.brake", "write a share in percent, from 0 to 100");
        }
        reader.done(settings)
    }
}

fn told(error: &figment::Error) -> String {
    let place = error.path.join(".");
    if place.is_empty() { error.kind.to_string() } else { format!("{place}: {}", error.kind) }
}

fn servers(reader: &mut Reader, texts: Vec<String>, start_tls: bool) -> Vec<Server> {
    const PLACE: &str = "connection.servers";
    if !(1..=MOST_SERVERS).contains(&texts.len()) {
        reader.wrong(PLACE, format_args!("name from 1 to {MOST_SERVERS} servers"));
    }
    let mut servers = vec![];
    for text in texts {
        let url = Url::parse(&text).ok().filter(|url| {
            ["ldap", "ldaps"].contains(&url.scheme())
                && url.host_str().is_some_and(|host| !host.is_empty())
                && matches!(url.path(), "" | "/")
                && url.query().is_none()
                && url.username().is_empty()
        });
        match url {
            Some(url) if start_tls && url.scheme() == "ldaps" => {
                reader
                    .wrong(PLACE, format_args!("`{url}` has TLS from the start: take `start_tls` away, or write ldap"));
            }
            Some(url) => servers.push(Server { url, start_tls }),
            None => {
                reader.wrong(PLACE, format_args!("`{text}` is none; write for example `ldaps://dc1.clinic.example`"));
            }
        }
    }
    servers
}

fn people(reader: &mut Reader, preset: Preset, raw: RawPeople) -> People {
    let preset_attributes = preset.attributes().iter().map(|(key, templates)| {
        ((*key).to_owned(), OneOrMore::More(templates.iter().map(|text| (*text).to_owned()).collect()))
    });
    let mut attributes: BTreeMap<String, OneOrMore> = preset_attributes.collect();
    attributes.extend(raw.attributes);
    let names = raw.names.map_or_else(|| owned(preset.names()), OneOrMore::all);
    if names.is_empty() {
        reader.wrong("people.names", "say what people may type to sign in");
    }
    People {
        bases: bases(reader, "people.bases", raw.bases.all()),
        filter: filter(reader, "people.filter", raw.filter.as_deref().unwrap_or(preset.people())),
        names,
        mapping: reader.mapping("people", attributes, raw.rules),
    }
}

fn groups(reader: &mut Reader, preset: Preset, raw: RawGroups) -> Groups {
    let mut all = vec![];
    for (at, raw) in raw.rules.into_iter().enumerate() {
        let place = format!("groups.rules[{}]", at + 1);
        let name = reader.templates(&format!("{place}.name"), raw.name.into_iter().collect()).pop();
        let roles = reader.templates(&format!("{place}.roles"), raw.roles.map(OneOrMore::all).unwrap_or_default());
        for pattern in reader.patterns(&place, raw.pattern) {
            all.push(GroupRule { pattern, name: name.clone(), roles: roles.clone(), skip: raw.skip });
        }
    }
    let bases = raw.bases.map(|texts| bases(reader, "groups.bases", texts.all())).unwrap_or_default();
    let filter = filter(reader, "groups.filter", raw.filter.as_deref().unwrap_or(preset.groups()));
    Groups { bases, filter, rules: all, others: raw.others }
}

/// None of them lies in another: what is found twice would be read twice.
fn bases(reader: &mut Reader, place: &str, texts: Vec<String>) -> Vec<String> {
    if texts.is_empty() || texts.iter().any(|text| text.trim().is_empty()) {
        reader.wrong(place, "name the entry below which they lie, such as `OU=Staff,DC=clinic,DC=example`");
    }
    for (at, text) in texts.iter().enumerate() {
        let lies_in = |other: &String| text.to_lowercase().ends_with(&other.to_lowercase());
        if texts.iter().enumerate().any(|(other_at, other)| other_at != at && lies_in(other)) {
            reader.wrong(place, format_args!("`{text}` lies in another one"));
        }
    }
    texts
}

fn filter(reader: &mut Reader, place: &str, text: &str) -> String {
    // Others are set beside it: it has to be whole.
    if !text.starts_with('(') || !super::connection::is_filter(text) {
        reader.wrong(place, format_args!("`{text}` is no filter (RFC 4515); write for example `(objectClass=person)`"));
    }
    text.to_owned()
}

fn filled(reader: &mut Reader, place: &str, text: String) -> String {
    if text.trim().is_empty() {
        reader.wrong(place, "say which account reads; nobody reads without one");
    }
    text
}

fn within(reader: &mut Reader, place: &str, text: &str, (least, most): (&str, &str)) -> Duration {
    let bounds = span::parse(least).unwrap_or_default()..=span::parse(most).unwrap_or(Duration::MAX);
    if let Some(span) = span::parse(text).filter(|span| bounds.contains(span)) {
        return span;
    }
    reader.wrong(place, format_args!("`{text}` is no length of time from {least} to {most}"));
    Duration::default()
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAST: &str = r#"
        preset = "active-directory"
        [connection]
        servers = "ldaps://dc1.clinic.example"
        bind_dn = "CN=lanyard,DC=clinic,DC=example"
        [people]
        bases = "OU=Staff,DC=clinic,DC=example"
    "#;

    #[test]
    fn what_is_not_said_is_as_the_preset_says() {
        let settings = Settings::parse(LEAST).expect("enough");
        assert_eq!(settings.people.filter, Preset::ActiveDirectory.people());
        assert_eq!(settings.people.names, Preset::ActiveDirectory.names());
        assert_eq!(settings.people.mapping.attributes.len(), Preset::ActiveDirectory.attributes().len());
        assert_eq!((settings.sync.every, settings.sync.brake), (Duration::from_secs(30), 10));
        assert!(settings.groups.bases.is_empty() && settings.groups.others);
        for preset in [Preset::ActiveDirectory, Preset::OpenLdap] {
            let mut reader = Reader::default();
            let attributes =
                preset.attributes().iter().map(|(key, texts)| ((*key).to_owned(), OneOrMore::More(owned(texts))));
            let mapping = reader.mapping("people", attributes.collect(), vec![]);
            assert_eq!(reader.done(mapping.attributes.len()), Ok(preset.attributes().len()), "{preset:?}");
            for text in [preset.people(), preset.groups()] {
                assert!(super::super::connection::is_filter(text), "{text}");
            }
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let wrong = Settings::parse(
            r#"
            preset = "open-ldap"
            roles = ["gp", "owner", "No Role"]
            [connection]
            servers = ["ldaps://a.example", "https://b.example", "ldap://c.example/dc=x"]
            start_tls = true
            bind_dn = " "
            timeout = "1h"
            [people]
            bases = ["dc=x", "ou=people,dc=x"]
            filter = "objectClass=person"
            names = []
            attributes = { usrName = "{uid}" }
            [[groups.rules]]
            matches = "("
            [sync]
            every = "1s"
            brake = 101
            "#,
        );
        let places: Vec<String> = wrong
            .expect_err("much is wrong")
            .0
            .iter()
            .map(|line| line.split(": ").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(
            places,
            [
                "connection.servers",
                "connection.servers",
                "connection.servers",
                "connection.bind_dn",
                "connection.timeout",
                "people.names",
                "people.bases",
                "people.filter",
                "people.attributes.usrName",
                "groups.rules[1].matches",
                "sync.every",
                "roles",
                "roles",
                "sync.brake",
            ]
        );
    }

    #[test]
    fn unknown_and_missing_settings_are_named() {
        for (case, text, part) in [
            ("no TOML", "preset = ", ""),
            ("unknown", &format!("colour = 1\n{LEAST}"), "colour"),
            ("unknown inside", &format!("{LEAST}\nfilters = 'x'"), "people.filters"),
            ("missing", "preset = 'open-ldap'", "connection"),
            ("another preset", &LEAST.replace("active-directory", "novell"), "novell"),
        ] {
            let wrong = Settings::parse(text).expect_err(case).to_string();
            assert!(wrong.contains(part), "{case}: {wrong}");
        }
    }
}
