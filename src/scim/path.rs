//! The path of an attribute, resolved against the schemas of a type of resource (RFC 7644 §3.10).

use std::fmt;

use serde_json::Value;

use super::{
    document::Document,
    error::echo,
    schema::{Attribute, Kind, ResourceType, Schema},
};

/// An attribute of a resource, or one of its sub-attributes.
#[derive(Debug, Clone, Copy)]
pub struct AttributePath {
    /// The extension that it belongs to; none for core and common attributes.
    pub extension: Option<&'static Schema>,
    /// The attribute.
    pub attribute: &'static Attribute,
    /// The sub-attribute, where one is named.
    pub sub_attribute: Option<&'static Attribute>,
}

/// A path that leads to no attribute; says which.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{path}' is not an attribute of {kind}")]
pub struct UnknownAttribute {
    path: String,
    kind: &'static str,
}

/// What a path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// All attributes of an extension, named by its URN.
    Extension(&'static Schema),
    /// One attribute.
    Attribute(AttributePath),
}

impl Target {
    /// Resolves `userName`, `name.familyName`, `urn:…:enterprise:2.0:User:manager.value` or the URN of an extension, whatever
    /// their case.
    ///
    /// # Errors
    /// [`UnknownAttribute`] names what is not there.
    pub fn parse(kind: ResourceType, text: &str) -> Result<Self, UnknownAttribute> {
        let found = match after_urn(kind, text) {
            Some((schema, "")) => kind.extension(schema.id).map(Self::Extension),
            Some((schema, names)) => names.strip_prefix(':').and_then(|names| {
                let extension = kind.extension(schema.id);
                find(names, |name| extension.map_or_else(|| kind.attribute(name), |schema| schema.attribute(name)))
                    .map(|(attribute, sub_attribute)| AttributePath { extension, attribute, sub_attribute })
                    .map(Self::Attribute)
            }),
            None => find(text, |name| kind.attribute(name)).map(|(attribute, sub_attribute)| {
                Self::Attribute(AttributePath { extension: None, attribute, sub_attribute })
            }),
        };
        found.ok_or_else(|| UnknownAttribute { path: echo(text), kind: kind.name() })
    }
}

/// The schema whose URN a path begins with, with what follows the URN.
fn after_urn(kind: ResourceType, text: &str) -> Option<(&'static Schema, &str)> {
    std::iter::once(kind.core()).chain(kind.extensions().iter().copied()).find_map(|schema| {
        let (urn, rest) = text.split_at_checked(schema.id.len())?;
        (urn.eq_ignore_ascii_case(schema.id) && (rest.is_empty() || rest.starts_with(':'))).then_some((schema, rest))
    })
}

type Found = (&'static Attribute, Option<&'static Attribute>);

fn find(names: &str, attribute: impl Fn(&str) -> Option<&'static Attribute>) -> Option<Found> {
    let Some((name, sub_name)) = names.split_once('.') else { return Some((attribute(names)?, None)) };
    let attribute = attribute(name)?;
    // RFC 7643 §2.4: `value` is the value itself where a multi-valued attribute holds no objects.
    if attribute.multi_valued && attribute.kind != Kind::Complex && sub_name.eq_ignore_ascii_case("value") {
        return Some((attribute, None));
    }
    Some((attribute, Some(attribute.sub_attribute(sub_name)?)))
}

impl AttributePath {
    /// Resolves the path of one attribute, whatever its case.
    ///
    /// # Errors
    /// [`UnknownAttribute`] names what is not there; the URN of an extension alone is no attribute.
    pub fn parse(kind: ResourceType, text: &str) -> Result<Self, UnknownAttribute> {
        match Target::parse(kind, text)? {
            Target::Attribute(path) => Ok(path),
            Target::Extension(schema) => Err(UnknownAttribute { path: schema.id.to_owned(), kind: kind.name() }),
        }
    }

