//! Units that are at the same rows at once, on PostgreSQL; on SQLite they run one after the other.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use tokio::sync::Barrier;

use super::*;

async fn hold(tx: &mut Tx, name: &str) -> Result<()> {
    sql("UPDATE leases SET until = until + 1 WHERE name = $1").bind(name.to_owned()).execute(tx.connection()).await?;
    Ok(())
}

async fn until(storage: &Storage, name: &str) -> i64 {
    let mut tx = storage.read().await.unwrap();
    let row = sql("SELECT until FROM leases WHERE name = $1").bind(name.to_owned()).fetch_one(tx.connection()).await;
    row.unwrap().try_get("until").unwrap()
}

/// Takes two rows, one after the other; the first time both do it at once.
async fn both((storage, met, runs): (Storage, Arc<Barrier>, Arc<AtomicU32>), names: [&'static str; 2]) -> Result<()> {
    storage
        .insist(move |tx| {
            Box::pin(async move {
                hold(tx, names[0]).await?;
                if runs.fetch_add(1, Ordering::AcqRel) < 2 {
                    let _ = tokio::time::timeout(Duration::from_secs(1), met.wait()).await;
                }
                hold(tx, names[1]).await
            })
        })
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_wait_for_each_other_are_run_again() {
    for database in databases().await {
        let storage = &database.storage;
        for name in ["a", "b"] {
            storage.write::<_, Error, _>(move |tx| Box::pin(insert(tx, name.into()))).await.unwrap();
        }
        let shared = || (storage.clone(), Arc::new(Barrier::new(2)), Arc::new(AtomicU32::new(0)));
        let (storage_of, met, runs) = shared();
        let one = tokio::spawn(both((storage_of.clone(), met.clone(), runs.clone()), ["a", "b"]));
        let other = tokio::spawn(both((storage_of, met, runs.clone()), ["b", "a"]));
        one.await.unwrap().unwrap();
        other.await.unwrap().unwrap();
        assert_eq!((until(storage, "a").await, until(storage, "b").await), (2, 2), "each is done once");
        let expected = if storage.engine() == Engine::Postgres { 3 } else { 2 };
        assert_eq!(runs.load(Ordering::Acquire), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_rests_on_something_that_is_changed_meanwhile_is_run_again() {
    for database in databases().await {
        let storage = &database.storage;
        let runs = Arc::new(AtomicU32::new(0));
        let (counted, other) = (runs.clone(), storage.clone());
        let done: Result<()> = storage
            .insist(move |tx| {
                Box::pin(async move {
                    tx.rest_on(Revision::Rules).await?;
                    let is_first = counted.fetch_add(1, Ordering::AcqRel) == 0;
                    insert(tx, "a".into()).await?;
                    if is_first && other.engine() == Engine::Postgres {
                        let bump = other.write::<_, Error, _>(|tx| {
                            Box::pin(async {
                                tx.bump(Revision::Rules);
                                Ok(())
                            })
                        });
                        bump.await?;
                    }
                    // Its own change is none of others'.
                    tx.bump(Revision::Rules);
                    Ok(())
                })
            })
            .await;
        done.unwrap();
        let expected = if storage.engine() == Engine::Postgres { 2 } else { 1 };
        assert_eq!((runs.load(Ordering::Acquire), count(storage).await), (expected, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_is_run_once() {
    for database in databases().await {
        let runs = Arc::new(AtomicU32::new(0));
        let counted = runs.clone();
        let refused: Result<()> = database
            .storage
            .insist(move |_| {
                Box::pin(async move {
                    counted.fetch_add(1, Ordering::AcqRel);
                    Err(Error::Corrupt("x"))
                })
            })
            .await;
        assert!(matches!(refused, Err(Error::Corrupt("x"))));
        assert_eq!(runs.load(Ordering::Acquire), 1);
    }
}
