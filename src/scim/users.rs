//! Operations on Users in the caller's unit of work: load, check the version, let the directory decide, and load again.

use std::collections::HashMap;

use super::{
    document::{self, Document},
    failure::{Result, not_found, precondition_failed},
    patch::PatchOp,
    request::Request,
    resource::Resource,
    schema::ResourceType,
    user,
    value::Limits,
    version::Versions,
};
use crate::{
    directory::provisioning::{self, Known, Manner, Newcomer, Shown},
    id::MembershipId,
    storage::Tx,
};

/// Resources of these members, in their order; with the groups that they are in where those are wanted, for whoever may see
/// these.
///
/// # Errors
/// When the database fails.
pub async fn resources(
    tx: &mut Tx,
    members: &[Shown],
    (request, with_groups): (&Request, bool),
) -> Result<Vec<Resource>> {
    let base = request.base();
    let mut beside: HashMap<MembershipId, user::Beside> = HashMap::new();
    if with_groups && request.caller.sees_places() && !members.is_empty() {
        let ids: Vec<MembershipId> = members.iter().map(|one| one.id.clone()).collect();
        for (member, group, name) in tx.member_records().groups_of(&ids).await? {
            beside.entry(member).or_default().places.push((group, name));
        }
    }
    let managed = members.iter().filter_map(|one| Some((&one.id, user::manager_of(one)?)));
    let managers: HashMap<&MembershipId, MembershipId> = managed.collect();
    if !managers.is_empty() {
        let ids: Vec<MembershipId> = managers.values().cloned().collect();
        let names = tx.managers().names(&ids).await?;
        for (member, manager) in managers {
            beside.entry(member.clone()).or_default().manager = names.get(&manager).cloned();
        }
    }
    let nothing = user::Beside::default();
    Ok(members.iter().map(|one| user::resource(one, beside.get(&one.id).unwrap_or(&nothing), &base)).collect())
}

/// One of them.
///
/// # Errors
/// `404`.
pub async fn get(tx: &mut Tx, request: &Request, id: &str) -> Result<Resource> {
    let parsed: MembershipId = id.parse().map_err(|_| not_found(id))?;
    let found = tx.shown_members(&request.caller.source).by_id(&request.caller.organization, &parsed).await?;
    one(tx, request, (found.ok_or_else(|| not_found(id))?, true)).await
}

/// RFC 7644 §3.3.
///
/// # Errors
/// Of the schema; `uniqueness`.
pub async fn create(tx: &mut Tx, request: &Request, body: Document) -> Result<Resource> {
    let document = document::create(ResourceType::User, body, Limits::default())?;
    let desired = user::desired(document, Some(true));
    let added = provisioning::add(tx, request.speaker(), &desired).await?;
    request.invite(tx, added.invited.as_ref()).await?;
    // Somebody new is in no group, unless a rule says so.
    one(tx, request, (Shown::of(&added.known), added.has_places)).await
}

/// Those of many that are plainly new, to be made together; the others are made one by one, and told what is wrong.
///
/// # Errors
/// When the database fails.
pub async fn newcomers(tx: &mut Tx, request: &Request, bodies: Vec<Document>) -> Result<Vec<Option<Newcomer>>> {
    let parsed = bodies.into_iter().map(|body| document::create(ResourceType::User, body, Limits::default()));
    let (places, desired): (Vec<_>, Vec<_>) = parsed
        .enumerate()
        .filter_map(|(place, document)| Some((place, user::desired(document.ok()?, Some(true)))))
        .unzip();
    let mut all: Vec<Option<Newcomer>> = vec![];
    for (place, newcomer) in places.into_iter().zip(provisioning::newcomers(tx, request.speaker(), &desired).await?) {
        all.resize_with(place, || None);
        all.push(newcomer);
    }
    Ok(all)
}

/// Makes them; `None`, and nothing was written, when they have to be made one by one.
///
/// # Errors
/// When the database fails.
pub async fn create_together(
    tx: &mut Tx,
    request: &Request,
    newcomers: Vec<Newcomer>,
) -> Result<Option<Vec<Resource>>> {
    let made = provisioning::add_together(tx, request.speaker(), newcomers).await?;
    let Some((made, has_places)) = made else { return Ok(None) };
    let shown: Vec<Shown> = made.iter().map(Shown::of).collect();
    resources(tx, &shown, (request, has_places)).await.map(Some)
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
    let known = held(tx, request, id).await?;
    let current = current(&known, request, if_match)?.document();
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
) -> Result<(Resource, bool)> {
    let known = held(tx, request, id).await?;
    let current = current(&known, request, if_match)?.document();
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
) -> Result<(Resource, bool)> {
    // Whoever tells the whole need not say whether a member is active.
    let desired = user::desired(document, Some(known.membership.disabled_at.is_none()));
    let id = known.membership.id;
    let (has_changed, invited) = provisioning::change(tx, request.speaker(), &id, (&desired, manner)).await?;
    request.invite(tx, invited.as_ref()).await?;
    Ok((get(tx, request, id.as_str()).await?, has_changed))
}

/// What is there now, if it is the version that the client knows.
pub(super) fn current(known: &Known, request: &Request, if_match: Option<&Versions>) -> Result<Resource> {
    let now = user::resource(&Shown::of(known), &user::Beside::default(), &request.base());
    match if_match {
        Some(wanted) if !wanted.have(&now.version) => Err(precondition_failed(now.version.as_str())),
        _ => Ok(now),
    }
}

async fn one(tx: &mut Tx, request: &Request, (shown, has_groups): (Shown, bool)) -> Result<Resource> {
    let found = resources(tx, &[shown], (request, has_groups)).await?;
    found.into_iter().next().ok_or_else(|| not_found(""))
}

/// The same, kept as it is until the commit.
pub(super) async fn held(tx: &mut Tx, request: &Request, id: &str) -> Result<Known> {
    let parsed: MembershipId = id.parse().map_err(|_| not_found(id))?;
    provisioning::hold(tx, request.speaker(), &parsed).await?;
    known(tx, request, id).await
}

async fn known(tx: &mut Tx, request: &Request, id: &str) -> Result<Known> {
    let parsed: MembershipId = id.parse().map_err(|_| not_found(id))?;
    let records = &mut tx.member_records_of(&request.caller.source);
    let found = records.by_id(&request.caller.organization, &parsed).await?;
    found.ok_or_else(|| not_found(id))
}
