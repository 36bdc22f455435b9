//! Groups of a directory, with who is in them and what their members may do here.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{
    pass::{End, Pass},
    roles::Roles,
    said::Said,
};
use crate::{
    directory::{
        self, Noun,
        provisioning::{self, DesiredGroup, Manner, Part, Parts},
    },
    federation::voice::{Done, Voice, alone},
    id::{GroupId, MembershipId},
    ldap::Entry,
    storage::{self, Tx},
    text::Name,
    upstream::entry::{Class, KnownEntry},
};

/// Groups of one unit of work, and parts of these groups: others wait behind it.
const BATCH: usize = 20;
const PARTS: usize = 2_000;

/// A group of which something is otherwise.
#[derive(Debug)]
pub(super) struct Step {
    entry: KnownEntry,
    /// What it is called; none when it is no group here.
    name: Option<Name>,
    roles: BTreeSet<String>,
    pub(super) parts: Vec<Part>,
    fault: Option<String>,
}

impl Step {
    pub(super) fn called(&self) -> &str {
        self.name.as_ref().map_or(&self.entry.dn, |name| name.as_str())
    }

    pub(super) fn group(&self) -> Option<GroupId> {
        self.entry.group()
    }

    pub(super) const fn is_group(&self) -> bool {
        self.name.is_some()
    }

    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }
}

impl Pass<'_> {
    /// Follows what is said of these groups. Those with members of whom nobody knew yet are told again at the end.
    pub(super) async fn groups(&mut self, entries: Vec<Entry>) -> Result<(), End> {
        let said = self.said(entries, Class::Group).await?;
        let known = self.known(&said).await?;
        let mut changed = vec![];
        for one in said {
            let number = self.number_of(&one.anchor);
            self.seen.insert(number);
            let before = known.get(&one.anchor);
            if before.is_some_and(|before| before.class != Class::Group) {
                self.report.fail(&one.dn, "it is a person, too: the filters of people and groups find both");
                continue;
            }
            let is_same = before.is_some_and(|before| before.digest.as_ref() == Some(&one.digest));
            if is_same && !self.is_again && !self.is_touched(&one) {
                self.link(&one.dn, before.and_then(|before| before.thing.as_deref()));
            } else {
                changed.push((one, before.cloned()));
            }
        }
        let means = self.meanings(&changed).await?;
        let mut steps = vec![];
        for (said, before) in changed {
            steps.push(self.group_step(said, before, &means));
        }
        if let Some(differences) = &mut self.differences {
            for step in &steps {
                differences.group(self.app, &self.voice, step, &mut self.report).await?;
            }
            return Ok(());
        }
        while !steps.is_empty() {
            let rest = steps.split_off(batch(&steps));
            let (voice, some) = (self.voice.clone(), std::mem::replace(&mut steps, rest));
            let new: BTreeSet<String> =
                some.iter().filter(|step| step.entry.thing.is_none()).map(|step| step.entry.anchor.clone()).collect();
            let write = async move |tx: &mut Tx| write(tx, &voice, some).await;
            let done = self.write(move |tx| Box::pin(async move { write(tx).await })).await?;
            for entry in done.entries.iter().filter(|one| new.contains(&one.anchor) && one.thing.is_some()) {
                self.fresh_groups.push(entry.dn.clone());
            }
            self.take(done);
        }
        Ok(())
    }

    /// Whether somebody in it means something since.
    fn is_touched(&self, said: &Said) -> bool {
        if said.number.is_some_and(|number| self.numbers.contains(&number)) {
            return true;
        }
        if self.fresh.is_empty() {
            return false;
        }
        let (entries, accounts) = said.members(self.settings.preset);
        !accounts.is_empty() || entries.iter().any(|dn| self.fresh.contains(&self.number_of(dn)))
    }

    /// What the names of all members of these groups mean, as far as anybody knows.
    async fn meanings(&self, groups: &[(Said, Option<KnownEntry>)]) -> storage::Result<Meanings> {
        let mut means = Meanings::default();
        let (mut dns, mut accounts, mut numbers) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for (said, _) in groups {
            let (by_entry, by_account) = said.members(self.settings.preset);
            dns.extend(by_entry.into_iter().filter(|dn| !self.linked.contains_key(&self.number_of(dn))));
            accounts.extend(by_account);
            numbers.extend(said.number);
        }
        let mut tx = self.app.storage.read().await?;
        let mut entries = tx.upstream_entries(&self.voice.upstream);
        let list = |texts: BTreeSet<String>| texts.into_iter().collect::<Vec<_>>();
        for entry in entries.of_dns(&list(dns)).await? {
            means.dns.extend(part(&entry).map(|part| (entry.dn, part)));
        }
        for entry in entries.of_accounts(&list(accounts)).await? {
            means.accounts.extend(part(&entry).zip(entry.account).map(|(part, account)| (account, part)));
        }
        for entry in entries.of_numbers(Class::Person, &numbers).await? {
            if let (Some(part), Some(number), None) = (part(&entry), entry.number, entry.gone_at) {
                means.numbers.entry(number).or_default().push(part);
            }
        }
        Ok(means)
    }

    fn group_step(&mut self, said: Said, before: Option<KnownEntry>, means: &Meanings) -> Step {
        let settings = Arc::clone(&self.settings);
        let mapped = settings.groups.apply(&said.entry);
        let (entries, accounts) = said.members(settings.preset);
        let mut parts = BTreeSet::new();
        let mut is_incomplete = false;
        for dn in entries {
            let linked = self.linked.get(&self.number_of(&dn)).and_then(|thing| part_of(thing));
            match linked.or_else(|| means.dns.get(&dn).cloned()) {
                Some(part) => drop(parts.insert(part)),
                None => is_incomplete = true,
            }
        }
        parts.extend(accounts.iter().filter_map(|account| means.accounts.get(account).cloned()));
        parts.extend(said.number.iter().filter_map(|number| means.numbers.get(number)).flatten().cloned());
        if is_incomplete && mapped.is_some() {
            self.incomplete.push(said.anchor.clone());
        }
        let name = mapped.as_ref().map(|mapped| mapped.name.parse::<Name>());
        let fault = match &name {
            Some(Err(error)) => Some(format!("its name {error}")),
            _ => None,
        };
        let thing = before.as_ref().and_then(|before| before.thing.clone());
        Step {
            entry: KnownEntry {
                names: None,
                anchor: said.anchor,
                class: Class::Group,
                dn: said.dn,
                thing,
                digest: Some(said.digest),
                account: None,
                given: before.map(|before| before.given).unwrap_or_default(),
                number: said.number,
                ends_at: None,
                gone_at: None,
                trouble: None,
            },
            name: name.and_then(Result::ok),
            roles: mapped.map(|mapped| mapped.roles).unwrap_or_default(),
            parts: parts.into_iter().collect(),
            fault,
        }
    }
}

