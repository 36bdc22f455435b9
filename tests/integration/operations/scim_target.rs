//! `lanyard scim-target`, as an operator uses it: one practice is pushed into another, through a running server.

use std::time::Duration;

use serde_json::json;

use super::{Host, Server};

const TOKEN: &str = "a-token-that-nobody-knows";

/// Two practices, and a token in a file.
fn practices() -> Host {
    let host = Host::new().with("LANYARD_OUTGOING__ALLOWED_NETWORKS", "127.0.0.0/8").migrated();
    for practice in ["riverside", "mirror"] {
        host.succeed(&format!("org create {practice} --name {practice}"));
    }
    for name in ["ann", "bob"] {
        let email = format!("{name}@clinic.example");
        host.succeed(&format!(
            "user create --name {name} --email {email} --organization riverside --kind practitioner"
        ));
    }
    host.succeed("group create gps --name GPs --organization riverside");
    host.succeed("group add gps ann@clinic.example --organization riverside");
    std::fs::write(host.path("token"), format!("{TOKEN}\n")).unwrap();
    host.with("LANYARD_ORGANIZATION", "riverside")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_practice_is_pushed_and_a_leaver_follows_while_the_server_runs() {
    let host = practices();
    let made = host.json("scim-token create riverside --organization mirror");
    std::fs::write(host.path("token"), made["token"].as_str().unwrap()).unwrap();
    let mut server = Server::start(&host).await;
    host.succeed(&format!(
        "scim-target create mirror --url {}/scim/v2 --token-file token --group gps --map title={{kind}}",
        server.address
    ));
    assert_eq!(host.json("scim-target test mirror")["cursor"], true);
    let preview = host.succeed("scim-target preview mirror");
    for expected in [
        "create     user  ann@clinic.example",
        "+ title \"practitioner\"",
        "create     group GPs",
        "Nothing was changed",
    ] {
        assert!(preview.contains(expected), "{expected}: {preview}");
    }
    let said = host.run("scim-target sync mirror");
    let (done, resume) = (said.out, "lanyard scim-target resume mirror --organization riverside");
    assert!(said.err.contains("(nobody has begun yet)") && said.err.contains(resume), "{}", said.err);
    assert!(done.contains("created                 3") && done.contains("refused                 0"), "{done}");
    assert!(host.succeed("scim-target errors mirror").contains("None."));
    let shown = host.json("scim-target show mirror");
    assert_eq!(shown["counts"], json!({"people": 2, "left": 0, "groups": 1, "waiting": 0, "troubled": 0}));
    let client = reqwest::Client::new();
    let users = async || {
        let asked =
            client.get(format!("{}/scim/v2/Users", server.address)).bearer_auth(made["token"].as_str().unwrap());
        let list: serde_json::Value = asked.send().await.unwrap().json().await.unwrap();
        let one = |user: &serde_json::Value| (user["userName"].clone(), user["active"].clone());
        let mut all: Vec<_> = list["Resources"].as_array().unwrap().iter().map(one).collect();
        all.sort_by_key(|(name, _)| name.to_string());
        all
    };
    let (ann, bob) = (json!("ann@clinic.example"), json!("bob@clinic.example"));
    assert_eq!(users().await, [(ann.clone(), json!(true)), (bob.clone(), json!(true))]);

    assert!(host.succeed("scim-target resume mirror").contains("within a second"));
    host.succeed("membership disable bob@clinic.example");
    let begun = std::time::Instant::now();
    while users().await != [(ann.clone(), json!(true)), (bob.clone(), json!(false))] {
        assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", users().await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let said = host.run("scim-target reconcile mirror --json");
    assert!(!said.err.contains("paused"), "{}", said.err);
    let again: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!((&again["drift"], &again["failed"]), (&json!(0), &json!(0)), "{again}");
    let recorded = host.json("audit list --action scim-target-run --organization riverside");
    assert!(recorded.as_array().unwrap().len() >= 3, "{recorded}");
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(20)).await.success());
    let refused = host.fail("scim-target sync mirror");
    assert!(refused.contains("see whether the app is up"), "{refused}");
    let errors = host.json("scim-target errors mirror");
    assert_eq!((&errors[0]["kind"], &errors[0]["trouble"]), (&json!("app"), &json!("unreachable")), "{errors}");
    assert!(host.succeed("doctor --json").contains("mirror of riverside (unreachable since"));
}

