//! Factors of people.

use crate::{
    authentication::factor::{Factor, Kind, totp::latest_step},
    clock::Timestamp,
    id::{FactorId, UserId},
    storage::{Error, Result, Row, Tx, sql},
};

/// More than anybody has.
const MOST: i64 = 50;

/// Codes are judged against so many apps: each more makes guessing easier.
const MOST_APPS: i64 = 5;

/// A secret of an authenticator app as it is kept.
#[derive(Debug, Clone)]
pub struct KeptSeed {
    /// Of which factor.
    pub factor: FactorId,
    /// The seed, sealed.
    pub sealed: Vec<u8>,
    /// The half minute of its last code.
    pub last_step: i64,
}

/// A passkey as it is kept.
#[derive(Debug, Clone)]
pub struct KeptKey {
    /// Of which factor.
    pub factor: FactorId,
    /// Whose it is.
    pub user: UserId,
    /// What was registered, sealed.
    pub sealed: Vec<u8>,
    /// Whether it was closed for good.
    pub is_closed: bool,
}

/// Queries of factors.
pub struct Factors<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Factors of people.
    pub fn factors(&mut self) -> Factors<'_> {
        Factors(self)
    }
}

impl Factors<'_> {
    /// Adds an authenticator app that counts once it is confirmed; one that waited before is forgotten.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn propose(&mut self, factor: &Factor, sealed: Vec<u8>) -> Result<()> {
        sql("DELETE FROM factors WHERE user_id = $1 AND confirmed_at IS NULL")
            .bind(factor.user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        sql("INSERT INTO factors (id, user_id, kind, name, sealed_secret, created_at) VALUES ($1, $2, $3, $4, $5, $6)")
            .bind(factor.id.as_str().to_owned())
            .bind(factor.user.as_str().to_owned())
            .bind(factor.kind.as_str())
            .bind(factor.name.clone())
            .bind(sealed)
            .bind(factor.created_at.0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// What waits to be confirmed, and was proposed after `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn proposed(&mut self, user: &UserId, id: &FactorId, since: Timestamp) -> Result<Option<KeptSeed>> {
        let row = sql("SELECT id, sealed_secret, last_step FROM factors \
             WHERE user_id = $1 AND id = $2 AND confirmed_at IS NULL AND created_at > $3")
        .bind(user.as_str().to_owned())
        .bind(id.as_str().to_owned())
        .bind(since.0)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(kept_seed).transpose()
    }

    /// It counts from now on; `false` where it does not wait any more.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn confirm(&mut self, id: &FactorId, (name, step): (&str, i64), now: Timestamp) -> Result<bool> {
        let confirmed = sql("UPDATE factors SET name = $2, last_step = $3, confirmed_at = $4, last_used_at = $4 \
             WHERE id = $1 AND confirmed_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(name.to_owned())
        .bind(step)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(confirmed == 1)
    }

    /// What a person has, oldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&mut self, user: &UserId) -> Result<Vec<Factor>> {
        // Codes are mailed to the address that was proved when they were set up: to another they prove nobody.
        let rows = sql("SELECT f.id, f.user_id, f.kind, f.name, f.created_at, f.last_used_at, \
             CASE WHEN f.closed_at IS NULL AND f.kind = 'email' \
                       AND (u.email IS NULL OR u.email_verified_at IS NULL OR u.email <> f.name) \
                  THEN f.created_at ELSE f.closed_at END AS closed_at \
             FROM factors f JOIN users u ON u.id = f.user_id \
             WHERE f.user_id = $1 AND f.confirmed_at IS NOT NULL \
             ORDER BY f.id \
             LIMIT $2")
        .bind(user.as_str().to_owned())
        .bind(MOST)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(factor).collect()
    }

    /// Whether a person has any; one that is closed counts: nobody falls back to a password alone.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_any(&mut self, user: &UserId) -> Result<bool> {
        let row = sql("SELECT id FROM factors WHERE user_id = $1 AND confirmed_at IS NOT NULL LIMIT 1")
            .bind(user.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        Ok(row.is_some())
    }

    /// The seeds of a person's authenticator apps.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn seeds(&mut self, user: &UserId) -> Result<Vec<KeptSeed>> {
        let rows = sql("SELECT id, sealed_secret, last_step FROM factors \
             WHERE user_id = $1 AND confirmed_at IS NOT NULL AND kind = 'totp' \
             ORDER BY id \
             LIMIT $2")
        .bind(user.as_str().to_owned())
        .bind(MOST_APPS)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(kept_seed).collect()
    }

    /// Adds a passkey, which counts at once; `false` where its device is registered already, with whomever.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_key(
        &mut self,
        factor: &Factor,
        (credential, counter): (&[u8], i64),
        sealed: Vec<u8>,
    ) -> Result<bool> {
        let added = sql("INSERT INTO factors \
             (id, user_id, kind, name, sealed_secret, credential_id, last_step, created_at, confirmed_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
             ON CONFLICT DO NOTHING")
        .bind(factor.id.as_str().to_owned())
        .bind(factor.user.as_str().to_owned())
        .bind(factor.kind.as_str())
        .bind(factor.name.clone())
        .bind(sealed)
        .bind(credential.to_vec())
        .bind(counter)
        .bind(factor.created_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(added == 1)
    }

    /// The passkeys of a person that are not closed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn keys(&mut self, user: &UserId) -> Result<Vec<KeptKey>> {
        let rows = sql("SELECT id, user_id, sealed_secret, closed_at FROM factors \
             WHERE user_id = $1 AND confirmed_at IS NOT NULL AND kind = 'passkey' AND closed_at IS NULL \
             ORDER BY id \
             LIMIT $2")
        .bind(user.as_str().to_owned())
        .bind(MOST)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(kept_key).collect()
    }

    /// The passkey that its device calls so, closed or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn key(&mut self, credential: &[u8]) -> Result<Option<KeptKey>> {
        let row = sql("SELECT id, user_id, sealed_secret, closed_at FROM factors WHERE credential_id = $1")
            .bind(credential.to_vec())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(kept_key).transpose()
    }

    /// A passkey was used and counts so far now; `false` where it is gone or closed, or had counted as far before: then
    /// there are two of it. One that does not count says zero.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_key(&mut self, id: &FactorId, counter: i64, sealed: Vec<u8>, now: Timestamp) -> Result<bool> {
        let used = sql("UPDATE factors SET last_step = $2, sealed_secret = $3, last_used_at = $4 \
             WHERE id = $1 AND closed_at IS NULL AND (last_step < $2 OR (last_step = 0 AND $2 = 0))")
        .bind(id.as_str().to_owned())
        .bind(counter)
        .bind(sealed)
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(used == 1)
    }

    /// Closes a passkey for good; `false` where it is gone, or was closed before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_key(&mut self, id: &FactorId, now: Timestamp) -> Result<bool> {
        let closed = sql("UPDATE factors SET closed_at = $2 WHERE id = $1 AND closed_at IS NULL")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(closed == 1)
    }

    /// A code of this half minute was taken; `false` where it or a later one was taken before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take_step(&mut self, id: &FactorId, step: i64, now: Timestamp) -> Result<bool> {
        let taken = sql("UPDATE factors SET last_step = $2, last_used_at = $3 \
             WHERE id = $1 AND (last_step < $2 OR last_step > $4)")
        .bind(id.as_str().to_owned())
        .bind(step)
        .bind(now.0)
        .bind(latest_step(now))
        .execute(self.0.connection())
        .await?;
        Ok(taken == 1)
    }

    /// Removes one; `false` where the person has none such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, user: &UserId, id: &FactorId) -> Result<bool> {
        let removed = sql("DELETE FROM factors WHERE user_id = $1 AND id = $2 AND confirmed_at IS NOT NULL")
            .bind(user.as_str().to_owned())
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(removed == 1)
    }

    /// Removes those that were confirmed at `since` or later, and whatever waits; says which counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_since(&mut self, user: &UserId, since: Timestamp) -> Result<Vec<FactorId>> {
        let rows = sql("DELETE FROM factors WHERE user_id = $1 AND (confirmed_at IS NULL OR confirmed_at >= $2) \
             RETURNING id, confirmed_at")
        .bind(user.as_str().to_owned())
        .bind(since.0)
        .fetch_all(self.0.connection())
        .await?;
        counted(&rows)
    }

    /// Removes all, and says which counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_all(&mut self, user: &UserId) -> Result<Vec<FactorId>> {
        let rows = sql("DELETE FROM factors WHERE user_id = $1 RETURNING id, confirmed_at")
            .bind(user.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        counted(&rows)
    }
}

