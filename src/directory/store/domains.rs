//! Domains.

use std::collections::BTreeSet;

use super::{maybe_moment, maybe_text, moment, text};
use crate::{
    clock::Timestamp,
    directory::domain::Domain,
    id::{DomainId, OrganizationId},
    storage::{
        Result, Row, Tx, Value,
        batch::{in_list, padded},
        sql,
    },
    text::DomainName,
};

/// Queries of domains.
pub struct Domains<'t>(&'t mut Tx);

impl Tx {
    /// Domains.
    pub fn domains(&mut self) -> Domains<'_> {
        Domains(self)
    }
}

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, organization_id, name, proof, created_at, verified_at, verified_by FROM domains ", $rest)
    };
}

impl Domains<'_> {
    /// One that this organization claims.
    pub async fn by_name(&mut self, organization: &OrganizationId, name: &DomainName) -> Result<Option<Domain>> {
        let row = sql(select!("WHERE organization_id = $1 AND name = $2"))
            .bind(organization.as_str().to_owned())
            .bind(name.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.as_ref().map(domain).transpose()
    }

    /// Those that an organization claims, by name.
    pub async fn list(&mut self, organization: &OrganizationId) -> Result<Vec<Domain>> {
        let rows = sql(select!("WHERE organization_id = $1 ORDER BY name"))
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        rows.iter().map(domain).collect()
    }

    /// The organization that has a domain verified.
    pub async fn owner(&mut self, name: &DomainName) -> Result<Option<OrganizationId>> {
        let row = sql("SELECT organization_id FROM domains WHERE name = $1 AND verified_at IS NOT NULL")
            .bind(name.as_str().to_owned())
            .fetch_optional(self.0.connection())
            .await?;
        row.map(|row| Ok(OrganizationId::from_stored(text(&row, "organization_id")?))).transpose()
    }

    /// Those of these domains that an organization has verified.
    pub(in crate::directory) async fn owned_of(
        &mut self,
        organization: &OrganizationId,
        names: &[DomainName],
    ) -> Result<BTreeSet<DomainName>> {
        let mut owned = BTreeSet::new();
        for list in padded(names) {
            let statement = format!(
                "SELECT name FROM domains WHERE organization_id = $1 AND verified_at IS NOT NULL AND name IN ({})",
                in_list(2, list.len())
            );
            let query = sql(statement).bind(organization.as_str().to_owned());
            let query = query.bind_all(list.into_iter().map(|name| Value::from(name.as_str())));
            for row in query.fetch_all(self.0.connection()).await? {
                owned.insert(DomainName::from_stored(text(&row, "name")?));
            }
        }
        Ok(owned)
    }

    /// Inserts it; `false` when the organization claims it already.
    pub(in crate::directory) async fn insert(&mut self, new: &Domain) -> Result<bool> {
        let done = sql("INSERT INTO domains (id, organization_id, name, proof, created_at) \
             VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT DO NOTHING")
        .bind(new.id.as_str().to_owned())
        .bind(new.organization_id.as_str().to_owned())
        .bind(new.name.as_str().to_owned())
        .bind(new.proof.clone())
        .bind(new.created_at.0)
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    /// Marks it verified; `false` when another organization has the domain verified.
    pub(in crate::directory) async fn verify(&mut self, id: &DomainId, by: &str, now: Timestamp) -> Result<bool> {
        let done = sql("UPDATE domains SET verified_at = $2, verified_by = $3 \
             WHERE id = $1 AND NOT EXISTS ( \
               SELECT 1 FROM domains AS other \
               WHERE other.name = domains.name AND other.verified_at IS NOT NULL \
             )")
        .bind(id.as_str().to_owned())
        .bind(now.0)
        .bind(by.to_owned())
        .execute(self.0.connection())
        .await?;
        Ok(done == 1)
    }

    pub(in crate::directory) async fn remove(&mut self, id: &DomainId) -> Result<()> {
        sql("DELETE FROM domains WHERE id = $1").bind(id.as_str().to_owned()).execute(self.0.connection()).await?;
        Ok(())
    }
}

fn domain(row: &Row) -> Result<Domain> {
    Ok(Domain {
        id: DomainId::from_stored(text(row, "id")?),
        organization_id: OrganizationId::from_stored(text(row, "organization_id")?),
        name: DomainName::from_stored(text(row, "name")?),
        proof: text(row, "proof")?,
        created_at: moment(row, "created_at")?,
        verified_at: maybe_moment(row, "verified_at")?,
        verified_by: maybe_text(row, "verified_by")?,
    })
}
