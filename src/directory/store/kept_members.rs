//! What is kept of members whose membership ended while the organization held the record.

use serde_json::{Map, Value as Json, json};

use super::{maybe_moment, moment, retention::lasting, text};
use crate::{
    clock::Timestamp,
    directory::{membership::Membership, retention::Kept},
    id::{MembershipId, OrganizationId, UserId},
    storage::{
        Error, Result, Row, Tx, Value,
        batch::{in_list, padded},
        sql,
    },
};

/// Queries of what is kept.
pub struct KeptMembers<'t>(&'t mut Tx);

impl Tx {
    /// What is kept of members who left.
    pub fn kept_members(&mut self) -> KeptMembers<'_> {
        KeptMembers(self)
    }
}

/// What the end of a membership takes away, as lists: the name of each, its query, and its columns.
const LISTS: [(&str, &str, &[&str]); 6] = [
    (
        "external_ids",
        "SELECT source, external_id FROM external_ids WHERE resource_id = $1 ORDER BY source",
        &["source", "external_id"],
    ),
    (
        "roles",
        "SELECT roles.slug AS role, locations.slug AS location, assignments.origin, assignments.created_at, \
           assignments.valid_from, assignments.valid_until \
         FROM assignments \
         JOIN roles ON roles.id = assignments.role_id \
         LEFT JOIN locations ON locations.id = assignments.location_id \
         WHERE assignments.membership_id = $1 AND assignments.ended_at IS NULL \
         ORDER BY assignments.id",
        &["role", "location", "origin", "created_at", "valid_from", "valid_until"],
    ),
    (
        "groups",
        "SELECT groups.slug AS \"group\", groups.name, group_members.origin, group_members.created_at \
         FROM group_members \
         JOIN groups ON groups.id = group_members.group_id \
         WHERE group_members.membership_id = $1 \
         ORDER BY groups.slug",
        &["group", "name", "origin", "created_at"],
    ),
    (
        "permissions",
        "SELECT permission, source, effect, created_at \
         FROM membership_permissions \
         WHERE membership_id = $1 \
         ORDER BY permission, source",
        &["permission", "source", "effect", "created_at"],
    ),
    (
        "identifiers",
        "SELECT locations.slug AS location, identifiers.kind, identifiers.value \
         FROM identifiers \
         JOIN locations ON locations.id = identifiers.location_id \
         WHERE identifiers.membership_id = $1 \
         ORDER BY locations.slug, identifiers.kind",
        &["location", "kind", "value"],
    ),
    (
        "uses",
        "SELECT member_uses.last_at \
         FROM memberships \
         JOIN member_uses ON member_uses.user_id = memberships.user_id \
           AND member_uses.organization_id = memberships.organization_id \
         WHERE memberships.id = $1",
        &["last_at"],
    ),
];

impl KeptMembers<'_> {
    /// What an organization keeps of a person, by membership.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, organization: &OrganizationId, user: &UserId) -> Result<Vec<Kept>> {
        let rows = sql("SELECT membership_id, kept_at, content \
             FROM kept_members \
             WHERE user_id = $1 AND organization_id = $2 \
             ORDER BY membership_id")
        .bind(user.as_str().to_owned())
        .bind(organization.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        rows.iter().map(kept).collect()
    }

    /// Writes down what the end of a membership takes away.
    pub(in crate::directory) async fn keep(&mut self, member: &Membership, now: Timestamp) -> Result<()> {
        let mut content = self.record(member).await?;
        for (name, query, columns) in LISTS {
            let rows = sql(query).bind(member.id.as_str().to_owned()).fetch_all(self.0.connection()).await?;
            let list = rows.iter().map(|row| object(row, columns)).collect::<Result<Vec<_>>>()?;
            content.insert(name.to_owned(), list.into());
        }
        if let Some((manager, name)) = self.0.managers().of(&member.id).await? {
            content.insert("manager".to_owned(), json!({"membership": manager.as_str(), "name": name.as_str()}));
        }
        sql("INSERT INTO kept_members (membership_id, organization_id, user_id, kept_at, content) \
             VALUES ($1, $2, $3, $4, $5)")
        .bind(member.id.as_str().to_owned())
        .bind(member.organization_id.as_str().to_owned())
        .bind(member.user_id.as_str().to_owned())
        .bind(now.0)
        .bind(Json::from(content).to_string())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Removes what is kept of people by organizations that do not hold the record any more.
    pub(in crate::directory) async fn forget(&mut self, people: &[UserId], now: Timestamp) -> Result<()> {
        const UNHELD: &str = concat!(
            "DELETE FROM kept_members WHERE NOT EXISTS ( \
               SELECT 1 FROM retention_holds \
               WHERE retention_holds.user_id = kept_members.user_id \
               AND retention_holds.organization_id = kept_members.organization_id AND ",
            lasting!("$1"),
            ")"
        );
        for list in padded(people) {
            sql(format!("{UNHELD} AND user_id IN ({})", in_list(2, list.len())))
                .bind(now.0)
                .bind_all(list.iter().map(|user| Value::from(user.as_str())))
                .execute(self.0.connection())
                .await?;
        }
        Ok(())
    }

    /// Removes everything that is kept of a person.
    pub(in crate::directory) async fn erase(&mut self, user: &UserId) -> Result<()> {
        sql("DELETE FROM kept_members WHERE user_id = $1")
            .bind(user.as_str().to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(())
    }

    /// What the membership says, and what outside sources wrote of it.
    async fn record(&mut self, member: &Membership) -> Result<Map<String, Json>> {
        let row = sql("SELECT user_name, attributes, sources FROM member_records WHERE membership_id = $1")
            .bind(member.id.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        let mut content = Map::new();
        if let Some(row) = row {
            content.insert("user_name".to_owned(), text(&row, "user_name")?.into());
            content.insert("attributes".to_owned(), parsed(&row, "attributes")?);
            content.insert("sources".to_owned(), parsed(&row, "sources")?);
        }
        let said = json!({
            "kind": member.kind,
            "profession": member.profession,
            "registration_number": member.registration_number,
            "registration_body": member.registration_body,
            "specialty": member.specialty,
            "title": member.title,
            "member_since": member.created_at.to_string(),
        });
        content.extend(said.as_object().cloned().unwrap_or_default());
        content.retain(|_, value| !value.is_null());
        Ok(content)
    }
}

/// A row with these columns: texts, and instants.
fn object(row: &Row, columns: &[&str]) -> Result<Json> {
    let mut object = Map::new();
    for column in columns {
        let value = match row.try_get::<Option<String>>(*column) {
            Ok(text) => text.into(),
            Err(_) => maybe_moment(row, column)?.map(|at| at.to_string()).into(),
        };
        object.insert((*column).to_owned(), value);
    }
    Ok(object.into())
}

fn parsed(row: &Row, column: &'static str) -> Result<Json> {
    serde_json::from_str(&text(row, column)?).map_err(|_| Error::Corrupt(column))
}

fn kept(row: &Row) -> Result<Kept> {
    Ok(Kept {
        membership: MembershipId::from_stored(text(row, "membership_id")?),
        kept_at: moment(row, "kept_at")?,
        content: parsed(row, "content")?,
    })
}
