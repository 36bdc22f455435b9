//! Proving a password: the directory that has it compares it, on a connection of its own that ends with the answer.
//!
//! Whoever proves it is looked up first, by what stays of an entry: a name may be another person's by now. Looking up goes over
//! connections of the account that reads, a few of which are kept; a directory that did not answer is left alone for a moment, so
//! that whoever signs in next hears so at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{
    account::{Standing, standing},
    connection::{Connection, Entry, Query, Server},
    directory::{Directory, Reader, in_filter},
    settings::Settings,
    trouble::{Refusal, Trouble},
};
use crate::{
    app::App,
    clock::Timestamp,
    id::UpstreamId,
    secret::SecretString,
    upstream::{Upstream, UpstreamError, mapping::Wrong, registry},
};

/// People of one directory who prove passwords at a time; others wait.
const MOST_AT_ONCE: usize = 32;

/// Connections that are kept.
const MOST_KEPT: usize = 4;

/// How long a connection is kept: directories close what is idle.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// How long a directory is left alone that did not answer.
const LEFT_ALONE: Duration = Duration::from_secs(5);

/// Directories that were described before: as many as upstreams of a large server.
const MOST_DESCRIBED: usize = 1_000;

/// Why an upstream's directory cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The upstream.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// The settings, which were good when they were set.
    #[error("the settings of `{0}` cannot be read: {1}")]
    Settings(String, Wrong),
    /// Its certificates.
    #[error(transparent)]
    Directory(#[from] Trouble),
}

/// The directory that an upstream describes, with the password of the account that reads it.
///
/// # Errors
/// [`Unusable`].
pub async fn described(app: &App, upstream: &Upstream) -> Result<Directory, Unusable> {
    let settings =
        Settings::parse(&upstream.settings).map_err(|wrong| Unusable::Settings(upstream.name.to_string(), wrong))?;
    let mut tx = app.storage.read().await.map_err(UpstreamError::Storage)?;
    let secret = registry::secret(&mut tx, &app.sealer, upstream).await?;
    Ok(Directory::new(Arc::new(settings), app.outbound.clone(), secret)?)
}

/// The directories in which people of this server prove passwords; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Directories(Arc<Mutex<Described>>);

/// Each with the version of its description.
type Described = HashMap<UpstreamId, (i64, Arc<Asked>)>;

impl Directories {
    /// That of an upstream, as it is described now.
    ///
    /// # Errors
    /// [`Unusable`].
    pub async fn of(&self, app: &App, upstream: &Upstream) -> Result<Arc<Asked>, Unusable> {
        let is_current = |(version, _): &&(i64, Arc<Asked>)| *version == upstream.version;
        if let Some((_, known)) = self.all().get(&upstream.id).filter(is_current) {
            return Ok(Arc::clone(known));
        }
        let asked = Arc::new(Asked::new(described(app, upstream).await?));
        let mut all = self.all();
        if all.len() >= MOST_DESCRIBED {
            all.clear();
        }
        all.insert(upstream.id.clone(), (upstream.version, Arc::clone(&asked)));
        Ok(asked)
    }

    fn all(&self) -> std::sync::MutexGuard<'_, Described> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A directory in which people prove passwords.
#[derive(Debug)]
pub struct Asked {
    directory: Directory,
    at_once: Semaphore,
    kept: Mutex<Vec<Kept>>,
    left_alone_until: Mutex<Timestamp>,
}

/// A connection of the account that reads, to the server of this number.
#[derive(Debug)]
struct Kept {
    connection: Connection,
    server: usize,
    since: Timestamp,
}

impl Asked {
    fn new(directory: Directory) -> Self {
        Self {
            directory,
            at_once: Semaphore::new(MOST_AT_ONCE),
            kept: Mutex::default(),
            left_alone_until: Mutex::new(Timestamp(0)),
        }
    }

