//! Requests to let somebody in who has lost every factor.
//!
//! One that is open is not ended, not too old, and about a person who may sign in and has the address that they had when it
//! was made, all the time since: any other answers as if it did not exist.

use crate::{
    authentication::lost_factors::{Open, Recovery},
    clock::Timestamp,
    id::{OrganizationId, RecoveryId, RoleId, UserId},
    secret::TokenHash,
    storage::{
        Result, Row, Tx,
        batch::{in_list, padded},
        sql,
    },
    text::{EmailAddress, Reason},
};

/// Queries of recoveries.
pub struct Recoveries<'t>(&'t mut Tx);

impl Tx {
    /// Requests to let somebody in who has lost every factor.
    pub fn recoveries(&mut self) -> Recoveries<'_> {
        Recoveries(self)
    }
}

/// Somebody who looks after people.
#[derive(Debug, Clone)]
pub struct Helper {
    /// Who.
    pub user: UserId,
    /// Their address.
    pub email: String,
    /// Their name.
    pub name: String,
    /// Their language.
    pub locale: Option<String>,
}

/// The most requests of an organization that are shown.
const MOST: i64 = 100;
/// The most helpers who get one letter.
const MOST_HELPERS: usize = 200;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT r.id, r.user_id, r.organization_id, r.email, r.reason, r.requested_by, r.created_at, r.due_at, \
             r.approved_at, r.expires_at, u.name AS person, a.name AS requester \
             FROM recoveries r \
             JOIN users u ON u.id = r.user_id AND COALESCE(u.email, '') = COALESCE(r.email, '') \
             AND u.disabled_at IS NULL AND u.deleted_at IS NULL \
             AND COALESCE(u.enabled_at, 0) <= r.created_at AND COALESCE(u.email_verified_at, 0) <= r.created_at \
             LEFT JOIN users a ON a.id = r.requested_by \
             WHERE r.ended_at IS NULL AND r.expires_at > $1 AND ",
            $rest
        )
    };
}

