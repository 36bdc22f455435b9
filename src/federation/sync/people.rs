//! People of a directory: what is to follow of what it says of each, and the units of work that let it follow.

use std::collections::{BTreeSet, HashMap};

use serde_json::json;

use super::{
    pass::{End, Pass},
    said::{Said, folded},
};
use crate::{
    directory::{
        self, Noun,
        provisioning::{self, Desired, ENTERPRISE, InTheWay, Manner, Newcomer, Part},
    },
    federation::{
        joining::Joining,
        voice::{Done, Voice, alone},
    },
    id::MembershipId,
    ldap::{Entry, account::Standing},
    storage::{self, Tx},
    upstream::entry::{Class, KnownEntry},
};

/// People of one unit of work: others wait behind it.
const BATCH: usize = 100;

/// Somebody of whom something is otherwise.
#[derive(Debug)]
pub(super) struct Step {
    /// What will be remembered.
    entry: KnownEntry,
    before: Option<KnownEntry>,
    pub(super) follows: Follows,
    /// Their manager, as the directory calls them.
    manager: Option<String>,
    /// Keys of groups that they are put into by rule.
    groups: BTreeSet<String>,
}

/// What follows.
#[derive(Debug)]
pub(super) enum Follows {
    /// They are brought.
    Bring(Desired),
    /// They are changed, and let in.
    Change(MembershipId, Desired),
    /// They are remembered: they were never let in, or are out already.
    Nothing,
    /// What is said does not suffice.
    Fault(&'static str),
}

impl Step {
    pub(super) fn called(&self) -> &str {
        match &self.follows {
            Follows::Bring(desired) | Follows::Change(_, desired) => &desired.user_name,
            Follows::Nothing | Follows::Fault(_) => &self.entry.dn,
        }
    }
}

impl Pass<'_> {
    /// Follows what is said of these people; whoever is to be shut out is remembered for the end.
    pub(super) async fn people(&mut self, entries: Vec<Entry>) -> Result<(), End> {
        let said = self.said(entries, Class::Person).await?;
        let known = self.known(&said).await?;
        let mut steps = vec![];
        for one in said {
            let number = self.number_of(&one.anchor);
            self.seen.insert(number);
            let before = known.get(&one.anchor);
            if before.is_some_and(|before| before.class != Class::Person) {
                self.report.fail(&one.dn, "it is a group, too: the filters of people and groups find both");
                continue;
            }
            if before.is_some_and(|before| before.digest.as_ref() == Some(&one.digest)) {
                self.link(&one.dn, before.and_then(|before| before.thing.as_deref()));
            } else {
                steps.extend(self.step(one, before.cloned()));
            }
        }
        self.name_managers(&mut steps).await?;
        if let Some(differences) = &mut self.differences {
            for step in &steps {
                differences.person(self.app, &self.voice, step, &mut self.report).await?;
            }
            return Ok(());
        }
        while !steps.is_empty() {
            let rest = steps.split_off(BATCH.min(steps.len()));
            self.write_people(std::mem::replace(&mut steps, rest)).await?;
        }
        Ok(())
    }

    /// What is to follow; none where that waits for the end.
    fn step(&mut self, said: Said, before: Option<KnownEntry>) -> Option<Step> {
        let thing = before.as_ref().and_then(|before| before.thing.clone());
        let gone_at = before.as_ref().and_then(|before| before.gone_at);
        let mut entry = KnownEntry {
            anchor: said.anchor,
            class: Class::Person,
            dn: said.dn,
            thing,
            digest: Some(said.digest),
            account: said.account,
            names: Some(said.names),
            given: before.as_ref().map(|before| before.given.clone()).unwrap_or_default(),
            number: said.number,
            ends_at: said.ends_at,
            gone_at: None,
            trouble: None,
        };
        if said.standing == Standing::Untold {
            entry.gone_at = gone_at;
            let follows = Follows::Fault("the account that reads may not read its userAccountControl");
            return Some(Step { entry, before, follows, manager: None, groups: BTreeSet::new() });
        }
        if said.standing != Standing::Open {
            if entry.thing.is_some() && gone_at.is_none() {
                self.link(&entry.dn, entry.thing.as_deref());
                self.leaving.push(entry);
                return None;
            }
            entry.gone_at = gone_at.or(Some(self.voice.context.now));
            return Some(Step { entry, before, follows: Follows::Nothing, manager: None, groups: BTreeSet::new() });
        }
        let mapped = self.settings.people.mapping.apply(&said.entry);
        let follows = match (mapped.user_name(), entry.membership()) {
            (None, _) => {
                entry.gone_at = gone_at;
                Follows::Fault("the mapping gives it no userName")
            }
            (Some(name), member) => {
                let desired = Desired {
                    user_name: name.to_owned(),
                    external_id: Some(entry.anchor.clone()),
                    is_active: Some(true),
                    attributes: mapped.attributes.clone(),
                };
                member.map_or_else(|| Follows::Bring(desired.clone()), |id| Follows::Change(id, desired.clone()))
            }
        };
        Some(Step { entry, before, follows, manager: mapped.manager.as_deref().map(folded), groups: mapped.groups })
    }

