//! Hashes of former passwords, kept where rules ask for new ones.

use crate::{
    clock::Timestamp,
    id::UserId,
    secret::SecretString,
    storage::{Result, Tx, sql},
};

/// Queries of former passwords.
pub struct FormerPasswords<'t>(&'t mut Tx);

impl Tx {
    /// Former passwords.
    pub fn former_passwords(&mut self) -> FormerPasswords<'_> {
        FormerPasswords(self)
    }
}

impl FormerPasswords<'_> {
    /// The hashes of the last ones of a person, at most `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, user: &UserId, most: usize) -> Result<Vec<SecretString>> {
        let rows = sql("SELECT password_hash FROM former_passwords WHERE user_id = $1 \
             ORDER BY replaced_at DESC, password_hash LIMIT $2")
        .bind(user.as_str().to_owned())
        .bind(i64::try_from(most).unwrap_or(0))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(row.try_get::<String>("password_hash")?.into())).collect()
    }

    /// Keeps the present one of a person as a former one, and the last `most` alone; none, where nobody asks for it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep(&mut self, user: &UserId, most: usize, now: Timestamp) -> Result<()> {
        if most > 0 {
            sql("INSERT INTO former_passwords (user_id, password_hash, replaced_at) \
                 SELECT id, password_hash, CAST($2 AS BIGINT) FROM users WHERE id = $1 AND password_hash IS NOT NULL \
                 ON CONFLICT (user_id, password_hash) DO UPDATE SET replaced_at = excluded.replaced_at")
            .bind(user.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        }
        sql("DELETE FROM former_passwords WHERE user_id = $1 AND password_hash NOT IN \
             (SELECT password_hash FROM former_passwords WHERE user_id = $1 \
              ORDER BY replaced_at DESC, password_hash LIMIT $2)")
        .bind(user.as_str().to_owned())
        .bind(i64::try_from(most).unwrap_or(0))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}
