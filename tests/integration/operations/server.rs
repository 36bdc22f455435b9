//! `lanyard serve` as a process of its own.

use std::{
    net::TcpListener,
    process::{Child, Command, ExitStatus},
    time::{Duration, Instant},
};

use reqwest::Client;

use super::Host;

/// A running server, killed when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
    /// `http://127.0.0.1:` and the port.
    pub(crate) address: String,
}

impl Server {
    /// Starts a server on a free port and waits until it is ready.
    pub(crate) async fn start(host: &Host) -> Self {
        let server = Self::spawn(host, free_port(), &[]);
        let address = server.address.clone();
        server.ready(&Client::new(), &address).await
    }

    /// Starts a server on this port, and waits for nothing.
    pub(super) fn spawn(host: &Host, port: u16, variables: &[(&str, &str)]) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let variables = [variables, &[("LANYARD_SERVER__LISTEN", listen.as_str())]].concat();
        Self { child: host.spawn("serve", &variables), port, address: format!("http://127.0.0.1:{port}") }
    }

    /// Waits until it is ready at `address`.
    pub(super) async fn ready(mut self, client: &Client, address: &str) -> Self {
        let began = Instant::now();
        while !client.get(format!("{address}/readyz")).send().await.is_ok_and(|answer| answer.status() == 200) {
            assert!(began.elapsed() < Duration::from_secs(60), "the server does not start");
            assert!(self.child.try_wait().expect("a child").is_none(), "the server ended by itself");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self
    }

    /// Sends a signal: `TERM`, `HUP`.
    pub(super) fn signal(&self, name: &str) {
        let (signal, id) = (format!("-{name}"), self.child.id().to_string());
        assert!(Command::new("kill").args([signal, id]).status().expect("kill is there").success());
    }

    /// How it ended, when it does in time.
    pub(super) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(began.elapsed() < within, "the server does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port()
}
