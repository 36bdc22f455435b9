//! Rules of groups, and whom they brought.

use std::collections::{BTreeMap, HashMap};

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        rule::{Condition, Rule, Waiting, Wanted},
    },
    id::{GroupId, MembershipId, OrganizationId},
    storage::{
        Result, Row, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
};

static TURNS: Table = Table {
    name: "rule_turns",
    columns: &["membership_id", "at"],
    suffix: "ON CONFLICT (membership_id) DO UPDATE SET at = excluded.at",
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
        concat!("SELECT group_id, organization_id, condition, set_at, reached, failed_at FROM group_rules ", $rest)
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
    pub async fn waiting(&mut self) -> Result<Vec<Waiting>> {
        let rows = sql("SELECT group_id, organization_id, failed_at \
             FROM group_rules \
             WHERE reached IS NOT NULL \
             ORDER BY group_id")
        .fetch_all(self.0.connection())
        .await?;
        let waiting = |row: &Row| {
            Ok(Waiting {
                organization: OrganizationId::from_stored(text(row, "organization_id")?),
                group: GroupId::from_stored(text(row, "group_id")?),
                failed_at: maybe_moment(row, "failed_at")?,
            })
        };
        rows.iter().map(waiting).collect()
    }

    /// Writes down that a rule cannot be gone through, and why; whether it could until now.
    pub(in crate::directory) async fn fail(&mut self, group: &GroupId, (why, now): (&str, Timestamp)) -> Result<bool> {
        let row = sql("SELECT failed_at FROM group_rules WHERE group_id = $1")
            .bind(group.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        let Some(row) = row else { return Ok(false) };
        let could = maybe_moment(&row, "failed_at")?.is_none();
        sql("UPDATE group_rules SET failed_at = $2, failure = $3 WHERE group_id = $1")
            .bind(group.as_str().to_owned())
            .bind(now.0)
            .bind(why.to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(could)
    }

    /// Why the rule of a group cannot be gone through, where it cannot.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn failure(&mut self, group: &GroupId) -> Result<Option<String>> {
        let row = sql("SELECT failure FROM group_rules WHERE group_id = $1 AND failed_at IS NOT NULL")
            .bind(group.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.map(|row| maybe_text(&row, "failure")).transpose()?.flatten())
    }

    /// That of a group, kept as it is until the commit.
    pub(in crate::directory) async fn held(&mut self, group: &GroupId) -> Result<Option<Rule>> {
        let row = sql("UPDATE group_rules SET set_at = set_at WHERE group_id = $1 \
             RETURNING group_id, organization_id, condition, set_at, reached, failed_at")
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
             SET condition = excluded.condition, set_at = excluded.set_at, reached = excluded.reached, \
               failed_at = NULL, failure = NULL")
        .bind(group.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(condition.map(ToString::to_string).unwrap_or_default())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Keeps up to which member it was gone through, or that it is to be gone through once more.
    pub(in crate::directory) async fn reach(&mut self, group: &GroupId, reached: Option<&str>) -> Result<()> {
        sql("UPDATE group_rules SET reached = $2, failed_at = NULL, failure = NULL WHERE group_id = $1")
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
        most: usize,
    ) -> Result<Vec<MembershipId>> {
        let rows = sql("SELECT id FROM memberships \
             WHERE organization_id = $1 AND removed_at IS NULL AND id > $2 \
             ORDER BY id LIMIT $3")
        .bind(organization.as_str().to_owned())
        .bind(reached.to_owned())
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
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

    /// So many members of whom an assignment was to begin or end by itself until `now`, by organization.
    pub(in crate::directory) async fn due(
        &mut self,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<(OrganizationId, Vec<MembershipId>)>> {
        let rows = sql("SELECT rule_turns.membership_id, memberships.organization_id \
             FROM rule_turns \
             JOIN memberships ON memberships.id = rule_turns.membership_id \
             WHERE rule_turns.at <= $1 \
             ORDER BY rule_turns.at LIMIT $2")
        .bind(now.0)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(self.0.connection())
        .await?;
        let mut found: BTreeMap<String, Vec<MembershipId>> = BTreeMap::new();
        for row in &rows {
            let member = MembershipId::from_stored(text(row, "membership_id")?);
            found.entry(text(row, "organization_id")?).or_default().push(member);
        }
        Ok(found.into_iter().map(|(id, members)| (OrganizationId::from_stored(id), members)).collect())
    }

    /// When the next assignment begins or ends by itself.
    pub(in crate::directory) async fn next_turn(&mut self) -> Result<Option<Timestamp>> {
        let row = sql("SELECT MIN(at) AS at FROM rule_turns").fetch_one(self.0.connection()).await?;
        Ok(row.try_get::<Option<i64>>("at")?.map(Timestamp))
    }

    /// Keeps when an assignment of these members begins or ends by itself next.
    pub(in crate::directory) async fn keep_turns(
        &mut self,
        turns: Vec<(MembershipId, Option<Timestamp>)>,
    ) -> Result<()> {
        let (mut never, mut rows) = (vec![], vec![]);
        for (member, at) in turns {
            match at {
                Some(at) => rows.push(vec![member.as_str().into(), at.0.into()]),
                None => never.push(member),
            }
        }
        batch::insert(self.0.connection(), &Rows { table: &TURNS, values: rows }).await?;
        for list in padded(&never) {
            let statement = format!("DELETE FROM rule_turns WHERE membership_id IN ({})", in_list(1, list.len()));
            sql(statement).bind_all(keys(&list)).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// What was kept of these members until `now` is done.
    pub(in crate::directory) async fn forget_turns(&mut self, members: &[MembershipId], now: Timestamp) -> Result<()> {
        for list in padded(members) {
            let statement =
                format!("DELETE FROM rule_turns WHERE at <= $1 AND membership_id IN ({})", in_list(2, list.len()));
            sql(statement).bind(now.0).bind_all(keys(&list)).execute(self.0.connection()).await?;
        }
        Ok(())
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
    let wanted = match text(row, "condition")?.as_str() {
        "" => Wanted::Nobody,
        text => Condition::parse(text).map_or(Wanted::Unreadable, Wanted::If),
    };
    Ok(Rule {
        group: GroupId::from_stored(text(row, "group_id")?),
        organization: OrganizationId::from_stored(text(row, "organization_id")?),
        wanted,
        set_at: moment(row, "set_at")?,
        reached: maybe_text(row, "reached")?,
        failed_at: maybe_moment(row, "failed_at")?,
    })
}
