//! Where somebody signs in who has their account elsewhere: by the organization that is meant, or by the domain of an address
//! that an organization proved to own.

use crate::{
    directory::organization::Organization,
    storage::{self, Tx},
    text::DomainName,
    upstream::Upstream,
};

/// The identity providers that are offered on the way into an organization, each with what its link says.
///
/// # Errors
/// When the database fails.
pub(super) async fn offered(tx: &mut Tx, organization: &Organization) -> storage::Result<Vec<(Upstream, String)>> {
    let all = tx.upstreams().to_sign_in(&organization.id).await?;
    let name = organization.name.as_str();
    let is_only = all.len() == 1;
    Ok(all
        .into_iter()
        .map(|upstream| {
            let label = if is_only { name.to_owned() } else { format!("{name} ({})", upstream.name) };
            (upstream, label)
        })
        .collect())
}

/// The identity provider of whoever typed this address, if its organization sends such people there.
///
/// # Errors
/// When the database fails.
pub(super) async fn of_address(tx: &mut Tx, typed: &str) -> storage::Result<Option<Upstream>> {
    let Some((name, domain)) = typed.trim().rsplit_once('@') else { return Ok(None) };
    let Ok(domain) = domain.to_lowercase().parse::<DomainName>() else { return Ok(None) };
    if name.is_empty() {
        return Ok(None);
    }
    let Some(owner) = tx.domains().owner(&domain).await? else { return Ok(None) };
    let all = tx.upstreams().to_sign_in(&owner).await?;
    Ok(all.into_iter().find(|upstream| upstream.domains.is_empty() || upstream.domains.contains(&domain)))
}
