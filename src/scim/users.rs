//! Operations on Users in the caller's unit of work: load, check the version, let the directory decide, and load again.

use std::collections::HashMap;

use super::{
    document::{self, Document},
    failure::{Result, not_found, precondition_failed},
    patch::PatchOp,
    request::Request,
    schema::ResourceType,
    user,
    value::Limits,
    version::{Version, Versions},
};
use crate::{
    directory::provisioning::{self, Known, Manner},
    id::MembershipId,
    storage::Tx,
};

/// A resource with its version.
pub type Versioned = (Document, Version);

/// Resources of these members, in their order; with the groups that they are in where those are wanted.
///
/// # Errors
/// When the database fails.
pub async fn documents(tx: &mut Tx, known: &[Known], (base, with_groups): (&str, bool)) -> Result<Vec<Versioned>> {
    let mut places: HashMap<MembershipId, user::Places> = HashMap::new();
    if with_groups && !known.is_empty() {
        let ids: Vec<MembershipId> = known.iter().map(|one| one.membership.id.clone()).collect();
        for (member, group, name) in tx.member_records().groups_of(&ids).await? {
            places.entry(member).or_default().push((group, name));
        }
    }
    let nowhere = vec![];
    Ok(known.iter().map(|one| user::document(one, places.get(&one.membership.id).unwrap_or(&nowhere), base)).collect())
}

/// One of them.
///
/// # Errors
/// `404`.
pub async fn get(tx: &mut Tx, request: &Request, id: &str) -> Result<Versioned> {
    let known = known(tx, request, id).await?;
    one(tx, request, (known, true)).await
}

/// RFC 7644 §3.3.
///
/// # Errors
/// Of the schema; `uniqueness`.
pub async fn create(tx: &mut Tx, request: &Request, body: Document) -> Result<Versioned> {
    let document = document::create(ResourceType::User, body, Limits::default())?;
    let desired = user::desired(document, Some(true));
    let added = provisioning::add(tx, request.speaker(), &desired).await?;
    request.invite(tx, added.invited.as_ref()).await?;
    // Somebody new is in no group yet.
    one(tx, request, (added.known, !added.is_new)).await
}

/// RFC 7644 §3.5.1.
///
/// # Errors
/// `404`, `412`, and of the schema.
pub async fn replace(
    tx: &mut Tx,
    request: &Request,
    (id, body, if_match): (&str, Document, Option<&Versions>),
) -> Result<Versioned> {
    let known = held(tx, request, id).await?;
    let (current, _) = current(&known, request, if_match)?;
    let document = document::replace(ResourceType::User, body, &current, Limits::default())?;
    change(tx, request, known, (document, Manner::Whole)).await.map(|(changed, _)| changed)
}

/// RFC 7644 §3.5.2. Says whether anything was to change.
///
/// # Errors
/// `404`, `412`, and of the operations.
pub async fn patch(
    tx: &mut Tx,
    request: &Request,
    (id, body, if_match): (&str, &Document, Option<&Versions>),
) -> Result<(Versioned, bool)> {
    let known = held(tx, request, id).await?;
    let (current, _) = current(&known, request, if_match)?;
    let patched = PatchOp::parse(ResourceType::User, body, Limits::default())?.apply(&current)?;
    change(tx, request, known, (patched.document, Manner::Change)).await
}

/// RFC 7644 §3.6.
///
/// # Errors
/// `404`, `412`, and for the last owner.
pub async fn delete(tx: &mut Tx, request: &Request, (id, if_match): (&str, Option<&Versions>)) -> Result<()> {
    let known = held(tx, request, id).await?;
    current(&known, request, if_match)?;
    Ok(provisioning::remove(tx, request.speaker(), &known.membership.id).await?)
}

async fn change(
    tx: &mut Tx,
    request: &Request,
    known: Known,
    (document, manner): (Document, Manner),
) -> Result<(Versioned, bool)> {
    // Whoever tells the whole need not say whether a member is active; whoever changes something may take the answer away.
    let was_active = (manner == Manner::Whole).then_some(known.membership.disabled_at.is_none());
    let desired = user::desired(document, was_active);
    let id = known.membership.id;
    let (has_changed, invited) = provisioning::change(tx, request.speaker(), &id, (&desired, manner)).await?;
    request.invite(tx, invited.as_ref()).await?;
    Ok((get(tx, request, id.as_str()).await?, has_changed))
}

/// What is there now, if it is the version that the client knows.
fn current(known: &Known, request: &Request, if_match: Option<&Versions>) -> Result<Versioned> {
    let (document, version) = user::document(known, &vec![], &request.base());
    match if_match {
        Some(wanted) if !wanted.have(&version) => Err(precondition_failed(version.as_str())),
        _ => Ok((document, version)),
    }
}

async fn one(tx: &mut Tx, request: &Request, (known, has_groups): (Known, bool)) -> Result<Versioned> {
    let found = documents(tx, &[known], (&request.base(), has_groups)).await?;
    found.into_iter().next().ok_or_else(|| not_found(""))
}

/// The same, kept as it is until the commit.
async fn held(tx: &mut Tx, request: &Request, id: &str) -> Result<Known> {
    let parsed: MembershipId = id.parse().map_err(|_| not_found(id))?;
    provisioning::hold(tx, request.speaker(), &parsed).await?;
    known(tx, request, id).await
}

async fn known(tx: &mut Tx, request: &Request, id: &str) -> Result<Known> {
    let parsed: MembershipId = id.parse().map_err(|_| not_found(id))?;
    let found = tx.member_records().by_id(&request.caller.organization, &parsed).await?;
    found.ok_or_else(|| not_found(id))
}
