//! What apps declare, and which organization uses which.

use super::{moment, text};
use crate::{
    directory::{
        app::{Activation, Declaration, RoleTemplate},
        permission::Permission,
    },
    id::OrganizationId,
    storage::{
        Error, Result, Row, Tx,
        batch::{self, Rows, Table},
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
            sqlx::query("SELECT permission, description FROM app_permissions WHERE client_id = $1 ORDER BY permission")
                .bind(client.to_owned())
                .fetch_all(self.0.connection())
                .await?;
        let templates =
            sqlx::query("SELECT slug, name, permissions FROM app_role_templates WHERE client_id = $1 ORDER BY slug")
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
        let rows = sqlx::query(
            "SELECT client_id, requires, activated_at \
             FROM activations \
             WHERE organization_id = $1 \
             ORDER BY client_id",
        )
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(activation).collect()
    }

    /// Whether an organization may activate a client: it is the server's, or the organization's own.
    pub(in crate::directory) async fn may_serve(
        &mut self,
        client: &str,
        organization: &OrganizationId,
    ) -> Result<bool> {
        let row = sqlx::query(
            "SELECT id FROM clients \
             WHERE id = $1 AND disabled_at IS NULL AND (organization_id IS NULL OR organization_id = $2)",
        )
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
        sqlx::query(
            "INSERT INTO activations (organization_id, client_id, requires, activated_at) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (organization_id, client_id) DO UPDATE SET requires = excluded.requires",
        )
        .bind(organization.as_str().to_owned())
        .bind(activation.client.clone())
        .bind(serde_json::to_string(&activation.requires).expect("requirements are texts"))
        .bind(activation.activated_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// `false` when it was not activated.
    pub(in crate::directory) async fn deactivate(
        &mut self,
        organization: &OrganizationId,
        client: &str,
    ) -> Result<bool> {
        let done = sqlx::query("DELETE FROM activations WHERE organization_id = $1 AND client_id = $2")
            .bind(organization.as_str().to_owned())
            .bind(client.to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(done.rows_affected() == 1)
    }

    pub(in crate::directory) async fn replace_declaration(
        &mut self,
        client: &str,
        declaration: &Declaration,
    ) -> Result<()> {
        for statement in
            ["DELETE FROM app_permissions WHERE client_id = $1", "DELETE FROM app_role_templates WHERE client_id = $1"]
        {
            sqlx::query(statement).bind(client.to_owned()).execute(self.0.connection()).await?;
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
