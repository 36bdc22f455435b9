//! Who made a group, named it and put it into another one, and what another source or people may do to it; and what each
//! source calls a resource.

use lanyard::{
    directory::{Error, group, provisioning},
    id::GroupId,
    scim::connection,
};
use serde_json::{Value, json};

use super::{
    push::{GROUP, Push, USER, patch},
    sources::Source,
};
use crate::oauth::clinic::Answer;

impl Source<'_> {
    async fn status(&self, method: &str, path: &str, body: &Value) -> u16 {
        self.ask(method, path, body).await.status.as_u16()
    }

    /// A group of its own; the id.
    async fn makes(&self, name: &str) -> String {
        let made = self.ask("POST", "/Groups", &json!({"schemas": [GROUP], "displayName": name})).await;
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()["id"].as_str().unwrap().to_owned()
    }

    async fn finds(&self, kind: &str, external: &str) -> Vec<String> {
        let filter = format!("/{kind}?filter=externalId%20eq%20%22{external}%22");
        let found = self.ask("GET", &filter, &Value::Null).await.json();
        let ids = found["Resources"].as_array().unwrap().iter();
        ids.map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// A group that people of Riverside make.
async fn by_hand(push: &Push, slug: &'static str) -> String {
    let (context, of) = (push.door.clinic.context(), push.door.riverside().await);
    let made = push.door.clinic.write(move |tx| {
        Box::pin(async move { Ok(group::create(tx, &context, &of, &slug.parse()?, &slug.parse()?).await?.id) })
    });
    made.await.to_string()
}

enum Act {
    Rename,
    Nest(String),
    Unnest(String),
}

/// What people of Riverside do to a group; what they are told.
async fn people(push: &Push, id: &str, act: Act) -> Result<(), String> {
    let (context, of, id) = (push.door.clinic.context(), push.door.riverside().await, id.parse::<GroupId>().unwrap());
    let work = push.door.clinic.app.storage.write::<_, Error, _>(move |tx| {
        Box::pin(async move {
            match act {
                Act::Rename => group::rename(tx, &context, &of, &id, &"By hand".parse().unwrap()).await,
                Act::Nest(outer) => group::nest(tx, &context, &of, &id, &outer.parse().unwrap()).await,
                Act::Unnest(outer) => group::unnest(tx, &context, &of, &id, &outer.parse().unwrap()).await,
            }
        })
    });
    work.await.map_err(|error| error.to_string())
}

async fn set_own_precedence(push: &Push, own: Option<i64>) {
    let (context, of) = (push.door.clinic.context(), push.door.riverside().await);
    let work = push
        .door
        .clinic
        .write(move |tx| Box::pin(async move { Ok(provisioning::set_own_precedence(tx, &context, &of, own).await?) }));
    work.await;
}

async fn end(push: &Push, name: &str) {
    let (context, of, name) = (push.door.clinic.context(), push.door.riverside().await, name.parse().unwrap());
    let work = push
        .door
        .clinic
        .write(move |tx| Box::pin(async move { Ok(connection::remove(tx, &context, &of, &name).await?) }));
    work.await;
}

fn name(name: &str) -> Value {
    patch(json!([{"op": "replace", "path": "displayName", "value": name}]))
}

fn add(id: &str) -> Value {
    patch(json!([{"op": "add", "path": "members", "value": [{"value": id}]}]))
}

fn without(id: &str) -> Value {
    patch(json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]))
}

