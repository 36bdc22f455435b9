//! From the database into the keyring: at the start, and whenever a node has changed the keys.

use std::sync::Arc;

use super::{
    jwk::{BadJwk, Jwk},
    keyring::{Keyring, Ring},
    life_cycle::State,
    sealed_column::SealedColumn,
    sealing::{OpenFault, Sealer},
    signing_key::{KeyFault, SigningKey},
    store::signing_keys::StoredKey,
    verifying_key::VerifyingKey,
};
use crate::{
    secret::ExposeSecret,
    storage::{self, Revision, Storage},
};

/// Why the keys of the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadFault {
    /// The database.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The master key does not belong to this database.
    #[error("a signing key: {0}")]
    Sealed(#[from] OpenFault),
    /// A private key that Lanyard did not write.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// A public key that Lanyard did not write.
    #[error(transparent)]
    Jwk(#[from] BadJwk),
}

impl Keyring {
    /// Takes over the keys of the database if they have changed since the last time; cheap if not.
    ///
    /// A fault leaves the present keys in use. Called at the start, once a second and after every change of one's own.
    ///
    /// # Errors
    /// [`LoadFault`].
    pub async fn refresh(&self, storage: &Storage, sealer: &Sealer) -> Result<(), LoadFault> {
        // Read before the keys: a change in between is then loaded again, never overlooked.
        let revision = storage.revision(Revision::Keys);
        let present = self.snapshot();
        if present.is_loaded_at(revision) {
            return Ok(());
        }
        // `keys rekey` tells of a new master key by the same revision.
        sealer.reload();
        let stored = storage.read().await?.signing_keys().published().await?;
        let (mut signers, mut others) = (Vec::new(), Vec::new());
        for key in &stored {
            match key.key.state {
                State::Current { .. } => signers.push(signer(key, &present, sealer)?),
                State::Next | State::Retiring { .. } => others.push(verifier(key, &present)?),
                State::Gone => {}
            }
        }
        let keys = stored.into_iter().map(|stored| stored.key).collect();
        self.replace(Ring::new(signers, others).loaded_at(revision, keys));
        Ok(())
    }
}

/// A private key is opened and parsed once in its life on this node.
fn signer(stored: &StoredKey, present: &Ring, sealer: &Sealer) -> Result<Arc<SigningKey>, LoadFault> {
    if let Some(key) = present.signer_named(&stored.key.id) {
        return Ok(Arc::clone(key));
    }
    let private = stored.sealed_private.as_deref().ok_or(storage::Error::Corrupt("signing_keys.sealed_private"))?;
    let private = sealer.open(SealedColumn::SIGNING_KEY, stored.key.id.as_str(), private)?;
    let key = SigningKey::from_pkcs8(stored.key.algorithm, private.expose_secret())?;
    if *key.id() == stored.key.id { Ok(Arc::new(key)) } else { Err(storage::Error::Corrupt("signing_keys.kid").into()) }
}

fn verifier(stored: &StoredKey, present: &Ring) -> Result<Arc<VerifyingKey>, LoadFault> {
    if let Some(key) = present.published_named(&stored.key.id) {
        return Ok(Arc::clone(key));
    }
    let key = VerifyingKey::parse(stored.public_jwk.parse::<Jwk>()?)?;
    let same = *key.id() == stored.key.id && key.algorithm() == stored.key.algorithm;
    if same { Ok(Arc::new(key)) } else { Err(storage::Error::Corrupt("signing_keys.public_jwk").into()) }
}
