//! Who keeps a group, its name and what lies in it from whom: sources from each other by their precedence, people here from
//! every source that they did not let go first, and sources from people as they do with attributes.

use super::{KnownGroup, Owned, Speaker};
use crate::{
    directory::{Error, Result, origin::Origin},
    id::{GroupId, MembershipId, OrganizationId},
    storage::Tx,
};

/// Checks that nobody keeps from the source what `origin` said of a group.
///
/// # Errors
/// [`Owned`].
pub(super) async fn spare(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    (origin, attribute): (Option<&Origin>, &str),
) -> Result<()> {
    let source = speaker.source();
    if origin.is_none_or(|origin| *origin == source) {
        return Ok(());
    }
    let ranking = tx.sources().ranking(speaker.organization).await?;
    match ranking.keeper_of_group(origin, &source) {
        Some(keeper) => Err(Owned { attribute: attribute.to_owned(), keeper }.into()),
        None => Ok(()),
    }
}

/// Checks that people may give a group another name.
///
/// # Errors
/// [`Owned`], when a source keeps it.
pub(in crate::directory) async fn spare_name(tx: &mut Tx, organization: &OrganizationId, id: &GroupId) -> Result<()> {
    let known = tx.group_records().by_id(organization, id).await?;
    spare_from_people(tx, organization, (known.and_then(|known| known.named_by), "name")).await
}

/// Checks that people may take a group out of another one.
///
/// # Errors
/// [`Owned`], when a source put it there.
pub(in crate::directory) async fn spare_nesting(
    tx: &mut Tx,
    organization: &OrganizationId,
    (id, parent): (&GroupId, &GroupId),
) -> Result<()> {
    let inside = tx.group_records().inside(parent).await?;
    let origin = inside.into_iter().find(|(part, _)| part == id).and_then(|(_, origin)| origin);
    spare_from_people(tx, organization, (origin, "members")).await
}

async fn spare_from_people(
    tx: &mut Tx,
    organization: &OrganizationId,
    (origin, attribute): (Option<Origin>, &str),
) -> Result<()> {
    let Some(origin) = origin.filter(Origin::is_outside) else { return Ok(()) };
    let ranking = tx.sources().ranking(organization).await?;
    match ranking.keeper_from_people("members", &origin) {
        Some(source) => Err(Owned { attribute: attribute.to_owned(), keeper: source.name.clone() }.into()),
        None => Ok(()),
    }
}

/// Checks that nobody keeps from the source what lies in a group, or where these groups lie.
///
/// # Errors
/// [`Owned`].
pub(super) async fn spare_nested(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    outer: &KnownGroup,
    inner: &[&GroupId],
) -> Result<()> {
    let ids: Vec<GroupId> = inner.iter().copied().cloned().collect();
    let inner = tx.group_records().by_ids(speaker.organization, &ids).await?;
    let source = speaker.source();
    let is_of_another = |one: &&KnownGroup| one.origin.as_ref().is_some_and(|origin| *origin != source);
    let others: Vec<&KnownGroup> = [outer].into_iter().chain(&inner).filter(is_of_another).collect();
    if others.is_empty() {
        return Ok(());
    }
    let ranking = tx.sources().ranking(speaker.organization).await?;
    let kept = others.into_iter().find_map(|one| ranking.keeper_of_group(one.origin.as_ref(), &source).zip(Some(one)));
    match kept {
        Some((keeper, one)) if one.group.id == outer.group.id => {
            Err(Owned { attribute: "members".to_owned(), keeper }.into())
        }
        Some((keeper, one)) => {
            Err(Owned { attribute: format!("members[value eq \"{}\"]", one.group.id), keeper }.into())
        }
        None => Ok(()),
    }
}

/// People take a member out of a group, unless a source put them there that may still speak and goes before people.
///
/// # Errors
/// [`Owned`], when a source keeps the place, and where the rule of the group does.
pub(in crate::directory) async fn take_by_people(
    tx: &mut Tx,
    organization: &OrganizationId,
    id: &GroupId,
    member: &MembershipId,
) -> Result<()> {
    let held = tx.group_records().holdings(id, Some(std::slice::from_ref(member))).await?;
    if held.iter().any(|held| held.origin.is_rule()) {
        return Err(Error::Refused(
            "the rule of the group puts this member there; change what is known of them, or the rule",
        ));
    }
    spare_from_people(tx, organization, (held.into_iter().next().map(|held| held.origin), "members")).await
}
