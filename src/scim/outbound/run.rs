//! A run, from whoever asks for it: the lease, the way to the app, and what came of it.
//!
//! One runner at a time works on an app, over all nodes and commands: it holds a lease that it keeps while it lives. Every run
//! can be ended at any time: the next one goes on where it stood, and looks for what was sent and not written down.

use std::time::Duration;

use serde::Serialize;

use super::{
    changes,
    problem::Problem,
    remote::Remote,
    runner::Runner,
    target::{Result, Target, TargetError},
};
use crate::{
    app::App,
    audit::Actor,
    clock::Timestamp,
    id::TargetId,
    keys::SealedColumn,
    secret::ExposeSecret,
    storage::{self, Tx},
};

/// How long a runner that says nothing more keeps an app from others.
const LEASE: Duration = Duration::from_secs(90);

/// How often it says that it lives.
const BEAT: Duration = Duration::from_secs(20);

/// How often everything is compared.
pub const RECONCILE_EVERY: Duration = Duration::from_hours(24);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// What has changed here.
    Changes,
    /// Everything here against what is remembered.
    Sync,
    /// Everything here against everything there.
    Reconcile,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Changes => "changes",
            Self::Sync => "sync",
            Self::Reconcile => "reconcile",
        }
    }
}

/// Who asks for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// What is to be done.
    pub kind: Kind,
    /// Whether somebody said that many are meant to leave.
    pub is_confirmed: bool,
    /// Whether people whom only the app knows are to leave it.
    pub removes_unknown: bool,
    /// Who says so.
    pub by: Actor,
}

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Created.
    pub created: u64,
    /// Changed, adopted, or members of a group that joined or left.
    pub changed: u64,
    /// Deactivated or removed.
    pub left: u64,
    /// Refused.
    pub failed: u64,
    /// What the app had otherwise than it was told.
    pub drift: u64,
    /// Whom only the app knows: how many, and some of them.
    pub unknown: u64,
    /// Some of them.
    pub strangers: Vec<String>,
    /// Of those who were to be taken out, some whom the app keeps, with why.
    pub kept: Vec<String>,
    /// So many are to leave that nobody did.
    pub braked: Option<u64>,
    /// Why it ended early.
    pub problem: Option<Problem>,
}

/// What a run tells and is told while it goes on.
#[derive(Clone, Copy)]
pub struct Watch<'w> {
    /// Whether it is to end soon.
    pub halt: &'w (dyn Fn() -> bool + Send + Sync),
    /// Told after each round.
    pub tell: &'w (dyn Fn(&Report) + Send + Sync),
}

/// Why an app needs a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// What is new here concerns it; else something is left to do, or is tried again.
    pub has_news: bool,
    /// The last run found it out of reach.
    pub has_failed: bool,
}

/// Whether an app needs a run.
///
/// # Errors
/// When the database fails.
pub async fn need(tx: &mut Tx, id: &TargetId, now: Timestamp) -> storage::Result<Option<Need>> {
    let found = tx.targets().by_id(id).await?.filter(|target| target.paused_at.is_none());
    let Some(target) = found else { return Ok(None) };
    let progress = &target.progress;
    let has_news = changes::read(tx, &target, progress, now).await?.is_worth_a_run(progress);
    let need = Need { has_news, has_failed: progress.failures > 0 };
    Ok((has_news || progress.due_at <= now).then_some(need))
}

/// Does what there is to do for an app, if anything is: what a node does by itself.
///
/// # Errors
/// When the database fails.
pub async fn work(app: &App, id: &TargetId, halt: &(dyn Fn() -> bool + Send + Sync)) -> Result<()> {
    if need(&mut app.storage.read().await?, id, app.clock.now()).await?.is_none() {
        return Ok(());
    }
    let order = Order { kind: Kind::Changes, is_confirmed: false, removes_unknown: false, by: Actor::Server };
    match run(app, id, order, Watch { halt, tell: &|_| {} }).await {
        Err(TargetError::Busy(_)) => Ok(()),
        done => done.map(drop),
    }
}

/// Runs.
///
/// # Errors
/// [`TargetError`]; that the app cannot be reached is no error but part of the report.
pub async fn run(app: &App, id: &TargetId, order: Order, watch: Watch<'_>) -> Result<Report> {
    let target = app.storage.read().await?.targets().by_id(id).await?;
    let target = target.ok_or_else(|| TargetError::Unknown(id.to_string()))?;
    if !lease(app, id).await? {
        return Err(TargetError::Busy(target.name));
    }
    let done = tokio::select! {
        done = Box::pin(begin(app, id, order, watch)) => done,
        () = keep(app, id) => Err(TargetError::Busy(target.name)),
    };
    let (id, node) = (id.clone(), app.node.clone());
    let back = async move |tx: &mut Tx| tx.targets().give_back(&id, &node).await;
    app.storage.write(move |tx| Box::pin(async move { back(tx).await })).await.map_err(TargetError::Storage)?;
    done
}

async fn lease(app: &App, id: &TargetId) -> storage::Result<bool> {
    let (id, node, now) = (id.clone(), app.node.clone(), app.clock.now());
    let take = async move |tx: &mut Tx| tx.targets().lease(&id, &node, now, LEASE).await;
    app.storage.write(move |tx| Box::pin(async move { take(tx).await })).await
}

/// Keeps the lease; ends when it is lost.
async fn keep(app: &App, id: &TargetId) {
    loop {
        tokio::time::sleep(BEAT).await;
        if !lease(app, id).await.unwrap_or(false) {
            return;
        }
    }
}

/// The way to an app.
///
/// # Errors
/// When its token cannot be opened.
pub async fn remote(app: &App, target: &Target) -> Result<Remote> {
    let sealed = app.storage.read().await?.targets().sealed_token(&target.id).await?;
    let opened = app.sealer.open(SealedColumn::TARGET_TOKEN, target.id.as_str(), &sealed);
    let opened = opened.map_err(|fault| TargetError::Sealed(target.name.clone(), fault))?;
    let token = String::from_utf8_lossy(opened.expose_secret()).into_owned();
    Ok(Remote::new(app.outbound.clone(), target.url.clone(), token.into()))
}

async fn begin(app: &App, id: &TargetId, order: Order, watch: Watch<'_>) -> Result<Report> {
    // What it was before the lease may have changed since.
    let mut tx = app.storage.read().await?;
    let target = tx.targets().by_id(id).await?.ok_or_else(|| TargetError::Unknown(id.to_string()))?;
    let of = tx.organizations().by_id(&target.organization).await?;
    drop(tx);
    let slug = of.map_or_else(|| target.name.clone(), |of| of.slug);
    let remote = remote(app, &target).await?;
    Runner::new(app, (target, slug), &remote, order, watch).run().await
}
