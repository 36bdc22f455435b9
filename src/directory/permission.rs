//! Permissions: `app:resource:action`, with a qualifier where the app knows one.
//!
//! Lanyard's own begin with `lanyard:`; those of an app are known once it declared them. Roles are made of permissions,
//! and a member may be granted or denied single ones; a denial wins over every grant and role.

use std::{collections::BTreeSet, fmt, str::FromStr};

use crate::{
    audit::{Context, Event},
    id::{MembershipId, OrganizationId},
    storage::Tx,
    text::Slug,
};

use super::{Error, Noun, Result, membership::Membership, origin::Origin, provisioning::Owned};

/// The app part of Lanyard's own permissions.
pub const LANYARD: &str = "lanyard";

/// What somebody may do: `app:resource:action` or `app:resource:action:qualifier`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(String);

/// Text that is not a permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a permission like calendar:appointment:read or calendar:appointment:read:own")]
pub struct NotAPermission(String);

/// What may follow the action: which of the things are meant.
const QUALIFIERS: [&str; 4] = ["own", "assigned", "location", "all"];

impl Permission {
    /// The app that knows what it means.
    #[must_use]
    pub fn app(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// Whether it is one of Lanyard's own.
    #[must_use]
    pub fn is_lanyards(&self) -> bool {
        self.app() == LANYARD
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn from_stored(text: String) -> Self {
        Self(text)
    }
}

impl FromStr for Permission {
    type Err = NotAPermission;
    fn from_str(text: &str) -> Result<Self, NotAPermission> {
        let refused = || NotAPermission(text.chars().take(200).collect());
        let parts: Vec<&str> = text.split(':').collect();
        let named = parts.iter().take(3).all(|part| part.parse::<Slug>().is_ok_and(|slug| slug.as_str() == *part));
        let qualified = match parts.get(3) {
            None => true,
            Some(qualifier) => QUALIFIERS.contains(qualifier),
        };
        if named && qualified && matches!(parts.len(), 3 | 4) { Ok(Self(text.to_owned())) } else { Err(refused()) }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a direct entry for one member does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Adds the permission to what the roles give.
    Grant,
    /// Takes it away, whatever else gives it.
    Deny,
}

impl Effect {
    /// As stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Grant => "grant",
            Self::Deny => "deny",
        }
    }

    pub(super) fn from_stored(text: &str) -> Self {
        if text == "grant" { Self::Grant } else { Self::Deny }
    }
}

/// What one member is granted or denied directly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Direct {
    /// What.
    pub permission: Permission,
    /// Which of both.
    pub effect: Effect,
    /// The outside source that grants it; none for people here.
    pub source: Option<Origin>,
}

/// Grants or denies one member a permission directly, or takes that back (`None`).
///
/// # Errors
/// For a permission that is not registered, for a member of another organization, and where an outside source alone grants
/// what is taken back.
pub async fn set(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    membership: &MembershipId,
    (permission, effect): (&Permission, Option<Effect>),
) -> Result<()> {
    let member =
        tx.memberships().by_id(organization, membership).await?.ok_or_else(|| Noun::Membership.unknown(membership))?;
    match effect {
        Some(effect) => {
            registered(tx, organization, std::slice::from_ref(permission)).await?;
            tx.permissions().set(membership, permission, effect, context.now).await?;
        }
        None => take_back(tx, &member, permission).await?,
    }
    changed(tx, context, &member, (permission, effect));
    Ok(())
}

/// People take back what people gave, and what was granted by a source that has ended; what another source grants they deny.
async fn take_back(tx: &mut Tx, member: &Membership, permission: &Permission) -> Result<()> {
    let all = tx.permissions().of_member(&member.organization_id, &member.id).await?;
    let (of_sources, of_people): (Vec<Direct>, Vec<Direct>) =
        all.into_iter().filter(|one| one.permission == *permission).partition(|one| one.source.is_some());
    let mut sources: Vec<Origin> = of_sources.into_iter().filter_map(|one| one.source).collect();
    if !sources.is_empty() {
        let ranking = tx.sources().ranking(&member.organization_id).await?;
        let lasting = sources.iter().find_map(|source| ranking.source(source)).map(|source| source.name.clone());
        sources.retain(|source| ranking.source(source).is_none());
        if let Some(keeper) = lasting.filter(|_| of_people.is_empty() && sources.is_empty()) {
            return Err(Owned { attribute: format!("entitlements[value eq \"{permission}\"]"), keeper }.into());
        }
    }
    Ok(tx.permissions().take_back(&member.id, permission, &sources).await?)
}

