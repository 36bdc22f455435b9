//! A run that goes on: what is new is noted, whoever is to leave is counted, and what is due is sent, leavers first.
//!
//! An app that is out of reach ends the run and is tried again after a pause; one person or group that the app refuses has
//! pauses of its own.

use futures_util::{StreamExt as _, stream};

use super::{
    brake::{Crowd, WINDOW},
    changes,
    decision::Operation,
    ending::{braked, count, event, failed, is_to_leave, pause_of_app},
    features::Features,
    members::{MembersFault, send},
    plan::{self, Look, Planned},
    push::{Deed, Pusher, Task},
    reconcile,
    remote::{Failure, Remote},
    run::{Kind, Order, RECONCILE_EVERY, Report, Watch},
    store::Outcome,
    target::{Progress, Result, Target, TargetError},
    thing::Thing,
};
use crate::{
    app::App,
    audit::{Actor, Event},
    clock::Timestamp,
    scim::ResourceType,
    storage::{self, Tx},
    text::Slug,
};

/// When all of at least so many are refused in a round, it is the app that has the trouble.
const MOST_REFUSALS: usize = 10;

/// Why a run ends.
#[derive(Debug)]
pub(super) enum End {
    /// The app does not let it go on.
    App(Failure),
    /// Something here.
    Here(TargetError),
}

impl From<Failure> for End {
    fn from(failure: Failure) -> Self {
        Self::App(failure)
    }
}

impl From<storage::Error> for End {
    fn from(error: storage::Error) -> Self {
        Self::Here(error.into())
    }
}

impl From<MembersFault> for End {
    fn from(fault: MembersFault) -> Self {
        match fault {
            MembersFault::App(failure) => Self::App(failure),
            MembersFault::Storage(error) => error.into(),
        }
    }
}

/// Requests to one app at a time.
const AT_ONCE: usize = 4;

/// People and groups of one round.
const ROUND: u32 = 40;

/// A run that goes on.
pub(super) struct Runner<'r> {
    pub(super) app: &'r App,
    pub(super) target: Target,
    pub(super) slug: Slug,
    pub(super) remote: &'r Remote,
    pub(super) features: Features,
    pub(super) order: Order,
    pub(super) watch: Watch<'r>,
    pub(super) progress: Progress,
    pub(super) report: Report,
    is_braked: bool,
}

impl<'r> Runner<'r> {
    pub(super) fn new(
        app: &'r App,
        (target, slug): (Target, Slug),
        remote: &'r Remote,
        order: Order,
        watch: Watch<'r>,
    ) -> Self {
        let (progress, features) = (target.progress.clone(), target.progress.features.unwrap_or_default());
        let report = Report::default();
        Self { app, target, slug, remote, features, order, watch, progress, report, is_braked: false }
    }

    /// Goes through all steps.
    pub(super) async fn run(mut self) -> Result<Report> {
        let end = self.steps().await;
        self.settle(end).await
    }

    async fn steps(&mut self) -> std::result::Result<(), End> {
        let is_all = self.note().await?;
        self.kind_of(is_all);
        self.ask_features().await?;
        self.hurry().await?;
        let strangers = match self.order.kind {
            Kind::Reconcile => reconcile::crawl(self).await?,
            _ => vec![],
        };
        if self.order.kind != Kind::Changes {
            self.survey().await?;
        }
        self.brake().await?;
        self.push().await?;
        reconcile::tell_of(self, strangers).await?;
        if self.order.kind == Kind::Reconcile && !self.is_halted() {
            self.progress.reconciled_at = self.app.clock.now();
        }
        Ok(())
    }

    pub(super) fn is_halted(&self) -> bool {
        (self.watch.halt)()
    }

    /// Reads on in the audit log; whether everybody has to be compared.
    async fn note(&mut self) -> storage::Result<bool> {
        let mut is_all = false;
        loop {
            let (target, mut progress) = (self.target.clone(), self.progress.clone());
            let now = self.app.clock.now();
            let note = async move |tx: &mut Tx| {
                let noted = changes::note(tx, &target, &mut progress, now).await?;
                Ok::<_, storage::Error>((noted, progress))
            };
            let (noted, progress) = self.app.storage.write(move |tx| Box::pin(async move { note(tx).await })).await?;
            self.progress = progress;
            is_all |= noted.is_all;
            if !noted.has_more || self.is_halted() {
                return Ok(is_all);
            }
        }
    }

    /// A run of changes becomes one of everything when it is time.
    fn kind_of(&mut self, is_all: bool) {
        if self.order.kind == Kind::Changes {
            let is_old = self.app.clock.now().since(self.progress.reconciled_at) >= RECONCILE_EVERY;
            self.order.kind = match (is_old, is_all) {
                (true, _) => Kind::Reconcile,
                (false, true) => Kind::Sync,
                (false, false) => Kind::Changes,
            };
        }
    }

