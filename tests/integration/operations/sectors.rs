//! A client stays in the sector that lists its redirect addresses (OpenID Connect Registration 1.0 §5), whoever changes them.

use axum::{body::Body, http::Response};

use super::Host;
use crate::harness::receiver::Receiver;

#[tokio::test(flavor = "multi_thread")]
async fn redirect_addresses_stay_in_the_sector_of_the_client() {
    let host = Host::new().with("LANYARD_OUTGOING__ALLOWED_NETWORKS", "127.0.0.0/8").migrated();
    let receiver = Receiver::start().await;
    let lists = |addresses: &str| receiver.will_answer(Response::new(Body::from(addresses.to_owned())));
    host.succeed("client create roster --name Roster --redirect-uri https://roster.example/cb");
    lists(r#"["https://roster.example/cb"]"#);
    host.succeed(&format!("client set roster subject_type=pairwise sector_identifier_uri={}/list", receiver.address));

    lists(r#"["https://roster.example/cb"]"#);
    let refused = host.fail("client redirects roster https://roster.example/other");
    assert!(refused.contains("it does not list https://roster.example/other"), "{refused}");
    assert_eq!(host.json("client show roster")["redirect_uris"], serde_json::json!(["https://roster.example/cb"]));
    lists(r#"["https://roster.example/cb","https://roster.example/other"]"#);
    host.succeed("client redirects roster https://roster.example/other");
    host.succeed("client redirects roster https://roster.example/bye --after-logout");
    assert_eq!(receiver.received().len(), 3, "where a browser goes after a sign-out is no part of a sector");
}
