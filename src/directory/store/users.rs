//! Persons.

use super::{maybe_moment, maybe_text, millis, moment, text};
use crate::{
    clock::Timestamp,
    directory::{user::User, validity::Validity},
    id::{OrganizationId, UserId},
    storage::{Result, Row, Tx, sql},
    text::{EmailAddress, Name, UserName},
};

/// Queries of persons.
pub struct Users<'t>(&'t mut Tx);

impl Tx {
    /// Persons.
    pub fn users(&mut self) -> Users<'_> {
        Users(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT users.id, users.name, given_name, family_name, email, email_verified_at, phone, postal_address, \
             locale, picture, default_organization_id, password_hash, password_changed_at, password_must_change_at, \
             users.created_at, updated_at, account_from, account_until, disabled_at, deleted_at \
             FROM users ",
            $rest
        )
    };
}

/// The name that an erased person is shown by.
const ERASED: &str = "Erased person";

impl Users<'_> {
    /// By the id, erased persons included.
    pub async fn by_id(&mut self, id: &UserId) -> Result<Option<User>> {
        let row = sql(select!("WHERE users.id = $1"))
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(user).transpose()
    }

    /// By what the person types to sign in.
    pub async fn by_login_name(&mut self, name: &UserName) -> Result<Option<User>> {
        let row = sql(select!(
            "JOIN login_names ON login_names.user_id = users.id \
             WHERE login_names.name = $1 AND login_names.retired_at IS NULL"
        ))
        .bind(name.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(user).transpose()
    }

    /// Whether a person stands for somebody who has not joined.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_placeholder(&mut self, id: &UserId) -> Result<bool> {
        let row = sql("SELECT placeholder_since FROM users WHERE id = $1 AND deleted_at IS NULL")
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.map(|row| row.try_get::<Option<i64>>("placeholder_since")).transpose()?.flatten().is_some())
    }

    /// Keeps a person as they are until the commit: whoever erases them or holds their record meanwhile waits.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keep_still(&mut self, id: &UserId) -> Result<()> {
        sql("UPDATE users SET disabled_at = disabled_at WHERE id = $1")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// A person stands for themselves from now on.
    pub(in crate::directory) async fn end_placeholder(&mut self, id: &UserId) -> Result<()> {
        sql("UPDATE users SET placeholder_since = NULL WHERE id = $1")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Saves the attributes of the profile.
    pub(in crate::directory) async fn save_profile(&mut self, edited: &User) -> Result<()> {
        sql("UPDATE users \
             SET name = $2, given_name = $3, family_name = $4, phone = $5, postal_address = $6, locale = $7, \
             picture = $8, updated_at = $9 \
             WHERE id = $1")
        .bind(edited.id.as_str().to_owned())
        .bind(edited.name.as_str().to_owned())
        .bind(edited.given_name.clone())
        .bind(edited.family_name.clone())
        .bind(edited.phone.clone())
        .bind(edited.postal_address.clone())
        .bind(edited.locale.clone())
        .bind(edited.picture.clone())
        .bind(edited.updated_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Sets an address that was proved.
    pub(in crate::directory) async fn set_email(
        &mut self,
        id: &UserId,
        email: &EmailAddress,
        now: Timestamp,
    ) -> Result<()> {
        sql("UPDATE users SET email = $2, email_verified_at = $3, updated_at = $3 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(email.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Keeps that the address was proved.
    pub(in crate::directory) async fn prove_email(&mut self, id: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE users SET email_verified_at = $2, updated_at = $2 WHERE id = $1 AND email IS NOT NULL")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Takes back what apps were allowed in the person's name.
    pub(in crate::directory) async fn forget_consents(&mut self, id: &UserId) -> Result<()> {
        sql("DELETE FROM consents WHERE user_id = $1")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    pub(in crate::directory) async fn set_password(
        &mut self,
        id: &UserId,
        hash: &str,
        now: Timestamp,
        must_change_at: Option<Timestamp>,
    ) -> Result<()> {
        sql("UPDATE users \
             SET password_hash = $2, password_changed_at = $3, password_must_change_at = $4 \
             WHERE id = $1")
        .bind(id.as_str().to_owned())
        .bind(hash.to_owned())
        .bind(now.0)
        .bind(millis(must_change_at))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// The person has no password any more; one that is being compared does not count either.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget_password(&mut self, id: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE users SET password_hash = NULL, password_changed_at = $2, password_must_change_at = NULL WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Stores the same password under stronger parameters, unless it was changed meanwhile.
    pub async fn rehash_password(&mut self, id: &UserId, former: &str, hash: &str) -> Result<bool> {
        let done = sql("UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2")
            .bind(id.as_str().to_owned())
            .bind(former.to_owned())
            .bind(hash.to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }

    /// Whether the person may still sign in with the password that was set at `changed_at`, and keeps it so until the
    /// commit: whoever sets another or disables the person meanwhile waits, and then finds the session that began.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold_password(&mut self, id: &UserId, changed_at: Option<Timestamp>) -> Result<bool> {
        let held = sql("UPDATE users SET password_changed_at = password_changed_at \
             WHERE id = $1 AND COALESCE(password_changed_at, 0) = $2 AND disabled_at IS NULL AND deleted_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(changed_at.map_or(0, |at| at.0))
        .execute(self.0.connection())
        .await?;
        Ok(held == 1)
    }

    pub(in crate::directory) async fn set_default_organization(
        &mut self,
        id: &UserId,
        organization: Option<&OrganizationId>,
        now: Timestamp,
    ) -> Result<()> {
        sql("UPDATE users SET default_organization_id = $2, updated_at = $3 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(organization.map(|id| id.as_str().to_owned()))
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Clears the default organization if it is this one.
    pub(in crate::directory) async fn forget_default_organization(
        &mut self,
        id: &UserId,
        organization: &OrganizationId,
    ) -> Result<()> {
        sql("UPDATE users SET default_organization_id = NULL \
             WHERE id = $1 AND default_organization_id = $2")
        .bind(id.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    pub(in crate::directory) async fn set_disabled(
        &mut self,
        id: &UserId,
        disabled_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        sql("UPDATE users SET disabled_at = $2, updated_at = $3, ended_by_date_at = NULL, \
             enabled_at = CASE WHEN $2 IS NULL THEN $3 ELSE enabled_at END \
             WHERE id = $1")
        .bind(id.as_str().to_owned())
        .bind(millis(disabled_at))
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    pub(in crate::directory) async fn set_validity(
        &mut self,
        id: &UserId,
        validity: Validity,
        now: Timestamp,
    ) -> Result<()> {
        sql("UPDATE users SET account_from = $2, account_until = $3, updated_at = $4 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(millis(validity.from))
            .bind(millis(validity.until))
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Whether the person is disabled because their last day has come.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_ended_by_date(&mut self, id: &UserId) -> Result<bool> {
        let row = sql("SELECT ended_by_date_at FROM users WHERE id = $1")
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.map(|row| maybe_moment(&row, "ended_by_date_at")).transpose()?.flatten().is_some())
    }

    /// The last day was why; or (`None`) an administrator has disabled the person as well.
    pub(in crate::directory) async fn set_ended_by_date(&mut self, id: &UserId, at: Option<Timestamp>) -> Result<()> {
        sql("UPDATE users SET ended_by_date_at = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(millis(at))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Whose account has come to its end and who was not disabled since.
    pub(in crate::directory) async fn over(&mut self, now: Timestamp, most: u32) -> Result<Vec<UserId>> {
        let rows = sql("SELECT id FROM users \
             WHERE account_until <= $1 AND account_until IS NOT NULL AND disabled_at IS NULL AND deleted_at IS NULL \
             ORDER BY account_until LIMIT $2")
        .bind(now.0)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(UserId::from_stored(text(row, "id")?))).collect()
    }

    /// Leaves a tombstone: the id and when it was erased.
    pub(in crate::directory) async fn erase(&mut self, id: &UserId, now: Timestamp) -> Result<()> {
        sql("UPDATE users \
             SET name = $2, given_name = NULL, family_name = NULL, email = NULL, email_verified_at = NULL, \
             phone = NULL, postal_address = NULL, locale = NULL, picture = NULL, default_organization_id = NULL, \
             password_hash = NULL, password_changed_at = NULL, password_must_change_at = NULL, placeholder_since = NULL, \
             updated_at = $3, deleted_at = $3 \
             WHERE id = $1")
        .bind(id.as_str().to_owned())
        .bind(ERASED)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        sql("DELETE FROM mailed_links WHERE user_id = $1")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        for statement in [
            "DELETE FROM factors WHERE user_id = $1",
            "DELETE FROM recovery_codes WHERE user_id = $1",
            "DELETE FROM sent_codes WHERE user_id = $1",
            "DELETE FROM former_passwords WHERE user_id = $1",
            "DELETE FROM known_devices WHERE user_id = $1",
            "DELETE FROM sign_in_places WHERE user_id = $1",
            "DELETE FROM safety_links WHERE user_id = $1",
            "DELETE FROM recoveries WHERE user_id = $1",
        ] {
            sql(statement).bind(id.as_str().to_owned()).execute(self.0.connection()).await?;
        }
        sql("UPDATE sessions SET user_agent = '', address = '' WHERE user_id = $1")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn user(row: &Row) -> Result<User> {
    Ok(User {
        id: UserId::from_stored(text(row, "id")?),
        name: Name::from_stored(text(row, "name")?),
        given_name: maybe_text(row, "given_name")?,
        family_name: maybe_text(row, "family_name")?,
        email: maybe_text(row, "email")?.map(EmailAddress::from_stored),
        email_verified_at: maybe_moment(row, "email_verified_at")?,
        phone: maybe_text(row, "phone")?,
        postal_address: maybe_text(row, "postal_address")?,
        locale: maybe_text(row, "locale")?,
        picture: maybe_text(row, "picture")?,
        default_organization: maybe_text(row, "default_organization_id")?.map(OrganizationId::from_stored),
        password_hash: maybe_text(row, "password_hash")?,
        password_changed_at: maybe_moment(row, "password_changed_at")?,
        password_must_change_at: maybe_moment(row, "password_must_change_at")?,
        created_at: moment(row, "created_at")?,
        updated_at: moment(row, "updated_at")?,
        validity: Validity { from: maybe_moment(row, "account_from")?, until: maybe_moment(row, "account_until")? },
        disabled_at: maybe_moment(row, "disabled_at")?,
        deleted_at: maybe_moment(row, "deleted_at")?,
    })
}