    /// Says of managers who are known which members they are.
    async fn name_managers(&mut self, steps: &mut [Step]) -> storage::Result<()> {
        let named: BTreeSet<String> = steps.iter().filter_map(|step| step.manager.clone()).collect();
        if named.is_empty() {
            return Ok(());
        }
        let known = self.people_called(&named.into_iter().collect::<Vec<_>>()).await?;
        for step in steps {
            let Some(id) = step.manager.as_ref().and_then(|dn| known.get(dn)) else { continue };
            if let Follows::Change(_, desired) = &mut step.follows {
                let extension = desired.attributes.entry(ENTERPRISE).or_insert_with(|| json!({}));
                extension["manager"] = json!({"value": id.as_str()});
                step.manager = None;
            }
        }
        Ok(())
    }

    /// The members whom the directory calls so.
    async fn people_called(&self, dns: &[String]) -> storage::Result<HashMap<String, MembershipId>> {
        let mut tx = self.app.storage.read().await?;
        let known = tx.upstream_entries(&self.voice.upstream).of_dns(dns).await?;
        let named: Vec<(String, MembershipId)> =
            known.into_iter().filter_map(|one| Some((one.dn.clone(), one.membership()?))).collect();
        // Somebody here may have removed them.
        let parts: Vec<Part> = named.iter().map(|(_, id)| Part::Member(id.clone())).collect();
        let there = told(provisioning::parts_there(&mut tx, self.voice.speaker(), &parts).await)?.unwrap_or_default();
        Ok(named.into_iter().filter(|(_, id)| there.contains(&Part::Member(id.clone()))).collect())
    }

    async fn write_people(&mut self, steps: Vec<Step>) -> Result<(), End> {
        for step in &steps {
            let before = step.before.as_ref();
            let numbers = (before.and_then(|before| before.number), step.entry.number);
            if numbers.0 != numbers.1 || before.is_none_or(|before| before.thing.is_none()) {
                self.numbers.extend([numbers.0, numbers.1].into_iter().flatten());
            }
            let names = match before.filter(|before| before.thing.is_some()) {
                None => vec![step.entry.dn.clone()],
                Some(before) if before.dn == step.entry.dn => vec![],
                // Groups may call them as they were called.
                Some(before) => vec![step.entry.dn.clone(), before.dn.clone()],
            };
            for name in names {
                self.note_fresh(name, step.entry.account.clone());
            }
        }
        let managers: HashMap<String, String> =
            steps.iter().filter_map(|step| Some((step.entry.anchor.clone(), step.manager.clone()?))).collect();
        let voice = self.voice.clone();
        let write = async move |tx: &mut Tx| write(tx, &voice, steps).await;
        let done = self.write(move |tx| Box::pin(async move { write(tx).await })).await?;
        for entry in &done.entries {
            if let (Some(id), Some(manager)) = (entry.membership(), managers.get(&entry.anchor)) {
                self.managers.push((id, manager.clone()));
            }
        }
        self.take(done);
        Ok(())
    }

    /// Lets people whose managers were brought after them point at them.
    pub(super) async fn managers(&mut self) -> Result<(), End> {
        let all = std::mem::take(&mut self.managers);
        for some in all.chunks(BATCH) {
            let dns: BTreeSet<String> = some.iter().map(|(_, dn)| dn.clone()).collect();
            let known = self.people_called(&dns.into_iter().collect::<Vec<_>>()).await?;
            let pairs: Vec<_> =
                some.iter().filter_map(|(member, dn)| Some((member.clone(), known.get(dn)?.clone()))).collect();
            let voice = self.voice.clone();
            let set =
                async move |tx: &mut Tx| told(provisioning::set_managers(tx, voice.speaker(), &pairs).await).map(drop);
            self.write(move |tx| Box::pin(async move { set(tx).await })).await?;
        }
        Ok(())
    }
}

/// Lets follow what is to.
async fn write(tx: &mut Tx, voice: &Voice, steps: Vec<Step>) -> storage::Result<Done> {
    let mut done = Done::default();
    let mut together = newcomers(tx, voice, &steps).await?;
    let mut joining = Joining::default();
    for step in steps {
        let Step { mut entry, follows, groups, manager, .. } = step;
        let trouble = match follows {
            Follows::Nothing => None,
            Follows::Fault(why) => Some(why.to_owned()),
            Follows::Bring(desired) => {
                if let Some(id) = together.remove(&entry.anchor) {
                    done.added += 1;
                    entry.thing = Some(id.into());
                    None
                } else {
                    let trouble = bring(tx, voice, (&mut entry, &desired), &mut done).await?;
                    // They are looked at again, when somebody may know the manager.
                    entry.digest = entry.digest.filter(|_| manager.is_none());
                    trouble
                }
            }
            Follows::Change(id, desired) => change(tx, voice, (&mut entry, &id, &desired), &mut done).await?,
        };
        joining.note(&mut entry, groups);
        done.keep(entry, trouble);
    }
    joining.write(tx, voice, &mut done).await?;
    tx.upstream_entries(&voice.upstream).put(&done.entries, voice.context.now).await?;
    Ok(done)
}

