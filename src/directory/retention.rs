//! Retention: an organization holds the record of a person, for an inspection or a dispute, so that it is not erased before.
//!
//! A hold keeps nobody in: whoever leaves is out at once, and neither the person nor an outside source notices it. What the
//! end of a membership takes away is *kept* beside, out of everybody's sight but the organization's, until none of its holds
//! is left; and nobody is erased while any organization holds them. Several holds may last at once, each with its reason.
//! Who is to be erased meanwhile is remembered where somebody asks for that, and erased when the last hold ends. Whoever is
//! let in again, or stood for somebody who has joined since, is not: whoever belongs somewhere is erased by nothing that
//! was asked for before.

use serde_json::Value;

use super::{Error, Noun, Result, erasure, membership::Membership, origin::Origin};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{MembershipId, OrganizationId, RetentionHoldId, UserId},
    storage::{Storage, Tx},
    text::Reason,
};

/// Why the record of a person is not erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its id.
    pub id: RetentionHoldId,
    /// The organization that holds the record.
    pub organization_id: OrganizationId,
    /// The person.
    pub user_id: UserId,
    /// Why; blank once the person is erased.
    pub reason: String,
    /// Who set it.
    pub set_by: Origin,
    /// Since when it lasts.
    pub set_at: Timestamp,
    /// When it ends by itself.
    pub until: Option<Timestamp>,
    /// When it ended, and who released it: the server where its time was over.
    pub ended: Option<(Timestamp, Origin)>,
}

impl Hold {
    /// Whether it keeps the record from being erased.
    #[must_use]
    pub fn lasts(&self, now: Timestamp) -> bool {
        self.ended.is_none() && self.until.is_none_or(|until| until > now)
    }
}

/// What was known of a member whose membership ended while the record was held.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The membership that ended.
    pub membership: MembershipId,
    /// When it ended.
    pub kept_at: Timestamp,
    /// Everything that its end took away, by name.
    pub content: Value,
}

/// Holds whose time is over that end in one unit of work, and people who are looked at for an erasure.
const SOME: u32 = 100;

/// Holds the record of a person who belongs, or belonged, to the organization.
///
/// # Errors
/// For a person whom the organization never knew, for one who is erased, and for an end that has passed.
pub async fn set(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (user, reason, until): (&UserId, &Reason, Option<Timestamp>),
) -> Result<Hold> {
    tx.organizations().lock(organization).await?;
    tx.users().keep_still(user).await?;
    let person = tx.users().by_id(user).await?;
    let is_known = tx.memberships().organizations_ever(user).await?.contains(organization);
    let person = person.filter(|_| is_known).ok_or_else(|| Noun::User.unknown(user))?;
    if person.deleted_at.is_some() {
        return Err(Error::Refused("this person is erased: nothing is left that could be held"));
    }
    if until.is_some_and(|until| until <= context.now) {
        return Err(Error::Refused("a hold ends later than now; give another end, or none"));
    }
    let hold = Hold {
        id: RetentionHoldId::fresh(context.now, &context.random),
        organization_id: organization.clone(),
        user_id: user.clone(),
        reason: reason.to_string(),
        set_by: Origin::of(context),
        set_at: context.now,
        until,
        ended: None,
    };
    tx.retention().add(&hold).await?;
    let until = until.map(|until| until.to_string()).unwrap_or_default();
    let event = Event::RetentionHold { user: user.clone(), hold: hold.id.clone(), until };
    tx.record(context, Some(organization), &event);
    Ok(hold)
}

/// Releases a hold before its time is over; what waits for the last one happens in the same unit. Says whether the person is
/// erased by that.
///
/// # Errors
/// For a hold that the organization does not have, and for one that has ended.
pub async fn release(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    id: &RetentionHoldId,
) -> Result<(Hold, bool)> {
    let unknown = || Noun::RetentionHold.unknown(id);
    let user = tx.retention().by_id(organization, id).await?.ok_or_else(unknown)?.user_id;
    keep_still(tx, &user).await?;
    let mut hold = tx.retention().by_id(organization, id).await?.ok_or_else(unknown)?;
    if !hold.lasts(context.now) {
        return Err(Error::Refused("this hold has ended already"));
    }
    let by = Origin::of(context);
    tx.retention().end(id, (context.now, &by)).await?;
    hold.ended = Some((context.now, by));
    let event = Event::RetentionHoldRelease { user: hold.user_id.clone(), hold: id.clone() };
    tx.record(context, Some(organization), &event);
    tx.kept_members().forget(std::slice::from_ref(&user), context.now).await?;
    let is_erased = settle(tx, context, &user).await?;
    Ok((hold, is_erased))
}

