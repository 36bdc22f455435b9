//! Memberships.

use super::{maybe_moment, maybe_text, millis, moment, text, validity};
use crate::{
    clock::Timestamp,
    directory::{
        membership::{Entrance, Membership},
        organization::{Accent, LogoUri, Organization},
        origin::Origin,
        registration::Verification,
    },
    id::{MembershipId, OrganizationId, UserId},
    storage::{Result, Row, Tally, Tx, sql},
    text::{Name, Slug},
};

/// Queries of memberships.
pub struct Memberships<'t>(pub(super) &'t mut Tx);

impl Tx {
    /// Memberships.
    pub fn memberships(&mut self) -> Memberships<'_> {
        Memberships(self)
    }
}

macro_rules! columns {
    () => {
        "SELECT memberships.id, memberships.organization_id, memberships.user_id, memberships.kind, profession, \
         registration_number, registration_body, registration_expires_at, registration_verified_at, \
         registration_verified_by, specialty, title, memberships.origin, valid_from, valid_until, memberships.created_at, memberships.disabled_at, removed_at, memberships.tokens_void_before"
    };
}

pub(super) use columns;

/// Whether and how the person can sign in: see [`entrance`].
macro_rules! entrance_columns {
    () => {
        "CASE WHEN users.email IS NULL AND users.password_hash IS NULL \
           THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END AS has_entrance, \
         (SELECT MIN(invitations.id) FROM invitations \
           WHERE invitations.membership_id = memberships.id AND invitations.accepted_at IS NULL \
           AND invitations.rejected_at IS NULL AND invitations.revoked_at IS NULL) AS invitation"
    };
}
pub(super) use entrance_columns;

macro_rules! select {
    ($rest:literal) => {
        concat!(columns!(), " FROM memberships ", $rest)
    };
}

macro_rules! select_with_organization {
    ($rest:literal) => {
        concat!(
            columns!(),
            ", organizations.slug AS organization_slug, organizations.name AS organization_name, \
             organizations.logo_uri, organizations.accent, organizations.created_at AS organization_created_at, \
             organizations.disabled_at AS organization_disabled_at, \
             organizations.tokens_void_before AS organization_tokens_void_before \
             FROM memberships \
             JOIN organizations ON organizations.id = memberships.organization_id \
             WHERE memberships.user_id = $1 \
             AND memberships.removed_at IS NULL ",
            $rest
        )
    };
}

macro_rules! select_active_with_organization {
    ($rest:literal) => {
        concat!(
            select_with_organization!(
                "AND memberships.disabled_at IS NULL \
                 AND organizations.disabled_at IS NULL \
                 AND (valid_from IS NULL OR valid_from <= $2) \
                 AND (valid_until IS NULL OR valid_until > $2) "
            ),
            $rest
        )
    };
}

