//! The extension of a person in an enterprise (RFC 7643 §4.3, §8.7.1).

use super::{Schema, attribute::Attribute};

/// `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
pub static ENTERPRISE_USER: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
    name: "EnterpriseUser",
    description: "Enterprise user.",
    attributes: &[
        Attribute::string("employeeNumber", "The number that the organization gave the person."),
        Attribute::string("costCenter", "The cost centre."),
        Attribute::string("organization", "The organization, as the source calls it."),
        Attribute::string("division", "The division."),
        Attribute::string("department", "The department."),
        Attribute::complex("manager", MANAGER, "The person's manager."),
    ],
};

const MANAGER: &[Attribute] = &[
    Attribute::string("value", "The id of the manager.").case_exact(),
    Attribute::reference("$ref", &["User"], "The address of the manager."),
    Attribute::string("displayName", "The manager's name as it is shown to others.").read_only(),
];
