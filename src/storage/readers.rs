//! Connections that read. PostgreSQL has the library's pool, which finds out about lost connections. SQLite has its own
//! few, as nothing can be lost there.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::PgPool;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{
    Connection, Error, Result,
    postgres::Postgres,
    sqlite::{Access, Sqlite},
};

/// How long a caller waits for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) enum Readers {
    Own(Arc<Own>),
    Pooled(PgPool),
}

/// The connections of SQLite that nobody has at the moment, and how many there are in all.
#[derive(Debug)]
pub(super) struct Own {
    file: PathBuf,
    idle: Mutex<Vec<Connection>>,
    free: Arc<Semaphore>,
    count: u32,
}

impl Readers {
    /// At most so many, each opened when it is first needed; one at once, so that a fault is told at the start.
    pub(super) fn own(file: PathBuf, count: u32) -> Result<Self> {
        let idle = Mutex::new(vec![Sqlite::open(&file, Access::Read)?.into()]);
        let free = Arc::new(Semaphore::new(count as usize));
        Ok(Self::Own(Arc::new(Own { file, idle, free, count })))
    }

    pub(super) async fn lend(&self) -> Result<Loan> {
        match self {
            Self::Own(own) => own.clone().lend().await,
            Self::Pooled(pool) => Box::pin(Loan::pooled(pool)).await,
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Own(own) => own.close().await,
            Self::Pooled(pool) => pool.close().await,
        }
    }
}

/// A connection that goes back where it came from.
#[derive(Debug)]
pub(super) enum Loan {
    Own(OwnLoan),
    Pooled(Connection),
}

/// A connection of [`Own`].
#[derive(Debug)]
pub(super) struct OwnLoan {
    /// There until it is dropped.
    connection: Option<Connection>,
    home: Arc<Own>,
    _permit: OwnedSemaphorePermit,
}

impl Loan {
    pub(super) async fn pooled(pool: &PgPool) -> Result<Self> {
        Ok(Self::Pooled(Postgres::Pooled(pool.acquire().await?).into()))
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        match self {
            Self::Own(loan) => loan.connection.as_mut().expect("it is there until the loan is dropped"),
            Self::Pooled(connection) => connection,
        }
    }
}

impl Drop for OwnLoan {
    /// Before the permit is: whoever waits for that finds a connection.
    fn drop(&mut self) {
        self.home.idle().extend(self.connection.take());
    }
}

impl Own {
    async fn lend(self: Arc<Self>) -> Result<Loan> {
        let permit = match self.free.clone().try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => match timeout(LONGEST_WAIT, self.free.clone().acquire_owned()).await {
                Ok(permit) => permit.map_err(|_| Error::Stopped)?,
                Err(_) => return Err(Error::Crowded),
            },
        };
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => Sqlite::open(&self.file, Access::Read)?.into(),
        };
        Ok(Loan::Own(OwnLoan { connection: Some(connection), home: self, _permit: permit }))
    }

    /// Waits for those that are lent.
    async fn close(&self) {
        let all = self.free.acquire_many(self.count).await;
        self.free.close();
        drop(all);
        let idle = std::mem::take(&mut *self.idle());
        for connection in idle {
            let _ = connection.close().await;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
