//! Families: one authorization with all tokens that descend from it.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{from_json, to_json};
use crate::{
    clock::Timestamp,
    id::{FamilyId, OrganizationId, SessionId, Sid, UserId},
    oauth::{confirmation::Confirmation, requested_claims::RequestedClaims, scope::Scopes},
    secret::TokenHash,
    storage::{Error, Result, Revision, Row, Tx, sql},
};

/// One authorization of a person for a client in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    /// Its id.
    pub id: FamilyId,
    /// The client.
    pub client_id: String,
    /// The person.
    pub user: UserId,
    /// The organization.
    pub organization: OrganizationId,
    /// The session it began in.
    pub session: SessionId,
    /// That session in the organization.
    pub sid: Sid,
    /// Whether it outlives the session (`offline_access`).
    pub is_offline: bool,
    /// What was granted.
    pub scopes: Scopes,
    /// Resources that access tokens are for.
    pub resources: Vec<String>,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// Authentication context class reference.
    pub acr: String,
    /// Authentication methods.
    pub amr: Vec<String>,
    /// What only few say.
    pub particulars: Particulars,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// Whether its session is at a shared workstation.
    pub is_at_station: bool,
    /// When its session began; none for one that has none.
    pub session_began_at: Option<Timestamp>,
    /// When its session ends, or has ended; none for one that outlives it.
    pub session_end: Option<Timestamp>,
}

/// What few authorizations say beyond scope and resources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Particulars {
    /// The key that its refresh tokens are bound to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    /// What was granted in detail (RFC 9396).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    /// The parameter `claims` (OpenID Connect Core 1.0 §5.5).
    #[serde(skip_serializing_if = "is_nothing")]
    pub claims: RequestedClaims,
    /// Who acts for the person (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Value>,
    /// The authorization that it was exchanged for a token of, and ends with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<FamilyId>,
}

fn is_nothing(claims: &RequestedClaims) -> bool {
    *claims == RequestedClaims::default()
}

impl Particulars {
    /// As it is stored: nothing for the many that say nothing.
    fn to_stored(&self) -> Option<String> {
        (*self != Self::default()).then(|| to_json(self))
    }
}

impl Family {
    /// The scopes that bring what its tokens, or userinfo, tell of the person.
    #[must_use]
    pub fn told(&self) -> Cow<'_, Scopes> {
        let claims = &self.particulars.claims;
        if is_nothing(claims) { Cow::Borrowed(&self.scopes) } else { Cow::Owned(self.scopes.union(&claims.scopes())) }
    }

    /// Whether tokens of it still count.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at && self.session_end.is_none_or(|end| now < end)
    }
}

/// Selects columns of what belongs to a family `f`, with all that [`family`] reads.
macro_rules! select_with_family {
    ($from:literal, $columns:literal, $condition:literal) => {
        concat!(
            "SELECT ",
            $columns,
            ", f.id, f.client_id, f.user_id, f.organization_id, f.session_id, f.sid, f.offline, f.scope, f.resources, \
             f.auth_time, f.acr, f.amr, f.particulars, f.created_at AS family_created_at, f.expires_at AS family_expires_at, \
             f.revoked_at, s.created_at AS session_created_at, s.station_id, s.expires_at AS session_expires_at, s.ended_at AS session_ended_at \
             FROM ",
            $from,
            " LEFT JOIN sessions AS s ON s.id = f.session_id WHERE ",
            $condition
        )
    };
}
pub(super) use select_with_family;

/// Marks a row of a table as used at `$2`, found by its hash `$1`: one of those that try, while its family lives.
macro_rules! take_once {
    ($table:literal) => {
        concat!(
            "UPDATE ",
            $table,
            " SET used_at = $2 \
             WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 \
             AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.revoked_at IS NULL) \
             RETURNING family_id"
        )
    };
}
pub(super) use take_once;

/// Runs [`take_once`]; whether this one was it.
pub(super) async fn taken(tx: &mut Tx, statement: &'static str, hash: TokenHash, now: Timestamp) -> Result<bool> {
    let row = sql(statement).bind(hash.to_vec()).bind(now.0).fetch_optional(tx.connection()).await?;
    Ok(row.is_some())
}

/// Where a session was used before a new family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Before {
    /// Its `sid` in the organization of the family.
    pub sid: Option<Sid>,
    /// Whether the person used the app in another organization last, or, where they did not use it yet, works in others
    /// but not in this one.
    pub is_switch: bool,
}

