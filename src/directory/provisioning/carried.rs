//! Groups carry roles: whoever puts somebody into one gives these roles, and those of all groups around it.

use std::collections::BTreeSet;

use super::Speaker;
use crate::{
    directory::{Error, Result, rule},
    id::GroupId,
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

/// Brings groups with a rule up to date with what the source said; says whether anybody came or went.
///
/// # Errors
/// [`Error::Unassignable`], where somebody would come into a group whose roles the source may not assign: nobody assigns by
/// saying what a rule looks at.
pub(super) async fn settle(tx: &mut Tx, speaker: Speaker<'_>) -> Result<bool> {
    let planned = rule::planned(tx).await?;
    for one in planned.iter().filter(|one| !one.joins.is_empty()) {
        check(tx, speaker, &one.group).await?;
    }
    let has_changed = !planned.is_empty();
    rule::apply(tx, speaker.context, planned).await?;
    Ok(has_changed)
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
