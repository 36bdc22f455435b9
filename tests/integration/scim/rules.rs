//! Rules of RFC 7643, 7644 and 9865, each over HTTP.

use std::time::Duration;

use axum::http::header;
use serde_json::{Value, json};

use super::push::{Push, USER, patch};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

fn query(parameters: &[(&str, &str)]) -> String {
    let mut all = form_urlencoded::Serializer::new(String::new());
    format!("/Users?{}", all.extend_pairs(parameters).finish())
}

async fn people(push: &Push) -> Vec<String> {
    push.door.clinic.leaves_jobs();
    let mut ids = vec![];
    for (name, more) in [
        ("ada", json!({"title": "Dr", "active": true, "nickName": "Countess"})),
        ("bo", json!({"title": "Ms", "active": false, (ENTERPRISE): {"department": "GP"}})),
        ("cy", json!({"name": {"givenName": "Cy"}, "emails": [{"value": "cy@elsewhere.example", "type": "home"}]})),
    ] {
        let mut body = json!({"schemas": [USER], "userName": format!("{name}@riverside.example"), "externalId": name});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        ids.push(push.told("POST", "/Users", &body, 201).await["id"].as_str().unwrap().to_owned());
    }
    ids
}

/// RFC 7644 §3.4.2.2.
#[tokio::test(flavor = "multi_thread")]
async fn filters_find_what_the_specification_says() {
    for push in Push::each().await {
        people(&push).await;
        for (filter, expected) in [
            ("active eq false", "bo"),
            ("active eq true", "ada cy"),
            ("active ne true", "bo"),
            ("not (active eq true)", "bo"),
            ("title pr", "ada bo"),
            ("not (title pr)", "cy"),
            ("title eq null", "cy"),
            ("title ne null", "ada bo"),
            ("title ne \"Dr\"", "bo cy"),
            ("TITLE EQ \"dr\"", "ada"),
            ("urn:ietf:params:scim:schemas:core:2.0:User:title sw \"D\"", "ada"),
            ("name pr", "ada bo cy"),
            ("name.givenName pr", "cy"),
            ("emails pr", "ada bo cy"),
            ("emails co \"elsewhere\"", "cy"),
            ("emails[type eq \"home\" and value ew \".example\"]", "cy"),
            ("emails[not (type eq \"home\")]", "ada bo"),
            ("emails.type eq \"home\"", "cy"),
            ("nickName eq \"countess\" or title eq \"Ms\" and active eq true", "ada"),
            ("(nickName eq \"countess\" or title eq \"Ms\") and active eq false", "bo"),
            ("userName gt \"b\"", "bo cy"),
            ("userName le \"ada@riverside.example\"", "ada"),
            ("meta.created gt \"2000-01-01T00:00:00Z\"", "ada bo cy"),
            ("meta.created lt \"2000-01-01T00:00:00+02:00\"", ""),
            ("meta.resourceType eq \"User\"", "ada bo cy"),
            ("schemas eq \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User\"", "bo"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department pr", "bo"),
            ("externalId eq \"ADA\"", ""),
            ("externalId eq \"ada\"", "ada"),
        ] {
            let ours = format!("externalId pr and ({filter})");
            let found = push.told("GET", &query(&[("filter", &ours), ("sortBy", "userName")]), &Value::Null, 200).await;
            let all = found["Resources"].as_array().unwrap().iter();
            let names: Vec<&str> = all.map(|one| one["externalId"].as_str().unwrap()).collect();
            assert_eq!(names.join(" "), expected, "{filter}");
        }
    }
}

/// RFC 7644 §3.12.
#[tokio::test(flavor = "multi_thread")]
async fn filters_that_mean_nothing_are_refused() {
    for push in Push::each().await {
        for filter in [
            "active gt true",
            "active co \"t\"",
            "password pr",
            "password eq \"a\"",
            "meta.created gt \"yesterday\"",
            "title gt null",
            "userName eq \"\\u0000\"",
            "externalId eq \"a\\u0000\"",
            "emails.value eq \"\\u0000\"",
            "name eq \"a\"",
            "title eq Dr",
            "title eq",
            "not title pr",
            "title pr and",
            "(title pr",
            "emails[type eq \"work\"",
            "x509Certificates.value gt \"a\"",
            "",
        ] {
            let refused = push.refused("GET", &query(&[("filter", filter)]), &Value::Null).await;
            assert_eq!(refused, (400, Some("invalidFilter".to_owned())), "{filter}");
        }
    }
}

/// RFC 7644 §3.4.2.4, RFC 9865.
#[tokio::test(flavor = "multi_thread")]
async fn pages_are_those_that_were_asked_for() {
    for push in Push::each().await {
        people(&push).await;
        let get = async |parameters: &[(&str, &str)]| push.told("GET", &query(parameters), &Value::Null, 200).await;
        let total = get(&[]).await["totalResults"].as_u64().unwrap();
        for (parameters, start, many) in [
            (vec![("count", "0")], 1, 0),
            (vec![("count", "-3")], 1, 0),
            (vec![("startIndex", "0"), ("count", "2")], 1, 2),
            (vec![("startIndex", "-7"), ("count", "1")], 1, 1),
            (vec![("startIndex", "2"), ("count", "2")], 2, 2),
            (vec![("startIndex", "1000")], 1000, 0),
            (vec![("startIndex", "2"), ("count", "2"), ("filter", "externalId pr")], 2, 2),
        ] {
            let page = get(&parameters).await;
            assert_eq!(page["Resources"].as_array().map(Vec::len), Some(many), "{parameters:?}");
            assert_eq!((&page["startIndex"], &page["itemsPerPage"]), (&json!(start), &json!(many)), "{parameters:?}");
            let all = if parameters.len() == 3 { 3 } else { total };
            assert_eq!(page["totalResults"], all, "{parameters:?}");
        }
        let cursor = get(&[("cursor", ""), ("count", "1")]).await["nextCursor"].as_str().unwrap().to_owned();
        assert_eq!(get(&[("cursor", &cursor), ("count", "2")]).await["itemsPerPage"], 2);
        for (parameters, expected) in [
            (vec![("cursor", "x")], "invalidCursor"),
            (vec![("cursor", cursor.as_str()), ("filter", "title pr")], "invalidCursor"),
            (vec![("cursor", cursor.as_str()), ("sortBy", "title")], "invalidCursor"),
            (vec![("cursor", cursor.as_str()), ("count", "many")], "invalidCount"),
            (vec![("cursor", cursor.as_str()), ("startIndex", "1")], "invalidValue"),
            (vec![("count", "many")], "invalidValue"),
            (vec![("sortBy", "name")], "invalidValue"),
            (vec![("sortBy", "title"), ("sortOrder", "up")], "invalidValue"),
        ] {
            let refused = push.refused("GET", &query(&parameters), &Value::Null).await;
            assert_eq!(refused, (400, Some(expected.to_owned())), "{parameters:?}");
        }
        push.door.clinic.app.clock.advance(Duration::from_hours(1));
        let late = push.refused("GET", &query(&[("cursor", &cursor)]), &Value::Null).await;
        assert_eq!(late, (400, Some("expiredCursor".to_owned())));
    }
}

/// RFC 7643 §7, RFC 7644 §3.9.
#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_what_was_asked_for_and_what_is_always_there() {
    for push in Push::each().await {
        let ids = people(&push).await;
        let id = json!(ids[2]);
        let schemas = push.told("GET", &format!("/Users/{}", ids[2]), &Value::Null, 200).await["schemas"].clone();
        for (parameters, expected) in [
            ("attributes=USERNAME", json!({"userName": "cy@riverside.example"})),
            (&format!("attributes={USER}:userName"), json!({"userName": "cy@riverside.example"})),
            ("attributes=emails.value", json!({"emails": [{"value": "cy@elsewhere.example"}]})),
            ("attributes=name.givenName,externalId", json!({"name": {"givenName": "Cy"}, "externalId": "cy"})),
            ("attributes=password,groups", json!({})),
            ("attributes=meta.resourceType", json!({"meta": {"resourceType": "User"}})),
        ] {
            let mut expected = expected;
            (expected["id"], expected["schemas"]) = (id.clone(), schemas.clone());
            let path = format!("/Users/{}?{parameters}", ids[2]);
            assert_eq!(push.told("GET", &path, &Value::Null, 200).await, expected, "{parameters}");
        }
        let without = "excludedAttributes=id,schemas,userName,name.givenName,emails,meta";
        let path = format!("/Users/{}?{without}", ids[2]);
        let shown = push.told("GET", &path, &Value::Null, 200).await;
        assert_eq!((&shown["id"], &shown["schemas"]), (&id, &schemas));
        for name in ["userName", "emails", "meta"] {
            assert_eq!(shown.get(name), None, "{name}");
        }
        assert_eq!(shown["name"].get("givenName"), None);
        let made = json!({"schemas": [USER], "userName": "dee"});
        let part = push.told("POST", "/Users?attributes=userName", &made, 201).await;
        assert_eq!(part, json!({"schemas": part["schemas"], "id": part["id"], "userName": "dee"}));
    }
}

