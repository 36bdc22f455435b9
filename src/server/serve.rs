//! Serves a router on sockets until the server is to stop, then lets running requests finish.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    time::Duration,
};

use axum::{Router, extract::connect_info::IntoMakeServiceWithConnectInfo};
use axum_server::{
    Handle, Server,
    accept::NoDelayAcceptor,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use futures_util::future::try_join_all;
use hyper_util::rt::TokioTimer;

use super::{Stop, client_certificates::TellCertificate, silence::EndSilence};

/// A connection that sends no complete header for this long is closed; longer than proxies keep an idle one.
const HEADER_TIMEOUT: Duration = Duration::from_secs(75);

/// A TLS handshake that is not finished by then is given up.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// Requests at once on one HTTP/2 connection.
const STREAMS: u32 = 128;

/// Why serving ended before the stop.
#[derive(Debug, thiserror::Error)]
#[error("a socket cannot be served any longer: {0}")]
pub struct ServeError(#[from] io::Error);

/// The router, told the address of each peer.
type PerPeer = IntoMakeServiceWithConnectInfo<Router, SocketAddr>;

/// How the connections of a socket are protected.
#[derive(Debug, Clone)]
pub enum Protection {
    /// Not at all: loopback, or a proxy ends TLS.
    None,
    /// By TLS.
    Tls(RustlsConfig),
    /// By TLS that asks apps for their certificate.
    TlsForApps(RustlsConfig),
}

/// Serves until `stop`; after it no connection is accepted, and requests that run have `patience` to finish.
///
/// # Errors
/// [`ServeError`] when a socket fails.
pub async fn serve(
    router: Router,
    listeners: Vec<(TcpListener, Protection)>,
    stop: Stop,
    patience: Duration,
) -> Result<(), ServeError> {
    let handles: Vec<Handle<SocketAddr>> = listeners.iter().map(|_| Handle::new()).collect();
    let sockets = listeners.into_iter().zip(&handles).map(|((listener, protection), handle)| {
        let per_peer = router.clone().into_make_service_with_connect_info::<SocketAddr>();
        serve_one(listener, protection, handle.clone(), per_peer, stop.clone())
    });
    let all = try_join_all(sockets);
    tokio::pin!(all);
    tokio::select! {
        ended = &mut all => return Ok(ended.map(drop)?),
        () = stop.requested() => {}
    }
    for handle in &handles {
        handle.graceful_shutdown(Some(patience));
    }
    Ok(all.await.map(drop)?)
}

async fn serve_one(
    listener: TcpListener,
    protection: Protection,
    handle: Handle<SocketAddr>,
    per_peer: PerPeer,
    stop: Stop,
) -> io::Result<()> {
    let mut server = axum_server::from_tcp(listener)?.handle(handle);
    bound(&mut server);
    let (after, plain) = (HEADER_TIMEOUT, NoDelayAcceptor::new());
    let tls = |config| RustlsAcceptor::new(config).handshake_timeout(HANDSHAKE_TIMEOUT).acceptor(plain);
    match protection {
        Protection::None => server.acceptor(EndSilence { inner: plain, after, stop }).serve(per_peer).await,
        Protection::Tls(config) => {
            server.acceptor(EndSilence { inner: tls(config), after, stop }).serve(per_peer).await
        }
        Protection::TlsForApps(config) => {
            let inner = TellCertificate(tls(config));
            server.acceptor(EndSilence { inner, after, stop }).serve(per_peer).await
        }
    }
}

/// Limits of one connection.
fn bound<Acceptor>(server: &mut Server<SocketAddr, Acceptor>) {
    let builder = server.http_builder();
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADER_TIMEOUT);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(HEADER_TIMEOUT)
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(64 << 10);
}

#[cfg(test)]
mod tests;
