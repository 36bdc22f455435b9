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
    http::{Response, StatusCode, Uri},
};

/// What it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) body: String,
}

#[derive(Default)]
struct Inner {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<Response<Body>>>,
}

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

    /// What it answers next; 200 without a body when nothing was said.
    pub(crate) fn will_answer(&self, answer: Response<Body>) {
        self.inner.answers.lock().expect("no panic before").push_back(answer);
    }

    /// The same, with this status alone.
    pub(crate) fn will_say(&self, status: u16) {
        self.will_answer(Response::builder().status(status).body(Body::empty()).expect("a status"));
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

async fn take(State(inner): State<Arc<Inner>>, uri: Uri, body: String) -> Response<Body> {
    inner.received.lock().expect("no panic before").push(Received { path: uri.to_string(), body });
    let answer = inner.answers.lock().expect("no panic before").pop_front();
    answer.unwrap_or_else(|| Response::builder().status(StatusCode::OK).body(Body::empty()).expect("a status"))
}