/// Checks that an outside system may be let grant these: permissions of apps, and none of Lanyard's own.
///
/// # Errors
/// For others, and for those that no app of the organization declared.
pub async fn check_outside(tx: &mut Tx, organization: &OrganizationId, wanted: &[Permission]) -> Result<()> {
    if wanted.iter().any(Permission::is_lanyards) {
        return Err(Error::Refused("no outside system grants Lanyard's own permissions; people here do"));
    }
    if wanted.is_empty() { Ok(()) } else { registered(tx, organization, wanted).await }
}

/// Leaves a member exactly these of the permissions that came from an outside source; what others gave or deny stays.
pub(super) async fn replace_of(
    tx: &mut Tx,
    context: &Context,
    member: &Membership,
    (wanted, source): (&BTreeSet<Permission>, &Origin),
) -> Result<()> {
    let held = keep_of(tx, context, member, (wanted, source)).await?;
    let new: Vec<Permission> = wanted.difference(&held).cloned().collect();
    tx.permissions().grant_all(&member.id, &new, (source, context.now)).await?;
    for permission in &new {
        changed(tx, context, member, (permission, Some(Effect::Grant)));
    }
    Ok(())
}

/// Takes away what a member has from `source` and is not among these; answers all that the source gave before.
pub(super) async fn keep_of(
    tx: &mut Tx,
    context: &Context,
    member: &Membership,
    (kept, source): (&BTreeSet<Permission>, &Origin),
) -> Result<BTreeSet<Permission>> {
    let all = tx.permissions().of_member(&member.organization_id, &member.id).await?;
    let held = all.into_iter().filter(|one| one.source.as_ref() == Some(source));
    let held: BTreeSet<Permission> = held.map(|one| one.permission).collect();
    let gone: Vec<Permission> = held.difference(kept).cloned().collect();
    tx.permissions().take_all(&member.id, &gone, source).await?;
    for permission in &gone {
        changed(tx, context, member, (permission, None));
    }
    Ok(held)
}

fn changed(tx: &mut Tx, context: &Context, member: &Membership, (permission, effect): (&Permission, Option<Effect>)) {
    let event = Event::PermissionChange {
        user: member.user_id.clone(),
        permission: permission.to_string(),
        effect: effect.map_or("none", Effect::as_str).to_owned(),
    };
    tx.record(context, Some(&member.organization_id), &event);
}

/// Checks that each permission is Lanyard's own or declared by an app that the organization uses.
pub(super) async fn registered(tx: &mut Tx, organization: &OrganizationId, wanted: &[Permission]) -> Result<()> {
    let apps = tx.permissions().of_apps(organization).await?;
    let known = |permission: &Permission| {
        super::role::template::ALL_PERMISSIONS.contains(&permission.as_str()) || apps.contains(permission)
    };
    match wanted.iter().find(|permission| !known(permission)) {
        Some(unknown) => Err(Error::Unregistered(unknown.to_string())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_have_three_parts_and_perhaps_a_qualifier() {
        for (text, fits) in [
            ("calendar:appointment:read", true),
            ("calendar:appointment:read:own", true),
            ("calendar:appointment:read:everything", false),
            ("calendar:appointment", false),
            ("calendar:appointment:read:own:more", false),
            ("calendar::read", false),
            ("Calendar:appointment:read", false),
            (" calendar:appointment:read", false),
            ("calendar:*:read", false),
            ("", false),
        ] {
            assert_eq!(text.parse::<Permission>().is_ok(), fits, "{text}");
        }
        assert!("lanyard:people:read".parse::<Permission>().unwrap().is_lanyards());
    }
}
