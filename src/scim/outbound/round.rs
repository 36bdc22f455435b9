//! A round: some of those who are due are sent, four at a time, for about a second, and what came of it is written down.
//!
//! It is short so that whoever is to leave need not wait for it to end; those whose turn did not come have it next time.

use std::time::Instant;

use futures_util::{StreamExt as _, stream};

use super::{
    ending::{braked, count, failed},
    members::{MembersFault, send},
    plan::{self, Planned},
    push::{Deed, Pusher, Task},
    remote::Failure,
    runner::{End, Runner, STEP},
    store::{Outcome, Rank},
    thing::Thing,
};
use crate::{
    clock::Timestamp,
    scim::ResourceType,
    storage::{self, Tx},
};

/// When all of at least so many are refused in a round, it is the app that has the trouble.
const MOST_REFUSALS: usize = 10;

/// Requests to one app at a time.
const AT_ONCE: usize = 4;

/// People and groups of one round.
const ROUND: u32 = 40;

/// What has come of a round so far.
#[derive(Default)]
struct Sent {
    outcomes: Vec<(Thing, Outcome)>,
    refusals: Vec<Failure>,
    /// Whether people came or went.
    has_moved: bool,
    /// Why it is over for all.
    end: Option<Failure>,
}

impl Runner<'_> {
    /// Sends some of those who are due and as urgent as `upto`; whether there were any.
    pub(super) async fn push(&mut self, upto: Rank) -> Result<bool, End> {
        let now = self.app.clock.now();
        let mut tx = self.app.storage.read().await?;
        let mut rows = tx.pushed(&self.target.id).due(now, upto, ROUND).await?;
        let Some(kind) = rows.first().map(|row| row.thing.kind()) else { return Ok(false) };
        rows.retain(|row| row.thing.kind() == kind);
        let planned = plan::tasks(&mut tx, (&self.target, &self.slug), rows, now).await?;
        drop(tx);
        let is_braked = planned.iter().any(is_to_leave) && self.is_braked().await?;
        let mut sent = Sent::default();
        let mut tasks = vec![];
        for one in planned {
            match one {
                Planned::Refused(pushed, problem) => {
                    self.report.failed += 1;
                    sent.outcomes.push((pushed.thing.clone(), failed(&pushed, &problem, now)));
                }
                Planned::Task(task) if is_braked && task.is_to_leave() => {
                    sent.outcomes.push((task.pushed.thing.clone(), braked(&task.pushed, now)));
                }
                Planned::Task(task) => tasks.push(*task),
            }
        }
        self.try_all(&tasks, now).await?;
        self.send_some(tasks, &mut sent, now).await?;
        self.write_down(sent.outcomes, sent.has_moved, now).await?;
        sent.end.map_or(Ok(true), |failure| Err(failure.into()))
    }

    /// Sends as many as there is time for; of the others nothing has changed.
    async fn send_some(&mut self, tasks: Vec<Task>, sent: &mut Sent, now: Timestamp) -> Result<(), End> {
        let (app, target) = (self.app, &self.target);
        let pusher = &Pusher::new(self.remote, &app.storage, (&target.id, self.features), now);
        let (mut waiting, until, mut begun) = (tasks.into_iter(), Instant::now() + STEP, 0);
        {
            let in_time = std::iter::from_fn(|| {
                let task = if begun == 0 || Instant::now() < until { waiting.next() } else { None };
                begun += usize::from(task.is_some());
                task
            });
            let sending =
                stream::iter(in_time).map(|task| async move { (send(app, target, pusher, &task, until).await, task) });
            let mut sending = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
            while let Some((done, task)) = sending.next().await {
                let thing = task.pushed.thing.clone();
                match done {
                    Ok((outcome, deed, members)) => {
                        sent.has_moved |= deed != Deed::Nothing && thing.kind() == ResourceType::User;
                        count(&mut self.report, deed, members);
                        sent.outcomes.push((thing, outcome));
                    }
                    Err(MembersFault::App(failure)) if failure.problem.is_of_all() => {
                        sent.end = Some(failure);
                        break;
                    }
                    Err(MembersFault::App(failure)) => {
                        self.report.failed += 1;
                        sent.outcomes.push((thing, failed(&task.pushed, &failure.problem, now)));
                        sent.refusals.push(failure);
                    }
                    Err(here) => return Err(here.into()),
                }
            }
        }
        // An app that takes nobody is left alone for a while.
        if begun >= MOST_REFUSALS && sent.refusals.len() == begun {
            sent.end = sent.refusals.pop();
        }
        if sent.end.is_none() {
            let untouched = |task: Task| (task.pushed.thing.clone(), Outcome::Keep(Box::new(task.pushed), None));
            sent.outcomes.extend(waiting.map(untouched));
        }
        let patches = pusher.patches();
        self.learn(patches).await.map_err(End::from)
    }

    /// Notes who may come to be in the app by what is sent now.
    async fn try_all(&self, tasks: &[Task], now: Timestamp) -> storage::Result<()> {
        let ids: Vec<String> =
            tasks.iter().filter(|task| task.is_new()).map(|task| task.pushed.thing.id().to_owned()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let id = self.target.id.clone();
        let write = async move |tx: &mut Tx| tx.pushed(&id).try_all(&ids, now).await;
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
    }

    /// Writes what came of it; nothing where the target has another address by now, which is another app.
    async fn write_down(
        &self,
        outcomes: Vec<(Thing, Outcome)>,
        has_moved: bool,
        now: Timestamp,
    ) -> storage::Result<()> {
        let (id, url) = (self.target.id.clone(), self.target.url.clone());
        let write = async move |tx: &mut Tx| {
            if tx.targets().by_id(&id).await?.is_none_or(|present| present.url != url) {
                return Ok(());
            }
            tx.pushed(&id).settle(&outcomes).await?;
            // Whoever came or went does so in groups, too.
            if has_moved { tx.pushed(&id).mark_groups(now).await } else { Ok(()) }
        };
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
    }
}

fn is_to_leave(planned: &Planned) -> bool {
    matches!(planned, Planned::Task(task) if task.is_to_leave())
}
