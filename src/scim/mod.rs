//! SCIM 2.0: an IT department pushes its people and groups.
//!
//! RFC 7643 (schema), RFC 7644 (protocol), RFC 9865 (cursors).
//!
//! * `schema/`: which attributes there are, and what each may hold. `error`: what a client is told.
//! * `document`: a body becomes a canonical resource. `value`: one value as its attribute wants it. `patch/`: operations on
//!   a resource.
//! * `path`, `filter/`: the two grammars of the protocol, resolved against the schema. `sort`, `query`, `projection`: which
//!   resources are listed, in which order, with which attributes.
//!
//! A resource is a JSON object in canonical spelling: core attributes by their name, those of an extension below its URN.
//! All of these are rules: what a resource means for a person or a group belongs to `directory`.

pub mod document;
pub mod error;
pub mod filter;
pub mod patch;
pub mod path;
pub mod projection;
pub mod query;
pub mod schema;
pub mod sort;
pub mod value;

pub use self::{
    document::Document,
    error::{ScimError, ScimType},
    filter::Filter,
    patch::{MemberChange, PatchOp, PatchPath, Patched},
    path::AttributePath,
    projection::Projection,
    query::ListQuery,
    schema::ResourceType,
    value::Limits,
};
