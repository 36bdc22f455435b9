//! Dates by which accounts and memberships begin and end.
//!
//! A date holds by itself: nobody signs in outside of it, and no token lives beyond it. What still runs when it comes is
//! ended here: sessions and tokens, and apps are told.

use super::{
    Noun, Result,
    membership::{self, Membership},
    owner,
    user::{self, User},
    validity::Validity,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    id::{MembershipId, OrganizationId, UserId},
    session::EndReason,
    storage::Tx,
};

/// Accounts or memberships of one look.
const MOST: u32 = 64;

/// Sets from when until when a person can sign in at all. Whom an end kept out until now gets in again by a later one; other
/// organizations, roles and groups stay as they are.
///
/// # Errors
/// When there is no such person, and when the last owner would get an end.
pub async fn limit_account(tx: &mut Tx, context: &Context, id: &UserId, validity: Validity) -> Result<()> {
    tx.users().keep_still(id).await?;
    let person = user::existing(tx, id).await?;
    if person.validity == validity {
        return Ok(());
    }
    if !validity.is_permanent(context.now) {
        owner::spare_person(tx, context.now, id).await?;
    }
    if person.validity.is_over(context.now) {
        // Nobody may have seen to the end yet: what ran before does not come back.
        tx.sessions().end_all_of_user(context, id, None, EndReason::Disabled).await?;
    }
    tx.users().set_validity(id, validity, context.now).await?;
    let date = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let event = Event::UserValidity { user: id.clone(), from: date(validity.from), until: date(validity.until) };
    tx.record(context, None, &event);
    let may_return = tx.users().is_ended_by_date(id).await? && tx.retention().asked(id).await?.is_none();
    if may_return && !validity.is_over(context.now) {
        user::enable(tx, context, id).await?;
    }
    if validity.is_over(context.now) {
        close(tx, context, &person).await?;
    } else if !validity.contains(context.now) {
        tx.sessions().end_all_of_user(context, id, None, EndReason::Disabled).await?;
    }
    Ok(())
}

/// Ends what has come to its end; how many accounts and memberships that were. Of two nodes one does it.
///
/// # Errors
/// When the database fails.
pub async fn end_what_is_over(app: &App) -> Result<usize> {
    let context = app.context(Actor::Server);
    let mut ended = 0;
    loop {
        let mut tx = app.storage.read().await?;
        let people = tx.users().over(context.now, MOST).await?;
        let memberships = tx.memberships().over(context.now, MOST).await?;
        drop(tx);
        let found = people.len() + memberships.len();
        if found == 0 {
            return Ok(ended);
        }
        for person in people {
            let context = context.clone();
            app.storage.write(move |tx| Box::pin(end_account(tx, context, person))).await?;
        }
        for membership in memberships {
            let context = context.clone();
            app.storage.write(move |tx| Box::pin(end_membership(tx, context, membership))).await?;
        }
        ended += found;
    }
}

async fn end_account(tx: &mut Tx, context: Context, id: UserId) -> Result<()> {
    tx.users().keep_still(&id).await?;
    let person = user::existing(tx, &id).await?;
    if person.disabled_at.is_none() && person.validity.is_over(context.now) {
        tx.record(&context, None, &Event::UserExpiry { user: id });
        close(tx, &context, &person).await?;
    }
    Ok(())
}

/// Disables whoever nobody has disabled, because of the date.
async fn close(tx: &mut Tx, context: &Context, person: &User) -> Result<()> {
    if person.disabled_at.is_none() {
        user::disable(tx, context, &person.id).await?;
        tx.users().set_ended_by_date(&person.id, Some(context.now)).await?;
    }
    Ok(())
}

async fn end_membership(
    tx: &mut Tx,
    context: Context,
    (organization, id): (OrganizationId, MembershipId),
) -> Result<()> {
    tx.organizations().lock(&organization).await?;
    if !tx.memberships().see_expiry(&id, context.now).await? {
        return Ok(());
    }
    let found: Option<Membership> = tx.memberships().by_id(&organization, &id).await?;
    let ended = found.ok_or_else(|| Noun::Membership.unknown(&id))?;
    membership::end_access(tx, &context, &ended).await?;
    let event = Event::MembershipExpiry { user: ended.user_id, membership: id };
    tx.record(&context, Some(&organization), &event);
    Ok(())
}
