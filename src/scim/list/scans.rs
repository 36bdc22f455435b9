//! Lists that no index answers: how many are made at once on a node, and what they cost whoever asks.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    limit::{Rate, Verdict},
    scim::{
        caller::Caller,
        failure::{Failure, Result},
    },
};

/// How many are made at once.
const AT_ONCE: usize = 2;

/// How many resources are gone over for what one more request costs.
const FOR_ONE: u64 = 200;

/// Lists that are being made; cheap to clone.
#[derive(Debug, Clone)]
pub struct Scans {
    rate: Arc<Rate>,
    turns: Arc<Semaphore>,
}

impl Scans {
    /// None yet; what they cost counts as requests.
    #[must_use]
    pub fn new(rate: Arc<Rate>) -> Self {
        Self { rate, turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Begins one that goes over so many resources, as soon as it is its turn.
    pub(super) async fn begin(&self, caller: &Caller, resources: u64) -> Result<SemaphorePermit<'_>> {
        let worth = u32::try_from(resources.div_ceil(FOR_ONE)).unwrap_or(u32::MAX);
        if let Verdict::Wait(wait) = self.rate.take_many(caller.source.as_str(), worth) {
            return Err(Failure::TooOften(wait));
        }
        Ok(self.turns.acquire().await.expect("it is never closed"))
    }
}
