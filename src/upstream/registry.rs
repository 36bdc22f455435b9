//! The upstreams of an organization. What one is told by is TOML, as an administrator wrote it, comments and all: whoever
//! speaks the protocol of its kind reads it, before it is kept and each time that it is used. The secret lies apart, sealed.
//!
//! Each operation runs in the caller's unit of work and records its event there.

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    directory::{origin::Origin, provisioning::PRECEDENCES},
    id::{OrganizationId, UpstreamId},
    keys::{SealedColumn, Sealer, sealing::OpenFault},
    secret::{ExposeSecret, SecretString},
    storage::{self, Tx},
    text::{DomainName, Slug},
};

/// Upstreams of an organization.
pub const MOST: usize = 50;

/// Characters of settings.
pub const LONGEST_SETTINGS: usize = 64 * 1024;

/// How an upstream is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A directory, by LDAP.
    Ldap,
    /// An identity provider, by SAML 2.0.
    Saml,
    /// An identity provider, by OpenID Connect.
    Oidc,
}

impl Upstream {
    /// Where a browser is sent to sign in there; a directory has no pages.
    #[must_use]
    pub fn entrance(&self) -> Option<String> {
        match self.kind {
            Kind::Ldap => None,
            Kind::Saml => Some(format!("/saml/{}/start", self.id)),
            Kind::Oidc => Some(format!("/federation/{}/start", self.id)),
        }
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ldap, Self::Saml, Self::Oidc];

    /// The name, as stored and told.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ldap => "ldap",
            Self::Saml => "saml",
            Self::Oidc => "oidc",
        }
    }

    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// An upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its id.
    pub id: UpstreamId,
    /// Whose people it knows.
    pub organization: OrganizationId,
    /// What the organization calls it: unique among those that were not removed.
    pub name: Slug,
    /// How it is spoken to.
    pub kind: Kind,
    /// What it is told by: TOML.
    pub settings: String,
    /// Domains of the organization whose people are sent there to sign in: all of them where none is named.
    pub domains: Vec<DomainName>,
    /// Where several sources speak of the same member, the higher one goes first.
    pub precedence: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nobody is brought or let in by it.
    pub paused_at: Option<Timestamp>,
    /// Who paused it, as [`Origin`] writes it; nobody before it was begun.
    pub paused_by: Option<String>,
    /// Counts its changes.
    pub version: i64,
    /// Whether a reading wrote people and did not come to its end.
    pub is_unsettled: bool,
    /// What is known of reading it.
    pub progress: Progress,
}

/// How far reading has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// How far changes were followed, in the words of the kind; all is read where there is none.
    pub place: Option<String>,
    /// When it is read next.
    pub due_at: Timestamp,
    /// When all of it was read last.
    pub whole_at: Timestamp,
    /// Runs in a row that it did not let happen.
    pub failures: i64,
    /// Why the last one did not, and when that was.
    pub trouble: Option<(String, Timestamp)>,
    /// So many people are to be shut out that somebody has to say that it is meant.
    pub braked: Option<u64>,
    /// When somebody said so last.
    pub confirmed_at: Timestamp,
}

impl Progress {
    /// Nothing was read yet.
    pub(crate) const fn beginning(now: Timestamp) -> Self {
        Self {
            place: None,
            due_at: now,
            whole_at: Timestamp(0),
            failures: 0,
            trouble: None,
            braked: None,
            confirmed_at: Timestamp(0),
        }
    }
}

/// What a new upstream is made of.
#[derive(Debug)]
pub struct NewUpstream {
    /// What the organization calls it.
    pub name: Slug,
    /// How it is spoken to.
    pub kind: Kind,
    /// What it is told by, which was read before.
    pub settings: String,
    /// Domains whose people are sent there to sign in, as the settings say.
    pub domains: Vec<DomainName>,
    /// What lets us in; empty where nothing is needed.
    pub secret: SecretString,
    /// Who goes first.
    pub precedence: i64,
}

/// What is to be different; `None` stays as it is.
#[derive(Debug, Default)]
pub struct Changes {
    /// What it is told by, with the domains whose people are sent there to sign in.
    pub settings: Option<(String, Vec<DomainName>)>,
    /// What lets us in.
    pub secret: Option<SecretString>,
    /// Who goes first.
    pub precedence: Option<i64>,
}

/// Why nothing was changed; the message is for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// No such upstream.
    #[error("there is no upstream `{0}`")]
    Unknown(String),
    /// The name is in use.
    #[error("there is an upstream `{0}` already; choose another name, or `lanyard upstream set {0}`")]
    Taken(Slug),
    /// There are too many.
    #[error("an organization has at most {MOST} upstreams")]
    TooMany,
    /// The settings are too long.
    #[error("the settings have more than {LONGEST_SETTINGS} characters")]
    TooLong,
    /// The precedence.
    #[error("a precedence is a number from {} to {}", PRECEDENCES.start(), PRECEDENCES.end())]
    Precedence,
    /// Another node, or a command, reads it right now.
    #[error("somebody else is reading `{0}` right now; try again in a minute")]
    Busy(Slug),
    /// The secret was sealed with another master key.
    #[error("the secret of `{0}` cannot be opened: {1}")]
    Sealed(Slug, OpenFault),
}

/// What a [`Result`] of this module holds.
pub type Result<T> = std::result::Result<T, UpstreamError>;

