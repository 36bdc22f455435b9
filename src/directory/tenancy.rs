//! One person, many organizations: what the administration of one of them may do to the person behind a member.
//!
//! A login belongs to the person. Whoever administers one organization never sets the password, login names or factors
//! of somebody who has, or ever had, a membership elsewhere, and does not edit what the other organizations see of them:
//! they end the membership or send a recovery link. (design.md §8, "One person, many organizations")

use crate::id::OrganizationId;

/// On whose behalf a person is changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The person's own.
    Person,
    /// One organization's: its console, its scope of the command line, its SCIM token, its directory.
    Organization(OrganizationId),
    /// The server's: somebody with a shell on the host.
    Server,
}

/// What of the person is changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aspect {
    /// Password, login names or factors.
    Login,
    /// Name, picture, telephone: shown in every organization.
    Profile,
    /// Whether the person can sign in at all, or is erased.
    Existence,
}

/// The person is shared with another organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Shared {
    /// Password, login names, factors.
    #[error(
        "this person also belongs, or belonged, to another organization: send a recovery link, or end the membership"
    )]
    Login,
    /// Name, picture, telephone.
    #[error("this person also belongs, or belonged, to another organization: they edit their own profile")]
    Profile,
    /// Disabling, erasing.
    #[error("this person also belongs, or belonged, to another organization: disable or end the membership instead")]
    Existence,
    /// Never a member here.
    #[error("this person is not a member of the organization")]
    Stranger,
}

/// Whether `scope` may change `aspect` of a person who has, or had, memberships in `organizations`.
///
/// # Errors
/// Why not, and what to do instead.
pub fn may_change(scope: &Scope, aspect: Aspect, organizations: &[OrganizationId]) -> Result<(), Shared> {
    let Scope::Organization(own) = scope else { return Ok(()) };
    if !organizations.contains(own) {
        return Err(Shared::Stranger);
    }
    if organizations.iter().all(|organization| organization == own) {
        return Ok(());
    }
    Err(match aspect {
        Aspect::Login => Shared::Login,
        Aspect::Profile => Shared::Profile,
        Aspect::Existence => Shared::Existence,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_organization_never_changes_a_person_of_two() {
        let org = |n: &str| OrganizationId::from_stored(format!("org_{n}"));
        let (own, other) = (org("own"), org("other"));
        let of = |scope: &Scope, aspect, organizations: &[OrganizationId]| may_change(scope, aspect, organizations);
        let administrator = Scope::Organization(own.clone());
        let both = [own.clone(), other.clone()];
        for (aspect, refusal) in
            [(Aspect::Login, Shared::Login), (Aspect::Profile, Shared::Profile), (Aspect::Existence, Shared::Existence)]
        {
            assert_eq!(of(&administrator, aspect, std::slice::from_ref(&own)), Ok(()));
            assert_eq!(of(&administrator, aspect, &both), Err(refusal));
            assert_eq!(of(&administrator, aspect, std::slice::from_ref(&other)), Err(Shared::Stranger));
            assert_eq!(of(&administrator, aspect, &[]), Err(Shared::Stranger));
            assert_eq!(of(&Scope::Person, aspect, &both), Ok(()));
            assert_eq!(of(&Scope::Server, aspect, &both), Ok(()));
        }
    }
}
