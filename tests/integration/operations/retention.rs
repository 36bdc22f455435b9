//! `lanyard membership hold` and what it does to `lanyard user delete`.

use serde_json::Value;

use super::Host;

const TESS: &str = "tess@harbour.example";

/// Harbour with Noor, its owner, and Tess, who belongs to Riverside as well.
fn harbour() -> Host {
    let host = Host::set_up();
    for command in [
        "org create harbour --name Harbour",
        "user create --name Noor --email noor@harbour.example --organization harbour --kind administrative --role owner",
        "user create --name Tess --email tess@harbour.example --organization harbour --kind administrative --role billing",
        "org create riverside --name Riverside",
        "membership add tess@harbour.example --kind administrative --no-role --organization riverside",
    ] {
        host.succeed(command);
    }
    host
}

fn hold(host: &Host, terms: &str) -> String {
    let held = host.json(&format!("membership hold set {TESS} --organization harbour {terms}"));
    held.as_array().unwrap().last().unwrap()["hold"].as_str().unwrap().to_owned()
}

#[test]
fn a_hold_is_set_shown_and_released_and_an_erasure_waits_for_it() {
    let host = harbour();
    let first = hold(&host, "--reason complaint-17");
    let second = hold(&host, "--reason inspection --until 2999-06-30");
    let listed = host.json("membership hold list --organization harbour");
    let of = |key: &str| listed.as_array().unwrap().iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("hold"), [first.as_str(), &second]);
    assert_eq!(of("reason"), ["complaint-17", "inspection"]);
    assert_eq!(of("until"), [Value::Null, "2999-06-30T00:00:00Z".into()]);
    let by = format!("host:{}", super::account());
    assert_eq!(of("by"), [by.as_str(), &by]);
    let table = host.succeed(&format!("membership hold list {TESS} --organization harbour"));
    assert!(table.starts_with("HOLD ") && table.contains("Tess") && table.contains("inspection"), "{table}");
    assert_eq!(host.json("membership hold list --organization riverside"), Value::Array(vec![]));

    let nothing = host.succeed(&format!("membership hold show {TESS} --organization harbour"));
    assert!(nothing.contains("no membership here ended"), "{nothing}");
    host.succeed(&format!("membership remove {TESS} --organization harbour"));
    let shown = host.json(&format!("membership hold show {TESS} --organization harbour"));
    assert_eq!(shown["memberships"][0]["content"]["roles"][0]["role"], "billing");
    let kept_at = shown["memberships"][0]["kept_at"].as_str().unwrap_or_default();
    assert!(kept_at.starts_with("20") && kept_at.ends_with('Z'), "{shown}");
    let lines = host.succeed(&format!("membership hold show {TESS} --organization harbour"));
    assert!(lines.contains("Tess") && lines.contains("billing"), "{lines}");

    let refused = host.fail(&format!("user delete {TESS} --yes"));
    for part in ["not erased", "Harbour (harbour)", "--organization harbour", "--once-released"] {
        assert!(refused.contains(part), "{part}: {refused}");
    }
    assert!(!refused.contains("complaint"), "{refused}");
    // Riverside may not erase somebody of two organizations, and learns of no hold.
    let other = host.fail(&format!("user delete {TESS} --yes --organization riverside"));
    assert!(!other.contains("Harbour") && !other.contains("hold"), "{other}");
    let seen = host.json(&format!("user show {TESS} --organization riverside"));
    assert_eq!((&seen["held_by"], &seen["to_be_erased_since"]), (&Value::Array(vec![]), &Value::Null));

    let asked = host.succeed(&format!("user delete {TESS} --yes --once-released"));
    assert!(asked.contains("disabled") && asked.contains("Harbour (harbour)"), "{asked}");
    let shown = host.json(&format!("user show {TESS}"));
    assert_eq!(shown["held_by"], serde_json::json!(["harbour"]));
    assert!(shown["disabled_at"].is_string() && shown["to_be_erased_since"].is_string(), "{shown}");
    let text = host.succeed(&format!("user show {TESS}"));
    assert!(text.contains("to be erased when the last hold ends") && text.contains("record held by"), "{text}");

    let user = shown["id"].as_str().unwrap();
    let left = host.json(&format!("membership hold release {first} --organization harbour"));
    assert_eq!(left.as_array().unwrap().iter().filter(|one| one["ended_at"].is_null()).count(), 1);
    assert!(host.json(&format!("user show {user}"))["deleted_at"].is_null(), "the second one lasts");
    let last = host.succeed(&format!("membership hold release {second} --organization harbour"));
    assert!(last.contains("The person is erased"), "{last}");
    assert!(host.json(&format!("user show {user}"))["deleted_at"].is_string());
    let ended = host.json("membership hold list --ended --organization harbour");
    assert_eq!(ended[0]["reason"], "", "{ended}");
    let actions = host.json("audit list --organization harbour --action retention-hold-release");
    assert_eq!(actions.as_array().unwrap().len(), 2);
}

#[test]
fn what_is_typed_wrongly_is_refused_with_a_reason() {
    let host = harbour();
    let ended = hold(&host, "--reason over");
    host.succeed(&format!("membership hold release {ended} --organization harbour"));
    for (command, code, says) in [
        (format!("set {TESS}"), 2, "--reason"),
        (format!("set {TESS} --reason \u{a0}"), 2, "must not be empty"),
        (format!("set {TESS} --reason x --until soon"), 2, "--until"),
        (format!("set {TESS} --reason x --until 2020-01-01"), 1, "later than now"),
        ("set nobody@harbour.example --reason x".to_owned(), 1, "there is no person"),
        ("set mem_01a20000000070000000000000000000 --reason x".to_owned(), 1, "there is no member"),
        (format!("release {ended}"), 1, "ended already"),
        ("release hld_01a20000000070000000000000000000".to_owned(), 1, "there is no hold"),
        ("release complaint".to_owned(), 2, "hld_"),
    ] {
        let said = host.run(&format!("membership hold {command} --organization harbour"));
        assert_eq!(said.code, Some(code), "{command}: {}", said.err);
        assert!(said.err.contains(says), "{command}: {}", said.err);
    }
    let user = host.json(&format!("user show {TESS}"))["id"].as_str().unwrap().to_owned();
    host.succeed(&format!("user delete {TESS} --yes"));
    let erased = host.fail(&format!("membership hold set {user} --reason x --organization harbour"));
    assert!(erased.contains("is erased"), "{erased}");
    let twice = host.run(&format!("user delete {user} --yes"));
    assert_eq!(twice.code, Some(1), "{}", twice.err);
}
