//! The chain on both databases: what is sealed cannot be changed unnoticed.

use aws_lc_rs::hmac;

use crate::{
    audit::{
        Context, Event,
        heads::HeadsFile,
        verify::{Report, verify},
    },
    clock::Timestamp,
    id::OrganizationId,
    random::Random,
    storage::{Result, Storage, sql, testing::databases},
};

fn key() -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &[9; 32])
}

async fn record(storage: &Storage, organization: Option<&'static str>, count: usize, at: i64) {
    let written: Result<()> = storage
        .write(move |tx| {
            Box::pin(async move {
                let context = Context::server(Timestamp(at), Random::system());
                let organization = organization.map(|id| OrganizationId::from_stored(id.to_owned()));
                for n in 0..count {
                    tx.record(&context, organization.as_ref(), &Event::Export { what: format!("{n}") });
                }
                Ok(())
            })
        })
        .await;
    written.unwrap();
}

async fn seal(storage: &Storage, file: &HeadsFile) {
    let heads: Result<Vec<_>> =
        storage.write(|tx| Box::pin(async { tx.audit().seal(&key(), Timestamp(9)).await })).await;
    file.append(&heads.unwrap()).unwrap();
}

async fn tamper(storage: &Storage, statement: &'static str) {
    let done: Result<()> = storage
        .write(move |tx| {
            Box::pin(async move {
                sql(statement).execute(tx.connection()).await?;
                Ok(())
            })
        })
        .await;
    done.unwrap();
}

async fn check(storage: &Storage, file: &HeadsFile) -> Report {
    verify(storage, &key(), file).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_untouched_log_verifies() {
    for database in databases().await {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadsFile::at(folder.path().join("heads"));
        record(&database.storage, None, 70, 1).await;
        record(&database.storage, Some("org_a"), 3, 2).await;
        seal(&database.storage, &file).await;
        record(&database.storage, None, 1, 3).await;
        let waiting = database.storage.read().await.unwrap().audit().waiting().await.unwrap();
        assert_eq!(waiting.map(|waiting| waiting.events), Some(1));
        seal(&database.storage, &file).await;
        assert_eq!(database.storage.read().await.unwrap().audit().waiting().await.unwrap(), None);
        let report = check(&database.storage, &file).await;
        assert_eq!((report.chains, report.links, report.events, report.findings.len()), (2, 3, 74, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_tampering_is_found() {
    for (case, statement) in [
        ("changed", "UPDATE audit_events SET detail = '{}' WHERE detail LIKE '%\"1\"%'"),
        ("actor changed", "UPDATE audit_events SET actor_id = 'x' WHERE detail LIKE '%\"1\"%'"),
        ("removed", "DELETE FROM audit_events WHERE detail LIKE '%\"1\"%'"),
        (
            "inserted",
            "INSERT INTO audit_events (id, chain, at, action, outcome, actor_kind, detail, seal) \
             VALUES ('evt_0', 'server', 1, 'export', 'success', 'server', '{}', 1)",
        ),
        ("unsealed again", "UPDATE audit_events SET seal = NULL WHERE detail LIKE '%\"1\"%'"),
        ("moved to another link", "UPDATE audit_events SET seal = 2 WHERE detail LIKE '%\"1\"%'"),
        ("moved to a link that is not there", "UPDATE audit_events SET seal = 77 WHERE detail LIKE '%\"1\"%'"),
        ("moved to another chain", "UPDATE audit_events SET chain = 'org_b' WHERE detail LIKE '%\"1\"%'"),
        ("link changed", "UPDATE audit_seals SET events = 4 WHERE seal = 1"),
        ("link removed", "DELETE FROM audit_seals WHERE seal = 1"),
        ("cut off", "DELETE FROM audit_seals WHERE seal = 2"),
        ("all gone", "DELETE FROM audit_seals"),
    ] {
        for database in databases().await {
            let folder = tempfile::tempdir().unwrap();
            let file = HeadsFile::at(folder.path().join("heads"));
            record(&database.storage, None, 3, 1).await;
            seal(&database.storage, &file).await;
            record(&database.storage, None, 2, 2).await;
            seal(&database.storage, &file).await;
            tamper(&database.storage, statement).await;
            assert_ne!(check(&database.storage, &file).await.findings, [], "{case} {:?}", database.storage.engine());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chain_that_was_cut_off_with_its_events_is_found_by_the_file_of_heads() {
    for database in databases().await {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadsFile::at(folder.path().join("heads"));
        for at in 1..3 {
            record(&database.storage, None, 3, at).await;
            seal(&database.storage, &file).await;
        }
        tamper(&database.storage, "DELETE FROM audit_events WHERE seal = 2").await;
        tamper(&database.storage, "DELETE FROM audit_seals WHERE seal = 2").await;
        let report = check(&database.storage, &file).await;
        assert!(report.findings[0].what.contains("cut off"), "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuilt_chain_lacks_the_key() {
    for database in databases().await {
        let folder = tempfile::tempdir().unwrap();
        let file = HeadsFile::at(folder.path().join("heads"));
        record(&database.storage, None, 3, 1).await;
        let forged: Result<Vec<_>> = database
            .storage
            .write(|tx| {
                Box::pin(async { tx.audit().seal(&hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]), Timestamp(9)).await })
            })
            .await;
        forged.unwrap();
        assert!(check(&database.storage, &file).await.findings[0].what.contains("forged"));
    }
}
