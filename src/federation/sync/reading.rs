//! A reading from its beginning to its end: all of a directory, or what has changed there.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use super::{
    changes::Changes,
    leavers::Leave,
    pass::{End, Pass},
    said::{anchor, folded},
};
use crate::{
    directory::provisioning::{self, Part},
    ldap::{Page, Preset, Reader, escaped, in_filter},
    storage,
    upstream::entry::Class,
};

/// Anchors of one question.
const ASKED: usize = 50;

/// What could not be followed is tried again after this, unless it changes.
const RETRY_AFTER: Duration = Duration::from_secs(600);

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
    /// Reads all of it: people first, and whoever is not there any more is out before groups are read.
    pub(super) async fn whole(&mut self, reader: &mut Reader<'_>, leave: &Leave, watch: Watch<'_>) -> Result<(), End> {
        let settings = Arc::clone(&self.settings);
        let had_groups = self.counts().await?.1 > 0;
        for base in &settings.people.bases {
            let mut from = None;
            loop {
                let page = reader.people(base, from.as_deref()).await?;
                self.note_references(&page);
                self.people(page.entries).await?;
                self.goes_on(watch)?;
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        self.is_plausible().await?;
        self.note_missing(Class::Person).await?;
        self.leave(leave).await?;
        self.managers().await?;
        for base in &settings.groups.bases {
            let mut from = None;
            loop {
                let mut page = reader.groups(base, from.as_deref()).await?;
                self.note_references(&page);
                from = page.next.take();
                self.groups_of_page(page).await?;
                self.goes_on(watch)?;
                if from.is_none() {
                    break;
                }
            }
        }
        self.complete(reader).await?;
        if had_groups {
            self.groups_around_fresh(reader).await?;
        }
        self.note_missing(Class::Group).await?;
        self.leave(leave).await?;
        if self.differences.is_none() { self.remove_departed().await } else { Ok(()) }
    }

    /// Reads what has changed.
    pub(super) async fn delta(
        &mut self,
        reader: &mut Reader<'_>,
        told: &Changes,
        (leave, watch): (&Leave, Watch<'_>),
    ) -> Result<(), End> {
        self.fresh_names = Some(vec![]);
        let mut changed = told.anchors.clone();
        changed.extend(self.due_by_themselves().await?);
        if self.settings.people.mapping.names().iter().any(|name| name.eq_ignore_ascii_case("memberOf")) {
            // Nobody tells that people have other groups: groups tell that they have other members.
            changed.extend(self.members_of(reader, &changed).await?);
        }
        let changed: Vec<String> = changed.into_iter().collect();
        self.people_of(reader, &changed).await?;
        self.note_missing_of(Class::Person, &changed).await?;
        for anchor in told.present.iter().flatten() {
            let number = self.number_of(anchor);
            self.seen.insert(number);
        }
        if told.present.is_some() {
            self.is_plausible().await?;
            self.note_missing(Class::Person).await?;
        }
        self.leave(leave).await?;
        self.goes_on(watch)?;
        self.managers().await?;
        let mut groups: BTreeSet<String> = changed.iter().cloned().collect();
        groups.extend(self.groups_of_numbers().await?);
        self.groups_of(reader, &groups.into_iter().collect::<Vec<_>>()).await?;
        self.groups_of_fresh(reader).await?;
        self.complete(reader).await?;
        self.groups_around_fresh(reader).await?;
        self.note_missing_of(Class::Group, &changed).await?;
        if told.present.is_some() {
            self.note_missing(Class::Group).await?;
        }
        self.leave(leave).await
    }

    /// What another directory has was not read: whoever is there is not missing.
    fn note_references(&mut self, page: &Page) {
        // Those of Active Directory name its other parts, in which nobody was read before.
        if self.settings.preset == Preset::OpenLdap
            && let Some(reference) = page.referrals.first()
        {
            self.is_partial = true;
            self.report.fail(reference, "it refers to another directory, which is not read; so nobody is missing here");
        }
    }

    /// Follows groups; one that could not be read to its end is as it was.
    async fn groups_of_page(&mut self, page: Page) -> Result<(), End> {
        for (entry, trouble) in &page.unread {
            self.report.fail(&entry.dn, &trouble.to_string());
            if let Some(anchor) = anchor(entry, self.settings.preset) {
                let number = self.number_of(&anchor);
                self.seen.insert(number);
            }
        }
        self.groups(page.entries).await
    }

    /// People who are, or were, in those of these entries that are groups.
    async fn members_of(
        &mut self,
        reader: &mut Reader<'_>,
        changed: &BTreeSet<String>,
    ) -> Result<BTreeSet<String>, End> {
        let settings = Arc::clone(&self.settings);
        let anchors: Vec<String> = changed.iter().cloned().collect();
        let (mut dns, mut things) = (vec![], vec![]);
        for some in anchors.chunks(ASKED) {
            let asked: Vec<String> = some.iter().map(|anchor| in_filter(anchor, settings.preset)).collect();
            for base in &settings.groups.bases {
                for group in reader.groups_of(base, (settings.preset.anchor(), &asked)).await?.entries {
                    dns.extend(settings.preset.members().0.iter().flat_map(|name| group.texts(name)).map(folded));
                }
            }
        }
        let mut tx = self.app.storage.read().await?;
        for known in tx.upstream_entries(&self.voice.upstream).of_anchors(&anchors).await? {
            let Some(id) = known.group() else { continue };
            let given = provisioning::given_parts(&mut tx, self.voice.speaker(), &id).await.unwrap_or_default();
            things.extend(given.into_iter().filter_map(|part| match part {
                Part::Member(id) => Some(id.to_string()),
                Part::Group(_) => None,
            }));
        }
        let mut entries = tx.upstream_entries(&self.voice.upstream);
        let mut found = entries.of_dns(&dns).await?;
        found.extend(entries.of_things(&things).await?);
        Ok(found.into_iter().filter(|one| one.class == Class::Person).map(|one| one.anchor).collect())
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
        let (people, _) = self.counts().await?;
        if people == 0 { Ok(()) } else { Err(End::Absurd("it knows nobody any more")) }
    }

    async fn counts(&self) -> storage::Result<(u64, u64)> {
        self.app.storage.read().await?.upstream_entries(&self.voice.upstream).counts().await
    }

    /// People whose accounts have ended by themselves since, and what is tried again.
    async fn due_by_themselves(&self) -> storage::Result<Vec<String>> {
        let mut tx = self.app.storage.read().await?;
        let mut entries = tx.upstream_entries(&self.voice.upstream);
        let mut due = entries.ended(self.voice.context.now, 1_000).await?;
        due.extend(entries.to_retry(self.voice.context.now.minus(RETRY_AFTER), 100).await?);
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
                self.groups_of_page(found).await?;
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
                    self.groups_of_page(found).await?;
                }
            }
        }
        self.is_again = false;
        Ok(())
    }

    /// Groups around groups that mean something since.
    async fn groups_around_fresh(&mut self, reader: &mut Reader<'_>) -> Result<(), End> {
        let fresh = std::mem::take(&mut self.fresh_groups);
        if fresh.is_empty() || self.differences.is_some() {
            return Ok(());
        }
        self.fresh_names = Some(fresh.into_iter().map(|dn| (dn, None)).collect());
        self.groups_of_fresh(reader).await
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
