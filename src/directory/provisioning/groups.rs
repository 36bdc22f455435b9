//! Groups as outside sources say them.
//!
//! A source makes, renames and removes groups, and puts members and other groups into them. Each place in a group knows
//! who gave it: a source that tells the whole of a group takes away only what is its own, and none takes away what another
//! source gave. A group with its name and the groups in it is kept by whoever made, named and nested it: people here, and
//! every source that does not go after ([`Ranking::keeper_of_group`]); others are told so.

use std::collections::{BTreeSet, HashSet};

use super::{Manner, Owned, Ranking, Speaker, called, keepers};
use crate::{
    audit::Event,
    clock::Timestamp,
    directory::{
        Noun, Result,
        group::{self, Group},
        origin::Origin,
        rule,
        store::ExternalKind,
    },
    id::{GroupId, MembershipId, UserId},
    storage::Tx,
    text::{Name, Slug},
};

/// A group with what sources know of it.
#[derive(Debug, Clone)]
pub struct KnownGroup {
    /// The group.
    pub group: Group,
    /// The source's own id of it.
    pub external_id: Option<String>,
    /// Who made it, if anybody knows.
    pub origin: Option<Origin>,
    /// Who gave it its name, likewise.
    pub named_by: Option<Origin>,
    /// When it or its members last changed.
    pub changed_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

/// What lies in a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// A group.
    Group(GroupId),
    /// A member of the organization.
    Member(MembershipId),
}

/// Who is in a group, and who put them there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The member.
    pub member: MembershipId,
    /// The person.
    pub user: UserId,
    /// Who put them there.
    pub origin: Origin,
}

impl Holding {
    fn is_of_another(&self, source: &Origin) -> bool {
        self.origin.is_outside() && self.origin != *source
    }
}

/// What a source says of a group besides what is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesiredGroup {
    /// What it calls the group.
    pub name: Name,
    /// Its own id of it.
    pub external_id: Option<String>,
}

/// What a source says of what is in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parts {
    /// These, too.
    And(Vec<Part>),
    /// These no more.
    Without(Vec<Part>),
    /// These and no others.
    Only(Vec<Part>),
}

/// Brings a group.
///
/// # Errors
/// For a part that the organization does not have, and an id that the source gave to another group.
pub async fn add_group(tx: &mut Tx, speaker: Speaker<'_>, desired: &DesiredGroup, parts: Vec<Part>) -> Result<GroupId> {
    let (context, organization) = (speaker.context, speaker.organization);
    let slug = slug(desired.name.as_str());
    let is_free = tx.groups().is_unused(organization, &slug).await?;
    let slug = if is_free { slug } else { with_suffix(&slug, speaker) };
    let group = group::create(tx, context, organization, &slug, &desired.name).await?;
    called::set(tx, speaker, (ExternalKind::Group, group.id.as_str()), desired.external_id.as_deref()).await?;
    if !parts.is_empty() {
        change_parts(tx, speaker, &group.id, (Parts::And(parts), Manner::Change)).await?;
    }
    tx.group_records().touch(&group.id, context.now).await?;
    Ok(group.id)
}

/// Keeps a group as it is until the commit.
///
/// # Errors
/// When the database fails.
pub async fn hold_group(tx: &mut Tx, speaker: Speaker<'_>, id: &GroupId) -> Result<()> {
    // Whoever removes a member, or puts a group into another one, holds the organization before its groups.
    tx.organizations().lock(speaker.organization).await?;
    Ok(tx.group_records().hold(speaker.organization, id).await?)
}

