//! Units of work that can be run again, where on PostgreSQL others were at the same rows.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{Error, Result, Tx, Work, group::Writer};

/// How often a unit is run that clashes with others.
const TRIES: u32 = 5;
/// How long it waits before it is run again, times how often it was.
const PAUSE: Duration = Duration::from_millis(20);

impl Writer {
    /// Runs work, and runs it again where it could not be kept because of others.
    pub(super) async fn insist<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, E> + Clone + Send + 'static,
        T: Send + 'static,
        E: From<Error> + Send + 'static,
    {
        if let Self::Shared(_) = self {
            return self.write(work).await;
        }
        for before in 1..TRIES {
            let has_clashed = Arc::default();
            let answer = self.run(work.clone(), Arc::clone(&has_clashed)).await;
            if answer.is_ok() || !has_clashed.load(Ordering::Acquire) {
                return answer;
            }
            tracing::debug!(before, "a unit of work clashed with another one and is run again");
            tokio::time::sleep(PAUSE * before).await;
        }
        self.write(work).await
    }
}
