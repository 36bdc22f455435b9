//! Locations, roles, groups, kinds and identifiers.

use super::*;
use crate::{
    directory::{Error, group, identifier, kind, permission, permission::Effect, role},
    storage::testing::databases,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_new_organization_has_the_built_in_roles_and_kinds() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let mut tx = storage.read().await.unwrap();
        let compositions = tx.roles().compositions(&riverside.id).await.unwrap();
        assert_eq!(compositions.len(), 8);
        let supervisor = compositions.iter().find(|one| one.role.slug.as_str() == "supervisor").unwrap();
        assert_eq!(supervisor.inherits, [slug("practitioner")]);
        assert!(supervisor.permissions.iter().any(|one| one.as_str() == "lanyard:people:read"));
        assert_eq!(tx.kinds().list(&riverside.id).await.unwrap().len(), 4);
        assert_eq!(tx.organizations().by_reference("riverside").await.unwrap(), Some(riverside.clone()));
        assert_eq!(tx.organizations().by_reference(riverside.id.as_str()).await.unwrap(), Some(riverside.clone()));
        assert_eq!(tx.organizations().by_reference("Riverside!").await.unwrap(), None);
        drop(tx);
        let again = unit!(storage, |tx| {
            organization::create(tx, &context(0), &slug("riverside"), &"x".parse().unwrap()).await
        });
        assert!(matches!(again, Err(Error::Taken(..))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_is_edited() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let id = riverside.id.clone();
        let edit = organization::Edit {
            name: Some("Riverside Clinic".parse().unwrap()),
            accent: crate::directory::Change::Set("#1a7f64".parse().unwrap()),
            ..Default::default()
        };
        let edited = unit!(storage, |tx| organization::update(tx, &context(0), &id, edit).await).unwrap();
        let stored = storage.read().await.unwrap().organizations().by_id(&riverside.id).await.unwrap().unwrap();
        assert_eq!(stored, edited);
        assert_eq!(stored.accent.unwrap().as_str(), "#1a7f64");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn locations_move_close_and_open_without_circles() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let north = site(storage, &riverside, "north", None).await;
        let pier = site(storage, &riverside, "pier", Some(&north)).await;
        let under = async |what: &Location, parent: Option<&Location>| {
            let (org, id, parent) = (riverside.id.clone(), what.id.clone(), parent.map(|one| one.id.clone()));
            unit!(storage, |tx| location::move_under(tx, &context(0), &org, &id, parent.as_ref()).await)
        };
        assert!(matches!(under(&north, Some(&pier)).await, Err(Error::Cycle(..))));
        assert!(matches!(under(&north, Some(&north)).await, Err(Error::Cycle(..))));
        let close = async |what: &Location| {
            let (org, id) = (riverside.id.clone(), what.id.clone());
            unit!(storage, |tx| location::close(tx, &context(0), &org, &id).await)
        };
        assert!(matches!(close(&north).await, Err(Error::Refused(_))), "something open lies in it");
        close(&pier).await.unwrap();
        close(&north).await.unwrap();
        let open = async |what: &Location| {
            let (org, id) = (riverside.id.clone(), what.id.clone());
            unit!(storage, |tx| location::reopen(tx, &context(0), &org, &id).await)
        };
        assert!(matches!(open(&pier).await, Err(Error::Refused(_))), "what it lies in is closed");
        open(&north).await.unwrap();
        open(&pier).await.unwrap();
        under(&pier, None).await.unwrap();
        under(&north, Some(&pier)).await.unwrap();
        let (org, id) = (riverside.id.clone(), pier.id.clone());
        unit!(storage, |tx| location::rename(tx, &context(0), &org, &id, &"The Pier".parse().unwrap()).await).unwrap();
        let stored = storage.read().await.unwrap().locations().by_slug(&riverside.id, &slug("pier")).await.unwrap();
        assert_eq!(stored.unwrap().name.as_str(), "The Pier");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn custom_roles_are_made_of_registered_permissions() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let create = async |key: &'static str, permission: &'static str| {
            let org = riverside.id.clone();
            let permissions = [permission.parse().unwrap()];
            unit!(storage, |tx| {
                role::create(tx, &context(0), &org, (&slug(key), &key.parse().unwrap()), &permissions).await
            })
        };
        assert!(matches!(create("clerk", "till:payment:create").await, Err(Error::Unregistered(_))));
        let clerk = create("clerk", "lanyard:people:read").await.unwrap();
        assert!(matches!(create("clerk", "lanyard:people:read").await, Err(Error::Taken(..))));
        assert!(matches!(create("owner", "lanyard:people:read").await, Err(Error::Taken(..))));

        let org = riverside.id.clone();
        let (added, id) = ("lanyard:groups:read".parse().unwrap(), clerk.id.clone());
        let removed = "lanyard:people:read".parse().unwrap();
        unit!(storage, |tx| role::change_permissions(tx, &context(0), &org, &id, (&[added], &[removed])).await)
            .unwrap();
        let compositions = storage.read().await.unwrap().roles().compositions(&riverside.id).await.unwrap();
        let stored = compositions.iter().find(|one| one.role.id == clerk.id).unwrap();
        assert_eq!(stored.permissions.iter().map(ToString::to_string).collect::<Vec<_>>(), ["lanyard:groups:read"]);

        let (org, id) = (riverside.id.clone(), clerk.id.clone());
        unit!(storage, |tx| role::remove(tx, &context(1), &org, &id).await).unwrap();
        assert!(
            matches!(create("clerk", "lanyard:people:read").await, Err(Error::Taken(..))),
            "slugs never change hands"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_inherit_without_circles_and_built_in_ones_stay() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let find = async |key: &str| {
            storage.read().await.unwrap().roles().by_slug(&riverside.id, &slug(key)).await.unwrap().unwrap()
        };
        for key in ["clerk", "head-clerk"] {
            let org = riverside.id.clone();
            unit!(storage, |tx| role::create(tx, &context(0), &org, (&slug(key), &key.parse().unwrap()), &[]).await)
                .unwrap();
        }
        let inherit = async |heir: &str, from: &str| {
            let (org, heir, from) = (riverside.id.clone(), find(heir).await.id, find(from).await.id);
            unit!(storage, |tx| role::inherit(tx, &context(0), &org, &heir, &from).await)
        };
        inherit("head-clerk", "clerk").await.unwrap();
        inherit("clerk", "billing").await.unwrap();
        assert!(matches!(inherit("clerk", "head-clerk").await, Err(Error::Cycle(..))));
        assert!(matches!(inherit("clerk", "owner").await, Err(Error::Refused(_))));
        assert!(matches!(inherit("manager", "clerk").await, Err(Error::Refused(_))));
        let (org, heir, from) = (riverside.id.clone(), find("head-clerk").await.id, find("clerk").await.id);
        unit!(storage, |tx| role::disinherit(tx, &context(0), &org, &heir, &from).await).unwrap();
        inherit("clerk", "head-clerk").await.unwrap();
        let (org, id) = (riverside.id.clone(), find("billing").await.id);
        let removed = unit!(storage, |tx| role::remove(tx, &context(0), &org, &id).await);
        assert!(matches!(removed, Err(Error::Refused(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_nest_carry_roles_and_lose_them() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let quay = site(storage, &riverside, "harbour-quay", None).await;
        let (_, priya) = member(storage, &riverside, "priya@x.example", &[]).await;
        let org = riverside.id.clone();
        let made: Result<_> = unit!(storage, |tx| {
            let gps = group::create(tx, &context(0), &org, &slug("gps"), &"GPs".parse().unwrap()).await?;
            let all = group::create(tx, &context(0), &org, &slug("clinicians"), &"All".parse().unwrap()).await?;
            group::nest(tx, &context(0), &org, &gps.id, &all.id).await?;
            group::add_member(tx, &context(0), &org, &gps.id, &priya.id).await?;
            group::add_member(tx, &context(0), &org, &gps.id, &priya.id).await?;
            let role = tx.roles().by_slug(&org, &slug("practitioner")).await?.unwrap();
            group::give_role(tx, &context(0), &org, &all.id, (&role.id, Some(&quay.id))).await?;
            Ok((gps, all, role, priya, quay))
        });
        let (gps, all, role, priya, quay) = made.unwrap();
        let access = async || storage.read().await.unwrap().access().of_member(&priya.id, NOW).await.unwrap();
        assert_eq!(access().await.groups, [slug("clinicians"), slug("gps")]);
        assert_eq!(access().await.roles, [slug("practitioner")]);
        assert_eq!(access().await.locations, [slug("harbour-quay")]);
        let listed = storage.read().await.unwrap().groups().roles(&riverside.id).await.unwrap();
        assert_eq!(
            (listed[0].role.as_str(), listed[0].location.as_ref()),
            ("practitioner", Some(&slug("harbour-quay")))
        );
        assert_eq!(
            storage.read().await.unwrap().groups().members(&riverside.id, &gps.id).await.unwrap(),
            std::slice::from_ref(&priya.id)
        );

        let (org, outer, inner) = (riverside.id.clone(), all.id.clone(), gps.id.clone());
        let circle = unit!(storage, |tx| group::nest(tx, &context(0), &org, &outer, &inner).await);
        assert!(matches!(circle, Err(Error::Cycle(..))));
        let (org, outer) = (riverside.id.clone(), all.id.clone());
        let owner = unit!(storage, |tx| {
            let owner = tx.roles().by_slug(&org, &slug("owner")).await?.unwrap();
            group::give_role(tx, &context(0), &org, &outer, (&owner.id, None)).await
        });
        assert!(matches!(owner, Err(Error::Refused(_))));

        let (org, outer) = (riverside.id.clone(), all.id.clone());
        unit!(storage, |tx| group::take_role(tx, &context(0), &org, &outer, (&role.id, Some(&quay.id))).await).unwrap();
        assert!(access().await.roles.is_empty());
        let (org, outer) = (riverside.id.clone(), all.id.clone());
        unit!(storage, |tx| group::remove(tx, &context(0), &org, &outer).await).unwrap();
        assert_eq!(access().await.groups, [slug("gps")]);
        let (org, inner, who) = (riverside.id.clone(), gps.id.clone(), priya.id.clone());
        unit!(storage, |tx| group::remove_member(tx, &context(0), &org, &inner, &who).await).unwrap();
        assert!(access().await.groups.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_are_kept_of_sites_and_of_members_at_sites() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let quay = site(storage, &riverside, "harbour-quay", None).await;
        let (_, priya) = member(storage, &riverside, "priya@x.example", &[]).await;
        let set = async |member: Option<&Membership>, value: Option<&'static str>| {
            let (org, at, member) = (riverside.id.clone(), quay.id.clone(), member.map(|one| one.id.clone()));
            unit!(storage, |tx| {
                identifier::set(tx, &context(0), &org, (&at, member.as_ref()), (&slug("provider_number"), value)).await
            })
        };
        set(None, Some("SITE-1")).await.unwrap();
        set(Some(&priya), Some("P-1")).await.unwrap();
        set(Some(&priya), Some("P-2")).await.unwrap();
        assert!(set(Some(&priya), Some("")).await.is_err());
        let mut tx = storage.read().await.unwrap();
        let of_sites = tx.identifiers().of_locations(&riverside.id).await.unwrap();
        assert_eq!(of_sites.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["SITE-1"]);
        let of_priya = tx.identifiers().of_member(&riverside.id, &priya.id).await.unwrap();
        assert_eq!(of_priya.iter().map(|one| one.value.as_str()).collect::<Vec<_>>(), ["P-2"]);
        drop(tx);
        set(Some(&priya), None).await.unwrap();
        let mut tx = storage.read().await.unwrap();
        assert!(tx.identifiers().of_member(&riverside.id, &priya.id).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_becomes_owner_by_a_kind() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let set = async |roles: &[&str]| {
            let kind = kind::Kind {
                slug: slug("locum"),
                name: "Locum".parse().unwrap(),
                default_roles: roles.iter().map(|role| slug(role)).collect(),
            };
            let org = riverside.id.clone();
            unit!(storage, |tx| kind::set(tx, &context(0), &org, &kind).await)
        };
        assert!(matches!(set(&["owner"]).await, Err(Error::Refused(_))));
        assert!(matches!(set(&["nurse"]).await, Err(Error::Unknown(..))));
        set(&["practitioner"]).await.unwrap();
        set(&["front_desk"]).await.unwrap();
        let stored = storage.read().await.unwrap().kinds().by_slug(&riverside.id, &slug("locum")).await.unwrap();
        assert_eq!(stored.unwrap().default_roles, [slug("front_desk")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn direct_permissions_are_set_changed_and_taken_back() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let (_, max) = member(storage, &riverside, "max@x.example", &["front_desk"]).await;
        let set = async |permission: &'static str, effect: Option<Effect>| {
            let (org, id) = (riverside.id.clone(), max.id.clone());
            unit!(storage, |tx| {
                permission::set(tx, &context(0), &org, &id, (&permission.parse().unwrap(), effect)).await
            })
        };
        let entitlements =
            async || storage.read().await.unwrap().access().of_member(&max.id, NOW).await.unwrap().entitlements;
        let read = "lanyard:people:read";
        assert!(entitlements().await.iter().any(|one| one == read));
        set(read, Some(Effect::Deny)).await.unwrap();
        assert!(!entitlements().await.iter().any(|one| one == read));
        set(read, Some(Effect::Grant)).await.unwrap();
        set(read, None).await.unwrap();
        assert!(entitlements().await.iter().any(|one| one == read));
        assert!(matches!(set("till:payment:create", Some(Effect::Grant)).await, Err(Error::Unregistered(_))));
        set("till:payment:create", None).await.unwrap();
    }
}
