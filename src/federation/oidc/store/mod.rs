//! Queries of requests to providers.

use crate::{
    clock::Timestamp,
    id::UpstreamId,
    secret::TokenHash,
    storage::{Result, Tx, sql},
};

/// Queries of who was sent to a provider.
pub struct UpstreamRequests<'t>(&'t mut Tx);

impl Tx {
    /// Who was sent to a provider and has not come back.
    pub fn upstream_requests(&mut self) -> UpstreamRequests<'_> {
        UpstreamRequests(self)
    }
}

/// A request, and the browser that was sent with it.
pub(super) type Key = (TokenHash, TokenHash);

impl UpstreamRequests<'_> {
    pub(super) async fn insert(
        &mut self,
        (state, browser): Key,
        upstream: &UpstreamId,
        content: &str,
        (created_at, expires_at): (Timestamp, Timestamp),
    ) -> Result<()> {
        sql("INSERT INTO upstream_requests (hash, browser_hash, upstream_id, content, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(state.to_vec())
        .bind(browser.to_vec())
        .bind(upstream.as_str().to_owned())
        .bind(content.to_owned())
        .bind(created_at.0)
        .bind(expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Of two who take the same, one has it.
    pub(super) async fn take(
        &mut self,
        (state, browser): Key,
        upstream: &UpstreamId,
        now: Timestamp,
    ) -> Result<Option<String>> {
        let row = sql("DELETE FROM upstream_requests \
             WHERE hash = $1 AND browser_hash = $2 AND upstream_id = $3 AND expires_at > $4 RETURNING content")
        .bind(state.to_vec())
        .bind(browser.to_vec())
        .bind(upstream.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| row.try_get("content")).transpose()
    }
}
