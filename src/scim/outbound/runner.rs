//! A run that goes on, step by step: whoever left meanwhile is taken out, and then goes on what there is to do, a bit of it.
//!
//! What there is to do: read the app (`reconcile`), look at everybody here, send what is due (`round`). No step takes much
//! longer than the app takes for one answer. A run that has to end before it is through notes where it stands, and the next
//! one goes on there. An app that is out of reach ends the run and is tried again after a pause; one person or group that the
//! app refuses has pauses of its own.

use std::time::Duration;

use super::{
    brake::{Crowd, WINDOW},
    changes,
    ending::{Turn, events, pause_of_app},
    features::Features,
    members::MembersFault,
    plan::{self, Look},
    problem::Problem,
    reconcile::{self, Crawl},
    remote::{Failure, Remote},
    run::{Kind, Order, RECONCILE_EVERY, Report, Watch},
    store::{Counted, Rank},
    strangers::{self, Stranger},
    target::{Progress, Result, Target, TargetError},
};
use crate::{
    app::App,
    audit::{Actor, Event},
    clock::Timestamp,
    storage::{self, Tx},
    text::Slug,
};

/// About so long goes a step on, before it is seen whether somebody is to leave.
pub(super) const STEP: Duration = Duration::from_secs(1);

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

/// How far a run has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// There is more to do.
    Unfinished,
    /// Nothing is left.
    Through,
    /// Somebody changes how the app is pushed to: the rest is for a run that knows it.
    Outdated,
}

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
    pub(super) strangers: Vec<Stranger>,
    /// What was gone through as a whole.
    pub(super) whole: Option<Kind>,
    /// Why the app could not be read as a whole.
    pub(super) unread: Option<Problem>,
    /// What somebody else has begun, and this run leaves alone.
    put_off: Option<Crawl>,
    /// Whether nobody may leave, once it was asked.
    is_braked: Option<bool>,
    reach: Reach,
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
        Self {
            app,
            target,
            slug,
            remote,
            features,
            order,
            watch,
            progress,
            report: Report::default(),
            strangers: vec![],
            whole: None,
            unread: None,
            put_off: None,
            is_braked: None,
            reach: Reach::Unfinished,
        }
    }

    /// Goes through all steps.
    pub(super) async fn run(mut self) -> Result<Report> {
        let end = self.steps().await;
        self.settle(end).await
    }

    async fn steps(&mut self) -> std::result::Result<(), End> {
        self.note().await?;
        self.ask_features().await?;
        self.begin();
        self.hurry().await?;
        while !self.is_halted() {
            if !self.is_as_it_was().await? {
                self.reach = Reach::Outdated;
                return Ok(());
            }
            self.note().await?;
            // Whoever is to leave does not wait for anything else.
            while self.push(Rank::Leaver).await? && !self.is_halted() {}
            if let Some(crawl) = self.progress.crawl.take() {
                reconcile::step(self, crawl).await?;
            } else if let Some(look) = self.progress.survey.take() {
                self.survey(look).await?;
            } else if !self.push(Rank::Group).await? {
                self.reach = Reach::Through;
                break;
            }
            (self.watch.tell)(&self.report);
        }
        if self.reach != Reach::Through {
            return Ok(());
        }
        if self.progress.braked.is_some() {
            self.is_braked().await?;
        }
        strangers::tell_of(self).await
    }

    pub(super) fn is_halted(&self) -> bool {
        (self.watch.halt)()
    }

    /// Whether the app is pushed to as it was when this began.
    async fn is_as_it_was(&self) -> storage::Result<bool> {
        let present = self.app.storage.read().await?.targets().by_id(&self.target.id).await?;
        Ok(present.is_some_and(|present| Target { progress: self.target.progress.clone(), ..present } == self.target))
    }

    /// Reads on in the audit log, when there is something in it.
    async fn note(&mut self) -> storage::Result<()> {
        loop {
            let now = self.app.clock.now();
            let mut tx = self.app.storage.read().await?;
            let news = changes::read(&mut tx, &self.target, &self.progress, now).await?;
            drop(tx);
            if !news.is_worth_a_run(&self.progress) {
                return Ok(());
            }
            let (target, mut progress) = (self.target.clone(), self.progress.clone());
            let note = async move |tx: &mut Tx| {
                let has_more = changes::note(tx, &target, &mut progress, now).await?;
                Ok::<_, storage::Error>((has_more, progress))
            };
            let (has_more, progress) =
                self.app.storage.write(move |tx| Box::pin(async move { note(tx).await })).await?;
            self.progress = progress;
            self.recount();
            if !has_more || self.is_halted() {
                return Ok(());
            }
        }
    }

    /// What there is to do: what was asked for, what a run before has left, and everything once a day.
    fn begin(&mut self) {
        let now = self.app.clock.now();
        let is_old = |since| now.since(since) >= RECONCILE_EVERY;
        let has_begun = self.progress.crawl.as_ref().is_some_and(|crawl| !is_old(crawl.begun));
        let is_time = self.order.kind == Kind::Changes && is_old(self.progress.reconciled_at) && !has_begun;
        if self.order.kind == Kind::Sync {
            self.put_off = self.progress.crawl.take();
        }
        if is_time || self.order.kind == Kind::Reconcile {
            self.progress.crawl = Some(Crawl::begin(now, self.features.cursor));
        }
        if is_time || self.order.kind != Kind::Changes {
            self.progress.survey = Some(Look::default());
        }
    }

    async fn ask_features(&mut self) -> std::result::Result<(), End> {
        let is_known = self.progress.features.is_some();
        let goes_on = self.progress.crawl.is_some();
        let is_new_day = self.app.clock.now().since(self.progress.reconciled_at) >= RECONCILE_EVERY;
        if is_known && self.order.kind == Kind::Changes && (goes_on || !is_new_day) {
            return Ok(());
        }
        self.features = self.remote.features().await?;
        self.remote.see_users().await?;
        Ok(self.keep_features().await?)
    }

    /// Whether the app takes PATCH is found out by trying.
    pub(super) async fn learn(&mut self, patches: bool) -> storage::Result<()> {
        self.features.patch = patches;
        self.keep_features().await
    }

    async fn keep_features(&mut self) -> storage::Result<()> {
        let features = self.features;
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

    /// Looks at some of everybody, and notes who is not as they should be.
    async fn survey(&mut self, mut look: Look) -> storage::Result<()> {
        let now = self.app.clock.now();
        let mut tx = self.app.storage.read().await?;
        let Some(rows) = look.next(&mut tx, &self.target, now).await? else {
            self.whole = self.whole.max(Some(Kind::Sync));
            return Ok(());
        };
        let planned = plan::tasks(&mut tx, (&self.target, &self.slug), rows, now).await?;
        drop(tx);
        self.progress.survey = Some(look);
        let (id, marks) = (self.target.id.clone(), plan::marks(&planned));
        if marks.is_empty() {
            return Ok(());
        }
        let mark = async move |tx: &mut Tx| tx.pushed(&id).mark(&marks, now).await;
        self.app.storage.write(move |tx| Box::pin(async move { mark(tx).await })).await
    }

    /// Whether so many are to leave that nobody does. While not everybody was looked at, those count who were not noted yet.
    pub(super) async fn is_braked(&mut self) -> storage::Result<bool> {
        if let Some(is_braked) = self.is_braked {
            return Ok(is_braked);
        }
        let (now, mut is_meant) = (self.app.clock.now(), self.order.is_confirmed);
        let crowd = {
            let mut tx = self.app.storage.read().await?;
            let is_noted = self.progress.crawl.is_none() && self.progress.survey.is_none();
            let counted = if is_noted { Counted::Noted } else { Counted::All };
            let leaving = tx.scope(&self.target.id, &self.target.organization, now).leaving(counted).await?;
            let since = now.minus(WINDOW).max(self.progress.confirmed_at);
            let (live, left) = tx.pushed(&self.target.id).crowd(since).await?;
            // Whoever disables an organization means all of its people.
            let of = tx.organizations().by_id(&self.target.organization).await?;
            is_meant |= of.is_some_and(|of| !of.is_active());
            Crowd { live, leaving, left }
        };
        let is_braked = !is_meant && crowd.is_too_many(self.target.settings.brake);
        self.is_braked = Some(is_braked);
        self.report.braked = is_braked.then_some(crowd.leaving);
        self.tell_brake(crowd).await?;
        Ok(is_braked)
    }

    /// Lets those who are to leave be counted anew: there may be others by now.
    pub(super) fn recount(&mut self) {
        self.is_braked = None;
    }

    async fn tell_brake(&mut self, crowd: Crowd) -> storage::Result<()> {
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

    /// Writes down how it ended, and where and when it goes on.
    async fn settle(mut self, end: std::result::Result<(), End>) -> Result<Report> {
        let now = self.app.clock.now();
        let had_trouble = self.progress.trouble.is_some();
        match end {
            Err(End::Here(error)) => return Err(error),
            Err(End::App(failure)) => {
                self.progress.failures += 1;
                let pause = failure.pause.unwrap_or_default().max(pause_of_app(self.progress.failures));
                self.progress.due_at = now.plus(pause);
                self.report.problem = Some(failure.problem);
            }
            Ok(()) => {
                if self.progress.failures > 0 || self.whole == Some(Kind::Reconcile) {
                    (self.progress.failures, self.progress.trouble) = (0, None);
                }
                self.progress.due_at = if self.reach == Reach::Through { self.next(now).await? } else { now };
                self.report.problem = self.unread.take();
            }
        }
        if let Some(problem) = &self.report.problem {
            tracing::warn!(target.id = %self.target.id, trouble = problem.trouble.name(), "An app cannot be pushed to.");
            self.progress.trouble = Some((problem.clone(), now));
        }
        self.progress.crawl = self.progress.crawl.take().or(self.put_off.take());
        let turn = Turn::of(had_trouble, self.progress.trouble.is_some());
        self.write(&events(&self.target.id, self.whole, &self.report, turn)).await?;
        Ok(self.report)
    }

    async fn write(&self, events: &[Event]) -> storage::Result<()> {
        let (target, progress, events) = (self.target.clone(), self.progress.clone(), events.to_vec());
        let (context, is_outdated) = (self.app.context(self.order.by.clone()), self.reach == Reach::Outdated);
        let write = async move |tx: &mut Tx| {
            if !is_outdated {
                tx.targets().settle(&target.id, &progress).await?;
            }
            for event in &events {
                tx.record(&context, Some(&target.organization), event);
            }
            Ok::<_, storage::Error>(())
        };
        self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await
    }

    async fn next(&self, now: Timestamp) -> storage::Result<Timestamp> {
        let mut tx = self.app.storage.read().await?;
        let sent = tx.pushed(&self.target.id).next().await?;
        let turn = tx.scope(&self.target.id, &self.target.organization, now).next_turn().await?;
        let all = [sent, turn, Some(self.progress.reconciled_at.plus(RECONCILE_EVERY))];
        Ok(all.into_iter().flatten().min().unwrap_or(now).max(now))
    }
}
