//! Assignments.

use super::{maybe_moment, maybe_text, millis, moment, text, validity};
use crate::{
    clock::Timestamp,
    directory::{
        assignment::{Assignment, Listed},
        origin::Origin,
        owner::Owner,
    },
    id::{AssignmentId, LocationId, MembershipId, OrganizationId, RoleId, UserId},
    storage::{
        Result, Row, Tx, Value,
        batch::{self, Rows, Table},
        sql,
    },
    text::Slug,
};

static ASSIGNMENTS: Table = Table {
    name: "assignments",
    columns: &[
        "id",
        "organization_id",
        "membership_id",
        "role_id",
        "location_id",
        "valid_from",
        "valid_until",
        "origin",
        "created_at",
    ],
    suffix: "ON CONFLICT DO NOTHING",
};

/// Queries of assignments.
pub struct Assignments<'t>(&'t mut Tx);

impl Tx {
    /// Assignments.
    pub fn assignments(&mut self) -> Assignments<'_> {
        Assignments(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT assignments.id, assignments.organization_id, membership_id, role_id, location_id, valid_from, \
             valid_until, origin, assignments.created_at, ended_at, roles.slug AS role, locations.slug AS location \
             FROM assignments \
             JOIN roles ON roles.id = assignments.role_id \
             LEFT JOIN locations ON locations.id = assignments.location_id \
             WHERE assignments.organization_id = $1 AND ended_at IS NULL AND ",
            $rest
        )
    };
}

/// Lasting owners: see [`crate::directory::owner`].
macro_rules! owners {
    ($rest:literal) => {
        concat!(
            "SELECT DISTINCT memberships.organization_id, memberships.id, memberships.user_id \
             FROM assignments \
             JOIN roles ON roles.id = assignments.role_id \
             JOIN memberships ON memberships.id = assignments.membership_id \
             JOIN users ON users.id = memberships.user_id \
             WHERE roles.template = 'owner' \
             AND assignments.location_id IS NULL \
             AND assignments.ended_at IS NULL \
             AND (assignments.valid_from IS NULL OR assignments.valid_from <= $2) \
             AND assignments.valid_until IS NULL \
             AND memberships.removed_at IS NULL \
             AND memberships.disabled_at IS NULL \
             AND (memberships.valid_from IS NULL OR memberships.valid_from <= $2) \
             AND memberships.valid_until IS NULL \
             AND users.disabled_at IS NULL \
             AND (users.account_from IS NULL OR users.account_from <= $2) \
             AND users.account_until IS NULL \
             AND users.deleted_at IS NULL \
             AND users.emergency_for IS NULL \
             AND ",
            $rest
        )
    };
}

impl Assignments<'_> {
    /// One of this organization, unless ended.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &AssignmentId) -> Result<Option<Listed>> {
        let rows = self.list(select!("assignments.id = $2"), organization, id.as_str()).await?;
        Ok(rows.into_iter().next())
    }

    /// Those of a member that were not ended, whether they hold now or not.
    pub async fn of_member(&mut self, organization: &OrganizationId, member: &MembershipId) -> Result<Vec<Listed>> {
        self.list(select!("membership_id = $2 ORDER BY assignments.id"), organization, member.as_str()).await
    }

    /// Those of a role that were not ended.
    pub async fn of_role(&mut self, organization: &OrganizationId, role: &RoleId) -> Result<Vec<Listed>> {
        self.list(select!("role_id = $2 ORDER BY assignments.id"), organization, role.as_str()).await
    }

    async fn list(&mut self, statement: &'static str, organization: &OrganizationId, key: &str) -> Result<Vec<Listed>> {
        let rows = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(key.to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(listed).collect()
    }

    /// Lasting owners of an organization.
    pub async fn lasting_owners(&mut self, organization: &OrganizationId, now: Timestamp) -> Result<Vec<Owner>> {
        self.owners(owners!("memberships.organization_id = $1"), organization.as_str(), now).await
    }

    /// Lasting owners of every organization that a person is a member of.
    pub async fn lasting_owners_beside(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<Owner>> {
        let statement = owners!(
            "memberships.organization_id IN \
             (SELECT organization_id FROM memberships WHERE user_id = $1 AND removed_at IS NULL)"
        );
        self.owners(statement, user.as_str(), now).await
    }

    async fn owners(&mut self, statement: &'static str, key: &str, now: Timestamp) -> Result<Vec<Owner>> {
        let rows = sql(statement).bind(key.to_owned()).bind(now.0).fetch_all(self.0.connection()).await?;
        rows.iter()
            .map(|row| {
                Ok(Owner {
                    organization: OrganizationId::from_stored(text(row, "organization_id")?),
                    membership: MembershipId::from_stored(text(row, "id")?),
                    user: UserId::from_stored(text(row, "user_id")?),
                })
            })
            .collect()
    }

    /// Inserts them; answers how many were not there already.
    pub(in crate::directory) async fn insert_all(&mut self, assignments: &[Assignment]) -> Result<u64> {
        let values = assignments.iter().map(|one| {
            vec![
                one.id.as_str().into(),
                one.organization_id.as_str().into(),
                one.membership_id.as_str().into(),
                one.role_id.as_str().into(),
                Value::OptionalText(one.location_id.as_ref().map(|id| id.as_str().to_owned())),
                Value::OptionalInteger(millis(one.validity.from)),
                Value::OptionalInteger(millis(one.validity.until)),
                one.origin.as_str().into(),
                one.created_at.0.into(),
            ]
        });
        let rows = Rows { table: &ASSIGNMENTS, values: values.collect() };
        for one in assignments {
            self.0.touch_member(&one.membership_id);
        }
        batch::insert(self.0.connection(), &rows).await
    }

    /// Ends an assignment that is still there although its time is over, so that the same can be made anew.
    pub(in crate::directory) async fn end_if_over(&mut self, like: &Assignment, now: Timestamp) -> Result<()> {
        sql("UPDATE assignments SET ended_at = valid_until \
             WHERE membership_id = $1 AND role_id = $2 AND COALESCE(location_id, '') = $3 \
             AND ended_at IS NULL AND valid_until <= $4")
        .bind(like.membership_id.as_str().to_owned())
        .bind(like.role_id.as_str().to_owned())
        .bind(like.location_id.as_ref().map_or_else(String::new, |id| id.as_str().to_owned()))
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Ends one; `false` when it is not there or ended.
    pub(in crate::directory) async fn end(
        &mut self,
        organization: &OrganizationId,
        id: &AssignmentId,
        now: Timestamp,
    ) -> Result<bool> {
        let ended = sql("UPDATE assignments SET ended_at = $3 \
             WHERE organization_id = $1 AND id = $2 AND ended_at IS NULL \
             RETURNING membership_id")
        .bind(organization.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = ended else { return Ok(false) };
        self.0.touch_member(&MembershipId::from_stored(text(&row, "membership_id")?));
        Ok(true)
    }
}

fn listed(row: &Row) -> Result<Listed> {
    Ok(Listed {
        assignment: Assignment {
            id: AssignmentId::from_stored(text(row, "id")?),
            organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
            membership_id: MembershipId::from_stored(text(row, "membership_id")?),
            role_id: RoleId::from_stored(text(row, "role_id")?),
            location_id: maybe_text(row, "location_id")?.map(LocationId::from_stored),
            validity: validity(row)?,
            origin: Origin::from_stored(text(row, "origin")?),
            created_at: moment(row, "created_at")?,
            ended_at: maybe_moment(row, "ended_at")?,
        },
        role: Slug::from_stored(text(row, "role")?),
        location: maybe_text(row, "location")?.map(Slug::from_stored),
    })
}
