//! The schema, step by step: files named by UTC time, embedded in the binary, applied in order and never edited.

use aws_lc_rs::digest::{SHA384, digest};

use super::{Engine, Error, Result, Settings, Tx, sql};

macro_rules! migrations {
    ($($version:literal $name:literal;)*) => {
        &[$(Step {
            version: $version,
            name: $name,
            text: include_str!(concat!("../../migrations/", $version, "_", $name, ".sql")),
        },)*]
    };
}

/// A file of `migrations/`.
struct Step {
    /// UTC time, as digits.
    version: &'static str,
    name: &'static str,
    text: &'static str,
}

const STEPS: &[Step] = migrations! {
    "202611220400" "platform";
    "202611220410" "directory";
    "202611220420" "sessions";
    "202611220430" "oauth";
    "202611220500" "signing_keys";
    "202611220750" "demo";
    "202611220800" "search";
    "202611220830" "directory_revision";
    "202611220900" "families_by_session";
    "202611221040" "tokens_void_before";
    "202611221140" "audit_indexes";
    "202611221402" "pushed_requests";
    "202611221418" "client_metadata";
    "202611221420" "deferred_requests";
    "202611221428" "logouts";
    "202611221432" "consented_details";
    "202611221440" "exchanged_families";
    "202611221500" "old_sessions";
    "202611221508" "registration";
    "202611221735" "provisioning";
    "202611221744" "deferred_letters";
    "202611221751" "scim_connections";
    "202611221802" "client_documents";
    "202611221857" "late_logouts";
    "202611222112" "tallies";
    "202611222138" "scim_targets";
    "202611222145" "precedence";
    "202611222146" "managers";
    "202611222212" "disabled_by";
    "202611222349" "registrations";
    "202611222351" "entitlements";
    "202611222357" "group_creations";
    "202611222358" "group_sources";
    "202611230006" "external_ids_moved";
    "202611230106" "scim_pushed_names";
    "202611230107" "scim_target_work";
    "202611230110" "reviews";
    "202611230111" "invitation_letters";
    "202611230120" "group_rules";
    "202611230305" "retention_holds";
    "202611230330" "rule_turns";
    "202611230425" "group_creations_found";
    "202611230428" "unmapped";
    "202611230643" "scim_target_pauses";
    "202611230700" "factors";
    "202611230726" "policy_rules";
    "202611231055" "passkeys";
    "202611231058" "session_completion";
    "202611231118" "lockout";
    "202611231305" "closed_keys";
    "202611231314" "signals";
    "202611231322" "safety_links";
    "202611231355" "stations";
    "202611231358" "policy_trials";
    "202611231408" "remembered_devices";
    "202611231415" "session_binding";
    "202611231422" "password_history";
    "202611231425" "let_in_again";
    "202611231649" "recoveries";
    "202611231655" "account_validity";
    "202611231722" "sent_codes";
    "202611231723" "text_messages";
    "202611231729" "emergency_accounts";
    "202611231758" "ended_by_date";
    "202611232006" "rules_of_members";
    "202611232018" "direct_grants";
    "202611232108" "forgotten_devices";
    "202611232122" "remembered_at_stations";
    "202611232332" "sessions_of_people";
    "202611240017" "shared_rules";
    "202611240018" "groups_of_roles";
    "202611240031" "upstreams";
    "202611240058" "unsettled_upstreams";
    "202611240256" "sessions_through_upstreams";
    "202611240257" "upstream_names";
    "202611240329" "upstream_requests";
    "202611240336" "domains_of_upstreams";
    "202611240411" "saml";
};

/// What was applied; made and named by the library that applied the first steps.
const APPLIED: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations ( \
                         version BIGINT PRIMARY KEY, \
                         description TEXT NOT NULL, \
                         installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, \
                         success BOOLEAN NOT NULL, \
                         checksum BYTEA NOT NULL, \
                         execution_time BIGINT NOT NULL \
                       )";

/// The table of [`APPLIED`].
pub(super) const TABLE: &str = "_sqlx_migrations";

/// Why the schema cannot be brought up to date.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The database has a step that this program does not know.
    #[error("migration {0} was applied by a newer Lanyard; start that one")]
    Newer(i64),
    /// A step is not the one that was applied.
    #[error("migration {0} is not the one that this database was made with")]
    Changed(i64),
}

impl Step {
    fn version(&self) -> i64 {
        self.version.parse().expect("versions are digits")
    }

    fn checksum(&self) -> Vec<u8> {
        digest(&SHA384, self.text.as_bytes()).as_ref().to_vec()
    }
}

