//! What a report on the members of an organization is made of: by the page, each with indexes alone.

use std::collections::{BTreeSet, HashSet};

use super::{
    Memberships, maybe_moment, maybe_text,
    memberships::{entrance, entrance_columns},
    moment, text, validity,
};
use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        provisioning::Sources,
        review::{Subject, Voice, Waiting},
    },
    id::{InvitationId, MembershipId, OrganizationId, UserId},
    storage::{
        Error, Result, Row, Tx, Value,
        batch::{in_list, padded},
        sql,
    },
    text::{EmailAddress, Name, Slug},
};

/// Members of one page.
const PAGE: i64 = 500;

/// A source that repeats itself all day is written down once.
const DAY: i64 = 24 * 3_600_000;

/// Queries for reports on members.
pub struct Reviews<'t>(&'t mut Tx);

impl Tx {
    /// For reports on members.
    pub fn reviews(&mut self) -> Reviews<'_> {
        Reviews(self)
    }
}

// Each subquery walks an index of one member or person.
const SUBJECTS: &str = concat!(
    "SELECT memberships.id, memberships.user_id, memberships.origin, memberships.created_at, \
       memberships.kind, valid_from, valid_until, repeated_at, users.name, users.email, users.email_verified_at, \
       users.placeholder_since, ",
    entrance_columns!(),
    ", \
       (SELECT MIN(member_addresses.email) FROM member_addresses \
         WHERE member_addresses.membership_id = memberships.id) AS said_address, \
       COALESCE(memberships.disabled_at, users.disabled_at) AS disabled_at, \
       member_records.sources, member_records.updated_at AS written_at, member_uses.last_at, \
       (SELECT MAX(sessions.expires_at) FROM sessions \
         JOIN session_organizations ON session_organizations.session_id = sessions.id \
         WHERE sessions.user_id = memberships.user_id AND sessions.ended_at IS NULL \
         AND session_organizations.organization_id = $1 AND session_organizations.ended_at IS NULL) AS session_until, \
       (SELECT MAX(refresh_tokens.created_at) FROM families \
         JOIN refresh_tokens ON refresh_tokens.family_id = families.id \
         WHERE families.user_id = memberships.user_id AND families.revoked_at IS NULL \
         AND families.organization_id = $1) AS refreshed_at, \
       (SELECT MAX(families.expires_at) FROM families \
         WHERE families.user_id = memberships.user_id AND families.revoked_at IS NULL \
         AND families.organization_id = $1) AS tokens_until, \
       (SELECT MIN(assignments.id) FROM assignments \
         WHERE assignments.membership_id = memberships.id AND ended_at IS NULL \
         AND (assignments.valid_until IS NULL OR assignments.valid_until > $2)) AS assignment, \
       (SELECT MIN(group_members.group_id) FROM group_members \
         WHERE group_members.membership_id = memberships.id) AS of_group, \
       (SELECT MIN(permission) FROM membership_permissions \
         WHERE membership_permissions.membership_id = memberships.id AND effect = 'grant') AS granted \
     FROM memberships \
     JOIN users ON users.id = memberships.user_id \
     LEFT JOIN member_records ON member_records.membership_id = memberships.id \
     LEFT JOIN member_uses ON member_uses.user_id = memberships.user_id AND member_uses.organization_id = $1 \
     WHERE memberships.organization_id = $1 AND memberships.removed_at IS NULL AND memberships.id > $3 \
     ORDER BY memberships.id \
     LIMIT $4"
);

// When a client last used a token is not counted: it is taken for heard.
const VOICES: &str = "SELECT 'scim:' || c.id AS origin, c.name, c.removed_at, c.created_at, \
       MAX(u.last_used_at) AS heard_at, MAX(COALESCE(t.revoked_at, t.expires_at)) AS tokens_ended_at, \
       MAX(CASE WHEN t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2) THEN t.id END) AS counting, \
       CAST(CASE WHEN c.may_write = 1 AND c.resources <> 'groups' THEN 1 ELSE 0 END AS BIGINT) AS tells \
     FROM scim_connections c \
     LEFT JOIN scim_tokens t ON t.connection_id = c.id \
     LEFT JOIN scim_token_uses u ON u.token_id = t.id \
     WHERE c.organization_id = $1 \
     GROUP BY c.id, c.name, c.removed_at, c.created_at, c.may_write, c.resources \
     UNION ALL \
     SELECT 'client:' || id AS origin, id AS name, disabled_at AS removed_at, created_at, \
       CAST($2 AS BIGINT) AS heard_at, CAST(NULL AS BIGINT) AS tokens_ended_at, id AS counting, \
       CAST(1 AS BIGINT) AS tells \
     FROM clients \
     WHERE organization_id = $1 AND REPLACE(scopes, '\"scim\"', '') <> scopes \
     ORDER BY name, origin";

