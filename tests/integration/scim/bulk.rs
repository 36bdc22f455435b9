//! Many operations in one request, each done whole or not at all.

use lanyard::storage::{self, Engine};
use serde_json::{Value, json};

use super::push::{GROUP, Push, USER, patch};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
fn bulk(operations: Value) -> Value {
    json!({"schemas": [REQUEST], "Operations": operations})
}

fn user(name: &str, bulk_id: &str) -> Value {
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": {"schemas": [USER], "userName": name}})
}

fn group(name: &str, bulk_id: &str, members: &[&str]) -> Value {
    let members: Vec<Value> = members.iter().map(|id| json!({"value": id})).collect();
    let data = json!({"schemas": [GROUP], "displayName": name, "members": members});
    json!({"method": "POST", "path": "/Groups", "bulkId": bulk_id, "data": data})
}

async fn run(push: &Push, request: &Value) -> Vec<Value> {
    let answer = push.told("POST", "/Bulk", request, 200).await;
    assert_eq!(answer["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:BulkResponse"]));
    answer["Operations"].as_array().unwrap().clone()
}

/// The status of each, with the type or the detail of a refusal.
fn told(operations: &[Value]) -> Vec<(&str, String)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let why = |one: &Value| text(&one["response"]["scimType"]).or_else(|| text(&one["response"]["detail"]));
    operations.iter().map(|one| (one["status"].as_str().unwrap(), why(one).unwrap_or_default())).collect()
}

