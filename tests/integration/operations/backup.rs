//! `lanyard backup` and `lanyard restore`: what is lost with a host comes back on a clean one.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use lanyard::{
    app::{App, lock::Lock},
    audit::{Actor, Event},
    directory::user,
    id::UserId,
    storage::{self, Tx, sql, testing},
};

use super::Host;

const OLIVIA: &str = "usr_00000000000000000000000000000001";

/// Olivia is signed in, with a refresh token, a code, an opaque token and a mailed link.
const SIGNED_IN: [&str; 8] = [
    "INSERT INTO organizations (id, slug, name, created_at, version) \
     VALUES ('org_00000000000000000000000000000001', 'riverside', 'Riverside', 0, 0)",
    "INSERT INTO users (id, name, created_at, updated_at) VALUES ('usr_00000000000000000000000000000001', 'Olivia', 0, 0)",
    "INSERT INTO clients (id, name, token_endpoint_auth_method, first_party, grant_types, scopes, redirect_uris, \
     post_logout_redirect_uris, resources, id_token_signed_response_alg, access_token_signing_alg, \
     access_token_format, pkce_waived, introspects, created_at, updated_at) \
     VALUES ('calendar', 'Calendar', 'none', 1, '[]', '[]', '[]', '[]', '[]', 'RS256', 'RS256', 'jwt', 0, 'none', 0, 0)",
    "INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, \
     user_agent, address) VALUES ('s', '1', 'usr_00000000000000000000000000000001', 0, '', '', 0, 0, 1, '', '')",
    "INSERT INTO families (id, client_id, user_id, session_id, offline, scope, resources, auth_time, acr, amr, \
     created_at, expires_at) \
     VALUES ('f', 'calendar', 'usr_00000000000000000000000000000001', 's', 1, '', '[]', 0, '', '', 0, 1)",
    "INSERT INTO authorization_codes (hash, family_id, redirect_uri, created_at, expires_at) VALUES ('c', 'f', '', 0, 1)",
    "INSERT INTO access_tokens (hash, client_id, family_id, claims, expires_at) VALUES ('a', 'calendar', 'f', '{}', 1)",
    "INSERT INTO mailed_links (token_hash, user_id, purpose, created_at, expires_at) \
     VALUES ('l', 'usr_00000000000000000000000000000001', 'password', 0, 1)",
];

