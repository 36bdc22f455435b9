//! Who may call `/scim/v2`, and how everybody else is refused.

use std::time::Duration;

use axum::{
    body::Body,
    http::{Request, header},
};
use data_encoding::BASE64URL_NOPAD;
use lanyard::{
    directory::organization,
    jose::Alg,
    oauth::{
        client::{AccessTokenFormat, GrantType},
        registration::Registration,
    },
    scim::{caller::ResourceSet, connection::Rights},
    secret::sha256,
    web::ClientCertificate,
};
use serde_json::{Value, json};

use super::door::{Door, from, refused, request};
use crate::{
    harness::client_key::ClientKey,
    oauth::{
        client_assertion::set,
        client_certificate::self_signed,
        clinic::{Answer, ISSUER, app, basic},
    },
};

const CHALLENGE: &str = "Bearer realm=\"scim\"";

fn invalid(why: &str) -> String {
    format!("{CHALLENGE}, error=\"invalid_token\", error_description=\"{why}\"")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_connection_says_who_calls() {
    for door in Door::each().await {
        let roles = ["billing", "practitioner"].map(|role| role.parse().unwrap()).to_vec();
        let (connection, token) = door.connect("entra", Rights { roles, ..Rights::default() }).await;
        let answer = door.get(&token).await;
        let expected = json!({
            "organization": door.riverside().await,
            "source": format!("scim:{}", connection.id),
            "name": "entra",
            "may_write": true,
            "users": true,
            "groups": true,
            "roles": ["billing", "practitioner"],
            "actor": ["connection", connection.id],
        });
        assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
        // RFC 9110 §11.1: the scheme is case-insensitive.
        let lower = request("GET", "/scim/v2/Users", &[("authorization", &format!("bearer {token}"))]);
        assert_eq!(door.send(lower).await.status, 200);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organizations_token_sees_its_own_alone() {
    for door in Door::each().await {
        let (_, ours) = door.connect("entra", Rights::default()).await;
        let (_, theirs) = door.connect_to("harbour", "entra", Rights::default()).await;
        let harbour = door.clinic.organization("harbour").await;
        assert_eq!(door.get(&theirs).await.json()["organization"], json!(harbour));
        assert_eq!(door.get(&ours).await.json()["organization"], json!(door.riverside().await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_proves_nothing_is_told_how() {
    for door in Door::each().await {
        let (_, token) = door.connect("entra", Rights::default()).await;
        let (bearer, dpop) = (format!("Bearer {token}"), format!("DPoP {token}"));
        let unknown = Some(invalid("the access token is not valid"));
        for (case, sent, status, challenge) in [
            ("nothing", &[][..], 401, Some(CHALLENGE.to_owned())),
            ("a password", &["Basic Zm9vOmJhcg=="], 401, Some(CHALLENGE.to_owned())),
            ("no scheme", &[token.as_str()], 401, Some(CHALLENGE.to_owned())),
            ("an unknown token", &["Bearer unknown"], 401, unknown.clone()),
            ("a forged token", &["Bearer eyJhbGciOiJub25lIn0.e30."], 401, unknown.clone()),
            ("an empty token", &["Bearer "], 401, unknown.clone()),
            ("as if it were bound to a key", &[dpop.as_str()], 401, unknown.clone()),
            ("sent twice", &[bearer.as_str(), bearer.as_str()], 400, None),
        ] {
            let headers: Vec<(&str, &str)> = sent.iter().map(|value| ("authorization", *value)).collect();
            let answer = door.send(request("GET", "/scim/v2/Users", &headers)).await;
            assert!(!refused(&answer, status).is_empty(), "{case}");
            let told = answer.headers.get(header::WWW_AUTHENTICATE).map(|value| value.to_str().unwrap().to_owned());
            assert_eq!(told, challenge, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_does_what_it_was_made_for() {
    for door in Door::each().await {
        let rights = |resources, may_write| Rights { resources, may_write, ..Rights::default() };
        let (_, reader) = door.connect("reader", rights(ResourceSet::All, false)).await;
        let (_, people) = door.connect("people", rights(ResourceSet::Users, true)).await;
        let (_, groups) = door.connect("groups", rights(ResourceSet::Groups, true)).await;
        for (token, method, path, expected) in [
            (&reader, "GET", "/scim/v2/Users", None),
            (&reader, "POST", "/scim/v2/Users/.search", None),
            (&reader, "POST", "/scim/v2/Users", Some("reader may read and not write")),
            (&reader, "PATCH", "/scim/v2/Users/mem_1", Some("reader may read and not write")),
            (&reader, "DELETE", "/scim/v2/Users/mem_1", Some("reader may read and not write")),
            (&reader, "POST", "/scim/v2/Bulk", Some("reader may read and not write")),
            (&people, "PUT", "/scim/v2/Users/mem_1", None),
            (&people, "GET", "/scim/v2/Groups", Some("people is not allowed to use /Groups")),
            (&groups, "POST", "/scim/v2/Groups", None),
            (&groups, "GET", "/scim/v2/Users", Some("groups is not allowed to use /Users")),
        ] {
            let answer = door.ask(method, path, token).await;
            match expected {
                None => assert_eq!(answer.status, 200, "{method} {path}: {}", answer.body),
                Some(why) => assert_eq!(refused(&answer, 403), why, "{method} {path}"),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_is_used_from_its_networks_as_the_trusted_proxies_tell() {
    for door in Door::each_with(&[("server.trusted_proxies", "10.0.0.0/8")]).await {
        let networks = vec!["192.0.2.0/24".parse().unwrap(), "2001:db8::/32".parse().unwrap()];
        let (_, token) = door.connect("entra", Rights { networks, ..Rights::default() }).await;
        let bearer = format!("Bearer {token}");
        for (peer, forwarded, expected) in [
            ("192.0.2.7", None, 200),
            ("2001:db8::7", None, 200),
            ("203.0.113.9", None, 403),
            ("10.0.0.1", Some("192.0.2.7"), 200),
            ("10.0.0.1", Some("203.0.113.9"), 403),
            ("10.0.0.1", Some("192.0.2.7, 203.0.113.9"), 403),
            ("203.0.113.9", Some("192.0.2.7"), 403),
        ] {
            let mut headers = vec![("authorization", bearer.as_str())];
            headers.extend(forwarded.map(|forwarded| ("x-forwarded-for", forwarded)));
            let answer = door.send(from(peer, request("GET", "/scim/v2/Users", &headers))).await;
            assert_eq!(answer.status, expected, "{peer} {forwarded:?}: {}", answer.body);
            if expected == 403 {
                assert_eq!(refused(&answer, 403), "this connection may not be used from 203.0.113.9");
            }
        }
        // A wrong token from there learns nothing of networks.
        let wrong = request("GET", "/scim/v2/Users", &[("authorization", "Bearer wrong")]);
        assert_eq!(door.send(from("203.0.113.9", wrong)).await.status, 401);
        let failures = door.failures().await;
        assert_eq!(failures["it may not be used from this address"], 4, "a stolen token is seen: {failures:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_connection_has_a_rate_of_its_own() {
    for door in Door::each_with(&[("scim.requests_per_second", "10"), ("scim.burst", "3")]).await {
        let (_, entra) = door.connect("entra", Rights::default()).await;
        let (_, okta) = door.connect("okta", Rights::default()).await;
        for _ in 0..3 {
            assert_eq!(door.get(&entra).await.status, 200);
        }
        let answer = door.get(&entra).await;
        assert_eq!(refused(&answer, 429), "this connection asks too often; try again later");
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
        assert_eq!(door.get(&okta).await.status, 200, "nobody waits for others");
        door.clinic.app.clock.advance(Duration::from_millis(100));
        assert_eq!((door.get(&entra).await.status.as_u16(), door.get(&entra).await.status.as_u16()), (200, 429));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_are_slowed_down_and_right_ones_are_heard_all_the_same() {
    for door in Door::each_with(&[("throttle.address_attempts", "3")]).await {
        let (_, token) = door.connect("entra", Rights::default()).await;
        for n in 0..3 {
            assert_eq!(door.get(&format!("wrong{n}")).await.status, 401, "{n}");
        }
        let answer = door.get("wrong").await;
        assert_eq!(refused(&answer, 429), "too many wrong tokens come from this network; try again later");
        assert_eq!(answer.header(header::RETRY_AFTER), "1");
        assert_eq!(door.get(&token).await.status, 200, "whoever shares the network with a guesser");
        let elsewhere = request("GET", "/scim/v2/Users", &[("authorization", "Bearer wrong")]);
        assert_eq!(door.send(from("203.0.113.9", elsewhere)).await.status, 401, "another network");
        for _ in 0..100 {
            door.get("wrong").await;
        }
        let failures = door.failures().await;
        let written = failures["the access token is not valid"];
        assert!((5..20).contains(&written), "a flood is written down as it grows: {written}");
    }
}

/// A service of Riverside that pushes by OAuth.
fn pusher(id: &str, of: lanyard::id::OrganizationId) -> Registration {
    Registration {
        organization: Some(of),
        grant_types: vec![GrantType::ClientCredentials],
        scopes: vec!["scim".into(), "roles".into()],
        redirect_uris: vec![],
        resources: vec!["https://api.example".into(), format!("{ISSUER}/scim/v2")],
        ..app(id)
    }
}

async fn token(door: &Door, client: &str, form: &str) -> String {
    let answer = door.clinic.token(client, &format!("grant_type=client_credentials&{form}")).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_of_the_organization_pushes_by_oauth() {
    for door in Door::each().await {
        let of = door.riverside().await;
        door.clinic.enroll(pusher("push", of.clone())).await;
        let opaque =
            Registration { access_token_format: AccessTokenFormat::Opaque, ..pusher("push-opaque", of.clone()) };
        door.clinic.enroll(opaque).await;
        for client in ["push", "push-opaque"] {
            let answer = door.get(&token(&door, client, "scope=scim").await).await;
            let expected = json!({
                "organization": of,
                "source": format!("client:{client}"),
                "name": client,
                "may_write": true,
                "users": true,
                "groups": true,
                "roles": [],
                "actor": ["client", client],
            });
            assert_eq!((answer.status.as_u16(), answer.json()), (200, expected));
        }
        let here = token(&door, "push", "scope=scim&resource=http://localhost:8080/scim/v2").await;
        assert_eq!(door.get(&here).await.status, 200);

        let elsewhere = token(&door, "push", "scope=scim&resource=https://api.example").await;
        assert_eq!(
            challenge(&door.get(&elsewhere).await, 401),
            invalid("the access token is meant for another resource")
        );
        let other = token(&door, "push", "scope=roles").await;
        let lacks = "the access token is not one of a service with the scope scim";
        let expected =
            format!("{CHALLENGE}, error=\"insufficient_scope\", error_description=\"{lacks}\", scope=\"scim\"");
        assert_eq!(challenge(&door.get(&other).await, 403), expected);
    }
}

fn challenge(answer: &Answer, status: u16) -> String {
    refused(answer, status);
    answer.header(header::WWW_AUTHENTICATE).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_person_grants_an_app_to_push() {
    for door in Door::each().await {
        let of = door.riverside().await;
        let both = Registration {
            grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
            scopes: vec!["openid".into(), "scim".into()],
            ..app("both")
        };
        door.clinic.enroll(Registration { organization: Some(of), resources: vec![], ..both }).await;
        let browser = door.clinic.browser("olivia").await;
        let answer = door.clinic.authorize(&browser, &crate::oauth::clinic::request("both", "scope=openid+scim")).await;
        assert_eq!(answer.parameter("error").as_deref(), Some("invalid_scope"), "{}", answer.location());
        // What she does grant opens nothing here.
        let tokens = door.clinic.tokens(&browser, "both", "scope=openid").await;
        let answer = door.get(tokens["access_token"].as_str().unwrap()).await;
        assert_eq!(answer.status, 403, "{}", answer.body);
        // And nobody gets it by saying nothing.
        let usual = Registration::new("usual", "Usual");
        assert!(!usual.scopes.contains(&"scim".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_bound_to_a_key_needs_its_proof() {
    for door in Door::each().await {
        door.clinic.enroll(pusher("push", door.riverside().await)).await;
        let (key, thief) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Es256));
        let proof = |key: &ClientKey, method: &str, path: &str, ath: Option<&str>| {
            let id = BASE64URL_NOPAD.encode(&door.clinic.app.random.bytes::<16>());
            let now = door.clinic.app.clock.now().seconds();
            let mut claims = json!({"jti": id, "htm": method, "htu": format!("{ISSUER}{path}"), "iat": now});
            if let Some(token) = ath {
                claims["ath"] = json!(BASE64URL_NOPAD.encode(&sha256(token.as_bytes())));
            }
            key.sign(&json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()}), &claims)
        };
        let bound: Value = {
            let proof = proof(&key, "POST", "/oauth2/token", None);
            let authorization = crate::oauth::clinic::basic("push");
            let headers = [("authorization", authorization.as_str()), ("dpop", proof.as_str())];
            door.clinic.post("/oauth2/token", &headers, "grant_type=client_credentials&scope=scim").await.json()
        };
        assert_eq!(bound["token_type"], "DPoP", "{bound}");
        let token = bound["access_token"].as_str().unwrap();
        for (case, key, scheme, method, expected) in [
            ("its own key", Some(&key), "DPoP", "PATCH", 200),
            ("as Bearer", Some(&key), "Bearer", "PATCH", 401),
            ("another's key", Some(&thief), "DPoP", "PATCH", 401),
            ("another method", Some(&key), "DPoP", "GET", 401),
            ("no proof", None, "DPoP", "PATCH", 401),
        ] {
            let authorization = format!("{scheme} {token}");
            let proof = key.map(|key| proof(key, method, "/scim/v2/Users/mem_1", Some(token)));
            let mut headers = vec![("authorization", authorization.as_str())];
            headers.extend(proof.as_ref().map(|proof| ("dpop", proof.as_str())));
            let answer = door.send(request("PATCH", "/scim/v2/Users/mem_1", &headers)).await;
            assert_eq!(answer.status, expected, "{case}: {}", answer.body);
            if expected == 401 {
                let challenge = challenge(&answer, 401);
                assert!(challenge.contains("realm=\"scim\", error=\"invalid_"), "{case}: {challenge}");
            }
        }
    }
}

/// RFC 8705 §3.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_bound_to_a_certificate_needs_a_connection_with_it() {
    for door in Door::each().await {
        let clinic = &door.clinic;
        clinic.enroll(pusher("push", door.riverside().await)).await;
        set(clinic, "push", &[("tls_client_certificate_bound_access_tokens", json!(true))]).await;
        let (own, other) = (self_signed("push"), self_signed("push"));
        let over = |certificate: Option<&[u8]>, mut request: Request<Body>| {
            let shown = certificate.and_then(|der| ClientCertificate::of_chain(vec![der.to_vec()]));
            request.extensions_mut().insert(shown);
            request
        };
        let form = "grant_type=client_credentials&scope=scim";
        let authorization = basic("push");
        let asking = Request::post("/oauth2/token")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, authorization);
        let issued = clinic.send(over(Some(&own), asking.body(Body::from(form)).unwrap())).await.json();
        let bearer = format!("Bearer {}", issued["access_token"].as_str().unwrap());
        let wrong = "the access token is bound to another certificate";
        for (case, shown, expected) in
            [("its own", Some(&own), None), ("another", Some(&other), Some(wrong)), ("none", None, Some(wrong))]
        {
            for (method, path) in [("GET", "/scim/v2/Users"), ("POST", "/scim/v2/Bulk")] {
                let asked = request(method, path, &[("authorization", &bearer)]);
                let answer = door.send(over(shown.map(Vec::as_slice), asked)).await;
                match expected {
                    None => assert_eq!(answer.status, 200, "{case} {method}: {}", answer.body),
                    Some(why) => assert_eq!(challenge(&answer, 401), invalid(why), "{case} {method}"),
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_organization_is_not_pushed_into() {
    for door in Door::each().await {
        let (_, token) = door.connect("entra", Rights::default()).await;
        assert_eq!(door.get(&token).await.status, 200);
        let (context, of) = (door.clinic.context(), door.riverside().await);
        let disabled =
            door.clinic.write(move |tx| Box::pin(async move { Ok(organization::disable(tx, &context, &of).await?) }));
        disabled.await;
        assert_eq!(challenge(&door.get(&token).await, 401), invalid("the organization is disabled"));
    }
}
