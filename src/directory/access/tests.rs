//! Access from rows, one fact each.

use super::*;

const NOW: Timestamp = Timestamp(1_000);

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn role(name: &str) -> RoleId {
    RoleId::from_stored(name.to_owned())
}

fn group(name: &str) -> GroupId {
    GroupId::from_stored(name.to_owned())
}

fn site(name: &str) -> LocationId {
    LocationId::from_stored(name.to_owned())
}

fn held(name: &str, location: Option<&str>) -> Held {
    Held { role: role(name), location: location.map(site), validity: Validity::ALWAYS }
}

/// Riverside: region ← main-street, region ← harbour-quay; supervisor inherits practitioner; group gps lies in clinicians.
fn riverside(assignments: Vec<Held>) -> Holdings {
    let permission = |text: &str| text.parse::<Permission>().unwrap();
    Holdings {
        active: Some(Validity::ALWAYS),
        member: None,
        assignments,
        member_of: vec![group("gps")],
        groups: [(group("gps"), slug("gps")), (group("clinicians"), slug("clinicians"))].into(),
        group_parents: vec![(group("gps"), group("clinicians"))],
        group_roles: vec![],
        roles: [
            (role("practitioner"), (slug("practitioner"), Some("practitioner".into()))),
            (role("supervisor"), (slug("supervisor"), Some("supervisor".into()))),
            (role("cashier"), (slug("cashier"), None)),
        ]
        .into(),
        role_parents: vec![(role("supervisor"), role("practitioner"))],
        role_permissions: vec![
            (role("practitioner"), permission("calendar:appointment:read")),
            (role("supervisor"), permission("calendar:roster:edit")),
            (role("cashier"), permission("till:payment:create")),
        ],
        locations: ["region", "main-street", "harbour-quay"].map(|name| (site(name), slug(name))).into(),
        location_parents: vec![(site("main-street"), site("region")), (site("harbour-quay"), site("region"))],
        direct: vec![],
        identifiers: vec![],
        location_identifiers: vec![],
    }
}

fn priya() -> Holdings {
    riverside(vec![held("practitioner", Some("main-street")), held("supervisor", Some("harbour-quay"))])
}

fn at(role: &str, location: Option<&str>) -> Assigned {
    within(role, location, &[])
}

fn within(role: &str, location: Option<&str>, locations: &[&str]) -> Assigned {
    let locations = locations.iter().map(|one| slug(one)).collect();
    Assigned { at: RoleAt { role: slug(role), location: location.map(slug) }, locations }
}

#[test]
fn priya_is_practitioner_at_one_site_and_supervisor_at_the_other() {
    let access = priya().access(NOW);
    assert_eq!(access.roles, [slug("practitioner"), slug("supervisor")]);
    assert_eq!(access.locations, [slug("harbour-quay"), slug("main-street")]);
    assert_eq!(access.assignments, [at("practitioner", Some("main-street")), at("supervisor", Some("harbour-quay"))]);
    assert_eq!(access.groups, [slug("clinicians"), slug("gps")]);
    assert_eq!(access.ends_at, None);
    assert!(access.entitlements.contains(&"calendar:roster:edit".to_owned()));

    let reach = priya().reach(NOW);
    let places = |permission: &str| reach.get(&permission.parse::<Permission>().unwrap()).cloned();
    assert_eq!(places("calendar:roster:edit"), Some(Reach::At([site("harbour-quay")].into())));
    assert_eq!(
        places("calendar:appointment:read"),
        Some(Reach::At([site("harbour-quay"), site("main-street")].into())),
        "supervisor inherits practitioner"
    );
    assert_eq!(places("lanyard:people:read"), Some(Reach::At([site("harbour-quay")].into())));
}

#[test]
fn a_role_holds_below_its_location_and_everywhere_without_one() {
    for (location, expected) in [
        (Some("region"), vec!["harbour-quay", "main-street", "region"]),
        (Some("main-street"), vec!["main-street"]),
        (None, vec!["harbour-quay", "main-street", "region"]),
    ] {
        let access = riverside(vec![held("cashier", location)]).access(NOW);
        let places = if location == Some("region") { expected.as_slice() } else { &[] };
        assert_eq!(access.assignments, [within("cashier", location, places)]);
        let expected: Vec<Slug> = expected.into_iter().map(slug).collect();
        assert_eq!(access.locations, expected, "{location:?}");
    }
}