    async fn ask_features(&mut self) -> std::result::Result<(), End> {
        if self.progress.features.is_some() && self.order.kind == Kind::Changes {
            return Ok(());
        }
        self.features = self.remote.features().await?;
        self.remote.see_users().await?;
        self.keep_features(self.features).await?;
        Ok(())
    }

    async fn keep_features(&mut self, features: Features) -> storage::Result<()> {
        if self.progress.features == Some(features) {
            return Ok(());
        }
        self.progress.features = Some(features);
        let id = self.target.id.clone();
        let set = async move |tx: &mut Tx| tx.targets().set_features(&id, features).await;
        self.app.storage.write(move |tx| Box::pin(async move { set(tx).await })).await
    }

    /// Whoever asks for a run does not wait for pauses.
    async fn hurry(&mut self) -> storage::Result<()> {
        if self.order.by == Actor::Server {
            return Ok(());
        }
        let (id, now, is_confirmed) = (self.target.id.clone(), self.app.clock.now(), self.order.is_confirmed);
        if is_confirmed {
            self.progress.confirmed_at = now;
            self.progress.braked = None;
        }
        let hurry = async move |tx: &mut Tx| {
            if is_confirmed {
                tx.targets().brake(&id, None, Some(now)).await?;
            }
            tx.pushed(&id).hurry(now).await
        };
        self.app.storage.write(move |tx| Box::pin(async move { hurry(tx).await })).await
    }

    /// Looks at everybody, and notes who is not as they should be.
    async fn survey(&mut self) -> storage::Result<()> {
        let mut look = Look::default();
        while !self.is_halted() {
            let now = self.app.clock.now();
            let mut tx = self.app.storage.read().await?;
            let Some(rows) = look.next(&mut tx, &self.target, now).await? else { break };
            let planned = plan::tasks(&mut tx, (&self.target, &self.slug), rows, now).await?;
            drop(tx);
            let (id, marks) = (self.target.id.clone(), plan::marks(&planned));
            if !marks.is_empty() {
                let mark = async move |tx: &mut Tx| tx.pushed(&id).mark(&marks, now).await;
                self.app.storage.write(move |tx| Box::pin(async move { mark(tx).await })).await?;
            }
        }
        Ok(())
    }

    /// Counts those who are to leave.
    async fn brake(&mut self) -> storage::Result<()> {
        let now = self.app.clock.now();
        let crowd = {
            let mut tx = self.app.storage.read().await?;
            let leaving = tx.scope(&self.target.id, &self.target.organization, now).leaving().await?;
            if leaving == 0 && self.progress.braked.is_none() {
                return Ok(());
            }
            let since = now.minus(WINDOW).max(self.progress.confirmed_at);
            let (live, left) = tx.pushed(&self.target.id).crowd(since).await?;
            Crowd { live, leaving, left }
        };
        self.is_braked = !self.order.is_confirmed && crowd.is_too_many(self.target.settings.brake);
        self.report.braked = self.is_braked.then_some(crowd.leaving);
        if self.report.braked == self.progress.braked {
            return Ok(());
        }
        let is_new = self.progress.braked.is_none();
        self.progress.braked = self.report.braked;
        let (id, braked, context) =
            (self.target.id.clone(), self.report.braked, self.app.context(self.order.by.clone()));
        let organization = self.target.organization.clone();
        let write = async move |tx: &mut Tx| {
            if is_new {
                let event = Event::TargetBrake { target: id.clone(), leaving: crowd.leaving, live: crowd.live };
                tx.record(&context, Some(&organization), &event);
            }
            tx.targets().brake(&id, braked, None).await
        };
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
    }

    /// Sends what is due, round by round.
    async fn push(&mut self) -> std::result::Result<(), End> {
        while !self.is_halted() {
            let now = self.app.clock.now();
            let mut tx = self.app.storage.read().await?;
            let present = tx.targets().by_id(&self.target.id).await?;
            let goes_on = present.is_some_and(|one| one.paused_at == self.target.paused_at);
            let mut rows = tx.pushed(&self.target.id).due(now, ROUND).await?;
            let Some(kind) = rows.first().map(|row| row.thing.kind()).filter(|_| goes_on) else { break };
            rows.retain(|row| row.thing.kind() == kind);
            let planned = plan::tasks(&mut tx, (&self.target, &self.slug), rows, now).await?;
            drop(tx);
            let end = self.round(planned, now).await?;
            (self.watch.tell)(&self.report);
            if let Some(failure) = end {
                return Err(failure.into());
            }
        }
        Ok(())
    }

