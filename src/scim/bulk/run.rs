//! Carries operations out, some at a time.
//!
//! A unit of work has few operations, so that nobody waits long behind it; each turn is set apart in it, so that one that is
//! refused has written nothing and the others stay. Where a unit fails as a whole its turns are taken one by one.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    Bulk, RESPONSE_SCHEMA, UNIT, circle,
    operation::{Done, Made, Operation},
    order::{Turn, order},
    together::Ahead,
};
use crate::{
    scim::{ScimError, failure::Failure, request::Request},
    storage::{self, Storage, Tx},
};

/// What became of operations, by their place in the request.
type Outcomes = Vec<(usize, Result<Done, ScimError>)>;

/// What has happened so far.
#[derive(Default)]
struct Progress {
    outcomes: Outcomes,
    refused: u64,
    made: Made,
}

pub(super) struct Given {
    pub(super) request: Request,
    pub(super) bulk: Bulk,
}

/// What one unit of work is to do.
#[derive(Clone)]
struct Task {
    turns: Vec<Turn>,
    /// Those resources that were made before and that it refers to.
    made: Made,
    /// How many operations were refused before.
    refused: u64,
}

/// Does the operations of a request; the answer (RFC 7644 §3.7.3) has those that were tried, in the order of the request.
pub async fn run(storage: &Storage, request: Request, bulk: Bulk) -> Value {
    let turns = order(&bulk);
    let given = Arc::new(Given { request, bulk });
    let mut progress = Progress::default();
    for unit in given.units(&turns) {
        match together(storage, &given, (unit, &progress)).await {
            Ok(outcomes) => progress.add(&given, outcomes),
            Err(fault) => one_by_one(storage, &given, (unit, &mut progress, fault)).await,
        }
    }
    given.answer(progress)
}

async fn together(
    storage: &Storage,
    given: &Arc<Given>,
    (turns, progress): (&[Turn], &Progress),
) -> storage::Result<Outcomes> {
    if given.is_enough(progress.refused) {
        return Ok(vec![]);
    }
    let referred = turns.iter().flat_map(|turn| &turn.operations).flat_map(|at| &given.bulk.operations[*at].references);
    let made = referred.filter_map(|name| Some((name.clone(), progress.made.get(name)?.clone()))).collect();
    let task = Task { turns: turns.to_vec(), made, refused: progress.refused };
    let given = Arc::clone(given);
    storage.insist(move |tx| Box::pin(async move { given.run(tx, task).await })).await
}

/// After a unit that failed as a whole: whichever turn fails again is told so.
async fn one_by_one(
    storage: &Storage,
    given: &Arc<Given>,
    (turns, progress, fault): (&[Turn], &mut Progress, storage::Error),
) {
    tracing::warn!(cause = %fault, turns = turns.len(), "operations of a bulk request are done one by one");
    for turn in turns {
        let outcomes = match together(storage, given, (std::slice::from_ref(turn), progress)).await {
            Ok(outcomes) => outcomes,
            Err(fault) => {
                tracing::error!(cause = %fault, "an operation of a bulk request failed");
                let error = failed(&fault);
                let all = turn.operations.iter().map(|at| (*at, error.clone()));
                given.refuse(progress.refused, all)
            }
        };
        progress.add(given, outcomes);
    }
}

fn failed(fault: &storage::Error) -> ScimError {
    let (status, detail) = if fault.is_passing() {
        (StatusCode::SERVICE_UNAVAILABLE, "the database cannot be used at the moment; nothing was changed")
    } else {
        let detail = "the operation failed and changed nothing; the id of the request is in the header x-request-id";
        (StatusCode::INTERNAL_SERVER_ERROR, detail)
    };
    ScimError::of_status(status, detail)
}

impl Progress {
    fn add(&mut self, given: &Given, outcomes: Outcomes) {
        for (at, outcome) in &outcomes {
            match outcome {
                Ok(done) => given.note(*at, done, &mut self.made),
                Err(_) => self.refused += 1,
            }
        }
        self.outcomes.extend(outcomes);
    }
}

