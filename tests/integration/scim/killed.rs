//! A server that is killed in the middle of a bulk request: what was done is whole, and the same request does the rest.

use lanyard::storage::testing;
use reqwest::Client;
use serde_json::{Value, json};

use super::push::{GROUP, USER};
use crate::operations::{Host, Server};

const PEOPLE: usize = 400;

fn request() -> Value {
    let person = |n: usize| {
        let data =
            json!({"schemas": [USER], "userName": format!("p{n}"), "displayName": format!("P {n}"), "title": "Dr"});
        json!({"method": "POST", "path": "/Users", "bulkId": format!("p{n}"), "data": data})
    };
    let pair = |n: usize| {
        let members = [n, n + 1].map(|one| json!({"value": format!("bulkId:p{one}")}));
        let data = json!({"schemas": [GROUP], "displayName": format!("G {n}"), "members": members});
        json!({"method": "POST", "path": "/Groups", "bulkId": format!("g{n}"), "data": data})
    };
    let all: Vec<Value> = (0..PEOPLE).step_by(2).flat_map(|n| [person(n), person(n + 1), pair(n)]).collect();
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": all})
}

async fn all(http: &Client, (address, token): (&str, &str), kind: &str) -> Vec<Value> {
    let url = format!("{address}/scim/v2/{kind}?count=1000");
    let answer = http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let list: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    list["Resources"].as_array().unwrap().clone()
}

async fn total(http: &Client, (address, token): (&str, &str)) -> usize {
    let answer = http.get(format!("{address}/scim/v2/Users?count=0")).bearer_auth(token).send().await.unwrap();
    let list: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
    usize::try_from(list["totalResults"].as_u64().unwrap()).unwrap()
}

async fn survive(host: Host) {
    let host = host.migrated();
    host.succeed("org create riverside --name Riverside");
    let token = host.json("scim-token create entra --org riverside")["token"].as_str().unwrap().to_owned();
    let (http, request) = (Client::new(), request());
    let mut is_cut_off = false;
    for _ in 0..2 {
        let mut server = Server::start(&host).await;
        let before = all(&http, (&server.address, &token), "Users").await.len();
        let url = format!("{}/scim/v2/Bulk", server.address);
        let sending = http.post(url).bearer_auth(&token).header("content-type", "application/scim+json");
        let sending = tokio::spawn(sending.body(request.to_string()).send());
        while !sending.is_finished() && total(&http, (&server.address, &token)).await == before {}
        server.kill();
        let is_answered = sending.await.unwrap().is_ok();
        let server = Server::start(&host).await;
        let people = all(&http, (&server.address, &token), "Users").await;
        let groups = all(&http, (&server.address, &token), "Groups").await;
        is_cut_off |= !is_answered && people.len() > before && people.len() < PEOPLE;
        assert!(people.iter().all(|one| one["title"] == "Dr" && one["displayName"].is_string()), "{people:?}");
        assert!(groups.iter().all(|one| one["members"].as_array().is_some_and(|all| all.len() == 2)), "{groups:?}");
    }
    let server = Server::start(&host).await;
    let before = all(&http, (&server.address, &token), "Users").await.len();
    let url = format!("{}/scim/v2/Bulk", server.address);
    let sending = http.post(url).bearer_auth(&token).header("content-type", "application/scim+json");
    let answer: Value =
        serde_json::from_str(&sending.body(request.to_string()).send().await.unwrap().text().await.unwrap()).unwrap();
    let operations = answer["Operations"].as_array().unwrap();
    let with = |status: &str| {
        operations
            .iter()
            .filter(|one| one["bulkId"].as_str().unwrap().starts_with('p') && one["status"] == status)
            .count()
    };
    assert_eq!((with("201"), with("409")), (PEOPLE - before, before), "what is there is told");
    assert_eq!(all(&http, (&server.address, &token), "Users").await.len(), PEOPLE);
    drop(server);
    host.seal().await;
    assert!(host.succeed("audit verify").contains("The audit log is whole."));
    assert!(is_cut_off, "no kill came in the middle");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_request_that_a_kill_cut_off_has_done_whole_operations_on_sqlite() {
    survive(Host::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bulk_request_that_a_kill_cut_off_has_done_whole_operations_on_postgres() {
    let database = testing::postgres().await;
    survive(Host::new().with("LANYARD_DATABASE__URL", &database.settings.url)).await;
}
