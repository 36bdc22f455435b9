//! Whether a member may act, and who decides it: whoever put them out lets them in again, and whoever brought them takes them
//! away. People here go before every source.

use super::{Known, Manner, Owned, Speaker, ranking::Holder};
use crate::{
    directory::{Noun, Result, membership, origin::Origin},
    id::MembershipId,
    storage::Tx,
};

/// Keeps a member as they are until the commit: whoever changes them meanwhile waits. The organization comes first, as for
/// everybody who may take a member away: so no two wait for each other.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx, speaker: Speaker<'_>, id: &MembershipId) -> Result<()> {
    tx.organizations().lock(speaker.organization).await?;
    Ok(tx.memberships().hold(speaker.organization, id).await?)
}

/// Ends a membership.
///
/// # Errors
/// For an unknown member, for the last owner, and for a member whom a source brought that goes first.
pub async fn remove(tx: &mut Tx, speaker: Speaker<'_>, id: &MembershipId) -> Result<()> {
    let known = tx.memberships().by_id(speaker.organization, id).await?.ok_or_else(|| Noun::Membership.unknown(id))?;
    if known.origin.is_outside()
        && let Some(keeper) = keeper_of_member(tx, speaker, Some(&known.origin)).await?
    {
        return Err(Owned { attribute: "id".to_owned(), keeper }.into());
    }
    membership::remove(tx, speaker.context, speaker.organization, id).await?;
    Ok(())
}

/// Shuts a member out of whom the source says no more; says whether that was to change.
///
/// # Errors
/// For an unknown member, and for the last owner.
pub async fn shut_out(tx: &mut Tx, speaker: Speaker<'_>, id: &MembershipId) -> Result<bool> {
    let known = tx.member_records_of(&speaker.source()).by_id(speaker.organization, id).await?;
    let known = known.ok_or_else(|| Noun::Membership.unknown(id))?;
    suspend_or_resume(tx, speaker, &known, (Some(false), Manner::Whole)).await
}

/// Ends a membership that the source brought and shut out itself; says whether it was one.
///
/// # Errors
/// For the last owner.
pub async fn remove_shut_out(tx: &mut Tx, speaker: Speaker<'_>, id: &MembershipId) -> Result<bool> {
    let (organization, source) = (speaker.organization, speaker.source());
    let found = tx.memberships().by_id(organization, id).await?;
    let is_its_own = found.is_some_and(|found| found.origin == source && found.disabled_at.is_some());
    if !is_its_own || tx.memberships().disabled_by(id).await?.as_ref() != Some(&source) {
        return Ok(false);
    }
    membership::remove(tx, speaker.context, organization, id).await?;
    Ok(true)
}

/// Somebody because of whom a source cannot bring somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InTheWay {
    /// The source brought and shut them out itself: they may go.
    Departed(MembershipId),
    /// A source brought them that has ended: this one may speak of them from now on.
    LeftBehind(MembershipId),
}

/// Who is called as somebody whom a source wants to bring, if the source may deal with that.
///
/// # Errors
/// When the database fails.
pub async fn in_the_way(tx: &mut Tx, speaker: Speaker<'_>, user_name: &str) -> Result<Option<InTheWay>> {
    let organization = speaker.organization;
    let called = tx.member_records().called(organization, &user_name.to_lowercase()).await?;
    let Some(found) = called.map(|known| known.membership) else { return Ok(None) };
    let id = found.id.clone();
    let source = speaker.source();
    if found.origin == source {
        let by = tx.memberships().disabled_by(&id).await?;
        let is_departed = found.disabled_at.is_some() && by.as_ref() == Some(&source);
        return Ok(is_departed.then_some(InTheWay::Departed(id)));
    }
    let has_ended =
        found.origin.is_outside() && tx.sources().ranking(organization).await?.source(&found.origin).is_none();
    Ok(has_ended.then_some(InTheWay::LeftBehind(id)))
}

/// Lets a member act, or not; says whether that was to change. Whom people here suspended, or a source that goes first, stays
/// out.
pub(super) async fn suspend_or_resume(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    known: &Known,
    (is_wanted, manner): (Option<bool>, Manner),
) -> Result<bool> {
    let (organization, id) = (speaker.organization, &known.membership.id);
    let is_active = known.membership.disabled_at.is_none();
    match is_wanted.filter(|is_wanted| *is_wanted != is_active) {
        None => return Ok(false),
        Some(false) => drop(membership::disable(tx, speaker.context, organization, id).await?),
        Some(true) => {
            let by = tx.memberships().disabled_by(id).await?;
            match (keeper_of_member(tx, speaker, by.as_ref()).await?, manner) {
                (None, _) => drop(membership::enable(tx, speaker.context, organization, id).await?),
                (Some(_), Manner::Whole) => return Ok(false),
                (Some(keeper), Manner::Change) => {
                    return Err(Owned { attribute: "active".to_owned(), keeper }.into());
                }
            }
        }
    }
    Ok(true)
}

/// Who keeps a member as `origin` left them, if the source may not change it: people here always do.
async fn keeper_of_member(tx: &mut Tx, speaker: Speaker<'_>, origin: Option<&Origin>) -> Result<Option<String>> {
    let source = speaker.source();
    match origin {
        Some(origin) if *origin == source => Ok(None),
        Some(origin) if origin.is_outside() => {
            let ranking = tx.sources().ranking(speaker.organization).await?;
            Ok(ranking.keeper("active", Holder::Source(origin), &source))
        }
        _ => Ok(Some("people of the organization".to_owned())),
    }
}
