//! What outside sources wrote of members.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::{maybe_moment, maybe_text, memberships::membership, moment, text};
use crate::{
    clock::Timestamp,
    directory::{
        origin::Origin,
        provisioning::{Known, Record, Sources, manager},
    },
    id::{GroupId, MembershipId, OrganizationId, RoleId, UserId},
    storage::{
        Error, Result, Row, Tally, Tx, Value,
        batch::{self, Rows, Table, in_list, padded},
        sql,
    },
    text::{EmailAddress, Name},
};

/// Queries of members as outside sources see them.
pub struct MemberRecords<'t>(&'t mut Tx, String);

impl Tx {
    /// Members as outside sources see them.
    pub fn member_records(&mut self) -> MemberRecords<'_> {
        MemberRecords(self, String::new())
    }

    /// The same, with what this source calls them.
    pub fn member_records_of(&mut self, source: &Origin) -> MemberRecords<'_> {
        MemberRecords(self, source.to_string())
    }
}

static ADDRESSES: Table =
    Table { name: "member_addresses", columns: &["membership_id", "email", "organization_id"], suffix: "" };

static RECORDS: Table = Table {
    name: "member_records",
    columns: &["membership_id", "organization_id", "user_name", "attributes", "sources", "updated_at", "has_unmapped"],
    suffix: "ON CONFLICT DO NOTHING",
};

