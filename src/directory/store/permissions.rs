//! Permissions of apps, and direct grants and denials of single ones.

use std::collections::BTreeSet;

use super::text;
use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        permission::{Direct, Effect, Permission},
    },
    id::{MembershipId, OrganizationId},
    storage::{
        Result, Row, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
};

static GRANTS: Table = Table {
    name: "membership_permissions",
    columns: &["membership_id", "permission", "source", "effect", "created_at"],
    suffix: "ON CONFLICT DO NOTHING",
};

/// Queries of permissions.
pub struct Permissions<'t>(&'t mut Tx);

impl Tx {
    /// Permissions.
    pub fn permissions(&mut self) -> Permissions<'_> {
        Permissions(self)
    }
}

impl Permissions<'_> {
    /// Permissions of the apps that an organization has activated.
    pub async fn of_apps(&mut self, organization: &OrganizationId) -> Result<BTreeSet<Permission>> {
        let rows = sql("SELECT DISTINCT permission \
             FROM app_permissions \
             JOIN activations ON activations.client_id = app_permissions.client_id \
             WHERE activations.organization_id = $1")
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(Permission::from_stored(text(row, "permission")?))).collect()
    }

    /// Direct grants and denials of a member, by permission.
    pub async fn of_member(&mut self, organization: &OrganizationId, membership: &MembershipId) -> Result<Vec<Direct>> {
        let rows = sql("SELECT permission, effect, source \
             FROM membership_permissions \
             JOIN memberships ON memberships.id = membership_permissions.membership_id \
             WHERE memberships.organization_id = $1 AND memberships.id = $2 \
             ORDER BY permission, source")
        .bind(organization.as_str().to_owned())
        .bind(membership.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let direct = |row: &Row| {
            let source = text(row, "source")?;
            Ok(Direct {
                permission: Permission::from_stored(text(row, "permission")?),
                effect: Effect::from_stored(&text(row, "effect")?),
                source: (!source.is_empty()).then(|| Origin::from_stored(source)),
            })
        };
        rows.iter().map(direct).collect()
    }

    /// Grants a member these by the word of an outside source.
    pub(in crate::directory) async fn grant_all(
        &mut self,
        membership: &MembershipId,
        permissions: &[Permission],
        (source, now): (&Origin, Timestamp),
    ) -> Result<()> {
        let row = |permission: &Permission| {
            let (member, effect) = (membership.as_str().into(), Effect::Grant.as_str().into());
            vec![member, permission.as_str().into(), source.as_str().into(), effect, Value::from(now.0)]
        };
        let rows = Rows { table: &GRANTS, values: permissions.iter().map(row).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        Ok(())
    }

    /// Takes these of an outside source away.
    pub(in crate::directory) async fn take_all(
        &mut self,
        membership: &MembershipId,
        permissions: &[Permission],
        source: &Origin,
    ) -> Result<()> {
        for list in padded(permissions) {
            let statement = format!(
                "DELETE FROM membership_permissions WHERE membership_id = $1 AND source = $2 AND permission IN ({})",
                in_list(3, list.len())
            );
            let keys = list.iter().map(|permission| Value::from(permission.as_str()));
            let query = sql(statement).bind(membership.as_str().to_owned()).bind(source.as_str().to_owned());
            query.bind_all(keys).execute(self.0.connection()).await?;
        }
        Ok(())
    }

    pub(in crate::directory) async fn set(
        &mut self,
        membership: &MembershipId,
        permission: &Permission,
        effect: Effect,
        now: Timestamp,
    ) -> Result<()> {
        sql("INSERT INTO membership_permissions (membership_id, permission, source, effect, created_at) \
             VALUES ($1, $2, '', $3, $4) \
             ON CONFLICT (membership_id, permission, source) DO UPDATE SET effect = excluded.effect")
        .bind(membership.as_str().to_owned())
        .bind(permission.as_str().to_owned())
        .bind(effect.as_str())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Takes away what people and these sources say.
    pub(in crate::directory) async fn take_back(
        &mut self,
        membership: &MembershipId,
        permission: &Permission,
        sources: &[Origin],
    ) -> Result<()> {
        let statement = format!(
            "DELETE FROM membership_permissions WHERE membership_id = $1 AND permission = $2 AND source IN ('', {})",
            in_list(3, sources.len().max(1))
        );
        // Somebody is always named, so that there is a list.
        let nobody = sources.is_empty().then(|| Value::from(""));
        let keys = sources.iter().map(|source| Value::from(source.as_str())).chain(nobody);
        let query = sql(statement).bind(membership.as_str().to_owned()).bind(permission.as_str().to_owned());
        query.bind_all(keys).execute(self.0.connection()).await?;
        Ok(())
    }
}
