//! `lanyard config`.

use std::fs;

use super::Host;

#[test]
fn a_wrong_configuration_is_told_with_what_to_write_instead() {
    let host = Host::new();
    let said = host.succeed("config check");
    assert!(said.starts_with("There is no lanyard.toml here, and none is named"), "{said}");
    fs::write(host.path("lanyard.toml"), "[session]\nidle = \"30m\"\n").unwrap();
    assert_eq!(host.succeed("config check"), "The configuration is right: lanyard.toml.\n");
    fs::write(host.path("lanyard.toml"), "[server]\nissuer = \"http://id.clinic.example\"\nlisen = []\n").unwrap();
    let said = host.run("config check");
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("unknown key `server.lisen`; did you mean `server.listen`?"), "{}", said.out);
    assert!(said.out.contains("write `https://id.clinic.example`"), "{}", said.out);
    assert!(said.err.contains("2 problems"), "{}", said.err);
    let said = host.run("config check --json");
    let problems: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(problems["problems"].as_array().unwrap().len(), 2);
    assert!(!host.path("data").exists(), "looking at the configuration makes nothing");
}

#[test]
fn a_list_of_known_passwords_that_is_none_is_told() {
    let host = Host::new();
    fs::write(host.path("lanyard.toml"), "[password]\nknown_passwords = \"known.txt\"\n").unwrap();
    let (one, other) = ("0".repeat(40), "F".repeat(40));
    for (text, expected) in [
        (None, "cannot be read"),
        (Some(String::new()), "has no SHA-1 at byte 0"),
        (Some("password\n".to_owned()), "has no SHA-1 at byte 0"),
        (Some(format!("{other}:1\n{one}:2\n")), "is not sorted"),
    ] {
        if let Some(text) = text {
            fs::write(host.path("known.txt"), text).unwrap();
        }
        let said = host.run("config check");
        assert!(said.code == Some(1) && said.out.contains(expected), "{}", said.out);
    }
    fs::write(host.path("known.txt"), format!("{one}:2\n{other}:1\n")).unwrap();
    assert_eq!(host.succeed("config check"), "The configuration is right: lanyard.toml.\n");
}

#[test]
fn every_value_is_shown_with_its_place_and_no_secret() {
    let host = Host::new().with("LANYARD_DATABASE__URL", "postgres://lanyard:hunter2@db/lanyard");
    let text = host.succeed("config show");
    assert!(text.contains("postgres://lanyard:***@db/lanyard") && !text.contains("hunter2"), "{text}");
    assert!(text.contains("[session]") && text.contains("# default"), "{text}");
    assert_eq!(host.json("config show")["server"]["issuer"], "http://localhost:8080");
    let defaults = host.succeed("config show --defaults");
    assert!(defaults.contains("sqlite:data/lanyard.db"), "{defaults}");
    fs::write(host.path("lanyard.toml"), defaults).unwrap();
    assert!(host.succeed("config check").contains("right"), "the defaults are a configuration");
}
