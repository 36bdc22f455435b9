//! The writer: on SQLite one thread that commits concurrent units together, on PostgreSQL a transaction for each.
//!
//! A unit runs to its end even when the caller has gone away: a request that is cancelled after its work was queued
//! leaves either all of it or nothing.

use std::{
    marker::PhantomData,
    panic::AssertUnwindSafe,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};

use futures_util::FutureExt;
use sqlx::PgPool;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
};

use super::{
    Additions, Error, Result, Tx, Work,
    readers::Loan,
    revision::Revisions,
    sqlite::{Access, Sqlite},
};

/// Units that may wait for the writer; more callers wait to enter.
const QUEUE: usize = 4096;
/// Units of one commit: enough that a slow disk serves thousands a second, few enough that nobody waits long.
const GROUP: usize = 256;

#[derive(Clone)]
pub(super) enum Writer {
    Shared(mpsc::Sender<Message>),
    Pooled(PgPool, Arc<Revisions>),
}

pub(super) enum Message {
    Unit(Box<dyn Unit>),
    Addition(Box<Addition>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// On a thread of its own, which waits for the disk; it ends with the last sender.
    pub(super) fn shared(file: &Path, revisions: Arc<Revisions>) -> Result<Self> {
        let tx = Tx::owned(Sqlite::open(file, Access::Write)?);
        let (sender, receiver) = mpsc::channel(QUEUE);
        let runtime = Handle::current();
        thread::Builder::new()
            .name("writer".to_owned())
            .spawn(move || runtime.block_on(serve(tx, receiver, revisions)))
            .map_err(|_| Error::Stopped)?;
        Ok(Self::Shared(sender))
    }

    pub(super) fn pooled(pool: PgPool, revisions: Arc<Revisions>) -> Self {
        Self::Pooled(pool, revisions)
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        self.run(work, Arc::default()).await
    }

    /// The same, and says whether it clashed with that of others.
    pub(super) async fn run<T, E, F>(&self, work: F, has_clashed: Arc<AtomicBool>) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, E> + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let unit = Box::new(Closure { work, reply, answer: PhantomData });
        match self {
            Self::Shared(queue) => queue.send(Message::Unit(unit)).await.map_err(|_| Error::Stopped)?,
            Self::Pooled(pool, revisions) => {
                tokio::spawn(alone(pool.clone(), unit, revisions.clone(), has_clashed));
            }
        }
        answer.await.unwrap_or_else(|_| Err(Error::Stopped.into()))
    }

    pub(super) async fn append<F>(&self, add: F) -> Result<()>
    where
        F: FnOnce(&mut Additions) + Send + 'static,
    {
        let queue = match self {
            Self::Shared(queue) => queue,
            Self::Pooled(..) => {
                let added = |tx: &mut Tx| add(tx.additions());
                return self
                    .write(|tx| {
                        added(tx);
                        Box::pin(async { Ok(()) })
                    })
                    .await;
            }
        };
        let (reply, answer) = oneshot::channel();
        let addition = Addition { add: Box::new(add), reply };
        queue.send(Message::Addition(Box::new(addition))).await.map_err(|_| Error::Stopped)?;
        answer.await.unwrap_or(Err(Error::Stopped))
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Shared(queue) => {
                let (sender, closed) = oneshot::channel();
                if queue.send(Message::Close(sender)).await.is_ok() {
                    let _ = closed.await;
                }
            }
            Self::Pooled(pool, _) => pool.close().await,
        }
    }
}

/// Rows that a caller adds, with the way back to the caller.
pub(super) struct Addition {
    add: Box<dyn FnOnce(&mut Additions) + Send>,
    reply: oneshot::Sender<Result<()>>,
}

/// What a caller handed in, with the way back to the caller.
pub(super) trait Unit: Send {
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Finished> + Send + 't>>;
    fn refuse(self: Box<Self>, error: Error);
}

/// A unit that ran: whether to keep its changes, and how to answer once their fate is known.
pub(super) struct Finished {
    keep: bool,
    answer: Answer,
}

enum Verdict {
    Keep,
    /// With what there is to tell whoever believes that all went well.
    Undo(Result<()>),
}

