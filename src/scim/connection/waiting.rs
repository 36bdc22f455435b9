//! What a connection said of people before it might: once it may, they are gone through in batches, each a unit of work of its
//! own, and get it as if it had said so again.

use super::Connection;
use crate::{
    audit::{Actor, Context},
    directory::{
        self,
        provisioning::{self, Speaker},
    },
    id::{ConnectionId, MembershipId, OrganizationId},
    scim::ResourceType,
    storage::{self, Storage, Tx},
};

/// Members of one batch: each is written by itself.
const BATCH: u32 = 50;

/// What a batch came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is nothing to be done.
    Idle,
    /// So many members got something.
    Done(u64),
}

/// Goes on with what one connection said, or any, for a batch of members.
///
/// # Errors
/// When the database fails.
pub async fn map_some(storage: &Storage, context: Context, of: Option<&ConnectionId>) -> storage::Result<Step> {
    let waiting = storage.read().await?.connections().to_map().await?;
    let next = waiting.into_iter().find(|(id, _)| of.is_none_or(|of| of == id));
    let Some(of) = next else { return Ok(Step::Idle) };
    match batch(storage, &context, &of, BATCH).await {
        Err(fault) => {
            tracing::error!(connection.id = %of.0, error = %fault, "What it said could not be gone through; each is tried by itself.");
            one_by_one(storage, &context, &of).await
        }
        done => done,
    }
}

/// The members of a batch each in a unit of its own; whoever fails stops nobody, and is tried again when more means something.
async fn one_by_one(
    storage: &Storage,
    context: &Context,
    of: &(ConnectionId, OrganizationId),
) -> storage::Result<Step> {
    let mut count = 0;
    for _ in 0..BATCH {
        match batch(storage, context, of, 1).await {
            Ok(Step::Idle) => break,
            Ok(Step::Done(done)) => count += done,
            Err(fault) => {
                let passed = pass_over(storage, of).await?;
                let member = passed.as_ref().map(MembershipId::as_str);
                tracing::error!(membership.id = member, error = %fault, "What was said of a member could not be gone through.");
            }
        }
    }
    Ok(Step::Done(count))
}

async fn batch(
    storage: &Storage,
    context: &Context,
    of: &(ConnectionId, OrganizationId),
    most: u32,
) -> storage::Result<Step> {
    let (context, of) = (context.clone(), of.clone());
    storage.insist(move |tx| Box::pin(async move { go_on(tx, &context, (&of.0, &of.1), most).await })).await
}

/// Goes on after the next member; who that was.
async fn pass_over(storage: &Storage, of: &(ConnectionId, OrganizationId)) -> storage::Result<Option<MembershipId>> {
    let (id, organization) = of.clone();
    let work = async move |tx: &mut Tx| {
        let Some((_, reached)) = tx.connections().held_to_map(&id).await? else { return Ok(None) };
        let next = tx.member_records().with_unmapped(&organization, &reached, 1).await?.pop();
        tx.connections().set_mapped_up_to(&id, next.as_ref().map(MembershipId::as_str)).await?;
        Ok(next)
    };
    storage.write(move |tx| Box::pin(async move { work(tx).await })).await
}

/// The same until it is done; says how many members got something.
///
/// # Errors
/// When the database fails.
pub async fn map_all(storage: &Storage, context: &Context, of: &ConnectionId) -> storage::Result<u64> {
    let mut all = 0;
    while let Step::Done(count) = map_some(storage, context.clone(), Some(of)).await? {
        all += count;
    }
    Ok(all)
}

async fn go_on(
    tx: &mut Tx,
    context: &Context,
    (id, organization): (&ConnectionId, &OrganizationId),
    most: u32,
) -> storage::Result<Step> {
    // The organization comes first, as for everybody who changes its members.
    if let Err(directory::Error::Storage(fault)) = tx.organizations().lock(organization).await {
        return Err(fault);
    }
    let Some((connection, reached)) = tx.connections().held_to_map(id).await? else { return Ok(Step::Done(0)) };
    let members = if writes_people(&connection) {
        tx.member_records().with_unmapped(organization, &reached, most).await?
    } else {
        vec![]
    };
    tx.connections().set_mapped_up_to(id, members.last().map(MembershipId::as_str)).await?;
    if members.is_empty() {
        return Ok(Step::Done(0));
    }
    let (context, rights) = (context.by(Actor::Connection(id.to_string())), &connection.rights);
    let speaker = Speaker {
        context: &context,
        organization,
        may_assign: &rights.roles,
        may_grant: &rights.permissions,
        may_verify: rights.may_verify,
    };
    Ok(Step::Done(provisioning::map_again(tx, speaker, &members).await?))
}

fn writes_people(connection: &Connection) -> bool {
    connection.rights.may_write && connection.rights.resources.has(ResourceType::User)
}
