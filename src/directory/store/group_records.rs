//! Groups as outside sources see them, and changes of many members at once.

use super::{groups::group, maybe_moment, maybe_text, text};
use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        provisioning::{Holding, KnownGroup, Part},
    },
    id::{GroupId, MembershipId, OrganizationId, UserId},
    storage::{
        Result, Row, Tally, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
    text::Slug,
};

/// Queries of groups as outside sources see them.
pub struct GroupRecords<'t>(&'t mut Tx, String);

impl Tx {
    /// Groups as outside sources see them.
    pub fn group_records(&mut self) -> GroupRecords<'_> {
        GroupRecords(self, String::new())
    }

    /// The same, with what this source calls them.
    pub fn group_records_of(&mut self, source: &Origin) -> GroupRecords<'_> {
        GroupRecords(self, source.to_string())
    }
}

static MEMBERS: Table = Table {
    name: "group_members",
    columns: &["group_id", "membership_id", "origin", "created_at"],
    suffix: "ON CONFLICT DO NOTHING",
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT groups.id, groups.organization_id, slug, name, created_at, removed_at, updated_at, version, origin, \
               named_by, external_ids.external_id \
             FROM groups \
             LEFT JOIN external_ids ON external_ids.resource_id = groups.id AND external_ids.source = $2 \
             WHERE groups.organization_id = $1 AND removed_at IS NULL ",
            $rest
        )
    };
}

