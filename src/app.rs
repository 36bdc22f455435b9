//! The running application as every endpoint sees it: configuration, time, randomness, storage and keys.
//!
//! What a feature needs beyond it (a cache, a hasher) is a state of its own beside it; routers are generic over the
//! whole state and take their part by `FromRef`.

pub(crate) mod cache;
pub mod lock;
pub mod set_up;
mod signing_keys;
pub mod uses;

use std::{
    fs,
    io::ErrorKind,
    net::IpAddr,
    ops::Deref,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use aws_lc_rs::hmac;
use data_encoding::{BASE64, BASE64URL_NOPAD};

pub use signing_keys::{KeysFault, Rekeyed};
use uses::Uses;

use crate::{
    audit::{self, Actor},
    clock::Clock,
    config::Config,
    geography::{Countries, Place, Point},
    id::NodeId,
    jose::jwe,
    keys::{
        Keyring, Policy, SealedColumn, Sealer,
        master_key::{FILE_NAME, MasterKeyFault, MasterKeySource},
        shared_key::SharedKey,
        store::SharedKeyFault,
    },
    outbound::Outbound,
    random::Random,
    secret::{ExposeSecret, SecretSlice, TokenHash},
    storage::{self, Settings, Storage},
    telemetry::Metrics,
};

/// The running application; cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the application is made of.
pub struct Parts {
    /// What was configured.
    pub config: Config,
    /// Where time comes from.
    pub clock: Clock,
    /// Where randomness comes from.
    pub random: Random,
    /// The database.
    pub storage: Storage,
    /// What seals stored secrets.
    pub sealer: Arc<Sealer>,
    /// The signing keys.
    pub keyring: Arc<Keyring>,
    /// Keys that all nodes share, once they were started.
    shared: OnceLock<Shared>,
    /// The way to addresses of others.
    pub outbound: Outbound,
    /// The countries of addresses.
    pub countries: Arc<Countries>,
    /// Counters.
    pub metrics: Metrics,
    /// How often credentials were used, until that is written down.
    pub uses: Uses,
    /// This process among others on the same database.
    pub node: NodeId,
}

/// Keys that all nodes share and that requests need.
struct Shared {
    subjects: hmac::Key,
    encryption: jwe::PrivateKey,
    guessable: hmac::Key,
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why the application does not start; each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A folder cannot be made.
    #[error("the folder {path} cannot be made: {cause}")]
    Folder {
        /// Which folder.
        path: String,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The file of the database cannot be made or kept from others.
    #[error("the file {path} cannot be kept private: {cause}; it must belong to the account that runs Lanyard")]
    File {
        /// Which file.
        path: String,
        /// What the operating system said.
        cause: std::io::Error,
    },
    /// The database does not open.
    #[error("the database does not open: {0}")]
    Storage(#[from] storage::Error),
    /// The master key is gone, and a new one would open nothing.
    #[error(
        "there is no master key at {path}, and the database holds what its own alone can open: put your copy of it there"
    )]
    MasterKeyMissing {
        /// Where it has to be.
        path: String,
    },
    /// There is no master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyFault),
    /// A key that all nodes share cannot be read.
    #[error(transparent)]
    SharedKey(#[from] SharedKeyFault),
}

impl App {
    /// Opens the application: makes folders, brings the schema up to date, opens the database and loads the master key.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn open(config: Config, clock: Clock, random: Random) -> Result<Self, StartError> {
        if let Some(file) = config.database.file() {
            file.parent().map_or(Ok(()), folder_at)?;
            private_file_at(&file)?;
        }
        Storage::migrate(&storage_settings(&config)).await?;
        Self::attach(config, clock, random).await
    }

    /// Opens the application on a database as it is: nothing is brought up to date.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn attach(config: Config, clock: Clock, random: Random) -> Result<Self, StartError> {
        let storage = Storage::open(&storage_settings(&config)).await?;
        let source = master_key(&config);
        if let MasterKeySource::File(path) = &source {
            see_that_a_key_may_be_made(&storage, path).await?;
        }
        let (sealer, created) = Sealer::start(source, &random)?;
        if created {
            tracing::warn!(
                key.id = sealer.current_id(),
                path = set_up::master_key_file(&config).map(|path| path.display().to_string()),
                "Made a master key: keep a copy of it in a safe place, apart from the backups."
            );
        }
        let node = NodeId::fresh(clock.now(), &random);
        let keyring = Keyring::new(Policy::of(&config.keys, &config.tokens));
        let (sealer, keyring, metrics) = (Arc::new(sealer), Arc::new(keyring), Metrics::new());
        let outbound = Outbound::new(&config.outgoing, clock.clone());
        let countries = Arc::new(Countries::of(config.network.countries.as_deref()));
        Ok(Self(Arc::new(Parts {
            config,
            clock,
            random,
            storage,
            sealer,
            keyring,
            outbound,
            countries,
            metrics,
            uses: Uses::default(),
            node,
            shared: OnceLock::new(),
        })))
    }

    /// The context of a change made now by `actor`, outside of any request.
    #[must_use]
    pub fn context(&self, actor: Actor) -> audit::Context {
        audit::Context { actor, ..audit::Context::server(self.clock.now(), self.random.clone()) }
    }

    /// Where an address is.
    #[must_use]
    pub fn place_of(&self, address: IpAddr) -> Place {
        Place { address, country: self.countries.of_address(address) }
    }

    /// Where an address is on the globe, where that is known.
    #[must_use]
    pub fn point_of(&self, address: IpAddr) -> Option<Point> {
        self.countries.point_of(address)
    }

    /// The code of the country of an address as it is kept, where that is known.
    #[must_use]
    pub fn country_of(&self, address: &str) -> Option<String> {
        self.place_of(address.parse().ok()?).country.map(|country| country.to_string())
    }

    /// A text by which somebody is known in one place and not in another: the same for the same parts, for good.
    ///
    /// # Panics
    /// When the keys were not started ([`App::start_keys`]).
    #[must_use]
    pub fn pseudonym(&self, parts: [&str; 2]) -> String {
        let tag = hmac::sign(&self.shared().subjects, parts.join("\0").as_bytes());
        BASE64URL_NOPAD.encode(tag.as_ref())
    }

    /// A hash under which something is found again that could be guessed from a hash alone: of a telephone number, say.
    ///
    /// # Panics
    /// When the keys were not started ([`App::start_keys`]).
    #[must_use]
    pub fn keyed_hash(&self, parts: [&str; 2]) -> TokenHash {
        let tag = hmac::sign(&self.shared().guessable, parts.join("\0").as_bytes());
        TokenHash::from_stored(tag.as_ref()).expect("HMAC-SHA-256 gives 32 bytes")
    }

    /// The key that others encrypt to.
    ///
    /// # Panics
    /// When the keys were not started ([`App::start_keys`]).
    #[must_use]
    pub fn encryption(&self) -> &jwe::PrivateKey {
        &self.shared().encryption
    }

    fn shared(&self) -> &Shared {
        self.shared.get().expect("keys are started before requests are answered")
    }

    /// Loads the keys that all nodes share and that requests need; a command needs no others to find what requests count.
    ///
    /// # Errors
    /// When the database fails, or was written with another master key.
    pub async fn share_keys(&self) -> Result<(), SharedKeyFault> {
        let subjects = self.shared_key(SharedKey::Subjects).await?;
        let seed = self.shared_key(SharedKey::Encryption).await?;
        let encryption = jwe::PrivateKey::from_seed(seed.expose_secret());
        self.keyring.publish_encryption(encryption.jwk().clone());
        let guessable = self.shared_key(SharedKey::Guessable).await?;
        let mac = |key: &SecretSlice<u8>| hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
        let (subjects, guessable) = (mac(&subjects), mac(&guessable));
        // Another task of this node may have been quicker, with the same keys.
        let _ = self.shared.set(Shared { subjects, encryption, guessable });
        Ok(())
    }

    /// A key that all nodes share, made when it is first asked for.
    ///
    /// # Errors
    /// When the database fails or was sealed with another master key.
    pub async fn shared_key(&self, key: SharedKey) -> Result<SecretSlice<u8>, SharedKeyFault> {
        if let Some(found) = self.storage.read().await?.shared_keys().find(key, &self.sealer).await? {
            return Ok(found);
        }
        let (sealer, random, now) = (Arc::clone(&self.sealer), self.random.clone(), self.clock.now());
        self.storage
            .write(move |tx| Box::pin(async move { tx.shared_keys().obtain(key, &sealer, &random, now).await }))
            .await
    }
}

