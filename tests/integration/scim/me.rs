//! `/Me`: a person's own resource, by their own access token (RFC 7644 §3.11).

use axum::http::header;
use lanyard::{
    directory::profile::{self, Attribute, EditableBy},
    oauth::{
        client::{AccessTokenFormat, GrantType},
        registration::Registration,
    },
};
use serde_json::{Value, json};

use super::{
    door::refused,
    push::{Push, USER, patch},
};
use crate::oauth::clinic::{Answer, ISSUER, app};

/// An app that may ask for the scope, and the access token that somebody lets it have.
async fn token(push: &Push, person: &str, more: &str) -> String {
    let clinic = &push.door.clinic;
    let known = clinic.app.storage.read().await.unwrap().clients().by_id("profile").await.unwrap();
    if known.is_none() {
        let mut registration = Registration { resources: vec![format!("{ISSUER}/scim/v2")], ..app("profile") };
        registration.scopes.push("scim:me".into());
        clinic.enroll(registration).await;
    }
    let browser = clinic.browser(person).await;
    let tokens = clinic.tokens(&browser, "profile", &format!("organization=riverside&{more}")).await;
    tokens["access_token"].as_str().unwrap().to_owned()
}

pub(super) async fn own_token(push: &Push, person: &str) -> String {
    token(push, person, "scope=openid+scim:me").await
}

async fn ask(push: &Push, token: &str, method: &str, body: &Value) -> Answer {
    push.ask_as(token, method, "/Me", (body, &[])).await
}

