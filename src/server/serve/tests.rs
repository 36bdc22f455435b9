use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
    time::Instant,
};

use axum::{
    extract::ConnectInfo,
    routing::{get, post},
};
use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

use super::*;
use crate::{
    config::{self, Listen, Sources},
    server::{Certificate, Stopper, bind, install_crypto_provider, limit},
    web::ClientCertificate,
};

/// A running server on both loopback addresses.
struct Running {
    port: u16,
    stopper: Stopper,
    ended: tokio::task::JoinHandle<Result<(), ServeError>>,
}

fn start(protection: Protection, patience: Duration) -> Running {
    let slow = async || {
        tokio::time::sleep(Duration::from_millis(600)).await;
        "slow"
    };
    let router = Router::new()
        .route("/", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
        .route("/slow", get(slow));
    start_with(router, protection, patience)
}

fn start_with(router: Router, protection: Protection, patience: Duration) -> Running {
    install_crypto_provider();
    let listeners = bind(&[Listen::Loopback(0)]).expect("a port");
    let port = listeners[0].local_addr().expect("an address").port();
    let (stopper, stop) = Stopper::new();
    let protections = std::iter::repeat_n(protection, listeners.len());
    let listeners = listeners.into_iter().zip(protections).collect();
    let ended = tokio::spawn(serve(router, listeners, stop, patience));
    Running { port, stopper, ended }
}

fn client(trusted: Option<&CertifiedKey<KeyPair>>) -> reqwest::Client {
    install_crypto_provider();
    let builder = reqwest::Client::builder();
    let builder = match trusted {
        Some(certified) => {
            builder.tls_certs_only([reqwest::Certificate::from_der(certified.cert.der()).expect("a certificate")])
        }
        None => builder,
    };
    builder.build().expect("a client")
}

#[tokio::test]
async fn both_loopback_addresses_answer() {
    let running = start(Protection::None, Duration::from_secs(5));
    for host in ["127.0.0.1", "[::1]"] {
        if host == "[::1]" && TcpStream::connect(("::1", running.port)).is_err() {
            continue; // a machine without IPv6
        }
        let answer = client(None).get(format!("http://{host}:{}/", running.port)).send().await.expect("an answer");
        assert_eq!(answer.text().await.expect("text"), host.trim_matches(['[', ']']));
    }
}

#[tokio::test]
async fn a_running_request_finishes_and_no_new_one_is_accepted() {
    let running = start(Protection::None, Duration::from_secs(5));
    let client = client(None);
    let address = format!("http://127.0.0.1:{}", running.port);
    // An idle connection in the client's pool must not hold the stop back.
    client.get(&address).send().await.expect("an answer").text().await.expect("text");
    let slow = tokio::spawn(client.get(format!("{address}/slow")).send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    running.stopper.stop();
    let answer = slow.await.expect("no panic").expect("an answer").text().await.expect("text");
    assert_eq!(answer, "slow");
    running.ended.await.expect("no panic").expect("a graceful end");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert!(TcpStream::connect(("127.0.0.1", running.port)).is_err());
}

#[tokio::test]
async fn a_slow_body_is_answered_408_and_its_connection_closed() {
    let sources = Sources::none().with("server.request_timeout", "200ms");
    let config = config::Config::load(&sources).expect("right").server;
    let router = limit(Router::new().route("/", post(async |body: String| body)), &config);
    let running = start_with(router, Protection::None, Duration::from_secs(1));
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", running.port)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        stream.write_all(b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 10\r\n\r\nslow").expect("written");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("the connection is closed");
        answer
    });
    let answer = read.await.expect("no panic");
    assert!(answer.starts_with("HTTP/1.1 408 Request Timeout\r\n"), "{answer}");
}

#[tokio::test]
async fn a_silent_connection_does_not_hold_the_stop_back() {
    let running = start(Protection::None, Duration::from_secs(5));
    let silent = TcpStream::connect(("127.0.0.1", running.port)).expect("connected");
    tokio::time::sleep(Duration::from_millis(100)).await;
    let begun = Instant::now();
    running.stopper.stop();
    running.ended.await.expect("no panic").expect("a graceful end");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    drop(silent);
}

