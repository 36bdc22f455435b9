//! Upstreams by which people sign in: whom each knows, and where people are sent.

use super::upstreams::{Upstreams, upstream};
use crate::{
    id::{OrganizationId, UserId},
    storage::{Result, Row, sql},
    upstream::registry::Upstream,
};

impl Upstreams<'_> {
    /// Identity providers of an organization to which its people are sent to sign in, the first to be asked first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn to_sign_in(&mut self, organization: &OrganizationId) -> Result<Vec<Upstream>> {
        let rows = sql("SELECT u.id, u.organization_id, u.name, u.kind, u.settings, u.precedence, u.created_at, u.paused_at, \
               u.paused_by, u.place, u.due_at, u.whole_at, u.failures, u.trouble, u.failed_at, u.braked, u.confirmed_at, \
               u.version, u.unsettled, u.domains \
             FROM upstreams u \
             WHERE organization_id = $1 AND kind <> 'ldap' AND paused_at IS NULL AND removed_at IS NULL \
             ORDER BY precedence DESC, name")
        .bind(organization.as_str())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(upstream).collect()
    }

    /// Whether any organization of the server has such.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_any_to_sign_in(&mut self) -> Result<bool> {
        let any = "SELECT id FROM upstreams WHERE kind <> 'ldap' AND paused_at IS NULL AND removed_at IS NULL LIMIT 1";
        Ok(sql(any).fetch_optional(self.0.connection()).await?.is_some())
    }

    /// Directories of organizations that a person is a member of, which know the person, or knew them, and let people in, the first
    /// to be asked first; each with what stays of the person there.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn knowing(&mut self, user: &UserId) -> Result<Vec<(Upstream, String)>> {
        let rows = sql("SELECT u.id, u.organization_id, u.name, u.kind, u.settings, u.precedence, u.created_at, u.paused_at, \
               u.paused_by, u.place, u.due_at, u.whole_at, u.failures, u.trouble, u.failed_at, u.braked, u.confirmed_at, \
               u.version, u.unsettled, u.domains, e.anchor \
             FROM memberships m \
             JOIN upstream_entries e ON e.thing_id = m.id AND e.kind = 'person' \
             JOIN upstreams u ON u.id = e.upstream_id AND u.kind = 'ldap' AND u.paused_at IS NULL AND u.removed_at IS NULL \
             WHERE m.user_id = $1 AND m.removed_at IS NULL \
             ORDER BY u.precedence DESC, u.id LIMIT 100")
        .bind(user.as_str())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok((upstream(row)?, row.try_get("anchor")?))).collect()
    }

    /// The member of an organization whom its directories, those that let people in, know by this name (in lower case), if they
    /// mean one person by it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn named(&mut self, organization: &OrganizationId, name: &str) -> Result<Option<UserId>> {
        let rows = sql("SELECT DISTINCT m.user_id, CASE WHEN e.gone_at IS NULL THEN 0 ELSE 1 END AS gone \
             FROM upstream_names n \
             JOIN upstreams u ON u.id = n.upstream_id AND u.kind = 'ldap' AND u.paused_at IS NULL AND u.removed_at IS NULL \
             JOIN upstream_entries e ON e.upstream_id = n.upstream_id AND e.anchor = n.anchor \
             JOIN memberships m ON m.id = e.thing_id AND m.removed_at IS NULL \
             WHERE n.name = $1 AND u.organization_id = $2 ORDER BY gone LIMIT 10")
        .bind(name)
        .bind(organization.as_str())
        .fetch_all(self.0.connection())
        .await?;
        // Whoever is there has the name, and not whoever had it.
        let gone = |row: &Row| row.try_get::<i64>("gone");
        let Some(first) = rows.first() else { return Ok(None) };
        let of_first: Vec<&Row> = rows.iter().filter(|row| gone(row).ok() == gone(first).ok()).collect();
        match of_first.as_slice() {
            [only] => Ok(Some(UserId::from_stored(only.try_get("user_id")?))),
            _ => Ok(None),
        }
    }
}
