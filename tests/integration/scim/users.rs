//! People who are pushed: made, read, changed, taken away, and never another organization's.

use axum::http::header;
use serde_json::{Value, json};

use super::push::{Push, USER, patch};

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_made_read_changed_and_taken_away() {
    for push in Push::each().await {
        let new = json!({
            "schemas": [USER], "userName": "Jo.Do@riverside.example", "externalId": "4711", "active": true,
            "name": {"givenName": "Jo", "familyName": "Do"}, "title": "Dr",
            "emails": [{"value": "jo.do@riverside.example", "type": "work", "primary": true}],
            "roles": [{"value": "billing"}, {"value": "owner"}], "password": "never kept",
        });
        let answer = push.ask("POST", "/Users", &new).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        let made = answer.json();
        let id = made["id"].as_str().unwrap().to_owned();
        let location = format!("http://localhost:8080/scim/v2/Users/{id}");
        assert_eq!(made["meta"]["location"], location);
        assert_eq!(answer.header(header::LOCATION), location);
        assert_eq!(answer.header(header::ETAG), made["meta"]["version"].as_str().unwrap());
        for name in ["userName", "externalId", "active", "name", "title", "emails", "roles"] {
            assert_eq!(made[name], new[name], "{name}");
        }
        assert_eq!(made["password"], Value::Null);

        let path = format!("/Users/{id}");
        let read = push.ask("GET", &path, &Value::Null).await;
        assert_eq!(read.json(), made);
        let tag = read.header(header::ETAG).to_owned();
        assert_eq!(push.ask_if("GET", &path, &Value::Null, ("if-none-match", &tag)).await.status, 304);
        let part = push.told("GET", &format!("{path}?attributes=name.givenName"), &Value::Null, 200).await;
        assert_eq!(part, json!({"schemas": made["schemas"], "id": id, "name": {"givenName": "Jo"}}));

        let title = |title: &str| patch(json!([{"op": "replace", "path": "title", "value": title}]));
        let stale = push.ask_if("PATCH", &path, &title("Mr"), ("if-match", "W/\"x\"")).await;
        assert_eq!(stale.status, 412, "{}", stale.body);
        let changed = push.ask_if("PATCH", &path, &title("Mr"), ("if-match", &tag)).await;
        assert_eq!((changed.status.as_u16(), &changed.json()["title"]), (200, &json!("Mr")), "{}", changed.body);
        assert_ne!(changed.header(header::ETAG), tag);
        assert_eq!(push.ask_if("PUT", &path, &new, ("if-match", &tag)).await.status, 412);
        let back = push.told("PUT", &path, &new, 200).await;
        assert_eq!(back["title"], "Dr");

        assert_eq!(push.ask_if("DELETE", &path, &Value::Null, ("if-match", "W/\"x\"")).await.status, 412);
        push.told("DELETE", &path, &Value::Null, 204).await;
        for (method, body) in
            [("GET", Value::Null), ("PUT", new.clone()), ("PATCH", title("x")), ("DELETE", Value::Null)]
        {
            assert_eq!(push.refused(method, &path, &body).await, (404, None), "{method}");
        }
        let again = push.told("POST", "/Users", &new, 201).await;
        assert_ne!(again["id"], id);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_is_gone() {
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    for push in Push::each().await {
        let path = format!("/Users/{}", push.person("jo").await);
        let max = push.person("max").await;
        let done = async |operation: Value| push.told("PATCH", &path, &patch(json!([operation])), 200).await;
        let whole = json!({"department": "GP", "manager": {"value": max}});
        let with = done(json!({"op": "add", "path": enterprise, "value": whole})).await;
        assert_eq!(
            (&with[enterprise]["department"], &with[enterprise]["manager"]["value"]),
            (&json!("GP"), &json!(max))
        );
        let without = done(json!({"op": "remove", "path": enterprise})).await;
        assert_eq!(without.get(enterprise), None, "{without}");
        assert!(!without["schemas"].as_array().unwrap().contains(&json!(enterprise)));
        assert_eq!(done(json!({"op": "remove", "path": "displayName"})).await.get("displayName"), None);

        // Whether a member may act is never left unsaid; a source that tells the whole need not repeat it.
        for is_active in [false, true] {
            let said = json!({"op": "replace", "path": "active", "value": is_active});
            assert_eq!(done(said).await["active"], is_active);
            let unsaid = patch(json!([{"op": "remove", "path": "active"}]));
            assert_eq!(push.refused("PATCH", &path, &unsaid).await, (400, Some("mutability".into())));
            assert_eq!(push.told("GET", &path, &Value::Null, 200).await["active"], is_active);
            let put = json!({"schemas": [USER], "userName": "jo@riverside.example"});
            assert_eq!(push.told("PUT", &path, &put, 200).await["active"], is_active);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_and_changes_nothing() {
    for push in Push::each().await {
        let id = push.person("jo").await;
        push.person("ann").await;
        let path = format!("/Users/{id}");
        let before = push.told("GET", &path, &Value::Null, 200).await;
        let body = |more: Value| {
            let mut body = json!({"schemas": [USER], "userName": "x@riverside.example"});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            body
        };
        let own = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";
        for (method, path, sent, expected) in [
            ("POST", "/Users", body(json!({"userName": "JO@riverside.example"})), (409, Some("uniqueness"))),
            ("POST", "/Users", body(json!({"userName": " "})), (400, Some("invalidValue"))),
            ("POST", "/Users", body(json!({"shoeSize": 42})), (400, Some("invalidSyntax"))),
            ("POST", "/Users", body(json!({"emails": "x"})), (400, Some("invalidValue"))),
            ("POST", "/Users", body(json!({(own): {"membershipKind": "no such"}})), (400, Some("invalidValue"))),
            ("POST", "/Users", json!({"userName": "x"}), (400, Some("invalidSyntax"))),
            ("PUT", &path, body(json!({"userName": "ann@riverside.example"})), (409, Some("uniqueness"))),
            (
                "PATCH",
                &path,
                patch(json!([{"op": "replace", "path": "shoeSize", "value": 1}])),
                (400, Some("invalidPath")),
            ),
            ("PATCH", &path, patch(json!([{"op": "remove"}])), (400, Some("noTarget"))),
            (
                "PATCH",
                &path,
                patch(json!([{"op": "add", "path": "title", "value": "Dr"}, {"op": "remove", "path": "userName"}])),
                (400, Some("mutability")),
            ),
            ("PATCH", &path, json!({"Operations": []}), (400, Some("invalidSyntax"))),
            ("GET", "/Users/none", Value::Null, (404, None)),
            ("GET", "/Users?filter=userName%20xx%20%22a%22", Value::Null, (400, Some("invalidFilter"))),
            ("GET", "/Users?filter=shoeSize%20pr", Value::Null, (400, Some("invalidFilter"))),
            ("GET", "/Users?cursor=abc", Value::Null, (400, Some("invalidCursor"))),
            ("GET", "/Users?cursor=&startIndex=1", Value::Null, (400, Some("invalidValue"))),
            ("GET", "/Users?sortBy=shoeSize", Value::Null, (400, Some("invalidValue"))),
            ("GET", "/Users?attributes=id&excludedAttributes=id", Value::Null, (400, Some("invalidValue"))),
            ("DELETE", "/Users", Value::Null, (405, None)),
        ] {
            let (status, scim_type) = push.refused(method, path, &sent).await;
            assert_eq!((status, scim_type.as_deref()), expected, "{method} {path} {sent}");
        }
        assert_eq!(push.told("GET", &path, &Value::Null, 200).await, before);
        assert_eq!(
            push.told("GET", "/Users?count=0&filter=displayName%20eq%20%22x%22", &Value::Null, 200).await["totalResults"],
            0
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_filtered_sorted_and_paged() {
    for push in Push::each().await {
        let mut ids = vec![];
        for name in ["dora", "carl", "bert", "anna"] {
            ids.push(push.person(name).await);
        }
        let list = async |query: &str| push.told("GET", &format!("/Users?{query}"), &Value::Null, 200).await;
        let names = |list: &Value| -> Vec<String> {
            let all = list["Resources"].as_array().unwrap().iter();
            all.filter_map(|one| Some(one["displayName"].as_str()?.to_owned())).collect()
        };
        let of_these = "externalId%20sw%20%22ext-%22";
        for (query, expected) in [
            ("filter=userName%20eq%20%22ANNA@riverside.example%22", vec!["anna"]),
            ("filter=externalId%20eq%20%22ext-bert%22", vec!["bert"]),
            ("filter=externalId%20eq%20%22EXT-bert%22", vec![]),
            ("filter=emails.value%20eq%20%22Carl@riverside.example%22", vec!["carl"]),
            ("filter=emails%5Btype%20eq%20%22work%22%20and%20value%20co%20%22dora%22%5D", vec!["dora"]),
            (
                "filter=displayName%20eq%20%22Anna%22%20or%20displayName%20eq%20%22bert%22&sortBy=displayName",
                vec!["anna", "bert"],
            ),
            (&format!("filter={of_these}&sortBy=displayName"), vec!["anna", "bert", "carl", "dora"]),
            (&format!("filter={of_these}&sortBy=userName&sortOrder=descending&count=2"), vec!["dora", "carl"]),
            (&format!("filter={of_these}&sortBy=userName&startIndex=3&count=2"), vec!["carl", "dora"]),
            (&format!("filter={of_these}%20and%20not%20(displayName%20co%20%22a%22)"), vec!["bert"]),
        ] {
            assert_eq!(names(&list(query).await), expected, "{query}");
        }
        let by_id = list(&format!("filter=id%20eq%20%22{}%22", ids[0])).await;
        assert_eq!(names(&by_id), ["dora"]);
        assert_eq!(
            (&by_id["totalResults"], &by_id["startIndex"], &by_id["itemsPerPage"]),
            (&json!(1), &json!(1), &json!(1))
        );

        let all = list("count=1000").await;
        let everybody: Vec<Value> = all["Resources"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect();
        assert_eq!(all["totalResults"], everybody.len());
        for filter in ["", &format!("&filter={of_these}"), "&sortBy=userName"] {
            let (mut seen, mut cursor) = (vec![], String::new());
            loop {
                let page = list(&format!("count=3&cursor={cursor}{filter}")).await;
                seen.extend(page["Resources"].as_array().unwrap().iter().map(|one| one["id"].clone()));
                assert!(page.get("startIndex").is_none());
                let Some(next) = page["nextCursor"].as_str() else { break };
                cursor = next.to_owned();
                let elsewhere = push.refused("GET", &format!("/Groups?cursor={cursor}"), &Value::Null).await;
                assert_eq!(elsewhere, (400, Some("invalidCursor".to_owned())));
            }
            let expected = if filter.contains("filter") { 4 } else { everybody.len() };
            let distinct: std::collections::BTreeSet<String> = seen.iter().map(ToString::to_string).collect();
            assert_eq!((seen.len(), distinct.len()), (expected, expected), "{filter}");
        }
        let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": "displayName eq \"anna\"", "attributes": ["displayName"]});
        for path in ["/Users/.search", "/.search"] {
            assert_eq!(names(&push.told("POST", path, &search, 200).await), ["anna"], "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organization_sees_and_changes_nothing() {
    for push in Push::each().await {
        let id = push.person("jo").await;
        let other = push.of("harbour").await;
        let path = format!("/Users/{id}");
        let title = patch(json!([{"op": "replace", "path": "title", "value": "x"}]));
        let put = json!({"schemas": [USER], "userName": "x"});
        for (method, body) in [("GET", &Value::Null), ("PUT", &put), ("PATCH", &title), ("DELETE", &Value::Null)] {
            let answer = push.ask_as(&other, method, &path, (body, &[])).await;
            let unknown = push.ask_as(&other, method, "/Users/mem_0192f3c4d5e6798081828384858687ab", (body, &[])).await;
            assert_eq!(answer.status, 404, "{method}");
            assert_eq!(answer.body.replace(&id, ""), unknown.body.replace("mem_0192f3c4d5e6798081828384858687ab", ""));
        }
        for filter in [
            "userName eq \"jo@riverside.example\"",
            "externalId eq \"ext-jo\"",
            "emails.value eq \"jo@riverside.example\"",
        ] {
            let search = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "filter": filter});
            let found = push.ask_as(&other, "POST", "/.search", (&search, &[])).await.json();
            assert_eq!(found["totalResults"], 0, "{filter}");
        }
        // Somebody else's person, pushed by their address: answered like one whom nobody knows.
        let pushed = async |address: &str| {
            let body = json!({"schemas": [USER], "userName": address, "displayName": "X"});
            let answer = push.ask_as(&other, "POST", "/Users", (&body, &[])).await;
            assert_eq!(answer.status, 201, "{}", answer.body);
            let mut made = answer.json();
            for name in ["id", "meta", "userName"] {
                made.as_object_mut().unwrap().remove(name);
            }
            made
        };
        assert_eq!(pushed("jo@riverside.example").await, pushed("nobody@elsewhere.example").await);
        let mine = push.told("GET", &path, &Value::Null, 200).await;
        assert_eq!(mine["displayName"], "jo", "the other's view is the other's alone");
        assert_eq!(push.letters().await, ["jo@riverside.example", "nobody@elsewhere.example"], "both are invited");
    }
}
