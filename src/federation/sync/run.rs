//! A run, from whoever asks for it: the lease, the way to the directory, and what came of it.
//!
//! One node or command at a time reads a directory. A run may end at any time: what it wrote is compared with what is told in
//! the next one, and costs nothing then.

use std::{sync::Arc, time::Duration};

use super::{
    changes::{Changes, Place},
    difference::Differences,
    leavers::Leave,
    pass::{End, Pass},
    reading::Watch,
};
use crate::{
    app::App,
    audit::{Actor, Event},
    clock::Timestamp,
    federation::voice::Voice,
    id::{UpstreamId, UpstreamRunId},
    ldap::{self, Directory, Settings, Unusable},
    secret::sha256,
    storage::{self, Tx},
    upstream::{
        Upstream, UpstreamError,
        registry::Progress,
        run::{Extent, Report, Run},
    },
    web::Site,
};

/// Stands for what is remembered of an entry: where that is more than it was, all entries are looked at again.
const READ_AS: &[u8] = b"2";

/// How long a reader that says nothing more keeps others away.
const LEASE: Duration = Duration::from_secs(90);

/// How often it says that it lives.
const BEAT: Duration = Duration::from_secs(20);

/// A directory that does not answer is asked again after this at the latest.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// A reading that takes longer is given up; the first ones may take four times as long.
const LONGEST: Duration = Duration::from_secs(1800);

/// While so many are to be shut out that nobody is, all is read this often, in case it was a mistake over there.
const BRAKED_EVERY: Duration = Duration::from_secs(600);

/// Who asks for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// How much is read at least.
    pub extent: Extent,
    /// Whether somebody said that many are meant to be shut out.
    pub is_confirmed: bool,
    /// Who asks.
    pub by: Actor,
}

/// Why a run did not happen; that the directory does not answer is told in the [`Report`].
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The upstream.
    #[error(transparent)]
    Upstream(#[from] UpstreamError),
    /// What it describes.
    #[error(transparent)]
    Unusable(#[from] Unusable),
}

impl From<storage::Error> for RunError {
    fn from(error: storage::Error) -> Self {
        Self::Upstream(error.into())
    }
}

/// What a [`Result`] of this module holds.
pub type Result<T> = std::result::Result<T, RunError>;

/// Reads a directory whose time has come: what a node does by itself.
///
/// # Errors
/// [`RunError`].
pub async fn work(app: &App, site: &Site, id: &UpstreamId, halt: &(dyn Fn() -> bool + Send + Sync)) -> Result<()> {
    let order = Order { extent: Extent::Changes, is_confirmed: false, by: Actor::Server };
    match run(app, site, id, order, Watch { halt, tell: &|_| {} }).await {
        Err(RunError::Upstream(UpstreamError::Busy(_))) => Ok(()),
        done => done.map(drop),
    }
}

/// Reads a directory, and lets follow what it says.
///
/// # Errors
/// [`RunError`].
pub async fn run(app: &App, site: &Site, id: &UpstreamId, order: Order, watch: Watch<'_>) -> Result<Report> {
    let upstream = existing(app, id).await?;
    if !lease(app, id).await? {
        return Err(UpstreamError::Busy(upstream.name).into());
    }
    let done = tokio::select! {
        done = Box::pin(begin(app, site, id, order, watch)) => done,
        () = keep(app, id) => Err(UpstreamError::Busy(upstream.name).into()),
    };
    let (id, node) = (id.clone(), app.node.clone());
    let back = async move |tx: &mut Tx| tx.upstreams().give_back(&id, &node).await;
    app.storage.write(move |tx| Box::pin(async move { back(tx).await })).await.map_err(UpstreamError::Storage)?;
    done
}

/// Reads all of a directory and tells what would follow: `most` people and groups one by one.
///
/// # Errors
/// [`RunError`].
pub async fn preview(
    app: &App,
    site: &Site,
    upstream: &Upstream,
    (most, watch): (usize, Watch<'_>),
) -> Result<(Report, Differences)> {
    let reading = Reading::of(app, site, upstream).await?;
    let mut pass = reading.pass(app);
    pass.differences = Some(Differences::of(most));
    let done = async {
        let mut reader = reading.directory.read().await?;
        pass.whole(&mut reader, &Leave { confirmed_at: Timestamp(0), confirmed: None }, watch).await
    };
    match done.await {
        Err(End::Here(error)) => return Err(error.into()),
        Err(end) => pass.report.problem = told(&end),
        Ok(()) => {}
    }
    let differences = pass.differences.take().unwrap_or_else(|| Differences::of(0));
    Ok((pass.report, differences))
}

async fn existing(app: &App, id: &UpstreamId) -> Result<Upstream> {
    let found = app.storage.read().await?.upstreams().by_id(id).await?;
    Ok(found.ok_or_else(|| UpstreamError::Unknown(id.to_string()))?)
}

async fn lease(app: &App, id: &UpstreamId) -> storage::Result<bool> {
    let (id, node, now) = (id.clone(), app.node.clone(), app.clock.now());
    let take = async move |tx: &mut Tx| tx.upstreams().lease(&id, &node, now, LEASE).await;
    app.storage.write(move |tx| Box::pin(async move { take(tx).await })).await
}

/// Keeps the lease; ends when it is lost.
async fn keep(app: &App, id: &UpstreamId) {
    loop {
        tokio::time::sleep(BEAT).await;
        if !lease(app, id).await.unwrap_or(false) {
            return;
        }
    }
}

/// What a reading is made of.
struct Reading {
    directory: Directory,
    voice: Voice,
    salt: Vec<u8>,
}

impl Reading {
    async fn of(app: &App, site: &Site, upstream: &Upstream) -> Result<Self> {
        let directory = ldap::described(app, upstream).await?;
        let of = app.storage.read().await?.organizations().by_id(&upstream.organization).await?;
        let of = of.ok_or_else(|| UpstreamError::Unknown(upstream.name.to_string()))?;
        let voice = Voice {
            context: app.context(Actor::Upstream(upstream.id.to_string())),
            upstream: upstream.id.clone(),
            version: upstream.version,
            of: Arc::new(of),
            roles: directory.settings.roles.clone().into(),
            site: site.clone(),
            sealer: Arc::clone(&app.sealer),
        };
        Ok(Self {
            directory,
            voice,
            salt: sha256([READ_AS, upstream.settings.as_bytes()].concat().as_slice()).to_vec(),
        })
    }

    fn pass<'p>(&self, app: &'p App) -> Pass<'p> {
        Pass::new(app, Arc::clone(&self.directory.settings), self.voice.clone(), self.salt.clone())
    }
}

