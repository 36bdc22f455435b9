//! Requests that came by a POST from another site, or are too long for an address: kept until the browser comes back.

use std::time::Duration;

use crate::{
    clock::Timestamp,
    secret::TokenHash,
    storage::{Result, Tx, Value, batch::Table, sql},
};

/// As long as a return path holds.
const LIFE: Duration = Duration::from_hours(1);

/// Queries of stored requests.
pub struct StoredRequests<'t>(&'t mut Tx);

impl Tx {
    /// Stored requests.
    pub fn stored_requests(&mut self) -> StoredRequests<'_> {
        StoredRequests(self)
    }
}

static STORED_REQUESTS: Table =
    Table { name: "stored_requests", columns: &["token_hash", "parameters", "created_at", "expires_at"], suffix: "" };

impl StoredRequests<'_> {
    /// Keeps form-encoded parameters.
    pub fn insert(&mut self, hash: TokenHash, parameters: &str, now: Timestamp) {
        let values = vec![Value::Bytes(hash.to_vec()), parameters.into(), now.0.into(), now.plus(LIFE).0.into()];
        self.0.append(&STORED_REQUESTS, values);
    }

    /// The parameters that were kept.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, hash: TokenHash, now: Timestamp) -> Result<Option<String>> {
        let row = sql("SELECT parameters FROM stored_requests WHERE token_hash = $1 AND expires_at > $2")
            .bind(hash.to_vec())
            .bind(now.0)
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| row.try_get("parameters")).transpose()
    }
}
