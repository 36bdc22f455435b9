//! Whom a directory knows no more, or who may not be let in: they are shut out, all together, at the end of a reading, unless
//! they are so many that somebody has to say that it is meant.

use std::collections::BTreeMap;

use super::{
    groups,
    pass::{End, Pass},
};
use crate::{
    clock::Timestamp,
    directory::{self, provisioning},
    federation::voice::{Done, Voice, alone},
    storage::{self, Tx},
    upstream::{
        brake::{AT_LEAST, WINDOW},
        entry::{Class, KnownEntry},
    },
};

/// People of one unit of work.
const BATCH: usize = 50;

/// The same, as they are asked for.
const BATCH_AT_ONCE: i64 = 50;

/// Entries that are looked at at a time.
const PAGE: i64 = 1_000;

impl Pass<'_> {
    /// Notes what of a class a whole reading did not find.
    pub(super) async fn note_missing(&mut self, class: Class) -> Result<(), End> {
        let mut after = String::new();
        loop {
            let mut tx = self.app.storage.read().await?;
            let known = tx.upstream_entries(&self.voice.upstream).after(class, &after, PAGE).await?;
            drop(tx);
            let Some(last) = known.last() else { return Ok(()) };
            after.clone_from(&last.anchor);
            let missing: Vec<_> =
                known.into_iter().filter(|one| !self.seen.contains(&self.number_of(&one.anchor))).collect();
            self.leaving.extend(missing.into_iter().map(missed));
        }
    }

    /// Notes those of these whom nothing was found of.
    pub(super) async fn note_missing_of(&mut self, class: Class, anchors: &[String]) -> Result<(), End> {
        let mut tx = self.app.storage.read().await?;
        let known = tx.upstream_entries(&self.voice.upstream).of_anchors(anchors).await?;
        drop(tx);
        let is_missing = |one: &KnownEntry| {
            one.class == class && one.gone_at.is_none() && !self.seen.contains(&self.number_of(&one.anchor))
        };
        let missing: Vec<_> = known.into_iter().filter(is_missing).map(missed).collect();
        self.leaving.extend(missing);
        Ok(())
    }

    /// Shuts them out, unless they are too many. Of whom the directory says that they may not be let in, and whom it does not
    /// have any more, each are counted by themselves: somebody who was disabled does not wait for those who are missing.
    pub(super) async fn leave(&mut self, leave: &Leave) -> Result<(), End> {
        // Somebody may have been missed in two ways.
        let leaving: BTreeMap<String, KnownEntry> =
            std::mem::take(&mut self.leaving).into_iter().map(|one| (one.anchor.clone(), one)).collect();
        if leaving.is_empty() {
            return Ok(());
        }
        let (closed, mut missing): (Vec<_>, Vec<_>) = leaving.into_values().partition(|one| one.digest.is_some());
        if self.is_partial {
            missing.clear();
        }
        for some in [closed, missing] {
            let is_braked = self.brake(&some, leave).await?;
            if let Some(differences) = &mut self.differences {
                for one in &some {
                    differences.leaves(one, &mut self.report);
                }
            } else if !is_braked {
                self.shut_out(&some).await?;
            }
        }
        Ok(())
    }

    /// Whether these are so many that nobody goes.
    async fn brake(&mut self, leaving: &[KnownEntry], leave: &Leave) -> Result<bool, End> {
        let count =
            |class: Class| leaving.iter().filter(|one| one.class == class && one.thing.is_some()).count() as u64;
        let (people, groups) = (count(Class::Person), count(Class::Group));
        if people + groups == 0 {
            return Ok(false);
        }
        let mut tx = self.app.storage.read().await?;
        let mut entries = tx.upstream_entries(&self.voice.upstream);
        let since = self.voice.context.now.minus(WINDOW).max(leave.confirmed_at);
        let crowd = entries.crowd(Class::Person, people, since).await?;
        let crowds = entries.crowd(Class::Group, groups, since).await?;
        drop(tx);
        let share = self.settings.sync.brake;
        let is_meant = leave.confirmed.is_some_and(|seen| people + groups <= seen + (seen / 10).max(AT_LEAST));
        let is_braked = !is_meant && (crowd.is_too_many(share) || crowds.is_too_many(share));
        if is_braked {
            self.report.braked = Some(self.report.braked.unwrap_or(0) + people + groups);
        }
        Ok(is_braked)
    }

    async fn shut_out(&mut self, leaving: &[KnownEntry]) -> Result<(), End> {
        for some in leaving.chunks(BATCH) {
            let (voice, some) = (self.voice.clone(), some.to_vec());
            let write = async move |tx: &mut Tx| write(tx, &voice, some).await;
            let (done, departed) = self.write(move |tx| Box::pin(async move { write(tx).await })).await?;
            self.report.departed += departed;
            self.take(done);
        }
        Ok(())
    }

    /// Ends memberships and groups that the directory brought and has not had for long.
    pub(super) async fn remove_departed(&mut self) -> Result<(), End> {
        let until = self.voice.context.now.minus(self.settings.sync.remove_after);
        let mut tx = self.app.storage.read().await?;
        if tx.upstream_entries(&self.voice.upstream).gone_before(until, 1).await?.is_empty() {
            return Ok(());
        }
        drop(tx);
        loop {
            let voice = self.voice.clone();
            let write = async move |tx: &mut Tx| remove_departed(tx, &voice, until).await;
            let (done, is_last) = self.write(move |tx| Box::pin(async move { write(tx).await })).await?;
            self.take(done);
            if is_last {
                return Ok(());
            }
        }
    }
}