#[test]
fn how_an_app_is_pushed_to_is_changed_one_by_one() {
    let host = practices();
    let created = host.succeed("scim-target create roster --url https://roster.example/scim/v2 --token-file token");
    assert!(created.contains("Nothing is pushed yet") && created.contains("paused"), "{created}");
    for (options, member, expected) in [
        ("--people gps", "people", json!(["gps"])),
        ("--all-groups", "all_groups", json!(true)),
        ("--no-group", "all_groups", json!(false)),
        ("--group gps", "groups", json!(["gps"])),
        ("--no-group", "groups", json!([])),
        ("--no-people", "people", json!([])),
        ("--user-name email", "user_name", json!("email")),
        ("--leaver delete", "leaver", json!("delete")),
        ("--brake 50", "brake_percent", json!(50)),
        ("--map title={kind} --drop locale", "rules", json!(["drop locale", "title={kind}"])),
        ("--map title=Staff", "rules", json!(["drop locale", "title=Staff"])),
        ("--no-rule --send roles", "rules", json!(["send roles"])),
        ("--url https://other.example/scim", "url", json!("https://other.example/scim")),
    ] {
        let before = host.json("scim-target show roster");
        let after = host.json(&format!("scim-target change roster {options}"));
        assert_eq!(after[member], expected, "{options}");
        let others = |shown: &serde_json::Value| {
            let mut shown = shown.clone();
            shown[member].take();
            shown["next_at"].take();
            shown
        };
        assert_eq!(others(&after), others(&before), "{options}: nothing else");
    }
    host.succeed("scim-target change roster --token-file token");
    for command in
        ["scim-target show roster", "scim-target list", "scim-target list --json", "audit list --json", "doctor --json"]
    {
        assert!(!host.succeed(command).contains(TOKEN), "{command}");
    }
    let attributes = host.json("audit list --action scim-target-update --limit 1");
    assert!(attributes[0]["detail"].to_string().contains("token"), "{attributes}");
    assert!(host.succeed("scim-target pause roster").contains("paused already"));
    host.succeed("scim-target resume roster");
    let live = host.json("scim-target show roster");
    assert!(live["next_at"].is_string() && live["paused_at"].is_null(), "{live}");
    assert!(!host.succeed("scim-target list").contains("paused"));
    host.succeed("scim-target pause roster");
    let by = format!("host:{}", super::account());
    let shown = host.json("scim-target show roster");
    assert_eq!((&shown["paused_by"], &shown["next_at"]), (&json!(by), &json!(null)), "{shown}");
    let told = format!(
        "roster is paused since {} (by {by}): what changes is not pushed. To push it: `lanyard scim-target resume roster \
         --organization riverside`.",
        shown["paused_at"].as_str().unwrap()
    );
    for command in ["scim-target show roster", "scim-target list", "scim-target errors roster"] {
        assert!(host.succeed(command).ends_with(&format!("{told}\n")), "{command}");
    }
    host.succeed("scim-target remove roster");
    assert_eq!(host.json("scim-target list"), json!([]));
}

