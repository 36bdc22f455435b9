//! Somebody whom nobody knew: the person, the membership and what the source says of them, each written once.

use std::collections::BTreeSet;

use super::{
    Attributes, Desired, Known, Record, Result, Speaker, facts,
    known::keys,
    manager,
    mapping::{self, Mapping},
    membership_of, taken,
};
use crate::{
    directory::{assignment, membership, profile, user},
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
    let said: BTreeSet<String> = keys(&attributes).map(|(key, _)| key).collect();
    let mut person = user::named(context, (facts::name(&attributes), vouched));
    let mut member = membership::of(context, organization, &membership_of(speaker, person.id.clone(), &attributes)?);
    profile::apply(&facts::edits(&attributes, &said), &mut person, &mut member);
    user::provision(tx, context, &person).await?;
    membership::begin(tx, context, &member).await?;

    let source = speaker.source();
    let sources = said.iter().map(|key| (key.clone(), source.clone())).collect();
    let (addresses, mapping) = (facts::addresses(&attributes), mapping::of(tx, speaker, &attributes).await?);
    mapping.tell(&mut attributes, |_| true);
    let (user_name, external_id) = (desired.user_name.clone(), desired.external_id.clone());
    let record = Record { user_name, external_id, attributes, sources, updated_at: context.now };
    if !tx.member_records().save((organization, &member.id), &record, (&addresses, true)).await? {
        return Err(taken(desired));
    }
    if !mapping.roles.is_empty() {
        assignment::replace_of(tx, context, &member, (&mapping.roles, &source)).await?;
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
        record: Some(record),
    })
}