async fn count(push: &Push, path: &str) -> u64 {
    push.told("GET", &format!("{path}?count=0"), &Value::Null, 200).await["totalResults"].as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_groups_are_made_changed_and_taken_away_in_one_request() {
    for push in Push::each().await {
        let (old, gone) = (push.person("old").await, push.person("gone").await);
        let version = push.told("GET", &format!("/Users/{old}"), &Value::Null, 200).await["meta"]["version"].clone();
        let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let done = run(
            &push,
            &bulk(json!([
                // Refers to what is made further below.
                group("Team", "team", &["bulkId:ann", "bulkId:inner", &old]),
                user("ann", "ann"),
                group("Inner", "inner", &["bulkId:ann"]),
                {"method": "PATCH", "path": format!("/Users/{old}"), "version": version,
                    "data": patch(json!([{"op": "add", "path": format!("{manager}:manager"), "value": "bulkId:ann"}]))},
                {"method": "patch", "path": "/Groups/bulkId:team", "data": [{"op": "remove", "path": format!("members[value eq \"{old}\"]")}]},
                {"method": "PUT", "path": "/Users/bulkId:ann", "data": {"schemas": [USER], "userName": "ann", "title": "Dr"}},
                {"method": "DELETE", "path": format!("/Users/{gone}")},
            ])),
        )
        .await;
        let statuses: Vec<&str> = done.iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["201", "201", "201", "200", "204", "200", "204"], "{done:?}");
        assert_eq!(done[0]["bulkId"], "team");
        assert_eq!(done[4]["method"], "PATCH");
        let at = |index: usize| done[index]["location"].as_str().unwrap().to_owned();
        assert_eq!((at(4), at(5)), (at(0), at(1)));
        let path = |index: usize| at(index).strip_prefix("http://localhost:8080/scim/v2").unwrap().to_owned();
        let ann = push.told("GET", &path(1), &Value::Null, 200).await;
        assert_eq!((&ann["title"], &ann["meta"]["version"]), (&json!("Dr"), &done[5]["version"]));
        let team = push.told("GET", &path(0), &Value::Null, 200).await;
        let members: Vec<&Value> = team["members"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
        assert_eq!((members.len(), &team["meta"]["version"]), (2, &done[4]["version"]));
        let old = push.told("GET", &format!("/Users/{old}"), &Value::Null, 200).await;
        assert_eq!((&old[manager]["manager"]["value"], &old["meta"]["version"]), (&ann["id"], &done[3]["version"]));
        assert_eq!(push.refused("GET", &format!("/Users/{gone}"), &Value::Null).await, (404, None));
    }
}

/// Operations between two that are done, with the status of each and how the reason begins.
fn to_be_refused(jo: &str, theirs: &str) -> Vec<(Value, &'static str, &'static str)> {
    let title = json!([{"op": "replace", "path": "title", "value": "Dr"}]);
    let (jo, theirs_path) = (format!("/Users/{jo}"), format!("/Users/{theirs}"));
    let elsewhere = format!("https://elsewhere.example/scim/v2{jo}");
    let nameless = json!({"method": "POST", "path": "/Users", "data": {"schemas": [USER], "userName": "nameless"}});
    vec![
        (user("ann", "ann"), "201", ""),
        (user("ANN", "again"), "409", "uniqueness"),
        // A group is written before its members are looked for.
        (group("Half", "half", &["mem_0192f3c4d5e6798081828384858687ab"]), "400", "invalidValue"),
        (group("Theirs", "theirs", &[theirs]), "400", "invalidValue"),
        (group("Lost", "lost", &["bulkId:again"]), "409", "'bulkId:again' was not made"),
        (group("Unknown", "unknown", &["bulkId:nothing"]), "400", "invalidValue"),
        // No group lies in itself.
        (
            group("Round", "round", &["bulkId:and-round"]),
            "409",
            "the references of these operations to each other cannot",
        ),
        (group("And round", "and-round", &["bulkId:round"]), "409", "nothing was made: 'bulkId:round'"),
        (
            group("Itself", "itself", &["bulkId:itself"]),
            "409",
            "the references of these operations to each other cannot",
        ),
        (json!({"method": "PATCH", "path": theirs_path, "data": title}), "404", "there is no resource"),
        (json!({"method": "DELETE", "path": theirs_path}), "404", "there is no resource"),
        (json!({"method": "PATCH", "path": jo, "version": "W/\"x\"", "data": title}), "412", "the resource has the"),
        (json!({"method": "DELETE", "path": jo, "version": ""}), "412", "the resource has the"),
        (json!({"method": "GET", "path": jo}), "400", "invalidSyntax"),
        (json!({"path": jo}), "400", "invalidSyntax"),
        (json!({"method": "DELETE"}), "400", "invalidSyntax"),
        (json!({"method": "DELETE", "path": "/Users"}), "400", "invalidValue"),
        (json!({"method": "POST", "path": jo, "bulkId": "p", "data": {}}), "400", "invalidValue"),
        (nameless, "400", "invalidSyntax"),
        (json!({"method": "POST", "path": "/Schemas", "bulkId": "s", "data": {}}), "400", "invalidValue"),
        (json!({"method": "DELETE", "path": elsewhere}), "400", "invalidValue"),
        (json!({"method": "PUT", "path": jo}), "400", "invalidSyntax"),
        (json!({"method": "PUT", "path": jo, "data": "x"}), "400", "invalidSyntax"),
        (json!({"method": "PATCH", "path": "/Users/bulkId:nothing", "data": title}), "400", "invalidValue"),
        (user("bob", "bob"), "201", ""),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_has_written_nothing_and_the_others_stay() {
    for push in Push::each().await {
        let jo = push.person("jo").await;
        let other = push.of("harbour").await;
        let theirs = push.ask_as(&other, "POST", "/Users", (&json!({"schemas": [USER], "userName": "x"}), &[])).await;
        let theirs = theirs.json()["id"].as_str().unwrap().to_owned();
        let before = (count(&push, "/Users").await, count(&push, "/Groups").await);
        let all = to_be_refused(&jo, &theirs);
        let operations: Vec<&Value> = all.iter().map(|(operation, ..)| operation).collect();
        let done = run(&push, &bulk(json!(operations))).await;
        assert_eq!(done.len(), all.len());
        for ((operation, status, why), (found, reason)) in all.iter().zip(told(&done)) {
            assert_eq!(found, *status, "{operation}: {reason}");
            assert!(reason.starts_with(why), "{operation}: {reason}");
        }
        assert_eq!(done[9]["location"], format!("http://localhost:8080/scim/v2/Users/{theirs}"));
        assert_eq!(done[1].get("location"), None, "of what was not made");
        assert_eq!(done[1]["response"]["status"], "409");
        assert_eq!((count(&push, "/Users").await, count(&push, "/Groups").await), (before.0 + 2, before.1));
        let query =
            lanyard::audit::store::Query { action: Some("group-creation".into()), limit: 1000, ..Default::default() };
        let mut tx = push.door.clinic.app.storage.read().await.unwrap();
        let events = tx.audit().list(query).await.unwrap();
        assert!(
            !events.iter().any(|event| event.detail.contains("\"half\"")),
            "nothing is recorded of what was refused"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_ends_after_so_many_errors() {
    for push in Push::each().await {
        let mut request = bulk(json!([user("ann", "a"), user(" ", "b"), user(" ", "c"), user("bob", "d")]));
        request["failOnErrors"] = json!(2);
        let done = run(&push, &request).await;
        assert_eq!(done.iter().map(|one| &one["status"]).collect::<Vec<_>>(), ["201", "400", "400"]);
        request["failOnErrors"] = json!(4);
        assert_eq!(run(&push, &request).await.len(), 4, "whoever is there already is the third");
        let found = push.told("GET", "/Users?filter=userName%20eq%20%22bob%22", &Value::Null, 200).await;
        assert_eq!(found["totalResults"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_over_a_limit_is_refused_whole() {
    for push in Push::each_with(&[("scim.bulk_operations", "3")]).await {
        let before = count(&push, "/Users").await;
        let all: Vec<Value> = (0..4).map(|n| user(&format!("p{n}"), &format!("p{n}"))).collect();
        let answer = push.ask("POST", "/Bulk", &bulk(json!(all))).await;
        let error = answer.json();
        assert_eq!((answer.status.as_u16(), &error["status"]), (413, &json!("413")));
        assert_eq!(error["detail"], "'Operations' has 4 operations and exceeds maxOperations (3)");
        for wrong in
            [json!({}), json!({"schemas": [REQUEST], "Operations": {}}), bulk(json!([user("a", "a"), user("b", "a")]))]
        {
            assert_eq!(push.refused("POST", "/Bulk", &wrong).await.0, 400, "{wrong}");
        }
        assert_eq!(push.refused("GET", "/Bulk", &Value::Null).await, (405, None));
        assert_eq!(count(&push, "/Users").await, before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_does_in_bulk_what_it_may_do_alone() {
    use lanyard::scim::{caller::ResourceSet, connection::Rights};
    for push in Push::each().await {
        let all = bulk(json!([user("ann", "ann"), group("G", "g", &[])]));
        for (name, resources, may_write, expected) in [
            ("people", ResourceSet::Users, true, Some(["201", "403"])),
            ("groups", ResourceSet::Groups, true, Some(["403", "201"])),
            ("reader", ResourceSet::All, false, None),
        ] {
            let rights = Rights { resources, may_write, ..Rights::default() };
            let (_, token) = push.door.connect(name, rights).await;
            let answer = push.ask_as(&token, "POST", "/Bulk", (&all, &[])).await;
            let operations = answer.json()["Operations"].clone();
            match expected {
                Some(expected) => assert_eq!([&operations[0]["status"], &operations[1]["status"]], expected, "{name}"),
                None => assert_eq!(answer.status, 403, "{}", answer.body),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn more_operations_than_a_unit_of_work_has_are_all_done() {
    for push in Push::each().await {
        let before = count(&push, "/Users").await;
        let names: Vec<String> = (0..120).map(|n| format!("bulkId:p{n}")).collect();
        let members: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut all = vec![group("Everybody", "all", &members)];
        all.extend((0..120).map(|n| user(&format!("p{n}@riverside.example"), &format!("p{n}"))));
        let done = run(&push, &bulk(json!(all))).await;
        assert!(done.iter().all(|one| one["status"] == "201"), "{done:?}");
        assert_eq!(count(&push, "/Users").await, before + 120);
        let path = done[0]["location"].as_str().unwrap().strip_prefix("http://localhost:8080/scim/v2").unwrap();
        let group = push.told("GET", path, &Value::Null, 200).await;
        assert_eq!(group["members"].as_array().unwrap().len(), 120);
        assert_eq!(told(&run(&push, &bulk(json!([]))).await), []);
    }
}

fn managed(name: &str, bulk_id: &str, manager: &Value) -> Value {
    let data = json!({"schemas": [USER, ENTERPRISE], "userName": name, "title": "Dr",
        (ENTERPRISE): {"department": "GP", "manager": manager}});
    json!({"method": "POST", "path": "/Users", "bulkId": bulk_id, "data": data})
}

fn path_of(done: &Value) -> String {
    done["location"].as_str().unwrap().strip_prefix("http://localhost:8080/scim/v2").unwrap().to_owned()
}

/// RFC 7644 §3.7.1.
#[tokio::test(flavor = "multi_thread")]
async fn operations_that_refer_to_each_other_are_all_done() {
    for push in Push::each().await {
        let done = run(
            &push,
            &bulk(json!([
                managed("max@riverside.example", "max", &json!({"value": "bulkId:ann", "displayName": "Ann"})),
                managed("own@riverside.example", "own", &json!("bulkId:own")),
                group("Team", "team", &["bulkId:max", "bulkId:late"]),
                managed("ann@riverside.example", "ann", &json!({"value": "bulkId:zoe"})),
                managed("zoe@riverside.example", "zoe", &json!("bulkId:max")),
                managed("late@riverside.example", "late", &json!({"value": "bulkId:max"})),
            ])),
        )
        .await;
        assert!(done.iter().all(|one| one["status"] == "201"), "{done:?}");
        let mut ids = vec![];
        for one in &done {
            let found = push.told("GET", &path_of(one), &Value::Null, 200).await;
            assert_eq!(found["meta"]["version"], one["version"], "the last version is told");
            ids.push((found["id"].as_str().unwrap().to_owned(), found));
        }
        for (person, manager) in [(0, 3), (1, 1), (3, 4), (4, 0), (5, 0)] {
            let found = &ids[person].1;
            let said = &found[ENTERPRISE];
            assert_eq!(
                (&said["department"], &said["manager"]["value"]),
                (&json!("GP"), &json!(ids[manager].0)),
                "{found}"
            );
            assert_eq!(found["title"], "Dr");
        }
        assert_eq!(ids[2].1["members"].as_array().unwrap().len(), 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_is_done_whole_or_not_at_all() {
    for push in Push::each().await {
        let before = count(&push, "/Users").await;
        push.person("there").await;
        let operations = json!([
            managed("a@riverside.example", "a", &json!("bulkId:b")),
            user("bob", "bob"),
            managed("there@riverside.example", "b", &json!("bulkId:c")),
            managed("c@riverside.example", "c", &json!("bulkId:a")),
            managed("d@riverside.example", "d", &json!("bulkId:c")),
        ]);
        let done = run(&push, &bulk(operations.clone())).await;
        let left_out = "nothing was made: 'bulkId:b', with which this stands in a circle, was refused";
        let expected = [
            ("409", left_out),
            ("201", ""),
            ("409", "uniqueness"),
            ("409", left_out),
            ("409", "'bulkId:c' was not made: its operation was refused"),
        ];
        assert_eq!(told(&done), expected.map(|(status, why)| (status, why.to_owned())));
        assert_eq!(count(&push, "/Users").await, before + 2);

        // Whoever wants an end after so many errors is told of no more.
        for (most, statuses) in [(1, vec!["409"]), (2, vec!["409", "409"]), (3, vec!["409", "409", "409"])] {
            let mut request = bulk(operations.clone());
            request["failOnErrors"] = json!(most);
            let done = run(&push, &request).await;
            assert_eq!(done.iter().map(|one| one["status"].as_str().unwrap()).collect::<Vec<_>>(), statuses, "{most}");
            assert!(done.iter().any(|one| one["response"]["scimType"] == "uniqueness"), "{done:?}");
        }
        assert_eq!(count(&push, "/Users").await, before + 2);
    }
}

/// From now on the database fails whoever writes a member of this name.
async fn break_for(push: &Push, name: &str) {
    let storage = &push.door.clinic.app.storage;
    let trigger = match storage.engine() {
        Engine::Sqlite => format!(
            "CREATE TRIGGER broken BEFORE INSERT ON member_records WHEN NEW.user_name = '{name}' \
             BEGIN SELECT RAISE(ABORT, 'broken'); END"
        ),
        Engine::Postgres => format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON member_records FOR EACH ROW WHEN (NEW.user_name = '{name}') \
             EXECUTE FUNCTION broken()"
        ),
    };
    let made: storage::Result<()> = storage.write(move |tx| Box::pin(async move { tx.run(&trigger).await })).await;
    made.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_fails_takes_none_of_its_unit_with_it() {
    for push in Push::each().await {
        let before = count(&push, "/Users").await;
        break_for(&push, "p20@riverside.example").await;
        let mut all: Vec<Value> = (0..70).map(|n| user(&format!("p{n}@riverside.example"), &format!("p{n}"))).collect();
        all.push(group("With", "with", &["bulkId:p19", "bulkId:p20"]));
        all.push(managed("q@riverside.example", "q", &json!("bulkId:p20b")));
        all.push(managed("P20@riverside.example", "p20b", &json!("bulkId:q")));
        all.push(group("Without", "without", &["bulkId:p19", "bulkId:p69"]));
        let mut request = bulk(json!(all));
        let done = run(&push, &request).await;
        let failed = "the operation failed and changed nothing; the id of the request is in the header x-request-id";
        let not_made = "'bulkId:p20' was not made: its operation was refused";
        for (n, (status, why)) in told(&done).into_iter().enumerate() {
            let expected = match n {
                20 | 71 | 72 => ("500", failed),
                70 => ("409", not_made),
                _ => ("201", ""),
            };
            assert_eq!((status, why.as_str()), expected, "{n}");
        }
        assert_eq!(count(&push, "/Users").await, before + 69);
        let without = push.told("GET", &path_of(&done[73]), &Value::Null, 200).await;
        assert_eq!(without["members"].as_array().unwrap().len(), 2);
        let events = |action: &str| lanyard::audit::store::Query {
            action: Some(action.to_owned()),
            limit: 1000,
            ..Default::default()
        };
        let mut tx = push.door.clinic.app.storage.read().await.unwrap();
        let joined = tx.audit().list(events("membership-creation")).await.unwrap();
        let records = joined.iter().filter(|event| event.actor_kind == "connection");
        assert_eq!(records.count(), 69, "what was tried again is recorded once");
        drop(tx);

        request["failOnErrors"] = json!(3);
        let done = run(&push, &request).await;
        let statuses: Vec<_> = done.iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["409", "409", "409"], "all were made before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_request_counts_as_much_as_it_does() {
    for push in Push::each_with(&[("scim.requests_per_second", "10"), ("scim.burst", "5")]).await {
        let deletions = |many: usize| {
            bulk((0..many).map(|_| json!({"method": "DELETE", "path": "/Users/mem_none"})).collect::<Value>())
        };
        let status = async |request: &Value| push.ask("POST", "/Bulk", request).await.status.as_u16();
        // 1 to 50 operations are as much as a request.
        assert_eq!((status(&deletions(101)).await, status(&deletions(50)).await), (200, 200));
        let answer = push.ask("POST", "/Bulk", &deletions(51)).await;
        let error = answer.json();
        assert_eq!(
            (answer.status.as_u16(), &error["detail"]),
            (429, &json!("this connection asks too often; try again later"))
        );
        assert_eq!(answer.header(axum::http::header::RETRY_AFTER), "1");
        push.door.clinic.app.clock.advance(std::time::Duration::from_secs(1));
        assert_eq!(status(&deletions(1000)).await, 200, "none is worth more than a burst");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_too_large_is_told_how_large_it_may_be() {
    for push in Push::each_with(&[("server.body_limit", "16384")]).await {
        let mut request = bulk(json!([user("ann", "ann")]));
        request["padding"] = json!("x".repeat(16_384));
        let answer = push.ask("POST", "/Bulk", &request).await;
        let error = answer.json();
        assert_eq!((answer.status.as_u16(), &error["status"]), (413, &json!("413")));
        assert_eq!(error["detail"], "the body is too large: it exceeds maxPayloadSize (16384 bytes)");
        assert_eq!(
            push.told("GET", "/Users?filter=userName%20eq%20%22ann%22", &Value::Null, 200).await["totalResults"],
            0
        );
    }
}
