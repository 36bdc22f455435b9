//! Invitations: an offer of membership by mail, which the invited person accepts or rejects.
//!
//! Nobody joins silently. An invitation lasts seven days; sending it again makes a new link, voids the former one and
//! begins the seven days anew. The link carries 256 random bits of which only the hash is stored. An organization has one
//! open invitation per address. Not here: the letter (`web`), the pages (`account`).

use std::time::Duration;

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{InvitationId, OrganizationId, UserId},
    secret::{SecretString, TokenHash},
    storage::Tx,
    text::{EmailAddress, Name, Slug, UserName},
};

use super::{
    Error, Noun, Result,
    membership::{self, FirstRoles, Membership, NewMembership, RoleAt},
    origin::Origin,
    owner,
    user::{self, NewPassword, NewUser, User},
    validity::Validity,
};

/// How long an invitation can be answered.
pub const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An offer of membership.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// Who invites.
    pub organization_id: OrganizationId,
    /// Whom.
    pub email: EmailAddress,
    /// The kind of membership offered.
    pub kind: Slug,
    /// The roles offered; none given means those of the kind.
    pub roles: Option<Vec<RoleAt>>,
    /// The person who invited, unless it was the host or a directory.
    pub invited_by: Option<UserId>,
    /// When it was first sent.
    pub created_at: Timestamp,
    /// When it can be answered no more.
    pub expires_at: Timestamp,
    /// How often it was sent.
    pub sent: i64,
    /// When it was accepted.
    pub accepted_at: Option<Timestamp>,
    /// When the invited person rejected it.
    pub rejected_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for an answer.
    Open,
    /// Nobody answered in time; it can be sent again.
    Expired,
    /// The person joined.
    Accepted,
    /// The person declined.
    Rejected,
    /// Taken back.
    Revoked,
}

impl State {
    /// As people and commands write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Expired => "expired",
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::Revoked => "revoked",
        }
    }
}

impl Invitation {
    /// Where it stands at `now`.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> State {
        if self.accepted_at.is_some() {
            State::Accepted
        } else if self.rejected_at.is_some() {
            State::Rejected
        } else if self.revoked_at.is_some() {
            State::Revoked
        } else if self.expires_at <= now {
            State::Expired
        } else {
            State::Open
        }
    }
}

/// An offer to be made.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Whom to invite.
    pub email: EmailAddress,
    /// The kind of membership.
    pub kind: Slug,
    /// The roles; none given means those of the kind.
    pub roles: Option<Vec<RoleAt>>,
    /// The person who invites.
    pub invited_by: Option<UserId>,
}

/// Invites an address; the token goes into the letter and is not kept.
///
/// # Errors
/// When the address has an open invitation or belongs to a member, and for an unknown kind, role or location.
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    new: NewInvitation,
) -> Result<(Invitation, SecretString)> {
    check(tx, organization, &new).await?;
    let (token, hash) = context.random.token();
    let invitation = Invitation {
        id: InvitationId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        email: new.email,
        kind: new.kind,
        roles: new.roles,
        invited_by: new.invited_by,
        created_at: context.now,
        expires_at: context.now.plus(LIFETIME),
        sent: 1,
        accepted_at: None,
        rejected_at: None,
        revoked_at: None,
    };
    tx.invitations().revoke_expired(organization, &invitation.email, context.now).await?;
    if !tx.invitations().insert(&invitation, hash).await? {
        return Err(Error::Refused("this address has an open invitation; send it again or revoke it"));
    }
    let event = Event::InvitationCreation { invitation: invitation.id.clone(), email: invitation.email.to_string() };
    tx.record(context, Some(organization), &event);
    Ok((invitation, token))
}

/// That what is offered exists, and that the address does not belong to a member.
async fn check(tx: &mut Tx, organization: &OrganizationId, new: &NewInvitation) -> Result<()> {
    tx.kinds().by_slug(organization, &new.kind).await?.ok_or_else(|| Noun::MembershipKind.unknown(&new.kind))?;
    let offered = new.roles.as_deref().unwrap_or_default();
    if !offered.is_empty() {
        let roles = tx.roles().list(organization).await?;
        let sites = tx.locations().list(organization).await?;
        for at in offered {
            if !roles.iter().any(|role| role.slug == at.role) {
                return Err(Noun::Role.unknown(&at.role));
            }
            if let Some(slug) = &at.location
                && !sites.iter().any(|site| site.slug == *slug && site.closed_at.is_none())
            {
                return Err(Noun::Location.unknown(slug));
            }
        }
    }
    if let Some(user) = account(tx, &new.email).await?
        && tx.memberships().of(organization, &user.id).await?.is_some()
    {
        return Err(Error::AlreadyMember);
    }
    Ok(())
}

