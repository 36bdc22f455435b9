//! Every promise of the storage, on both databases.

use std::time::Duration;

use sqlx::Row as _;

use super::*;
use crate::clock::Timestamp;
use crate::storage::{
    batch::{Table, Value},
    testing::databases,
};

const EVENTS: Table = Table { name: "leases", columns: &["name", "holder", "until"], suffix: "" };

fn lease(name: &str) -> Vec<Value> {
    vec![name.into(), "test".into(), 1.into()]
}

async fn count(storage: &Storage) -> i64 {
    let mut tx = storage.read().await.unwrap();
    sqlx::query("SELECT count(*) AS n FROM leases").fetch_one(tx.connection()).await.unwrap().try_get("n").unwrap()
}

async fn insert(tx: &mut Tx, name: String) -> Result<()> {
    sqlx::query("INSERT INTO leases (name, holder, until) VALUES ($1, 'x', 0)")
        .bind(name)
        .execute(tx.connection())
        .await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answered_write_is_kept_and_a_failed_one_leaves_nothing() {
    for database in databases().await {
        let storage = &database.storage;
        let kept: Result<i32> = storage.write(|tx| Box::pin(async { insert(tx, "a".into()).await.map(|()| 7) })).await;
        assert_eq!(kept.unwrap(), 7);
        let failed: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    insert(tx, "b".into()).await?;
                    tx.append(&EVENTS, lease("c"));
                    Err(Error::Corrupt("x"))
                })
            })
            .await;
        assert!(matches!(failed, Err(Error::Corrupt("x"))));
        assert_eq!(count(storage).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_units_fail_and_succeed_each_on_its_own() {
    for database in databases().await {
        let units: Vec<_> = (0..200)
            .map(|n| {
                let storage = database.storage.clone();
                tokio::spawn(async move {
                    storage
                        .write(move |tx| {
                            Box::pin(async move {
                                insert(tx, format!("w{n}")).await?;
                                tx.append(&EVENTS, lease(&format!("e{n}")));
                                match n % 5 {
                                    0 => Err(Error::Corrupt("refused")),
                                    1 => panic!("a unit may panic"),
                                    _ => Ok(()),
                                }
                            })
                        })
                        .await
                })
            })
            .collect();
        for (n, unit) in units.into_iter().enumerate() {
            let result: Result<()> = unit.await.unwrap();
            match n % 5 {
                0 => assert!(matches!(result, Err(Error::Corrupt("refused")))),
                1 => assert!(matches!(result, Err(Error::Panicked))),
                _ => result.unwrap(),
            }
        }
        assert_eq!(count(&database.storage).await, 2 * 120);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_ends_its_unit_alone() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(async { insert(tx, "taken".into()).await })).await.unwrap();
        let twice: Result<()> = storage.write(|tx| Box::pin(async { insert(tx, "taken".into()).await })).await;
        assert!(matches!(twice, Err(Error::Database(_))));
        storage.write(|tx| Box::pin(async { insert(tx, "free".into()).await })).await.unwrap();
        assert_eq!(count(storage).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_cannot_be_appended_fails_the_unit() {
    for database in databases().await {
        let storage = &database.storage;
        let result: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    tx.append(&EVENTS, lease("same"));
                    tx.append(&EVENTS, lease("same"));
                    Ok(())
                })
            })
            .await;
        assert!(result.is_err());
        assert_eq!(count(storage).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn additions_share_a_commit_with_units_and_each_ends_on_its_own() {
    for database in databases().await {
        let callers: Vec<_> = (0..200)
            .map(|n| {
                let storage = database.storage.clone();
                tokio::spawn(async move {
                    let name = format!("a{n}");
                    match n % 4 {
                        0 => storage.append(|_| panic!("an addition may panic")).await,
                        1 => {
                            let work = storage.write(move |tx| Box::pin(async move { insert(tx, name).await }));
                            work.await.and(Err(Error::Corrupt("kept")))
                        }
                        2 => {
                            let refused = |tx: &mut Tx| tx.append(&EVENTS, lease("refused"));
                            storage
                                .write(move |tx| {
                                    refused(tx);
                                    Box::pin(async { Err(Error::Corrupt("refused")) })
                                })
                                .await
                        }
                        _ => storage.append(move |additions| additions.append(&EVENTS, lease(&name))).await,
                    }
                })
            })
            .collect();
        for (n, caller) in callers.into_iter().enumerate() {
            let result: Result<()> = caller.await.unwrap();
            match n % 4 {
                0 => assert!(matches!(result, Err(Error::Panicked))),
                1 => assert!(matches!(result, Err(Error::Corrupt("kept")))),
                2 => assert!(matches!(result, Err(Error::Corrupt("refused")))),
                _ => result.unwrap(),
            }
        }
        assert_eq!(count(&database.storage).await, 100);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_addition_that_cannot_be_written_is_not_acknowledged() {
    for database in databases().await {
        let storage = &database.storage;
        storage.append(|additions| additions.append(&EVENTS, lease("same"))).await.unwrap();
        assert!(storage.append(|additions| additions.append(&EVENTS, lease("same"))).await.is_err());
        storage.append(|additions| additions.append(&EVENTS, lease("other"))).await.unwrap();
        assert_eq!(count(storage).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_are_few_come_back_and_end_with_the_database() {
    for database in databases().await {
        let storage = database.storage.clone();
        let all = futures_util::future::join_all((0..4).map(|_| storage.read())).await;
        let waiting = tokio::time::timeout(Duration::from_millis(50), storage.read()).await;
        assert!(waiting.is_err(), "there are four");
        drop(all);
        // A caller that goes away in the middle of a statement leaves the connection usable.
        for _ in 0..20 {
            let reading = async { count(&storage).await };
            let _ = tokio::time::timeout(Duration::from_micros(50), reading).await;
        }
        assert_eq!(futures_util::future::join_all((0..40).map(|_| count(&storage))).await, [0; 40]);
        storage.close().await;
        assert!(storage.read().await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lent_reader_cannot_write() {
    for database in databases().await {
        let mut tx = database.storage.read().await.unwrap();
        assert!(insert(&mut tx, "no".into()).await.is_err());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_whose_caller_went_away_is_whole_or_absent() {
    for database in databases().await {
        let storage = database.storage.clone();
        let work = storage.write(|tx| {
            Box::pin(async {
                insert(tx, "one".into()).await?;
                tokio::time::sleep(Duration::from_millis(50)).await;
                insert(tx, "two".into()).await
            })
        });
        assert!(tokio::time::timeout(Duration::from_millis(20), work).await.is_err());
        storage.write(|tx| Box::pin(async { insert(tx, "three".into()).await })).await.unwrap();
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(count(&storage).await, 3);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bump_is_seen_here_at_once_and_elsewhere_at_the_next_look() {
    for database in databases().await {
        let other = database.second_node().await;
        other.refresh_revisions().await.unwrap();
        let before = (database.storage.revision(Revision::Clients), other.revision(Revision::Clients));
        database
            .storage
            .write(|tx| {
                Box::pin(async {
                    tx.bump(Revision::Clients);
                    Ok::<_, Error>(())
                })
            })
            .await
            .unwrap();
        assert_ne!(database.storage.revision(Revision::Clients), before.0);
        assert_eq!(other.revision(Revision::Clients), before.1);
        other.refresh_revisions().await.unwrap();
        assert_ne!(other.revision(Revision::Clients), before.1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn migrating_twice_changes_nothing() {
    for database in databases().await {
        Storage::migrate(&database.settings).await.unwrap();
        assert!(database.storage.pending_migrations().await.unwrap().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_removed_and_nothing_else() {
    for database in databases().await {
        let storage = &database.storage;
        let fill: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    sqlx::query("INSERT INTO throttles (key, clear_at, last_at) VALUES ($1, 1, 0), ($2, 90000000, 0)")
                        .bind(b"old".to_vec())
                        .bind(b"new".to_vec())
                        .execute(tx.connection())
                        .await?;
                    Ok(())
                })
            })
            .await;
        fill.unwrap();
        for expiring in expiry::ALL {
            let more: Result<bool> =
                storage.write(|tx| Box::pin(async { tx.remove_expired(*expiring, Timestamp(86_400_001)).await })).await;
            assert!(!more.unwrap());
        }
        let mut tx = storage.read().await.unwrap();
        let rows = sqlx::query("SELECT key FROM throttles").fetch_all(tx.connection()).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].try_get::<Vec<u8>, _>("key").unwrap(), b"new");
    }
}

/// Puts a person with two long-ended sessions into the database: a family of the first still has a token.
async fn leave_sessions_behind(storage: &Storage) {
    let filled: Result<()> = storage
        .write(|tx| {
            Box::pin(async {
                for statement in [
                    "INSERT INTO users (id, name, created_at, updated_at) VALUES ('u', 'U', 0, 0)",
                    "INSERT INTO organizations (id, slug, name, created_at, version) VALUES ('o', 'o', 'O', 0, 0)",
                    "INSERT INTO clients (id, name, authentication_method, first_party, grant_types, scopes, redirect_uris, \
                     post_logout_redirect_uris, resources, id_token_signed_response_alg, access_token_signing_alg, \
                     access_token_format, pkce_waived, introspects, created_at, updated_at) \
                     VALUES ('c', 'C', 'none', 0, '[]', '[]', '[]', '[]', '[]', 'RS256', 'RS256', 'jwt', 0, 'none', 0, 0)",
                    "INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, \
                     user_agent, address) \
                     VALUES ('s1', '1', 'u', 0, '', '', 0, 0, 1000, '', ''), ('s2', '2', 'u', 0, '', '', 0, 0, 1000, '', '')",
                    "INSERT INTO session_organizations (sid, session_id, organization_id, created_at) \
                     VALUES ('sid1', 's1', 'o', 0), ('sid2', 's2', 'o', 0)",
                    "INSERT INTO families (id, client_id, user_id, session_id, sid, offline, scope, resources, auth_time, acr, \
                     amr, created_at, expires_at) \
                     VALUES ('f1', 'c', 'u', 's1', 'sid1', 1, '', '[]', 0, '', '', 0, 1000), \
                            ('f2', 'c', 'u', 's2', 'sid2', 0, '', '[]', 0, '', '', 0, 1000)",
                    "INSERT INTO refresh_tokens (hash, family_id, created_at, expires_at) VALUES ('r', 'f1', 0, 9000000000)",
                ] {
                    sqlx::query(statement).execute(tx.connection()).await?;
                }
                Ok(())
            })
        })
        .await;
    filled.unwrap();
}

async fn expire(storage: &Storage, now: Timestamp) {
    for expiring in expiry::ALL {
        let done: Result<bool> =
            storage.write(move |tx| Box::pin(async move { tx.remove_expired(*expiring, now).await })).await;
        done.unwrap();
    }
}

async fn ids(storage: &Storage, statement: &'static str) -> Vec<String> {
    let mut tx = storage.read().await.unwrap();
    let rows = sqlx::query(statement).fetch_all(tx.connection()).await.unwrap();
    rows.iter().map(|row| row.try_get("id").unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn families_and_sessions_are_removed_once_nothing_refers_to_them() {
    const LEFT: &str = "SELECT id FROM families UNION SELECT id FROM sessions \
                        UNION SELECT sid AS id FROM session_organizations ORDER BY id";
    let month = 30 * 86_400_000;
    for database in databases().await {
        let storage = &database.storage;
        leave_sessions_behind(storage).await;
        expire(storage, Timestamp(1000 + month)).await;
        assert_eq!(ids(storage, LEFT).await.len(), 6, "everything is kept for a month");
        expire(storage, Timestamp(1001 + month)).await;
        assert_eq!(ids(storage, LEFT).await, ["f1", "s1", "sid1"], "a token still rests on the first session");
        expire(storage, Timestamp(9_000_000_001 + month)).await;
        assert!(ids(storage, LEFT).await.is_empty());
    }
}

/// Each table whose rows expire but families: its columns, and a row `N` that ends at `AT`.
#[rustfmt::skip]
const PERISHABLE: [(&str, &str, &str); 10] = [
    ("stored_requests", "token_hash, parameters, created_at, expires_at", "'N', '', 0, AT"),
    ("revoked_tokens", "jti, revoked_at, expires_at", "'N', 0, AT"),
    ("access_tokens", "hash, client_id, claims, expires_at", "'N', 'c', '', AT"),
    ("authorization_codes", "hash, family_id, redirect_uri, created_at, expires_at", "'N', 'f1', '', 0, AT"),
    ("refresh_tokens", "hash, family_id, created_at, expires_at", "'N', 'f1', 0, AT"),
    ("mailed_links", "token_hash, user_id, purpose, created_at, expires_at", "'N', 'u', 'password', 0, AT"),
    ("throttles", "key, clear_at, last_at", "'N', AT, 0"),
    ("jobs", "id, kind, payload, run_at, attempts, failed_at, created_at", "'N', 'send-mail', 'x', 0, 16, AT, 0"),
    ("session_organizations", "sid, session_id, organization_id, created_at", "'N', 'N', 'o', 0"),
    ("sessions", "id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address",
     "'N', 'tN', 'u', 0, '', '', 0, 0, AT, '', ''"),
];

/// Fills each table with 1,100 rows that ended long ago and one, 0, that has not.
async fn fill(storage: &Storage, later: i64) {
    // Sessions come before what refers to them.
    for (table, columns, row) in PERISHABLE.iter().rev() {
        let rows: Vec<String> = (0..=1100)
            .map(|n| {
                format!(
                    "({})",
                    row.replace('N', &n.to_string()).replace("AT", if n == 0 { later } else { 1 }.to_string().as_str())
                )
            })
            .collect();
        let insert = format!("INSERT INTO {table} ({columns}) VALUES {}", rows.join(", "));
        let done: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    sqlx::query(sqlx::AssertSqlSafe(insert)).execute(tx.connection()).await?;
                    Ok(())
                })
            })
            .await;
        done.unwrap_or_else(|error| panic!("{table}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_cleaned_in_batches() {
    let now = Timestamp(40 * 86_400_000);
    for database in databases().await {
        let storage = &database.storage;
        leave_sessions_behind(storage).await;
        fill(storage, 2 * now.0).await;
        let mut rounds = vec![];
        for expiring in expiry::ALL {
            let mut n = 1;
            while storage
                .write::<_, Error, _>(move |tx| Box::pin(async move { tx.remove_expired(*expiring, now).await }))
                .await
                .unwrap()
            {
                n += 1;
            }
            rounds.push(n);
        }
        // 500, 500 and 100; of families there are two.
        assert_eq!(rounds.iter().filter(|rounds| **rounds == 3).count(), PERISHABLE.len(), "{rounds:?}");
        assert_eq!(rounds.len(), PERISHABLE.len() + 1, "a table that expires has rows here");
        let mut tx = storage.read().await.unwrap();
        for (table, ..) in PERISHABLE {
            let count = sqlx::AssertSqlSafe(format!("SELECT COUNT(*) AS n FROM {table}"));
            let left: i64 = sqlx::query(count).fetch_one(tx.connection()).await.unwrap().try_get("n").unwrap();
            // Those of the first family and its session: a token rests on them.
            let kept = i64::from(["refresh_tokens", "session_organizations", "sessions"].contains(&table));
            assert_eq!(left, 1 + kept, "{table}");
        }
    }
}

/// Files that this process has open whose path begins with `path`.
fn open_files(path: &str) -> usize {
    let links = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    links
        .filter(|link| std::fs::read_link(link.path()).is_ok_and(|to| to.display().to_string().starts_with(path)))
        .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_database_is_free_to_be_moved() {
    for _ in 0..10 {
        let database = crate::storage::testing::sqlite().await;
        let path = database.settings.url.strip_prefix("sqlite:").unwrap().to_owned();
        assert_eq!(count(&database.storage).await, 0);
        assert!(open_files(&path) > 0);
        database.storage.close().await;
        assert_eq!(open_files(&path), 0);
        assert!(copy::settle(&database.settings).await.unwrap());
    }
}
