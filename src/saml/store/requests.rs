//! What was asked of identity providers: each request is answered once, and the answer is fetched once, in the browser that
//! asked.

use crate::{
    clock::Timestamp,
    id::UpstreamId,
    secret::TokenHash,
    storage::{Error, Result, Row, Tx, sql},
};

/// Queries of requests.
pub struct SamlRequests<'t>(&'t mut Tx);

impl Tx {
    /// What was asked of identity providers.
    pub fn saml_requests(&mut self) -> SamlRequests<'_> {
        SamlRequests(self)
    }
}

/// A request that waits for its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Of its ID.
    pub hash: TokenHash,
    /// Who was asked.
    pub upstream: UpstreamId,
    /// The version of that.
    pub version: i64,
    /// Whose it is; nobody's where nobody asked.
    pub browser: Option<TokenHash>,
    /// Where the browser goes then: sealed.
    pub way_back: Option<String>,
    /// Whoever signed in there before has to do so again.
    pub fresh_after: Option<Timestamp>,
    /// Until when it waits.
    pub expires_at: Timestamp,
}

/// That a request waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Whoever signed in there before has to do so again.
    pub fresh_after: Option<Timestamp>,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// Who was asked.
    pub upstream: UpstreamId,
    /// The version of that.
    pub version: i64,
    /// Whose it is.
    pub browser: Option<TokenHash>,
    /// Where the browser goes now: sealed.
    pub way_back: Option<String>,
    /// What.
    pub answer: String,
}

impl SamlRequests<'_> {
    /// Keeps a request; with its answer and the ticket for that where nobody asked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, new: &Pending, answer: Option<(TokenHash, &str)>, now: Timestamp) -> Result<()> {
        sql("INSERT INTO saml_requests \
               (hash, upstream_id, version, browser, way_back, ticket, answer, created_at, expires_at, fresh_after) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(new.hash.to_vec())
        .bind(new.upstream.as_str())
        .bind(new.version)
        .bind(new.browser.map(TokenHash::to_vec))
        .bind(new.way_back.clone())
        .bind(answer.map(|(ticket, _)| ticket.to_vec()))
        .bind(answer.map(|(_, text)| text.to_owned()))
        .bind(now.0)
        .bind(new.expires_at.0)
        .bind(new.fresh_after.map(|at| at.0))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Whether a request of this upstream waits, and since when whoever answers it has to have signed in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waits(&mut self, upstream: &UpstreamId, hash: TokenHash, now: Timestamp) -> Result<Option<Waiting>> {
        let row = sql("SELECT fresh_after FROM saml_requests \
             WHERE hash = $1 AND upstream_id = $2 AND answer IS NULL AND expires_at > $3")
        .bind(hash.to_vec())
        .bind(upstream.as_str())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        let waiting = |row: Row| Ok(Waiting { fresh_after: row.try_get::<Option<i64>>("fresh_after")?.map(Timestamp) });
        row.map(waiting).transpose()
    }

    /// Answers a request that waits; `false` when it does not, or not any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn answer(
        &mut self,
        (upstream, hash): (&UpstreamId, TokenHash),
        (ticket, answer): (TokenHash, &str),
        (now, until): (Timestamp, Timestamp),
    ) -> Result<bool> {
        let written = sql("UPDATE saml_requests SET ticket = $3, answer = $4, expires_at = $6 \
             WHERE hash = $1 AND upstream_id = $2 AND answer IS NULL AND expires_at > $5")
        .bind(hash.to_vec())
        .bind(upstream.as_str())
        .bind(ticket.to_vec())
        .bind(answer)
        .bind(now.0)
        .bind(until.0)
        .execute(self.0.connection())
        .await?;
        Ok(written == 1)
    }

    /// Takes the answer to which a ticket leads: once.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, ticket: TokenHash, now: Timestamp) -> Result<Option<Answered>> {
        let row = sql("DELETE FROM saml_requests WHERE ticket = $1 AND expires_at > $2 \
             RETURNING upstream_id, version, browser, way_back, answer")
        .bind(ticket.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        let browser: Option<Vec<u8>> = row.try_get("browser")?;
        let corrupt = Error::Corrupt("saml_requests.browser");
        Ok(Some(Answered {
            upstream: UpstreamId::from_stored(row.try_get("upstream_id")?),
            version: row.try_get("version")?,
            browser: browser.map(|bytes| TokenHash::from_stored(&bytes).ok_or(corrupt)).transpose()?,
            way_back: row.try_get("way_back")?,
            answer: row.try_get("answer")?,
        }))
    }
}
