//! Somebody whom nobody knew: the person, the membership and what the source says of them, each written once.

use std::collections::BTreeSet;

use super::{
    Attributes, Desired, Known, Manner, Record, Result, Speaker, called, facts,
    known::keys,
    manager,
    mapping::{self, Mapping},
    membership_of, taken, verification,
};
use crate::{
    directory::{
        assignment, membership, permission, profile,
        registration::{self, Verification},
        store::ExternalKind,
        user,
    },
    storage::Tx,
    text::EmailAddress,
};

/// Brings them: with the address that their organization vouches for, or as a placeholder.
pub(super) async fn add(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    (desired, mut attributes): (&Desired, Attributes),
    vouched: Option<&EmailAddress>,
) -> Result<Known> {
    let (context, organization) = (speaker.context, speaker.organization);
    let word = verification::take(speaker, (&Attributes::new(), &mut attributes), Manner::Whole)?;
    let said: BTreeSet<String> = keys(&attributes).map(|(key, _)| key).collect();
    let mut person = user::named(context, (facts::name(&attributes), vouched));
    let mut member = membership::of(context, organization, &membership_of(speaker, person.id.clone(), &attributes)?);
    profile::apply(&facts::edits(&attributes, &said), &mut person, &mut member);
    if word == Some(verification::Word::Verified) {
        member.registration_number.as_ref().ok_or(verification::NO_NUMBER)?;
        member.verification = Some(Verification { at: context.now, by: speaker.source() });
    }
    user::provision(tx, context, &person).await?;
    membership::begin(tx, context, &member).await?;
    if member.verification.is_some() {
        registration::record(tx, context, &member);
    }

    let source = speaker.source();
    let sources = said.iter().map(|key| (key.clone(), source.clone())).collect();
    let (addresses, mapping) = (facts::addresses(&attributes), mapping::of(tx, speaker, &attributes).await?);
    mapping.tell(&mut attributes, |_| true);
    let record = Record { user_name: desired.user_name.clone(), attributes, sources, updated_at: context.now };
    if !tx.member_records().save((organization, &member.id), &record, (&addresses, true)).await? {
        return Err(taken(desired));
    }
    if let Some(id) = &desired.external_id {
        called::add(tx, speaker, (ExternalKind::Member, member.id.as_str()), id).await?;
    }
    if !mapping.roles.is_empty() {
        assignment::replace_of(tx, context, &member, (&mapping.roles, &source)).await?;
    }
    if !mapping.permissions.is_empty() {
        permission::replace_of(tx, context, &member, (&mapping.permissions, &source)).await?;
    }
    if said.contains(&manager::key()) {
        manager::set(tx, speaker, &member, &record.attributes).await?;
    }
    mapping.identify(tx, speaker, (&member, &Mapping::default())).await?;
    if desired.is_active == Some(false) {
        membership::disable(tx, context, organization, &member.id).await?;
        member.disabled_at = Some(context.now);
    }
    Ok(Known {
        membership: member,
        name: person.name,
        given_name: person.given_name,
        family_name: person.family_name,
        email: person.email,
        phone: person.phone,
        locale: person.locale,
        picture: person.picture,
        updated_at: person.updated_at,
        is_pending: vouched.is_none(),
        manager_left_at: None,
        external_id: desired.external_id.clone(),
        record: Some(record),
    })
}