/// What somebody said of leavers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave {
    /// When somebody said last that many are meant.
    pub(super) confirmed_at: Timestamp,
    /// How many they had seen, if they say so now.
    pub(super) confirmed: Option<u64>,
}

/// What will be remembered of something that is not there.
fn missed(known: KnownEntry) -> KnownEntry {
    KnownEntry { digest: None, ends_at: None, ..known }
}

async fn write(tx: &mut Tx, voice: &Voice, leaving: Vec<KnownEntry>) -> storage::Result<(Done, u64)> {
    let (mut done, mut departed) = (Done::default(), 0);
    for mut entry in leaving {
        let mut trouble = None;
        if let Some(id) = entry.membership() {
            match alone(tx, async |tx| provisioning::shut_out(tx, voice.speaker(), &id).await).await? {
                Ok(was_in) => departed += u64::from(was_in),
                Err(directory::Error::Unknown(..)) => entry.thing = None,
                Err(refused) => trouble = Some(refused.to_string()),
            }
        } else if let Some(id) = entry.group() {
            trouble = groups::empty(tx, voice, &id, &mut done).await?;
            departed += u64::from(trouble.is_none());
        }
        // Whoever could not be shut out is tried again.
        entry.gone_at = trouble.is_none().then_some(voice.context.now);
        let is_missing = entry.digest.is_none() && trouble.is_none();
        done.keep(entry, trouble);
        if is_missing && let Some(kept) = done.entries.last_mut() {
            // Somebody else may be called so from now on.
            kept.dn.clear();
        }
    }
    tx.upstream_entries(&voice.upstream).put(&done.entries, voice.context.now).await?;
    Ok((done, departed))
}

/// Some of them, and whether there are no more.
async fn remove_departed(tx: &mut Tx, voice: &Voice, until: Timestamp) -> storage::Result<(Done, bool)> {
    let gone = tx.upstream_entries(&voice.upstream).gone_before(until, BATCH_AT_ONCE).await?;
    let is_last = gone.is_empty();
    let mut done = Done::default();
    for mut entry in gone {
        if let Some(id) = entry.membership() {
            let remove = async |tx: &mut Tx| provisioning::remove_shut_out(tx, voice.speaker(), &id).await;
            done.changed += u64::from(alone(tx, remove).await?.unwrap_or(false));
        } else if let Some(id) = entry.group() {
            // What people here made of it is theirs.
            groups::remove(tx, voice, (&mut entry, &id), &mut done).await?;
        }
        entry.thing = None;
        entry.given.clear();
        done.entries.push(entry);
    }
    tx.upstream_entries(&voice.upstream).put(&done.entries, voice.context.now).await?;
    Ok((done, is_last))
}
