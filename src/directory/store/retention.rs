//! Holds of records, and erasures that wait for their end.

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::{organization::Organization, origin::Origin, retention::Hold},
    id::{MembershipId, OrganizationId, RetentionHoldId, UserId},
    storage::{
        Result, Row, Tx,
        filter::{Filter, Operator},
        sql,
    },
};

/// Queries of holds.
pub struct Retention<'t>(&'t mut Tx);

impl Tx {
    /// Holds of records.
    pub fn retention(&mut self) -> Retention<'_> {
        Retention(self)
    }
}

/// Which holds of an organization to list.
#[derive(Debug, Clone, Default)]
pub struct HoldFilter {
    /// Of one person.
    pub user: Option<UserId>,
    /// Those that have ended, too.
    pub with_ended: bool,
    /// After this one (keyset paging).
    pub after: Option<RetentionHoldId>,
    /// At most so many.
    pub limit: u32,
}

/// That a hold lasts at this instant.
macro_rules! lasting {
    ($now:literal) => {
        concat!("ended_at IS NULL AND (until_at IS NULL OR until_at > ", $now, ")")
    };
}
pub(super) use lasting;

macro_rules! columns {
    () => {
        "SELECT id, organization_id, user_id, reason, set_by, set_at, until_at, ended_at, ended_by FROM retention_holds"
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!(columns!(), " ", $rest)
    };
}

