//! Who may edit which attribute, per organization.

use std::collections::BTreeMap;

use super::text;
use crate::{
    directory::profile::{Attribute, EditableBy, Rules},
    id::{OrganizationId, UserId},
    storage::{Error, Result, Row, Tx, sql},
};

/// Queries of attribute rules.
pub struct AttributeRules<'t>(&'t mut Tx);

impl Tx {
    /// Attribute rules.
    pub fn attribute_rules(&mut self) -> AttributeRules<'_> {
        AttributeRules(self)
    }
}

impl AttributeRules<'_> {
    /// The rules that an organization set.
    pub async fn of(&mut self, organization: &OrganizationId) -> Result<Rules> {
        let rows = sql("SELECT attribute, editable_by FROM attribute_rules WHERE organization_id = $1")
            .bind(organization.as_str().to_owned())
            .fetch_all(self.0.connection())
            .await?;
        Ok(Rules(rows.iter().map(rule).collect::<Result<_>>()?))
    }

    /// The rules of every organization that a person belongs to.
    pub async fn of_organizations_of(&mut self, user: &UserId) -> Result<Vec<Rules>> {
        let rows = sql("SELECT memberships.organization_id, attribute, editable_by \
             FROM memberships \
             JOIN attribute_rules ON attribute_rules.organization_id = memberships.organization_id \
             WHERE memberships.user_id = $1 AND memberships.removed_at IS NULL")
        .bind(user.as_str().to_owned())
        .fetch_all(self.0.connection())
        .await?;
        let mut by_organization: BTreeMap<String, Rules> = BTreeMap::from([(String::new(), Rules::default())]);
        for row in &rows {
            by_organization.entry(text(row, "organization_id")?).or_default().0.push(rule(row)?);
        }
        Ok(by_organization.into_values().collect())
    }

    pub(in crate::directory) async fn save(
        &mut self,
        organization: &OrganizationId,
        attribute: Attribute,
        rule: EditableBy,
    ) -> Result<()> {
        sql("INSERT INTO attribute_rules (organization_id, attribute, editable_by) \
             VALUES ($1, $2, $3) \
             ON CONFLICT (organization_id, attribute) DO UPDATE SET editable_by = excluded.editable_by")
        .bind(organization.as_str().to_owned())
        .bind(attribute.name())
        .bind(rule.as_str())
        .execute(self.0.connection())
        .await?;
        Ok(())
    }
}

fn rule(row: &Row) -> Result<(Attribute, EditableBy)> {
    let attribute = text(row, "attribute")?.parse().map_err(|_| Error::Corrupt("attribute"))?;
    let rule = text(row, "editable_by")?.parse().map_err(|_| Error::Corrupt("editable_by"))?;
    Ok((attribute, rule))
}
