//! Carries operations out, some at a time.
//!
//! A unit of work has few operations, so that nobody waits long behind it; each is set apart in it, so that one that is
//! refused has written nothing and the others stay. Where a unit fails as a whole its operations are done one by one.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Bulk, RESPONSE_SCHEMA,
    operation::{Done, Made, Operation},
    order::order,
};
use crate::{
    scim::{ScimError, failure::Failure, request::Request},
    storage::{self, Storage, Tx},
};

/// Operations of one unit of work.
const UNIT: usize = 50;

/// What became of an operation.
type Outcome = Result<Done, ScimError>;

/// What has happened so far.
#[derive(Debug, Clone, Default)]
struct Progress {
    /// By the place of the operation, in the order in which they were done.
    outcomes: Vec<(usize, Outcome)>,
    refused: u64,
    made: Made,
}

struct Given {
    request: Request,
    bulk: Bulk,
}

/// Does the operations of a request; the answer (RFC 7644 §3.7.3) has those that were tried, in the order of the request.
pub async fn run(storage: &Storage, request: Request, bulk: Bulk) -> Value {
    let all = order(&bulk);
    let given = Arc::new(Given { request, bulk });
    let mut progress = Progress::default();
    for unit in all.chunks(UNIT) {
        if given.is_enough(&progress) {
            break;
        }
        progress = match together(storage, &given, (unit, &progress)).await {
            Ok(further) => further,
            Err(fault) => one_by_one(storage, &given, (unit, progress, fault)).await,
        };
    }
    given.answer(progress)
}

async fn together(
    storage: &Storage,
    given: &Arc<Given>,
    (unit, progress): (&[usize], &Progress),
) -> storage::Result<Progress> {
    let (given, unit, progress) = (Arc::clone(given), unit.to_vec(), progress.clone());
    storage.write(move |tx| Box::pin(async move { given.run(tx, (&unit, progress)).await })).await
}

/// After a unit that failed as a whole: whichever operation fails again is told so.
async fn one_by_one(
    storage: &Storage,
    given: &Arc<Given>,
    (unit, mut progress, fault): (&[usize], Progress, storage::Error),
) -> Progress {
    tracing::warn!(cause = %fault, operations = unit.len(), "operations of a bulk request are done one by one");
    for index in unit {
        if given.is_enough(&progress) {
            break;
        }
        progress = match together(storage, given, (&[*index], &progress)).await {
            Ok(further) => further,
            Err(fault) => {
                tracing::error!(cause = %fault, "an operation of a bulk request failed");
                let detail =
                    "the operation failed and changed nothing; the id of the request is in the header x-request-id";
                let error = ScimError::of_status(StatusCode::INTERNAL_SERVER_ERROR, detail);
                progress.refused += 1;
                progress.outcomes.push((*index, Err(error)));
                progress
            }
        };
    }
    progress
}

impl Given {
    fn is_enough(&self, progress: &Progress) -> bool {
        self.bulk.fail_on_errors.is_some_and(|most| progress.refused >= most)
    }

    async fn run(&self, tx: &mut Tx, (unit, mut progress): (&[usize], Progress)) -> storage::Result<Progress> {
        for index in unit {
            if self.is_enough(&progress) {
                break;
            }
            let operation = &self.bulk.operations[*index];
            let part = tx.begin_part().await?;
            let outcome = match operation.run(tx, &self.request, (&progress.made, &self.bulk.names)).await {
                Ok(done) => {
                    tx.keep_part(part).await?;
                    if let (Some(name), Some(id)) = (&operation.bulk_id, &done.id) {
                        progress.made.insert(name.clone(), id.clone());
                    }
                    Ok(done)
                }
                Err(Failure::Refused(error)) => {
                    tx.undo_part(part).await?;
                    progress.refused += 1;
                    Err(error)
                }
                Err(Failure::Fault(fault)) => return Err(fault),
            };
            progress.outcomes.push((*index, outcome));
        }
        Ok(progress)
    }

    fn answer(&self, mut progress: Progress) -> Value {
        progress.outcomes.sort_by_key(|(index, _)| *index);
        let base = self.request.base();
        let told = |(index, outcome): &(usize, Outcome)| {
            let operation = &self.bulk.operations[*index];
            told(operation, outcome, operation.location(&base, &progress.made))
        };
        let all: Vec<Value> = progress.outcomes.iter().map(told).collect();
        json!({"schemas": [RESPONSE_SCHEMA], "Operations": all})
    }
}

/// RFC 7644 §3.7.3.
fn told(operation: &Operation, outcome: &Outcome, location: Option<String>) -> Value {
    let mut all = Map::new();
    let mut say = |name: &str, value: Value| drop(all.insert(name.to_owned(), value));
    say("method", json!(operation.method));
    if let Some(id) = &operation.bulk_id {
        say("bulkId", json!(id));
    }
    match outcome {
        Ok(done) => {
            say("location", json!(done.location));
            if let Some(version) = &done.version {
                say("version", json!(version));
            }
            say("status", json!(done.status.as_str()));
        }
        Err(error) => {
            if let Some(location) = location {
                say("location", json!(location));
            }
            say("status", json!(error.status.as_str()));
            say("response", error.to_json());
        }
    }
    Value::Object(all)
}
