//! Answering an invitation: who may, accepting and rejecting.

use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    id::{InvitationId, UserId},
    secret::TokenHash,
    storage::Tx,
    text::Name,
};

use super::{Invitation, State, account};
use crate::directory::{
    Error, Result, assignment,
    membership::{self, FirstRoles, Membership, NewMembership},
    origin::Origin,
    provisioning::pending,
    user::{self, NewPassword, NewUser, User},
    validity::Validity,
};

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
        Some(roles) => FirstRoles::Exactly(assignment::offered(tx, &invitation.organization_id, roles).await?),
        None => FirstRoles::OfKind,
    };
    let new = NewMembership {
        user: user.clone(),
        kind: invitation.kind.clone(),
        roles,
        validity: Validity::ALWAYS,
        origin: Origin::invitation(&invitation.id),
    };
    let context = &context.by(Actor::User(user.clone()));
    if tx.emergency_accounts().of_user(user).await?.is_some() {
        return Err(Error::Refused("an emergency account belongs to its organization alone"));
    }
    let membership = match pending::claim(tx, context, invitation, user).await? {
        Some(kept) => {
            membership::give_first_roles(tx, context, &kept, (new.roles, &new.origin)).await?;
            kept
        }
        None => membership::join(tx, context, &invitation.organization_id, new).await?,
    };
    let event = Event::InvitationAcceptance { user: user.clone(), invitation: invitation.id.clone() };
    tx.record(context, Some(&invitation.organization_id), &event);
    Ok(membership)
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
