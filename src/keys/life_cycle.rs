//! The life of a signing key: next → current → retiring → gone, as pure functions of the time.
//!
//! * A key is published for a whole period before it signs. Apps keep the JWKS for at most half of that, and for less where
//!   nodes that learn of the key late would take the rest, so that each of them has seen it by then.
//! * A key that signs no longer stays published until the last token it signed has ended everywhere.
//! * An algorithm that has no key at all gets one that signs at once: no app has a JWKS to be out of date.
//!
//! A replacement by command follows the same rules as one by schedule: it takes over when its time has come. Only a key
//! that was given away ([`revoke`]) is replaced at once.

use std::time::Duration;

use super::{algorithm::Algorithm, jwk::KeyId};
use crate::{
    clock::Timestamp,
    config::{Keys, Tokens},
};

/// How far the clocks of nodes and apps may differ; also covers the second in which nodes learn of a change.
const SKEW: Duration = Duration::from_mins(1);

/// The longest that apps are told to keep the JWKS.
const LONGEST_MAX_AGE: Duration = Duration::from_hours(1);

/// How long keys live.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The algorithms that are offered.
    pub algorithms: Vec<Algorithm>,
    /// How long a key signs.
    pub rotation: Duration,
    /// How long a key is published before it signs.
    pub publication: Duration,
    /// The longest life of anything that is signed.
    pub token_life: Duration,
}

impl Policy {
    /// The policy of the configuration: every algorithm is offered.
    #[must_use]
    pub fn of(keys: &Keys, tokens: &Tokens) -> Self {
        Self {
            algorithms: Algorithm::ALL.to_vec(),
            rotation: keys.rotation,
            publication: keys.pre_publication,
            token_life: Tokens::MOST_ACCESS_TOKEN.max(tokens.id_token),
        }
    }

    /// How long apps may keep the JWKS (RFC 9111 §5.2.2.1): an hour, and never more than half the publication, nor more
    /// than is left of it once the last node shows the key.
    #[must_use]
    pub fn jwks_max_age(&self) -> Duration {
        LONGEST_MAX_AGE.min(self.publication / 2).min(self.publication.saturating_sub(Keys::LEARNING))
    }

    /// How long a key stays published after its last signature.
    #[must_use]
    pub fn retention(&self) -> Duration {
        self.token_life.max(self.jwks_max_age()) + SKEW
    }

    /// When a next key takes over.
    #[must_use]
    pub fn takes_over_at(&self, published_at: Timestamp) -> Timestamp {
        published_at.plus(self.publication)
    }

    fn is_due_for_successor(&self, current_since: Timestamp, now: Timestamp) -> bool {
        current_since.plus(self.rotation.saturating_sub(self.publication)) <= now
    }
}

/// A signing key, as the plan sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Its `kid`.
    pub id: KeyId,
    /// Its `alg`.
    pub algorithm: Algorithm,
    /// When it was put into the JWKS.
    pub published_at: Timestamp,
    /// Where in its life it is.
    pub state: State,
}

/// The stations of a key's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Published, not yet signing.
    Next,
    /// Published and signing.
    Current {
        /// Its first signature.
        since: Timestamp,
    },
    /// Published, signing no longer.
    Retiring {
        /// Its last signature.
        since: Timestamp,
    },
    /// Not published; its tokens are worth nothing.
    Gone,
}

impl State {
    /// The word for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current { .. } => "current",
            Self::Retiring { .. } => "retiring",
            Self::Gone => "gone",
        }
    }
}

/// What is to be done with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Make a key of this algorithm and publish it.
    Create(Algorithm, Start),
    /// Let a next key sign, in place of the current one.
    Activate {
        /// The next key.
        id: KeyId,
        /// The current key; none when it was revoked.
        replaced: Option<KeyId>,
    },
    /// Let a key sign no longer: its algorithm is not offered any more.
    Retire(KeyId),
    /// Take a key out of the JWKS: nothing rests on it.
    Remove(KeyId),
    /// Take a key out of the JWKS: somebody else may have it.
    Revoke(KeyId),
}

