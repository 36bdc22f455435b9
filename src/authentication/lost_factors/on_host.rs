//! The host's way for an owner who is alone: whoever has a shell there asks, and time agrees. Until then everybody who may
//! object knows of it and can stop it; then the person is mailed the same link as by two administrators, and for who has
//! no mail any more the host shows it, once.

use std::time::Duration;

use super::{Desk, Fault, LINK_LIFE, PATIENCE, Recovery, asking::stands_alone, telling};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    directory::user::User,
    id::{RecoveryId, UserId},
    secret::SecretString,
    storage::{self, Tx},
    text::Reason,
    web::Site,
};

/// What became of a request of the host.
#[derive(Debug)]
pub enum Asked {
    /// It was made, and everybody told.
    Begun(Recovery),
    /// It is not due yet.
    Waits(Recovery),
    /// It was due: this is the link, which is in the place of one that was mailed.
    Due(Recovery, SecretString),
    /// The link was shown before.
    Shown(Recovery),
}

/// The most that are agreed to in one look.
const MOST: i64 = 20;

/// Asks, or looks whether it is due.
///
/// # Errors
/// [`Fault`]; nothing has changed then.
pub async fn ask(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (user, reason, delay): (&UserId, Reason, Duration),
) -> Result<Asked, Fault> {
    tx.users().keep_still(user).await?;
    let person = tx.users().by_id(user).await?.filter(|user| user.is_active(context.now)).ok_or(Fault::Unknown)?;
    let Some(recovery) = own(tx, context, user).await? else {
        return Ok(Asked::Begun(begin(tx, context, desk, (&person, reason, delay)).await?));
    };
    if recovery.due_at.is_some_and(|due| due > context.now) {
        return Ok(Asked::Waits(recovery));
    }
    let (link, hash) = context.random.token();
    if !tx.recoveries().show(&recovery.id, hash, (context.now, context.now.plus(LINK_LIFE))).await? {
        return Ok(Asked::Shown(recovery));
    }
    record_approval(tx, context, &recovery, "host");
    telling::shown(tx, context, desk, (&recovery, &person)).await?;
    Ok(Asked::Due(recovery, link))
}

/// Ends it.
///
/// # Errors
/// [`Fault::Unknown`] where there is none.
pub async fn cancel(tx: &mut Tx, context: &Context, desk: &Desk, user: &UserId) -> Result<RecoveryId, Fault> {
    let recovery = own(tx, context, user).await?.ok_or(Fault::Unknown)?;
    let person = tx.users().by_id(user).await?.ok_or(Fault::Unknown)?;
    if !tx.recoveries().end(&recovery.id, context.now).await? {
        return Err(Fault::Unknown);
    }
    let event = Event::RecoveryEnd { user: user.clone(), recovery: recovery.id.clone(), by: "requester" };
    tx.record(context, None, &event);
    telling::ended(tx, context, desk, (&recovery, &person)).await?;
    Ok(recovery.id)
}

/// Agrees to what is due and mails the links; each once, however many nodes look.
///
/// # Errors
/// When the database fails.
pub async fn agree_to_due(app: &App, site: &Site) -> storage::Result<()> {
    let context = app.context(Actor::Server);
    let due = app.storage.read().await?.recoveries().due(context.now, MOST).await?;
    for open in due {
        let (context, desk) = (context.clone(), Desk { site: site.clone(), sealer: app.sealer.clone() });
        let recovery = open.recovery;
        let done = app.storage.write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let Some(person) = tx.users().by_id(&recovery.user).await? else { return Ok(()) };
                let (link, hash) = context.random.token();
                let until = context.now.plus(LINK_LIFE);
                if tx.recoveries().approve(&recovery.id, hash, (context.now, until)).await? {
                    record_approval(tx, &context, &recovery, "time");
                    telling::agreed(tx, &context, &desk, (&recovery, &person), &link).await?;
                }
                Ok(())
            })
        });
        done.await?;
    }
    Ok(())
}

async fn begin(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (person, reason, delay): (&User, Reason, Duration),
) -> Result<Recovery, Fault> {
    if !tx.factors().has_any(&person.id).await? {
        return Err(Fault::NoFactor);
    }
    stands_alone(tx, context, &person.id).await?;
    let due_at = context.now.plus(delay);
    let recovery = Recovery {
        id: RecoveryId::fresh(context.now, &context.random),
        user: person.id.clone(),
        organization: None,
        email: person.email.clone(),
        reason,
        requested_by: None,
        created_at: context.now,
        due_at: Some(due_at),
        approved_at: None,
        expires_at: due_at.plus(PATIENCE),
    };
    let (stop, hash) = context.random.token();
    tx.recoveries().insert(&recovery, hash).await?;
    let event = Event::RecoveryRequest {
        user: person.id.clone(),
        recovery: recovery.id.clone(),
        reason: recovery.reason.to_string(),
    };
    tx.record(context, None, &event);
    telling::begun(tx, context, desk, (person, due_at), &stop).await?;
    Ok(recovery)
}

/// The one that the host asked for.
async fn own(tx: &mut Tx, context: &Context, user: &UserId) -> storage::Result<Option<Recovery>> {
    let open = tx.recoveries().of_user(user, context.now).await?;
    Ok(open.into_iter().map(|one| one.recovery).find(|one| one.organization.is_none()))
}

/// The host may show what time had agreed to, and mailed.
fn record_approval(tx: &mut Tx, context: &Context, recovery: &Recovery, by: &'static str) {
    let event = Event::RecoveryApproval { user: recovery.user.clone(), recovery: recovery.id.clone(), by };
    tx.record(context, None, &event);
}
