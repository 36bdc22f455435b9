//! Commands where nothing was set up: they say where they looked, and make nothing.

use std::{fs, os::unix::fs::PermissionsExt as _};

use lanyard::storage::{Error, sql, testing};

use super::Host;

/// One of every kind that opens the database.
const COMMANDS: [&str; 14] = [
    "org create riverside --name Riverside",
    "org list",
    "location list",
    "user list",
    "user create --name Priya --email priya@riverside.example",
    "membership list",
    "role list",
    "group list",
    "invitation list",
    "domain list",
    "client list",
    "keys list",
    "audit list",
    "backup saved",
];

fn files(host: &Host) -> Vec<String> {
    let entries = fs::read_dir(host.path("")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn a_command_in_a_wrong_folder_makes_nothing_and_says_where_it_looked() {
    let host = Host::new();
    let place = host.path("data/lanyard.db").canonicalize().unwrap_or_else(|_| host.path("data/lanyard.db"));
    for command in COMMANDS {
        let said = host.fail(command);
        for part in [place.to_str().unwrap(), "`database.url`", "--config", "LANYARD_CONFIG", "lanyard migrate"] {
            assert!(said.contains(part), "{part} in lanyard {command}: {said}");
        }
        assert_eq!(files(&host), [""; 0], "lanyard {command}");
    }
    let said = host.succeed("migrate");
    assert!(said.contains(place.to_str().unwrap()), "{said}");
    assert!(said.contains("keys/master.key: keep a copy"), "{said}");
    host.succeed("org create riverside --name Riverside");
}

#[test]
fn a_file_that_is_not_of_lanyard_stays_as_it_is() {
    let host = Host::new();
    fs::create_dir(host.path("data")).unwrap();
    let file = host.path("data/lanyard.db");
    // One page of somebody else's database: the header of SQLite without a write-ahead log, and an empty schema.
    let mut foreign = vec![0; 4096];
    foreign[..16].copy_from_slice(b"SQLite format 3\0");
    foreign[16..24].copy_from_slice(&[0x10, 0, 1, 1, 0, 64, 32, 32]);
    foreign[28..32].copy_from_slice(&1_u32.to_be_bytes());
    foreign[47] = 4;
    foreign[59] = 1;
    foreign[100] = 13;
    foreign[105] = 16;
    for (content, expected) in [
        (vec![], "holds no tables of Lanyard"),
        (foreign, "holds no tables of Lanyard"),
        (vec![7; 4096], "not a database"),
    ] {
        fs::write(&file, &content).unwrap();
        for command in ["org list", "client list", "backup saved"] {
            let said = host.fail(command);
            assert!(said.contains(expected), "lanyard {command}: {said}");
            assert_eq!(fs::read(&file).unwrap(), content, "lanyard {command}");
            assert_eq!(fs::read_dir(host.path("data")).unwrap().count(), 1, "lanyard {command}");
        }
    }
}

#[test]
fn no_command_makes_a_second_master_key() {
    let host = Host::set_up();
    fs::rename(host.path("keys"), host.path("elsewhere")).unwrap();
    for command in COMMANDS {
        let said = host.fail(command);
        for part in ["keys/master.key, where `keys.folder` points", "--config", "put your copy of it there"] {
            assert!(said.contains(part), "{part} in lanyard {command}: {said}");
        }
        assert!(!host.path("keys").exists(), "lanyard {command}");
    }
    fs::rename(host.path("elsewhere"), host.path("keys")).unwrap();
    host.succeed("org list");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_of_postgres_is_not_begun_by_chance() {
    let database = testing::postgres().await;
    let emptied = database.storage.write::<_, Error, _>(|tx| {
        Box::pin(async move {
            tx.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await?;
            Ok(())
        })
    });
    emptied.await.unwrap();
    let host = Host::new().with("LANYARD_DATABASE__URL", &database.settings.url);
    fs::create_dir(host.path("keys")).unwrap();
    fs::write(host.path("keys/master.key"), "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    fs::set_permissions(host.path("keys/master.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let said = host.fail("org list");
    assert!(said.contains("holds no tables of Lanyard") && said.contains("lanyard migrate"), "{said}");
    host.succeed("migrate");
    host.succeed("org list");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_of_another_version_is_left_as_it_is() {
    for (change, expected) in [
        ("DELETE FROM _sqlx_migrations WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)", "lanyard migrate"),
        ("UPDATE _sqlx_migrations SET version = 999901010000 WHERE version = 202611220400", "by a newer Lanyard"),
    ] {
        let host = Host::set_up();
        let app = host.app().await;
        let changed = app.storage.write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                sql(change).execute(tx.connection()).await?;
                Ok(())
            })
        });
        changed.await.unwrap();
        app.storage.close().await;
        let said = host.fail("org list");
        assert!(said.contains(expected), "{said}");
    }
}
