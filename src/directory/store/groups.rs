//! Groups with their members, enclosing groups and roles.

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::{group::Group, origin::Origin},
    id::{GroupId, LocationId, MembershipId, OrganizationId, RoleId},
    storage::{
        Result, Row, Tally, Tx,
        filter::{Filter, Operator},
        sql,
    },
    text::{EmailAddress, Name, Slug},
};

/// Queries of groups.
pub struct Groups<'t>(&'t mut Tx);

impl Tx {
    /// Groups.
    pub fn groups(&mut self) -> Groups<'_> {
        Groups(self)
    }
}

/// A role that a group carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupRole {
    /// The group.
    pub group: GroupId,
    /// Slug of the role.
    pub role: Slug,
    /// Slug of the location; the whole organization without one.
    pub location: Option<Slug>,
}

/// A member of a group as a list shows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedMember {
    /// The membership.
    pub membership: MembershipId,
    /// The person's name.
    pub name: Name,
    /// The person's address.
    pub email: Option<EmailAddress>,
    /// Who or what put them there.
    pub origin: Origin,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, slug, name, created_at, removed_at \
             FROM groups \
             WHERE removed_at IS NULL AND ",
            $rest
        )
    };
}

impl Groups<'_> {
    /// One of this organization, unless removed.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &GroupId) -> Result<Option<Group>> {
        self.one(select!("organization_id = $1 AND id = $2"), organization, id.as_str()).await
    }

    /// One of this organization, unless removed.
    pub async fn by_slug(&mut self, organization: &OrganizationId, slug: &Slug) -> Result<Option<Group>> {
        self.one(select!("organization_id = $1 AND slug = $2"), organization, slug.as_str()).await
    }

    /// Those of an organization, by slug.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Group>> {
        let rows = sql(select!("organization_id = $1 ORDER BY slug"))
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(group).collect()
    }

    /// Group → enclosing group, in an organization.
    pub async fn parents(&mut self, organization: &OrganizationId) -> Result<Vec<(GroupId, GroupId)>> {
        let rows = sql("SELECT group_id, parent_id \
             FROM group_parents \
             JOIN groups ON groups.id = group_parents.group_id \
             WHERE groups.organization_id = $1")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok((GroupId::from_stored(text(row, "group_id")?), GroupId::from_stored(text(row, "parent_id")?)))
            })
            .collect()
    }

    /// Members who are directly in a group.
    pub async fn members(&mut self, organization: &OrganizationId, id: &GroupId) -> Result<Vec<MembershipId>> {
        let rows = sql("SELECT membership_id \
             FROM group_members \
             JOIN groups ON groups.id = group_members.group_id \
             WHERE groups.organization_id = $1 AND groups.id = $2 AND groups.removed_at IS NULL \
             ORDER BY membership_id")
        .bind(organization.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(MembershipId::from_stored(text(row, "membership_id")?))).collect()
    }

    /// Some of them with what a list shows of them, in the order in which they joined the organization: so many after this one.
    pub async fn named_members(
        &mut self,
        organization: &OrganizationId,
        id: &GroupId,
        (after, limit): (Option<MembershipId>, u32),
    ) -> Result<Vec<NamedMember>> {
        let filter = Filter::select(
            "SELECT group_members.membership_id, users.name, users.email, group_members.origin \
             FROM group_members \
             JOIN groups ON groups.id = group_members.group_id \
             JOIN memberships ON memberships.id = group_members.membership_id \
             JOIN users ON users.id = memberships.user_id",
        )
        .and("groups.organization_id", Operator::Equal, organization.as_str())
        .and("group_members.group_id", Operator::Equal, id.as_str())
        .and_text("groups.removed_at IS NULL")
        .and_if("group_members.membership_id", Operator::Above, after.map(String::from))
        .order("group_members.membership_id", limit);
        let rows = filter.fetch(self.0.connection()).await?;
        rows.iter()
            .map(|row| {
                Ok(NamedMember {
                    membership: MembershipId::from_stored(text(row, "membership_id")?),
                    name: Name::from_stored(text(row, "name")?),
                    email: maybe_text(row, "email")?.map(EmailAddress::from_stored),
                    origin: Origin::from_stored(text(row, "origin")?),
                })
            })
            .collect()
    }

    /// Roles that the groups of an organization carry.
    pub async fn roles(&mut self, organization: &OrganizationId) -> Result<Vec<GroupRole>> {
        let rows = sql("SELECT group_roles.group_id, roles.slug AS role, locations.slug AS location \
             FROM group_roles \
             JOIN groups ON groups.id = group_roles.group_id \
             JOIN roles ON roles.id = group_roles.role_id \
             LEFT JOIN locations ON locations.id = group_roles.location_id \
             WHERE groups.organization_id = $1 AND groups.removed_at IS NULL \
             ORDER BY role, location")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(GroupRole {
                    group: GroupId::from_stored(text(row, "group_id")?),
                    role: Slug::from_stored(text(row, "role")?),
                    location: maybe_text(row, "location")?.map(Slug::from_stored),
                })
            })
            .collect()
    }

    async fn one(
        &mut self,
        statement: &'static str,
        organization: &OrganizationId,
        key: &str,
    ) -> Result<Option<Group>> {
        let row = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(key.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(group).transpose()
    }

    /// Inserts it; `false` when the slug is taken.
    pub(in crate::directory) async fn insert(&mut self, new: &Group, origin: &Origin) -> Result<bool> {
        let done =
            sql("INSERT INTO groups (id, organization_id, slug, name, created_at, folded_name, origin, named_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $7) \
             ON CONFLICT DO NOTHING")
            .bind(new.id.as_str().to_owned())
            .bind(new.organization_id.as_str().to_owned())
            .bind(new.slug.as_str().to_owned())
            .bind(new.name.as_str().to_owned())
            .bind(new.created_at.0)
            .bind(new.name.as_str().to_lowercase())
            .bind(origin.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        if done == 1 {
            self.0.tally(Tally::Groups, new.organization_id.as_str(), 1);
        }
        Ok(done == 1)
    }

    /// Whether no group has, or ever had, this slug.
    pub(in crate::directory) async fn is_unused(&mut self, organization: &OrganizationId, slug: &Slug) -> Result<bool> {
        let row = sql("SELECT id FROM groups WHERE organization_id = $1 AND slug = $2")
            .bind(organization.as_str().to_owned())
            .bind(slug.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_none())
    }

    pub(in crate::directory) async fn rename(&mut self, id: &GroupId, name: &Name, origin: &Origin) -> Result<()> {
        sql("UPDATE groups SET name = $2, folded_name = $3, named_by = $4 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(name.as_str().to_owned())
            .bind(name.as_str().to_lowercase())
            .bind(origin.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Removes a group with its members, roles and places in other groups.
    pub(in crate::directory) async fn remove(&mut self, id: &GroupId, now: Timestamp) -> Result<()> {
        let removed =
            sql("UPDATE groups SET removed_at = $2 WHERE id = $1 AND removed_at IS NULL RETURNING organization_id")
                .bind(id.as_str().to_owned())
                .bind(now.0)
                .fetch_optional(self.0.connection())
                .await?;
        if let Some(row) = removed {
            self.0.tally(Tally::Groups, row.try_get("organization_id")?, -1);
        }
        for statement in [
            "DELETE FROM group_members WHERE group_id = $1",
            "DELETE FROM group_parents WHERE group_id = $1 OR parent_id = $1",
            "DELETE FROM group_roles WHERE group_id = $1",
            "DELETE FROM external_ids WHERE resource_id = $1",
            "DELETE FROM group_rules WHERE group_id = $1",
            "DELETE FROM policy_trials WHERE subject_kind = 'group' AND subject_id = $1 AND subject_id <> ''",
            "DELETE FROM policy_rules WHERE subject_kind = 'group' AND subject_id = $1 AND subject_id <> ''",
        ] {
            sql(statement).bind(id.as_str().to_owned()).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    /// Adds a member; `false` when they are in it.
    pub(in crate::directory) async fn add_member(
        &mut self,
        id: &GroupId,
        member: &MembershipId,
        origin: &Origin,
        now: Timestamp,
    ) -> Result<bool> {
        let done = sql("INSERT INTO group_members (group_id, membership_id, origin, created_at) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT DO NOTHING")
        .bind(id.as_str().to_owned())
        .bind(member.as_str().to_owned())
        .bind(origin.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        self.changed(done == 1, id, now).await
    }

    /// Takes a member out; `false` when they are not in it. The rule of the group may put them back (`rule::put_back`).
    pub(in crate::directory) async fn remove_member(
        &mut self,
        id: &GroupId,
        member: &MembershipId,
        now: Timestamp,
    ) -> Result<bool> {
        let statement = "DELETE FROM group_members WHERE group_id = $1 AND membership_id = $2";
        let done = self.pair(statement, id, member.as_str()).await?;
        self.changed(done, id, now).await
    }

    /// Puts a group into another one; `false` when it lies in it.
    pub(in crate::directory) async fn add_parent(
        &mut self,
        id: &GroupId,
        parent: &GroupId,
        (origin, now): (&Origin, Timestamp),
    ) -> Result<bool> {
        let done = sql("INSERT INTO group_parents (group_id, parent_id, origin) \
             VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING")
        .bind(id.as_str().to_owned())
        .bind(parent.as_str().to_owned())
        .bind(origin.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        self.changed(done == 1, parent, now).await
    }

    /// Takes a group out of another one; `false` when it does not lie in it.
    pub(in crate::directory) async fn remove_parent(
        &mut self,
        id: &GroupId,
        parent: &GroupId,
        now: Timestamp,
    ) -> Result<bool> {
        let statement = "DELETE FROM group_parents WHERE group_id = $1 AND parent_id = $2";
        let done = self.pair(statement, id, parent.as_str()).await?;
        self.changed(done, parent, now).await
    }

    async fn pair(&mut self, statement: &'static str, id: &GroupId, other: &str) -> Result<bool> {
        let done =
            sql(statement).bind(id.as_str().to_owned()).bind(other.to_owned()).execute(self.0.connection()).await?;
        Ok(done == 1)
    }

    /// Sources that know the version of a group learn that there is another one, whoever changed what lies in it.
    async fn changed(&mut self, done: bool, id: &GroupId, now: Timestamp) -> Result<bool> {
        if done {
            self.0.group_records().touch(id, now).await?;
        }
        Ok(done)
    }

    pub(in crate::directory) async fn give_role(
        &mut self,
        id: &GroupId,
        role: &RoleId,
        site: Option<&LocationId>,
    ) -> Result<bool> {
        let statement = "INSERT INTO group_roles (group_id, role_id, location_id) \
                         VALUES ($1, $2, $3) \
                         ON CONFLICT DO NOTHING";
        self.role(statement, id, role, site).await
    }

    pub(in crate::directory) async fn take_role(
        &mut self,
        id: &GroupId,
        role: &RoleId,
        site: Option<&LocationId>,
    ) -> Result<bool> {
        let statement = "DELETE FROM group_roles WHERE group_id = $1 AND role_id = $2 AND location_id = $3";
        self.role(statement, id, role, site).await
    }

    async fn role(
        &mut self,
        statement: &'static str,
        id: &GroupId,
        role: &RoleId,
        site: Option<&LocationId>,
    ) -> Result<bool> {
        let done = sql(statement)
            .bind(id.as_str().to_owned())
            .bind(role.as_str().to_owned())
            .bind(site.map_or_else(String::new, |id| id.as_str().to_owned()))
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }
}

pub(super) fn group(row: &Row) -> Result<Group> {
    Ok(Group {
        id: GroupId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        created_at: moment(row, "created_at")?,
        removed_at: maybe_moment(row, "removed_at")?,
    })
}