/// How the configured database is opened.
#[must_use]
pub fn storage_settings(config: &Config) -> Settings {
    Settings {
        url: config.database.url.expose_secret().to_owned(),
        readers: config.database.readers,
        writers: config.database.writers,
    }
}

/// Where the master key is kept.
#[must_use]
pub fn master_key(config: &Config) -> MasterKeySource {
    let given: Vec<_> = config.keys.master_keys.iter().map(|key| BASE64.encode(key.expose_secret())).collect();
    match given.as_slice() {
        [] => MasterKeySource::File(config.keys.folder.join(FILE_NAME)),
        keys => MasterKeySource::Text(keys.join(",").into()),
    }
}

/// A database that holds sealed values has a master key already: another would open none of them, and might be taken for it.
async fn see_that_a_key_may_be_made(storage: &Storage, path: &Path) -> Result<(), StartError> {
    if path.exists() {
        return Ok(());
    }
    let mut tx = storage.read().await?;
    for column in SealedColumn::ALL {
        // Another process may have made the key, and sealed with it, since it was looked for.
        if !tx.sealed_values(column).after("", 1).await?.is_empty() && !path.exists() {
            return Err(StartError::MasterKeyMissing { path: set_up::absolute(path).display().to_string() });
        }
    }
    Ok(())
}

fn folder_at(path: &Path) -> Result<(), StartError> {
    if path.as_os_str().is_empty() {
        return Ok(());
    }
    // Names and addresses of people lie in it: nobody else of this machine has to read them.
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|cause| StartError::Folder { path: path.display().to_string(), cause })
}

/// Makes the file of the database where there is none, for this account alone, and keeps others from one that is there
/// and from what lies beside it. `SQLite` gives its further files the permissions of the first.
fn private_file_at(path: &Path) -> Result<(), StartError> {
    let trouble = |path: &Path, cause| StartError::File { path: path.display().to_string(), cause };
    // One that is there is not opened: to close it would end the locks that this process holds on it.
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(cause) if cause.kind() != ErrorKind::AlreadyExists => return Err(trouble(path, cause)),
        _ => {}
    }
    for beside in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(beside);
        let file = PathBuf::from(name);
        let Ok(found) = fs::metadata(&file) else { continue };
        let mode = found.permissions().mode();
        if mode & 0o007 != 0 {
            let kept = fs::set_permissions(&file, fs::Permissions::from_mode(mode & 0o770));
            kept.map_err(|cause| trouble(&file, cause))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