    /// Sends some; the failure of all where the app does not let it go on.
    async fn round(&mut self, planned: Vec<Planned>, now: Timestamp) -> std::result::Result<Option<Failure>, End> {
        let (mut outcomes, mut tasks) = (vec![], vec![]);
        for one in planned {
            match one {
                Planned::Refused(pushed, problem) => {
                    self.report.failed += 1;
                    outcomes.push((pushed.thing.clone(), failed(&pushed, &problem, now)));
                }
                Planned::Task(task) if self.is_braked && is_to_leave(&task.pushed.thing, task.standing, task.operation) => {
                    outcomes.push((task.pushed.thing.clone(), braked(&task.pushed, now)));
                }
                Planned::Task(task) => tasks.push(*task),
            }
        }
        self.try_all(&tasks, now).await?;
        let pusher = Pusher::new(self.remote, &self.app.storage, (&self.target.id, self.features), now);
        let (mut end, mut refusals, mut moved) = (None, vec![], false);
        let all = tasks.len();
        {
            let (app, target, pusher) = (self.app, &self.target, &pusher);
            let sending = stream::iter(tasks).map(|task| async move { (send(app, target, pusher, &task).await, task) });
            let mut sending = std::pin::pin!(sending.buffer_unordered(AT_ONCE));
            while let Some((sent, task)) = sending.next().await {
                let thing = task.pushed.thing.clone();
                match sent {
                    Ok((outcome, deed, members)) => {
                        moved |= deed != Deed::Nothing && thing.kind() == ResourceType::User;
                        count(&mut self.report, deed, members);
                        outcomes.push((thing, outcome));
                    }
                    Err(MembersFault::App(failure)) if failure.problem.is_of_all() => {
                        end = Some(failure);
                        break;
                    }
                    Err(MembersFault::App(failure)) => {
                        self.report.failed += 1;
                        outcomes.push((thing, failed(&task.pushed, &failure.problem, now)));
                        refusals.push(failure);
                    }
                    Err(here) => return Err(here.into()),
                }
            }
        }
        let patches = pusher.patches();
        if patches != self.features.patch {
            self.features.patch = patches;
            self.keep_features(self.features).await?;
        }
        self.write_down(outcomes, moved, now).await?;
        // An app that takes nobody is left alone for a while.
        if all >= MOST_REFUSALS && refusals.len() == all {
            end = refusals.pop();
        }
        Ok(end)
    }

    /// Notes who may come to be in the app by what is sent now.
    async fn try_all(&self, tasks: &[Task], now: Timestamp) -> storage::Result<()> {
        let new = tasks.iter().filter(|task| task.operation == Operation::Create);
        let ids: Vec<String> = new.map(|task| task.pushed.thing.id().to_owned()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let id = self.target.id.clone();
        let write = async move |tx: &mut Tx| tx.pushed(&id).try_all(&ids, now).await;
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
    }

    async fn write_down(&self, outcomes: Vec<(Thing, Outcome)>, moved: bool, now: Timestamp) -> storage::Result<()> {
        let id = self.target.id.clone();
        let write = async move |tx: &mut Tx| {
            tx.pushed(&id).settle(&outcomes).await?;
            // Whoever came or went does so in groups, too.
            if moved { tx.pushed(&id).mark_groups(now).await } else { Ok(()) }
        };
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
    }

    /// Writes down how it ended, and when it goes on.
    async fn settle(mut self, end: std::result::Result<(), End>) -> Result<Report> {
        let now = self.app.clock.now();
        let had_failed = self.progress.failures > 0;
        match end {
            Err(End::Here(error)) => return Err(error),
            Err(End::App(failure)) => {
                self.progress.failures += 1;
                let pause = failure.pause.unwrap_or_default().max(pause_of_app(self.progress.failures));
                self.progress.due_at = now.plus(pause);
                tracing::warn!(target.id = %self.target.id, trouble = failure.problem.trouble.name(), "An app cannot be pushed to.");
                self.progress.trouble = Some((failure.problem.clone(), now));
                self.report.problem = Some(failure.problem);
            }
            Ok(()) => {
                (self.progress.failures, self.progress.trouble) = (0, None);
                self.progress.due_at = self.next(now).await?;
            }
        }
        let (target, progress, report) = (self.target, self.progress, self.report.clone());
        let (context, kind) = (self.app.context(self.order.by.clone()), self.order.kind);
        let write = async move |tx: &mut Tx| {
            tx.targets().settle(&target.id, &progress).await?;
            if let Some(event) = event(&target.id, kind, &report, had_failed) {
                tx.record(&context, Some(&target.organization), &event);
            }
            Ok::<_, storage::Error>(())
        };
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?;
        Ok(self.report)
    }

    async fn next(&self, now: Timestamp) -> storage::Result<Timestamp> {
        let mut tx = self.app.storage.read().await?;
        let sent = tx.pushed(&self.target.id).next().await?;
        let turn = tx.scope(&self.target.id, &self.target.organization, now).next_turn().await?;
        let all = [sent, turn, Some(self.progress.reconciled_at.plus(RECONCILE_EVERY))];
        Ok(all.into_iter().flatten().min().unwrap_or(now).max(now))
    }
}
