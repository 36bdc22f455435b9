//! Decisions, one line each: who, what, to whom, and how it ends.

use std::collections::BTreeMap;

use super::*;
use crate::directory::{
    access::{Held, Holdings},
    role::template::TEMPLATES,
    validity::Validity,
};
use crate::{clock::Timestamp, id::RoleId};

const NOW: Timestamp = Timestamp(1_000);

fn riverside() -> OrganizationId {
    OrganizationId::from_stored("org_riverside".into())
}

fn site(name: &str) -> LocationId {
    LocationId::from_stored(name.into())
}

/// A member with these built-in roles; a place `*` is the whole organization.
fn member(user: &str, roles: &[(&str, &str)]) -> Standing {
    let id = |slug: &str| RoleId::from_stored(slug.into());
    let place = |name: &str| (name != "*").then(|| site(name));
    let holdings = Holdings {
        active: Some(Validity::ALWAYS),
        assignments: roles
            .iter()
            .map(|(role, at)| Held { role: id(role), location: place(at), validity: Validity::ALWAYS })
            .collect(),
        roles: TEMPLATES.iter().map(|one| (id(one.slug), (one.slug.parse().unwrap(), Some(one.slug.into())))).collect(),
        role_parents: TEMPLATES
            .iter()
            .flat_map(|one| one.inherits.iter().map(|parent| (id(one.slug), id(parent))))
            .collect(),
        locations: ["main", "quay"].map(|name| (site(name), name.parse().unwrap())).into(),
        ..Holdings::default()
    };
    let at: Option<BTreeSet<_>> = holdings.assignments.iter().map(|held| held.location.clone()).collect();
    Standing {
        organization: riverside(),
        membership: MembershipId::from_stored(format!("mem_{user}")),
        user: UserId::from_stored(user.into()),
        is_owner: roles.contains(&("owner", "*")),
        reaches: holdings.reach(NOW),
        places: at.map_or(Places::Whole, Places::At),
    }
}

/// A built-in role as it is given.
fn given(role: &str, at: &str) -> Granted {
    let like = member("like", &[(role, at)]);
    Granted {
        is_owner: role == "owner",
        permissions: like.reaches.into_keys().collect(),
        location: (at != "*").then(|| site(at)),
    }
}

fn of_app(permission: &str, at: &str) -> Granted {
    let permissions = [permission.parse().unwrap()].into();
    Granted { is_owner: false, permissions, location: (at != "*").then(|| site(at)) }
}

fn people() -> BTreeMap<&'static str, Standing> {
    [
        ("olivia", member("olivia", &[("owner", "*")])),
        ("otto", member("otto", &[("owner", "*")])),
        ("max", member("max", &[("manager", "*")])),
        ("mia", member("mia", &[("manager", "main")])),
        ("priya", member("priya", &[("practitioner", "main"), ("supervisor", "quay")])),
        ("frank", member("frank", &[("front_desk", "main")])),
        ("sam", member("sam", &[])),
    ]
    .into()
}

#[test]
fn people_are_seen_and_changed_where_one_has_a_say() {
    let people = people();
    for (who, action, whom, expected) in [
        ("olivia", Action::ReadPerson, "sam", Ok(())),
        ("max", Action::ReadPerson, "olivia", Ok(())),
        ("mia", Action::ReadPerson, "frank", Ok(())),
        ("mia", Action::ReadPerson, "priya", Ok(())),
        ("mia", Action::ReadPerson, "sam", Err(Denial::Unknown)),
        ("mia", Action::ReadPerson, "mia", Ok(())),
        ("frank", Action::ReadPerson, "mia", Ok(())),
        ("frank", Action::UpdatePerson, "mia", Err(Denial::Lacks("lanyard:people:update"))),
        ("sam", Action::ReadPerson, "frank", Err(Denial::Lacks("lanyard:people:read"))),
        ("priya", Action::ReadPerson, "frank", Err(Denial::Unknown)),
        ("mia", Action::UpdatePerson, "frank", Ok(())),
        ("mia", Action::UpdatePerson, "priya", Err(Denial::OutOfReach)),
        ("mia", Action::DisablePerson, "max", Err(Denial::OutOfReach)),
        ("mia", Action::DisablePerson, "olivia", Err(Denial::OwnersOnly)),
        ("max", Action::DisablePerson, "olivia", Err(Denial::OwnersOnly)),
        ("max", Action::RemovePerson, "olivia", Err(Denial::OwnersOnly)),
        ("max", Action::EndSessions, "olivia", Err(Denial::OwnersOnly)),
        ("max", Action::SendRecoveryLink, "priya", Ok(())),
        ("max", Action::RemovePerson, "sam", Ok(())),
        ("olivia", Action::RemovePerson, "otto", Ok(())),
    ] {
        let principal = Principal::Member(people[who].clone());
        let decision = decide(&principal, action, Resource::Person(&people[whom]));
        assert_eq!(decision.map(|_| ()), expected, "{who} {action:?} {whom}");
    }
}