/// A refusal: its status, its type and how the detail begins.
fn why(answer: &Answer) -> (u16, String, String) {
    let error = answer.json();
    let text = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
    (answer.status.as_u16(), text("scimType"), text("detail"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_and_edits_their_own_resource() {
    for push in Push::each().await {
        let priya = own_token(&push, "priya").await;
        let answer = ask(&push, &priya, "GET", &Value::Null).await;
        let me = answer.json();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let id = me["id"].as_str().unwrap();
        assert_eq!(answer.header(header::LOCATION), format!("{ISSUER}/scim/v2/Users/{id}"));
        assert_eq!(answer.header(header::ETAG), me["meta"]["version"].as_str().unwrap());
        let seen = push.told("GET", &format!("/Users/{id}"), &Value::Null, 200).await;
        assert_eq!(me, seen, "the same as whoever administers sees");
        assert_eq!((&me["groups"][0]["display"], &me["meta"]["resourceType"]), (&json!("GPs"), &json!("User")));
        let tag = answer.header(header::ETAG).to_owned();
        let known = push.ask_as(&priya, "GET", "/Me", (&Value::Null, &[("if-none-match", &tag)])).await;
        assert_eq!(known.status, 304);
        let part = push.ask_as(&priya, "GET", "/Me?attributes=displayName", (&Value::Null, &[])).await.json();
        assert_eq!(part, json!({"schemas": me["schemas"], "id": id, "displayName": me["displayName"]}));

        let operations = patch(json!([
            {"op": "replace", "path": "displayName", "value": "Priya N."},
            {"op": "replace", "value": {"name": {"givenName": "Priya", "familyName": "Nair"}, "title": "Dr"}},
            {"op": "add", "path": "phoneNumbers", "value": [{"value": "+45 12 34 56 78"}]},
            {"op": "add", "path": "preferredLanguage", "value": "da"},
        ]));
        let stale = push.ask_as(&priya, "PATCH", "/Me", (&operations, &[("if-match", "W/\"x\"")])).await;
        assert_eq!(stale.status, 412);
        let answer = push.ask_as(&priya, "PATCH", "/Me", (&operations, &[("if-match", &tag)])).await;
        let changed = answer.json();
        assert_eq!(answer.status, 200, "{}", answer.body);
        let expected = json!({"formatted": "Priya N.", "givenName": "Priya", "familyName": "Nair"});
        assert_eq!((&changed["displayName"], &changed["name"]), (&json!("Priya N."), &expected));
        assert_eq!((&changed["title"], &changed["preferredLanguage"]), (&json!("Dr"), &json!("da")));
        assert_eq!(changed["phoneNumbers"][0]["value"], "+45 12 34 56 78");
        assert_ne!(changed["meta"]["version"], me["meta"]["version"]);
        assert_eq!(ask(&push, &priya, "GET", &Value::Null).await.json(), changed);

        let gone = patch(json!([{"op": "remove", "path": "phoneNumbers"}, {"op": "remove", "path": "title"}]));
        let without = ask(&push, &priya, "PATCH", &gone).await.json();
        assert_eq!((without.get("phoneNumbers"), without.get("title")), (None, None), "{without}");
        // Whoever reads, changes and writes need not leave out what is not theirs.
        let mut whole = without.clone();
        whole["displayName"] = json!("Priya");
        let put = ask(&push, &priya, "PUT", &whole).await;
        assert_eq!((put.status.as_u16(), &put.json()["displayName"]), (200, &json!("Priya")), "{}", put.body);
        let little = json!({"schemas": [USER], "userName": whole["userName"], "title": "Ms"});
        let put = ask(&push, &priya, "PUT", &little).await.json();
        assert_eq!((&put["title"], &put["displayName"]), (&json!("Ms"), &json!("Priya")), "what is unsaid stays");
    }
}

/// A path with a value that somebody may not give it, the status and how type and detail begin.
fn refusals() -> [(&'static str, Value, u16, &'static str); 14] {
    const KIND: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner:membershipKind";
    const PROFESSION: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner:profession";
    [
        ("userName", json!("p"), 400, "mutability 'userName' is not for the person"),
        ("active", json!(false), 400, "mutability 'active' is not for the person"),
        ("roles", json!(["billing"]), 400, "mutability 'roles' is not for the person"),
        ("externalId", json!("1"), 400, "mutability 'externalId' is not for the person"),
        ("emails", json!([{"value": "a@b.example"}]), 400, "mutability 'emails' is not for the person"),
        ("nickName", json!("P"), 400, "mutability 'nickName' is not for the person"),
        ("name.middleName", json!("P"), 400, "mutability 'name.middleName' is not for the person"),
        ("groups", json!([]), 400, "mutability Operations[1]: 'groups' is read-only"),
        (KIND, json!("hirer"), 400, "mutability 'urn:"),
        (PROFESSION, json!("Nurse"), 403, " `profession` is not edited here"),
        ("phoneNumbers", json!([{"value": "1"}, {"value": "2"}]), 400, "invalidValue 'phoneNumbers' can have one"),
        ("phoneNumbers", json!([{"value": "x"}]), 400, "invalidValue 'phoneNumbers': "),
        ("name.formatted", json!("Other"), 400, "invalidValue 'name.formatted' contradicts"),
        ("shoeSize", json!(1), 400, "invalidPath Operations[1]: 'shoeSize' is not"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_persons_is_refused_whole() {
    for push in Push::each().await {
        let priya = own_token(&push, "priya").await;
        let before = ask(&push, &priya, "GET", &Value::Null).await.json();
        for (path, value, status, detail) in refusals() {
            let operation = json!({"op": "replace", "path": path, "value": value});
            let first = json!({"op": "replace", "path": "displayName", "value": "P"});
            let answer = ask(&push, &priya, "PATCH", &patch(json!([first, operation]))).await;
            let (found, kind, told) = why(&answer);
            assert_eq!(found, status, "{path}: {told}");
            assert!(format!("{kind} {told}").starts_with(detail), "{path}: {kind} {told}");
        }
        let put = json!({"schemas": [USER], "userName": "somebody else"});
        assert_eq!(why(&ask(&push, &priya, "PUT", &put).await).1, "mutability");
        assert_eq!(ask(&push, &priya, "GET", &Value::Null).await.json(), before, "all of it or nothing");
        assert_eq!(why(&ask(&push, &priya, "DELETE", &Value::Null).await).0, 403);
        assert_eq!(why(&ask(&push, &priya, "POST", &put).await).0, 501);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organizations_rule_and_a_source_come_before_the_person() {
    for push in Push::each().await {
        let clinic = &push.door.clinic;
        let olivia = own_token(&push, "olivia").await;
        let phone = patch(json!([{"op": "add", "path": "phoneNumbers", "value": [{"value": "12345678"}]}]));
        assert_eq!(ask(&push, &olivia, "PATCH", &phone).await.status, 200);
        // She belongs to Harbour too.
        let (context, harbour) = (clinic.context(), clinic.organization("harbour").await);
        let rule = clinic.write(move |tx| {
            Box::pin(async move {
                Ok(profile::set_rule(tx, &context, &harbour, Attribute::Phone, EditableBy::Administrator).await?)
            })
        });
        rule.await;
        let gone = patch(json!([{"op": "remove", "path": "phoneNumbers"}]));
        let (status, _, detail) = why(&ask(&push, &olivia, "PATCH", &gone).await);
        assert_eq!((status, detail.starts_with("`phone` is not edited here")), (403, true), "{detail}");

        let id = ask(&push, &olivia, "GET", &Value::Null).await.json()["id"].as_str().unwrap().to_owned();
        let by_source = patch(json!([{"op": "add", "path": "title", "value": "Dr"}]));
        push.told("PATCH", &format!("/Users/{id}"), &by_source, 200).await;
        let title = patch(json!([{"op": "replace", "path": "title", "value": "Ms"}]));
        let (status, scim_type, detail) = why(&ask(&push, &olivia, "PATCH", &title).await);
        assert_eq!((status, scim_type.as_str()), (400, "mutability"));
        assert!(detail.starts_with("`title` is kept by entra;"), "{detail}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_no_person_or_may_not_is_told_so() {
    for push in Push::each().await {
        let clinic = &push.door.clinic;
        let of = push.door.riverside().await;
        for format in [AccessTokenFormat::Jwt, AccessTokenFormat::Opaque] {
            let service = Registration {
                organization: Some(of.clone()),
                grant_types: vec![GrantType::ClientCredentials],
                scopes: vec!["scim".into(), "scim:me".into()],
                redirect_uris: vec![],
                access_token_format: format,
                ..app(&format!("push-{format:?}").to_lowercase())
            };
            let id = service.id.clone();
            clinic.enroll(service).await;
            let issued = clinic.token(&id, "grant_type=client_credentials&scope=scim").await.json();
            let answer = ask(&push, issued["access_token"].as_str().unwrap(), "GET", &Value::Null).await;
            assert!(refused(&answer, 404).starts_with("whoever asks is a system and no person"));
            assert_eq!(clinic.token(&id, "grant_type=client_credentials&scope=scim:me").await.status, 400);
        }
        let (status, _, detail) = why(&push.ask("GET", "/Me", &Value::Null).await);
        assert_eq!((status, detail.starts_with("whoever asks is a system")), (404, true), "{detail}");

        let openid = token(&push, "priya", "scope=openid+profile").await;
        let answer = ask(&push, &openid, "GET", &Value::Null).await;
        assert_eq!(refused(&answer, 403), "the access token is not one of a person with the scope scim:me");
        assert!(answer.header(header::WWW_AUTHENTICATE).ends_with("scope=\"scim:me\""));
        assert_eq!(ask(&push, "wrong", "GET", &Value::Null).await.status, 401);
        let priya = own_token(&push, "priya").await;
        for (method, path) in [("GET", "/Users"), ("GET", "/Groups"), ("POST", "/.search"), ("POST", "/Bulk")] {
            let answer = push.ask_as(&priya, method, path, (&json!({}), &[])).await;
            assert_eq!(answer.status, 403, "{method} {path}");
        }
        let here = token(&push, "priya", &format!("scope=openid+scim:me&resource={ISSUER}/scim/v2")).await;
        assert_eq!(ask(&push, &here, "GET", &Value::Null).await.status, 200);

        let id = ask(&push, &priya, "GET", &Value::Null).await.json()["id"].as_str().unwrap().to_owned();
        let inactive = patch(json!([{"op": "replace", "path": "active", "value": false}]));
        push.told("PATCH", &format!("/Users/{id}"), &inactive, 200).await;
        assert_eq!(ask(&push, &priya, "GET", &Value::Null).await.status, 401, "whoever left has no resource here");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_rules_call_too_old_opens_nothing_and_the_answer_says_what_would() {
    for push in Push::each().await {
        let priya = own_token(&push, "priya").await;
        let clinic = &push.door.clinic;
        clinic.app.clock.advance(std::time::Duration::from_mins(3));
        assert_eq!(ask(&push, &priya, "GET", &Value::Null).await.status, 200);
        clinic.rule("session.reauthenticate", "2m").await;
        let change = patch(json!([{"op": "replace", "path": "displayName", "value": "P."}]));
        for (method, body) in [("GET", &Value::Null), ("PATCH", &change)] {
            let refused = ask(&push, &priya, method, body).await;
            let challenge = refused.header(header::WWW_AUTHENTICATE);
            assert_eq!(refused.status, 401, "{method}");
            assert!(challenge.starts_with("Bearer realm=\"scim\""), "{challenge}");
            assert!(challenge.contains("error=\"insufficient_user_authentication\""), "{challenge}");
            assert!(challenge.contains("max_age=\"120\""), "{challenge}");
        }
        let fresh = own_token(&push, "priya").await;
        assert_eq!(ask(&push, &fresh, "GET", &Value::Null).await.json()["displayName"], "priya", "nothing changed");
    }
}
