//! One parse, one hash, one signature, one indexed read, one durable commit for many: SQLite in process.

use std::sync::Arc;

use axum::{
    Form, Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value, json};

use crate::{
    database::{Database, connect},
    token::{self, Tokens, bearer, client, sha256},
};

struct Bare {
    tokens: Arc<Tokens>,
    database: Database,
    jwks: Bytes,
}

const SEEDS: u32 = 60_000;

/// Opaque access tokens and refresh tokens `seed-0000000`, … of their own tables beside Lanyard's.
pub fn seed(database: &str) {
    let mut connection = connect(database);
    let tables = "CREATE TABLE IF NOT EXISTS floor_tokens (hash BLOB PRIMARY KEY NOT NULL, client TEXT NOT NULL, \
                  sub TEXT NOT NULL, expires_at INTEGER NOT NULL, revoked INTEGER NOT NULL) WITHOUT ROWID";
    connection.execute_batch(tables).expect("a table");
    let transaction = connection.transaction().expect("begins");
    for number in 0..SEEDS {
        let hash = sha256(format!("seed-{number:07}").as_bytes());
        let insert = "INSERT OR IGNORE INTO floor_tokens VALUES (?1, 'web', 'usr_0192f3c4', 4000000000, 0)";
        transaction.prepare_cached(insert).expect("prepares").execute([&hash[..]]).expect("inserts");
    }
    transaction.commit().expect("commits");
}

pub fn router(database: &str, tokens: Arc<Tokens>) -> Router {
    let rsa = json!({"kty": "RSA", "n": "x".repeat(342), "e": "AQAB", "kid": "0123456789abcdef", "use": "sig", "alg": "RS256"});
    let ps = json!({"kty": "RSA", "n": "x".repeat(342), "e": "AQAB", "kid": "0123456789abcdef", "use": "sig", "alg": "PS256"});
    let ec = json!({"kty": "EC", "crv": "P-256", "x": "x".repeat(43), "y": "x".repeat(43), "kid": "0123456789abcdef", "use": "sig", "alg": "ES256"});
    let ed = json!({"kty": "OKP", "crv": "Ed25519", "x": "x".repeat(43), "kid": "0123456789abcdef", "use": "sig", "alg": "EdDSA"});
    let jwks = Bytes::from(json!({"keys": [rsa, ps, ec, ed]}).to_string());
    let bare = Bare { tokens, database: Database::open(database), jwks };
    Router::new()
        .route(
            "/sample",
            get(async |State(bare): State<Arc<Bare>>| bare.tokens.access_token("EdDSA", "usr_0192f3c4", "web")),
        )
        .route("/token/{algorithm}", post(issue))
        .route("/refresh/{algorithm}", post(refresh))
        .route("/authorize", get(authorize))
        .route("/code", post(redeem))
        .route("/introspect", post(introspect))
        .route("/userinfo", get(userinfo))
        .route("/jwks", get(jwks_document))
        .with_state(Arc::new(bare))
}

async fn jwks_document(State(bare): State<Arc<Bare>>) -> Response {
    ([(header::CONTENT_TYPE, "application/jwk-set+json")], bare.jwks.clone()).into_response()
}

