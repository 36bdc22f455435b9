//! Emergency accounts: what they are beside a person and a membership.

use super::{maybe_moment, moment, text};
use crate::{
    clock::Timestamp,
    directory::emergency::Account,
    id::{OrganizationId, UserId},
    secret::TokenHash,
    storage::{Result, Row, Tx, sql},
    text::Slug,
};

/// Queries of emergency accounts.
pub struct EmergencyAccounts<'t>(&'t mut Tx);

impl Tx {
    /// Emergency accounts.
    pub fn emergency_accounts(&mut self) -> EmergencyAccounts<'_> {
        EmergencyAccounts(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT user_id, organization_id, slug, link_expires_at, set_up_at, spent_at, created_at \
             FROM emergency_accounts WHERE removed_at IS NULL ",
            $rest
        )
    };
}

impl EmergencyAccounts<'_> {
    /// Every one there is: few, two for each organization at most.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&mut self) -> Result<Vec<Account>> {
        let rows = sql(select!("ORDER BY organization_id, slug")).fetch_all(self.0.connection()).await?;
        rows.iter().map(account).collect()
    }

    /// Those of an organization, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Account>> {
        let rows = sql(select!("AND organization_id = $1 ORDER BY slug"))
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(account).collect()
    }

    /// The one that this person is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&mut self, user: &UserId) -> Result<Option<Account>> {
        let row =
            sql(select!("AND user_id = $1")).bind(user.as_str().to_owned()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(account).transpose()
    }

    /// The one for which a key is registered by this link, while it is good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_link(&mut self, link: TokenHash, now: Timestamp) -> Result<Option<Account>> {
        let row = sql(select!("AND link_hash = $1 AND link_expires_at > $2"))
            .bind(link.to_vec())
            .bind(now.0)
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(account).transpose()
    }

    /// Makes a person one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, new: &Account) -> Result<()> {
        sql("INSERT INTO emergency_accounts (user_id, organization_id, slug, created_at) VALUES ($1, $2, $3, $4)")
            .bind(new.user.as_str().to_owned())
            .bind(new.organization.as_str().to_owned())
            .bind(new.slug.as_str().to_owned())
            .bind(new.created_at.0)
            .execute(self.0.connection())
            .await?;
        sql("UPDATE users SET emergency_for = $2 WHERE id = $1")
            .bind(new.user.as_str().to_owned())
            .bind(new.organization.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Begins anew: this link registers the next key.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(&mut self, user: &UserId, link: TokenHash, until: Timestamp) -> Result<()> {
        sql("UPDATE emergency_accounts \
             SET link_hash = $2, link_expires_at = $3, set_up_at = NULL, spent_at = NULL WHERE user_id = $1")
        .bind(user.as_str().to_owned())
        .bind(link.to_vec())
        .bind(until.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// A key was registered; the link is used up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_up(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        sql(
            "UPDATE emergency_accounts SET link_hash = NULL, link_expires_at = NULL, set_up_at = $2 WHERE user_id = $1",
        )
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// It signs in, which it does once; `false` where it did before. Of two at once, one does.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn spend(&mut self, user: &UserId, now: Timestamp) -> Result<bool> {
        let done = sql("UPDATE emergency_accounts SET spent_at = $2 \
             WHERE user_id = $1 AND spent_at IS NULL AND set_up_at IS NOT NULL AND removed_at IS NULL")
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// It is no more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE emergency_accounts SET removed_at = $2, link_hash = NULL WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn account(row: &Row) -> Result<Account> {
    Ok(Account {
        user: UserId::from_stored(text(row, "user_id")?),
        organization: OrganizationId::from_stored(text(row, "organization_id")?),
        slug: Slug::from_stored(text(row, "slug")?),
        link_expires_at: maybe_moment(row, "link_expires_at")?,
        set_up_at: maybe_moment(row, "set_up_at")?,
        spent_at: maybe_moment(row, "spent_at")?,
        created_at: moment(row, "created_at")?,
    })
}
