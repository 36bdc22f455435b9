//! `conformance/vectors/`: what is written there is what Lanyard says.

use std::process::Command;

use lanyard::{
    clock::Timestamp,
    jose::JwkSet,
    oauth::{
        confirmation::Confirmation,
        token::check::{Expectations, Reason, check},
    },
};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Published {
    issuer: String,
    audience: String,
    now: i64,
    vectors: Vec<Vector>,
}

#[derive(Deserialize)]
struct Vector {
    name: String,
    verdict: String,
    reason: Option<String>,
    bound: Option<String>,
    token: String,
}

fn vectors() -> Published {
    serde_json::from_str(include_str!("../../../conformance/vectors/vectors.json")).unwrap()
}

#[test]
fn every_vector_has_its_verdict_and_every_reason_its_vector() {
    let keys = JwkSet::parse(include_str!("../../../conformance/vectors/jwks.json")).unwrap();
    let Published { issuer, audience, now, vectors } = vectors();
    assert!(vectors.len() >= 40);
    let expected = Expectations { issuer: &issuer, audience: Some(&audience), now: Timestamp(now * 1000) };
    let mut wrong = vec![];
    for vector in &vectors {
        let (verdict, reason, bound) = match check(&vector.token, &keys, expected) {
            Ok(held) => ("accept", None, held.bound_to),
            Err(reason) => ("refuse", Some(reason.code()), None),
        };
        let bound = bound.map(|bound| match bound {
            Confirmation::Jkt(_) => "jkt",
            Confirmation::Certificate(_) => "x5t#S256",
        });
        if (verdict, reason, bound) != (&vector.verdict, vector.reason.as_deref(), vector.bound.as_deref()) {
            wrong.push(format!("{}: {verdict} {reason:?} {bound:?}", vector.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for reason in Reason::ALL {
        assert!(vectors.iter().any(|vector| vector.reason.as_deref() == Some(reason.code())), "{}", reason.code());
    }
}

#[test]
fn the_command_says_the_same() {
    let Published { issuer, audience, now, vectors } = vectors();
    let at = Timestamp(now * 1000).to_string();
    for vector in vectors {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lanyard"));
        command.args(["token", "check", "--json", "--jwks", "conformance/vectors/jwks.json"]);
        command.args(["--issuer", &issuer, "--audience", &audience, "--at", &at, "--", &vector.token]);
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(i32::from(vector.verdict == "refuse")), "{}: {output:?}", vector.name);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(said["verdict"], vector.verdict, "{}", vector.name);
        assert_eq!(said["reason"].as_str(), vector.reason.as_deref(), "{}", vector.name);
    }
}
