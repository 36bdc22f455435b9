//! Letters of invitation that an outside system causes.

use std::time::Duration;

use serde_json::{Value, json};

use super::push::{Push, USER, patch};

/// An address that nobody has, and one that has an account at another practice.
const ADDRESSES: [&str; 2] = ["nobody@elsewhere.example", "priya@clinic.example"];

#[tokio::test(flavor = "multi_thread")]
async fn one_letter_in_a_quarter_of_an_hour_however_often_a_source_repeats_itself() {
    for push in Push::each().await {
        let harbour = push.of("harbour").await;
        for address in ADDRESSES {
            let new = json!({"schemas": [USER], "userName": address, "externalId": "x"});
            let make = async || {
                let answer = push.ask_as(&harbour, "POST", "/Users", (&new, &[])).await;
                assert_eq!(answer.status, 201, "{}", answer.body);
                format!("/Users/{}", answer.json()["id"].as_str().unwrap())
            };
            let remove = async |path: &str| {
                assert_eq!(push.ask_as(&harbour, "DELETE", path, (&Value::Null, &[])).await.status, 204);
            };
            let mut path = make().await;
            assert_eq!(push.letters().await, [address]);
            for _ in 0..5 {
                remove(&path).await;
                path = make().await;
                assert!(push.letters().await.is_empty(), "{address}: {:?}", push.letters().await);
            }
            // Away and back again: a letter to where none went yet.
            let to = |address: &str| patch(json!([{"op": "replace", "path": "userName", "value": address}]));
            for (next, expected) in [("away@elsewhere.example", 1), (address, 0), ("away@elsewhere.example", 0)] {
                let answer = push.ask_as(&harbour, "PATCH", &path, (&to(next), &[])).await;
                assert_eq!(answer.status, 200, "{}", answer.body);
                assert_eq!(push.letters().await.len(), expected, "{address} {next}");
            }
            remove(&path).await;
            push.door.clinic.app.clock.advance(Duration::from_secs(15 * 60));
            path = make().await;
            assert_eq!(push.letters().await, [address], "a quarter of an hour later there is another one");
            remove(&path).await;
            push.door.clinic.app.clock.advance(Duration::from_secs(15 * 60));
        }
    }
}
