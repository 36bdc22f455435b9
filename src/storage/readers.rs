//! Connections that read. PostgreSQL has the library's pool, which finds out about lost connections. SQLite has its own
//! few: nothing can be lost there, and the pool would ask each connection whether it lives whenever it comes back.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sqlx::{Any, AnyConnection, AnyPool, Connection, any::AnyConnectOptions, pool::PoolConnection};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::{Access, Engine, Error, Result, prepare};

/// How long a caller waits for a connection.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(super) enum Readers {
    Own(Arc<Own>),
    Pooled(AnyPool),
}

/// The connections of SQLite that nobody has at the moment, and how many there are in all.
pub(super) struct Own {
    options: AnyConnectOptions,
    idle: Mutex<Vec<AnyConnection>>,
    free: Arc<Semaphore>,
    count: u32,
}

impl Readers {
    /// At most so many, each opened when it is first needed; one at once, so that a fault is told at the start.
    pub(super) async fn own(options: AnyConnectOptions, count: u32) -> Result<Self> {
        let idle = Mutex::new(vec![open(&options).await?]);
        let free = Arc::new(Semaphore::new(count as usize));
        Ok(Self::Own(Arc::new(Own { options, idle, free, count })))
    }

    pub(super) async fn lend(&self) -> Result<Loan> {
        match self {
            Self::Own(own) => own.clone().lend().await,
            Self::Pooled(pool) => Ok(Loan::Pooled(pool.acquire().await?)),
        }
    }

    pub(super) async fn close(&self) {
        match self {
            Self::Own(own) => own.close().await,
            Self::Pooled(pool) => pool.close().await,
        }
    }
}

async fn open(options: &AnyConnectOptions) -> Result<AnyConnection> {
    let mut connection = AnyConnection::connect_with(options).await?;
    prepare(&mut connection, Engine::Sqlite, Access::Read).await?;
    Ok(connection)
}

/// A connection that goes back where it came from.
pub(super) enum Loan {
    Own(OwnLoan),
    Pooled(PoolConnection<Any>),
}

/// A connection of [`Own`].
pub(super) struct OwnLoan {
    /// There until it is dropped.
    connection: Option<AnyConnection>,
    home: Arc<Own>,
    _permit: OwnedSemaphorePermit,
}

impl Loan {
    pub(super) fn connection(&mut self) -> &mut AnyConnection {
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
                Err(_) => return Err(sqlx::Error::PoolTimedOut.into()),
            },
        };
        let idle = self.idle().pop();
        let connection = match idle {
            Some(connection) => connection,
            None => open(&self.options).await?,
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

    fn idle(&self) -> MutexGuard<'_, Vec<AnyConnection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
