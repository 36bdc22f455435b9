//! A provider that an organization trusts, and this server as it knows it.

use url::Url;

use super::{
    Identity, Settings, Trouble,
    asking::{self, Wish},
    exchange::{self, Party},
    groups, id_token,
    metadata::Metadata,
    pending::{self, Pending},
    userinfo,
};
use crate::{
    app::App,
    federation::ExternalIdentity,
    id::UpstreamId,
    storage,
    upstream::{Kind, Upstream, registry},
    web::{Browser, ReturnTo, Site},
};

/// A provider.
#[derive(Debug, Clone)]
pub struct Provider {
    /// The upstream.
    pub upstream: Upstream,
    /// What it is told by.
    pub settings: Settings,
    callback: Url,
}

/// Where a provider, and the browsers that it sends, find us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addresses {
    /// Where browsers come back to: the redirect URI.
    pub callback: String,
    /// Where it tells that somebody signed out.
    pub backchannel_logout: String,
    /// The same by a browser.
    pub frontchannel_logout: String,
}

/// Those of an upstream.
#[must_use]
pub fn addresses(site: &Site, upstream: &UpstreamId) -> Addresses {
    let at = |end: &str| site.address_of(&format!("/federation/{upstream}/{end}"));
    Addresses {
        callback: at("callback"),
        backchannel_logout: at("backchannel-logout"),
        frontchannel_logout: at("frontchannel-logout"),
    }
}

/// What a browser brought back (RFC 6749 §4.1.2).
#[derive(Debug, Clone, Copy, Default)]
pub struct Answer<'a> {
    /// `state`.
    pub state: Option<&'a str>,
    /// `iss` (RFC 9207).
    pub issuer: Option<&'a str>,
    /// `code`.
    pub code: Option<&'a str>,
    /// `error`.
    pub error: Option<&'a str>,
}

/// Why there is no answer, or none that counts.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The provider.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// Its secret cannot be opened.
    #[error(transparent)]
    Registry(#[from] registry::UpstreamError),
}

impl Provider {
    /// The one with this id, while it is trusted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(app: &App, site: &Site, id: &str) -> storage::Result<Option<Self>> {
        let Ok(id) = id.parse::<UpstreamId>() else { return Ok(None) };
        let found = app.storage.read().await?.upstreams().by_id(&id).await?;
        let found = found.filter(|upstream| upstream.kind == Kind::Oidc && upstream.paused_at.is_none());
        Ok(found.and_then(|upstream| {
            let settings = Settings::parse(&upstream.settings)
                .inspect_err(|wrong| tracing::error!(upstream.id = %upstream.id, %wrong, "Settings cannot be read."))
                .ok()?;
            let callback = addresses(site, &upstream.id).callback.parse().ok()?;
            Some(Self { upstream, settings, callback })
        }))
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn metadata(&self, app: &App) -> Result<Metadata, Trouble> {
        Metadata::of(&app.outbound, &self.settings).await
    }

    /// Where a browser is sent, which is remembered.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn begin(
        &self,
        app: &App,
        (site, browser): (&Site, &Browser),
        (back, wish): (ReturnTo, Wish),
    ) -> Result<Url, Fault> {
        let metadata = self.metadata(app).await?;
        let max_age = wish.max_age.filter(|_| self.settings.preset.answers_max_age());
        let pending = Pending { back, version: self.upstream.version, max_age };
        let (site, browser, upstream, now) = (site.clone(), browser.clone(), self.upstream.id.clone(), app.clock.now());
        let work = app.storage.write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move { pending::begin(tx, (&site, &browser), &upstream, &pending, now).await })
        });
        let bound = work.await?;
        let wish = Wish { max_age, ..wish };
        Ok(asking::address((&metadata, &self.settings), &self.callback, &bound, &wish)?)
    }

    /// Who it is whom a browser brings back, and where it goes on to.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn finish(
        &self,
        app: &App,
        (site, browser): (&Site, Option<&Browser>),
        answer: Answer<'_>,
    ) -> Result<(ExternalIdentity, ReturnTo), Fault> {
        let (Some(state), Some(browser)) = (answer.state, browser) else { return Err(Trouble::State.into()) };
        let now = app.clock.now();
        let key = (site.clone(), browser.clone(), self.upstream.id.clone(), state.to_owned());
        let work = app.storage.write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let (site, browser, upstream, state) = key;
                pending::take(tx, (&site, &browser), (&upstream, &state), now).await
            })
        });
        let (pending, bound) = work.await?.ok_or(Trouble::State)?;
        let metadata = self.metadata(app).await?;
        // RFC 9207 §2.4: an answer of another issuer is not for us, and its code not for this provider.
        let is_its_own = match answer.issuer {
            Some(issuer) => issuer == self.settings.issuer,
            None => !metadata.authorization_response_iss_parameter_supported,
        };
        if !is_its_own {
            return Err(Trouble::MixedUp.into());
        }
        let Some(code) = answer.code.filter(|_| answer.error.is_none()) else {
            let said = answer.error.unwrap_or("nothing");
            return Err(Trouble::Denied(crate::text::echo(said)).into());
        };
        let secret = registry::secret(&mut app.storage.read().await?, &app.sealer, &self.upstream).await?;
        let party = Party { settings: &self.settings, secret: &secret, callback: &self.callback };
        let tokens = exchange::redeem((&app.outbound, &app.random, now), &metadata, &party, (code, &bound)).await?;
        let known = (&metadata, &self.settings);
        let asked = id_token::Asked { bound: &bound, max_age: pending.max_age, access: &tokens.access };
        let mut identity = id_token::read(&app.outbound, known, &tokens.id, asked, now).await?;
        if self.settings.asks_userinfo {
            userinfo::add(&app.outbound, known, &tokens.access, &mut identity).await?;
        }
        groups::add(&app.outbound, &self.settings.groups, &tokens.access, &mut identity).await?;
        Ok((self.vouching(identity, pending.version), pending.back))
    }

    /// Whatever was changed since somebody was sent there is seen by its version.
    fn vouching(&self, identity: Identity, version: i64) -> ExternalIdentity {
        let trusts = self.settings.trusts_addresses;
        let identity = if trusts { identity } else { identity.without_doubtful_address() };
        ExternalIdentity {
            upstream: Upstream { version, ..self.upstream.clone() },
            said: identity.said(),
            subject: identity.subject,
            context: identity.acr,
            methods: identity.amr,
            session: identity.session,
        }
    }
}
