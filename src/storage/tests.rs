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
        database.storage.write(|tx| Box::pin(async { tx.bump(Revision::Clients).await })).await.unwrap();
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
                    sqlx::query("INSERT INTO throttles (key, failures, last_at, blocked_until) VALUES ('old', 1, 0, 0), ('new', 1, $1, 0)")
                        .bind(86_400_000_i64)
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
        assert_eq!(rows[0].try_get::<String, _>("key").unwrap(), "new");
    }
}
