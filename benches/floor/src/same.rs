//! The statements that an operation itself is made of, as Lanyard sends them, through the library that Lanyard uses: a pool
//! that reads, one connection that writes and commits for many, each unit in its savepoint. Not here: who the person is and
//! what they hold, which Lanyard loads besides.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::json;
use sqlx::{
    AnyConnection, AnyPool, AssertSqlSafe, Connection, Row,
    any::{AnyConnectOptions, AnyPoolOptions},
};
use tokio::sync::{mpsc, oneshot};

use crate::token::{self, Tokens, client, seconds, sha256};

struct Same {
    tokens: Arc<Tokens>,
    readers: AnyPool,
    writer: mpsc::Sender<Unit>,
    family: String,
}

/// An audit event, and the rotation of a refresh token that it may be about.
struct Unit {
    rotation: Option<([u8; 32], [u8; 32], String)>,
    event: Event,
    reply: oneshot::Sender<bool>,
}

struct Event {
    id: String,
    action: &'static str,
    client: String,
    detail: String,
}

pub async fn router(database: &str, tokens: Arc<Tokens>) -> Router {
    sqlx::any::install_default_drivers();
    let options: AnyConnectOptions = format!("sqlite:{database}").parse().expect("an address");
    let readers = AnyPoolOptions::new().max_connections(4).test_before_acquire(false).connect_with(options.clone());
    let readers = readers.await.expect("the database opens");
    let mut connection = AnyConnection::connect_with(&options).await.expect("the database opens");
    let settings = "PRAGMA busy_timeout = 10000; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY; \
                    PRAGMA wal_autocheckpoint = 4000";
    sqlx::raw_sql(settings).execute(&mut connection).await.expect("settings");
    let family = seed(&mut connection).await;
    let (writer, units) = mpsc::channel(4096);
    tokio::spawn(write(connection, units));
    Router::new()
        .route("/token/{algorithm}", post(issue))
        .route("/refresh/{algorithm}", post(refresh))
        .route("/introspect", post(introspect))
        .with_state(Arc::new(Same { tokens, readers, writer, family }))
}

/// Refresh tokens `seed-0000000`, … in a family that there is.
async fn seed(connection: &mut AnyConnection) -> String {
    let row = sqlx::query("SELECT id FROM families LIMIT 1").fetch_one(&mut *connection).await.expect("a family");
    let family: String = row.get(0);
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await.expect("begins");
    for number in 0..20_000 {
        sqlx::query(
            "INSERT INTO refresh_tokens (hash, family_id, created_at, expires_at) VALUES ($1, $2, 0, 4000000000000)",
        )
        .bind(sha256(format!("seed-{number:07}").as_bytes()).to_vec())
        .bind(family.clone())
        .execute(&mut *connection)
        .await
        .expect("inserts");
    }
    sqlx::raw_sql("COMMIT").execute(connection).await.expect("commits");
    family
}

async fn issue(
    State(same): State<Arc<Same>>,
    Path(algorithm): Path<String>,
    headers: HeaderMap,
    Form(form): Form<token::Form>,
) -> Response {
    let Some(client) = client(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    if !same.write(None, "token-issue", &client).await {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let token = same.tokens.access_token(&algorithm, &client, &client);
    let scope = form.get("scope").cloned().unwrap_or_default();
    token::json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope}).to_string())
}