/// Changes what a group is called; says whether anything was to change.
///
/// # Errors
/// For an unknown group, a name that somebody else keeps, and an id that the source gave to another group.
pub async fn change_group(tx: &mut Tx, speaker: Speaker<'_>, id: &GroupId, desired: &DesiredGroup) -> Result<bool> {
    let (context, organization) = (speaker.context, speaker.organization);
    let known = tx.group_records_of(&speaker.source()).by_id(organization, id).await?;
    let known = known.ok_or_else(|| Noun::Group.unknown(id))?;
    let is_renamed = known.group.name != desired.name;
    let has_other_id = known.external_id != desired.external_id;
    if is_renamed {
        keepers::spare(tx, speaker, (known.named_by.as_ref(), "displayName")).await?;
        group::call(tx, context, organization, (id, &desired.name)).await?;
    }
    if has_other_id {
        called::set(tx, speaker, (ExternalKind::Group, id.as_str()), desired.external_id.as_deref()).await?;
        let event = Event::GroupUpdate { group: id.clone(), change: "externalId".to_owned() };
        tx.record(context, Some(organization), &event);
    }
    if is_renamed || has_other_id {
        tx.group_records().touch(id, context.now).await?;
    }
    Ok(is_renamed || has_other_id)
}

/// Changes what is in a group; says whether anything was to change.
///
/// # Errors
/// For an unknown group or part, for a group that would lie in itself, and for a place that another source gave.
pub async fn change_parts(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    id: &GroupId,
    (parts, manner): (Parts, Manner),
) -> Result<bool> {
    let known = tx.group_records().by_id(speaker.organization, id).await?.ok_or_else(|| Noun::Group.unknown(id))?;
    let (groups, members) = split(match &parts {
        Parts::And(parts) | Parts::Without(parts) | Parts::Only(parts) => parts,
    });
    let has_other_groups = change_groups(tx, speaker, &known, (&parts, &groups, manner)).await?;
    let has_other_members = match parts {
        Parts::And(_) => put(tx, speaker, id, &members).await?,
        Parts::Without(_) => {
            let holdings = tx.group_records().holdings(id, Some(&members)).await?;
            take(tx, speaker, id, (holdings, manner)).await?
        }
        Parts::Only(_) => {
            let wanted: HashSet<&MembershipId> = members.iter().collect();
            let mut holdings = tx.group_records().holdings(id, None).await?;
            holdings.retain(|holding| !wanted.contains(&holding.member));
            let has_fewer = take(tx, speaker, id, (holdings, manner)).await?;
            put(tx, speaker, id, &members).await? || has_fewer
        }
    };
    let has_changed = has_other_groups || has_other_members;
    if has_changed {
        tx.group_records().touch(id, speaker.context.now).await?;
    }
    Ok(has_changed)
}

/// What a source put into a group.
///
/// # Errors
/// When the database fails.
pub async fn given_parts(tx: &mut Tx, speaker: Speaker<'_>, id: &GroupId) -> Result<HashSet<Part>> {
    let source = speaker.source();
    let members = tx.group_records().holdings(id, None).await?.into_iter();
    let members = members.filter(|holding| holding.origin == source).map(|holding| Part::Member(holding.member));
    let groups = tx.group_records().inside(id).await?.into_iter();
    let groups = groups.filter(|(_, origin)| origin.as_ref() == Some(&source)).map(|(part, _)| Part::Group(part));
    Ok(members.chain(groups).collect())
}

/// Those of these parts that the organization has.
///
/// # Errors
/// When the database fails.
pub async fn parts_there(tx: &mut Tx, speaker: Speaker<'_>, parts: &[Part]) -> Result<Vec<Part>> {
    let (groups, members) = split(parts);
    let members = tx.group_records().members_among(speaker.organization, &members).await?;
    let mut there: Vec<Part> = members.into_iter().map(|(id, _)| Part::Member(id)).collect();
    if !groups.is_empty() {
        let all = tx.groups().list(speaker.organization).await?;
        there.extend(all.into_iter().filter(|group| groups.contains(&group.id)).map(|group| Part::Group(group.id)));
    }
    Ok(there)
}

/// Removes a group; its members stay.
///
/// # Errors
/// For an unknown group, and for one that somebody else made who keeps it.
pub async fn remove_group(tx: &mut Tx, speaker: Speaker<'_>, id: &GroupId) -> Result<()> {
    let known = tx.group_records().by_id(speaker.organization, id).await?.ok_or_else(|| Noun::Group.unknown(id))?;
    keepers::spare(tx, speaker, (known.origin.as_ref(), "id")).await?;
    group::remove(tx, speaker.context, speaker.organization, id).await
}

