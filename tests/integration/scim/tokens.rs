//! The life of connections and their tokens.

use std::time::Duration;

use axum::http::header;
use lanyard::{
    id::ConnectionTokenId,
    scim::{
        connection::{self, Rights, Token},
        provider::{write_all_uses, write_due_uses},
    },
    secret::{ExposeSecret, TokenHash},
    text::Slug,
};

use super::door::{Door, ask, refused, request};
use crate::harness::TestApp;

const DAY: Duration = Duration::from_hours(24);

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// Runs an operation of `connection` in Riverside; its answer, or why it was refused.
macro_rules! operate {
    ($door:expr, |$tx:ident, $context:ident, $of:ident| $work:expr) => {{
        let ($context, $of) = ($door.clinic.context(), $door.riverside().await);
        let work = $door.clinic.app.storage.write(move |$tx| Box::pin(async move { $work }));
        work.await.map_err(|error: connection::ConnectionError| error.to_string())
    }};
}

impl Door {
    async fn revoke(&self, id: &ConnectionTokenId) -> Result<(), String> {
        let id = id.clone();
        operate!(self, |tx, context, of| connection::revoke(tx, &context, &of, &id).await)
    }

    async fn shown(&self, name: &str) -> Vec<Token> {
        let mut tx = self.clinic.app.storage.read().await.unwrap();
        let all = tx.connections().list(&self.riverside().await).await.unwrap();
        all.into_iter().find(|(one, _)| one.name.as_str() == name).unwrap().1
    }
}

