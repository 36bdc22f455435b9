//! What happens when the app, or the way to it, does not behave.

use std::time::Duration;

use lanyard::scim::outbound::{
    preview,
    problem::Trouble,
    run::{Kind, Order},
    target::{Settings, Wanted},
};
use serde_json::{Value, json};

use super::{
    Outbound, active, order,
    peer::{Turn, answer},
};

const ALL: [&str; 3] = ["olivia", "priya", "sam"];

fn lost() -> Turn {
    Turn::Hang
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_created_and_not_written_down_is_found_again() {
    for out in Outbound::each().await {
        let target = out.target_of(&[], &["gps"]).await;
        for (path, times) in [("/Users", 2), ("/Groups", 1)] {
            out.peer.will("POST", path, times, lost);
            // The process dies while it waits for the answer.
            let run = out.run(&target, Kind::Sync);
            let died = tokio::time::timeout(Duration::from_secs(3), run).await;
            assert!(died.is_err(), "{path}");
            out.peer.behaves();
            // Its lease has to run out first.
            out.wait(Duration::from_mins(2));
        }
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!((report.failed, report.problem), (0, None));
        assert_eq!(out.peer.people().await, active(&ALL), "nobody twice");
        assert!(out.peer.groups().await.contains(&("GPs".to_owned(), vec!["priya".to_owned()])));
        assert_eq!(out.peer.groups().await.len(), 2, "no group twice");
        for name in ALL {
            assert_eq!(out.peer.user(name).await["externalId"], out.member(name).await.as_str());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_is_down_is_tried_again_and_misses_nothing() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.run(&target, Kind::Reconcile).await;
        out.peer.will("*", "", 1000, || Turn::Answer(answer(503, &[("retry-after", "40")], "busy")));
        out.hire("ann").await;
        out.disable("sam").await;
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!(report.problem.unwrap().trouble, Trouble::Busy);
        let progress = out.present(&target).await.progress;
        let now = out.clinic.app.clock.now();
        assert_eq!(
            (progress.failures, progress.due_at),
            (1, now.plus(Duration::from_secs(40))),
            "as long as it asks for"
        );
        assert_eq!(progress.trouble.unwrap().0.detail, "503");
        assert_eq!(out.troubled(&target).await, [], "nobody is to blame");
        // It is left alone meanwhile, whatever happens here.
        out.peer.asked();
        out.hire("bob").await;
        out.switch(&target, lanyard::scim::outbound::target::State::Live).await;
        out.work(&target).await;
        assert!(!out.peer.asked().is_empty(), "whoever resumes does not wait");
        out.peer.asked();
        out.work(&target).await;
        assert_eq!(out.peer.asked().len(), 0, "a pause is a pause");
        assert_eq!(out.clinic.recorded("scim-target-run").await, 3, "the first run, and each first failure");

        out.peer.behaves();
        out.wait(Duration::from_mins(10));
        out.work(&target).await;
        let mut expected = active(&["ann", "bob", "olivia", "priya"]);
        expected.push(("sam@clinic.example".to_owned(), false));
        assert_eq!(out.peer.people().await, expected);
        let progress = out.present(&target).await.progress;
        assert_eq!((progress.failures, progress.trouble), (0, None));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_who_is_refused_keeps_nobody_else_and_is_tried_again_later() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        let refusal = || {
            let body = json!({"schemas": [], "status": "400", "scimType": "invalidValue", "detail": "no \u{7}name"});
            Turn::Answer(answer(400, &[], body.to_string()))
        };
        out.peer.will("POST", "/Users", 1, refusal);
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!((report.failed, report.created + report.changed, report.problem), (1, 2, None));
        let troubled = out.troubled(&target).await;
        let (problem, _) = troubled[0].trouble.clone().unwrap();
        assert_eq!((problem.trouble, problem.detail.as_str()), (Trouble::Refused, "400 invalidValue: no name"));
        assert_eq!(troubled[0].due_at, Some(out.clinic.app.clock.now().plus(Duration::from_secs(5))));
        out.peer.asked();
        // Not before its time, unless somebody asks.
        out.wait(Duration::from_secs(4));
        out.work(&target).await;
        assert_eq!(out.peer.changes(), [""; 0]);
        out.wait(Duration::from_secs(1));
        out.run(&target, Kind::Changes).await;
        assert_eq!(out.peer.people().await, active(&ALL));
        assert_eq!(out.troubled(&target).await, []);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trouble_of_the_whole_app_is_told_with_what_to_do() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        let huge = || Turn::Answer(answer(200, &[], vec![b' '; 5 * 1024 * 1024]));
        let elsewhere = || Turn::Answer(answer(307, &[("location", "http://169.254.169.254/scim/v2")], ""));
        let web_page = || Turn::Answer(answer(200, &[("content-type", "text/html")], "<html>Welcome</html>"));
        let no_list = || Turn::Answer(answer(200, &[], r#"{"Resources": "none"}"#));
        let unknown = || Turn::Answer(answer(401, &[], r#"{"detail": "no such token"}"#));
        for (case, path, turn, expected) in [
            ("a wrong token", "", unknown as fn() -> Turn, Trouble::Token),
            ("another address", "", elsewhere, Trouble::Redirect),
            ("no SCIM at all", "", web_page, Trouble::Nonsense),
            ("an answer without end", "/Users", huge, Trouble::TooLarge),
            ("no list", "/Users", no_list, Trouble::Nonsense),
        ] {
            out.peer.will("GET", path, 1000, turn);
            let report = out.run(&target, Kind::Reconcile).await;
            out.peer.behaves();
            let problem = report.problem.unwrap_or_else(|| panic!("{case}"));
            assert_eq!(problem.trouble, expected, "{case}: {problem:?}");
            assert_eq!(out.peer.people().await, active(&["olivia"]), "{case}: nothing is written");
            out.wait(Duration::from_mins(10));
        }
        // Whoever is created by an app that says no id is found again.
        out.peer.will("POST", "/Users", 1, || Turn::Lie(answer(201, &[], "created")));
        out.peer.will("POST", "/Users", 1, || Turn::Lie(answer(201, &[], r#"{"id": ".."}"#)));
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!((report.created + report.changed, report.failed), (3, 0), "{report:?}");
        assert_eq!(out.peer.people().await, active(&ALL));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_an_app_repeats_is_nowhere_to_be_read() {
    for out in Outbound::each().await {
        let secret = "a-token-that-nobody-knows";
        let wanted = Wanted { token: Some(secret.to_owned().into()), ..out.wanted(Settings::default()) };
        let target = out.create("roster", wanted).await.unwrap();
        let repeating = move || Turn::Answer(answer(401, &[], format!(r#"{{"detail": "{secret} is wrong"}}"#)));
        out.peer.will("GET", "", 100, repeating);
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!(report.problem.unwrap().detail, "401: [token] is wrong");
        assert!(!format!("{:?}", out.present(&target).await).contains(secret));
        let sealed = out.clinic.app.storage.read().await.unwrap().targets().sealed_token(&target.id).await.unwrap();
        assert!(!sealed.windows(secret.len()).any(|part| part == secret.as_bytes()) && !sealed.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_may_not_be_called_is_not() {
    for out in Outbound::each().await {
        for (name, url) in
            [("a", "http://10.1.2.3/scim/v2"), ("b", "https://169.254.169.254/scim"), ("c", "https://[::1]/scim")]
        {
            let wanted = Wanted { url: url.parse().unwrap(), ..out.wanted(Settings::default()) };
            let target = out.create(name, wanted).await.unwrap();
            let problem = out.run(&target, Kind::Sync).await.problem.unwrap();
            assert_eq!(problem.trouble, Trouble::Forbidden, "{url}: {problem:?}");
        }
        for (url, expected) in [("https://a.example/scim?x=1", "query"), ("https://a.example/scim#x", "fragment")] {
            let wanted = Wanted { url: url.parse().unwrap(), ..out.wanted(Settings::default()) };
            assert!(out.create("other", wanted).await.unwrap_err().to_string().contains(expected));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_cannot_patch_is_told_by_put() {
    for out in Outbound::each().await {
        let target = out.target_of(&[], &["gps"]).await;
        out.peer.will("PATCH", "", 1000, || Turn::Answer(answer(501, &[], "")));
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!((report.failed, report.problem.clone()), (0, None), "{report:?}");
        assert_eq!(out.peer.people().await, active(&ALL));
        assert!(out.peer.groups().await.contains(&("GPs".to_owned(), vec!["priya".to_owned()])));
        // Somebody else is quicker, once.
        out.peer.will("PUT", "/Users", 1, || Turn::Answer(answer(412, &[], "")));
        out.disable("priya").await;
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!((report.left, report.failed), (1, 0), "{report:?}");
        assert_eq!(out.peer.user("priya").await["active"], false);
        assert_eq!(out.peer.user("priya").await["displayName"], "priya", "what it has stays");
        assert!(out.peer.groups().await.contains(&("GPs".to_owned(), vec![])));
        assert!(!out.present(&target).await.progress.features.unwrap().patch);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_the_app_has_lost_is_created_again_and_two_are_never_one() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.run(&target, Kind::Sync).await;
        let id = out.peer.user("sam").await["id"].as_str().unwrap().to_owned();
        out.peer.ask("DELETE", &format!("/Users/{id}"), &Value::Null).await;
        out.disable("sam").await;
        out.run(&target, Kind::Changes).await;
        out.enable("sam").await;
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!((report.created, report.failed), (1, 0), "{report:?}");
        assert_eq!(out.peer.people().await, active(&ALL));

        // An app that takes two for one.
        out.hire("ann").await;
        let id = out.peer.user("priya").await["id"].clone();
        let found = json!({"totalResults": 1, "Resources": [{"id": id, "userName": "ann@clinic.example"}]}).to_string();
        out.peer.will("POST", "/Users", 1, || Turn::Answer(answer(409, &[], "{}")));
        out.peer.will("GET", "/Users?filter=userName", 1, move || Turn::Answer(answer(200, &[], found.clone())));
        let before = out.peer.user("priya").await;
        let report = out.run(&target, Kind::Changes).await;
        assert_eq!(report.failed, 1, "{report:?}");
        assert_eq!(out.troubled(&target).await[0].trouble.clone().unwrap().0.trouble, Trouble::Shared);
        assert_eq!(out.peer.user("priya").await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_of_another_organization_and_nobody_who_has_not_joined_is_pushed() {
    for out in Outbound::each().await {
        let target = out.target(Settings { every_group: true, ..Settings::default() }).await;
        // Somebody whom another source has named, and who has not accepted yet.
        let push = &out.clinic;
        let (context, of) = (push.context(), push.organization("riverside").await);
        push.write(move |tx| {
            Box::pin(async move {
                let desired = lanyard::directory::provisioning::Desired {
                    user_name: "later@elsewhere.example".into(),
                    external_id: None,
                    is_active: Some(true),
                    attributes: serde_json::Map::new(),
                };
                let speaker = lanyard::directory::provisioning::Speaker {
                    context: &context,
                    organization: &of,
                    may_assign: &[],
                    may_grant: &[],
                    may_verify: false,
                };
                Ok(lanyard::directory::provisioning::add(tx, speaker, &desired).await?.known.membership.id)
            })
        })
        .await;
        let found = preview::preview(&out.clinic.app, &target, 50).await.unwrap();
        let names: Vec<_> = found.steps.iter().filter_map(|step| step.name.clone()).collect();
        assert!(!names.iter().any(|name| name.contains("later") || name == "Surgeons"), "{names:?}");
        out.order(&target, Order { is_confirmed: true, ..order(Kind::Reconcile) }).await;
        assert_eq!(out.peer.people().await, active(&ALL));
        let groups: Vec<String> = out.peer.groups().await.into_iter().map(|(name, _)| name).collect();
        assert_eq!(groups, ["GPs", "Surgeons"], "the surgeons are the app's own");
        let bodies: Vec<String> = out.peer.asked().into_iter().map(|one| one.body.to_string()).collect();
        assert!(!bodies.iter().any(|body| body.contains("later@") || body.contains("Surgeons")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_refuses_everybody_is_left_alone_for_a_while() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        for number in 0..60 {
            out.hire(&format!("p{number}")).await;
        }
        out.peer.will("POST", "/Users", 1000, || Turn::Answer(answer(403, &[], "")));
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!(report.problem.unwrap().trouble, Trouble::Rights);
        assert!(report.failed <= 40, "{} of 63", report.failed);
        out.peer.behaves();
        let report = out.run(&target, Kind::Sync).await;
        assert_eq!((report.problem, report.failed), (None, 0), "whoever asks does not wait");
        assert_eq!(out.peer.people().await.len(), 63);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_lists_nobody_is_pushed_to_all_the_same() {
    for out in Outbound::each().await {
        let target = out.target(Settings::default()).await;
        out.peer.will("GET", "/Users?count", 1000, || Turn::Answer(answer(501, &[], "")));
        let report = out.run(&target, Kind::Reconcile).await;
        assert_eq!((report.problem, report.failed, report.drift), (None, 0, 0));
        out.peer.behaves();
        assert_eq!(out.peer.people().await, active(&ALL));
        let id = out.peer.user("sam").await["id"].as_str().unwrap().to_owned();
        out.peer.ask("DELETE", &format!("/Users/{id}"), &Value::Null).await;
        out.wait(Duration::from_secs(1));
        out.peer.will("GET", "/Users?count", 1000, || Turn::Answer(answer(501, &[], "")));
        let report = out.run(&target, Kind::Reconcile).await;
        assert_eq!((report.drift, report.created), (1, 1), "{report:?}");
    }
}
