//! Requests that a person decides about elsewhere while the client asks again and again. Decided once, redeemed once.

use std::time::Duration;

use super::{from_json, to_json};
use crate::{
    clock::Timestamp,
    id::{DeferredId, FamilyId, UserId},
    oauth::{scope::Scopes, user_code::UserCode},
    secret::TokenHash,
    storage::{Error, Result, Row, Tx, sql},
};

/// Such a request.
#[derive(Debug, Clone)]
pub struct DeferredRequest {
    /// Its id, by which the person's pages name it.
    pub id: DeferredId,
    /// The hash of the device code or `auth_req_id`.
    pub hash: TokenHash,
    /// Who asks.
    pub client_id: String,
    /// Who is asked.
    pub asks: Asks,
    /// Id or slug of the organization, as it was asked for.
    pub organization: Option<String>,
    /// What is granted if the person agrees.
    pub scopes: Scopes,
    /// Resources that access tokens are for.
    pub resources: Vec<String>,
    /// The least time between two questions, in seconds.
    pub interval: i64,
    /// When the client asked last.
    pub polled_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// What became of it.
    pub decision: Decision,
}

/// Whom a request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// Whoever types the code that a device shows (RFC 8628).
    Whoever(UserCode),
    /// A person, who sees the message (CIBA).
    Person {
        /// Who.
        user: UserId,
        /// What the client wants them to recognise.
        binding_message: Option<String>,
        /// With what the client is told of the decision, sealed.
        notification: Option<Vec<u8>>,
    },
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing yet.
    Pending,
    /// The person said no.
    Refused,
    /// The person said yes.
    Allowed(FamilyId),
    /// The client has its tokens.
    Redeemed(FamilyId),
}

/// Queries of deferred requests.
pub struct DeferredRequests<'t>(&'t mut Tx);

impl Tx {
    /// Deferred requests.
    pub fn deferred_requests(&mut self) -> DeferredRequests<'_> {
        DeferredRequests(self)
    }
}

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT id, hash, client_id, user_code, user_id, organization, scope, resources, binding_message, \
             notification_token, interval_seconds, polled_at, created_at, expires_at, family_id, refused_at, used_at \
             FROM deferred_requests WHERE ",
            $condition
        )
    };
}

