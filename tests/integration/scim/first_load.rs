//! People who are made together come to what they come to one by one.

use serde_json::{Value, json};

use super::{
    group_rules::{desk, members},
    push::{Push, USER},
};

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
const PRACTITIONER: &str = "urn:ietf:params:scim:schemas:extension:lanyard:2.0:Practitioner";
const REQUEST: &str = "urn:ietf:params:scim:api:messages:2.0:BulkRequest";

/// Somebody in the organization's own domain, with more of this.
fn own(name: &str, more: Value) -> Value {
    let address = format!("{name}@riverside.example");
    let mut body = json!({
        "schemas": [USER], "userName": address, "externalId": format!("x-{name}"), "displayName": name,
        "emails": [{"value": address, "primary": true}, {"value": format!("{name}@home.example")}],
    });
    let Value::Object(more) = more else { panic!("an object") };
    body.as_object_mut().unwrap().extend(more);
    body
}

/// Plainly new people, and between them all who are not.
fn load() -> Vec<Value> {
    let mut all = vec![];
    let cases = [
        json!({"emails": [{"value": "nobody@elsewhere.example"}]}),
        json!({"emails": [{"value": "priya@clinic.example"}]}),
        json!({"emails": []}),
        json!({"userName": "PLAIN-0@riverside.example", "emails": []}),
        json!({"emails": [{"value": "plain-1@riverside.example"}]}),
        json!({"emails": [{"value": "plain-2@home.example"}], "userName": "by-second-address"}),
        json!({"externalId": "x-plain-3"}),
        json!({"externalId": "x-case-8-too"}),
        json!({"userName": "kept@riverside.example"}),
        json!({"userName": 7}),
        json!({"active": false}),
        json!({"roles": [{"value": "billing"}, {"value": "nothing here"}]}),
        json!({ENTERPRISE: {"manager": {"value": "mem_nobody"}, "department": "Knees"}}),
        json!({PRACTITIONER: {"membershipKind": "no-kind"}}),
        json!({ENTERPRISE: {"department": "desk"}}),
        json!({PRACTITIONER: {"membershipKind": "practitioner", "registrationNumber": "R-1"}}),
        json!({"userName": "without-address", "emails": [], "title": "Dr", "phoneNumbers": [{"value": "+45 1"}]}),
    ];
    for (number, case) in cases.into_iter().enumerate() {
        for plain in 0..number % 4 {
            all.push(own(&format!("plain-{}", 4 * number + plain), json!({})));
        }
        all.push(own(&format!("case-{number}"), case));
    }
    // One address twice in one request, the second time beside another name.
    all.extend([own("twin", json!({})), own("twin", json!({"userName": "other-twin"})), own("last", json!({}))]);
    (0..5).for_each(|number| all.insert(0, own(&format!("plain-{number}"), json!({}))));
    all
}

async fn send(push: &Push, all: &[Value], at_once: usize) -> Vec<(String, String)> {
    let mut told = vec![];
    for (part, bodies) in all.chunks(at_once).enumerate() {
        let operation = |(number, data): (usize, &Value)| json!({"method": "POST", "path": "/Users", "bulkId": format!("{part}-{number}"), "data": data});
        let operations: Vec<Value> = bodies.iter().enumerate().map(operation).collect();
        let answer = push.told("POST", "/Bulk", &json!({"schemas": [REQUEST], "Operations": operations}), 200).await;
        for one in answer["Operations"].as_array().unwrap() {
            told.push((one["status"].to_string(), one["response"].to_string()));
        }
    }
    told
}

/// Everybody there is, without what is never the same twice.
async fn everybody(push: &Push) -> Vec<String> {
    let listed = push.told("GET", "/Users?count=1000", &Value::Null, 200).await;
    let mut all: Vec<String> = vec![];
    for one in listed["Resources"].as_array().unwrap() {
        let mut one = one.as_object().unwrap().clone();
        one.retain(|name, _| !["id", "meta", "groups"].contains(&name.as_str()));
        all.push(Value::Object(one).to_string());
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_comes_to_what_its_people_come_to_one_by_one() {
    for (together, alone) in Push::each().await.into_iter().zip(Push::each().await) {
        for push in [&together, &alone] {
            push.person("kept").await;
        }
        let (here, there) = (desk(&together, None).await, desk(&alone, None).await);
        let all = load();
        let told = send(&together, &all, all.len()).await;
        assert_eq!(told, send(&alone, &all, 1).await);
        let made = told.iter().filter(|one| one.0 == "\"201\"").count();
        assert!(made > 30 && made < told.len() - 6, "{made} of {}", told.len());
        let (one, other) = (everybody(&together).await, everybody(&alone).await);
        assert_eq!(one.len(), other.len());
        for (one, other) in one.iter().zip(&other) {
            assert_eq!(one, other);
        }
        assert_eq!([members(&together, &here).await.len(), members(&alone, &there).await.len()], [1, 1]);
        assert_eq!(together.letters().await, alone.letters().await);
        for action in ["user-creation", "membership-creation", "membership-update", "assignment-creation"] {
            let (one, other) = (together.door.clinic.recorded(action).await, alone.door.clinic.recorded(action).await);
            assert_eq!(one, other, "{action}");
        }
        let count = "/Users?count=0";
        let total = async |push: &Push| push.told("GET", count, &Value::Null, 200).await["totalResults"].clone();
        assert_eq!(total(&together).await, total(&alone).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_ends_at_an_error_has_made_nobody_after_it() {
    for push in Push::each().await {
        push.person("there").await;
        let names = ["a", "b", "there", "c", "d"];
        let operation =
            |name: &&str| json!({"method": "POST", "path": "/Users", "bulkId": name, "data": own(name, json!({}))});
        let operations: Vec<Value> = names.iter().map(operation).collect();
        let request = json!({"schemas": [REQUEST], "failOnErrors": 1, "Operations": operations});
        let told = push.told("POST", "/Bulk", &request, 200).await;
        let statuses: Vec<&str> =
            told["Operations"].as_array().unwrap().iter().map(|one| one["status"].as_str().unwrap()).collect();
        assert_eq!(statuses, ["201", "201", "409"]);
        let found = push.told("GET", "/Users?filter=externalId%20eq%20%22x-c%22", &Value::Null, 200).await;
        assert_eq!(found["totalResults"], 0);
    }
}

/// A source that may not assign the role of a group brings nobody whom a rule puts there, and everybody else.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_a_rule_keeps_away_keeps_nobody_else_away() {
    for push in Push::each().await {
        desk(&push, Some("supervisor")).await;
        let more = |name: &str| if name == "c" { json!({ENTERPRISE: {"department": "desk"}}) } else { json!({}) };
        let all: Vec<Value> = ["a", "b", "c", "d", "e"].map(|name| own(name, more(name))).into();
        let told = send(&push, &all, 5).await;
        let statuses: Vec<&str> = told.iter().map(|one| one.0.trim_matches('"')).collect();
        assert_eq!(statuses, ["201", "201", "403", "201", "201"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_who_are_loaded_twice_at_once_are_there_once() {
    for push in Push::each().await {
        let all: Vec<Value> = (0..40).map(|number| own(&format!("twice-{number}"), json!({}))).collect();
        let (one, other) = tokio::join!(send(&push, &all, 40), send(&push, &all, 40));
        for (one, other) in one.iter().zip(&other) {
            let mut statuses = [one.0.as_str(), other.0.as_str()];
            statuses.sort_unstable();
            assert_eq!(statuses, ["\"201\"", "\"409\""]);
        }
    }
}
