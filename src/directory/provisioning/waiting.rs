//! Values that meant nothing when a source said them, and mean something since: a role that its connection may assign by now, a
//! site that was opened, a permission of an app that the organization uses by now; and roles that meant something and do no
//! more, as they were removed or the connection may not assign them any longer.
//!
//! A source that says them again is believed at once ([`super::change`]). Whoever makes the mapping lets the organization be
//! looked at again ([`look_again`]); then the source's own connection goes over those who have such values, some in each unit
//! of work ([`map_again`]), as if it had said them again.

use super::{Known, Record, Speaker, mapping, writing::keep};
use crate::{
    audit::Event,
    directory::{Error, Result, origin::Origin, rule},
    id::{MembershipId, OrganizationId, RoleId},
    storage::{self, Tx},
};

/// More values may mean something in an organization than before.
///
/// # Errors
/// When the database fails.
pub async fn look_again(tx: &mut Tx, organization: &OrganizationId) -> storage::Result<()> {
    tx.sources().map_again(organization).await
}

/// A role that sources gave, or one of them, means nothing any more, or less: whoever has it of them is looked at again.
///
/// # Errors
/// When the database fails.
pub async fn look_again_at(
    tx: &mut Tx,
    organization: &OrganizationId,
    (role, of): (&RoleId, Option<&Origin>),
) -> storage::Result<()> {
    tx.member_records().doubt(role, of).await?;
    tx.sources().map_again(organization).await
}

/// Gives these members what waits for them of what the source said, and takes what means nothing any more; says for how many. Who would come into a
/// group by a rule, whose roles the source may not assign, goes on waiting.
///
/// # Errors
/// When the database fails.
pub async fn map_again(tx: &mut Tx, speaker: Speaker<'_>, members: &[MembershipId]) -> storage::Result<u64> {
    tx.act_by(speaker.mandate());
    fault(tx.organizations().lock(speaker.organization).await)?;
    tx.memberships().hold_all(members).await?;
    let mut count = 0;
    // As many as one batch has: each is written by itself, as what it comes to differs.
    for member in members {
        let known = tx.member_records_of(&speaker.source()).by_id(speaker.organization, member).await?;
        let Some(known) = known else { continue };
        let Some(record) = &known.record else { continue };
        if !fault(mapping::means_other(tx, speaker, record).await)?.unwrap_or_default() {
            continue;
        }
        let part = tx.begin_part().await?;
        match fault(give(tx, speaker, (&known, record)).await)? {
            Some(()) => {
                tx.keep_part(part).await?;
                count += 1;
            }
            None => tx.undo_part(part).await?,
        }
    }
    Ok(count)
}

/// What was refused is nothing; the database's faults are errors.
fn fault<T>(done: Result<T>) -> storage::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(Error::Storage(fault)) => Err(fault),
        Err(_) => Ok(None),
    }
}

async fn give(tx: &mut Tx, speaker: Speaker<'_>, (known, record): (&Known, &Record)) -> Result<()> {
    let changed = [mapping::unmapped_key()].into();
    let record = Record { updated_at: speaker.context.now, ..record.clone() };
    keep(tx, speaker, known, (record, &changed)).await?;
    let event = Event::MembershipUpdate {
        user: known.membership.user_id.clone(),
        membership: known.membership.id.clone(),
        attributes: mapping::unmapped_key(),
    };
    tx.record(speaker.context, Some(speaker.organization), &event);
    rule::settle(tx).await.map(drop)
}
