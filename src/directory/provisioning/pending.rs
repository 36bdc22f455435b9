//! Members whom a source named and who have not joined: a *placeholder* stands in the membership until the account that
//! accepts the invitation takes its place, with the groups and roles that it was given meanwhile.
//!
//! A placeholder has no login name, so that nobody ever signs in as one.

use super::Speaker;
use crate::{
    audit::{Context, Event},
    directory::{
        Error, Result,
        invitation::{self, Invitation, NewInvitation},
        membership::Membership,
    },
    id::{MembershipId, OrganizationId, UserId},
    secret::SecretString,
    storage::Tx,
    text::EmailAddress,
};

/// An invitation to be sent, with the token of its link.
pub type Invited = (Invitation, SecretString);

/// Invites the person; none where somebody did so by hand, or where the same address is pending already.
pub(super) async fn invite(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    membership: &Membership,
    email: EmailAddress,
) -> Result<Option<Invited>> {
    let organization = speaker.organization;
    if let Some(open) = tx.invitations().unanswered(organization, &email).await?
        && open.expires_at > speaker.context.now
    {
        tx.invitations().wait_for(&open.id, &membership.id).await?;
        return Ok(None);
    }
    let new = NewInvitation { email, kind: membership.kind.clone(), roles: Some(vec![]), invited_by: None };
    let (mut invitation, token) = invitation::create(tx, speaker.context, organization, new).await?;
    tx.invitations().wait_for(&invitation.id, &membership.id).await?;
    invitation.membership_id = Some(membership.id.clone());
    Ok(Some((invitation, token)))
}

/// The person takes the place that was kept for them; `None` where there is none any more.
pub(in crate::directory) async fn claim(
    tx: &mut Tx,
    context: &Context,
    invitation: &Invitation,
    user: &UserId,
) -> Result<Option<Membership>> {
    let Some(id) = &invitation.membership_id else { return Ok(None) };
    let organization = &invitation.organization_id;
    let Some(mut membership) = tx.memberships().by_id(organization, id).await? else { return Ok(None) };
    if !tx.users().is_placeholder(&membership.user_id).await? {
        return Ok(None);
    }
    if tx.memberships().of(organization, user).await?.is_some() {
        return Err(Error::AlreadyMember);
    }
    let placeholder = membership.user_id.clone();
    tx.memberships().hand_over(id, user).await?;
    tx.users().erase(&placeholder, context.now).await?;
    membership.user_id = user.clone();
    let event = Event::MembershipClaim { user: user.clone(), membership: id.clone(), placeholder };
    tx.record(context, Some(organization), &event);
    Ok(Some(membership))
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

/// Whoever was pending in a membership that ends is forgotten.
pub(in crate::directory) async fn end(tx: &mut Tx, context: &Context, membership: &Membership) -> Result<()> {
    if tx.users().is_placeholder(&membership.user_id).await? {
        withdraw_invitation(tx, context, &membership.organization_id, &membership.id).await?;
        tx.users().erase(&membership.user_id, context.now).await?;
    }
    Ok(())
}
