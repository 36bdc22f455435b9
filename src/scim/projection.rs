//! Which attributes an answer has (RFC 7644 §3.4.2.5, §3.9).

use serde_json::Value;

use super::{
    document::Document,
    error::{ScimError, invalid_value},
    path::{AttributePath, Target},
    schema::{Attribute, Kind, ResourceType, Returned, Schema},
};

/// What `attributes` and `excludedAttributes` ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Projection {
    /// Neither was given.
    #[default]
    Default,
    /// These, and what is in every answer.
    Only(Vec<Target>),
    /// The default without these.
    Without(Vec<Target>),
}

impl Projection {
    /// What is asked for of resources of these types; a name that one of them knows is known.
    ///
    /// # Errors
    /// `invalidValue` when both are given, or when no type has an attribute of that name.
    pub fn parse(kinds: &[ResourceType], attributes: &[String], excluded: &[String]) -> Result<Self, ScimError> {
        match (attributes, excluded) {
            ([], []) => Ok(Self::Default),
            (names, []) => targets(kinds, names, "attributes").map(Self::Only),
            ([], names) => targets(kinds, names, "excludedAttributes").map(Self::Without),
            _ => Err(invalid_value("'attributes' and 'excludedAttributes' cannot be given together")),
        }
    }

    /// Whether an answer has the attribute at the top of a resource, or a part of it: so that nobody loads the members of a
    /// group for nothing.
    #[must_use]
    pub fn wants(&self, kind: ResourceType, name: &str) -> bool {
        kind.attribute(name).is_some_and(|attribute| {
            self.has(AttributePath { extension: None, attribute, sub_attribute: None }) != Share::None
        })
    }

    /// The resource as it is answered.
    #[must_use]
    pub fn apply(&self, kind: ResourceType, document: &Document) -> Document {
        let mut shown = self.of(None, kind.attributes(), document);
        for schema in kind.extensions() {
            if let Some(Value::Object(members)) = document.get(schema.id) {
                let members = self.of(Some(schema), schema.attributes.iter(), members);
                if !members.is_empty() {
                    shown.insert(schema.id.to_owned(), Value::Object(members));
                }
            }
        }
        shown
    }

    fn of(
        &self,
        extension: Option<&'static Schema>,
        attributes: impl Iterator<Item = &'static Attribute>,
        members: &Document,
    ) -> Document {
        let present = attributes.filter_map(|attribute| Some((attribute, members.get(attribute.name)?)));
        let shown = present.filter_map(|(attribute, value)| {
            let path = AttributePath { extension, attribute, sub_attribute: None };
            let value = match self.has(path) {
                Share::None => return None,
                Share::All => value.clone(),
                Share::Parts => self.parts(path, value)?,
            };
            Some((attribute.name.to_owned(), value))
        });
        shown.collect()
    }

    /// The sub-attributes of a value that are answered; none when nothing is left of it.
    fn parts(&self, path: AttributePath, value: &Value) -> Option<Value> {
        match value {
            Value::Array(items) => {
                let items: Vec<Value> = items.iter().filter_map(|item| self.parts(path, item)).collect();
                (!items.is_empty()).then_some(Value::Array(items))
            }
            Value::Object(members) => {
                let is_shown = |name: &str| {
                    let sub_attribute = path.attribute.sub_attribute(name);
                    sub_attribute.is_some() && self.has(AttributePath { sub_attribute, ..path }) != Share::None
                };
                let shown: Document = members.clone().into_iter().filter(|(name, _)| is_shown(name)).collect();
                (!shown.is_empty()).then_some(Value::Object(shown))
            }
            value => Some(value.clone()),
        }
    }

    /// How much of an attribute, or of a sub-attribute, is answered.
    fn has(&self, path: AttributePath) -> Share {
        match (path.last().returned, self) {
            (Returned::Never, _) | (Returned::Request, Self::Default | Self::Without(_)) => Share::None,
            (Returned::Always, _) => Share::All,
            (Returned::Default, Self::Default) => Share::whole(path),
            (_, Self::Only(targets)) => {
                if targets.iter().any(|target| covers(target, path)) {
                    Share::whole(path)
                } else if targets.iter().any(|target| is_below(target, path)) {
                    Share::Parts
                } else {
                    Share::None
                }
            }
            (_, Self::Without(targets)) => {
                if targets.iter().any(|target| covers(target, path)) {
                    Share::None
                } else {
                    Share::whole(path)
                }
            }
        }
    }
}

#[derive(PartialEq, Eq)]
enum Share {
    None,
    /// As the sub-attributes say.
    Parts,
    All,
}

impl Share {
    fn whole(path: AttributePath) -> Self {
        let is_object = path.sub_attribute.is_none() && path.attribute.kind == Kind::Complex;
        if is_object { Self::Parts } else { Self::All }
    }
}

