//! What a person allowed an app in an organization.

use super::{from_json, to_json};
use crate::{
    clock::Timestamp,
    id::{OrganizationId, UserId},
    oauth::{authorization::prompt::Consent, client_metadata::ClientMetadata},
    storage::{Result, Row, Tx, sql},
};

/// Queries of consents.
pub struct Consents<'t>(&'t mut Tx);

/// A consent with the app that it was given to.
#[derive(Debug, Clone)]
pub struct Allowed {
    /// The client's id.
    pub client: String,
    /// The client's name.
    pub name: String,
    /// What it registered: its words for what it asks for in detail.
    pub metadata: ClientMetadata,
    /// Where it may act for the person.
    pub organization: OrganizationId,
    /// What it may do, and since when.
    pub consent: Consent,
}

impl Tx {
    /// Consents.
    pub fn consents(&mut self) -> Consents<'_> {
        Consents(self)
    }
}

impl Consents<'_> {
    /// What the person allowed the client in the organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&mut self, user: &UserId, client: &str, at: &OrganizationId) -> Result<Option<Consent>> {
        let row = sql("SELECT scopes, authorization_details, granted_at FROM consents \
             WHERE user_id = $1 AND client_id = $2 AND organization_id = $3")
        .bind(user.as_str().to_owned())
        .bind(client.to_owned())
        .bind(at.as_str().to_owned())
        .fetch_optional(self.0.connection())
        .await?;
        let Some(row) = row else { return Ok(None) };
        consent(&row).map(Some)
    }

    /// What the person allowed, newest first; an organization without an id is none.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of_user(&mut self, user: &UserId) -> Result<Vec<Allowed>> {
        let rows =
            sql("SELECT c.id, c.name, c.metadata, o.organization_id, o.scopes, o.authorization_details, o.granted_at \
             FROM consents o \
             JOIN clients c ON c.id = o.client_id \
             WHERE o.user_id = $1 \
             ORDER BY o.granted_at DESC \
             LIMIT 200")
            .bind(user.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Allowed {
                    client: row.try_get("id")?,
                    name: row.try_get("name")?,
                    metadata: from_json(row.try_get("metadata")?, "clients.metadata")?,
                    organization: OrganizationId::from_stored(row.try_get("organization_id")?),
                    consent: consent(row)?,
                })
            })
            .collect()
    }

    /// Writes what the person allows from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn put(&mut self, user: &UserId, client: &str, at: &OrganizationId, allowed: &Consent) -> Result<()> {
        let details = &allowed.authorization_details;
        sql("INSERT INTO consents (user_id, client_id, organization_id, scopes, authorization_details, granted_at) \
             VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (user_id, client_id, organization_id) \
             DO UPDATE SET scopes = excluded.scopes, authorization_details = excluded.authorization_details, \
             granted_at = excluded.granted_at")
        .bind(user.as_str().to_owned())
        .bind(client.to_owned())
        .bind(at.as_str().to_owned())
        .bind(allowed.scopes.to_string())
        .bind((!details.is_empty()).then(|| to_json(details)))
        .bind(allowed.granted_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(())
    }

    /// Forgets what the person allowed a client, in every organization; `false` when there was nothing.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove(&mut self, user: &UserId, client: &str) -> Result<bool> {
        let removed = sql("DELETE FROM consents WHERE user_id = $1 AND client_id = $2")
            .bind(user.as_str().to_owned())
            .bind(client.to_owned())
            .execute(self.0.connection())
            .await?;
        Ok(removed > 0)
    }
}

fn consent(row: &Row) -> Result<Consent> {
    let details = row.try_get::<Option<&str>>("authorization_details")?;
    Ok(Consent {
        scopes: row.try_get::<&str>("scopes")?.split_whitespace().map(str::to_owned).collect(),
        authorization_details: details
            .map_or_else(|| Ok(vec![]), |text| from_json(text, "consents.authorization_details"))?,
        granted_at: Timestamp(row.try_get("granted_at")?),
    })
}
