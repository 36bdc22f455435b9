//! Writes what a source says of a member who is known: what of it counts, what is kept of it, and what follows.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{
    Attributes, Desired, Known, Manner, PRACTITIONER, Ranking, Record, Sources, Speaker, called, facts,
    is_of_this_organization_alone, manager, mapping, naming,
    ownership::{self, Merged, Present},
    standing::suspend_or_resume,
    verification, with_user_name,
};
use crate::{
    audit::Event,
    directory::{
        Error, Noun, Result,
        membership::{self, Membership},
        profile::{self, Subject},
        store::ExternalKind,
    },
    storage::Tx,
    text::{Name, Slug},
};

/// Writes what the source says, and lets it have its effects.
pub(super) async fn write(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    known: &Known,
    (desired, manner): (&Desired, Manner),
) -> Result<bool> {
    let (before, mut wanted) = (known.seen(), with_user_name(desired));
    let word = match verification::take(speaker, (&before, &mut wanted), manner) {
        Err(Error::MayNotVerify(_)) => return Err(verification::may_not(tx, speaker).await?),
        word => word?,
    };
    if manner == Manner::Change {
        naming::leave_unsaid(&mut wanted, (&before, known));
    }
    let merged = merged(tx, speaker, known, (&before, &wanted, manner)).await?;
    let has_other_id = known.external_id != desired.external_id;
    let (mut changed, is_new) = (merged.changed, known.record.is_none());
    if let Some(record) = &known.record
        && !changed.iter().any(|key| mapping::is_mapped(key))
        && record.unmapped().next().is_some()
        && mapping::means_other(tx, speaker, record).await?
    {
        changed.insert(mapping::unmapped_key());
    }
    if is_new || has_other_id || !changed.is_empty() {
        let record = Record {
            user_name: text(&merged.attributes, "userName").unwrap_or_else(|| known.user_name()),
            attributes: merged.attributes,
            sources: merged.sources,
            updated_at: speaker.context.now,
        };
        keep(tx, speaker, known, (record, &changed)).await?;
        if has_other_id {
            let resource = (ExternalKind::Member, known.membership.id.as_str());
            called::set(tx, speaker, resource, desired.external_id.as_deref()).await?;
            changed.insert("externalId".into());
        }
        let event = Event::MembershipUpdate {
            user: known.membership.user_id.clone(),
            membership: known.membership.id.clone(),
            attributes: changed.iter().map(String::as_str).collect::<Vec<_>>().join(" "),
        };
        tx.record(speaker.context, Some(speaker.organization), &event);
    }
    if verification::heed(tx, speaker, &known.membership, word).await? {
        changed.insert(verification::key());
    }
    if suspend_or_resume(tx, speaker, known, (desired.is_active, manner)).await? {
        changed.insert("active".into());
    }
    if changed.is_empty() {
        tx.reviews().repeated(&known.membership.id, speaker.context.now).await?;
    }
    Ok(!changed.is_empty())
}

/// Writes the record of a member, and what follows of it.
pub(super) async fn keep(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    known: &Known,
    (record, changed): (Record, &BTreeSet<String>),
) -> Result<()> {
    let after = Known { record: Some(record), ..known.clone() };
    let seen = after.seen();
    let addresses = facts::addresses(&seen);
    let mut record = after.record.expect("it was just set");
    let name = naming::of(known, &record);
    let is_mapped = changed.iter().any(|key| mapping::is_mapped(key));
    let mapping = if is_mapped { Some(mapping::of(tx, speaker, &seen).await?) } else { None };
    if let Some(mapping) = &mapping {
        let source = speaker.source();
        let is_said = |name: &str| record.sources.get(&mapping::key_of(name)).is_none_or(|said_by| *said_by == source);
        mapping.tell(&mut record.attributes, is_said);
    }
    let (id, is_new) = (&known.membership.id, known.record.is_none());
    if !tx.member_records().save((speaker.organization, id), &record, (&addresses, is_new)).await? {
        return Err(Error::Taken(Noun::UserName, record.user_name));
    }
    if let Some(mapping) = mapping {
        let (member, before) = (&known.membership, mapping::before(tx, speaker, known).await?);
        mapping::assign(tx, speaker, (known, &record), &seen).await?;
        mapping.identify(tx, speaker, (member, &before)).await?;
    }
    effects(tx, speaker, &known.membership, (&seen, changed, name)).await
}

/// What is to be written, of what is wanted.
async fn merged(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    known: &Known,
    (before, wanted, manner): (&Attributes, &Attributes, Manner),
) -> Result<Merged> {
    let (empty, nobody) = (Attributes::new(), Sources::new());
    let (written, sources) =
        known.record.as_ref().map_or((&empty, &nobody), |record| (&record.attributes, &record.sources));
    let (is_new, source) = (known.record.is_none(), speaker.source());
    let present = Present { seen: before, written, sources, is_new };
    // Whoever made the membership speaks of it for the first time: nobody else can have said anything.
    let is_its_own = is_new && known.membership.origin == source;
    let ranking = if !is_its_own && present.is_contested(wanted, &source) {
        tx.sources().ranking(speaker.organization).await?
    } else {
        Ranking::default()
    };
    let mut merged = ownership::merge(present, wanted, (&source, &ranking), manner)?;
    naming::keep_told(&mut merged, wanted, (&source, manner));
    Ok(merged)
}

/// What follows for the person and the membership.
async fn effects(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    membership: &Membership,
    (after, changed, name): (&Attributes, &BTreeSet<String>, Option<Name>),
) -> Result<()> {
    let organization = speaker.organization;
    let kind = format!("{PRACTITIONER}:membershipKind");
    if changed.contains(&kind)
        && let Some(kind) = facts::kind(after)
    {
        let kind: Slug = kind.parse().map_err(|_| Noun::MembershipKind.unknown(kind))?;
        if kind != membership.kind {
            membership::update(tx, speaker.context, organization, &membership.id, (Some(kind), None)).await?;
        }
    }
    let edits = facts::edits(after, changed, name);
    let is_own = is_of_this_organization_alone(tx, organization, &membership.user_id).await?;
    let edits: Vec<_> =
        edits.into_iter().filter(|edit| is_own || edit.attribute().subject() == Subject::Membership).collect();
    profile::provision(tx, speaker.context, membership, &edits).await?;
    if changed.contains(&manager::key()) {
        manager::set(tx, speaker, membership, after).await?;
    }
    Ok(())
}

fn text(attributes: &Attributes, name: &str) -> Option<String> {
    attributes.get(name).and_then(Value::as_str).map(str::to_owned)
}
