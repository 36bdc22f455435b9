//! Documents of others, kept for a while: at most [`MOST`], each as long as its sender says within bounds, read once for
//! many who ask at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use super::{Answer, Fault, Outbound};
use crate::clock::{Clock, Timestamp};

/// Documents that are kept.
pub const MOST: usize = 256;

/// How long a document is kept that says nothing, or less than this or more.
const USUALLY: Duration = Duration::from_secs(5 * 60);
const AT_LEAST: Duration = Duration::from_secs(60);
const AT_MOST: Duration = Duration::from_secs(86_400);

/// How long a failure is remembered, so that a server that is down is not asked at every request.
const FAILURE: Duration = Duration::from_secs(10);

/// A document as it was last read.
#[derive(Debug)]
pub struct Document {
    /// `Content-Type`, without parameters, in lower case.
    pub content_type: String,
    /// The body.
    pub body: Vec<u8>,
    /// When it was read.
    pub read_at: Timestamp,
    ends_at: Timestamp,
}

/// Why there is no document; for logs and administrators, never for strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unavailable {
    /// It was not reached.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// The server has no such document.
    #[error("{url} answered {status}")]
    Status {
        /// Where.
        url: Box<str>,
        /// HTTP status.
        status: u16,
    },
}

type Found = Result<Arc<Document>, Unavailable>;

/// What is known of one address; the lock is held while it is read.
type Place = Arc<AsyncMutex<Option<(Found, Timestamp)>>>;

/// The documents that are kept.
#[derive(Debug)]
pub struct Documents {
    clock: Clock,
    places: Mutex<HashMap<Url, Place>>,
}

impl Documents {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, places: Mutex::default() }
    }

    pub(super) async fn get(&self, outbound: &Outbound, url: &Url) -> Found {
        self.find(outbound, url, |found, asked_at, now| match found {
            Ok(document) => now < document.ends_at,
            Err(_) => now.since(asked_at) < FAILURE,
        })
        .await
    }

    pub(super) async fn get_newer(&self, outbound: &Outbound, url: &Url) -> Found {
        self.find(outbound, url, |found, asked_at, now| match found {
            Ok(_) => now.since(asked_at) < AT_LEAST,
            Err(_) => now.since(asked_at) < FAILURE,
        })
        .await
    }

    async fn find(
        &self,
        outbound: &Outbound,
        url: &Url,
        serves: impl Fn(&Found, Timestamp, Timestamp) -> bool,
    ) -> Found {
        let place = self.place(url);
        let mut kept = place.lock().await;
        let now = self.clock.now();
        if let Some((found, asked_at)) = kept.as_ref()
            && serves(found, *asked_at, now)
        {
            return found.clone();
        }
        let read = outbound.get(url).await.map_err(Unavailable::from).and_then(|answer| document(url, answer, now));
        let found = match (read, kept.take()) {
            // A server that is out of reach for a moment takes nothing away, until what it said has ended.
            (Err(_), Some((Ok(before), _))) if now < before.ends_at => Ok(before),
            (read, _) => read,
        };
        *kept = Some((found.clone(), now));
        found
    }

    /// Its place, made where there is none; the table never grows beyond [`MOST`].
    fn place(&self, url: &Url) -> Place {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(url) {
            return Arc::clone(place);
        }
        if places.len() >= MOST {
            let now = self.clock.now();
            let is_kept = |place: &mut Place| match place.try_lock() {
                Ok(kept) => {
                    kept.as_ref().is_some_and(|(found, _)| found.as_ref().is_ok_and(|found| now < found.ends_at))
                }
                Err(_) => true,
            };
            places.retain(|_, place| is_kept(place));
        }
        if places.len() >= MOST {
            places.clear();
        }
        Arc::clone(places.entry(url.clone()).or_default())
    }
}

fn document(url: &Url, answer: Answer, now: Timestamp) -> Found {
    if !answer.is_success() {
        return Err(Unavailable::Status { url: url.as_str().into(), status: answer.status });
    }
    let kept = answer.max_age.unwrap_or(USUALLY).clamp(AT_LEAST, AT_MOST);
    let Answer { content_type, body, .. } = answer;
    Ok(Arc::new(Document { content_type, body, read_at: now, ends_at: now.plus(kept) }))
}
