//! `lanyard scim-token`, as an operator uses it.

use std::time::Duration;

use super::{Host, Server};

fn riverside() -> Host {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    host
}

#[test]
fn a_token_is_printed_once_and_shown_by_its_id_ever_after() {
    let host = riverside();
    let made =
        host.json("scim-token create entra --org riverside --role billing --network 192.0.2.7/24 --expires 365d");
    let token = made["token"].as_str().unwrap();
    assert_eq!(token.len(), 43);
    assert_eq!(made["url"], "http://localhost:8080/scim/v2");
    let shown = host.json("scim-token show entra");
    assert_eq!(shown["networks"], serde_json::json!(["192.0.2.0/24"]));
    assert_eq!(shown["roles"], serde_json::json!(["billing"]));
    assert_eq!((&shown["access"], &shown["resources"]), (&"read and write".into(), &"users groups".into()));
    assert_eq!(shown["tokens"][0]["id"], made["id"]);
    assert_eq!(shown["tokens"][0]["expires_at"], made["expires_at"]);
    for command in ["scim-token show entra", "scim-token list", "scim-token list --json", "audit list --json"] {
        assert!(!host.succeed(command).contains(token), "{command}");
    }
    let listed = host.succeed("scim-token list");
    let head = "NAME   ACCESS          TO            FROM          ROLES    PRECEDENCE  TOKENS  EXPIRES";
    assert!(listed.starts_with(head), "{listed}");
    let plain = host.succeed("scim-token create roster --read-only --users");
    assert!(plain.contains("token    ") && plain.contains("expires  never") && plain.contains("not shown again"));
    assert_eq!(host.json("scim-token show roster")["access"], "read");
}

#[test]
fn sources_have_a_precedence_and_people_get_one() {
    let host = riverside();
    host.succeed("scim-token create entra");
    host.succeed("scim-token create hr --precedence 10");
    host.succeed("scim-token change entra --precedence -5");
    assert_eq!(host.json("scim-token show entra")["precedence"], -5);
    let order = |command: &str| -> Vec<(String, Option<i64>)> {
        let all = host.json(command).as_array().unwrap().clone();
        all.iter().map(|one| (one["source"].as_str().unwrap().to_owned(), one["precedence"].as_i64())).collect()
    };
    let source = |name: &str, precedence: Option<i64>| (name.to_owned(), precedence);
    let people = "people, in Lanyard";
    let (hr, entra) = (source("hr", Some(10)), source("entra", Some(-5)));
    let first = order("org precedence riverside");
    assert_eq!((&first[0], first.last()), (&hr, Some(&source(people, None))));
    let third = order("org precedence riverside 0");
    assert_eq!(third.iter().filter(|one| one.1 != Some(0)).collect::<Vec<_>>(), [&hr, &entra], "{third:?}");
    assert_eq!(order("org precedence riverside none"), first);
    for wrong in
        ["org precedence riverside high", "org precedence riverside 1001", "scim-token change hr --precedence x"]
    {
        assert_eq!(host.run(wrong).code, Some(2), "{wrong}");
    }
    assert_eq!(host.json("audit list --action policy-change").as_array().map(Vec::len), Some(2));
}

#[test]
fn a_token_is_followed_by_another_revoked_and_removed() {
    let host = riverside();
    let first = host.json("scim-token create entra");
    let second = host.json("scim-token rotate entra --overlap 7d");
    assert_eq!(second["replaces"]["id"], first["id"]);
    assert_ne!(second["token"], first["token"]);
    let refused = host.fail("scim-token rotate entra");
    let id = |made: &serde_json::Value| made["id"].as_str().unwrap().to_owned();
    assert!(refused.contains(&id(&first)) && refused.contains("scim-token revoke TOKEN"), "{refused}");
    host.succeed(&format!("scim-token revoke {}", id(&first)));
    assert!(host.fail(&format!("scim-token revoke {}", id(&first))).contains("no token"));
    let third = host.succeed("scim-token rotate entra --overlap 0s");
    assert!(third.contains(&format!("The token {} ends at", id(&second))), "{third}");
    let states: Vec<_> = host.json("scim-token show entra")["tokens"].as_array().unwrap().clone();
    assert_eq!(states.iter().map(|one| &one["state"]).collect::<Vec<_>>(), ["revoked", "expired", "live"]);
    let removed = host.succeed("scim-token remove entra");
    assert!(removed.contains("The people whom it brought stay"), "{removed}");
    assert_eq!(host.json("scim-token list"), serde_json::json!([]));
    let recorded = host.json("audit list --action connection-token-creation");
    assert_eq!(recorded.as_array().map(Vec::len), Some(3), "{recorded}");
}

