//! `lanyard upstream`, as an operator uses it: a practice whose people are in OpenLDAP, by TLS, with a running server.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{Host, Server};
use crate::harness::slapd::{READER, SECRET, SUFFIX, Slapd, group, person};

/// Riverside, the settings of its directory in `staff.toml`, and the password of the account that reads it.
fn riverside(slapd: &Slapd, connection: &str) -> Host {
    let host = Host::new().with("LANYARD_OUTGOING__ALLOWED_NETWORKS", "127.0.0.0/8").migrated();
    host.succeed("org create riverside --name Riverside");
    host.succeed("org create harbour --name Harbour");
    host.succeed("domain add riverside.example --organization riverside");
    host.succeed("domain verify riverside.example --by-administrator --organization riverside");
    describe(&host, slapd, connection);
    std::fs::write(host.path("secret"), format!("{SECRET}\n")).unwrap();
    host.with("LANYARD_ORGANIZATION", "riverside")
}

fn describe(host: &Host, slapd: &Slapd, connection: &str) {
    let settings = format!(
        "preset = 'open-ldap'\n[connection]\nbind_dn = '{READER}'\n{connection}\n[people]\nbases = 'ou=people,{SUFFIX}'\n\
         [groups]\nbases = 'ou=groups,{SUFFIX}'\n[sync]\nevery = '10s'\n"
    );
    assert!(!slapd.address().is_empty());
    std::fs::write(host.path("staff.toml"), settings).unwrap();
}

fn staff() -> String {
    [
        person("ada", "Ada", "Okafor", "title: GP\n"),
        person("ben", "Ben", "Schmidt", ""),
        group("doctors", &["uid=ada,ou=people"]),
    ]
    .concat()
}

fn secure(slapd: &Slapd) -> String {
    format!("servers = 'ldaps://localhost:{}'\nauthorities = '''\n{}'''", slapd.tls_port, slapd.authority)
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_come_from_a_directory_and_a_leaver_follows_while_the_server_runs() {
    let slapd = Slapd::start(&staff(), "overlay syncprov");
    let host = riverside(&slapd, &secure(&slapd));
    let created = host.succeed("upstream create staff --settings staff.toml --secret-file secret");
    assert!(created.contains("paused") && created.contains("Nothing is read yet"), "{created}");
    let tried = host.succeed("upstream test staff");
    for expected in ["answers, by TLS", "told by RFC 4533", "2 found, that is all", "1 found, that is all"] {
        assert!(tried.contains(expected), "{expected}: {tried}");
    }
    let preview = host.succeed("upstream preview staff");
    for expected in ["+ person ada", "title: GP", "+ group  doctors", "Would bring 3", "Nothing was changed"] {
        assert!(preview.contains(expected), "{expected}: {preview}");
    }
    let ada = host.json("upstream preview staff --user ADA@riverside.example");
    assert_eq!((&ada["may_sign_in"], &ada["attributes"]["title"]), (&json!(true), &json!("GP")));
    assert_eq!(ada["groups"][0], json!({"name": "doctors", "here": "doctors", "roles": []}));
    assert!(host.fail("upstream preview staff --user *").contains("nobody there"));

    let server = Server::start(&host).await;
    assert!(host.succeed("upstream resume staff").contains("begins within seconds"));
    let active = || {
        let all = host.json("membership list");
        let mut names: Vec<String> = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|one| one["state"] == "active")
            .map(|one| one["email"].as_str().unwrap_or_default().to_owned())
            .collect();
        names.sort();
        names
    };
    let until = async |expected: &[&str]| {
        let begun = Instant::now();
        while active() != expected {
            assert!(
                begun.elapsed() < Duration::from_secs(40),
                "{:?} {}",
                active(),
                host.succeed("upstream show staff")
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    until(&["ada@riverside.example", "ben@riverside.example"]).await;
    slapd.change(&format!("dn: uid=ben,ou=people,{SUFFIX}\nchangetype: delete\n"));
    until(&["ada@riverside.example"]).await;
    let runs = host.json("upstream runs staff");
    assert_eq!((&runs[0]["departed"], &runs[0]["extent"]), (&json!(1), &json!("changes")), "{runs}");
    assert!(host.succeed("upstream errors staff").contains("None."));
    assert_eq!(host.json("upstream show staff")["state"], "live");
    drop(server);

    assert!(host.succeed("upstream pause staff").contains("not read any more"));
    assert!(host.run("doctor").out.contains("staff of riverside (paused since"));
    assert_eq!(
        host.succeed("upstream settings staff").trim(),
        std::fs::read_to_string(host.path("staff.toml")).unwrap().trim()
    );
    host.succeed("upstream remove staff");
    assert!(host.succeed("upstream list").contains("None."));
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let slapd = Slapd::start(&staff(), "");
    let host = riverside(&slapd, &secure(&slapd));
    let create = "upstream create staff --settings staff.toml --secret-file secret";
    let with = |connection: &str| describe(&host, &slapd, connection);

    with("servers = 'https://localhost'\ntimeout = '1h'");
    let wrong = host.fail(create);
    assert!(wrong.contains("connection.servers") && wrong.contains("connection.timeout"), "{wrong}");
    std::fs::write(host.path("staff.toml"), "preset = ").unwrap();
    host.fail(create);
    assert!(host.succeed("upstream list").contains("None."), "nothing was made");

    with(&format!("servers = 'ldaps://localhost:{}'", slapd.tls_port));
    host.succeed(create);
    assert!(host.fail(create).contains("there is an upstream `staff` already"));
    let mistyped = host.fail("upstream show staf");
    assert!(mistyped.contains("did you mean `staff`?"), "{mistyped}");
    let (known, unknown) = (
        host.fail("upstream show staff --organization harbour"),
        host.fail("upstream show other --organization harbour"),
    );
    assert_eq!(known.replace("staff", "X"), unknown.replace("other", "X"), "another practice learns nothing of it");

    let test = |connection: &str| {
        with(connection);
        host.succeed("upstream set staff --settings staff.toml");
        let said = host.run("upstream test staff");
        assert_eq!(said.code, Some(1), "{}", said.out);
        said.out
    };
    let tried = test(&format!("servers = 'ldaps://localhost:{}'", slapd.tls_port));
    assert!(tried.contains("✗ server") && tried.contains("connection.authorities"), "nobody vouches for it: {tried}");
    let tried = test("servers = ['ldap://localhost:1', 'ldap://192.0.2.1']");
    assert!(tried.contains("cannot be reached") && tried.contains("may this machine reach it"), "{tried}");
    with(&secure(&slapd));
    host.succeed("upstream set staff --settings staff.toml");
    std::fs::write(host.path("wrong"), "wrong").unwrap();
    host.succeed("upstream set staff --secret-file wrong");
    let tried = host.run("upstream test staff").out;
    assert!(tried.contains("name or the password is wrong") && tried.contains("--secret-file"), "{tried}");
    host.succeed("upstream set staff --secret-file secret");
    let start_tls = secure(&slapd)
        .replace("ldaps:", "ldap:")
        .replace(&slapd.tls_port.to_string(), slapd.address().rsplit(':').next().unwrap_or_default());
    describe(&host, &slapd, &format!("start_tls = true\n{start_tls}"));
    host.succeed("upstream set staff --settings staff.toml");
    assert!(host.succeed("upstream test staff").contains("answers, by TLS"), "TLS on the port without");
    for kind in ["active-directory", "open-ldap"] {
        assert!(host.succeed(&format!("upstream template {kind}")).contains("bind_dn"));
    }
}
