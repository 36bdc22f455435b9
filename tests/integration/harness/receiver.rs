//! An app of somebody else: a real HTTP server on a port of its own that keeps what it gets, and answers as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, StatusCode, Uri},
};
use axum_server::tls_rustls::RustlsConfig;

/// What it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) body: String,
    pub(crate) headers: HeaderMap,
}

#[derive(Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<Response<Body>>>,
    by_path: Mutex<Option<ByPath>>,
}

/// What is answered at a path.
type ByPath = Box<dyn Fn(&str) -> Response<Body> + Send>;

/// The app.
pub(crate) struct Receiver {
    inner: Arc<Inner>,
    /// Its address, without a path.
    pub(crate) address: String,
}

impl Receiver {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let inner = Arc::<Inner>::default();
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, address }
    }

    /// The same over TLS, as `https://localhost`; with its certificate in PEM.
    pub(crate) async fn start_secure() -> (Self, String) {
        lanyard::server::install_crypto_provider();
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
        let tls = RustlsConfig::from_pem(certificate.clone().into(), key.into()).await.expect("a pair");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        listener.set_nonblocking(true).expect("a socket");
        let address = format!("https://localhost:{}", listener.local_addr().expect("an address").port());
        let inner = Arc::<Inner>::default();
        let router = Router::new().fallback(take).with_state(Arc::clone(&inner));
        let server = axum_server::from_tcp_rustls(listener, tls).expect("a listener");
        tokio::spawn(server.serve(router.into_make_service()));
        (Self { inner, address }, certificate)
    }

    /// What it answers next; 200 without a body when nothing was said.
    pub(crate) fn will_answer(&self, answer: Response<Body>) {
        self.inner.answers.lock().expect("no panic before").push_back(answer);
    }

    /// The same, with this status alone.
    pub(crate) fn will_say(&self, status: u16) {
        self.will_answer(Response::builder().status(status).body(Body::empty()).expect("a status"));
    }

    /// What it answers where nothing else was said.
    pub(crate) fn answers_by(&self, answer: impl Fn(&str) -> Response<Body> + Send + 'static) {
        *self.inner.by_path.lock().expect("no panic before") = Some(Box::new(answer));
    }

    /// All that it got so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.inner.received.lock().expect("no panic before").clone()
    }

    /// Waits until it got so many.
    pub(crate) async fn got(&self, many: usize) -> Vec<Received> {
        loop {
            let received = self.received();
            if received.len() >= many {
                return received;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

async fn take(State(inner): State<Arc<Inner>>, uri: Uri, headers: HeaderMap, body: String) -> Response<Body> {
    let path = uri.path_and_query().map_or_else(String::new, ToString::to_string);
    inner.received.lock().expect("no panic before").push(Received { path: path.clone(), body, headers });
    let answer = inner.answers.lock().expect("no panic before").pop_front();
    let by_path = || inner.by_path.lock().expect("no panic before").as_ref().map(|answer| answer(&path));
    answer
        .or_else(by_path)
        .unwrap_or_else(|| Response::builder().status(StatusCode::OK).body(Body::empty()).expect("a status"))
}
