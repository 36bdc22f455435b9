//! Every promise of the storage, on both databases.

mod clashes;
mod faults;
mod parts;
mod retention;

use std::time::Duration;

use super::*;
use crate::storage::{Value, batch::Table, testing::databases};

const EVENTS: Table = Table { name: "leases", columns: &["name", "holder", "until"], suffix: "" };

fn lease(name: &str) -> Vec<Value> {
    vec![name.into(), "test".into(), 1.into()]
}

async fn count(storage: &Storage) -> i64 {
    let mut tx = storage.read().await.unwrap();
    sql("SELECT count(*) AS n FROM leases").fetch_one(tx.connection()).await.unwrap().try_get("n").unwrap()
}

async fn names(storage: &Storage) -> Vec<String> {
    let mut tx = storage.read().await.unwrap();
    let rows = sql("SELECT name FROM leases ORDER BY name").fetch_all(tx.connection()).await.unwrap();
    rows.iter().map(|row| row.try_get("name").unwrap()).collect()
}

async fn insert(tx: &mut Tx, name: String) -> Result<()> {
    sql("INSERT INTO leases (name, holder, until) VALUES ($1, 'x', 0)").bind(name).execute(tx.connection()).await?;
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
        assert!(matches!(twice, Err(Error::Sqlite(_) | Error::Postgres(_))));
        storage.write(|tx| Box::pin(async { insert(tx, "free".into()).await })).await.unwrap();
        assert_eq!(count(storage).await, 2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_goes_on_after_a_failed_statement_is_not_kept() {
    for database in databases().await {
        let storage = &database.storage;
        let callers: Vec<_> = (0..100)
            .map(|n| {
                let storage = storage.clone();
                tokio::spawn(async move {
                    storage
                        .write::<_, Error, _>(move |tx| {
                            Box::pin(async move {
                                insert(tx, format!("w{n}")).await?;
                                if n % 2 == 0 {
                                    // Takes a name that is taken, and says that all is well.
                                    let _ = insert(tx, format!("w{n}")).await;
                                }
                                Ok(())
                            })
                        })
                        .await
                })
            })
            .collect();
        for (n, caller) in callers.into_iter().enumerate() {
            let result = caller.await.unwrap();
            assert_eq!(matches!(result, Err(Error::Swallowed)), n % 2 == 0, "{n}: {result:?}");
            assert_eq!(result.is_ok(), n % 2 == 1, "{n}: {result:?}");
        }
        assert_eq!(count(storage).await, 50);
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