/// Applies what is missing: all of it, or nothing when a step fails. Others that try at the same time wait.
pub(super) async fn run(settings: &Settings) -> Result<()> {
    apply(settings, STEPS).await
}

async fn apply(settings: &Settings, steps: &[Step]) -> Result<()> {
    let mut tx = settings.connect().await?;
    let begin = match tx.connection().engine() {
        Engine::Sqlite => "PRAGMA busy_timeout = 60000; BEGIN IMMEDIATE",
        // The number names Lanyard's migrations among the locks of the database.
        Engine::Postgres => "BEGIN; SELECT pg_advisory_xact_lock(7814253901)",
    };
    tx.run(begin).await?;
    tx.run(APPLIED).await?;
    let applied = checked(&mut tx).await?;
    for step in steps.iter().filter(|step| !applied.contains(&step.version())) {
        tx.run(step.text).await?;
        // A few statements once in the life of a database.
        sql("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
             VALUES ($1, $2, TRUE, $3, 0)")
        .bind(step.version())
        .bind(step.name)
        .bind(step.checksum())
        .execute(tx.connection())
        .await?;
    }
    tx.run("COMMIT").await?;
    tx.close().await
}

/// Versions of the steps that were applied, all of them known and unchanged.
async fn checked(tx: &mut Tx) -> Result<Vec<i64>> {
    let rows =
        sql("SELECT version, checksum FROM _sqlx_migrations ORDER BY version").fetch_all(tx.connection()).await?;
    let mut applied = vec![];
    for row in &rows {
        let version: i64 = row.try_get("version")?;
        let step = STEPS.iter().find(|step| step.version() == version);
        let step = step.ok_or(Error::Schema(SchemaError::Newer(version)))?;
        if row.try_get::<Vec<u8>>("checksum")? != step.checksum() {
            return Err(SchemaError::Changed(version).into());
        }
        applied.push(version);
    }
    Ok(applied)
}

/// Names of the steps that were not applied yet.
pub(super) async fn pending(tx: &mut Tx) -> Result<Vec<String>> {
    let applied = applied(tx).await?;
    let pending = STEPS.iter().filter(|step| !applied.contains(&step.version()));
    Ok(pending.map(|step| step.name.to_owned()).collect())
}

/// Versions of the steps that were applied; none in a database without any.
pub(super) async fn applied(tx: &mut Tx) -> Result<Vec<i64>> {
    let rows = sql("SELECT version FROM _sqlx_migrations").fetch_all(tx.connection()).await.unwrap_or_default();
    rows.iter().map(|row| row.try_get("version")).collect()
}

/// The version of the last step.
pub(super) fn newest() -> i64 {
    STEPS.iter().map(Step::version).max().unwrap_or_default()
}

/// The text of all steps, by which one schema is told from another.
pub(super) fn texts() -> String {
    STEPS.iter().map(|step| step.text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{
        Storage,
        testing::{Database, databases},
    };

    async fn change(settings: &Settings, statement: &str) {
        let mut tx = settings.connect().await.unwrap();
        tx.run(statement).await.unwrap();
        tx.close().await.unwrap();
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_that_migrate_at_once_apply_each_step_once() {
        for database in databases().await {
            change(&database.settings, "DELETE FROM _sqlx_migrations WHERE version = 202611220900").await;
            assert_eq!(database.storage.pending_migrations().await.unwrap(), ["families_by_session"]);
            let all = (0..4).map(|_| Storage::migrate(&database.settings));
            for done in futures_util::future::join_all(all).await {
                done.unwrap();
            }
            assert!(database.storage.pending_migrations().await.unwrap().is_empty());
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn many_that_make_a_database_at_once_make_one() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..20 {
            let url = format!("sqlite:{}", folder.path().join(format!("{n}.db")).display());
            let settings = Settings { url, readers: 1, writers: 1 };
            let all = (0..6).map(|_| {
                let settings = settings.clone();
                tokio::spawn(async move { Storage::migrate(&settings).await })
            });
            for done in futures_util::future::join_all(all).await {
                done.unwrap().unwrap();
            }
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_database_of_an_earlier_version_keeps_its_clients_and_authorizations() {
        let earlier = STEPS.iter().position(|step| step.version == "202611221402").expect("it is one of them");
        for database in databases().await {
            let settings = emptied(&database).await;
            apply(&settings, &STEPS[..earlier]).await.unwrap();
            change(&settings, EARLIER).await;
            run(&settings).await.unwrap();
            let mut tx = settings.connect().await.unwrap();
            let read = "SELECT c.token_endpoint_auth_method AS method, c.metadata, f.particulars, f.scope \
                        FROM clients c JOIN families f ON f.client_id = c.id";
            let row = sql(read).fetch_one(tx.connection()).await.unwrap();
            assert_eq!(row.try_get::<String>("method").unwrap(), "client_secret_post");
            assert_eq!(row.try_get::<String>("metadata").unwrap(), "{}");
            assert_eq!(row.try_get::<Option<String>>("particulars").unwrap(), None);
            assert_eq!(row.try_get::<String>("scope").unwrap(), "openid");
            tx.close().await.unwrap();
        }
    }

    /// A database without a schema.
    async fn emptied(database: &Database) -> Settings {
        match database.storage.engine() {
            Engine::Sqlite => {
                let file = database.settings.url.replace(".db", "-earlier.db");
                Settings { url: file, ..database.settings.clone() }
            }
            Engine::Postgres => {
                change(&database.settings, "DROP SCHEMA public CASCADE; CREATE SCHEMA public").await;
                database.settings.clone()
            }
        }
    }

    /// A client and an authorization as they were written before `client_metadata`.
    const EARLIER: &str = "INSERT INTO clients (id, name, authentication_method, first_party, grant_types, scopes, \
         redirect_uris, post_logout_redirect_uris, resources, id_token_signed_response_alg, access_token_signing_alg, \
         access_token_format, pkce_waived, introspects, created_at, updated_at) \
         VALUES ('app', 'App', 'client_secret_post', 0, '[]', '[]', '[]', '[]', '[]', 'RS256', 'ES256', 'jwt', 0, 'none', 0, 0); \
         INSERT INTO users (id, name, created_at, updated_at) VALUES ('usr_1', 'Olivia', 0, 0); \
         INSERT INTO families (id, client_id, user_id, session_id, offline, scope, resources, auth_time, acr, amr, created_at, \
         expires_at) VALUES ('fam_1', 'app', 'usr_1', 'ses_1', 0, 'openid', '[]', 0, '1', 'pwd', 0, 1)";

    /// People and groups as a source wrote them before `group_sources`, and a grant by hand before `entitlements`.
    const UNSOURCED: &str = "INSERT INTO organizations (id, slug, name, created_at, version) VALUES ('org_1', 'a', 'A', 0, 0); \
         INSERT INTO scim_connections (id, organization_id, name, resources, may_write, networks, roles, created_at) \
         VALUES ('scn_1', 'org_1', 'entra', 'users groups', 1, '[]', '[]', 0); \
         INSERT INTO users (id, name, created_at, updated_at) VALUES ('usr_1', 'O', 0, 0), ('usr_2', 'P', 0, 0), ('usr_3', 'Q', 0, 0); \
         INSERT INTO memberships (id, organization_id, user_id, kind, origin, created_at) \
         VALUES ('mem_1', 'org_1', 'usr_1', 'hirer', 'client:roster', 0), ('mem_2', 'org_1', 'usr_2', 'hirer', 'host:root', 0), \
         ('mem_3', 'org_1', 'usr_3', 'hirer', 'client:roster', 0); \
         INSERT INTO member_records (membership_id, organization_id, user_name, external_id, attributes, sources, updated_at) \
         VALUES ('mem_1', 'org_1', 'o', '7', '{}', '{}', 0), ('mem_2', 'org_1', 'p', '7', '{}', '{}', 0), \
         ('mem_3', 'org_1', 'q', '7', '{}', '{}', 0); \
         INSERT INTO groups (id, organization_id, slug, name, created_at, external_id) VALUES ('grp_1', 'org_1', 'g', 'G', 0, '7'); \
         INSERT INTO audit_events (id, chain, at, action, outcome, actor_kind, actor_id, resource, detail) \
         VALUES ('evt_1', 'org_1', 0, 'group-creation', 'success', 'connection', 'scn_1', 'grp_1', '{}'); \
         INSERT INTO membership_permissions (membership_id, permission, effect, created_at) VALUES ('mem_1', 'a:b:c', 'deny', 0)";

    #[tokio::test(flavor = "multi_thread")]
    async fn what_a_source_called_somebody_is_its_own_from_then_on() {
        let earlier = STEPS.iter().position(|step| step.version == "202611222349").expect("it is one of them");
        for database in databases().await {
            let settings = emptied(&database).await;
            apply(&settings, &STEPS[..earlier]).await.unwrap();
            change(&settings, UNSOURCED).await;
            run(&settings).await.unwrap();
            let mut tx = settings.connect().await.unwrap();
            let ids = "SELECT resource_id || ' ' || source || ' ' || kind || ' ' || external_id AS found FROM external_ids \
                       UNION ALL SELECT id || ' ' || origin || ' ' || named_by FROM groups \
                       UNION ALL SELECT permission || ' ' || effect || source FROM membership_permissions \
                       ORDER BY found";
            let rows = sql(ids).fetch_all(tx.connection()).await.unwrap();
            let found: Vec<String> = rows.iter().map(|row| row.try_get("found").unwrap()).collect();
            let expected = [
                "a:b:c deny",
                "grp_1 scim:scn_1 group 7",
                "grp_1 scim:scn_1 scim:scn_1",
                "mem_1 client:roster member 7",
                "mem_2 scim:scn_1 member 7",
            ];
            assert_eq!(found, expected, "of two the eldest keeps it");
            tx.close().await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rules_stay_when_there_may_be_some_for_one_member() {
        let rule = |kind: &str| {
            format!(
                "INSERT INTO policy_rules (organization_id, subject_kind, subject_id, setting, value, set_at, set_by) \
                 VALUES ('org_1', '{kind}', 'x', 'session.idle', '15m', 7, 'host root')"
            )
        };
        let earlier = STEPS.iter().position(|step| step.name == "rules_of_members").expect("it is one of them");
        for database in databases().await {
            let settings = emptied(&database).await;
            apply(&settings, &STEPS[..earlier]).await.unwrap();
            change(
                &settings,
                "INSERT INTO organizations (id, slug, name, created_at, version) VALUES ('org_1', 'a', 'A', 0, 0)",
            )
            .await;
            change(&settings, &rule("role")).await;
            assert!(settings.connect().await.unwrap().run(&rule("member")).await.is_err());
            run(&settings).await.unwrap();
            change(&settings, &rule("member")).await;
            for other in [rule("planet"), rule("group").replace("org_1", "org_2"), rule("role")] {
                assert!(settings.connect().await.unwrap().run(&other).await.is_err(), "{other}");
            }
            let mut tx = settings.connect().await.unwrap();
            let read = "SELECT subject_kind || ' ' || subject_id || ' ' || setting || ' ' || value || ' ' || set_by AS found \
                        FROM policy_rules WHERE set_at = 7 ORDER BY found";
            let rows = sql(read).fetch_all(tx.connection()).await.unwrap();
            let found: Vec<String> = rows.iter().map(|row| row.try_get("found").unwrap()).collect();
            assert_eq!(found, ["member x session.idle 15m host root", "role x session.idle 15m host root"]);
            tx.close().await.unwrap();
        }
    }

    /// 10,000 groups took 40 s without it, and take 0.03 s.
    #[tokio::test(flavor = "multi_thread")]
    async fn who_made_many_groups_is_found_by_an_index() {
        let next = STEPS.iter().position(|step| step.name == "group_sources").expect("it is one of them");
        for database in databases().await {
            let settings = emptied(&database).await;
            apply(&settings, &STEPS[..next]).await.unwrap();
            let mut tx = settings.connect().await.unwrap();
            if tx.connection().engine() == Engine::Sqlite {
                let asked = "EXPLAIN QUERY PLAN SELECT actor_id FROM audit_events \
                             WHERE chain = 'org_1' AND action = 'group-creation' AND resource = 'grp_1' LIMIT 1";
                let plan: String = sql(asked).fetch_one(tx.connection()).await.unwrap().try_get("detail").unwrap();
                assert!(plan.contains("audit_group_creations (chain=? AND resource=?)"), "{plan}");
            }
            tx.close().await.unwrap();
            // Where the steps around it were applied before it was there.
            run(&settings).await.unwrap();
            change(&settings, "DELETE FROM _sqlx_migrations WHERE version IN (202611222357, 202611230425)").await;
            run(&settings).await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_schema_that_this_program_did_not_make_is_left_alone() {
        for (statement, expected) in [
            ("UPDATE _sqlx_migrations SET checksum = 'x' WHERE version = 202611220430", "202611220430 is not the one"),
            (
                "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                 VALUES (209901010000, 'later', TRUE, 'x', 0)",
                "209901010000 was applied by a newer Lanyard",
            ),
        ] {
            for database in databases().await {
                change(&database.settings, statement).await;
                let refused = Storage::migrate(&database.settings).await.unwrap_err();
                assert!(refused.to_string().contains(expected), "{refused}");
            }
        }
    }
}
