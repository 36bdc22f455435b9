//! A person's level in each of their organizations, by names, with one query.

use super::{maybe_text, text};
use crate::{
    clock::Timestamp,
    id::{OrganizationId, UserId},
    storage::{Result, Tx, sql},
    text::Name,
};

/// A role where it holds, as pages show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedLevel {
    /// The organization.
    pub organization: OrganizationId,
    /// The role's name.
    pub role: Name,
    /// The location's name; the whole organization without one.
    pub location: Option<Name>,
}

/// Queries of levels.
pub struct Levels<'t>(&'t mut Tx);

impl Tx {
    /// Levels of people by names.
    pub fn levels(&mut self) -> Levels<'_> {
        Levels(self)
    }
}

impl Levels<'_> {
    /// Roles that a person holds now, directly and by groups, in every organization where they are active; by name.
    pub async fn of_user(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<NamedLevel>> {
        let rows = sql(
            "WITH RECURSIVE mine (id, organization_id) AS ( \
               SELECT memberships.id, memberships.organization_id FROM memberships \
               JOIN organizations ON organizations.id = memberships.organization_id AND organizations.disabled_at IS NULL \
               WHERE user_id = $1 AND removed_at IS NULL AND memberships.disabled_at IS NULL \
               AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until > $2) \
             ), \
             enclosing (id, organization_id) AS ( \
               SELECT group_members.group_id, mine.organization_id FROM group_members \
               JOIN mine ON mine.id = group_members.membership_id \
               UNION SELECT group_parents.parent_id, enclosing.organization_id FROM group_parents \
               JOIN enclosing ON enclosing.id = group_parents.group_id \
             ), \
             held (organization_id, role_id, location_id) AS ( \
               SELECT mine.organization_id, role_id, COALESCE(location_id, '') FROM assignments \
               JOIN mine ON mine.id = assignments.membership_id \
               WHERE ended_at IS NULL \
               AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until > $2) \
               UNION SELECT enclosing.organization_id, role_id, location_id FROM group_roles \
               JOIN enclosing ON enclosing.id = group_roles.group_id \
             ) \
             SELECT held.organization_id, roles.name AS role, locations.name AS location FROM held \
             JOIN roles ON roles.id = held.role_id \
             LEFT JOIN locations ON locations.id = held.location_id \
             WHERE locations.closed_at IS NULL \
             ORDER BY roles.name, locations.name",
        )
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(NamedLevel {
                    organization: OrganizationId::from_stored(text(row, "organization_id")?),
                    role: Name::from_stored(text(row, "role")?),
                    location: maybe_text(row, "location")?.map(Name::from_stored),
                })
            })
            .collect()
    }
}
