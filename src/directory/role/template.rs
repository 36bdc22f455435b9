//! The eight built-in roles of every organization, with their permissions in Lanyard itself.
//!
//! What a built-in role may do in Lanyard is read from here and not stored, so that a new version of the program brings
//! it up to date; what it may do in apps is stored, like that of a custom role. Owners and managers do not inherit
//! clinical roles: administering a clinic is no reason to read its records.

use crate::{
    audit::{Context, Event},
    id::{OrganizationId, RoleId},
    storage::Tx,
    text::{Name, Slug},
};

use super::Role;
use crate::directory::Result;

/// Every permission of Lanyard's own console, API and command line.
pub const ALL_PERMISSIONS: &[&str] = &[
    "lanyard:organization:read",
    "lanyard:organization:update",
    "lanyard:people:read",
    "lanyard:people:create",
    "lanyard:people:update",
    "lanyard:people:disable",
    "lanyard:people:remove",
    "lanyard:sessions:end",
    "lanyard:invitations:manage",
    "lanyard:locations:read",
    "lanyard:locations:manage",
    "lanyard:roles:read",
    "lanyard:roles:manage",
    "lanyard:roles:assign",
    "lanyard:groups:read",
    "lanyard:groups:manage",
    "lanyard:domains:manage",
    "lanyard:apps:read",
    "lanyard:apps:manage",
    "lanyard:policies:manage",
    "lanyard:audit:read",
    "lanyard:audit:export",
];

/// A built-in role.
#[derive(Debug)]
pub struct Template {
    /// Its slug in every organization.
    pub slug: &'static str,
    /// Its name at first.
    pub name: &'static str,
    /// Built-in roles whose permissions it has as well.
    pub inherits: &'static [&'static str],
    /// Its own permissions in Lanyard.
    pub permissions: &'static [&'static str],
}

const EVERYBODY: &[&str] = &["lanyard:organization:read", "lanyard:locations:read"];

/// The built-in roles.
pub const TEMPLATES: [Template; 8] = [
    Template { slug: "owner", name: "Owner", inherits: &["manager"], permissions: ALL_PERMISSIONS },
    Template {
        slug: "manager",
        name: "Manager",
        inherits: &["front_desk", "billing", "inventory"],
        permissions: &[
            "lanyard:people:create",
            "lanyard:people:update",
            "lanyard:people:disable",
            "lanyard:people:remove",
            "lanyard:sessions:end",
            "lanyard:invitations:manage",
            "lanyard:locations:manage",
            "lanyard:roles:read",
            "lanyard:roles:assign",
            "lanyard:groups:read",
            "lanyard:groups:manage",
            "lanyard:apps:read",
            "lanyard:audit:read",
        ],
    },
    Template {
        slug: "supervisor",
        name: "Supervisor",
        inherits: &["practitioner"],
        permissions: &["lanyard:people:read", "lanyard:roles:read", "lanyard:groups:read"],
    },
    Template { slug: "practitioner", name: "Practitioner", inherits: &[], permissions: EVERYBODY },
    Template {
        slug: "front_desk",
        name: "Front desk",
        inherits: &["call_centre"],
        permissions: &["lanyard:people:read"],
    },
    Template { slug: "billing", name: "Billing", inherits: &[], permissions: EVERYBODY },
    Template { slug: "inventory", name: "Inventory", inherits: &[], permissions: EVERYBODY },
    Template { slug: "call_centre", name: "Call centre", inherits: &[], permissions: EVERYBODY },
];

/// The template of a built-in role.
#[must_use]
pub fn by_slug(slug: &str) -> Option<&'static Template> {
    TEMPLATES.iter().find(|template| template.slug == slug)
}

/// The roles of a new organization.
pub(in crate::directory) async fn establish(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
) -> Result<()> {
    let roles: Vec<Role> = TEMPLATES.iter().map(|template| role_of(template, context, organization)).collect();
    let id = |slug: &str| roles.iter().find(|role| role.slug.as_str() == slug).map(|role| role.id.clone());
    let inherits = |template: &'static Template| template.inherits.iter().map(move |parent| (template.slug, *parent));
    let edges: Vec<_> =
        TEMPLATES.iter().flat_map(inherits).filter_map(|(child, parent)| Some((id(child)?, id(parent)?))).collect();
    tx.roles().insert_all(&roles).await?;
    tx.roles().add_parents(&edges).await?;
    for role in &roles {
        let event = Event::RoleCreation { role: role.id.clone(), slug: role.slug.to_string() };
        tx.record(context, Some(organization), &event);
    }
    Ok(())
}

fn role_of(template: &Template, context: &Context, organization: &OrganizationId) -> Role {
    Role {
        id: RoleId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        slug: Slug::from_stored(template.slug.to_owned()),
        name: Name::from_stored(template.name.to_owned()),
        template: Some(template.slug.to_owned()),
        created_at: context.now,
        removed_at: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{permission::Permission, tree};

    /// A template with everything it inherits.
    fn effective(slug: &'static str) -> Vec<&'static str> {
        let edges: Vec<_> =
            TEMPLATES.iter().flat_map(|one| one.inherits.iter().map(|parent| (one.slug, *parent))).collect();
        let above = tree::above(&edges, [&slug]);
        TEMPLATES.iter().filter(|one| above.contains(&one.slug)).flat_map(|one| one.permissions).copied().collect()
    }

    #[test]
    fn templates_name_registered_permissions_and_each_other() {
        for template in &TEMPLATES {
            assert!(template.permissions.iter().all(|one| ALL_PERMISSIONS.contains(one)), "{}", template.slug);
            assert!(template.inherits.iter().all(|slug| by_slug(slug).is_some()), "{}", template.slug);
        }
        assert!(ALL_PERMISSIONS.iter().all(|one| one.parse::<Permission>().is_ok_and(|one| one.is_lanyards())));
    }

    #[test]
    fn each_role_may_what_its_name_promises() {
        for (slug, permission, expected) in [
            ("owner", "lanyard:roles:manage", true),
            ("owner", "lanyard:people:read", true),
            ("manager", "lanyard:people:read", true),
            ("manager", "lanyard:people:create", true),
            ("manager", "lanyard:organization:update", false),
            ("manager", "lanyard:audit:export", false),
            ("supervisor", "lanyard:people:read", true),
            ("supervisor", "lanyard:people:update", false),
            ("practitioner", "lanyard:people:read", false),
            ("front_desk", "lanyard:people:read", true),
            ("front_desk", "lanyard:people:create", false),
            ("billing", "lanyard:people:read", false),
            ("call_centre", "lanyard:locations:read", true),
        ] {
            assert_eq!(effective(slug).contains(&permission), expected, "{slug} {permission}");
        }
    }

    #[test]
    fn administrators_inherit_no_clinical_role() {
        for slug in ["owner", "manager"] {
            let edges: Vec<_> =
                TEMPLATES.iter().flat_map(|one| one.inherits.iter().map(|parent| (one.slug, *parent))).collect();
            assert!(!tree::above(&edges, [&slug]).contains(&"practitioner"), "{slug}");
        }
    }
}
