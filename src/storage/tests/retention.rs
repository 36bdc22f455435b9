//! What has expired goes, in batches, and nothing that is still needed.

use super::super::{Error, Result, Storage, expiry, sql, testing::databases};
use crate::clock::Timestamp;

#[tokio::test(flavor = "multi_thread")]
async fn what_has_expired_is_removed_and_nothing_else() {
    for database in databases().await {
        let storage = &database.storage;
        let fill: Result<()> = storage
            .write(|tx| {
                Box::pin(async {
                    sql("INSERT INTO throttles (key, clear_at, last_at) VALUES ($1, 1, 0), ($2, 90000000, 0)")
                        .bind(b"old".to_vec())
                        .bind(b"new".to_vec())
                        .execute(tx.connection())
                        .await?;
                    Ok(())
                })
            })
            .await;
        fill.unwrap();
        for expiring in expiry::ALL {
            let more: Result<bool> =
                storage.write(|tx| Box::pin(async { tx.remove_expired(*expiring, Timestamp(86_400_001)).await })).await;
            assert!(!more.unwrap());
        }
        let mut tx = storage.read().await.unwrap();
        let rows = sql("SELECT key FROM throttles").fetch_all(tx.connection()).await.unwrap();
        assert_eq!(rows.len(), 1);
        assert_eq!(rows[0].try_get::<Vec<u8>>("key").unwrap(), b"new");
    }
}

/// Puts a person with two long-ended sessions into the database: a family of the first still has a token.
async fn leave_sessions_behind(storage: &Storage) {
    let filled: Result<()> = storage
        .write(|tx| {
            Box::pin(async {
                for statement in [
                    "INSERT INTO users (id, name, created_at, updated_at) VALUES ('u', 'U', 0, 0)",
                    "INSERT INTO organizations (id, slug, name, created_at, version) VALUES ('o', 'o', 'O', 0, 0)",
                    "INSERT INTO upstreams (id, organization_id, name, kind, settings, sealed_secret, precedence, due_at, \
                     whole_at, failures, confirmed_at, leased_until, created_at) \
                     VALUES ('u', 'o', 'u', 'ldap', '', '', 0, 0, 0, 0, 0, 0, 0)",
                    "INSERT INTO clients (id, name, token_endpoint_auth_method, first_party, grant_types, scopes, redirect_uris, \
                     post_logout_redirect_uris, resources, id_token_signed_response_alg, access_token_signing_alg, \
                     access_token_format, pkce_waived, introspects, created_at, updated_at) \
                     VALUES ('c', 'C', 'none', 0, '[]', '[]', '[]', '[]', '[]', 'RS256', 'RS256', 'jwt', 0, 'none', 0, 0)",
                    "INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, \
                     user_agent, address) \
                     VALUES ('s1', '1', 'u', 0, '', '', 0, 0, 1000, '', ''), ('s2', '2', 'u', 0, '', '', 0, 0, 1000, '', '')",
                    "INSERT INTO session_organizations (sid, session_id, organization_id, created_at) \
                     VALUES ('sid1', 's1', 'o', 0), ('sid2', 's2', 'o', 0)",
                    "INSERT INTO families (id, client_id, user_id, session_id, sid, offline, scope, resources, auth_time, acr, \
                     amr, created_at, expires_at) \
                     VALUES ('f1', 'c', 'u', 's1', 'sid1', 1, '', '[]', 0, '', '', 0, 1000), \
                            ('f2', 'c', 'u', 's2', 'sid2', 0, '', '[]', 0, '', '', 0, 1000)",
                    "INSERT INTO refresh_tokens (hash, family_id, created_at, expires_at) VALUES ('r', 'f1', 0, 9000000000)",
                ] {
                    sql(statement).execute(tx.connection()).await?;
                }
                Ok(())
            })
        })
        .await;
    filled.unwrap();
}

async fn expire(storage: &Storage, now: Timestamp) {
    for expiring in expiry::ALL {
        let done: Result<bool> =
            storage.write(move |tx| Box::pin(async move { tx.remove_expired(*expiring, now).await })).await;
        done.unwrap();
    }
}

