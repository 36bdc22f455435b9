//! What people change in Lanyard, where outside sources speak of the same member: what a source keeps is refused and says
//! who keeps it; what none keeps any more is theirs from then on.

use super::{
    Known, Owned, Ranking, Record, Source,
    attributes::keys_of,
    facts,
    known::{forget, value_of},
};
use crate::{
    directory::{
        Result,
        membership::Membership,
        profile::{Attribute, Edit, Subject},
    },
    id::UserId,
    storage::{self, Tx},
};

/// An attribute of a profile that an outside source keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// The attribute.
    pub attribute: Attribute,
    /// Who keeps it.
    pub source: Source,
}

/// What sources keep of a person's own attributes: they do while one organization alone knows the person.
///
/// # Errors
/// When the database fails.
pub async fn kept_of_person(tx: &mut Tx, user: &UserId) -> storage::Result<Vec<Kept>> {
    let Some(known) = only_member(tx, user).await? else { return Ok(vec![]) };
    let mut kept = kept_of(tx, &known).await?;
    kept.retain(|kept| kept.attribute.subject() == Subject::Person);
    Ok(kept)
}

/// What sources keep of a member, as their organization sees them.
///
/// # Errors
/// When the database fails.
pub async fn kept_of(tx: &mut Tx, known: &Known) -> storage::Result<Vec<Kept>> {
    let Some(record) = &known.record else { return Ok(vec![]) };
    let ranking = tx.sources().ranking(&known.membership.organization_id).await?;
    let kept = |attribute| Some(Kept { attribute, source: keeper(record, &ranking, attribute)?.clone() });
    Ok(Attribute::ALL.iter().copied().filter_map(kept).collect())
}

fn keeper<'r>(record: &Record, ranking: &'r Ranking, attribute: Attribute) -> Option<&'r Source> {
    keys_of(attribute).iter().find_map(|key| {
        value_of(&record.attributes, key).filter(|value| !value.is_null())?;
        ranking.keeper_from_people(key, record.sources.get(key)?)
    })
}

/// The membership of a person whom no other organization knows or knew: what its sources say is in the person's profile.
async fn only_member(tx: &mut Tx, user: &UserId) -> storage::Result<Option<Known>> {
    let organizations = tx.memberships().organizations_ever(user).await?;
    match organizations.as_slice() {
        [only] => tx.member_records().of(only, user).await,
        _ => Ok(None),
    }
}

/// Lets people edit a person's own attributes.
///
/// # Errors
/// [`Owned`], for one that a source keeps.
pub(in crate::directory) async fn edit_person(tx: &mut Tx, user: &UserId, edits: &[Edit]) -> Result<()> {
    let found = only_member(tx, user).await?;
    edit(tx, found, (edits, Subject::Person)).await
}

/// Lets people edit what the organization knows of a member.
///
/// # Errors
/// [`Owned`], for an attribute that a source keeps.
pub(in crate::directory) async fn edit_member(tx: &mut Tx, member: &Membership, edits: &[Edit]) -> Result<()> {
    let found = tx.member_records().by_id(&member.organization_id, &member.id).await?;
    edit(tx, found, (edits, Subject::Membership)).await
}

async fn edit(tx: &mut Tx, found: Option<Known>, (edits, of): (&[Edit], Subject)) -> Result<()> {
    let Some(known) = found else { return Ok(()) };
    let Some(mut record) = known.record.clone() else { return Ok(()) };
    let organization = known.membership.organization_id.clone();
    let ranking = tx.sources().ranking(&organization).await?;
    let mut has_changed = false;
    for edit in edits.iter().filter(|edit| edit.attribute().subject() == of) {
        let attribute = edit.attribute();
        if let Some(source) = keeper(&record, &ranking, attribute) {
            return Err(Owned { attribute: attribute.to_string(), keeper: source.name.clone() }.into());
        }
        for key in keys_of(attribute) {
            has_changed |= forget(&mut record.attributes, &key);
            record.sources.remove(&key);
        }
    }
    if !has_changed {
        return Ok(());
    }
    let known = Known { record: Some(record), ..known };
    let addresses = facts::addresses(&known.seen());
    let (id, record) = (&known.membership.id, known.record.as_ref().expect("it was just set"));
    tx.member_records().save((&organization, id), record, (&addresses, false)).await?;
    Ok(())
}
