//! What a database that fails in the middle may not do: lose what was acknowledged.

use futures_util::future::join_all;

use super::*;

/// Ignores what the database says to it, and goes on.
async fn stubborn(tx: &mut Tx, statement: &'static str) -> Result<()> {
    insert(tx, "before".into()).await?;
    let _ = sql(statement).execute(tx.connection()).await;
    let _ = insert(tx, "after".into()).await;
    tx.append(&EVENTS, lease("appended"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_ignores_a_failed_statement_is_not_kept_and_takes_no_acknowledged_one_with_it() {
    const REFUSED: &str = "INSERT INTO leases (name, holder, until) VALUES ('taken', 'x', 0)";
    // As a full disk does: SQLite undoes the whole transaction.
    const UNDONE: &str = "INSERT OR ROLLBACK INTO leases (name, holder, until) VALUES ('taken', 'x', 0)";
    for (statement, place) in [(REFUSED, 0), (REFUSED, 2), (UNDONE, 0), (UNDONE, 2)] {
        for database in databases().await {
            let storage = &database.storage;
            storage.write(|tx| Box::pin(async { insert(tx, "taken".into()).await })).await.unwrap();
            // Those behind one that takes its time share a commit.
            let (go, wait) = tokio::sync::oneshot::channel::<()>();
            let slow = storage.write::<_, Error, _>(|_| Box::pin(async { Ok(wait.await.is_ok()) }));
            let units = join_all((0..5).map(|n| {
                let storage = storage.clone();
                async move { storage.write(move |tx| unit(tx, n, place, statement)).await }
            }));
            let release = async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                let _ = go.send(());
            };
            let (_, answers, ()) = tokio::join!(slow, units, release);
            let kept = names(storage).await;
            for (n, answer) in answers.iter().enumerate() {
                let is_kept = kept.contains(&format!("u{n}"));
                assert_eq!(answer.is_ok(), is_kept, "unit {n} of {kept:?} after {statement}: {answer:?}");
            }
            assert!(answers[place].is_err(), "{statement}");
            let traces = ["before", "appended"].map(|name| kept.contains(&name.to_owned()));
            assert_eq!(traces, [false, false], "{statement}");
            storage.write(|tx| Box::pin(async { insert(tx, "later".into()).await })).await.unwrap();
        }
    }
}

fn unit<'t>(tx: &'t mut Tx, n: usize, place: usize, statement: &'static str) -> Work<'t, ()> {
    Box::pin(async move { if n == place { stubborn(tx, statement).await } else { insert(tx, format!("u{n}")).await } })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_passes_is_told_from_what_does_not() {
    for database in databases().await {
        let storage = &database.storage;
        let frozen = match storage.engine() {
            Engine::Sqlite => "PRAGMA query_only = ON",
            Engine::Postgres => "SET TRANSACTION READ ONLY",
        };
        let write = async |statement: &'static str| -> Error {
            let unit: Result<()> = storage
                .write(move |tx| {
                    Box::pin(async move {
                        tx.run(statement).await?;
                        insert(tx, "a".into()).await
                    })
                })
                .await;
            unit.unwrap_err()
        };
        let wrong = write("INSERT INTO nowhere (a) VALUES (1)").await;
        assert!(!wrong.is_passing(), "{wrong}");
        let frozen = write(frozen).await;
        assert!(frozen.is_passing(), "{frozen}");
        storage.close().await;
        let closed = write("SELECT 1").await;
        assert!(closed.is_passing(), "{closed}");
    }
    assert!(Error::Commit(std::sync::Arc::new(Error::Crowded)).is_passing());
    assert!(!Error::Swallowed.is_passing());
}
