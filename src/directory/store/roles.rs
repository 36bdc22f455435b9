//! Roles with their parents and permissions.

use std::collections::BTreeMap;

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::{
        permission::Permission,
        role::{Composition, Role},
    },
    id::{OrganizationId, RoleId},
    storage::{
        Result, Row, Tx, Value,
        batch::{self, Rows, Table},
        sql,
    },
    text::{Name, Slug},
};

static ROLES: Table = Table {
    name: "roles",
    columns: &["id", "organization_id", "slug", "name", "template", "created_at"],
    suffix: "ON CONFLICT DO NOTHING",
};

static PARENTS: Table =
    Table { name: "role_parents", columns: &["role_id", "parent_id"], suffix: "ON CONFLICT DO NOTHING" };

static PERMISSIONS: Table =
    Table { name: "role_permissions", columns: &["role_id", "permission"], suffix: "ON CONFLICT DO NOTHING" };

/// Queries of roles.
pub struct Roles<'t>(&'t mut Tx);

impl Tx {
    /// Roles.
    pub fn roles(&mut self) -> Roles<'_> {
        Roles(self)
    }
}

/// How much there is of what goes with a role.
#[derive(Debug, Clone, Copy)]
pub struct Held {
    /// Assignments that were not ended.
    pub assignments: usize,
    /// Groups that give it.
    pub groups: usize,
    /// Roles that inherit it.
    pub heirs: usize,
    /// Clients that hold it.
    pub clients: usize,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, organization_id, slug, name, template, created_at, removed_at \
             FROM roles \
             WHERE removed_at IS NULL AND ",
            $rest
        )
    };
}