fn split(parts: &[Part]) -> (BTreeSet<GroupId>, Vec<MembershipId>) {
    let (mut groups, mut members) = (BTreeSet::new(), BTreeSet::new());
    for part in parts {
        match part {
            Part::Group(id) => drop(groups.insert(id.clone())),
            Part::Member(id) => drop(members.insert(id.clone())),
        }
    }
    (groups, members.into_iter().collect())
}

async fn change_groups(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    known: &KnownGroup,
    (parts, groups, manner): (&Parts, &BTreeSet<GroupId>, Manner),
) -> Result<bool> {
    if groups.is_empty() && !matches!(parts, Parts::Only(_)) {
        return Ok(false);
    }
    let (id, source) = (&known.group.id, speaker.source());
    let inside = tx.group_records().inside(id).await?;
    let is_inside = |group: &GroupId| inside.iter().any(|(part, _)| part == group);
    let new: Vec<&GroupId> = match parts {
        Parts::Without(_) => vec![],
        Parts::And(_) | Parts::Only(_) => groups.iter().filter(|group| !is_inside(group)).collect(),
    };
    let mut gone: Vec<&(GroupId, Option<Origin>)> = match parts {
        Parts::And(_) => vec![],
        Parts::Without(_) => inside.iter().filter(|(part, _)| groups.contains(part)).collect(),
        Parts::Only(_) => inside.iter().filter(|(part, _)| !groups.contains(part)).collect(),
    };
    match manner {
        Manner::Whole => gone.retain(|(_, origin)| origin.as_ref().is_none_or(|origin| *origin == source)),
        Manner::Change => {
            for (part, origin) in &gone {
                keepers::spare(tx, speaker, (origin.as_ref(), &format!("members[value eq \"{part}\"]"))).await?;
            }
        }
    }
    if !new.is_empty() {
        speaker.mandate().check(tx, speaker.organization, &[id]).await?;
        keepers::spare_nested(tx, speaker, known, &new).await?;
    }
    for (part, _) in &gone {
        group::take_out(tx, speaker.context, speaker.organization, (part, id)).await?;
    }
    if !new.is_empty() {
        group::nest_all(tx, speaker.context, speaker.organization, (&new, id)).await?;
    }
    Ok(!new.is_empty() || !gone.is_empty())
}

/// Puts members in who are not.
async fn put(tx: &mut Tx, speaker: Speaker<'_>, id: &GroupId, members: &[MembershipId]) -> Result<bool> {
    let held = tx.group_records().holdings(id, Some(members)).await?;
    let source = speaker.source();
    if held.iter().any(|one| one.is_of_another(&source)) {
        // Places that a source gave which has ended are this one's now.
        let ranking = tx.sources().ranking(speaker.organization).await?;
        let left = left_behind(&held, &source, &ranking);
        tx.group_records().hand_over(id, &left, &source).await?;
    }
    let by_rule: Vec<MembershipId> =
        held.iter().filter(|one| one.origin.is_rule()).map(|one| one.member.clone()).collect();
    if !by_rule.is_empty() {
        // They stay when the rule lets go of them.
        speaker.mandate().check(tx, speaker.organization, &[id]).await?;
        tx.group_records().hand_over(id, &by_rule, &source).await?;
    }
    let held: HashSet<MembershipId> = held.into_iter().map(|holding| holding.member).collect();
    let missing: Vec<MembershipId> = members.iter().filter(|member| !held.contains(member)).cloned().collect();
    let known = tx.group_records().members_among(speaker.organization, &missing).await?;
    let found: HashSet<&MembershipId> = known.iter().map(|(member, _)| member).collect();
    if let Some(unknown) = missing.iter().find(|member| !found.contains(member)) {
        return Err(Noun::Membership.unknown(unknown));
    }
    if !missing.is_empty() {
        speaker.mandate().check(tx, speaker.organization, &[id]).await?;
    }
    tx.group_records().add(id, &missing, (&source, speaker.context.now)).await?;
    let users: HashSet<&UserId> = known.iter().map(|(_, user)| user).collect();
    for user in users {
        let event = Event::GroupJoin { user: user.clone(), group: id.clone() };
        tx.record(speaker.context, Some(speaker.organization), &event);
    }
    Ok(!missing.is_empty())
}

