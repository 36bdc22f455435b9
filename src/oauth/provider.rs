//! OAuth as it runs: the application with the caches of this feature.

use std::{
    collections::{HashMap, HashSet},
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use super::{
    authorization::organization::Member,
    bearer::LiveToken,
    client::{Client, Registered},
    error::Error,
    grant::Standing,
    metadata::Metadata,
    redirect_uri::RedirectUri,
    store::Family,
    token::claims::detail,
};
use crate::{
    app::App,
    clock::Timestamp,
    config::{Rule, Tokens},
    directory::{
        access::{Access, Detail},
        organization::Organization,
    },
    id::{FamilyId, OrganizationId, UserId},
    keys::{Algorithm, Policy, SigningKey},
    limit::{Network, Recurrences, Throttle},
    secret::TokenHash,
    storage::{self, Revision},
};

/// The state of every endpoint of OAuth; cheap to clone.
#[derive(Clone)]
pub struct Provider(Arc<Parts>);

/// What it is made of.
pub struct Parts {
    /// The application.
    pub app: App,
    /// How many requests of strangers are kept for one network.
    pub(super) keeping: Throttle,
    /// Failed authentications by client and network; clients that are not registered are counted as one.
    pub(super) failures: Recurrences<(String, Network)>,
    clients: Cache<String, Arc<Registered>>,
    services: Cache<String, Arc<Service>>,
    memberships: Cache<UserId, Arc<(Timestamp, Vec<Member>)>>,
    standings: Cache<(UserId, OrganizationId, Detail), Arc<Standing>>,
    origins: Cache<(), Arc<HashSet<String>>>,
    /// Access tokens that were found to count, until anything is revoked or changed.
    pub(super) tokens: Cache<TokenHash, Arc<LiveToken>>,
    /// Authorizations behind them.
    pub(super) families: Cache<FamilyId, Arc<Family>>,
    metadata: Vec<u8>,
    jwks_caching: String,
}

/// What a service client is and may do in the organization that owns it.
#[derive(Debug)]
pub struct Service {
    /// The owner.
    pub organization: Organization,
    /// Its roles there.
    pub access: Access,
    loaded_at: Timestamp,
}

/// Roles that begin by the calendar are noticed this late at most; changes are noticed at once.
const LIFE: Duration = Duration::from_secs(10);

/// A clinic behind one address opens its apps in the morning; a stranger fills the database with no more than 4,000 requests
/// an hour.
const KEEPING: Rule = Rule { attempts: 300, recovery: Duration::from_secs(1), longest_wait: Duration::from_secs(60) };

impl Deref for Provider {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Provider {
    /// OAuth of this application.
    ///
    /// # Panics
    /// Never: the metadata are texts.
    #[must_use]
    pub fn new(app: App) -> Self {
        let metadata = serde_json::to_vec(&Metadata::of(app.config.server.issuer.as_str())).expect("texts are JSON");
        let max_age = Policy::of(&app.config.keys, &app.config.tokens).jwks_max_age();
        let jwks_caching = format!("public, max-age={}", max_age.as_secs());
        Self(Arc::new(Parts {
            keeping: Throttle::new(KEEPING, app.clock.clone(), &app.random),
            failures: Recurrences::new(app.clock.clone()),
            app,
            clients: Cache::default(),
            services: Cache::default(),
            memberships: Cache::default(),
            standings: Cache::default(),
            origins: Cache::default(),
            tokens: Cache::default(),
            families: Cache::default(),
            metadata,
            jwks_caching,
        }))
    }
}

impl Parts {
    /// The issuer identifier.
    #[must_use]
    pub fn issuer(&self) -> &str {
        self.app.config.server.issuer.as_str()
    }

    /// The metadata document.
    #[must_use]
    pub fn metadata(&self) -> Vec<u8> {
        self.metadata.clone()
    }

    /// How long the JWKS may be kept, as `Cache-Control` says it.
    #[must_use]
    pub fn jwks_caching(&self) -> &str {
        &self.jwks_caching
    }

    /// Configured lives.
    #[must_use]
    pub fn tokens(&self) -> &Tokens {
        &self.app.config.tokens
    }

    /// The key that signs.
    ///
    /// # Errors
    /// [`Error::NoKey`] while the first one is being made.
    pub fn signer(&self, algorithm: Algorithm) -> Result<Arc<SigningKey>, Error> {
        self.app.keyring.signer(algorithm).ok_or(Error::NoKey(algorithm))
    }

    /// How often each of these has changed; caches hold what was loaded after that.
    pub(super) fn revisions(&self, of: &[Revision]) -> Revisions {
        let mut counted = Revisions::default();
        for (place, what) in counted.iter_mut().zip(of) {
            *place = self.app.storage.revision(*what);
        }
        counted
    }

    /// The authorization behind a token, revoked or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn family(&self, id: &FamilyId) -> storage::Result<Option<Arc<Family>>> {
        let revision = self.revisions(&[Revision::Revocations]);
        if let Some(found) = self.families.find(id, revision) {
            return Ok(Some(found));
        }
        let Some(loaded) = self.app.storage.read().await?.families().by_id(id).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.families.keep(id.clone(), Arc::clone(&loaded), revision);
        Ok(Some(loaded))
    }

    /// How often authorizations were revoked; read before one that [`Parts::keep_family`] gets.
    #[must_use]
    pub fn revocations(&self) -> u64 {
        self.app.storage.revision(Revision::Revocations)
    }

    /// Keeps an authorization that was read after `revocations` was: whoever redeems a code asks about its token next.
    pub fn keep_family(&self, family: &Family, revocations: u64) {
        let mut revision = Revisions::default();
        revision[0] = revocations;
        self.families.keep(family.id.clone(), Arc::new(family.clone()), revision);
    }

    /// A registered client; `None` when there is none of this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client(&self, id: &str) -> storage::Result<Option<Arc<Registered>>> {
        let revision = self.revisions(&[Revision::Clients]);
        if let Some(found) = self.clients.find(id, revision) {
            return Ok(Some(found));
        }
        let Some(loaded) = self.app.storage.read().await?.clients().registered(id).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.clients.keep(id.to_owned(), Arc::clone(&loaded), revision);
        Ok(Some(loaded))
    }

    /// What a service client may do in the organization that owns it; `None` when that is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service(&self, client: &Client, owner: &OrganizationId) -> storage::Result<Option<Arc<Service>>> {
        let id = &client.id;
        let revision = self.revisions(&[Revision::Clients, Revision::Policies]);
        let now = self.app.clock.now();
        let is_young = |service: &Arc<Service>| is_young(service.loaded_at, &service.access, now);
        if let Some(found) = self.services.find(id.as_str(), revision).filter(is_young) {
            return Ok(Some(found));
        }
        let mut tx = self.app.storage.read().await?;
        let Some(organization) = tx.organizations().by_id(owner).await?.filter(Organization::is_active) else {
            return Ok(None);
        };
        let access = tx.access_with(detail(&client.scopes)).of_client(id, owner, now).await?;
        let service = Arc::new(Service { organization, access, loaded_at: now });
        self.services.keep(id.clone(), Arc::clone(&service), revision);
        Ok(Some(service))
    }

    /// The organizations that a person belongs to, in the order of their names; those that are active.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships(&self, user: &UserId) -> storage::Result<Vec<Member>> {
        let revision = self.revisions(&[Revision::Directory]);
        let now = self.app.clock.now();
        let kept = self.memberships.find(user, revision).filter(|kept| now.since(kept.0) < LIFE);
        let kept = if let Some(kept) = kept {
            kept
        } else {
            let members = self.app.storage.read().await?.memberships().active_of_user(user, now).await?;
            let loaded = Arc::new((now, members));
            self.memberships.keep(user.clone(), Arc::clone(&loaded), revision);
            loaded
        };
        Ok(kept.1.iter().filter(|(membership, _)| membership.is_active(now)).cloned().collect())
    }

    /// What the person of an authorization is and may do in its organization; `None` when the person, the
    /// membership or the organization is not active, or was not at some time since the authorization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, family: &Family) -> storage::Result<Option<Arc<Standing>>> {
        let revision = self.revisions(&[Revision::Directory]);
        let now = self.app.clock.now();
        let key = (family.user.clone(), family.organization.clone(), detail(&family.scopes));
        let is_young = |standing: &Arc<Standing>| is_young(standing.loaded_at, &standing.access, now);
        if let Some(found) = self.standings.find(&key, revision).filter(is_young) {
            return Ok(found.carries(family).then_some(found));
        }
        let mut tx = self.app.storage.read().await?;
        let Some(loaded) = Standing::load(&mut tx, (&key.0, &key.1, key.2), now).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.standings.keep(key, Arc::clone(&loaded), revision);
        Ok(loaded.carries(family).then_some(loaded))
    }

    /// Whether a script of this origin may call the endpoints for tokens: it is that of a registered browser app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allows_origin(&self, origin: &str) -> storage::Result<bool> {
        let revision = self.revisions(&[Revision::Clients]);
        if let Some(known) = self.origins.find(&(), revision) {
            return Ok(known.contains(origin));
        }
        let uris = self.app.storage.read().await?.clients().browser_redirect_uris().await?;
        let known: Arc<HashSet<String>> = Arc::new(uris.iter().filter_map(RedirectUri::origin).collect());
        self.origins.keep((), Arc::clone(&known), revision);
        Ok(known.contains(origin))
    }
}

