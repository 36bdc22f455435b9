//! Links that were mailed.

use super::{maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::mailed_link::{MailedLink, Purpose},
    id::UserId,
    secret::TokenHash,
    storage::{Result, Row, Tx},
    text::EmailAddress,
};

/// Queries of mailed links.
pub struct MailedLinks<'t>(&'t mut Tx);

impl Tx {
    /// Links that were mailed.
    pub fn mailed_links(&mut self) -> MailedLinks<'_> {
        MailedLinks(self)
    }
}

impl MailedLinks<'_> {
    pub(in crate::directory) async fn insert(
        &mut self,
        new: &MailedLink,
        hash: TokenHash,
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "INSERT INTO mailed_links (token_hash, user_id, purpose, email, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(hash.to_vec())
        .bind(new.user.as_str().to_owned())
        .bind(new.purpose.as_str())
        .bind(new.email.as_ref().map(|email| email.as_str().to_owned()))
        .bind(now.0)
        .bind(new.expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// One that can still be used.
    pub(in crate::directory) async fn good(
        &mut self,
        hash: TokenHash,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<MailedLink>> {
        let row = sqlx::query(
            "SELECT user_id, purpose, email, expires_at \
             FROM mailed_links \
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3",
        )
        .bind(hash.to_vec())
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(link).transpose()
    }

    /// Uses one up, once.
    pub(in crate::directory) async fn redeem(
        &mut self,
        hash: TokenHash,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<MailedLink>> {
        let row = sqlx::query(
            "UPDATE mailed_links SET used_at = $3 \
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 \
             RETURNING user_id, purpose, email, expires_at",
        )
        .bind(hash.to_vec())
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(link).transpose()
    }

    /// Makes the person's unused links void: those of one purpose, or all.
    pub(in crate::directory) async fn void(
        &mut self,
        user: &UserId,
        purpose: Option<Purpose>,
        now: Timestamp,
    ) -> Result<()> {
        sqlx::query(
            "UPDATE mailed_links SET used_at = $3 \
             WHERE user_id = $1 AND ($2 = '' OR purpose = $2) AND used_at IS NULL",
        )
        .bind(user.as_str().to_owned())
        .bind(purpose.map_or("", Purpose::as_str))
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}

fn link(row: &Row) -> Result<MailedLink> {
    Ok(MailedLink {
        user: UserId::from_stored(text(row, "user_id")?),
        purpose: Purpose::from_stored(&text(row, "purpose")?),
        email: maybe_text(row, "email")?.map(EmailAddress::from_stored),
        expires_at: moment(row, "expires_at")?,
    })
}
