//! Whom an upstream means: the member whom it vouched for before, one whom its organization knows by a proved address, or, where
//! it may bring people, somebody new.
//!
//! An address alone links nobody but in a domain that the organization proved to own. Whoever has an account with another address
//! signs in to both: by the invitation that goes there.

use super::{
    identity::{ExternalIdentity, LONGEST_SUBJECT},
    joining::Joining,
    rules::Rules,
    voice::{Done, Voice, alone},
};
use crate::{
    audit::Event,
    directory::{
        self, Noun,
        provisioning::{self, Desired, Joined, Manner},
    },
    id::{MembershipId, UserId},
    storage::{self, Tx},
    text::{EmailAddress, UserName},
    upstream::{
        entry::{Class, KnownEntry},
        mapping::Mapped,
    },
    web::Turned,
};

/// Why somebody is not let in: what they are told, and what auditors are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused(pub(super) Turned, pub(super) String);

fn refused<T>(turned: Turned, why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused(turned, why.into()))
}

/// Who it is here, from now on.
pub(super) async fn link(
    tx: &mut Tx,
    voice: &Voice,
    (identity, rules): (&ExternalIdentity, &Rules),
) -> storage::Result<Result<UserId, Refused>> {
    let subject = &identity.subject;
    if subject.is_empty() || subject.len() > LONGEST_SUBJECT {
        return Ok(refused(Turned::Failed, "it names nobody, or by far too much"));
    }
    let present = tx.upstreams().by_id(&voice.upstream).await?;
    if !present.is_some_and(|now| now.paused_at.is_none() && now.version == voice.version) {
        return Ok(refused(Turned::Failed, "the upstream was changed or paused meanwhile"));
    }
    let mapped = rules.mapping.apply(identity);
    let missing: Vec<_> = rules.required.iter().filter(|key| !mapped.has(**key)).map(|key| key.name()).collect();
    if !missing.is_empty() {
        return Ok(refused(Turned::Incomplete, format!("it does not say {}", missing.join(", "))));
    }
    let Some(desired) = desired(&mapped, subject) else {
        return Ok(refused(Turned::Incomplete, "the mapping gives no userName"));
    };
    let known = tx.upstream_entries(&voice.upstream).of_anchors(std::slice::from_ref(subject)).await?.pop();
    let before = known.as_ref().and_then(KnownEntry::membership);
    let (id, is_new) = match followed(tx, voice, before, &desired).await? {
        Ok(Some(id)) => (id, false),
        Ok(None) => match meant(tx, voice, rules, &desired).await? {
            Ok(id) => (id, true),
            Err(refused) => return Ok(Err(refused)),
        },
        Err(refused) => return Ok(Err(refused)),
    };
    remember(tx, voice, (known, subject, &id), mapped).await?;
    let user = match entering(tx, voice, &id).await? {
        Ok(user) => user,
        Err(refused) => return Ok(Err(refused)),
    };
    if is_new {
        let event =
            Event::UpstreamLink { upstream: voice.upstream.clone(), user: user.clone(), subject: subject.clone() };
        tx.record(&voice.context, Some(&voice.of.id), &event);
    }
    Ok(Ok(user))
}

fn desired(mapped: &Mapped, subject: &str) -> Option<Desired> {
    Some(Desired {
        user_name: mapped.user_name()?.to_owned(),
        external_id: Some(subject.to_owned()),
        is_active: Some(true),
        attributes: mapped.attributes.clone(),
    })
}

/// The member whom it vouched for before, as it says now; none where there is none any more.
async fn followed(
    tx: &mut Tx,
    voice: &Voice,
    before: Option<MembershipId>,
    desired: &Desired,
) -> storage::Result<Result<Option<MembershipId>, Refused>> {
    let Some(id) = before else { return Ok(Ok(None)) };
    match change(tx, voice, &id, desired).await? {
        Ok(()) => Ok(Ok(Some(id))),
        Err(directory::Error::Unknown(Noun::Membership, _)) => Ok(Ok(None)),
        Err(why) => Ok(refused(Turned::Failed, why.to_string())),
    }
}

async fn change(
    tx: &mut Tx,
    voice: &Voice,
    id: &MembershipId,
    desired: &Desired,
) -> storage::Result<Result<(), directory::Error>> {
    let change = async |tx: &mut Tx| {
        provisioning::hold(tx, voice.speaker(), id).await?;
        provisioning::change(tx, voice.speaker(), id, (desired, Manner::Whole)).await
    };
    match alone(tx, change).await? {
        Ok((_, invited)) => {
            voice.invite(tx, invited.as_ref()).await?;
            Ok(Ok(()))
        }
        Err(why) => Ok(Err(why)),
    }
}

