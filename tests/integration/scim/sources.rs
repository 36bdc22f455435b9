//! Several sources that speak of the same people, and people who change what a source keeps.

use axum::{body::Body, http::Request};
use lanyard::{
    directory::{
        Error, domain,
        domain::Verification,
        group,
        membership::Membership,
        profile::{self, Attribute, Edit, Editor},
        provisioning,
    },
    id::{GroupId, MembershipId},
    scim::connection::{self, Rights},
    server::{self, Stopper},
};
use serde_json::{Value, json};

use super::{
    door::ask,
    push::{GROUP, Push, USER, patch},
};
use crate::oauth::clinic::Answer;

/// Another system of Riverside.
pub(super) struct Source<'p> {
    push: &'p Push,
    token: String,
}

impl<'p> Source<'p> {
    pub(super) async fn of(push: &'p Push, name: &str, precedence: i64) -> Self {
        let rights = Rights { precedence, ..Rights::default() };
        Self { push, token: push.door.connect(name, rights).await.1 }
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.push.ask_as(&self.token, method, path, (body, &[])).await
    }

    async fn title(&self, path: &str, title: &str) -> Answer {
        self.ask("PATCH", path, &patch(json!([{"op": "replace", "path": "title", "value": title}]))).await
    }
}

async fn end(push: &Push, name: &str) {
    let (context, of, name) = (push.door.clinic.context(), push.door.riverside().await, name.parse().unwrap());
    push.door
        .clinic
        .write(move |tx| Box::pin(async move { Ok(connection::remove(tx, &context, &of, &name).await?) }))
        .await;
}

