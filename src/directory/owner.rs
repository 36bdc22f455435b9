//! Last-owner protection: an organization never loses its last lasting owner.
//!
//! An owner counts when the person and the membership are active and neither the membership nor the assignment of the
//! role `owner` to the whole organization has an end: what ends by itself cannot be relied on. Every operation that could
//! take an owner away first takes the organization's lock, so that two of them at once see each other.

use crate::{
    clock::Timestamp,
    id::{MembershipId, OrganizationId, UserId},
    storage::Tx,
};

use super::{Error, Result};

/// Slug of the built-in role that counts.
pub const OWNER: &str = "owner";

/// A lasting owner of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The organization.
    pub organization: OrganizationId,
    /// The membership that is assigned the role.
    pub membership: MembershipId,
    /// The person.
    pub user: UserId,
}

/// Takes the lock and refuses when `membership` is the last lasting owner; the caller goes on to take it away.
pub(super) async fn spare(
    tx: &mut Tx,
    now: Timestamp,
    organization: &OrganizationId,
    membership: &MembershipId,
) -> Result<()> {
    tx.organizations().lock(organization).await?;
    let owners = tx.assignments().lasting_owners(organization, now).await?;
    leaves_an_owner(&owners, |owner| owner.membership == *membership)
}

/// The same for every organization of a person.
pub(super) async fn spare_person(tx: &mut Tx, now: Timestamp, user: &UserId) -> Result<()> {
    tx.organizations().lock_all_of(user).await?;
    let owners = tx.assignments().lasting_owners_beside(user, now).await?;
    leaves_an_owner(&owners, |owner| owner.user == *user)
}

/// Whether every organization keeps an owner once those that are `leaving` are gone.
fn leaves_an_owner(owners: &[Owner], leaving: impl Fn(&Owner) -> bool) -> Result<()> {
    let bereft = |gone: &Owner| !owners.iter().any(|other| other.organization == gone.organization && !leaving(other));
    if owners.iter().filter(|owner| leaving(owner)).any(bereft) { Err(Error::LastOwner) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_owner_of_any_organization_stays() {
        let owner = |organization: &str, user: &str| Owner {
            organization: OrganizationId::from_stored(organization.into()),
            membership: MembershipId::from_stored(format!("{organization}-{user}")),
            user: UserId::from_stored(user.into()),
        };
        for (owners, allowed) in [
            (vec![owner("a", "olivia")], false),
            (vec![owner("a", "olivia"), owner("a", "max")], true),
            (vec![owner("a", "olivia"), owner("b", "max")], false),
            (vec![owner("a", "olivia"), owner("a", "max"), owner("b", "olivia")], false),
            (vec![owner("a", "max")], true),
            (vec![], true),
        ] {
            let result = leaves_an_owner(&owners, |owner| owner.user.as_str() == "olivia");
            assert_eq!(result.is_ok(), allowed, "{owners:?}");
        }
    }
}