impl Finished {
    /// A unit that goes on after a failed statement is not kept: what that left behind is not known, and others share
    /// the commit.
    fn verdict(&self, tx: &mut Tx) -> Verdict {
        match (self.keep, tx.connection().has_failed()) {
            (true, false) => Verdict::Keep,
            (true, true) => Verdict::Undo(Err(Error::Swallowed)),
            (false, _) => Verdict::Undo(Ok(())),
        }
    }
}

/// Tells a caller what became of the commit.
type Answer = Box<dyn FnOnce(Result<()>) + Send>;

struct Closure<F, T, E> {
    work: F,
    reply: oneshot::Sender<Result<T, E>>,
    answer: PhantomData<fn() -> (T, E)>,
}

impl<F, T, E> Unit for Closure<F, T, E>
where
    F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, E> + Send + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
{
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Finished> + Send + 't>> {
        Box::pin(async move {
            let Self { work, reply, .. } = *self;
            let whole = async {
                let answer = work(tx).await?;
                tx.settle_all().await?;
                Ok::<T, E>(answer)
            };
            let result = match AssertUnwindSafe(whole).catch_unwind().await {
                Ok(result) => result,
                Err(_) => Err(Error::Panicked.into()),
            };
            let keep = result.is_ok();
            let answer = Box::new(move |fate: Result<()>| {
                let _ = reply.send(match fate {
                    Err(fault) if result.is_ok() => Err(fault.into()),
                    _ => result,
                });
            });
            Finished { keep, answer }
        })
    }

    fn refuse(self: Box<Self>, error: Error) {
        let _ = self.reply.send(Err(error.into()));
    }
}

/// PostgreSQL: one transaction for one unit.
async fn alone(pool: PgPool, unit: Box<dyn Unit>, revisions: Arc<Revisions>, has_clashed: Arc<AtomicBool>) {
    let mut tx = match Loan::pooled(&pool).await {
        Ok(loan) => Tx::lent(loan),
        Err(error) => return unit.refuse(error),
    };
    if let Err(error) = tx.run("BEGIN").await {
        return unit.refuse(error);
    }
    let finished = unit.run(&mut tx).await;
    let fate = match finished.verdict(&mut tx) {
        Verdict::Keep => commit(&mut tx, &revisions).await,
        Verdict::Undo(fate) => tx.run("ROLLBACK").await.and(fate),
    };
    let is_outdated = fate.as_ref().is_err_and(Error::is_clash);
    has_clashed.store(tx.connection().has_clashed() || is_outdated, Ordering::Release);
    drop(tx);
    (finished.answer)(fate);
}

async fn commit(tx: &mut Tx, revisions: &Revisions) -> Result<()> {
    let fate = match tx.flush().await {
        Ok(bumped) => tx.run("COMMIT").await.map(|()| bumped),
        Err(error) => Err(error),
    };
    match fate {
        Ok(bumped) => {
            revisions.committed(&bumped);
            Ok(())
        }
        Err(error) => {
            let _ = tx.run("ROLLBACK").await;
            Err(error)
        }
    }
}

/// SQLite: takes what waits, runs it, commits once, answers all.
async fn serve(mut tx: Tx, mut queue: mpsc::Receiver<Message>, revisions: Arc<Revisions>) {
    let mut is_crowded = false;
    while let Some(first) = queue.recv().await {
        if is_crowded {
            // Whoever is about to write gets to say so: one commit for all costs what one for each does.
            thread::yield_now();
        }
        let mut group = Group::default();
        let mut next = Some(first);
        let mut closing = None;
        while let Some(message) = next {
            group.ran += 1;
            match message {
                Message::Unit(unit) => group.run(&mut tx, unit).await,
                Message::Addition(addition) => group.add(&mut tx, *addition),
                Message::Close(closed) => closing = Some(closed),
            }
            next = if group.ran < GROUP && closing.is_none() { queue.try_recv().ok() } else { None };
        }
        is_crowded = group.ran > 1;
        group.finish(&mut tx, &revisions).await;
        if let Some(closed) = closing {
            return close(tx, closed).await;
        }
    }
}

