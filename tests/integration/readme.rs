//! `README.md` is true: what it says of configuration, endpoints, claims, scopes and commands is what the code has.

use std::{
    collections::BTreeSet,
    process::{Command, Stdio},
};

use lanyard::{
    config::{Config, Sources},
    oauth::metadata::Metadata,
    setting::{ROWS, Row, SubjectKind},
};

const README: &str = include_str!("../../README.md");

/// The code blocks whose fence says `kind`.
fn blocks(kind: &str) -> Vec<&'static str> {
    let opening = format!("```{kind}\n");
    README.split(opening.as_str()).skip(1).map(|rest| rest.split("\n```").next().unwrap_or(rest)).collect()
}

/// What stands between backquotes in the table below `heading`.
fn quoted_below(heading: &str) -> BTreeSet<&'static str> {
    let section = README.split(heading).nth(1).unwrap_or_else(|| panic!("no heading {heading}"));
    let section = section.split("\n#").next().unwrap_or(section);
    section.lines().filter(|line| line.starts_with('|')).flat_map(|line| line.split('`').skip(1).step_by(2)).collect()
}

/// `section.key = value` of each line of TOML, without comments.
fn settings(toml: &str) -> BTreeSet<String> {
    let mut section = "";
    let mut found = BTreeSet::new();
    for line in toml.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name;
        } else if line.contains(" = ") {
            found.insert(format!("{section}.{}", line.split(" #").next().unwrap_or(line).trim_end()));
        }
    }
    found
}

#[test]
fn every_key_of_the_configuration_is_listed_with_its_default() {
    let [reference] = blocks("toml reference")[..] else { panic!("one block lists all keys") };
    let defaults = Config::describe(&Sources::none()).expect("the defaults are right");
    assert_eq!(settings(reference), settings(&defaults));
}

#[test]
fn examples_of_a_configuration_are_right() {
    for example in blocks("toml") {
        let file = tempfile::Builder::new().suffix(".toml").tempfile().expect("a temporary file");
        std::fs::write(file.path(), example).expect("written");
        let authority = tempfile::NamedTempFile::new().expect("a temporary file");
        let pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        std::fs::write(authority.path(), pem).expect("written");
        let sources = Sources::none()
            .with_file(file.path())
            .with("client_certificates.ca_file", authority.path().display().to_string())
            .with("mail.password", "not of the demo");
        assert!(Config::load(&sources).is_ok(), "{}\n{example}", Config::load(&sources).expect_err("wrong"));
    }
}

#[test]
fn every_endpoint_claim_and_scope_is_listed() {
    let config = Config::load(&Sources::none()).expect("the defaults are right");
    let issuer = config.server.issuer.as_str();
    let metadata = serde_json::to_value(Metadata::of(&config)).expect("metadata is JSON");
    let endpoints = quoted_below("### Endpoints");
    for (member, value) in metadata.as_object().expect("an object") {
        if member.ends_with("_endpoint") || member == "jwks_uri" {
            assert!(
                value.as_str().and_then(|url| url.strip_prefix(issuer)).is_some_and(|path| endpoints.contains(path)),
                "{member}: {value}"
            );
        }
    }
    let claims = quoted_below("## Claims");
    let listed = |name: &str| metadata[name].as_array().cloned().unwrap_or_default();
    for claim in listed("claims_supported") {
        assert!(claim.as_str().is_some_and(|name| claims.contains(name)), "{claim}");
    }
    for scope in listed("scopes_supported") {
        assert!(scope.as_str().is_some_and(|name| README.contains(&format!("`{name}`"))), "{scope}");
    }
}

#[test]
fn the_tokens_that_are_shown_hold_claims_of_the_table() {
    let claims = quoted_below("## Claims");
    let shown = blocks("json");
    assert_eq!(shown.len(), 2, "an access token and an ID token");
    for token in shown {
        let token: serde_json::Value = serde_json::from_str(token).expect("JSON");
        for name in token.as_object().expect("an object").keys() {
            assert!(claims.contains(name.as_str()), "{name}");
        }
    }
}

/// Runs each command of the page with `--help` behind it: names of commands and options are checked, nothing is done.
#[test]
fn every_command_exists() {
    let shell =
        "lanyard() { \"$LANYARD\" \"$@\" --help > /dev/null || { echo \"wrong: lanyard $*\"; wrong=1; }; }; wrong=0";
    let commands: Vec<String> = ["sh", "sh demo"]
        .into_iter()
        .flat_map(blocks)
        .map(|block| block.replace("\\\n", " "))
        .flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with("lanyard "))
        .collect();
    assert!(commands.len() > 10, "{commands:?}");
    // What they would write lies there, and goes with it.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = Command::new("sh")
        .current_dir(folder.path())
        .args(["-c", &format!("{shell}\n{}\nexit $wrong", commands.join("\n"))])
        .env("LANYARD", env!("CARGO_BIN_EXE_lanyard"))
        .stdin(Stdio::null())
        .output()
        .expect("sh runs");
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}{complained}");
}

/// A setting as the table of the page has it.
fn line(row: &Row) -> String {
    let subjects: Vec<&str> = row.subjects.iter().map(|kind| kind.name()).collect();
    let subjects = if subjects.len() == SubjectKind::ALL.len() { "all".to_owned() } else { subjects.join(", ") };
    format!("| `{}` | {} | {} | {} | {subjects} |", row.name, row.about, row.kind.stricter(), row.default)
}

#[test]
fn every_setting_of_policies_is_listed() {
    let section = README.split("\n## Policies\n").nth(1).expect("a section");
    let section = section.split("\n## ").next().unwrap_or(section);
    let listed: Vec<&str> = section.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(listed, ROWS.iter().map(line).collect::<Vec<_>>());
}

#[test]
fn every_file_that_it_links_is_there() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for link in README.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
        if !link.starts_with("http") && !link.starts_with('#') {
            assert!(root.join(link).exists(), "{link}");
        }
    }
}
