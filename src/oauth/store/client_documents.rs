//! Clients whose id is the address of a document about them: when that was read last, and which one it was.

use super::super::dynamic::document::Reading;
use crate::{
    clock::Timestamp,
    secret::TokenHash,
    storage::{Error, Result, Tx, sql},
};

/// Queries of them.
pub struct ClientDocuments<'t>(&'t mut Tx);

impl Tx {
    /// Clients whose id is the address of a document.
    pub fn client_documents(&mut self) -> ClientDocuments<'_> {
        ClientDocuments(self)
    }
}

impl ClientDocuments<'_> {
    /// What is known of the document of a client.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, client: &str) -> Result<Option<Reading>> {
        let row = sql("SELECT digest, read_at FROM client_documents WHERE client_id = $1")
            .bind(client.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| {
            let digest = TokenHash::from_stored(&row.try_get::<Vec<u8>>("digest")?);
            let digest = digest.ok_or(Error::Corrupt("client_documents.digest"))?;
            Ok(Reading { digest, read_at: Timestamp(row.try_get("read_at")?) })
        })
        .transpose()
    }

    /// How many there are, and how many of them came after `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&mut self, since: Timestamp) -> Result<(i64, i64)> {
        let row =
            sql("SELECT COUNT(*) AS n, CAST(COALESCE(SUM(CASE WHEN created_at > $1 THEN 1 ELSE 0 END), 0) AS BIGINT) \
             AS lately \
             FROM client_documents")
            .bind(since.0)
            .fetch_one(self.0.connection())
            .await?;
        Ok((row.try_get("n")?, row.try_get("lately")?))
    }

    /// Writes down what was read of a new client, or of one that is known.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&mut self, client: &str, reading: Reading) -> Result<()> {
        sql("INSERT INTO client_documents (client_id, digest, read_at, created_at) \
             VALUES ($1, $2, $3, $3) \
             ON CONFLICT (client_id) DO UPDATE SET digest = excluded.digest, read_at = excluded.read_at")
        .bind(client.to_owned())
        .bind(reading.digest.to_vec())
        .bind(reading.read_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}