impl Retention<'_> {
    /// One of this organization, ended or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &RetentionHoldId) -> Result<Option<Hold>> {
        let row = sql(select!("WHERE id = $1 AND organization_id = $2"))
            .bind(id.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(hold).transpose()
    }

    /// Those of an organization, in the order in which they were set.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(
        &mut self,
        organization: &OrganizationId,
        wanted: HoldFilter,
        now: Timestamp,
    ) -> Result<Vec<Hold>> {
        let filter = Filter::select(columns!())
            .and("organization_id", Operator::Equal, organization.as_str())
            .and_if("user_id", Operator::Equal, wanted.user.map(String::from))
            .and_if("id", Operator::Above, wanted.after.map(String::from));
        let filter = if wanted.with_ended { filter } else { filter.and_holding(lasting!("{}"), now.0) };
        filter.order("id", wanted.limit).fetch(self.0.connection()).await?.iter().map(hold).collect()
    }

    /// Whose membership of this organization it is or was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn whose(&mut self, organization: &OrganizationId, id: &MembershipId) -> Result<Option<UserId>> {
        let row = sql("SELECT user_id FROM memberships WHERE id = $1 AND organization_id = $2")
            .bind(id.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| Ok(UserId::from_stored(text(&row, "user_id")?))).transpose()
    }

    /// Since when a person is to be erased as soon as nobody holds the record.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn asked(&mut self, user: &UserId) -> Result<Option<Timestamp>> {
        let row = sql("SELECT asked_at FROM asked_erasures WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| moment(&row, "asked_at")).transpose()
    }

    pub(in crate::directory) async fn add(&mut self, hold: &Hold) -> Result<()> {
        sql("INSERT INTO retention_holds (id, organization_id, user_id, reason, set_by, set_at, until_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)")
        .bind(hold.id.as_str().to_owned())
        .bind(hold.organization_id.as_str().to_owned())
        .bind(hold.user_id.as_str().to_owned())
        .bind(hold.reason.clone())
        .bind(hold.set_by.as_str().to_owned())
        .bind(hold.set_at.0)
        .bind(hold.until.map(|until| until.0))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    pub(in crate::directory) async fn end(
        &mut self,
        id: &RetentionHoldId,
        (now, by): (Timestamp, &Origin),
    ) -> Result<()> {
        sql("UPDATE retention_holds SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .bind(by.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Ends up to `most` holds whose time is over; those that it ended.
    pub(in crate::directory) async fn expire(
        &mut self,
        (now, by): (Timestamp, &Origin),
        most: u32,
    ) -> Result<Vec<Hold>> {
        let rows = sql("UPDATE retention_holds SET ended_at = $1, ended_by = $2 \
             WHERE ended_at IS NULL AND id IN ( \
               SELECT id FROM retention_holds WHERE until_at <= $1 AND ended_at IS NULL ORDER BY until_at, id LIMIT $3 \
             ) \
             RETURNING id, organization_id, user_id, reason, set_by, set_at, until_at, ended_at, ended_by")
        .bind(now.0)
        .bind(by.as_str().to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(hold).collect()
    }

    /// The organizations that hold the record of a person, by slug.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn holders(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<Organization>> {
        let rows = sql(concat!(
            "SELECT DISTINCT organization_id FROM retention_holds WHERE user_id = $1 AND ",
            lasting!("$2")
        ))
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        if rows.is_empty() {
            return Ok(vec![]);
        }
        let ids: Vec<&str> = rows.iter().map(|row| row.try_get("organization_id")).collect::<Result<_>>()?;
        let all = self.0.organizations().list().await?;
        Ok(all.into_iter().filter(|one| ids.contains(&one.id.as_str())).collect())
    }

    /// Whether an organization holds the record of a person.
    pub(in crate::directory) async fn is_held_by(
        &mut self,
        organization: &OrganizationId,
        user: &UserId,
        now: Timestamp,
    ) -> Result<bool> {
        let row = sql(concat!(
            "SELECT id FROM retention_holds WHERE user_id = $1 AND organization_id = $2 AND ",
            lasting!("$3")
        ))
        .bind(user.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Holds of a record that is another person's by now.
    pub(in crate::directory) async fn hand_over(&mut self, from: &UserId, to: &UserId) -> Result<()> {
        sql("UPDATE retention_holds SET user_id = $2 WHERE user_id = $1")
            .bind(from.as_str().to_owned())
            .bind(to.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Whether a person is out of everywhere: disabled, or standing for somebody who has not joined, without a place.
    pub(in crate::directory) async fn is_out(&mut self, user: &UserId) -> Result<bool> {
        let row = sql("SELECT id FROM users \
             WHERE id = $1 AND deleted_at IS NULL \
             AND (disabled_at IS NOT NULL OR (placeholder_since IS NOT NULL AND NOT EXISTS ( \
               SELECT 1 FROM memberships WHERE memberships.user_id = users.id AND memberships.removed_at IS NULL \
             )))")
        .bind(user.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Remembers that a person is to be erased as soon as nobody holds the record; `false` where they were before.
    pub(in crate::directory) async fn ask(&mut self, user: &UserId, (now, by): (Timestamp, &Origin)) -> Result<bool> {
        let added = sql("INSERT INTO asked_erasures (user_id, asked_at, asked_by) \
             VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING")
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .bind(by.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(added > 0)
    }

    /// Takes back that a person is to be erased; `false` where they were not.
    pub(in crate::directory) async fn withdraw(&mut self, user: &UserId) -> Result<bool> {
        let removed = sql("DELETE FROM asked_erasures WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(removed > 0)
    }

    /// Who is to be erased, and is held by nobody any more, after `after`.
    pub(in crate::directory) async fn free_to_erase(
        &mut self,
        after: Option<&UserId>,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<UserId>> {
        let rows = sql(concat!(
            "SELECT user_id FROM asked_erasures \
             WHERE user_id > $1 AND NOT EXISTS ( \
               SELECT 1 FROM retention_holds \
               WHERE retention_holds.user_id = asked_erasures.user_id AND ",
            lasting!("$2"),
            ") ORDER BY user_id LIMIT $3"
        ))
        .bind(after.map_or("", UserId::as_str).to_owned())
        .bind(now.0)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(UserId::from_stored(text(row, "user_id")?))).collect()
    }

    /// Blanks why the record of a person was held who is erased.
    pub(in crate::directory) async fn erase(&mut self, user: &UserId) -> Result<()> {
        for statement in [
            "DELETE FROM asked_erasures WHERE user_id = $1",
            "UPDATE retention_holds SET reason = '' WHERE user_id = $1",
        ] {
            sql(statement).bind(user.as_str().to_owned()).execute(self.0.connection()).await?;
        }
        Ok(())
    }
}

fn hold(row: &Row) -> Result<Hold> {
    let ended_by = maybe_text(row, "ended_by")?.map(Origin::from_stored);
    Ok(Hold {
        id: RetentionHoldId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        user_id: UserId::from_stored(text(row, "user_id")?),
        reason: text(row, "reason")?,
        set_by: Origin::from_stored(text(row, "set_by")?),
        set_at: moment(row, "set_at")?,
        until: maybe_moment(row, "until_at")?,
        ended: maybe_moment(row, "ended_at")?.zip(ended_by),
    })
}
