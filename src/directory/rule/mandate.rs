//! What whoever changes a member may bring about by that: nobody gives a role by saying what the rule of a group looks at.
//!
//! A unit of work acts under a mandate. Outside sources say theirs, and what somebody says of themselves has none; a source
//! of which nobody said it brings nobody into a group that carries a role. People who administer, and the server, may.

use std::collections::BTreeSet;

use crate::{
    audit::Actor,
    directory::{Error, Result},
    id::{GroupId, OrganizationId},
    storage::Tx,
    text::Slug,
};

/// Into which groups somebody may come by what is said of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mandate {
    /// Into any.
    Any,
    /// Into those that carry no other roles.
    Roles(Vec<Slug>),
}

impl Mandate {
    /// That of somebody of whom nobody said more.
    pub(super) fn of(actor: &Actor) -> Self {
        match actor {
            Actor::Client(_) | Actor::Connection(_) | Actor::Upstream(_) => Self::Roles(vec![]),
            Actor::User(_) | Actor::Host(_) | Actor::Server | Actor::Anonymous => Self::Any,
        }
    }

    /// Checks that places in these groups give no other role; those of all groups around them count.
    ///
    /// # Errors
    /// [`Error::Unassignable`].
    pub(in crate::directory) async fn check(
        &self,
        tx: &mut Tx,
        organization: &OrganizationId,
        groups: &[&GroupId],
    ) -> Result<()> {
        let Self::Roles(allowed) = self else { return Ok(()) };
        if groups.is_empty() {
            return Ok(());
        }
        let mut roles = tx.groups().roles(organization).await?;
        roles.retain(|one| !allowed.contains(&one.role));
        if roles.is_empty() {
            return Ok(());
        }
        let parents = tx.groups().parents(organization).await?;
        let around = around(groups, &parents);
        let refused = roles.into_iter().find(|one| around.contains(&one.group));
        refused.map_or(Ok(()), |one| Err(Error::Unassignable(one.role)))
    }
}

impl Tx {
    /// From now on this unit of work brings about no more than this.
    pub(in crate::directory) fn act_by(&mut self, mandate: Mandate) {
        self.act_under(mandate);
    }
}

/// These groups and all in which they lie; `parents` are groups, each with one in which it lies.
fn around<'a>(groups: &[&'a GroupId], parents: &'a [(GroupId, GroupId)]) -> BTreeSet<&'a GroupId> {
    let mut found: BTreeSet<&GroupId> = groups.iter().copied().collect();
    let mut next = groups.to_vec();
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
        for (groups, expected) in
            [(vec!["a"], vec!["a", "b", "c", "e"]), (vec!["c"], vec!["c"]), (vec!["z", "d"], vec!["c", "d", "z"])]
        {
            let groups: Vec<GroupId> = groups.into_iter().map(id).collect();
            let groups: Vec<&GroupId> = groups.iter().collect();
            let found: Vec<String> = around(&groups, &parents).into_iter().map(ToString::to_string).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn a_source_of_which_nothing_was_said_has_no_mandate() {
        for (actor, expected) in [
            (Actor::Connection("scn_1".into()), Mandate::Roles(vec![])),
            (Actor::Client("hr".into()), Mandate::Roles(vec![])),
            (Actor::Host("root".into()), Mandate::Any),
            (Actor::Server, Mandate::Any),
        ] {
            assert_eq!(Mandate::of(&actor), expected, "{actor:?}");
        }
    }
}