impl GroupRecords<'_> {
    /// One of this organization, unless removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &GroupId) -> Result<Option<KnownGroup>> {
        Ok(self.all(select!("AND groups.id = $3"), organization, id.as_str()).await?.pop())
    }

    /// Those of these that the organization has and that were not removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_ids(&mut self, organization: &OrganizationId, ids: &[GroupId]) -> Result<Vec<KnownGroup>> {
        let mut found = vec![];
        for list in padded(ids) {
            let statement = format!("{} AND groups.id IN ({})", select!(""), in_list(3, list.len()));
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(organization.as_str().to_owned()).bind(self.1.clone()).bind_all(keys);
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(known(&row)?);
            }
        }
        Ok(found)
    }

    /// Those of this name, folded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_name(&mut self, organization: &OrganizationId, folded: &str) -> Result<Vec<KnownGroup>> {
        self.all(select!("AND folded_name = $3 ORDER BY groups.id LIMIT 1000"), organization, folded).await
    }

    /// The one that the source calls so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_external_id(&mut self, organization: &OrganizationId, external: &str) -> Result<Vec<KnownGroup>> {
        let statement = select!(
            "AND groups.id IN ( \
               SELECT resource_id FROM external_ids \
               WHERE organization_id = $1 AND source = $2 AND kind = 'group' AND external_id = $3)"
        );
        self.all(statement, organization, external).await
    }

    /// Those that a member is directly in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_member(&mut self, organization: &OrganizationId, member: &str) -> Result<Vec<KnownGroup>> {
        let statement = select!(
            "AND (groups.id IN (SELECT group_id FROM group_members WHERE membership_id = $3) \
             OR groups.id IN (SELECT parent_id FROM group_parents WHERE group_id = $3)) \
             ORDER BY groups.id LIMIT 1000"
        );
        self.all(statement, organization, member).await
    }

    /// Those of an organization in the order in which they were made: `most` after `after`, leaving out `skipped`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(
        &mut self,
        organization: &OrganizationId,
        after: Option<&GroupId>,
        (skipped, most): (u64, u32),
    ) -> Result<Vec<KnownGroup>> {
        let rows = sql(select!("AND groups.id > $3 ORDER BY groups.id LIMIT $4 OFFSET $5"))
            .bind(organization.as_str().to_owned())
            .bind(self.1.clone())
            .bind(after.map_or("", GroupId::as_str).to_owned())
            .bind(i64::from(most))
            .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(known).collect()
    }

    /// How many groups an organization has.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&mut self, organization: &OrganizationId) -> Result<u64> {
        self.0.tallied(Tally::Groups, organization.as_str()).await
    }

    async fn all(
        &mut self,
        statement: &'static str,
        organization: &OrganizationId,
        key: &str,
    ) -> Result<Vec<KnownGroup>> {
        let rows = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(self.1.clone())
            .bind(key.to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(known).collect()
    }

    /// How many members lie directly in these groups, together.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn size(&mut self, groups: &[GroupId]) -> Result<u64> {
        let mut size = 0;
        for list in padded(groups) {
            let statement =
                format!("SELECT COUNT(*) AS found FROM group_members WHERE group_id IN ({})", in_list(1, list.len()));
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let row = sql(statement).bind_all(keys).fetch_one(self.0.connection()).await?;
            size += u64::try_from(row.try_get::<i64>("found")?).unwrap_or(0);
        }
        Ok(size)
    }

    /// Keeps a group as it is until the commit: whoever changes it meanwhile waits.
    pub(in crate::directory) async fn hold(&mut self, organization: &OrganizationId, id: &GroupId) -> Result<()> {
        sql("UPDATE groups SET version = version WHERE id = $1 AND organization_id = $2")
            .bind(id.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// What lies directly in these groups, with the names that sources call members by: by group, groups first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn parts(&mut self, groups: &[GroupId]) -> Result<Vec<(GroupId, Part, String)>> {
        let mut found = vec![];
        for list in padded(groups) {
            let keys = || list.iter().map(|id| Value::from(id.as_str()));
            let inner = format!(
                "SELECT group_parents.parent_id AS whole, groups.id AS part, groups.name AS display \
                 FROM group_parents \
                 JOIN groups ON groups.id = group_parents.group_id \
                 WHERE group_parents.parent_id IN ({}) \
                 ORDER BY whole, part",
                in_list(1, list.len())
            );
            for row in sql(inner).bind_all(keys()).fetch_all(self.0.connection()).await? {
                let part = Part::Group(GroupId::from_stored(text(&row, "part")?));
                found.push((GroupId::from_stored(text(&row, "whole")?), part, text(&row, "display")?));
            }
            let members = format!(
                "SELECT group_members.group_id AS whole, group_members.membership_id AS part, users.name AS display \
                 FROM group_members \
                 JOIN memberships ON memberships.id = group_members.membership_id \
                 JOIN users ON users.id = memberships.user_id AND users.emergency_for IS NULL \
                 WHERE group_members.group_id IN ({}) \
                 ORDER BY whole, part",
                in_list(1, list.len())
            );
            for row in sql(members).bind_all(keys()).fetch_all(self.0.connection()).await? {
                let part = Part::Member(MembershipId::from_stored(text(&row, "part")?));
                found.push((GroupId::from_stored(text(&row, "whole")?), part, text(&row, "display")?));
            }
        }
        Ok(found)
    }

    /// Those of these members that the organization has and a source may name, with their persons: no emergency account.
    pub(in crate::directory) async fn members_among(
        &mut self,
        organization: &OrganizationId,
        ids: &[MembershipId],
    ) -> Result<Vec<(MembershipId, UserId)>> {
        let mut found = vec![];
        for list in padded(ids) {
            let statement = format!(
                "SELECT memberships.id, memberships.user_id FROM memberships \
                 JOIN users ON users.id = memberships.user_id AND users.emergency_for IS NULL \
                 WHERE organization_id = $1 AND removed_at IS NULL AND memberships.id IN ({})",
                in_list(2, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(organization.as_str().to_owned()).bind_all(keys);
            for row in query.fetch_all(self.0.connection()).await? {
                let id = MembershipId::from_stored(text(&row, "id")?);
                found.push((id, UserId::from_stored(text(&row, "user_id")?)));
            }
        }
        Ok(found)
    }

    /// Who put members into a group: of these, or of all.
    pub(in crate::directory) async fn holdings(
        &mut self,
        group: &GroupId,
        of: Option<&[MembershipId]>,
    ) -> Result<Vec<Holding>> {
        const ALL: &str = "SELECT group_members.membership_id, memberships.user_id, group_members.origin \
             FROM group_members \
             JOIN memberships ON memberships.id = group_members.membership_id \
             WHERE group_members.group_id = $1";
        let mut found = vec![];
        let Some(ids) = of else {
            let rows = sql(ALL).bind(group.as_str().to_owned()).fetch_all(self.0.connection()).await?;
            return rows.iter().map(holding).collect();
        };
        for list in padded(ids) {
            let statement = format!("{ALL} AND group_members.membership_id IN ({})", in_list(2, list.len()));
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(group.as_str().to_owned()).bind_all(keys);
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(holding(&row)?);
            }
        }
        Ok(found)
    }

    /// The groups that a member is directly in, with who put them there; by slug.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn places(&mut self, member: &MembershipId) -> Result<Vec<(Slug, Origin)>> {
        let rows = sql("SELECT groups.slug, group_members.origin \
             FROM group_members \
             JOIN groups ON groups.id = group_members.group_id \
             WHERE group_members.membership_id = $1 AND groups.removed_at IS NULL \
             ORDER BY groups.slug")
        .bind(member.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let place = |row: &Row| Ok((Slug::from_stored(text(row, "slug")?), Origin::from_stored(text(row, "origin")?)));
        rows.iter().map(place).collect()
    }

    /// Puts members into a group; those who are in it stay as they are.
    pub(in crate::directory) async fn add(
        &mut self,
        group: &GroupId,
        members: &[MembershipId],
        (origin, now): (&Origin, Timestamp),
    ) -> Result<()> {
        let row = |id: &MembershipId| {
            vec![group.as_str().into(), id.as_str().into(), origin.as_str().into(), Value::from(now.0)]
        };
        let rows = Rows { table: &MEMBERS, values: members.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    /// Lets another source keep these members of a group.
    pub(in crate::directory) async fn hand_over(
        &mut self,
        group: &GroupId,
        members: &[MembershipId],
        to: &Origin,
    ) -> Result<()> {
        for list in padded(members) {
            let statement = format!(
                "UPDATE group_members SET origin = $2 WHERE group_id = $1 AND membership_id IN ({})",
                in_list(3, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(group.as_str().to_owned()).bind(to.as_str().to_owned()).bind_all(keys);
            query.execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// Takes members out of a group; its rule may put them back (`rule::put_back`).
    pub(in crate::directory) async fn take(&mut self, group: &GroupId, members: &[MembershipId]) -> Result<()> {
        for list in padded(members) {
            let statement = format!(
                "DELETE FROM group_members WHERE group_id = $1 AND membership_id IN ({})",
                in_list(2, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            sql(statement).bind(group.as_str().to_owned()).bind_all(keys).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// Keeps a group as it is until the commit, and counts a change of it.
    pub(in crate::directory) async fn touch(&mut self, id: &GroupId, now: Timestamp) -> Result<()> {
        sql("UPDATE groups SET version = version + 1, updated_at = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// The same for the groups that a member, or a person anywhere, is directly in.
    pub(in crate::directory) async fn touch_those_of(&mut self, id: &str, now: Timestamp) -> Result<()> {
        sql("UPDATE groups SET version = version + 1, updated_at = $2 \
             WHERE id IN (\
                 SELECT group_members.group_id \
                 FROM group_members \
                 JOIN memberships ON memberships.id = group_members.membership_id \
                 WHERE memberships.id = $1 OR memberships.user_id = $1)")
        .bind(id.to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// The groups that lie directly in a group, with who put them there, if anybody knows.
    pub(in crate::directory) async fn inside(&mut self, group: &GroupId) -> Result<Vec<(GroupId, Option<Origin>)>> {
        let rows = sql("SELECT group_id, origin FROM group_parents WHERE parent_id = $1 ORDER BY group_id")
            .bind(group.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        let part = |row: &Row| {
            let origin = maybe_text(row, "origin")?.map(Origin::from_stored);
            Ok((GroupId::from_stored(text(row, "group_id")?), origin))
        };
        rows.iter().map(part).collect()
    }
}

fn holding(row: &Row) -> Result<Holding> {
    Ok(Holding {
        member: MembershipId::from_stored(text(row, "membership_id")?),
        user: UserId::from_stored(text(row, "user_id")?),
        origin: Origin::from_stored(text(row, "origin")?),
    })
}

fn known(row: &Row) -> Result<KnownGroup> {
    let group = group(row)?;
    Ok(KnownGroup {
        external_id: row.try_get("external_id")?,
        changed_at: maybe_moment(row, "updated_at")?.unwrap_or(group.created_at),
        version: row.try_get("version")?,
        origin: maybe_text(row, "origin")?.map(Origin::from_stored),
        named_by: maybe_text(row, "named_by")?.map(Origin::from_stored),
        group,
    })
}