/// Makes an upstream; it is paused.
///
/// # Errors
/// [`UpstreamError`].
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    sealer: &Sealer,
    organization: &OrganizationId,
    new: NewUpstream,
) -> Result<Upstream> {
    check(Some(&new.settings), Some(new.precedence))?;
    if tx.upstreams().list(organization).await?.len() >= MOST {
        return Err(UpstreamError::TooMany);
    }
    let id = UpstreamId::fresh(context.now, &context.random);
    let kept = sealed(sealer, &id, &new.secret);
    let upstream = Upstream {
        id,
        organization: organization.clone(),
        name: new.name,
        kind: new.kind,
        settings: new.settings,
        domains: new.domains,
        precedence: new.precedence,
        created_at: context.now,
        paused_at: Some(context.now),
        paused_by: None,
        version: 0,
        is_unsettled: false,
        progress: Progress::beginning(context.now),
    };
    if !tx.upstreams().insert(&upstream, &kept).await? {
        return Err(UpstreamError::Taken(upstream.name));
    }
    let event = Event::UpstreamCreation {
        upstream: upstream.id.clone(),
        name: upstream.name.to_string(),
        kind: upstream.kind.name().to_owned(),
    };
    tx.record(context, Some(organization), &event);
    Ok(upstream)
}

/// Changes an upstream; whoever has other settings is read as a whole next.
///
/// # Errors
/// [`UpstreamError`].
pub async fn change(
    tx: &mut Tx,
    context: &Context,
    sealer: &Sealer,
    before: &Upstream,
    changes: Changes,
) -> Result<Upstream> {
    check(changes.settings.as_ref().map(|(text, _)| text.as_str()), changes.precedence)?;
    let (settings, domains) = changes.settings.unwrap_or_else(|| (before.settings.clone(), before.domains.clone()));
    let after =
        Upstream { settings, domains, precedence: changes.precedence.unwrap_or(before.precedence), ..before.clone() };
    let differs = [
        ("settings", before.settings != after.settings),
        ("secret", changes.secret.is_some()),
        ("precedence", before.precedence != after.precedence),
    ];
    let attributes: Vec<_> = differs.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect();
    if attributes.is_empty() {
        return Ok(after);
    }
    let kept = changes.secret.map(|secret| sealed(sealer, &before.id, &secret));
    tx.upstreams().update(&after, kept.as_deref(), context.now).await?;
    let event = Event::UpstreamUpdate { upstream: after.id.clone(), attributes: attributes.join(" ") };
    tx.record(context, Some(&after.organization), &event);
    Ok(after)
}

/// Whether people are brought and let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody is.
    Paused,
    /// They are.
    Live,
}

/// Pauses or resumes; says whether that changed anything.
///
/// # Errors
/// When the database fails.
pub async fn switch(tx: &mut Tx, context: &Context, upstream: &Upstream, state: State) -> Result<bool> {
    let is_live = upstream.paused_at.is_none();
    if is_live == (state == State::Live) {
        return Ok(false);
    }
    tx.upstreams().switch(&upstream.id, state, Origin::of(context).as_str(), context.now).await?;
    let state = if is_live { "paused" } else { "live" }.to_owned();
    let event = Event::UpstreamSwitch { upstream: upstream.id.clone(), state };
    tx.record(context, Some(&upstream.organization), &event);
    Ok(true)
}

/// Removes an upstream with all that is remembered of it. Whom it brought stays a member, as people of the organization leave
/// them.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, context: &Context, upstream: &Upstream) -> Result<()> {
    tx.upstreams().remove(&upstream.id, context.now).await?;
    let event = Event::UpstreamRemoval { upstream: upstream.id.clone(), name: upstream.name.to_string() };
    tx.record(context, Some(&upstream.organization), &event);
    Ok(())
}

/// The upstream of this name that was not removed.
///
/// # Errors
/// [`UpstreamError::Unknown`], or when the database fails.
pub async fn find(tx: &mut Tx, organization: &OrganizationId, name: &Slug) -> Result<Upstream> {
    let found = tx.upstreams().by_name(organization, name).await?;
    found.ok_or_else(|| UpstreamError::Unknown(name.to_string()))
}

/// What lets us in.
///
/// # Errors
/// When it cannot be opened.
pub async fn secret(tx: &mut Tx, sealer: &Sealer, upstream: &Upstream) -> Result<SecretString> {
    let kept = tx.upstreams().sealed_secret(&upstream.id).await?;
    let opened = sealer.open(SealedColumn::UPSTREAM_SECRET, upstream.id.as_str(), &kept);
    let opened = opened.map_err(|fault| UpstreamError::Sealed(upstream.name.clone(), fault))?;
    Ok(String::from_utf8_lossy(opened.expose_secret()).into_owned().into())
}

fn sealed(sealer: &Sealer, id: &UpstreamId, secret: &SecretString) -> Vec<u8> {
    sealer.seal(SealedColumn::UPSTREAM_SECRET, id.as_str(), secret.expose_secret().as_bytes())
}

fn check(settings: Option<&str>, precedence: Option<i64>) -> Result<()> {
    if settings.is_some_and(|text| text.chars().count() > LONGEST_SETTINGS) {
        return Err(UpstreamError::TooLong);
    }
    if precedence.is_some_and(|number| !PRECEDENCES.contains(&number)) {
        return Err(UpstreamError::Precedence);
    }
    Ok(())
}