/// RFC 7644 §3.3, §3.5.1, §3.14.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_the_servers_stays_and_versions_are_compared() {
    for push in Push::each().await {
        let ids = people(&push).await;
        let path = format!("/Users/{}", ids[0]);
        let before = push.told("GET", &path, &Value::Null, 200).await;
        let mut body = before.clone();
        (body["id"], body["groups"]) = (json!("other"), json!([{"value": "grp_1"}]));
        body["meta"] = json!({"created": "1999-01-01T00:00:00Z", "resourceType": "Group", "nonsense": 1});
        let answer = push.ask("PUT", &path, &body).await;
        assert_eq!((answer.status.as_u16(), answer.json()), (200, before.clone()), "{}", answer.body);
        for read_only in ["id", "meta", "meta.created", "groups", "schemas"] {
            let operation = patch(json!([{"op": "replace", "path": read_only, "value": "x"}]));
            assert_eq!(push.refused("PATCH", &path, &operation).await, (400, Some("mutability".into())), "{read_only}");
        }
        let ignored = patch(json!([{"op": "replace", "value": {"id": "x", "title": "Prof"}}]));
        assert_eq!(push.told("PATCH", &path, &ignored, 200).await["title"], "Prof");

        let read = push.ask("GET", &path, &Value::Null).await;
        let tag = read.header(header::ETAG).to_owned();
        let strong = tag.trim_start_matches("W/").to_owned();
        for (value, expected) in [
            (tag.clone(), 304),
            (strong, 304),
            (format!("\"x\", {tag}"), 304),
            ("*".to_owned(), 304),
            ("\"x\"".to_owned(), 200),
            (String::new(), 200),
        ] {
            let answer = push.ask_if("GET", &path, &Value::Null, ("if-none-match", &value)).await;
            assert_eq!(answer.status.as_u16(), expected, "{value}");
            assert_eq!(answer.header(header::ETAG), tag, "{value}");
            assert_eq!(answer.body.is_empty(), expected == 304, "{value}");
        }
        let head = push.ask("HEAD", &path, &Value::Null).await;
        assert_eq!((head.status.as_u16(), head.body.as_str(), head.header(header::ETAG)), (200, "", tag.as_str()));
        let title = patch(json!([{"op": "replace", "path": "title", "value": "Dr"}]));
        for (value, expected) in [("\"x\"", 412), ("", 412), ("*", 200)] {
            assert_eq!(
                push.ask_if("PATCH", &path, &title, ("if-match", value)).await.status.as_u16(),
                expected,
                "{value}"
            );
        }
        let gone = push.ask("DELETE", &path, &Value::Null).await;
        assert_eq!((gone.status.as_u16(), gone.body.as_str()), (204, ""));
    }
}

