//! A membership: a person in an organization, with what the organization knows of them.
//!
//! Disabling keeps everything and ends that organization's sessions and tokens; removing ends the membership with its
//! assignments and leaves the person's other organizations alone.

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{MembershipId, OrganizationId, UserId},
    session::store::LastMembership,
    storage::Tx,
    text::Slug,
};

use super::{
    Error, Noun, Result, assignment, origin::Origin, owner, provisioning::pending, registration::Verification,
    retention, user, validity::Validity,
};

/// A person in an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// The organization.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// The kind, by its slug.
    pub kind: Slug,
    /// Profession.
    pub profession: Option<String>,
    /// Number in the register of the profession.
    pub registration_number: Option<String>,
    /// Who keeps the register.
    pub registration_body: Option<String>,
    /// Until when the registration holds.
    pub registration_expires_at: Option<Timestamp>,
    /// Who compared the registration with the register.
    pub verification: Option<Verification>,
    /// Specialty.
    pub specialty: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Who or what made it.
    pub origin: Origin,
    /// When it holds.
    pub validity: Validity,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when it is suspended.
    pub disabled_at: Option<Timestamp>,
    /// When it ended.
    pub removed_at: Option<Timestamp>,
    /// When it was enabled again: tokens from before that stay dead.
    pub tokens_void_before: Option<Timestamp>,
}

impl Membership {
    /// Whether the person may act in the organization.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.disabled_at.is_none() && self.removed_at.is_none() && self.validity.contains(now)
    }
}

/// Whether and how the person of a membership can sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entrance {
    /// They have a password, or an address where they get a link to set one.
    Open,
    /// They have neither, and an invitation that they can accept.
    Invited,
    /// They have nothing of this.
    None,
}

/// Where a role is to hold, by slugs: what invitations and callers write down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct RoleAt {
    /// The role.
    pub role: Slug,
    /// The location; the whole organization without one.
    pub location: Option<Slug>,
}

/// Which roles a new member gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstRoles {
    /// Those of the kind.
    OfKind,
    /// These, even none.
    Exactly(Vec<RoleAt>),
}

/// A membership to be made.
#[derive(Debug, Clone)]
pub struct NewMembership {
    /// The person.
    pub user: UserId,
    /// The kind.
    pub kind: Slug,
    /// Roles from the first day.
    pub roles: FirstRoles,
    /// When it holds.
    pub validity: Validity,
    /// Who or what makes it.
    pub origin: Origin,
}

/// Makes a person a member: in the place that a source keeps for the address that they proved, or in one of their own.
///
/// # Errors
/// For an unknown kind, role or location, and when the person is a member already.
pub async fn join(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    new: NewMembership,
) -> Result<Membership> {
    tx.users().keep_still(&new.user).await?;
    let user = user::existing(tx, &new.user).await?;
    if tx.emergency_accounts().of_user(&new.user).await?.is_some_and(|account| account.organization != *organization) {
        return Err(Error::Refused("an emergency account belongs to its organization alone"));
    }
    if user.disabled_at.is_none() {
        // Whoever was taken away before they joined is wanted again; who is disabled is let in by nobody but the server.
        tx.retention().withdraw(&new.user).await?;
    }
    let membership = match pending::claim_by_address(tx, context, organization, (&user, &new.kind)).await? {
        Some(kept) if new.validity == Validity::ALWAYS => kept,
        Some(kept) => update(tx, context, organization, &kept.id, (None, Some(new.validity))).await?,
        None => {
            let membership = of(context, organization, &new);
            begin(tx, context, &[&membership]).await?;
            membership
        }
    };
    give_first_roles(tx, context, &membership, (new.roles, &new.origin)).await?;
    Ok(membership)
}

/// The membership that is to be made.
pub(super) fn of(context: &Context, organization: &OrganizationId, new: &NewMembership) -> Membership {
    Membership {
        id: MembershipId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        user_id: new.user.clone(),
        kind: new.kind.clone(),
        profession: None,
        registration_number: None,
        registration_body: None,
        registration_expires_at: None,
        verification: None,
        specialty: None,
        title: None,
        origin: new.origin.clone(),
        validity: new.validity,
        created_at: context.now,
        disabled_at: None,
        removed_at: None,
        tokens_void_before: None,
    }
}

/// Makes memberships in one organization of people who are there, without roles.
pub(super) async fn begin(tx: &mut Tx, context: &Context, all: &[&Membership]) -> Result<()> {
    let Some(first) = all.first() else { return Ok(()) };
    let organization = &first.organization_id;
    let kinds = tx.kinds().list(organization).await?;
    if let Some(other) = all.iter().find(|one| !kinds.iter().any(|kind| kind.slug == one.kind)) {
        return Err(Noun::MembershipKind.unknown(&other.kind));
    }
    if !tx.newcomers().memberships(all).await? {
        return Err(Error::AlreadyMember);
    }
    for membership in all {
        let event = Event::MembershipCreation {
            user: membership.user_id.clone(),
            membership: membership.id.clone(),
            kind: membership.kind.to_string(),
        };
        tx.record(context, Some(organization), &event);
    }
    Ok(())
}

