//! Somebody whom nobody knew: the person, the membership and what the source says of them, each written once.
//!
//! A first load brings very many of them. Of whom it can be told beforehand that they are plainly new, without a manager,
//! roles or an invitation, many are written together: with a few statements for all, instead of a few for each.

use std::collections::BTreeSet;

use super::{
    Attributes, Desired, Known, Manner, Record, Result, Speaker, called, domain, facts,
    known::keys,
    manager,
    mapping::{self, Mapping},
    membership_of, verification, with_user_name,
};
use crate::{
    directory::{
        Error, Noun, assignment,
        membership::{self, Membership},
        permission, profile,
        registration::{self, Verification},
        rule,
        store::ExternalKind,
        user::{self, User},
    },
    storage::Tx,
    text::{DomainName, EmailAddress},
};

/// Somebody new, who is not written yet.
#[derive(Debug)]
pub struct Newcomer {
    person: User,
    member: Membership,
    record: Record,
    addresses: Vec<EmailAddress>,
    external_id: Option<String>,
}

impl Newcomer {
    /// With the address that their organization vouches for, or as a placeholder.
    fn of(
        speaker: Speaker<'_>,
        (desired, mut attributes): (&Desired, Attributes),
        (vouched, mapping): (Option<&EmailAddress>, &Mapping),
    ) -> Result<Self> {
        let context = speaker.context;
        let word = verification::take(speaker, (&Attributes::new(), &mut attributes), Manner::Whole)?;
        let said: BTreeSet<String> = keys(&attributes).map(|(key, _)| key).collect();
        let name = facts::name(&attributes);
        let mut person = user::named(context, (name.clone(), vouched));
        let new = membership_of(speaker, person.id.clone(), &attributes)?;
        let mut member = membership::of(context, speaker.organization, &new);
        profile::apply(&facts::edits(&attributes, &said, name), &mut person, &mut member);
        if matches!(word, Some(verification::Word::Verified(_))) {
            member.registration_number.as_ref().ok_or(verification::NO_NUMBER)?;
            member.verification = Some(Verification { at: context.now, by: speaker.source() });
        }
        let addresses = facts::addresses(&attributes);
        let sources = said.into_iter().map(|key| (key, speaker.source())).collect();
        mapping.tell(&mut attributes, |_| true);
        let record = Record { user_name: desired.user_name.clone(), attributes, sources, updated_at: context.now };
        Ok(Self { person, member, record, addresses, external_id: desired.external_id.clone() })
    }

    /// The source names a manager, who may not have been brought yet ([`super::set_managers`]).
    pub fn awaits_manager(&mut self, speaker: Speaker<'_>) {
        self.record.sources.insert(manager::key(), speaker.source());
    }

    fn known(self) -> Known {
        let Self { person, member, record, external_id, .. } = self;
        Known {
            membership: member,
            name: person.name,
            given_name: person.given_name,
            family_name: person.family_name,
            is_pending: person.email.is_none(),
            email: person.email,
            phone: person.phone,
            locale: person.locale,
            picture: person.picture,
            updated_at: person.updated_at,
            manager_left_at: None,
            external_id,
            record: Some(record),
        }
    }
}

/// Brings somebody new: with the address that their organization vouches for, or as a placeholder.
pub(super) async fn add(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    (desired, attributes): (&Desired, Attributes),
    vouched: Option<&EmailAddress>,
) -> Result<Known> {
    let (context, organization, source) = (speaker.context, speaker.organization, speaker.source());
    let mapping = mapping::of(tx, speaker, &attributes).await?;
    let mut new = Newcomer::of(speaker, (desired, attributes), (vouched, &mapping))?;
    write(tx, speaker, std::slice::from_ref(&new)).await?;
    let member = &mut new.member;
    if !mapping.roles.is_empty() {
        assignment::replace_of(tx, context, member, (&mapping.roles, &source)).await?;
    }
    if !mapping.permissions.is_empty() {
        permission::replace_of(tx, context, member, (&mapping.permissions, &source)).await?;
    }
    if new.record.sources.contains_key(&manager::key()) {
        manager::set(tx, speaker, member, &new.record.attributes).await?;
    }
    mapping.identify(tx, speaker, (member, &Mapping::default())).await?;
    if desired.is_active == Some(false) {
        membership::disable(tx, context, organization, &member.id).await?;
        member.disabled_at = Some(context.now);
    }
    Ok(new.known())
}

