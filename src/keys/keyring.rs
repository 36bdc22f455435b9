//! The keys of this node in memory: signing, verification and the JWKS never wait for the database.
//!
//! A [`Ring`] never changes; the [`Keyring`] swaps it for another when the keys in the database do.

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use serde_json::Value;

use super::{
    algorithm::Algorithm,
    jwk::KeyId,
    jwks::Jwks,
    jws::{Compact, Refusal, Typ, VerifiedToken},
    life_cycle::{self, Key, Policy},
    signing_key::SigningKey,
    verifying_key::VerifyingKey,
};
use crate::clock::Timestamp;

/// The keys at one moment.
#[derive(Debug)]
pub struct Ring {
    current: [Option<Arc<SigningKey>>; Algorithm::ALL.len()],
    published: Vec<Arc<VerifyingKey>>,
    jwks: Arc<Jwks>,
    loaded: Option<Loaded>,
}

/// What a ring was made of.
#[derive(Debug)]
struct Loaded {
    revision: u64,
    keys: Vec<Key>,
}

impl Ring {
    /// A ring that signs with `current`, one key of an algorithm, and publishes these and the `others`: the next and the
    /// retiring ones.
    #[must_use]
    pub fn new(current: impl IntoIterator<Item = Arc<SigningKey>>, others: Vec<Arc<VerifyingKey>>) -> Self {
        let mut signers = [const { None }; Algorithm::ALL.len()];
        for key in current {
            let place = key.algorithm() as usize;
            signers[place] = Some(key);
        }
        let mut published: Vec<_> =
            signers.iter().flatten().map(|key| Arc::clone(key.public())).chain(others).collect();
        // Stable, so that the current key of an algorithm comes before its others.
        published.sort_by_key(|key| key.algorithm());
        let jwks = Arc::new(Jwks::of(published.iter().map(AsRef::as_ref)));
        Self { current: signers, published, jwks, loaded: None }
    }

    /// The same ring, known to be made of these keys of the database at `revision`.
    #[must_use]
    pub(super) fn loaded_at(self, revision: u64, keys: Vec<Key>) -> Self {
        Self { loaded: Some(Loaded { revision, keys }), ..self }
    }

    /// Whether these are the keys of the database at `revision`.
    pub(super) fn is_loaded_at(&self, revision: u64) -> bool {
        self.revision() == Some(revision)
    }

    fn revision(&self) -> Option<u64> {
        self.loaded.as_ref().map(|loaded| loaded.revision)
    }

    /// The key of this name that signs.
    #[must_use]
    pub fn signer_named(&self, id: &KeyId) -> Option<&Arc<SigningKey>> {
        self.current.iter().flatten().find(|key| key.id() == id)
    }

    /// The key of this name that is published.
    #[must_use]
    pub fn published_named(&self, id: &KeyId) -> Option<&Arc<VerifyingKey>> {
        self.published.iter().find(|key| key.id() == id)
    }

    fn verify(&self, token: &str, expected: Typ) -> Result<VerifiedToken, Refusal> {
        let compact = Compact::split(token)?;
        let (key, typ) = self
            .published
            .iter()
            .find_map(|key| Some((key, key.typ_of(compact.header)?)))
            .ok_or(Refusal::ForeignHeader)?;
        if typ == expected { key.verify(&compact) } else { Err(Refusal::WrongTyp) }
    }
}

/// The keys now.
#[derive(Debug)]
pub struct Keyring {
    policy: Policy,
    ring: ArcSwap<Ring>,
    encryption: OnceLock<Value>,
}

impl Keyring {
    /// A keyring without keys.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self { policy, ring: ArcSwap::from_pointee(Ring::new([], Vec::new())), encryption: OnceLock::new() }
    }

    /// How long keys live, and which algorithms are offered.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.policy
    }

    /// The key that signs with `algorithm`; `None` while the first one is being made, or when it is not offered.
    #[must_use]
    pub fn signer(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.ring.load().current[algorithm as usize].clone()
    }

    /// Checks the form, the kind and the signature of a token of ours. Issuer, audience and times remain to be checked.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(&self, token: &str, typ: Typ) -> Result<VerifiedToken, Refusal> {
        self.ring.load().verify(token, typ)
    }

    /// The document at `/oauth2/jwks`.
    #[must_use]
    pub fn jwks(&self) -> Arc<Jwks> {
        Arc::clone(&self.ring.load().jwks)
    }

    /// Whether there is a key that signs for each algorithm that is offered.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let ring = self.ring.load();
        self.policy.algorithms.iter().all(|algorithm| ring.current[*algorithm as usize].is_some())
    }

    /// Whether a key is due for its next station; reads no database, so that it can be asked every second.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        let ring = self.ring.load();
        let keys = ring.loaded.as_ref().map_or(&[][..], |loaded| &loaded.keys);
        !life_cycle::plan(now, keys, &self.policy).is_empty()
    }

    /// The keys at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Ring> {
        self.ring.load_full()
    }

    /// Publishes the key that others encrypt to, beside those that are put in place from now on.
    pub fn publish_encryption(&self, jwk: Value) {
        // Another call has published the same key.
        let _ = self.encryption.set(jwk);
    }

    /// Puts other keys in place of the present ones, unless these were read later.
    pub fn replace(&self, mut ring: Ring) {
        ring.jwks = Arc::new(Jwks::with(ring.published.iter().map(AsRef::as_ref), self.encryption.get()));
        let ring = Arc::new(ring);
        self.ring.rcu(|present| Arc::clone(if present.revision() > ring.revision() { present } else { &ring }));
    }
}

#[cfg(test)]
mod tests;
