//! Operations on Groups in the caller's unit of work.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    document::{self, Document},
    error::{ScimError, ScimType, invalid_value},
    failure::{Result, not_found, precondition_failed},
    filter::Filter,
    group::{self, Member},
    patch::{MemberChange, PatchOp},
    request::Request,
    resource::Resource,
    schema::ResourceType,
    value::Limits,
    version::Versions,
};
use crate::{
    directory::provisioning::{self, KnownGroup, Manner, Part, Parts},
    id::GroupId,
    storage::Tx,
};

/// The most members that one answer has.
pub const MOST_MEMBERS: u32 = 200_000;

/// The most changes of one request that look at which groups lie in each other.
pub const MOST_NESTING: usize = 20;

/// Resources of these groups, in their order; with their members where those are wanted.
///
/// # Errors
/// `tooMany` for more members than an answer has.
pub async fn resources(
    tx: &mut Tx,
    known: &[KnownGroup],
    (request, with_members): (&Request, bool),
) -> Result<Vec<Resource>> {
    let base = request.base();
    let mut members: HashMap<GroupId, Vec<Member>> = HashMap::new();
    if with_members && !known.is_empty() {
        let ids: Vec<GroupId> = known.iter().map(|one| one.group.id.clone()).collect();
        if tx.group_records().size(&ids).await? > u64::from(MOST_MEMBERS) {
            let detail = format!(
                "'members': more than {MOST_MEMBERS}; ask with excludedAttributes=members, or for fewer groups"
            );
            return Err(ScimError::new(ScimType::TooMany, detail).into());
        }
        for (group, member) in parts(tx, request, &ids).await? {
            members.entry(group).or_default().push(member);
        }
    }
    let nobody = vec![];
    Ok(known
        .iter()
        .map(|one| group::resource(one, Some(members.get(&one.group.id).unwrap_or(&nobody)), &base))
        .collect())
}

/// One of them.
///
/// # Errors
/// `404`.
pub async fn get(tx: &mut Tx, request: &Request, (id, with_members): (&str, bool)) -> Result<Resource> {
    let known = known(tx, request, id).await?;
    let found = resources(tx, &[known], (request, with_members)).await?;
    found.into_iter().next().ok_or_else(|| not_found(id))
}

/// RFC 7644 §3.3.
///
/// # Errors
/// Of the schema, and for members that are not there.
pub async fn create(tx: &mut Tx, request: &Request, body: Document) -> Result<Resource> {
    let document = document::create(ResourceType::Group, body, Limits::default())?;
    let parts = group::parts(&document)?;
    let id = provisioning::add_group(tx, request.speaker(), &group::desired(&document)?, parts).await?;
    get(tx, request, (id.as_str(), true)).await
}

/// RFC 7644 §3.5.1.
///
/// # Errors
/// `404`, `412`, and of the schema.
pub async fn replace(
    tx: &mut Tx,
    request: &Request,
    (id, body, if_match): (&str, Document, Option<&Versions>),
) -> Result<Resource> {
    let known = held(tx, request, (id, if_match)).await?;
    let current = group::resource(&known, None, &request.base()).document();
    let document = document::replace(ResourceType::Group, body, &current, Limits::default())?;
    let parts = Parts::Only(group::parts(&document)?);
    let (speaker, key) = (request.speaker(), &known.group.id);
    provisioning::change_group(tx, speaker, key, &group::desired(&document)?).await?;
    provisioning::change_parts(tx, speaker, key, (parts, Manner::Whole)).await?;
    get(tx, request, (id, true)).await
}

/// RFC 7644 §3.5.2; says whether anything was to change.
///
/// # Errors
/// `404`, `412`, and of the operations.
pub async fn patch(
    tx: &mut Tx,
    request: &Request,
    (id, body, if_match): (&str, &Document, Option<&Versions>),
) -> Result<bool> {
    let known = held(tx, request, (id, if_match)).await?;
    let current = group::resource(&known, None, &request.base()).document();
    let patched = PatchOp::parse(ResourceType::Group, body, Limits::default())?.apply(&current)?;
    let (speaker, key) = (request.speaker(), &known.group.id);
    let mut has_changed = provisioning::change_group(tx, speaker, key, &group::desired(&patched.document)?).await?;
    let mut nesting = 0;
    for change in patched.members {
        let parts = parts_of(tx, request, key, change).await?;
        nesting += usize::from(names_a_group(&parts));
        if nesting > MOST_NESTING {
            let detail = format!("'members': groups in it change more than {MOST_NESTING} times; name them together");
            return Err(invalid_value(detail).into());
        }
        has_changed |= provisioning::change_parts(tx, speaker, key, (parts, Manner::Change)).await?;
    }
    Ok(has_changed)
}