pub(super) fn counted(rows: &[Row]) -> Result<Vec<FactorId>> {
    let mut counted = vec![];
    for row in rows {
        if row.try_get::<Option<i64>>("confirmed_at")?.is_some() {
            counted.push(FactorId::from_stored(row.try_get("id")?));
        }
    }
    Ok(counted)
}

fn kept_key(row: &Row) -> Result<KeptKey> {
    Ok(KeptKey {
        factor: FactorId::from_stored(row.try_get("id")?),
        user: UserId::from_stored(row.try_get("user_id")?),
        sealed: row.try_get("sealed_secret")?,
        is_closed: row.try_get::<Option<i64>>("closed_at")?.is_some(),
    })
}

fn kept_seed(row: &Row) -> Result<KeptSeed> {
    Ok(KeptSeed {
        factor: FactorId::from_stored(row.try_get("id")?),
        sealed: row.try_get("sealed_secret")?,
        last_step: row.try_get("last_step")?,
    })
}

fn factor(row: &Row) -> Result<Factor> {
    let kind: String = row.try_get("kind")?;
    Ok(Factor {
        id: FactorId::from_stored(row.try_get("id")?),
        user: UserId::from_stored(row.try_get("user_id")?),
        kind: Kind::stored(&kind).ok_or(Error::Corrupt("factors.kind"))?,
        name: row.try_get("name")?,
        created_at: Timestamp(row.try_get("created_at")?),
        last_used_at: row.try_get::<Option<i64>>("last_used_at")?.map(Timestamp),
        closed_at: row.try_get::<Option<i64>>("closed_at")?.map(Timestamp),
    })
}
