//! Our keys over time: the first is made when one is needed; a successor is announced, put to use when every identity provider
//! has it, and the former one removed.

use std::sync::Arc;

use super::{
    credential::{Credential, CredentialFault},
    store::StoredKey,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    keys::{Sealer, sealing::OpenFault},
    secret::ExposeSecret as _,
    storage::{self, Tx},
};

/// Keys at a time.
const MOST: usize = 5;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The key was sealed with another master key.
    #[error("a SAML key cannot be opened: {0}")]
    Sealed(#[from] OpenFault),
    /// It cannot be made or read.
    #[error(transparent)]
    Credential(#[from] CredentialFault),
    /// There is no such key.
    #[error("there is no SAML key `{0}`; `lanyard saml-key list` names them")]
    Unknown(String),
    /// It signs already.
    #[error("`{0}` signs already, or did before; only a key that is announced can be put to use")]
    InUse(String),
    /// Without it nothing could be signed.
    #[error("`{0}` is the one that signs; put another to use first")]
    Signing(String),
    /// There are too many.
    #[error("there are {MOST} SAML keys already; remove one that nobody needs any more")]
    TooMany,
}

/// The keys as they are used: the first signs, all open.
#[derive(Debug, Clone)]
pub struct OurKeys(Vec<Arc<Credential>>);

impl OurKeys {
    /// Those of the database; the first is made where there is none.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub async fn obtain(app: &App) -> Result<Self, KeyFault> {
        let stored = app.storage.read().await?.saml_keys().all().await?;
        if !stored.is_empty() {
            return Self::opened(&stored, &app.sealer);
        }
        make(app, &app.context(Actor::Server), Purpose::First).await?;
        Self::opened(&app.storage.read().await?.saml_keys().all().await?, &app.sealer)
    }

    fn opened(stored: &[StoredKey], sealer: &Sealer) -> Result<Self, KeyFault> {
        let open = |key: &StoredKey| -> Result<_, KeyFault> {
            Ok(Arc::new(Credential::read(key.open(sealer)?.expose_secret(), &key.certificate)?))
        };
        Ok(Self(stored.iter().map(open).collect::<Result<_, _>>()?))
    }

    /// The one that signs.
    ///
    /// # Errors
    /// When there is none at all.
    pub fn signing(&self) -> Result<&Arc<Credential>, CredentialFault> {
        self.0.first().ok_or(CredentialFault::MISSING)
    }

    /// All of them, the one that signs first.
    #[must_use]
    pub fn all(&self) -> Vec<&Credential> {
        self.0.iter().map(AsRef::as_ref).collect()
    }
}

/// What a new key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    /// There is none.
    First,
    /// It follows the one that signs.
    Successor,
}

/// Announces a successor; gives its name.
///
/// # Errors
/// [`KeyFault`].
pub async fn announce(app: &App, context: &Context) -> Result<String, KeyFault> {
    OurKeys::obtain(app).await?;
    make(app, context, Purpose::Successor).await
}

async fn make(app: &App, context: &Context, purpose: Purpose) -> Result<String, KeyFault> {
    let name = app.config.server.issuer.url().host_str().unwrap_or("lanyard").to_owned();
    let (now, random) = (context.now, app.random.clone());
    let made = tokio::task::spawn_blocking(move || Credential::generate(&name, now, &random)).await;
    let key = made.map_err(|_| CredentialFault::MISSING)??;
    let id = key.certificate().fingerprint()[..16].to_owned();
    let (own, context, sealer) = (id.clone(), context.clone(), app.sealer.clone());
    let work = async move |tx: &mut Tx| -> Result<(), KeyFault> {
        let present = tx.saml_keys().all().await?;
        if purpose == Purpose::First && !present.is_empty() {
            return Ok(());
        }
        if present.len() >= MOST {
            return Err(KeyFault::TooMany);
        }
        let turn = present.iter().map(|key| key.turn).max().unwrap_or(0) + 1;
        let used_at = (purpose == Purpose::First).then_some(context.now);
        if tx.saml_keys().insert((&own, &key), (turn, used_at), &sealer, context.now).await? {
            record(tx, &context, &own, if purpose == Purpose::First { "in use" } else { "announced" });
        }
        Ok(())
    };
    app.storage.write(move |tx| Box::pin(async move { work(tx).await })).await?;
    Ok(id)
}

/// Puts an announced key to use: it signs from now on.
///
/// # Errors
/// [`KeyFault`].
pub async fn put_to_use(tx: &mut Tx, context: &Context, id: &str) -> Result<(), KeyFault> {
    let key = find(tx, id).await?;
    if !tx.saml_keys().put_to_use(&key.id, context.now).await? {
        return Err(KeyFault::InUse(key.id));
    }
    record(tx, context, &key.id, "in use");
    Ok(())
}

/// Removes a key that does not sign: what is encrypted to it is not opened any more.
///
/// # Errors
/// [`KeyFault`].
pub async fn remove(tx: &mut Tx, context: &Context, id: &str) -> Result<(), KeyFault> {
    let key = find(tx, id).await?;
    if tx.saml_keys().all().await?.first().is_some_and(|first| first.id == key.id) {
        return Err(KeyFault::Signing(key.id));
    }
    tx.saml_keys().remove(&key.id).await?;
    record(tx, context, &key.id, "removed");
    Ok(())
}

async fn find(tx: &mut Tx, id: &str) -> Result<StoredKey, KeyFault> {
    let found = tx.saml_keys().all().await?.into_iter().find(|key| key.id == id);
    found.ok_or_else(|| KeyFault::Unknown(id.chars().take(64).collect()))
}

fn record(tx: &mut Tx, context: &Context, key: &str, state: &str) {
    tx.record(context, None, &Event::SamlKeyChange { key: key.to_owned(), state: state.to_owned() });
}

/// What is said of a key in lists.
#[must_use]
pub fn state(keys: &[StoredKey], key: &StoredKey) -> &'static str {
    match key.used_at {
        _ if keys.first().is_some_and(|first| first.id == key.id) => "signs",
        None => "announced",
        Some(_) => "on its way out",
    }
}

/// Whether a certificate ends so soon that somebody should act.
#[must_use]
pub fn ends_soon(ends_at: Timestamp, now: Timestamp) -> bool {
    const NOTICE: std::time::Duration = std::time::Duration::from_secs(30 * 86_400);
    ends_at <= now.plus(NOTICE)
}
