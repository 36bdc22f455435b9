//! What apps declare, and which organization uses which.

use super::{maybe_text, moment, text};
use crate::{
    directory::{
        app::{Activation, Declaration, RoleTemplate},
        membership::RoleAt,
        permission::Permission,
    },
    id::{LocationId, OrganizationId, RoleId},
    storage::{
        Error, Result, Row, Tx,
        batch::{self, Rows, Table},
        sql,
    },
    text::{Name, Slug},
};

static PERMISSIONS: Table =
    Table { name: "app_permissions", columns: &["client_id", "permission", "description"], suffix: "" };

static TEMPLATES: Table =
    Table { name: "app_role_templates", columns: &["client_id", "slug", "name", "permissions"], suffix: "" };

/// Queries of apps.
pub struct Apps<'t>(&'t mut Tx);

impl Tx {
    /// Apps as the directory sees them.
    pub fn apps(&mut self) -> Apps<'_> {
        Apps(self)
    }
}

impl Apps<'_> {
    /// What an app declares.
    pub async fn declaration(&mut self, client: &str) -> Result<Declaration> {
        let permissions =
            sql("SELECT permission, description FROM app_permissions WHERE client_id = $1 ORDER BY permission")
                .bind(client.to_owned())
                .fetch_all(self.0.connection())
                .await?;
        let templates =
            sql("SELECT slug, name, permissions FROM app_role_templates WHERE client_id = $1 ORDER BY slug")
                .bind(client.to_owned())
                .fetch_all(self.0.connection())
                .await?;
        let permission = |row: &Row| Ok((Permission::from_stored(text(row, "permission")?), text(row, "description")?));
        Ok(Declaration {
            permissions: permissions.iter().map(permission).collect::<Result<_>>()?,
            templates: templates.iter().map(template).collect::<Result<_>>()?,
        })
    }

    /// The apps that an organization has activated.
    pub async fn activations(&mut self, organization: &OrganizationId) -> Result<Vec<Activation>> {
        let rows = sql("SELECT client_id, requires, activated_at \
             FROM activations \
             WHERE organization_id = $1 \
             ORDER BY client_id")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(activation).collect()
    }

    /// Whether there is such a client.
    pub(in crate::directory) async fn is_registered(&mut self, client: &str) -> Result<bool> {
        let row = sql("SELECT id FROM clients WHERE id = $1")
            .bind(client.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_some())
    }

    /// The organization that owns a client; none for an unknown one and for the server's.
    pub async fn owner(&mut self, client: &str) -> Result<Option<OrganizationId>> {
        let row = sql("SELECT organization_id FROM clients WHERE id = $1 AND organization_id IS NOT NULL")
            .bind(client.to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| Ok(OrganizationId::from_stored(text(&row, "organization_id")?))).transpose()
    }

    /// The roles of a client in the organization that owns it.
    pub async fn roles(&mut self, organization: &OrganizationId, client: &str) -> Result<Vec<RoleAt>> {
        let rows = sql("SELECT roles.slug AS role, locations.slug AS location \
             FROM client_roles \
             JOIN roles ON roles.id = client_roles.role_id \
             LEFT JOIN locations ON locations.id = client_roles.location_id \
             WHERE client_roles.client_id = $1 AND roles.organization_id = $2 \
             ORDER BY role, location")
        .bind(client.to_owned())
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok(RoleAt {
                    role: Slug::from_stored(text(row, "role")?),
                    location: maybe_text(row, "location")?.map(Slug::from_stored),
                })
            })
            .collect()
    }

    pub(in crate::directory) async fn give_role(
        &mut self,
        client: &str,
        role: &RoleId,
        site: Option<&LocationId>,
    ) -> Result<bool> {
        let statement = "INSERT INTO client_roles (client_id, role_id, location_id) \
                         VALUES ($1, $2, $3) \
                         ON CONFLICT DO NOTHING";
        self.role(statement, client, role, site).await
    }

    /// `false` when the client does not have it there.
    pub(in crate::directory) async fn take_role(
        &mut self,
        client: &str,
        role: &RoleId,
        site: Option<&LocationId>,
    ) -> Result<bool> {
        let statement = "DELETE FROM client_roles WHERE client_id = $1 AND role_id = $2 AND location_id = $3";
        self.role(statement, client, role, site).await
    }

    async fn role(
        &mut self,
        statement: &'static str,
        client: &str,
        role: &RoleId,
        site: Option<&LocationId>,
    ) -> Result<bool> {
        let done = sql(statement)
            .bind(client.to_owned())
            .bind(role.as_str().to_owned())
            .bind(site.map_or_else(String::new, |id| id.as_str().to_owned()))
            .execute(self.0.connection())
            .await?;
        Ok(done == 1)
    }

    /// Whether an organization may activate a client: it is the server's, or the organization's own.
    pub(in crate::directory) async fn may_serve(
        &mut self,
        client: &str,
        organization: &OrganizationId,
    ) -> Result<bool> {
        let row = sql("SELECT id FROM clients \
             WHERE id = $1 AND disabled_at IS NULL AND (organization_id IS NULL OR organization_id = $2)")
        .bind(client.to_owned())
        .bind(organization.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }

    /// Activates an app, or changes what it asks of members.
    pub(in crate::directory) async fn activate(
        &mut self,
        organization: &OrganizationId,
        activation: &Activation,
    ) -> Result<()> {
        sql("INSERT INTO activations (organization_id, client_id, requires, activated_at) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (organization_id, client_id) DO UPDATE SET requires = excluded.requires")
        .bind(organization.as_str().to_owned())
        .bind(activation.client.clone())
        .bind(serde_json::to_string(&activation.requires).expect("requirements are texts"))
        .bind(activation.activated_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Ends an activation, with the rules for whoever uses the app; `false` when it was not activated.
    pub(in crate::directory) async fn deactivate(
        &mut self,
        organization: &OrganizationId,
        client: &str,
    ) -> Result<bool> {
        let mut done = 0;
        for statement in [
            "DELETE FROM policy_trials WHERE organization_id = $1 AND subject_kind = 'client' AND subject_id = $2",
            "DELETE FROM policy_rules WHERE organization_id = $1 AND subject_kind = 'client' AND subject_id = $2",
            "DELETE FROM activations WHERE organization_id = $1 AND client_id = $2",
        ] {
            let query = sql(statement).bind(organization.as_str().to_owned()).bind(client.to_owned());
            done = query.execute(self.0.connection()).await?;
        }
        Ok(done == 1)
    }

    pub(in crate::directory) async fn replace_declaration(
        &mut self,
        client: &str,
        declaration: &Declaration,
    ) -> Result<()> {
        for statement in
            ["DELETE FROM app_permissions WHERE client_id = $1", "DELETE FROM app_role_templates WHERE client_id = $1"]
        {
            sql(statement).bind(client.to_owned()).execute(self.0.connection()).await?;
        }
        let permissions = declaration.permissions.iter().map(|(permission, description)| {
            vec![client.into(), permission.as_str().into(), description.as_str().into()]
        });
        let rows = Rows { table: &PERMISSIONS, values: permissions.collect() };
        batch::insert(self.0.connection(), &rows).await?;
        let templates = declaration.templates.iter().map(|template| {
            let permissions: Vec<&str> = template.permissions.iter().map(Permission::as_str).collect();
            let permissions = serde_json::to_string(&permissions).expect("permissions are texts");
            vec![client.into(), template.slug.as_str().into(), template.name.as_str().into(), permissions.into()]
        });
        let rows = Rows { table: &TEMPLATES, values: templates.collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }
}

fn template(row: &Row) -> Result<RoleTemplate> {
    let permissions: Vec<String> = serde_json::from_str(&text(row, "permissions")?)
        .map_err(|_| Error::Corrupt("app_role_templates.permissions"))?;
    Ok(RoleTemplate {
        slug: Slug::from_stored(text(row, "slug")?),
        name: Name::from_stored(text(row, "name")?),
        permissions: permissions.into_iter().map(Permission::from_stored).collect(),
    })
}

fn activation(row: &Row) -> Result<Activation> {
    Ok(Activation {
        client: text(row, "client_id")?,
        requires: serde_json::from_str(&text(row, "requires")?).map_err(|_| Error::Corrupt("activations.requires"))?,
        activated_at: moment(row, "activated_at")?,
    })
}
