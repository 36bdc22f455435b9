//! Whose manager is whose.

use std::collections::HashMap;

use super::text;
use crate::{
    id::{MembershipId, OrganizationId},
    storage::{
        Result, Tx, Value,
        batch::{in_list, padded},
        sql,
    },
    text::Name,
};

/// Queries of managers.
pub struct Managers<'t>(&'t mut Tx);

impl Tx {
    /// Managers.
    pub fn managers(&mut self) -> Managers<'_> {
        Managers(self)
    }
}

impl Managers<'_> {
    /// A member's manager: the membership and the person's name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, member: &MembershipId) -> Result<Option<(MembershipId, Name)>> {
        let row = sql("SELECT managers.id, users.name FROM memberships \
             JOIN memberships AS managers ON managers.id = memberships.manager_id \
             JOIN users ON users.id = managers.user_id \
             WHERE memberships.id = $1 AND managers.removed_at IS NULL")
        .bind(member.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        let manager = |row| Ok((MembershipId::from_stored(text(row, "id")?), Name::from_stored(text(row, "name")?)));
        row.as_ref().map(manager).transpose()
    }

    /// What the persons of these memberships are called.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn names(&mut self, managers: &[MembershipId]) -> Result<HashMap<MembershipId, Name>> {
        let mut found = HashMap::new();
        for list in padded(managers) {
            let statement = format!(
                "SELECT memberships.id, users.name FROM memberships \
                 JOIN users ON users.id = memberships.user_id \
                 WHERE memberships.removed_at IS NULL AND memberships.id IN ({})",
                in_list(1, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            for row in sql(statement).bind_all(keys).fetch_all(self.0.connection()).await? {
                found.insert(MembershipId::from_stored(text(&row, "id")?), Name::from_stored(text(&row, "name")?));
            }
        }
        Ok(found)
    }

    /// Sets the managers of members of one organization, each with a manager of it.
    pub(in crate::directory) async fn set_all(
        &mut self,
        organization: &OrganizationId,
        pairs: &[(MembershipId, MembershipId)],
    ) -> Result<()> {
        for list in padded(pairs) {
            let rows: Vec<String> = (0..list.len()).map(|at| format!("(${}, ${})", 2 * at + 2, 2 * at + 3)).collect();
            let statement = format!(
                "UPDATE memberships SET manager_id = managers.id \
                 FROM (VALUES {}) AS pairs, memberships AS managers \
                 WHERE memberships.id = pairs.column1 AND memberships.organization_id = $1 \
                   AND managers.id = pairs.column2 AND managers.organization_id = $1",
                rows.join(", ")
            );
            let keys =
                list.iter().flat_map(|(member, manager)| [Value::from(member.as_str()), Value::from(manager.as_str())]);
            let query = sql(statement).bind(organization.as_str().to_owned()).bind_all(keys);
            query.execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// Sets or removes a member's manager.
    pub(in crate::directory) async fn set(
        &mut self,
        member: &MembershipId,
        manager: Option<&MembershipId>,
    ) -> Result<()> {
        sql("UPDATE memberships SET manager_id = $2 WHERE id = $1")
            .bind(member.as_str().to_owned())
            .bind(manager.map(|id| id.as_str().to_owned()))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}
