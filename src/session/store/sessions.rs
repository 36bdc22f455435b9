//! Beginning, finding and using sessions.

use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    id::{OrganizationId, SessionId, Sid, StationId, UpstreamId, UserId},
    secret::TokenHash,
    session::{AHEAD, Authenticated, EndReason, Extent, Lifetime, Proof, Session, Unexpected, Via},
    storage::{Result, Row, Tx, sql},
};

/// Queries of sessions.
pub struct Sessions<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Sessions.
    pub fn sessions(&mut self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// Begins a session whose cookie holds the token behind `token`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn begin(
        &mut self,
        context: &Context,
        token: TokenHash,
        who: Authenticated,
        lifetime: Lifetime,
    ) -> Result<Session> {
        let mut session = Session {
            id: SessionId::fresh(context.now, &context.random),
            user: who.user,
            auth_time: context.now,
            acr: who.proof.acr.clone(),
            amr: who.proof.amr.clone(),
            created_at: context.now,
            last_seen_at: context.now,
            expires_at: context.now.plus(lifetime.absolute),
            user_agent: who.user_agent,
            address: context.address.clone().unwrap_or_default(),
            station: None,
            completed_at: (who.proof.extent == Extent::Whole).then_some(context.now),
            via: who.via,
            unexpected: Unexpected::default(),
            ended_at: None,
        };
        let row = sql(
            "INSERT INTO sessions (id, token_hash, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address, completed_at, \
               upstream_id, upstream_organization_id, upstream_session, station_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14, $15, $16, \
               (SELECT id FROM stations WHERE browser_hash = $13)) \
             RETURNING station_id",
        )
        .bind(session.id.as_str().to_owned())
        .bind(token.to_vec())
        .bind(session.user.as_str().to_owned())
        .bind(session.auth_time.0)
        .bind(session.acr.clone())
        .bind(session.amr.join(" "))
        .bind(session.created_at.0)
        .bind(session.last_seen_at.0)
        .bind(session.expires_at.0)
        .bind(session.user_agent.clone())
        .bind(session.address.clone())
        .bind(session.completed_at.map(|at| at.0))
        .bind(who.browser.map(TokenHash::to_vec))
        .bind(session.via.as_ref().map(|via| via.upstream.to_string()))
        .bind(session.via.as_ref().map(|via| via.organization.to_string()))
        .bind(session.via.as_ref().and_then(|via| via.session.clone()))
        .fetch_one(self.0.connection())
        .await?;
        session.station = station(&row)?;
        if let Some(station) = &session.station {
            // Whoever was there before is gone, however their browser was closed.
            self.end_at_station(context, (station, Some(&session.id)), EndReason::Replaced).await?;
        }
        let event = proved(&session, &who.proof);
        self.0.record(&context.by(Actor::User(session.user.clone())), None, &event);
        Ok(session)
    }

    /// The session of a cookie, ended or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_token(&mut self, token: TokenHash) -> Result<Option<Session>> {
        let row = sql(
            "SELECT id, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address, station_id, completed_at, signals, ended_at, upstream_id, upstream_organization_id, upstream_session \
             FROM sessions \
             WHERE token_hash = $1",
        )
        .bind(token.to_vec())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(session).transpose()
    }

    /// A session by its id, ended or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, id: &SessionId) -> Result<Option<Session>> {
        let row = sql(
            "SELECT id, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address, station_id, completed_at, signals, ended_at, upstream_id, upstream_organization_id, upstream_session \
             FROM sessions \
             WHERE id = $1",
        )
        .bind(id.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.as_ref().map(session).transpose()
    }

    /// The sessions in which a person is signed in and that were not ended, newest first; at most 100.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&mut self, user: &UserId) -> Result<Vec<Session>> {
        let rows = sql(
            "SELECT id, user_id, auth_time, acr, amr, created_at, last_seen_at, expires_at, user_agent, address, station_id, completed_at, signals, ended_at, upstream_id, upstream_organization_id, upstream_session \
             FROM sessions \
             WHERE user_id = $1 AND ended_at IS NULL AND completed_at IS NOT NULL \
             ORDER BY id DESC \
             LIMIT 100",
        )
        .bind(user.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(session).collect()
    }

    /// Writes down that a session was used.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn touch(&mut self, id: &SessionId, now: Timestamp) -> Result<()> {
        // Where the clock was set back, the use is written down by the clock as it is.
        sql("UPDATE sessions SET last_seen_at = $2 WHERE id = $1 AND (last_seen_at < $2 OR last_seen_at > $3)")
            .bind(id.as_str().to_owned())
            .bind(now.0)
            .bind(now.plus(AHEAD).0)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Whether a session has not ended, and keeps it so until the commit: whoever ends it meanwhile waits, and then finds
    /// what began in it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(&mut self, id: &SessionId) -> Result<bool> {
        let held = sql("UPDATE sessions SET last_seen_at = last_seen_at WHERE id = $1 AND ended_at IS NULL")
            .bind(id.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(held == 1)
    }

    /// The person proved who they are once more, or more of it: the session gets a new cookie, and says what was proved when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reauthenticate(
        &mut self,
        context: &Context,
        session: &Session,
        token: TokenHash,
        (proof, auth_time): (&Proof, Timestamp),
    ) -> Result<()> {
        let completed = (proof.extent == Extent::Whole).then_some(context.now);
        sql("UPDATE sessions SET token_hash = $2, auth_time = $3, last_seen_at = $4, acr = $5, amr = $6, \
             completed_at = COALESCE(completed_at, $7), address = COALESCE($8, address), \
             former_token_hash = NULL, rotated_at = NULL, successor_used_at = NULL \
             WHERE id = $1")
        .bind(session.id.as_str().to_owned())
        .bind(token.to_vec())
        .bind(auth_time.0)
        .bind(context.now.0)
        .bind(proof.acr.clone())
        .bind(proof.amr.join(" "))
        .bind(completed.map(|at| at.0))
        .bind(context.address.clone())
        .execute(self.0.connection())
        .await?;
        let event = match (session.completed_at, proof.extent) {
            (Some(_), Extent::Whole) => {
                let (user, session) = (session.user.clone(), session.id.clone());
                let (amr, factor, client) = said(proof);
                Event::Reauthentication { user, session, amr, factor, client }
            }
            _ => proved(session, proof),
        };
        self.0.record(context, None, &event);
        Ok(())
    }

    /// Writes down what the upstream that vouched for its person calls its own session now.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rename_upstream(&mut self, id: &SessionId, via: Option<&Via>) -> Result<()> {
        sql("UPDATE sessions SET upstream_session = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(via.and_then(|via| via.session.clone()))
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// The `sid` of a session in an organization, made when it is first asked for; none where the sign-in does not count.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sid(
        &mut self,
        context: &Context,
        session: &SessionId,
        organization: &OrganizationId,
    ) -> Result<Option<Sid>> {
        let made = sql("INSERT INTO session_organizations (sid, session_id, organization_id, created_at) \
             SELECT CAST($1 AS TEXT), id, CAST($3 AS TEXT), CAST($4 AS BIGINT) FROM sessions \
             WHERE id = $2 AND (upstream_organization_id IS NULL OR upstream_organization_id = $3) \
             ON CONFLICT DO NOTHING")
        .bind(Sid::fresh(context.now, &context.random).as_str().to_owned())
        .bind(session.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(context.now.0)
        .execute(self.0.connection())
        .await?;
        if made == 1 {
            self.note_use(session, organization, context.now).await?;
        }
        let row = sql("SELECT sid FROM session_organizations \
             WHERE session_id = $1 AND organization_id = $2 AND ended_at IS NULL")
        .bind(session.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok(Sid::from_stored(row.try_get("sid")?))).transpose()
    }

    /// Keeps when the person of a session last came to an organization: sessions themselves are not kept for long.
    async fn note_use(&mut self, session: &SessionId, organization: &OrganizationId, now: Timestamp) -> Result<()> {
        sql("INSERT INTO member_uses (user_id, organization_id, last_at) \
             SELECT user_id, CAST($2 AS TEXT), CAST($3 AS BIGINT) FROM sessions WHERE id = $1 \
             ON CONFLICT (user_id, organization_id) DO UPDATE SET last_at = excluded.last_at")
        .bind(session.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Whose session a `sid` is of, ended or not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user_of_sid(&mut self, sid: &Sid) -> Result<Option<UserId>> {
        let row = sql("SELECT s.user_id FROM session_organizations o JOIN sessions s ON s.id = o.session_id \
             WHERE o.sid = $1")
        .bind(sid.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        row.map(|row| Ok(UserId::from_stored(row.try_get("user_id")?))).transpose()
    }

    /// Whether a `sid` still counts: neither it nor its session was ended.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_live(&mut self, sid: &Sid, now: Timestamp) -> Result<bool> {
        let row = sql("SELECT s.id FROM session_organizations o \
             JOIN sessions s ON s.id = o.session_id \
             WHERE o.sid = $1 AND o.ended_at IS NULL AND s.ended_at IS NULL AND s.expires_at > $2")
        .bind(sid.as_str().to_owned())
        .bind(now.0)
        .fetch_optional(self.0.connection())
        .await?;
        Ok(row.is_some())
    }
}

/// A sign-in, or the first half of one.
fn proved(session: &Session, proof: &Proof) -> Event {
    let (user, session) = (session.user.clone(), session.id.clone());
    let (amr, factor, client) = said(proof);
    match proof.extent {
        Extent::Whole => Event::SignIn { user, session, amr, factor, client },
        Extent::Half => Event::FirstFactor { user, session, amr, client },
    }
}

/// What the log says of a proof; empty where there is none.
fn said(proof: &Proof) -> (String, String, String) {
    let factor = proof.factor.as_ref().map(ToString::to_string).unwrap_or_default();
    (proof.amr.join(" "), factor, proof.client.clone().unwrap_or_default())
}

pub(super) fn session(row: &Row) -> Result<Session> {
    let (amr, signals): (String, String) = (row.try_get("amr")?, row.try_get("signals")?);
    let has = |signal: &str| signals.split(' ').any(|one| one == signal);
    Ok(Session {
        id: SessionId::from_stored(row.try_get("id")?),
        user: UserId::from_stored(row.try_get("user_id")?),
        auth_time: Timestamp(row.try_get("auth_time")?),
        acr: row.try_get("acr")?,
        amr: amr.split_whitespace().map(str::to_owned).collect(),
        created_at: Timestamp(row.try_get("created_at")?),
        last_seen_at: Timestamp(row.try_get("last_seen_at")?),
        expires_at: Timestamp(row.try_get("expires_at")?),
        user_agent: row.try_get("user_agent")?,
        address: row.try_get("address")?,
        station: station(row)?,
        via: via(row)?,
        completed_at: row.try_get::<Option<i64>>("completed_at")?.map(Timestamp),
        unexpected: Unexpected {
            place: has("unexpected-country") || has("impossible-travel"),
            device: has("unexpected-device"),
        },
        ended_at: row.try_get::<Option<i64>>("ended_at")?.map(Timestamp),
    })
}

fn via(row: &Row) -> Result<Option<Via>> {
    let upstream = row.try_get::<Option<String>>("upstream_id")?.map(UpstreamId::from_stored);
    let organization = row.try_get::<Option<String>>("upstream_organization_id")?.map(OrganizationId::from_stored);
    let session = row.try_get("upstream_session")?;
    Ok(upstream.zip(organization).map(|(upstream, organization)| Via { upstream, organization, session }))
}

fn station(row: &Row) -> Result<Option<StationId>> {
    Ok(row.try_get::<Option<String>>("station_id")?.map(StationId::from_stored))
}
