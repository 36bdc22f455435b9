//! Texts with the attributes of an upstream in them: `{givenName} {sn}`.

use std::fmt;

/// A text in which `{name}` stands for the first value of an attribute, `{name|lower}` and `{name|upper}` for that in small or
/// capital letters, and `{{` and `}}` for braces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Plain(String),
    Value { name: String, case: Case },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    AsSaid,
    Lower,
    Upper,
}

/// Why a text is no template.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoTemplate {
    /// A brace opens and does not close, or closes and did not open.
    #[error("`{0}` has a brace without its other; write `{{{{` or `}}}}` for a brace itself")]
    Brace(String),
    /// Nothing, or not the name of an attribute, between braces.
    #[error("`{{{0}}}` names no attribute; write for example `{{givenName}}` or `{{mail|lower}}`")]
    Name(String),
}

impl Template {
    /// Reads one.
    ///
    /// # Errors
    /// [`NoTemplate`].
    pub fn parse(text: &str) -> Result<Self, NoTemplate> {
        let unpaired = || NoTemplate::Brace(text.to_owned());
        let (mut parts, mut plain, mut rest) = (vec![], String::new(), text);
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            plain.push_str(before);
            if let Some(after) = from.strip_prefix("{{").or_else(|| from.strip_prefix("}}")) {
                plain.push_str(&from[..1]);
                rest = after;
                continue;
            }
            let (inside, after) =
                from.strip_prefix('{').and_then(|inside| inside.split_once('}')).ok_or_else(unpaired)?;
            if !plain.is_empty() {
                parts.push(Part::Plain(std::mem::take(&mut plain)));
            }
            parts.push(value(inside)?);
            rest = after;
        }
        plain.push_str(rest);
        if !plain.is_empty() {
            parts.push(Part::Plain(plain));
        }
        Ok(Self { text: text.to_owned(), parts })
    }

    /// The text with what `said` tells of each name; none where it names attributes and none of them has a value.
    pub fn fill<'s>(&self, said: impl Fn(&str) -> Option<&'s str>) -> Option<String> {
        let (mut text, mut names, mut found) = (String::new(), false, false);
        for part in &self.parts {
            match part {
                Part::Plain(plain) => text.push_str(plain),
                Part::Value { name, case } => {
                    names = true;
                    let Some(value) = said(name).map(str::trim).filter(|value| !value.is_empty()) else { continue };
                    found = true;
                    match case {
                        Case::AsSaid => text.push_str(value),
                        Case::Lower => text.push_str(&value.to_lowercase()),
                        Case::Upper => text.push_str(&value.to_uppercase()),
                    }
                }
            }
        }
        let text = text.trim();
        (found || !names).then(|| text.to_owned()).filter(|text| !text.is_empty())
    }

    /// The attributes that it names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Value { name, .. } => Some(name.as_str()),
            Part::Plain(_) => None,
        })
    }

    /// The one attribute that is all of it: each of its values fills the template.
    #[must_use]
    pub fn only_name(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Value { name, .. }] => Some(name),
            _ => None,
        }
    }
}

impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn value(inside: &str) -> Result<Part, NoTemplate> {
    let (name, case) = match inside.split_once('|') {
        None => (inside, Case::AsSaid),
        Some((name, "lower")) => (name, Case::Lower),
        Some((name, "upper")) => (name, Case::Upper),
        Some(_) => return Err(NoTemplate::Name(inside.to_owned())),
    };
    // Names of LDAP, of claims, and addresses as SAML names attributes.
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/;#".contains(c));
    if is_name { Ok(Part::Value { name: name.to_owned(), case }) } else { Err(NoTemplate::Name(inside.to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_filled_with_what_is_said() {
        let said = |name: &str| match name {
            "givenName" => Some("Chloé"),
            "sn" => Some(" D'Arc "),
            "mail" => Some("Chloe@Clinic.Example"),
            "empty" => Some(" "),
            _ => None,
        };
        for (template, expected) in [
            ("{givenName} {sn}", Some("Chloé D'Arc")),
            ("{mail|lower}", Some("chloe@clinic.example")),
            ("{givenName|upper}", Some("CHLOÉ")),
            ("{givenName} {middle}", Some("Chloé")),
            ("{middle}", None),
            ("{empty}", None),
            ("Dr {middle}", None),
            ("da", Some("da")),
            ("{{{sn}}}", Some("{D'Arc}")),
            ("", None),
        ] {
            let filled = Template::parse(template).expect("a template").fill(said);
            assert_eq!(filled.as_deref(), expected, "{template}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused() {
        for text in ["{", "}", "{sn", "sn}", "{}", "{a b}", "{sn|title}", "{sn}}", "{{sn}"] {
            assert!(Template::parse(text).is_err(), "{text}");
        }
        let template = Template::parse("{sn}, {givenName|upper}").expect("a template");
        assert_eq!(template.names().collect::<Vec<_>>(), ["sn", "givenName"]);
        assert_eq!((template.only_name(), Template::parse("{mail}").expect("one").only_name()), (None, Some("mail")));
        assert_eq!(template.to_string(), "{sn}, {givenName|upper}");
    }
}