impl Recoveries<'_> {
    /// Adds one; `stop` is the link by which the person ends it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::authentication) async fn insert(&mut self, new: &Recovery, stop: TokenHash) -> Result<()> {
        sql("INSERT INTO recoveries \
             (id, user_id, organization_id, email, reason, requested_by, stop_hash, created_at, due_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)")
        .bind(new.id.as_str().to_owned())
        .bind(new.user.as_str().to_owned())
        .bind(new.organization.as_ref().map(|id| id.as_str().to_owned()))
        .bind(new.email.as_ref().map(|email| email.as_str().to_owned()))
        .bind(new.reason.as_str().to_owned())
        .bind(new.requested_by.as_ref().map(|id| id.as_str().to_owned()))
        .bind(stop.to_vec())
        .bind(new.created_at.0)
        .bind(new.due_at.map(|at| at.0))
        .bind(new.expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// The open ones of a person.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<Open>> {
        let rows = sql(select!("r.user_id = $2 ORDER BY r.created_at, r.id"))
            .bind(now.0)
            .bind(user.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(open).collect()
    }

    /// The open ones of an organization, the oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_organization(&mut self, organization: &OrganizationId, now: Timestamp) -> Result<Vec<Open>> {
        let rows = sql(select!("r.organization_id = $2 ORDER BY r.expires_at, r.id LIMIT $3"))
            .bind(now.0)
            .bind(organization.as_str().to_owned())
            .bind(MOST)
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(open).collect()
    }

    /// An open one of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(
        &mut self,
        organization: &OrganizationId,
        id: &RecoveryId,
        now: Timestamp,
    ) -> Result<Option<Open>> {
        let row = sql(select!("r.id = $2 AND r.organization_id = $3"))
            .bind(now.0)
            .bind(id.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(open).transpose()
    }

    /// The one whose link this is, which the person was mailed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_link(&mut self, link: TokenHash, now: Timestamp) -> Result<Option<Open>> {
        self.by_hash(select!("r.link_hash = $2"), link, now).await
    }

    /// The one that this link ends.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_stop(&mut self, stop: TokenHash, now: Timestamp) -> Result<Option<Open>> {
        self.by_hash(select!("r.stop_hash = $2"), stop, now).await
    }

    async fn by_hash(&mut self, statement: &'static str, hash: TokenHash, now: Timestamp) -> Result<Option<Open>> {
        let row = sql(statement).bind(now.0).bind(hash.to_vec()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(open).transpose()
    }

    /// Somebody agreed; of two at once, one did.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::authentication) async fn approve(
        &mut self,
        id: &RecoveryId,
        link: TokenHash,
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<bool> {
        let done = sql("UPDATE recoveries SET link_hash = $2, approved_at = $3, expires_at = $4 \
             WHERE id = $1 AND approved_at IS NULL AND ended_at IS NULL AND expires_at > $3")
        .bind(id.as_str().to_owned())
        .bind(link.to_vec())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Those of the host that are due, of people who can be written to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn due(&mut self, now: Timestamp, most: i64) -> Result<Vec<Open>> {
        let rows = sql(select!(
            "r.due_at IS NOT NULL AND r.due_at <= $1 AND r.approved_at IS NULL AND r.email IS NOT NULL \
             ORDER BY r.due_at, r.id LIMIT $2"
        ))
        .bind(now.0)
        .bind(most)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(open).collect()
    }

    /// The host shows the link, once; one that was mailed is void.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::authentication) async fn show(
        &mut self,
        id: &RecoveryId,
        link: TokenHash,
        (now, expires_at): (Timestamp, Timestamp),
    ) -> Result<bool> {
        let done = sql("UPDATE recoveries \
             SET link_hash = $2, printed_at = $3, approved_at = COALESCE(approved_at, $3), expires_at = $4 \
             WHERE id = $1 AND printed_at IS NULL AND due_at <= $3 AND ended_at IS NULL AND expires_at > $3")
        .bind(id.as_str().to_owned())
        .bind(link.to_vec())
        .bind(now.0)
        .bind(expires_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// It is over, used or not; of two at once, one ended it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::authentication) async fn end(&mut self, id: &RecoveryId, now: Timestamp) -> Result<bool> {
        let done = sql("UPDATE recoveries SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL AND expires_at > $2")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }

    /// How often somebody in an organization asked for a person since then.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn times(
        &mut self,
        (user, of): (&UserId, &OrganizationId),
        by: Option<&UserId>,
        since: Timestamp,
    ) -> Result<i64> {
        let row = sql("SELECT COUNT(*) AS times FROM recoveries \
             WHERE user_id = $1 AND created_at > $2 AND organization_id = $3 AND COALESCE(requested_by, '') = $4")
        .bind(user.as_str().to_owned())
        .bind(since.0)
        .bind(of.as_str().to_owned())
        .bind(by.map(|by| by.as_str().to_owned()).unwrap_or_default())
        .fetch_one(self.0.connection())
        .await?;
        row.try_get("times")
    }

    /// The open ones of a person end: somebody else had the account.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::authentication) async fn end_all(
        &mut self,
        user: &UserId,
        now: Timestamp,
    ) -> Result<Vec<RecoveryId>> {
        let rows = sql("UPDATE recoveries SET ended_at = $2 \
             WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 RETURNING id")
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(RecoveryId::from_stored(row.try_get("id")?))).collect()
    }

    /// Whoever holds one of these roles in the whole organization, directly or by a group, or was granted the permission
    /// itself, unless it is denied to them, and can be written to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn helpers(
        &mut self,
        (of, permission): (&OrganizationId, &'static str),
        roles: &[RoleId],
        now: Timestamp,
    ) -> Result<Vec<Helper>> {
        let mut found: Vec<Helper> = vec![];
        for list in padded(roles) {
            let query = sql(helping(list.len())).bind(now.0).bind(of.as_str().to_owned()).bind(permission);
            let query = list.iter().fold(query, |query, id| query.bind(id.as_str().to_owned()));
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(Helper {
                    user: UserId::from_stored(row.try_get("id")?),
                    email: row.try_get("email")?,
                    name: row.try_get("name")?,
                    locale: row.try_get("locale")?,
                });
            }
        }
        found.sort_by(|one, other| one.user.cmp(&other.user));
        found.dedup_by(|one, other| one.user == other.user);
        found.truncate(MOST_HELPERS);
        Ok(found)
    }
}

