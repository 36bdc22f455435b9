//! How what an upstream says of somebody becomes what Lanyard knows of them: attributes by templates, roles, groups and
//! locations by rules.
//!
//! `key`: what can be told. `template`: texts with attributes in them. `pattern`: what a value has to look like. `settings`:
//! how an administrator writes all of it. Pure: whoever asked the upstream hands over what it said.

mod key;
mod pattern;
mod settings;
mod template;

use std::{borrow::Cow, collections::BTreeSet};

use serde_json::Value;

pub use self::{
    key::Key,
    pattern::{Captures, NoPattern, Pattern},
    settings::{OneOrMore, RawPattern, RawRule, Reader, Wrong},
    template::{NoTemplate, Template},
};
use crate::directory::provisioning::Attributes;

/// What an upstream says of somebody.
pub trait Said {
    /// The values of an attribute that are text.
    fn values(&self, name: &str) -> Vec<Cow<'_, str>>;
}

/// A mapping.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    /// What is told, in this order: of several templates for one value the first that says something counts.
    pub attributes: Vec<(Key, Vec<Template>)>,
    /// What follows of single values; all that hold are applied.
    pub rules: Vec<Rule>,
}

/// What follows of a value.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The attribute.
    pub attribute: String,
    /// What its value has to look like.
    pub pattern: Pattern,
    /// What is told besides, attributes of the person and parts of the value in it.
    pub tells: Vec<(Key, Vec<Template>)>,
    /// The keys of groups here that the person is in.
    pub groups: Vec<Template>,
}

/// What somebody is here.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Mapped {
    /// What is known of them, by the names of RFC 7643.
    pub attributes: Attributes,
    /// Keys of groups.
    pub groups: BTreeSet<String>,
    /// Who their manager is, as the upstream calls them.
    pub manager: Option<String>,
}

impl Mapped {
    /// Whether anything was said of it.
    #[must_use]
    pub fn has(&self, key: Key) -> bool {
        if key.is_entry() { self.manager.is_some() } else { key.is_in(&self.attributes) }
    }

    /// What they are called.
    #[must_use]
    pub fn user_name(&self) -> Option<&str> {
        self.attributes.get("userName").and_then(Value::as_str)
    }
}

impl Mapping {
    /// Applies it.
    #[must_use]
    pub fn apply(&self, said: &impl Said) -> Mapped {
        let mut mapped = Mapped::default();
        let nothing = Captures::new();
        for (key, templates) in &self.attributes {
            mapped.tell(*key, &filled((*key, templates), said, &nothing));
        }
        for rule in &self.rules {
            for value in said.values(&rule.attribute) {
                let Some(captures) = rule.pattern.find(&value) else { continue };
                for (key, templates) in &rule.tells {
                    mapped.tell(*key, &filled((*key, templates), said, &captures));
                }
                mapped.groups.extend(rule.groups.iter().filter_map(|group| fill(group, said, &captures)));
            }
        }
        mapped
    }

    /// The attributes that it reads.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        let told = self.rules.iter().flat_map(|rule| &rule.tells).chain(&self.attributes);
        let named = told.flat_map(|(_, templates)| templates).flat_map(Template::names);
        let watched = self.rules.iter().map(|rule| rule.attribute.as_str());
        let captured: BTreeSet<&str> = self.rules.iter().flat_map(|rule| rule.pattern.names()).collect();
        let groups = self.rules.iter().flat_map(|rule| &rule.groups).flat_map(Template::names);
        named.chain(groups).filter(|name| !captured.contains(name)).chain(watched).collect()
    }
}

impl Mapped {
    fn tell(&mut self, key: Key, values: &[String]) {
        if key.is_entry() {
            self.manager = self.manager.take().or_else(|| values.first().cloned());
        } else {
            key.write(&mut self.attributes, values);
        }
    }
}

/// What the templates of a key say: for one value the first that says something, for several all.
fn filled((key, templates): (Key, &[Template]), said: &impl Said, captures: &Captures) -> Vec<String> {
    let mut texts = vec![];
    for template in templates {
        match template.only_name().filter(|name| key.is_many() && !captures.contains_key(*name)) {
            Some(name) => texts.extend(said.values(name).into_iter().map(|text| text.trim().to_owned())),
            None => texts.extend(fill(template, said, captures)),
        }
        texts.retain(|text| !text.is_empty());
        if !key.is_many() && !texts.is_empty() {
            break;
        }
    }
    texts
}

