//! Traces, as a collector gets them (OTLP over HTTP, protobuf).

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{Router, body::Bytes, extract::State, http::StatusCode, routing::post};

use super::{Host, Server};

type Received = Arc<Mutex<Vec<Bytes>>>;

/// A collector that keeps what it is sent.
async fn collector() -> (String, Received) {
    let received = Received::default();
    let keep = async |State(received): State<Received>, body: Bytes| {
        received.lock().unwrap().push(body);
        StatusCode::OK
    };
    let router = Router::new().route("/v1/traces", post(keep)).with_state(Arc::clone(&received));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, received)
}

/// A span with its attributes as text.
#[derive(Debug)]
struct Span {
    name: String,
    trace: Vec<u8>,
    attributes: BTreeMap<String, String>,
}

/// A field of a message in protobuf: bytes by the number of the field, or a number.
enum Field<'b> {
    Bytes(u64, &'b [u8]),
    Number(u64),
}

fn varint(bytes: &mut &[u8]) -> u64 {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().expect("a whole number");
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return value;
        }
    }
    panic!("a number that never ends")
}

fn fields(mut bytes: &[u8]) -> Vec<Field<'_>> {
    let mut found = vec![];
    while !bytes.is_empty() {
        let key = varint(&mut bytes);
        let number = key >> 3;
        match key & 7 {
            0 => found.push(Field::Number(varint(&mut bytes))),
            wire => {
                let length = match wire {
                    1 => 8,
                    2 => usize::try_from(varint(&mut bytes)).unwrap(),
                    5 => 4,
                    other => panic!("wire type {other}"),
                };
                let (content, rest) = bytes.split_at(length);
                bytes = rest;
                found.push(Field::Bytes(number, content));
            }
        }
    }
    found
}

/// What a message holds in the fields of this number.
fn within(bytes: &[u8], wanted: u64) -> Vec<&[u8]> {
    let matching = |field| match field {
        Field::Bytes(number, content) if number == wanted => Some(content),
        _ => None,
    };
    fields(bytes).into_iter().filter_map(matching).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// `KeyValue`: `key = 1`, `value = 2` with `string_value = 1`, `int_value = 3`.
fn attribute(bytes: &[u8]) -> (String, String) {
    let value = within(bytes, 2).first().and_then(|value| fields(value).pop());
    let value = match value {
        Some(Field::Bytes(_, content)) => String::from_utf8_lossy(content).into_owned(),
        Some(Field::Number(number)) => number.to_string(),
        None => String::new(),
    };
    (text(within(bytes, 1)[0]), value)
}

/// `ExportTraceServiceRequest`: `resource_spans = 1` of `scope_spans = 2` of `spans = 2`.
fn spans(request: &[u8]) -> Vec<Span> {
    let scopes = within(request, 1).into_iter().flat_map(|resource| within(resource, 2));
    let spans = scopes.flat_map(|scope| within(scope, 2));
    spans
        .map(|span| Span {
            name: text(within(span, 5)[0]),
            trace: within(span, 1)[0].to_vec(),
            attributes: within(span, 9).into_iter().map(attribute).collect(),
        })
        .collect()
}

/// `resource = 1` of `attributes = 1`.
fn resource(request: &[u8]) -> BTreeMap<String, String> {
    let resources = within(request, 1).into_iter().flat_map(|spans| within(spans, 1));
    resources.flat_map(|resource| within(resource, 1)).map(attribute).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_gets_a_span_for_each_request_with_its_id_and_nothing_that_was_sent() {
    let (address, received) = collector().await;
    let host = Host::new().with("LANYARD_TELEMETRY__OTLP_ENDPOINT", &address);
    let mut server = Server::start(&host).await;
    let mut ids = vec![];
    for (path, route, status) in [
        ("/login/password?login_hint=somebody@riverside.example", "/login/password", 200),
        ("/invitation/a-token-of-somebody", "/invitation/{token}", 410),
    ] {
        let answer = reqwest::get(format!("{}{path}", server.address)).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{path}");
        ids.push((answer.headers()["x-request-id"].to_str().unwrap().to_owned(), route, status.to_string()));
    }
    // What waits to be sent is sent before the end.
    server.signal("TERM");
    assert_eq!(server.ended(Duration::from_secs(30)).await.code(), Some(0));

    let received = received.lock().unwrap();
    let sent: Vec<Span> = received.iter().flat_map(|request| spans(request)).collect();
    for (id, route, status) in ids {
        let span = sent.iter().find(|span| span.attributes.get("request.id") == Some(&id));
        let span = span.unwrap_or_else(|| panic!("no span of {id}: {sent:#?}"));
        assert_eq!((span.name.as_str(), span.trace.len()), (format!("GET {route}").as_str(), 16));
        let attribute = |name: &str| span.attributes.get(name).map(String::as_str);
        assert_eq!(attribute("http.request.method"), Some("GET"), "{span:?}");
        assert_eq!(attribute("http.route"), Some(route), "{span:?}");
        assert_eq!(attribute("url.path"), Some(route.replace("{token}", "REDACTED").as_str()), "{span:?}");
        assert_eq!(attribute("http.response.status_code"), Some(status.as_str()), "{span:?}");
    }
    assert_eq!(resource(&received[0]).get("service.name").map(String::as_str), Some("lanyard"));
    let all: Vec<u8> = received.iter().flat_map(|request| request.to_vec()).collect();
    let all = String::from_utf8_lossy(&all);
    assert!(!all.contains("somebody"), "what was sent stays here");
}
