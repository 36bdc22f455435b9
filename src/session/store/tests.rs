//! Sessions on both databases.

use std::time::Duration;

use super::*;
use crate::{
    audit::Context,
    clock::Timestamp,
    id::{FamilyId, OrganizationId, SessionId, UserId},
    random::Random,
    secret::TokenHash,
    session::{Authenticated, EndReason, Lifetime, Proof, Session},
    storage::{Result, Storage, Tx, sql, testing::databases},
};

const LIFETIME: Lifetime = Lifetime {
    idle: Duration::from_secs(600),
    absolute: Duration::from_secs(36_000),
    at_station: Duration::from_secs(600),
};

fn context() -> Context {
    Context::server(Timestamp(1_000), Random::system())
}

fn user() -> UserId {
    UserId::from_stored("usr_a".into())
}

fn organization(name: &str) -> OrganizationId {
    OrganizationId::from_stored(format!("org_{name}"))
}

/// A person, two organizations and a client.
async fn people(tx: &mut Tx) -> Result<()> {
    for statement in [
        "INSERT INTO users (id, name, created_at, updated_at) VALUES ('usr_a', 'A', 0, 0)",
        "INSERT INTO organizations (id, slug, name, created_at, version) VALUES ('org_x', 'x', 'X', 0, 0), ('org_y', 'y', 'Y', 0, 0)",
        "INSERT INTO clients (id, name, token_endpoint_auth_method, first_party, grant_types, scopes, redirect_uris, \
         post_logout_redirect_uris, resources, id_token_signed_response_alg, access_token_signing_alg, access_token_format, \
         pkce_waived, introspects, created_at, updated_at) \
         VALUES ('app', 'App', 'none', 1, '[]', '[]', '[]', '[]', '[]', 'RS256', 'EdDSA', 'jwt', 0, 'none', 0, 0)",
    ] {
        sql(statement).execute(tx.connection()).await?;
    }
    Ok(())
}

async fn begin(storage: &Storage, token: &'static str) -> Session {
    let who = Authenticated {
        user: user(),
        proof: Proof { acr: "1".into(), amr: vec!["pwd".into(), "otp".into()], ..Proof::default() },
        user_agent: "Test".into(),
        browser: None,
        via: None,
    };
    storage
        .write(move |tx| {
            Box::pin(async move { tx.sessions().begin(&context(), TokenHash::of(token), who, LIFETIME).await })
        })
        .await
        .unwrap()
}

async fn family(storage: &Storage, session: &Session, organization: OrganizationId, offline: i64) -> FamilyId {
    let id = FamilyId::fresh(Timestamp(1), &Random::system());
    let (session, family) = (session.id.clone(), id.clone());
    let write: Result<()> = storage
        .write(move |tx| {
            Box::pin(async move {
                sql(
                    "INSERT INTO families (id, client_id, user_id, organization_id, session_id, offline, scope, resources, \
                     auth_time, acr, amr, created_at, expires_at) \
                     VALUES ($1, 'app', 'usr_a', $2, $3, $4, '', '[]', 0, '', '', 0, 9)",
                )
                .bind(family.as_str().to_owned())
                .bind(organization.as_str().to_owned())
                .bind(session.as_str().to_owned())
                .bind(offline)
                .execute(tx.connection())
                .await?;
                Ok(())
            })
        })
        .await;
    write.unwrap();
    id
}