impl Roles<'_> {
    /// One of this organization, unless removed.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &RoleId) -> Result<Option<Role>> {
        self.one(select!("organization_id = $1 AND id = $2"), organization, id.as_str()).await
    }

    /// One of this organization, unless removed.
    pub async fn by_slug(&mut self, organization: &OrganizationId, slug: &Slug) -> Result<Option<Role>> {
        self.one(select!("organization_id = $1 AND slug = $2"), organization, slug.as_str()).await
    }

    /// Those of an organization, by slug.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Role>> {
        let rows = sql(select!("organization_id = $1 ORDER BY slug"))
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(role).collect()
    }

    /// Those of an organization with what they are made of.
    pub async fn compositions(&mut self, organization: &OrganizationId) -> Result<Vec<Composition>> {
        let roles = self.list(organization).await?;
        let parents = self.parents(organization).await?;
        let rows = sql("SELECT role_id, permission \
             FROM role_permissions \
             JOIN roles ON roles.id = role_permissions.role_id \
             WHERE roles.organization_id = $1 \
             ORDER BY permission")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let mut permissions: BTreeMap<String, Vec<Permission>> = BTreeMap::new();
        for row in &rows {
            permissions
                .entry(text(row, "role_id")?)
                .or_default()
                .push(Permission::from_stored(text(row, "permission")?));
        }
        let slugs: BTreeMap<&RoleId, &Slug> = roles.iter().map(|role| (&role.id, &role.slug)).collect();
        let compose = |role: &Role| {
            let built_in = role.built_in().into_iter().flat_map(|template| template.permissions);
            let mut own: Vec<Permission> = built_in.map(|one| Permission::from_stored((*one).to_owned())).collect();
            own.extend(permissions.get(role.id.as_str()).cloned().unwrap_or_default());
            let inherits = parents.iter().filter(|(child, _)| *child == role.id);
            let mut inherits: Vec<Slug> =
                inherits.filter_map(|(_, parent)| slugs.get(parent).map(|slug| (*slug).clone())).collect();
            inherits.sort();
            Composition { role: role.clone(), permissions: own, inherits }
        };
        Ok(roles.iter().map(compose).collect())
    }

    /// Role → inherited role, in an organization.
    pub async fn parents(&mut self, organization: &OrganizationId) -> Result<Vec<(RoleId, RoleId)>> {
        let rows = sql("SELECT role_id, parent_id \
             FROM role_parents \
             JOIN roles ON roles.id = role_parents.role_id \
             WHERE roles.organization_id = $1")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| Ok((RoleId::from_stored(text(row, "role_id")?), RoleId::from_stored(text(row, "parent_id")?))))
            .collect()
    }

    /// How much there is of what goes with a role.
    pub async fn held(&mut self, id: &RoleId) -> Result<Held> {
        let row = sql("SELECT \
               (SELECT COUNT(*) FROM assignments WHERE role_id = $1 AND ended_at IS NULL) AS assignments, \
               (SELECT COUNT(DISTINCT group_id) FROM group_roles WHERE role_id = $1) AS groups, \
               (SELECT COUNT(*) FROM role_parents WHERE parent_id = $1) AS heirs, \
               (SELECT COUNT(DISTINCT client_id) FROM client_roles WHERE role_id = $1) AS clients")
        .bind(id.as_str().to_owned())
        .fetch_one(self.0.connection())
        .await?;
        let count =
            |column: &str| -> Result<usize> { Ok(usize::try_from(row.try_get::<i64>(column)?).unwrap_or_default()) };
        Ok(Held {
            assignments: count("assignments")?,
            groups: count("groups")?,
            heirs: count("heirs")?,
            clients: count("clients")?,
        })
    }

    async fn one(&mut self, statement: &'static str, organization: &OrganizationId, key: &str) -> Result<Option<Role>> {
        let row = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(key.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(role).transpose()
    }

    /// Inserts them; answers how many slugs were free.
    pub(in crate::directory) async fn insert_all(&mut self, roles: &[Role]) -> Result<u64> {
        let values = roles.iter().map(|role| {
            vec![
                role.id.as_str().into(),
                role.organization_id.as_str().into(),
                role.slug.as_str().into(),
                role.name.as_str().into(),
                Value::OptionalText(role.template.clone()),
                role.created_at.0.into(),
            ]
        });
        let rows = Rows { table: &ROLES, values: values.collect() };
        batch::insert(self.0.connection(), &rows).await
    }

    pub(in crate::directory) async fn add_parents(&mut self, edges: &[(RoleId, RoleId)]) -> Result<()> {
        let values = edges.iter().map(|(role, parent)| vec![role.as_str().into(), parent.as_str().into()]);
        let rows = Rows { table: &PARENTS, values: values.collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    /// Removes an edge; `false` when there is none.
    pub(in crate::directory) async fn remove_parent(&mut self, role: &RoleId, parent: &RoleId) -> Result<bool> {
        let done = sql("DELETE FROM role_parents WHERE role_id = $1 AND parent_id = $2")
            .bind(role.as_str().to_owned())
            .bind(parent.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }

    pub(in crate::directory) async fn add_permissions(&mut self, id: &RoleId, add: &[Permission]) -> Result<()> {
        let values = add.iter().map(|permission| vec![id.as_str().into(), permission.as_str().into()]);
        let rows = Rows { table: &PERMISSIONS, values: values.collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    pub(in crate::directory) async fn remove_permissions(&mut self, id: &RoleId, remove: &[Permission]) -> Result<()> {
        for list in batch::padded(remove) {
            // The text is of the program, the values are bound.
            let statement = format!(
                "DELETE FROM role_permissions WHERE role_id = $1 AND permission IN ({})",
                batch::in_list(2, list.len())
            );
            let query = sql(statement).bind(id.as_str().to_owned());
            let query = list.iter().fold(query, |query, permission| query.bind(permission.as_str().to_owned()));
            query.execute(self.0.connection()).await?;
        }
        Ok(())
    }

    pub(in crate::directory) async fn rename(&mut self, id: &RoleId, name: &Name) -> Result<()> {
        sql("UPDATE roles SET name = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(name.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Removes a role with the rules for it, ends its assignments and takes it from groups, clients and heirs.
    pub(in crate::directory) async fn remove(&mut self, id: &RoleId, now: Timestamp) -> Result<()> {
        for statement in [
            "UPDATE roles SET removed_at = $2 WHERE id = $1",
            "UPDATE assignments SET ended_at = $2 WHERE role_id = $1 AND ended_at IS NULL",
        ] {
            sql(statement).bind(id.as_str().to_owned()).bind(now.0).execute(self.0.connection()).await?;
        }
        for statement in [
            "DELETE FROM role_parents WHERE role_id = $1 OR parent_id = $1",
            "DELETE FROM role_permissions WHERE role_id = $1",
            "DELETE FROM group_roles WHERE role_id = $1",
            "DELETE FROM client_roles WHERE role_id = $1",
            "DELETE FROM policy_trials WHERE subject_kind = 'role' AND subject_id = $1 AND subject_id <> ''",
            "DELETE FROM policy_rules WHERE subject_kind = 'role' AND subject_id = $1 AND subject_id <> ''",
        ] {
            sql(statement).bind(id.as_str().to_owned()).execute(self.0.connection()).await?;
        }
        Ok(())
    }
}

fn role(row: &Row) -> Result<Role> {
    Ok(Role {
        id: RoleId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        template: maybe_text(row, "template")?,
        created_at: moment(row, "created_at")?,
        removed_at: maybe_moment(row, "removed_at")?,
    })
}
