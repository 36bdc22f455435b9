//! Whose manager is whose.

use std::collections::HashMap;

use super::{records, text};
use crate::{
    directory::provisioning::Record,
    id::{MembershipId, OrganizationId},
    storage::{
        Result, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
    text::Name,
};

static RECORDS: Table = Table {
    name: "member_records",
    columns: &["membership_id", "organization_id", "user_name", "external_id", "attributes", "sources", "updated_at"],
    suffix: "ON CONFLICT (membership_id) DO UPDATE \
             SET attributes = excluded.attributes, sources = excluded.sources, updated_at = excluded.updated_at",
};

/// Queries of managers.
pub struct Managers<'t>(&'t mut Tx);

impl Tx {
    /// Managers.
    pub fn managers(&mut self) -> Managers<'_> {
        Managers(self)
    }
}

/// What sources wrote of somebody who has a manager.
#[derive(Debug)]
pub(in crate::directory) struct Report {
    pub(in crate::directory) member: MembershipId,
    pub(in crate::directory) organization: OrganizationId,
    pub(in crate::directory) record: Record,
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
                 WHERE memberships.id IN ({})",
                in_list(1, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            for row in sql(statement).bind_all(keys).fetch_all(self.0.connection()).await? {
                found.insert(MembershipId::from_stored(text(&row, "id")?), Name::from_stored(text(&row, "name")?));
            }
        }
        Ok(found)
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

    /// What sources wrote of those who report to a manager: a membership, or any of a person.
    pub(in crate::directory) async fn records_of_reports(&mut self, manager: &str) -> Result<Vec<Report>> {
        let rows = sql("SELECT member_records.membership_id, member_records.organization_id, \
               member_records.user_name AS record_user_name, external_id, attributes, sources, \
               member_records.updated_at AS record_updated_at \
             FROM memberships \
             JOIN member_records ON member_records.membership_id = memberships.id \
             WHERE memberships.manager_id IN (SELECT id FROM memberships WHERE id = $1 OR user_id = $1)")
        .bind(manager.to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let report = |row| {
            Ok(Report {
                member: MembershipId::from_stored(text(row, "membership_id")?),
                organization: OrganizationId::from_stored(text(row, "organization_id")?),
                record: records::record(row, text(row, "record_user_name")?)?,
            })
        };
        rows.iter().map(report).collect()
    }

    /// Takes such a manager from all who report to it; writes what sources say of these.
    pub(in crate::directory) async fn leave(&mut self, manager: &str, reports: &[Report]) -> Result<()> {
        sql("UPDATE memberships SET manager_id = NULL \
             WHERE manager_id IN (SELECT id FROM memberships WHERE id = $1 OR user_id = $1)")
        .bind(manager.to_owned())
        .execute(self.0.connection())
        .await?;
        let row = |report: &Report| {
            let record = &report.record;
            vec![
                report.member.as_str().into(),
                report.organization.as_str().into(),
                record.user_name.to_lowercase().into(),
                record.external_id.clone().into(),
                serde_json::to_string(&record.attributes).expect("texts are JSON").into(),
                serde_json::to_string(&record.sources).expect("texts are JSON").into(),
                record.updated_at.0.into(),
            ]
        };
        let rows = Rows { table: &RECORDS, values: reports.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }
}
