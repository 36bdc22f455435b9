//! What an app answers that means no good: each is bounded, is told with what to do, and keeps nobody in who has left.

use std::{
    convert::Infallible,
    sync::atomic::{AtomicU64, Ordering},
};

use axum::body::Body;
use lanyard::scim::outbound::{problem::Trouble, run::Kind, target::Settings};
use serde_json::{Value, json};

use super::{
    Outbound, active,
    peer::{Turn, answer},
};

const ALL: [&str; 3] = ["olivia", "priya", "sam"];

fn list(list: &Value) -> Turn {
    Turn::Answer(answer(200, &[], list.to_string()))
}

fn of_no_cursors() -> Turn {
    Turn::Answer(answer(404, &[], ""))
}

fn same_page() -> Turn {
    let all: Vec<Value> = (0..100).map(|id| json!({"id": id.to_string(), "active": false})).collect();
    list(&json!({"totalResults": u64::MAX, "Resources": all, "nextCursor": "again"}))
}

fn ever_new_cursors() -> Turn {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    list(&json!({"Resources": [], "nextCursor": NUMBER.fetch_add(1, Ordering::Relaxed).to_string()}))
}

fn too_many() -> Turn {
    list(&json!({"totalResults": 1, "Resources": vec![json!({}); 10_001]}))
}

/// Longer than it says: it does not say.
fn endless() -> Turn {
    let pieces = futures_util::stream::repeat_with(|| Ok::<_, Infallible>(vec![b' '; 64 * 1024]));
    Turn::Answer(answer(200, &[], Body::from_stream(pieces)))
}

fn deep() -> Turn {
    Turn::Answer(answer(200, &[], "[".repeat(1_000_000)))
}

