//! The shape of the house: what a file may import, and how long it may be.
//!
//! The rules, checked for every file under `src/`:
//! 1. A module imports only modules declared above it in `lib.rs`.
//! 2. A library comes in through its doors only ([`DOORS`]): axum in endpoint files, SQL in store files, …
//! 3. A file has at most [`LONGEST_FILE`] lines before its tests.
//!
//! Paths are read from the source text (see [`source`]): a mention in a comment or a string is none.

mod source;

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where a library, or a thing of ours, may be named: a module with all below it; `*` stands for any modules above.
const DOORS: &[(&str, &[&str])] = &[
    ("axum", &["*::endpoint", "*::page", "web", "demo", "server"]),
    ("crate::storage::sql", &["*::store", "storage"]),
    ("rusqlite", &["storage"]),
    ("sqlx", &["storage"]),
    ("lettre", &["mail"]),
    ("jiff", &["setting::schedule"]),
    ("oxide_auth", &["oauth::grant"]),
    ("qrcode", &["web::qr"]),
    ("openidconnect", &["demo", "federation::oidc"]),
    ("samael", &["saml"]),
    ("ldap3", &["ldap::connection"]),
    ("webauthn_rs", &["authentication::factor::passkey"]),
    ("maxminddb", &["geography"]),
    ("totp_rs", &["authentication::factor::totp"]),
    ("zxcvbn", &["policy::password::strength"]),
    ("unicode_security", &["policy::password::fold"]),
    ("cedar_policy", &["permission::cedar"]),
];

/// Lines of a file before `#[cfg(test)]`.
const LONGEST_FILE: usize = 400;

#[test]
fn every_file_keeps_to_the_architecture() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let order = module_order(&read(&root.join("lib.rs")));
    let broken: Vec<String> = rust_files(&root)
        .iter()
        .flat_map(|file| {
            let name = file.strip_prefix(&root).expect("files lie under src").to_string_lossy().into_owned();
            violations(&order, &name, &read(file))
        })
        .collect();

    assert!(order.len() > 3, "lib.rs declares its modules one per line");
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

/// An event that nothing records would be missed by whoever looks for it in the audit log.
#[test]
fn every_event_is_recorded_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let events = read(&root.join("audit/event.rs"));
    let declared = events.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("    ")?.split_once(" \"")?;
        (name.starts_with(char::is_uppercase) && rest.contains(" { ")).then_some(name)
    });
    let declared: Vec<&str> = declared.collect();
    assert!(declared.len() > 40, "{declared:?}");
    let outside = |file: &PathBuf| !file.starts_with(root.join("audit"));
    let code: String = rust_files(&root).iter().filter(|file| outside(file)).map(|file| read(file)).collect();
    let silent: Vec<_> = declared.into_iter().filter(|name| !code.contains(&format!("Event::{name} {{"))).collect();
    assert!(silent.is_empty(), "{silent:?}");
}

/// What the file `name` (relative to `src/`) breaks, one sentence each.
fn violations(order: &[String], name: &str, text: &str) -> Vec<String> {
    let module = module_of(name);
    let mut broken = vec![];
    for path in source::paths(&module, text) {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["crate", "*", ..] => broken.push(format!("{name} imports the whole crate")),
            ["crate", used, ..] if is_below(order, used, &module) => {
                broken.push(format!("{name} imports {used}, which lib.rs declares below it"));
            }
            path if !may_open(path, &module) => {
                broken.push(format!("{name} imports {}, which is not its door", path.join("::")));
            }
            _ => {}
        }
    }
    let lines = lines_before_tests(name, text);
    if lines > LONGEST_FILE {
        broken.push(format!("{name} has {lines} lines before its tests, more than {LONGEST_FILE}"));
    }
    broken.dedup();
    broken
}

