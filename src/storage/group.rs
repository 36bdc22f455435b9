//! The writer: on SQLite one task that commits concurrent units together, on PostgreSQL a transaction for each.
//!
//! A unit runs to its end even when the caller has gone away: a request that is cancelled after its work was queued
//! leaves either all of it or nothing.

use std::{marker::PhantomData, panic::AssertUnwindSafe, pin::Pin, sync::Arc};

use futures_util::FutureExt;
use sqlx::{AnyConnection, AnyPool, Connection, any::AnyConnectOptions};
use tokio::sync::{mpsc, oneshot};

use super::{Engine, Error, Result, Revision, Tx, Work, prepare, revision::Revisions};

/// Units that may wait for the writer; more callers wait to enter.
const QUEUE: usize = 4096;
/// Units of one commit: enough that a slow disk serves thousands a second, few enough that nobody waits long.
const GROUP: usize = 256;

#[derive(Clone)]
pub(super) enum Writer {
    Shared(mpsc::Sender<Message>),
    Pooled(AnyPool, Arc<Revisions>),
}

pub(super) enum Message {
    Unit(Box<dyn Unit>),
    Close(oneshot::Sender<()>),
}

impl Writer {
    pub(super) async fn shared(options: AnyConnectOptions, revisions: Arc<Revisions>) -> Result<Self> {
        let mut connection = AnyConnection::connect_with(&options).await?;
        prepare(&mut connection, Engine::Sqlite, super::Access::Write).await?;
        let (sender, receiver) = mpsc::channel(QUEUE);
        tokio::spawn(serve(Tx::writing(connection), receiver, revisions));
        Ok(Self::Shared(sender))
    }

    pub(super) fn pooled(pool: AnyPool, revisions: Arc<Revisions>) -> Self {
        Self::Pooled(pool, revisions)
    }

    pub(super) async fn write<T, E, F>(&self, work: F) -> Result<T, E>
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
                tokio::spawn(alone(pool.clone(), unit, revisions.clone()));
            }
        }
        answer.await.unwrap_or_else(|_| Err(Error::Stopped.into()))
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

/// What a caller handed in, with the way back to the caller.
pub(super) trait Unit: Send {
    fn run<'t>(self: Box<Self>, tx: &'t mut Tx) -> Pin<Box<dyn Future<Output = Finished> + Send + 't>>;
    fn refuse(self: Box<Self>, error: Error);
}

/// A unit that ran: whether to keep its changes, and how to answer once their fate is known.
pub(super) struct Finished {
    keep: bool,
    answer: Box<dyn FnOnce(Result<()>) + Send>,
}

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
            let result = match AssertUnwindSafe(async { work(tx).await }).catch_unwind().await {
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
async fn alone(pool: AnyPool, unit: Box<dyn Unit>, revisions: Arc<Revisions>) {
    let mut tx = match pool.acquire().await {
        Ok(connection) => Tx::reading(connection),
        Err(error) => return unit.refuse(error.into()),
    };
    if let Err(error) = tx.run("BEGIN").await {
        return unit.refuse(error);
    }
    let finished = unit.run(&mut tx).await;
    let fate = if finished.keep { commit(&mut tx).await } else { tx.run("ROLLBACK").await };
    if fate.is_ok() {
        revisions.committed(&tx.bumped);
    }
    drop(tx);
    (finished.answer)(fate);
}

async fn commit(tx: &mut Tx) -> Result<()> {
    let fate = match tx.flush().await {
        Ok(()) => tx.run("COMMIT").await,
        Err(error) => Err(error),
    };
    if fate.is_err() {
        let _ = tx.run("ROLLBACK").await;
    }
    fate
}

/// SQLite: takes what waits, runs it, commits once, answers all.
async fn serve(mut tx: Tx, mut queue: mpsc::Receiver<Message>, revisions: Arc<Revisions>) {
    while let Some(message) = queue.recv().await {
        let first = match message {
            Message::Unit(unit) => unit,
            Message::Close(closed) => return close(tx, closed).await,
        };
        let mut group = Group::default();
        if let Err(error) = tx.run("BEGIN IMMEDIATE").await {
            first.refuse(error);
            continue;
        }
        group.run(&mut tx, first).await;
        let mut closing = None;
        while group.ran < GROUP && closing.is_none() {
            match queue.try_recv() {
                Ok(Message::Unit(unit)) => group.run(&mut tx, unit).await,
                Ok(Message::Close(closed)) => closing = Some(closed),
                Err(_) => break,
            }
        }
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

/// The units of one commit.
#[derive(Default)]
struct Group {
    ran: usize,
    kept: Vec<Finished>,
}

impl Group {
    /// Runs a unit; one that fails leaves no trace, and its caller hears of it at once.
    async fn run(&mut self, tx: &mut Tx, unit: Box<dyn Unit>) {
        self.ran += 1;
        // The first one kept needs no savepoint: the whole transaction is its own.
        let alone = self.kept.is_empty();
        if !alone && let Err(error) = tx.run("SAVEPOINT unit").await {
            return unit.refuse(error);
        }
        let mark = tx.mark();
        let finished = unit.run(tx).await;
        let end = match (finished.keep, alone) {
            (true, true) => Ok(()),
            (true, false) => tx.run("RELEASE unit").await,
            (false, true) => tx.run("ROLLBACK; BEGIN IMMEDIATE").await,
            (false, false) => tx.run("ROLLBACK TO unit; RELEASE unit").await,
        };
        if finished.keep && end.is_ok() {
            self.kept.push(finished);
        } else {
            tx.reset(mark);
            (finished.answer)(end);
        }
    }

    async fn finish(self, tx: &mut Tx, revisions: &Revisions) {
        let fate = commit(tx).await.map_err(Arc::new);
        let bumped: Vec<Revision> = std::mem::take(&mut tx.bumped);
        tx.appended.clear();
        if fate.is_ok() {
            revisions.committed(&bumped);
        }
        for finished in self.kept {
            (finished.answer)(fate.clone().map_err(Error::Commit));
        }
    }
}
