//! Targets: the apps that people and groups of an organization are pushed to.
//!
//! A target has an address and the token that lets us in, kept sealed; it says whom it is for, what the app is told of them
//! and what becomes of those who leave. It begins paused, so that somebody can look at what would happen. Whoever removes
//! one leaves the people who are in the app there.
//!
//! Each operation runs in the caller's unit of work and records its event there.

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    decision::Leaver,
    features::Features,
    mapping::{BadRule, Mapping},
    plan::Look,
    problem::Problem,
    reconcile::Crawl,
};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    directory::{self, origin::Origin},
    id::{GroupId, OrganizationId, TargetId},
    keys::{SealedColumn, Sealer},
    secret::{ExposeSecret, SecretString},
    storage::{self, Tx},
    text::Slug,
};

/// Targets of an organization.
pub const MOST: usize = 100;

/// Rules of a mapping.
pub const MOST_RULES: usize = 100;

/// Stands for who paused a target when a backup was restored.
pub const RESTORE: &str = "restore";

/// An app with how it is pushed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: TargetId,
    /// Whose people it gets.
    pub organization: OrganizationId,
    /// What the organization calls it: unique among those that were not removed.
    pub name: Slug,
    /// The address below which `/Users` is.
    pub url: Url,
    /// How it is pushed to.
    pub settings: Settings,
    /// Whose members it is for; everybody when empty.
    pub people: Vec<GroupId>,
    /// Groups that are pushed, unless all are.
    pub groups: Vec<GroupId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when nothing is pushed.
    pub paused_at: Option<Timestamp>,
    /// Who paused it, as [`Origin`] writes it, or [`RESTORE`]; nobody before it was begun.
    pub paused_by: Option<String>,
    /// What is known of it.
    pub progress: Progress,
}

/// How an app is pushed to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// What it is told of people.
    pub mapping: Mapping,
    /// What becomes of those who leave.
    pub leaver: Leaver,
    /// The share in percent that may leave within an hour without a word.
    pub brake: u8,
    /// Whether all groups are pushed.
    pub every_group: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { mapping: Mapping::default(), leaver: Leaver::default(), brake: 20, every_group: false }
    }
}

/// How far pushing has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Progress {
    /// What the app can do, once it was asked.
    pub features: Option<Features>,
    /// How far the audit log of the organization was read.
    pub seal: i64,
    /// How far that of the server was read.
    pub server_seal: i64,
    /// Up to when memberships that begin or end by themselves were looked for.
    pub looked_at: Timestamp,
    /// When there is something to do next.
    pub due_at: Timestamp,
    /// When all of it was compared last.
    pub reconciled_at: Timestamp,
    /// Runs in a row that the app did not let happen.
    pub failures: i64,
    /// Why the last one did not, and when that was.
    pub trouble: Option<(Problem, Timestamp)>,
    /// So many people are to leave that somebody has to say that it is meant.
    pub braked: Option<u64>,
    /// When somebody said so last.
    pub confirmed_at: Timestamp,
    /// How far the app was read, where that was begun and is not finished.
    pub crawl: Option<Crawl>,
    /// How far everybody here was looked at, likewise.
    pub survey: Option<Look>,
}

/// What a new target is made of, or a changed one.
#[derive(Debug)]
pub struct Wanted {
    /// The address.
    pub url: Url,
    /// What lets us in; as it was when `None`.
    pub token: Option<SecretString>,
    /// How it is pushed to.
    pub settings: Settings,
    /// Whose members it is for, by the slugs of groups.
    pub people: Vec<Slug>,
    /// Groups that are pushed, by their slugs.
    pub groups: Vec<Slug>,
}

