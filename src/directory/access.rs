//! What a member (or a service client) effectively holds: the contract between the directory, tokens and decisions.
//!
//! [`Holdings`] are the rows it rests on, loaded with one query; [`Holdings::access`] computes what tokens say and
//! [`Holdings::reach`] where each permission holds. Roles come directly or by groups; a role at a location holds at
//! everything open below it; roles have the permissions of those they inherit; a direct denial wins over everything.
//! Only [`Access::assignments`] says which role holds where, below a region too: `roles` and `locations` must never be
//! combined.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    clock::Timestamp,
    id::{GroupId, LocationId, MembershipId, RoleId},
    text::Slug,
};

pub use super::membership::RoleAt;
use super::{
    permission::{Effect, Permission},
    registration::Practitioner,
    role::template,
    tree,
    validity::Validity,
};

/// What tokens say of a member, sorted and without repetition.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Whose it is; none of a service, and while the membership is not active.
    pub member: Option<MembershipId>,
    /// Roles assigned, directly or by a group; inherited ones show in `entitlements` alone.
    pub roles: Vec<Slug>,
    /// Groups, enclosing ones included.
    pub groups: Vec<Slug>,
    /// Open locations where any role holds, with all below them.
    pub locations: Vec<Slug>,
    /// Which role holds where.
    pub assignments: Vec<Assigned>,
    /// Effective permissions, wherever they hold.
    pub entitlements: Vec<String>,
    /// The member's own identifiers at [`Access::locations`]; none unless [`Detail::identifiers`] was asked for.
    pub identifiers: Vec<IdentifierAt>,
    /// Identifiers of those locations themselves, likewise.
    pub location_identifiers: Vec<IdentifierAt>,
    /// What is known of the member's profession; none of a service, and unless [`Detail::practitioner`] was asked for.
    pub practitioner: Option<Practitioner>,
    /// When the first thing this rests on ends; no token lives longer.
    pub ends_at: Option<Timestamp>,
}

/// How much of it is wanted besides what every token needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Detail {
    /// Identifiers at sites.
    pub identifiers: bool,
    /// Profession and registration.
    pub practitioner: bool,
}

impl Access {
    /// Tells of the profession, too: no longer than what is told of it holds.
    #[must_use]
    pub fn with(mut self, practitioner: Practitioner) -> Self {
        self.ends_at = [self.ends_at, practitioner.changes_at()].into_iter().flatten().min();
        self.practitioner = Some(practitioner);
        self
    }
}

/// An identifier at exactly this location, not at those below.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct IdentifierAt {
    /// The location.
    pub location: Slug,
    /// What it is: `provider_number`, `ydernummer`, …
    pub kind: Slug,
    /// The value, as the authority writes it.
    pub value: String,
}

/// A role with every place where it holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Assigned {
    /// The role, where it was assigned.
    pub at: RoleAt,
    /// Of a role at a region: the region and all open locations below it. Empty for a site, and for the whole
    /// organization.
    pub locations: Vec<Slug>,
}

/// Where a permission holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// In the whole organization.
    Everywhere,
    /// At these open locations alone.
    At(BTreeSet<LocationId>),
}

/// Permissions with where they hold.
pub type Reaches = BTreeMap<Permission, Reach>;