/// Brings those who are plainly new together; the members by their anchors.
async fn newcomers(tx: &mut Tx, voice: &Voice, steps: &[Step]) -> storage::Result<HashMap<String, MembershipId>> {
    let new = |step: &Step| match &step.follows {
        Follows::Bring(desired) => Some(((step.entry.anchor.clone(), step.manager.is_some()), desired.clone())),
        _ => None,
    };
    let (known_by, desired): (Vec<_>, Vec<Desired>) = steps.iter().filter_map(new).unzip();
    if desired.len() < 2 {
        return Ok(HashMap::new());
    }
    let found = told(provisioning::newcomers(tx, voice.speaker(), &desired).await)?.unwrap_or_default();
    let mut plain: (Vec<String>, Vec<Newcomer>) = (vec![], vec![]);
    for ((anchor, has_manager), new) in known_by.into_iter().zip(found) {
        let Some(mut new) = new else { continue };
        if has_manager {
            new.awaits_manager(voice.speaker());
        }
        plain.0.push(anchor);
        plain.1.push(new);
    }
    let (anchors, new) = plain;
    if new.is_empty() {
        return Ok(HashMap::new());
    }
    let made = told(provisioning::add_together(tx, voice.speaker(), new).await)?.flatten();
    let Some((made, _)) = made else { return Ok(HashMap::new()) };
    Ok(anchors.into_iter().zip(made.into_iter().map(|known| known.membership.id)).collect())
}

fn told<T>(done: directory::Result<T>) -> storage::Result<Option<T>> {
    match done {
        Ok(done) => Ok(Some(done)),
        Err(directory::Error::Storage(fault)) => Err(fault),
        Err(_) => Ok(None),
    }
}

async fn bring(
    tx: &mut Tx,
    voice: &Voice,
    (entry, desired): (&mut KnownEntry, &Desired),
    done: &mut Done,
) -> storage::Result<Option<String>> {
    let add = async |tx: &mut Tx| provisioning::add(tx, voice.speaker(), desired).await;
    let mut added = alone(tx, add).await?;
    if let Err(directory::Error::Taken(..) | directory::Error::AlreadyMember) = added {
        let found = told(provisioning::in_the_way(tx, voice.speaker(), &desired.user_name).await)?.flatten();
        match found {
            // A source brought them that has ended: this one speaks of them from now on.
            Some(InTheWay::LeftBehind(id)) => {
                entry.thing = Some(id.to_string());
                return change(tx, voice, (entry, &id, desired), done).await;
            }
            // The same name, another account: whoever had it left.
            Some(InTheWay::Departed(id)) => {
                let replace = async |tx: &mut Tx| {
                    provisioning::remove_shut_out(tx, voice.speaker(), &id).await?;
                    provisioning::add(tx, voice.speaker(), desired).await
                };
                added = alone(tx, replace).await?;
            }
            None => {}
        }
    }
    match added {
        Ok(added) => {
            voice.invite(tx, added.invited.as_ref()).await?;
            done.added += 1;
            entry.thing = Some(added.known.membership.id.into());
            Ok(None)
        }
        Err(refused) => Ok(Some(refused.to_string())),
    }
}

async fn change(
    tx: &mut Tx,
    voice: &Voice,
    (entry, id, desired): (&mut KnownEntry, &MembershipId, &Desired),
    done: &mut Done,
) -> storage::Result<Option<String>> {
    let change = async |tx: &mut Tx| {
        provisioning::hold(tx, voice.speaker(), id).await?;
        provisioning::change(tx, voice.speaker(), id, (desired, Manner::Whole)).await
    };
    match alone(tx, change).await? {
        Ok((has_changed, invited)) => {
            voice.invite(tx, invited.as_ref()).await?;
            done.changed += u64::from(has_changed);
            Ok(None)
        }
        // Somebody here removed them, and the directory has them still.
        Err(directory::Error::Unknown(Noun::Membership, _)) => {
            entry.thing = None;
            entry.given.clear();
            done.renewed.push((entry.dn.clone(), entry.account.clone()));
            Box::pin(bring(tx, voice, (entry, desired), done)).await
        }
        Err(refused) => Ok(Some(refused.to_string())),
    }
}
