//! What administrators do: ask, agree, end. Each is one unit of work, and decides by what holds in it.

use super::{Asker, DAY, Desk, Fault, LINK_LIFE, MOST, Open, PATIENCE, Party, Recovery, may_agree, telling};
use crate::{
    audit::{Context, Event},
    authentication::admitted::Admitted,
    directory::{self, organization::Organization, user::User},
    id::{OrganizationId, RecoveryId, UserId},
    permission::{Action, Principal, Resource, decide, load},
    storage::Tx,
    text::Reason,
};

/// What is asked for.
pub struct Asked {
    /// Who asks, of which organization.
    pub by: Asker,
    /// For whom.
    pub user: UserId,
    /// Why.
    pub reason: Reason,
}

/// Asks that a member is let in who has lost every factor.
///
/// # Errors
/// [`Fault`]; nothing has changed then.
pub async fn ask(tx: &mut Tx, context: &Context, desk: &Desk, asked: Asked) -> Result<Recovery, Fault> {
    tx.users().keep_still(&asked.user).await?;
    let of = asked.by.organization().clone();
    let organization = organization(tx, &of).await?;
    let person = member(tx, context, &of, &asked.user).await?;
    let requested_by = match &asked.by {
        Asker::Host(_) => None,
        Asker::Administrator(by) => {
            may(tx, context, (&of, &asked.user), by.user()).await?;
            if *by.user() == asked.user {
                return Err(Fault::OwnFactors);
            }
            Some(by.user().clone())
        }
    };
    let email = person.email.clone().filter(|_| person.email_verified_at.is_some()).ok_or(Fault::NoAddress)?;
    if !tx.factors().has_any(&person.id).await? {
        return Err(Fault::NoFactor);
    }
    stands_alone(tx, context, &person.id).await?;
    is_no_owner_elsewhere(tx, context, (&of, &person.id)).await?;
    // What another organization asked for is nothing that this one may know.
    let open = tx.recoveries().of_user(&person.id, context.now).await?;
    if open.iter().any(|one| one.recovery.organization.as_ref() == Some(&of)) {
        return Err(Fault::Asked);
    }
    let since = context.now.minus(DAY);
    let times = tx.recoveries().times((&person.id, &of), requested_by.as_ref(), since).await?;
    if times >= MOST {
        return Err(Fault::TooOften);
    }
    let recovery = Recovery {
        id: RecoveryId::fresh(context.now, &context.random),
        user: person.id.clone(),
        organization: Some(of),
        email: Some(email),
        reason: asked.reason,
        requested_by,
        created_at: context.now,
        due_at: None,
        approved_at: None,
        expires_at: context.now.plus(PATIENCE),
    };
    let (stop, hash) = context.random.token();
    tx.recoveries().insert(&recovery, hash).await?;
    let event = Event::RecoveryRequest {
        user: person.id.clone(),
        recovery: recovery.id.clone(),
        reason: recovery.reason.to_string(),
    };
    tx.record(context, recovery.organization.as_ref(), &event);
    telling::asked(tx, context, desk, (&recovery, &person, &organization), &stop).await?;
    Ok(recovery)
}

/// A different administrator agrees: the person is mailed the link.
///
/// # Errors
/// [`Fault`]; nothing has changed then.
pub async fn agree(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (id, by): (&RecoveryId, &Admitted),
) -> Result<(), Fault> {
    let (of, by) = (by.organization(), by.user());
    let Open { recovery, .. } = tx.recoveries().by_id(of, id, context.now).await?.ok_or(Fault::Unknown)?;
    organization(tx, of).await?;
    let person = member(tx, context, of, &recovery.user).await?;
    may(tx, context, (of, &recovery.user), by).await?;
    may_agree(&recovery, by)?;
    stands_alone(tx, context, &person.id).await?;
    is_no_owner_elsewhere(tx, context, (of, &person.id)).await?;
    if let Some(requester) = &recovery.requested_by {
        // Whoever asked was one of the two pairs of eyes, and still is.
        may(tx, context, (of, &recovery.user), requester).await.map_err(|fault| match fault {
            Fault::Storage(error) => Fault::Storage(error),
            _ => Fault::Lapsed,
        })?;
    }
    let (link, hash) = context.random.token();
    if !tx.recoveries().approve(id, hash, (context.now, context.now.plus(LINK_LIFE))).await? {
        return Err(Fault::Unknown);
    }
    let event =
        Event::RecoveryApproval { user: recovery.user.clone(), recovery: recovery.id.clone(), by: "administrator" };
    tx.record(context, Some(of), &event);
    telling::agreed(tx, context, desk, (&recovery, &person), &link).await?;
    Ok(())
}