    /// Lets the directory compare the password of whoever has this anchor.
    ///
    /// # Errors
    /// [`Trouble::Credentials`] when the password is another, or the account may not be used; others when nobody could be
    /// asked.
    pub async fn prove(&self, anchor: &str, password: &SecretString, now: Timestamp) -> Result<(), Trouble> {
        let _turn = self.turn(now).await?;
        let done = self.compare(anchor, password, now).await;
        if let Err(trouble) = &done
            && trouble.is_of_the_server()
        {
            *lock(&self.left_alone_until) = now.plus(LEFT_ALONE);
        }
        done
    }

    async fn turn(&self, now: Timestamp) -> Result<SemaphorePermit<'_>, Trouble> {
        if *lock(&self.left_alone_until) > now {
            return Err(Trouble::Unreachable("it did not answer a moment ago".to_owned()));
        }
        let patience = self.directory.settings.patience;
        let turn = tokio::time::timeout(patience, self.at_once.acquire()).await;
        turn.ok().and_then(Result::ok).ok_or(Trouble::Late(patience))
    }

    async fn compare(&self, anchor: &str, password: &SecretString, now: Timestamp) -> Result<(), Trouble> {
        let servers = &self.directory.settings.servers;
        while let Some(Kept { connection, server, since }) = self.take(now) {
            let mut reader = Reader { directory: &self.directory, connection, server: &servers[server] };
            // It may have been closed over there, which says nothing of the directory.
            let Ok(found) = reader.person_of(anchor).await else { continue };
            match self.prove_at(&servers[server], (found, password), now).await {
                Err(trouble) if trouble.is_of_the_server() => lock(&self.kept).clear(),
                done => {
                    self.keep(Kept { connection: reader.connection, server, since });
                    return done;
                }
            }
        }
        let mut last = Trouble::Unreachable("no server is named".to_owned());
        for (number, server) in servers.iter().enumerate() {
            let done = async {
                let mut reader = self.directory.read_at(server).await.map_err(of_the_account)?;
                let found = reader.person_of(anchor).await?;
                self.keep(Kept { connection: reader.connection, server: number, since: now });
                self.prove_at(server, (found, password), now).await
            };
            match done.await {
                Err(trouble) if trouble.is_of_the_server() => last = trouble,
                done => return done,
            }
        }
        Err(last)
    }

    async fn prove_at(
        &self,
        server: &Server,
        (found, password): (Option<Entry>, &SecretString),
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let entry = found.ok_or(Trouble::Credentials(Refusal::Wrong))?;
        self.directory.prove(server, &entry.dn, password).await?;
        // Not every directory refuses a right password whose account has ended.
        match standing(&entry, self.directory.settings.preset, now) {
            Standing::Closed(_) => Err(Trouble::Credentials(Refusal::Disabled)),
            Standing::Open | Standing::Untold => Ok(()),
        }
    }

    fn take(&self, now: Timestamp) -> Option<Kept> {
        let mut kept = lock(&self.kept);
        kept.retain(|one| now.since(one.since) < KEPT_FOR);
        kept.pop()
    }

    fn keep(&self, one: Kept) {
        let mut kept = lock(&self.kept);
        if kept.len() < MOST_KEPT {
            kept.push(one);
        }
    }
}

/// A wrong password of the account that reads says nothing of whoever signs in: nobody could be asked.
fn of_the_account(trouble: Trouble) -> Trouble {
    match trouble {
        Trouble::Credentials(refusal) => Trouble::Denied(format!("the account that reads is not let in: {refusal}")),
        other => other,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reader<'_> {
    /// The person of an anchor, with what tells whether they may sign in; none where the directory has nobody.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn person_of(&mut self, anchor: &str) -> Result<Option<Entry>, Trouble> {
        let settings = &self.directory.settings;
        let preset = settings.preset;
        let filter = format!("(&{}({}={}))", settings.people.filter, preset.anchor(), in_filter(anchor, preset));
        let wanted: Vec<&str> = preset.states().iter().copied().chain([preset.anchor()]).collect();
        for base in &settings.people.bases {
            let query = Query { base, is_deep: true, filter: &filter, attributes: &wanted };
            let page = self.connection.page(&query, None).await?;
            if let Some(found) = page.entries.into_iter().next() {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }
}
