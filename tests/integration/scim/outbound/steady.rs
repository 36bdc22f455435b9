//! What happens when the app behaves.

use std::time::Duration;

use lanyard::{
    directory::{group, organization, profile},
    scim::outbound::{
        decision::Leaver,
        mapping::{Mapping, Rule, UserNameFrom},
        preview,
        run::{Kind, Order},
        target::{Settings, State},
    },
};
use serde_json::{Value, json};

use super::{Outbound, active, order, slug};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_active_is_pushed_once_and_whoever_was_there_is_adopted() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        let report = out.run(&target, Kind::Sync).await;
        // Olivia is a member of Harbour already.
        assert_eq!((report.created, report.changed, report.failed), (2, 1, 0), "{report:?}");
        assert_eq!(out.peer.people().await, active(&["olivia", "priya", "sam"]));
        let priya = out.peer.user("priya").await;
        assert_eq!(priya["externalId"], out.member("priya").await.as_str());
        assert_eq!(priya["displayName"], "priya");
        assert_eq!(out.peer.user("olivia").await["externalId"], out.member("olivia").await.as_str());
        out.peer.asked();
        for kind in [Kind::Changes, Kind::Sync, Kind::Reconcile] {
            out.wait(Duration::from_secs(1));
            let again = out.run(&target, kind).await;
            assert_eq!((again.created, again.changed, again.drift, again.failed), (0, 0, 0, 0), "{kind:?}: {again:?}");
            assert_eq!(out.peer.changes(), [""; 0], "{kind:?}");
        }
        assert_eq!(out.clinic.recorded("scim-target-creation").await, 1);
        assert_eq!(out.clinic.recorded("scim-target-run").await, 4, "the first run of changes compares all");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_is_pushed_by_itself() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.switch(&target, State::Live).await;
        out.work(&target).await;
        assert_eq!(out.peer.people().await, active(&["olivia", "priya", "sam"]));
        out.peer.changes();

        out.hire("ann").await;
        out.work(&target).await;
        assert_eq!(out.peer.changes(), ["POST /scim/v2/Users"]);

        let (context, user) = (out.clinic.context(), out.clinic.user("ann").await);
        let edits = vec![profile::Edit::set(profile::Attribute::GivenName, "Ann").unwrap()];
        out.clinic
            .write(move |tx| Box::pin(async move { Ok(profile::edit_person(tx, &context, &user, &edits).await?) }))
            .await;
        out.work(&target).await;
        assert_eq!(out.peer.changes(), ["PATCH /scim/v2/Users"]);
        assert_eq!(out.peer.user("ann").await["name"]["givenName"], "Ann");

        out.disable("ann").await;
        out.work(&target).await;
        assert_eq!(out.peer.changes(), ["PATCH /scim/v2/Users"]);
        assert_eq!(out.peer.user("ann").await["active"], false);

        out.enable("ann").await;
        out.work(&target).await;
        assert_eq!(out.peer.user("ann").await["active"], true);
        out.peer.changes();

        // Nothing of this is about anybody here.
        out.clinic.browser("priya").await;
        out.work(&target).await;
        assert_eq!(out.peer.changes(), [""; 0]);

        // The whole person is out, of which the log of the server tells.
        let (context, user) = (out.clinic.context(), out.clinic.user("priya").await);
        out.clinic
            .write(move |tx| Box::pin(async move { Ok(lanyard::directory::user::disable(tx, &context, &user).await?) }))
            .await;
        out.work(&target).await;
        assert_eq!(out.peer.user("priya").await["active"], false);
        assert_eq!(out.clinic.recorded("scim-target-run").await, 6);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ends_by_themselves_leaves_then() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.switch(&target, State::Live).await;
        let (context, of, id) =
            (out.clinic.context(), out.clinic.organization("riverside").await, out.member("priya").await);
        let until = context.now.plus(Duration::from_hours(1));
        let validity = lanyard::directory::validity::Validity::new(None, Some(until)).unwrap();
        out.clinic
            .write(move |tx| {
                Box::pin(async move {
                    let change = (None, Some(validity));
                    Ok(lanyard::directory::membership::update(tx, &context, &of, &id, change).await?)
                })
            })
            .await;
        out.work(&target).await;
        assert_eq!(out.peer.people().await, active(&["olivia", "priya", "sam"]));
        assert_eq!(out.present(&target).await.progress.due_at, until);
        out.wait(Duration::from_hours(1));
        out.work(&target).await;
        assert_eq!(out.peer.user("priya").await["active"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_follow_with_their_members() {
    for out in Outbound::each().await {
        let target = out.target_of(&[], &["gps"]).await;
        out.switch(&target, State::Live).await;
        out.work(&target).await;
        let gps = |members: &[&str]| {
            let members = members.iter().map(|one| (*one).to_owned()).collect();
            vec![("GPs".to_owned(), members), ("Surgeons".to_owned(), vec![])]
        };
        assert_eq!(out.peer.groups().await, gps(&["priya"]));
        out.peer.changes();

        // A member of a group in the group is a member.
        let (context, of, sam) =
            (out.clinic.context(), out.clinic.organization("riverside").await, out.member("sam").await);
        let locums = out
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let locums = group::create(tx, &context, &of, &slug("locums"), &"Locums".parse()?).await?;
                    group::add_member(tx, &context, &of, &locums.id, &sam).await?;
                    let gps = tx.groups().by_slug(&of, &slug("gps")).await?.expect("gps");
                    group::nest(tx, &context, &of, &locums.id, &gps.id).await?;
                    Ok(locums)
                })
            })
            .await;
        out.work(&target).await;
        assert_eq!(out.peer.groups().await, gps(&["priya", "sam"]));
        assert_eq!(out.peer.changes(), ["PATCH /scim/v2/Groups"]);

        out.disable("priya").await;
        out.work(&target).await;
        assert_eq!(out.peer.groups().await, gps(&["sam"]));

        let (context, of) = (out.clinic.context(), out.clinic.organization("riverside").await);
        out.clinic
            .write(move |tx| Box::pin(async move { Ok(group::remove(tx, &context, &of, &locums.id).await?) }))
            .await;
        out.work(&target).await;
        assert_eq!(out.peer.groups().await, gps(&[]));

        let (context, of) = (out.clinic.context(), out.clinic.organization("riverside").await);
        out.clinic
            .write(move |tx| {
                Box::pin(async move {
                    let gps = tx.groups().by_slug(&of, &slug("gps")).await?.expect("gps");
                    Ok(group::remove(tx, &context, &of, &gps.id).await?)
                })
            })
            .await;
        out.work(&target).await;
        assert_eq!(out.peer.groups().await, [("Surgeons".to_owned(), vec![])]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_is_for_the_members_of_its_groups() {
    for out in Outbound::each().await {
        let target = out.target_of(&["gps"], &[]).await;
        out.switch(&target, State::Live).await;
        out.work(&target).await;
        // Olivia was there before, and is none of ours.
        assert_eq!(out.peer.people().await, active(&["olivia", "priya"]));
        assert!(out.peer.user("olivia").await["externalId"].is_null());
        let (context, of) = (out.clinic.context(), out.clinic.organization("riverside").await);
        let (sam, priya) = (out.member("sam").await, out.member("priya").await);
        out.clinic
            .write(move |tx| {
                Box::pin(async move {
                    let gps = tx.groups().by_slug(&of, &slug("gps")).await?.expect("gps").id;
                    group::add_member(tx, &context, &of, &gps, &sam).await?;
                    Ok(group::remove_member(tx, &context, &of, &gps, &priya).await?)
                })
            })
            .await;
        out.work(&target).await;
        let expected = [("olivia@clinic.example", true), ("priya@clinic.example", false), ("sam@clinic.example", true)];
        let expected: Vec<_> = expected.into_iter().map(|(name, is)| (name.to_owned(), is)).collect();
        assert_eq!(out.peer.people().await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_found_and_repaired() {
    for out in Outbound::each().await {
        let target = out.target_of(&[], &["gps"]).await;
        out.run(&target, Kind::Sync).await;
        let (priya, sam) = (out.peer.user("priya").await, out.peer.user("sam").await);
        let place = |user: &Value| format!("/Users/{}", user["id"].as_str().unwrap());
        let patch = |operations: Value| super::super::push::patch(operations);
        let renamed = patch(json!([{"op": "replace", "path": "displayName", "value": "Somebody"}]));
        out.peer.ask("PATCH", &place(&priya), &renamed).await;
        out.peer.ask("DELETE", &place(&sam), &Value::Null).await;
        let group = out.peer.ask("GET", "/Groups?filter=displayName+eq+%22GPs%22", &Value::Null).await;
        let group = format!("/Groups/{}", group["Resources"][0]["id"].as_str().unwrap());
        out.peer.ask("PATCH", &group, &patch(json!([{"op": "remove", "path": "members"}]))).await;
        let body = json!({"schemas": [super::super::push::USER], "userName": "ghost@clinic.example"});
        out.peer.ask("POST", "/Users", &body).await;
        out.peer.asked();

        out.wait(Duration::from_secs(1));
        let report = out.run(&target, Kind::Reconcile).await;
        assert_eq!((report.drift, report.unknown, report.created), (3, 1, 1), "{report:?}");
        assert_eq!(report.strangers, ["ghost@clinic.example"]);
        assert_eq!(out.peer.people().await, active(&["ghost", "olivia", "priya", "sam"]));
        assert_eq!(out.peer.user("priya").await["displayName"], "priya");
        assert!(out.peer.groups().await.contains(&("GPs".to_owned(), vec!["priya".to_owned()])));

        // Whom only the app knows leaves when somebody asks for it.
        out.wait(Duration::from_secs(1));
        let report = out.order(&target, Order { removes_unknown: true, ..order(Kind::Reconcile) }).await;
        assert_eq!((report.left, report.unknown), (1, 1), "{report:?}");
        assert_eq!(out.peer.user("ghost").await["active"], false);

        // Somebody lets a leaver in again over there.
        out.disable("priya").await;
        out.run(&target, Kind::Changes).await;
        let again = patch(json!([{"op": "replace", "path": "active", "value": true}]));
        out.peer.ask("PATCH", &place(&priya), &again).await;
        out.wait(Duration::from_secs(1));
        assert_eq!(out.run(&target, Kind::Reconcile).await.drift, 1);
        assert_eq!(out.peer.user("priya").await["active"], false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_tells_what_would_happen_and_changes_nothing() {
    for out in Outbound::each().await {
        let rule = Rule::Set("title".to_owned(), "{kind} of {organization}".parse().unwrap());
        let mapping = Mapping { user_name: UserNameFrom::Email, rules: vec![rule] };
        let target = out.target(Settings { mapping, ..Settings::default() }).await;
        let before = out.peer.people().await;
        out.peer.asked();
        let app = &out.clinic.app;
        let found = preview::preview(app, &out.present(&target).await, 10).await.unwrap();
        assert_eq!((found.create, found.change, found.leave, found.keep, found.is_braked), (3, 0, 0, 0, false));
        let mut told: Vec<_> = found.steps.iter().map(|step| (step.what, step.name.clone().unwrap())).collect();
        told.sort();
        let named = |what, name: &str| (what, format!("{name}@clinic.example"));
        assert_eq!(told, [named("adopt", "olivia"), named("create", "priya"), named("create", "sam")]);
        let olivia = found.steps.iter().find(|step| step.what == "adopt").unwrap();
        let title = olivia.differences.iter().find(|one| one.path == "title").unwrap();
        assert_eq!((&title.there, &title.wanted), (&Value::Null, &json!("practitioner of riverside")));
        assert_eq!(out.peer.changes(), [""; 0]);
        assert_eq!(out.peer.people().await, before);
        let counts = app.storage.read().await.unwrap().pushed(&target.id).counts().await.unwrap();
        assert_eq!(counts, lanyard::scim::outbound::store::Counts::default(), "nothing is remembered");

        out.run(&target, Kind::Sync).await;
        assert_eq!(out.peer.user("sam").await["title"], "practitioner of riverside");
        out.disable("sam").await;
        let found = preview::preview(app, &out.present(&target).await, 10).await.unwrap();
        assert_eq!((found.create, found.change, found.leave, found.keep), (0, 0, 1, 2));
        assert_eq!(found.steps[0].what, "deactivate");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_leave_only_when_somebody_says_that_it_is_meant() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        for number in 0..12 {
            out.hire(&format!("p{number}")).await;
        }
        assert_eq!(out.run(&target, Kind::Sync).await.created, 14);
        for number in 0..11 {
            out.disable(&format!("p{number}")).await;
        }
        out.hire("late").await;
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!((report.braked, report.left, report.created), (Some(11), 0, 1), "others go on: {report:?}");
        let app = &out.clinic.app;
        let troubled = app.storage.read().await.unwrap().pushed(&target.id).troubled(50).await.unwrap();
        assert_eq!(troubled.len(), 11);
        assert!(troubled[0].trouble.as_ref().unwrap().0.advice().contains("sync --confirm"));
        assert_eq!(out.present(&target).await.progress.braked, Some(11));
        // It does not slip through by and by.
        out.wait(Duration::from_hours(3));
        assert_eq!(out.run(&target, Kind::Changes).await.left, 0);
        assert_eq!(out.clinic.recorded("scim-target-brake").await, 1);

        let report = out.order(&target, Order { is_confirmed: true, ..order(Kind::Sync) }).await;
        assert_eq!((report.braked, report.left), (None, 11), "{report:?}");
        assert_eq!(out.present(&target).await.progress.braked, None);
        assert_eq!(out.peer.people().await.iter().filter(|(_, is_active)| !is_active).count(), 11);
        // One more is no crowd.
        out.disable("p11").await;
        assert_eq!(out.run(&target, Kind::Changes).await.left, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leavers_are_removed_where_that_was_chosen_and_the_erased_everywhere() {
    for out in Outbound::each().await {
        let target = out.target(Settings { leaver: Leaver::Delete, ..Settings::default() }).await;
        out.run(&target, Kind::Sync).await;
        out.disable("sam").await;
        assert_eq!(out.run(&target, Kind::Changes).await.left, 1);
        assert_eq!(out.peer.people().await, active(&["olivia", "priya"]));
        out.enable("sam").await;
        assert_eq!(out.run(&target, Kind::Changes).await.created, 1);

        let target = out.present(&target).await;
        let (context, sealer) = (out.clinic.context(), out.clinic.app.sealer.clone());
        let wanted = out.wanted(Settings::default());
        let changed = out.clinic.app.storage.write(move |tx| {
            Box::pin(
                async move { lanyard::scim::outbound::target::change(tx, &context, &sealer, &target, wanted).await },
            )
        });
        let target = changed.await.unwrap();
        let (context, user) = (out.clinic.context(), out.clinic.user("sam").await);
        out.clinic
            .write(move |tx| {
                Box::pin(async move { Ok(lanyard::directory::user::delete(tx, &context, &user).await.map(drop)?) })
            })
            .await;
        assert_eq!(out.run(&target, Kind::Changes).await.left, 1);
        assert_eq!(out.peer.people().await, active(&["olivia", "priya"]), "{}", out.peer.organization().await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_back_as_a_new_member_has_their_place_again() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.run(&target, Kind::Sync).await;
        let before = out.peer.user("sam").await;
        let (context, of, id) =
            (out.clinic.context(), out.clinic.organization("riverside").await, out.member("sam").await);
        out.clinic
            .write(move |tx| {
                Box::pin(
                    async move { Ok(lanyard::directory::membership::remove(tx, &context, &of, &id).await.map(drop)?) },
                )
            })
            .await;
        assert_eq!(out.run(&target, Kind::Changes).await.left, 1);
        assert_eq!(out.peer.user("sam").await["active"], false);
        out.clinic.joins("sam", "riverside").await;
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!((report.changed, report.failed), (1, 0), "{report:?}");
        let after = out.peer.user("sam").await;
        assert_eq!((&after["id"], &after["active"]), (&before["id"], &json!(true)));
        assert_eq!(after["externalId"], out.member("sam").await.as_str());
        assert_ne!(after["externalId"], before["externalId"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_organization_leaves_with_all_its_people_and_comes_back_with_them() {
    for out in Outbound::each().await {
        let target = out.target_of(&[], &["gps"]).await;
        out.switch(&target, State::Live).await;
        for number in 0..12 {
            out.hire(&format!("p{number}")).await;
        }
        out.work(&target).await;
        let before = out.peer.people().await;
        assert_eq!(before.len(), 15);
        for is_disabled in [true, false] {
            let (context, of) = (out.clinic.context(), out.clinic.organization("riverside").await);
            out.clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let done = if is_disabled {
                            organization::disable(tx, &context, &of).await
                        } else {
                            organization::enable(tx, &context, &of).await
                        };
                        Ok(done.map(drop)?)
                    })
                })
                .await;
            crate::harness::leftovers::seal(&out.clinic.app).await;
            let mut tx = out.clinic.app.storage.read().await.unwrap();
            let due = tx.targets().due(out.clinic.app.clock.now(), 9).await.unwrap();
            assert_eq!(due, std::slice::from_ref(&target.id), "a node sees to it by itself");
            drop(tx);
            out.work(&target).await;
            let expected: Vec<_> = before.iter().map(|(name, _)| (name.clone(), !is_disabled)).collect();
            assert_eq!(out.peer.people().await, expected, "nobody has to say that it is meant");
            let gps = out.peer.groups().await.into_iter().find(|(name, _)| name == "GPs").unwrap();
            assert_eq!(gps.1.len(), usize::from(!is_disabled));
        }
    }
}
