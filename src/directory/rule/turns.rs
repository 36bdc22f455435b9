//! Follows time, which lets assignments begin and end without anybody's doing.
//!
//! Whoever looks at a member for rules writes down at which instant an assignment of theirs begins or ends next, as seen from
//! the instant of looking. So nothing is gone over again at a start, and no instant is missed by clocks that disagree or are set
//! back: what one node took for the future is there until one has looked at it as the present.

use super::{failing, settling};
use crate::{
    audit::Context,
    clock::Timestamp,
    id::{MembershipId, OrganizationId},
    storage::{self, Revision, Storage, Tx},
};

/// Batches that are followed at a time.
const MOST_BATCHES: usize = 20;

/// Brings groups up to date for members whose assignments began or ended by themselves up to the instant of `context`, some of
/// them; answers when the next one does, which lies in the past where there are more.
///
/// # Errors
/// When the database fails.
pub async fn follow_time(storage: &Storage, context: &Context) -> storage::Result<Option<Timestamp>> {
    for _ in 0..MOST_BATCHES {
        let due = storage.read().await?.group_rules().due(context.now, settling::BATCH).await?;
        if due.is_empty() {
            break;
        }
        for (organization, members) in due {
            follow(storage, context, (organization, members)).await?;
        }
    }
    storage.read().await?.group_rules().next_turn().await
}

/// Those of one organization; where that fails each by themselves, and whoever fails again is tried later.
async fn follow(
    storage: &Storage,
    context: &Context,
    (organization, members): (OrganizationId, Vec<MembershipId>),
) -> storage::Result<()> {
    let Err(fault) = followed(storage, context, (&organization, &members)).await else { return Ok(()) };
    tracing::warn!(organization.id = %organization, cause = %fault, "members whose assignments turned are looked at one by one");
    for member in members {
        let one = std::slice::from_ref(&member);
        if let Err(fault) = followed(storage, context, (&organization, one)).await {
            tracing::error!(
                membership.id = %member,
                organization.id = %organization,
                cause = %fault,
                "Rules of groups could not follow an assignment that began or ended; it is tried again in a minute."
            );
            let later = failing::next_try(context.now);
            storage
                .insist(move |tx| {
                    Box::pin(async move { tx.group_rules().keep_turns(vec![(member, Some(later))]).await })
                })
                .await?;
        }
    }
    Ok(())
}

async fn followed(
    storage: &Storage,
    context: &Context,
    (organization, members): (&OrganizationId, &[MembershipId]),
) -> storage::Result<()> {
    let (context, organization, members) = (context.clone(), organization.clone(), members.to_vec());
    storage.insist(move |tx| Box::pin(async move { settle(tx, &context, (&organization, &members)).await })).await
}

async fn settle(
    tx: &mut Tx,
    context: &Context,
    (organization, members): (&OrganizationId, &[MembershipId]),
) -> storage::Result<()> {
    tx.organizations().lock(organization).await?;
    tx.rest_on(Revision::Rules).await?;
    let rules = tx.group_rules().of(organization).await?;
    tx.memberships().hold_all(members).await?;
    // Whoever left, or has no rules any more, is not looked at again.
    tx.group_rules().forget_turns(members, context.now).await?;
    if rules.is_empty() {
        return Ok(());
    }
    failing::note_unreadable(tx, context, &rules).await?;
    let plan = settling::plan(tx, &rules, (members, context.now)).await?;
    settling::apply(tx, context, plan).await
}
