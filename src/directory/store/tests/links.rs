//! Changes of address, and domains.

use super::*;
use crate::{
    directory::{
        Error,
        domain::{self, Verification},
        email_change,
    },
    id::UserId,
    secret::{ExposeSecret, TokenHash},
    storage::testing::databases,
};

const HOUR: i64 = 60 * 60 * 1000;

async fn to_email(storage: &Storage, user: &UserId, email: &'static str) -> TokenHash {
    let user = user.clone();
    let made = unit!(storage, |tx| email_change::request(tx, &context(0), &user, &email.parse().unwrap()).await);
    TokenHash::of(made.unwrap().expose_secret())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_changes_once_it_is_proved_and_free() {
    for database in databases().await {
        let storage = &database.storage;
        let one = unit!(storage, |tx| user::create(tx, &context(0), person("one@x.example")).await).unwrap();
        unit!(storage, |tx| user::create(tx, &context(0), person("two@x.example")).await).unwrap();
        let redeem = async |token: TokenHash, later: i64| {
            unit!(storage, |tx| email_change::confirm(tx, &context(later), token).await)
        };
        let taken = to_email(storage, &one.id, "two@x.example").await;
        assert!(matches!(redeem(taken, 1).await, Err(Error::Taken(..))));
        let replaced = to_email(storage, &one.id, "other@x.example").await;
        let proof = to_email(storage, &one.id, "new@x.example").await;
        assert!(redeem(replaced, 1).await.is_err(), "a newer link voids it");
        assert!(redeem(proof, HOUR).await.is_err(), "it lasts an hour");
        let found = {
            let mut tx = storage.read().await.unwrap();
            email_change::find(&mut tx, proof, NOW).await.unwrap()
        };
        assert_eq!(found.map(|change| change.email), Some("new@x.example".parse().unwrap()));
        redeem(proof, 1).await.unwrap();
        assert!(redeem(proof, 1).await.is_err(), "it is good for one use");
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