/// The organizations of a session, and the one in which it used an app last. Ids sort by time: the last is one step in the
/// index, however long the session has been used.
const BEFORE: &str = "SELECT organization_id, sid, CAST(0 AS BIGINT) AS is_last FROM session_organizations \
                      WHERE session_id = $1 AND ended_at IS NULL \
                      UNION ALL SELECT organization_id, CAST(NULL AS TEXT), CAST(1 AS BIGINT) FROM ( \
                        SELECT organization_id FROM families \
                        WHERE session_id = $1 AND client_id = $2 \
                        ORDER BY id DESC LIMIT 1 \
                      ) AS last";

/// Queries of families.
pub struct Families<'t>(&'t mut Tx);

impl Tx {
    /// Families.
    pub fn families(&mut self) -> Families<'_> {
        Families(self)
    }
}

impl Families<'_> {
    /// Writes a new family. At once, not with the commit: whoever ends its session or withdraws consent in the same
    /// commit has to find it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, family: &Family) -> Result<()> {
        sql(
            "INSERT INTO families (id, client_id, user_id, organization_id, session_id, sid, offline, scope, resources, \
             auth_time, acr, amr, created_at, expires_at, particulars, parent_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        )
        .bind(family.id.as_str().to_owned())
        .bind(family.client_id.clone())
        .bind(family.user.as_str().to_owned())
        .bind(family.organization.as_str().to_owned())
        .bind(family.session.as_str().to_owned())
        .bind(family.sid.as_str().to_owned())
        .bind(i64::from(family.is_offline))
        .bind(family.scopes.to_string())
        .bind(to_json(&family.resources))
        .bind(family.auth_time.0)
        .bind(family.acr.clone())
        .bind(family.amr.join(" "))
        .bind(family.created_at.0)
        .bind(family.expires_at.0)
        .bind(family.particulars.to_stored())
        .bind(family.particulars.parent.as_ref().map(|parent| parent.as_str().to_owned()))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Writes what a family is bound to, as it was learned when its code was redeemed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bind(&mut self, family: &Family) -> Result<()> {
        sql("UPDATE families SET particulars = $2 WHERE id = $1")
            .bind(family.id.as_str().to_owned())
            .bind(family.particulars.to_stored())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// A family with the end of its session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, id: &FamilyId) -> Result<Option<Family>> {
        let row = sql(select_with_family!("families AS f", "1 AS own", "f.id = $1"))
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(family).transpose()
    }

    /// Whether a family is not revoked, and keeps it so until the commit.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&mut self, id: &FamilyId) -> Result<bool> {
        let held = sql("UPDATE families SET expires_at = expires_at WHERE id = $1 AND revoked_at IS NULL")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(held == 1)
    }

    /// Revokes a family with all its tokens, and those that were exchanged for them elsewhere; `false` when it was revoked
    /// before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(&mut self, id: &FamilyId, now: Timestamp) -> Result<bool> {
        let revoked =
            sql("UPDATE families SET revoked_at = $2 WHERE (id = $1 OR parent_id = $1) AND revoked_at IS NULL")
                .bind(id.as_str().to_owned())
                .bind(now.0)
                .execute(self.0.connection())
                .await?;
        // What was revoked before is known to every cache: a replay that is repeated costs nobody anything.
        if revoked > 0 {
            self.0.bump(Revision::Revocations);
        }
        Ok(revoked > 0)
    }

    /// Revokes what a person allowed a client: its families and the consent itself. How many families ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_of_client(&mut self, user: &UserId, client: &str, now: Timestamp) -> Result<u64> {
        let revoked = sql("UPDATE families SET revoked_at = $3 \
             WHERE user_id = $1 AND client_id = $2 AND revoked_at IS NULL")
        .bind(user.as_str().to_owned())
        .bind(client.to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        self.0.bump(Revision::Revocations);
        Ok(revoked)
    }

    /// Revokes every family of a client (it was disabled).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke_all_of_client(&mut self, client: &str, now: Timestamp) -> Result<()> {
        sql("UPDATE families SET revoked_at = $2 WHERE client_id = $1 AND revoked_at IS NULL")
            .bind(client.to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        self.0.bump(Revision::Revocations);
        Ok(())
    }

    /// An authorization that was begun elsewhere for a token of `parent`, like `family` in all but its age, that still
    /// counts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn twin(&mut self, family: &Family, parent: &FamilyId, now: Timestamp) -> Result<Option<Family>> {
        let row = sql(select_with_family!(
            "families AS f",
            "f.parent_id",
            "f.parent_id = $1 AND f.client_id = $2 AND f.organization_id = $3 AND f.scope = $4 AND f.expires_at = $5 \
             AND f.particulars = $6 AND f.revoked_at IS NULL \
             ORDER BY f.id DESC \
             LIMIT 1"
        ))
        .bind(parent.as_str().to_owned())
        .bind(family.client_id.clone())
        .bind(family.organization.as_str().to_owned())
        .bind(family.scopes.to_string())
        .bind(family.expires_at.0)
        .bind(family.particulars.to_stored())
        .fetch_optional(self.0.connection())
        .await?;
        let twin = row.as_ref().map(self::family).transpose()?;
        Ok(twin.filter(|twin| twin.is_live(now) && twin.session == family.session))
    }

    /// The session that a `sid` belongs to.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session_of_sid(&mut self, sid: &Sid) -> Result<Option<SessionId>> {
        let row = sql("SELECT session_id FROM session_organizations WHERE sid = $1")
            .bind(sid.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.map(|row| row.try_get("session_id")).transpose()?.map(SessionId::from_stored))
    }

    /// Where the session of a new family was used before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn before(&mut self, new: &Family) -> Result<Before> {
        let rows = sql(BEFORE)
            .bind(new.session.as_str().to_owned())
            .bind(new.client_id.clone())
            .fetch_all(self.0.connection())
            .await?;
        let (mut sid, mut others, mut last_is_other) = (None, false, None);
        for row in &rows {
            let is_here = row.try_get::<String>("organization_id")? == new.organization.as_str();
            if row.try_get::<i64>("is_last")? == 1 {
                last_is_other = Some(!is_here);
            } else if is_here {
                sid = row.try_get::<Option<String>>("sid")?.map(Sid::from_stored);
            } else {
                others = true;
            }
        }
        let is_switch = last_is_other.unwrap_or(others && sid.is_none());
        Ok(Before { sid, is_switch })
    }
}