/// Takes members out: what other sources gave stays or is an error, what people gave goes only where it is named.
async fn take(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    id: &GroupId,
    (mut holdings, manner): (Vec<Holding>, Manner),
) -> Result<bool> {
    let source = speaker.source();
    match manner {
        Manner::Whole => holdings.retain(|holding| holding.origin == source),
        Manner::Change => {
            refuse_what_the_rule_keeps(&holdings)?;
            if holdings.iter().any(|one| one.is_of_another(&source)) {
                let ranking = tx.sources().ranking(speaker.organization).await?;
                refuse_what_others_keep(&holdings, &source, &ranking)?;
            }
        }
    }
    let members: Vec<MembershipId> = holdings.iter().map(|holding| holding.member.clone()).collect();
    tx.group_records().take(id, &members).await?;
    for holding in &holdings {
        let event = Event::GroupLeave { user: holding.user.clone(), group: id.clone() };
        tx.record(speaker.context, Some(speaker.organization), &event);
    }
    rule::put_back(tx, speaker.context, id, &members).await?;
    Ok(!holdings.is_empty())
}

/// Members whom another source put in that has ended.
fn left_behind(held: &[Holding], source: &Origin, ranking: &Ranking) -> Vec<MembershipId> {
    let left = held.iter().filter(|one| one.is_of_another(source) && ranking.source(&one.origin).is_none());
    left.map(|one| one.member.clone()).collect()
}

/// A member by rule goes when the rule lets go of them.
fn refuse_what_the_rule_keeps(held: &[Holding]) -> Result<(), Owned> {
    match held.iter().find(|one| one.origin.is_rule()) {
        Some(one) => Err(Owned {
            attribute: format!("members[value eq \"{}\"]", one.member),
            keeper: "the rule of the group".to_owned(),
        }),
        None => Ok(()),
    }
}

fn refuse_what_others_keep(held: &[Holding], source: &Origin, ranking: &Ranking) -> Result<(), Owned> {
    let others = held.iter().filter(|one| one.is_of_another(source));
    for other in others {
        if let Some(keeper) = ranking.source(&other.origin) {
            let attribute = format!("members[value eq \"{}\"]", other.member);
            return Err(Owned { attribute, keeper: keeper.name.clone() });
        }
    }
    Ok(())
}

/// The key of a group that is called so.
fn slug(name: &str) -> Slug {
    let plain: String =
        name.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(50).collect();
    let words: Vec<&str> = plain.split('-').filter(|word| !word.is_empty()).collect();
    let text = if words.is_empty() { "group".to_owned() } else { words.join("-") };
    Slug::from_stored(text)
}

/// The same where that one was given out before.
fn with_suffix(slug: &Slug, speaker: Speaker<'_>) -> Slug {
    let id = GroupId::fresh(speaker.context.now, &speaker.context.random);
    let end = id.as_str().len();
    Slug::from_stored(format!("{slug}-{}", &id.as_str()[end - 8..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_group_follows_from_its_name() {
        for (name, expected) in [
            ("GPs", "gps"),
            ("Front desk – Harbour Quay", "front-desk-harbour-quay"),
            ("Läkare", "l-kare"),
            ("医師", "group"),
            (&"x".repeat(200), &"x".repeat(50)),
        ] {
            let slug = slug(name);
            assert_eq!(slug.as_str(), expected);
            assert!(slug.as_str().parse::<Slug>().is_ok(), "{slug}");
        }
    }
}