/// Why nothing was changed; the message is for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The organization, or a group.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// No such target.
    #[error("there is no target `{0}`")]
    Unknown(String),
    /// The name is in use.
    #[error("there is a target `{0}` already; choose another name, or `lanyard scim-target change {0}`")]
    Taken(Slug),
    /// There are too many.
    #[error("an organization has at most {MOST} targets")]
    TooMany,
    /// A rule.
    #[error(transparent)]
    Rule(#[from] BadRule),
    /// There are too many rules.
    #[error("a mapping has at most {MOST_RULES} rules")]
    TooManyRules,
    /// The address.
    #[error("{0} has a query or a fragment: give the address below which `/Users` is, as https://app.example/scim/v2")]
    Address(Url),
    /// The token.
    #[error("the token is empty, or holds what no header may hold")]
    Token,
    /// Without a token nobody is let in.
    #[error("there is no token")]
    NoToken,
    /// Another node, or a command, pushes to it right now.
    #[error("somebody else is pushing to `{0}` right now; try again in a minute")]
    Busy(Slug),
    /// The app cannot be reached or does not let us.
    #[error("{problem}; {advice}", problem = .0, advice = .0.advice())]
    App(#[from] Problem),
    /// The token was sealed with another master key.
    #[error("the token of `{0}` cannot be opened: {1}")]
    Sealed(Slug, crate::keys::sealing::OpenFault),
}

/// What a [`Result`] of this module holds.
pub type Result<T> = std::result::Result<T, TargetError>;

/// Makes a target; it is paused.
///
/// # Errors
/// [`TargetError`].
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    sealer: &Sealer,
    organization: &OrganizationId,
    (name, wanted): (&Slug, Wanted),
) -> Result<Target> {
    check(&wanted)?;
    let token = wanted.token.as_ref().ok_or(TargetError::NoToken)?;
    let id = TargetId::fresh(context.now, &context.random);
    let kept = sealer.seal(SealedColumn::TARGET_TOKEN, id.as_str(), token.expose_secret().as_bytes());
    if tx.targets().list(organization).await?.len() >= MOST {
        return Err(TargetError::TooMany);
    }
    let target = Target {
        id,
        organization: organization.clone(),
        name: name.clone(),
        people: groups(tx, organization, &wanted.people).await?,
        groups: groups(tx, organization, &wanted.groups).await?,
        url: wanted.url,
        settings: wanted.settings,
        created_at: context.now,
        paused_at: Some(context.now),
        paused_by: None,
        progress: Progress {
            features: None,
            seal: 0,
            server_seal: 0,
            looked_at: context.now,
            due_at: context.now,
            reconciled_at: Timestamp(0),
            failures: 0,
            trouble: None,
            braked: None,
            confirmed_at: Timestamp(0),
            crawl: None,
            survey: None,
        },
    };
    if !tx.targets().insert(&target, &kept).await? {
        return Err(TargetError::Taken(name.clone()));
    }
    let event =
        Event::TargetCreation { target: target.id.clone(), name: name.to_string(), url: target.url.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(target)
}

/// Changes how an app is pushed to; everybody is compared in the next run.
///
/// # Errors
/// [`TargetError`].
pub async fn change(
    tx: &mut Tx,
    context: &Context,
    sealer: &Sealer,
    before: &Target,
    wanted: Wanted,
) -> Result<Target> {
    check(&wanted)?;
    let after = Target {
        people: groups(tx, &before.organization, &wanted.people).await?,
        groups: groups(tx, &before.organization, &wanted.groups).await?,
        url: wanted.url,
        settings: wanted.settings,
        ..before.clone()
    };
    let attributes = changed(before, &after, wanted.token.is_some());
    if attributes.is_empty() {
        return Ok(after);
    }
    let kept = wanted
        .token
        .map(|token| sealer.seal(SealedColumn::TARGET_TOKEN, before.id.as_str(), token.expose_secret().as_bytes()));
    tx.targets().update(&after, kept.as_deref(), context.now).await?;
    let event = Event::TargetUpdate { target: after.id.clone(), attributes };
    tx.record(context, Some(&after.organization), &event);
    Ok(after)
}

/// The names of what differs, for the audit log.
fn changed(before: &Target, after: &Target, has_new_token: bool) -> String {
    let members = [
        ("url", before.url != after.url),
        ("token", has_new_token),
        ("mapping", before.settings.mapping != after.settings.mapping),
        ("leaver", before.settings.leaver != after.settings.leaver),
        ("brake", before.settings.brake != after.settings.brake),
        ("people", before.people != after.people),
        ("groups", before.groups != after.groups || before.settings.every_group != after.settings.every_group),
    ];
    members.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
}

/// Whether nothing is pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nothing is pushed.
    Paused,
    /// Every change is pushed, and all that was missed.
    Live,
}