/// How many groups the next unit of work takes.
fn batch(steps: &[Step]) -> usize {
    let mut parts = 0;
    let fitting = steps.iter().take(BATCH).take_while(|step| {
        parts += step.parts.len();
        parts <= PARTS
    });
    fitting.count().max(1)
}

/// What names of members mean.
#[derive(Debug, Default)]
struct Meanings {
    dns: HashMap<String, Part>,
    accounts: HashMap<String, Part>,
    numbers: HashMap<i64, Vec<Part>>,
}

fn part(entry: &KnownEntry) -> Option<Part> {
    entry.membership().map(Part::Member).or_else(|| entry.group().map(Part::Group))
}

/// The same, by the id alone.
fn part_of(thing: &str) -> Option<Part> {
    let member = thing.parse::<MembershipId>().ok().map(Part::Member);
    member.or_else(|| thing.parse::<GroupId>().ok().map(Part::Group))
}

async fn write(tx: &mut Tx, voice: &Voice, steps: Vec<Step>) -> storage::Result<Done> {
    let mut done = Done::default();
    let are_needed = steps.iter().any(|step| !step.roles.is_empty() || !step.entry.given.is_empty());
    let roles = Roles::of(tx, voice, are_needed).await?;
    for step in steps {
        let Step { mut entry, name, roles: wanted, parts, mut fault, .. } = step;
        if fault.is_none() {
            fault = match (entry.group(), name) {
                (None, None) => None,
                (Some(id), None) => remove(tx, voice, (&mut entry, &id), &mut done).await?,
                (id, Some(name)) => follow(tx, voice, (&mut entry, id, name), (parts, &mut done)).await?,
            };
        }
        // Roles that are to be taken are taken whatever else was refused.
        if let Some(id) = entry.group() {
            let refused = roles.give(tx, &id, (&mut entry, wanted)).await?;
            fault = fault.or(refused);
        }
        done.keep(entry, fault);
    }
    tx.upstream_entries(&voice.upstream).put(&done.entries, voice.context.now).await?;
    Ok(done)
}

