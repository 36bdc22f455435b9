//! What happens without a request: jobs, seals, keys and cleaning up.
//!
//! One look per second wakes everything; an idle server does nothing else. Whoever is shut out wakes the jobs at once, so that
//! apps learn of it. Apps that people are pushed to are looked after beside them. Tasks that one node does for all are leased.

mod alerts;
mod cleaning;
mod inactivity;
mod jobs;
mod policies;
mod pushes;
mod recoveries;
mod rules;
mod sealer;
mod text_messages;
mod upstreams;
mod waiting;
mod webhook;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{
    app::{App, storage_settings},
    audit::{Actor, heads::HeadsFile},
    clock::Timestamp,
    directory::{retention, search},
    keys::store::SharedKeyFault,
    mail::Mailer,
    oauth::backchannel_logout,
    scim,
    server::{self, Stop},
    storage::{self, Revision, stillness::Stillness},
    telemetry::Counter,
    web::Site,
};

/// Batches of people that are taken into the search in a second.
const BATCHES_A_SECOND: u32 = 20;

/// While very many people are brought, the search leaves the database to them for so long.
const SEARCH_WAITS: Duration = Duration::from_secs(60);

/// Tables of PostgreSQL that have grown are looked at again this often at most.
const SIZES_EVERY: Duration = Duration::from_secs(5);

/// What has expired is removed every ten minutes.
const CLEANING_EVERY: Duration = Duration::from_secs(600);

/// Members who were not here for long are looked for every hour.
const INACTIVITY_EVERY: Duration = Duration::from_hours(1);

const LATE: (&str, &str) =
    ("lanyard_logouts_late_total", "Ends of sessions of which an app was not told within five minutes.");

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
                tx.targets().release(&node).await?;
                tx.upstreams().release(&node).await?;
                tx.leases().release(&node).await
            })
        })
        .await
}

/// The background work of one node.
pub struct Worker {
    app: App,
    mailer: Arc<Mailer>,
    site: Site,
    sealer: sealer::Sealing,
    /// Whether the last look found jobs.
    is_due: AtomicBool,
    /// Whether it found apps that people are pushed to.
    is_pushing: AtomicBool,
    /// Whether it found directories that are read.
    is_reading: AtomicBool,
    /// Counts what apps were not told in time.
    late: Counter,
}

impl Worker {
    /// A worker that sends mail by `mailer`.
    ///
    /// # Errors
    /// When the key of the audit heads cannot be had.
    pub async fn new(app: App, mailer: Mailer) -> Result<Self, SharedKeyFault> {
        let heads = HeadsFile::at(app.config.audit.heads_file.clone());
        let sealer = sealer::Sealing::new(&app, heads).await?;
        let late = app.metrics.counter(LATE.0, LATE.1, &[]);
        let site = server::site(&app).await?;
        Ok(Self {
            app,
            mailer: Arc::new(mailer),
            site,
            sealer,
            is_due: AtomicBool::new(false),
            is_pushing: AtomicBool::new(false),
            is_reading: AtomicBool::new(false),
            late,
        })
    }

    /// Works until `stop`; finishes what it has begun.
    pub async fn run(self, stop: Stop) {
        tokio::join!(self.watch(&stop), self.work(&stop), self.tend(&stop));
    }

    /// Looks once a second. Whoever was shut out on another node is shut out here by that: nothing slow is awaited.
    async fn watch(&self, stop: &Stop) {
        let (mut tick, mut stillness) = (seconds(), Stillness::of(&storage_settings(&self.app.config)));
        // Whether something waits for its time, which comes without a write.
        let mut waiting = true;
        while next(&mut tick, stop).await {
            let is_awake = !stillness.is_still() || waiting;
            waiting = self.look(is_awake).await.unwrap_or_else(|error| {
                tracing::error!(error = %error, "The background work of this second failed; it is tried again.");
                true
            });
        }
    }

    /// Begins what waits for other servers: jobs, of which none waits for another, and apps that people are pushed to.
    async fn work(&self, stop: &Stop) {
        let mut tick = seconds();
        let mut jobs = jobs::Running::new(self.app.clone(), Arc::clone(&self.mailer));
        let mut pushes = pushes::Pushes::new(self.app.clone(), stop.clone());
        let mut readings = upstreams::Readings::new(self.app.clone(), self.site.clone(), stop.clone());
        loop {
            let is_second = tokio::select! {
                is_on = next(&mut tick, stop) => {
                    if !is_on {
                        break;
                    }
                    true
                }
                () = self.app.storage.revoked() => false,
                () = jobs.freed() => false,
            };
            if let Err(error) = self.begin_jobs(&mut jobs, is_second).await {
                tracing::error!(error = %error, "Jobs could not be begun; they are tried again.");
            }
            if is_second
                && self.is_pushing.swap(false, Ordering::AcqRel)
                && let Err(error) = pushes.begin_due().await
            {
                tracing::error!(error = %error, "Apps that people are pushed to could not be looked at; it is tried again.");
            }
            if is_second
                && self.is_reading.swap(false, Ordering::AcqRel)
                && let Err(error) = readings.begin_due().await
            {
                tracing::error!(error = %error, "Directories could not be looked at; it is tried again.");
            }
        }
        tokio::join!(jobs.finish(), pushes.finish(), readings.finish());
    }

