//! Which organization a request is for, and whether the app is open to the person there.

use crate::{
    directory::{membership::Membership, organization::Organization, user::User},
    id::OrganizationId,
    oauth::client::Registered,
    policy::Barrier,
    session::Session,
    setting::Setting,
};

/// Why a person is refused an app; for the page, the audit, and never told apart in the answer to the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denial {
    /// The organization that was named does not exist, or the person is no member of it.
    NotAMember,
    /// The organization does not use the app.
    NotActivated,
    /// The person belongs to no organization that uses the app.
    NoOrganization,
    /// The organization asks for a role, group or location that the person does not have.
    Requirement,
    /// A rule of the organization stops the person: by the hour, or by where they come from.
    Policy(Barrier),
    /// The person said no.
    Refused,
}

impl Denial {
    /// For the audit.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::NotAMember => "not a member",
            Self::NotActivated => "the organization does not use the app",
            Self::NoOrganization => "no organization that uses the app",
            Self::Requirement => "a role, group or location is missing",
            Self::Policy(barrier) => barrier.setting.name(),
            Self::Refused => "the person refused",
        }
    }
}

impl Denial {
    /// By which setting a rule stops the person.
    #[must_use]
    pub fn stopped(&self) -> Option<Setting> {
        match self {
            Self::Policy(barrier) => Some(barrier.setting),
            _ => None,
        }
    }
}

/// A member in an organization.
pub type Member = (Membership, Organization);

/// The organization of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolved {
    /// This one.
    Chosen(Box<Member>),
    /// The person has to choose among these.
    Choose(Vec<Organization>),
    /// None.
    Denied(Denial),
}

/// What may name the organization, in the order of its weight.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish<'a> {
    /// What the person chose on the page.
    pub chosen: Option<&'a OrganizationId>,
    /// The parameter `organization`: id or slug.
    pub requested: Option<&'a str>,
}

/// The memberships in which a sign-in counts; `None` where another one is asked for, whether or not it is the person's.
#[must_use]
pub fn counting(session: &Session, requested: Option<&str>, mut members: Vec<Member>) -> Option<Vec<Member>> {
    if session.via.is_some() {
        members.retain(|(_, organization)| session.counts_in(&organization.id));
        let is_named =
            |(_, at): &Member| requested.is_none_or(|named| [at.id.as_str(), at.slug.as_str()].contains(&named));
        members.retain(is_named);
        if members.is_empty() {
            return None;
        }
    }
    Some(members)
}

/// Finds the organization among the person's active memberships.
#[must_use]
pub fn resolve(wish: Wish<'_>, user: &User, members: Vec<Member>, client: &Registered) -> Resolved {
    if let Some(reference) = wish.requested {
        let named = |(_, organization): &Member| {
            organization.id.as_str() == reference || organization.slug.as_str() == reference
        };
        return match members.into_iter().find(named) {
            None => Resolved::Denied(Denial::NotAMember),
            Some((_, organization)) if client.serves(&organization.id).is_none() => {
                Resolved::Denied(Denial::NotActivated)
            }
            Some(member) => Resolved::Chosen(Box::new(member)),
        };
    }
    let mut open: Vec<Member> = members.into_iter().filter(|(_, at)| client.serves(&at.id).is_some()).collect();
    let mut preferred = [wish.chosen, user.default_organization.as_ref()].into_iter().flatten();
    let at = preferred.find_map(|id| open.iter().position(|(_, organization)| organization.id == *id));
    match (at, open.len()) {
        (Some(at), _) => Resolved::Chosen(Box::new(open.swap_remove(at))),
        (None, 0) => Resolved::Denied(Denial::NoOrganization),
        (None, 1) => Resolved::Chosen(Box::new(open.swap_remove(0))),
        (None, _) => Resolved::Choose(open.into_iter().map(|(_, organization)| organization).collect()),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::oauth::client::{Activation, Client, tests::client};

    pub(crate) fn user() -> User {
        crate::oauth::testing::user("usr_o")
    }

    pub(crate) fn member(slug: &str) -> Member {
        crate::oauth::testing::member("usr_o", slug)
    }

    fn id(slug: &str) -> OrganizationId {
        OrganizationId::from_stored(format!("org_{slug}"))
    }

    #[test]
    fn the_request_wins_over_the_choice_and_the_choice_over_the_default() {
        let chosen = |slug: &str| Ok(id(slug));
        for (case, requested, picked, default, members, activated, expected) in [
            ("the only one", None, None, None, "a", "a", chosen("a")),
            ("the only one that uses the app", None, None, None, "a b", "b", chosen("b")),
            ("the default", None, None, Some("b"), "a b", "a b", chosen("b")),
            ("a default that does not use the app", None, None, Some("b"), "a b c", "a c", Err("choose a c")),
            ("the choice", None, Some("a"), Some("b"), "a b", "a b", chosen("a")),
            ("the request by slug", Some("b"), Some("a"), Some("a"), "a b", "a b", chosen("b")),
            ("the request by id", Some("org_b"), None, None, "a b", "a b", chosen("b")),
            ("many", None, None, None, "a b", "a b", Err("choose a b")),
            ("a choice of another", None, Some("z"), None, "a b", "a b", Err("choose a b")),
            ("not a member", Some("z"), None, None, "a b", "a b z", Err("NotAMember")),
            ("not activated", Some("a"), None, None, "a b", "b", Err("NotActivated")),
            ("no membership", None, None, None, "", "a", Err("NoOrganization")),
            ("none uses it", None, None, None, "a b", "", Err("NoOrganization")),
        ] {
            let members = members.split_whitespace().map(member).collect();
            let activations = activated.split_whitespace().map(|slug| (id(slug), Activation::of_old())).collect();
            let registered =
                Registered { client: Client { organization: None, ..client() }, secrets: vec![], activations };
            let user = User { default_organization: default.map(id), ..user() };
            let picked = picked.map(id);
            let found = match resolve(Wish { chosen: picked.as_ref(), requested }, &user, members, &registered) {
                Resolved::Chosen(member) => Ok(member.1.id),
                Resolved::Choose(list) => {
                    Err(format!("choose {}", list.iter().map(|o| o.slug.as_str()).collect::<Vec<_>>().join(" ")))
                }
                Resolved::Denied(denial) => Err(format!("{denial:?}")),
            };
            assert_eq!(found, expected.map_err(str::to_owned), "{case}");
        }
    }
}
