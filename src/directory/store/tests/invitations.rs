//! Invitations from the first letter to the answer.

use std::time::Duration;

use super::*;
use crate::{
    directory::{
        Error,
        invitation::{self, Answerable, Approach, Invitation, NewInvitation, State},
        membership::RoleAt,
        user::{NewPassword, PasswordKind},
    },
    secret::{ExposeSecret, TokenHash},
    storage::testing::databases,
};

const WEEK: i64 = 7 * 24 * 60 * 60 * 1000;

fn offer(email: &str, roles: Option<Vec<RoleAt>>) -> NewInvitation {
    NewInvitation { email: email.parse().unwrap(), kind: slug("practitioner"), roles, invited_by: None }
}

async fn invite(storage: &Storage, of: &Organization, new: NewInvitation) -> Result<(Invitation, TokenHash)> {
    let of = of.id.clone();
    let made = unit!(storage, |tx| invitation::create(tx, &context(0), &of, new).await);
    made.map(|(invitation, token)| (invitation, TokenHash::of(token.expose_secret())))
}

fn password() -> NewPassword {
    NewPassword { hash: "$x$".into(), kind: PasswordKind::Lasting, by: "person" }
}

async fn accept_as_new(storage: &Storage, token: TokenHash, later: i64) -> Result<(User, Membership)> {
    unit!(storage, |tx| {
        let who = ("Ann".parse().unwrap(), password());
        invitation::accept_as_new(tx, &context(later), token, who, None).await
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_person_accepts_by_the_link_and_holds_what_was_offered() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let main = site(storage, &riverside, "main-street", None).await;
        let closing = site(storage, &riverside, "pier", None).await;
        let at = |site: &str| RoleAt { role: slug("practitioner"), location: Some(slug(site)) };
        let roles = Some(vec![at("main-street"), at("pier")]);
        let (invitation, token) = invite(storage, &riverside, offer("ann@x.example", roles)).await.unwrap();
        assert_eq!(invitation.expires_at, Timestamp(NOW.0 + WEEK));
        let (org, id) = (riverside.id.clone(), closing.id.clone());
        unit!(storage, |tx| location::close(tx, &context(0), &org, &id).await).unwrap();

        let (user, membership) = accept_as_new(storage, token, 1).await.unwrap();
        assert_eq!(user.email_verified_at, Some(Timestamp(NOW.0 + 1)), "the link proves the address");
        assert_eq!(membership.origin.as_str(), format!("invitation:{}", invitation.id));
        let mut tx = storage.read().await.unwrap();
        let access = tx.access().of_member(&membership.id, Timestamp(NOW.0 + 2)).await.unwrap();
        let held: Vec<RoleAt> = access.assignments.into_iter().map(|one| one.at).collect();
        assert_eq!(held, [at("main-street")], "what is closed meanwhile is left out");
        assert_eq!(access.locations, [main.slug]);
        let listed = tx.invitations().list(&riverside.id, None, 10).await.unwrap();
        assert_eq!(listed[0].state(Timestamp(NOW.0 + 2)), State::Accepted);
        drop(tx);
        assert!(accept_as_new(storage, token, 3).await.is_err(), "a link is good for one answer");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_an_account_accepts_after_signing_in() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (olivia, _) = member(storage, &riverside, "olivia@x.example", &[]).await;
        let (max, _) = member(storage, &riverside, "max@x.example", &[]).await;
        let (invitation, token) = invite(storage, &harbour, offer("olivia@x.example", None)).await.unwrap();

        let found = {
            let mut tx = storage.read().await.unwrap();
            invitation::find(&mut tx, Approach::Link(token), NOW).await.unwrap().unwrap()
        };
        assert_eq!(invitation::answerable(found.account.as_ref(), None, true), Answerable::AfterSigningIn);
        assert!(accept_as_new(storage, token, 1).await.is_err(), "the address has an account");
        let accept = async |who: &User, by_link: bool| {
            let (who, id) = (who.id.clone(), invitation.id.clone());
            unit!(storage, |tx| {
                let approach = if by_link { Approach::Link(token) } else { Approach::Account(&id) };
                invitation::accept(tx, &context(1), approach, &who).await
            })
        };
        assert!(accept(&max, true).await.is_err());
        assert!(accept(&max, false).await.is_err());
        let mut tx = storage.read().await.unwrap();
        assert_eq!(invitation::open_of(&mut tx, &olivia, NOW).await.unwrap().len(), 1);
        assert!(invitation::open_of(&mut tx, &max, NOW).await.unwrap().is_empty());
        drop(tx);
        let membership = accept(&olivia, false).await.unwrap();
        let access = storage.read().await.unwrap().access().of_member(&membership.id, NOW).await.unwrap();
        assert_eq!(access.roles, [slug("practitioner")], "the roles of the kind");
        assert!(accept(&olivia, true).await.is_err());
        let again = invite(storage, &harbour, offer("olivia@x.example", None)).await;
        assert!(matches!(again, Err(Error::AlreadyMember)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_was_not_proved_answers_by_the_link_alone() {
    for database in databases().await {
        let storage = &database.storage;
        let harbour = clinic(storage, "harbour").await;
        let new = NewUser { email_is_verified: false, ..person("claimed@x.example") };
        let claimed = unit!(storage, |tx| user::create(tx, &context(0), new).await).unwrap();
        let (invitation, token) = invite(storage, &harbour, offer("claimed@x.example", None)).await.unwrap();
        let (who, id) = (claimed.id.clone(), invitation.id.clone());
        let listed = unit!(storage, |tx| invitation::accept(tx, &context(1), Approach::Account(&id), &who).await);
        assert!(listed.is_err());
        let who = claimed.id.clone();
        unit!(storage, |tx| invitation::accept(tx, &context(1), Approach::Link(token), &who).await).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn resending_rotates_the_link_and_begins_the_week_anew() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let (invitation, former) = invite(storage, &riverside, offer("ann@x.example", None)).await.unwrap();
        assert!(accept_as_new(storage, former, WEEK).await.is_err(), "expired");
        let (org, id) = (riverside.id.clone(), invitation.id.clone());
        let sent = unit!(storage, |tx| invitation::resend(tx, &context(WEEK), &org, &id).await);
        let (again, token) = sent.unwrap();
        assert_eq!((again.sent, again.expires_at), (2, Timestamp(NOW.0 + 2 * WEEK)));
        assert!(accept_as_new(storage, former, WEEK + 1).await.is_err(), "the former link is void");
        accept_as_new(storage, TokenHash::of(token.expose_secret()), 2 * WEEK - 1).await.unwrap();
        let (org, id) = (riverside.id.clone(), invitation.id.clone());
        let after = unit!(storage, |tx| invitation::resend(tx, &context(WEEK), &org, &id).await);
        assert!(matches!(after, Err(Error::Unknown(..))), "an answered one is not sent again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_one_open_invitation_per_organization() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (first, _) = invite(storage, &riverside, offer("ann@x.example", None)).await.unwrap();
        assert!(matches!(invite(storage, &riverside, offer("ann@x.example", None)).await, Err(Error::Refused(_))));
        invite(storage, &harbour, offer("ann@x.example", None)).await.unwrap();
        let (org, id) = (riverside.id.clone(), first.id.clone());
        unit!(storage, |tx| invitation::revoke(tx, &context(0), &org, &id).await).unwrap();
        let (org, id) = (riverside.id.clone(), first.id.clone());
        assert!(unit!(storage, |tx| invitation::revoke(tx, &context(0), &org, &id).await).is_err());
        let (second, _) = invite(storage, &riverside, offer("ann@x.example", None)).await.unwrap();
        let org = riverside.id.clone();
        let later = context(i64::try_from(Duration::from_secs(8 * 86_400).as_millis()).unwrap());
        let third = unit!(storage, |tx| invitation::create(tx, &later, &org, offer("ann@x.example", None)).await);
        assert_ne!(third.unwrap().0.id, second.id, "an expired one makes room");

        let other = |new: NewInvitation| invite(storage, &riverside, new);
        let unknown_kind = NewInvitation { kind: slug("astronaut"), ..offer("b@x.example", None) };
        assert!(matches!(other(unknown_kind).await, Err(Error::Unknown(..))));
        let nowhere = vec![RoleAt { role: slug("billing"), location: Some(slug("moon")) }];
        assert!(matches!(other(offer("b@x.example", Some(nowhere))).await, Err(Error::Unknown(..))));
        let (org, id) = (harbour.id.clone(), second.id.clone());
        let foreign = unit!(storage, |tx| invitation::revoke(tx, &context(0), &org, &id).await);
        assert!(matches!(foreign, Err(Error::Unknown(..))));
        let (org, id) = (harbour.id.clone(), second.id.clone());
        let foreign = unit!(storage, |tx| invitation::resend(tx, &context(0), &org, &id).await);
        assert!(matches!(foreign, Err(Error::Unknown(..))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_invitation_is_over() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let (max, _) = member(storage, &riverside, "max@x.example", &[]).await;
        let (invitation, token) = invite(storage, &riverside, offer("ann@x.example", None)).await.unwrap();
        let (who, id) = (max.id.clone(), invitation.id.clone());
        let meddling =
            unit!(storage, |tx| invitation::reject(tx, &context(1), Approach::Account(&id), Some(&who)).await);
        assert!(meddling.is_err(), "it is somebody else's");
        unit!(storage, |tx| invitation::reject(tx, &context(1), Approach::Link(token), None).await).unwrap();
        assert!(accept_as_new(storage, token, 2).await.is_err());
        let listed = storage.read().await.unwrap().invitations().list(&riverside.id, None, 1).await.unwrap();
        assert_eq!(listed[0].state(NOW), State::Rejected);
        assert!(actions(storage).await.contains(&"invitation-rejection".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_answers_at_once_one_counts() {
    for database in databases().await {
        let storage = &database.storage;
        let riverside = clinic(storage, "riverside").await;
        let (_, token) = invite(storage, &riverside, offer("ann@x.example", None)).await.unwrap();
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let storage = storage.clone();
                tokio::spawn(async move { accept_as_new(&storage, token, 1).await.is_ok() })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            done += usize::from(task.await.unwrap());
        }
        assert_eq!(done, 1);
        let (_, token) = invite(storage, &riverside, offer("bob@x.example", None)).await.unwrap();
        let (one, two) = (storage.clone(), storage.clone());
        let accept = tokio::spawn(async move { accept_as_new(&one, token, 1).await.is_ok() });
        let reject = tokio::spawn(async move {
            unit!(two, |tx| invitation::reject(tx, &context(1), Approach::Link(token), None).await).is_ok()
        });
        assert_ne!(accept.await.unwrap(), reject.await.unwrap());
    }
}
