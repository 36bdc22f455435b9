//! Groups carry roles: whoever puts somebody into one gives these roles, and those of all groups around it.

use std::collections::BTreeSet;

use super::Speaker;
use crate::{
    audit::Context,
    directory::{Error, Result, rule},
    id::{GroupId, OrganizationId},
    storage::Tx,
};

/// Checks that a place in this group gives no role which the source may not assign.
pub(super) async fn check(tx: &mut Tx, speaker: Speaker<'_>, group: &GroupId) -> Result<()> {
    let roles = tx.groups().roles(speaker.organization).await?;
    if roles.iter().all(|one| speaker.may_assign.contains(&one.role)) {
        return Ok(());
    }
    let parents = tx.groups().parents(speaker.organization).await?;
    let around = around(group, &parents);
    let refused = roles.into_iter().find(|one| around.contains(&one.group) && !speaker.may_assign.contains(&one.role));
    refused.map_or(Ok(()), |one| Err(Error::Unassignable(one.role)))
}

/// Brings groups with a rule up to date with what the source said; says whether anybody came or went. Who leaves with it is
/// refused nothing: such a place is kept from them until somebody lets them in again.
///
/// # Errors
/// [`Error::Unassignable`], where somebody would come into a group whose roles the source may not assign: nobody assigns by
/// saying what a rule looks at.
pub(super) async fn settle(tx: &mut Tx, speaker: Speaker<'_>, is_leaving: bool) -> Result<bool> {
    let mut planned = rule::planned(tx).await?;
    for one in planned.iter_mut().filter(|one| !one.joins.is_empty()) {
        match check(tx, speaker, &one.group).await {
            Err(Error::Unassignable(_)) if is_leaving => one.joins.clear(),
            checked => checked?,
        }
    }
    planned.retain(|one| !one.joins.is_empty() || !one.leaves.is_empty());
    let has_changed = !planned.is_empty();
    rule::apply(tx, speaker.context, planned).await?;
    Ok(has_changed)
}

/// The same of what somebody says of themselves, who may assign nothing.
///
/// # Errors
/// The same.
pub(in crate::directory) async fn settle_own(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
) -> Result<()> {
    let speaker = Speaker { context, organization, may_assign: &[], may_grant: &[], may_verify: false };
    settle(tx, speaker, false).await.map(drop)
}

/// The group and all in which it lies; `parents` are groups, each with one in which it lies.
fn around<'a>(group: &'a GroupId, parents: &'a [(GroupId, GroupId)]) -> BTreeSet<&'a GroupId> {
    let mut found = BTreeSet::from([group]);
    let mut next = vec![group];
    while let Some(inner) = next.pop() {
        for (_, outer) in parents.iter().filter(|(part, _)| part == inner) {
            if found.insert(outer) {
                next.push(outer);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_lies_in_all_above_it() {
        let id = |text: &str| GroupId::from_stored(text.to_owned());
        let parents = [("a", "b"), ("b", "c"), ("d", "c"), ("x", "a"), ("b", "e"), ("e", "c")];
        let parents: Vec<_> = parents.iter().map(|(part, of)| (id(part), id(of))).collect();
        for (group, expected) in [("a", vec!["a", "b", "c", "e"]), ("c", vec!["c"]), ("z", vec!["z"])] {
            let group = id(group);
            let found: Vec<String> = around(&group, &parents).into_iter().map(ToString::to_string).collect();
            assert_eq!(found, expected);
        }
    }
}
