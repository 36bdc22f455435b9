//! Permissions of apps, and direct grants and denials of single ones.

use std::collections::BTreeSet;

use super::text;
use crate::{
    clock::Timestamp,
    directory::permission::{Effect, Permission},
    id::{MembershipId, OrganizationId},
    storage::{Result, Tx, sql},
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

    /// Direct grants and denials of a member.
    pub async fn of_member(
        &mut self,
        organization: &OrganizationId,
        membership: &MembershipId,
    ) -> Result<Vec<(Permission, Effect)>> {
        let rows = sql("SELECT permission, effect \
             FROM membership_permissions \
             JOIN memberships ON memberships.id = membership_permissions.membership_id \
             WHERE memberships.organization_id = $1 AND memberships.id = $2 \
             ORDER BY permission")
        .bind(organization.as_str().to_owned())
        .bind(membership.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter()
            .map(|row| {
                Ok((Permission::from_stored(text(row, "permission")?), Effect::from_stored(&text(row, "effect")?)))
            })
            .collect()
    }

    pub(in crate::directory) async fn set(
        &mut self,
        membership: &MembershipId,
        permission: &Permission,
        effect: Option<Effect>,
        now: Timestamp,
    ) -> Result<()> {
        let Some(effect) = effect else { return self.unset(membership, permission).await };
        sql("INSERT INTO membership_permissions (membership_id, permission, effect, created_at) \
             VALUES ($1, $2, $3, $4) \
             ON CONFLICT (membership_id, permission) DO UPDATE SET effect = excluded.effect")
        .bind(membership.as_str().to_owned())
        .bind(permission.as_str().to_owned())
        .bind(effect.as_str())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    async fn unset(&mut self, membership: &MembershipId, permission: &Permission) -> Result<()> {
        sql("DELETE FROM membership_permissions WHERE membership_id = $1 AND permission = $2")
            .bind(membership.as_str().to_owned())
            .bind(permission.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}