fn is_young(loaded_at: Timestamp, access: &Access, now: Timestamp) -> bool {
    now.since(loaded_at) < LIFE && access.ends_at.is_none_or(|end| now < end)
}

/// Counters that a value depends on.
pub(super) type Revisions = [u64; 4];

/// Values of one revision; bounded.
pub(super) struct Cache<K, V>(Mutex<Kept<K, V>>);

struct Kept<K, V> {
    revision: Revisions,
    values: HashMap<K, V>,
}

/// More than a server has in use at once; beyond it a cache begins anew.
const MOST: usize = 4096;

impl<K, V> Default for Cache<K, V> {
    fn default() -> Self {
        Self(Mutex::new(Kept { revision: Revisions::default(), values: HashMap::new() }))
    }
}

impl<K: std::hash::Hash + Eq, V: Clone> Cache<K, V> {
    pub(super) fn find<Q: ?Sized + std::hash::Hash + Eq>(&self, key: &Q, revision: Revisions) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
    {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.revision == revision { kept.values.get(key).cloned() } else { None }
    }

    /// Keeps a value that was loaded after `revision` was read.
    pub(super) fn keep(&self, key: K, value: V, revision: Revisions) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.revision != revision || kept.values.len() >= MOST {
            kept.values.clear();
            kept.revision = revision;
        }
        kept.values.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_kept_for_its_revision_alone() {
        let cache: Cache<String, u8> = Cache::default();
        cache.keep("a".into(), 1, [1, 0, 0, 0]);
        assert_eq!(cache.find("a", [1, 0, 0, 0]), Some(1));
        assert_eq!(cache.find("a", [2, 0, 0, 0]), None);
        cache.keep("b".into(), 2, [2, 0, 0, 0]);
        assert_eq!((cache.find("a", [2, 0, 0, 0]), cache.find("b", [2, 0, 0, 0])), (None, Some(2)));
    }
}