async fn begin(app: &App, site: &Site, id: &UpstreamId, order: Order, watch: Watch<'_>) -> Result<Report> {
    // What it was before the lease may have changed since.
    let upstream = existing(app, id).await?;
    let reading = match Reading::of(app, site, &upstream).await {
        Ok(reading) => reading,
        Err(error) => {
            put_off(app, &upstream, error.to_string()).await?;
            return Err(error);
        }
    };
    let begun = reading.voice.context.now;
    let settings = &reading.directory.settings;
    let mut extent = extent(&order, &upstream, settings, begun);
    let mut pass = reading.pass(app);
    // What a reading before left undone in groups.
    pass.is_again = upstream.is_unsettled;
    let leave = Leave {
        confirmed_at: if order.is_confirmed { begun } else { upstream.progress.confirmed_at },
        confirmed: upstream.progress.braked.filter(|_| order.is_confirmed),
    };
    let read = read(&reading, &mut pass, (&upstream, &mut extent), (&leave, watch));
    let longest = if upstream.progress.place.is_some() { LONGEST } else { LONGEST * 4 };
    let end = match tokio::time::timeout(longest, read).await {
        Ok(end) => end,
        Err(_) => Err(End::Absurd("it takes too long")),
    };
    let report = std::mem::take(&mut pass.report);
    finish(app, (&upstream, settings), (extent, &order, begun, leave.confirmed_at), (end, report)).await
}