/// Modules as `lib.rs` declares them, from top to bottom.
fn module_order(lib: &str) -> Vec<String> {
    lib.lines()
        .map(|line| line.trim().trim_start_matches("pub ").trim_start_matches("pub(crate) "))
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// `oauth/grant/mod.rs` → `[oauth, grant]`; `lib.rs` and `main.rs`, which stand above all, have no module.
fn module_of(name: &str) -> Vec<String> {
    let mut module: Vec<String> = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if module.last().is_some_and(|last| last == "mod") || matches!(name, "lib.rs" | "main.rs") {
        module.pop();
    }
    module
}

fn is_below(order: &[String], used: &str, module: &[String]) -> bool {
    let rank = |wanted: &str| order.iter().position(|declared| declared == wanted);
    let own = module.first().and_then(|first| rank(first));
    matches!((own, rank(used)), (Some(own), Some(used)) if used > own)
}

fn may_open(path: &[&str], module: &[String]) -> bool {
    let leads_to = |name: &str| name.split("::").enumerate().all(|(at, part)| path.get(at) == Some(&part));
    let Some((_, doors)) = DOORS.iter().find(|(name, _)| leads_to(name)) else { return true };
    doors.iter().any(|door| match door.strip_prefix("*::") {
        Some(anywhere) => module.iter().any(|part| part == anywhere),
        None => starts_with(module, door),
    })
}

fn starts_with(module: &[String], door: &str) -> bool {
    door.split("::").enumerate().all(|(at, part)| module.get(at).is_some_and(|own| own == part))
}

fn lines_before_tests(name: &str, text: &str) -> usize {
    if name.ends_with("tests.rs") {
        return 0;
    }
    text.lines().take_while(|line| *line != "#[cfg(test)]").count()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("src can be listed");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("src can be listed").path()).collect();
    paths.sort();
    let (folders, files): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| path.is_dir());
    let files = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    files.chain(folders.iter().flat_map(|folder| rust_files(folder))).collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).expect("a source file is readable text")
}

#[test]
fn a_broken_rule_is_found() {
    let order = module_order("//! Lanyard\npub mod clock;\npub mod storage;\n// oauth\nmod oauth;\npub mod server;\n");
    assert_eq!(order, ["clock", "storage", "oauth", "server"]);

    let cases: &[(&str, &str, &[&str])] = &[
        ("clock.rs", "use crate::storage::Pool;", &["storage"]),
        (
            "clock.rs",
            "use crate::{storage, oauth::{self, grant::{code, refresh}}, server::{run}};",
            &["storage", "oauth", "server"],
        ),
        ("clock.rs", "fn f() { crate::oauth::Client::new::<crate::server::State>(); }", &["oauth", "server"]),
        ("clock.rs", "use super::oauth::Client;", &["oauth"]),
        ("clock.rs", "mod tests { use super::super::oauth; }", &["oauth"]),
        ("storage/pool.rs", "use super::super::{server};", &["server"]),
        ("clock.rs", "use crate::*;", &["whole crate"]),
        ("oauth/token.rs", "use axum::Router;", &["axum"]),
        ("oauth/token.rs", "fn f(p: ::sqlx::PgPool) {} use axum as web;", &["sqlx", "axum"]),
        ("oauth/endpoint/token.rs", "use {axum::Router, sqlx::Row};", &["sqlx"]),
        ("oauth/store/token.rs", "use crate::storage::{Row, sql}; use axum::Json;", &["axum"]),
        ("oauth/token.rs", "use crate::storage::{Tx, sql};", &["crate::storage::sql"]),
        ("storage/postgres.rs", "use sqlx::{Row, postgres::{PgRow}}; use rusqlite::Error;", &[]),
        ("oauth/client.rs", "use oxide_auth::primitives; use lettre::Message;", &["oxide_auth", "lettre"]),
        ("oauth/grant.rs", "use openidconnect::Nonce;", &["openidconnect"]),
        ("clock.rs", &"//\n".repeat(401), &["401 lines"]),
        // What is allowed:
        ("server.rs", "use crate::{clock, oauth::{endpoint}}; use axum::Router;", &[]),
        ("main.rs", "use crate::server;", &[]),
        ("oauth/grant/code.rs", "use oxide_auth::code_grant; use super::{store, super::super::storage};", &[]),
        ("oauth/endpoint/mod.rs", "use axum::Json;", &[]),
        ("oauth/store/mod.rs", "use sqlx::Row; use crate::storage::Transaction;", &["sqlx"]),
        ("clock.rs", "mod tests { use super::{oauth, server}; }", &[]),
        ("clock.rs", "//! [`crate::server`]\n/* crate::oauth /* sqlx:: */ axum:: */ fn f() {}", &[]),
        ("clock.rs", r##"const A: &str = "crate::oauth \" axum::"; const B: &str = r#"sqlx:: " "#;"##, &[]),
        ("clock.rs", "fn f<'a>(quote: char) -> bool { quote == '\"' || quote == '\\'' } // \" crate::oauth", &[]),
        ("clock.rs", &format!("{}#[cfg(test)]\n{}", "//\n".repeat(400), "//\n".repeat(400)), &[]),
    ];
    for (name, text, expected) in cases {
        let found = violations(&order, name, text);
        let shown: String = text.chars().take(100).collect();
        assert_eq!(found.len(), expected.len(), "{name}: {shown}\n{found:?}");
        for (found, expected) in found.iter().zip(*expected) {
            assert!(found.contains(expected), "{name}: {shown}\n{found}");
        }
    }
}
