//! Schemas and types of resource as `/Schemas` and `/ResourceTypes` answer them (RFC 7643 §6, §7; RFC 7644 §4).

use serde_json::{Map, Value, json};

use super::{Attribute, Kind, RESOURCE_TYPE, ResourceType, SCHEMA, Schema};

impl Schema {
    /// The schema as a resource (RFC 7643 §7); `base` is the address that the endpoints lie below, such as
    /// `https://host/scim/v2`.
    #[must_use]
    pub fn to_json(&self, base: &str) -> Value {
        json!({
            "schemas": [SCHEMA.id],
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "attributes": list(self.attributes),
            "meta": { "resourceType": "Schema", "location": format!("{base}/Schemas/{}", self.id) },
        })
    }
}

impl ResourceType {
    /// The type as a resource (RFC 7643 §6); `base` is the address that the endpoints lie below.
    #[must_use]
    pub fn to_json(self, base: &str) -> Value {
        let extensions: Vec<Value> =
            self.extensions().iter().map(|schema| json!({ "schema": schema.id, "required": false })).collect();
        let mut resource = json!({
            "schemas": [RESOURCE_TYPE.id],
            "id": self.name(),
            "name": self.name(),
            "description": self.description(),
            "endpoint": self.endpoint(),
            "schema": self.core().id,
            "meta": { "resourceType": "ResourceType", "location": format!("{base}/ResourceTypes/{}", self.name()) },
        });
        if !extensions.is_empty() {
            resource["schemaExtensions"] = extensions.into();
        }
        resource
    }
}

fn list(attributes: &[Attribute]) -> Value {
    attributes.iter().map(attribute).collect()
}

/// RFC 7643 §7: `caseExact` and `uniqueness` say nothing about complex values.
fn attribute(attribute: &Attribute) -> Value {
    let mut shown = Map::new();
    let mut say = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    say("name", attribute.name.into());
    say("type", attribute.kind.name().into());
    say("multiValued", attribute.multi_valued.into());
    say("description", attribute.description.into());
    say("required", attribute.required.into());
    say("caseExact", attribute.case_exact.into());
    say("mutability", attribute.mutability.name().into());
    say("returned", attribute.returned.name().into());
    say("uniqueness", attribute.uniqueness.name().into());
    if !attribute.canonical_values.is_empty() {
        say("canonicalValues", attribute.canonical_values.into());
    }
    if attribute.kind == Kind::Reference {
        say("referenceTypes", attribute.reference_types.into());
    }
    if attribute.kind == Kind::Complex {
        say("subAttributes", list(attribute.sub_attributes));
    }
    Value::Object(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://id.example/scim/v2";

    /// RFC 7643 §8.7.1: facts of the schemas there.
    #[test]
    fn schemas_say_what_the_specification_says() {
        let user = ResourceType::User.core().to_json(BASE);
        assert_eq!(user["meta"]["location"], format!("{BASE}/Schemas/urn:ietf:params:scim:schemas:core:2.0:User"));
        for (schema, pointer, expected) in [
            (ResourceType::User, "/attributes/0/name", json!("userName")),
            (ResourceType::User, "/attributes/0/required", json!(true)),
            (ResourceType::User, "/attributes/0/uniqueness", json!("server")),
            (ResourceType::User, "/attributes/0/caseExact", json!(false)),
            (ResourceType::User, "/attributes/1/type", json!("complex")),
            (ResourceType::User, "/attributes/1/subAttributes/1/name", json!("familyName")),
            (ResourceType::User, "/attributes/4/referenceTypes/0", json!("external")),
            (ResourceType::User, "/attributes/11/mutability", json!("writeOnly")),
            (ResourceType::User, "/attributes/11/returned", json!("never")),
            (ResourceType::User, "/attributes/12/multiValued", json!(true)),
            (ResourceType::User, "/attributes/12/subAttributes/2/canonicalValues/0", json!("work")),
            (ResourceType::User, "/attributes/17/mutability", json!("readOnly")),
            (ResourceType::Group, "/attributes/1/subAttributes/0/mutability", json!("immutable")),
            (ResourceType::Group, "/attributes/1/subAttributes/1/referenceTypes", json!(["User", "Group"])),
        ] {
            let found = schema.core().to_json(BASE);
            assert_eq!(found.pointer(pointer), Some(&expected), "{pointer}");
        }
    }

    /// RFC 7643 §8.6.
    #[test]
    fn types_of_resource_name_their_schemas() {
        assert_eq!(
            ResourceType::User.to_json(BASE),
            json!({
                "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
                "id": "User",
                "name": "User",
                "endpoint": "/Users",
                "description": "A member of the organization with the person behind the membership.",
                "schema": "urn:ietf:params:scim:schemas:core:2.0:User",
                "schemaExtensions": [
                    { "schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User", "required": false },
                    { "schema": "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner", "required": false }
                ],
                "meta": { "location": "https://id.example/scim/v2/ResourceTypes/User", "resourceType": "ResourceType" }
            })
        );
        assert_eq!(ResourceType::Group.to_json(BASE).get("schemaExtensions"), None);
    }
}
