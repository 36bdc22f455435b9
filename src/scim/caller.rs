//! Who calls `/scim/v2` and what they may do there.

use http::StatusCode;

use super::{BASE, ResourceType, ScimError};
use crate::{
    audit::{Actor, Context},
    directory::{origin::Origin, permission::Permission},
    id::OrganizationId,
    text::Slug,
};

/// A system that was authenticated and may call from where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own")]
pub struct Caller {
    /// The organization that it works in, and no other.
    pub organization: OrganizationId,
    /// Whose word it is, as attributes keep it: `scim:scn_…` or `client:ID`.
    pub source: Origin,
    /// What people call it.
    pub name: String,
    /// Whether it may change anything.
    pub may_write: bool,
    /// Whether it may see people.
    pub users: bool,
    /// Whether it may see groups.
    pub groups: bool,
    /// The roles that it may assign; never `owner`.
    pub roles: Vec<Slug>,
    /// The permissions that it may grant; none of Lanyard's own.
    pub permissions: Vec<Permission>,
    /// Whether it may say that registrations were compared with their registers.
    pub may_verify: bool,
    /// Who does what it does, for the audit log.
    pub actor: Actor,
}

impl Caller {
    /// Whether it may do this to resources of this kind.
    ///
    /// # Errors
    /// `403` that says what it lacks.
    pub fn allow(&self, resource: ResourceType, access: Access) -> Result<(), ScimError> {
        let sees = match resource {
            ResourceType::User => self.users,
            ResourceType::Group => self.groups,
        };
        if !sees {
            return Err(forbidden(format!("{} is not allowed to use {}", self.name, resource.endpoint())));
        }
        self.allow_access(access)
    }

    /// Whether it may do this at all.
    ///
    /// # Errors
    /// `403` when it only reads.
    pub fn allow_access(&self, access: Access) -> Result<(), ScimError> {
        if access == Access::Write && !self.may_write {
            return Err(forbidden(format!("{} may read and not write", self.name)));
        }
        Ok(())
    }

    /// Whether it is told which groups a member is in. People see that of themselves, and nobody else.
    #[must_use]
    pub fn sees_places(&self) -> bool {
        self.groups || matches!(self.actor, Actor::User(_))
    }

    /// The same time and place of a change, by this caller.
    #[must_use]
    pub fn context(&self, context: &Context) -> Context {
        context.by(self.actor.clone())
    }
}

fn forbidden(detail: String) -> ScimError {
    ScimError::of_status(StatusCode::FORBIDDEN, detail)
}

/// The kinds that a caller may see: at least one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceSet {
    /// People and groups.
    All,
    /// People alone.
    Users,
    /// Groups alone.
    Groups,
}

impl ResourceSet {
    /// As stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::All => "users groups",
            Self::Users => "users",
            Self::Groups => "groups",
        }
    }

    /// The set of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::All, Self::Users, Self::Groups].into_iter().find(|one| one.name() == name)
    }

    /// Whether this kind is in it.
    #[must_use]
    pub fn has(self, resource: ResourceType) -> bool {
        match resource {
            ResourceType::User => self != Self::Groups,
            ResourceType::Group => self != Self::Users,
        }
    }
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing.
    Read,
    /// It may change something.
    Write,
}

/// What a request is about, as far as method and path say: of `/Bulk` and a search of everything the body says more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    /// Resources of this kind.
    pub resource: Option<ResourceType>,
    /// To do this.
    pub access: Access,
}

impl Wanted {
    /// What a request of this method to this path below `/scim/v2` is about. A search is a reading, though it is posted
    /// (RFC 7644 §3.4.3).
    #[must_use]
    pub fn of(method: &str, path: &str) -> Self {
        let below = path.strip_prefix(BASE).unwrap_or_default();
        let is_at = |one: &ResourceType| {
            below.strip_prefix(one.endpoint()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let resource = ResourceType::ALL.into_iter().find(is_at);
        let is_read = matches!(method, "GET" | "HEAD" | "OPTIONS") || method == "POST" && path.ends_with("/.search");
        Self { resource, access: if is_read { Access::Read } else { Access::Write } }
    }

    /// Whether `caller` may do it.
    ///
    /// # Errors
    /// `403`.
    pub fn check(self, caller: &Caller) -> Result<(), ScimError> {
        match self.resource {
            Some(resource) => caller.allow(resource, self.access),
            None => caller.allow_access(self.access),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(resources: ResourceSet, may_write: bool) -> Caller {
        Caller {
            organization: OrganizationId::from_stored("org_a".into()),
            source: Origin::by(&Actor::Connection("scn_a".into())),
            name: "entra".into(),
            may_write,
            users: resources.has(ResourceType::User),
            groups: resources.has(ResourceType::Group),
            roles: vec![],
            permissions: vec![],
            may_verify: false,
            actor: Actor::Connection("scn_a".into()),
        }
    }

    #[test]
    fn a_caller_does_what_it_was_let_in_for() {
        let (all, users, groups) = (ResourceSet::All, ResourceSet::Users, ResourceSet::Groups);
        for (set, may_write, method, path, expected) in [
            (all, true, "POST", "/scim/v2/Users", None),
            (all, true, "DELETE", "/scim/v2/Groups/grp_1", None),
            (all, false, "GET", "/scim/v2/Users", None),
            (all, false, "HEAD", "/scim/v2/Users", None),
            (all, false, "POST", "/scim/v2/Users/.search", None),
            (all, false, "POST", "/scim/v2/.search", None),
            (all, false, "POST", "/scim/v2/Users", Some("entra may read and not write")),
            (all, false, "PATCH", "/scim/v2/Groups/grp_1", Some("entra may read and not write")),
            (all, false, "POST", "/scim/v2/Bulk", Some("entra may read and not write")),
            (all, false, "PUT", "/scim/v2/Users/.search", Some("entra may read and not write")),
            (users, true, "PUT", "/scim/v2/Users/mem_1", None),
            (users, true, "GET", "/scim/v2/Groups", Some("entra is not allowed to use /Groups")),
            (groups, true, "GET", "/scim/v2/Users/mem_1", Some("entra is not allowed to use /Users")),
            (groups, true, "GET", "/scim/v2/Usersx", None),
            (groups, false, "GET", "/scim/v2/Groups/grp_1", None),
            (users, true, "POST", "/scim/v2/Bulk", None),
        ] {
            let refused = Wanted::of(method, path).check(&caller(set, may_write)).err();
            if let Some(refused) = &refused {
                assert_eq!(refused.status, StatusCode::FORBIDDEN);
            }
            assert_eq!(refused.map(|error| error.detail).as_deref(), expected, "{set:?} {may_write} {method} {path}");
        }
    }

    #[test]
    fn a_set_is_stored_by_its_name() {
        for set in [ResourceSet::All, ResourceSet::Users, ResourceSet::Groups] {
            assert_eq!(ResourceSet::named(set.name()), Some(set));
        }
        assert_eq!(ResourceSet::named("groups users"), None);
    }
}