fn told(answer: &Answer) -> (u16, String) {
    let body = answer.json();
    let text = body["title"].as_str().or(body["scimType"].as_str()).unwrap_or_default();
    (answer.status.as_u16(), text.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_higher_source_is_believed_until_it_lets_go() {
    for push in Push::each().await {
        let (hr, okta) = (Source::of(&push, "hr", 10).await, Source::of(&push, "okta", 0).await);
        let path = format!("/Users/{}", push.person("jo").await);
        let title = |title: &str| patch(json!([{"op": "replace", "path": "title", "value": title}]));
        let mine = async |title_: &str| told(&push.ask("PATCH", &path, &title(title_)).await);
        let whole = |title: &str| json!({"schemas": [USER], "userName": "jo@riverside.example", "title": title});
        let kept = (400, "mutability".to_owned());
        assert_eq!(mine("Dr").await, (200, "Dr".to_owned()));
        assert_eq!(told(&okta.title(&path, "Mr").await), kept, "among equals the first keeps");
        assert_eq!(told(&hr.title(&path, "Prof").await), (200, "Prof".to_owned()), "the higher one is believed");
        let refused = push.ask("PATCH", &path, &title("Mr")).await;
        assert_eq!(told(&refused), kept);
        assert_eq!(refused.json()["detail"], "`title` is kept by hr; change it there");
        let put = push.told("PUT", &path, &whole("Mr"), 200).await;
        assert_eq!(put["title"], "Prof", "who tells all it knows is told what is believed");
        let without = json!({"schemas": [USER], "userName": "jo@riverside.example"});
        assert_eq!(push.told("PUT", &path, &without, 200).await["title"], "Prof", "and denies nothing of others");

        // What the higher one takes away is anybody's.
        let gone = hr.ask("PATCH", &path, &patch(json!([{"op": "remove", "path": "title"}]))).await;
        assert_eq!((gone.status.as_u16(), gone.json().get("title")), (200, None), "{}", gone.body);
        assert_eq!(mine("Mx").await, (200, "Mx".to_owned()));

        // So is what it kept when it ends.
        assert_eq!(told(&hr.title(&path, "Prof").await), (200, "Prof".to_owned()));
        assert_eq!(mine("Dr").await, kept);
        end(&push, "hr").await;
        assert_eq!(push.told("PUT", &path, &whole("Dr"), 200).await["title"], "Dr");
        assert_eq!(told(&okta.title(&path, "Mr").await), kept, "it is the next one's now");
    }
}

/// What people of Riverside do to a member.
struct Here<'p> {
    push: &'p Push,
    member: MembershipId,
}

impl Here<'_> {
    async fn member(&self) -> Membership {
        let of = self.push.door.riverside().await;
        let mut tx = self.push.door.clinic.app.storage.read().await.unwrap();
        tx.memberships().by_id(&of, &self.member).await.unwrap().unwrap()
    }

    /// Edits as the person, an administrator and on the host; what is told, which is the same.
    async fn edit(&self, attribute: Attribute, value: &str) -> Result<(), String> {
        let (context, member) = (self.push.door.clinic.context(), self.member().await);
        let edit = Edit::set(attribute, value).unwrap();
        let is_own = attribute.subject() == profile::Subject::Person;
        let done = self.push.door.clinic.app.storage.write::<_, Error, _>(move |tx| {
            Box::pin(async move {
                let (edits, of) = (std::slice::from_ref(&edit), (&member.organization_id, &member.id));
                if is_own {
                    let own = profile::edit_own(tx, &context, &member.user_id, edits).await.map_err(|e| e.to_string());
                    let host = profile::edit_person(tx, &context, &member.user_id, edits).await;
                    assert_eq!(own, host.map_err(|e| e.to_string()));
                    if let Err(told) = own {
                        return Ok(Err(told));
                    }
                }
                let editor = if attribute == Attribute::Locale { Editor::Person } else { Editor::Administrator };
                Ok(profile::edit_member(tx, &context, of, editor, edits).await.map_err(|e| e.to_string()))
            })
        });
        done.await.unwrap()
    }

    async fn set_precedence(&self, own: Option<i64>) {
        let (context, of) = (self.push.door.clinic.context(), self.push.door.riverside().await);
        self.push
            .door
            .clinic
            .write(move |tx| {
                Box::pin(async move { Ok(provisioning::set_own_precedence(tx, &context, &of, own).await?) })
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_source_keeps_people_change_there() {
    for push in Push::each().await {
        let id = push.person("jo").await;
        let path = format!("/Users/{id}");
        let here = Here { push: &push, member: id.parse().unwrap() };
        let said = async |path_: &str, value: Value| {
            let operation = json!([{"op": "replace", "path": path_, "value": value}]);
            push.ask("PATCH", &path, &patch(operation)).await
        };
        for (name, value) in [("title", json!("Dr")), ("preferredLanguage", json!("da"))] {
            assert_eq!(said(name, value).await.status, 200);
        }
        let kept = |name: &str| Err(format!("`{name}` is kept by entra; change it there"));
        assert_eq!(here.edit(Attribute::Name, "Jo").await, kept("name"));
        assert_eq!(here.edit(Attribute::Title, "Mr").await, kept("title"));
        assert_eq!(here.edit(Attribute::Phone, "+45 1").await, Ok(()), "nobody else says it");
        let (mut tx, user) = (push.door.clinic.app.storage.read().await.unwrap(), here.member().await.user_id);
        let names = provisioning::kept_of_person(&mut tx, &user).await.unwrap();
        drop(tx);
        let names: Vec<_> = names.into_iter().map(|one| (one.attribute, one.source.name)).collect();
        assert_eq!(names, [(Attribute::Name, "entra".to_owned())]);

        // What is left to the person alone is the person's, whatever a source says.
        assert_eq!(here.edit(Attribute::Locale, "es").await, Ok(()));
        let refused = said("preferredLanguage", json!("da")).await;
        assert_eq!(refused.json()["detail"], "`preferredLanguage` is kept by the person; change it there");
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await["preferredLanguage"], "es");

        // What people say is taken over by whichever source says otherwise, unless they go first.
        assert_eq!(said("phoneNumbers", json!([{"value": "+45 2"}])).await.status, 200);
        assert_eq!(here.edit(Attribute::Phone, "+45 3").await, kept("phone"));
        here.set_precedence(Some(0)).await;
        assert_eq!(here.edit(Attribute::Phone, "+45 3").await, kept("phone"), "among equals the first keeps");
        here.set_precedence(Some(1)).await;
        for (attribute, value) in [(Attribute::Phone, "+45 3"), (Attribute::Title, "Mr"), (Attribute::Name, "Jo Do")] {
            assert_eq!(here.edit(attribute, value).await, Ok(()));
        }
        let seen = push.told("GET", &path, &Value::Null, 200).await;
        assert_eq!((&seen["title"], &seen["displayName"]), (&json!("Mr"), &json!("Jo Do")), "{seen}");
        assert_eq!(seen["phoneNumbers"][0]["value"], "+45 3");
        let refused = said("title", json!("Dr")).await;
        assert_eq!(refused.json()["detail"], "`title` is kept by people of the organization; change it there");
        here.set_precedence(None).await;
        assert_eq!(said("title", json!("Dr")).await.status, 200);
        assert_eq!(here.edit(Attribute::Title, "Mr").await, kept("title"));

        end(&push, "entra").await;
        assert_eq!(here.edit(Attribute::Title, "Mr").await, Ok(()), "whoever has ended keeps nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_in_a_group_is_its_source_s() {
    for push in Push::each().await {
        let hr = Source::of(&push, "hr", 10).await;
        let mut both = [push.person("ann").await, push.person("bob").await];
        both.sort();
        let [ann, bob] = both.clone();
        let value = |id: &str| json!({"value": id});
        let new = json!({"schemas": [GROUP], "displayName": "Nurses", "members": [value(&ann)]});
        let id = push.told("POST", "/Groups", &new, 201).await["id"].as_str().unwrap().to_owned();
        let path = format!("/Groups/{id}");
        let members = async || {
            let all =
                push.told("GET", &path, &Value::Null, 200).await["members"].as_array().cloned().unwrap_or_default();
            let mut ids: Vec<_> = all.iter().map(|one| one["value"].as_str().unwrap().to_owned()).collect();
            ids.sort();
            ids
        };
        let without = |id: &str| patch(json!([{"op": "remove", "path": format!("members[value eq \"{id}\"]")}]));
        let empty = json!({"schemas": [GROUP], "displayName": "Nurses", "members": []});
        let (of, group): (_, GroupId) = (push.door.riverside().await, id.parse().unwrap());
        let by_hand = async |member: &str, is_in: bool| {
            let (context, of, group, member) =
                (push.door.clinic.context(), of.clone(), group.clone(), member.parse::<MembershipId>().unwrap());
            let work = push.door.clinic.app.storage.write::<_, Error, _>(move |tx| {
                Box::pin(async move {
                    if is_in {
                        group::add_member(tx, &context, &of, &group, &member).await
                    } else {
                        group::remove_member(tx, &context, &of, &group, &member).await
                    }
                })
            });
            work.await.map_err(|error| error.to_string())
        };
        by_hand(&bob, true).await.unwrap();
        let refused = hr.ask("PATCH", &path, &without(&ann)).await;
        assert_eq!((refused.status.as_u16(), &refused.json()["scimType"]), (400, &json!("mutability")));
        assert!(refused.json()["detail"].as_str().unwrap().ends_with("is kept by entra; change it there"));
        let all = patch(json!([{"op": "replace", "path": "members", "value": []}]));
        assert_eq!(hr.ask("PATCH", &path, &all).await.status, 400);
        assert_eq!(hr.ask("PUT", &path, &empty).await.status, 200);
        assert_eq!(members().await, both, "nothing of others is taken away");
        assert_eq!(by_hand(&ann, false).await.unwrap_err(), "`members` is kept by entra; change it there");
        by_hand(&bob, false).await.unwrap();
        by_hand(&bob, true).await.unwrap();
        assert_eq!(hr.ask("PATCH", &path, &without(&bob)).await.status, 204, "what people did is not a source's");
        assert_eq!(members().await, std::slice::from_ref(&ann));

        // When the source ends, the next one that names the member keeps the place.
        end(&push, "entra").await;
        let add = patch(json!([{"op": "add", "path": "members", "value": [value(&ann)]}]));
        assert!(hr.ask("PATCH", &path, &add).await.status.is_success());
        assert_eq!(by_hand(&ann, false).await.unwrap_err(), "`members` is kept by hr; change it there");
        assert_eq!(hr.ask("PUT", &path, &empty).await.status, 200);
        assert_eq!(hr.ask("GET", &path, &Value::Null).await.json().get("members"), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_account_page_says_who_keeps_the_name() {
    for push in Push::each().await {
        let (context, of) = (push.door.clinic.context(), push.door.riverside().await);
        push.door
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let name = "clinic.example".parse().unwrap();
                    domain::add(tx, &context, &of, &name).await?;
                    Ok(domain::verify(tx, &context, &of, &name, Verification::Administrator).await.map(drop)?)
                })
            })
            .await;
        let new = json!({"schemas": [USER], "userName": "jo@clinic.example", "displayName": "Jo Do"});
        push.told("POST", "/Users", &new, 201).await;
        let cookies = push.door.clinic.browser("jo").await;
        let (stopper, stop) = Stopper::new();
        let router = server::assemble(&push.door.clinic.app, &push.door.clinic.site, stop);
        let get = async |path: &str| {
            let request = Request::get(path).header("cookie", &cookies).body(Body::empty()).unwrap();
            ask(&router, request).await
        };
        let page = get("/account").await;
        assert_eq!(page.status, 200);
        assert!(
            page.body.contains("Kept by entra, which your clinic connects. Have it changed there."),
            "{}",
            page.body
        );
        assert!(!page.body.contains("href=\"/account/name\""));
        assert_eq!(get("/account/name").await.location(), "/account");
        end(&push, "entra").await;
        assert!(get("/account").await.body.contains("href=\"/account/name\""));
        stopper.stop();
    }
}