/// RFC 7644 §3.5.2.
#[tokio::test(flavor = "multi_thread")]
async fn operations_act_or_fail_loudly() {
    for push in Push::each().await {
        let ids = people(&push).await;
        let path = format!("/Users/{}", ids[2]);
        let done = async |operation: Value| push.told("PATCH", &path, &patch(json!([operation])), 200).await;
        let home = json!({"value": "cy@elsewhere.example", "type": "home"});
        let same = done(json!({"op": "add", "path": "emails", "value": [home]})).await;
        assert_eq!(same["emails"], json!([home]), "nothing is added twice");
        let work = json!({"value": "cy@riverside.example", "type": "work", "primary": true});
        let two = done(json!({"op": "add", "value": {"emails": [work]}})).await;
        assert_eq!(two["emails"], json!([home, work]));
        let other = json!({"op": "replace", "path": "emails[type eq \"home\"].primary", "value": true});
        let primaries = done(other).await["emails"].as_array().unwrap().clone();
        let primaries: Vec<bool> = primaries.iter().map(|one| one["primary"] == true).collect();
        assert_eq!(primaries, [true, false], "one is the primary one");
        let before = push.told("GET", &path, &Value::Null, 200).await;
        for (operation, expected) in [
            (json!({"op": "remove", "path": "emails[type eq \"other\"]"}), "noTarget"),
            (json!({"op": "replace", "path": "emails[type co \"oth\"].value", "value": "a@b.example"}), "noTarget"),
            (json!({"op": "remove"}), "noTarget"),
            (json!({"op": "remove", "path": "userName"}), "mutability"),
            (json!({"op": "replace", "path": "userName", "value": ""}), "invalidValue"),
            (json!({"op": "replace", "path": "userName", "value": null}), "invalidValue"),
            (json!({"op": "replace", "path": "nothing", "value": 1}), "invalidPath"),
            (json!({"op": "replace", "path": "emails[", "value": 1}), "invalidPath"),
            (json!({"op": "replace", "path": "emails[x eq 1]", "value": 1}), "invalidFilter"),
            (json!({"op": "replace", "path": "active", "value": "perhaps"}), "invalidValue"),
            (json!({"op": "copy", "path": "title"}), "invalidSyntax"),
            (json!({"op": "replace", "path": "userName", "value": "x".repeat(501)}), "invalidValue"),
            (json!({"op": "replace", "path": "externalId", "value": "x".repeat(501)}), "invalidValue"),
        ] {
            let first = json!({"op": "replace", "path": "nickName", "value": "C"});
            let refused = push.refused("PATCH", &path, &patch(json!([first, operation]))).await;
            assert_eq!(refused, (400, Some(expected.to_owned())), "{operation}");
        }
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await, before, "all of them or none");
        // The longest keys of a database of ours.
        let random = |n: u32| char::from_u32(0x1_0000 + (n * 7919) % 0x8_0000).unwrap();
        let long: String = (0..500).map(random).collect();
        let body = json!({"schemas": [USER], "userName": long, "externalId": long});
        let made = push.told("POST", "/Users", &body, 201).await;
        let found =
            push.told("GET", &query(&[("filter", &format!("externalId eq \"{long}\""))]), &Value::Null, 200).await;
        assert_eq!(found["Resources"][0]["id"], made["id"]);
    }
}
