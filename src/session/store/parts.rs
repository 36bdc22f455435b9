//! Parts of sessions in one organization that last, and ending some of them while the sessions go on.

use super::Sessions;
use crate::{
    audit::Context,
    clock::Timestamp,
    id::{MembershipId, OrganizationId, SessionId, Sid, UserId},
    storage::{
        Result, Revision, Row, Statement,
        batch::{in_list, padded},
        sql,
    },
};

/// A session in an organization, with the member whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its `sid`.
    pub sid: Sid,
    /// The session.
    pub session: SessionId,
    /// The person.
    pub user: UserId,
    /// The membership.
    pub membership: MembershipId,
    /// When the session began.
    pub began: Timestamp,
    /// What its sign-in came to.
    pub acr: String,
    /// Whether an upstream of the organization vouched for the person.
    pub is_vouched: bool,
}

impl Sessions<'_> {
    /// Up to `most` parts of an organization that were not ended, after this one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn live_parts(&mut self, organization: &OrganizationId, after: &str, most: u32) -> Result<Vec<Part>> {
        let rows = sql("SELECT o.sid, o.session_id, s.user_id, s.created_at, s.acr, s.upstream_organization_id, m.id AS membership_id \
             FROM session_organizations o \
             JOIN sessions s ON s.id = o.session_id \
             JOIN memberships m ON m.organization_id = o.organization_id AND m.user_id = s.user_id AND m.removed_at IS NULL \
             WHERE o.organization_id = $1 AND o.ended_at IS NULL AND o.sid > $2 \
             ORDER BY o.sid \
             LIMIT $3")
        .bind(organization.as_str().to_owned())
        .bind(after.to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(part).collect()
    }

    /// Ends parts of sessions; apps are told, and tokens that rest on them end. What outlives sessions goes on. Those that
    /// nobody else has ended meanwhile.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn end_some_parts(&mut self, context: &Context, parts: &[Part]) -> Result<Vec<Sid>> {
        let mut ended = vec![];
        for parts in padded(parts) {
            // Placeholders only; values are bound. A `sid` is of one session: that is named for the index.
            let text = format!(
                "UPDATE session_organizations SET ended_at = $1 \
                 WHERE ended_at IS NULL AND sid IN ({}) \
                 RETURNING session_id, sid",
                in_list(2, parts.len())
            );
            let query = sql(text).bind(context.now.0);
            let query = parts.iter().fold(query, |query, part| query.bind(part.sid.as_str().to_owned()));
            let rows = query.fetch_all(self.0.connection()).await?;
            self.tell(context, &rows).await?;
            let text = format!(
                "UPDATE families SET revoked_at = $1 \
                 WHERE revoked_at IS NULL AND offline = 0 AND session_id IN ({}) AND sid IN ({})",
                in_list(2, parts.len()),
                in_list(2 + parts.len(), parts.len())
            );
            let sessions = parts.iter().map(|part| part.session.as_str().to_owned());
            let values = sessions.chain(parts.iter().map(|part| part.sid.as_str().to_owned()));
            let query = values.fold(sql(text).bind(context.now.0), Statement::bind);
            query.execute(self.0.connection()).await?;
            for row in &rows {
                ended.push(Sid::from_stored(row.try_get("sid")?));
            }
        }
        if !ended.is_empty() {
            self.0.bump(Revision::Revocations);
        }
        Ok(ended)
    }
}

fn part(row: &Row) -> Result<Part> {
    Ok(Part {
        sid: Sid::from_stored(row.try_get("sid")?),
        session: SessionId::from_stored(row.try_get("session_id")?),
        user: UserId::from_stored(row.try_get("user_id")?),
        membership: MembershipId::from_stored(row.try_get("membership_id")?),
        began: Timestamp(row.try_get("created_at")?),
        acr: row.try_get("acr")?,
        is_vouched: row.try_get::<Option<String>>("upstream_organization_id")?.is_some(),
    })
}