impl Reviews<'_> {
    /// The sources that an organization has or had, by name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn voices(&mut self, organization: &OrganizationId, now: Timestamp) -> Result<Vec<Voice>> {
        let rows =
            sql(VOICES).bind(organization.as_str().to_owned()).bind(now.0).fetch_all(self.0.connection()).await?;
        rows.iter().map(voice).collect()
    }

    /// Up to 500 members of an organization after `after`, in the order in which they came.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(
        &mut self,
        organization: &OrganizationId,
        after: Option<&MembershipId>,
        now: Timestamp,
    ) -> Result<Vec<Subject>> {
        let rows = sql(SUBJECTS)
            .bind(organization.as_str().to_owned())
            .bind(now.0)
            .bind(after.map_or("", MembershipId::as_str).to_owned())
            .bind(PAGE)
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(subject).collect()
    }

    /// Up to `most` active members after `after` of whom there was no sign of life since `before`, with the last one: when they
    /// or an app of theirs were here, or they were let in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unused(
        &mut self,
        organization: &OrganizationId,
        (before, after): (Timestamp, &str),
        most: u32,
    ) -> Result<Vec<(MembershipId, Timestamp)>> {
        let rows = sql("SELECT m.id, m.created_at, m.valid_from, m.tokens_void_before, u.last_at, users.enabled_at, users.account_from, \
               o.tokens_void_before AS opened_at, \
               (SELECT MAX(refresh_tokens.created_at) FROM families \
                 JOIN refresh_tokens ON refresh_tokens.family_id = families.id \
                 WHERE families.user_id = m.user_id AND families.organization_id = $1) AS refreshed_at \
             FROM memberships m \
             JOIN users ON users.id = m.user_id \
             JOIN organizations o ON o.id = m.organization_id \
             LEFT JOIN member_uses u ON u.user_id = m.user_id AND u.organization_id = m.organization_id \
             WHERE m.organization_id = $1 AND m.removed_at IS NULL AND m.disabled_at IS NULL AND m.id > $3 \
             AND m.created_at <= $2 AND COALESCE(m.valid_from, 0) <= $2 AND COALESCE(m.tokens_void_before, 0) <= $2 \
             AND COALESCE(u.last_at, 0) <= $2 AND COALESCE(users.account_from, 0) <= $2 \
             AND users.placeholder_since IS NULL AND users.emergency_for IS NULL \
             AND users.disabled_at IS NULL AND o.disabled_at IS NULL \
             ORDER BY m.id \
             LIMIT $4")
        .bind(organization.as_str().to_owned())
        .bind(before.0)
        .bind(after.to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        let sign = |row: &Row| {
            let signs = [
                "valid_from",
                "tokens_void_before",
                "last_at",
                "enabled_at",
                "account_from",
                "opened_at",
                "refreshed_at",
            ]
            .map(|column| maybe_moment(row, column));
            let last = signs.into_iter().collect::<Result<Vec<_>>>()?.into_iter().flatten().max();
            Ok((
                MembershipId::from_stored(text(row, "id")?),
                moment(row, "created_at")?.max(last.unwrap_or(Timestamp(0))),
            ))
        };
        rows.iter().map(sign).collect()
    }

    /// Up to `most` invitations that were made before `before` and that nobody answered, the eldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn unanswered(
        &mut self,
        organization: &OrganizationId,
        before: Timestamp,
        most: u32,
    ) -> Result<Vec<Waiting>> {
        let rows = sql("SELECT invitations.id, invitations.membership_id, invitations.email, invitations.created_at, \
               memberships.origin \
             FROM invitations \
             LEFT JOIN memberships ON memberships.id = invitations.membership_id \
             WHERE invitations.organization_id = $1 AND invitations.created_at < $2 \
             AND accepted_at IS NULL AND rejected_at IS NULL AND revoked_at IS NULL \
             ORDER BY invitations.id \
             LIMIT $3")
        .bind(organization.as_str().to_owned())
        .bind(before.0)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(waiting).collect()
    }

    /// A source named a member without saying anything new.
    pub(in crate::directory) async fn repeated(&mut self, member: &MembershipId, now: Timestamp) -> Result<()> {
        sql("UPDATE memberships SET repeated_at = $2 \
             WHERE id = $1 AND (repeated_at IS NULL OR repeated_at <= $3)")
        .bind(member.as_str().to_owned())
        .bind(now.0)
        .bind(now.0 - DAY)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Forgets when a member, whose membership ends, was last here.
    pub(in crate::directory) async fn forget_use(&mut self, member: &MembershipId) -> Result<()> {
        sql("DELETE FROM member_uses \
             WHERE user_id = (SELECT user_id FROM memberships WHERE id = $1) \
             AND organization_id = (SELECT organization_id FROM memberships WHERE id = $1)")
        .bind(member.as_str().to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}

impl Memberships<'_> {
    /// Those of these addresses, folded, that active members of the organization sign in with.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn active_among(
        &mut self,
        organization: &OrganizationId,
        addresses: &[String],
        now: Timestamp,
    ) -> Result<HashSet<String>> {
        let mut found = HashSet::new();
        for list in padded(addresses) {
            let statement = format!(
                "SELECT login_names.name FROM login_names \
                 JOIN memberships ON memberships.user_id = login_names.user_id \
                 JOIN users ON users.id = memberships.user_id \
                 WHERE memberships.organization_id = $1 AND login_names.retired_at IS NULL \
                 AND memberships.removed_at IS NULL AND memberships.disabled_at IS NULL AND users.disabled_at IS NULL \
                 AND (valid_from IS NULL OR valid_from <= $2) AND (valid_until IS NULL OR valid_until > $2) \
                 AND login_names.name IN ({})",
                in_list(3, list.len())
            );
            let query = sql(statement).bind(organization.as_str().to_owned()).bind(now.0);
            let query = query.bind_all(list.into_iter().map(Value::from));
            for row in query.fetch_all(self.0.connection()).await? {
                found.insert(text(&row, "name")?);
            }
        }
        Ok(found)
    }
}

