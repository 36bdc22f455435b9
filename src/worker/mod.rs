//! What happens without a request: jobs, seals, keys and cleaning up.
//!
//! One look per second wakes everything; an idle server does nothing else. Tasks that one node does for all are leased.

mod cleaning;
mod jobs;
mod sealer;

use std::{sync::Arc, time::Duration};

use tokio::time::{MissedTickBehavior, interval};

use crate::{
    app::App, audit::heads::HeadsFile, clock::Timestamp, directory::search, keys::store::SharedKeyFault, mail::Mailer,
    server::Stop, storage,
};

/// What has expired is removed every ten minutes.
const CLEANING_EVERY: Duration = Duration::from_secs(600);

/// Gives back what this node holds, so that others need not wait until it runs out.
///
/// # Errors
/// When the database fails.
pub async fn release(app: &App) -> storage::Result<()> {
    let node = app.node.clone();
    app.storage
        .write(move |tx| {
            Box::pin(async move {
                tx.jobs().release(&node).await?;
                tx.leases().release(&node).await
            })
        })
        .await
}

/// The background work of one node.
pub struct Worker {
    app: App,
    mailer: Arc<Mailer>,
    sealer: sealer::Sealing,
}

impl Worker {
    /// A worker that sends mail by `mailer`.
    ///
    /// # Errors
    /// When the key of the audit heads cannot be had.
    pub async fn new(app: App, mailer: Mailer) -> Result<Self, SharedKeyFault> {
        let heads = HeadsFile::at(app.config.audit.heads_file.clone());
        let sealer = sealer::Sealing::new(&app, heads).await?;
        Ok(Self { app, mailer: Arc::new(mailer), sealer })
    }

    /// Works until `stop`; finishes what it has begun.
    pub async fn run(self, stop: Stop) {
        let mut tick = interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut cleaning, mut unsearchable) = (Timestamp(0), true);
        loop {
            tokio::select! {
                _ = tick.tick() => {}
                () = stop.requested() => return,
            }
            if let Err(error) = self.look().await {
                tracing::error!(error = %error, "The background work of this second failed; it is tried again.");
            }
            if unsearchable {
                unsearchable = search::index_some(&self.app.storage).await.unwrap_or_else(|error| {
                    tracing::error!(error = %error, "People could not be made ready for the search; it is tried again.");
                    true
                });
            }
            let now = self.app.clock.now();
            if now.since(cleaning) >= CLEANING_EVERY {
                cleaning = now;
                if let Err(error) = cleaning::clean(&self.app).await {
                    tracing::error!(error = %error, "What has expired could not be removed; it is tried again.");
                }
            }
        }
    }

    async fn look(&self) -> storage::Result<()> {
        self.app.storage.refresh_revisions().await?;
        if let Err(error) = self.app.tend_keys().await {
            tracing::error!(error = %error, "The signing keys could not be looked after; the present ones stay in use.");
        }
        let pulse = self.app.storage.read().await?.pulse(self.app.clock.now()).await?;
        if pulse.unsealed || self.sealer.is_behind() {
            self.sealer.seal(&self.app).await?;
        }
        if pulse.due {
            jobs::run_due(&self.app, &self.mailer).await?;
        }
        Ok(())
    }
}
