//! `lanyard audit`.

use lanyard::storage::{Error, sql};

use super::{Host, account};

#[test]
fn reading_the_log_is_itself_recorded() {
    let host = Host::set_up();
    host.succeed("keys list");
    assert!(host.json("audit list --action audit-reading").as_array().unwrap().is_empty());
    let readings = host.json("audit list --action audit-reading --from 2020-01-01");
    let reading = &readings[0];
    assert_eq!(reading["detail"]["filter"], "action=audit-reading limit=100");
    assert_eq!((&reading["actor_kind"], &reading["actor_id"]), (&"host".into(), &account().into()));
}

#[test]
fn events_are_narrowed_down_and_paged() {
    let host = Host::set_up();
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
fn a_line_fits_a_terminal_and_holds_names_for_ids() {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "user create --name Priya --email priya@riverside.example --kind practitioner",
        "role create a-role-with-a-very-long-name --name Long --permission lanyard:people:read",
        "org create harbour-physiotherapy-and-rehabilitation --name Harbour",
    ] {
        host.succeed(command);
    }
    let listed = host.succeed("audit list");
    for line in listed.lines() {
        assert!(line.chars().count() <= 120 && !line.contains("usr_") && !line.contains("org_"), "{line}");
    }
    let joined = listed.lines().find(|line| line.contains("membership-creation")).expect("listed");
    let actor = format!("host {}", account());
    for part in ["success", actor.as_str(), "Priya", "riverside", "kind=practitioner"] {
        assert!(joined.contains(part), "{part} in {joined}");
    }
    let wide = host.succeed("audit list --wide --action membership-creation");
    let recorded = &host.json("audit list --action membership-creation")[0];
    for key in ["id", "person_id", "chain"] {
        assert!(wide.contains(recorded[key].as_str().unwrap()), "{key} in {wide}");
    }
}

#[test]
fn what_does_not_exist_is_named() {
    let host = Host::set_up();
    assert!(host.fail("audit list --organization nowhere").contains("no organization `nowhere`"));
    assert!(host.fail("audit list --person nobody").contains("nobody signs in as `nobody`"));
    for wrong in ["--action sign-on", "--from yesterday", "--before usr_1", "--limit 0"] {
        assert_eq!(host.run(&format!("audit list {wrong}")).code, Some(2), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_log_is_found_and_an_untouched_one_is_whole() {
    let host = Host::set_up();
    host.succeed("keys list");
    let said = host.succeed("audit verify");
    assert!(said.contains("not sealed yet: no server runs, and the next start seals them"), "{said}");
    host.seal().await;
    let said = host.succeed("audit verify");
    assert!(said.contains("The audit log is whole.") && !said.contains("not sealed"), "{said}");

    let app = host.app().await;
    let changed = app.storage.write::<_, Error, _>(|tx| {
        Box::pin(async move {
            sql("UPDATE audit_events SET actor_id = 'nobody'").execute(tx.connection()).await?;
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
