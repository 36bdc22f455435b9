//! Parts of a unit of work: what is undone leaves no trace, and what is kept shares the fate of its unit.

use super::*;

/// What a part does: a row at once, one that waits for the commit, a counter.
async fn act(tx: &mut Tx, name: &str) -> Result<()> {
    insert(tx, format!("{name}-row")).await?;
    tx.append(&EVENTS, lease(&format!("{name}-event")));
    tx.bump(Revision::Clients);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_kept_or_undone_without_the_rest_of_its_unit() {
    for database in databases().await {
        let storage = &database.storage;
        let before = storage.revision(Revision::Clients);
        let unit: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    insert(tx, "before".into()).await?;
                    for (name, is_kept) in [("a", true), ("b", false), ("c", true), ("d", false)] {
                        let part = tx.begin_part().await?;
                        act(tx, name).await?;
                        if is_kept {
                            tx.keep_part(part).await?;
                        } else {
                            tx.undo_part(part).await?;
                        }
                    }
                    insert(tx, "after".into()).await
                })
            })
            .await;
        unit.unwrap();
        assert_eq!(names(storage).await, ["a-event", "a-row", "after", "before", "c-event", "c-row"]);
        assert_eq!(storage.revision(Revision::Clients), before + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_part_that_was_undone_is_told_to_other_nodes() {
    for database in databases().await {
        let storage = &database.storage;
        let before = storage.revision(Revision::Clients);
        let unit: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    let part = tx.begin_part().await?;
                    act(tx, "a").await?;
                    tx.undo_part(part).await
                })
            })
            .await;
        unit.unwrap();
        assert!(names(storage).await.is_empty());
        assert_eq!(storage.revision(Revision::Clients), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_was_kept_goes_with_its_unit() {
    for database in databases().await {
        let storage = &database.storage;
        let unit: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    let part = tx.begin_part().await?;
                    act(tx, "a").await?;
                    tx.keep_part(part).await?;
                    Err(Error::Corrupt("x"))
                })
            })
            .await;
        assert!(matches!(unit, Err(Error::Corrupt("x"))));
        assert!(names(storage).await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_in_which_a_statement_failed_ends_its_unit_and_no_other() {
    for database in databases().await {
        let storage = &database.storage;
        let unit: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    insert(tx, "before".into()).await?;
                    let part = tx.begin_part().await?;
                    act(tx, "a").await?;
                    assert!(insert(tx, "before".into()).await.is_err(), "names are unique");
                    tx.undo_part(part).await?;
                    insert(tx, "after".into()).await
                })
            })
            .await;
        assert!(matches!(unit, Err(Error::Swallowed)), "{unit:?}");
        storage.write(|tx| Box::pin(async { insert(tx, "next".into()).await })).await.unwrap();
        assert_eq!(names(storage).await, ["next"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_or_a_unit_that_is_refused_when_it_is_settled_is_not_kept() {
    for database in databases().await {
        let storage = &database.storage;
        for in_a_part in [true, false] {
            let unit: Result<()> = storage
                .write(move |tx| {
                    Box::pin(async move {
                        let part = tx.begin_part().await?;
                        insert(tx, "a".into()).await?;
                        tx.touch("a", |_| Box::pin(async { Err(Error::Refused("no".into())) }));
                        // `touched` is not asked: what is refused stays so.
                        if in_a_part { tx.keep_part(part).await } else { Ok(()) }
                    })
                })
                .await;
            assert!(matches!(&unit, Err(Error::Refused(why)) if why.to_string() == "no"), "{unit:?}");
            assert!(names(storage).await.is_empty());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_touched_before_a_part_that_was_undone_is_settled_all_the_same() {
    for database in databases().await {
        let touched: Result<Vec<(Option<u8>, Vec<String>)>> = database
            .storage
            .write(|tx| {
                Box::pin(async {
                    tx.touch("before", |_| Box::pin(async { Ok(()) }));
                    let part = tx.begin_part().await?;
                    tx.touch("within", |_| Box::pin(async { Ok(()) }));
                    tx.undo_part(part).await?;
                    tx.act_under(7_u8);
                    tx.touch("after", |_| Box::pin(async { Ok(()) }));
                    tx.touch("after", |_| Box::pin(async { Ok(()) }));
                    Ok(tx.touched())
                })
            })
            .await;
        assert_eq!(touched.unwrap(), [(None, vec!["before".into()]), (Some(7), vec!["after".into()])]);
    }
}
