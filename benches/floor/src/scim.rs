//! Provisioning: `/bare/scim` keeps whole documents in one table; `/same/scim` sends the statements that Lanyard sends, and
//! answers with the text that is stored.

use std::sync::Arc;

use axum::{
    Router,
    extract::{Path, Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params, params_from_iter, types::Value as Sql};
use serde_json::{Value, json};

use crate::{
    database::{Added, Database, connect},
    token::Tokens,
};

struct Scim {
    tokens: Tokens,
    database: Database,
    organization: String,
}

type Asked = Query<std::collections::HashMap<String, String>>;

const DOMAIN: &str = "riverside.example";

/// Documents of everybody who is there, in a table of their own.
pub fn router(database: &str) -> Router {
    let connection = connect(database);
    let tables = "CREATE TABLE IF NOT EXISTS floor_users \
                  (id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL UNIQUE, document TEXT NOT NULL) WITHOUT ROWID; \
                  INSERT OR IGNORE INTO floor_users \
                  SELECT membership_id, user_name, json_set(attributes, '$.id', membership_id, '$.active', json('true'), \
                  '$.meta', json('{\"resourceType\":\"User\",\"created\":\"2026-01-01T00:00:00Z\"}')) FROM member_records";
    connection.execute_batch(tables).expect("a table");
    let organization = connection.query_row("SELECT id FROM organizations", [], |row| row.get(0)).expect("one");
    let scim = Scim { tokens: Tokens::new(), database: Database::open(database), organization };
    Router::new()
        .route("/bare/scim", get(bare_list).post(bare_create))
        .route("/bare/scim/{id}", get(bare_get).patch(bare_patch))
        .route("/same/scim", get(list).post(create))
        .route("/same/scim/{id}", get(one).patch(patch))
        .with_state(Arc::new(scim))
}

fn answer(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/scim+json")], body).into_response()
}

fn found(document: Option<String>) -> Response {
    document.map_or(StatusCode::NOT_FOUND.into_response(), |document| answer(StatusCode::OK, document))
}

fn page(total: i64, all: &[String]) -> Response {
    answer(StatusCode::OK, format!(r#"{{"totalResults":{total},"Resources":[{}]}}"#, all.join(",")))
}

fn run(connection: &Connection, statement: &str, values: &[&dyn ToSql]) {
    connection.prepare_cached(statement).expect("prepares").execute(values).expect("runs");
}

// ── bare ──

async fn bare_get(State(scim): State<Arc<Scim>>, Path(id): Path<String>) -> Response {
    let reader = scim.database.reader();
    let mut select = reader.prepare_cached("SELECT document FROM floor_users WHERE id = ?1").expect("prepares");
    found(select.query_row([id], |row| row.get(0)).optional().expect("reads"))
}

async fn bare_list(State(scim): State<Arc<Scim>>, Query(asked): Asked) -> Response {
    let reader = scim.database.reader();
    if let Some(name) = asked.get("named") {
        let mut select = reader.prepare_cached("SELECT document FROM floor_users WHERE name = ?1").expect("prepares");
        return found(select.query_row([name], |row| row.get(0)).optional().expect("reads"));
    }
    let mut select = reader.prepare_cached("SELECT document FROM floor_users ORDER BY id LIMIT 100").expect("prepares");
    let all: Vec<String> =
        select.query_map([], |row| row.get(0)).expect("reads").map(|one| one.expect("a row")).collect();
    page(100, &all)
}

async fn bare_create(State(scim): State<Arc<Scim>>, body: String) -> Response {
    let mut document: Value = serde_json::from_str(&body).expect("JSON");
    let id = format!("mem_{}", scim.tokens.random());
    document["id"] = json!(id);
    document["meta"] = json!({"resourceType": "User", "created": "2026-01-01T00:00:00Z"});
    let (name, text) = (document["userName"].as_str().unwrap_or_default().to_owned(), document.to_string());
    let stored = text.clone();
    let insert = "INSERT INTO floor_users (id, name, document) VALUES (?1, ?2, ?3)";
    scim.database.write(move |connection, _| run(connection, insert, params![id, name, stored])).await;
    answer(StatusCode::CREATED, text)
}

async fn bare_patch(State(scim): State<Arc<Scim>>, Path(id): Path<String>, body: String) -> Response {
    let patch: Value = serde_json::from_str(&body).expect("JSON");
    let document = {
        let reader = scim.database.reader();
        let mut select = reader.prepare_cached("SELECT document FROM floor_users WHERE id = ?1").expect("prepares");
        select.query_row([&id], |row| row.get::<_, String>(0)).expect("reads")
    };
    let mut document: Value = serde_json::from_str(&document).expect("JSON");
    document["title"] = patch["Operations"][0]["value"].clone();
    let text = document.to_string();
    let stored = text.clone();
    let update = "UPDATE floor_users SET document = ?2 WHERE id = ?1";
    scim.database.write(move |connection, _| run(connection, update, params![id, stored])).await;
    answer(StatusCode::OK, text)
}

// ── the same statements ──

const COLUMNS: &str = "SELECT memberships.id, memberships.user_id, memberships.kind, memberships.profession, \
    memberships.registration_number, memberships.registration_body, memberships.specialty, memberships.title, \
    memberships.created_at, memberships.disabled_at, memberships.tokens_void_before, users.name, users.given_name, \
    users.family_name, users.email, users.phone, users.locale, users.picture, users.updated_at, users.placeholder_since, \
    member_records.user_name, external_ids.external_id, member_records.attributes, \
    member_records.updated_at AS record_updated_at, memberships.registration_expires_at, \
    memberships.registration_verified_at, memberships.manager_id, \
    CASE WHEN memberships.manager_id IS NULL THEN NULL ELSE \
      (SELECT managers.removed_at FROM memberships AS managers WHERE managers.id = memberships.manager_id) \
    END ";
const OF_ORGANIZATION: &str = "FROM memberships JOIN users ON users.id = memberships.user_id \
    LEFT JOIN member_records ON member_records.membership_id = memberships.id \
    LEFT JOIN external_ids ON external_ids.resource_id = memberships.id \
    AND external_ids.source = 'scim:scn_0192f3c4d5e6798081828384858687aa' \
    WHERE memberships.organization_id = ?1 AND memberships.removed_at IS NULL ";
const EVENTS: &str = "audit_events (id, chain, at, action, outcome, actor_kind, actor_id, person_id, client_id, resource, \
                      request_id, address, detail)";

/// Every column, as whoever tells a member needs them; the text of the attributes is the answer.
fn text(row: &Row<'_>) -> rusqlite::Result<(String, String)> {
    for column in 0..28 {
        std::hint::black_box(row.get_ref(column)?);
    }
    Ok((row.get(0)?, row.get(22)?))
}

fn members(connection: &Connection, rest: &str, values: &[&dyn ToSql]) -> Vec<(String, String)> {
    let mut select = connection.prepare_cached(&format!("{COLUMNS}{rest}")).expect("prepares");
    let rows = select.query_map(values, text).expect("reads");
    rows.map(|row| row.expect("a row")).collect()
}

fn groups(connection: &Connection, ids: &[(String, String)]) {
    let list: Vec<String> = (1..=ids.len()).map(|number| format!("?{number}")).collect();
    let select = format!(
        "SELECT group_members.membership_id, groups.id AS group_id, groups.name FROM group_members \
         JOIN groups ON groups.id = group_members.group_id \
         WHERE group_members.membership_id IN ({}) AND groups.removed_at IS NULL \
         ORDER BY group_members.membership_id, groups.name",
        list.join(", ")
    );
    let mut select = connection.prepare_cached(&select).expect("prepares");
    let mut rows = select.query(params_from_iter(ids.iter().map(|one| &one.0))).expect("reads");
    while let Some(row) = rows.next().expect("reads") {
        std::hint::black_box(row.get::<_, String>(1).expect("text"));
    }
}

fn told(connection: &Connection, all: Vec<(String, String)>) -> Vec<String> {
    groups(connection, &all);
    all.into_iter().map(|one| one.1).collect()
}

fn read(connection: &Connection, organization: &str, id: &str) -> Option<String> {
    let rest = format!("{OF_ORGANIZATION}AND memberships.id = ?2");
    let all = members(connection, &rest, params![organization, id]);
    told(connection, all).pop()
}

async fn one(State(scim): State<Arc<Scim>>, Path(id): Path<String>) -> Response {
    found(read(&scim.database.reader(), &scim.organization, &id))
}

async fn list(State(scim): State<Arc<Scim>>, Query(asked): Asked) -> Response {
    let (reader, organization) = (scim.database.reader(), &scim.organization);
    if let Some(name) = asked.get("named") {
        let by_name = "FROM member_records JOIN memberships ON memberships.id = member_records.membership_id \
                       JOIN users ON users.id = memberships.user_id \
                       LEFT JOIN external_ids ON external_ids.resource_id = memberships.id \
                       AND external_ids.source = 'scim:scn_0192f3c4d5e6798081828384858687aa' \
                       WHERE member_records.organization_id = ?1 AND memberships.removed_at IS NULL \
                       AND member_records.user_name = ?2";
        let all = members(&reader, by_name, params![organization, name]);
        return found(told(&reader, all).pop());
    }
    let sum = "SELECT COALESCE(SUM(number), 0) FROM tallies WHERE what = 'members' AND organization_id = ?1";
    let mut sum = reader.prepare_cached(sum).expect("prepares");
    let total: i64 = sum.query_row([organization], |row| row.get(0)).expect("reads");
    let rest = format!("{OF_ORGANIZATION}AND memberships.id > ?2 ORDER BY memberships.id LIMIT ?3 OFFSET ?4");
    let mut all = members(&reader, &rest, params![organization, "", 101, 0]);
    all.truncate(100);
    page(total, &told(&reader, all))
}

async fn create(State(scim): State<Arc<Scim>>, body: String) -> Response {
    let document: Value = serde_json::from_str(&body).expect("JSON");
    let name = document["userName"].as_str().unwrap_or_default().to_owned();
    let (user, member) = (format!("usr_{}", scim.tokens.random()), format!("mem_{}", scim.tokens.random()));
    let sources = Value::Object(
        document
            .as_object()
            .expect("an object")
            .keys()
            .map(|key| (key.clone(), json!("scim:scn_0192f3c4d5e6798081828384858687aa")))
            .collect(),
    );
    let (organization, text) = (scim.organization.clone(), body.clone());
    let events = [scim.event("user-creation", &user), scim.event("membership-creation", &user)];
    let work = move |connection: &Connection, added: &mut Added| {
        for event in events {
            added.row(EVENTS, event);
        }
        unit(connection, || {
            insert(connection, (&organization, &user, &member), (&name, &document, &text, &sources.to_string()))
        });
    };
    scim.database.write(work).await;
    answer(StatusCode::CREATED, body)
}

fn insert(
    connection: &Connection,
    (organization, user, member): (&str, &str, &str),
    (name, document, text, sources): (&str, &Value, &str, &str),
) {
    let look = |statement: &str, values: &[&dyn ToSql]| {
        connection.prepare_cached(statement).expect("prepares").exists(values).expect("reads")
    };
    look(
        "SELECT membership_id FROM member_records WHERE organization_id = ?1 AND user_name = ?2 \
         UNION ALL SELECT memberships.id FROM login_names \
         JOIN users ON users.id = login_names.user_id AND users.email = login_names.name \
         JOIN memberships ON memberships.user_id = users.id AND memberships.organization_id = ?1 \
         LEFT JOIN member_records ON member_records.membership_id = memberships.id \
         WHERE login_names.name = ?2 AND login_names.retired_at IS NULL AND memberships.removed_at IS NULL \
         AND member_records.membership_id IS NULL",
        params![organization, name],
    );
    look(
        "SELECT users.id FROM users JOIN login_names ON login_names.user_id = users.id \
          WHERE login_names.name = ?1 AND login_names.retired_at IS NULL",
        params![name],
    );
    look("SELECT organization_id FROM domains WHERE name = ?1 AND verified_at IS NOT NULL", params![DOMAIN]);
    let given = document["name"]["givenName"].as_str();
    run(
        connection,
        "INSERT INTO users (id, name, given_name, family_name, email, email_verified_at, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, 1, 1, 1)",
        params![user, document["displayName"].as_str(), given, document["name"]["familyName"].as_str(), name],
    );
    run(
        connection,
        "INSERT INTO login_names (name, user_id, kind, created_at) VALUES (?1, ?2, 'email', 1) ON CONFLICT DO NOTHING",
        params![name, user],
    );
    run(connection, "INSERT INTO search_backlog (user_id) VALUES (?1) ON CONFLICT DO NOTHING", params![user]);
    look(
        "SELECT slug FROM membership_kinds WHERE organization_id = ?1 AND slug = 'administrative'",
        params![organization],
    );
    run(
        connection,
        "INSERT INTO memberships (id, organization_id, user_id, kind, origin, created_at) \
         VALUES (?1, ?2, ?3, 'administrative', 'scim:scn', 1) ON CONFLICT DO NOTHING",
        params![member, organization, user],
    );
    run(
        connection,
        "INSERT INTO member_records (membership_id, organization_id, user_name, attributes, sources, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT DO NOTHING",
        params![member, organization, name, text, sources],
    );
    if let Some(external) = document["externalId"].as_str() {
        run(
            connection,
            "INSERT INTO external_ids (resource_id, source, kind, external_id, organization_id) \
             VALUES (?1, 'scim:scn_0192f3c4d5e6798081828384858687aa', 'member', ?2, ?3) ON CONFLICT DO NOTHING",
            params![member, external, organization],
        );
    }
    run(
        connection,
        "INSERT INTO member_addresses (membership_id, email, organization_id) VALUES (?1, ?2, ?3)",
        params![member, name, organization],
    );
    run(
        connection,
        "INSERT INTO tallies (what, organization_id, part, number) VALUES ('members', ?1, 0, 1) \
         ON CONFLICT (what, organization_id, part) DO UPDATE SET number = tallies.number + excluded.number",
        params![organization],
    );
}

async fn patch(State(scim): State<Arc<Scim>>, Path(id): Path<String>, body: String) -> Response {
    let patch: Value = serde_json::from_str(&body).expect("JSON");
    let title = patch["Operations"][0]["value"].as_str().unwrap_or_default().to_owned();
    let (organization, event) =
        (scim.organization.clone(), scim.event("membership-update", "usr_0192f3c4d5e6798081828384858687aa"));
    let text = scim
        .database
        .write(move |connection, added| {
            added.row(EVENTS, event);
            unit(connection, || change(connection, (&organization, &id), &title))
        })
        .await;
    found(text)
}

fn change(connection: &Connection, (organization, id): (&str, &str), title: &str) -> Option<String> {
    let hold = "UPDATE memberships SET kind = kind WHERE id = ?1 AND organization_id = ?2";
    run(connection, hold, params![id, organization]);
    let before = read(connection, organization, id)?;
    let mut document: Value = serde_json::from_str(&before).expect("JSON");
    document["title"] = json!(title);
    let select = "SELECT user_name, sources FROM member_records WHERE membership_id = ?1";
    let mut select = connection.prepare_cached(select).expect("prepares");
    let record = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let (name, sources): (String, String) = select.query_row([id], record).expect("reads");
    run(connection, "DELETE FROM member_addresses WHERE membership_id = ?1", params![id]);
    run(connection, "DELETE FROM member_records WHERE membership_id = ?1", params![id]);
    run(
        connection,
        "INSERT INTO member_records (membership_id, organization_id, user_name, attributes, sources, updated_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, 1) ON CONFLICT DO NOTHING",
        params![id, organization, name, document.to_string(), sources],
    );
    run(
        connection,
        "INSERT INTO member_addresses (membership_id, email, organization_id) VALUES (?1, ?2, ?3)",
        params![id, name, organization],
    );
    let ever = "SELECT DISTINCT organization_id FROM memberships WHERE user_id = (SELECT user_id FROM memberships WHERE id = ?1)";
    connection.prepare_cached(ever).expect("prepares").exists([id]).expect("reads");
    run(connection, hold, params![id, organization]);
    run(connection, "UPDATE memberships SET title = ?2 WHERE id = ?1 AND removed_at IS NULL", params![id, title]);
    read(connection, organization, id)
}

fn unit<T>(connection: &Connection, work: impl FnOnce() -> T) -> T {
    run(connection, "SAVEPOINT unit", &[]);
    let done = work();
    run(connection, "RELEASE unit", &[]);
    done
}

impl Scim {
    fn event(&self, action: &str, user: &str) -> Vec<Sql> {
        let text = |text: &str| Sql::Text(text.to_owned());
        let detail = json!({"user": user, "membership": user, "attributes": "displayName emails name userName"});
        vec![
            Sql::Text(format!("evt_{}", self.tokens.random())),
            text(&self.organization),
            1.into(),
            text(action),
            text("success"),
            text("connection"),
            text("scn_0192f3c4d5e6798081828384858687aa"),
            text(user),
            Sql::Null,
            text(user),
            text("req_0192f3c4d5e6798081828384858687aa"),
            text("127.0.0.1"),
            Sql::Text(detail.to_string()),
        ]
    }
}
