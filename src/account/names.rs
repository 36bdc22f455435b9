//! Names as people read them, for slugs and ids of several organizations at once.

use std::collections::HashMap;

use crate::{
    directory::{kind::Kind, membership::RoleAt},
    id::{OrganizationId, UserId},
    text::Slug,
    web::Brand,
};

/// What has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// A role of an organization.
    Role,
    /// A location of an organization.
    Location,
    /// A group of an organization.
    Group,
    /// A person.
    Person,
}

/// Names of organizations, of what they have, and of people.
#[derive(Debug, Default)]
pub struct Names {
    /// By what it is, whose it is and its slug or id.
    pub(in crate::account) by_key: HashMap<(Named, String, String), String>,
    /// Kinds of membership.
    pub(in crate::account) kinds: HashMap<OrganizationId, Vec<Kind>>,
    /// Organizations that are active.
    pub(in crate::account) brands: HashMap<OrganizationId, Brand>,
}

impl Names {
    /// The name of a role and its place; `None` is the whole organization.
    #[must_use]
    pub fn role_at(&self, organization: &OrganizationId, at: &RoleAt) -> (String, Option<String>) {
        let location = at.location.as_ref().map(|slug| self.of(Named::Location, organization, slug));
        (self.of(Named::Role, organization, &at.role), location)
    }

    /// The name of a group.
    #[must_use]
    pub fn group(&self, organization: &OrganizationId, slug: &Slug) -> String {
        self.of(Named::Group, organization, slug)
    }

    /// A kind of membership.
    #[must_use]
    pub fn kind(&self, organization: &OrganizationId, slug: &Slug) -> Option<&Kind> {
        self.kinds.get(organization)?.iter().find(|kind| kind.slug == *slug)
    }

    /// The name of a person.
    #[must_use]
    pub fn person(&self, id: &UserId) -> Option<String> {
        self.by_key.get(&(Named::Person, String::new(), id.to_string())).cloned()
    }

    /// How an organization presents itself; `None` when it is not active.
    #[must_use]
    pub fn brand(&self, id: &OrganizationId) -> Option<Brand> {
        self.brands.get(id).cloned()
    }

    fn of(&self, named: Named, organization: &OrganizationId, slug: &Slug) -> String {
        let found = self.by_key.get(&(named, organization.to_string(), slug.to_string()));
        found.cloned().unwrap_or_else(|| slug.to_string())
    }
}