fn told(answer: &crate::oauth::clinic::Answer) -> String {
    refused(answer, 401);
    let challenge = answer.header(header::WWW_AUTHENTICATE);
    challenge.split("error_description=\"").nth(1).unwrap().trim_end_matches('"').to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_leaves_time_to_change_the_token() {
    for door in Door::each().await {
        let (_, old) = door.connect("entra", Rights::default()).await;
        let first = door.rotate("entra", DAY).await.unwrap();
        let new = first.text.expose_secret().to_owned();
        let (replaced, until) = first.replaces.unwrap();
        assert_eq!(until, door.clinic.app.clock.now().plus(DAY));
        assert_eq!([door.get(&old).await.status, door.get(&new).await.status], [200, 200], "both count");
        let third = door.rotate("entra", DAY).await.unwrap_err();
        let says = |text: &str| third.contains(text);
        assert!(says("2 live tokens") && says(replaced.as_str()) && says("scim-token revoke"), "{third}");

        door.clinic.app.clock.advance(DAY.saturating_sub(Duration::from_millis(1)));
        assert_eq!(door.get(&old).await.status, 200);
        door.clinic.app.clock.advance(Duration::from_millis(1));
        assert_eq!(told(&door.get(&old).await), "the token has expired");
        assert_eq!(door.get(&new).await.status, 200);
        // Now there is room again, and for whom the token was stolen there is no overlap.
        let second = door.rotate("entra", Duration::ZERO).await.unwrap();
        assert_eq!(told(&door.get(&new).await), "the token has expired");
        assert_eq!(door.get(second.text.expose_secret()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_lives_as_long_as_its_connection_says() {
    for door in Door::each().await {
        let rights = Rights { token_life: Some(365 * DAY), ..Rights::default() };
        let (_, token) = door.connect("entra", rights).await;
        door.clinic.app.clock.advance(364 * DAY);
        assert_eq!(door.get(&token).await.status, 200);
        // A rotation never lets the first one live for longer than it would have.
        let next = door.rotate("entra", 7 * DAY).await.unwrap();
        assert_eq!(next.replaces.unwrap().1, door.clinic.app.clock.now().plus(DAY));
        assert_eq!(next.token.expires_at, Some(door.clinic.app.clock.now().plus(365 * DAY)));
        door.clinic.app.clock.advance(DAY);
        assert_eq!(told(&door.get(&token).await), "the token has expired");
        assert_eq!(door.get(next.text.expose_secret()).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_here_counts_nowhere_within_a_second() {
    for door in Door::each().await {
        let (other, router) = door.second_node().await;
        let there = async |token: &str| {
            let authorization = format!("Bearer {token}");
            ask(&router, request("GET", "/scim/v2/Users", &[("authorization", &authorization)])).await
        };
        let (_, entra) = door.connect("entra", Rights::default()).await;
        let (_, okta) = door.connect("okta", Rights::default()).await;
        let next = door.rotate("entra", DAY).await.unwrap();
        let next_text = next.text.expose_secret().to_owned();
        for token in [&entra, &okta, &next_text] {
            assert_eq!([door.get(token).await.status, there(token).await.status], [200, 200]);
        }
        door.revoke(&next.token.id).await.unwrap();
        operate!(door, |tx, context, of| connection::remove(tx, &context, &of, &slug("okta")).await).unwrap();
        let read_only = |rights| Rights { may_write: false, ..rights };
        let changed =
            operate!(door, |tx, context, of| connection::change(tx, &context, &of, &slug("entra"), read_only).await);
        assert!(!changed.unwrap().rights.may_write);
        assert_eq!(told(&door.get(&next_text).await), "the token was revoked", "here at once");
        assert_eq!(told(&door.get(&okta).await), "the connection was removed");
        // The other node looks once a second.
        other.storage.refresh_revisions().await.unwrap();
        assert_eq!(told(&there(&next_text).await), "the token was revoked");
        assert_eq!(told(&there(&okta).await), "the connection was removed");
        assert_eq!(there(&entra).await.json()["may_write"], false);
        assert!(door.revoke(&next.token.id).await.unwrap_err().contains("there is no token"), "only once");
        other.storage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_has_a_connection_with_the_published_token() {
    for demo in TestApp::each().await {
        let hash = TokenHash::of("scim-demo-token");
        let found = demo.read().await.connections().by_token(hash).await.unwrap().expect("a token");
        assert_eq!(found.ended(demo.app.clock.now()), None);
        let connection = found.connection;
        assert_eq!(
            (connection.name.as_str(), &connection.organization),
            ("demo", &demo.organization("riverside").await)
        );
        let roles = demo.read().await.roles().list(&connection.organization).await.unwrap();
        let built_in = roles.iter().filter(|role| role.built_in().is_some()).map(|role| role.slug.as_str());
        let mut assignable: Vec<&str> = connection.rights.roles.iter().map(Slug::as_str).collect();
        let mut expected: Vec<&str> = built_in.filter(|slug| *slug != "owner").collect();
        assignable.sort_unstable();
        expected.sort_unstable();
        assert_eq!(assignable, expected);
        assert!(connection.rights.may_write && expected.len() > 5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uses_are_counted_in_memory_and_kept_over_a_restart() {
    for door in Door::each().await {
        let (_, token) = door.connect("entra", Rights::default()).await;
        let (_, idle) = door.connect("okta", Rights::default()).await;
        let app = &door.clinic.app;
        for _ in 0..3 {
            assert_eq!(door.get(&token).await.status, 200);
        }
        let last = app.clock.now();
        write_due_uses(app).await.unwrap();
        assert_eq!(door.shown("entra").await[0].uses, 0, "nothing is written on the way of a request");
        app.clock.advance(Duration::from_mins(1));
        write_due_uses(app).await.unwrap();
        let shown = door.shown("entra").await;
        assert_eq!((shown[0].uses, shown[0].last_used_at), (3, Some(last)));
        assert_eq!((door.shown("okta").await[0].uses, door.shown("okta").await[0].last_used_at), (0, None));

        // Another node counts the same token; both write when they end.
        let (other, router) = door.second_node().await;
        let authorization = format!("Bearer {token}");
        let bearer = [("authorization", authorization.as_str())];
        assert_eq!(ask(&router, request("GET", "/scim/v2/Users", &bearer)).await.status, 200);
        let there = app.clock.now();
        app.clock.advance(Duration::from_secs(1));
        assert_eq!(door.get(&token).await.status, 200);
        let here = app.clock.now();
        write_all_uses(app).await.unwrap();
        write_all_uses(&other).await.unwrap();
        let shown = door.shown("entra").await;
        assert_eq!((shown[0].uses, shown[0].last_used_at), (5, Some(here)), "the latest of {there} and {here}");
        // What is refused for what it wants is a use; what proves nothing is none.
        assert_eq!(door.get(&format!("{idle}x")).await.status, 401);
        write_all_uses(app).await.unwrap();
        assert_eq!(door.shown("okta").await[0].uses, 0);
        other.storage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_writes_uses_down_by_itself() {
    for door in Door::each().await {
        door.clinic.leaves_jobs();
        let (_, token) = door.connect("entra", Rights::default()).await;
        assert_eq!(door.get(&token).await.status, 200);
        door.clinic.app.clock.advance(Duration::from_mins(1));
        let written = async {
            while door.shown("entra").await[0].uses == 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        door.clinic.working(written).await;
        assert_eq!(door.shown("entra").await[0].uses, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_leaves_nothing_behind() {
    for door in Door::each().await {
        let (connection, _) = door.connect("entra", Rights::default()).await;
        let roles =
            |names: &[&str]| Rights { roles: names.iter().map(|name| slug(name)).collect(), ..Rights::default() };
        for (name, rights, expected) in [
            ("entra", Rights::default(), "there is a connection `entra` already"),
            ("okta", roles(&["billing", "owner"]), "no outside system may assign `owner`"),
            ("okta", roles(&["billing", "unknown"]), "there is no role `unknown`"),
        ] {
            let name = slug(name);
            let refused =
                operate!(door, |tx, context, of| connection::create(tx, &context, &of, (&name, rights)).await);
            let refused = refused.map(drop).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
        let to_owner = |rights| Rights { roles: vec![slug("owner")], ..rights };
        let refused =
            operate!(door, |tx, context, of| connection::change(tx, &context, &of, &slug("entra"), to_owner).await);
        assert!(refused.unwrap_err().contains("owner"));
        let unknown = door.rotate("okta", DAY).await.map(drop).unwrap_err();
        assert!(unknown.contains("there is no connection `okta`"), "{unknown}");
        // Another organization has no such connection and no such token.
        let harbour = door.clinic.organization("harbour").await;
        let (context, token) = (door.clinic.context(), door.shown("entra").await[0].id.clone());
        let theirs = door
            .clinic
            .app
            .storage
            .write(move |tx| Box::pin(async move { connection::revoke(tx, &context, &harbour, &token).await }));
        assert!(theirs.await.unwrap_err().to_string().contains("there is no token"));
        assert_eq!(door.shown("entra").await.len(), 1);
        // A name is free again once its connection was removed.
        operate!(door, |tx, context, of| connection::remove(tx, &context, &of, &slug("entra")).await).unwrap();
        let (again, _) = door.connect("entra", Rights::default()).await;
        assert_ne!(again.id, connection.id);
        assert_eq!(door.clinic.recorded("connection-creation").await, 2);
        assert_eq!(door.clinic.recorded("connection-token-creation").await, 2);
        assert_eq!(door.clinic.recorded("connection-removal").await, 1);
    }
}