#[test]
fn what_may_be_done_is_changed_one_by_one() {
    let host = riverside();
    host.succeed("scim-token create entra --role billing --network 192.0.2.0/24 --groups --expires 30d");
    for (options, member, expected) in [
        ("--read-only", "access", serde_json::json!("read")),
        ("--users", "resources", "users".into()),
        ("--no-network", "networks", serde_json::json!([])),
        ("--role front_desk --role manager", "roles", serde_json::json!(["front_desk", "manager"])),
        ("--read-write", "access", "read and write".into()),
        ("--no-role", "roles", serde_json::json!([])),
        ("--all", "resources", "users groups".into()),
        ("--expires 90d", "token_life_seconds", (90 * 86_400).into()),
        ("--no-expiry", "token_life_seconds", serde_json::Value::Null),
    ] {
        let before = host.json("scim-token show entra");
        let after = host.json(&format!("scim-token change entra {options}"));
        assert_eq!(after[member], expected, "{options}");
        let others = |shown: &serde_json::Value| {
            let mut shown = shown.clone();
            shown[member].take();
            shown
        };
        assert_eq!(others(&after), others(&before), "{options}: nothing else");
    }
}

#[test]
fn what_is_wrong_is_said() {
    let host = riverside();
    host.succeed("scim-token create entra");
    for (command, expected) in [
        ("scim-token create entra", "there is a connection `entra` already"),
        ("scim-token create okta --role owner", "no outside system may assign `owner`"),
        ("scim-token create okta --role biling", "there is no role `biling`; did you mean `billing`?"),
        ("scim-token show entre", "there is no connection `entre`; did you mean `entra`?"),
        ("scim-token rotate okta", "there is no connection `okta`; there is entra"),
    ] {
        let said = host.fail(command);
        assert!(said.contains(expected), "{command}: {said}");
    }
    for (command, expected) in [
        ("scim-token create okta --network clinic", "write for example 10.0.0.0/8"),
        ("scim-token create okta --expires 365", "write for example 365d"),
        ("scim-token create okta --users --groups", "cannot be used with"),
        ("scim-token create Okta", "lower-case letters"),
        ("scim-token rotate entra --overlap soon", "write for example 24h"),
        ("scim-token revoke entra", "expected an id that begins with `sct_`"),
        ("scim-token change entra --role billing --no-role", "cannot be used with"),
        ("scim-token change entra --precedence high", "write a whole number from -1000 to 1000, for example 10"),
        ("scim-token change entra --precedence 1001", "write a whole number from -1000 to 1000, for example 10"),
        ("scim-target create rota --url rota.example/scim --token-file t", "such as https://roster.example/scim/v2"),
    ] {
        let said = host.run(command);
        assert_eq!(said.code, Some(2), "{command}: {}", said.err);
        assert!(said.err.contains(expected), "{command}: {}", said.err);
    }
    assert_eq!(host.json("scim-token list").as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_used_is_known_when_the_server_has_stopped() {
    let host = riverside();
    let made = host.json("scim-token create entra");
    let token = made["token"].as_str().unwrap();
    let mut server = Server::start(&host).await;
    let client = reqwest::Client::new();
    for (bearer, expected) in [(token, 200), ("wrong", 401), (token, 200)] {
        let asked = client.get(format!("{}/scim/v2/Users", server.address)).bearer_auth(bearer).send().await.unwrap();
        assert_eq!(asked.status(), expected);
    }
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(20)).await.success());
    let shown = host.json("scim-token show entra");
    assert_eq!(shown["tokens"][0]["uses"], 2, "{shown}");
    assert!(shown["last_used_at"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_is_given_and_who_cannot_sign_in_is_found() {
    let host = riverside();
    let made = host.json("scim-token create entra");
    let mut server = Server::start(&host).await;
    let (client, url) = (reqwest::Client::new(), format!("{}/scim/v2/Users", server.address));
    let new = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann", "displayName": "Ann",
        "roles": [{"value": "billing"}, {"value": "manager@quay"}],
    });
    let pushed = client.post(&url).bearer_auth(made["token"].as_str().unwrap()).json(&new).send().await.unwrap();
    assert_eq!(pushed.status(), 201);
    let listed = host.json("membership list");
    let (id, user) = (listed[0]["membership"].as_str().unwrap(), listed[0]["user"].as_str().unwrap());
    let roles = || host.json(&format!("membership show {id}"))["access"]["roles"].clone();
    assert_eq!(roles(), serde_json::json!([]));
    let said = host.succeed("scim-token change entra --role billing --role manager");
    assert!(said.contains("What entra said of 1 people before means something else now"), "{said}");
    assert_eq!(roles(), serde_json::json!(["billing"]));
    // The running server follows what is changed elsewhere.
    host.succeed("location create quay --name Quay");
    for _ in 0..100 {
        if roles() == serde_json::json!(["billing", "manager"]) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(roles(), serde_json::json!(["billing", "manager"]));

    // Ann has neither an address nor a password.
    assert_eq!(listed[0]["state"], "cannot sign in");
    let found = host.json("user review --reason cannot-sign-in");
    assert_eq!((&found[0]["name"], &found[0]["sources"][0]), (&"Ann".into(), &"entra".into()), "{found}");
    let command = found[0]["command"].as_str().unwrap().to_owned();
    assert_eq!(command, format!("lanyard user email {user} ADDRESS --organization riverside"));
    host.succeed(&command.replace("lanyard ", "").replace("ADDRESS", "ann@riverside.example"));
    assert_eq!(host.json("user review --reason cannot-sign-in"), serde_json::json!([]));
    assert_eq!(host.json("membership list")[0]["state"], "active");
    let audited = host.succeed("audit list --action assignment-creation");
    assert!(audited.contains("connection entra"), "{audited}");
    let wide = host.json("audit list --action assignment-creation");
    assert_eq!((&wide[0]["actor_kind"], &wide[0]["actor_name"]), (&"connection".into(), &"entra".into()), "{wide}");
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(20)).await.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_was_removed_keeps_its_name() {
    let host = riverside();
    let made = host.json("scim-token create entra");
    let mut server = Server::start(&host).await;
    let (client, url) = (reqwest::Client::new(), format!("{}/scim/v2/Users", server.address));
    let new = serde_json::json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann", "displayName": "Ann",
        "title": "Dr", "active": false,
    });
    let pushed = client.post(&url).bearer_auth(made["token"].as_str().unwrap()).json(&new).send().await.unwrap();
    assert_eq!(pushed.status(), 201);
    server.signal("TERM");
    assert!(server.ended(Duration::from_secs(20)).await.success());
    let listed = host.json("membership list");
    let (id, user) = (listed[0]["membership"].as_str().unwrap(), listed[0]["user"].as_str().unwrap());
    let told = |name: &str| {
        let shown = host.succeed(&format!("membership show {id}"));
        let disabled = shown.lines().find(|line| line.starts_with("disabled ")).unwrap_or_default();
        assert!(disabled.ends_with(&format!("Z by {name}")), "{shown}");
        assert!(shown.contains(&format!("{name}: ")) && !shown.contains("scn_"), "{shown}");
    };
    told("entra");
    host.succeed("scim-token remove entra");
    told("entra (removed)");
    let audited = host.succeed("audit list --organization riverside");
    assert!(audited.contains("connection entra") && !audited.contains("scn_"), "{audited}");
    let whole = host.succeed(&format!("user show {user}"));
    assert!(whole.contains("riverside (administrative, disabled 20"), "{whole}");
    let whole = host.json(&format!("user show {user}"));
    assert_eq!(whole["organizations"][0]["state"], "disabled", "{whole}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_tells_of_a_token_that_ends_soon() {
    let database = lanyard::storage::testing::postgres().await;
    for host in [Host::new(), Host::new().with("LANYARD_DATABASE__URL", &database.settings.url)] {
        let host = host.migrated();
        host.succeed("org create riverside --name Riverside");
        host.succeed("scim-token create roster --org riverside");
        assert!(host.run("doctor").out.contains("1 count, none ends within 30 days, not used yet: sct_"));
        host.succeed("scim-token create entra --org riverside --expires 20d");
        let said = host.run("doctor").out;
        let told = said.lines().find(|line| line.contains("SCIM tokens")).unwrap_or_default();
        assert!(told.contains("warn") && told.contains("nobody can push any more: entra of riverside (at "), "{said}");
        assert!(told.contains("lanyard scim-token rotate NAME"), "{said}");
    }
}