#[test]
fn what_is_wrong_is_said() {
    let host = practices();
    let create = "scim-target create roster --url https://roster.example/scim --token-file token";
    host.succeed(create);
    let other = |options: &str| format!("scim-target create other --token-file token {options}");
    for (command, expected) in [
        (create.to_owned(), "there is a target `roster` already"),
        ("scim-target show rooster".to_owned(), "there is no target `rooster`; did you mean `roster`?"),
        (other("--url https://a.example --people gp"), "did you mean `gps`?"),
        (other("--url https://a.example/?x=1"), "query or a fragment"),
        (other("--url https://10.0.0.1/scim"), "outgoing.allowed_networks"),
        (other("--url https://a.example --map salary=1"), "'salary' is not an attribute of User"),
        (other("--url https://a.example --map userName=1"), "Lanyard finds people again by it"),
        (other("--url https://a.example --map emails=1"), "emails[type eq \"work\"].value"),
        (other("--url https://a.example --send groups"), "is not for rules"),
    ] {
        let said = host.fail(&command);
        assert!(said.contains(expected), "{command}: {said}");
    }
    std::fs::write(host.path("empty"), "").unwrap();
    let said = host.fail("scim-target create other --url https://a.example --token-file empty");
    assert!(said.contains("the token is empty"), "{said}");
    for (command, expected) in [
        (other("--url roster"), "such as https://roster.example/scim/v2"),
        (other("--url https://a.example --map title={salary}"), "`{salary}` stands for nothing"),
        (other("--url https://a.example --brake 101"), "101 is not in 0..=100"),
        (other("--url https://a.example --all-groups --group gps"), "cannot be used with"),
        ("scim-target create other --url https://a.example --token-file none".to_owned(), "cannot be read from none"),
        ("scim-target create other --url https://a.example".to_owned(), "--token-file"),
    ] {
        let said = host.run(&command);
        assert_eq!(said.code, Some(2), "{command}: {}", said.err);
        assert!(said.err.contains(expected), "{command}: {}", said.err);
    }
    assert_eq!(host.json("scim-target list").as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restore_nobody_is_pushed_before_somebody_has_looked() {
    let host = practices();
    host.succeed("scim-target create roster --url https://roster.example/scim --token-file token");
    host.succeed("scim-target resume roster");
    host.seal().await;
    host.succeed("backup saved");
    let restored = host.json("restore saved --force");
    assert_eq!(restored["paused"], 1, "{restored}");
    let shown = host.json("scim-target show roster");
    assert_eq!((&shown["state"], &shown["paused_by"]), (&json!("paused"), &json!("restore")));
    assert!(host.succeed("scim-target list").contains("(since a backup was restored)"));
    let doctor = host.json("doctor");
    let found = doctor.as_array().unwrap().iter().find(|one| one["check"] == "pushing").unwrap();
    assert!(found["found"].as_str().unwrap().contains("roster of riverside (paused since"), "{found}");
    assert!(found["advice"].as_str().unwrap().contains("resume"), "{found}");
    let recorded = host.json("audit list --action scim-target-switch --limit 1");
    assert_eq!(recorded[0]["detail"]["state"], "paused", "{recorded}");
    let said = host.succeed("restore saved --force");
    assert!(said.contains("Paused: 1"), "{said}");
    host.succeed("scim-target resume roster");
    assert!(!host.succeed("doctor --json").contains("paused since"));
}

/// An app that writes down by which token it was asked, and refuses it.
async fn strict() -> (String, std::sync::Arc<std::sync::Mutex<Vec<String>>>) {
    let asked = std::sync::Arc::<std::sync::Mutex<Vec<String>>>::default();
    let (listener, noted) = (tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap(), asked.clone());
    let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
    let router = axum::Router::new().fallback(move |headers: axum::http::HeaderMap| {
        let token = headers.get("authorization").and_then(|one| one.to_str().ok()).unwrap_or_default().to_owned();
        noted.lock().unwrap().push(token.clone());
        async move { (axum::http::StatusCode::UNAUTHORIZED, format!(r#"{{"detail": "{token} is not known"}}"#)) }
    });
    tokio::spawn(async move { axum::serve(listener, router).await });
    (url, asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_read_after_the_master_key_was_replaced_and_not_by_the_old_one() {
    let host = practices();
    let (url, asked) = strict().await;
    host.succeed(&format!("scim-target create roster --url {url} --token-file token"));
    let file = host.path("keys/master.key");
    let before = std::fs::read_to_string(&file).unwrap();
    host.succeed("keys rekey --settle 0");
    assert!(host.fail("scim-target test roster").contains("make a new token in the app"));
    assert_eq!(*asked.lock().unwrap(), [format!("Bearer {TOKEN}")], "the same token as before");
    std::fs::write(&file, before).unwrap();
    let said = host.fail("scim-target test roster");
    assert!(!said.contains("make a new token") && !said.contains(TOKEN), "{said}");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_lets_nobody_in_is_logged_and_recorded_once_and_without_the_token() {
    let host = practices();
    let (url, asked) = strict().await;
    host.succeed(&format!("scim-target create roster --url {url} --token-file token"));
    let mut server = Server::start(&host).await;
    host.succeed("scim-target resume roster");
    let begun = std::time::Instant::now();
    while asked.lock().unwrap().len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(30), "it is not tried again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(20)).await.success());
    let log = std::fs::read_to_string(host.path("log")).unwrap();
    let line = log.lines().find(|line| line.contains("An app cannot be pushed to")).expect("a line of the log");
    let id = host.json("scim-target show roster")["id"].as_str().unwrap().to_owned();
    assert!(line.contains(&id) && line.contains("token"), "{line}");
    assert!(!log.contains(TOKEN));
    let recorded = host.json("audit list --action scim-target-run --organization riverside");
    assert_eq!(recorded.as_array().map(Vec::len), Some(1), "the first failure of several: {recorded}");
    assert_eq!(recorded[0]["outcome"], "failure");
    let detail = recorded[0]["detail"].to_string();
    assert!(detail.contains("token: 401") && detail.contains("[token] is not known"), "{detail}");
    assert!(!recorded.to_string().contains(TOKEN));
}
