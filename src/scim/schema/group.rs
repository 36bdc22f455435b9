//! The core schema of a group (RFC 7643 §4.2, §8.7.1).

use super::{
    Schema,
    attribute::{Attribute, Mutability},
};

/// `urn:ietf:params:scim:schemas:core:2.0:Group`.
pub static GROUP: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Group",
    name: "Group",
    description: "Group.",
    attributes: &[
        Attribute::string("displayName", "The name of the group as it is shown.").required(),
        Attribute::complex("members", MEMBERS, "The members of the group.").multi_valued(),
    ],
};

const MEMBERS: &[Attribute] = &[
    Attribute::string("value", "The id of the member.").case_exact().mutability(Mutability::Immutable),
    Attribute::reference("$ref", &["User", "Group"], "The address of the member.").mutability(Mutability::Immutable),
    Attribute::string("type", "What the member is.").canonical(&["User", "Group"]).mutability(Mutability::Immutable),
    Attribute::string("display", "The member's name as it is shown.").read_only(),
];
