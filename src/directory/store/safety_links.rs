//! Links by which a person gets their account back: mailed to the address that they had then, and good for it whatever address
//! the account has by now.

use std::time::Duration;

use super::{moment, text};
use crate::{
    clock::Timestamp,
    id::UserId,
    secret::TokenHash,
    storage::{Result, Row, Tx, sql},
    text::EmailAddress,
};

/// What a link is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Whoever has the password set a factor up, or changed the address: the owner undoes it.
    TakeBack,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::TakeBack => "take-back",
        }
    }
}

/// A link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafetyLink {
    /// Whose.
    pub user: UserId,
    /// The address that it was mailed to.
    pub email: EmailAddress,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Queries of such links.
pub struct SafetyLinks<'t>(&'t mut Tx);

impl Tx {
    /// Links by which people get their accounts back.
    pub fn safety_links(&mut self) -> SafetyLinks<'_> {
        SafetyLinks(self)
    }
}

impl SafetyLinks<'_> {
    /// Adds one that is good for `life`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(
        &mut self,
        purpose: Purpose,
        token: TokenHash,
        link: &SafetyLink,
        life: Duration,
    ) -> Result<()> {
        sql("INSERT INTO safety_links (token_hash, user_id, purpose, email, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6)")
        .bind(token.to_vec())
        .bind(link.user.as_str().to_owned())
        .bind(purpose.as_str())
        .bind(link.email.as_str().to_owned())
        .bind(link.created_at.0)
        .bind(link.created_at.plus(life).0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// One that is good now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, purpose: Purpose, token: TokenHash, now: Timestamp) -> Result<Option<SafetyLink>> {
        let row = sql("SELECT user_id, email, created_at FROM safety_links \
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3")
        .bind(token.to_vec())
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(link).transpose()
    }

    /// The addresses to which links of a person were mailed that are good now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn addresses(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<EmailAddress>> {
        let rows = sql("SELECT DISTINCT email FROM safety_links \
             WHERE user_id = $1 AND used_at IS NULL AND expires_at > $2 ORDER BY email LIMIT 10")
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(EmailAddress::from_stored(text(row, "email")?))).collect()
    }

    /// Uses one up; of two at once, one gets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn redeem(&mut self, purpose: Purpose, token: TokenHash, now: Timestamp) -> Result<Option<SafetyLink>> {
        let row = sql("UPDATE safety_links SET used_at = $3 \
             WHERE token_hash = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3 \
             RETURNING user_id, email, created_at")
        .bind(token.to_vec())
        .bind(purpose.as_str())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(link).transpose()
    }

    /// Makes those of a person void that were made at `since` or later: an older one was mailed before whatever they undo.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn void(&mut self, user: &UserId, since: Timestamp, now: Timestamp) -> Result<()> {
        sql("UPDATE safety_links SET used_at = $3 WHERE user_id = $1 AND created_at >= $2 AND used_at IS NULL")
            .bind(user.as_str().to_owned())
            .bind(since.0)
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn link(row: &Row) -> Result<SafetyLink> {
    Ok(SafetyLink {
        user: UserId::from_stored(text(row, "user_id")?),
        email: EmailAddress::from_stored(text(row, "email")?),
        created_at: moment(row, "created_at")?,
    })
}
