//! Members as protocols list them.

use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        provisioning::{
            Shown,
            shown::{Beneath, attributes},
        },
    },
    id::{MembershipId, OrganizationId},
    storage::{Error, Result, Row, Tx, sql},
};

/// Queries of members as protocols list them.
pub struct ShownMembers<'t>(&'t mut Tx, String);

impl Tx {
    /// Members as protocols list them to a source: with what it calls them.
    pub fn shown_members(&mut self, source: &Origin) -> ShownMembers<'_> {
        ShownMembers(self, source.to_string())
    }
}

macro_rules! columns {
    () => {
        "SELECT memberships.id, memberships.user_id, memberships.kind, memberships.profession, \
         memberships.registration_number, memberships.registration_body, memberships.registration_expires_at, \
         memberships.registration_verified_at, memberships.specialty, memberships.title, \
         users.name, users.given_name, users.family_name, users.email, users.phone, users.locale, users.picture, \
         member_records.user_name, external_ids.external_id, member_records.attributes, \
         memberships.created_at, memberships.disabled_at, memberships.tokens_void_before, users.updated_at, \
         users.placeholder_since, member_records.updated_at, memberships.manager_id, \
         CASE WHEN memberships.manager_id IS NULL THEN NULL ELSE \
           (SELECT managers.removed_at FROM memberships AS managers WHERE managers.id = memberships.manager_id) \
         END "
    };
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            columns!(),
            "FROM memberships \
             JOIN users ON users.id = memberships.user_id \
             LEFT JOIN member_records ON member_records.membership_id = memberships.id \
             LEFT JOIN external_ids ON external_ids.resource_id = memberships.id AND external_ids.source = $2 \
             WHERE memberships.organization_id = $1 AND memberships.removed_at IS NULL \
             AND users.emergency_for IS NULL ",
            $rest
        )
    };
}

macro_rules! select_by_record {
    ($rest:literal) => {
        concat!(
            columns!(),
            "FROM member_records \
             JOIN memberships ON memberships.id = member_records.membership_id \
             JOIN users ON users.id = memberships.user_id \
             LEFT JOIN external_ids ON external_ids.resource_id = memberships.id AND external_ids.source = $2 \
             WHERE member_records.organization_id = $1 AND memberships.removed_at IS NULL ",
            $rest
        )
    };
}

impl ShownMembers<'_> {
    /// One of this organization, unless removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &MembershipId) -> Result<Option<Shown>> {
        Ok(self.all(select!("AND memberships.id = $3"), organization, id.as_str()).await?.pop())
    }

    /// The one that a source calls by this name, folded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_user_name(&mut self, organization: &OrganizationId, folded: &str) -> Result<Option<Shown>> {
        let recorded = select_by_record!("AND member_records.user_name = $3");
        if let Some(found) = self.all(recorded, organization, folded).await?.pop() {
            return Ok(Some(found));
        }
        // Who has no record is called by what they sign in with.
        let unrecorded = select!(
            "AND member_records.membership_id IS NULL AND users.email = $3 AND memberships.user_id IN \
             (SELECT user_id FROM login_names WHERE name = $3 AND retired_at IS NULL)"
        );
        Ok(self.all(unrecorded, organization, folded).await?.pop())
    }

    /// The one whom the source calls so.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_external_id(&mut self, organization: &OrganizationId, external: &str) -> Result<Vec<Shown>> {
        self.all(
            select!(
                "AND memberships.id IN ( \
                   SELECT resource_id FROM external_ids \
                   WHERE organization_id = $1 AND source = $2 AND kind = 'member' AND external_id = $3)"
            ),
            organization,
            external,
        )
        .await
    }

    /// Those who have this address, folded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_address(&mut self, organization: &OrganizationId, folded: &str) -> Result<Vec<Shown>> {
        let recorded = select_by_record!(
            "AND member_records.membership_id IN \
             (SELECT membership_id FROM member_addresses WHERE organization_id = $1 AND email = $3) \
             ORDER BY memberships.id LIMIT 1000"
        );
        let own = select!(
            "AND memberships.user_id IN (SELECT user_id FROM login_names WHERE name = $3 AND retired_at IS NULL)"
        );
        let mut found = self.all(recorded, organization, folded).await?;
        for one in self.all(own, organization, folded).await? {
            if !found.iter().any(|shown| shown.id == one.id) {
                found.push(one);
            }
        }
        Ok(found)
    }

    /// Those of an organization in the order in which they came: `most` after `after` (exclusive), leaving out `skipped`.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn page(
        &mut self,
        organization: &OrganizationId,
        after: Option<&MembershipId>,
        (skipped, most): (u64, u32),
    ) -> Result<Vec<Shown>> {
        let rows = sql(select!("AND memberships.id > $3 ORDER BY memberships.id LIMIT $4 OFFSET $5"))
            .bind(organization.as_str().to_owned())
            .bind(self.1.clone())
            .bind(after.map_or("", MembershipId::as_str).to_owned())
            .bind(i64::from(most))
            .bind(i64::try_from(skipped).unwrap_or(i64::MAX))
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(shown).collect()
    }

    async fn all(&mut self, statement: &'static str, organization: &OrganizationId, key: &str) -> Result<Vec<Shown>> {
        let rows = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(self.1.clone())
            .bind(key.to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(shown).collect()
    }
}

/// Reads the columns in the order in which they are selected.
fn shown(row: &Row) -> Result<Shown> {
    let mut row = row.in_order();
    let (id, user): (String, &str) = (row.take()?, row.take()?);
    let mut beneath = Beneath {
        kind: row.take()?,
        profession: row.take()?,
        registration_number: row.take()?,
        registration_body: row.take()?,
        registration_expires_at: row.take::<Option<i64>>()?.map(Timestamp),
        verified_at: row.take::<Option<i64>>()?.map(Timestamp),
        specialty: row.take()?,
        title: row.take()?,
        name: row.take()?,
        given_name: row.take()?,
        family_name: row.take()?,
        email: row.take()?,
        phone: row.take()?,
        locale: row.take()?,
        picture: row.take()?,
        manager: None,
        user_name: user,
    };
    beneath.user_name = row.take::<Option<&str>>()?.or(beneath.email).unwrap_or(user);
    let external_id = row.take()?;
    let written = row.take()?;
    let created_at = Timestamp(row.take()?);
    let mut moment = || Ok::<_, Error>(row.take::<Option<i64>>()?.map(Timestamp));
    let (disabled_at, void_before, person_at, pending_since, record_at) =
        (moment()?, moment()?, moment()?, moment()?, moment()?);
    let person_at = person_at.filter(|_| pending_since.is_none());
    let manager: Option<&str> = row.take()?;
    let manager_left_at = row.take::<Option<i64>>()?.map(Timestamp);
    beneath.manager = manager.filter(|_| manager_left_at.is_none());
    let attributes = attributes(&beneath, written).map_err(|_| Error::Corrupt("member_records.attributes"))?;
    let changes =
        [Some(created_at), disabled_at, void_before, person_at, record_at, manager_left_at, beneath.verified_at];
    Ok(Shown {
        id: MembershipId::from_stored(id),
        external_id,
        is_active: disabled_at.is_none(),
        created_at,
        changed_at: changes.into_iter().flatten().max().unwrap_or(created_at),
        attributes,
    })
}