async fn sign_in(app: &App) {
    let written: storage::Result<()> = app
        .storage
        .write(|tx| {
            Box::pin(async move {
                for statement in SIGNED_IN {
                    sql(statement).execute(tx.connection()).await?;
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
}

async fn disable_olivia(app: &App) {
    let context = app.context(Actor::Host("ida".to_owned()));
    app.storage
        .write(move |tx| {
            Box::pin(async move { user::disable(tx, &context, &UserId::from_stored(OLIVIA.to_owned())).await })
        })
        .await
        .expect("disabled");
}

/// How many rows still let somebody in.
async fn doors(tx: &mut Tx) -> i64 {
    let row = sql("SELECT (SELECT COUNT(*) FROM sessions WHERE ended_at IS NULL OR end_reason <> 'restore') \
              + (SELECT COUNT(*) FROM families WHERE revoked_at IS NULL) \
              + (SELECT COUNT(*) FROM authorization_codes WHERE used_at IS NULL) \
              + (SELECT COUNT(*) FROM access_tokens WHERE revoked_at IS NULL) \
              + (SELECT COUNT(*) FROM mailed_links WHERE used_at IS NULL) AS n")
    .fetch_one(tx.connection())
    .await
    .unwrap();
    row.try_get("n").unwrap()
}

/// A host with a person who is signed in, and a backup of it.
async fn host_with_backup() -> Host {
    let host = Host::set_up();
    host.succeed("keys list");
    let app = host.app().await;
    sign_in(&app).await;
    app.storage.close().await;
    host.seal().await;
    let said = host.succeed("backup saved");
    assert!(said.contains("The master key is not in it"), "{said}");
    host
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_comes_back_on_a_clean_host() {
    let host = host_with_backup().await;
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(host.path("saved")), mode(host.path("saved/lanyard.db"))), (0o700, 0o600));
    assert!(!host.path("saved/master.key").exists());

    let clean = Host::new();
    copy_folder(&host.path("saved"), &clean.path("saved"));
    assert!(clean.fail("restore saved").contains("/keys/master.key first"));
    assert!(!clean.path("data").exists(), "a refused restore leaves nothing");
    copy_folder(&host.path("keys"), &clean.path("keys"));
    let said = clean.succeed("restore saved");
    assert!(said.contains("Everybody signs in again") && said.contains("Review by hand"), "{said}");

    let app = clean.app().await;
    let mut tx = app.storage.read().await.unwrap();
    assert_eq!(doors(&mut tx).await, 0);
    assert_eq!(tx.names_of_users(&[OLIVIA.to_owned()]).await.unwrap()[OLIVIA], "Olivia");
    drop(tx);
    app.storage.close().await;
    assert!(clean.succeed("audit verify").contains("The audit log is whole."));
    assert_eq!(clean.json("audit list --action chain-anchor").as_array().unwrap().len(), 1);
    assert!(clean.succeed("audit list --wide --action restore").contains("made by Lanyard"));
    assert_eq!(clean.json("keys list"), host.json("keys list"), "tokens are signed with the same keys");
    clean.seal().await;
    assert!(clean.succeed("audit verify").contains("The audit log is whole."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_over_a_database_keeps_it_and_names_who_left_since() {
    let host = host_with_backup().await;
    let app = host.app().await;
    disable_olivia(&app).await;
    assert!(host.fail("restore saved").contains("--force puts it aside"));
    assert!(host.fail("restore saved --force").contains("is in use: stop the server first"));
    app.storage.close().await;
    host.seal().await;
    let starting = Lock::of(&host.path("data/lanyard.db")).unwrap();
    assert!(host.fail("restore saved --force").contains("is served already"), "a server may start at any moment");
    drop(starting);

    let restored = host.json("restore saved --force");
    let leaver = &restored["undone"][0];
    assert_eq!((&leaver["action"], &leaver["name"]), (&"user-disabling".into(), &"Olivia".into()), "{restored}");
    assert_eq!(restored["voided"]["sessions"], 1);
    let lost = &restored["lost"][0];
    assert_eq!((&lost["chain"], &lost["from"], &lost["to"]), (&"server".into(), &2.into(), &2.into()), "{restored}");
    assert!(host.succeed("audit verify").contains("The audit log is whole."));
    assert!(host.succeed("audit list --wide --action chain-anchor").contains("links 2 to 2 were lost"));
    let names: Vec<String> =
        fs::read_dir(host.path("data")).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    for kept in ["lanyard.db.before-", "audit-heads.log.before-"] {
        assert_eq!(names.iter().filter(|name| name.starts_with(kept)).count(), 1, "{names:?}");
    }
    assert!(names.iter().all(|name| !name.contains("restoring")), "{names:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_outside_systems_that_ended_since_are_listed() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    host.succeed("scim-token create entra --org riverside");
    let okta = host.json("scim-token create okta --org riverside")["id"].as_str().unwrap().to_owned();
    host.seal().await;
    host.succeed("backup saved");
    host.succeed("scim-token create roster --org riverside");
    host.succeed("scim-token rotate entra --org riverside --overlap 0s");
    host.succeed(&format!("scim-token revoke {okta} --org riverside"));
    host.succeed("scim-token change okta --org riverside --read-only");
    host.seal().await;
    let restored = host.json("restore saved --force");
    let mut undone: Vec<&str> =
        restored["undone"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    undone.sort_unstable();
    // A token that follows no other one took nothing from anybody.
    let expected = ["connection-token-creation", "connection-token-revocation", "connection-update"];
    assert_eq!(undone, expected, "{restored}");
    assert_eq!(
        host.json("scim-token show okta --org riverside")["tokens"][0]["state"],
        "live",
        "it has to be done again"
    );
}

/// What becomes of the first emergency account.
#[derive(Clone, Copy)]
enum Turn {
    GetsKey,
    IsUsed,
}

async fn takes(host: &Host, turn: Turn) {
    let app = host.app().await;
    let context = app.context(Actor::Host("ida".to_owned()));
    let done: storage::Result<()> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let account = tx.emergency_accounts().all().await?.remove(0);
                match turn {
                    Turn::GetsKey => tx.emergency_accounts().set_up(&account.user, context.now).await?,
                    Turn::IsUsed => {
                        assert!(tx.emergency_accounts().spend(&account.user, context.now).await?);
                        let event = Event::EmergencyUse { user: account.user, slug: account.slug.to_string() };
                        tx.record(&context, Some(&account.organization), &event);
                    }
                }
                Ok(())
            })
        })
        .await;
    done.unwrap();
    app.storage.close().await;
    host.seal().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emergency_accounts_that_are_ready_again_are_named() {
    let host = Host::set_up();
    host.succeed("org create riverside --name Riverside");
    host.succeed("emergency create notary");
    host.succeed("emergency remove notary");
    host.succeed("emergency create safe");
    host.succeed("emergency create spare");
    takes(&host, Turn::GetsKey).await;
    host.succeed("backup saved");
    takes(&host, Turn::IsUsed).await;
    let restored = host.json("restore saved --force");
    assert_eq!(restored["emergency_accounts"], serde_json::json!(["safe --organization riverside"]), "{restored}");
    assert_eq!(restored["undone"][0]["action"], "emergency-use", "{restored}");
    host.succeed("emergency rotate safe --organization riverside");
    host.seal().await;
    assert!(host.succeed("restore saved --force").contains("lanyard emergency rotate safe --organization riverside"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_backup_or_another_master_key_changes_nothing() {
    let host = host_with_backup().await;
    let clean = Host::new();
    copy_folder(&host.path("saved"), &clean.path("saved"));
    clean.succeed("migrate");
    fs::remove_dir_all(clean.path("data")).unwrap();
    let (theirs, ours) = (clean.path("keys/master.key"), host.path("keys/master.key"));
    let said = clean.fail("restore saved");
    assert!(
        said.contains("the backup was sealed with the master key") && said.contains("lanyard keys rekey"),
        "{said}"
    );
    assert!(said.contains(&theirs.display().to_string()), "{said}");
    assert!(!clean.path("data").exists(), "nothing is left of a restore that failed");

    let mut bytes = fs::read(clean.path("saved/lanyard.db")).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(clean.path("saved/lanyard.db"), bytes).unwrap();
    assert!(clean.fail("restore saved").contains("lanyard.db is not what the manifest says"));
    assert!(clean.fail("restore nowhere").contains("is no backup"));

    // As the message says: the key of the backup as one more line, and everything opens.
    fs::remove_dir_all(clean.path("saved")).unwrap();
    copy_folder(&host.path("saved"), &clean.path("saved"));
    let both = fs::read_to_string(&theirs).unwrap() + &fs::read_to_string(&ours).unwrap();
    fs::write(&theirs, both).unwrap();
    clean.succeed("restore saved");
    clean.succeed("keys rekey --settle 0");
    assert_eq!(clean.json("keys list"), host.json("keys list"));
    assert_eq!(clean.run("restore").code, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_with_keys_needs_nothing_else() {
    let host = host_with_backup().await;
    assert!(host.fail("backup saved").contains("is there already"));
    let said = host.fail("backup none/of/these");
    assert!(
        said.contains("there is no folder /") && said.contains("none/of to put") && said.contains("install -d"),
        "{said}"
    );
    assert!(host.succeed("backup whole --with-keys").contains("IN this backup"));
    let clean = Host::new();
    copy_folder(&host.path("whole"), &clean.path("whole"));
    clean.succeed("restore whole");
    assert_eq!(clean.json("keys list"), host.json("keys list"));
    assert_eq!(fs::metadata(clean.path("keys/master.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(Host::new().fail("backup saved").contains("there is no database at /"));
}

fn postgres_program(name: &str) -> Command {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .expect("the Debian package postgresql is installed")
        .map(|entry| entry.expect("a folder").path())
        .collect();
    versions.sort();
    Command::new(versions.last().expect("a version").join("bin").join(name))
}

fn run(command: &mut Command) {
    let output = command.output().expect("the program runs");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_dump_comes_back_on_a_clean_server() {
    let (lost, clean) = (testing::postgres().await, testing::postgres().await);
    let host = Host::new().with("LANYARD_DATABASE__URL", &lost.settings.url).migrated();
    host.succeed("keys list");
    let app = host.app().await;
    sign_in(&app).await;
    fs::create_dir_all(host.path("data")).unwrap();
    host.seal().await;

    let said = host.fail("backup saved");
    assert!(said.contains("pg_dump --format=custom") && said.contains("--after-pg-restore"), "{said}");
    let dump = host.path("lanyard.dump");
    run(postgres_program("pg_dump").args(["--format=custom", "--file"]).arg(&dump).arg(&lost.settings.url));
    disable_olivia(&app).await;
    app.storage.close().await;
    host.seal().await;

    let next = Host::new().with("LANYARD_DATABASE__URL", &clean.settings.url);
    run(postgres_program("pg_restore").args(["--clean", "--if-exists", "--dbname", &clean.settings.url]).arg(&dump));
    assert!(next.fail("restore --after-pg-restore").contains("bring the master key back first"));
    copy_folder(&host.path("keys"), &next.path("keys"));
    copy_folder(&host.path("data"), &next.path("data"));
    let restored = next.json(&format!("restore --after-pg-restore --previous {}", lost.settings.url));
    assert_eq!(restored["voided"]["families"], 1);
    assert_eq!(restored["lost"][0]["chain"], "server", "{restored}");
    let actions: Vec<_> = restored["undone"].as_array().unwrap().iter().map(|undone| &undone["action"]).collect();
    assert_eq!(actions, ["user-disabling"]);

    let app = next.app().await;
    assert_eq!(doors(&mut app.storage.read().await.unwrap()).await, 0);
    app.storage.close().await;
    assert!(next.succeed("audit verify").contains("The audit log is whole."));
    assert!(next.fail("restore saved").contains("the configured database is PostgreSQL"));
}
