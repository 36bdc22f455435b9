//! Caches: every change of what they hold raises the counter that they are checked against, in the same commit. Triggers
//! watch the tables, so that a change which forgets it is found.

use lanyard::storage::{Error, Row, sql};
use serde_json::json;

use super::Host;

const DIRECTORY: &[&str] = &["directory"];
const POLICIES: &[&str] = &["directory", "policies"];
const CLIENTS: &[&str] = &["clients"];

/// What is kept in memory is read from these, and checked against these counters.
const WATCHED: [(&str, &[&str]); 25] = [
    ("assignments", DIRECTORY),
    ("attribute_rules", DIRECTORY),
    ("group_members", DIRECTORY),
    ("group_parents", DIRECTORY),
    ("group_roles", DIRECTORY),
    ("groups", DIRECTORY),
    ("identifiers", DIRECTORY),
    ("login_names", DIRECTORY),
    ("membership_permissions", DIRECTORY),
    ("memberships", DIRECTORY),
    ("users", DIRECTORY),
    ("locations", POLICIES),
    ("organizations", POLICIES),
    ("role_parents", POLICIES),
    ("role_permissions", POLICIES),
    ("roles", POLICIES),
    ("activations", CLIENTS),
    ("app_permissions", CLIENTS),
    ("app_role_templates", CLIENTS),
    ("client_roles", CLIENTS),
    ("client_secrets", CLIENTS),
    ("clients", CLIENTS),
    ("scim_connections", CLIENTS),
    ("scim_tokens", CLIENTS),
    ("signing_keys", &["keys"]),
];

fn trigger(table: &str, change: &str, counter: &str) -> String {
    // The lock of an organization is no change of it.
    let when = if (table, change) == ("organizations", "UPDATE") { "WHEN NEW.version = OLD.version" } else { "" };
    format!(
        "CREATE TRIGGER watch_{table}_{change}_{counter} AFTER {change} ON {table} {when} BEGIN \
         INSERT INTO watched (name, counter, revision) \
         SELECT '{table}', name, value FROM revisions WHERE name = '{counter}'; END"
    )
}

async fn watch(host: &Host) {
    let app = host.app().await;
    let mut statements =
        vec!["CREATE TABLE watched (name TEXT NOT NULL, counter TEXT NOT NULL, revision BIGINT NOT NULL)".to_owned()];
    for (table, counters) in WATCHED {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            statements.extend(counters.iter().map(|counter| trigger(table, change, counter)));
        }
    }
    let watched: Result<(), Error> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                for statement in statements {
                    tx.run(&statement).await?;
                }
                Ok(())
            })
        })
        .await;
    watched.expect("SQLite has triggers");
    app.storage.close().await;
}

/// The watched tables that were changed so far, and those of them that nobody was told of.
async fn changed(host: &Host) -> (Vec<String>, Vec<String>) {
    let app = host.app().await;
    let mut tx = app.storage.read().await.expect("the database reads");
    let query = "SELECT DISTINCT watched.name, revision >= value AS silent FROM watched \
                 JOIN revisions ON revisions.name = watched.counter";
    let rows = sql(query).fetch_all(tx.connection()).await.expect("rows");
    drop(tx);
    app.storage.close().await;
    let named = |row: &Row| row.try_get::<String>("name").expect("a name");
    let is_silent = |row: &&Row| row.try_get::<i64>("silent").expect("a number") != 0;
    (rows.iter().map(named).collect(), rows.iter().filter(is_silent).map(named).collect())
}

/// What changes everything that caches hold.
const COMMANDS: &[&str] = &[
    "location create north --name North",
    "location create main-street --name Main --in north",
    "location rename main-street Street",
    "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
    "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --no-role",
    "role assign practitioner@main-street priya@riverside.example",
    "role end practitioner@main-street priya@riverside.example",
    "role create clerk --name Clerk --permission lanyard:people:read",
    "role inherit clerk --from front_desk",
    "role assign clerk priya@riverside.example",
    "group create clinicians --name Clinicians",
    "group create gps --name GPs",
    "group nest gps --in clinicians",
    "group add gps priya@riverside.example",
    "group give clinicians inventory@main-street",
    "group drop gps priya@riverside.example",
    "group remove gps",
    "membership set priya@riverside.example profession=Physician",
    "membership deny priya@riverside.example lanyard:people:read",
    "location identify main-street provider_number 0123 --member priya@riverside.example",
    "user set priya@riverside.example name=Priya-P",
    "user user-name priya@riverside.example priya",
    "user password priya",
    "user disable priya",
    "user enable priya",
    "membership disable priya",
    "membership enable priya",
    "org rule riverside phone nobody",
    "org update riverside --accent #00aa66",
    "client create reports --name Reports --auth basic --organization riverside --grant client-credentials",
    "client give reports billing@main-street",
    "client take reports billing@main-street",
    "client secret add reports",
    "client disable reports",
    "client enable reports",
    "client create calendar --name Calendar --redirect-uri https://calendar.example/callback",
    "client declare calendar calendar.json",
    "client activate calendar --organization riverside",
    "client deactivate calendar --organization riverside",
    "scim-token create entra --role billing",
    "scim-token change entra --no-role",
    "scim-token rotate entra",
    "scim-token remove entra",
    "keys rotate",
    "membership remove priya",
    "user delete priya --yes",
    "org create harbour --name Harbour",
    "org disable harbour",
];

#[tokio::test]
async fn every_change_of_what_caches_hold_is_told_to_them() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    let role = json!({"slug": "clerk", "name": "Clerk", "permissions": ["calendar:slot:read"]});
    let declaration = json!({"permissions": {"calendar:slot:read": "Reads"}, "roles": [role]});
    std::fs::write(host.path("calendar.json"), declaration.to_string()).expect("written");
    watch(&host).await;
    let mut seen = std::collections::BTreeSet::new();
    for command in COMMANDS {
        host.succeed(command);
        let (touched, silent) = changed(&host).await;
        assert!(silent.is_empty(), "lanyard {command}: {silent:?} changed, and caches were not told");
        seen.extend(touched);
    }
    let never: Vec<_> = WATCHED.into_iter().filter(|(table, _)| !seen.contains(*table)).collect();
    assert!(never.is_empty(), "no command changed {never:?}: the list of commands proves nothing about them");
}
