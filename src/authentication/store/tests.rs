//! Links, acceptances and failures on both databases.

use std::time::Duration;

use crate::{
    audit::Context,
    clock::Timestamp,
    config::Rule,
    id::UserId,
    random::Random,
    secret::TokenHash,
    storage::{Result, Storage, Tx, sql, testing::databases},
};

fn user() -> UserId {
    UserId::from_stored("usr_a".into())
}

async fn person(tx: &mut Tx) -> Result<()> {
    sql("INSERT INTO users (id, name, created_at, updated_at) VALUES ('usr_a', 'A', 0, 0)")
        .execute(tx.connection())
        .await?;
    Ok(())
}

async fn redeem(storage: Storage, token: TokenHash, at: i64) -> Option<UserId> {
    let redeemed: Result<_> =
        storage.write(move |tx| Box::pin(async move { tx.password_links().redeem(token, Timestamp(at)).await })).await;
    redeemed.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_is_used_once_even_by_two_at_once() {
    for database in databases().await {
        let storage = &database.storage;
        let token = TokenHash::of("link");
        let added: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    person(tx).await?;
                    tx.password_links().insert(&user(), token, Timestamp(1_000)).await
                })
            })
            .await;
        added.unwrap();
        assert_eq!(redeem(storage.clone(), TokenHash::of("other"), 2_000).await, None);
        assert_eq!(redeem(storage.clone(), token, 1_000 + 3_600_000).await, None, "after an hour");
        let tries: Vec<_> = (0..8).map(|_| tokio::spawn(redeem(storage.clone(), token, 2_000))).collect();
        let mut won = 0;
        for one in tries {
            won += usize::from(one.await.unwrap().is_some());
        }
        assert_eq!(won, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_link_makes_the_earlier_one_void() {
    for database in databases().await {
        let storage = &database.storage;
        let (first, second) = (TokenHash::of("first"), TokenHash::of("second"));
        let added: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    person(tx).await?;
                    tx.password_links().insert(&user(), first, Timestamp(1)).await?;
                    tx.password_links().insert(&user(), second, Timestamp(2)).await
                })
            })
            .await;
        added.unwrap();
        let mut tx = storage.read().await.unwrap();
        assert_eq!(tx.password_links().find(first, Timestamp(3)).await.unwrap(), None);
        assert_eq!(tx.password_links().find(second, Timestamp(3)).await.unwrap(), Some(user()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_are_missing_until_this_version_is_accepted() {
    for database in databases().await {
        let storage = &database.storage;
        let accepted: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    person(tx).await?;
                    let context = Context::server(Timestamp(1), Random::system());
                    tx.acceptances().accept_all(&context, &user(), "1").await?;
                    tx.acceptances().accept_all(&context, &user(), "1").await
                })
            })
            .await;
        accepted.unwrap();
        let mut tx = storage.read().await.unwrap();
        assert!(!tx.acceptances().is_any_missing(&user(), "1").await.unwrap());
        assert!(tx.acceptances().is_any_missing(&user(), "2").await.unwrap());
        assert!(tx.acceptances().is_any_there(&user()).await.unwrap());
    }
}

const RULE: Rule = Rule { attempts: 5, recovery: Duration::from_secs(60), longest_wait: Duration::from_secs(600) };

#[tokio::test(flavor = "multi_thread")]
async fn failures_of_before_the_clock_was_set_back_fade_by_the_clock_as_it_is() {
    for database in databases().await {
        let (storage, key) = (&database.storage, TokenHash::of("olivia"));
        let done: Result<_> = storage
            .write(move |tx| {
                Box::pin(async move {
                    for now in [90_000_000, 90_001_000] {
                        tx.throttles().fail(key, RULE, Timestamp(now)).await?;
                    }
                    let back = tx.throttles().fail(key, RULE, Timestamp(1_000)).await?;
                    let day = Duration::from_secs(86_400);
                    let told = TokenHash::of("told");
                    let mut first = vec![];
                    for now in [90_000_000, 90_001_000, 1_000, 2_000, 86_401_000] {
                        first.push(tx.throttles().is_first(told, day, Timestamp(now)).await?);
                    }
                    Ok((back, first))
                })
            })
            .await;
        let (back, first) = done.unwrap();
        assert_eq!(back.times(), (Timestamp(1_000 + 119_000 + 60_000), Timestamp(1_000)));
        assert_eq!(first, [true, false, true, false, true]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_add_up_and_are_forgotten() {
    for database in databases().await {
        let storage = &database.storage;
        let key = TokenHash::of("olivia");
        let failed: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    for now in [1_000, 2_000, 3_000] {
                        tx.throttles().fail(key, RULE, Timestamp(now)).await?;
                    }
                    Ok(())
                })
            })
            .await;
        failed.unwrap();
        let found = storage.read().await.unwrap().throttles().find(key).await.unwrap();
        assert_eq!(found.map(|tally| tally.times()), Some((Timestamp(1_000 + 180_000), Timestamp(3_000))));
        let forgiven: Result<()> =
            storage.write(move |tx| Box::pin(async move { tx.throttles().forgive(key).await })).await;
        forgiven.unwrap();
        assert_eq!(storage.read().await.unwrap().throttles().find(key).await.unwrap(), None);
    }
}