/// Writes them; an error names the first of them.
async fn write(tx: &mut Tx, speaker: Speaker<'_>, all: &[Newcomer]) -> Result<()> {
    let (context, Some(first)) = (speaker.context, all.first()) else { return Ok(()) };
    user::provision(tx, context, &all.iter().map(|one| &one.person).collect::<Vec<_>>()).await?;
    membership::begin(tx, context, &all.iter().map(|one| &one.member).collect::<Vec<_>>()).await?;
    for verified in all.iter().filter(|one| one.member.verification.is_some()) {
        registration::record(tx, context, &verified.member);
    }
    let records: Vec<_> = all.iter().map(|one| (&one.member.id, &one.record, one.addresses.as_slice())).collect();
    if !tx.member_records().add(speaker.organization, &records).await? {
        return Err(Error::Taken(Noun::UserName, first.record.user_name.clone()));
    }
    let called: Vec<_> =
        all.iter().filter_map(|one| Some((one.member.id.as_str(), one.external_id.as_deref()?))).collect();
    called::add(tx, speaker, ExternalKind::Member, &called).await
}

/// Those of these who are plainly new, so that [`add_together`] can bring them; `None` for everybody else, whom
/// [`super::add`] looks at more closely, and for who comes after somebody of the same name or address.
///
/// # Errors
/// When the database fails.
pub async fn newcomers(tx: &mut Tx, speaker: Speaker<'_>, desired: &[Desired]) -> Result<Vec<Option<Newcomer>>> {
    let said: Vec<(&Desired, Attributes)> = desired.iter().map(|one| (one, with_user_name(one))).collect();
    let called = |(one, attributes): &(&Desired, Attributes)| {
        let addresses = facts::addresses(attributes).into_iter().map(|address| address.to_string());
        addresses.chain(Some(one.user_name.to_lowercase())).collect::<BTreeSet<_>>()
    };
    let all: BTreeSet<String> = said.iter().flat_map(called).collect();
    let mut known = tx.member_records().known_of(speaker.organization, &all).await?;
    let own = own_domains(tx, speaker, &said).await?;
    let mut found = vec![];
    for one in said {
        let names = called(&one);
        let is_known = !names.is_disjoint(&known);
        known.extend(names);
        let email = facts::addresses(&one.1).into_iter().next();
        let is_reached = email.as_ref().is_none_or(|email| own.contains(&domain(email)));
        let is_plain = !is_known && is_reached && one.0.is_active != Some(false) && !is_tied(&one.1);
        let new = is_plain.then(|| Newcomer::of(speaker, one, (email.as_ref(), &Mapping::default())));
        found.push(new.and_then(Result::ok));
    }
    Ok(found)
}

/// Whether something follows of what is said of them.
fn is_tied(attributes: &Attributes) -> bool {
    keys(attributes).any(|(key, _)| mapping::is_mapped(&key) || key == manager::key())
}

/// Those domains of the addresses that the organization owns.
async fn own_domains(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    said: &[(&Desired, Attributes)],
) -> Result<BTreeSet<DomainName>> {
    let all: BTreeSet<DomainName> =
        said.iter().flat_map(|(_, attributes)| facts::addresses(attributes)).map(|email| domain(&email)).collect();
    Ok(tx.domains().owned_of(speaker.organization, &all.into_iter().collect::<Vec<_>>()).await?)
}

/// Brings people who are plainly new, and says whether any are in groups by a rule; `None`, and nothing is written, when one of
/// them came by another way meanwhile or may not come.
///
/// # Errors
/// When the database fails.
pub async fn add_together(tx: &mut Tx, speaker: Speaker<'_>, all: Vec<Newcomer>) -> Result<Option<(Vec<Known>, bool)>> {
    let part = tx.begin_part().await?;
    match write_and_settle(tx, speaker, &all).await {
        Ok(has_places) => {
            tx.keep_part(part).await?;
            Ok(Some((all.into_iter().map(Newcomer::known).collect(), has_places)))
        }
        Err(Error::Storage(fault)) => Err(fault.into()),
        Err(_) => {
            tx.undo_part(part).await?;
            Ok(None)
        }
    }
}

async fn write_and_settle(tx: &mut Tx, speaker: Speaker<'_>, all: &[Newcomer]) -> Result<bool> {
    tx.act_by(speaker.mandate());
    write(tx, speaker, all).await?;
    rule::settle(tx).await
}