    /// The attribute that the path ends in.
    #[must_use]
    pub fn last(&self) -> &'static Attribute {
        self.sub_attribute.unwrap_or(self.attribute)
    }

    /// The path to the `value` of an object that has one; itself otherwise. What is compared and sorted by.
    #[must_use]
    pub fn to_value(self) -> Self {
        match self.sub_attribute {
            None => Self { sub_attribute: self.attribute.sub_attribute("value"), ..self },
            Some(_) => self,
        }
    }

    /// The values of the attribute in a resource, one or many, without regard to the sub-attribute.
    pub(super) fn items<'d>(&self, document: &'d Document) -> &'d [Value] {
        let above = match self.extension {
            Some(schema) => document.get(schema.id).and_then(Value::as_object),
            None => Some(document),
        };
        match above.and_then(|above| above.get(self.attribute.name)) {
            Some(Value::Array(items)) => items,
            Some(value) => std::slice::from_ref(value),
            None => &[],
        }
    }

    /// What the path leads to in one of the attribute's values.
    pub(super) fn within<'d>(&self, item: &'d Value) -> Option<&'d Value> {
        self.sub_attribute.map_or(Some(item), |sub| item.get(sub.name))
    }

    /// Where it begins, for the detail of a refusal: `emails`, `urn:…:User:manager`.
    pub(super) fn attribute_name(&self) -> String {
        Self { sub_attribute: None, ..*self }.to_string()
    }
}

impl PartialEq for AttributePath {
    fn eq(&self, other: &Self) -> bool {
        let names = |path: &Self| {
            (path.extension.map(|schema| schema.id), path.attribute.name, path.sub_attribute.map(|sub| sub.name))
        };
        names(self) == names(other)
    }
}

impl Eq for AttributePath {}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Schema {}

impl fmt::Display for AttributePath {
    /// In canonical spelling; with a URN where it belongs to an extension.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(schema) = self.extension {
            write!(f, "{}:", schema.id)?;
        }
        f.write_str(self.attribute.name)?;
        self.sub_attribute.map_or(Ok(()), |sub| write!(f, ".{}", sub.name))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    const PRACTITIONER: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";

    #[test]
    fn a_path_leads_to_an_attribute_whatever_its_spelling() {
        for (text, expected) in [
            ("userName".to_owned(), Some("userName".to_owned())),
            ("USERNAME".into(), Some("userName".into())),
            ("name.familyname".into(), Some("name.familyName".into())),
            ("meta.lastModified".into(), Some("meta.lastModified".into())),
            ("urn:ietf:params:scim:schemas:core:2.0:User:userName".into(), Some("userName".into())),
            ("URN:ietf:params:scim:schemas:core:2.0:USER:name.givenName".into(), Some("name.givenName".into())),
            (format!("{ENTERPRISE}:manager"), Some(format!("{ENTERPRISE}:manager"))),
            (format!("{ENTERPRISE}:Manager.VALUE"), Some(format!("{ENTERPRISE}:manager.value"))),
            (format!("{ENTERPRISE}:manager.$ref"), Some(format!("{ENTERPRISE}:manager.$ref"))),
            (format!("{PRACTITIONER}:specialties.value"), Some(format!("{PRACTITIONER}:specialties"))),
            (ENTERPRISE.into(), None),
            (format!("{ENTERPRISE}:"), None),
            (format!("{ENTERPRISE}:userName"), None),
            (format!("{ENTERPRISE}.manager"), None),
            ("department".into(), None),
            ("urn:ietf:params:scim:schemas:core:2.0:User".into(), None),
            ("name.".into(), None),
            (".name".into(), None),
            ("name.familyName.x".into(), None),
            ("userName.value".into(), None),
            ("members".into(), None),
            ("urn:ä".into(), None),
            (String::new(), None),
        ] {
            let found = AttributePath::parse(ResourceType::User, &text).map(|path| path.to_string());
            assert_eq!(found.as_ref().ok(), expected.as_ref(), "{text}");
        }
        assert!(matches!(Target::parse(ResourceType::User, ENTERPRISE), Ok(Target::Extension(_))));
        let unknown = AttributePath::parse(ResourceType::Group, "userName").unwrap_err();
        assert_eq!(unknown.to_string(), "'userName' is not an attribute of Group");
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in ".{0,80}", at in 0usize..90) {
            for kind in ResourceType::ALL {
                let _ = Target::parse(kind, &text);
                let mut urn = ENTERPRISE.to_owned();
                urn.insert_str(at.min(urn.len()), &text);
                if let Ok(path) = AttributePath::parse(kind, &urn) {
                    prop_assert_eq!(AttributePath::parse(kind, &path.to_string()), Ok(path));
                }
            }
        }
    }
}
