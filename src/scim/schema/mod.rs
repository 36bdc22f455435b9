//! Which attributes there are and what each may hold (RFC 7643 §2, §7).
//!
//! Everything is static: an attribute is found by its name, whatever its case, with or without the URN of its schema. The
//! attributes of each schema lie in a file of their own; `json` writes them for `/Schemas` and `/ResourceTypes`.

pub mod attribute;
mod discovery;
mod enterprise;
mod group;
mod json;
mod practitioner;
mod resource_type;
mod user;

pub use self::{
    attribute::{Attribute, Kind, Mutability, Returned, Uniqueness},
    discovery::{RESOURCE_TYPE, SCHEMA, SERVICE_PROVIDER_CONFIG},
    enterprise::ENTERPRISE_USER,
    group::GROUP,
    practitioner::PRACTITIONER,
    resource_type::{COMMON, ResourceType},
    user::USER,
};

/// One schema (RFC 7643 §7).
#[derive(Debug)]
pub struct Schema {
    /// Its URN.
    pub id: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// Its attributes, in the order in which they are shown.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// Every schema that `/Schemas` answers (RFC 7644 §4).
    pub const ALL: [&'static Self; 7] =
        [&USER, &GROUP, &ENTERPRISE_USER, &PRACTITIONER, &SERVICE_PROVIDER_CONFIG, &RESOURCE_TYPE, &SCHEMA];

    /// The schema of this URN, whatever its case.
    #[must_use]
    pub fn by_id(id: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|schema| schema.id.eq_ignore_ascii_case(id))
    }

    /// The attribute of this name, whatever its case (RFC 7643 §2.1).
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        attribute::find(self.attributes, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7643 §2.1: names are of letters, digits, `-`, `_` and `$`; two that differ in case only are one.
    #[test]
    fn every_attribute_is_named_once_and_described() {
        for schema in Schema::ALL {
            check(schema.attributes, schema.id);
        }
        check(COMMON, "common");
    }

    fn check(attributes: &[Attribute], place: &str) {
        for (index, one) in attributes.iter().enumerate() {
            let place = format!("{place}:{}", one.name);
            assert!(one.description.ends_with('.') && one.description.len() > 10, "{place}");
            assert!(one.name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_$".contains(&b)), "{place}");
            assert!(!attributes[..index].iter().any(|other| other.name.eq_ignore_ascii_case(one.name)), "{place}");
            assert_eq!(one.kind == Kind::Complex, !one.sub_attributes.is_empty(), "{place}");
            assert_eq!(one.kind == Kind::Reference, !one.reference_types.is_empty(), "{place}");
            // RFC 7643 §2.3.7: references; RFC 7643 §2.3.6: binary values.
            assert!(one.case_exact || !matches!(one.kind, Kind::Reference | Kind::Binary), "{place}");
            assert!(one.sub_attributes.iter().all(|sub| sub.kind != Kind::Complex), "{place}: RFC 7643 §2.3.8");
            assert!(one.is_writable() || one.sub_attributes.iter().all(|sub| !sub.is_writable()), "{place}");
            check(one.sub_attributes, &place);
        }
    }

    #[test]
    fn a_schema_is_found_whatever_the_case_of_its_urn() {
        for (id, expected) in [
            ("urn:ietf:params:scim:schemas:core:2.0:User", Some("User")),
            ("URN:IETF:params:scim:SCHEMAS:extension:enterprise:2.0:user", Some("EnterpriseUser")),
            ("urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner", Some("Practitioner")),
            ("urn:ietf:params:scim:schemas:core:1.0:User", None),
            ("", None),
        ] {
            assert_eq!(Schema::by_id(id).map(|schema| schema.name), expected, "{id}");
        }
    }
}
