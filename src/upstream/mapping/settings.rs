//! A mapping as an administrator writes it. Everything that is wrong is told at once, each with its place.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{Key, Mapping, Pattern, Rule, Template};
use crate::text::Slug;

/// One text, or several.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

impl OneOrMore {
    /// All of them.
    #[must_use]
    pub fn all(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::More(texts) => texts,
        }
    }
}

/// What a value has to look like: one of these three.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct RawPattern {
    /// One of these texts.
    pub equals: Option<OneOrMore>,
    /// It begins with one of these.
    pub prefix: Option<OneOrMore>,
    /// A regular expression that it matches whole.
    pub matches: Option<String>,
}

/// A rule: an attribute, a pattern, and what follows.
#[derive(Debug, Clone, Deserialize)]
pub struct RawRule {
    attribute: String,
    #[serde(flatten)]
    pattern: RawPattern,
    groups: Option<OneOrMore>,
    /// What is told, by the names of keys.
    #[serde(flatten)]
    tells: BTreeMap<String, OneOrMore>,
}

/// Reads settings and remembers what was wrong.
#[derive(Debug, Default)]
pub struct Reader {
    problems: Vec<String>,
}

/// All that was wrong, each with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct Wrong(pub Vec<String>);

impl Reader {
    /// Remembers that something is wrong.
    pub fn wrong(&mut self, place: &str, what: impl std::fmt::Display) {
        self.problems.push(format!("{place}: {what}"));
    }

    /// What was read, if nothing was wrong.
    ///
    /// # Errors
    /// [`Wrong`].
    pub fn done<T>(self, read: T) -> Result<T, Wrong> {
        if self.problems.is_empty() { Ok(read) } else { Err(Wrong(self.problems)) }
    }

    /// A mapping.
    pub fn mapping(&mut self, place: &str, attributes: BTreeMap<String, OneOrMore>, rules: Vec<RawRule>) -> Mapping {
        let attributes = self.tells(&format!("{place}.attributes"), attributes);
        let rules = rules.into_iter().enumerate();
        let rules = rules.flat_map(|(at, raw)| self.rule(&format!("{place}.rules[{}]", at + 1), raw)).collect();
        Mapping { attributes, rules }
    }

    /// A rule for each of its patterns.
    fn rule(&mut self, place: &str, raw: RawRule) -> Vec<Rule> {
        let tells = self.tells(place, raw.tells);
        let groups = raw.groups.map(OneOrMore::all).unwrap_or_default();
        let groups = self.templates(&format!("{place}.groups"), groups);
        let patterns = self.patterns(place, raw.pattern);
        if tells.is_empty() && groups.is_empty() {
            self.wrong(place, "nothing follows of it; say roles, groups or another attribute");
        }
        let rule =
            |pattern| Rule { attribute: raw.attribute.clone(), pattern, tells: tells.clone(), groups: groups.clone() };
        patterns.into_iter().map(rule).collect()
    }

    /// Roles that may follow; never `owner`.
    pub fn roles(&mut self, texts: Vec<String>) -> Vec<Slug> {
        let mut roles = vec![];
        for text in texts {
            match text.parse::<Slug>() {
                Ok(slug) if slug.as_str() == "owner" => self.wrong("roles", "no upstream makes owners; an owner does"),
                Ok(slug) => roles.push(slug),
                Err(error) => self.wrong("roles", error),
            }
        }
        roles
    }

    /// The patterns of a rule.
    pub fn patterns(&mut self, place: &str, raw: RawPattern) -> Vec<Pattern> {
        match (raw.equals, raw.prefix, raw.matches) {
            (Some(texts), None, None) => texts.all().into_iter().map(Pattern::Equals).collect(),
            (None, Some(texts), None) => texts.all().into_iter().map(Pattern::Prefix).collect(),
            (None, None, Some(expression)) => match Pattern::matching(&expression) {
                Ok(pattern) => vec![pattern],
                Err(error) => {
                    self.wrong(&format!("{place}.matches"), error);
                    vec![]
                }
            },
            _ => {
                self.wrong(place, "say one of `equals`, `prefix` and `matches`");
                vec![]
            }
        }
    }

    fn tells(&mut self, place: &str, raw: BTreeMap<String, OneOrMore>) -> Vec<(Key, Vec<Template>)> {
        let mut tells = vec![];
        for (name, texts) in raw {
            let place = format!("{place}.{name}");
            let templates = self.templates(&place, texts.all());
            match Key::named(&name) {
                Some(key) => tells.push((key, templates)),
                None => self.wrong(&place, unknown(&name)),
            }
        }
        tells
    }

    /// Templates.
    pub fn templates(&mut self, place: &str, texts: Vec<String>) -> Vec<Template> {
        let mut templates = vec![];
        for text in texts {
            match Template::parse(&text) {
                Ok(template) => templates.push(template),
                Err(error) => self.wrong(place, error),
            }
        }
        templates
    }
}

fn unknown(name: &str) -> String {
    let similar = Key::names().map(|known| (strsim::jaro_winkler(name, known), known));
    let nearest = similar.filter(|(likeness, _)| *likeness > 0.8).max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, known)) => format!("there is no such attribute; did you mean `{known}`?"),
        None => format!("there is no such attribute; there are {}", Key::names().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_told_with_its_place() {
        let rule = |attributes: serde_json::Value| serde_json::from_value::<RawRule>(attributes).expect("a rule");
        let mut reader = Reader::default();
        let attributes = [("usrName", "{uid}"), ("title", "{"), ("emails", "{mail}")];
        let attributes = attributes.map(|(name, text)| (name.to_owned(), OneOrMore::One(text.to_owned()))).into();
        let rules = vec![
            rule(serde_json::json!({"attribute": "a", "equals": "x", "matches": "y", "roles": "gp"})),
            rule(serde_json::json!({"attribute": "a", "matches": "(", "roles": "gp"})),
            rule(serde_json::json!({"attribute": "a", "prefix": ["x", "y"]})),
            rule(serde_json::json!({"attribute": "a", "prefix": ["x", "y"], "groups": ["a", "{rest}"]})),
        ];
        let mapping = reader.mapping("people", attributes, rules);
        assert_eq!(mapping.rules.len(), 4, "one for each text");
        let wrong = reader.done(()).expect_err("much is wrong").0;
        let places: Vec<&str> = wrong.iter().map(|line| line.split(": ").next().unwrap_or_default()).collect();
        assert_eq!(
            places,
            [
                "people.attributes.title",
                "people.attributes.usrName",
                "people.rules[1]",
                "people.rules[2].matches",
                "people.rules[3]"
            ]
        );
        assert!(wrong[1].contains("`userName`"), "{wrong:?}");
    }
}
