//! What the service says about itself (RFC 7644 §4), to everybody.

use axum::http::header;
use serde_json::json;

use super::door::{Door, ask, refused, request};

#[tokio::test(flavor = "multi_thread")]
async fn everybody_may_read_what_there_is() {
    for door in Door::each_with(&[("scim.bulk_operations", "7"), ("server.body_limit", "20000")]).await {
        let base = "http://localhost:8080/scim/v2";
        for (path, kind) in [
            ("/ServiceProviderConfig", "ServiceProviderConfig"),
            ("/ResourceTypes/User", "ResourceType"),
            ("/ResourceTypes/Group", "ResourceType"),
            ("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User", "Schema"),
            ("/Schemas/urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Acore%3A2.0%3AGroup", "Schema"),
        ] {
            let answer = door.send(request("GET", &format!("/scim/v2{path}"), &[])).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.header(header::CONTENT_TYPE), "application/scim+json", "{path}");
            let found = answer.json();
            assert_eq!(found["meta"]["resourceType"], kind, "{path}");
            let location = found["meta"]["location"].as_str().unwrap();
            assert_eq!(location, format!("{base}{}", path.replace("%3A", ":")), "{path}");
        }
        for (path, ids) in [("/ResourceTypes", 2), ("/Schemas", 7)] {
            let found = door.send(request("GET", &format!("/scim/v2{path}?sortBy=name&count=1"), &[])).await.json();
            assert_eq!(found["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
            assert_eq!(found["totalResults"], ids, "{path}");
            assert_eq!(found["Resources"].as_array().unwrap().len(), ids, "{path}");
        }
        let config = door.send(request("GET", "/scim/v2/ServiceProviderConfig", &[])).await.json();
        let bulk = json!({"supported": true, "maxOperations": 7, "maxPayloadSize": 20_000});
        assert_eq!(config["bulk"], bulk, "as configured");
        assert_eq!(config["changePassword"]["supported"], false);
        assert_eq!(config["pagination"]["cursor"], true);
        let schemes: Vec<_> =
            config["authenticationSchemes"].as_array().unwrap().iter().map(|one| &one["type"]).collect();
        assert_eq!(schemes, ["oauthbearertoken", "oauth2"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_answered_is_refused_in_the_form_of_the_protocol() {
    for door in Door::each().await {
        for (method, path, status) in [
            ("GET", "/Schemas/urn:unknown", 404),
            ("GET", "/ResourceTypes/user", 404),
            ("GET", "/ResourceTypes/Users", 404),
            ("GET", "/Nothing", 404),
            ("POST", "/Nothing/at/all", 404),
            ("GET", "/Schemas?filter=id+pr", 403),
            ("GET", "/ResourceTypes?Filter=x", 403),
            ("GET", "/ServiceProviderConfig?filter=x", 403),
            ("POST", "/Schemas", 405),
            ("DELETE", "/ResourceTypes/User", 405),
            ("PUT", "/ServiceProviderConfig", 405),
        ] {
            let answer = ask(&door.whole(), request(method, &format!("/scim/v2{path}"), &[])).await;
            assert!(!refused(&answer, status).is_empty(), "{method} {path}");
            assert_eq!(answer.header(header::ALLOW) == "GET,HEAD", status == 405, "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_answers_where_it_is_switched_off() {
    for door in Door::each_with(&[("scim.access", "off")]).await {
        for path in ["/scim/v2/ServiceProviderConfig", "/scim/v2/Users"] {
            let answer = ask(&door.whole(), request("GET", path, &[])).await;
            assert_eq!(refused(&answer, 404), "there is nothing at this address", "{path}");
        }
    }
}