/// Sends an open or expired invitation again: a new link for seven days; the former link is void.
///
/// # Errors
/// When it was answered or revoked.
pub async fn resend(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &InvitationId,
) -> Result<(Invitation, SecretString)> {
    let (token, hash) = context.random.token();
    let expires_at = context.now.plus(LIFETIME);
    let rotated = tx.invitations().rotate(organization, id, hash, expires_at).await?;
    let invitation = rotated.ok_or_else(|| Noun::Invitation.unknown(id))?;
    tx.record(context, Some(organization), &Event::InvitationResend { invitation: id.clone() });
    Ok((invitation, token))
}

/// Takes an invitation back.
///
/// # Errors
/// When it was answered or revoked.
pub async fn revoke(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &InvitationId,
) -> Result<Invitation> {
    let revoked = tx.invitations().revoke(organization, id, context.now).await?;
    let invitation = revoked.ok_or_else(|| Noun::Invitation.unknown(id))?;
    tx.record(context, Some(organization), &Event::InvitationRevocation { invitation: id.clone() });
    Ok(invitation)
}

/// How somebody comes to an invitation.
#[derive(Debug, Clone, Copy)]
pub enum Approach<'a> {
    /// By the link of the letter.
    Link(TokenHash),
    /// From the account page, where invitations to the person's own proved address are listed.
    Account(&'a InvitationId),
}

/// An invitation that may be answered now, with the account that its address belongs to.
#[derive(Debug, Clone)]
pub struct Offer {
    /// The invitation, which is open.
    pub invitation: Invitation,
    /// The person who signs in with the address, if anybody does.
    pub account: Option<UserId>,
}

/// What somebody may do with an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answerable {
    /// The person who is signed in may accept or reject it.
    ByThisPerson,
    /// The address belongs to an account: sign in with it first.
    AfterSigningIn,
    /// Nobody has the address yet: set a name and a password, or sign in with an account.
    ByNewPerson,
    /// It is somebody else's.
    No,
}

/// Who may answer: the account of the address alone, or, when there is none, whoever holds the link.
#[must_use]
pub fn answerable(account: Option<&UserId>, signed_in: Option<&UserId>, by_link: bool) -> Answerable {
    match (account, signed_in) {
        (Some(account), Some(person)) if account == person => Answerable::ByThisPerson,
        (None, Some(_)) if by_link => Answerable::ByThisPerson,
        (Some(_), _) if by_link => Answerable::AfterSigningIn,
        (None, None) if by_link => Answerable::ByNewPerson,
        _ => Answerable::No,
    }
}

/// Finds the open invitation; what is unknown, answered, revoked or expired answers alike.
///
/// # Errors
/// When the database fails.
pub async fn find(tx: &mut Tx, approach: Approach<'_>, now: Timestamp) -> Result<Option<Offer>> {
    let found = match approach {
        Approach::Link(hash) => tx.invitations().by_token(hash).await?,
        Approach::Account(id) => tx.invitations().by_id(id).await?,
    };
    let Some(invitation) = found.filter(|one| one.state(now) == State::Open) else { return Ok(None) };
    let account = account(tx, &invitation.email).await?;
    // Who comes without the link has to have proved the address: whoever created the account may have made it up.
    let by_link = matches!(approach, Approach::Link(_));
    let account = account.filter(|user| by_link || user.email_verified_at.is_some()).map(|user| user.id);
    Ok(Some(Offer { invitation, account }))
}

/// The invitations that a person can answer from the account page.
///
/// # Errors
/// When the database fails.
pub async fn open_of(tx: &mut Tx, user: &User, now: Timestamp) -> Result<Vec<Invitation>> {
    match (&user.email, user.email_verified_at) {
        (Some(email), Some(_)) => Ok(tx.invitations().open_of(email, now).await?),
        _ => Ok(vec![]),
    }
}

/// The person who is signed in accepts.
///
/// # Errors
/// When the invitation is not open or not theirs, and when they are a member already.
pub async fn accept(tx: &mut Tx, context: &Context, approach: Approach<'_>, user: &UserId) -> Result<Membership> {
    let offer = answered_by(tx, context, approach, user).await?;
    take(tx, context, &offer.invitation, user).await
}

/// Somebody without an account accepts by the link, which proves the address.
///
/// # Errors
/// When the invitation is not open, or the address has got an account meanwhile.
pub async fn accept_as_new(
    tx: &mut Tx,
    context: &Context,
    link: TokenHash,
    (name, password): (Name, NewPassword),
    locale: Option<String>,
) -> Result<(User, Membership)> {
    let offer = find(tx, Approach::Link(link), context.now).await?.ok_or(CLOSED)?;
    if offer.account.is_some() {
        return Err(Error::Refused("somebody signs in with this address already; sign in to accept the invitation"));
    }
    let new = NewUser {
        name,
        email: Some(offer.invitation.email.clone()),
        email_is_verified: true,
        user_name: None,
        password: Some(password),
        locale,
    };
    let user = user::create(tx, context, new).await?;
    let membership = take(tx, context, &offer.invitation, &user.id).await?;
    Ok((user, membership))
}