#[test]
fn nobody_gives_more_than_they_hold() {
    let people = people();
    let more = |permission: &str| Err(Denial::MoreThanHeld(permission.to_owned()));
    let lacks = || Err(Denial::Lacks("lanyard:roles:assign"));
    for (who, whom, role, expected) in [
        ("olivia", "sam", given("owner", "*"), Ok(())),
        ("olivia", "sam", given("manager", "*"), Ok(())),
        ("max", "sam", given("owner", "*"), Err(Denial::OwnersOnly)),
        ("max", "sam", given("owner", "main"), Err(Denial::OwnersOnly)),
        ("max", "sam", given("manager", "*"), Ok(())),
        ("max", "olivia", given("billing", "*"), Err(Denial::OwnersOnly)),
        ("max", "sam", given("practitioner", "*"), Ok(())),
        ("mia", "sam", given("front_desk", "main"), Ok(())),
        ("mia", "sam", given("front_desk", "quay"), lacks()),
        ("mia", "sam", given("front_desk", "*"), lacks()),
        ("frank", "sam", given("front_desk", "main"), lacks()),
        ("max", "sam", of_app("lanyard:audit:export", "*"), more("lanyard:audit:export")),
        ("max", "sam", of_app("notes:record:read", "*"), Ok(())),
        ("max", "max", of_app("notes:record:read", "*"), more("notes:record:read")),
        ("mia", "mia", of_app("notes:record:read", "main"), more("notes:record:read")),
        ("olivia", "olivia", of_app("notes:record:read", "*"), Ok(())),
    ] {
        let principal = Principal::Member(people[who].clone());
        let roles = [role];
        let resource = riverside();
        let grant = Grant { to: Some(&people[whom]), roles: &roles };
        let decision = decide(&principal, Action::AssignRole, Resource::Grant(&resource, grant));
        assert_eq!(decision.map(|_| ()), expected, "{who} gives {whom} {roles:?}");
    }
}

#[test]
fn invitations_offer_no_more_than_the_inviter_holds() {
    let people = people();
    let lacks = || Err(Denial::Lacks("lanyard:invitations:manage"));
    for (who, roles, expected) in [
        ("olivia", vec![given("owner", "*")], Ok(())),
        ("max", vec![given("owner", "*")], Err(Denial::OwnersOnly)),
        ("max", vec![], Ok(())),
        ("mia", vec![given("practitioner", "main")], Ok(())),
        ("mia", vec![given("practitioner", "main"), given("practitioner", "quay")], lacks()),
        ("mia", vec![], lacks()),
        ("frank", vec![given("front_desk", "main")], lacks()),
    ] {
        let principal = Principal::Member(people[who].clone());
        let resource = riverside();
        let grant = Grant { to: None, roles: &roles };
        let decision = decide(&principal, Action::InvitePerson, Resource::Grant(&resource, grant));
        assert_eq!(decision.map(|_| ()), expected, "{who} offers {roles:?}");
    }
}

#[test]
fn places_and_the_organization_are_managed_where_one_has_a_say() {
    let people = people();
    let org = riverside();
    let (main, quay) = (site("main"), site("quay"));
    for (who, action, resource, allowed) in [
        ("mia", Action::ManageLocation, Resource::Place(&org, Some(&main)), true),
        ("mia", Action::ManageLocation, Resource::Place(&org, Some(&quay)), false),
        ("mia", Action::ManageLocation, Resource::Place(&org, None), false),
        ("max", Action::ManageLocation, Resource::Place(&org, None), true),
        ("max", Action::UpdateOrganization, Resource::Organization(&org), false),
        ("olivia", Action::UpdateOrganization, Resource::Organization(&org), true),
        ("mia", Action::ReadAudit, Resource::Organization(&org), false),
        ("max", Action::ReadAudit, Resource::Organization(&org), true),
        ("max", Action::ExportAudit, Resource::Organization(&org), false),
        ("sam", Action::ReadOrganization, Resource::Organization(&org), false),
        ("priya", Action::ReadLocations, Resource::Organization(&org), true),
        // A resource that does not fit the action takes the whole organization.
        ("mia", Action::UpdatePerson, Resource::Organization(&org), false),
        ("max", Action::UpdatePerson, Resource::Organization(&org), true),
    ] {
        let principal = Principal::Member(people[who].clone());
        assert_eq!(decide(&principal, action, resource).is_ok(), allowed, "{who} {action:?} {resource:?}");
    }
}

#[test]
fn an_owner_may_everything_a_member_without_a_role_nothing_and_a_stranger_sees_nothing() {
    let people = people();
    let (own, other) = (riverside(), OrganizationId::from_stored("org_harbour".into()));
    let olivia = Principal::Member(people["olivia"].clone());
    for action in Action::ALL.iter().copied() {
        assert!(decide(&olivia, action, Resource::Organization(&own)).is_ok(), "{action:?}");
        assert_eq!(decide(&olivia, action, Resource::Organization(&other)), Err(Denial::Unknown), "{action:?}");
        let sam = Principal::Member(people["sam"].clone());
        assert!(decide(&sam, action, Resource::Organization(&own)).is_err(), "{action:?}");
        let proof = decide(&Principal::Server, action, Resource::Organization(&other)).unwrap();
        assert_eq!((proof.action(), proof.organization()), (action, &other));
    }
}
