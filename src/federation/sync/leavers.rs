//! Whom a directory knows no more, or who may not be let in: they are shut out, all together, at the end of a reading, unless
//! they are so many that somebody has to say that it is meant.

use std::collections::BTreeMap;

use super::{
    groups,
    pass::{Done, End, Pass, Voice, alone},
};
use crate::{
    clock::Timestamp,
    directory::{self, provisioning},
    storage::{self, Tx},
    upstream::{
        brake::{Crowd, WINDOW},
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
    /// Notes whom a whole reading did not find.
    pub(super) async fn note_missing(&mut self) -> Result<(), End> {
        let mut after = String::new();
        loop {
            let mut tx = self.app.storage.read().await?;
            let known = tx.upstream_entries(&self.voice.upstream).after(&after, PAGE).await?;
            drop(tx);
            let Some(last) = known.last() else { return Ok(()) };
            after.clone_from(&last.anchor);
            let missing: Vec<_> =
                known.into_iter().filter(|one| !self.seen.contains(&self.number_of(&one.anchor))).collect();
            self.leaving.extend(missing.into_iter().map(missed));
        }
    }

    /// Notes those of these whom nothing was found of.
    pub(super) async fn note_missing_of(&mut self, anchors: &[String]) -> Result<(), End> {
        let mut tx = self.app.storage.read().await?;
        let known = tx.upstream_entries(&self.voice.upstream).of_anchors(anchors).await?;
        drop(tx);
        let is_missing = |one: &KnownEntry| one.gone_at.is_none() && !self.seen.contains(&self.number_of(&one.anchor));
        let missing: Vec<_> = known.into_iter().filter(is_missing).map(missed).collect();
        self.leaving.extend(missing);
        Ok(())
    }

    /// Shuts them out, unless they are too many; whoever said lately that it is meant said so at `confirmed_at`.
    pub(super) async fn leave(&mut self, confirmed_at: Timestamp) -> Result<(), End> {
        let now = self.voice.context.now;
        // Somebody may have been missed in two ways.
        let leaving: BTreeMap<String, KnownEntry> =
            std::mem::take(&mut self.leaving).into_iter().map(|one| (one.anchor.clone(), one)).collect();
        let leaving: Vec<KnownEntry> = leaving.into_values().collect();
        let count =
            |class: Class| leaving.iter().filter(|one| one.class == class && one.thing.is_some()).count() as u64;
        let (people, groups) = (count(Class::Person), count(Class::Group));
        let mut tx = self.app.storage.read().await?;
        let mut entries = tx.upstream_entries(&self.voice.upstream);
        let crowd = entries.crowd(people, now.minus(WINDOW).max(confirmed_at)).await?;
        let (_, all_groups) = entries.counts().await?;
        drop(tx);
        let crowds = Crowd { live: all_groups, leaving: groups, left: 0 };
        let brake = self.settings.sync.brake;
        let is_meant = confirmed_at == now;
        if !is_meant && (crowd.is_too_many(brake) || crowds.is_too_many(brake)) {
            self.report.braked = Some(people + groups);
        }
        if let Some(differences) = &mut self.differences {
            for one in &leaving {
                differences.leaves(one, &mut self.report);
            }
            return Ok(());
        }
        if self.report.braked.is_some() {
            return Ok(());
        }
        for some in leaving.chunks(BATCH) {
            let (voice, some) = (self.voice.clone(), some.to_vec());
            let write = async move |tx: &mut Tx| write(tx, &voice, some).await;
            let (done, departed) = self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?;
            self.report.departed += departed;
            self.take(done);
        }
        Ok(())
    }

    /// Ends memberships that the directory brought, of people who were shut out long ago.
    pub(super) async fn remove_departed(&mut self) -> Result<(), End> {
        let until = self.voice.context.now.minus(self.settings.sync.remove_after);
        loop {
            let voice = self.voice.clone();
            let write = async move |tx: &mut Tx| remove_departed(tx, &voice, until).await;
            let (done, is_last) = self.app.storage.write(move |tx| Box::pin(async move { write(tx).await })).await?;
            self.take(done);
            if is_last {
                return Ok(());
            }
        }
    }
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
            trouble = groups::remove(tx, voice, (&mut entry, &id), &mut done).await?;
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
        let Some(id) = entry.membership() else { continue };
        let remove = async |tx: &mut Tx| provisioning::remove_shut_out(tx, voice.speaker(), &id).await;
        done.changed += u64::from(alone(tx, remove).await?.unwrap_or(false));
        entry.thing = None;
        done.entries.push(entry);
    }
    tx.upstream_entries(&voice.upstream).put(&done.entries, voice.context.now).await?;
    Ok((done, is_last))
}
