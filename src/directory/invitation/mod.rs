//! Invitations: an offer of membership by mail, which the invited person accepts or rejects.
//!
//! Nobody joins silently. An invitation lasts seven days; sending it again makes a new link, voids the former one and
//! begins the seven days anew. The link carries 256 random bits of which only the hash is stored. An organization has one
//! open invitation per address, and outside sources cause one letter per address in a quarter of an hour. Not here: the letter (`web`), the pages (`account`).

mod answer;

use std::time::Duration;

pub use answer::{Answerable, Approach, Offer, accept, accept_as_new, answerable, find, open_of, reject};

use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{InvitationId, MembershipId, OrganizationId, UserId},
    secret::{SecretString, TokenHash},
    storage::Tx,
    text::{EmailAddress, Slug, UserName},
};

use super::{Error, Noun, Result, membership::RoleAt, owner, provisioning::pending, user::User};

/// How long an invitation can be answered.
pub const LIFETIME: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// A source that names the same address again within this time causes no other letter.
pub const BETWEEN_LETTERS: Duration = Duration::from_secs(15 * 60);

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
    /// The membership that an outside source made and that waits for the answer.
    pub membership_id: Option<MembershipId>,
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
    let (token, hash) = context.random.token();
    let invitation = make(tx, context, organization, (new, Link { hash, mailed_at: context.now, sent: 1 })).await?;
    Ok((invitation, token))
}

/// The same for an outside source, with the token only where a letter is to be sent. However often a source takes somebody
/// away and names them again: the letter that they got just before leads to the newest invitation.
///
/// # Errors
/// As [`create`].
pub(super) async fn create_for_source(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    new: NewInvitation,
) -> Result<(Invitation, Option<SecretString>)> {
    let (_, void) = context.random.token();
    let since = context.now.minus(BETWEEN_LETTERS);
    if let Some((hash, mailed_at)) = tx.invitations().take_link(organization, &new.email, (since, void)).await? {
        let link = Link { hash, mailed_at, sent: 0 };
        return Ok((make(tx, context, organization, (new, link)).await?, None));
    }
    let (invitation, token) = create(tx, context, organization, new).await?;
    Ok((invitation, Some(token)))
}

/// The link of an invitation.
struct Link {
    hash: TokenHash,
    mailed_at: Timestamp,
    /// How many letters have it.
    sent: i64,
}

async fn make(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (new, link): (NewInvitation, Link),
) -> Result<Invitation> {
    check(tx, organization, &new).await?;
    let mut invitation = Invitation {
        id: InvitationId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        email: new.email,
        kind: new.kind,
        roles: new.roles,
        invited_by: new.invited_by,
        created_at: context.now,
        expires_at: context.now.plus(LIFETIME),
        sent: link.sent,
        accepted_at: None,
        rejected_at: None,
        revoked_at: None,
        membership_id: None,
    };
    tx.invitations().revoke_expired(organization, &invitation.email, context.now).await?;
    if !tx.invitations().insert(&invitation, (link.hash, link.mailed_at)).await? {
        return Err(Error::Refused("this address has an open invitation; send it again or revoke it"));
    }
    pending::tie(tx, &mut invitation).await?;
    let event = Event::InvitationCreation { invitation: invitation.id.clone(), email: invitation.email.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(invitation)
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
    let rotated = tx.invitations().rotate((organization, id), hash, (context.now, expires_at)).await?;
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

/// Whether an offer makes somebody an owner of the whole organization.
#[must_use]
pub fn offers_ownership(roles: &[RoleAt]) -> bool {
    roles.iter().any(|at| at.role.as_str() == owner::OWNER)
}

/// The person who signs in with an address.
async fn account(tx: &mut Tx, email: &EmailAddress) -> Result<Option<User>> {
    Ok(tx.users().by_login_name(&UserName::from_stored(email.to_string())).await?)
}