/// Whom it means that it has not vouched for before.
async fn meant(
    tx: &mut Tx,
    voice: &Voice,
    rules: &Rules,
    desired: &Desired,
) -> storage::Result<Result<MembershipId, Refused>> {
    if let Some(id) = of_own_domain(tx, voice, desired).await? {
        return match change(tx, voice, &id, desired).await? {
            Ok(()) => Ok(Ok(id)),
            Err(why) => Ok(refused(Turned::Failed, why.to_string())),
        };
    }
    if !rules.brings {
        return Ok(refused(Turned::Away, "they are no member, and the upstream brings nobody"));
    }
    if is_somebodys(tx, voice, desired).await? {
        return Ok(refused(Turned::Taken, "a member has the address, and the organization does not own its domain"));
    }
    let add = async |tx: &mut Tx| provisioning::add(tx, voice.speaker(), desired).await;
    match alone(tx, add).await? {
        Ok(added) => {
            voice.invite(tx, added.invited.as_ref()).await?;
            Ok(Ok(added.known.membership.id))
        }
        Err(why @ directory::Error::AlreadyMember) => Ok(refused(Turned::Taken, why.to_string())),
        Err(why) => Ok(refused(Turned::Failed, why.to_string())),
    }
}

/// The member whose proved address it says, in a domain that the organization owns.
async fn of_own_domain(tx: &mut Tx, voice: &Voice, desired: &Desired) -> storage::Result<Option<MembershipId>> {
    let Some(email) = first_address(desired) else { return Ok(None) };
    let Ok(domain) = email.domain().parse() else { return Ok(None) };
    if tx.domains().owner(&domain).await?.as_ref() != Some(&voice.of.id) {
        return Ok(None);
    }
    let Some(user) = tx.users().by_login_name(&UserName::from_stored(email.to_string())).await? else {
        return Ok(None);
    };
    if user.email.as_ref() != Some(&email) || user.email_verified_at.is_none() {
        return Ok(None);
    }
    Ok(tx.memberships().of(&voice.of.id, &user.id).await?.map(|member| member.id))
}

/// Whether a member, as whom somebody would come in, has the first address.
async fn is_somebodys(tx: &mut Tx, voice: &Voice, desired: &Desired) -> storage::Result<bool> {
    let Some(email) = first_address(desired) else { return Ok(false) };
    let account = tx.users().by_login_name(&UserName::from_stored(email.to_string())).await?;
    let Some(account) = account else { return Ok(false) };
    Ok(tx.memberships().of(&voice.of.id, &account.id).await?.is_some())
}

/// The address that is theirs first.
fn first_address(desired: &Desired) -> Option<EmailAddress> {
    let emails = desired.attributes.get("emails")?.as_array()?;
    emails.first()?.get("value")?.as_str()?.parse().ok()
}

/// Remembers who it is, with the groups that they are in by rule.
async fn remember(
    tx: &mut Tx,
    voice: &Voice,
    (known, subject, id): (Option<KnownEntry>, &str, &MembershipId),
    mapped: Mapped,
) -> storage::Result<()> {
    let is_same = known.as_ref().and_then(KnownEntry::membership).as_ref() == Some(id);
    let mut entry = KnownEntry {
        anchor: subject.to_owned(),
        class: Class::Person,
        dn: String::new(),
        thing: Some(id.to_string()),
        digest: None,
        account: None,
        names: None,
        given: known.filter(|_| is_same).map(|known| known.given).unwrap_or_default(),
        number: None,
        ends_at: None,
        gone_at: None,
        trouble: None,
    };
    let (mut joining, mut done) = (Joining::default(), Done::default());
    joining.note(&mut entry, mapped.groups);
    done.keep(entry, None);
    joining.write(tx, voice, &mut done).await?;
    tx.upstream_entries(&voice.upstream).put(&done.entries, voice.context.now).await
}

/// The person, if they may act in the organization.
async fn entering(tx: &mut Tx, voice: &Voice, id: &MembershipId) -> storage::Result<Result<UserId, Refused>> {
    let join = async |tx: &mut Tx| provisioning::join_by_source(tx, voice.speaker(), id).await;
    let user = match alone(tx, join).await? {
        Ok(Joined::As(user)) => user,
        Ok(Joined::Awaited) => {
            return Ok(refused(Turned::Invited, "an account has the address: it joins by the invitation"));
        }
        Err(why) => return Ok(refused(Turned::Failed, why.to_string())),
    };
    let is_member = tx.memberships().active(&user, &voice.of.id, voice.context.now).await?.is_some();
    if is_member { Ok(Ok(user)) } else { Ok(refused(Turned::Away, "their membership is suspended")) }
}