#[test]
fn a_role_at_a_region_names_the_places_of_that_role_alone() {
    let assignments = vec![held("cashier", Some("region")), held("supervisor", Some("harbour-quay"))];
    let mut holdings = riverside(assignments);
    let all = ["harbour-quay", "main-street", "region"];
    let expected = [within("cashier", Some("region"), &all), at("supervisor", Some("harbour-quay"))];
    assert_eq!(holdings.access(NOW).assignments, expected);
    holdings.locations.remove(&site("harbour-quay"));
    let open = within("cashier", Some("region"), &["main-street", "region"]);
    assert_eq!(holdings.access(NOW).assignments, [open], "what is closed is no place");
}

#[test]
fn identifiers_are_told_where_a_role_holds_and_nowhere_else() {
    let number = |at: &str, value: &str| (site(at), slug("provider_number"), value.to_owned());
    let told = |at: &str, value: &str| IdentifierAt {
        location: slug(at),
        kind: slug("provider_number"),
        value: value.to_owned(),
    };
    for (location, own, of_locations) in [
        (Some("main-street"), vec![told("main-street", "1A")], vec![told("main-street", "1")]),
        (Some("harbour-quay"), vec![told("harbour-quay", "2B")], vec![]),
        (
            Some("region"),
            vec![told("harbour-quay", "2B"), told("main-street", "1A")],
            vec![told("main-street", "1"), told("region", "0")],
        ),
    ] {
        let mut holdings = riverside(vec![held("cashier", location)]);
        holdings.identifiers = vec![number("main-street", "1A"), number("harbour-quay", "2B")];
        holdings.location_identifiers = vec![number("region", "0"), number("main-street", "1")];
        let access = holdings.access(NOW);
        assert_eq!((access.identifiers, access.location_identifiers), (own, of_locations), "{location:?}");
    }
}

#[test]
fn a_member_without_a_role_holds_nothing() {
    let access = riverside(vec![]).access(NOW);
    assert!(access.roles.is_empty() && access.locations.is_empty() && access.entitlements.is_empty());
    assert_eq!(access.groups.len(), 2, "groups are no roles");
}

#[test]
fn what_is_over_or_not_begun_does_not_count() {
    let lasting = |from: Option<i64>, until: Option<i64>| {
        let validity = Validity { from: from.map(Timestamp), until: until.map(Timestamp) };
        Held { validity, ..held("cashier", None) }
    };
    for (assignment, holds, ends) in [
        (lasting(None, None), true, None),
        (lasting(Some(1_000), Some(2_000)), true, Some(2_000)),
        (lasting(Some(1_001), None), false, None),
        (lasting(None, Some(1_000)), false, None),
    ] {
        let access = riverside(vec![assignment.clone()]).access(NOW);
        assert_eq!(access.roles.len(), usize::from(holds), "{assignment:?}");
        assert_eq!(access.ends_at, ends.map(Timestamp), "{assignment:?}");
    }
}

#[test]
fn the_end_of_the_membership_bounds_everything() {
    let mut holdings = priya();
    holdings.active = Some(Validity { from: None, until: Some(Timestamp(5_000)) });
    assert_eq!(holdings.access(NOW).ends_at, Some(Timestamp(5_000)));
    assert_eq!(holdings.access(Timestamp(5_000)), Access::default());
    assert!(holdings.reach(Timestamp(5_000)).is_empty());
    holdings.active = None;
    assert_eq!(holdings.access(NOW), Access::default());
}

#[test]
fn groups_give_their_roles_to_members_of_groups_inside_them() {
    let mut holdings = riverside(vec![]);
    holdings.group_roles = vec![
        (group("clinicians"), held("cashier", Some("main-street"))),
        (group("elsewhere"), held("supervisor", None)),
    ];
    let access = holdings.access(NOW);
    assert_eq!(access.assignments, [at("cashier", Some("main-street"))]);
    assert_eq!(access.entitlements, ["till:payment:create"]);
}

#[test]
fn a_denial_wins_over_roles_and_grants() {
    let permission = |text: &str| text.parse::<Permission>().unwrap();
    let mut holdings = riverside(vec![held("cashier", None)]);
    holdings.direct =
        vec![(permission("till:payment:create"), Effect::Deny), (permission("stock:item:read"), Effect::Grant)];
    assert_eq!(holdings.access(NOW).entitlements, ["stock:item:read"]);
    let reach = holdings.reach(NOW);
    assert_eq!(reach.keys().map(Permission::as_str).collect::<Vec<_>>(), ["stock:item:read"]);
    assert_eq!(reach.values().next(), Some(&Reach::Everywhere));
}

#[test]
fn a_role_at_a_closed_location_does_not_count() {
    let mut holdings = priya();
    holdings.locations.remove(&site("harbour-quay"));
    let access = holdings.access(NOW);
    assert_eq!(access.roles, [slug("practitioner")]);
    assert_eq!(access.assignments, [at("practitioner", Some("main-street"))]);
}
