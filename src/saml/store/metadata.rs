//! Metadata of identity providers, as they were fetched last: a sign-in does not wait for them, and goes on when they cannot
//! be fetched.

use crate::{
    clock::Timestamp,
    id::UpstreamId,
    storage::{Result, Tx, sql},
};

/// Queries of metadata.
pub struct SamlMetadata<'t>(&'t mut Tx);

impl Tx {
    /// Metadata of identity providers.
    pub fn saml_metadata(&mut self) -> SamlMetadata<'_> {
        SamlMetadata(self)
    }
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// From where.
    pub url: String,
    /// What.
    pub document: String,
    /// When.
    pub at: Timestamp,
}

impl SamlMetadata<'_> {
    /// What was fetched last.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, upstream: &UpstreamId) -> Result<Option<Fetched>> {
        let row = sql("SELECT url, document, fetched_at FROM saml_metadata WHERE upstream_id = $1")
            .bind(upstream.as_str())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| {
            Ok(Fetched {
                url: row.try_get("url")?,
                document: row.try_get("document")?,
                at: Timestamp(row.try_get("fetched_at")?),
            })
        })
        .transpose()
    }

    /// Keeps what was fetched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep(&mut self, upstream: &UpstreamId, fetched: &Fetched) -> Result<()> {
        sql("INSERT INTO saml_metadata (upstream_id, url, document, fetched_at) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (upstream_id) DO UPDATE \
             SET url = excluded.url, document = excluded.document, fetched_at = excluded.fetched_at")
        .bind(upstream.as_str())
        .bind(fetched.url.as_str())
        .bind(fetched.document.as_str())
        .bind(fetched.at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}
