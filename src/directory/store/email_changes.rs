//! Changes of address that wait for their proof.

use super::{moment, text};
use crate::{
    clock::Timestamp,
    directory::email_change::EmailChange,
    id::UserId,
    secret::TokenHash,
    storage::{Result, Row, Tx, sql},
    text::EmailAddress,
};

/// Queries of changes of address.
pub struct EmailChanges<'t>(&'t mut Tx);

impl Tx {
    /// Changes of address.
    pub fn email_changes(&mut self) -> EmailChanges<'_> {
        EmailChanges(self)
    }
}

impl EmailChanges<'_> {
    pub(in crate::directory) async fn insert(
        &mut self,
        new: &EmailChange,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<()> {
        sql("INSERT INTO mailed_links (token_hash, user_id, purpose, email, created_at, expires_at) \
             VALUES ($1, $2, 'email', $3, $4, $5)")
        .bind(hash.to_vec())
        .bind(new.user.as_str().to_owned())
        .bind(new.email.as_str().to_owned())
        .bind(now.0)
        .bind(new.expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// One that can still be confirmed.
    pub(in crate::directory) async fn find(&mut self, hash: TokenHash, now: Timestamp) -> Result<Option<EmailChange>> {
        let row = sql("SELECT user_id, email, expires_at \
             FROM mailed_links \
             WHERE token_hash = $1 AND purpose = 'email' AND used_at IS NULL AND expires_at > $2")
        .bind(hash.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(change).transpose()
    }

    /// Uses one up, once.
    pub(in crate::directory) async fn redeem(
        &mut self,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<Option<EmailChange>> {
        let row = sql("UPDATE mailed_links SET used_at = $2 \
             WHERE token_hash = $1 AND purpose = 'email' AND used_at IS NULL AND expires_at > $2 \
             RETURNING user_id, email, expires_at")
        .bind(hash.to_vec())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(change).transpose()
    }

    /// Makes those of a person void.
    pub(in crate::directory) async fn void(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE mailed_links SET used_at = $2 \
             WHERE user_id = $1 AND purpose = 'email' AND used_at IS NULL")
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Makes every link void that was mailed to a person, whatever for.
    pub(in crate::directory) async fn void_all(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE mailed_links SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL")
            .bind(user.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn change(row: &Row) -> Result<EmailChange> {
    Ok(EmailChange {
        user: UserId::from_stored(text(row, "user_id")?),
        email: EmailAddress::from_stored(text(row, "email")?),
        expires_at: moment(row, "expires_at")?,
    })
}
