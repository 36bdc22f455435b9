//! Members whom a source named and who have not joined: a *placeholder* stands in the membership until the account that
//! accepts the invitation takes its place, with the groups and roles that it was given meanwhile.
//!
//! A placeholder has no login name, so that nobody ever signs in as one. An organization keeps one place for an address, and
//! whoever joins with the address takes it, however they come: else the source would end a membership that nobody uses.

use super::{KIND, Known, Speaker, facts};
use crate::{
    audit::{Context, Event},
    directory::{
        Error, Noun, Result,
        invitation::{self, Invitation, NewInvitation},
        membership::{self, Membership},
        retention,
        user::User,
    },
    id::{MembershipId, OrganizationId, UserId},
    secret::SecretString,
    storage::Tx,
    text::{EmailAddress, Slug, UserName},
};

/// An invitation to be sent, with the token of its link.
pub type Invited = (Invitation, SecretString);

/// The place that an organization keeps for whoever has this address: of several that of whom it is the first address, or
/// none, because an address that many have is nobody's.
async fn kept_for(tx: &mut Tx, organization: &OrganizationId, email: &EmailAddress) -> Result<Option<Known>> {
    let mut kept = tx.member_records().at(organization, email).await?;
    kept.retain(|one| one.is_pending);
    if let Some(first) = kept.iter().position(|one| is_first(one, email)) {
        return Ok(Some(kept.swap_remove(first)));
    }
    Ok(kept.pop().filter(|_| kept.is_empty()))
}

/// Whether an organization has a member with this address: one who is pending, or one who is written to there, but joined
/// with another account. `but` does not count.
pub(super) async fn is_at(
    tx: &mut Tx,
    organization: &OrganizationId,
    email: &EmailAddress,
    but: Option<&MembershipId>,
) -> Result<bool> {
    let found = tx.member_records().at(organization, email).await?;
    let mut others = found.iter().filter(|one| Some(&one.membership.id) != but);
    Ok(others.any(|one| one.is_pending || is_first(one, email)))
}

fn is_first(known: &Known, email: &EmailAddress) -> bool {
    facts::addresses(&known.seen()).first() == Some(email)
}

/// Lets the place that is kept for the address of an invitation wait for its answer, whoever invites.
pub(in crate::directory) async fn tie(tx: &mut Tx, invitation: &mut Invitation) -> Result<()> {
    if let Some(kept) = kept_for(tx, &invitation.organization_id, &invitation.email).await? {
        let id = kept.membership.id;
        tx.invitations().wait_for(&invitation.id, &id).await?;
        invitation.membership_id = Some(id);
    }
    Ok(())
}

/// Invites the person; none where somebody did so by hand, or where they got a letter just before. Whoever is pending with the same address is refused.
pub(super) async fn invite(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    membership: &Membership,
    email: EmailAddress,
) -> Result<Option<Invited>> {
    let organization = speaker.organization;
    if is_at(tx, organization, &email, Some(&membership.id)).await? {
        return Err(Error::AlreadyMember);
    }
    if let Some(open) = tx.invitations().unanswered(organization, &email).await?
        && open.expires_at > speaker.context.now
    {
        return wait_for(tx, &open, membership).await.map(|()| None);
    }
    let new = NewInvitation { email, kind: membership.kind.clone(), roles: Some(vec![]), invited_by: None };
    let (mut invitation, token) = invitation::create_for_source(tx, speaker.context, organization, new).await?;
    wait_for(tx, &invitation, membership).await?;
    invitation.membership_id = Some(membership.id.clone());
    Ok(token.map(|token| (invitation, token)))
}

async fn wait_for(tx: &mut Tx, invitation: &Invitation, membership: &Membership) -> Result<()> {
    let is_tied = tx.invitations().wait_for(&invitation.id, &membership.id).await?;
    if is_tied { Ok(()) } else { Err(Error::AlreadyMember) }
}

/// The person takes the place that was kept for them, or for the address; `None` where there is none any more.
pub(in crate::directory) async fn claim(
    tx: &mut Tx,
    context: &Context,
    invitation: &Invitation,
    user: &UserId,
) -> Result<Option<Membership>> {
    let organization = &invitation.organization_id;
    if let Some(id) = &invitation.membership_id
        && let Some(claimed) = take(tx, context, (organization, id), (user, &invitation.kind)).await?
    {
        return Ok(Some(claimed));
    }
    let Some(kept) = kept_for(tx, organization, &invitation.email).await? else { return Ok(None) };
    take(tx, context, (organization, &kept.membership.id), (user, &invitation.kind)).await
}

