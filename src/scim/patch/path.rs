//! The path of an operation (RFC 7644 §3.5.2 figure 7): an attribute, some of its values, or all of an extension.

use std::fmt;

use crate::scim::{
    error::{ScimError, ScimType, echo},
    filter::{self, Filter, InBrackets},
    path::{AttributePath, Target},
    schema::{Attribute, ResourceType, Schema},
};

/// What an operation changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatchPath {
    /// All attributes of an extension, named by its URN.
    Extension(&'static Schema),
    /// An attribute or a sub-attribute.
    Attribute(AttributePath),
    /// The values of a multi-valued attribute that match a filter, or a sub-attribute of each of them.
    Values {
        /// The attribute.
        attribute: AttributePath,
        /// Which of its values.
        filter: Filter,
        /// The sub-attribute.
        sub_attribute: Option<&'static Attribute>,
    },
}

impl PatchPath {
    /// Resolves `name.familyName`, `emails[type eq "work"].value`, `urn:…:User:manager` or the URN of an extension.
    ///
    /// # Errors
    /// `invalidPath` for a path that is malformed or leads nowhere, `invalidFilter` for what is wrong in the brackets.
    pub fn parse(kind: ResourceType, text: &str) -> Result<Self, ScimError> {
        let text = text.trim();
        if text.len() > filter::LONGEST {
            return Err(invalid(format!("The path is longer than {} bytes", filter::LONGEST)));
        }
        let Some((name, rest)) = text.split_once('[') else {
            return match Target::parse(kind, text).map_err(|unknown| invalid(unknown.to_string()))? {
                Target::Extension(schema) => Ok(Self::Extension(schema)),
                Target::Attribute(path) => Ok(Self::Attribute(path)),
            };
        };
        let attribute = AttributePath::parse(kind, name).map_err(|unknown| invalid(unknown.to_string()))?;
        if attribute.sub_attribute.is_some() || !attribute.attribute.multi_valued {
            return Err(invalid(format!("'{attribute}' cannot be followed by '['")));
        }
        let Some((inner, tail)) = rest.rsplit_once(']') else {
            return Err(invalid(format!("The path '{}' lacks a ']'", echo(text))));
        };
        let filter = Filter::parse_values(kind, attribute, inner)?;
        Ok(Self::Values { attribute, filter, sub_attribute: sub_attribute(attribute, tail)? })
    }

    /// The path as a refusal repeats it: a filter may be long.
    pub(super) fn echoed(&self) -> String {
        echo(&self.to_string())
    }
}

fn sub_attribute(attribute: AttributePath, tail: &str) -> Result<Option<&'static Attribute>, ScimError> {
    if tail.is_empty() {
        return Ok(None);
    }
    let found = tail.strip_prefix('.').and_then(|name| attribute.attribute.sub_attribute(name));
    found.map(Some).ok_or_else(|| invalid(format!("'{attribute}[…]{}' is not an attribute", echo(tail))))
}

fn invalid(detail: String) -> ScimError {
    ScimError::new(ScimType::InvalidPath, detail)
}

impl fmt::Display for PatchPath {
    /// A path that parses to this one again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Extension(schema) => f.write_str(schema.id),
            Self::Attribute(path) => path.fmt(f),
            Self::Values { attribute, filter, sub_attribute } => {
                write!(f, "{attribute}[{}]", InBrackets(filter))?;
                sub_attribute.map_or(Ok(()), |sub| write!(f, ".{}", sub.name))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scim::filter::tests::any_filter;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    /// RFC 7644 §3.5.2, the examples there among them.
    #[test]
    fn a_path_is_resolved_or_refused_by_what_is_wrong() {
        let manager = format!("{ENTERPRISE}:manager");
        for (kind, path, expected) in [
            (ResourceType::Group, "members", Ok("members")),
            (ResourceType::User, "name.familyName", Ok("name.familyName")),
            (ResourceType::User, r#"addresses[type eq "work"]"#, Ok(r#"addresses[type eq "work"]"#)),
            (ResourceType::Group, r#"members[value eq "2819c223"]"#, Ok(r#"members[value eq "2819c223"]"#)),
            (ResourceType::Group, r#"members[value eq "x"].Display"#, Ok(r#"members[value eq "x"].display"#)),
            (ResourceType::User, r#" EMAILS[Type EQ "a]b"].VALUE "#, Ok(r#"emails[type eq "a]b"].value"#)),
            (ResourceType::User, &manager, Ok(&manager)),
            (ResourceType::User, &ENTERPRISE.to_uppercase(), Ok(ENTERPRISE)),
            (ResourceType::User, "", Err("invalidPath: '' is not an attribute of User")),
            (ResourceType::User, "nick", Err("invalidPath: 'nick' is not an attribute of User")),
            (ResourceType::User, "name.nick", Err("invalidPath: 'name.nick' is not an attribute of User")),
            (ResourceType::User, "emails[type pr", Err("invalidPath: The path 'emails[type pr' lacks a ']'")),
            (ResourceType::User, "emails[type pr].", Err("invalidPath: 'emails[…].' is not an attribute")),
            (ResourceType::User, "emails[type pr]value", Err("invalidPath: 'emails[…]value' is not an attribute")),
            (ResourceType::User, "emails[type pr].a.b", Err("invalidPath: 'emails[…].a.b' is not an attribute")),
            (ResourceType::User, "name[familyName pr]", Err("invalidPath: 'name' cannot be followed by '['")),
            (ResourceType::User, "emails[kind pr]", Err("invalidFilter: 'kind' is not a sub-attribute of 'emails'")),
        ] {
            let found = PatchPath::parse(kind, path).map(|path| path.to_string());
            let found =
                found.map_err(|error| format!("{}: {}", error.scim_type.map_or("", ScimType::name), error.detail));
            assert_eq!(found.as_deref().map_err(String::as_str), expected, "{path}");
        }
        assert!(PatchPath::parse(ResourceType::User, &"x".repeat(5000)).is_err());
    }

    proptest! {
        #[test]
        fn printing_and_parsing_gives_the_same_path(text in any_filter(), sub in prop::option::of("value|type|x")) {
            let path = format!("emails[{text}]{}", sub.map(|sub| format!(".{sub}")).unwrap_or_default());
            for path in [text, path] {
                if let Ok(path) = PatchPath::parse(ResourceType::User, &path) {
                    prop_assert_eq!(PatchPath::parse(ResourceType::User, &path.to_string()), Ok(path));
                }
            }
        }

        #[test]
        fn no_text_makes_it_panic(text in ".{0,60}") {
            for path in [text.clone(), format!("emails[{text}"), format!("emails[type pr]{text}")] {
                let _ = PatchPath::parse(ResourceType::User, &path);
            }
        }
    }
}
