//! The statements that an operation itself is made of, as Lanyard sends them, each unit in its savepoint. Not here: what
//! Lanyard keeps in memory (clients, who the person is there and what they hold), and every check.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use rusqlite::{Connection, OptionalExtension, params, types::Value};
use serde_json::json;

use crate::{
    database::{Added, Database, connect},
    token::{self, Tokens, bearer, client, sha256},
};

struct Same {
    tokens: Arc<Tokens>,
    database: Database,
    family: String,
}

const END: i64 = 4_000_000_000_000;
const EVENTS: &str = "audit_events (id, chain, at, action, outcome, actor_kind, actor_id, person_id, client_id, resource, \
                      request_id, address, detail)";
const CODES: &str =
    "authorization_codes (hash, family_id, redirect_uri, code_challenge, nonce, created_at, expires_at)";
const PUSHED: &str = "pushed_requests (hash, client_id, parameters, created_at, expires_at)";
const REFRESH_TOKENS: &str = "refresh_tokens (hash, family_id, created_at, expires_at)";

pub fn router(database: &str, tokens: Arc<Tokens>) -> Router {
    let family = seed(&mut connect(database));
    let same = Same { tokens, database: Database::open(database), family };
    Router::new()
        .route("/token/{algorithm}", post(issue))
        .route("/refresh/{algorithm}", post(refresh))
        .route("/introspect", post(introspect))
        .route("/par", post(push))
        .route("/authorize", get(authorize))
        .route("/code", post(redeem))
        .route("/userinfo", get(userinfo))
        .with_state(Arc::new(same))
}

/// Refresh tokens `seed-0000000`, … in a family that there is.
fn seed(connection: &mut Connection) -> String {
    let family: String =
        connection.query_row("SELECT id FROM families LIMIT 1", [], |row| row.get(0)).expect("a family");
    let transaction = connection.transaction().expect("begins");
    for number in 0..20_000 {
        let hash = sha256(format!("seed-{number:07}").as_bytes());
        let insert =
            "INSERT INTO refresh_tokens (hash, family_id, created_at, expires_at) VALUES (?1, ?2, 0, 4000000000000)";
        transaction.prepare_cached(insert).expect("prepares").execute(params![&hash[..], family]).expect("inserts");
    }
    transaction.commit().expect("commits");
    family
}