/// Reads: what has changed where that is told, and all of it otherwise; the next place.
async fn read(
    reading: &Reading,
    pass: &mut Pass<'_>,
    (upstream, extent): (&Upstream, &mut Extent),
    (leave, watch): (&Leave, Watch<'_>),
) -> std::result::Result<String, End> {
    let begun = reading.voice.context.now;
    let mut reader = reading.directory.read().await?;
    let place = upstream.progress.place.as_deref().and_then(|text| serde_json::from_str::<Place>(text).ok());
    let mut changes = None;
    if let (Extent::Changes, Some(place)) = (*extent, &place) {
        changes = place.changes(&mut reader, begun).await?;
    }
    let next = match &changes {
        Some(Changes { place: Some(next), .. }) => next.clone(),
        _ => Place::of(&mut reader, begun).await?,
    };
    if let Some(changes) = &changes {
        pass.delta(&mut reader, changes, (leave, watch)).await?;
    } else {
        *extent = Extent::Whole;
        pass.whole(&mut reader, leave, watch).await?;
    }
    Ok(serde_json::to_string(&next).expect("texts and numbers are JSON"))
}

/// Writes down how it ended.
async fn finish(
    app: &App,
    (upstream, settings): (&Upstream, &Settings),
    (extent, order, begun, confirmed_at): (Extent, &Order, Timestamp, Timestamp),
    (end, mut report): (std::result::Result<String, End>, Report),
) -> Result<Report> {
    let mut progress = Progress { confirmed_at, ..upstream.progress.clone() };
    let is_settled = end.is_ok();
    let mut fault = None;
    match end {
        Err(End::Halted) => progress.due_at = begun,
        Ok(place) => {
            let is_whole = extent == Extent::Whole;
            progress = Progress {
                place: Some(place),
                due_at: begun.plus(settings.sync.every),
                whole_at: if is_whole { begun } else { progress.whole_at },
                failures: 0,
                trouble: None,
                // Those who waited before wait still.
                braked: report.braked.max(progress.braked.filter(|_| !is_whole)),
                confirmed_at,
            };
        }
        Err(end) => {
            report.problem = told(&end);
            put_back(&mut progress, (begun, settings.sync.every), report.problem.clone().unwrap_or_default());
            if let End::Here(error) = end {
                fault = Some(error);
            }
        }
    }
    settle(app, (upstream, &progress), (extent, order.by.clone(), (begun, is_settled)), &report).await?;
    fault.map_or(Ok(report), |error| Err(error.into()))
}

/// It is tried again later, and later each time.
fn put_back(progress: &mut Progress, (now, every): (Timestamp, Duration), problem: String) {
    progress.failures += 1;
    let doublings = u32::try_from(progress.failures.min(10)).unwrap_or(10);
    let pause = every.saturating_mul(1 << doublings.saturating_sub(1)).min(LONGEST_PAUSE);
    progress.due_at = now.plus(pause.max(every));
    progress.trouble = Some((problem, now));
}

/// The same, where not even the settings could be used.
async fn put_off(app: &App, upstream: &Upstream, problem: String) -> storage::Result<()> {
    let (now, mut progress) = (app.clock.now(), upstream.progress.clone());
    put_back(&mut progress, (now, Duration::from_secs(30)), problem.clone());
    let report = Report { problem: Some(problem), ..Report::default() };
    settle(app, (upstream, &progress), (Extent::Changes, Actor::Server, (now, false)), &report).await
}

/// How much there is to read.
fn extent(order: &Order, upstream: &Upstream, settings: &Settings, now: Timestamp) -> Extent {
    let progress = &upstream.progress;
    let since = now.since(progress.whole_at);
    let is_old = since >= settings.sync.full_every || (progress.braked.is_some() && since >= BRAKED_EVERY);
    if order.extent == Extent::Whole
        || order.is_confirmed
        || progress.place.is_none()
        || upstream.is_unsettled
        || is_old
    {
        Extent::Whole
    } else {
        Extent::Changes
    }
}

/// Why a run ended early, in words for an administrator.
fn told(end: &End) -> Option<String> {
    match end {
        End::There(trouble) => Some(trouble.to_string()),
        End::Absurd(why) => Some((*why).to_owned()),
        End::Halted => None,
        End::Here(error) => Some(error.to_string()),
    }
}

/// Writes down how it ended, and when it goes on.
async fn settle(
    app: &App,
    (upstream, progress): (&Upstream, &Progress),
    (extent, by, (begun_at, is_settled)): (Extent, Actor, (Timestamp, bool)),
    report: &Report,
) -> storage::Result<()> {
    let context = app.context(by);
    let events = events(upstream, extent, report);
    let is_repeated = report.problem.is_some() && upstream.progress.trouble.is_some();
    let run = (report.is_worth_keeping(extent) && !is_repeated).then(|| Run {
        id: UpstreamRunId::fresh(context.now, &context.random),
        upstream: upstream.id.clone(),
        extent,
        asked_by: context.actor.kind().to_owned(),
        begun_at,
        ended_at: context.now,
        report: report.clone(),
    });
    let (upstream, progress) = (upstream.clone(), progress.clone());
    let write = async move |tx: &mut Tx| {
        tx.upstreams().settle(&upstream, &progress, is_settled).await?;
        if let Some(run) = &run {
            tx.upstream_runs().insert(run).await?;
        }
        for event in &events {
            tx.record(&context, Some(&upstream.organization), event);
        }
        Ok::<_, storage::Error>(())
    };
    app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
}

/// What is said of it in the audit log: trouble once, until it was read in between.
fn events(upstream: &Upstream, extent: Extent, report: &Report) -> Vec<Event> {
    let mut events = vec![];
    let id = upstream.id.clone();
    if let Some(leaving) = report.braked.filter(|_| upstream.progress.braked.is_none()) {
        events.push(Event::UpstreamBrake { upstream: id.clone(), leaving });
    }
    let Report { added, changed, departed, failed, .. } = *report;
    if added + changed + departed > 0 {
        let extent = extent.name().to_owned();
        events.push(Event::UpstreamRun { upstream: id.clone(), extent, added, changed, departed, failed });
    }
    if let Some(reason) = report.problem.clone().filter(|_| upstream.progress.trouble.is_none()) {
        events.push(Event::UpstreamRunFailure { upstream: id, reason });
    }
    events
}
