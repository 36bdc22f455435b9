//! Mailed links and domains.

use super::*;
use crate::{
    directory::{
        Error,
        domain::{self, Verification},
        mailed_link::{self, Purpose},
        user::{NewPassword, PasswordKind},
    },
    id::UserId,
    secret::{ExposeSecret, TokenHash},
    storage::testing::databases,
};

const HOUR: i64 = 60 * 60 * 1000;

async fn to_email(storage: &Storage, user: &UserId, email: &'static str) -> TokenHash {
    let user = user.clone();
    let made = unit!(storage, |tx| mailed_link::for_email(tx, &context(0), &user, &email.parse().unwrap()).await);
    TokenHash::of(made.unwrap().expose_secret())
}

async fn to_password(storage: &Storage, user: &UserId) -> TokenHash {
    let user = user.clone();
    let made = unit!(storage, |tx| mailed_link::for_password(tx, &context(0), &user).await);
    TokenHash::of(made.unwrap().expose_secret())
}

async fn reset(storage: &Storage, token: TokenHash, later: i64) -> Result<UserId> {
    let password = NewPassword { hash: "$y$".into(), kind: PasswordKind::Lasting, by: "reset" };
    unit!(storage, |tx| mailed_link::redeem_password(tx, &context(later), token, &password).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_link_is_good_once_and_for_an_hour() {
    for database in databases().await {
        let storage = &database.storage;
        let new = NewUser { email_is_verified: false, ..person("a@x.example") };
        let user = unit!(storage, |tx| user::create(tx, &context(0), new).await).unwrap();
        let late = to_password(storage, &user.id).await;
        assert!(reset(storage, late, HOUR).await.is_err());
        let replaced = to_password(storage, &user.id).await;
        let token = to_password(storage, &user.id).await;
        assert!(reset(storage, replaced, 1).await.is_err(), "a newer link voids it");
        let looked = {
            let mut tx = storage.read().await.unwrap();
            mailed_link::look_at(&mut tx, Purpose::Password, token, NOW).await.unwrap()
        };
        assert_eq!(looked.map(|link| link.user), Some(user.id.clone()));
        assert_eq!(reset(storage, token, 1).await.unwrap(), user.id);
        assert!(reset(storage, token, 2).await.is_err());
        let stored = storage.read().await.unwrap().users().by_id(&user.id).await.unwrap().unwrap();
        assert_eq!(stored.password_hash.as_deref(), Some("$y$"));
        assert!(stored.email_verified_at.is_some(), "the letter arrived");

        let token = to_password(storage, &user.id).await;
        let id = user.id.clone();
        unit!(storage, |tx| user::disable(tx, &context(0), &id).await).unwrap();
        assert!(reset(storage, token, 1).await.is_err(), "a disabled person stays out");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_once_it_is_proved_and_free() {
    for database in databases().await {
        let storage = &database.storage;
        let one = unit!(storage, |tx| user::create(tx, &context(0), person("one@x.example")).await).unwrap();
        unit!(storage, |tx| user::create(tx, &context(0), person("two@x.example")).await).unwrap();
        let redeem =
            async |token: TokenHash| unit!(storage, |tx| mailed_link::redeem_email(tx, &context(1), token).await);
        let taken = to_email(storage, &one.id, "two@x.example").await;
        assert!(matches!(redeem(taken).await, Err(Error::Taken(..))));
        let reset_link = to_password(storage, &one.id).await;
        let proof = to_email(storage, &one.id, "new@x.example").await;
        assert!(reset(storage, proof, 1).await.is_err(), "a link has one purpose");
        redeem(proof).await.unwrap();
        assert!(redeem(proof).await.is_err());
        assert!(reset(storage, reset_link, 2).await.is_err(), "links to the former address are void");
        let stored = storage.read().await.unwrap().users().by_id(&one.id).await.unwrap().unwrap();
        assert_eq!(stored.email, Some("new@x.example".parse().unwrap()));
        assert!(actions(storage).await.contains(&"email-change".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_domain_is_verified_by_one_organization() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let add = async |of: &Organization| {
            let of = of.id.clone();
            unit!(storage, |tx| domain::add(tx, &context(0), &of, &"clinic.example".parse().unwrap()).await)
        };
        let (mine, _) = (add(&riverside).await.unwrap(), add(&harbour).await.unwrap());
        assert!(matches!(add(&riverside).await, Err(Error::Taken(..))));
        let verify = async |of: &Organization, records: Option<Vec<String>>| {
            let of = of.id.clone();
            unit!(storage, |tx| {
                let how = records.as_deref().map_or(Verification::Administrator, Verification::Records);
                domain::verify(tx, &context(0), &of, &"clinic.example".parse().unwrap(), how).await
            })
        };
        assert!(matches!(verify(&riverside, Some(vec!["x".into()])).await, Err(Error::Refused(_))));
        let verified = verify(&riverside, Some(vec![mine.proof.clone()])).await.unwrap();
        assert_eq!(verified.verified_by.as_deref(), Some("dns"));
        assert!(matches!(verify(&harbour, None).await, Err(Error::Refused(_))), "another organization has it");
        let name = "clinic.example".parse().unwrap();
        let owner = storage.read().await.unwrap().domains().owner(&name).await.unwrap();
        assert_eq!(owner, Some(riverside.id.clone()));
        let of = riverside.id.clone();
        unit!(storage, |tx| domain::remove(tx, &context(0), &of, &name).await).unwrap();
        verify(&harbour, None).await.unwrap();
        let listed = storage.read().await.unwrap().domains().list(&riverside.id).await.unwrap();
        assert!(listed.is_empty());
    }
}