impl Memberships<'_> {
    /// One of this organization, unless removed.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &MembershipId) -> Result<Option<Membership>> {
        let row = sql(select!("WHERE id = $1 AND organization_id = $2 AND removed_at IS NULL"))
            .bind(id.as_str().to_owned())
            .bind(organization.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(membership).transpose()
    }

    /// That of a person in this organization, disabled or not, unless removed.
    pub async fn of(&mut self, organization: &OrganizationId, user: &UserId) -> Result<Option<Membership>> {
        let row = sql(select!("WHERE organization_id = $1 AND user_id = $2 AND removed_at IS NULL"))
            .bind(organization.as_str().to_owned())
            .bind(user.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(membership).transpose()
    }

    /// A person's active memberships in organizations that are active, by name of the organization.
    pub async fn active_of_user(&mut self, user: &UserId, now: Timestamp) -> Result<Vec<(Membership, Organization)>> {
        let rows = sql(select_active_with_organization!("ORDER BY organizations.name, organizations.id"))
            .bind(user.as_str().to_owned())
            .bind(now.0)
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok((membership(row)?, organization(row)?))).collect()
    }

    /// All of a person's that were not removed, whether they may act there or not, by name of the organization.
    pub async fn of_user(&mut self, user: &UserId) -> Result<Vec<(Membership, Organization)>> {
        let rows = sql(select_with_organization!("ORDER BY organizations.name, organizations.id"))
            .bind(user.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok((membership(row)?, organization(row)?))).collect()
    }

    /// Whoever is signed in, belongs to this organization, and has an active membership nowhere else.
    pub(in crate::directory) async fn stranded_without(
        &mut self,
        organization: &OrganizationId,
        now: Timestamp,
    ) -> Result<Vec<UserId>> {
        let rows = sql("SELECT user_id FROM memberships \
             WHERE organization_id = $1 AND removed_at IS NULL \
             AND EXISTS (SELECT 1 FROM sessions WHERE sessions.user_id = memberships.user_id AND ended_at IS NULL) \
             AND NOT EXISTS ( \
               SELECT 1 FROM memberships AS others \
               JOIN organizations ON organizations.id = others.organization_id \
               WHERE others.user_id = memberships.user_id \
               AND others.organization_id <> $1 \
               AND others.removed_at IS NULL \
               AND others.disabled_at IS NULL \
               AND organizations.disabled_at IS NULL \
               AND (others.valid_from IS NULL OR others.valid_from <= $2) \
               AND (others.valid_until IS NULL OR others.valid_until > $2) \
             )")
        .bind(organization.as_str().to_owned())
        .bind(now.0)
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(UserId::from_stored(text(row, "user_id")?))).collect()
    }

    /// A person's active membership in one organization that is active.
    pub async fn active(
        &mut self,
        user: &UserId,
        organization: &OrganizationId,
        now: Timestamp,
    ) -> Result<Option<Membership>> {
        let row = sql(select_active_with_organization!("AND memberships.organization_id = $3"))
            .bind(user.as_str().to_owned())
            .bind(now.0)
            .bind(organization.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(membership).transpose()
    }

    /// Every organization that a person belongs to, or ever belonged to.
    pub async fn organizations_ever(&mut self, user: &UserId) -> Result<Vec<OrganizationId>> {
        let rows = sql("SELECT DISTINCT organization_id FROM memberships WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(|row| Ok(OrganizationId::from_stored(text(row, "organization_id")?))).collect()
    }

    /// Whether and how the person of a membership can sign in.
    pub async fn entrance(&mut self, id: &MembershipId) -> Result<Entrance> {
        let row = sql(concat!(
            "SELECT ",
            entrance_columns!(),
            " FROM memberships JOIN users ON users.id = memberships.user_id WHERE memberships.id = $1"
        ))
        .bind(id.as_str().to_owned())
        .fetch_one(self.0.connection())
        .await?;
        entrance(&row)
    }

    /// Those whose end is past and was not seen to.
    pub(in crate::directory) async fn over(
        &mut self,
        now: Timestamp,
        most: u32,
    ) -> Result<Vec<(OrganizationId, MembershipId)>> {
        let rows = sql("SELECT organization_id, id FROM memberships \
             WHERE valid_until <= $1 AND valid_until IS NOT NULL AND expiry_seen_at IS NULL AND removed_at IS NULL \
             ORDER BY valid_until LIMIT $2")
        .bind(now.0)
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        let ids = |row: &Row| {
            let organization = OrganizationId::from_stored(text(row, "organization_id")?);
            Ok((organization, MembershipId::from_stored(text(row, "id")?)))
        };
        rows.iter().map(ids).collect()
    }

    /// Sees to the end of one; `false` when somebody did before, or gave it another end.
    pub(in crate::directory) async fn see_expiry(&mut self, id: &MembershipId, now: Timestamp) -> Result<bool> {
        let rows = sql("UPDATE memberships SET expiry_seen_at = $2 \
             WHERE id = $1 AND expiry_seen_at IS NULL AND valid_until <= $2 AND removed_at IS NULL")
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .execute(self.0.connection())
        .await?;
        Ok(rows > 0)
    }

    /// Saves what can change while it lasts.
    pub(in crate::directory) async fn save(&mut self, edited: &Membership) -> Result<()> {
        sql("UPDATE memberships \
             SET kind = $2, profession = $3, registration_number = $4, registration_body = $5, specialty = $6, \
             title = $7, valid_from = $8, valid_until = $9, disabled_at = $10, tokens_void_before = $11, \
             registration_expires_at = $12, registration_verified_at = $13, registration_verified_by = $14, \
             expiry_seen_at = CASE WHEN valid_until = $9 THEN expiry_seen_at END \
             WHERE id = $1 AND removed_at IS NULL")
        .bind(edited.id.as_str().to_owned())
        .bind(edited.kind.as_str().to_owned())
        .bind(edited.profession.clone())
        .bind(edited.registration_number.clone())
        .bind(edited.registration_body.clone())
        .bind(edited.specialty.clone())
        .bind(edited.title.clone())
        .bind(millis(edited.validity.from))
        .bind(millis(edited.validity.until))
        .bind(millis(edited.disabled_at))
        .bind(millis(edited.tokens_void_before))
        .bind(millis(edited.registration_expires_at))
        .bind(millis(edited.verification.as_ref().map(|verification| verification.at)))
        .bind(edited.verification.as_ref().map(|verification| verification.by.to_string()))
        .execute(self.0.connection())
        .await?;
        self.0.touch_member(&edited.id);
        Ok(())
    }

    /// Puts another person in its place.
    pub(in crate::directory) async fn hand_over(&mut self, id: &MembershipId, user: &UserId) -> Result<()> {
        sql("UPDATE memberships SET user_id = $2 WHERE id = $1")
            .bind(id.as_str().to_owned())
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// Ends the assignments of a membership and removes its groups, permissions and identifiers, with the rules for this
    /// member alone.
    pub(in crate::directory) async fn strip(&mut self, id: &MembershipId, now: Timestamp) -> Result<()> {
        self.run("UPDATE assignments SET ended_at = $2 WHERE membership_id = $1 AND ended_at IS NULL", id, Some(now))
            .await?;
        self.0.group_records().touch_those_of(id.as_str(), now).await?;
        self.run("DELETE FROM group_members WHERE membership_id = $1", id, None).await?;
        self.run("DELETE FROM membership_permissions WHERE membership_id = $1", id, None).await?;
        self.run("DELETE FROM identifiers WHERE membership_id = $1", id, None).await?;
        self.run("DELETE FROM external_ids WHERE resource_id = $1", id, None).await?;
        self.run(RULES_OF_MEMBER[0], id, None).await?;
        self.run(RULES_OF_MEMBER[1], id, None).await?;
        self.0.reviews().forget_use(id).await?;
        self.0.member_records().remove(id).await
    }

    async fn run(&mut self, statement: &'static str, id: &MembershipId, now: Option<Timestamp>) -> Result<()> {
        let query = sql(statement).bind(id.as_str().to_owned());
        let query = if let Some(now) = now { query.bind(now.0) } else { query };
        query.execute(self.0.connection()).await?;
        Ok(())
    }

    /// Ends every membership of a person and removes what it says of them.
    pub(in crate::directory) async fn erase(&mut self, user: &UserId, now: Timestamp) -> Result<()> {
        const OF_USER: [&str; 10] = [
            "UPDATE memberships \
             SET profession = NULL, registration_number = NULL, registration_body = NULL, specialty = NULL, title = NULL, \
             registration_expires_at = NULL, registration_verified_at = NULL, registration_verified_by = NULL \
             WHERE user_id = $1",
            "DELETE FROM member_addresses WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM member_records WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM group_members WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM membership_permissions WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM identifiers WHERE membership_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM external_ids WHERE resource_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM member_uses WHERE user_id = $1",
            "DELETE FROM policy_trials WHERE subject_kind = 'member' AND subject_id <> '' \
             AND subject_id IN (SELECT id FROM memberships WHERE user_id = $1)",
            "DELETE FROM policy_rules WHERE subject_kind = 'member' AND subject_id <> '' \
             AND subject_id IN (SELECT id FROM memberships WHERE user_id = $1)",
        ];
        const REMOVED: &str = "UPDATE memberships SET removed_at = $2 \
             WHERE user_id = $1 AND removed_at IS NULL \
             RETURNING organization_id";
        const ASSIGNMENTS: &str = "UPDATE assignments SET ended_at = $2 \
             WHERE ended_at IS NULL AND membership_id IN (SELECT id FROM memberships WHERE user_id = $1)";
        let removed = sql(REMOVED).bind(user.as_str().to_owned()).bind(now.0);
        for row in removed.fetch_all(self.0.connection()).await? {
            self.0.tally(Tally::Members, row.try_get("organization_id")?, -1);
        }
        self.0.group_records().touch_those_of(user.as_str(), now).await?;
        for statement in OF_USER {
            sql(statement).bind(user.as_str().to_owned()).execute(self.0.connection()).await?;
        }
        sql(ASSIGNMENTS).bind(user.as_str().to_owned()).bind(now.0).execute(self.0.connection()).await?;
        Ok(())
    }
}

/// The rules for one member alone, and what is tried of them.
pub(super) const RULES_OF_MEMBER: [&str; 2] = [
    "DELETE FROM policy_trials WHERE subject_kind = 'member' AND subject_id = $1 AND subject_id <> ''",
    "DELETE FROM policy_rules WHERE subject_kind = 'member' AND subject_id = $1 AND subject_id <> ''",
];

pub(super) fn membership(row: &Row) -> Result<Membership> {
    Ok(Membership {
        id: MembershipId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        user_id: UserId::from_stored(text(row, "user_id")?),
        kind: Slug::from_stored(text(row, "kind")?),
        profession: maybe_text(row, "profession")?,
        registration_number: maybe_text(row, "registration_number")?,
        registration_body: maybe_text(row, "registration_body")?,
        registration_expires_at: maybe_moment(row, "registration_expires_at")?,
        verification: verification(row)?,
        specialty: maybe_text(row, "specialty")?,
        title: maybe_text(row, "title")?,
        origin: Origin::from_stored(text(row, "origin")?),
        validity: validity(row)?,
        created_at: moment(row, "created_at")?,
        disabled_at: maybe_moment(row, "disabled_at")?,
        removed_at: maybe_moment(row, "removed_at")?,
        tokens_void_before: maybe_moment(row, "tokens_void_before")?,
    })
}

fn verification(row: &Row) -> Result<Option<Verification>> {
    let by = maybe_text(row, "registration_verified_by")?.map(Origin::from_stored);
    Ok(maybe_moment(row, "registration_verified_at")?.zip(by).map(|(at, by)| Verification { at, by }))
}

/// The organization of a membership.
fn organization(row: &Row) -> Result<Organization> {
    Ok(Organization {
        id: OrganizationId::from_stored(text(row, "organization_id")?),
        slug: Slug::from_stored(text(row, "organization_slug")?),
        name: Name::from_stored(text(row, "organization_name")?),
        logo_uri: maybe_text(row, "logo_uri")?.map(LogoUri::from_stored),
        accent: maybe_text(row, "accent")?.map(Accent::from_stored),
        created_at: moment(row, "organization_created_at")?,
        disabled_at: maybe_moment(row, "organization_disabled_at")?,
        tokens_void_before: maybe_moment(row, "organization_tokens_void_before")?,
    })
}

pub(super) fn entrance(row: &Row) -> Result<Entrance> {
    Ok(match (row.try_get::<i64>("has_entrance")?, maybe_text(row, "invitation")?) {
        (0, None) => Entrance::None,
        (0, Some(_)) => Entrance::Invited,
        _ => Entrance::Open,
    })
}
