//! The report on members, by the page.

use std::time::Duration;

use serde_json::json;

use super::{
    provisioning::{add, change, connect, desired},
    *,
};
use crate::{
    directory::{
        group,
        provisioning::Manner,
        review::{self, Limits},
    },
    id::UserId,
    session::{Authenticated, Lifetime, Proof},
    storage::{sql, testing::databases},
};

const DAY: i64 = 24 * 3_600_000;

fn limits() -> Limits {
    let days = |days: u64| Duration::from_hours(24 * days);
    Limits { unused: days(90), silent: days(30), repeated: Some(days(7)), invited: days(14) }
}

/// The person signs in to an app of the organization.
async fn sign_in(storage: &Storage, user: &UserId, of: &Organization, later: i64) {
    let (user, of, context) = (user.clone(), of.id.clone(), context(later));
    unit!(storage, |tx| {
        let (_, hash) = context.random.token();
        let life = Duration::from_hours(1000 * 24);
        let who = Authenticated { user, proof: Proof::default(), user_agent: String::new(), browser: None, via: None };
        let session =
            tx.sessions().begin(&context, hash, who, Lifetime { idle: life, absolute: life, at_station: life }).await?;
        tx.sessions().sid(&context, &session.id, &of).await.map(Option::unwrap)
    })
    .unwrap();
}

/// Who is told of `later` milliseconds after [`NOW`], by name, with the reasons.
async fn told(storage: &Storage, of: &Organization, later: i64) -> Vec<(String, Vec<&'static str>)> {
    let now = Timestamp(NOW.0 + later);
    let mut tx = storage.read().await.unwrap();
    let voices = tx.reviews().voices(&of.id, now).await.unwrap();
    let (found, last) = review::page(&mut tx, &of.id, (&voices, &limits(), now), None).await.unwrap();
    let (rest, end) = review::page(&mut tx, &of.id, (&voices, &limits(), now), last.as_ref()).await.unwrap();
    assert!(rest.is_empty() && end.is_none());
    let reasons = |found: &[review::Finding]| found.iter().map(|one| one.reason.name()).collect();
    // Those who came in the same millisecond have no order.
    let mut told: Vec<_> = found.iter().map(|(subject, found)| (subject.name.to_string(), reasons(found))).collect();
    told.sort();
    told
}

#[tokio::test]
async fn a_report_names_who_deserves_a_look_and_nobody_else() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (olivia, _) = member(storage, &riverside, "olivia@x.example", &["owner"]).await;
        let (max, place) = member(storage, &riverside, "max@x.example", &[]).await;
        let (bill, bills) = member(storage, &riverside, "bill@x.example", &["billing"]).await;
        member(storage, &harbour, "noor@y.example", &[]).await;
        assert_eq!(told(storage, &riverside, DAY).await, [("max@x.example".to_owned(), vec!["no-role"])]);

        // A place in a group is something to have; coming to one organization is not coming to another.
        let (of, key) = (riverside.id.clone(), place.id.clone());
        unit!(storage, |tx| {
            let group = group::create(tx, &context(1), &of, &slug("desk"), &"Desk".parse().unwrap()).await?;
            group::add_member(tx, &context(1), &of, &group.id, &key).await
        })
        .unwrap();
        assert_eq!(told(storage, &riverside, DAY).await, []);
        sign_in(storage, &olivia.id, &riverside, 60 * DAY).await;
        sign_in(storage, &max.id, &harbour, 60 * DAY).await;
        sign_in(storage, &bill.id, &riverside, 1).await;
        let late = [("max@x.example", vec!["never-signed-in"]), ("bill@x.example", vec!["unused"])];
        let owned = |all: &[(&str, Vec<&'static str>)]| -> Vec<(String, Vec<&'static str>)> {
            let mut all: Vec<_> = all.iter().map(|(name, why)| ((*name).to_owned(), why.clone())).collect();
            all.sort();
            all
        };
        assert_eq!(told(storage, &riverside, 100 * DAY).await, owned(&late));

        // A session of somebody who is out should not be: nothing but a fault of ours could leave one.
        let (of, key) = (riverside.id.clone(), bills.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(2), &of, &key).await).unwrap();
        assert_eq!(told(storage, &riverside, 100 * DAY).await, owned(&late[..1]));
        unit!(storage, |tx| {
            sql("UPDATE session_organizations SET ended_at = NULL").execute(tx.connection()).await?;
            sql("UPDATE sessions SET ended_at = NULL").execute(tx.connection()).await
        })
        .unwrap();
        let live = [late[0].clone(), ("bill@x.example", vec!["still-live"])];
        assert_eq!(told(storage, &riverside, 100 * DAY).await, owned(&live));
        let (of, key) = (riverside.id.clone(), bills.id.clone());
        unit!(storage, |tx| membership::disable(tx, &context(3), &of, &key).await).unwrap();
        assert_eq!(told(storage, &riverside, 100 * DAY).await, owned(&live[..1]), "suspending once more ends it");
    }
}

