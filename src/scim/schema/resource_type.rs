//! The types of resource with the schemas that each is made of (RFC 7643 §3.1, §6).

use super::{
    ENTERPRISE_USER, GROUP, PRACTITIONER, Schema, USER,
    attribute::{self, Attribute, Kind, Returned},
};

/// A type of resource (RFC 7643 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// A membership in the organization of the token, with the person behind it.
    User,
    /// A group of the organization.
    Group,
}

/// What every resource has besides its schema (RFC 7643 §3, §3.1); no part of any schema.
pub static COMMON: &[Attribute] = &[
    Attribute::reference("schemas", &["uri"], "The URNs of the schemas that the resource is made of.")
        .multi_valued()
        .required()
        .returned(Returned::Always),
    Attribute::string("id", "What names the resource for ever.")
        .case_exact()
        .read_only()
        .returned(Returned::Always)
        .unique(),
    Attribute::string("externalId", "What the client calls the resource: each client sees its own, and gives it once.")
        .case_exact()
        .unique(),
    Attribute::complex("meta", META, "About the resource itself.").read_only(),
];

const META: &[Attribute] = &[
    Attribute::string("resourceType", "The type of the resource.").case_exact().read_only(),
    Attribute::new("created", Kind::DateTime, "When it was made.").read_only(),
    Attribute::new("lastModified", Kind::DateTime, "When it was changed last.").read_only(),
    Attribute::reference("location", &["uri"], "Its address.").read_only(),
    Attribute::string("version", "Its version, as in the header ETag.").case_exact().read_only(),
];

impl ResourceType {
    /// Every type.
    pub const ALL: [Self; 2] = [Self::User, Self::Group];

    /// Its name, as in `meta.resourceType`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Group => "Group",
        }
    }

    /// Its endpoint below the base address.
    #[must_use]
    pub const fn endpoint(self) -> &'static str {
        match self {
            Self::User => "/Users",
            Self::Group => "/Groups",
        }
    }

    /// What it is for.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::User => "A member of the organization with the person behind the membership.",
            Self::Group => "A group of members of the organization.",
        }
    }

    /// Its core schema.
    #[must_use]
    pub fn core(self) -> &'static Schema {
        match self {
            Self::User => &USER,
            Self::Group => &GROUP,
        }
    }

    /// Its extensions; a resource may be without any of them.
    #[must_use]
    pub fn extensions(self) -> &'static [&'static Schema] {
        static OF_USER: [&Schema; 2] = [&ENTERPRISE_USER, &PRACTITIONER];
        match self {
            Self::User => &OF_USER,
            Self::Group => &[],
        }
    }

    /// The extension of this URN, whatever its case.
    #[must_use]
    pub fn extension(self, id: &str) -> Option<&'static Schema> {
        self.extensions().iter().copied().find(|schema| schema.id.eq_ignore_ascii_case(id))
    }

    /// The attribute of this name that stands at the top of a resource, common ones among them, whatever its case.
    #[must_use]
    pub fn attribute(self, name: &str) -> Option<&'static Attribute> {
        attribute::find(COMMON, name).or_else(|| self.core().attribute(name))
    }

    /// The attributes that stand at the top of a resource.
    pub fn attributes(self) -> impl Iterator<Item = &'static Attribute> {
        COMMON.iter().chain(self.core().attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_is_found_whatever_the_case_of_its_name() {
        for (kind, name, expected) in [
            (ResourceType::User, "USERNAME", Some("userName")),
            (ResourceType::User, "Id", Some("id")),
            (ResourceType::User, "x509certificates", Some("x509Certificates")),
            (ResourceType::User, "members", None),
            (ResourceType::User, "department", None),
            (ResourceType::Group, "members", Some("members")),
            (ResourceType::Group, "userName", None),
            (ResourceType::Group, "", None),
        ] {
            assert_eq!(kind.attribute(name).map(|found| found.name), expected, "{name}");
        }
    }

    #[test]
    fn no_attribute_of_a_core_schema_hides_a_common_one() {
        for kind in ResourceType::ALL {
            for attribute in kind.core().attributes {
                assert_eq!(attribute::find(COMMON, attribute.name), None, "{}", attribute.name);
            }
        }
    }
}
