//! `lanyard serve` as an operator runs it: TLS with a renewed certificate, what machines ask, and a second node.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use lanyard::{demo::clinic, storage::testing};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use reqwest::Client;

use super::{Host, Server, server::free_port};
use crate::durability::{SECRET, fetch, furnish, refresh};

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn write(folder: &Path, certified: &CertifiedKey<KeyPair>) {
    std::fs::write(folder.join("tls.crt"), certified.cert.pem()).unwrap();
    std::fs::write(folder.join("tls.key"), certified.signing_key.serialize_pem()).unwrap();
}

/// A client that trusts this certificate alone and keeps no connection.
fn trusting(certified: &CertifiedKey<KeyPair>) -> Client {
    let trusted = reqwest::Certificate::from_der(certified.cert.der()).unwrap();
    Client::builder().tls_certs_only([trusted]).pool_max_idle_per_host(0).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_certificate_is_shown_without_a_restart_and_machines_get_their_answers() {
    lanyard::server::install_crypto_provider();
    let (old, new, port) = (certificate(), certificate(), free_port());
    let issuer = format!("https://localhost:{port}");
    let host = Host::new()
        .with("LANYARD_SERVER__ISSUER", &issuer)
        .with("LANYARD_TLS__CERTIFICATE", "tls.crt")
        .with("LANYARD_TLS__KEY", "tls.key");
    write(&host.path(""), &old);
    let client = trusting(&old);
    let mut server = Server::spawn(&host, port, &[]).ready(&client, &issuer).await;

    let text = async |path: &str| client.get(format!("{issuer}{path}")).send().await.unwrap().text().await.unwrap();
    assert_eq!((text("/healthz").await, text("/readyz").await), ("alive\n".to_owned(), "ready\n".to_owned()));
    let metadata = text("/.well-known/openid-configuration").await;
    assert!(metadata.contains(&format!("\"issuer\":\"{issuer}\"")), "{metadata}");
    let counters = text("/metrics").await;
    let line = r#"lanyard_http_requests_total{status="2xx",route="/.well-known/openid-configuration"} 1"#;
    assert!(counters.lines().any(|counted| counted == line), "{counters}");
    let outside =
        client.get(format!("{issuer}/metrics")).header("x-forwarded-for", "203.0.113.1").send().await.unwrap();
    assert_eq!(outside.status(), 404, "a proxy that nobody configured makes nobody local");
    let page = client.get(format!("{issuer}/login/password")).send().await.unwrap();
    let cookie = page.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(cookie.starts_with("__Host-") && cookie.contains("Secure"), "{cookie}");
    assert!(page.headers().contains_key("strict-transport-security"), "{:?}", page.headers());

    let renewed = trusting(&new);
    assert!(renewed.get(format!("{issuer}/healthz")).send().await.is_err());
    write(&host.path(""), &new);
    server.signal("HUP");
    let began = Instant::now();
    while renewed.get(format!("{issuer}/healthz")).send().await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10), "the new certificate is not shown");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(client.get(format!("{issuer}/healthz")).send().await.is_err(), "the former one is not shown any more");
    server.signal("TERM");
    assert_eq!(server.ended(Duration::from_secs(30)).await.code(), Some(0));
}

/// What introspection on `node` says of a token.
async fn is_active(http: &Client, node: &Server, token: &str) -> bool {
    let (id, secret) = (clinic::RESOURCE_API.0, SECRET);
    let asked = http.post(format!("{}/oauth2/introspect", node.address)).basic_auth(id, Some(secret));
    let told = asked.form(&[("token", token)]).send().await.unwrap().text().await.unwrap();
    serde_json::from_str::<serde_json::Value>(&told).unwrap()["active"] == true
}

/// A token of the reporting service, from this node.
async fn service_token(http: &Client, node: &Server) -> Option<String> {
    let (id, secret) = (clinic::REPORTING.0, SECRET);
    let asked = http.post(format!("{}/oauth2/token", node.address)).basic_auth(id, Some(secret));
    let answer = asked.form(&[("grant_type", "client_credentials")]).send().await.unwrap();
    let body = answer.text().await.unwrap();
    Some(serde_json::from_str::<serde_json::Value>(&body).unwrap()["access_token"].as_str()?.to_owned())
}

/// Fails unless `done` within a second, and a little for a busy machine.
async fn within_a_second(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < Duration::from_secs(3), "{what} is not known within a second");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_elsewhere_is_known_on_every_node_within_a_second() {
    let database = testing::postgres().await;
    let ports = [free_port(), free_port()];
    let host = Host::new()
        .with("LANYARD_DATABASE__URL", &database.settings.url)
        .with("LANYARD_SERVER__ISSUER", &format!("http://localhost:{}", ports[0]));
    let app = host.app().await;
    let refresh_tokens = furnish(&app, "priya@riverside.example").await;
    app.storage.close().await;
    let http = Client::new();
    let mut nodes = vec![];
    for port in ports {
        let node = Server::spawn(&host, port, &[]);
        let address = node.address.clone();
        nodes.push(node.ready(&http, &address).await);
    }

    // A client: both nodes know it, and have it in memory.
    let token = service_token(&http, &nodes[0]).await.expect("a token");
    for node in &nodes {
        assert!(is_active(&http, node, &token).await && fetch(&http, &node.address).await.is_some());
    }
    host.succeed("client disable reporting-service");
    for node in &nodes {
        within_a_second("a disabled client", async || !is_active(&http, node, &token).await).await;
        within_a_second("a disabled client", async || service_token(&http, node).await.is_none()).await;
    }
    host.succeed("client enable reporting-service");
    for node in &nodes {
        within_a_second("an enabled client", async || service_token(&http, node).await.is_some()).await;
    }

    // A person: tokens of one node are good on the other, until she is disabled.
    let mut held = vec![];
    for token in &refresh_tokens {
        held.push(refresh(&http, &nodes[0].address, token).await.expect("refreshed"));
    }
    let userinfo = async |node: &Server, token: &str| {
        http.get(format!("{}/oauth2/userinfo", node.address)).bearer_auth(token).send().await.unwrap().status()
    };
    let access = access_token(&http, &nodes[0], &held[0]).await;
    for node in &nodes {
        assert_eq!(userinfo(node, &access).await, 200);
    }
    host.succeed("user disable priya@riverside.example");
    for node in &nodes {
        within_a_second("a disabled person", async || !is_active(&http, node, &access).await).await;
        assert_eq!(userinfo(node, &access).await, 401);
    }
    let (id, secret) = (clinic::CALENDAR.0, SECRET);
    let form = [("grant_type", "refresh_token"), ("refresh_token", held[1].as_str())];
    let asked = http.post(format!("{}/oauth2/token", nodes[1].address)).basic_auth(id, Some(secret)).form(&form);
    assert_eq!(asked.send().await.unwrap().status(), 400, "her refresh tokens are void on the other node");
    for mut node in nodes {
        node.signal("TERM");
        assert_eq!(node.ended(Duration::from_secs(30)).await.code(), Some(0));
    }
}

async fn access_token(http: &Client, node: &Server, refresh_token: &str) -> String {
    let (id, secret) = (clinic::CALENDAR.0, SECRET);
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
    let asked = http.post(format!("{}/oauth2/token", node.address)).basic_auth(id, Some(secret)).form(&form);
    let body = asked.send().await.unwrap().text().await.unwrap();
    let told: serde_json::Value = serde_json::from_str(&body).unwrap();
    told["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned()
}
