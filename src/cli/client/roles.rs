//! `lanyard client give` and `take`: the roles of a service client in the organization that owns it.

use crate::{
    cli::{
        Shell,
        scope::{RoleArgument, roles_json, roles_text},
    },
    directory::{Error, app},
    id::OrganizationId,
    oauth::registrar::RegistrarError,
    storage::Tx,
};

/// What happens to a role.
#[derive(Debug, Clone, Copy)]
pub(super) enum Change {
    Give,
    Take,
}

/// Gives or takes a role, and shows what the client holds then.
pub(super) async fn change(shell: &Shell, id: String, role: RoleArgument, change: Change) -> anyhow::Result<()> {
    let context = shell.context();
    let of = owner(&mut shell.app.storage.read().await?, &id).await?;
    shell.is_about(&of);
    let held = shell
        .change(move |tx| {
            Box::pin(async move {
                let (role, site) = role.find(tx, &of).await?;
                match change {
                    Change::Give => app::give_role(tx, &context, &of, &id, (&role, site.as_ref())).await?,
                    Change::Take => app::take_role(tx, &context, &of, &id, (&role, site.as_ref())).await?,
                }
                Ok(tx.apps().roles(&of, &id).await?)
            })
        })
        .await?;
    shell.show(&roles_json(&held), &[("roles", roles_text(&held))])
}

/// The organization that owns a client, for good.
async fn owner(tx: &mut Tx, id: &str) -> anyhow::Result<OrganizationId> {
    if let Some(owner) = tx.apps().owner(id).await? {
        return Ok(owner);
    }
    match tx.clients().by_id(id).await? {
        None => Err(RegistrarError::Unknown(id.to_owned()))?,
        Some(_) => Err(Error::Refused("only a client that an organization owns holds roles"))?,
    }
}
