//! Whom the end of a session is told to, and what became of it.

use crate::{
    clock::Timestamp,
    id::{JobId, OrganizationId, SessionId, Sid, UserId},
    jobs::store::TOO_LATE,
    storage::{Result, Row, Tx, sql},
    text::Slug,
};

/// The end of a session as one app is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logout {
    /// The job that tells it.
    pub id: JobId,
    /// The app.
    pub client_id: String,
    /// The person.
    pub user: UserId,
    /// The organization in which the app was used.
    pub organization: OrganizationId,
    /// The session there.
    pub sid: Sid,
    /// When the session ended.
    pub created_at: Timestamp,
    /// How far it is.
    pub state: State,
}

/// How far it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// It is tried, or tried again: how often it was, and what the last try said.
    Waiting(i64, Option<String>),
    /// The app took it.
    Delivered(Timestamp),
    /// It was given up.
    Failed(Timestamp, String),
}

/// What a job came to in the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The app took it.
    Delivered,
    /// It was given up, and why.
    Failed(String),
}

macro_rules! select {
    ($more:literal) => {
        concat!(
            "SELECT l.id, l.client_id, l.user_id, l.organization_id, l.sid, l.created_at, l.delivered_at, l.failed_at, \
             COALESCE(l.failure, j.last_error) AS failure, COALESCE(j.attempts, 0) AS attempts",
            $more
        )
    };
}

const SELECT: &str = select!(" FROM logouts l LEFT JOIN jobs j ON j.id = l.id");

/// What an app was told of a session that has ended, for the person whose it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The session.
    pub session: SessionId,
    /// The browser that it ran in.
    pub user_agent: String,
    /// The app's name.
    pub app: String,
    /// The organization by its slug.
    pub organization: Slug,
    /// What it was told, and what became of it.
    pub logout: Logout,
}

/// An app that was not told in time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// The app.
    pub client_id: String,
    /// How many ends of sessions it does not know of.
    pub logouts: i64,
    /// The end of the first of them.
    pub since: Timestamp,
}

/// Queries of logouts.
pub struct Logouts<'t>(&'t mut Tx);

impl Tx {
    /// Logouts.
    pub fn logouts(&mut self) -> Logouts<'_> {
        Logouts(self)
    }
}

