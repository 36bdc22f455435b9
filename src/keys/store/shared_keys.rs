//! Shared keys: made by whichever node comes first.

use crate::{
    clock::Timestamp,
    keys::{SealedColumn, Sealer, sealing::OpenFault, shared_key::SharedKey},
    random::Random,
    secret::SecretSlice,
    storage::{self, Tx, sql},
};

/// Why a shared key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SharedKeyFault {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The key does not open with this node's master key.
    #[error(transparent)]
    Sealed(#[from] OpenFault),
}

/// Queries of shared keys.
pub struct SharedKeys<'t>(&'t mut Tx);

impl Tx {
    /// Keys that all nodes share.
    pub fn shared_keys(&mut self) -> SharedKeys<'_> {
        SharedKeys(self)
    }
}

impl SharedKeys<'_> {
    /// The key, made when it is first asked for; needs a unit of work.
    ///
    /// # Errors
    /// When the database fails or the master key is another one.
    pub async fn obtain(
        &mut self,
        key: SharedKey,
        sealer: &Sealer,
        random: &Random,
        now: Timestamp,
    ) -> Result<SecretSlice<u8>, SharedKeyFault> {
        sql("INSERT INTO shared_keys (name, sealed, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(key.name())
            .bind(sealer.seal(SealedColumn::SHARED_KEY, key.name(), &random.bytes::<32>()))
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        self.find(key, sealer).await?.ok_or(SharedKeyFault::Storage(storage::Error::Corrupt("shared_keys.name")))
    }

    /// The key, where it has been made.
    ///
    /// # Errors
    /// When the database fails or the master key is another one.
    pub async fn find(&mut self, key: SharedKey, sealer: &Sealer) -> Result<Option<SecretSlice<u8>>, SharedKeyFault> {
        let row = sql("SELECT sealed FROM shared_keys WHERE name = $1")
            .bind(key.name())
            .fetch_optional(self.0.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        let stored: Vec<u8> = row.try_get("sealed")?;
        Ok(Some(sealer.open(SealedColumn::SHARED_KEY, key.name(), &stored)?))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::{secret::ExposeSecret, storage::testing::databases};

    #[tokio::test(flavor = "multi_thread")]
    async fn nodes_that_start_together_agree_on_a_key() {
        let sealer = Arc::new(Sealer::for_tests());
        for database in databases().await {
            let nodes: Vec<_> = (0..4)
                .map(|_| {
                    let (storage, sealer) = (database.storage.clone(), sealer.clone());
                    tokio::spawn(async move {
                        let key: Result<_, SharedKeyFault> = storage
                            .write(move |tx| {
                                Box::pin(async move {
                                    let random = Random::system();
                                    tx.shared_keys().obtain(SharedKey::Pages, &sealer, &random, Timestamp(1)).await
                                })
                            })
                            .await;
                        key.unwrap().expose_secret().to_vec()
                    })
                })
                .collect();
            let mut keys = vec![];
            for node in nodes {
                keys.push(node.await.unwrap());
            }
            assert!(keys.iter().all(|key| key == &keys[0] && key.len() == 32));
        }
    }
}
