//! The queue on both databases.

use std::{collections::HashSet, sync::Arc};

use crate::{
    audit::Context,
    clock::Timestamp,
    id::NodeId,
    jobs::{Job, Leased, retry},
    keys::Sealer,
    random::Random,
    storage::{Result, Storage, testing::databases},
};

fn context() -> Context {
    Context::server(Timestamp(1_000), Random::system())
}

fn mail(to: &str) -> Job {
    let text = String::from;
    Job::SendMail {
        to: text(to),
        subject: text("s"),
        text: text("t"),
        html: text("h"),
        mail: text("welcome"),
        until: None,
    }
}

async fn enqueue(storage: &Storage, sealer: &Arc<Sealer>, job: Job) {
    let sealer = sealer.clone();
    let added: Result<_> =
        storage.write(move |tx| Box::pin(async move { tx.jobs().enqueue(&context(), &sealer, &job).await })).await;
    added.unwrap();
}

async fn lease(storage: &Storage, sealer: &Arc<Sealer>, node: &NodeId, now: Timestamp) -> Vec<Leased> {
    let (sealer, node) = (sealer.clone(), node.clone());
    let leased: Result<_> =
        storage.write(move |tx| Box::pin(async move { tx.jobs().lease((&node, &sealer), now, (None, 3)).await })).await;
    leased.unwrap()
}

fn node() -> NodeId {
    NodeId::fresh(Timestamp(1), &Random::system())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_is_leased_to_one_node_and_taken_over_when_that_node_dies() {
    let sealer = Arc::new(Sealer::for_tests());
    for database in databases().await {
        let storage = &database.storage;
        enqueue(storage, &sealer, mail("a@x.dk")).await;
        let (first, second) = (node(), node());
        let now = Timestamp(1_000);
        let leased = lease(storage, &sealer, &first, now).await;
        assert_eq!(leased[0].job, Some(mail("a@x.dk")));
        assert!(lease(storage, &sealer, &second, now).await.is_empty());
        let later = now.plus(retry::LEASE);
        assert_eq!(lease(storage, &sealer, &second, later).await[0].attempts, 2);
        // The first wakes up, and has no say in it any more.
        let late = leased[0].clone();
        let done: Result<bool> = storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.jobs().fail(&late, retry::Next::GiveUp, later, "no answer").await?;
                    tx.jobs().complete(&late.id, &late.by).await
                })
            })
            .await;
        assert!(!done.unwrap());
        let mut tx = storage.read().await.unwrap();
        assert_eq!((tx.jobs().failed(10).await.unwrap().len(), tx.jobs().waiting().await.unwrap()), (0, 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_that_lease_at_once_never_get_the_same_job() {
    let sealer = Arc::new(Sealer::for_tests());
    for database in databases().await {
        let storage = &database.storage;
        for n in 0..12 {
            enqueue(storage, &sealer, mail(&format!("p{n}@x.dk"))).await;
        }
        let takers: Vec<_> = (0..4)
            .map(|_| {
                let (storage, sealer) = (storage.clone(), sealer.clone());
                tokio::spawn(async move { lease(&storage, &sealer, &node(), Timestamp(2_000)).await })
            })
            .collect();
        let mut seen = HashSet::new();
        for taker in takers {
            for leased in taker.await.unwrap() {
                assert!(seen.insert(leased.id));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_job_waits_and_is_given_up_in_the_end() {
    let sealer = Arc::new(Sealer::for_tests());
    for database in databases().await {
        let storage = &database.storage;
        enqueue(storage, &sealer, mail("a@x.dk")).await;
        let me = node();
        let mut now = Timestamp(1_000);
        for attempt in 1..=16 {
            let leased = lease(storage, &sealer, &me, now).await.remove(0);
            assert_eq!(leased.attempts, attempt);
            let next = retry::after(attempt, now);
            let failed: Result<bool> = storage
                .write(move |tx| Box::pin(async move { tx.jobs().fail(&leased, next, now, "no answer").await }))
                .await;
            assert!(failed.unwrap());
            assert!(lease(storage, &sealer, &me, now).await.is_empty());
            if let retry::Next::Again(at) = next {
                now = at;
            }
        }
        let failed = storage.read().await.unwrap().jobs().failed(10).await.unwrap();
        assert_eq!((failed.len(), failed[0].last_error.as_str()), (1, "no answer"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_has_one_holder_until_it_runs_out() {
    for database in databases().await {
        let storage = &database.storage;
        let (first, second) = (node(), node());
        let hold = |node: &NodeId, at: i64| {
            let (storage, node) = (storage.clone(), node.clone());
            async move {
                let held: Result<bool> = storage
                    .write(move |tx| {
                        Box::pin(async move { tx.leases().hold("sealer", &node, Timestamp(at), retry::LEASE).await })
                    })
                    .await;
                held.unwrap()
            }
        };
        assert!(hold(&first, 0).await);
        assert!(!hold(&second, 1).await);
        assert!(hold(&first, 2).await);
        assert!(hold(&second, 2 + 120_000).await);
    }
}
