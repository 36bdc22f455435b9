//! Rules of groups that were set, and assignments that begin and end by themselves.

use crate::{
    app::App,
    audit::Actor,
    clock::Timestamp,
    directory::rule::{self, Step},
    storage::{self, Revision},
};

/// Batches of members that rules go through in a second.
const BATCHES_A_SECOND: u32 = 20;

/// Looks after rules of groups.
pub(super) struct Rules {
    app: App,
    /// How often the directory had changed when it was last looked at.
    seen: Option<u64>,
    /// Whether a rule is being gone through.
    is_busy: bool,
    /// Up to when assignments were followed, and when the next one begins or ends.
    followed: Timestamp,
    next: Option<Timestamp>,
}

impl Rules {
    pub(super) fn new(app: App) -> Self {
        Self { app, seen: None, is_busy: true, followed: Timestamp(0), next: None }
    }

    /// Goes on for a part of the second, where there is anything to be done.
    pub(super) async fn go_on(&mut self) -> storage::Result<()> {
        let revision = self.app.storage.revision(Revision::Directory);
        let has_changed = self.seen != Some(revision);
        let context = self.app.context(Actor::Server);
        if has_changed || self.is_busy {
            self.is_busy = true;
            for _ in 0..BATCHES_A_SECOND {
                if rule::recompute_some(&self.app.storage, context.clone(), None).await? == Step::Idle {
                    self.is_busy = false;
                    break;
                }
            }
        }
        if has_changed || self.next.is_some_and(|at| at <= context.now) {
            self.next = rule::follow_time(&self.app.storage, &context, self.followed).await?;
            self.followed = context.now;
        }
        self.seen = Some(revision);
        Ok(())
    }
}
