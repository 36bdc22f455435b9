//! Who is in the groups of an app, as far as it was written down.

use super::PushedRows;
use crate::{
    id::{GroupId, MembershipId},
    storage::{
        Result, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
};

static MEMBERS: Table = Table {
    name: "scim_pushed_members",
    columns: &["target_id", "group_id", "membership_id"],
    suffix: "ON CONFLICT DO NOTHING",
};

impl PushedRows<'_> {
    /// Puts members into its group over there, as far as it is remembered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_members(&mut self, group: &GroupId, members: &[MembershipId]) -> Result<()> {
        let row = |member: &MembershipId| {
            vec![self.target.as_str().into(), group.as_str().into(), Value::from(member.as_str())]
        };
        let rows = Rows { table: &MEMBERS, values: members.iter().map(row).collect() };
        batch::insert(self.tx.connection(), &rows).await?;
        Ok(())
    }

    /// Takes members out, likewise; all of them when none are named.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_members(&mut self, group: &GroupId, members: Option<&[MembershipId]>) -> Result<()> {
        const ALL: &str = "DELETE FROM scim_pushed_members WHERE target_id = $1 AND group_id = $2";
        let Some(members) = members else {
            sql(ALL).bind(self.target.as_str()).bind(group.as_str()).execute(self.tx.connection()).await?;
            return Ok(());
        };
        for list in padded(members) {
            let statement = format!("{ALL} AND membership_id IN ({})", in_list(3, list.len()));
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(self.target.as_str()).bind(group.as_str()).bind_all(keys);
            query.execute(self.tx.connection()).await?;
        }
        Ok(())
    }

    /// Who is in its group over there, as far as it is remembered.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn members(&mut self, group: &GroupId) -> Result<Vec<(MembershipId, Option<String>)>> {
        let rows = sql("SELECT pm.membership_id, p.remote_id FROM scim_pushed_members pm \
             LEFT JOIN scim_pushed p ON p.target_id = $1 AND p.id = pm.membership_id \
             WHERE pm.target_id = $1 AND pm.group_id = $2 ORDER BY pm.membership_id")
        .bind(self.target.as_str())
        .bind(group.as_str())
        .fetch_all(self.tx.connection())
        .await?;
        rows.iter()
            .map(|row| Ok((MembershipId::from_stored(row.try_get("membership_id")?), row.try_get("remote_id")?)))
            .collect()
    }
}