/// Whether a target is the path or stands above it.
fn covers(target: &Target, path: AttributePath) -> bool {
    match target {
        Target::Extension(schema) => path.extension == Some(schema),
        Target::Attribute(named) => *named == path || *named == AttributePath { sub_attribute: None, ..path },
    }
}

/// Whether a target is a sub-attribute of the path.
fn is_below(target: &Target, path: AttributePath) -> bool {
    let Target::Attribute(named) = target else { return false };
    AttributePath { sub_attribute: None, ..*named } == path
}

fn targets(kinds: &[ResourceType], names: &[String], parameter: &str) -> Result<Vec<Target>, ScimError> {
    let mut all = vec![];
    for name in names {
        let found: Vec<Result<Target, _>> = kinds.iter().map(|kind| Target::parse(*kind, name)).collect();
        if let Some(Err(unknown)) = found.last().filter(|_| found.iter().all(Result::is_err)) {
            return Err(invalid_value(format!("'{parameter}': {unknown}")));
        }
        all.extend(found.into_iter().flatten());
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

    fn projection(attributes: &str, excluded: &str) -> Result<Projection, String> {
        let names = |text: &str| text.split(' ').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        Projection::parse(&[ResourceType::User], &names(attributes), &names(excluded)).map_err(|error| error.detail)
    }

    /// RFC 7644 §3.9.
    #[test]
    fn an_answer_has_what_is_asked_for() {
        let schemas = json!(["urn:ietf:params:scim:schemas:core:2.0:User"]);
        let document = json!({"schemas": schemas, "id": "1", "userName": "p", "password": "secret",
            "name": {"familyName": "Nair", "givenName": "Priya"},
            "emails": [{"value": "a", "type": "work"}, {"value": "b"}],
            ENTERPRISE: {"department": "GP", "manager": {"value": "2", "displayName": "Max"}}});
        let Value::Object(document) = document else { panic!("an object") };
        for (attributes, excluded, expected) in [
            ("userName", "", json!({"userName": "p"})),
            (
                "USERNAME urn:ietf:params:scim:schemas:core:2.0:User:name.familyName",
                "",
                json!({"userName": "p", "name": {"familyName": "Nair"}}),
            ),
            ("name", "", json!({"name": {"familyName": "Nair", "givenName": "Priya"}})),
            ("emails.type", "", json!({"emails": [{"type": "work"}]})),
            ("id", "", json!({})),
            ("password title", "", json!({})),
            (&format!("{ENTERPRISE}:manager.value"), "", json!({ENTERPRISE: {"manager": {"value": "2"}}})),
            (&format!("{ENTERPRISE}:department"), "", json!({ENTERPRISE: {"department": "GP"}})),
            (
                ENTERPRISE,
                "",
                json!({ENTERPRISE: {"department": "GP", "manager": {"value": "2", "displayName": "Max"}}}),
            ),
            (
                "",
                &format!("emails name.givenName {ENTERPRISE}:manager id schemas"),
                json!({"userName": "p", "name": {"familyName": "Nair"}, ENTERPRISE: {"department": "GP"}}),
            ),
            (
                "",
                &format!("{ENTERPRISE} emails.value name.givenName name.familyName"),
                json!({"userName": "p", "emails": [{"type": "work"}]}),
            ),
        ] {
            let mut expected = expected;
            // RFC 7643 §7: these are in every answer.
            expected["schemas"] = schemas.clone();
            expected["id"] = json!("1");
            let shown = projection(attributes, excluded).unwrap().apply(ResourceType::User, &document);
            assert_eq!(Value::Object(shown), expected, "{attributes} without {excluded}");
        }
        let mut all = document.clone();
        all.remove("password");
        assert_eq!(Projection::Default.apply(ResourceType::User, &document), all);
    }

    #[test]
    fn what_nobody_knows_is_refused() {
        for (attributes, excluded, expected) in [
            ("nick", "", "'attributes': 'nick' is not an attribute of User"),
            ("", "members", "'excludedAttributes': 'members' is not an attribute of User"),
            ("title", "userName", "'attributes' and 'excludedAttributes' cannot be given together"),
        ] {
            assert_eq!(projection(attributes, excluded), Err(expected.to_owned()));
        }
        assert!(Projection::parse(&ResourceType::ALL, &["members".into(), "userName".into()], &[]).is_ok());
    }

    #[test]
    fn members_are_loaded_for_whoever_wants_them() {
        for (attributes, excluded, expected) in [
            (vec![], vec![], true),
            (vec![], vec!["members"], false),
            (vec![], vec!["members.display"], true),
            (vec!["displayName"], vec![], false),
            (vec!["members.value"], vec![], true),
        ] {
            let names = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect::<Vec<_>>();
            let projection = Projection::parse(&[ResourceType::Group], &names(attributes), &names(excluded)).unwrap();
            assert_eq!(projection.wants(ResourceType::Group, "members"), expected);
        }
    }
}
