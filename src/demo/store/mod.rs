//! The mark of a demo in its database.

use crate::{
    clock::Timestamp,
    storage::{Result, Tx, sql},
};

/// Queries of the mark.
pub struct Mark<'t>(&'t mut Tx);

impl Tx {
    /// The mark of a demo.
    pub fn demo_mark(&mut self) -> Mark<'_> {
        Mark(self)
    }
}

impl Mark<'_> {
    /// Marks the database, for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set(&mut self, now: Timestamp) -> Result<()> {
        sql("INSERT INTO demo (id, since) VALUES (1, $1) ON CONFLICT DO NOTHING")
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Whether a demo ever used the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_set(&mut self) -> Result<bool> {
        Ok(sql("SELECT id FROM demo").fetch_optional(self.0.connection()).await?.is_some())
    }
}