/// The person takes the place that was kept for the address that they proved; `None` where there is none.
pub(in crate::directory) async fn claim_by_address(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (user, kind): (&User, &Slug),
) -> Result<Option<Membership>> {
    let Some(email) = user.email.as_ref().filter(|_| user.email_verified_at.is_some()) else { return Ok(None) };
    let Some(kept) = kept_for(tx, organization, email).await? else { return Ok(None) };
    take(tx, context, (organization, &kept.membership.id), (&user.id, kind)).await
}

/// Puts a person in the place of a placeholder; other invitations into it are void. All that was given to it meanwhile stays
/// with it; `kind` counts where nobody chose another one.
async fn take(
    tx: &mut Tx,
    context: &Context,
    (organization, id): (&OrganizationId, &MembershipId),
    (user, kind): (&UserId, &Slug),
) -> Result<Option<Membership>> {
    let Some(mut membership) = tx.memberships().held(organization, id).await? else { return Ok(None) };
    if !tx.users().is_placeholder(&membership.user_id).await? {
        return Ok(None);
    }
    if tx.memberships().of(organization, user).await?.is_some() {
        return Err(Error::AlreadyMember);
    }
    withdraw_invitation(tx, context, organization, id).await?;
    let placeholder = membership.user_id.clone();
    tx.memberships().hand_over(id, user).await?;
    tx.retention().hand_over(&placeholder, user).await?;
    tx.retention().withdraw(&placeholder).await?;
    tx.users().erase(&placeholder, context.now).await?;
    membership.user_id = user.clone();
    let event = Event::MembershipClaim { user: user.clone(), membership: id.clone(), placeholder };
    tx.record(context, Some(organization), &event);
    if membership.kind == *kind || membership.kind.as_str() != KIND || says_kind(tx, &membership).await? {
        return Ok(Some(membership));
    }
    membership::update(tx, context, organization, id, (Some(kind.clone()), None)).await.map(Some)
}

/// Whether a source says of which kind a member is.
async fn says_kind(tx: &mut Tx, member: &Membership) -> Result<bool> {
    let known = tx.member_records().by_id(&member.organization_id, &member.id).await?;
    let record = known.and_then(|known| known.record);
    Ok(record.is_some_and(|record| facts::kind(&record.attributes).is_some()))
}

/// Takes back the invitation that a membership waits for.
pub(super) async fn withdraw_invitation(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    membership: &MembershipId,
) -> Result<()> {
    if let Some(id) = tx.invitations().awaited_by(organization, membership).await? {
        invitation::revoke(tx, context, organization, &id).await?;
    }
    Ok(())
}

/// Somebody here gives a person something to sign in with: who was pending has joined, answers no invitation any more, and
/// is not to be erased for having been taken away before.
pub(in crate::directory) async fn join(tx: &mut Tx, context: &Context, user: &UserId) -> Result<()> {
    if !tx.users().is_placeholder(user).await? {
        return Ok(());
    }
    // A placeholder stands in one membership.
    for organization in tx.memberships().organizations_ever(user).await? {
        if let Some(membership) = tx.memberships().of(&organization, user).await? {
            withdraw_invitation(tx, context, &organization, &membership.id).await?;
        }
    }
    tx.retention().withdraw(user).await?;
    Ok(tx.users().end_placeholder(user).await?)
}

/// What becomes of a member who signs in because their source vouches for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// They are this person.
    As(UserId),
    /// An account has their address, which the organization does not vouch for: its person connects the two by the invitation.
    Awaited,
}

/// Lets whoever was pending join by signing in where the source vouches for them.
///
/// # Errors
/// For an unknown member.
pub async fn join_by_source(tx: &mut Tx, speaker: Speaker<'_>, id: &MembershipId) -> Result<Joined> {
    let known = tx.member_records().by_id(speaker.organization, id).await?;
    let known = known.ok_or_else(|| Noun::Membership.unknown(id))?;
    let user = known.membership.user_id.clone();
    if !known.is_pending {
        return Ok(Joined::As(user));
    }
    for email in facts::addresses(&known.seen()) {
        if tx.users().by_login_name(&UserName::from_stored(email.to_string())).await?.is_some() {
            return Ok(Joined::Awaited);
        }
    }
    join(tx, speaker.context, &user).await?;
    Ok(Joined::As(user))
}

/// Whoever was pending in a membership that ends is forgotten; while the record is held, that waits.
pub(in crate::directory) async fn end(tx: &mut Tx, context: &Context, membership: &Membership) -> Result<()> {
    if tx.users().is_placeholder(&membership.user_id).await? {
        withdraw_invitation(tx, context, &membership.organization_id, &membership.id).await?;
        retention::erase_placeholder(tx, context, &membership.user_id).await?;
    }
    Ok(())
}
