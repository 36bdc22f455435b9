//! `lanyard admin recover` and `lanyard recovery`: what the host's operator says and is told.

use lanyard::storage::{self, sql};

use super::Host;

const OLIVIA: &str = "olivia@riverside.example";

/// Riverside with its owner, who has an authenticator app.
async fn clinic() -> Host {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    host.succeed(&format!(
        "user create --name Olivia --email {OLIVIA} --organization riverside --kind administrative --role owner"
    ));
    assert!(host.fail(&format!("admin recover {OLIVIA}")).contains("has no second factor"));
    change(
        &host,
        "INSERT INTO factors (id, user_id, kind, name, sealed_secret, created_at, confirmed_at) \
                   SELECT 'fac_1', id, 'totp', 'Phone', name, 1, 1 FROM users",
    )
    .await;
    host
}

async fn change(host: &Host, statement: &'static str) {
    let app = host.app().await;
    let done: storage::Result<u64> =
        app.storage.write(move |tx| Box::pin(async move { sql(statement).execute(tx.connection()).await })).await;
    assert_eq!(done.expect("changed"), 1, "{statement}");
    app.storage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_alone_is_let_in_after_a_delay() {
    let host = clinic().await;
    let said = host.succeed(&format!("admin recover {OLIVIA}"));
    assert!(said.contains("is told, and can stop it") && said.contains("(in 24 h 0 min)"), "{said}");
    let waiting = host.json(&format!("admin recover {OLIVIA}"));
    assert_eq!((waiting["state"].as_str(), waiting["link"].as_str()), (Some("waiting"), None));
    assert!(host.succeed(&format!("admin recover {OLIVIA}")).starts_with("It waits."));
    // The day is over.
    change(&host, "UPDATE recoveries SET due_at = 1").await;
    let due = host.json(&format!("admin recover {OLIVIA}"));
    assert!(due["link"].as_str().is_some_and(|link| link.starts_with("http://localhost:8080/recovery/")), "{due}");
    let again = host.run(&format!("admin recover {OLIVIA}"));
    assert!(again.code == Some(1) && again.err.contains("was shown already"), "{again:?}");
    assert!(host.succeed(&format!("admin recover {OLIVIA} --cancel")).contains("nobody gets in by it"));
    assert!(host.fail(&format!("admin recover {OLIVIA} --cancel")).contains("still open"));
    assert!(host.fail("admin recover nobody@riverside.example").contains("there is no person"));
    let log = host.succeed("audit list --all");
    for action in ["recovery-request", "recovery-approval", "recovery-end"] {
        assert!(log.contains(action), "{action}: {log}");
    }
    let refused = host.run("admin recover olivia@riverside.example --reason ");
    assert_eq!(refused.code, Some(2), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_delay_is_configured_and_an_hour_at_least() {
    let host = clinic().await.with("LANYARD_RECOVERY__DELAY", "2h");
    assert!(host.succeed(&format!("admin recover {OLIVIA}")).contains("(in 2 h 0 min)"));
    let host = host.with("LANYARD_RECOVERY__DELAY", "59m");
    assert!(host.fail(&format!("admin recover {OLIVIA}")).contains("`59m` is out of bounds"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_asks_in_the_place_of_an_administrator() {
    let host = clinic().await;
    let request = format!("recovery request {OLIVIA} --reason Phone --organization riverside");
    assert!(host.fail(&request).contains("no address of this person is proved"));
    change(&host, "UPDATE users SET email_verified_at = 1").await;
    let listed = host.json(&request);
    let id = listed[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!((listed[0]["person"].as_str(), listed[0]["requested_by"].as_str()), (Some("Olivia"), None));
    assert!(host.fail(&request).contains("somebody has asked for this person already"));
    assert!(host.succeed("recovery list --organization riverside").contains("the host"));
    host.succeed("org create harbour --name Harbour");
    assert!(host.fail(&format!("recovery refuse {id} --organization harbour")).contains("still open"));
    host.succeed(&format!("recovery refuse {id} --organization riverside"));
    assert!(host.succeed("recovery list --organization riverside").contains("None."));
}
