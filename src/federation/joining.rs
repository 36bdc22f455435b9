//! Groups of the organization into which people come by what a directory says of them, and out of which they come by that.

use std::collections::{BTreeMap, BTreeSet};

use super::voice::{Done, Voice, alone};
use crate::{
    directory::{
        self, Noun,
        provisioning::{self, Manner, Part, Parts},
    },
    storage::{self, Tx},
    text::Slug,
    upstream::entry::KnownEntry,
};

/// Who comes into which group by rule, and who leaves it.
#[derive(Debug, Default)]
pub(in crate::federation) struct Joining(BTreeMap<String, (Vec<Part>, Vec<Part>)>);

impl Joining {
    /// Notes in which groups somebody is to be from now on.
    pub(in crate::federation) fn note(&mut self, entry: &mut KnownEntry, groups: BTreeSet<String>) {
        let Some(id) = entry.membership() else { return };
        for key in groups.difference(&entry.given) {
            self.0.entry(key.clone()).or_default().0.push(Part::Member(id.clone()));
        }
        for key in entry.given.difference(&groups) {
            self.0.entry(key.clone()).or_default().1.push(Part::Member(id.clone()));
        }
        entry.given = groups;
    }

    /// Lets them come and leave; who cannot is told, and tried again.
    pub(in crate::federation) async fn write(self, tx: &mut Tx, voice: &Voice, done: &mut Done) -> storage::Result<()> {
        for (key, (joining, leaving)) in self.0 {
            // Who is to leave leaves first, whoever else may not come in.
            for (parts, is_joining) in [(leaving, false), (joining, true)] {
                if parts.is_empty() {
                    continue;
                }
                let Err(refused) = alone(tx, async |tx| step(tx, voice, (&key, &parts), is_joining).await).await?
                else {
                    continue;
                };
                let is_of =
                    |entry: &&mut KnownEntry| entry.membership().is_some_and(|id| parts.contains(&Part::Member(id)));
                for entry in done.entries.iter_mut().filter(is_of) {
                    entry.digest = None;
                    // It is given again, or taken again.
                    if !entry.given.remove(&key) {
                        entry.given.insert(key.clone());
                    }
                    entry.trouble = Some(format!("group `{key}`: {refused}"));
                    done.faults.push((entry.dn.clone(), format!("group `{key}`: {refused}")));
                }
            }
        }
        Ok(())
    }
}

/// Lets some come into a group of this key, or leave it.
async fn step(tx: &mut Tx, voice: &Voice, (key, parts): (&str, &[Part]), is_joining: bool) -> directory::Result<()> {
    let speaker = voice.speaker();
    let slug: Slug = key.parse().map_err(|_| Noun::Group.unknown(key))?;
    let group = match tx.groups().by_slug(speaker.organization, &slug).await? {
        Some(group) => group,
        None if is_joining => return Err(Noun::Group.unknown(key)),
        None => return Ok(()),
    };
    provisioning::hold_group(tx, speaker, &group.id).await?;
    let there = provisioning::parts_there(tx, speaker, parts).await?;
    let change = if is_joining { Parts::And(there) } else { Parts::Without(there) };
    provisioning::change_parts(tx, speaker, &group.id, (change, Manner::Whole)).await.map(drop)
}
