//! What may be used once: identifiers of assertions and proofs that others signed, remembered until these expire.

use crate::{
    clock::Timestamp,
    secret::TokenHash,
    storage::{Result, Tx, sql},
};

/// Queries of what was used.
pub struct Replays<'t>(&'t mut Tx);

impl Tx {
    /// What was used once.
    pub fn replays(&mut self) -> Replays<'_> {
        Replays(self)
    }
}

impl Replays<'_> {
    /// Remembers `hash` until `expires_at`; `false` when it was remembered before. The hash covers who signed and for what,
    /// so that nobody uses up the identifiers of others.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn first_use(&mut self, hash: TokenHash, expires_at: Timestamp) -> Result<bool> {
        let written = sql("INSERT INTO replays (hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
            .bind(hash.to_vec())
            .bind(expires_at.0)
            .execute(self.0.connection())
            .await?;
        Ok(written == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::databases;

    #[tokio::test(flavor = "multi_thread")]
    async fn only_the_first_use_counts() {
        for database in databases().await {
            for (text, expected) in [("a", true), ("a", false), ("b", true)] {
                let hash = TokenHash::of(text);
                let first = database
                    .storage
                    .write(move |tx| Box::pin(async move { tx.replays().first_use(hash, Timestamp(1)).await }))
                    .await;
                assert_eq!(first.unwrap(), expected, "{text}");
            }
        }
    }
}