fn voice(row: &Row) -> Result<Voice> {
    let removed_at = maybe_moment(row, "removed_at")?;
    let is_counting = maybe_text(row, "counting")?.is_some();
    let tokens_ended_at = maybe_moment(row, "tokens_ended_at")?.map_or_else(|| moment(row, "created_at"), Ok)?;
    Ok(Voice {
        origin: Origin::from_stored(text(row, "origin")?),
        name: text(row, "name")?,
        ended_at: removed_at.or((!is_counting).then_some(tokens_ended_at)),
        tells: row.try_get::<i64>("tells")? == 1,
        heard_at: maybe_moment(row, "heard_at")?,
    })
}

fn subject(row: &Row) -> Result<Subject> {
    let written: Option<String> = maybe_text(row, "sources")?;
    let written: Sources = match &written {
        Some(json) => serde_json::from_str(json).map_err(|_| Error::Corrupt("member_records.sources"))?,
        None => Sources::new(),
    };
    let mut origins: BTreeSet<Origin> = written.into_values().collect();
    origins.insert(Origin::from_stored(text(row, "origin")?));
    let latest = |columns: &[&str]| -> Result<Option<Timestamp>> {
        let all = columns.iter().map(|column| maybe_moment(row, column)).collect::<Result<Vec<_>>>()?;
        Ok(all.into_iter().flatten().max())
    };
    let holds = ["assignment", "of_group", "granted"].map(|column| maybe_text(row, column));
    Ok(Subject {
        membership: MembershipId::from_stored(text(row, "id")?),
        user: UserId::from_stored(text(row, "user_id")?),
        name: Name::from_stored(text(row, "name")?),
        kind: Slug::from_stored(text(row, "kind")?),
        email: maybe_text(row, "email")?.map(EmailAddress::from_stored),
        entrance: entrance(row)?,
        said_address: maybe_text(row, "said_address")?.map(EmailAddress::from_stored),
        is_verified: maybe_moment(row, "email_verified_at")?.is_some(),
        is_pending: maybe_moment(row, "placeholder_since")?.is_some(),
        created_at: moment(row, "created_at")?,
        validity: validity(row)?,
        disabled_at: maybe_moment(row, "disabled_at")?,
        origins,
        said_at: latest(&["written_at", "repeated_at"])?,
        used_at: latest(&["last_at", "refreshed_at"])?,
        holds: holds.into_iter().collect::<Result<Vec<_>>>()?.iter().any(Option::is_some),
        live_until: latest(&["session_until", "tokens_until"])?,
    })
}

fn waiting(row: &Row) -> Result<Waiting> {
    Ok(Waiting {
        invitation: InvitationId::from_stored(text(row, "id")?),
        membership: maybe_text(row, "membership_id")?.map(MembershipId::from_stored),
        email: EmailAddress::from_stored(text(row, "email")?),
        created_at: moment(row, "created_at")?,
        origin: maybe_text(row, "origin")?.map(Origin::from_stored),
    })
}