impl Logouts<'_> {
    /// What a job is to tell.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, id: &JobId) -> Result<Option<Logout>> {
        let row = sql(format!("{SELECT} WHERE l.id = $1"))
            .bind(id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(logout).transpose()
    }

    /// What an app was told, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_client(&mut self, client: &str, most: u32) -> Result<Vec<Logout>> {
        let rows = sql(format!("{SELECT} WHERE l.client_id = $1 ORDER BY l.id DESC LIMIT $2"))
            .bind(client.to_owned())
            .bind(i64::from(most))
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(logout).collect()
    }

    /// What was told of a person's sessions that ended after `since`, newest first; with an organization, of those there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(
        &mut self,
        user: &UserId,
        organization: Option<&OrganizationId>,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<Told>> {
        let organization = organization.map_or("", OrganizationId::as_str).to_owned();
        let rows = sql(select!(
            ", o.session_id, s.user_agent, c.name, g.slug \
             FROM logouts l \
             JOIN session_organizations o ON o.sid = l.sid \
             JOIN sessions s ON s.id = o.session_id \
             JOIN clients c ON c.id = l.client_id \
             JOIN organizations g ON g.id = l.organization_id \
             LEFT JOIN jobs j ON j.id = l.id \
             WHERE l.user_id = $1 AND l.created_at > $2 AND ($3 = '' OR l.organization_id = $3) \
             ORDER BY l.id DESC \
             LIMIT $4"
        ))
        .bind(user.as_str().to_owned())
        .bind(since.0)
        .bind(organization)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        let told = |row: &Row| {
            Ok(Told {
                session: SessionId::from_stored(row.try_get("session_id")?),
                user_agent: row.try_get("user_agent")?,
                app: row.try_get("name")?,
                organization: Slug::from_stored(row.try_get("slug")?),
                logout: logout(row)?,
            })
        };
        rows.iter().map(told).collect()
    }

    /// The apps that got tokens in a session that has not ended, by what they registered, with the `sid` of each.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn apps_of_session(&mut self, session: &SessionId, most: u32) -> Result<Vec<(String, Sid)>> {
        let rows = sql("SELECT DISTINCT c.id, c.metadata, o.sid \
             FROM session_organizations o \
             JOIN families f ON f.session_id = o.session_id AND f.sid = o.sid \
             JOIN clients c ON c.id = f.client_id \
             WHERE o.session_id = $1 AND o.ended_at IS NULL AND c.metadata <> '{}' AND c.disabled_at IS NULL \
             ORDER BY c.id, o.sid \
             LIMIT $2")
        .bind(session.as_str().to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok((row.try_get("metadata")?, Sid::from_stored(row.try_get("sid")?)))).collect()
    }

    /// The apps that were not told in time and still wait, with how much and since when.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn late(&mut self, now: Timestamp, most: u32) -> Result<Vec<Late>> {
        let rows = sql("SELECT client_id, COUNT(*) AS logouts, MIN(created_at) AS since \
             FROM logouts \
             WHERE delivered_at IS NULL AND failed_at IS NULL AND created_at <= $1 \
             GROUP BY client_id \
             ORDER BY client_id \
             LIMIT $2")
        .bind(now.minus(TOO_LATE).0)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        let late = |row: &Row| {
            Ok(Late {
                client_id: row.try_get("client_id")?,
                logouts: row.try_get("logouts")?,
                since: Timestamp(row.try_get("since")?),
            })
        };
        rows.iter().map(late).collect()
    }

    /// Those that wait for too long and of which that was not said yet; from now on it was.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn alert(&mut self, now: Timestamp, most: u32) -> Result<Vec<Logout>> {
        let rows = sql("UPDATE logouts SET alerted_at = $1 \
             WHERE alerted_at IS NULL AND id IN (\
               SELECT id FROM logouts \
               WHERE delivered_at IS NULL AND failed_at IS NULL AND alerted_at IS NULL AND created_at <= $2 \
               ORDER BY created_at \
               LIMIT $3) \
             RETURNING id, client_id, user_id, organization_id, sid, created_at, delivered_at, failed_at, failure, \
               0 AS attempts")
        .bind(now.0)
        .bind(now.minus(TOO_LATE).0)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(logout).collect()
    }

    /// Writes down what became of it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle(&mut self, id: &JobId, outcome: &Outcome, now: Timestamp) -> Result<()> {
        let (delivered_at, failed_at, failure) = match outcome {
            Outcome::Delivered => (Some(now.0), None, None),
            Outcome::Failed(why) => (None, Some(now.0), Some(why.chars().take(500).collect::<String>())),
        };
        sql("UPDATE logouts SET delivered_at = $2, failed_at = $3, failure = $4 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(delivered_at)
            .bind(failed_at)
            .bind(failure)
            .execute(self.0.connection())
            .await?;
        Ok(())
    }
}

fn logout(row: &Row) -> Result<Logout> {
    let instant = |column| Ok::<_, crate::storage::Error>(row.try_get::<Option<i64>>(column)?.map(Timestamp));
    let failure: Option<String> = row.try_get("failure")?;
    let state = match (instant("delivered_at")?, instant("failed_at")?) {
        (Some(at), _) => State::Delivered(at),
        (None, Some(at)) => State::Failed(at, failure.unwrap_or_default()),
        (None, None) => State::Waiting(row.try_get("attempts")?, failure),
    };
    Ok(Logout {
        id: JobId::from_stored(row.try_get("id")?),
        client_id: row.try_get("client_id")?,
        user: UserId::from_stored(row.try_get("user_id")?),
        organization: OrganizationId::from_stored(row.try_get("organization_id")?),
        sid: Sid::from_stored(row.try_get("sid")?),
        created_at: Timestamp(row.try_get("created_at")?),
        state,
    })
}
