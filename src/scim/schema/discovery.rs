//! The schemas of what the service says about itself (RFC 7643 §5, §6, §7, §8.7.2; RFC 9865 §4); all of it is read only.

use super::{
    Schema,
    attribute::{Attribute, Kind},
};

/// `urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig` (RFC 7643 §5).
pub static SERVICE_PROVIDER_CONFIG: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig",
    name: "Service Provider Configuration",
    description: "What this service provider supports.",
    attributes: &[
        Attribute::reference("documentationUri", &["external"], "The address of documentation for people.").read_only(),
        Attribute::complex("patch", SUPPORTED, "Whether PATCH is supported.").required().read_only(),
        Attribute::complex("bulk", BULK, "How much Bulk takes.").required().read_only(),
        Attribute::complex("filter", FILTER, "How much a filter finds.").required().read_only(),
        Attribute::complex("changePassword", SUPPORTED, "Whether passwords can be changed.").required().read_only(),
        Attribute::complex("sort", SUPPORTED, "Whether lists can be sorted.").required().read_only(),
        Attribute::complex("etag", SUPPORTED, "Whether resources have versions.").required().read_only(),
        Attribute::complex("pagination", PAGINATION, "How lists are paged.").read_only(),
        Attribute::complex("authenticationSchemes", SCHEMES, "How clients authenticate.")
            .multi_valued()
            .required()
            .read_only(),
    ],
};

const IS_SUPPORTED: Attribute = Attribute::boolean("supported", "Whether it is supported.").required().read_only();

const SUPPORTED: &[Attribute] = &[IS_SUPPORTED];

const BULK: &[Attribute] = &[
    IS_SUPPORTED,
    Attribute::new("maxOperations", Kind::Integer, "The most operations of one request.").required().read_only(),
    Attribute::new("maxPayloadSize", Kind::Integer, "The most bytes of one request.").required().read_only(),
];

const FILTER: &[Attribute] = &[
    IS_SUPPORTED,
    Attribute::new("maxResults", Kind::Integer, "The most resources of one answer.").required().read_only(),
];

const PAGINATION: &[Attribute] = &[
    Attribute::boolean("cursor", "Whether lists are paged by cursor.").required().read_only(),
    Attribute::boolean("index", "Whether lists are paged by index.").required().read_only(),
    Attribute::string("defaultPaginationMethod", "How a list is paged when the request does not say.")
        .canonical(&["cursor", "index"])
        .read_only(),
    Attribute::new("defaultPageSize", Kind::Integer, "The resources of a page when the request does not say.")
        .read_only(),
    Attribute::new("maxPageSize", Kind::Integer, "The most resources of a page.").read_only(),
    Attribute::new("cursorTimeout", Kind::Integer, "The seconds that a cursor is good for at least.").read_only(),
];

const SCHEMES: &[Attribute] = &[
    Attribute::string("type", "The scheme.")
        .canonical(&["oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest"])
        .required()
        .read_only(),
    Attribute::string("name", "Its name for people.").required().read_only(),
    Attribute::string("description", "What it is.").required().read_only(),
    Attribute::reference("specUri", &["external"], "The address of its specification.").read_only(),
    Attribute::reference("documentationUri", &["external"], "The address of documentation for people.").read_only(),
    Attribute::boolean("primary", "Whether it is the preferred one.").read_only(),
];

/// `urn:ietf:params:scim:schemas:core:2.0:ResourceType` (RFC 7643 §6).
pub static RESOURCE_TYPE: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:ResourceType",
    name: "ResourceType",
    description: "A type of resource with its schemas.",
    attributes: &[
        Attribute::string("id", "The name of the type.").read_only(),
        Attribute::string("name", "The name of the type.").required().read_only(),
        Attribute::string("description", "What it is for.").read_only(),
        Attribute::reference("endpoint", &["uri"], "Its endpoint below the base address.").required().read_only(),
        Attribute::reference("schema", &["uri"], "The URN of its core schema.").required().read_only(),
        Attribute::complex("schemaExtensions", EXTENSIONS, "Its extensions.").multi_valued().read_only(),
    ],
};

const EXTENSIONS: &[Attribute] = &[
    Attribute::reference("schema", &["uri"], "The URN of the extension.").required().read_only(),
    Attribute::boolean("required", "Whether every resource has it.").required().read_only(),
];

/// `urn:ietf:params:scim:schemas:core:2.0:Schema` (RFC 7643 §7).
pub static SCHEMA: Schema = Schema {
    id: "urn:ietf:params:scim:schemas:core:2.0:Schema",
    name: "Schema",
    description: "The attributes of resources.",
    attributes: &[
        Attribute::reference("id", &["uri"], "The URN of the schema.").required().read_only(),
        Attribute::string("name", "Its name for people.").read_only(),
        Attribute::string("description", "What it is for.").read_only(),
        Attribute::complex("attributes", ATTRIBUTES, "Its attributes.").multi_valued().required().read_only(),
    ],
};

/// RFC 7643 §8.7.2 nests these once more as `subAttributes`; they are the same ones.
const ATTRIBUTES: &[Attribute] = &[
    Attribute::string("name", "The name of the attribute.").required().case_exact().read_only(),
    Attribute::string("type", "The kind of value.")
        .canonical(&["string", "complex", "boolean", "decimal", "integer", "dateTime", "reference", "binary"])
        .required()
        .read_only(),
    Attribute::boolean("multiValued", "Whether it holds a list.").required().read_only(),
    Attribute::string("description", "What it is for.").case_exact().read_only(),
    Attribute::boolean("required", "Whether a resource cannot be without it.").read_only(),
    Attribute::string("canonicalValues", "Values that have a meaning of their own.")
        .multi_valued()
        .case_exact()
        .read_only(),
    Attribute::boolean("caseExact", "Whether values that differ in case only are different ones.").read_only(),
    Attribute::string("mutability", "Who may change it.")
        .canonical(&["readOnly", "readWrite", "immutable", "writeOnly"])
        .case_exact()
        .read_only(),
    Attribute::string("returned", "When it is in an answer.")
        .canonical(&["always", "never", "default", "request"])
        .case_exact()
        .read_only(),
    Attribute::string("uniqueness", "Within what it is unique.")
        .canonical(&["none", "server", "global"])
        .case_exact()
        .read_only(),
    Attribute::string("referenceTypes", "What a reference leads to.").multi_valued().case_exact().read_only(),
];
