//! The keys of this node in memory: signing, verification and the JWKS never wait for the database.
//!
//! A [`Ring`] never changes; the [`Keyring`] swaps it for another when the keys in the database do.

use std::sync::Arc;

use arc_swap::ArcSwap;

use super::{
    algorithm::Algorithm,
    jwk::KeyId,
    jwks::Jwks,
    jws::{Compact, Refusal, Typ, VerifiedToken},
    signing_key::SigningKey,
    verifying_key::VerifyingKey,
};

/// The keys at one moment.
#[derive(Debug)]
pub struct Ring {
    current: [Option<Arc<SigningKey>>; Algorithm::ALL.len()],
    published: Vec<Arc<VerifyingKey>>,
    jwks: Arc<Jwks>,
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
        Self { current: signers, published, jwks }
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
pub struct Keyring(ArcSwap<Ring>);

impl Default for Keyring {
    fn default() -> Self {
        Self::new(Ring::new([], Vec::new()))
    }
}

impl Keyring {
    /// A keyring with the keys of `ring`.
    #[must_use]
    pub fn new(ring: Ring) -> Self {
        Self(ArcSwap::from_pointee(ring))
    }

    /// The key that signs with `algorithm`; `None` while the first one is being made, or when it is not offered.
    #[must_use]
    pub fn signer(&self, algorithm: Algorithm) -> Option<Arc<SigningKey>> {
        self.0.load().current[algorithm as usize].clone()
    }

    /// Checks the form, the kind and the signature of a token of ours. Issuer, audience and times remain to be checked.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify(&self, token: &str, typ: Typ) -> Result<VerifiedToken, Refusal> {
        self.0.load().verify(token, typ)
    }

    /// The document at `/oauth2/jwks`.
    #[must_use]
    pub fn jwks(&self) -> Arc<Jwks> {
        Arc::clone(&self.0.load().jwks)
    }

    /// Whether there is a key that signs for each of these.
    #[must_use]
    pub fn can_sign(&self, algorithms: &[Algorithm]) -> bool {
        let ring = self.0.load();
        algorithms.iter().all(|algorithm| ring.current[*algorithm as usize].is_some())
    }

    /// The keys at this moment.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Ring> {
        self.0.load_full()
    }

    /// Puts other keys in place of the present ones.
    pub fn replace(&self, ring: Ring) {
        self.0.store(Arc::new(ring));
    }
}

#[cfg(test)]
mod tests;