fn open(row: &Row) -> Result<Open> {
    let maybe = |name: &str| -> Result<Option<String>> { row.try_get(name) };
    let moment = |name: &str| -> Result<Option<Timestamp>> { Ok(row.try_get::<Option<i64>>(name)?.map(Timestamp)) };
    let recovery = Recovery {
        id: RecoveryId::from_stored(row.try_get("id")?),
        user: UserId::from_stored(row.try_get("user_id")?),
        organization: maybe("organization_id")?.map(OrganizationId::from_stored),
        email: maybe("email")?.map(EmailAddress::from_stored),
        reason: Reason::from_stored(row.try_get("reason")?),
        requested_by: maybe("requested_by")?.map(UserId::from_stored),
        created_at: Timestamp(row.try_get("created_at")?),
        due_at: moment("due_at")?,
        approved_at: moment("approved_at")?,
        expires_at: Timestamp(row.try_get("expires_at")?),
    };
    Ok(Open { recovery, person: row.try_get("person")?, requester: row.try_get("requester")? })
}

/// Who holds one of so many roles everywhere, or was granted a permission. SQLite goes through what a `CROSS JOIN` names first:
/// from the few who hold something to the many members, never the other way.
fn helping(roles: usize) -> String {
    format!(
        "WITH RECURSIVE carrying (id) AS ( \
           SELECT group_id FROM group_roles WHERE role_id IN ({roles}) AND COALESCE(location_id, '') = '' \
           UNION SELECT group_parents.group_id FROM carrying \
           CROSS JOIN group_parents WHERE group_parents.parent_id = carrying.id \
         ), \
         helping (membership_id) AS ( \
           SELECT a.membership_id FROM assignments a WHERE a.ended_at IS NULL AND a.location_id IS NULL \
           AND (a.valid_from IS NULL OR a.valid_from <= $1) AND (a.valid_until IS NULL OR a.valid_until > $1) \
           AND a.role_id IN ({roles}) \
           UNION SELECT gm.membership_id FROM carrying CROSS JOIN group_members gm WHERE gm.group_id = carrying.id \
           UNION SELECT p.membership_id FROM membership_permissions p \
           WHERE p.permission = $3 AND p.effect = 'grant' \
         ) \
         SELECT u.id, u.email, u.name, u.locale FROM helping h \
         CROSS JOIN memberships m \
         JOIN users u ON u.id = m.user_id AND u.disabled_at IS NULL AND u.deleted_at IS NULL \
         AND (u.account_from IS NULL OR u.account_from <= $1) \
         AND (u.account_until IS NULL OR u.account_until > $1) \
         WHERE m.id = h.membership_id AND m.organization_id = $2 AND m.removed_at IS NULL AND m.disabled_at IS NULL \
         AND (m.valid_from IS NULL OR m.valid_from <= $1) AND (m.valid_until IS NULL OR m.valid_until > $1) \
         AND u.email IS NOT NULL \
         AND NOT EXISTS (SELECT 1 FROM membership_permissions d \
           WHERE d.membership_id = m.id AND d.permission = $3 AND d.effect = 'deny') \
         ORDER BY u.id LIMIT {MOST_HELPERS}",
        roles = in_list(4, roles)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::testing::{databases, plan};

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_can_help_is_found_by_what_they_hold() {
        for database in databases().await {
            let values = vec![1.into(), "org_a".into(), "members.write".into(), "rol_1".into()];
            let plan = plan(&database.storage, &helping(1), values).await;
            assert!(plan.contains("membership_permissions_by_permission"), "{plan}");
            for table in
                ["p", "a", "m", "u", "d", "gm", "group_roles", "membership_permissions", "memberships", "users"]
            {
                assert!(
                    !plan.lines().any(|line| line.trim().starts_with(&format!("SCAN {table} "))),
                    "{table}: {plan}"
                );
            }
            for costly in
                ["AUTOMATIC COVERING", "Seq Scan on memberships", "Seq Scan on group", "m USING INDEX memberships_live"]
            {
                assert!(!plan.contains(costly), "{costly}: {plan}");
            }
        }
    }
}
