//! What one source may not do by another's rights, or against what people or another source decided.

use lanyard::{
    directory::{group, membership},
    id::{GroupId, MembershipId},
    scim::connection::Rights,
};
use serde_json::{Value, json};

use super::push::{Push, USER, patch};
use crate::oauth::clinic::Answer;

struct Source<'p> {
    push: &'p Push,
    token: String,
}

impl<'p> Source<'p> {
    async fn of(push: &'p Push, name: &str, (precedence, roles): (i64, &[&str])) -> Self {
        let roles = roles.iter().map(|role| role.parse().unwrap()).collect();
        let rights = Rights { precedence, roles, ..Rights::default() };
        Self { push, token: push.door.connect(name, rights).await.1 }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.push.ask_as(&self.token, method, path, (body, &[])).await
    }

    async fn status(&self, method: &str, path: &str, body: &Value) -> u16 {
        self.ask(method, path, body).await.status.as_u16()
    }
}

fn active(is_active: bool) -> Value {
    patch(json!([{"op": "replace", "path": "active", "value": is_active}]))
}

async fn roles(push: &Push, member: &str) -> Vec<String> {
    let clinic = &push.door.clinic;
    let id: MembershipId = member.parse().unwrap();
    let mut tx = clinic.app.storage.read().await.unwrap();
    let access = tx.access().of_member(&id, clinic.app.clock.now()).await.unwrap();
    access.roles.iter().map(ToString::to_string).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_a_group_gives_no_role_that_the_source_may_not_assign() {
    for push in Push::each().await {
        let of = push.door.riverside().await;
        let (context, at) = (push.door.clinic.context(), of.clone());
        let outer: GroupId = push
            .door
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let made =
                        group::create(tx, &context, &at, &"heads".parse().unwrap(), &"Heads".parse().unwrap()).await?;
                    let all = tx.roles().list(&at).await?;
                    let manager = all.into_iter().find(|role| role.slug.as_str() == "manager").unwrap().id;
                    group::give_role(tx, &context, &at, &made.id, (&manager, None)).await?;
                    Ok(made.id)
                })
            })
            .await;
        let (bare, may) =
            (Source::of(&push, "bare", (0, &[])).await, Source::of(&push, "may", (0, &["manager"])).await);
        let member = push.person("jo").await;
        let add = |id: &str| patch(json!([{"op": "add", "path": "members", "value": [{"value": id}]}]));
        let path = format!("/Groups/{outer}");
        let refused = bare.ask("PATCH", &path, &add(&member)).await;
        assert_eq!(refused.status, 403, "{}", refused.body);
        assert!(refused.json()["detail"].as_str().unwrap().contains("`manager`"), "{}", refused.body);
        let own = json!({"schemas": [super::push::GROUP], "displayName": "Mine", "members": [{"value": member}]});
        let own = bare.ask("POST", "/Groups", &own).await;
        assert_eq!(own.status, 201, "{}", own.body);
        let own = own.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(bare.status("PATCH", &path, &add(&own)).await, 403, "nor by a group in it");
        assert_eq!(roles(&push, &member).await, Vec::<String>::new());
        let status = may.status("PATCH", &path, &add(&member)).await;
        assert!([200, 204].contains(&status), "{status}");
        assert_eq!(roles(&push, &member).await, ["manager"]);
        let remove = patch(json!([{"op": "remove", "path": format!("members[value eq \"{member}\"]")}]));
        let status = may.status("PATCH", &path, &remove).await;
        assert!([200, 204].contains(&status), "{status}");
        assert_eq!(roles(&push, &member).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_assigns_by_the_rights_of_another_source() {
    for push in Push::each().await {
        let bare = Source::of(&push, "bare", (0, &[])).await;
        let may = Source::of(&push, "may", (5, &["manager", "billing"])).await;
        let member = push.person("jo").await;
        let path = format!("/Users/{member}");
        let say =
            |name: &str, value: &str| patch(json!([{"op": "replace", "path": name, "value": [{"value": value}]}]));
        assert_eq!(bare.status("PATCH", &path, &say("roles", "manager")).await, 200);
        assert_eq!(may.status("PATCH", &path, &say("entitlements", "billing")).await, 200);
        assert_eq!(roles(&push, &member).await, ["billing"], "what another said gives nothing");
        let both = json!([{"value": "manager"}, {"value": "billing"}]);
        let both = patch(json!([{"op": "replace", "path": "roles", "value": both}]));
        assert_eq!(may.status("PATCH", &path, &both).await, 200);
        assert_eq!(roles(&push, &member).await, ["billing", "manager"]);
        let heir = Source::of(&push, "heir", (7, &["billing"])).await;
        let three = json!([{"value": "manager"}, {"value": "billing"}, {"value": "none"}]);
        let three = patch(json!([{"op": "replace", "path": "roles", "value": three}]));
        assert_eq!(heir.status("PATCH", &path, &three).await, 200);
        assert_eq!(roles(&push, &member).await, ["billing"], "what another gave up is given anew, by one's own rights");
        let higher = Source::of(&push, "higher", (9, &[])).await;
        assert_eq!(higher.status("PATCH", &path, &say("roles", "none")).await, 200);
        assert_eq!(roles(&push, &member).await, ["billing"], "whoever is overruled assigns no more");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_let_in_by_whoever_put_them_out() {
    for push in Push::each().await {
        let hr = Source::of(&push, "hr", (10, &[])).await;
        let member = push.person("jo").await;
        let path = format!("/Users/{member}");
        let seen = async || push.told("GET", &path, &Value::Null, 200).await["active"].clone();
        let whole = json!({"schemas": [USER], "userName": "jo@riverside.example", "active": true});

        assert_eq!(push.ask("PATCH", &path, &active(false)).await.status, 200);
        assert_eq!(push.ask("PATCH", &path, &active(true)).await.status, 200, "its own word");
        assert_eq!(hr.status("PATCH", &path, &active(false)).await, 200);
        let refused = push.ask("PATCH", &path, &active(true)).await;
        assert_eq!(
            (refused.status.as_u16(), &refused.json()["scimType"]),
            (400, &json!("mutability")),
            "{}",
            refused.body
        );
        assert_eq!(push.told("PUT", &path, &whole, 200).await["active"], false, "who tells all is told what holds");
        assert_eq!(hr.status("PATCH", &path, &active(true)).await, 200);
        assert_eq!(seen().await, true);

        let (context, of, id) = (push.door.clinic.context(), push.door.riverside().await, member.parse().unwrap());
        push.door
            .clinic
            .write(move |tx| Box::pin(async move { Ok(membership::disable(tx, &context, &of, &id).await.map(drop)?) }))
            .await;
        assert_eq!(hr.status("PATCH", &path, &active(true)).await, 400, "people here put them out");
        assert_eq!(push.told("PUT", &path, &whole, 200).await["active"], false);
        assert_eq!(seen().await, false);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whom_one_source_brought_another_does_not_take_away() {
    for push in Push::each().await {
        let (hr, okta) = (Source::of(&push, "hr", (10, &[])).await, Source::of(&push, "okta", (0, &[])).await);
        let path = format!("/Users/{}", push.person("jo").await);
        assert_eq!(okta.status("DELETE", &path, &Value::Null).await, 400, "among equals whoever was first");
        assert_eq!(hr.status("DELETE", &path, &Value::Null).await, 204);
    }
}
