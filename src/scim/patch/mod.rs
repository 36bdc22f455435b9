//! PATCH (RFC 7644 §3.5.2): operations are resolved against the schema, then applied to a resource; all of them or none.
//!
//! `path` resolves where, `operation` says what each does in steps of one attribute, `change` carries a step out, `members`
//! sorts out those of a group. What well-known clients send beside the RFC is understood: `op` in any case, dotted names
//! without a path, a list around one value, a value path that finds nothing to change but says what to create.

mod change;
mod members;
mod operation;
mod path;

use serde_json::Value;

use self::operation::Step;
pub use self::{members::MemberChange, path::PatchPath};
use super::{
    document::{self, Document},
    error::{ScimError, invalid_syntax, invalid_value},
    schema::ResourceType,
    size::Room,
    value::Limits,
};

/// The schema of the body of a PATCH.
pub const PATCH_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:PatchOp";

/// The most operations of one request.
pub const MOST_OPERATIONS: usize = 1_000;

/// The most filters of one request that go over all members of a group.
pub const MOST_FILTERS: usize = 10;

/// How many changes it is to go over all members of a group.
const WEIGHT_OF_FILTER: usize = 10;

/// What an operation does (RFC 7644 §3.5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// Adds values, or sets one (RFC 7644 §3.5.2.1).
    Add,
    /// Removes values (RFC 7644 §3.5.2.2).
    Remove,
    /// Sets values in place of others (RFC 7644 §3.5.2.3).
    Replace,
}

/// Operations on a resource of a type, resolved against its schemas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchOp {
    kind: ResourceType,
    /// Each with the operation that it comes from.
    steps: Vec<(usize, Step)>,
    members: Vec<MemberChange>,
}

/// What became of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Patched {
    /// The resource, canonical as by [`document::create`].
    pub document: Document,
    /// Whether the document differs from what it was; of members the store alone knows.
    pub changed: bool,
    /// What becomes of the members of a group, in order.
    pub members: Vec<MemberChange>,
}

impl PatchOp {
    /// Reads the body of a PATCH.
    ///
    /// # Errors
    /// With the operation by its number: `invalidSyntax` for a body of another shape, `invalidPath`, `invalidFilter`,
    /// `invalidValue`, `mutability` for what may not be changed, `noTarget` for a removal of nothing in particular.
    pub fn parse(kind: ResourceType, body: &Document, limits: Limits) -> Result<Self, ScimError> {
        let mut patch = Self { kind, steps: vec![], members: vec![] };
        let (mut named, mut filters) = (0, 0);
        for (index, operation) in operations(body)?.iter().enumerate() {
            let at = |error: ScimError| at(index, error);
            for step in operation::parse(kind, operation, limits).map_err(at)? {
                match step {
                    Step::Members(change) => {
                        named += change.count();
                        filters += change.filters();
                        MemberChange::join(&mut patch.members, change);
                    }
                    step => patch.steps.push((index, step)),
                }
            }
            if named > limits.members {
                return Err(at(invalid_value(format!("more than {} members are named", limits.members))));
            }
            if filters > MOST_FILTERS {
                let detail = "filters go over all members; name members by 'value', or send fewer";
                return Err(at(invalid_value(format!("more than {MOST_FILTERS} {detail}"))));
            }
        }
        patch.members.iter_mut().for_each(MemberChange::make_distinct);
        Ok(patch)
    }

    /// How many changes it is, for those who wait: a filter goes over all members of a group.
    #[must_use]
    pub fn weight(&self) -> usize {
        let of = |change: &MemberChange| 1 + change.filters() * WEIGHT_OF_FILTER;
        self.members.iter().map(of).sum::<usize>().max(1)
    }

    /// Applies all operations in order; a resource is changed by all of them or by none.
    ///
    /// # Errors
    /// With the operation by its number: `noTarget` for a path that finds nothing, `invalidValue` for a resource that would
    /// lack what is required, have too many values or be too large.
    pub fn apply(&self, document: &Document) -> Result<Patched, ScimError> {
        let mut before = document.clone();
        document::say_schemas(self.kind, &mut before);
        let mut after = before.clone();
        let mut room = Room::of(&before);
        for (index, step) in &self.steps {
            let done = room.take(change::written(step, &after), &after).and_then(|()| change::apply(step, &mut after));
            done.map_err(|error| at(*index, error))?;
        }
        room.check(&after)?;
        document::check_required(self.kind, &after)?;
        document::say_schemas(self.kind, &mut after);
        Ok(Patched { changed: after != before, document: after, members: self.members.clone() })
    }
}

fn operations(body: &Document) -> Result<&[Value], ScimError> {
    let schemas = document::strings(body, "schemas")?;
    if !schemas.iter().any(|urn| urn.eq_ignore_ascii_case(PATCH_SCHEMA)) {
        return Err(invalid_syntax(format!("'schemas' must name '{PATCH_SCHEMA}'")));
    }
    match document::member(body, "Operations")? {
        Some(Value::Array(operations)) if operations.len() > MOST_OPERATIONS => {
            Err(invalid_value(format!("'Operations' has {} operations, more than {MOST_OPERATIONS}", operations.len())))
        }
        Some(Value::Array(operations)) if !operations.is_empty() => Ok(operations),
        _ => Err(invalid_syntax("'Operations' must be an array of at least one operation")),
    }
}

fn at(index: usize, mut error: ScimError) -> ScimError {
    error.detail.insert_str(0, &format!("Operations[{index}]: "));
    error
}

#[cfg(test)]
mod tests;