/// The invited person declines; by the link this needs no account.
///
/// # Errors
/// When the invitation is not open or not theirs.
pub async fn reject(
    tx: &mut Tx,
    context: &Context,
    approach: Approach<'_>,
    user: Option<&UserId>,
) -> Result<Invitation> {
    let offer = find(tx, approach, context.now).await?.ok_or(CLOSED)?;
    let by_link = matches!(approach, Approach::Link(_));
    if !by_link && answerable(offer.account.as_ref(), user, by_link) != Answerable::ByThisPerson {
        return Err(CLOSED);
    }
    let invitation = offer.invitation;
    if !tx.invitations().reject(&invitation.id, context.now).await? {
        return Err(CLOSED);
    }
    let event = Event::InvitationRejection {
        user: user.map(ToString::to_string).unwrap_or_default(),
        invitation: invitation.id.clone(),
    };
    tx.record(context, Some(&invitation.organization_id), &event);
    Ok(invitation)
}

const CLOSED: Error = Error::Refused("this invitation is not open any more; ask the organization for a new one");

async fn answered_by(tx: &mut Tx, context: &Context, approach: Approach<'_>, user: &UserId) -> Result<Offer> {
    let offer = find(tx, approach, context.now).await?.ok_or(CLOSED)?;
    let by_link = matches!(approach, Approach::Link(_));
    match answerable(offer.account.as_ref(), Some(user), by_link) {
        Answerable::ByThisPerson => Ok(offer),
        Answerable::AfterSigningIn => {
            Err(Error::Refused("this invitation is for another account; sign in with the invited address"))
        }
        Answerable::ByNewPerson | Answerable::No => Err(CLOSED),
    }
}

/// Closes the invitation, once, and makes the person a member.
async fn take(tx: &mut Tx, context: &Context, invitation: &Invitation, user: &UserId) -> Result<Membership> {
    if !tx.invitations().accept(&invitation.id, context.now).await? {
        return Err(CLOSED);
    }
    let roles = match &invitation.roles {
        Some(roles) => FirstRoles::Exactly(still_offered(tx, &invitation.organization_id, roles).await?),
        None => FirstRoles::OfKind,
    };
    let new = NewMembership {
        user: user.clone(),
        kind: invitation.kind.clone(),
        roles,
        validity: Validity::ALWAYS,
        origin: Origin::invitation(&invitation.id),
    };
    let context = &context.by(crate::audit::Actor::User(user.clone()));
    let membership = membership::join(tx, context, &invitation.organization_id, new).await?;
    let event = Event::InvitationAcceptance { user: user.clone(), invitation: invitation.id.clone() };
    tx.record(context, Some(&invitation.organization_id), &event);
    Ok(membership)
}

/// Leaves out roles and places that were removed or closed since.
async fn still_offered(tx: &mut Tx, organization: &OrganizationId, roles: &[RoleAt]) -> Result<Vec<RoleAt>> {
    let known = tx.roles().list(organization).await?;
    let sites = tx.locations().list(organization).await?;
    let is_open = |slug: &Slug| sites.iter().any(|site| site.slug == *slug && site.closed_at.is_none());
    let stands =
        |at: &&RoleAt| known.iter().any(|role| role.slug == at.role) && at.location.as_ref().is_none_or(is_open);
    Ok(roles.iter().filter(stands).cloned().collect())
}

/// Whether an offer makes somebody an owner of the whole organization.
#[must_use]
pub fn offers_ownership(roles: &[RoleAt]) -> bool {
    roles.iter().any(|at| at.role.as_str() == owner::OWNER)
}

/// The person who signs in with an address.
async fn account(tx: &mut Tx, email: &EmailAddress) -> Result<Option<User>> {
    Ok(tx.users().by_login_name(&UserName::from_stored(email.to_string())).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_account_of_the_address_answers_or_else_whoever_holds_the_link() {
        let (olivia, max) = (UserId::from_stored("usr_o".into()), UserId::from_stored("usr_m".into()));
        for (account, signed_in, by_link, expected) in [
            (None, None, true, Answerable::ByNewPerson),
            (None, Some(&max), true, Answerable::ByThisPerson),
            (None, Some(&max), false, Answerable::No),
            (None, None, false, Answerable::No),
            (Some(&olivia), None, true, Answerable::AfterSigningIn),
            (Some(&olivia), Some(&max), true, Answerable::AfterSigningIn),
            (Some(&olivia), Some(&max), false, Answerable::No),
            (Some(&olivia), Some(&olivia), true, Answerable::ByThisPerson),
            (Some(&olivia), Some(&olivia), false, Answerable::ByThisPerson),
        ] {
            assert_eq!(answerable(account, signed_in, by_link), expected, "{account:?} {signed_in:?} {by_link}");
        }
    }
}
