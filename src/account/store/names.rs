//! Names of what several organizations have, with one query.

use crate::{
    account::names::{Named, Names},
    directory::kind::Kind,
    id::{OrganizationId, UserId},
    storage::{
        Error, Result, Row, Tx,
        batch::{in_list, padded},
        sql,
    },
    text::{Name, Slug},
    web::Brand,
};

/// Queries of names.
pub struct NamesOf<'t>(&'t mut Tx);

impl Tx {
    /// Names of organizations, of what they have, and of people.
    pub fn names(&mut self) -> NamesOf<'_> {
        NamesOf(self)
    }
}

impl NamesOf<'_> {
    /// Names of these organizations with their roles, locations, groups and kinds of membership, and of these people; at
    /// most 64 of either.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(&mut self, organizations: &[OrganizationId], people: &[UserId]) -> Result<Names> {
        let organizations = first(organizations.iter().map(OrganizationId::as_str));
        let people = first(people.iter().map(UserId::as_str));
        let (at, who) = (in_list(1, organizations.len()), in_list(1 + organizations.len(), people.len()));
        // Placeholders only; values are bound.
        let text = format!(
            "SELECT 'role' AS what, organization_id AS whose, slug AS key, name, '' AS more \
             FROM roles WHERE organization_id IN ({at}) \
             UNION ALL SELECT 'location', organization_id, slug, name, '' FROM locations WHERE organization_id IN ({at}) \
             UNION ALL SELECT 'group', organization_id, slug, name, '' FROM groups WHERE organization_id IN ({at}) \
             UNION ALL SELECT 'kind', organization_id, slug, name, default_roles FROM membership_kinds \
             WHERE organization_id IN ({at}) \
             UNION ALL SELECT 'organization', id, COALESCE(logo_uri, ''), name, COALESCE(accent, '') FROM organizations \
             WHERE id IN ({at}) AND disabled_at IS NULL \
             UNION ALL SELECT 'person', '', id, name, '' FROM users WHERE id IN ({who}) AND deleted_at IS NULL"
        );
        let mut query = sql(text);
        for id in organizations.into_iter().chain(people) {
            query = query.bind(id);
        }
        let rows = query.fetch_all(self.0.connection()).await?;
        let mut names = Names::default();
        for row in &rows {
            add(&mut names, row)?;
        }
        Ok(names)
    }
}

/// A list for `IN`, which may not be empty.
fn first<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    padded(&ids).next().unwrap_or_else(|| vec![String::new()])
}

fn add(names: &mut Names, row: &Row) -> Result<()> {
    let (what, whose): (String, String) = (row.try_get("what")?, row.try_get("whose")?);
    let (key, name): (String, String) = (row.try_get("key")?, row.try_get("name")?);
    let more: String = row.try_get("more")?;
    let kind_of = match what.as_str() {
        "role" => Named::Role,
        "location" => Named::Location,
        "group" => Named::Group,
        "person" => Named::Person,
        "kind" => {
            let default_roles = serde_json::from_str(&more).map_err(|_| Error::Corrupt("default_roles"))?;
            let kind = Kind { slug: Slug::from_stored(key), name: Name::from_stored(name), default_roles };
            names.kinds.entry(OrganizationId::from_stored(whose)).or_default().push(kind);
            return Ok(());
        }
        _ => {
            let logo = Some(key).filter(|path| !path.is_empty());
            let brand = Brand { name, logo, accent: more.parse().ok() };
            names.brands.insert(OrganizationId::from_stored(whose), brand);
            return Ok(());
        }
    };
    names.by_key.insert((kind_of, whose, key), name);
    Ok(())
}
