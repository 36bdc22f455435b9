//! `lanyard doctor`.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    time::{Duration, Instant},
};

use lanyard::{geography::testing as geography, storage::testing};
use serde_json::Value;

use super::Host;

/// What the doctor says of one check; the exit code is beside it.
fn look(host: &Host, check: &str) -> (Option<i32>, String) {
    let said = host.run("doctor --json");
    let findings: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{}{}", said.out, said.err));
    let of_check = findings.as_array().unwrap().iter().filter(|finding| finding["check"] == check);
    let worst =
        of_check.max_by_key(|finding| ["ok", "warn", "fail"].iter().position(|state| finding["state"] == *state));
    (said.code, worst.map(ToString::to_string).unwrap_or_default())
}

fn assert_found(host: &Host, code: i32, check: &str, parts: [&str; 2]) {
    let (found_code, found) = look(host, check);
    assert_eq!(found_code, Some(code), "{found}");
    assert!(parts.iter().all(|part| found.contains(part)), "{parts:?} in {found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_host_is_told_what_its_first_start_makes() {
    let host = Host::new();
    assert_found(&host, 0, "database", ["there is none at /", "--config"]);
    assert_found(&host, 0, "master key", ["is not there", "the first start"]);
    assert!(!host.path("data/lanyard.db").exists() && !host.path("keys").exists(), "the doctor makes nothing");
    host.succeed("migrate");
    host.succeed("keys list");
    host.seal().await;
    let said = host.succeed("doctor");
    for line in [
        "ok    database       SQLite, up to date",
        "ok    clock",
        "ok    keys           4 signing keys open",
        "ok    jobs",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert!(said.contains("warn  address") && said.contains("→ for real use set `server.issuer`"), "{said}");
}

#[test]
fn the_file_of_countries_is_looked_at() {
    let host = Host::new();
    assert_eq!(look(&host, "countries").1, "", "nobody needs one");
    let host = host.with("LANYARD_POLICY__NETWORK__COUNTRIES", "DK");
    assert_found(&host, 1, "countries", ["[policy] network.countries", "[network] countries"]);
    let file = host.path("countries.mmdb");
    let host = host.with("LANYARD_NETWORK__COUNTRIES", file.to_str().unwrap());
    for (content, code, says) in [
        (None, 1, "countries.mmdb"),
        (Some(b"no database".to_vec()), 1, "countries.mmdb"),
        // It says of itself that it was made in 1970.
        (Some(geography::file(&[("192.0.2.0/24", "DK")])), 0, "a newer file"),
    ] {
        if let Some(content) = &content {
            fs::write(&file, content).unwrap();
        }
        assert_found(&host, code, "countries", [says, "countries"]);
        let checked = host.run("config check");
        assert_eq!(checked.code == Some(0), code == 0, "{}", checked.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_broken_is_named_with_what_to_do() {
    let host = Host::new().with("LANYARD_MAIL__FOLDER", "/proc/none").migrated();
    host.succeed("keys list");
    host.seal().await;
    assert_found(&host, 1, "mail", ["cannot be written", "[mail]"]);

    let host = Host::set_up();
    host.succeed("keys list");
    host.seal().await;
    let key = host.path("keys/master.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
    assert_found(&host, 0, "master key", ["by its group", "chmod 600"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_found(&host, 1, "master key", ["everyone", "chmod 600"]);
    fs::remove_file(&key).unwrap();
    assert_found(&host, 1, "master key", ["is not there", "put your copy of it back"]);
    assert!(!key.exists());
    fs::write(&key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    assert_found(&host, 1, "keys", ["sealed with master key", "put the master key back"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_behind_its_heads_is_told_to_be_restored_properly() {
    let host = Host::set_up();
    host.succeed("keys list");
    host.seal().await;
    fs::copy(host.path("data/lanyard.db"), host.path("old.db")).unwrap();
    host.succeed("keys rotate");
    host.seal().await;
    assert_found(&host, 0, "audit", ["\"ok\"", "1 chains"]);
    fs::copy(host.path("old.db"), host.path("data/lanyard.db")).unwrap();
    assert_found(&host, 1, "audit", ["older than its file of heads", "restore"]);
    fs::remove_file(host.path("data/audit-heads.log")).unwrap();
    assert_found(&host, 1, "audit", ["is missing", "from a backup"]);
    fs::write(host.path("data/lanyard.db"), "no database").unwrap();
    assert_found(&host, 1, "database", ["not a database", "database.url"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_configuration_is_the_first_finding() {
    let host = Host::new().with("LANYARD_SERVER__ISSUER", "http://id.clinic.example");
    assert_found(&host, 1, "configuration", ["must be https", "nothing else is checked"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_the_clocks_are_compared() {
    let database = testing::postgres().await;
    let host = Host::new().with("LANYARD_DATABASE__URL", &database.settings.url).migrated();
    fs::create_dir_all(host.path("data")).unwrap();
    host.succeed("keys list");
    host.seal().await;
    assert_found(&host, 0, "clock", ["ms from the clock of the database", "\"ok\""]);
    assert_found(&host, 0, "database", ["PostgreSQL, up to date", "collation C"]);
    let host = Host::new().with("LANYARD_DATABASE__URL", "postgres://lanyard@127.0.0.1:1/none");
    let began = Instant::now();
    assert_found(&host, 1, "database", ["refused", "check `database.url`"]);
    assert!(began.elapsed() < Duration::from_secs(10), "it says so at once: {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organization_that_is_named_and_is_not_there_is_told() {
    let host = Host::set_up().with("LANYARD_REGISTRATION__DOCUMENT_ORGANIZATIONS", "nowhere");
    host.succeed("keys list");
    host.seal().await;
    assert_found(&host, 0, "registration", ["names nowhere: no such organization", "warn"]);
}
