//! Codes that were sent to people. What is sealed in a row is the hash of the code with the address that it went to behind it.

use std::time::Duration;

use crate::{
    authentication::factor::{Kind, sent_code::TRIES},
    clock::Timestamp,
    id::{SentCodeId, SessionId, UserId},
    secret::TokenHash,
    session::AHEAD,
    storage::{Result, Row, Tx, sql},
};

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The second step of a sign-in.
    SignIn,
    /// Proving an address, so that codes are sent there from then on.
    SetUp,
}

impl Purpose {
    /// As stored.
    const fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SetUp => "set-up",
        }
    }
}

/// A code that waits to be typed.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// Its id.
    pub id: SentCodeId,
    /// Its hash and where it went, sealed.
    pub sealed: Vec<u8>,
}

/// Whose code it is, where and what for.
#[derive(Debug, Clone, Copy)]
pub struct Place<'p> {
    /// The person.
    pub user: &'p UserId,
    /// The session that it was asked for in.
    pub session: &'p SessionId,
    /// By which way it was sent.
    pub kind: Kind,
    /// What for.
    pub purpose: Purpose,
}

/// Queries of codes that were sent.
pub struct SentCodes<'t>(&'t mut Tx);

impl Tx {
    /// Codes that were sent.
    pub fn sent_codes(&mut self) -> SentCodes<'_> {
        SentCodes(self)
    }
}

impl SentCodes<'_> {
    /// When codes were sent to a person within so long, the latest first. What a clock ahead wrote down is not counted.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sent(
        &mut self,
        user: &UserId,
        (within, most): (Duration, usize),
        now: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let rows = sql("SELECT sent_at FROM sent_codes \
             WHERE user_id = $1 AND sent_at > $2 AND sent_at <= $3 \
             ORDER BY sent_at DESC \
             LIMIT $4")
        .bind(user.as_str().to_owned())
        .bind(now.minus(within).0)
        .bind(now.plus(AHEAD).0)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(Timestamp(row.try_get("sent_at")?))).collect()
    }

    /// The same of codes that were sent to one telephone, whoever asked for them.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named(
        &mut self,
        target: TokenHash,
        (within, most): (Duration, usize),
        now: Timestamp,
    ) -> Result<Vec<Timestamp>> {
        let rows = sql("SELECT sent_at FROM sent_codes \
             WHERE target = $1 AND purpose = 'set-up' AND sent_at > $2 AND sent_at <= $3 \
             ORDER BY sent_at DESC \
             LIMIT $4")
        .bind(target.to_vec())
        .bind(now.minus(within).0)
        .bind(now.plus(AHEAD).0)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(Timestamp(row.try_get("sent_at")?))).collect()
    }

    /// How many codes of a kind were sent since, at most `most`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(
        &mut self,
        (kind, purpose): (Kind, Option<Purpose>),
        (since, now): (Timestamp, Timestamp),
        most: u64,
    ) -> Result<u64> {
        let row = sql("SELECT COUNT(*) AS count FROM \
             (SELECT id FROM sent_codes WHERE kind = $1 AND sent_at > $2 AND sent_at <= $3 \
               AND (purpose = $5 OR $5 = '') LIMIT $4) AS c")
        .bind(kind.as_str())
        .bind(since.0)
        .bind(now.plus(AHEAD).0)
        .bind(i64::try_from(most).unwrap_or(i64::MAX))
        .bind(purpose.map_or("", Purpose::as_str))
        .fetch_one(self.0.connection())
        .await?;
        Ok(u64::try_from(row.try_get::<i64>("count")?).unwrap_or(0))
    }

    /// Adds a code; one that waited in the same place is void.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add(
        &mut self,
        (code, target): (&Waiting, Option<TokenHash>),
        place: Place<'_>,
        now: Timestamp,
    ) -> Result<()> {
        sql("UPDATE sent_codes SET ended_at = $5 \
             WHERE user_id = $1 AND session_id = $2 AND kind = $3 AND purpose = $4 AND ended_at IS NULL")
        .bind(place.user.as_str().to_owned())
        .bind(place.session.as_str().to_owned())
        .bind(place.kind.as_str())
        .bind(place.purpose.as_str())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        sql("INSERT INTO sent_codes (id, user_id, session_id, kind, purpose, sealed_code, sent_at, target) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)")
        .bind(code.id.as_str().to_owned())
        .bind(place.user.as_str().to_owned())
        .bind(place.session.as_str().to_owned())
        .bind(place.kind.as_str())
        .bind(place.purpose.as_str())
        .bind(code.sealed.clone())
        .bind(now.0)
        .bind(target.map(TokenHash::to_vec))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// The code that waits there and was sent after `since`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn waiting(&mut self, place: Place<'_>, (since, now): (Timestamp, Timestamp)) -> Result<Option<Waiting>> {
        let row = sql("SELECT id, sealed_code FROM sent_codes \
             WHERE user_id = $1 AND session_id = $2 AND kind = $3 AND purpose = $4 \
             AND ended_at IS NULL AND sent_at > $5 AND sent_at <= $6 AND tries < $7")
        .bind(place.user.as_str().to_owned())
        .bind(place.session.as_str().to_owned())
        .bind(place.kind.as_str())
        .bind(place.purpose.as_str())
        .bind(since.0)
        .bind(now.plus(AHEAD).0)
        .bind(TRIES)
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(waiting).transpose()
    }

    /// Counts a try; `false` where there were as many as there may be, or the code was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count_try(&mut self, id: &SentCodeId) -> Result<bool> {
        let counted = sql("UPDATE sent_codes SET tries = tries + 1 WHERE id = $1 AND ended_at IS NULL AND tries < $2")
            .bind(id.as_str().to_owned())
            .bind(TRIES)
            .execute(self.0.connection())
            .await?;
        Ok(counted == 1)
    }

    /// Uses a code up; of two at once, one gets it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self, id: &SentCodeId, now: Timestamp) -> Result<bool> {
        let taken = sql("UPDATE sent_codes SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .execute(self.0.connection())
            .await?;
        Ok(taken == 1)
    }
}

fn waiting(row: &Row) -> Result<Waiting> {
    Ok(Waiting { id: SentCodeId::from_stored(row.try_get("id")?), sealed: row.try_get("sealed_code")? })
}

#[cfg(test)]
mod tests;
