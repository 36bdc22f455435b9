//! An app that speaks SCIM: the Harbour practice of another Lanyard, behind a real socket that can be made to misbehave.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::Response,
};
use lanyard::{
    directory::domain::{self, Verification},
    id::OrganizationId,
};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::super::push::Push;

/// What happens to a request.
pub(super) enum Turn {
    /// It is answered by this, and goes no further.
    Answer(Response<Body>),
    /// It is carried out, and answered by this.
    Lie(Response<Body>),
    /// It is carried out, and the answer never comes.
    Hang,
    /// It is carried out after a while.
    Wait(Duration),
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) body: Value,
}

/// Which requests take a turn: a method and the beginning of the path; how often.
type Turns = VecDeque<(&'static str, String, usize, Box<dyn Fn() -> Turn + Send>)>;

#[derive(Default)]
struct Inner {
    asked: Mutex<Vec<Asked>>,
    turns: Mutex<Turns>,
}

/// The app.
pub(super) struct Peer {
    pub(super) push: Push,
    pub(super) token: String,
    pub(super) url: String,
    inner: Arc<Inner>,
}

impl Peer {
    /// An app with what `push` has; Harbour owns the domain of everybody there.
    pub(super) async fn of(push: Push) -> Self {
        push.door.clinic.leaves_jobs();
        let (context, of) = (push.door.clinic.context(), push.door.clinic.organization("harbour").await);
        push.door
            .clinic
            .write(move |tx| {
                Box::pin(async move {
                    let name = "clinic.example".parse().unwrap();
                    domain::add(tx, &context, &of, &name).await?;
                    domain::verify(tx, &context, &of, &name, Verification::Administrator).await?;
                    Ok(())
                })
            })
            .await;
        let token = push.of("harbour").await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/scim/v2", listener.local_addr().unwrap());
        let inner = Arc::<Inner>::default();
        let router = Router::new().fallback(take).with_state((Arc::clone(&inner), push.door.whole()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { push, token, url, inner }
    }

    /// The next so many requests of this kind take this turn.
    pub(super) fn will(
        &self,
        method: &'static str,
        path: &str,
        times: usize,
        turn: impl Fn() -> Turn + Send + 'static,
    ) {
        self.inner.turns.lock().unwrap().push_back((method, path.to_owned(), times, Box::new(turn)));
    }

    /// It behaves again.
    pub(super) fn behaves(&self) {
        self.inner.turns.lock().unwrap().clear();
    }

    /// What it was asked since the last time.
    pub(super) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.inner.asked.lock().unwrap())
    }

    /// The requests of this method below this path since the last time; they are not forgotten.
    pub(super) fn paths(&self, method: &str, start: &str) -> Vec<String> {
        let asked = self.inner.asked.lock().unwrap();
        let start = format!("/scim/v2{start}");
        let fits = |one: &&Asked| one.method == method && one.path.starts_with(&start);
        asked.iter().filter(fits).map(|one| one.path.clone()).collect()
    }

    /// Changes that it was asked for since the last time, as `METHOD /path`; ids are left out.
    pub(super) fn changes(&self) -> Vec<String> {
        let is_change = |one: &Asked| one.method != "GET";
        let told = |one: Asked| {
            let path: Vec<&str> = one.path.split('/').take(4).collect();
            format!("{} {}", one.method, path.join("/"))
        };
        self.asked().into_iter().filter(is_change).map(told).collect()
    }

    pub(super) async fn organization(&self) -> OrganizationId {
        self.push.door.clinic.organization("harbour").await
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.push.ask_as(&self.token, method, path, (body, &[])).await;
        assert!(answer.status.is_success(), "{method} {path}: {} {}", answer.status, answer.body);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    pub(super) async fn users(&self) -> Vec<Value> {
        let list = self.ask("GET", "/Users?count=1000", &Value::Null).await;
        list["Resources"].as_array().cloned().unwrap_or_default()
    }

    /// Who is there: user name and whether active, in order.
    pub(super) async fn people(&self) -> Vec<(String, bool)> {
        let one = |user: &Value| (user["userName"].as_str().unwrap().to_owned(), user["active"] == json!(true));
        let mut all: Vec<_> = self.users().await.iter().map(one).collect();
        all.sort();
        all
    }

    /// The person of this name.
    pub(super) async fn user(&self, name: &str) -> Value {
        let all = self.users().await;
        let found = all.into_iter().filter(|user| user["userName"] == format!("{name}@clinic.example"));
        let found: Vec<Value> = found.collect();
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        found.into_iter().next().unwrap()
    }

    /// Groups with the names of their members, in order.
    pub(super) async fn groups(&self) -> Vec<(String, Vec<String>)> {
        let names: Vec<(Value, Value)> =
            self.users().await.into_iter().map(|mut user| (user["id"].take(), user["userName"].take())).collect();
        let list = self.ask("GET", "/Groups?count=1000", &Value::Null).await;
        let member = |one: &Value| {
            let (_, name) = names.iter().find(|(id, _)| *id == one["value"]).expect("a user");
            name.as_str().unwrap().split('@').next().unwrap().to_owned()
        };
        let one = |group: &Value| {
            let mut members: Vec<String> =
                group["members"].as_array().map(|all| all.iter().map(member).collect()).unwrap_or_default();
            members.sort();
            (group["displayName"].as_str().unwrap().to_owned(), members)
        };
        let mut all: Vec<_> = list["Resources"].as_array().map(|all| all.iter().map(one).collect()).unwrap_or_default();
        all.sort();
        all
    }
}

pub(super) fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Response<Body> {
    let response = Response::builder().status(status).header("content-type", "application/scim+json");
    headers.iter().fold(response, |response, (name, value)| response.header(*name, *value)).body(body.into()).unwrap()
}

async fn take(State((inner, router)): State<(Arc<Inner>, Router)>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 24).await.unwrap();
    let path = parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
    let asked = Asked {
        method: parts.method.to_string(),
        path: path.clone(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    let turn = {
        let mut turns = inner.turns.lock().unwrap();
        let found = turns.iter_mut().find(|(method, start, times, _)| {
            *times > 0 && (*method == "*" || *method == asked.method) && path.starts_with(&format!("/scim/v2{start}"))
        });
        found.map(|(_, _, times, turn)| {
            *times -= 1;
            turn()
        })
    };
    inner.asked.lock().unwrap().push(asked);
    match turn {
        Some(Turn::Answer(answer)) => return answer,
        Some(Turn::Wait(pause)) => tokio::time::sleep(pause).await,
        _ => {}
    }
    let done = router.oneshot(Request::from_parts(parts, Body::from(body))).await.unwrap();
    match turn {
        Some(Turn::Lie(answer)) => answer,
        Some(Turn::Hang) => std::future::pending().await,
        _ => done,
    }
}
