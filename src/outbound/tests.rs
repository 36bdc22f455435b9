//! Against real sockets: servers that answer, stall, redirect and never end.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::clock::Timestamp;

/// A server that sends `head` and then `filling` for ever, and how often it was called.
async fn server(head: &'static str, filling: &'static [u8]) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, calls) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(head.as_bytes()).await;
                while !filling.is_empty() && stream.write_all(filling).await.is_ok() {}
                if head.is_empty() {
                    std::future::pending::<()>().await;
                }
            });
        }
    });
    (address, calls)
}

fn outbound(allowed: &[&str]) -> (Outbound, Clock) {
    let clock = Clock::fixed(Timestamp(1_795_320_000_000));
    let allowed_networks = allowed.iter().map(|network| network.parse().unwrap()).collect();
    (Outbound::new(&Outgoing { allowed_networks, ..Outgoing::default() }, clock.clone()), clock)
}

fn url(address: SocketAddr) -> Url {
    Url::parse(&format!("http://{address}/keys")).unwrap()
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\nCache-Control: public, max-age=120\r\n\
                  Content-Length: 2\r\nConnection: close\r\n\r\n{}";

#[tokio::test]
async fn an_allowed_network_is_called() {
    let (address, _) = server(OK, b"").await;
    let answer = outbound(&["127.0.0.0/8"]).0.get(&url(address)).await.unwrap();
    assert_eq!((answer.status, answer.content_type.as_str(), &answer.body[..]), (200, "application/json", &b"{}"[..]));
    assert_eq!(answer.max_age, Some(Duration::from_secs(120)));
}

#[tokio::test]
async fn no_other_private_address_is_called_by_address_or_by_name() {
    let (address, calls) = server(OK, b"").await;
    let (closed, _) = outbound(&["10.0.0.0/8"]);
    for text in [
        format!("http://{address}/"),
        format!("https://{address}/"),
        format!("http://localhost:{}/", address.port()),
        format!("https://localhost:{}/", address.port()),
        format!("http://2130706433:{}/", address.port()),
        format!("http://[::ffff:127.0.0.1]:{}/", address.port()),
        "http://93.184.215.14/".to_owned(),
        "https://user:secret@93.184.215.14/".to_owned(),
        "file:///etc/passwd".to_owned(),
        "data:text/plain,x".to_owned(),
    ] {
        let answer = closed.get(&Url::parse(&text).unwrap()).await;
        assert!(matches!(answer, Err(Fault::Forbidden(_))), "{text}: {answer:?}");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let (target, calls) = server(OK, b"").await;
    let head = format!("HTTP/1.1 302 Found\r\nLocation: http://{target}/\r\nContent-Length: 0\r\n\r\n");
    let (address, _) = server(head.leak(), b"").await;
    assert_eq!(outbound(&["127.0.0.0/8"]).0.get(&url(address)).await.unwrap().status, 302);
    assert_eq!(calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn gigabytes_are_cut_off_and_silence_ends() {
    let open = outbound(&["127.0.0.0/8"]).0;
    let (endless, _) = server("HTTP/1.1 200 OK\r\n\r\n", &[b'x'; 8192]).await;
    assert_eq!(open.get(&url(endless)).await.unwrap_err(), Fault::TooLarge(LARGEST));
    let (silent, _) = server("", b"").await;
    let begun = std::time::Instant::now();
    assert!(matches!(open.get(&url(silent)).await, Err(Fault::Unreachable(_))));
    assert!(begun.elapsed() < LONGEST * 2);
}

#[tokio::test]
async fn a_document_is_read_once_while_it_holds() {
    let (address, calls) = server(OK, b"").await;
    let (open, clock) = outbound(&["127.0.0.0/8"]);
    let address = url(address);
    let both = tokio::join!(open.document(&address), open.document(&address));
    assert!(both.0.is_ok() && both.1.is_ok());
    assert_eq!(calls.load(Ordering::SeqCst), 1, "two who ask at once");
    for (after, newer, expected) in [(59, true, 1), (1, true, 2), (30, true, 2), (89, false, 2), (2, false, 3)] {
        clock.advance(Duration::from_secs(after));
        let found = if newer { open.newer_document(&address).await } else { open.document(&address).await };
        assert!(found.is_ok());
        assert_eq!(calls.load(Ordering::SeqCst), expected, "{after} s later");
    }
}

#[tokio::test]
async fn a_server_that_is_down_is_not_asked_at_every_request() {
    let (address, calls) = server("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", b"").await;
    let (open, clock) = outbound(&["127.0.0.0/8"]);
    let address = url(address);
    for (after, expected) in [(0, 1), (9, 1), (1, 2)] {
        clock.advance(Duration::from_secs(after));
        assert!(matches!(open.document(&address).await, Err(documents::Unavailable::Status { status: 503, .. })));
        assert_eq!(calls.load(Ordering::SeqCst), expected);
    }
}

#[test]
fn only_what_a_header_says_is_kept_longer() {
    for (header, expected) in [
        ("max-age=60", Some(60)),
        ("public, Max-Age=\"7\"", Some(7)),
        ("no-store", Some(0)),
        ("max-age=60, no-cache", Some(0)),
        ("private", None),
        ("max-age=x", None),
    ] {
        assert_eq!(max_age(header), expected.map(Duration::from_secs), "{header}");
    }
}
