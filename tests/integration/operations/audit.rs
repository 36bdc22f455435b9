//! `lanyard audit`.

use lanyard::storage::Error;

use super::Host;

#[test]
fn reading_the_log_is_itself_recorded() {
    let host = Host::new();
    host.succeed("keys list");
    assert!(host.json("audit list --action audit-reading").as_array().unwrap().is_empty());
    let readings = host.json("audit list --action audit-reading --from 2020-01-01");
    let reading = &readings[0];
    assert_eq!(reading["detail"]["filter"], "action=audit-reading limit=100");
    assert_eq!((&reading["actor_kind"], &reading["actor_id"]), (&"host".into(), &"ida".into()));
}

#[test]
fn events_are_narrowed_down_and_paged() {
    let host = Host::new();
    host.succeed("keys list");
    let first = host.json("audit list --action key-change --limit 3");
    assert_eq!(first.as_array().unwrap().len(), 3);
    let last = first[2]["id"].as_str().unwrap();
    let second = host.json(&format!("audit list --action key-change --before {last}"));
    assert_eq!(second.as_array().unwrap().len(), 5, "four keys were published and activated");
    assert!(host.json("audit list --to 2020-01-01").as_array().unwrap().is_empty());
    assert!(host.succeed("audit list --limit 1").starts_with("AT"));
}

#[test]
fn what_does_not_exist_is_named() {
    let host = Host::new();
    assert!(host.fail("audit list --organization nowhere").contains("no organization `nowhere`"));
    assert!(host.fail("audit list --person nobody").contains("nobody signs in as `nobody`"));
    for wrong in ["--action sign-on", "--from yesterday", "--before usr_1", "--limit 0"] {
        assert_eq!(host.run(&format!("audit list {wrong}")).code, Some(2), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_log_is_found_and_an_untouched_one_is_whole() {
    let host = Host::new();
    host.succeed("keys list");
    host.seal().await;
    assert!(host.succeed("audit verify").contains("The audit log is whole."));

    let app = host.app().await;
    let changed = app.storage.write::<_, Error, _>(|tx| {
        Box::pin(async move {
            sqlx::query("UPDATE audit_events SET actor_id = 'nobody'").execute(tx.connection()).await?;
            Ok(())
        })
    });
    changed.await.unwrap();
    app.storage.close().await;
    let said = host.run("audit verify");
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("server link 1: an event was changed or exchanged"), "{}", said.out);
    assert!(said.err.contains("the audit log is not whole"), "{}", said.err);

    std::fs::remove_file(host.path("data/audit-heads.log")).unwrap();
    assert!(host.fail("audit verify").contains("the file of heads data/audit-heads.log is missing"));
}