#[tokio::test]
async fn a_session_that_goes_on_elsewhere_is_no_use_here() {
    for database in databases().await {
        let storage = &database.storage;
        let (riverside, harbour) = (clinic(storage, "riverside").await, clinic(storage, "harbour").await);
        let (max, _) = member(storage, &riverside, "max@x.example", &["billing"]).await;
        let (of, user) = (harbour.id.clone(), max.clone());
        unit!(storage, |tx| membership::join(tx, &context(0), &of, joining(&user, &[slug("billing")])).await).unwrap();
        sign_in(storage, &max.id, &riverside, DAY).await;
        // The same session, in which the person works at the other organization for months.
        let (user, of) = (max.id.clone(), harbour.id.clone());
        unit!(storage, |tx| {
            let session = tx.sessions().of_user(&user).await?.remove(0).id;
            tx.sessions().sid(&context(60 * DAY), &session, &of).await?;
            tx.sessions().touch(&session, Timestamp(NOW.0 + 99 * DAY)).await
        })
        .unwrap();
        assert_eq!(told(storage, &harbour, 100 * DAY).await, []);
        assert_eq!(told(storage, &riverside, 100 * DAY).await, [("max@x.example".to_owned(), vec!["unused"])]);
    }
}

#[tokio::test]
async fn a_member_is_confirmed_by_a_source_that_names_them() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = super::provisioning::owning(storage, "riverside").await;
        let heard =
            async |at: i64| {
                unit!(storage, |tx| {
                sql("INSERT INTO scim_tokens (id, connection_id, token_hash, created_at) VALUES ('t', 'scn_hr', $1, 0) \
                     ON CONFLICT DO NOTHING")
                .bind(vec![1_u8])
                .execute(tx.connection())
                .await?;
                sql("INSERT INTO scim_token_uses (token_id, uses, last_used_at) VALUES ('t', 1, $1) \
                     ON CONFLICT (token_id) DO UPDATE SET last_used_at = excluded.last_used_at")
                .bind(at)
                .execute(tx.connection())
                .await
            })
            .unwrap();
            };
        let why = async |later: i64| {
            let told = told(storage, &clinic, later).await;
            let of_sources = |why: &&'static str| !["no-role", "never-signed-in"].contains(why);
            let all =
                told.into_iter().map(|(name, why)| (name, why.into_iter().filter(of_sources).collect::<Vec<_>>()));
            all.filter(|(_, why)| !why.is_empty()).collect::<Vec<_>>()
        };
        connect(storage, &clinic, "scn_hr").await;
        heard(NOW.0).await;
        member(storage, &clinic, "olivia@x.example", &["owner"]).await;
        let ann = desired("ann@riverside.example", json!({"displayName": "Ann"}));
        let known = add(storage, &clinic, "scn_hr", ann.clone()).await.unwrap().known;
        let olivia = ("olivia@x.example".to_owned(), vec!["no-source"]);
        let ann_is = |why| ("Ann".to_owned(), vec![why]);
        assert_eq!(why(DAY).await, std::slice::from_ref(&olivia));
        heard(NOW.0 + 9 * DAY).await;
        assert_eq!(why(9 * DAY).await, [ann_is("not-repeated"), olivia.clone()]);
        // It says the same once more.
        assert_eq!(why(7 * DAY + 2).await, [ann_is("not-repeated"), olivia.clone()]);
        let again = (&known.membership.id, ann, Manner::Whole);
        assert!(!change(storage, &clinic, "scn_hr", again).await.unwrap());
        assert_eq!(why(7 * DAY + 2).await, std::slice::from_ref(&olivia));
        assert_eq!(why(40 * DAY).await, [ann_is("source-silent"), olivia.clone()]);
        unit!(storage, |tx| sql("UPDATE scim_tokens SET revoked_at = $1")
            .bind(NOW.0 + DAY)
            .execute(tx.connection())
            .await)
        .unwrap();
        assert_eq!(why(40 * DAY).await, [ann_is("source-ended")], "where no source speaks, none is missed");
        let mut tx = storage.read().await.unwrap();
        let voices = tx.reviews().voices(&clinic.id, Timestamp(NOW.0 + 40 * DAY)).await.unwrap();
        assert_eq!((voices.len(), voices[0].ended_at), (1, Some(Timestamp(NOW.0 + DAY))));
    }
}

#[tokio::test]
async fn invitations_that_nobody_answers_are_told_and_answered_ones_are_not() {
    for database in databases().await {
        let storage = &database.storage;
        let clinic = clinic(storage, "riverside").await;
        let invite = async |email: &'static str, later: i64| {
            let of = clinic.id.clone();
            let new = crate::directory::invitation::NewInvitation {
                email: email.parse().unwrap(),
                kind: slug("contractor"),
                roles: None,
                invited_by: None,
            };
            let made: Result<_> =
                unit!(storage, |tx| crate::directory::invitation::create(tx, &context(later), &of, new).await);
            made.unwrap().0.id
        };
        let (first, second) = (invite("a@x.example", 0).await, invite("b@x.example", 1).await);
        invite("c@x.example", 3 * DAY).await;
        let of = clinic.id.clone();
        unit!(storage, |tx| crate::directory::invitation::revoke(tx, &context(2), &of, &second).await).unwrap();
        let before = Timestamp(NOW.0 + 2 * DAY);
        let waiting = storage.read().await.unwrap().reviews().unanswered(&clinic.id, before, 10).await.unwrap();
        assert_eq!(waiting.iter().map(|one| &one.invitation).collect::<Vec<_>>(), [&first]);
    }
}
