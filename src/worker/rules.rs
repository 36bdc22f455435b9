//! Rules of groups that were set, and assignments that begin and end by themselves.

use std::time::Duration;

use crate::{
    app::App,
    audit::Actor,
    clock::Timestamp,
    directory::rule::{self, Step},
    storage::{self, Revision},
    telemetry::Counter,
};

/// Batches of members that rules go through in a second.
const BATCHES_A_SECOND: u32 = 20;

/// What failed is looked for again this often.
const RETRY_EVERY: Duration = Duration::from_secs(60);

const FAILED: (&str, &str) =
    ("lanyard_group_rules_failed_total", "Rules of groups that could not be gone through, each time one was tried.");

/// Looks after rules of groups.
pub(super) struct Rules {
    app: App,
    /// How often the directory had changed when it was last looked at.
    seen: Option<u64>,
    /// Whether a rule is being gone through.
    is_busy: bool,
    /// When rules that failed are to be tried again.
    again: Option<Timestamp>,
    /// When the next assignment begins or ends by itself.
    next: Option<Timestamp>,
    /// Counts how often a rule could not be gone through.
    failed: Counter,
}

impl Rules {
    pub(super) fn new(app: App) -> Self {
        let failed = app.metrics.counter(FAILED.0, FAILED.1, &[]);
        // Some may have failed before this node began.
        let again = Some(app.clock.now().plus(RETRY_EVERY));
        Self { app, seen: None, is_busy: true, again, next: None, failed }
    }

    /// Goes on for a part of the second, where there is anything to be done.
    pub(super) async fn go_on(&mut self) -> storage::Result<()> {
        let revision = self.app.storage.revision(Revision::Directory);
        let has_changed = self.seen != Some(revision);
        let context = self.app.context(Actor::Server);
        if has_changed || self.is_busy || self.again.take_if(|at| *at <= context.now).is_some() {
            self.is_busy = true;
            for _ in 0..BATCHES_A_SECOND {
                match rule::recompute_some(&self.app.storage, context.clone(), None).await? {
                    Step::Done { .. } => {}
                    Step::Failed => {
                        self.failed.increment(1);
                        self.again = Some(context.now.plus(RETRY_EVERY));
                    }
                    Step::Idle => {
                        self.is_busy = false;
                        break;
                    }
                }
            }
        }
        if has_changed || self.next.is_some_and(|at| at <= context.now) {
            self.next = rule::follow_time(&self.app.storage, &context).await?;
        }
        self.seen = Some(revision);
        Ok(())
    }
}
