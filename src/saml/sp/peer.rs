//! An identity provider with all that is known of it: its settings, its metadata, and our addresses for it. Metadata are
//! fetched when they are due, and kept: when they cannot be fetched, those that were hold on.

use std::time::Duration;

use super::settings::{Settings, Source};
use crate::{
    app::App,
    clock::Timestamp,
    id::UpstreamId,
    outbound::Bounds,
    saml::{
        metadata::{Binding, Endpoint, IdentityProvider},
        sp::settings,
        store::Fetched,
        xml::LARGEST_METADATA,
    },
    storage,
    upstream::{Kind, Upstream, mapping::Wrong},
};

/// How long metadata are taken for the present ones that say nothing, or less than the least or more than the most.
const USUALLY: Duration = Duration::from_secs(6 * 3600);
const AT_LEAST: Duration = Duration::from_secs(3600);
const AT_MOST: Duration = Duration::from_secs(24 * 3600);

/// How old metadata are at least that are fetched anew because a signature does not hold.
const CHANGING: Duration = Duration::from_secs(60);

/// How long what we say of ourselves holds: whoever has it reads it again before.
pub const LIFE: Duration = Duration::from_secs(7 * 86_400);

/// How long fetching may take.
const BOUNDS: Bounds = Bounds { longest: Duration::from_secs(10), largest: LARGEST_METADATA };

/// Why an identity provider cannot be used; for its administrator.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Its settings.
    #[error("its settings cannot be used: {0}")]
    Settings(#[from] Wrong),
    /// Its metadata.
    #[error("its metadata cannot be used: {0}")]
    Metadata(String),
}

/// How new metadata have to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// As they were fetched, whenever they are not due.
    Usual,
    /// A signature does not hold with those that are kept: they may have changed.
    Changed,
    /// As they are now.
    Now,
}

/// Our addresses for an identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// What we are called, which is where our metadata lie.
    pub entity_id: String,
    /// Where answers are sent.
    pub consumer: String,
    /// Where people are signed out.
    pub logout: String,
}

impl Addresses {
    /// Those for one.
    #[must_use]
    pub fn of(app: &App, upstream: &UpstreamId) -> Self {
        let at = |name: &str| app.config.server.issuer.at(&format!("/saml/{}/{name}", upstream.as_str()));
        Self { entity_id: at("metadata"), consumer: at("acs"), logout: at("slo") }
    }
}

/// An identity provider.
#[derive(Debug, Clone)]
pub struct Peer {
    /// As it is kept.
    pub upstream: Upstream,
    /// As it is described.
    pub settings: Settings,
    /// Our addresses for it.
    pub addresses: Addresses,
}

impl Peer {
    /// The one of this id; none where there is none that speaks SAML.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn find(app: &App, id: &str) -> Result<Option<Self>, Fault> {
        let id = UpstreamId::from_stored(id.to_owned());
        let found = app.storage.read().await?.upstreams().by_id(&id).await?;
        found.filter(|upstream| upstream.kind == Kind::Saml).map(|upstream| Self::of(app, upstream)).transpose()
    }

    /// This one.
    ///
    /// # Errors
    /// [`Fault`].
    pub fn of(app: &App, upstream: Upstream) -> Result<Self, Fault> {
        let settings = Settings::parse(&upstream.settings, app.clock.now())?;
        let addresses = Addresses::of(app, &upstream.id);
        Ok(Self { upstream, settings, addresses })
    }

    /// What it is.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn described(&self, app: &App, freshness: Freshness) -> Result<IdentityProvider, Fault> {
        let address = match &self.settings.source {
            Source::Here(described) => return Ok((**described).clone()),
            Source::Address(address) => address,
        };
        let now = app.clock.now();
        let kept = app.storage.read().await?.saml_metadata().of(&self.upstream.id).await?;
        let kept = kept.filter(|kept| kept.url == address.url.as_str());
        let read = kept.as_ref().map(|kept| (kept.at, address.read(kept.document.as_bytes(), now)));
        if let Some((at, Ok(described))) = &read {
            let is_new = match freshness {
                Freshness::Usual => now.since(*at) < due_after(described),
                Freshness::Changed => now.since(*at) < CHANGING,
                Freshness::Now => false,
            };
            if is_new {
                return Ok(described.clone());
            }
        }
        match (fetched(app, address, now).await, read) {
            (Ok((described, document)), _) => {
                self.keep(app, Fetched { url: address.url.to_string(), document, at: now }).await?;
                Ok(described)
            }
            (Err(_), Some((_, Ok(described)))) if freshness != Freshness::Now => Ok(described),
            (Err(why), _) => Err(Fault::Metadata(why)),
        }
    }

    async fn keep(&self, app: &App, fetched: Fetched) -> storage::Result<()> {
        let id = self.upstream.id.clone();
        app.storage.write(move |tx| Box::pin(async move { tx.saml_metadata().keep(&id, &fetched).await })).await
    }
}

async fn fetched(app: &App, address: &settings::Address, now: Timestamp) -> Result<(IdentityProvider, String), String> {
    let answer = app.outbound.get_within(&address.url, BOUNDS).await.map_err(|fault| fault.to_string())?;
    if !answer.is_success() {
        return Err(format!("{} answered {}", address.url, answer.status));
    }
    let described = address.read(&answer.body, now)?;
    let document = String::from_utf8(answer.body).map_err(|_| "they are not written in UTF-8".to_owned())?;
    Ok((described, document))
}

fn due_after(described: &IdentityProvider) -> Duration {
    described.cache.unwrap_or(USUALLY).clamp(AT_LEAST, AT_MOST)
}

/// Where a message goes: by the binding that is wanted, else by the first that is offered, Redirect before POST.
#[must_use]
pub fn chosen(endpoints: &[Endpoint], wanted: Option<Binding>) -> Option<&Endpoint> {
    let by = |binding| endpoints.iter().find(|endpoint| endpoint.binding == binding);
    wanted.and_then(by).or_else(|| by(Binding::Redirect)).or_else(|| by(Binding::Post))
}
