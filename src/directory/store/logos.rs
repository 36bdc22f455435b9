//! Pictures of organizations.

use crate::{
    clock::Timestamp,
    directory::logo::Picture,
    storage::{Result, Tx, sql},
};

/// Queries of pictures.
pub struct Logos<'t>(&'t mut Tx);

impl Tx {
    /// Pictures of organizations.
    pub fn logos(&mut self) -> Logos<'_> {
        Logos(self)
    }
}

impl Logos<'_> {
    /// Keeps a picture; the same one once.
    pub(in crate::directory) async fn insert(&mut self, picture: &Picture, now: Timestamp) -> Result<()> {
        sql("INSERT INTO logos (name, bytes, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING")
            .bind(picture.name.clone())
            .bind(picture.bytes.clone())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// The picture of that name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_name(&mut self, name: &str) -> Result<Option<Picture>> {
        let row = sql("SELECT bytes FROM logos WHERE name = $1")
            .bind(name.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Picture::parse(row.try_get("bytes")?).ok())
    }
}
