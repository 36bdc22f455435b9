//! The table `signing_keys`: rows are added and marked, never deleted.

use crate::{
    clock::Timestamp,
    keys::{
        Algorithm, KeyId,
        life_cycle::{Key, Start, State},
    },
    storage::{Error, Result, Row, Tx, sql},
};

/// A key as it is stored.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// Its name, algorithm and station of life.
    pub key: Key,
    /// The public half, as JSON (RFC 7517).
    pub public_jwk: String,
    /// The private half, sealed; none once the key signs no longer.
    pub sealed_private: Option<Vec<u8>>,
    /// When it was declared to be in other hands.
    pub revoked_at: Option<Timestamp>,
}

/// A key that was made and not stored yet.
#[derive(Debug, Clone)]
pub struct FreshKey {
    /// Its `kid`.
    pub id: KeyId,
    /// Its `alg`.
    pub algorithm: Algorithm,
    /// The public half, as JSON.
    pub public_jwk: String,
    /// The private half, sealed.
    pub sealed_private: Vec<u8>,
}

impl Tx {
    /// The signing keys.
    pub fn signing_keys(&mut self) -> SigningKeys<'_> {
        SigningKeys(self)
    }
}

/// Reads and changes signing keys. A change that finds the key in another station changes nothing and says so.
pub struct SigningKeys<'t>(&'t mut Tx);

impl SigningKeys<'_> {
    /// All keys, those that are gone too, oldest first.
    ///
    /// # Errors
    /// When the database fails or holds a key that Lanyard did not write.
    pub async fn all(&mut self) -> Result<Vec<StoredKey>> {
        self.select(
            "SELECT kid, algorithm, public_jwk, sealed_private, published_at, activated_at, retired_at, removed_at, revoked_at
             FROM signing_keys
             ORDER BY published_at, kid",
        )
        .await
    }

    /// The keys of the JWKS, oldest first.
    ///
    /// # Errors
    /// As [`Self::all`].
    pub async fn published(&mut self) -> Result<Vec<StoredKey>> {
        self.select(
            "SELECT kid, algorithm, public_jwk, sealed_private, published_at, activated_at, retired_at, removed_at, revoked_at
             FROM signing_keys
             WHERE removed_at IS NULL
             ORDER BY published_at, kid",
        )
        .await
    }

    /// The public half, as JSON, of a key that is ours, published or gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn public_jwk(&mut self, id: &KeyId) -> Result<Option<String>> {
        let row = sql("SELECT public_jwk FROM signing_keys WHERE kid = $1").bind(id.as_str());
        let row = row.fetch_optional(self.0.connection()).await?;
        row.map(|row| row.try_get("public_jwk")).transpose()
    }

    async fn select(&mut self, statement: &'static str) -> Result<Vec<StoredKey>> {
        let rows = sql(statement).fetch_all(self.0.connection()).await?;
        rows.iter().map(stored_key).collect()
    }

    /// Stores a new key; `false` when the algorithm has one in that station already.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn insert(&mut self, key: &FreshKey, start: Start, now: Timestamp) -> Result<bool> {
        let activated_at = match start {
            Start::Now => Some(now.0),
            Start::AfterPublication => None,
        };
        let row =
            sql("INSERT INTO signing_keys (kid, algorithm, public_jwk, sealed_private, published_at, activated_at)
             VALUES ($1, $2, $3, $4, $5, $6)
             ON CONFLICT DO NOTHING
             RETURNING kid")
            .bind(key.id.as_str())
            .bind(key.algorithm.name())
            .bind(key.public_jwk.as_str())
            .bind(key.sealed_private.as_slice())
            .bind(now.0)
            .bind(activated_at)
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_some())
    }

    /// Next → current. The current key of the algorithm must have been retired before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn activate(&mut self, id: &KeyId, now: Timestamp) -> Result<bool> {
        self.mark(
            "UPDATE signing_keys
             SET activated_at = $1
             WHERE kid = $2 AND activated_at IS NULL AND removed_at IS NULL
             RETURNING kid",
            id,
            now,
        )
        .await
    }

    /// Current → retiring; forgets the private half.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn retire(&mut self, id: &KeyId, now: Timestamp) -> Result<bool> {
        self.mark(
            "UPDATE signing_keys
             SET retired_at = $1, sealed_private = NULL
             WHERE kid = $2 AND activated_at IS NOT NULL AND retired_at IS NULL AND removed_at IS NULL
             RETURNING kid",
            id,
            now,
        )
        .await
    }

    /// Next or retiring → gone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, id: &KeyId, now: Timestamp) -> Result<bool> {
        self.mark(
            "UPDATE signing_keys
             SET removed_at = $1, sealed_private = NULL
             WHERE kid = $2 AND removed_at IS NULL AND (activated_at IS NULL OR retired_at IS NOT NULL)
             RETURNING kid",
            id,
            now,
        )
        .await
    }

    /// Any station → gone, and marked as given away.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn revoke(&mut self, id: &KeyId, now: Timestamp) -> Result<bool> {
        self.mark(
            "UPDATE signing_keys
             SET removed_at = $1, revoked_at = $1, sealed_private = NULL
             WHERE kid = $2 AND removed_at IS NULL
             RETURNING kid",
            id,
            now,
        )
        .await
    }

    async fn mark(&mut self, statement: &'static str, id: &KeyId, now: Timestamp) -> Result<bool> {
        let row = sql(statement).bind(now.0).bind(id.as_str()).fetch_optional(self.0.connection()).await?;
        Ok(row.is_some())
    }
}

fn stored_key(row: &Row) -> Result<StoredKey> {
    let at = |column| Ok::<_, Error>(row.try_get::<Option<i64>>(column)?.map(Timestamp));
    let state = match (at("activated_at")?, at("retired_at")?, at("removed_at")?) {
        (_, _, Some(_)) => State::Gone,
        (_, Some(since), None) => State::Retiring { since },
        (Some(since), None, None) => State::Current { since },
        (None, None, None) => State::Next,
    };
    let key = Key {
        id: KeyId::from_text(row.try_get("kid")?),
        algorithm: row.try_get::<&str>("algorithm")?.parse().map_err(|_| Error::Corrupt("signing_keys.algorithm"))?,
        published_at: Timestamp(row.try_get("published_at")?),
        state,
    };
    Ok(StoredKey {
        key,
        public_jwk: row.try_get("public_jwk")?,
        sealed_private: row.try_get("sealed_private")?,
        revoked_at: at("revoked_at")?,
    })
}