/// Whoever asked takes it back, or another administrator, or the host's operator, refuses it; also once there is a link.
///
/// # Errors
/// [`Fault`]; nothing has changed then.
pub async fn end(
    tx: &mut Tx,
    context: &Context,
    desk: &Desk,
    (of, id): (&OrganizationId, &RecoveryId),
    by: &Party,
) -> Result<(), Fault> {
    let Open { recovery, .. } = tx.recoveries().by_id(of, id, context.now).await?.ok_or(Fault::Unknown)?;
    let person = tx.users().by_id(&recovery.user).await?.ok_or(Fault::Unknown)?;
    let said = match by {
        Party::Host => "administrator",
        Party::Administrator(by) => {
            // Whoever was suspended since is nobody to be let in, and their request still ends.
            let principal = load::principal(tx, by, of, context.now).await?.ok_or(Fault::Unknown)?;
            decide(&principal, Action::RecoverFactors, Resource::Organization(of))?;
            if recovery.requested_by.as_ref() == Some(by) { "requester" } else { "administrator" }
        }
    };
    if !tx.recoveries().end(id, context.now).await? {
        return Err(Fault::Unknown);
    }
    let event = Event::RecoveryEnd { user: recovery.user.clone(), recovery: recovery.id.clone(), by: said };
    tx.record(context, Some(of), &event);
    telling::ended(tx, context, desk, (&recovery, &person)).await?;
    Ok(())
}

/// The organizations in all of which this person looks after every member: they have the pages of it.
///
/// # Errors
/// When the database fails.
pub async fn organizations(tx: &mut Tx, context: &Context, user: &UserId) -> directory::Result<Vec<Organization>> {
    let mut found = vec![];
    // A person is in few organizations.
    for (membership, organization) in tx.memberships().active_of_user(user, context.now).await?.into_iter().take(20) {
        let own = Principal::Member(load::standing(tx, &membership, context.now).await?);
        if decide(&own, Action::RecoverFactors, Resource::Organization(&organization.id)).is_ok() {
            found.push(organization);
        }
    }
    Ok(found)
}

/// Whether the password was not chosen by a mailed link of late: beside the mailbox it would prove nothing.
pub(super) async fn stands_alone(tx: &mut Tx, context: &Context, user: &UserId) -> Result<(), Fault> {
    let is_mailed = tx.password_links().is_redeemed_since(user, context.now.minus(DAY)).await?;
    if is_mailed { Err(Fault::MailedPassword) } else { Ok(()) }
}

/// Nobody's helpers in one organization touch what protects another that the person owns.
async fn is_no_owner_elsewhere(
    tx: &mut Tx,
    context: &Context,
    (of, user): (&OrganizationId, &UserId),
) -> Result<(), Fault> {
    let owned = tx.assignments().lasting_owners_beside(user, context.now).await?;
    let is_owner = owned.iter().any(|owner| owner.user == *user && owner.organization != *of);
    if is_owner { Err(Fault::Elsewhere) } else { Ok(()) }
}

/// The person, who is an active member.
async fn member(tx: &mut Tx, context: &Context, of: &OrganizationId, user: &UserId) -> Result<User, Fault> {
    tx.memberships().active(user, of, context.now).await?.ok_or(Fault::Unknown)?;
    tx.users().by_id(user).await?.filter(|user| user.is_active(context.now)).ok_or(Fault::Unknown)
}

async fn organization(tx: &mut Tx, id: &OrganizationId) -> Result<Organization, Fault> {
    tx.organizations().by_id(id).await?.filter(Organization::is_active).ok_or(Fault::Unknown)
}

/// Whether `by` may recover a member's factors now.
async fn may(tx: &mut Tx, context: &Context, (of, user): (&OrganizationId, &UserId), by: &UserId) -> Result<(), Fault> {
    let actor = tx.users().by_id(by).await?.filter(|user| user.is_active(context.now)).ok_or(Fault::Unknown)?;
    let principal = load::principal(tx, &actor.id, of, context.now).await?.ok_or(Fault::Unknown)?;
    let membership = tx.memberships().active(user, of, context.now).await?.ok_or(Fault::Unknown)?;
    let standing = load::standing(tx, &membership, context.now).await?;
    decide(&principal, Action::RecoverFactors, Resource::Person(&standing))?;
    Ok(())
}
