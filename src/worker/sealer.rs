//! Seals audit events, on the one node that holds the lease, and copies the heads to the file outside the database.
//!
//! What could not be written to the file, or was not because a node stopped in between or another held the lease, is
//! written later: the newest head of every chain that the file lacks.

use std::{
    collections::BTreeMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::hmac;

use crate::{
    app::App,
    audit::{Chain, chain::Head, heads::HeadsFile},
    clock::Timestamp,
    keys::{shared_key::SharedKey, store::SharedKeyFault},
    secret::ExposeSecret,
    storage::{self, Error},
};

/// Long enough that a busy second does not lose it, short enough that a dead node is replaced soon.
const LEASE: Duration = Duration::from_secs(5);

/// How long the file is waited for: whoever seals also learns, every second, what other nodes have revoked.
const PATIENCE: Duration = Duration::from_secs(1);

pub(super) struct Sealing {
    key: hmac::Key,
    heads: HeadsFile,
    outside: Mutex<Outside>,
    /// Held by whoever writes the file, who may hang on a disk that does not answer.
    writing: Arc<tokio::sync::Mutex<()>>,
}

/// What is known of the file.
#[derive(Default)]
struct Outside {
    /// The last link of each chain in it; none before it was read.
    last: Option<BTreeMap<Chain, i64>>,
    /// Since when nobody else can have sealed; none when the file may lack heads.
    whole_at: Option<Timestamp>,
    /// Whether the last attempt to write it failed.
    has_failed: bool,
}

/// A head with its MAC.
type Sealed = (Head, Vec<u8>);

impl Sealing {
    pub(super) async fn new(app: &App, heads: HeadsFile) -> Result<Self, SharedKeyFault> {
        let key = app.shared_key(SharedKey::AuditHeads).await?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
        Ok(Self { key, heads, outside: Mutex::default(), writing: Arc::default() })
    }

    /// Whether the file may lack heads, so that there is something to do even when no event waits.
    pub(super) fn is_behind(&self) -> bool {
        self.outside().whole_at.is_none()
    }

    pub(super) async fn seal(&self, app: &App) -> storage::Result<()> {
        let (key, node, now) = (self.key.clone(), app.node.clone(), app.clock.now());
        // Another node may have held the lease since this one let it go.
        let is_whole = self.outside().whole_at.is_some_and(|whole| now.since(whole) < LEASE);
        let heads = app
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    if !tx.leases().hold("audit-sealer", &node, now, LEASE).await? {
                        return Ok::<_, Error>(None);
                    }
                    let sealed = tx.audit().seal(&key, now).await?;
                    Ok(Some(if is_whole { sealed } else { tx.audit().newest_heads().await? }))
                })
            })
            .await?;
        let is_written = match heads {
            Some(heads) => self.write_missing(heads).await,
            None => false,
        };
        self.outside().whole_at = is_written.then_some(now);
        Ok(())
    }

    /// Appends those of `heads` that the file lacks; whether it has them all now.
    async fn write_missing(&self, heads: Vec<Sealed>) -> bool {
        let Ok(writing) = Arc::clone(&self.writing).try_lock_owned() else { return false };
        let (file, last) = (self.heads.clone(), self.outside().last.clone());
        let written = tokio::task::spawn_blocking(move || {
            let _writing = writing;
            let mut last = match last {
                Some(last) => last,
                None => file.last()?.into_iter().map(|(chain, (head, _))| (chain, head.seal)).collect(),
            };
            let is_missing = |(head, _): &Sealed| last.get(&head.chain).is_none_or(|known| *known < head.seal);
            let missing: Vec<Sealed> = heads.into_iter().filter(is_missing).collect();
            file.append(&missing)?;
            last.extend(missing.into_iter().map(|(head, _)| (head.chain, head.seal)));
            Ok::<_, io::Error>(last)
        });
        let written = match tokio::time::timeout(PATIENCE, written).await {
            Ok(written) => written.map_err(io::Error::other).flatten(),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        let mut outside = self.outside();
        let path = self.heads.path().display();
        match &written {
            Err(error) if !outside.has_failed => {
                tracing::error!(
                    %path, %error,
                    "The heads of the audit log cannot be written outside the database; it is tried again. Check the disk."
                );
            }
            Ok(_) if outside.has_failed => tracing::info!(%path, "The heads of the audit log are written again."),
            _ => {}
        }
        outside.has_failed = written.is_err();
        if let Ok(last) = written {
            outside.last = Some(last);
        }
        !outside.has_failed
    }

    fn outside(&self) -> MutexGuard<'_, Outside> {
        // Nothing panics while the lock is held.
        self.outside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{
        audit::{Actor, Event},
        config::{Config, Sources},
        directory::{self, organization},
        id::OrganizationId,
        random::Random,
    };

    async fn open(folder: &Path) -> App {
        let at = |name: &str| folder.join(name).display().to_string();
        let sources = Sources::none()
            .with("database.url", format!("sqlite:{}", at("lanyard.db")))
            .with("keys.folder", at("keys"))
            .with("audit.heads_file", at("disk/heads"));
        let clock = crate::clock::Clock::fixed(Timestamp(1_800_000_000_000));
        App::open(Config::load(&sources).unwrap(), clock, Random::system()).await.unwrap()
    }

    async fn sealing(app: &App) -> Sealing {
        Sealing::new(app, HeadsFile::at(app.config.audit.heads_file.clone())).await.unwrap()
    }

    async fn clinic(app: &App) -> OrganizationId {
        let context = app.context(Actor::Server);
        let made: directory::Result<_> = app
            .storage
            .write(move |tx| {
                Box::pin(async move {
                    organization::create(tx, &context, &"riverside".parse().unwrap(), &"Riverside".parse().unwrap())
                        .await
                })
            })
            .await;
        made.unwrap().id
    }

    async fn happen(app: &App, organization: Option<&OrganizationId>) {
        let (context, organization) = (app.context(Actor::Server), organization.cloned());
        let done: storage::Result<()> = app
            .storage
            .write(move |tx| {
                tx.record(&context, organization.as_ref(), &Event::Export { what: "test".into() });
                Box::pin(async { Ok(()) })
            })
            .await;
        done.unwrap();
    }

    fn outside(app: &App) -> Vec<i64> {
        let last = HeadsFile::at(app.config.audit.heads_file.clone()).last().unwrap();
        last.into_values().map(|(head, _)| head.seal).collect()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn heads_that_the_file_missed_are_written_once_it_can_be_written_again() {
        let folder = tempfile::tempdir().unwrap();
        let app = open(folder.path()).await;
        let (sealing, riverside) = (sealing(&app).await, clinic(&app).await);
        happen(&app, None).await;
        sealing.seal(&app).await.unwrap();
        assert_eq!(outside(&app), [1, 1]);
        assert!(!sealing.is_behind());

        std::fs::rename(folder.path().join("disk"), folder.path().join("away")).unwrap();
        std::fs::write(folder.path().join("disk"), "no folder").unwrap();
        happen(&app, Some(&riverside)).await;
        sealing.seal(&app).await.unwrap();
        happen(&app, None).await;
        sealing.seal(&app).await.unwrap();
        assert!(sealing.is_behind());

        std::fs::remove_file(folder.path().join("disk")).unwrap();
        std::fs::rename(folder.path().join("away"), folder.path().join("disk")).unwrap();
        sealing.seal(&app).await.unwrap();
        assert_eq!(outside(&app), [2, 2], "no event waits, and the heads are written all the same");
        assert!(!sealing.is_behind());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_file_that_hangs_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let app = open(folder.path()).await;
        let (sealing, heads) = (sealing(&app).await, folder.path().join("disk/heads"));
        std::fs::create_dir(folder.path().join("disk")).unwrap();
        // Whoever reads it waits until somebody writes.
        assert!(std::process::Command::new("mkfifo").arg(&heads).status().unwrap().success());
        for _ in 0..3 {
            happen(&app, None).await;
            tokio::time::timeout(2 * PATIENCE, sealing.seal(&app)).await.expect("in time").unwrap();
            assert!(sealing.is_behind());
        }
        assert!(app.storage.read().await.unwrap().audit().waiting().await.unwrap().is_none(), "sealed all the same");
        drop(std::fs::OpenOptions::new().write(true).open(&heads).unwrap());
        let _done = sealing.writing.lock().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_node_that_starts_or_takes_over_writes_what_others_could_not() {
        let folder = tempfile::tempdir().unwrap();
        let app = open(folder.path()).await;
        let (first, riverside) = (sealing(&app).await, clinic(&app).await);
        first.seal(&app).await.unwrap();
        let seal_alone = async || {
            let (key, now) = (first.key.clone(), app.clock.now());
            let sealed: storage::Result<_> =
                app.storage.write(move |tx| Box::pin(async move { tx.audit().seal(&key, now).await })).await;
            assert_eq!(sealed.unwrap().len(), 1);
        };
        // The node stopped between the commit and the file.
        happen(&app, Some(&riverside)).await;
        seal_alone().await;
        assert_eq!(outside(&app), [1]);
        let restarted = sealing(&app).await;
        assert!(restarted.is_behind());
        restarted.seal(&app).await.unwrap();
        assert_eq!(outside(&app), [2]);
        // Another node, whose file is another, held the lease for a while.
        happen(&app, Some(&riverside)).await;
        seal_alone().await;
        app.clock.advance(LEASE);
        happen(&app, None).await;
        restarted.seal(&app).await.unwrap();
        assert_eq!(outside(&app), [3, 1]);
    }
}
