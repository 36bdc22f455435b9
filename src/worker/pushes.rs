//! Pushes people and groups to apps, in turns, so that no app waits for another for long.
//!
//! Each run has its own task and a budget of time; one that is not through then goes on in its next turn, after the others.
//! Apps whose runs take long, as those that are filled, read as a whole or slow, and apps that are out of reach get a part of
//! the places only, so that there is always one for another where somebody has left.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::task::{Id, JoinSet};

use crate::{
    app::App,
    id::TargetId,
    scim::outbound::run::{self, Need},
    server::Stop,
    storage,
};

/// Runs at a time: each makes at most four requests at a time, of all that the node makes.
const MOST: usize = 24;

/// Short runs at a time.
const MOST_SHORT: usize = 8;

/// Long runs at a time, before one more may begin; where somebody may have left, some more.
const MOST_LONG: usize = 8;
const MOST_LONG_WITH_NEWS: usize = 12;

/// Apps that were out of reach, at a time.
const MOST_FAILED: usize = 4;

/// A run that takes longer is a long one.
const SHORT: Duration = Duration::from_secs(2);

/// Whoever is not through by then goes on in the next turn.
const BUDGET: Duration = Duration::from_secs(10);

/// Apps that are looked at in a second, to see whether anything new concerns them.
const MOST_LOOKS: usize = 200;

/// Apps that may have something to do, at most.
const MOST_APPS: i64 = 5_000;

/// Apps whose last turn is remembered.
const MOST_REMEMBERED: usize = 10_000;

/// With whom an app shares places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    /// Its last run was short, as far as is known.
    Short,
    /// It was long.
    Long,
    /// It ended because the app was out of reach.
    Failed,
}

/// Runs that go on, by lane.
#[derive(Debug, Default)]
struct Load {
    short: usize,
    long: usize,
    failed: usize,
}

/// A run that goes on.
struct Running {
    target: TargetId,
    begun: Instant,
    lane: Lane,
}

/// The last turn of an app on this node.
#[derive(Debug, Clone, Copy, Default)]
struct Turn {
    was_long: bool,
    number: u64,
}

/// The runs that go on.
pub(super) struct Pushes {
    app: App,
    stop: Stop,
    tasks: JoinSet<()>,
    running: HashMap<Id, Running>,
    turns: HashMap<TargetId, Turn>,
    number: u64,
}

impl Pushes {
    pub(super) fn new(app: App, stop: Stop) -> Self {
        Self { app, stop, tasks: JoinSet::new(), running: HashMap::new(), turns: HashMap::new(), number: 0 }
    }

    /// Begins runs for apps that have something to do: quick ones first, and among those whose turn is longest ago.
    pub(super) async fn begin_due(&mut self) -> storage::Result<()> {
        self.collect();
        let now = self.app.clock.now();
        let mut tx = self.app.storage.read().await?;
        let mut due = tx.targets().due(now, MOST_APPS).await?;
        due.retain(|target| self.running.values().all(|running| running.target != *target));
        due.sort_by_key(|target| self.turns.get(target).map(|turn| turn.number));
        due.truncate(MOST_LOOKS);
        let mut begin = vec![];
        for target in due {
            match run::need(&mut tx, &target, now).await? {
                None => self.had_turn(target, None),
                Some(need) => begin.push((self.lane(&target, need), target, need)),
            }
        }
        drop(tx);
        begin.sort_by_key(|(lane, ..)| *lane);
        for (lane, target, need) in begin {
            if may_begin(lane, need, &self.load()) {
                self.begin(target, lane);
            }
        }
        Ok(())
    }

    fn lane(&self, target: &TargetId, need: Need) -> Lane {
        match self.turns.get(target) {
            _ if need.has_failed => Lane::Failed,
            Some(turn) if turn.was_long => Lane::Long,
            _ => Lane::Short,
        }
    }

    /// Takes leave of the runs that have ended.
    fn collect(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            if let Some(running) = self.running.remove(&id) {
                // Those that have ended are seen once a second.
                let was_long = running.begun.elapsed() > SHORT + Duration::from_secs(1);
                self.had_turn(running.target, Some(was_long));
            }
        }
    }

    fn had_turn(&mut self, target: TargetId, was_long: Option<bool>) {
        self.number += 1;
        if self.turns.len() > MOST_REMEMBERED {
            self.turns.clear();
        }
        let turn = self.turns.entry(target).or_default();
        *turn = Turn { was_long: was_long.unwrap_or(turn.was_long), number: self.number };
    }

    fn load(&self) -> Load {
        let mut load = Load::default();
        for running in self.running.values() {
            match running.lane {
                Lane::Failed => load.failed += 1,
                Lane::Short if running.begun.elapsed() <= SHORT => load.short += 1,
                Lane::Short | Lane::Long => load.long += 1,
            }
        }
        load
    }

    fn begin(&mut self, target: TargetId, lane: Lane) {
        let begun = self.tasks.spawn(push(self.app.clone(), target.clone(), self.stop.clone()));
        self.running.insert(begun.id(), Running { target, begun: Instant::now(), lane });
    }

    /// Waits for those that go on: they end after the step that they are in.
    pub(super) async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Whether a run may begin beside others.
const fn may_begin(lane: Lane, need: Need, load: &Load) -> bool {
    load.short + load.long + load.failed < MOST
        && match lane {
            Lane::Short => load.short < MOST_SHORT,
            Lane::Long => load.long < if need.has_news { MOST_LONG_WITH_NEWS } else { MOST_LONG },
            Lane::Failed => load.failed < MOST_FAILED,
        }
}

async fn push(app: App, target: TargetId, stop: Stop) {
    let begun = Instant::now();
    let halt: Arc<dyn Fn() -> bool + Send + Sync> = Arc::new(move || stop.is_requested() || begun.elapsed() >= BUDGET);
    if let Err(error) = run::work(&app, &target, &*halt).await {
        tracing::error!(target.id = %target, error = %error, "People could not be pushed to an app; it is tried again.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_runs_leave_room_for_short_ones() {
        let (news, rest) = (true, false);
        for (lane, has_news, (short, long, failed), expected) in [
            (Lane::Short, news, (0, 0, 0), true),
            (Lane::Short, rest, (7, 12, 4), true),
            (Lane::Short, news, (8, 0, 0), false),
            (Lane::Short, news, (0, 20, 4), false),
            (Lane::Long, rest, (8, 7, 4), true),
            (Lane::Long, rest, (0, 8, 0), false),
            (Lane::Long, news, (0, 11, 0), true),
            (Lane::Long, news, (0, 12, 0), false),
            (Lane::Failed, news, (8, 11, 3), true),
            (Lane::Failed, news, (0, 0, 4), false),
        ] {
            let (need, load) = (Need { has_news, has_failed: lane == Lane::Failed }, Load { short, long, failed });
            assert_eq!(may_begin(lane, need, &load), expected, "{lane:?} {load:?}");
        }
    }
}