/// Keeps a person who may be erased as they are, with every organization of theirs.
async fn keep_still(tx: &mut Tx, user: &UserId) -> Result<()> {
    tx.organizations().lock_all_of(user).await?;
    Ok(tx.users().keep_still(user).await?)
}

/// Erases a person who was to be erased while the record was held, once nobody holds it; whether it did. What was asked for
/// is over where the person belongs somewhere again or is erased already.
async fn settle(tx: &mut Tx, context: &Context, user: &UserId) -> Result<bool> {
    if tx.retention().asked(user).await?.is_none() || !tx.retention().holders(user, context.now).await?.is_empty() {
        return Ok(false);
    }
    if !tx.retention().is_out(user).await? {
        tx.retention().withdraw(user).await?;
        return Ok(false);
    }
    // Whoever is out is nobody's last owner.
    erasure::erase(tx, context, user).await?;
    Ok(true)
}

/// Keeps what the end of a membership is about to take away, where the organization holds the record.
pub(super) async fn keep(tx: &mut Tx, context: &Context, membership: &Membership) -> Result<()> {
    let (organization, user) = (&membership.organization_id, &membership.user_id);
    if tx.retention().is_held_by(organization, user, context.now).await? {
        tx.kept_members().keep(membership, context.now).await?;
    }
    Ok(())
}

/// Leaves nothing but the id of somebody who never joined; while the record is held, that waits.
pub(super) async fn erase_placeholder(tx: &mut Tx, context: &Context, user: &UserId) -> Result<()> {
    if tx.retention().holders(user, context.now).await?.is_empty() {
        tx.users().erase(user, context.now).await?;
    } else if tx.retention().ask(user, (context.now, &Origin::of(context))).await? {
        tx.record(context, None, &Event::ErasureRequest { user: user.clone() });
    }
    Ok(())
}

/// Lets holds end whose time is over, and what waits for that happen.
///
/// # Errors
/// When the database fails. Who cannot be erased is logged and tried again the next time.
pub async fn tend(storage: &Storage, context: &Context) -> Result<()> {
    let expire = || {
        let context = context.clone();
        storage.write(move |tx| Box::pin(async move { expire(tx, &context).await }))
    };
    while expire().await? == SOME as usize {}
    let mut after = None;
    loop {
        let free = storage.read().await?.retention().free_to_erase(after.as_ref(), context.now, SOME).await?;
        let Some(last) = free.last() else { return Ok(()) };
        after = Some(last.clone());
        for person in free {
            erase(storage, context, person).await?;
        }
    }
}

/// Ends some holds whose time is over; how many.
async fn expire(tx: &mut Tx, context: &Context) -> Result<usize> {
    let over = tx.retention().expire((context.now, &Origin::of(context)), SOME).await?;
    for hold in &over {
        let event = Event::RetentionHoldExpiry { user: hold.user_id.clone(), hold: hold.id.clone() };
        tx.record(context, Some(&hold.organization_id), &event);
    }
    let people: Vec<UserId> = over.iter().map(|hold| hold.user_id.clone()).collect();
    tx.kept_members().forget(&people, context.now).await?;
    Ok(over.len())
}

/// Erases somebody whom nobody holds any more, unless another node did, or somebody took it back meanwhile.
pub(super) async fn erase(storage: &Storage, context: &Context, person: UserId) -> Result<()> {
    let (context, user) = (context.clone(), person.clone());
    let settled = storage.write(move |tx| {
        Box::pin(async move {
            keep_still(tx, &user).await?;
            settle(tx, &context, &user).await
        })
    });
    match settled.await {
        Ok(_) => Ok(()),
        Err(Error::Storage(error)) => Err(error.into()),
        Err(error) => {
            tracing::error!(user.id = %person, error = %error, "A person could not be erased whom nobody holds any more; it is tried again.");
            Ok(())
        }
    }
}
