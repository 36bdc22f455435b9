//! OAuth as it runs: the application with the caches of this feature.

use std::{collections::HashSet, net::IpAddr, ops::Deref, sync::Arc, time::Duration};

use tokio::sync::Semaphore;

use super::{
    authorization::organization::Member,
    bearer::LiveToken,
    client::{Client, Registered},
    client_certificate::Authorities,
    dpop::used::UsedProofs,
    dynamic::document::Reading,
    error::{Error, TooMany},
    grant::Standing,
    metadata::Metadata,
    redirect_uri::RedirectUri,
    store::Family,
    token::claims::detail,
    user_code::TypingLimit,
};
use crate::{
    app::{
        App,
        cache::{Cache, Moment},
    },
    config::{Rule, Tokens},
    directory::{
        access::{Access, Detail},
        organization::Organization,
    },
    id::{FamilyId, OrganizationId, UserId},
    jose::JwkSet,
    keys::{Algorithm, Policy, SigningKey},
    limit::{Network, Recurrences, Throttle, Verdict},
    policy::Policies,
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
    /// What organizations have set.
    pub policies: Policies,
    /// How many requests of strangers are kept for one network.
    keeping: Throttle,
    /// Request objects of others that are read at a time.
    pub(super) fetching: Semaphore,
    /// DPoP proofs that were used.
    pub(super) proofs: UsedProofs,
    /// Wrong codes of devices.
    pub(super) typing: TypingLimit,
    /// How many clients one network registers.
    pub(super) registering: Throttle,
    /// Failed authentications by client and network; clients that are not registered are counted as one.
    pub(super) failures: Recurrences<(String, Network)>,
    clients: Cache<String, Arc<Registered>>,
    services: Cache<String, Arc<Service>>,
    memberships: Cache<UserId, Arc<Vec<Member>>>,
    standings: Cache<(UserId, OrganizationId, Detail), Arc<Standing>>,
    origins: Cache<(), Arc<HashSet<String>>>,
    readings: Cache<String, Reading>,
    /// Keys that clients registered by value, parsed.
    pub(super) client_keys: Cache<String, Arc<JwkSet>>,
    /// Who may issue certificates of clients.
    pub(super) authorities: Authorities,
    /// Access tokens that were found to count, until anything is revoked or changed.
    pub(super) tokens: Cache<TokenHash, Arc<LiveToken>>,
    /// Authorizations behind them.
    pub(super) families: Cache<FamilyId, Arc<Family>>,
    metadata: Cache<(), Arc<Vec<u8>>>,
    jwks_caching: String,
}

/// What a service client is and may do in the organization that owns it.
#[derive(Debug)]
pub struct Service {
    /// The owner.
    pub organization: Organization,
    /// Its roles there.
    pub access: Access,
}

/// Request objects of others that are read at a time.
const FETCHING: usize = 4;

/// Why a request of somebody unknown is kept: each has a budget of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// An authorization request that comes back by GET.
    Authorization,
    /// One that was pushed.
    Pushed,
    /// That of a device.
    Device,
    /// That a proof was used.
    Proof,
}

/// A clinic behind one address opens its apps in the morning; a stranger fills the database with no more than 4,000 requests
/// an hour.
const KEEPING: Rule = Rule { attempts: 300, recovery: Duration::from_secs(1), longest_wait: Duration::from_secs(60) };

/// Clients are registered once in a while.
const REGISTERING: Rule =
    Rule { attempts: 30, recovery: Duration::from_secs(30), longest_wait: Duration::from_secs(600) };

