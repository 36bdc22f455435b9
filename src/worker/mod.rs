//! What happens without a request: jobs, seals, keys and cleaning up.
//!
//! One look per second wakes everything; an idle server does nothing else. Tasks that one node does for all are leased.

mod cleaning;
mod jobs;
mod sealer;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::{
    app::{App, storage_settings},
    audit::heads::HeadsFile,
    clock::Timestamp,
    directory::search,
    keys::store::SharedKeyFault,
    mail::Mailer,
    server::Stop,
    storage::{self, stillness::Stillness},
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
    /// Whether the last look found jobs.
    is_due: AtomicBool,
}

impl Worker {
    /// A worker that sends mail by `mailer`.
    ///
    /// # Errors
    /// When the key of the audit heads cannot be had.
    pub async fn new(app: App, mailer: Mailer) -> Result<Self, SharedKeyFault> {
        let heads = HeadsFile::at(app.config.audit.heads_file.clone());
        let sealer = sealer::Sealing::new(&app, heads).await?;
        Ok(Self { app, mailer: Arc::new(mailer), sealer, is_due: AtomicBool::new(false) })
    }

    /// Works until `stop`; finishes what it has begun.
    pub async fn run(self, stop: Stop) {
        tokio::join!(self.watch(&stop), self.work(&stop));
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

    /// Does what takes its time: jobs, which wait for other servers, and whatever goes over many rows.
    async fn work(&self, stop: &Stop) {
        let mut tick = seconds();
        let (mut cleaning, mut unsearchable) = (Timestamp(0), true);
        while next(&mut tick, stop).await {
            if self.is_due.swap(false, Ordering::AcqRel)
                && let Err(error) = jobs::run_due(&self.app, &self.mailer).await
            {
                tracing::error!(error = %error, "Jobs could not be begun; they are tried again.");
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

    /// Does what is due, in the database only when it is awake; whether something waits that will be due later.
    async fn look(&self, is_awake: bool) -> storage::Result<bool> {
        if is_awake {
            self.app.storage.refresh_revisions().await?;
        }
        if let Err(error) = self.app.tend_keys().await {
            tracing::error!(error = %error, "The signing keys could not be looked after; the present ones stay in use.");
        }
        if !is_awake {
            return Ok(false);
        }
        let pulse = self.app.storage.read().await?.pulse(self.app.clock.now()).await?;
        self.is_due.store(pulse.due, Ordering::Release);
        if pulse.unsealed || self.sealer.is_behind() {
            self.sealer.seal(&self.app).await?;
        }
        Ok(pulse.waiting || self.sealer.is_behind())
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
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::{
        audit::Actor,
        clock::Clock,
        config::{Config, Sources},
        jobs::Job,
        random::Random,
        server::Stopper,
        storage::{Revision, testing},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn a_mail_server_that_stays_silent_keeps_no_node_from_the_changes_of_others() {
        let (silent, database) = (TcpListener::bind("127.0.0.1:0").unwrap(), testing::sqlite().await);
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let sources = Sources::none()
            .with("database.url", &database.settings.url)
            .with("keys.folder", at("keys"))
            .with("audit.heads_file", at("heads"))
            .with("mail.smtp", format!("smtp+plain://127.0.0.1:{}", silent.local_addr().unwrap().port()))
            .with("mail.timeout", "20s");
        let app = App::attach(Config::load(&sources).unwrap(), Clock::System, Random::system()).await.unwrap();
        let letter = Job::SendMail {
            to: "olivia@riverside.example".into(),
            subject: "A new password".into(),
            text: String::new(),
            html: String::new(),
            mail: "password-reset".into(),
        };
        let (context, sealer) = (app.context(Actor::Server), Arc::clone(&app.sealer));
        let queued: storage::Result<_> = app
            .storage
            .write(move |tx| Box::pin(async move { tx.jobs().enqueue(&context, &sealer, &letter).await }))
            .await;
        queued.unwrap();

        let mailer = Mailer::new(&app.config.mail, app.clock.clone(), app.random.clone()).unwrap();
        let (_stopper, stop) = Stopper::new();
        let working = tokio::spawn(Worker::new(app.clone(), mailer).await.unwrap().run(stop));
        silent.set_nonblocking(true).unwrap();
        let silent = tokio::net::TcpListener::from_std(silent).unwrap();
        let _connection = tokio::time::timeout(Duration::from_secs(10), silent.accept()).await.expect("a letter");
        let (other, known) = (database.second_node().await, app.storage.revision(Revision::Revocations));
        let revoked: storage::Result<()> = other
            .write(|tx| {
                tx.bump(Revision::Revocations);
                Box::pin(async { Ok(()) })
            })
            .await;
        revoked.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_ne!(app.storage.revision(Revision::Revocations), known, "tokens of a leaver still count here");
        working.abort();
    }
}