/// The rows that access is computed from: those that concern one member or client.
#[derive(Debug, Clone, Default)]
pub struct Holdings {
    /// When the membership holds; none for an inactive one, which holds nothing.
    pub active: Option<Validity>,
    /// That membership; none of a client.
    pub member: Option<MembershipId>,
    /// Roles assigned directly.
    pub assignments: Vec<Held>,
    /// Groups the member is directly in.
    pub member_of: Vec<GroupId>,
    /// Those groups and all that enclose them.
    pub groups: BTreeMap<GroupId, Slug>,
    /// Group → enclosing group.
    pub group_parents: Vec<(GroupId, GroupId)>,
    /// Roles that groups carry.
    pub group_roles: Vec<(GroupId, Held)>,
    /// Roles held and all they inherit: slug and template.
    pub roles: BTreeMap<RoleId, (Slug, Option<String>)>,
    /// Role → inherited role.
    pub role_parents: Vec<(RoleId, RoleId)>,
    /// Permissions stored with roles.
    pub role_permissions: Vec<(RoleId, Permission)>,
    /// Open locations that roles are held at, and all below them.
    pub locations: BTreeMap<LocationId, Slug>,
    /// Location → what it lies in.
    pub location_parents: Vec<(LocationId, LocationId)>,
    /// Direct grants and denials.
    pub direct: Vec<(Permission, Effect)>,
    /// The member's own identifiers at those locations, when asked for: where, what, value.
    pub identifiers: Vec<(LocationId, Slug, String)>,
    /// Identifiers of the locations themselves, likewise.
    pub location_identifiers: Vec<(LocationId, Slug, String)>,
}

/// A role held somewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The role.
    pub role: RoleId,
    /// Where; the whole organization without one.
    pub location: Option<LocationId>,
    /// When.
    pub validity: Validity,
}

impl Holdings {
    /// What a token issued at `now` says.
    #[must_use]
    pub fn access(&self, now: Timestamp) -> Access {
        let Some(active) = self.active.filter(|validity| validity.contains(now)) else { return Access::default() };
        let held = self.held(now);
        let denied = self.directly(Effect::Deny);
        let permissions =
            held.iter().flat_map(|one| self.permissions_of(&one.role)).chain(self.directly(Effect::Grant));
        let sites = self.sites(&held);
        let assignments: BTreeSet<Assigned> = held.iter().filter_map(|one| self.assigned(one)).collect();
        Access {
            member: self.member.clone(),
            roles: sorted(assignments.iter().map(|one| one.at.role.clone())),
            groups: sorted(self.enclosing_groups().filter_map(|id| self.groups.get(id).cloned())),
            identifiers: self.identified(&self.identifiers, &sites),
            location_identifiers: self.identified(&self.location_identifiers, &sites),
            locations: self.slugs(sites),
            assignments: assignments.into_iter().collect(),
            entitlements: sorted(permissions.filter(|one| !denied.contains(one)).map(|one| one.to_string())),
            practitioner: None,
            ends_at: held.iter().filter_map(|one| one.validity.until).chain(active.until).min(),
        }
    }

    /// Which role holds where at `now`, and until when; what is held twice, until the later end.
    #[must_use]
    pub fn levels(&self, now: Timestamp) -> BTreeMap<RoleAt, Option<Timestamp>> {
        let mut levels = BTreeMap::new();
        if !self.active.is_some_and(|validity| validity.contains(now)) {
            return levels;
        }
        for held in self.held(now) {
            let Some(at) = self.named(&held) else { continue };
            let until = held.validity.until;
            let later = |known: &mut Option<Timestamp>| *known = known.zip(until).map(|(one, other)| one.max(other));
            levels.entry(at).and_modify(later).or_insert(until);
        }
        levels
    }

    /// Where each permission holds at `now`.
    #[must_use]
    pub fn reach(&self, now: Timestamp) -> Reaches {
        if !self.active.is_some_and(|validity| validity.contains(now)) {
            return Reaches::new();
        }
        let denied = self.directly(Effect::Deny);
        let mut reaches = Reaches::new();
        for held in self.held(now) {
            let sites = held.location.as_ref().map(|_| self.sites([&held]).into_iter().cloned().collect());
            for permission in self.permissions_of(&held.role) {
                widen(&mut reaches, permission, sites.as_ref());
            }
        }
        for permission in self.directly(Effect::Grant) {
            widen(&mut reaches, permission, None);
        }
        reaches.retain(|permission, _| !denied.contains(permission));
        reaches
    }