/// What a template says of somebody, with parts of a value; none where something in it is not said.
#[must_use]
pub fn fill(template: &Template, said: &impl Said, captures: &Captures) -> Option<String> {
    let told: Vec<(&str, String)> = template
        .names()
        .filter_map(|name| {
            let part = captures.get(name).cloned();
            Some((name, part.or_else(|| said.values(name).into_iter().next().map(Cow::into_owned))?))
        })
        .collect();
    template.fill(|name| told.iter().find(|(told, _)| *told == name).map(|(_, value)| value.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Told(Value);

    impl Said for Told {
        fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
            match &self.0[name] {
                Value::String(text) => vec![text.as_str().into()],
                Value::Array(all) => all.iter().filter_map(Value::as_str).map(Cow::from).collect(),
                _ => vec![],
            }
        }
    }

    fn mapping(toml: &str) -> Mapping {
        #[derive(serde::Deserialize)]
        struct Raw {
            #[serde(default)]
            attributes: std::collections::BTreeMap<String, settings::OneOrMore>,
            #[serde(default)]
            rules: Vec<RawRule>,
        }
        use figment::providers::Format as _;
        let raw: Raw = figment::Figment::from(figment::providers::Toml::string(toml)).extract().expect("TOML");
        let mut reader = Reader::default();
        let mapping = reader.mapping("people", raw.attributes, raw.rules);
        reader.done(mapping).expect("a mapping")
    }

    #[test]
    fn what_is_said_of_somebody_becomes_what_is_known() {
        let mapping = mapping(
            r#"
            [attributes]
            userName = ["{userPrincipalName}", "{uid}"]
            emails = "{mail}"
            displayName = ["{displayName}", "{givenName} {sn}"]
            "practitioner.profession" = "{title}"
            "enterprise.manager" = "{manager}"
            preferredLanguage = "da"
            [[rules]]
            attribute = "memberOf"
            matches = "CN=App-(?<place>[a-z-]+)-(?<role>[a-z]+),OU=Apps,.*"
            roles = ["{role|lower}@{place|lower}"]
            "practitioner.locations" = "{place|lower}"
            [[rules]]
            attribute = "department"
            equals = ["X-ray", "Radiology"]
            groups = "imaging"
            title = "Radiology, {givenName}"
            "#,
        );
        let told = Told(json!({
            "uid": "ada", "mail": ["ada@clinic.example", "a.o@clinic.example"], "givenName": "Ada", "sn": "Okafor",
            "title": "GP", "manager": "cn=max", "department": "radiology",
            "memberOf": ["CN=App-Main-Street-Nurse,OU=Apps,DC=x", "CN=App-north-GP,OU=Apps,DC=x", "CN=Others,DC=x"],
        }));
        let mapped = mapping.apply(&told);
        assert_eq!(
            Value::Object(mapped.attributes.clone()),
            json!({
                "userName": "ada",
                "emails": [{"value": "ada@clinic.example", "primary": true}, {"value": "a.o@clinic.example"}],
                "displayName": "Ada Okafor",
                "preferredLanguage": "da",
                "title": "Radiology, Ada",
                "roles": [{"value": "nurse@main-street"}, {"value": "gp@north"}],
                (crate::directory::provisioning::PRACTITIONER): {
                    "profession": "GP",
                    "locations": [{"value": "main-street"}, {"value": "north"}],
                },
            })
        );
        assert_eq!((mapped.user_name(), mapped.manager.as_deref()), (Some("ada"), Some("cn=max")));
        assert_eq!(mapped.groups, ["imaging".to_owned()].into());
        let names: Vec<&str> = mapping.names().into_iter().collect();
        let expected = "department displayName givenName mail manager memberOf sn title uid userPrincipalName";
        assert_eq!(names.join(" "), expected, "and none that a pattern finds");
    }

    #[test]
    fn nobody_is_made_of_nothing() {
        let nothing = mapping("[attributes]\nuserName = \"{uid}\"").apply(&Told(json!({})));
        assert_eq!(nothing, Mapped::default());
    }
}