/// The family in a row of [`select_with_family`].
pub(super) fn family(row: &Row) -> Result<Family> {
    let text = |column: &'static str| row.try_get::<String>(column);
    let amr = text("amr")?;
    let particulars = row.try_get::<Option<&str>>("particulars")?;
    let is_offline = row.try_get::<i64>("offline")? != 0;
    let present = |value: Option<String>, column| value.ok_or(Error::Corrupt(column));
    let ended = [row.try_get::<Option<i64>>("session_expires_at")?, row.try_get("session_ended_at")?];
    Ok(Family {
        id: FamilyId::from_stored(text("id")?),
        client_id: text("client_id")?,
        user: UserId::from_stored(text("user_id")?),
        organization: OrganizationId::from_stored(present(
            row.try_get("organization_id")?,
            "families.organization_id",
        )?),
        session: SessionId::from_stored(text("session_id")?),
        sid: Sid::from_stored(present(row.try_get("sid")?, "families.sid")?),
        is_offline,
        scopes: text("scope")?.split_whitespace().map(str::to_owned).collect(),
        resources: from_json(&text("resources")?, "families.resources")?,
        auth_time: Timestamp(row.try_get("auth_time")?),
        acr: text("acr")?,
        amr: amr.split_whitespace().map(str::to_owned).collect(),
        particulars: particulars
            .map_or_else(|| Ok(Particulars::default()), |text| from_json(text, "families.particulars"))?,
        created_at: Timestamp(row.try_get("family_created_at")?),
        expires_at: Timestamp(row.try_get("family_expires_at")?),
        revoked_at: row.try_get::<Option<i64>>("revoked_at")?.map(Timestamp),
        is_at_station: row.try_get::<Option<String>>("station_id")?.is_some(),
        session_began_at: row.try_get::<Option<i64>>("session_created_at")?.map(Timestamp),
        // A session that is gone from the database has ended at the beginning of time.
        session_end: (!is_offline).then(|| Timestamp(ended.into_iter().flatten().min().unwrap_or(0))),
    })
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::storage::{Engine, testing::databases};

    #[tokio::test(flavor = "multi_thread")]
    async fn the_last_use_of_a_long_session_is_one_step_in_an_index() {
        for database in databases().await {
            let mut tx = database.storage.read().await.unwrap();
            let (explain, column) = match database.storage.engine() {
                Engine::Sqlite => ("EXPLAIN QUERY PLAN", 3),
                Engine::Postgres => {
                    tx.run("SET enable_seqscan = off").await.unwrap();
                    ("EXPLAIN", 0)
                }
            };
            let statement = format!("{explain} {BEFORE}");
            let rows = sql(statement).bind("s").bind("c").fetch_all(tx.connection()).await.unwrap();
            let plan: Vec<String> = rows.iter().map(|row| row.try_get(column).unwrap()).collect();
            let plan = plan.join("\n");
            assert!(plan.contains("families_by_session"), "{plan}");
            for costly in ["SCAN families", "Seq Scan on families", "TEMP B-TREE", "Sort"] {
                assert!(!plan.contains(costly), "{plan}");
            }
        }
    }
}