async fn issue(
    State(bare): State<Arc<Bare>>,
    Path(algorithm): Path<String>,
    headers: HeaderMap,
    Form(form): Form<token::Form>,
) -> Response {
    let Some(client) = client(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let token = bare.tokens.access_token(&algorithm, &client, &client);
    let scope = form.get("scope").cloned().unwrap_or_default();
    token::json(json!({"access_token": token, "token_type": "Bearer", "expires_in": 300, "scope": scope}).to_string())
}

async fn introspect(State(bare): State<Arc<Bare>>, headers: HeaderMap, Form(form): Form<token::Form>) -> Response {
    let (Some(_), Some(token)) = (client(&headers), form.get("token")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if token.contains('.') {
        let claims = bare.tokens.verify(token);
        return match claims.filter(|claims| !bare.is_revoked(claims)) {
            Some(mut claims) => {
                claims["active"] = true.into();
                token::json(claims.to_string())
            }
            None => token::json(r#"{"active":false}"#.to_owned()),
        };
    }
    let reader = bare.database.reader();
    let mut select = reader
        .prepare_cached(
            "SELECT client_id, claims, expires_at FROM access_tokens WHERE hash = ?1 AND revoked_at IS NULL",
        )
        .expect("prepares");
    let found = select.query_row([&sha256(token.as_bytes())[..]], |row| row.get::<_, String>(1)).optional();
    token::json(match found.expect("reads") {
        Some(claims) => format!(r#"{{"active":true,{}"#, &claims[1..]),
        None => r#"{"active":false}"#.to_owned(),
    })
}

impl Bare {
    fn look_up(&self, session: [u8; 32]) {
        let reader = self.database.reader();
        let mut select = reader.prepare_cached("SELECT sub FROM floor_tokens WHERE hash = ?1").expect("prepares");
        select.query_row([&session[..]], |row| row.get::<_, String>(0)).optional().expect("reads");
    }

    fn is_revoked(&self, claims: &Value) -> bool {
        let reader = self.database.reader();
        let mut select = reader.prepare_cached("SELECT jti FROM revoked_tokens WHERE jti = ?1").expect("prepares");
        select.query_row([claims["jti"].as_str()], |_| Ok(())).optional().expect("reads").is_some()
    }
}

/// An `EdDSA` token verified, its revocation and its person looked up.
async fn userinfo(State(bare): State<Arc<Bare>>, headers: HeaderMap) -> Response {
    let Some(claims) = bearer(&headers).and_then(|token| bare.tokens.verify(token)) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    if bare.is_revoked(&claims) {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let reader = bare.database.reader();
    let mut select = reader.prepare_cached("SELECT name, email FROM users WHERE email = ?1").expect("prepares");
    let person = select.query_row(["priya@riverside.example"], |row| {
        Ok(json!({
            "sub": claims["sub"], "name": row.get::<_, String>(0)?, "email": row.get::<_, String>(1)?,
            "email_verified": true, "org_id": claims["org_id"], "org_name": claims["org_name"], "roles": claims["roles"],
            "groups": claims["groups"], "locations": claims["locations"], "assignments": claims["assignments"],
        }))
    });
    token::json(person.expect("the demo's person").to_string())
}

async fn refresh(
    State(bare): State<Arc<Bare>>,
    Path(algorithm): Path<String>,
    headers: HeaderMap,
    Form(form): Form<token::Form>,
) -> Response {
    let (Some(client), Some(old)) = (client(&headers), form.get("refresh_token")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let new = bare.tokens.random();
    let (old, next) = (sha256(old.as_bytes()), sha256(new.as_bytes()));
    let sub = bare.database.write(move |connection, _| rotate(connection, old, next)).await;
    let Some(sub) = sub else { return StatusCode::BAD_REQUEST.into_response() };
    let token = bare.tokens.access_token(&algorithm, &sub, &client);
    let answer = json!({"access_token": token, "refresh_token": new, "token_type": "Bearer", "expires_in": 300});
    token::json(answer.to_string())
}

/// A code for the session of a cookie: one indexed read, one durable row.
async fn authorize(State(bare): State<Arc<Bare>>, headers: HeaderMap) -> Response {
    let Some(cookie) = headers.get(header::COOKIE) else { return StatusCode::UNAUTHORIZED.into_response() };
    bare.look_up(sha256(cookie.as_bytes()));
    let code = bare.tokens.random();
    let hash = sha256(code.as_bytes());
    bare.database.write(move |connection, _| insert(connection, hash, "usr_0192f3c4")).await;
    Redirect::to(&format!("http://127.0.0.1:18081/callback?code={code}&state=s")).into_response()
}

/// The code is used up, a refresh token stored, an access token and an ID token are signed.
async fn redeem(State(bare): State<Arc<Bare>>, headers: HeaderMap, Form(form): Form<token::Form>) -> Response {
    let (Some(client), Some(code)) = (client(&headers), form.get("code")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let new = bare.tokens.random();
    let (old, next) = (sha256(code.as_bytes()), sha256(new.as_bytes()));
    let sub = bare.database.write(move |connection, _| rotate(connection, old, next)).await;
    let Some(sub) = sub else { return StatusCode::BAD_REQUEST.into_response() };
    let token = bare.tokens.access_token("EdDSA", &sub, &client);
    let id_token = bare.tokens.id_token("EdDSA", &sub, &client);
    let answer = json!({"access_token": token, "refresh_token": new, "id_token": id_token, "token_type": "Bearer", "expires_in": 300});
    token::json(answer.to_string())
}

fn rotate(connection: &Connection, old: [u8; 32], new: [u8; 32]) -> Option<String> {
    let take = "UPDATE floor_tokens SET revoked = 1 WHERE hash = ?1 AND revoked = 0 RETURNING sub";
    let mut take = connection.prepare_cached(take).expect("prepares");
    let sub = take.query_row([&old[..]], |row| row.get::<_, String>(0)).optional().expect("updates")?;
    insert(connection, new, &sub);
    Some(sub)
}

fn insert(connection: &Connection, hash: [u8; 32], sub: &str) {
    let insert = connection.prepare_cached("INSERT INTO floor_tokens VALUES (?1, 'web', ?2, 4000000000, 0)");
    insert.expect("prepares").execute(params![&hash[..], sub]).expect("inserts");
}