impl Given {
    /// As many turns as fit into a unit of work; at least one.
    fn units<'t>(&self, turns: &'t [Turn]) -> Vec<&'t [Turn]> {
        let (mut units, mut begin, mut size) = (vec![], 0, 0);
        for (index, turn) in turns.iter().enumerate() {
            let weight: usize = turn.operations.iter().map(|at| self.operation(*at).weight()).sum();
            if size > 0 && size + weight > UNIT {
                units.push(&turns[begin..index]);
                (begin, size) = (index, 0);
            }
            size += weight;
        }
        units.extend(Some(&turns[begin..]).filter(|rest| !rest.is_empty()));
        units
    }

    pub(super) fn operation(&self, at: usize) -> &Operation {
        &self.bulk.operations[at]
    }

    /// Others can refer to what an operation made.
    pub(super) fn note(&self, at: usize, done: &Done, made: &mut Made) {
        if let (Some(name), Some(id)) = (&self.operation(at).bulk_id, &done.id) {
            made.insert(name.clone(), id.clone());
        }
    }

    fn is_enough(&self, refused: u64) -> bool {
        self.bulk.fail_on_errors.is_some_and(|most| refused >= most)
    }

    /// Those refusals after which nothing more is tried, and those before them.
    fn refuse(&self, refused: u64, all: impl Iterator<Item = (usize, ScimError)>) -> Outcomes {
        let is_tried = |nth: u64| !self.is_enough(refused + nth);
        all.zip(0..).take_while(|(_, nth)| is_tried(*nth)).map(|((at, error), _)| (at, Err(error))).collect()
    }

    async fn run(&self, tx: &mut Tx, Task { turns, mut made, mut refused }: Task) -> storage::Result<Outcomes> {
        let mut operations = turns.iter().flat_map(|turn| &turn.operations);
        if !operations.all(|at| self.operation(*at).makes_a_person()) {
            // As each of them does: so no two units wait for each other.
            tx.organizations().lock(&self.request.caller.organization).await?;
        }
        let (mut outcomes, mut ahead) = (vec![], Ahead::default());
        let mut rest = turns.as_slice();
        while let [turn, others @ ..] = rest {
            if self.is_enough(refused) {
                break;
            }
            let together = ahead.run(self, tx, rest).await?;
            if !together.is_empty() {
                rest = &rest[together.len()..];
                for (at, done) in together {
                    self.note(at, &done, &mut made);
                    outcomes.push((at, Ok(done)));
                }
                continue;
            }
            rest = others;
            let part = tx.begin_part().await?;
            let failed = match self.take(tx, turn, &made).await {
                Ok(done) => {
                    tx.keep_part(part).await?;
                    for (at, done) in done {
                        self.note(at, &done, &mut made);
                        outcomes.push((at, Ok(done)));
                    }
                    continue;
                }
                Err((at, Failure::Refused(error))) => (at, error),
                Err((at, Failure::TooOften(_))) => {
                    (at, ScimError::of_status(StatusCode::TOO_MANY_REQUESTS, "this connection asks too often"))
                }
                Err((_, Failure::Fault(fault))) => return Err(fault),
            };
            tx.undo_part(part).await?;
            let others = circle::left_out(self, turn, failed.0);
            let refusals = self.refuse(refused, std::iter::once(failed).chain(others));
            refused += refusals.len() as u64;
            outcomes.extend(refusals);
        }
        Ok(outcomes)
    }

    /// All of a turn, or which of its operations was not done.
    async fn take(&self, tx: &mut Tx, turn: &Turn, made: &Made) -> Result<Vec<(usize, Done)>, (usize, Failure)> {
        let mut all = vec![];
        if turn.is_circle {
            all = circle::run(self, tx, (turn, made)).await?;
        } else {
            for at in &turn.operations {
                let done = self.operation(*at).run(tx, &self.request, (made, &self.bulk.names)).await;
                all.push((*at, done.map_err(|failure| (*at, failure))?));
            }
        }
        // What follows of it is its own, and not the next one's.
        let last = turn.operations.last().copied().unwrap_or_default();
        tx.settle().await.map_err(|refusal| (last, refusal.into()))?;
        Ok(all)
    }

    fn answer(&self, mut progress: Progress) -> Value {
        progress.outcomes.sort_by_key(|(at, _)| *at);
        let base = self.request.base();
        let told = |(at, outcome): &(usize, Result<Done, ScimError>)| {
            let operation = self.operation(*at);
            told(operation, outcome, operation.location(&base, &progress.made))
        };
        let all: Vec<Value> = progress.outcomes.iter().map(told).collect();
        json!({"schemas": [RESPONSE_SCHEMA], "Operations": all})
    }
}

/// RFC 7644 §3.7.3.
fn told(operation: &Operation, outcome: &Result<Done, ScimError>, location: Option<String>) -> Value {
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
