//! Documents of others, kept for a while: at most [`MOST`], each as long as its sender says within bounds, read once for
//! many who ask at the same time.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use tokio::sync::Mutex as AsyncMutex;
use url::Url;

use super::{Answer, Fault, Outbound};
use crate::{
    clock::{Clock, Timestamp},
    jose::{JwkSet, jwk_set::BadJwkSet},
};

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
    /// The keys in it, once somebody looked for keys.
    pub(super) keys: OnceLock<Result<Arc<JwkSet>, BadJwkSet>>,
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

/// What is known of one address, and the turn of whoever reads it anew.
#[derive(Debug, Default)]
struct Place {
    kept: Mutex<Option<(Found, Timestamp)>>,
    turn: AsyncMutex<()>,
}

impl Place {
    fn kept(&self) -> Option<(Found, Timestamp)> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What is held and has not ended.
    fn held(&self, now: Timestamp) -> Option<Arc<Document>> {
        self.kept().and_then(|(found, _)| found.ok()).filter(|found| now < found.ends_at)
    }
}

/// The documents that are kept.
#[derive(Debug)]
pub struct Documents {
    clock: Clock,
    places: Mutex<HashMap<Url, Arc<Place>>>,
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
        let (place, now) = (self.place(url), self.clock.now());
        let serving = |place: &Place| {
            place.kept().filter(|(found, asked_at)| serves(found, *asked_at, now)).map(|(found, _)| found)
        };
        if let Some(found) = serving(&place) {
            return found;
        }
        // Whoever comes while another reads has what is held; the first time they wait together.
        let _turn = match (place.turn.try_lock(), place.held(now)) {
            (Ok(turn), _) => turn,
            (Err(_), Some(held)) => return Ok(held),
            (Err(_), None) => place.turn.lock().await,
        };
        if let Some(found) = serving(&place) {
            return found;
        }
        let read = outbound.get(url).await.map_err(Unavailable::from).and_then(|answer| document(url, answer, now));
        // A server that is out of reach for a moment takes nothing away, until what it said has ended.
        let found = read.or_else(|fault| place.held(now).ok_or(fault));
        *place.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some((found.clone(), now));
        found
    }

    /// Its place, made where there is none; the table never grows beyond [`MOST`].
    fn place(&self, url: &Url) -> Arc<Place> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = places.get(url) {
            return Arc::clone(place);
        }
        if places.len() >= MOST {
            let now = self.clock.now();
            places.retain(|_, place| Arc::strong_count(place) > 1 || place.held(now).is_some());
        }
        if places.len() >= MOST {
            places.clear();
        }
        Arc::clone(places.entry(url.clone()).or_default())
    }
}

fn document(url: &Url, answer: Answer, now: Timestamp) -> Found {
    // No other success brings a whole document.
    if answer.status != 200 {
        return Err(Unavailable::Status { url: url.as_str().into(), status: answer.status });
    }
    let kept = answer.max_age.unwrap_or(USUALLY).clamp(AT_LEAST, AT_MOST);
    let Answer { content_type, body, .. } = answer;
    let ends_at = now.plus(kept);
    Ok(Arc::new(Document { content_type, body, read_at: now, ends_at, keys: OnceLock::new() }))
}