impl DeferredRequests<'_> {
    /// Writes a new request; `false` when its user code is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, request: &DeferredRequest) -> Result<bool> {
        let (user_code, user, message, sealed) = match request.asks.clone() {
            Asks::Whoever(code) => (Some(code.as_str().to_owned()), None, None, None),
            Asks::Person { user, binding_message, notification } => {
                (None, Some(user.as_str().to_owned()), binding_message, notification)
            }
        };
        let written = sql(
            "INSERT INTO deferred_requests (id, hash, client_id, user_code, user_id, organization, scope, resources, \
             binding_message, interval_seconds, created_at, expires_at, notification_token) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) \
             ON CONFLICT DO NOTHING",
        )
        .bind(request.id.as_str().to_owned())
        .bind(request.hash.to_vec())
        .bind(request.client_id.clone())
        .bind(user_code)
        .bind(user)
        .bind(request.organization.clone())
        .bind(request.scopes.to_string())
        .bind(to_json(&request.resources))
        .bind(message)
        .bind(request.interval)
        .bind(request.created_at.0)
        .bind(request.expires_at.0)
        .bind(sealed)
        .execute(self.0.connection())
        .await?;
        Ok(written == 1)
    }

    /// The request of a device code or `auth_req_id`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_hash(&mut self, hash: TokenHash) -> Result<Option<DeferredRequest>> {
        let row = sql(select!("hash = $1")).bind(hash.to_vec()).fetch_optional(self.0.connection()).await?;
        row.as_ref().map(deferred).transpose()
    }

    /// The request of a user code that waits for a decision.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_by_user_code(&mut self, code: &UserCode, now: Timestamp) -> Result<Option<DeferredRequest>> {
        let row = sql(select!("user_code = $1 AND expires_at > $2 AND family_id IS NULL AND refused_at IS NULL"))
            .bind(code.as_str().to_owned())
            .bind(now.0)
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(deferred).transpose()
    }

    /// What waits for a person's decision, the newest first; at most 50.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_of_user(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<DeferredRequest>> {
        let rows = sql(select!(
            "user_id = $1 AND expires_at > $2 AND family_id IS NULL AND refused_at IS NULL ORDER BY id DESC LIMIT 50"
        ))
        .bind(user.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(deferred).collect()
    }

    /// Notes that the person is told of a request by mail; `false` when they were told of one less than `pause` ago.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn mail(&mut self, (id, user): (&DeferredId, &UserId), pause: Duration, now: Timestamp) -> Result<bool> {
        let marked = sql("UPDATE deferred_requests SET mailed_at = $2 \
             WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM deferred_requests WHERE user_id = $3 AND mailed_at > $4)")
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .bind(user.as_str().to_owned())
        .bind(now.minus(pause).0)
        .execute(self.0.connection())
        .await?;
        Ok(marked == 1)
    }

    /// Notes that the client asked; `false` when it asked too soon, from when on it has to wait `more` seconds longer.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn poll(&mut self, hash: TokenHash, now: Timestamp, (grace, more): (i64, i64)) -> Result<bool> {
        let in_time = sql("UPDATE deferred_requests SET polled_at = $2 \
             WHERE hash = $1 AND (polled_at IS NULL OR polled_at + interval_seconds * 1000 <= $3)")
        .bind(hash.to_vec())
        .bind(now.0)
        .bind(now.0 + grace)
        .execute(self.0.connection())
        .await?;
        if in_time == 1 {
            return Ok(true);
        }
        sql("UPDATE deferred_requests SET polled_at = $2, interval_seconds = interval_seconds + $3 WHERE hash = $1")
            .bind(hash.to_vec())
            .bind(now.0)
            .bind(more)
            .execute(self.0.connection())
            .await?;
        Ok(false)
    }

    /// Writes down the decision, `None` for no; `false` when somebody decided before, or it has expired.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decide(&mut self, id: &DeferredId, family: Option<&FamilyId>, now: Timestamp) -> Result<bool> {
        let refused_at = family.is_none().then_some(now.0);
        let decided = sql("UPDATE deferred_requests SET family_id = $2, refused_at = $3 \
             WHERE id = $1 AND family_id IS NULL AND refused_at IS NULL AND expires_at > $4")
        .bind(id.as_str().to_owned())
        .bind(family.map(|family| family.as_str().to_owned()))
        .bind(refused_at)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(decided == 1)
    }

    /// Marks an allowed request redeemed; `false` for all but one of those that try, and once its family was revoked.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, hash: TokenHash, now: Timestamp) -> Result<bool> {
        let taken = sql("UPDATE deferred_requests SET used_at = $2 \
             WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 \
             AND EXISTS (SELECT 1 FROM families f WHERE f.id = family_id AND f.revoked_at IS NULL)")
        .bind(hash.to_vec())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(taken == 1)
    }
}

fn deferred(row: &Row) -> Result<DeferredRequest> {
    let text = |column: &'static str| row.try_get::<String>(column);
    let some = |column: &'static str| row.try_get::<Option<String>>(column);
    let at = |column: &'static str| Ok::<_, Error>(row.try_get::<Option<i64>>(column)?.map(Timestamp));
    let corrupt = |column| Error::Corrupt(column);
    let asks = match (some("user_code")?, some("user_id")?) {
        (Some(code), None) => Asks::Whoever(code.parse().map_err(|_| corrupt("deferred_requests.user_code"))?),
        (None, Some(user)) => Asks::Person {
            user: UserId::from_stored(user),
            binding_message: some("binding_message")?,
            notification: row.try_get("notification_token")?,
        },
        _ => return Err(corrupt("deferred_requests.user_id")),
    };
    let decision = match (some("family_id")?.map(FamilyId::from_stored), at("refused_at")?, at("used_at")?) {
        (None, None, _) => Decision::Pending,
        (None, Some(_), _) => Decision::Refused,
        (Some(family), _, None) => Decision::Allowed(family),
        (Some(family), _, Some(_)) => Decision::Redeemed(family),
    };
    Ok(DeferredRequest {
        id: DeferredId::from_stored(text("id")?),
        hash: TokenHash::from_stored(&row.try_get::<Vec<u8>>("hash")?).ok_or(corrupt("deferred_requests.hash"))?,
        client_id: text("client_id")?,
        asks,
        organization: some("organization")?,
        scopes: text("scope")?.split_whitespace().map(str::to_owned).collect(),
        resources: from_json(&text("resources")?, "deferred_requests.resources")?,
        interval: row.try_get("interval_seconds")?,
        polled_at: at("polled_at")?,
        created_at: Timestamp(row.try_get("created_at")?),
        expires_at: Timestamp(row.try_get("expires_at")?),
        decision,
    })
}
