//! SCIM 2.0: an IT department pushes its people and groups.
//!
//! RFC 7643 (schema), RFC 7644 (protocol), RFC 9865 (cursors).
//!
//! * `schema/`: which attributes there are, and what each may hold. `error`: what a client is told.
//! * `document`: a body becomes a canonical resource. `value`: one value as its attribute wants it. `size`: how
//!   large all of them may be. `patch/`: operations on a resource.
//! * `path`, `filter/`: the two grammars of the protocol, resolved against the schema. `sort`, `query`, `projection`: which
//!   resources are listed, in which order, with which attributes.
//! * `bulk/`: many operations in one request.
//! * `user` and `group`: members and groups of the directory as resources. `users`, `groups`: what is done to them, in the
//!   caller's unit of work. `operations`: the same, by type. `me`: a person's own resource. `list/`, `cursor`: lists. `version`: entity tags. `request`: who asks. `failure`: why not.
//! * `outbound/`: the other way round, people and groups of an organization pushed to apps.
//! * `connection`: which outside systems there are, with their tokens. `caller`: one of them in a request. `provider`: what
//!   all endpoints share. `store/`: the only SQL. `endpoint/`: HTTP.
//!
//! A resource is a JSON object in canonical spelling: core attributes by their name, those of an extension below its URN.
//! What a resource means for a person or a group belongs to `directory`.

pub mod bulk;
pub mod caller;
pub mod connection;
pub mod cursor;
pub mod document;
pub mod endpoint;
pub mod error;
pub mod failure;
pub mod filter;
pub mod group;
pub mod groups;
pub mod list;
pub mod me;
pub mod operations;
pub mod outbound;
pub mod patch;
pub mod path;
pub mod projection;
pub mod provider;
pub mod query;
pub mod request;
pub mod resource;
pub mod schema;
pub mod service_provider_config;
pub mod size;
pub mod sort;
pub mod store;
pub mod user;
pub mod users;
pub mod value;
pub mod version;
#[cfg(test)]
mod dialect_tests;

pub use self::{
    caller::Caller,
    document::Document,
    error::{ScimError, ScimType},
    filter::Filter,
    patch::{MemberChange, PatchOp, PatchPath, Patched},
    path::AttributePath,
    projection::Projection,
    provider::ServiceProvider,
    query::ListQuery,
    schema::ResourceType,
    value::Limits,
};

/// Where all endpoints are.
pub const BASE: &str = "/scim/v2";