    /// Roles that hold now, directly and by groups, at places that are open.
    fn held(&self, now: Timestamp) -> Vec<Held> {
        let groups: BTreeSet<&GroupId> = self.enclosing_groups().collect();
        let by_groups = self.group_roles.iter().filter(|(group, _)| groups.contains(group)).map(|(_, held)| held);
        self.assignments
            .iter()
            .chain(by_groups)
            .filter(|held| held.validity.contains(now))
            .filter(|held| held.location.as_ref().is_none_or(|id| self.locations.contains_key(id)))
            .cloned()
            .collect()
    }

    /// Groups the member is in, enclosing ones included; one that was removed is not in [`Holdings::groups`].
    fn enclosing_groups(&self) -> impl Iterator<Item = &GroupId> {
        tree::above(&self.group_parents, &self.member_of).into_iter()
    }

    /// Permissions of a role with all it inherits.
    fn permissions_of(&self, role: &RoleId) -> BTreeSet<Permission> {
        let roles = tree::above(&self.role_parents, [role]);
        let stored = self.role_permissions.iter().filter(|(id, _)| roles.contains(id)).map(|(_, one)| one.clone());
        let built_in = roles
            .iter()
            .filter_map(|id| template::by_slug(self.roles.get(*id)?.1.as_deref()?))
            .flat_map(|template| template.permissions)
            .map(|text| Permission::from_stored((*text).to_owned()));
        stored.chain(built_in).collect()
    }

    fn directly(&self, effect: Effect) -> BTreeSet<Permission> {
        self.direct.iter().filter(|(_, one)| *one == effect).map(|(permission, _)| permission.clone()).collect()
    }

    /// Open locations where any of the roles holds.
    fn sites<'h>(&'h self, held: impl IntoIterator<Item = &'h Held>) -> BTreeSet<&'h LocationId> {
        let places: Option<Vec<&LocationId>> = held.into_iter().map(|one| one.location.as_ref()).collect();
        match places {
            Some(places) => tree::below(&self.location_parents, places),
            None => self.locations.keys().collect(),
        }
    }

    /// Of these identifiers those at `sites`.
    fn identified(&self, all: &[(LocationId, Slug, String)], sites: &BTreeSet<&LocationId>) -> Vec<IdentifierAt> {
        let named = |(at, kind, value): &(LocationId, Slug, String)| {
            let location = self.locations.get(at).filter(|_| sites.contains(at))?.clone();
            Some(IdentifierAt { location, kind: kind.clone(), value: value.clone() })
        };
        sorted(all.iter().filter_map(named))
    }

    fn slugs<'h>(&self, locations: impl IntoIterator<Item = &'h LocationId>) -> Vec<Slug> {
        sorted(locations.into_iter().filter_map(|id| self.locations.get(id).cloned()))
    }

    fn assigned(&self, held: &Held) -> Option<Assigned> {
        let at = self.named(held)?;
        let is_region = self.location_parents.iter().any(|(_, parent)| Some(parent) == held.location.as_ref());
        let locations = if is_region { self.slugs(self.sites([held])) } else { vec![] };
        Some(Assigned { at, locations })
    }

    fn named(&self, held: &Held) -> Option<RoleAt> {
        let (role, _) = self.roles.get(&held.role)?;
        let location = held.location.as_ref().and_then(|id| self.locations.get(id));
        Some(RoleAt { role: role.clone(), location: location.cloned() })
    }
}

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    values.collect::<BTreeSet<T>>().into_iter().collect()
}

/// Adds where a permission holds; `None` is everywhere.
fn widen(reaches: &mut Reaches, permission: Permission, sites: Option<&BTreeSet<LocationId>>) {
    let reach = reaches.entry(permission).or_insert_with(|| Reach::At(BTreeSet::new()));
    match (reach, sites) {
        (Reach::Everywhere, _) => {}
        (Reach::At(known), Some(sites)) => known.extend(sites.iter().cloned()),
        (reach, None) => *reach = Reach::Everywhere,
    }
}

#[cfg(test)]
mod tests;
