//! Cookies of sessions that are bound to a device: each gets another secret every few minutes. Whoever brings an old one after
//! its successor was used has a copy, or is the one who was copied from.

use super::{Sessions, sessions::session};
use crate::{
    clock::Timestamp,
    id::SessionId,
    secret::TokenHash,
    session::{Rotation, Session},
    storage::{Result, sql},
};

impl Sessions<'_> {
    /// How the cookie of a session was last changed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotation(&mut self, id: &SessionId) -> Result<Rotation> {
        let row = sql("SELECT rotated_at, successor_used_at FROM sessions WHERE id = $1")
            .bind(id.as_str().to_owned())
            .fetch_one(self.0.connection())
            .await?;
        Ok(Rotation {
            rotated_at: row.try_get::<Option<i64>>("rotated_at")?.map(Timestamp),
            successor_used_at: row.try_get::<Option<i64>>("successor_used_at")?.map(Timestamp),
        })
    }

    /// The session whose cookie held this secret before it got the present one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_former_token(&mut self, token: TokenHash) -> Result<Option<Session>> {
        let row = sql(
            "SELECT id, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address, station_id, completed_at, signals, ended_at, upstream_id, upstream_organization_id, upstream_session \
             FROM sessions \
             WHERE former_token_hash = $1",
        )
        .bind(token.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(session).transpose()
    }

    /// Gives a session another secret in place of `present`, which is kept as the former one; `false` when somebody else did.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate(
        &mut self,
        id: &SessionId,
        (present, next): (TokenHash, TokenHash),
        now: Timestamp,
    ) -> Result<bool> {
        let done = sql("UPDATE sessions SET former_token_hash = token_hash, token_hash = $3, rotated_at = $4, \
             successor_used_at = NULL WHERE id = $1 AND token_hash = $2 AND ended_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(present.to_vec())
        .bind(next.to_vec())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// The answer with the present secret was lost: another one takes its place, unless that was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rotate_again(
        &mut self,
        id: &SessionId,
        (former, next): (TokenHash, TokenHash),
        now: Timestamp,
    ) -> Result<bool> {
        let done = sql("UPDATE sessions SET token_hash = $3, rotated_at = $4 \
             WHERE id = $1 AND former_token_hash = $2 AND successor_used_at IS NULL AND ended_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(former.to_vec())
        .bind(next.to_vec())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// The present secret has come back.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn note_successor(&mut self, id: &SessionId, present: TokenHash, now: Timestamp) -> Result<()> {
        sql("UPDATE sessions SET successor_used_at = $3 \
             WHERE id = $1 AND token_hash = $2 AND successor_used_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(present.to_vec())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}