/// When a new key begins to sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At once.
    Now,
    /// When it was published for long enough.
    AfterPublication,
}

/// What is due at `now`; nothing, once it is done.
#[must_use]
pub fn plan(now: Timestamp, keys: &[Key], policy: &Policy) -> Vec<Change> {
    Algorithm::ALL
        .into_iter()
        .flat_map(|algorithm| {
            let keys: Vec<&Key> = keys.iter().filter(|key| key.algorithm == algorithm).collect();
            let changes = if policy.algorithms.contains(&algorithm) {
                succeed(now, algorithm, &keys, policy).into_iter().collect()
            } else {
                withdraw(&keys)
            };
            changes.into_iter().chain(expire(now, &keys, policy))
        })
        .collect()
}

/// What is due, and a successor for each key that has none yet, of one algorithm or of all that are offered.
#[must_use]
pub fn rotate(now: Timestamp, keys: &[Key], policy: &Policy, only: Option<Algorithm>) -> Vec<Change> {
    let mut changes = plan(now, keys, policy);
    let lacking: Vec<_> = policy
        .algorithms
        .iter()
        .filter(|algorithm| only.is_none_or(|only| only == **algorithm))
        .filter(|algorithm| !keys.iter().any(|key| key.algorithm == **algorithm && key.state == State::Next))
        .filter(|algorithm| {
            !changes.iter().any(|change| matches!(change, Change::Create(made, _) if made == *algorithm))
        })
        .map(|algorithm| Change::Create(*algorithm, Start::AfterPublication))
        .collect();
    changes.extend(lacking);
    changes
}

/// Takes a key that was given away out of use, and has another one of its algorithm sign at once: the next key if there
/// is one, which some apps know already, else a new one.
///
/// # Errors
/// [`NotPublished`].
pub fn revoke(now: Timestamp, keys: &[Key], policy: &Policy, id: &KeyId) -> Result<Vec<Change>, NotPublished> {
    let mut left = keys.to_vec();
    let revoked = left
        .iter_mut()
        .find(|key| key.id == *id && key.state != State::Gone)
        .ok_or_else(|| NotPublished(id.clone()))?;
    revoked.state = State::Gone;
    Ok([Change::Revoke(id.clone())].into_iter().chain(plan(now, &left, policy)).collect())
}

/// There is nothing to revoke.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("no published key has the id `{0}`")]
pub struct NotPublished(KeyId);

/// What an offered algorithm needs.
fn succeed(now: Timestamp, algorithm: Algorithm, keys: &[&Key], policy: &Policy) -> Option<Change> {
    let next = keys.iter().find(|key| key.state == State::Next);
    let current = keys.iter().find_map(|key| match key.state {
        State::Current { since } => Some((key, since)),
        _ => None,
    });
    match (current, next) {
        (None, None) => Some(Change::Create(algorithm, Start::Now)),
        (None, Some(next)) => Some(Change::Activate { id: next.id.clone(), replaced: None }),
        (Some((current, _)), Some(next)) => (policy.takes_over_at(next.published_at) <= now)
            .then(|| Change::Activate { id: next.id.clone(), replaced: Some(current.id.clone()) }),
        (Some((_, since)), None) => {
            policy.is_due_for_successor(since, now).then_some(Change::Create(algorithm, Start::AfterPublication))
        }
    }
}

/// What becomes of the keys of an algorithm that is not offered any more.
fn withdraw(keys: &[&Key]) -> Vec<Change> {
    keys.iter()
        .filter_map(|key| match key.state {
            State::Next => Some(Change::Remove(key.id.clone())),
            State::Current { .. } => Some(Change::Retire(key.id.clone())),
            State::Retiring { .. } | State::Gone => None,
        })
        .collect()
}

/// Keys whose last token has ended.
fn expire(now: Timestamp, keys: &[&Key], policy: &Policy) -> Vec<Change> {
    keys.iter()
        .filter(|key| matches!(key.state, State::Retiring { since } if since.plus(policy.retention()) <= now))
        .map(|key| Change::Remove(key.id.clone()))
        .collect()
}

#[cfg(test)]
mod tests;
