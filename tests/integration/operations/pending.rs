//! People whom a source named and who have not joined: found by what it said of them, in its organization alone.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Host, Server};

/// Riverside, where a source named Ann and two people of one address, and Harbour, where Noor is a member.
async fn practices() -> Host {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    host.succeed("org create harbour --name Harbour");
    host.succeed("user create --name Noor --email noor@home.example --organization harbour --kind hirer");
    let made = host.json("scim-token create entra --organization riverside");
    let mut server = Server::start(&host).await;
    let (client, url) = (reqwest::Client::new(), format!("{}/scim/v2/Users", server.address));
    let emails = |first: &str, second: &str| json!([{"value": first, "primary": true}, {"value": second}]);
    for (name, emails) in [
        ("Ann.N", emails("ann@home.example", "ward@home.example")),
        ("bob", emails("bob@home.example", "ward@home.example")),
        ("noor.s", emails("noor@home.example", "noor@other.example")),
    ] {
        let new = json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": name, "displayName": "Somebody",
            "emails": emails,
        });
        let pushed = client.post(&url).bearer_auth(made["token"].as_str().unwrap()).json(&new).send().await.unwrap();
        assert_eq!(pushed.status(), 201, "{name}");
    }
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(20)).await.success());
    host
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_pending_is_found_by_what_a_source_said_in_its_organization_alone() {
    let host = practices().await;
    let pending = host.json("membership list --state pending --organization riverside");
    let names: Vec<&Value> = pending.as_array().unwrap().iter().map(|one| &one["pending_as"]).collect();
    assert_eq!(names, ["ann.n", "bob", "noor.s"]);
    assert_eq!(host.json("membership list --state pending --organization harbour"), json!([]));
    let list = host.succeed("membership list --organization riverside");
    assert!(list.contains("ann.n (pending)"), "{list}");
    let ann = &pending[0];
    for called in ["ann.n", "ANN.N", "ann@home.example"] {
        let shown = host.json(&format!("membership show {called} --organization riverside"));
        assert_eq!((&shown["membership"], &shown["pending_as"]), (&ann["membership"], &json!("Ann.N")), "{called}");
        let shown = host.json(&format!("user show {called} --organization riverside"));
        assert_eq!(shown["id"], ann["user"], "{called}");
        for elsewhere in
            [format!("membership show {called}"), format!("user show {called}"), format!("membership disable {called}")]
        {
            host.fail(&format!("{elsewhere} --organization harbour"));
        }
        host.fail(&format!("user show {called}"));
    }
    for (typed, expected) in [("nn.", 1), ("ward@home", 2), ("@HOME.EXAMPLE", 3), ("zed", 0)] {
        for list in ["membership list", "user list"] {
            let found = host.json(&format!("{list} --search {typed} --organization riverside"));
            assert_eq!(found.as_array().map(Vec::len), Some(expected), "{list} {typed}: {found}");
        }
        let elsewhere = host.json(&format!("membership list --search {typed} --organization harbour"));
        let all = elsewhere.as_array().unwrap();
        assert!(all.iter().all(|one| one["name"] == "Noor"), "{typed}: {elsewhere}");
    }
    let listed = host.json("user list --search ann.n --organization riverside");
    assert_eq!(listed[0]["user_name"], "ann.n");

    // Whose account is known elsewhere alone is found here as whoever has not joined yet.
    let here = host.json("membership show noor@home.example --organization riverside");
    assert_eq!(here["pending_as"], "noor.s");
    let there = host.json("membership show noor@home.example --organization harbour");
    assert_eq!((&there["name"], &there["pending_as"]), (&json!("Noor"), &Value::Null));
    assert_ne!(here["user"], there["user"]);

    // An address that two have is nobody's.
    let said = host.fail("membership show ward@home.example --organization riverside");
    assert!(said.contains("say the id of the membership"), "{said}");
    let text = host.succeed("membership show bob --organization riverside");
    assert!(text.lines().any(|line| line.starts_with("pending as") && line.ends_with("bob")), "{text}");
    host.succeed("membership remove bob --organization riverside");
    host.fail("membership show bob --organization riverside");
}
