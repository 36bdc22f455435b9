//! People who are made one after the other and of whom nobody knows anything yet are made together: so goes a first load.

use std::collections::VecDeque;

use super::{
    operation::{Done, Operation},
    order::Turn,
    run::Given,
};
use crate::{
    directory::provisioning::Newcomer,
    scim::{Document, failure::Failure, users},
    storage::{self, Tx},
};

/// The turns that come next, as far as they were looked at: somebody new, or a turn that is taken by itself.
#[derive(Default)]
pub(super) struct Ahead(VecDeque<Option<Newcomer>>);

impl Ahead {
    /// Does as many of these turns as can be done together; none when the first is to be taken by itself.
    pub(super) async fn run(
        &mut self,
        given: &Given,
        tx: &mut Tx,
        turns: &[Turn],
    ) -> storage::Result<Vec<(usize, Done)>> {
        if self.0.is_empty() {
            self.look(given, tx, turns).await?;
        }
        let count = self.0.iter().take_while(|one| one.is_some()).count();
        if count < 2 {
            self.0.pop_front();
            return Ok(vec![]);
        }
        let newcomers = self.0.drain(..count).flatten().collect();
        let made = told(users::create_together(tx, &given.request, newcomers).await)?.flatten();
        let Some(made) = made else {
            // One of these is no newcomer any more: each is taken by itself, beginning with this one.
            (1..count).for_each(|_| self.0.push_front(None));
            return Ok(vec![]);
        };
        let places = turns.iter().flat_map(|turn| turn.operations.iter().copied());
        Ok(places.zip(made.iter().map(Operation::created)).collect())
    }

    async fn look(&mut self, given: &Given, tx: &mut Tx, turns: &[Turn]) -> storage::Result<()> {
        let creation = |turn: &Turn| match turn.operations[..] {
            [only] => given.operation(only).creation(&given.request),
            _ => None,
        };
        let bodies: Vec<Document> = turns.iter().map_while(creation).collect();
        let count = bodies.len();
        if count >= 2 {
            let found = told(users::newcomers(tx, &given.request, bodies).await)?;
            self.0.extend(found.into_iter().flatten());
            self.0.resize_with(count, || None);
        }
        Ok(())
    }
}

/// What is refused is told to each by itself.
fn told<T>(done: Result<T, Failure>) -> storage::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Failure::Fault(fault)) => Err(fault),
        Err(_) => Ok(None),
    }
}
