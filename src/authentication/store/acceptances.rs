//! Which version of which text a person has accepted.

use crate::{
    audit::{Context, Event},
    id::UserId,
    storage::{Result, Tx, sql},
};

/// The texts there are.
const DOCUMENTS: [&str; 2] = ["terms", "privacy"];

/// Queries of acceptances.
pub struct Acceptances<'t>(&'t mut Tx);

impl Tx {
    /// Acceptances of texts.
    pub fn acceptances(&mut self) -> Acceptances<'_> {
        Acceptances(self)
    }
}

impl Acceptances<'_> {
    /// Whether a person has yet to accept a text of `version`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_any_missing(&mut self, user: &UserId, version: &str) -> Result<bool> {
        let row = sql("SELECT COUNT(*) AS n FROM acceptances WHERE user_id = $1 AND version = $2")
            .bind(user.as_str().to_owned())
            .bind(version.to_owned())
            .fetch_one(self.0.connection())
            .await?;
        Ok(row.try_get::<i64>("n")? < i64::try_from(DOCUMENTS.len()).unwrap_or(i64::MAX))
    }

    /// Whether a person has ever accepted anything.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_any_there(&mut self, user: &UserId) -> Result<bool> {
        let row = sql("SELECT version FROM acceptances WHERE user_id = $1 LIMIT 1")
            .bind(user.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_some())
    }

    /// Notes that a person accepted `version` of every text.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn accept_all(&mut self, context: &Context, user: &UserId, version: &str) -> Result<()> {
        for document in DOCUMENTS {
            sql("INSERT INTO acceptances (user_id, document, version, accepted_at) \
                 VALUES ($1, $2, $3, $4) \
                 ON CONFLICT DO NOTHING")
            .bind(user.as_str().to_owned())
            .bind(document)
            .bind(version.to_owned())
            .bind(context.now.0)
            .execute(self.0.connection())
            .await?;
            let (document, version) = (document.to_owned(), version.to_owned());
            self.0.record(context, None, &Event::Acceptance { user: user.clone(), document, version });
        }
        Ok(())
    }
}