/// The refusal of what `keeper` keeps.
fn kept(answer: &Answer, attribute: &str, keeper: &str) {
    let error = answer.json();
    assert_eq!((answer.status.as_u16(), &error["scimType"]), (400, &json!("mutability")), "{error}");
    assert_eq!(error["detail"], format!("`{attribute}` is kept by {keeper}; change it there"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_named_and_removed_by_whoever_made_it() {
    for push in Push::each().await {
        let (hr, okta) = (Source::of(&push, "hr", 10).await, Source::of(&push, "okta", 0).await);
        let path = format!("/Groups/{}", okta.makes("Nurses").await);
        let entra = async |method: &str, body: &Value| push.ask(method, &path, body).await;
        kept(&entra("PATCH", &name("Doctors")).await, "displayName", "okta");
        let whole = |name: &str| json!({"schemas": [GROUP], "displayName": name, "members": []});
        kept(&entra("PUT", &whole("Doctors")).await, "displayName", "okta");
        kept(&entra("DELETE", &Value::Null).await, "id", "okta");
        assert_eq!(entra("PUT", &whole("Nurses")).await.status, 200, "the same name is none of its own");
        assert_eq!(okta.status("PATCH", &path, &name("Nurses of the day")).await, 204);

        // The higher one may; from then on it keeps the name.
        assert_eq!(hr.status("PATCH", &path, &name("Nursing")).await, 204);
        kept(&okta.ask("PATCH", &path, &name("Nurses")).await, "displayName", "hr");
        let told = people(&push, path.strip_prefix("/Groups/").unwrap(), Act::Rename).await;
        assert_eq!(told.unwrap_err(), "`name` is kept by hr; change it there");
        end(&push, "hr").await;
        assert_eq!(entra("PATCH", &name("Doctors")).await.status, 204, "whoever has ended keeps nothing");
        kept(&okta.ask("PATCH", &path, &name("Nurses")).await, "displayName", "entra");
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await["displayName"], "Doctors");
        assert_eq!(okta.status("DELETE", &path, &Value::Null).await, 204, "whoever made it removes it");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_people_made_is_theirs_unless_they_give_way() {
    for push in Push::each().await {
        let hr = Source::of(&push, "hr", 10).await;
        let (mine, own) = (by_hand(&push, "heads").await, hr.makes("Own").await);
        let (path, people_) = (format!("/Groups/{mine}"), "people of the organization");
        for precedence in [None, Some(10)] {
            set_own_precedence(&push, precedence).await;
            kept(&hr.ask("PATCH", &path, &name("Chiefs")).await, "displayName", people_);
            kept(&hr.ask("DELETE", &path, &Value::Null).await, "id", people_);
            kept(&hr.ask("PATCH", &path, &add(&own)).await, "members", people_);
            let inner = format!("members[value eq \"{mine}\"]");
            kept(&hr.ask("PATCH", &format!("/Groups/{own}"), &add(&mine)).await, &inner, people_);
        }
        let member = push.person("jo").await;
        assert_eq!(hr.status("PATCH", &path, &add(&member)).await, 204, "places of people are each source's own");
        set_own_precedence(&push, Some(9)).await;
        assert_eq!(hr.status("PATCH", &path, &add(&own)).await, 204);
        assert_eq!(hr.status("PATCH", &path, &name("Chiefs")).await, 204);
        assert_eq!(push.refused("PATCH", &path, &name("Heads")).await, (400, Some("mutability".into())));
        assert_eq!(hr.status("DELETE", &path, &Value::Null).await, 204);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_lie_where_their_sources_put_them() {
    for push in Push::each().await {
        let (hr, okta) = (Source::of(&push, "hr", 10).await, Source::of(&push, "okta", 0).await);
        let (inner, outer, other) = (okta.makes("Inner").await, okta.makes("Outer").await, okta.makes("Other").await);
        let path = format!("/Groups/{outer}");
        let parts = async || {
            let all = push.told("GET", &path, &Value::Null, 200).await["members"].as_array().cloned();
            let mut ids: Vec<_> =
                all.unwrap_or_default().iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        assert_eq!(okta.status("PATCH", &path, &add(&inner)).await, 204);
        kept(&push.ask("PATCH", &path, &add(&other)).await, "members", "okta");
        let of_entra = json!({"schemas": [GROUP], "displayName": "Mine", "members": [{"value": inner}]});
        kept(&push.ask("POST", "/Groups", &of_entra).await, &format!("members[value eq \"{inner}\"]"), "okta");
        kept(&push.ask("PATCH", &path, &without(&inner)).await, &format!("members[value eq \"{inner}\"]"), "okta");
        let all = patch(json!([{"op": "replace", "path": "members", "value": []}]));
        assert_eq!(push.refused("PATCH", &path, &all).await, (400, Some("mutability".into())));
        let empty = json!({"schemas": [GROUP], "displayName": "Outer", "members": []});
        push.told("PUT", &path, &empty, 200).await;
        assert_eq!(parts().await, std::slice::from_ref(&inner), "who tells all of a group tells of its own places");
        let told = people(&push, &inner, Act::Unnest(outer.clone())).await;
        assert_eq!(told.unwrap_err(), "`members` is kept by okta; change it there");

        // What people nested stays theirs, beside what a source does.
        people(&push, &other, Act::Nest(outer.clone())).await.unwrap();
        kept(
            &okta.ask("PATCH", &path, &without(&other)).await,
            &format!("members[value eq \"{other}\"]"),
            "people of the organization",
        );
        assert_eq!(okta.status("PUT", &path, &empty).await, 200);
        assert_eq!(parts().await, std::slice::from_ref(&other), "it took its own away");
        people(&push, &other, Act::Unnest(outer.clone())).await.unwrap();
        assert_eq!(okta.status("PATCH", &path, &add(&inner)).await, 204);
        assert_eq!(hr.status("PATCH", &path, &without(&inner)).await, 204, "the higher one may");
        assert_eq!(parts().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_external_id_is_its_source_s_and_given_once() {
    for push in Push::each().await {
        let okta = Source::of(&push, "okta", 0).await;
        let ann = push.person("ann").await;
        let bob = push.person("bob").await;
        let call = |id: &str| patch(json!([{"op": "replace", "path": "externalId", "value": id}]));
        let path = |id: &str| format!("/Users/{id}");
        assert_eq!(okta.ask("GET", &path(&ann), &Value::Null).await.json().get("externalId"), None);
        assert_eq!(okta.finds("Users", "ext-ann").await, Vec::<String>::new());
        let called = okta.ask("PATCH", &path(&ann), &call("ext-bob")).await;
        assert_eq!((called.status.as_u16(), &called.json()["externalId"]), (200, &json!("ext-bob")));
        assert_eq!(push.told("GET", &path(&ann), &Value::Null, 200).await["externalId"], "ext-ann");
        assert_eq!(okta.finds("Users", "ext-bob").await, std::slice::from_ref(&ann));
        let found = push.told("GET", "/Users?filter=externalId%20eq%20%22ext-bob%22", &Value::Null, 200).await;
        assert_eq!(found["Resources"][0]["id"], bob);

        // Once of each type, whatever else is written.
        let twin = json!({"schemas": [USER], "userName": "cy", "externalId": "ext-ann"});
        assert_eq!(push.refused("POST", "/Users", &twin).await, (409, Some("uniqueness".into())));
        assert_eq!(push.refused("PATCH", &path(&bob), &call("ext-ann")).await, (409, Some("uniqueness".into())));
        let whole = json!({"schemas": [USER], "userName": "bob@riverside.example", "externalId": "ext-ann"});
        assert_eq!(push.refused("PUT", &path(&bob), &whole).await, (409, Some("uniqueness".into())));
        assert_eq!(push.told("GET", &path(&bob), &Value::Null, 200).await["externalId"], "ext-bob");
        let listed = push.told("GET", "/Users?filter=userName%20eq%20%22cy%22", &Value::Null, 200).await;
        assert_eq!(listed["totalResults"], 0, "nothing of a refused request is kept");
        let group = |id: &str| json!({"schemas": [GROUP], "displayName": id, "externalId": id});
        let nurses = push.told("POST", "/Groups", &group("ext-ann"), 201).await["id"].as_str().unwrap().to_owned();
        assert_eq!(push.refused("POST", "/Groups", &group("ext-ann")).await, (409, Some("uniqueness".into())));
        let of_okta = okta.ask("POST", "/Groups", &group("ext-ann")).await;
        assert_eq!(of_okta.status, 201, "{}", of_okta.body);
        let at = format!("/Groups/{nurses}");
        assert_eq!(okta.ask("GET", &at, &Value::Null).await.json().get("externalId"), None);
        assert_eq!(okta.status("PATCH", &at, &call("N")).await, 204, "its own word of a group of others");
        assert_eq!(push.told("GET", &at, &Value::Null, 200).await["externalId"], "ext-ann");
        assert_eq!((okta.finds("Groups", "N").await, okta.finds("Groups", "ext-ann").await.len()), (vec![nurses], 1));

        // It is free again when it is taken away, and with whoever had it.
        push.told("PATCH", &path(&ann), &patch(json!([{"op": "remove", "path": "externalId"}])), 200).await;
        push.told("PATCH", &path(&bob), &call("ext-ann"), 200).await;
        push.told("DELETE", &path(&bob), &Value::Null, 204).await;
        push.told("PATCH", &path(&ann), &call("ext-ann"), 200).await;
        assert_eq!(okta.finds("Users", "ext-bob").await, [ann]);
    }
}
