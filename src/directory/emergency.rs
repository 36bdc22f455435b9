//! Emergency accounts: for the day on which the directory, the telephone network or the rules fail.
//!
//! One is a person without a mailbox and without a password, who owns one organization and signs in by a security key alone,
//! once: then it is spent until it is rotated. It counts as nobody where owners or unused people are counted, and no outside
//! source sees it. What it signs in with is `authentication::emergency`'s, its rules are `policy::emergency`'s.

use std::time::Duration;

use super::{
    Error, Noun, Result,
    access::RoleAt,
    erasure,
    membership::{self, FirstRoles, NewMembership},
    origin::Origin,
    owner::OWNER,
    user::{self, NewUser, User},
    validity::Validity,
};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{OrganizationId, UserId},
    secret::{ExposeSecret, TokenHash},
    session::EndReason,
    storage::Tx,
    text::{Name, Slug, UserName},
};

/// The most of one organization.
pub const MOST: usize = 2;

/// How long the link is good by which a key is registered.
pub const LINK_LIFE: Duration = Duration::from_hours(24);

/// An emergency account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person that it is.
    pub user: UserId,
    /// The organization that it owns.
    pub organization: OrganizationId,
    /// Its key in the organization.
    pub slug: Slug,
    /// Until when a key can be registered by the link.
    pub link_expires_at: Option<Timestamp>,
    /// When its key was registered.
    pub set_up_at: Option<Timestamp>,
    /// When it signed in: it does so once.
    pub spent_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// Whether it lets somebody in today: `ready`, `spent`, or `no key` while none is registered.
    #[must_use]
    pub const fn state(&self) -> &'static str {
        match (self.set_up_at, self.spent_at) {
            (None, _) => "no key",
            (Some(_), None) => "ready",
            (Some(_), Some(_)) => "spent",
        }
    }
}

/// Makes one; `link` registers its key.
///
/// # Errors
/// When there are two, and when the slug is taken.
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (slug, link): (Slug, TokenHash),
) -> Result<Account> {
    tx.organizations().lock(organization).await?;
    let present = tx.emergency_accounts().list(organization).await?;
    if present.iter().any(|one| one.slug == slug) {
        return Err(Error::Taken(Noun::EmergencyAccount, slug.to_string()));
    }
    if present.len() >= MOST {
        return Err(Error::Refused("an organization has two emergency accounts at most; remove one first"));
    }
    let kind =
        tx.kinds().list(organization).await?.into_iter().next().ok_or_else(|| Noun::MembershipKind.unknown(""))?;
    // Nobody types it; it has to differ from all others.
    let (token, _) = context.random.token();
    let suffix: String = token.expose_secret().chars().filter(char::is_ascii_alphanumeric).take(10).collect();
    let new = NewUser {
        name: Name::from_stored(format!("Emergency account {slug}")),
        email: None,
        email_is_verified: false,
        user_name: Some(UserName::from_stored(format!("emergency-{slug}-{}", suffix.to_lowercase()))),
        password: None,
        locale: None,
    };
    let person = user::create(tx, context, new).await?;
    let account = Account {
        user: person.id.clone(),
        organization: organization.clone(),
        slug,
        link_expires_at: Some(context.now.plus(LINK_LIFE)),
        set_up_at: None,
        spent_at: None,
        created_at: context.now,
    };
    tx.emergency_accounts().insert(&account).await?;
    tx.emergency_accounts().begin(&account.user, link, context.now.plus(LINK_LIFE)).await?;
    let owner = RoleAt { role: Slug::from_stored(OWNER.to_owned()), location: None };
    let new = NewMembership {
        user: person.id,
        kind: kind.slug,
        roles: FirstRoles::Exactly(vec![owner]),
        validity: Validity::ALWAYS,
        origin: Origin::of(context),
    };
    membership::join(tx, context, organization, new).await?;
    let event = Event::EmergencyCreation { user: account.user.clone(), slug: account.slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(account)
}

/// Ends its sessions and gives it another link; whoever calls removes its key.
///
/// # Errors
/// When there is no such account.
pub async fn rotate(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (slug, link): (&Slug, TokenHash),
) -> Result<Account> {
    let account = existing(tx, organization, slug).await?;
    tx.users().keep_still(&account.user).await?;
    tx.sessions().end_all_of_user(context, &account.user, None, EndReason::FactorChange).await?;
    tx.emergency_accounts().begin(&account.user, link, context.now.plus(LINK_LIFE)).await?;
    let event = Event::EmergencyRotation { user: account.user.clone(), slug: slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(account)
}

/// Removes it: nothing is left but the id, and another may have its slug.
///
/// # Errors
/// When there is no such account.
pub async fn remove(tx: &mut Tx, context: &Context, organization: &OrganizationId, slug: &Slug) -> Result<Account> {
    let account = existing(tx, organization, slug).await?;
    tx.users().keep_still(&account.user).await?;
    tx.emergency_accounts().remove(&account.user, context.now).await?;
    erasure::erase(tx, context, &account.user).await?;
    let event = Event::EmergencyRemoval { user: account.user.clone(), slug: slug.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(account)
}

/// The person, unless erased, or an emergency account: that gets no password and no address.
pub(super) async fn ordinary(tx: &mut Tx, user: &UserId) -> Result<User> {
    if tx.emergency_accounts().of_user(user).await?.is_some() {
        return Err(Error::Refused("an emergency account has a security key alone; see `lanyard emergency rotate`"));
    }
    user::existing(tx, user).await
}

async fn existing(tx: &mut Tx, organization: &OrganizationId, slug: &Slug) -> Result<Account> {
    tx.organizations().lock(organization).await?;
    let found = tx.emergency_accounts().list(organization).await?.into_iter().find(|one| one.slug == *slug);
    found.ok_or_else(|| Noun::EmergencyAccount.unknown(slug))
}