/// Answers only when the file is free: whoever closes may want to move it.
async fn close(tx: Tx, closed: oneshot::Sender<()>) {
    if let Err(error) = tx.close().await {
        tracing::warn!(error = %error, "The database was not closed as it should be; nothing is lost.");
    }
    let _ = closed.send(());
}

/// What happened since the transaction began, or since its savepoint.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// There is no transaction.
    #[default]
    Outside,
    /// Nothing since the transaction began.
    Begun,
    /// Nothing since the savepoint.
    Saved,
    /// Units that are kept; there is no savepoint.
    Kept,
    /// Units that are kept; the last one has a savepoint before it.
    KeptAfterSavepoint,
}

/// The units of one commit.
#[derive(Default)]
struct Group {
    ran: usize,
    state: State,
    kept: Vec<Answer>,
    /// Why a unit that failed could not be undone: then nothing of the group is kept.
    broken: Option<Arc<Error>>,
}

impl Group {
    fn add(&mut self, tx: &mut Tx, addition: Addition) {
        let Addition { add, reply } = addition;
        let mark = tx.additions().mark();
        if std::panic::catch_unwind(AssertUnwindSafe(|| add(tx.additions()))).is_ok() {
            self.kept.push(Box::new(move |fate| drop(reply.send(fate))));
        } else {
            tx.additions().reset(mark);
            let _ = reply.send(Err(Error::Panicked));
        }
    }

    /// Runs a unit; one that fails leaves no trace, and its caller hears of it at once.
    async fn run(&mut self, tx: &mut Tx, unit: Box<dyn Unit>) {
        if let Err(error) = self.set_apart(tx).await {
            return unit.refuse(error);
        }
        let mark = tx.additions().mark();
        // What failed between units (a commit, an undoing) is not this one's doing.
        tx.connection().has_failed();
        let finished = unit.run(tx).await;
        let Verdict::Undo(fate) = finished.verdict(tx) else {
            self.state = if self.state == State::Saved { State::KeptAfterSavepoint } else { State::Kept };
            self.kept.push(finished.answer);
            return;
        };
        tx.additions().reset(mark);
        let undo = if self.state == State::Saved { "ROLLBACK TO unit" } else { "ROLLBACK; BEGIN IMMEDIATE" };
        if let Err(error) = tx.run(undo).await {
            self.broken = Some(Arc::new(error));
        }
        (finished.answer)(fate);
    }

    /// Makes sure that the next unit can be undone without those before it. The first one needs no savepoint: the whole
    /// transaction is its own.
    async fn set_apart(&mut self, tx: &mut Tx) -> Result<()> {
        if let Some(cause) = &self.broken {
            return Err(Error::Commit(cause.clone()));
        }
        let (statement, state) = match self.state {
            State::Outside => ("BEGIN IMMEDIATE", State::Begun),
            State::Begun | State::Saved => return Ok(()),
            State::Kept => ("SAVEPOINT unit", State::Saved),
            State::KeptAfterSavepoint => ("RELEASE unit; SAVEPOINT unit", State::Saved),
        };
        let done = tx.run(statement).await.map_err(Arc::new);
        if let (Err(cause), State::Outside) = (&done, self.state) {
            // Who holds the file is not waited for again by each that waits here.
            self.broken = Some(cause.clone());
        }
        done.map_err(Error::Commit)?;
        self.state = state;
        Ok(())
    }

    async fn finish(self, tx: &mut Tx, revisions: &Revisions) {
        let fate = match self.state {
            _ if self.broken.is_some() => tx.run("ROLLBACK").await,
            State::Outside if tx.additions().is_one_statement() => tx.flush().await.map(drop),
            State::Outside => match tx.run("BEGIN IMMEDIATE").await {
                Ok(()) => commit(tx, revisions).await,
                Err(error) => Err(error),
            },
            _ => commit(tx, revisions).await,
        };
        *tx.additions() = Additions::default();
        let fate = self.broken.map_or_else(|| fate.map_err(Arc::new), Err);
        for answer in self.kept {
            answer(fate.clone().map_err(Error::Commit));
        }
    }
}