/// A bomb is not unpacked: nobody asked for anything packed.
fn packed() -> Turn {
    let bomb = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xed, 0xc1, 1, 1, 0, 0, 0, 0x80];
    Turn::Answer(answer(200, &[("content-encoding", "gzip")], bomb.to_vec()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_is_meant_to_harm_is_given_up_and_people_are_pushed_all_the_same() {
    type Case = (&'static str, bool, fn() -> Turn, Trouble, &'static str);
    let cases: [Case; 7] = [
        ("the same page for ever", false, same_page, Trouble::Nonsense, "repeats itself"),
        ("the same cursor for ever", true, same_page, Trouble::Nonsense, "repeats itself"),
        ("cursors without end", true, ever_new_cursors, Trouble::Nonsense, "does not end"),
        ("too many at once", true, too_many, Trouble::TooLarge, "10001 at once"),
        ("a body without end", true, endless, Trouble::TooLarge, "4194304 bytes"),
        ("a body that is too deep", true, deep, Trouble::Nonsense, "no JSON object"),
        ("a packed body", true, packed, Trouble::Nonsense, "no JSON object"),
    ];
    for out in Outbound::each().await {
        for (number, (case, has_cursors, turn, trouble, words)) in cases.into_iter().enumerate() {
            let target = out.create(&format!("app{number}"), out.wanted(Settings::default())).await.unwrap();
            if !has_cursors {
                out.peer.will("GET", "/ServiceProviderConfig", 9, of_no_cursors);
            }
            // That one may read users is asked before.
            out.peer.will("GET", "/Users?count=1", 1, || list(&json!({"totalResults": 3, "Resources": []})));
            out.peer.will("GET", "/Users?count=100", 100_000, turn);
            out.peer.asked();
            let report = out.run(&target, Kind::Reconcile).await;
            let problem = report.problem.unwrap_or_else(|| panic!("{case}"));
            assert_eq!(problem.trouble, trouble, "{case}: {problem}");
            assert!(problem.detail.contains(words), "{case}: {problem}");
            assert!(out.peer.paths("GET", "/Users?count=100").len() < 20, "{case}");
            assert_eq!(out.peer.people().await, active(&ALL), "{case}");
            // Nobody waits for the list to become better; somebody is told.
            let progress = out.present(&target).await.progress;
            assert_eq!((progress.failures, progress.trouble.unwrap().0.trouble), (0, trouble), "{case}");
            out.disable("sam").await;
            let report = out.run(&target, Kind::Changes).await;
            assert_eq!((report.left, report.failed, report.problem), (1, 0, None), "{case}");
            assert!(out.present(&target).await.progress.trouble.is_some(), "{case}: it is not forgotten");
            out.enable("sam").await;
            out.peer.behaves();
            out.wait(std::time::Duration::from_secs(1));
            assert_eq!(out.run(&target, Kind::Reconcile).await.problem, None, "{case}");
            assert_eq!(out.present(&target).await.progress.trouble, None, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_or_a_place_of_an_app_leads_nowhere_else() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.run(&target, Kind::Reconcile).await;
        out.hire("ann").await;
        let evil = json!({"id": "../Groups/1?x=#y", "meta": {"location": "http://169.254.169.254/"}}).to_string();
        let headers = [("location", "http://169.254.169.254/latest")];
        out.peer.will("POST", "/Users", 1, move || Turn::Answer(answer(201, &headers, evil.clone())));
        out.peer.will("PATCH", "/Users/..%2F", 9, || Turn::Answer(answer(200, &[], "{}")));
        assert_eq!(out.run(&target, Kind::Changes).await.created, 1);
        out.disable("ann").await;
        assert_eq!(out.run(&target, Kind::Changes).await.left, 1);
        let paths = out.peer.paths("PATCH", "/");
        let evil: Vec<&String> = paths.iter().filter(|path| path.contains("..")).collect();
        assert_eq!(evil, ["/scim/v2/Users/..%2FGroups%2F1%3Fx=%23y"]);
        assert!(out.peer.paths("PATCH", "/Groups").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_one_external_id_are_never_one_and_both_leave() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        let ours = out.member("sam").await;
        let two = json!({"totalResults": 2, "Resources": [
            {"id": "one", "externalId": ours, "active": true}, {"id": "two", "externalId": ours, "active": true},
        ]});
        let twice = move || list(&two);
        // Whoever of them is meant nobody knows.
        out.peer.will("POST", "/Users", 3, || Turn::Answer(answer(409, &[], "{}")));
        out.peer.will("GET", "/Users?filter=externalId", 3, twice.clone());
        let report = out.run(&target, Kind::Sync).await;
        let troubled = out.troubled(&target).await;
        let of_sam = troubled.iter().find(|one| one.thing.id() == ours.as_str()).expect("refused");
        let problem = of_sam.trouble.clone().unwrap().0;
        assert_eq!(problem.trouble, Trouble::Conflict, "{report:?} {problem}");
        assert!(problem.detail.contains("2 have the externalId"), "{problem}");
        out.peer.behaves();
        out.run(&target, Kind::Reconcile).await;
        assert_eq!(out.peer.people().await, active(&ALL));

        let denial = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404"}).to_string();
        let id = out.peer.user("sam").await["id"].as_str().unwrap().to_owned();
        out.peer.will("PATCH", &format!("/Users/{id}"), 1, move || Turn::Answer(answer(404, &[], denial.clone())));
        out.peer.will("PATCH", "/Users/one", 1, || Turn::Answer(answer(200, &[], "{}")));
        out.peer.will("PATCH", "/Users/two", 1, || Turn::Answer(answer(204, &[], "")));
        out.peer.will("GET", "/Users?filter=externalId", 1, twice);
        out.disable("sam").await;
        out.peer.asked();
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!((report.left, report.failed), (1, 0), "{report:?}");
        let patched = [&id, "one", "two"].map(|id| format!("/scim/v2/Users/{id}"));
        assert_eq!(out.peer.paths("PATCH", "/Users/"), patched);
    }
}