async fn issue(
    State(same): State<Arc<Same>>,
    Path(algorithm): Path<String>,
    headers: HeaderMap,
    Form(form): Form<token::Form>,
) -> Response {
    let Some(client) = client(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let event = same.event("token-issue", &client, None);
    same.database.write(move |_, added| added.row(EVENTS, event)).await;
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
        same.is_revoked(claims["jti"].as_str().unwrap_or_default());
        claims["active"] = true.into();
        return token::json(claims.to_string());
    }
    let select = "SELECT a.client_id, a.family_id, a.claims, a.expires_at \
                  FROM access_tokens a \
                  LEFT JOIN families f ON f.id = a.family_id \
                  WHERE a.hash = ?1 AND a.revoked_at IS NULL AND a.expires_at > 0 AND f.revoked_at IS NULL";
    let claims = find(&same.database.reader(), select, &sha256(token.as_bytes()), |row| row.get::<_, String>("claims"));
    token::json(match claims {
        Some(claims) => format!(r#"{{"active":true,{}"#, &claims[1..]),
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
    let family = same.family_of("refresh_tokens", &old);
    let Some((user, family)) = family else { return StatusCode::BAD_REQUEST.into_response() };
    let (new, event) = (same.tokens.random(), same.event("token-refresh", &client, Some(&user)));
    let hash = sha256(new.as_bytes());
    let work = move |connection: &Connection, added: &mut Added| {
        added.row(EVENTS, event);
        unit(connection, || rotate(connection, &old, &hash, &family))
    };
    if !same.database.write(work).await {
        return StatusCode::BAD_REQUEST.into_response();
    }
    same.answer(&algorithm, &user, &client, &new)
}

/// An app leaves a request.
async fn push(State(same): State<Arc<Same>>, headers: HeaderMap, body: String) -> Response {
    let Some(client) = client(&headers) else { return StatusCode::UNAUTHORIZED.into_response() };
    let reference = same.tokens.random();
    let hash = sha256(reference.as_bytes()).to_vec();
    let row = vec![hash.into(), client.into(), body.into(), 1.into(), END.into()];
    same.database.write(move |_, added: &mut Added| added.row(PUSHED, row)).await;
    let body = json!({"request_uri": format!("urn:ietf:params:oauth:request_uri:{reference}"), "expires_in": 90});
    (StatusCode::CREATED, token::json(body.to_string())).into_response()
}

/// The request that was left, if one is named; it is taken with the code.
fn pushed(same: &Same, query: &str) -> Option<[u8; 32]> {
    let hash = sha256(query.rsplit_once("request_uri=")?.1.rsplit(':').next()?.as_bytes());
    let select = "SELECT client_id, parameters, created_at FROM pushed_requests WHERE hash = ?1";
    find(&same.database.reader(), select, &hash, |row| row.get::<_, String>("parameters"))?;
    Some(hash)
}

/// Somebody who has a session gets a code.
async fn authorize(State(same): State<Arc<Same>>, RawQuery(query): RawQuery, headers: HeaderMap) -> Response {
    let pushed = pushed(&same, query.as_deref().unwrap_or_default());
    let cookie = headers.get(header::COOKIE).and_then(|text| text.to_str().ok()).unwrap_or_default();
    let token = cookie.split("; ").find_map(|one| one.strip_prefix("lanyard-session")?.split_once('='));
    let Some((session, user, expires)) = same.session_of(token.unwrap_or_default().1) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let (code, id) = (same.tokens.random(), format!("fam_{}", same.tokens.random()));
    let (hash, event) = (sha256(code.as_bytes()), same.event("authorization", "bench-app", Some(&user)));
    let work = move |connection: &Connection, added: &mut Added| {
        let values = vec![hash.to_vec().into(), id.clone().into(), REDIRECT.to_owned().into(), "c".repeat(43).into()];
        added.row(CODES, [values, vec!["n".to_owned().into(), 1.into(), END.into()]].concat());
        added.row(EVENTS, event);
        unit(connection, || {
            if let Some(pushed) = pushed {
                let delete = "DELETE FROM pushed_requests WHERE hash = ?1";
                connection.prepare_cached(delete).expect("prepares").execute([&pushed[..]]).expect("deletes");
            }
            begin(connection, &id, &session, &user, expires);
        });
    };
    same.database.write(work).await;
    Redirect::to(&format!("{REDIRECT}?code={code}&state=s")).into_response()
}

const REDIRECT: &str = "http://127.0.0.1:18081/callback";

/// A family of the session, which is held meanwhile.
fn begin(connection: &Connection, id: &str, session: &str, user: &str, expires: i64) {
    let hold = "UPDATE sessions SET last_seen_at = last_seen_at WHERE id = ?1 AND ended_at IS NULL";
    connection.prepare_cached(hold).expect("prepares").execute([session]).expect("updates");
    let before = "SELECT organization_id, sid, 0 FROM session_organizations WHERE session_id = ?1 AND ended_at IS NULL \
                  UNION ALL SELECT organization_id, NULL, 1 FROM ( \
                    SELECT organization_id FROM families WHERE session_id = ?1 AND client_id = ?2 \
                    ORDER BY id DESC LIMIT 1) AS last";
    let mut before = connection.prepare_cached(before).expect("prepares");
    let rows = before.query_map(params![session, "bench-app"], |row| Ok((row.get(0)?, row.get(1)?))).expect("reads");
    let found: Vec<(String, Option<String>)> = rows.map(|row| row.expect("reads")).collect();
    let (organization, sid) = found.into_iter().find(|(_, sid)| sid.is_some()).expect("it was used before");
    let insert = "INSERT INTO families (id, client_id, user_id, organization_id, session_id, sid, offline, scope, \
                  resources, auth_time, acr, amr, created_at, expires_at) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 'openid profile email roles groups organization locations', '[]', 1, \
                  'urn:lanyard:acr:1', 'pwd', 1, ?7)";
    let values = params![id, "bench-app", user, organization, session, sid, expires];
    connection.prepare_cached(insert).expect("prepares").execute(values).expect("inserts");
}

async fn redeem(State(same): State<Arc<Same>>, headers: HeaderMap, Form(form): Form<token::Form>) -> Response {
    let (Some(client), Some(code)) = (client(&headers), form.get("code")) else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let hash = sha256(code.as_bytes());
    let found = same.family_of("authorization_codes", &hash);
    let Some((user, family)) = found else { return StatusCode::BAD_REQUEST.into_response() };
    let (new, event) = (same.tokens.random(), same.event("token-issue", &client, Some(&user)));
    let next = sha256(new.as_bytes());
    let work = move |connection: &Connection, added: &mut Added| {
        added.row(EVENTS, event);
        added.row(REFRESH_TOKENS, vec![next.to_vec().into(), family.into(), 1.into(), END.into()]);
        unit(connection, || take(connection, "authorization_codes", &hash))
    };
    if !same.database.write(work).await {
        return StatusCode::BAD_REQUEST.into_response();
    }
    same.answer("EdDSA", &user, &client, &new)
}

async fn userinfo(State(same): State<Arc<Same>>, headers: HeaderMap) -> Response {
    match bearer(&headers).and_then(|token| same.tokens.verify(token)) {
        Some(claims) => token::json(claims.to_string()),
        None => StatusCode::UNAUTHORIZED.into_response(),
    }
}

impl Same {
    /// An access token, a refresh token and an ID token.
    fn answer(&self, algorithm: &str, user: &str, client: &str, refresh: &str) -> Response {
        let token = self.tokens.access_token(algorithm, user, client);
        let id_token = self.tokens.id_token(algorithm, user, client);
        token::json(
            json!({
                "access_token": token, "refresh_token": refresh, "id_token": id_token, "token_type": "Bearer",
                "expires_in": 300,
            })
            .to_string(),
        )
    }

    fn event(&self, action: &'static str, client: &str, user: Option<&str>) -> Vec<Value> {
        let detail =
            json!({"user": self.family, "client": client, "family": self.family, "token": self.tokens.random()});
        let text = |text: &str| Value::Text(text.to_owned());
        vec![
            Value::Text(format!("evt_{}", self.tokens.random())),
            text("org_0192f3c4d5e6798081828384858687aa"),
            1.into(),
            text(action),
            text("success"),
            text("client"),
            text(client),
            user.map_or(Value::Null, text),
            text(client),
            text("vT3yPq0Zr8sN1mKxW4cJdA"),
            text("req_0192f3c4d5e6798081828384858687aa"),
            text("127.0.0.1"),
            Value::Text(detail.to_string()),
        ]
    }

    fn is_revoked(&self, id: &str) {
        let select = "SELECT jti AS found FROM revoked_tokens WHERE jti = ?1 \
                      UNION ALL \
                      SELECT id AS found FROM families WHERE id = ?2 AND revoked_at IS NOT NULL";
        let reader = self.database.reader();
        let mut select = reader.prepare_cached(select).expect("prepares");
        select.query_row([id, &self.family], |_| Ok(())).optional().expect("reads");
    }

    /// A session with its person: id, person, end.
    fn session_of(&self, token: &str) -> Option<(String, String, i64)> {
        let reader = self.database.reader();
        let select = "SELECT id, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, \
                      address, ended_at FROM sessions WHERE token_hash = ?1";
        let session = |row: &rusqlite::Row<'_>| Ok((row.get("id")?, row.get("user_id")?, row.get("expires_at")?));
        let found: (String, String, i64) = find(&reader, select, &sha256(token.as_bytes()), session)?;
        let select = "SELECT id, name, given_name, family_name, email, email_verified_at, phone, postal_address, locale, \
                      picture, default_organization_id, password_hash, password_changed_at, password_must_change_at, \
                      created_at, updated_at, disabled_at, deleted_at FROM users WHERE id = ?1";
        let mut select = reader.prepare_cached(select).expect("prepares");
        select.query_row([&found.1], |row| row.get::<_, String>("name")).optional().expect("reads")?;
        Some(found)
    }

    /// The person and the family of a code or refresh token.
    fn family_of(&self, table: &'static str, hash: &[u8; 32]) -> Option<(String, String)> {
        let select = format!(
            "SELECT r.*, f.id, f.client_id, f.user_id, f.organization_id, f.session_id, f.sid, f.offline, f.scope, \
             f.resources, f.auth_time, f.acr, f.amr, f.created_at AS family_created_at, \
             f.expires_at AS family_expires_at, f.revoked_at, s.expires_at AS session_expires_at, \
             s.ended_at AS session_ended_at \
             FROM {table} r JOIN families f ON f.id = r.family_id LEFT JOIN sessions s ON s.id = f.session_id \
             WHERE r.hash = ?1"
        );
        find(&self.database.reader(), &select, hash, |row| Ok((row.get("user_id")?, row.get("id")?)))
    }
}

fn find<T>(
    reader: &Connection,
    select: &str,
    hash: &[u8; 32],
    read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> Option<T> {
    reader.prepare_cached(select).expect("prepares").query_row([&hash[..]], read).optional().expect("reads")
}

/// One unit of those that share a commit.
fn unit<T>(connection: &Connection, work: impl FnOnce() -> T) -> T {
    let run = |statement| connection.prepare_cached(statement).expect("prepares").execute([]).expect("runs");
    run("SAVEPOINT unit");
    let done = work();
    run("RELEASE unit");
    done
}

fn rotate(connection: &Connection, old: &[u8; 32], new: &[u8; 32], family: &str) -> bool {
    let insert = "INSERT INTO refresh_tokens (hash, family_id, parent_hash, created_at, expires_at) \
                  VALUES (?1, ?2, ?3, 1, 4000000000000)";
    take(connection, "refresh_tokens", old) && {
        let mut insert = connection.prepare_cached(insert).expect("prepares");
        insert.execute(params![&new[..], family, &old[..]]).expect("inserts") == 1
    }
}

fn take(connection: &Connection, table: &'static str, hash: &[u8; 32]) -> bool {
    let update = format!(
        "UPDATE {table} SET used_at = 1 \
         WHERE hash = ?1 AND used_at IS NULL AND expires_at > 1 \
         AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.revoked_at IS NULL) \
         RETURNING family_id"
    );
    find(connection, &update, hash, |row| row.get::<_, String>(0)).is_some()
}