macro_rules! columns {
    () => {
        "SELECT memberships.id, memberships.organization_id, memberships.user_id, memberships.kind, profession, \
         registration_number, registration_body, registration_expires_at, registration_verified_at, \
         registration_verified_by, specialty, title, memberships.origin, valid_from, valid_until, memberships.created_at, memberships.disabled_at, removed_at, memberships.tokens_void_before, \
         users.name, users.given_name, users.family_name, users.email, users.phone, users.locale, users.picture, \
         users.updated_at, users.placeholder_since, \
         member_records.user_name AS record_user_name, external_ids.external_id, member_records.attributes, \
         member_records.sources, member_records.updated_at AS record_updated_at, memberships.manager_id, \
         CASE WHEN memberships.manager_id IS NULL THEN NULL ELSE \
           (SELECT managers.removed_at FROM memberships AS managers WHERE managers.id = memberships.manager_id) \
         END AS manager_left_at "
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

/// The same, with what the source calls them that goes first.
macro_rules! select_by_ids {
    () => {
        concat!(
            columns!(),
            "FROM memberships \
             JOIN users ON users.id = memberships.user_id \
             LEFT JOIN member_records ON member_records.membership_id = memberships.id \
             LEFT JOIN external_ids ON external_ids.resource_id = memberships.id AND external_ids.source = ( \
               SELECT called.source FROM external_ids AS called \
               LEFT JOIN scim_connections ON called.source = 'scim:' || scim_connections.id \
               WHERE called.resource_id = memberships.id \
               ORDER BY CASE WHEN scim_connections.removed_at IS NULL THEN 0 ELSE 1 END, \
                 COALESCE(scim_connections.precedence, 0) DESC, called.source \
               LIMIT 1 \
             ) \
             WHERE memberships.organization_id = $1 AND memberships.removed_at IS NULL \
             AND users.emergency_for IS NULL "
        )
    };
}

impl MemberRecords<'_> {
    /// One of this organization, unless removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_id(&mut self, organization: &OrganizationId, id: &MembershipId) -> Result<Option<Known>> {
        Ok(self.all(select!("AND memberships.id = $3"), organization, id.as_str()).await?.pop())
    }

    /// Those of these that the organization has and that were not removed, called as the source does that goes first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn by_ids(&mut self, organization: &OrganizationId, ids: &[MembershipId]) -> Result<Vec<Known>> {
        let mut found = vec![];
        for list in padded(ids) {
            let statement = format!("{} AND memberships.id IN ({})", select_by_ids!(), in_list(2, list.len()));
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            let query = sql(statement).bind(organization.as_str().to_owned()).bind_all(keys);
            for row in query.fetch_all(self.0.connection()).await? {
                found.push(known(&row)?);
            }
        }
        Ok(found)
    }

    /// That of a person in this organization, unless removed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, organization: &OrganizationId, user: &UserId) -> Result<Option<Known>> {
        Ok(self.all(select!("AND memberships.user_id = $3"), organization, user.as_str()).await?.pop())
    }

    /// Those of whom sources say that they have this address, the eldest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn at(&mut self, organization: &OrganizationId, email: &EmailAddress) -> Result<Vec<Known>> {
        let statement = select!(
            "AND memberships.id IN (SELECT membership_id FROM member_addresses WHERE organization_id = $1 AND email = $3) \
             ORDER BY memberships.id"
        );
        self.all(statement, organization, email.as_str()).await
    }

    /// The one whom sources call so, folded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn called(&mut self, organization: &OrganizationId, folded: &str) -> Result<Option<Known>> {
        Ok(self.all(select!("AND member_records.user_name = $3"), organization, folded).await?.pop())
    }

    /// Whether a source calls somebody by this name, folded.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn is_named(&mut self, organization: &OrganizationId, folded: &str) -> Result<bool> {
        let found = sql("SELECT membership_id FROM member_records WHERE organization_id = $1 AND user_name = $2 \
             UNION ALL \
             SELECT memberships.id FROM login_names \
             JOIN users ON users.id = login_names.user_id AND users.email = login_names.name \
             JOIN memberships ON memberships.user_id = users.id AND memberships.organization_id = $1 \
             LEFT JOIN member_records ON member_records.membership_id = memberships.id \
             WHERE login_names.name = $2 AND login_names.retired_at IS NULL AND memberships.removed_at IS NULL \
             AND member_records.membership_id IS NULL")
        .bind(organization.as_str().to_owned())
        .bind(folded.to_owned())
        .fetch_all(self.0.connection())
        .await?;
        Ok(!found.is_empty())
    }

    /// How many members an organization has, but for its emergency accounts.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn count(&mut self, organization: &OrganizationId) -> Result<u64> {
        let row = sql("SELECT COUNT(*) AS hidden FROM emergency_accounts e \
             JOIN memberships m ON m.user_id = e.user_id AND m.organization_id = e.organization_id \
             WHERE e.organization_id = $1 AND e.removed_at IS NULL AND m.removed_at IS NULL")
        .bind(organization.as_str().to_owned())
        .fetch_one(self.0.connection())
        .await?;
        let hidden = u64::try_from(row.try_get::<i64>("hidden")?).unwrap_or_default();
        Ok(self.0.tallied(Tally::Members, organization.as_str()).await?.saturating_sub(hidden))
    }

    /// The groups that these members are directly in: member, group, its name; by member and name.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn groups_of(&mut self, members: &[MembershipId]) -> Result<Vec<(MembershipId, GroupId, Name)>> {
        let mut found = vec![];
        for list in padded(members) {
            let statement = format!(
                "SELECT group_members.membership_id, groups.id AS group_id, groups.name \
                 FROM group_members \
                 JOIN groups ON groups.id = group_members.group_id \
                 WHERE group_members.membership_id IN ({}) AND groups.removed_at IS NULL \
                 ORDER BY group_members.membership_id, groups.name",
                in_list(1, list.len())
            );
            let keys = list.iter().map(|id| Value::from(id.as_str()));
            for row in sql(statement).bind_all(keys).fetch_all(self.0.connection()).await? {
                found.push((
                    MembershipId::from_stored(text(&row, "membership_id")?),
                    GroupId::from_stored(text(&row, "group_id")?),
                    Name::from_stored(text(&row, "name")?),
                ));
            }
        }
        Ok(found)
    }

    async fn all(&mut self, statement: &'static str, organization: &OrganizationId, key: &str) -> Result<Vec<Known>> {
        let rows = sql(statement)
            .bind(organization.as_str().to_owned())
            .bind(self.1.clone())
            .bind(key.to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(known).collect()
    }

    /// Writes a record; `false` when the organization calls another member by the same name.
    pub(in crate::directory) async fn save(
        &mut self,
        (organization, id): (&OrganizationId, &MembershipId),
        record: &Record,
        (addresses, is_new): (&[EmailAddress], bool),
    ) -> Result<bool> {
        if !is_new {
            // Written anew, so that a name that is taken is no failed statement.
            self.remove(id).await?;
        }
        self.add(organization, &[(id, record, addresses)]).await
    }

    /// Writes what sources said of people of whom nothing was written; `false` when one of the names is taken.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::directory) async fn add(
        &mut self,
        organization: &OrganizationId,
        all: &[(&MembershipId, &Record, &[EmailAddress])],
    ) -> Result<bool> {
        let record = |(id, record, _): &(&MembershipId, &Record, &[EmailAddress])| {
            vec![
                id.as_str().into(),
                organization.as_str().into(),
                record.user_name.to_lowercase().into(),
                Json::Object(manager::without(&record.attributes)).to_string().into(),
                serde_json::to_string(&record.sources).expect("texts are JSON").into(),
                record.updated_at.0.into(),
                i64::from(record.unmapped().next().is_some()).into(),
            ]
        };
        let rows = Rows { table: &RECORDS, values: all.iter().map(record).collect() };
        if batch::insert(self.0.connection(), &rows).await? < all.len() as u64 {
            return Ok(false);
        }
        let of = |(id, _, addresses): &(&MembershipId, &Record, &[EmailAddress])| {
            let row =
                |email: &EmailAddress| vec![id.as_str().into(), email.as_str().into(), organization.as_str().into()];
            addresses.iter().map(row).collect::<Vec<_>>()
        };
        let rows = Rows { table: &ADDRESSES, values: all.iter().flat_map(of).collect() };
        batch::insert(self.0.connection(), &rows).await?;
        for (id, ..) in all {
            self.0.touch_member(id);
        }
        Ok(true)
    }

    /// Those of these names and addresses, folded, that somebody has: a member, or whoever signs in with it.
    ///
    /// # Errors
    /// When the database fails.
    pub(in crate::directory) async fn known_of(
        &mut self,
        organization: &OrganizationId,
        wanted: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>> {
        let wanted: Vec<&String> = wanted.iter().collect();
        let mut known = BTreeSet::new();
        for list in padded(&wanted) {
            let keys = in_list(2, list.len());
            let statement = format!(
                "SELECT user_name AS name FROM member_records WHERE organization_id = $1 AND user_name IN ({keys}) \
                 UNION ALL \
                 SELECT email FROM member_addresses WHERE organization_id = $1 AND email IN ({keys}) \
                 UNION ALL \
                 SELECT name FROM login_names WHERE name IN ({keys}) AND retired_at IS NULL"
            );
            let query = sql(statement).bind(organization.as_str().to_owned());
            let query = query.bind_all(list.into_iter().map(|key| Value::from(key.as_str())));
            for row in query.fetch_all(self.0.connection()).await? {
                known.insert(text(&row, "name")?);
            }
        }
        Ok(known)
    }

    /// So many members of an organization after `reached` of whom sources said what means nothing here.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn with_unmapped(
        &mut self,
        organization: &OrganizationId,
        reached: &str,
        most: u32,
    ) -> Result<Vec<MembershipId>> {
        let rows = sql("SELECT membership_id FROM member_records \
             WHERE organization_id = $1 AND has_unmapped = 1 AND membership_id > $2 \
             ORDER BY membership_id LIMIT $3")
        .bind(organization.as_str().to_owned())
        .bind(reached.to_owned())
        .bind(i64::from(most))
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(|row| Ok(MembershipId::from_stored(text(row, "membership_id")?))).collect()
    }

    /// Counts whoever has a role, of whomever or of one source, among those who have unmapped values.
    pub(in crate::directory) async fn doubt(&mut self, role: &RoleId, of: Option<&Origin>) -> Result<()> {
        sql("UPDATE member_records SET has_unmapped = 1 \
             WHERE membership_id IN \
               (SELECT membership_id FROM assignments WHERE role_id = $1 AND ended_at IS NULL AND origin LIKE $2)")
        .bind(role.as_str().to_owned())
        .bind(of.map_or_else(|| "%".to_owned(), |of| of.as_str().to_owned()))
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Removes what was written of a member.
    pub(in crate::directory) async fn remove(&mut self, id: &MembershipId) -> Result<()> {
        for statement in [
            "DELETE FROM member_addresses WHERE membership_id = $1",
            "DELETE FROM member_records WHERE membership_id = $1",
        ] {
            sql(statement).bind(id.as_str().to_owned()).execute(self.0.connection()).await?;
        }
        Ok(())
    }
}