async fn introspect(State(same): State<Arc<Same>>, headers: HeaderMap, Form(form): Form<token::Form>) -> Response {
    let (Some(_), Some(token)) = (client(&headers), form.get("token")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if token.contains('.') {
        let Some(mut claims) = same.tokens.verify(token) else { return StatusCode::UNAUTHORIZED.into_response() };
        same.is_revoked(claims["jti"].as_str().unwrap_or_default()).await;
        claims["active"] = true.into();
        return token::json(claims.to_string());
    }
    let row = sqlx::query(
        "SELECT a.client_id, a.family_id, a.claims, a.expires_at \
         FROM access_tokens a \
         LEFT JOIN families f ON f.id = a.family_id \
         WHERE a.hash = $1 AND a.revoked_at IS NULL AND a.expires_at > $2 AND f.revoked_at IS NULL",
    )
    .bind(sha256(token.as_bytes()).to_vec())
    .bind(0_i64)
    .fetch_optional(&same.readers)
    .await
    .expect("reads");
    token::json(match row {
        Some(row) => format!(r#"{{"active":true,{}"#, &row.get::<String, _>("claims")[1..]),
        None => r#"{"active":false}"#.to_owned(),
    })
}

async fn refresh(
    State(same): State<Arc<Same>>,
    Path(algorithm): Path<String>,
    headers: HeaderMap,
    Form(form): Form<token::Form>,
) -> Response {
    let (Some(client), Some(old)) = (client(&headers), form.get("refresh_token")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let old = sha256(old.as_bytes());
    let row = sqlx::query(
        "SELECT r.created_at, r.expires_at, r.used_at, r.repeated_at, \
         f.id, f.client_id, f.user_id, f.organization_id, f.session_id, f.sid, f.offline, f.scope, f.resources, \
         f.auth_time, f.acr, f.amr, f.created_at AS family_created_at, f.expires_at AS family_expires_at, f.revoked_at, \
         s.expires_at AS session_expires_at, s.ended_at AS session_ended_at \
         FROM refresh_tokens r \
         JOIN families f ON f.id = r.family_id \
         LEFT JOIN sessions s ON s.id = f.session_id \
         WHERE r.hash = $1",
    )
    .bind(old.to_vec())
    .fetch_optional(&same.readers)
    .await
    .expect("reads");
    let Some(row) = row else { return StatusCode::BAD_REQUEST.into_response() };
    let (user, family) = (row.get::<String, _>("user_id"), row.get::<String, _>("id"));
    let new = same.tokens.random();
    if !same.write(Some((old, sha256(new.as_bytes()), family)), "token-refresh", &client).await {
        return StatusCode::BAD_REQUEST.into_response();
    }
    let token = same.tokens.access_token(&algorithm, &user, &client);
    let claims =
        json!({"iss": "http://localhost:8080", "sub": user, "aud": client, "iat": seconds(), "exp": seconds() + 300});
    let id_token = same.tokens.sign(&algorithm, &claims);
    let answer = json!({
        "access_token": token, "refresh_token": new, "id_token": id_token, "token_type": "Bearer", "expires_in": 300,
    });
    token::json(answer.to_string())
}

impl Same {
    async fn write(&self, rotation: Option<([u8; 32], [u8; 32], String)>, action: &'static str, client: &str) -> bool {
        let (reply, answer) = oneshot::channel();
        let detail =
            json!({"user": self.family, "client": client, "family": self.family, "token": self.tokens.random()});
        let id = format!("evt_{}", self.tokens.random());
        let event = Event { id, action, client: client.to_owned(), detail: detail.to_string() };
        self.writer.send(Unit { rotation, event, reply }).await.expect("the writer lives");
        answer.await.unwrap_or(false)
    }

    async fn is_revoked(&self, id: &str) {
        sqlx::query(
            "SELECT jti AS found FROM revoked_tokens WHERE jti = $1 \
             UNION ALL \
             SELECT id AS found FROM families WHERE id = $2 AND revoked_at IS NOT NULL",
        )
        .bind(id.to_owned())
        .bind(self.family.clone())
        .fetch_optional(&self.readers)
        .await
        .expect("reads");
    }
}

async fn write(mut connection: AnyConnection, mut units: mpsc::Receiver<Unit>) {
    while let Some(first) = units.recv().await {
        run(&mut connection, "BEGIN IMMEDIATE").await;
        let (mut events, mut answers) = (vec![], vec![]);
        let mut next = Some(first);
        while let Some(unit) = next {
            let done = match unit.rotation {
                Some(rotation) => rotate(&mut connection, rotation).await,
                None => true,
            };
            events.push(unit.event);
            answers.push((unit.reply, done));
            next = if answers.len() < 256 { units.try_recv().ok() } else { None };
        }
        insert(&mut connection, events).await;
        run(&mut connection, "COMMIT").await;
        for (reply, done) in answers {
            let _ = reply.send(done);
        }
    }
}

async fn rotate(connection: &mut AnyConnection, (old, new, family): ([u8; 32], [u8; 32], String)) -> bool {
    run(connection, "SAVEPOINT unit").await;
    let taken = sqlx::query(
        "UPDATE refresh_tokens SET used_at = $2 \
         WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 \
         AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.revoked_at IS NULL) \
         RETURNING family_id",
    )
    .bind(old.to_vec())
    .bind(1_i64)
    .fetch_optional(&mut *connection)
    .await
    .expect("updates");
    if taken.is_some() {
        sqlx::query(
            "INSERT INTO refresh_tokens (hash, family_id, parent_hash, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(new.to_vec())
        .bind(family)
        .bind(old.to_vec())
        .bind(1_i64)
        .bind(4_000_000_000_000_i64)
        .execute(&mut *connection)
        .await
        .expect("inserts");
    }
    run(connection, "RELEASE unit").await;
    taken.is_some()
}

/// Rows of 64, 32, … 1 in a statement.
async fn insert(connection: &mut AnyConnection, events: Vec<Event>) {
    let mut rest = events.into_iter().peekable();
    while rest.peek().is_some() {
        let rows = [64, 32, 16, 8, 4, 2, 1].into_iter().find(|rows| *rows <= rest.len()).expect("one is left");
        let row = |row: usize| {
            let numbers: Vec<String> = (1..=13).map(|column| format!("${}", row * 13 + column)).collect();
            format!("({})", numbers.join(", "))
        };
        let text = format!(
            "INSERT INTO audit_events (id, chain, at, action, outcome, actor_kind, actor_id, person_id, client_id, \
             resource, request_id, address, detail) VALUES {}",
            (0..rows).map(row).collect::<Vec<_>>().join(", ")
        );
        let mut query = sqlx::query(AssertSqlSafe(text));
        for event in rest.by_ref().take(rows) {
            query = query
                .bind(event.id)
                .bind("org_0192f3c4d5e6798081828384858687aa")
                .bind(1_i64)
                .bind(event.action)
                .bind("success")
                .bind("client")
                .bind(event.client.clone())
                .bind(Some("usr_0192f3c4d5e6798081828384858687aa").filter(|_| event.action == "token-refresh"))
                .bind(event.client)
                .bind("vT3yPq0Zr8sN1mKxW4cJdA")
                .bind("req_0192f3c4d5e6798081828384858687aa")
                .bind("127.0.0.1")
                .bind(event.detail);
        }
        query.execute(&mut *connection).await.expect("inserts");
    }
}

async fn run(connection: &mut AnyConnection, statement: &'static str) {
    sqlx::raw_sql(statement).execute(connection).await.expect(statement);
}
