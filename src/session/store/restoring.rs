//! After a restore from backup: whatever let somebody in before lets nobody in any more.

use super::Sessions;
use crate::{
    audit::Context,
    session::EndReason,
    storage::{Result, Revision, sql},
};

/// What was made void.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Voided {
    /// Sessions that were signed in.
    pub sessions: u64,
    /// Families of refresh tokens.
    pub families: u64,
    /// Authorization codes that were not used yet.
    pub codes: u64,
    /// Opaque access tokens.
    pub access_tokens: u64,
    /// Mailed links for a new password or address. One that was used since the backup would work a second time.
    pub links: u64,
    /// Recovery codes, for the same reason.
    pub recovery_codes: u64,
}

impl Sessions<'_> {
    /// Ends every session, and voids all codes, tokens, mailed links and recovery codes; `offline_access` or not. Apps are not told: a backup
    /// is also restored to try it, and their sessions are not that copy's.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn void_all(&mut self, context: &Context) -> Result<Voided> {
        let now = context.now.0;
        let sessions = sql("UPDATE sessions SET ended_at = $1, end_reason = $2 WHERE ended_at IS NULL")
            .bind(now)
            .bind(EndReason::Restore.as_str())
            .execute(self.0.connection())
            .await?;
        self.mark("UPDATE session_organizations SET ended_at = $1 WHERE ended_at IS NULL", now).await?;
        let voided = Voided {
            sessions,
            families: self.mark("UPDATE families SET revoked_at = $1 WHERE revoked_at IS NULL", now).await?,
            codes: self.mark("UPDATE authorization_codes SET used_at = $1 WHERE used_at IS NULL", now).await?,
            access_tokens: self.mark("UPDATE access_tokens SET revoked_at = $1 WHERE revoked_at IS NULL", now).await?,
            links: self.mark("UPDATE mailed_links SET used_at = $1 WHERE used_at IS NULL", now).await?
                + self.mark("UPDATE safety_links SET used_at = $1 WHERE used_at IS NULL", now).await?
                + self
                    .mark("UPDATE emergency_accounts SET link_expires_at = $1 WHERE link_expires_at > $1", now)
                    .await?
                + self.mark("UPDATE recoveries SET ended_at = $1 WHERE ended_at IS NULL", now).await?,
            recovery_codes: self.mark("UPDATE recovery_codes SET used_at = $1 WHERE used_at IS NULL", now).await?,
        };
        // Signed tokens of services are written down nowhere.
        self.mark("UPDATE organizations SET tokens_void_before = $1", now).await?;
        sql("DELETE FROM leases").execute(self.0.connection()).await?;
        for what in Revision::ALL {
            self.0.bump(what);
        }
        Ok(voided)
    }

    async fn mark(&mut self, statement: &'static str, now: i64) -> Result<u64> {
        sql(statement).bind(now).execute(self.0.connection()).await
    }
}