fn known(row: &Row) -> Result<Known> {
    let user_name: Option<String> = row.try_get("record_user_name")?;
    let manager_left_at = maybe_moment(row, "manager_left_at")?;
    let record = match user_name {
        None => None,
        Some(folded) => {
            let mut found = record(row, folded)?;
            let manager = maybe_text(row, "manager_id")?.filter(|_| manager_left_at.is_none());
            manager::restore(&mut found, manager.as_deref());
            Some(found)
        }
    };
    Ok(Known {
        membership: membership(row)?,
        name: Name::from_stored(text(row, "name")?),
        given_name: row.try_get("given_name")?,
        family_name: row.try_get("family_name")?,
        email: row.try_get::<Option<String>>("email")?.map(EmailAddress::from_stored),
        phone: row.try_get("phone")?,
        locale: row.try_get("locale")?,
        picture: row.try_get("picture")?,
        updated_at: moment(row, "updated_at")?,
        is_pending: row.try_get::<Option<i64>>("placeholder_since")?.is_some(),
        manager_left_at,
        external_id: row.try_get("external_id")?,
        record,
    })
}

fn record(row: &Row, folded: String) -> Result<Record> {
    let json = |column: &'static str| -> Result<String> { text(row, column) };
    let attributes: Map<String, Json> =
        serde_json::from_str(&json("attributes")?).map_err(|_| Error::Corrupt("member_records.attributes"))?;
    let sources: Sources =
        serde_json::from_str(&json("sources")?).map_err(|_| Error::Corrupt("member_records.sources"))?;
    Ok(Record {
        user_name: attributes.get("userName").and_then(Json::as_str).map_or(folded, str::to_owned),
        attributes,
        sources,
        updated_at: Timestamp(row.try_get("record_updated_at")?),
    })
}