/// Pauses or resumes; says whether that changed anything.
///
/// # Errors
/// When the database fails.
pub async fn switch(tx: &mut Tx, context: &Context, target: &Target, state: State) -> Result<bool> {
    let is_live = target.paused_at.is_none();
    if is_live == (state == State::Live) {
        return Ok(false);
    }
    let by = Origin::of(context);
    tx.targets().switch(&target.id, state, by.as_str(), context.now).await?;
    let state = if is_live { "paused" } else { "live" }.to_owned();
    tx.record(context, Some(&target.organization), &Event::TargetSwitch { target: target.id.clone(), state });
    Ok(true)
}

/// Pauses every target: after a restore nobody knows what the apps were told since, nor whether this is the server that
/// pushes to them. Says how many there were.
///
/// # Errors
/// When the database fails.
pub async fn pause_all(tx: &mut Tx, context: &Context) -> storage::Result<usize> {
    let live = tx.targets().live().await?;
    for (organization, id) in &live {
        tx.targets().switch(id, State::Paused, RESTORE, context.now).await?;
        let event = Event::TargetSwitch { target: id.clone(), state: "paused".to_owned() };
        tx.record(context, Some(organization), &event);
    }
    Ok(live.len())
}

/// Removes a target with all that is remembered of it; whoever is in the app stays there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, context: &Context, target: &Target) -> Result<()> {
    tx.targets().remove(&target.id, context.now).await?;
    let event = Event::TargetRemoval { target: target.id.clone(), name: target.name.to_string() };
    tx.record(context, Some(&target.organization), &event);
    Ok(())
}

/// The target of this name that was not removed.
///
/// # Errors
/// [`TargetError::Unknown`], or when the database fails.
pub async fn find(tx: &mut Tx, organization: &OrganizationId, name: &Slug) -> Result<Target> {
    let found = tx.targets().by_name(organization, name).await?;
    found.ok_or_else(|| TargetError::Unknown(name.to_string()))
}

fn check(wanted: &Wanted) -> Result<()> {
    if wanted.url.query().is_some() || wanted.url.fragment().is_some() {
        return Err(TargetError::Address(wanted.url.clone()));
    }
    if wanted.settings.mapping.rules.len() > MOST_RULES {
        return Err(TargetError::TooManyRules);
    }
    for rule in &wanted.settings.mapping.rules {
        rule.check()?;
    }
    let fits = |token: &str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    match &wanted.token {
        Some(token) if !fits(token.expose_secret()) => Err(TargetError::Token),
        _ => Ok(()),
    }
}

async fn groups(tx: &mut Tx, organization: &OrganizationId, slugs: &[Slug]) -> Result<Vec<GroupId>> {
    if slugs.is_empty() {
        return Ok(vec![]);
    }
    let all = tx.groups().list(organization).await?;
    let find = |slug: &Slug| {
        let found = all.iter().find(|group| group.slug == *slug).map(|group| group.id.clone());
        found.ok_or_else(|| TargetError::Directory(directory::Noun::Group.unknown(slug)))
    };
    let mut found = slugs.iter().map(find).collect::<Result<Vec<_>>>()?;
    found.sort();
    found.dedup();
    Ok(found)
}