/// Makes a group what the directory says it is.
async fn follow(
    tx: &mut Tx,
    voice: &Voice,
    (entry, id, name): (&mut KnownEntry, Option<GroupId>, Name),
    (parts, done): (Vec<Part>, &mut Done),
) -> storage::Result<Option<String>> {
    let speaker = voice.speaker();
    let desired = DesiredGroup { name, external_id: Some(entry.anchor.clone()) };
    let add = async |tx: &mut Tx| provisioning::add_group(tx, speaker, &desired, vec![]).await;
    let change = async |tx: &mut Tx, id: &GroupId| {
        provisioning::hold_group(tx, speaker, id).await?;
        provisioning::change_group(tx, speaker, id, &desired).await
    };
    let named = match &id {
        None => alone(tx, add).await?.map(|id| (id, true)),
        Some(id) => match alone(tx, async |tx| change(tx, id).await).await? {
            // Somebody here removed it, and the directory has it still.
            Err(directory::Error::Unknown(Noun::Group, _)) => {
                entry.given.clear();
                alone(tx, add).await?.map(|id| (id, true))
            }
            done => done.map(|has_changed| (id.clone(), has_changed)),
        },
    };
    let (group, mut has_changed) = match named {
        Ok(named) => named,
        Err(refused) => return Ok(Some(refused.to_string())),
    };
    let is_new = entry.group().as_ref() != Some(&group);
    entry.thing = Some(group.to_string());
    let (has_other_parts, refused) = fill(tx, voice, &group, &parts).await?;
    has_changed |= has_other_parts;
    done.added += u64::from(is_new);
    done.changed += u64::from(has_changed && !is_new);
    Ok(refused)
}

/// Puts into a group what is to be in it. Who is to leave leaves first and whatever else is refused; what cannot come in keeps
/// nobody else out.
async fn fill(tx: &mut Tx, voice: &Voice, group: &GroupId, wanted: &[Part]) -> storage::Result<(bool, Option<String>)> {
    let speaker = voice.speaker();
    let (mut has_changed, mut fault) = (false, None);
    let look = async |tx: &mut Tx| {
        let there = provisioning::parts_there(tx, speaker, wanted).await?;
        Ok((there, provisioning::given_parts(tx, speaker, group).await?))
    };
    let (there, given) = match alone(tx, look).await? {
        Ok(looked) => looked,
        Err(refused) => return Ok((false, Some(refused.to_string()))),
    };
    let mut changes = vec![];
    let leaving: Vec<Part> = given.iter().filter(|part| !there.contains(part)).cloned().collect();
    if !leaving.is_empty() {
        changes.push(Parts::Without(leaving));
    }
    let coming = there.into_iter().filter(|part| !given.contains(part));
    let (members, groups): (Vec<Part>, Vec<Part>) = coming.partition(|part| matches!(part, Part::Member(_)));
    if !members.is_empty() {
        changes.push(Parts::And(members));
    }
    changes.extend(groups.into_iter().map(|part| Parts::And(vec![part])));
    for parts in changes {
        let change = async |tx: &mut Tx| provisioning::change_parts(tx, speaker, group, (parts, Manner::Whole)).await;
        match alone(tx, change).await? {
            Ok(was_other) => has_changed |= was_other,
            Err(refused) => fault = Some(refused.to_string()),
        }
    }
    Ok((has_changed, fault))
}

/// Empties a group that the directory has no more: what people here hung on it stays until that is sure.
pub(super) async fn empty(
    tx: &mut Tx,
    voice: &Voice,
    id: &GroupId,
    done: &mut Done,
) -> storage::Result<Option<String>> {
    let (has_changed, fault) = fill(tx, voice, id, &[]).await?;
    done.changed += u64::from(has_changed);
    Ok(fault)
}

/// Ends a group that is none here any more.
pub(super) async fn remove(
    tx: &mut Tx,
    voice: &Voice,
    (entry, id): (&mut KnownEntry, &GroupId),
    done: &mut Done,
) -> storage::Result<Option<String>> {
    match alone(tx, async |tx| provisioning::remove_group(tx, voice.speaker(), id).await).await? {
        Ok(()) => done.changed += 1,
        Err(directory::Error::Unknown(..)) => {}
        Err(refused) => return Ok(Some(refused.to_string())),
    }
    entry.thing = None;
    entry.given.clear();
    Ok(None)
}