async fn ids(storage: &Storage, statement: &'static str) -> Vec<String> {
    let mut tx = storage.read().await.unwrap();
    let rows = sql(statement).fetch_all(tx.connection()).await.unwrap();
    rows.iter().map(|row| row.try_get("id").unwrap()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn families_and_sessions_are_removed_once_nothing_refers_to_them() {
    const LEFT: &str = "SELECT id FROM families UNION SELECT id FROM sessions \
                        UNION SELECT sid AS id FROM session_organizations ORDER BY id";
    let month = 30 * 86_400_000;
    for database in databases().await {
        let storage = &database.storage;
        leave_sessions_behind(storage).await;
        expire(storage, Timestamp(1000 + month)).await;
        assert_eq!(ids(storage, LEFT).await.len(), 6, "everything is kept for a month");
        expire(storage, Timestamp(1001 + month)).await;
        assert_eq!(ids(storage, LEFT).await, ["f1", "s1", "sid1"], "a token still rests on the first session");
        expire(storage, Timestamp(9_000_000_001 + month)).await;
        assert!(ids(storage, LEFT).await.is_empty());
    }
}

/// Each table whose rows expire but families: its columns, and a row `N` that ends at `AT`.
#[rustfmt::skip]
const PERISHABLE: [(&str, &str, &str); 25] = [
    ("upstream_requests", "hash, browser_hash, upstream_id, content, created_at, expires_at", "'N', '', 'u', '', 0, AT"),
    ("pushed_requests", "hash, client_id, parameters, created_at, expires_at", "'N', '', '', 0, AT"),
    ("stored_requests", "token_hash, parameters, created_at, expires_at", "'N', '', 0, AT"),
    ("replays", "hash, expires_at", "'N', AT"),
    ("saml_requests", "hash, upstream_id, version, created_at, expires_at", "'N', 'u', 0, 0, AT"),
    ("revoked_tokens", "jti, revoked_at, expires_at", "'N', 0, AT"),
    ("access_tokens", "hash, client_id, claims, expires_at", "'N', 'c', '', AT"),
    ("authorization_codes", "hash, family_id, redirect_uri, created_at, expires_at", "'N', 'f1', '', 0, AT"),
    ("refresh_tokens", "hash, family_id, created_at, expires_at", "'N', 'f1', 0, AT"),
    ("deferred_requests", "id, hash, client_id, scope, resources, interval_seconds, created_at, expires_at",
     "'N', 'N', 'c', '', '[]', 5, 0, AT"),
    ("mailed_links", "token_hash, user_id, purpose, created_at, expires_at", "'N', 'u', 'password', 0, AT"),
    ("sent_codes", "id, user_id, session_id, kind, purpose, sealed_code, sent_at", "'N', 'u', 's', 'email', 'sign-in', '', AT"),
    ("safety_links", "token_hash, user_id, purpose, email, created_at, expires_at", "'N', 'u', 'take-back', '', 0, AT"),
    ("recoveries", "id, user_id, email, reason, stop_hash, created_at, expires_at", "'N', 'u', '', '', 'N', 0, AT"),
    // Kept for a day.
    ("factors", "id, user_id, kind, name, sealed_secret, created_at", "'N', 'u', 'totp', '', 'N', AT"),
    ("registration_tokens", "id, hash, policy, uses, used, created_at, expires_at", "'N', 'N', '', 1, 0, 0, AT"),
    ("logouts", "id, client_id, user_id, organization_id, sid, created_at", "'N', '', '', '', '', AT"),
    // Kept for 400 days.
    ("known_devices", "user_id, browser_hash, user_agent, factors, first_at, last_at",
     "'u', 'N', '', '', 0, AT - 34560000000"),
    ("sign_in_places", "user_id, country, first_at, last_at", "'u', 'N', 0, AT - 34560000000"),
    ("failed_accounts", "network, account, failed_at", "'N', 'N', AT"),
    // Kept for 90 days.
    ("upstream_runs", "id, upstream_id, kind, asked_by, begun_at, ended_at, was_read, added, changed, departed, failed, faults",
     "'N', 'u', 'whole', 'server', AT - 7776000000, 0, 0, 0, 0, 0, 0, '[]'"),
    ("throttles", "key, clear_at, last_at", "'N', AT, 0"),
    ("jobs", "id, kind, payload, run_at, attempts, failed_at, created_at", "'N', 'send-mail', 'x', 0, 16, AT, 0"),
    ("session_organizations", "sid, session_id, organization_id, created_at", "'N', 'N', 'o', 0"),
    ("sessions", "id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address",
     "'N', 'tN', 'u', 0, '', '', 0, 0, AT, '', ''"),
];

/// Fills each table with 1,100 rows that ended long ago and one, 0, that has not.
async fn fill(storage: &Storage, later: i64) {
    // Sessions come before what refers to them.
    for (table, columns, row) in PERISHABLE.iter().rev() {
        let rows: Vec<String> = (0..=1100)
            .map(|n| {
                format!(
                    "({})",
                    row.replace('N', &n.to_string()).replace("AT", if n == 0 { later } else { 1 }.to_string().as_str())
                )
            })
            .collect();
        let insert = format!("INSERT INTO {table} ({columns}) VALUES {}", rows.join(", "));
        let done: Result<()> = storage
            .write(move |tx| {
                Box::pin(async move {
                    sql(insert).execute(tx.connection()).await?;
                    Ok(())
                })
            })
            .await;
        done.unwrap_or_else(|error| panic!("{table}: {error}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_table_is_cleaned_in_batches() {
    let now = Timestamp(40 * 86_400_000);
    for database in databases().await {
        let storage = &database.storage;
        leave_sessions_behind(storage).await;
        fill(storage, 2 * now.0).await;
        let mut rounds = vec![];
        for expiring in expiry::ALL {
            let mut n = 1;
            while storage
                .write::<_, Error, _>(move |tx| Box::pin(async move { tx.remove_expired(*expiring, now).await }))
                .await
                .unwrap()
            {
                n += 1;
            }
            rounds.push(n);
        }
        // 500, 500 and 100; of families there are two.
        assert_eq!(rounds.iter().filter(|rounds| **rounds == 3).count(), PERISHABLE.len(), "{rounds:?}");
        assert_eq!(rounds.len(), PERISHABLE.len() + 1, "a table that expires has rows here");
        let mut tx = storage.read().await.unwrap();
        for (table, ..) in PERISHABLE {
            let count = format!("SELECT COUNT(*) AS n FROM {table}");
            let left: i64 = sql(count).fetch_one(tx.connection()).await.unwrap().try_get("n").unwrap();
            // Those of the first family and its session: a token rests on them.
            let kept = i64::from(["refresh_tokens", "session_organizations", "sessions"].contains(&table));
            assert_eq!(left, 1 + kept, "{table}");
        }
    }
}
