//! A reading from its beginning to its end: all of a directory, or what has changed there.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    changes::Changes,
    pass::{End, Pass},
    said::in_filter,
};
use crate::{
    clock::Timestamp,
    ldap::{Reader, escaped},
    storage,
    upstream::entry::Class,
};

/// Anchors of one question.
const ASKED: usize = 50;

/// More entries than any directory has: one that does not end is broken.
const MOST: u64 = 20_000_000;

/// What is told and asked while a reading goes on.
#[derive(Clone, Copy)]
pub struct Watch<'w> {
    /// Whether it is to end soon.
    pub halt: &'w (dyn Fn() -> bool + Send + Sync),
    /// Told how many entries were read, now and then.
    pub tell: &'w (dyn Fn(u64) + Send + Sync),
}

impl Pass<'_> {
    /// Reads all of it.
    pub(super) async fn whole(
        &mut self,
        reader: &mut Reader<'_>,
        confirmed_at: Timestamp,
        watch: Watch<'_>,
    ) -> Result<(), End> {
        let settings = Arc::clone(&self.settings);
        for base in &settings.people.bases {
            let mut from = None;
            loop {
                let page = reader.people(base, from.as_deref()).await?;
                self.people(page.entries).await?;
                self.goes_on(watch)?;
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        self.is_plausible().await?;
        self.managers().await?;
        for base in &settings.groups.bases {
            let mut from = None;
            loop {
                let page = reader.groups(base, from.as_deref()).await?;
                self.groups(page.entries).await?;
                self.goes_on(watch)?;
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        self.complete(reader).await?;
        self.note_missing().await?;
        self.leave(confirmed_at).await?;
        if self.differences.is_none() { self.remove_departed().await } else { Ok(()) }
    }

    /// Reads what has changed.
    pub(super) async fn delta(
        &mut self,
        reader: &mut Reader<'_>,
        told: &Changes,
        confirmed_at: Timestamp,
    ) -> Result<(), End> {
        self.fresh_names = Some(vec![]);
        let mut changed = told.anchors.clone();
        changed.extend(self.due_by_themselves().await?);
        let changed: Vec<String> = changed.into_iter().collect();
        self.people_of(reader, &changed).await?;
        self.managers().await?;
        let mut groups: BTreeSet<String> = changed.iter().cloned().collect();
        groups.extend(self.groups_of_numbers().await?);
        self.groups_of(reader, &groups.into_iter().collect::<Vec<_>>()).await?;
        self.groups_of_fresh(reader).await?;
        self.complete(reader).await?;
        self.note_missing_of(&changed).await?;
        if let Some(present) = &told.present {
            for anchor in present {
                let number = self.number_of(anchor);
                self.seen.insert(number);
            }
            self.note_missing().await?;
        }
        self.leave(confirmed_at).await
    }

    fn goes_on(&self, watch: Watch<'_>) -> Result<(), End> {
        (watch.tell)(self.report.read);
        if self.report.read > MOST {
            return Err(End::Absurd("its pages do not end"));
        }
        if (watch.halt)() { Err(End::Halted) } else { Ok(()) }
    }

    /// A directory that knows nobody is broken, or not the one that was meant.
    async fn is_plausible(&self) -> Result<(), End> {
        if !self.seen.is_empty() {
            return Ok(());
        }
        let (people, _) = self.app.storage.read().await?.upstream_entries(&self.voice.upstream).counts().await?;
        if people == 0 { Ok(()) } else { Err(End::Absurd("it knows nobody any more")) }
    }

    /// People whose accounts have ended by themselves since, and what is tried again.
    async fn due_by_themselves(&self) -> storage::Result<Vec<String>> {
        let mut tx = self.app.storage.read().await?;
        let mut entries = tx.upstream_entries(&self.voice.upstream);
        let mut due = entries.ended(self.voice.context.now, 1_000).await?;
        due.extend(entries.troubled(100).await?);
        Ok(due.into_iter().map(|one| one.anchor).collect())
    }

    async fn people_of(&mut self, reader: &mut Reader<'_>, anchors: &[String]) -> Result<(), End> {
        let settings = Arc::clone(&self.settings);
        for some in anchors.chunks(ASKED) {
            let asked: Vec<String> = some.iter().map(|anchor| in_filter(anchor, settings.preset)).collect();
            for base in &settings.people.bases {
                let found = reader.people_of(base, &asked).await?;
                self.people(found).await?;
            }
        }
        Ok(())
    }

    async fn groups_of(&mut self, reader: &mut Reader<'_>, anchors: &[String]) -> Result<(), End> {
        let settings = Arc::clone(&self.settings);
        for some in anchors.chunks(ASKED) {
            let asked: Vec<String> = some.iter().map(|anchor| in_filter(anchor, settings.preset)).collect();
            for base in &settings.groups.bases {
                let found = reader.groups_of(base, (settings.preset.anchor(), &asked)).await?;
                self.groups(found).await?;
            }
        }
        Ok(())
    }

    /// Groups that somebody came to or left whom they do not name.
    async fn groups_of_numbers(&self) -> storage::Result<Vec<String>> {
        let mut tx = self.app.storage.read().await?;
        let found = tx.upstream_entries(&self.voice.upstream).of_numbers(Class::Group, &self.numbers).await?;
        Ok(found.into_iter().map(|one| one.anchor).collect())
    }

    /// Groups that name people or groups who mean something since.
    async fn groups_of_fresh(&mut self, reader: &mut Reader<'_>) -> Result<(), End> {
        let settings = Arc::clone(&self.settings);
        let (by_entry, by_account) = settings.preset.members();
        let names = self.fresh_names.replace(vec![]).unwrap_or_default();
        self.is_again = true;
        for some in names.chunks(ASKED) {
            let dns: Vec<String> = some.iter().map(|(dn, _)| escaped(dn.as_bytes())).collect();
            let accounts: Vec<String> =
                some.iter().filter_map(|(_, account)| Some(escaped(account.as_ref()?.as_bytes()))).collect();
            let mut asked: Vec<(&str, &[String])> = by_entry.iter().map(|name| (*name, dns.as_slice())).collect();
            asked.extend(by_account.map(|name| (name, accounts.as_slice())).filter(|(_, names)| !names.is_empty()));
            for base in &settings.groups.bases {
                for one in &asked {
                    let found = reader.groups_of(base, *one).await?;
                    self.groups(found).await?;
                }
            }
        }
        self.is_again = false;
        Ok(())
    }

    /// Reads groups again of which some members were read after them, as far as these are known now.
    async fn complete(&mut self, reader: &mut Reader<'_>) -> Result<(), End> {
        let incomplete: Vec<String> = std::mem::take(&mut self.incomplete);
        if self.differences.is_some() {
            return Ok(());
        }
        // What is completed was counted.
        let changed = self.report.changed;
        self.is_again = true;
        let done = self.groups_of(reader, &incomplete).await;
        self.is_again = false;
        self.incomplete.clear();
        self.report.changed = changed;
        done
    }
}
