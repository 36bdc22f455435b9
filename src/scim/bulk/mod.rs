//! Many operations in one request (RFC 7644 §3.7).
//!
//! Operations run in their order, but that one which refers to a resource further below (`bulkId:…`) waits for it: see
//! [`order`]; those that refer to each other are done together: see [`circle`]. Each is done whole or not at all, whatever
//! becomes of the others: see [`run()`]. What can be referred to are the resources that the same request makes.

mod circle;
mod operation;
mod order;
mod run;
mod together;

pub use run::run;

use std::collections::HashSet;

use http::StatusCode;
use serde_json::Value;

use self::operation::Operation;
use super::{
    document::{self, Document},
    error::{ScimError, echo, invalid_syntax, invalid_value},
};

/// The schema of the request (RFC 7644 §3.7).
pub const REQUEST_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// The schema of the answer (RFC 7644 §3.7).
pub const RESPONSE_SCHEMA: &str = "urn:ietf:params:scim:api:messages:2.0:BulkResponse";

/// Changes of one unit of work: an operation is one, unless it weighs more. People who are made together are two full
/// statements for each table then, and nobody waits longer than tens of milliseconds behind them.
pub(super) const UNIT: usize = 128;

/// As many changes as a request counts for, where requests are limited.
const REQUEST: usize = 50;

/// A request, read.
#[derive(Debug)]
pub struct Bulk {
    operations: Vec<Operation>,
    /// After how many refusals the rest is not tried.
    fail_on_errors: Option<u64>,
    /// What resources can be referred to by.
    names: HashSet<String>,
}

impl Bulk {
    /// Reads the body of a request of at most so many operations. An operation that is malformed is refused by itself, later.
    ///
    /// # Errors
    /// `invalidSyntax` for another shape, `413` for too many operations, `invalidValue` for a `bulkId` that is there twice.
    pub fn parse(body: &Document, most: u32) -> Result<Self, ScimError> {
        let schemas = document::strings(body, "schemas")?;
        if !schemas.iter().any(|urn| urn.eq_ignore_ascii_case(REQUEST_SCHEMA)) {
            return Err(invalid_syntax(format!("'schemas' must name '{REQUEST_SCHEMA}'")));
        }
        let Some(Value::Array(sent)) = document::member(body, "Operations")? else {
            return Err(invalid_syntax("'Operations' must be an array of operations"));
        };
        if sent.len() > most as usize {
            // RFC 7644 §3.7.4.
            let detail = format!("'Operations' has {} operations and exceeds maxOperations ({most})", sent.len());
            return Err(ScimError::of_status(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let fail_on_errors = match document::member(body, "failOnErrors")? {
            None => None,
            Some(value) => Some(
                value
                    .as_u64()
                    .filter(|number| *number > 0)
                    .ok_or_else(|| invalid_value("'failOnErrors' must be a whole number of at least 1"))?,
            ),
        };
        let operations: Vec<Operation> = sent
            .iter()
            .enumerate()
            .map(|(index, one)| Operation::parse(one).map_err(|error| at(index, error)))
            .collect::<Result<_, _>>()?;
        let mut all = HashSet::new();
        for (index, operation) in operations.iter().enumerate() {
            if let Some(id) = operation.bulk_id.as_ref().filter(|id| !all.insert(*id)) {
                return Err(at(index, invalid_value(format!("'bulkId' is '{}' twice", echo(id)))));
            }
        }
        let makers = operations.iter().filter(|operation| operation.makes());
        let names = makers.filter_map(|operation| operation.bulk_id.clone()).collect();
        Ok(Self { operations, fail_on_errors, names })
    }
}

impl Bulk {
    /// How many requests it counts as: one for each fifty changes.
    #[must_use]
    pub fn worth(&self) -> u32 {
        u32::try_from(self.operations.iter().map(Operation::weight).sum::<usize>().div_ceil(REQUEST))
            .unwrap_or(u32::MAX)
            .max(1)
    }
}

fn at(index: usize, mut error: ScimError) -> ScimError {
    error.detail.insert_str(0, &format!("Operations[{index}]: "));
    error
}

#[cfg(test)]
mod tests;