#[tokio::test]
async fn patience_with_running_requests_ends() {
    let running = start(Protection::None, Duration::from_millis(100));
    let slow = tokio::spawn(client(None).get(format!("http://127.0.0.1:{}/slow", running.port)).send());
    tokio::time::sleep(Duration::from_millis(200)).await;
    running.stopper.stop();
    running.ended.await.expect("no panic").expect("an end");
    assert!(slow.await.expect("no panic").is_err());
}

fn write(files: &config::Tls, certified: &CertifiedKey<KeyPair>) {
    std::fs::write(&files.certificate, certified.cert.pem()).expect("written");
    std::fs::write(&files.key, certified.signing_key.serialize_pem()).expect("written");
}

fn files(folder: &Path) -> config::Tls {
    config::Tls { certificate: folder.join("tls.crt"), key: folder.join("tls.key") }
}

#[tokio::test]
async fn tls_shows_the_renewed_certificate_after_a_hangup_signal() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files(folder.path());
    let certified = || generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let (old, new) = (certified(), certified());
    write(&files, &old);
    let certificate = Certificate::load(&files).expect("a certificate");
    let shown = certificate.shown();
    let running = start(Protection::Tls(shown.clone()), Duration::from_secs(1));
    let (_stopper, stop) = Stopper::new();
    tokio::spawn(certificate.keep_fresh(stop));
    let address = format!("https://localhost:{}/", running.port);
    let answer = client(Some(&old)).get(&address).send().await.expect("an answer");
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert!(client(Some(&new)).get(&address).send().await.is_err());
    write(&files, &new);
    let before = shown.get_inner();
    std::process::Command::new("kill").args(["-HUP", &std::process::id().to_string()]).status().expect("kill is there");
    while Arc::ptr_eq(&before, &shown.get_inner()) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    client(Some(&new)).get(&address).send().await.expect("an answer with the new certificate");
    assert!(client(Some(&old)).get(&address).send().await.is_err());
}

#[tokio::test]
async fn plain_text_on_a_tls_port_is_closed() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files(folder.path());
    write(&files, &generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate"));
    let running =
        start(Protection::Tls(Certificate::load(&files).expect("a certificate").shown()), Duration::from_secs(1));
    let read = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(("127.0.0.1", running.port)).expect("connected");
        stream.set_read_timeout(Some(Duration::from_secs(5))).expect("set");
        stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").expect("written");
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        answer
    });
    let answer = read.await.expect("no panic");
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");
}

#[tokio::test]
async fn an_app_shows_the_certificate_that_it_holds_the_key_of_or_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let files = files(folder.path());
    let certified = |name: &str| generate_simple_self_signed([name.to_owned()]).expect("a certificate");
    let (own, app, other) = (certified("localhost"), certified("app"), certified("other"));
    write(&files, &own);
    let asking = Certificate::load(&files).expect("a certificate").asking();
    let told = |request: axum::extract::Request| async move {
        let shown = request.extensions().get::<Option<ClientCertificate>>().cloned().flatten();
        shown.map_or(String::new(), |shown| data_encoding::HEXLOWER.encode(shown.leaf()))
    };
    let router = Router::new().route("/", get(told));
    let running = start_with(router, Protection::TlsForApps(asking), Duration::from_secs(1));
    let address = format!("https://localhost:{}/", running.port);
    let trusted = reqwest::Certificate::from_der(own.cert.der()).expect("a certificate");
    let with = |identity: Option<String>| {
        let builder = reqwest::Client::builder().tls_certs_only([trusted.clone()]);
        let identity = identity.map(|pem| reqwest::Identity::from_pem(pem.as_bytes()).expect("a key pair"));
        identity.into_iter().fold(builder, reqwest::ClientBuilder::identity).build().expect("a client")
    };
    let pem = |key: &CertifiedKey<KeyPair>| format!("{}{}", key.cert.pem(), app.signing_key.serialize_pem());
    for (client, expected) in
        [(with(None), String::new()), (with(Some(pem(&app))), data_encoding::HEXLOWER.encode(app.cert.der()))]
    {
        for _ in 0..2 {
            let answer = client.get(&address).send().await.expect("an answer");
            assert_eq!(answer.text().await.expect("text"), expected);
        }
    }
    // The certificate of another is public, its key is not.
    let builder = reqwest::Client::builder().tls_certs_only([trusted.clone()]);
    if let Ok(identity) = reqwest::Identity::from_pem(pem(&other).as_bytes())
        && let Ok(thief) = builder.identity(identity).build()
    {
        assert!(thief.get(&address).send().await.is_err());
    }
}