async fn is_revoked(storage: &Storage, family: &FamilyId) -> bool {
    let mut tx = storage.read().await.unwrap();
    let row = sql("SELECT revoked_at FROM families WHERE id = $1").bind(family.as_str().to_owned());
    row.fetch_one(tx.connection()).await.unwrap().try_get::<Option<i64>>("revoked_at").unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_by_its_cookie_until_it_gets_another() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(people(tx))).await.unwrap();
        let session = begin(storage, "first").await;
        let found = storage.read().await.unwrap().sessions().by_token(TokenHash::of("first")).await.unwrap();
        assert_eq!(found.as_ref(), Some(&session));
        let held = session.clone();
        let rotate: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.sessions()
                        .reauthenticate(
                            &context(),
                            &held,
                            TokenHash::of("second"),
                            (&Proof { acr: "1".into(), amr: vec!["pwd".into()], ..Proof::default() }, context().now),
                        )
                        .await
                })
            })
            .await;
        rotate.unwrap();
        let mut tx = storage.read().await.unwrap();
        assert_eq!(tx.sessions().by_token(TokenHash::of("first")).await.unwrap(), None);
        assert_eq!(tx.sessions().by_token(TokenHash::of("second")).await.unwrap().unwrap().amr, ["pwd"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sid_is_one_per_session_and_organization() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(people(tx))).await.unwrap();
        let session = begin(storage, "t").await;
        let sid = |name: &'static str| {
            let (storage, session) = (storage.clone(), session.id.clone());
            async move {
                let made: Result<_> = storage
                    .write(move |tx| {
                        Box::pin(async move {
                            tx.sessions().sid(&context(), &session, &organization(name)).await.map(Option::unwrap)
                        })
                    })
                    .await;
                made.unwrap()
            }
        };
        let (first, again, other) = (sid("x").await, sid("x").await, sid("y").await);
        assert_eq!(first, again);
        assert_ne!(first, other);
        assert!(storage.read().await.unwrap().sessions().is_live(&first, Timestamp(2_000)).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_a_session_ends_what_rests_on_it_but_not_offline_access() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(people(tx))).await.unwrap();
        let session = begin(storage, "t").await;
        let online = family(storage, &session, organization("x"), 0).await;
        let offline = family(storage, &session, organization("x"), 1).await;
        let ended = session.clone();
        let end: Result<()> = storage
            .write(move |tx| Box::pin(async move { tx.sessions().end(&context(), &ended, EndReason::SignOut).await }))
            .await;
        end.unwrap();
        assert!(is_revoked(storage, &online).await);
        assert!(!is_revoked(storage, &offline).await);
        let found = storage.read().await.unwrap().sessions().by_id(&session.id).await.unwrap().unwrap();
        assert_eq!(found.ended_at, Some(Timestamp(1_000)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn leaving_one_organization_leaves_the_other_untouched() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(people(tx))).await.unwrap();
        let session = begin(storage, "t").await;
        let x = family(storage, &session, organization("x"), 1).await;
        let y = family(storage, &session, organization("y"), 0).await;
        let leave = |name: &'static str, last| {
            storage.write::<(), crate::storage::Error, _>(move |tx| {
                Box::pin(
                    async move { tx.sessions().end_organization(&context(), &user(), &organization(name), last).await },
                )
            })
        };
        leave("x", LastMembership::No).await.unwrap();
        assert!(is_revoked(storage, &x).await && !is_revoked(storage, &y).await);
        assert_eq!(of_user(storage).await, 1);
        leave("y", LastMembership::Yes).await.unwrap();
        assert!(is_revoked(storage, &y).await);
        assert_eq!(of_user(storage).await, 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_the_others_keeps_the_one_that_asked() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(people(tx))).await.unwrap();
        let kept: SessionId = begin(storage, "kept").await.id;
        begin(storage, "other").await;
        let end: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.sessions().end_all_of_user(&context(), &user(), Some(&kept), EndReason::PasswordChange).await
                })
            })
            .await;
        end.unwrap();
        assert_eq!(of_user(storage).await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_organization_ends_everybodys_part_in_it() {
    for database in databases().await {
        let storage = &database.storage;
        storage.write(|tx| Box::pin(people(tx))).await.unwrap();
        let session = begin(storage, "t").await;
        let (online, offline) = (
            family(storage, &session, organization("x"), 0).await,
            family(storage, &session, organization("x"), 1).await,
        );
        let elsewhere = family(storage, &session, organization("y"), 1).await;
        let held = session.id.clone();
        let (here, there) = storage
            .write::<_, crate::storage::Error, _>(move |tx| {
                Box::pin(async move {
                    sql("UPDATE clients SET organization_id = 'org_x'").execute(tx.connection()).await?;
                    sql(
                        "INSERT INTO access_tokens (hash, client_id, claims, expires_at) VALUES ($1, 'app', '{}', 9000)",
                    )
                    .bind(vec![1_u8])
                    .execute(tx.connection())
                    .await?;
                    let here = tx.sessions().sid(&context(), &held, &organization("x")).await?.unwrap();
                    Ok((here, tx.sessions().sid(&context(), &held, &organization("y")).await?.unwrap()))
                })
            })
            .await
            .unwrap();
        let close = |stranded: Vec<UserId>| {
            storage.write::<(), crate::storage::Error, _>(move |tx| {
                Box::pin(
                    async move { tx.sessions().close_organization(&context(), &organization("x"), &stranded).await },
                )
            })
        };
        close(vec![]).await.unwrap();
        assert!(is_revoked(storage, &online).await && is_revoked(storage, &offline).await);
        assert!(!is_revoked(storage, &elsewhere).await);
        let mut tx = storage.read().await.unwrap();
        assert!(!tx.sessions().is_live(&here, Timestamp(2_000)).await.unwrap());
        assert!(tx.sessions().is_live(&there, Timestamp(2_000)).await.unwrap());
        let services = sql("SELECT hash FROM access_tokens WHERE revoked_at IS NULL");
        assert!(services.fetch_optional(tx.connection()).await.unwrap().is_none());
        drop(tx);
        assert_eq!(of_user(storage).await, 1);
        close(vec![user()]).await.unwrap();
        assert_eq!(of_user(storage).await, 0, "who belongs nowhere else is signed out");
    }
}

async fn of_user(storage: &Storage) -> usize {
    storage.read().await.unwrap().sessions().of_user(&user()).await.unwrap().len()
}