    /// Does what goes over many rows, a part in each second: nothing that has to be told waits behind it.
    async fn tend(&self, stop: &Stop) {
        let mut tick = seconds();
        let mut rules = rules::Rules::new(self.app.clone());
        let mut waiting = waiting::Waiting::new(self.app.clone());
        let mut policies = policies::Policies::new(self.app.clone());
        let mut recoveries = recoveries::Recoveries::new(self.app.clone(), self.site.clone());
        let (mut unsearchable, mut growing, mut directory) = (true, true, 0);
        let mut crowd: Option<Timestamp> = None;
        let (mut cleaning, mut sized, mut suspended) = (Timestamp(0), Timestamp(0), Timestamp(0));
        while next(&mut tick, stop).await {
            let revision = self.app.storage.revision(Revision::Directory);
            let has_changed = std::mem::replace(&mut directory, revision) != revision;
            unsearchable |= has_changed;
            growing |= has_changed;
            let now = self.app.clock.now();
            crowd = if has_changed && self.is_crowded().await { crowd.or(Some(now)) } else { None };
            if unsearchable && crowd.is_none_or(|since| now.since(since) >= SEARCH_WAITS) {
                unsearchable = self.make_searchable().await.unwrap_or_else(|error| {
                    tracing::error!(error = %error, "People could not be made ready for the search; it is tried again.");
                    true
                });
            }
            told(rules.go_on().await, "Rules of groups could not be followed; it is tried again.");
            told(
                waiting.go_on().await,
                "What outside systems said and means something now could not be followed; it is tried again.",
            );
            told(
                policies.go_on().await,
                "What rules of organizations say is over could not be ended; it is tried again.",
            );
            told(recoveries.go_on().await, "Links of recoveries that are due could not be mailed; it is tried again.");
            if growing && now.since(sized) >= SIZES_EVERY {
                (sized, growing) = (now, false);
                if let Err(error) = self.app.storage.learn_sizes().await {
                    tracing::error!(error = %error, "PostgreSQL could not be told to look at its tables; it looks by itself later.");
                }
            }
            if now.since(suspended) >= INACTIVITY_EVERY {
                suspended = now;
                if let Err(error) = inactivity::suspend(&self.app).await {
                    tracing::error!(error = %error, "Members who were not here for long could not be suspended; it is tried again.");
                }
            }
            if now.since(cleaning) >= CLEANING_EVERY {
                cleaning = now;
                if let Err(error) = cleaning::clean(&self.app).await {
                    tracing::error!(error = %error, "What has expired could not be removed; it is tried again.");
                }
                if let Err(error) = retention::tend(&self.app.storage, &self.app.context(Actor::Server)).await {
                    tracing::error!(error = %error, "Holds of records could not end; it is tried again.");
                }
            }
        }
    }

    /// Begins jobs that are due: each second if the look found some, and at once for whoever was just shut out.
    async fn begin_jobs(&self, jobs: &mut jobs::Running, is_second: bool) -> storage::Result<()> {
        let is_due = if is_second {
            self.is_due.swap(false, Ordering::AcqRel)
        } else {
            self.app.storage.read().await?.pulse(self.app.clock.now()).await?.due
        };
        if is_due { jobs.begin_due().await } else { Ok(()) }
    }

    /// Whether more people wait for the search than it takes in within a second.
    async fn is_crowded(&self) -> bool {
        search::are_waiting(&self.app.storage, BATCHES_A_SECOND).await.unwrap_or(false)
    }

    /// Takes new people into the search for a part of the second; whether there may be more.
    async fn make_searchable(&self) -> storage::Result<bool> {
        for _ in 0..BATCHES_A_SECOND {
            if !search::index_some(&self.app.storage).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Does what is due, in the database only when it is awake; whether something waits that will be due later.
    async fn look(&self, is_awake: bool) -> storage::Result<bool> {
        if is_awake {
            self.app.storage.refresh_revisions().await?;
        }
        if let Err(error) = self.app.tend_keys().await {
            tracing::error!(error = %error, "The signing keys could not be looked after; the present ones stay in use.");
        }
        scim::provider::write_due_uses(&self.app).await?;
        if !is_awake {
            return Ok(false);
        }
        let pulse = self.app.storage.read().await?.pulse(self.app.clock.now()).await?;
        self.is_due.store(pulse.due, Ordering::Release);
        self.is_pushing.store(pulse.pushing, Ordering::Release);
        self.is_reading.store(pulse.reading, Ordering::Release);
        if pulse.late {
            self.late.increment(backchannel_logout::alert(&self.app).await?);
        }
        if pulse.unsealed || self.sealer.is_behind() {
            self.sealer.seal(&self.app).await?;
        }
        Ok(pulse.waiting || pulse.pushing || pulse.reading || self.sealer.is_behind())
    }
}

/// Says that something failed that is tried again.
fn told<E: fmt::Display>(done: Result<(), E>, what: &'static str) {
    if let Err(error) = done {
        tracing::error!(error = %error, "{what}");
    }
}

fn seconds() -> Interval {
    let mut tick = interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}

/// Waits for the next second; `false` when the server is to stop.
async fn next(tick: &mut Interval, stop: &Stop) -> bool {
    tokio::select! {
        _ = tick.tick() => true,
        () = stop.requested() => false,
    }
}

#[cfg(test)]
mod tests;
