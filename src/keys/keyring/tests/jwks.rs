//! The public keys as apps get them.

use super::*;

#[test]
fn the_jwks_shows_public_members_alone_in_a_fixed_order() {
    let next = Arc::new(SigningKey::generate(Algorithm::EdDsa).expect("a key"));
    let ring = Ring::new(KEYS.iter().rev().map(Arc::clone), vec![Arc::clone(next.public())]);
    let jwks = of(ring).jwks();
    let document: Value = serde_json::from_slice(jwks.body()).expect("JSON");
    let shown: Vec<_> =
        document["keys"].as_array().expect("keys").iter().map(|key| (&key["alg"], &key["kid"])).collect();
    let expected: Vec<_> = Algorithm::ALL
        .iter()
        .map(|a| (json!(a.name()), json!(key(*a).id())))
        .chain([(json!("EdDSA"), json!(next.id()))])
        .collect();
    assert_eq!(shown, expected.iter().map(|(alg, kid)| (alg, kid)).collect::<Vec<_>>());
    for key in document["keys"].as_array().expect("keys") {
        let names: Vec<_> = key.as_object().expect("an object").keys().map(String::as_str).collect();
        let expected: &[_] = match key["kty"].as_str().expect("kty") {
            "RSA" => &["alg", "e", "kid", "kty", "n", "use"],
            "EC" => &["alg", "crv", "kid", "kty", "use", "x", "y"],
            _ => &["alg", "crv", "kid", "kty", "use", "x"],
        };
        assert_eq!(names, expected);
    }
    assert_eq!(document["keys"][0]["e"], "AQAB");
    assert_eq!(document["keys"][0]["n"].as_str().expect("n").len(), 342);
}

#[test]
fn the_entity_tag_follows_the_keys() {
    let jwks = |keys: &[Arc<SigningKey>]| of(Ring::new(keys.iter().map(Arc::clone), Vec::new())).jwks();
    assert_eq!(jwks(&KEYS[..2]).etag(), jwks(&KEYS[..2]).etag());
    assert_ne!(jwks(&KEYS[..2]).etag(), jwks(&KEYS[..3]).etag());
    assert!(jwks(&KEYS[..1]).etag().starts_with('"'));
}
