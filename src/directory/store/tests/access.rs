//! Access as the database answers it; the rules themselves are tested beside them.

use super::*;
use crate::{
    directory::access::{Access, Assigned, RoleAt},
    id::MembershipId,
    storage::testing::databases,
};

#[tokio::test(flavor = "multi_thread")]
async fn priya_of_the_demo_holds_two_roles_at_two_places() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let region = site(storage, &riverside, "region", None).await;
        let main = site(storage, &riverside, "main-street", Some(&region)).await;
        let quay = site(storage, &riverside, "harbour-quay", Some(&region)).await;
        let (_, priya) = member(storage, &riverside, "priya@x.example", &[]).await;
        let org = riverside.id.clone();
        let who = priya.clone();
        let until = Validity { from: None, until: Some(Timestamp(NOW.0 + 60_000)) };
        let assigned: Result<()> = unit!(storage, |tx| {
            assign(tx, &org, &who, "practitioner", (Some(&main), Validity::ALWAYS)).await?;
            assign(tx, &org, &who, "supervisor", (Some(&quay), until)).await?;
            Ok(())
        });
        assigned.unwrap();
        let at = |role: &str, location: &str| Assigned {
            at: RoleAt { role: slug(role), location: Some(slug(location)) },
            locations: vec![],
        };
        let mut tx = storage.read().await.unwrap();
        let access = tx.access().of_member(&priya.id, NOW).await.unwrap();
        assert_eq!(access.assignments, [at("practitioner", "main-street"), at("supervisor", "harbour-quay")]);
        assert_eq!(access.locations, [slug("harbour-quay"), slug("main-street")]);
        assert_eq!(access.ends_at, Some(Timestamp(NOW.0 + 60_000)));
        let later = tx.access().of_member(&priya.id, Timestamp(NOW.0 + 60_000)).await.unwrap();
        assert_eq!(later.roles, [slug("practitioner")]);
        assert_eq!(
            tx.access().of_member(&MembershipId::from_stored("mem_0".into()), NOW).await.unwrap(),
            Access::default()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_holds_below_and_the_whole_organization_everywhere() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let region = site(storage, &riverside, "region", None).await;
        let main = site(storage, &riverside, "main-street", Some(&region)).await;
        site(storage, &riverside, "apart", None).await;
        let (_, max) = member(storage, &riverside, "max@x.example", &["owner"]).await;
        let (_, ann) = member(storage, &riverside, "ann@x.example", &[]).await;
        let (org, who, at) = (riverside.id.clone(), ann.clone(), region.clone());
        unit!(storage, |tx| assign(tx, &org, &who, "manager", (Some(&at), Validity::ALWAYS)).await).unwrap();
        let locations = async |who: &Membership| {
            let mut tx = storage.read().await.unwrap();
            tx.access().of_member(&who.id, NOW).await.unwrap().locations
        };
        assert_eq!(locations(&max).await, [slug("apart"), slug("main-street"), slug("region")]);
        assert_eq!(locations(&ann).await, [slug("main-street"), slug("region")]);
        let whole = storage.read().await.unwrap().access().of_member(&ann.id, NOW).await.unwrap();
        assert_eq!(whole.assignments[0].locations, [slug("main-street"), slug("region")]);
        let (org, id) = (riverside.id.clone(), main.id.clone());
        unit!(storage, |tx| location::close(tx, &context(0), &org, &id).await).unwrap();
        assert_eq!(locations(&ann).await, [slug("region")]);
        let entitlements = storage.read().await.unwrap().access().of_member(&ann.id, NOW).await.unwrap().entitlements;
        assert!(entitlements.contains(&"lanyard:people:read".to_owned()), "inherited from the front desk");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_several_members_hold_is_told_in_their_order() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        site(storage, &riverside, "main-street", None).await;
        let (_, olivia) = member(storage, &riverside, "olivia@x.example", &["owner"]).await;
        let (_, bill) = member(storage, &riverside, "bill@x.example", &["billing", "inventory"]).await;
        let (_, sam) = member(storage, &riverside, "sam@x.example", &[]).await;
        let nobody = MembershipId::from_stored("mem_0".into());
        let few = [sam.id, bill.id, nobody, olivia.id];
        let many: Vec<MembershipId> = few.iter().cycle().take(21).cloned().collect();
        let mut tx = storage.read().await.unwrap();
        let told = tx.access().holdings_of(&many, NOW).await.unwrap();
        assert_eq!(told.len(), many.len());
        for (id, holdings) in many.iter().zip(told) {
            assert_eq!(holdings.access(NOW), tx.access().of_member(id, NOW).await.unwrap(), "{id}");
        }
        assert!(tx.access().holdings_of(&[], NOW).await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assignment_that_ran_out_can_be_made_anew_and_a_live_one_cannot() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let (_, ann) = member(storage, &riverside, "ann@x.example", &[]).await;
        let give = async |validity: Validity| {
            let (org, who) = (riverside.id.clone(), ann.clone());
            unit!(storage, |tx| assign(tx, &org, &who, "billing", (None, validity)).await)
        };
        give(Validity { from: None, until: Some(Timestamp(NOW.0 - 1)) }).await.unwrap();
        let live = give(Validity::ALWAYS).await.unwrap();
        assert!(give(Validity::ALWAYS).await.is_err());
        let (org, id) = (riverside.id.clone(), live.id.clone());
        unit!(storage, |tx| assignment::end(tx, &context(1), &org, &id).await).unwrap();
        let (org, id) = (riverside.id.clone(), live.id.clone());
        assert!(unit!(storage, |tx| assignment::end(tx, &context(1), &org, &id).await).is_err());
        give(Validity::ALWAYS).await.unwrap();
    }
}