/// RFC 7644 §3.6.
///
/// # Errors
/// `404` and `412`.
pub async fn delete(tx: &mut Tx, request: &Request, (id, if_match): (&str, Option<&Versions>)) -> Result<()> {
    let known = held(tx, request, (id, if_match)).await?;
    Ok(provisioning::remove_group(tx, request.speaker(), &known.group.id).await?)
}

async fn parts_of(tx: &mut Tx, request: &Request, id: &GroupId, change: MemberChange) -> Result<Parts> {
    let all = |ids: Vec<String>| ids.iter().map(|id| group::part(id)).collect::<Result<Vec<_>, ScimError>>();
    Ok(match change {
        MemberChange::Add(ids) => Parts::And(all(ids)?),
        MemberChange::Remove(ids) => Parts::Without(all(ids)?),
        MemberChange::Replace(ids) => Parts::Only(all(ids)?),
        MemberChange::Clear => Parts::Only(vec![]),
        MemberChange::RemoveMatching(filters) => {
            let members = parts(tx, request, std::slice::from_ref(id)).await?;
            Parts::Without(matching(members, &filters, &request.base())?)
        }
    })
}

/// Those whom one of the filters finds; each finds somebody whom those before it left.
fn matching(members: Vec<(GroupId, Member)>, filters: &[Filter], base: &str) -> Result<Vec<Part>, ScimError> {
    let mut left: Vec<(Part, Value)> = members
        .into_iter()
        .map(|(_, member)| {
            let value = group::value(&member, base);
            (member.0, value)
        })
        .collect();
    let mut found = vec![];
    for filter in filters {
        let (gone, kept): (Vec<_>, Vec<_>) = left.into_iter().partition(|(_, value)| filter.matches_value(value));
        if gone.is_empty() {
            return Err(ScimError::new(ScimType::NoTarget, "'members' has no value that matches"));
        }
        found.extend(gone.into_iter().map(|(part, _)| part));
        left = kept;
    }
    Ok(found)
}

fn names_a_group(parts: &Parts) -> bool {
    let (Parts::And(all) | Parts::Without(all) | Parts::Only(all)) = parts;
    matches!(parts, Parts::Only(_)) || all.iter().any(|part| matches!(part, Part::Group(_)))
}

/// What lies in these groups; people have names for those alone who may see people.
async fn parts(tx: &mut Tx, request: &Request, ids: &[GroupId]) -> Result<Vec<(GroupId, Member)>> {
    let all = tx.group_records().parts(ids).await?;
    let sees_people = request.caller.users;
    let shown = |part: &Part| sees_people || matches!(part, Part::Group(_));
    Ok(all
        .into_iter()
        .map(|(group, part, display)| {
            let display = Some(display).filter(|_| shown(&part));
            (group, (part, display))
        })
        .collect())
}

/// The group, kept as it is until the commit, if it is the version that the client knows.
async fn held(tx: &mut Tx, request: &Request, (id, if_match): (&str, Option<&Versions>)) -> Result<KnownGroup> {
    let parsed: GroupId = id.parse().map_err(|_| not_found(id))?;
    provisioning::hold_group(tx, request.speaker(), &parsed).await?;
    let known = known(tx, request, id).await?;
    let version = group::version(&known);
    match if_match {
        Some(wanted) if !wanted.have(&version) => Err(precondition_failed(version.as_str())),
        _ => Ok(known),
    }
}

async fn known(tx: &mut Tx, request: &Request, id: &str) -> Result<KnownGroup> {
    let parsed: GroupId = id.parse().map_err(|_| not_found(id))?;
    let found = tx.group_records_of(&request.caller.source).by_id(&request.caller.organization, &parsed).await?;
    found.ok_or_else(|| not_found(id))
}
