//! Whoever is to leave has left only when the app says so, and says it in a way that can be believed.

use std::time::Duration;

use lanyard::{
    id::MembershipId,
    scim::outbound::{
        decision::Leaver,
        problem::Trouble,
        run::Kind,
        target::{Settings, State, Target},
    },
};
use serde_json::{Value, json};

use super::{
    super::push::USER,
    Outbound, active,
    peer::{Turn, answer},
};

fn scim_404() -> Turn {
    let error =
        json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404", "detail": "unknown"});
    Turn::Answer(answer(404, &[], error.to_string()))
}

fn web_404() -> Turn {
    Turn::Answer(answer(404, &[("content-type", "text/html")], "<html>404 Not Found</html>"))
}

fn gateway_404() -> Turn {
    Turn::Answer(answer(404, &[], r#"{"message": "no Route matched with those values"}"#))
}

fn others() -> Turn {
    let all = json!({"totalResults": 2, "Resources": [{"id": "1", "userName": "a"}, {"id": "2", "userName": "b"}]});
    Turn::Answer(answer(200, &[], all.to_string()))
}

fn counted_but_not_shown() -> Turn {
    Turn::Answer(answer(200, &[], r#"{"totalResults": 1, "Resources": []}"#))
}

const LEAVERS: [Leaver; 2] = [Leaver::Deactivate, Leaver::Delete];

impl Outbound {
    async fn of_leaver(&self, leaver: Leaver) -> Target {
        let target = self.target(Settings { leaver, ..Settings::default() }).await;
        self.switch(&target, State::Live).await;
        assert_eq!(self.run(&target, Kind::Reconcile).await.failed, 0);
        target
    }

    /// Whether Sam may still be let in there.
    async fn sam_is_in(&self) -> bool {
        self.peer.people().await.contains(&("sam@clinic.example".to_owned(), true))
    }

    /// Sam is removed over there, and somebody makes another Sam.
    async fn another_sam(&self, external_id: Option<&str>) -> Value {
        let id = self.peer.user("sam").await["id"].as_str().unwrap().to_owned();
        self.peer.ask("DELETE", &format!("/Users/{id}"), &Value::Null).await;
        let body = json!({"schemas": [USER], "userName": "sam@clinic.example", "externalId": external_id});
        self.peer.ask("POST", "/Users", &body).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_404_is_no_success_before_the_app_knows_nobody_of_that_id_and_name() {
    type Case = (&'static str, fn() -> Turn, Option<fn() -> Turn>, Trouble);
    let cases: [Case; 6] = [
        ("a proxy", web_404, None, Trouble::Nonsense),
        ("a gateway", gateway_404, None, Trouble::Nonsense),
        ("an app that finds whom it denies", scim_404, None, Trouble::Missing),
        ("an app that knows nothing at all", scim_404, Some(scim_404), Trouble::Missing),
        ("an app that answers with others", scim_404, Some(others), Trouble::Nonsense),
        ("an app that shows nobody and counts one", scim_404, Some(counted_but_not_shown), Trouble::Nonsense),
    ];
    for leaver in LEAVERS {
        for out in Outbound::each().await {
            let target = out.of_leaver(leaver).await;
            out.disable("sam").await;
            for (case, denial, list, trouble) in cases {
                out.peer.will(if leaver == Leaver::Delete { "DELETE" } else { "PATCH" }, "/Users/", 10, denial);
                if let Some(list) = list {
                    out.peer.will("GET", "/Users?filter", 10, list);
                }
                let report = out.run(&target, Kind::Changes).await;
                out.peer.behaves();
                assert_eq!((report.left, report.failed, report.problem), (0, 1, None), "{case}");
                let found = out.troubled(&target).await[0].trouble.clone().unwrap().0;
                assert_eq!(found.trouble, trouble, "{case}: {found}");
                assert!(out.sam_is_in().await, "{case}");
                out.wait(Duration::from_mins(6));
            }
            // However often that was: no leaver waits for longer than some minutes.
            out.work(&target).await;
            assert!(!out.sam_is_in().await);
            assert_eq!(out.troubled(&target).await, []);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_there_under_another_id_is_taken_out_by_that() {
    for leaver in LEAVERS {
        for is_by_external_id in [true, false] {
            for out in Outbound::each().await {
                let target = out.of_leaver(leaver).await;
                let ours = out.member("sam").await;
                out.another_sam(is_by_external_id.then_some(ours.as_str())).await;
                assert!(out.sam_is_in().await);
                out.disable("sam").await;
                let report = out.run(&target, Kind::Changes).await;
                assert_eq!((report.left, report.failed), (1, 0), "{leaver:?} {is_by_external_id}: {report:?}");
                assert!(!out.sam_is_in().await, "{leaver:?} {is_by_external_id}");
                // And is let in again as the one who is there.
                out.enable("sam").await;
                assert_eq!(out.run(&target, Kind::Changes).await.failed, 0);
                assert_eq!(out.peer.people().await, active(&["olivia", "priya", "sam"]));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_really_gone_is_gone_and_nobody_else_is_taken_for_them() {
    for leaver in LEAVERS {
        for out in Outbound::each().await {
            let target = out.of_leaver(leaver).await;
            // Somebody removes Sam over there and gives the name to another member of ours.
            let app = &out.clinic.app;
            let other = MembershipId::fresh(app.clock.now(), &app.random);
            out.another_sam(Some(other.as_str())).await;
            out.disable("sam").await;
            let report = out.run(&target, Kind::Changes).await;
            assert_eq!((report.left, report.failed), (1, 0), "{report:?}");
            assert!(out.sam_is_in().await, "that is somebody else");
            assert_eq!(out.troubled(&target).await, []);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_whom_a_list_does_not_show_is_looked_for_before_they_are_forgotten() {
    for out in Outbound::each().await {
        let target = out.of_leaver(Leaver::Deactivate).await;
        // The app hides everybody for a moment, and Sam leaves in it.
        out.disable("sam").await;
        out.peer.will("GET", "/Users?count", 10, || Turn::Answer(answer(501, &[], "")));
        out.peer.will("GET", "/Users/", 10, scim_404);
        out.wait(Duration::from_secs(1));
        let report = out.run(&target, Kind::Reconcile).await;
        assert_eq!(report.failed, 0, "{report:?}");
        assert!(!out.sam_is_in().await);
        assert_eq!(out.peer.people().await.len(), 3, "nobody twice");
    }
}