impl Deref for Provider {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Provider {
    /// OAuth of this application.
    #[must_use]
    pub fn new(app: App) -> Self {
        let max_age = Policy::of(&app.config.keys, &app.config.tokens).jwks_max_age();
        let jwks_caching = format!("public, max-age={}", max_age.as_secs());
        Self(Arc::new(Parts {
            registering: Throttle::new(REGISTERING, app.clock.clone(), &app.random),
            fetching: Semaphore::new(FETCHING),
            proofs: UsedProofs::of(&app.storage, &app.random),
            keeping: Throttle::new(KEEPING, app.clock.clone(), &app.random),
            typing: TypingLimit::new(&app.clock, &app.random),
            failures: Recurrences::new(app.clock.clone()),
            policies: Policies::new(app.clone()),
            app,
            clients: Cache::of(&[Revision::Clients]),
            services: Cache::of(&[Revision::Clients, Revision::Policies]),
            memberships: Cache::of(&[Revision::Directory]),
            standings: Cache::of(&[Revision::Directory]),
            origins: Cache::of(&[Revision::Clients]),
            authorities: Authorities::default(),
            readings: Cache::of(&[Revision::Clients]),
            client_keys: Cache::of(&[Revision::Clients]),
            tokens: Cache::of(&[Revision::Revocations, Revision::Keys, Revision::Clients, Revision::Policies]),
            families: Cache::of(&[Revision::Revocations]),
            metadata: Cache::of(&[Revision::Clients]),
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

    /// Charges the network of `address` with one more request that is kept.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn may_keep(&self, what: Kept, address: IpAddr) -> Result<(), TooMany> {
        let key = [Network::from(address).octets().as_ref(), &[what as u8]].concat();
        match self.keeping.attempt(key) {
            Verdict::Allowed => Ok(()),
            Verdict::Wait(wait) => Err(TooMany(wait)),
        }
    }

    /// The metadata document.
    ///
    /// # Errors
    /// When the database fails.
    ///
    /// # Panics
    /// Never: the metadata are texts.
    pub async fn metadata(&self) -> storage::Result<Arc<Vec<u8>>> {
        let moment = self.metadata.moment(&self.app);
        if let Some(found) = self.metadata.find(&(), moment) {
            return Ok(found);
        }
        let types = self.app.storage.read().await?.clients().detail_types().await?;
        let document = Metadata { authorization_details_types_supported: types, ..Metadata::of(&self.app.config) };
        let document = Arc::new(serde_json::to_vec(&document).expect("texts are JSON"));
        self.metadata.keep((), Arc::clone(&document), moment);
        Ok(document)
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

    /// The authorization behind a token, revoked or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn family(&self, id: &FamilyId) -> storage::Result<Option<Arc<Family>>> {
        let moment = self.families.moment(&self.app);
        if let Some(found) = self.families.find(id, moment) {
            return Ok(Some(found));
        }
        let Some(loaded) = self.app.storage.read().await?.families().by_id(id).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.families.keep(id.clone(), Arc::clone(&loaded), moment);
        Ok(Some(loaded))
    }

    /// Taken before an authorization is read that [`Parts::keep_family`] gets.
    #[must_use]
    pub fn revocations(&self) -> Moment {
        self.families.moment(&self.app)
    }

    /// Keeps an authorization that was read after `moment`: whoever redeems a code asks about its token next.
    pub fn keep_family(&self, family: &Family, moment: Moment) {
        self.families.keep(family.id.clone(), Arc::new(family.clone()), moment);
    }

    /// A registered client; `None` when there is none of this id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn client(&self, id: &str) -> storage::Result<Option<Arc<Registered>>> {
        let moment = self.clients.moment(&self.app);
        if let Some(found) = self.clients.find(id, moment) {
            return Ok(Some(found));
        }
        let Some(loaded) = self.app.storage.read().await?.clients().registered(id).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.clients.keep(id.to_owned(), Arc::clone(&loaded), moment);
        Ok(Some(loaded))
    }

    /// What is known of the document whose address is the id of a client.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reading(&self, client: &str) -> storage::Result<Option<Reading>> {
        let moment = self.readings.moment(&self.app);
        if let Some(found) = self.readings.find(client, moment) {
            return Ok(Some(found));
        }
        let Some(loaded) = self.app.storage.read().await?.client_documents().of(client).await? else { return Ok(None) };
        self.readings.keep(client.to_owned(), loaded, moment);
        Ok(Some(loaded))
    }

    /// What a service client may do in the organization that owns it; `None` when that is disabled.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn service(&self, client: &Client, owner: &OrganizationId) -> storage::Result<Option<Arc<Service>>> {
        let id = &client.id;
        let moment = self.services.moment(&self.app);
        if let Some(found) = self.services.find(id.as_str(), moment) {
            return Ok(Some(found));
        }
        let now = self.app.clock.now();
        let mut tx = self.app.storage.read().await?;
        let Some(organization) = tx.organizations().by_id(owner).await?.filter(Organization::is_active) else {
            return Ok(None);
        };
        let access = tx.access_with(detail(&client.scopes)).of_client(id, owner, now).await?;
        let service = Arc::new(Service { organization, access });
        self.services.keep_until(id.clone(), Arc::clone(&service), (moment, service.access.ends_at));
        Ok(Some(service))
    }

    /// The organizations that a person belongs to, in the order of their names; those that are active.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn memberships(&self, user: &UserId) -> storage::Result<Vec<Member>> {
        let (moment, now) = (self.memberships.moment(&self.app), self.app.clock.now());
        let members = if let Some(kept) = self.memberships.find(user, moment) {
            kept
        } else {
            let loaded = Arc::new(self.app.storage.read().await?.memberships().active_of_user(user, now).await?);
            self.memberships.keep(user.clone(), Arc::clone(&loaded), moment);
            loaded
        };
        Ok(members.iter().filter(|(membership, _)| membership.is_active(now)).cloned().collect())
    }

    /// What the person of an authorization is and may do in its organization; `None` when the person, the
    /// membership or the organization is not active, or was not at some time since the authorization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, family: &Family) -> storage::Result<Option<Arc<Standing>>> {
        let found = self.standing_in(&family.user, &family.organization, detail(&family.told())).await?;
        Ok(found.filter(|standing| standing.carries(family)))
    }

    /// The same of a person in an organization, whatever it is asked for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing_in(
        &self,
        user: &UserId,
        organization: &OrganizationId,
        detail: Detail,
    ) -> storage::Result<Option<Arc<Standing>>> {
        let moment = self.standings.moment(&self.app);
        let key = (user.clone(), organization.clone(), detail);
        if let Some(found) = self.standings.find(&key, moment) {
            return Ok(Some(found));
        }
        let (mut tx, now) = (self.app.storage.read().await?, self.app.clock.now());
        let Some(loaded) = Standing::load(&mut tx, (&key.0, &key.1, key.2), now).await? else { return Ok(None) };
        let loaded = Arc::new(loaded);
        self.standings.keep_until(key, Arc::clone(&loaded), (moment, loaded.access.ends_at));
        Ok(Some(loaded))
    }

    /// Whether a script of this origin may call the endpoints for tokens: it is that of a registered browser app.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn allows_origin(&self, origin: &str) -> storage::Result<bool> {
        let moment = self.origins.moment(&self.app);
        if let Some(known) = self.origins.find(&(), moment) {
            return Ok(known.contains(origin));
        }
        let uris = self.app.storage.read().await?.clients().browser_redirect_uris().await?;
        let known: Arc<HashSet<String>> = Arc::new(uris.iter().filter_map(RedirectUri::origin).collect());
        self.origins.keep((), Arc::clone(&known), moment);
        Ok(known.contains(origin))
    }
}