/// Assigns the roles of a new member: those of the kind come from the kind.
pub(super) async fn give_first_roles(
    tx: &mut Tx,
    context: &Context,
    membership: &Membership,
    (roles, origin): (FirstRoles, &Origin),
) -> Result<()> {
    match roles {
        FirstRoles::Exactly(roles) => assignment::assign_all(tx, context, membership, &roles, origin).await,
        FirstRoles::OfKind => {
            let kind = tx.kinds().by_slug(&membership.organization_id, &membership.kind).await?;
            let whole = |role| RoleAt { role, location: None };
            let roles: Vec<RoleAt> = kind.into_iter().flat_map(|kind| kind.default_roles).map(whole).collect();
            assignment::assign_all(tx, context, membership, &roles, &Origin::kind(&membership.kind)).await
        }
    }
}

/// Changes kind or validity. Roles stay: they are assigned and ended one by one.
///
/// # Errors
/// For an unknown member or kind, and when the last owner would get an end.
pub async fn update(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &MembershipId,
    (kind, validity): (Option<Slug>, Option<Validity>),
) -> Result<Membership> {
    tx.organizations().lock(organization).await?;
    let mut membership = existing(tx, organization, id).await?;
    let was_active = membership.is_active(context.now);
    let mut changed = vec![];
    if let Some(kind) = kind {
        tx.kinds().by_slug(organization, &kind).await?.ok_or_else(|| Noun::MembershipKind.unknown(&kind))?;
        membership.kind = kind;
        changed.push("kind");
    }
    if let Some(validity) = validity {
        if !validity.is_permanent(context.now) {
            owner::spare(tx, context.now, organization, id).await?;
        }
        membership.validity = validity;
        changed.push("validity");
    }
    if !was_active && membership.is_active(context.now) {
        membership.tokens_void_before = Some(context.now);
    }
    tx.memberships().save(&membership).await?;
    if !membership.is_active(context.now) {
        end_access(tx, context, &membership).await?;
    }
    let event = Event::MembershipUpdate {
        user: membership.user_id.clone(),
        membership: id.clone(),
        attributes: changed.join(" "),
    };
    tx.record(context, Some(organization), &event);
    Ok(membership)
}

/// Suspends a member; that organization's sessions and tokens end with it, also where somebody is suspended already.
///
/// # Errors
/// For an unknown member and for the last owner.
pub async fn disable(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &MembershipId,
) -> Result<Membership> {
    tx.organizations().lock(organization).await?;
    let mut membership = existing(tx, organization, id).await?;
    if membership.disabled_at.is_some() {
        end_access(tx, context, &membership).await?;
        return Ok(membership);
    }
    owner::spare(tx, context.now, organization, id).await?;
    membership.disabled_at = Some(context.now);
    tx.memberships().save(&membership).await?;
    tx.memberships().set_disabled_by(id, Some(&Origin::of(context))).await?;
    end_access(tx, context, &membership).await?;
    let event = Event::MembershipDisabling { user: membership.user_id.clone(), membership: id.clone() };
    tx.record(context, Some(organization), &event);
    Ok(membership)
}

/// Lets a suspended member in again, with the assignments that have not run out; sessions do not come back.
///
/// # Errors
/// For an unknown member.
pub async fn enable(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &MembershipId,
) -> Result<Membership> {
    tx.organizations().lock(organization).await?;
    let mut membership = existing(tx, organization, id).await?;
    if membership.disabled_at.take().is_none() {
        return Ok(membership);
    }
    membership.tokens_void_before = Some(context.now);
    tx.memberships().save(&membership).await?;
    tx.memberships().set_disabled_by(id, None).await?;
    let event = Event::MembershipEnabling { user: membership.user_id.clone(), membership: id.clone() };
    tx.record(context, Some(organization), &event);
    Ok(membership)
}

/// Ends a membership with its assignments, groups and permissions; other organizations are left alone. What that takes away
/// is kept beside while the organization holds the record.
///
/// # Errors
/// For an unknown member and for the last owner.
pub async fn remove(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &MembershipId,
) -> Result<Membership> {
    tx.organizations().lock(organization).await?;
    let mut membership = existing(tx, organization, id).await?;
    owner::spare(tx, context.now, organization, id).await?;
    retention::keep(tx, context, &membership).await?;
    if !tx.memberships().remove(&membership, context.now).await? {
        return Err(Noun::Membership.unknown(id));
    }
    membership.removed_at = Some(context.now);
    tx.memberships().strip(id, context.now).await?;
    tx.users().forget_default_organization(&membership.user_id, organization).await?;
    end_access(tx, context, &membership).await?;
    pending::end(tx, context, &membership).await?;
    let event = Event::MembershipRemoval { user: membership.user_id.clone(), membership: id.clone() };
    tx.record(context, Some(organization), &event);
    Ok(membership)
}

/// Ends the organization's sessions and tokens of the person, and every session with the last active membership.
pub(super) async fn end_access(tx: &mut Tx, context: &Context, membership: &Membership) -> Result<()> {
    let others = tx.memberships().active_of_user(&membership.user_id, context.now).await?;
    let last = if others.is_empty() { LastMembership::Yes } else { LastMembership::No };
    Ok(tx.sessions().end_organization(context, &membership.user_id, &membership.organization_id, last).await?)
}

/// The member of this organization, unless removed, kept as it is until the commit.
///
/// # Errors
/// When there is none such.
pub async fn existing(tx: &mut Tx, organization: &OrganizationId, id: &MembershipId) -> Result<Membership> {
    tx.memberships().held(organization, id).await?.ok_or_else(|| Noun::Membership.unknown(id))
}
