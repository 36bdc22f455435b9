use std::{
    io::{Read, Write},
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
};

use tracing::subscriber::with_default;

use super::*;
use crate::{
    clock::Timestamp,
    config::{Config, LogFormat, Sources},
    id::RequestId,
    random::Random,
};

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("not poisoned").clone()).expect("text")
    }
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("not poisoned").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn config(sources: &Sources) -> config::Telemetry {
    Config::load(sources).expect("right").telemetry
}

fn logged(format: &str) -> String {
    let config =
        config(&Sources::none().with("telemetry.log_format", format).with("telemetry.log_level", "lanyard=info"));
    assert_eq!(config.log_format == LogFormat::Json, format == "json");
    let lines = Lines::default();
    let writer = lines.clone();
    with_default(subscriber(&config, None, move || writer.clone()), || {
        let request =
            RequestSpan::open(&RequestId::fresh(Timestamp(0), &Random::seeded(1)), "POST", Some("/oauth2/token"));
        request.span().in_scope(|| tracing::info!(client.id = "clinic-calendar", "A token was issued."));
        tracing::debug!("Below the level.");
        tracing::info!(target: "sqlx", "Of a library.");
    });
    lines.text()
}

#[test]
fn a_line_carries_its_request() {
    let id = RequestId::fresh(Timestamp(0), &Random::seeded(1));
    let json: serde_json::Value = serde_json::from_str(&logged("json")).expect("one line of JSON");
    assert_eq!(json["message"], "A token was issued.");
    assert_eq!(json["client.id"], "clinic-calendar");
    assert_eq!(json["span"]["request.id"], id.as_str());
    assert_eq!(json["span"]["http.route"], "/oauth2/token");
    let text = logged("text");
    assert!(text.contains(id.as_str()) && text.contains("A token was issued.") && text.lines().count() == 1, "{text}");
}

/// A collector that answers one request and returns its bytes.
fn collector() -> (u16, thread::JoinHandle<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let (mut received, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            let read = stream.read(&mut buffer).expect("bytes");
            received.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&received).to_lowercase();
            let head = text.find("\r\n\r\n");
            let length =
                text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse::<usize>().ok());
            if read == 0 || matches!((head, length), (Some(head), Some(length)) if received.len() >= head + 4 + length)
            {
                break;
            }
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").expect("answered");
        received
    });
    (port, answer)
}

#[tokio::test]
async fn spans_reach_the_collector_before_the_end() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let (port, answer) = collector();
    let config = config(&Sources::none().with("telemetry.otlp_endpoint", format!("http://127.0.0.1:{port}")));
    let traces = trace::provider(config.otlp_endpoint.as_ref().expect("an endpoint")).expect("a provider");
    with_default(subscriber(&config, Some(&traces), io::sink), || {
        let request =
            RequestSpan::open(&RequestId::fresh(Timestamp(0), &Random::seeded(1)), "POST", Some("/oauth2/token"));
        request.span().in_scope(|| tracing::info!("A token was issued."));
        request.answered(200);
    });
    Telemetry { traces: Some(traces) }.stop().await;
    let received = answer.join().expect("an answer");
    let text = String::from_utf8_lossy(&received);
    assert!(text.starts_with("POST /v1/traces HTTP/1.1"), "{text}");
    assert!(text.contains("/oauth2/token") && text.contains("lanyard"), "{text}");
}
