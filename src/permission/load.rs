//! Fetches what a decision rests on.

use std::collections::BTreeSet;

use super::{Granted, Places, Principal, Standing};
use crate::{
    clock::Timestamp,
    directory::{
        Noun, Result,
        access::{Access, Holdings, RoleAt},
        membership::Membership,
        owner::OWNER,
        permission::Permission,
        role,
    },
    id::{LocationId, OrganizationId, UserId},
    storage::Tx,
};

/// A person who acts in an organization; none unless they are an active member of it.
///
/// # Errors
/// When the database fails.
pub async fn principal(
    tx: &mut Tx,
    user: &UserId,
    organization: &OrganizationId,
    now: Timestamp,
) -> Result<Option<Principal>> {
    match tx.memberships().active(user, organization, now).await? {
        Some(membership) => Ok(Some(Principal::Member(standing(tx, &membership, now).await?))),
        None => Ok(None),
    }
}

/// Where a member stands.
///
/// # Errors
/// When the database fails.
pub async fn standing(tx: &mut Tx, membership: &Membership, now: Timestamp) -> Result<Standing> {
    let holdings = tx.access().holdings(&membership.id, now).await?;
    let access = holdings.access(now);
    Ok(Standing {
        organization: membership.organization_id.clone(),
        membership: membership.id.clone(),
        user: membership.user_id.clone(),
        is_owner: is_owner(&access, &holdings),
        reaches: holdings.reach(now),
        places: places(&holdings),
    })
}

/// An owner who is suspended is an owner still: only an owner lets them in again.
fn is_owner(access: &Access, holdings: &Holdings) -> bool {
    let owner = |role: &crate::id::RoleId| holdings.roles.get(role).is_some_and(|(slug, _)| slug.as_str() == OWNER);
    access.assignments.iter().any(|one| one.at.role.as_str() == OWNER && one.at.location.is_none())
        || holdings.assignments.iter().any(|held| held.location.is_none() && owner(&held.role))
}

/// Where somebody works: their assignments, whether they hold now or later, and what their groups carry.
fn places(holdings: &Holdings) -> Places {
    let held = holdings.assignments.iter().chain(holdings.group_roles.iter().map(|(_, held)| held));
    let at: Option<BTreeSet<LocationId>> = held.map(|held| held.location.clone()).collect();
    at.map_or(Places::Whole, Places::At)
}

/// What roles bring where, to be decided on before they are given.
///
/// # Errors
/// For a role or location that the organization does not have.
pub async fn granted(tx: &mut Tx, organization: &OrganizationId, roles: &[RoleAt]) -> Result<Vec<Granted>> {
    let compositions = tx.roles().compositions(organization).await?;
    let locations = tx.locations().list(organization).await?;
    let find = |at: &RoleAt| {
        if !compositions.iter().any(|one| one.role.slug == at.role) {
            return Err(Noun::Role.unknown(&at.role));
        }
        let location = match &at.location {
            None => None,
            Some(slug) => {
                let site = locations.iter().find(|site| site.slug == *slug);
                Some(site.ok_or_else(|| Noun::Location.unknown(slug))?.id.clone())
            }
        };
        let permissions = role::effective(&compositions, &at.role);
        Ok(Granted { is_owner: at.role.as_str() == OWNER, permissions, location })
    };
    roles.iter().map(find).collect()
}

/// Single permissions, given in the whole organization.
#[must_use]
pub fn granted_directly(permissions: &[Permission]) -> Granted {
    Granted { is_owner: false, permissions: permissions.iter().cloned().collect(), location: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::Context,
        directory::{
            location,
            membership::{self, FirstRoles, NewMembership},
            organization,
            origin::Origin,
            user::{self, NewUser},
            validity::Validity,
        },
        permission::{Action, Denial, Grant, Resource, decide},
        random::Random,
        storage::testing::databases,
        text::Slug,
    };

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn slug(text: &str) -> Slug {
        text.parse().unwrap()
    }

    fn at(role: &str, location: Option<&str>) -> RoleAt {
        RoleAt { role: slug(role), location: location.map(slug) }
    }

    async fn join(tx: &mut Tx, organization: &OrganizationId, name: &str, roles: Vec<RoleAt>) -> Result<Membership> {
        let context = Context::server(NOW, Random::system());
        let new = NewUser {
            name: name.parse().unwrap(),
            email: None,
            email_is_verified: false,
            user_name: Some(name.parse().unwrap()),
            password: None,
            locale: None,
        };
        let new = NewMembership {
            user: user::create(tx, &context, new).await?.id,
            kind: slug("administrative"),
            roles: FirstRoles::Exactly(roles),
            validity: Validity::ALWAYS,
            origin: Origin::of(&context),
        };
        membership::join(tx, &context, organization, new).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_location_manager_has_a_say_at_that_location_alone() {
        for database in databases().await {
            let storage = &database.storage;
            let made: Result<()> = storage
                .write(|tx| {
                    Box::pin(async move {
                        let context = Context::server(NOW, Random::system());
                        let org = organization::create(tx, &context, &slug("riverside"), &"R".parse().unwrap()).await?;
                        for site in ["main", "quay"] {
                            let named = (&slug(site), &site.parse().unwrap());
                            location::create(tx, &context, &org.id, named, None).await?;
                        }
                        let mia = join(tx, &org.id, "mia", vec![at("manager", Some("main"))]).await?;
                        let frank = join(tx, &org.id, "frank", vec![at("front_desk", Some("main"))]).await?;
                        let quinn = join(tx, &org.id, "quinn", vec![at("front_desk", Some("quay"))]).await?;
                        membership::disable(tx, &context, &org.id, &frank.id).await?;

                        let principal = principal(tx, &mia.user_id, &org.id, NOW).await?.unwrap();
                        let frank = standing(tx, &frank, NOW).await?;
                        let quinn = standing(tx, &quinn, NOW).await?;
                        let may = |action, resource: Resource<'_>| decide(&principal, action, resource).map(|_| ());
                        assert_eq!(may(Action::DisablePerson, Resource::Person(&frank)), Ok(()), "also to enable");
                        assert_eq!(may(Action::DisablePerson, Resource::Person(&quinn)), Err(Denial::Unknown));
                        let offered = granted(tx, &org.id, &[at("practitioner", Some("main"))]).await?;
                        let grant = Grant { to: Some(&frank), roles: &offered };
                        assert_eq!(may(Action::AssignRole, Resource::Grant(&org.id, grant)), Ok(()));
                        let offered = granted(tx, &org.id, &[at("practitioner", None)]).await?;
                        let grant = Grant { to: Some(&frank), roles: &offered };
                        assert!(may(Action::AssignRole, Resource::Grant(&org.id, grant)).is_err());
                        assert!(granted(tx, &org.id, &[at("practitioner", Some("moon"))]).await.is_err());
                        Ok(())
                    })
                })
                .await;
            made.unwrap();
        }
    }
}
