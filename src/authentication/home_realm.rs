//! Where somebody signs in who has their account elsewhere: by the organization that is meant, or by the domain of an address
//! that an organization proved to own.

use crate::{
    directory::organization::Organization,
    id::{OrganizationId, UserId},
    policy::{Policies, Whom},
    setting::Setting,
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

/// The organization that lets a person come in by its own upstreams alone: of `wish`, which is signed in to, or of the only one
/// that they belong to.
///
/// # Errors
/// When the database fails.
pub(super) async fn required(
    policies: &Policies,
    user: &UserId,
    wish: Option<&str>,
) -> storage::Result<Option<OrganizationId>> {
    let (mut tx, now) = (policies.app.storage.read().await?, policies.app.clock.now());
    let mut all = tx.memberships().active_of_user(user, now).await?;
    match wish {
        Some(named) => all.retain(|(_, of)| [of.id.as_str(), of.slug.as_str()].contains(&named)),
        None if all.len() > 1 => return Ok(None),
        None => {}
    }
    let Some((member, of)) = all.pop() else { return Ok(None) };
    let rules = policies.within(&of.id, user).await?;
    if rules.is_empty() {
        return Ok(None);
    }
    let access = tx.access().of_member(&member.id, now).await?;
    let applying = rules.applying(Whom { access: Some(&access), client: None });
    Ok(applying.flag(Setting::UpstreamRequired).then_some(of.id))
}
