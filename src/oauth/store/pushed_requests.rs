//! Authorization requests that clients pushed: written once, taken with the code that answers them.

use crate::{
    clock::Timestamp,
    oauth::authorization::pushed::{KEPT, PushedRequest},
    secret::TokenHash,
    storage::{Additions, Result, Tx, Value, batch::Table, sql},
};

/// Queries of pushed requests.
pub struct PushedRequests<'t>(&'t mut Tx);

impl Tx {
    /// Pushed requests.
    pub fn pushed_requests(&mut self) -> PushedRequests<'_> {
        PushedRequests(self)
    }
}

static PUSHED_REQUESTS: Table = Table {
    name: "pushed_requests",
    columns: &["hash", "client_id", "parameters", "created_at", "expires_at"],
    suffix: "",
};

impl Additions {
    /// Adds a pushed request.
    pub fn pushed_request(&mut self, hash: TokenHash, request: &PushedRequest) {
        self.append(
            &PUSHED_REQUESTS,
            vec![
                Value::Bytes(hash.to_vec()),
                request.client_id.as_str().into(),
                request.parameters.as_str().into(),
                request.created_at.0.into(),
                request.created_at.plus(KEPT).0.into(),
            ],
        );
    }
}

impl PushedRequests<'_> {
    /// A request that was not answered with a code yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, hash: TokenHash) -> Result<Option<PushedRequest>> {
        let row = sql("SELECT client_id, parameters, created_at FROM pushed_requests WHERE hash = $1")
            .bind(hash.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(PushedRequest {
            client_id: row.try_get("client_id")?,
            parameters: row.try_get("parameters")?,
            created_at: Timestamp(row.try_get("created_at")?),
        }))
    }

    /// Takes a request away; `false` for all but one of those that try.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, hash: TokenHash) -> Result<bool> {
        let taken =
            sql("DELETE FROM pushed_requests WHERE hash = $1").bind(hash.to_vec()).execute(self.0.connection()).await?;
        Ok(taken == 1)
    }
}
