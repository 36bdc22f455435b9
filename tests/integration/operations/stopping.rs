//! SIGTERM: what runs is finished, nothing new is begun, and nobody has to wait for what this node held.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use lanyard::{id::NodeId, storage::Error};

use super::{Host, Server, server::free_port};

/// How long running work has; long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(5);

/// A request whose body has arrived by half when this returns: the server has asked for it.
fn half_a_request(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = "POST /oauth2/token HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\nconnection: close\r\n\
                content-type: application/x-www-form-urlencoded\r\ncontent-length: 29\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut asked = [0; 25];
    stream.read_exact(&mut asked).unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"grant_type=").unwrap();
    stream
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_told_to_stop_finishes_what_runs_and_gives_back_what_it_holds() {
    // A mail server that takes the connection and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let smtp = format!("smtp+plain://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let host = Host::new()
        .with("LANYARD_MAIL__SMTP", &smtp)
        .with("LANYARD_MAIL__TIMEOUT", "60s")
        .with("LANYARD_SERVER__STOP_TIMEOUT", &format!("{}s", PATIENCE.as_secs()))
        .migrated();
    host.succeed("user create --name Olivia --email olivia@riverside.example");
    let mut server = Server::start(&host).await;
    let (_letter, _) = tokio::task::spawn_blocking(move || silent.accept()).await.unwrap().unwrap();
    let port = server.port;
    let mut running = tokio::task::spawn_blocking(move || half_a_request(port)).await.unwrap();

    let told = Instant::now();
    server.signal("TERM");
    while TcpStream::connect(("127.0.0.1", port)).is_ok() {
        assert!(told.elapsed() < PATIENCE, "new connections are accepted");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    running.write_all(b"client_credentials").unwrap();
    let answer = tokio::task::spawn_blocking(move || {
        let mut answer = String::new();
        running.read_to_string(&mut answer).map(|_| answer)
    });
    let answer = answer.await.unwrap().unwrap();
    assert!(answer.starts_with("HTTP/1.1 4") && answer.contains("\"error\""), "{answer}");
    assert_eq!(server.ended(2 * PATIENCE).await.code(), Some(0));
    let took = told.elapsed();
    assert!(took < PATIENCE + Duration::from_secs(3), "a job that never ends holds nobody up: {took:?}");

    let app = host.app().await;
    let (node, sealer, now) = (NodeId::fresh(app.clock.now(), &app.random), app.sealer.clone(), app.clock.now());
    let then = now.minus(told.elapsed());
    let taken = app.storage.write::<_, Error, _>(move |tx| {
        Box::pin(async move {
            let jobs = tx.jobs().lease((&node, &sealer), now, (None, 10)).await?;
            // By the time of the signal: a lease that was not given back has not run out by then.
            let seals = tx.leases().hold("audit-sealer", &node, then, Duration::from_secs(5)).await?;
            Ok((jobs.len(), seals))
        })
    });
    assert_eq!(taken.await.unwrap(), (1, true), "the next node takes over at once");
    app.storage.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_that_is_taken_is_an_error_with_what_to_do() {
    let port = free_port();
    let _taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let host = Host::new();
    let mut server = Server::spawn(&host, port, &[]);
    assert_eq!(server.ended(Duration::from_secs(60)).await.code(), Some(1));
    let log = std::fs::read_to_string(host.path("log")).unwrap();
    assert!(log.contains("another program listens there"), "{log}");
}
