//! Invitations as the pages show them.

use crate::{
    account::{
        names::Names,
        page::{Level, invitations::Offer},
    },
    directory::{invitation::Invitation, membership::RoleAt},
    storage::{self, Tx},
};

/// What these invitations offer, in words; those of an organization that is not active are left out.
pub(super) async fn offers(tx: &mut Tx, invitations: &[Invitation]) -> storage::Result<Vec<Offer>> {
    let organizations: Vec<_> = invitations.iter().map(|one| one.organization_id.clone()).collect();
    let people: Vec<_> = invitations.iter().filter_map(|one| one.invited_by.clone()).collect();
    let names = tx.names().of(&organizations, &people).await?;
    Ok(invitations.iter().filter_map(|invitation| offer(invitation, &names)).collect())
}

fn offer(invitation: &Invitation, names: &Names) -> Option<Offer> {
    let organization = &invitation.organization_id;
    let of_kind = || {
        let kind = names.kind(organization, &invitation.kind);
        let roles = kind.map(|kind| kind.default_roles.clone()).unwrap_or_default();
        roles.into_iter().map(|role| RoleAt { role, location: None }).collect()
    };
    let roles = invitation.roles.clone().unwrap_or_else(of_kind);
    let level = |at: &RoleAt| {
        let (role, location) = names.role_at(organization, at);
        Level { role, location, until: None }
    };
    Some(Offer {
        id: invitation.id.to_string(),
        brand: names.brand(organization)?,
        invited_by: invitation.invited_by.as_ref().and_then(|id| names.person(id)),
        levels: roles.iter().map(level).collect(),
        expires_at: invitation.expires_at,
    })
}
