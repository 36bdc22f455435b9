//! Rules of groups, and whom they brought.

use std::collections::HashMap;

use super::{maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        rule::{Condition, Rule},
    },
    id::{GroupId, MembershipId, OrganizationId},
    storage::{
        Error, Result, Row, Tx, Value,
        batch::{in_list, padded},
        sql,
    },
};

/// Queries of rules of groups.
pub struct GroupRules<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Rules of groups.
    pub fn group_rules(&mut self) -> GroupRules<'_> {
        GroupRules(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT group_id, organization_id, condition, set_at, reached FROM group_rules ", $rest)
    };
}

impl GroupRules<'_> {
    /// That of a group.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_group(&mut self, group: &GroupId) -> Result<Option<Rule>> {
        Ok(self.all(select!("WHERE group_id = $1"), group.as_str()).await?.pop())
    }

    /// Those of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, organization: &OrganizationId) -> Result<Vec<Rule>> {
        self.all(select!("WHERE organization_id = $1 ORDER BY group_id"), organization.as_str()).await
    }

    /// Those of the organizations of these members.
    pub(in crate::directory) async fn of_members(&mut self, members: &[MembershipId]) -> Result<Vec<Rule>> {
        let mut found: Vec<Rule> = vec![];
        for list in padded(members) {
            let statement = format!(
                "{} WHERE organization_id IN (SELECT organization_id FROM memberships WHERE id IN ({}))",
                select!(""),
                in_list(1, list.len())
            );
            for row in sql(statement).bind_all(keys(&list)).fetch_all(self.0.connection()).await? {
                let rule = rule(&row)?;
                if !found.iter().any(|known| known.group == rule.group) {
                    found.push(rule);
                }
            }
        }
        Ok(found)
    }

    /// Groups whose rules were not gone through yet.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting(&mut self) -> Result<Vec<GroupId>> {
        let rows = sql("SELECT group_id FROM group_rules WHERE reached IS NOT NULL ORDER BY group_id")
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok(GroupId::from_stored(text(row, "group_id")?))).collect()
    }

    /// That of a group, kept as it is until the commit.
    pub(in crate::directory) async fn held(&mut self, group: &GroupId) -> Result<Option<Rule>> {
        let row = sql("UPDATE group_rules SET set_at = set_at WHERE group_id = $1 \
             RETURNING group_id, organization_id, condition, set_at, reached")
        .bind(group.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(rule).transpose()
    }

    /// Sets a rule, or begins to take it back.
    pub(in crate::directory) async fn save(
        &mut self,
        (organization, group): (&OrganizationId, &GroupId),
        condition: Option<&Condition>,
        now: Timestamp,
    ) -> Result<()> {
        sql("INSERT INTO group_rules (group_id, organization_id, condition, set_at, reached) \
             VALUES ($1, $2, $3, $4, '') \
             ON CONFLICT (group_id) DO UPDATE \
             SET condition = excluded.condition, set_at = excluded.set_at, reached = excluded.reached")
        .bind(group.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(condition.map(ToString::to_string).unwrap_or_default())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Keeps up to which member it was gone through.
    pub(in crate::directory) async fn reach(&mut self, group: &GroupId, reached: Option<&str>) -> Result<()> {
        sql("UPDATE group_rules SET reached = $2 WHERE group_id = $1")
            .bind(group.as_str().to_owned())
            .bind(reached.map(str::to_owned))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Removes it.
    pub(in crate::directory) async fn remove(&mut self, group: &GroupId) -> Result<()> {
        sql("DELETE FROM group_rules WHERE group_id = $1")
            .bind(group.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// So many members of an organization after `reached`, in the order in which they came.
    pub(in crate::directory) async fn batch(
        &mut self,
        organization: &OrganizationId,
        reached: &str,
        most: u32,
    ) -> Result<Vec<MembershipId>> {
        let rows = sql("SELECT id FROM memberships \
             WHERE organization_id = $1 AND removed_at IS NULL AND id > $2 \
             ORDER BY id LIMIT $3")
        .bind(organization.as_str().to_owned())
        .bind(reached.to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(MembershipId::from_stored(text(row, "id")?))).collect()
    }

    /// Lets somebody keep a member who is there by the rule of the group; whether it was so.
    pub(in crate::directory) async fn keep_beside_the_rule(
        &mut self,
        group: &GroupId,
        member: &MembershipId,
        origin: &Origin,
    ) -> Result<bool> {
        let done = sql("UPDATE group_members SET origin = $3 \
             WHERE group_id = $1 AND membership_id = $2 AND origin = $4")
        .bind(group.as_str().to_owned())
        .bind(member.as_str().to_owned())
        .bind(origin.as_str().to_owned())
        .bind(Origin::rule(group).as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Takes members by rule out of a group.
    pub(in crate::directory) async fn take(&mut self, group: &GroupId, members: &[MembershipId]) -> Result<()> {
        for list in padded(members) {
            let statement = format!(
                "DELETE FROM group_members WHERE group_id = $1 AND origin = $2 AND membership_id IN ({})",
                in_list(3, list.len())
            );
            let query = sql(statement).bind(group.as_str().to_owned()).bind(Origin::rule(group).as_str().to_owned());
            query.bind_all(keys(&list)).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// Who put these members into these groups.
    pub(in crate::directory) async fn places(
        &mut self,
        groups: &[GroupId],
        members: &[MembershipId],
    ) -> Result<HashMap<(GroupId, MembershipId), Origin>> {
        let mut found = HashMap::new();
        for list in padded(members) {
            for of in padded(groups) {
                let statement = format!(
                    "SELECT group_id, membership_id, origin FROM group_members \
                     WHERE membership_id IN ({}) AND group_id IN ({})",
                    in_list(1, list.len()),
                    in_list(1 + list.len(), of.len())
                );
                let groups = of.iter().map(|id| Value::from(id.as_str()));
                let query = sql(statement).bind_all(keys(&list)).bind_all(groups);
                for row in query.fetch_all(self.0.connection()).await? {
                    let key = (
                        GroupId::from_stored(text(&row, "group_id")?),
                        MembershipId::from_stored(text(&row, "membership_id")?),
                    );
                    found.insert(key, Origin::from_stored(text(&row, "origin")?));
                }
            }
        }
        Ok(found)
    }

    /// So many members after `after`, of organizations with rules, whose assignments began or ended by themselves after
    /// `since`, until `now`.
    pub(in crate::directory) async fn turned(
        &mut self,
        (since, now): (Timestamp, Timestamp),
        after: Option<&MembershipId>,
        most: u32,
    ) -> Result<Vec<MembershipId>> {
        let rows = sql("SELECT membership_id FROM assignments \
             WHERE organization_id IN (SELECT organization_id FROM group_rules) AND ended_at IS NULL \
             AND valid_from > $1 AND valid_from <= $2 AND membership_id > $3 \
             UNION \
             SELECT membership_id FROM assignments \
             WHERE organization_id IN (SELECT organization_id FROM group_rules) AND ended_at IS NULL \
             AND valid_until > $1 AND valid_until <= $2 AND membership_id > $3 \
             ORDER BY membership_id LIMIT $4")
        .bind(since.0)
        .bind(now.0)
        .bind(after.map_or("", MembershipId::as_str).to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(MembershipId::from_stored(text(row, "membership_id")?))).collect()
    }

    /// When the next of them does.
    pub(in crate::directory) async fn next_turn(&mut self, now: Timestamp) -> Result<Option<Timestamp>> {
        let row = sql("SELECT MIN(at) AS at FROM ( \
               SELECT MIN(valid_from) AS at FROM assignments \
               WHERE organization_id IN (SELECT organization_id FROM group_rules) AND ended_at IS NULL AND valid_from > $1 \
               UNION ALL \
               SELECT MIN(valid_until) AS at FROM assignments \
               WHERE organization_id IN (SELECT organization_id FROM group_rules) AND ended_at IS NULL AND valid_until > $1 \
             ) AS turns")
        .bind(now.0)
        .fetch_one(self.0.connection())
        .await?;
        Ok(row.try_get::<Option<i64>>("at")?.map(Timestamp))
    }

    async fn all(&mut self, statement: &'static str, key: &str) -> Result<Vec<Rule>> {
        let rows = sql(statement).bind(key.to_owned()).fetch_all(self.0.connection()).await?;
        rows.iter().map(rule).collect()
    }
}

pub(super) fn keys(list: &[MembershipId]) -> Vec<Value> {
    list.iter().map(|id| Value::from(id.as_str())).collect()
}

fn rule(row: &Row) -> Result<Rule> {
    let condition = text(row, "condition")?;
    let condition = match condition.as_str() {
        "" => None,
        text => Some(Condition::parse(text).map_err(|_| Error::Corrupt("group_rules.condition"))?),
    };
    Ok(Rule {
        group: GroupId::from_stored(text(row, "group_id")?),
        organization: OrganizationId::from_stored(text(row, "organization_id")?),
        condition,
        set_at: moment(row, "set_at")?,
        reached: maybe_text(row, "reached")?,
    })
}
