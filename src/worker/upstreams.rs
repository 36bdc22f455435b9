//! Directories whose time has come are read, a few at a time and each by one node.

use std::collections::HashSet;

use tokio::task::{Id, JoinSet};

use crate::{
    app::App,
    federation::sync,
    id::{OrganizationId, UpstreamId},
    server::Stop,
    storage,
    web::Site,
};

/// So many are read at a time.
const MOST: usize = 4;

/// As many are looked at as there may be, and those that go on.
const LOOKED_AT: i64 = 100;

/// Readings that go on.
pub(super) struct Readings {
    app: App,
    site: Site,
    stop: Stop,
    tasks: JoinSet<()>,
    running: HashSet<(Id, UpstreamId, OrganizationId)>,
}

impl Readings {
    pub(super) fn new(app: App, site: Site, stop: Stop) -> Self {
        Self { app, site, stop, tasks: JoinSet::new(), running: HashSet::new() }
    }

    /// Begins what is due.
    pub(super) async fn begin_due(&mut self) -> storage::Result<()> {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            let ended = ended.map_or_else(|error| error.id(), |(id, ())| id);
            self.running.retain(|(id, ..)| *id != ended);
        }
        if self.running.len() >= MOST {
            return Ok(());
        }
        let now = self.app.clock.now();
        let due = self.app.storage.read().await?.upstreams().due(now, LOOKED_AT).await?;
        for (id, of) in due {
            // One organization does not keep others waiting.
            let is_busy = self.running.iter().any(|(_, _, running)| *running == of);
            if is_busy || self.running.len() >= MOST {
                continue;
            }
            let begun = self.tasks.spawn(read(self.app.clone(), self.site.clone(), id.clone(), self.stop.clone()));
            self.running.insert((begun.id(), id, of));
        }
        Ok(())
    }

    /// Waits for those that go on: they end after the page that they are at.
    pub(super) async fn finish(mut self) {
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn read(app: App, site: Site, id: UpstreamId, stop: Stop) {
    if let Err(error) = sync::work(&app, &site, &id, &move || stop.is_requested()).await {
        tracing::error!(upstream.id = %id, error = %error, "A directory could not be read; it is tried again.");
    }
}
