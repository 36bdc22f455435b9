//! Ending: a session, a person's sessions, a person's part in one organization or everybody's, with the tokens that rest on
//! it. Apps are told in the same unit.

use std::time::Duration;

use super::Sessions;
use crate::{
    audit::{Context, Event},
    id::{OrganizationId, SessionId, StationId, UpstreamId, UserId},
    session::{EndReason, Session},
    storage::{
        Result, Revision, Row,
        batch::{in_list, padded},
        sql,
    },
};

impl Sessions<'_> {
    /// Ends one session; refresh tokens with `offline_access` stay when the person signs out there, and end with a device
    /// that is signed out from elsewhere: it may be in other hands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end(&mut self, context: &Context, session: &Session, reason: EndReason) -> Result<()> {
        let rows = sql("UPDATE sessions SET ended_at = $2, end_reason = $3 \
             WHERE id = $1 AND ended_at IS NULL \
             RETURNING id, user_id")
        .bind(session.id.as_str().to_owned())
        .bind(context.now.0)
        .bind(reason.as_str())
        .fetch_all(self.0.connection())
        .await?;
        let parts = sql("UPDATE session_organizations SET ended_at = $2 \
             WHERE session_id = $1 AND ended_at IS NULL \
             RETURNING session_id, sid")
        .bind(session.id.as_str().to_owned())
        .bind(context.now.0)
        .fetch_all(self.0.connection())
        .await?;
        self.tell(context, &parts).await?;
        sql("UPDATE families SET revoked_at = $2 WHERE session_id = $1 AND offline <= $3 AND revoked_at IS NULL")
            .bind(session.id.as_str().to_owned())
            .bind(context.now.0)
            // At a shared workstation nothing of a person stays for the next.
            .bind(i64::from(reason.ends_offline() || session.station.is_some()))
            .execute(self.0.connection())
            .await?;
        self.ended(context, &rows, reason)
    }

    /// Ends every session at a shared workstation but one, with what apps hold by them, `offline_access` or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_at_station(
        &mut self,
        context: &Context,
        (station, but): (&StationId, Option<&SessionId>),
        reason: EndReason,
    ) -> Result<()> {
        let rows = sql("UPDATE sessions SET ended_at = $2, end_reason = $3 \
             WHERE station_id = $1 AND ended_at IS NULL AND id <> $4 \
             RETURNING id, user_id")
        .bind(station.as_str().to_owned())
        .bind(context.now.0)
        .bind(reason.as_str())
        .bind(but.map_or("", SessionId::as_str).to_owned())
        .fetch_all(self.0.connection())
        .await?;
        self.end_parts(context, &rows).await?;
        sql("UPDATE families SET revoked_at = $2 \
             WHERE revoked_at IS NULL AND session_id IN (SELECT id FROM sessions WHERE station_id = $1 AND ended_at = $2)")
        .bind(station.as_str().to_owned())
        .bind(context.now.0)
        .execute(self.0.connection())
        .await?;
        self.ended(context, &rows, reason)
    }

    /// Ends what began with a session of an upstream, as it calls that, with what apps hold by it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_upstream_session(
        &mut self,
        context: &Context,
        (upstream, name): (&UpstreamId, &str),
    ) -> Result<()> {
        let text = "UPDATE sessions SET ended_at = $3, end_reason = $4 \
             WHERE upstream_id = $1 AND upstream_session = $2 AND ended_at IS NULL RETURNING id, user_id";
        self.end_there(context, text, (upstream, name)).await
    }

    /// The same of all sessions of a person that an upstream vouched for.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_of_upstream(&mut self, context: &Context, (upstream, user): (&UpstreamId, &UserId)) -> Result<()> {
        let text = "UPDATE sessions SET ended_at = $3, end_reason = $4 \
             WHERE upstream_id = $1 AND user_id = $2 AND ended_at IS NULL RETURNING id, user_id";
        self.end_there(context, text, (upstream, user.as_str())).await
    }

    async fn end_there(
        &mut self,
        context: &Context,
        text: &'static str,
        (upstream, key): (&UpstreamId, &str),
    ) -> Result<()> {
        let rows = sql(text)
            .bind(upstream.as_str().to_owned())
            .bind(key.to_owned())
            .bind(context.now.0)
            .bind(EndReason::Upstream.as_str())
            .fetch_all(self.0.connection())
            .await?;
        self.end_parts(context, &rows).await?;
        let ids: Vec<String> = rows.iter().map(|row| row.try_get("id")).collect::<Result<_>>()?;
        for list in padded(&ids) {
            let text = format!(
                "UPDATE families SET revoked_at = $1 WHERE revoked_at IS NULL AND session_id IN ({})",
                in_list(2, list.len())
            );
            let query = list.iter().fold(sql(text).bind(context.now.0), |query, id| query.bind(id.to_owned()));
            query.execute(self.0.connection()).await?;
        }
        self.ended(context, &rows, EndReason::Upstream)
    }

    /// Ends every session of a person, `offline_access` or not; `but` stays (the browser that asked for it).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_all_of_user(
        &mut self,
        context: &Context,
        user: &UserId,
        but: Option<&SessionId>,
        reason: EndReason,
    ) -> Result<()> {
        // No session has this id, not even that of an authorization which rests on none.
        let but = but.map_or_else(|| "-".to_owned(), |id| id.as_str().to_owned());
        let rows = sql("UPDATE sessions SET ended_at = $2, end_reason = $3 \
             WHERE user_id = $1 AND ended_at IS NULL AND id <> $4 \
             RETURNING id, user_id")
        .bind(user.as_str().to_owned())
        .bind(context.now.0)
        .bind(reason.as_str())
        .bind(but.clone())
        .fetch_all(self.0.connection())
        .await?;
        self.end_parts(context, &rows).await?;
        sql("UPDATE families SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL AND session_id <> $3")
            .bind(user.as_str().to_owned())
            .bind(context.now.0)
            .bind(but)
            .execute(self.0.connection())
            .await?;
        self.ended(context, &rows, reason)
    }

    /// Ends a person's part in one organization: its `sid`s and all its tokens. Sessions end with the last membership:
    /// say so by `last_membership`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_organization(
        &mut self,
        context: &Context,
        user: &UserId,
        organization: &OrganizationId,
        last_membership: LastMembership,
    ) -> Result<()> {
        if last_membership == LastMembership::Yes {
            return self.end_all_of_user(context, user, None, EndReason::NoMembership).await;
        }
        let parts = sql("UPDATE session_organizations SET ended_at = $3 \
             WHERE organization_id = $2 AND ended_at IS NULL \
             AND session_id IN (SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL) \
             RETURNING session_id, sid")
        .bind(user.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(context.now.0)
        .fetch_all(self.0.connection())
        .await?;
        self.tell(context, &parts).await?;
        sql("UPDATE families SET revoked_at = $3 WHERE user_id = $1 AND organization_id = $2 AND revoked_at IS NULL")
            .bind(user.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .bind(context.now.0)
            .execute(self.0.connection())
            .await?;
        self.0.bump(Revision::Revocations);
        Ok(())
    }

    /// Ends everybody's part in one organization: its `sid`s and all its tokens, those of its service clients too. The
    /// sessions of `stranded` people end altogether: this was their last active membership.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn close_organization(
        &mut self,
        context: &Context,
        organization: &OrganizationId,
        stranded: &[UserId],
    ) -> Result<()> {
        let parts = sql("UPDATE session_organizations SET ended_at = $2 \
             WHERE organization_id = $1 AND ended_at IS NULL \
             RETURNING session_id, sid")
        .bind(organization.as_str().to_owned())
        .bind(context.now.0)
        .fetch_all(self.0.connection())
        .await?;
        self.tell(context, &parts).await?;
        for statement in [
            "UPDATE families SET revoked_at = $2 WHERE organization_id = $1 AND revoked_at IS NULL",
            "UPDATE access_tokens SET revoked_at = $2 \
             WHERE family_id IS NULL AND revoked_at IS NULL \
             AND client_id IN (SELECT id FROM clients WHERE organization_id = $1)",
        ] {
            sql(statement)
                .bind(organization.as_str().to_owned())
                .bind(context.now.0)
                .execute(self.0.connection())
                .await?;
        }
        let mut ended = vec![];
        for people in padded(stranded) {
            // Placeholders only; values are bound.
            let text = format!(
                "UPDATE sessions SET ended_at = $1, end_reason = $2 \
                 WHERE ended_at IS NULL AND user_id IN ({}) \
                 RETURNING id, user_id",
                in_list(3, people.len())
            );
            let query = sql(text).bind(context.now.0).bind(EndReason::NoMembership.as_str());
            let query = people.iter().fold(query, |query, user| query.bind(user.as_str().to_owned()));
            ended.extend(query.fetch_all(self.0.connection()).await?);
        }
        self.ended(context, &ended, EndReason::NoMembership)
    }

    /// Ends up to `most` sessions that are over by the calendar, or older than `absolute`, so that apps are told; answers
    /// whether there may be more. One that is idle ends for the browser alone: an app that goes on refreshing is in use.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_expired(&mut self, context: &Context, absolute: Duration, most: u32) -> Result<bool> {
        let oldest = context.now.0.saturating_sub(i64::try_from(absolute.as_millis()).unwrap_or(i64::MAX));
        let rows = sql("UPDATE sessions SET ended_at = $1, end_reason = $2 \
             WHERE id IN ( \
               SELECT id FROM sessions \
               WHERE ended_at IS NULL AND (expires_at <= $1 OR created_at <= $4) \
               LIMIT $3) \
             AND ended_at IS NULL AND (expires_at <= $1 OR created_at <= $4) \
             RETURNING id, user_id")
        .bind(context.now.0)
        .bind(EndReason::Expiry.as_str())
        .bind(i64::from(most))
        .bind(oldest)
        .fetch_all(self.0.connection())
        .await?;
        self.end_parts(context, &rows).await?;
        if !rows.is_empty() {
            self.ended(context, &rows, EndReason::Expiry)?;
        }
        Ok(rows.len() >= most as usize)
    }

    /// Ends the parts of the sessions that have just ended, and tells the apps of them.
    async fn end_parts(&mut self, context: &Context, ended: &[Row]) -> Result<()> {
        let ids = ended.iter().map(|row| row.try_get("id")).collect::<Result<Vec<String>>>()?;
        for ids in padded(&ids) {
            // Placeholders only; values are bound.
            let text = format!(
                "UPDATE session_organizations SET ended_at = $1 \
                 WHERE ended_at IS NULL AND session_id IN ({}) \
                 RETURNING session_id, sid",
                in_list(2, ids.len())
            );
            let query = ids.iter().fold(sql(text).bind(context.now.0), |query, id| query.bind(id.clone()));
            let parts = query.fetch_all(self.0.connection()).await?;
            self.tell(context, &parts).await?;
        }
        Ok(())
    }

    fn ended(&mut self, context: &Context, rows: &[Row], reason: EndReason) -> Result<()> {
        for row in rows {
            let event = Event::SignOut {
                user: UserId::from_stored(row.try_get("user_id")?),
                session: SessionId::from_stored(row.try_get("id")?),
                reason: reason.as_str().to_owned(),
            };
            self.0.record(context, None, &event);
        }
        self.0.bump(Revision::Revocations);
        Ok(())
    }
}

/// Whether the membership that ends is the person's last active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastMembership {
    /// It is: sessions end too.
    Yes,
    /// There are others.
    No,
}
