//! Pushes people and groups to apps: each app has a runner of its own, which waits for no other and for no mail.

use std::{collections::HashMap, sync::Arc};

use tokio::task::{Id, JoinSet};

use crate::{app::App, id::TargetId, scim::outbound::run, server::Stop, storage};

/// Apps that one node pushes to at a time.
const MOST: usize = 16;

/// The runs that go on.
pub(super) struct Pushes {
    app: App,
    stop: Stop,
    tasks: JoinSet<()>,
    running: HashMap<Id, TargetId>,
}

impl Pushes {
    pub(super) fn new(app: App, stop: Stop) -> Self {
        Self { app, stop, tasks: JoinSet::new(), running: HashMap::new() }
    }

    /// Begins runs for apps that have something to do.
    pub(super) async fn begin_due(&mut self) -> storage::Result<()> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let id = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.running.remove(&id);
        }
        if self.running.len() >= MOST {
            return Ok(());
        }
        let now = self.app.clock.now();
        // Those that run already may come first.
        let most = i64::try_from(2 * MOST).unwrap_or(i64::MAX);
        for target in self.app.storage.read().await?.targets().due(now, most).await? {
            if self.running.len() >= MOST {
                break;
            }
            if self.running.values().any(|running| *running == target) {
                continue;
            }
            let begun = self.tasks.spawn(push(self.app.clone(), target.clone(), self.stop.clone()));
            self.running.insert(begun.id(), target);
        }
        Ok(())
    }

    /// Waits for those that go on: they end after the round that they are in.
    pub(super) async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn push(app: App, target: TargetId, stop: Stop) {
    let halt: Arc<dyn Fn() -> bool + Send + Sync> = Arc::new(move || stop.is_requested());
    if let Err(error) = run::work(&app, &target, &*halt).await {
        tracing::error!(target.id = %target, error = %error, "People could not be pushed to an app; it is tried again.");
    }
}
