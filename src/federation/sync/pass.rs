//! One reading of a directory: what is known while it goes on.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    hash::{BuildHasher as _, RandomState},
    sync::Arc,
};

use super::{
    difference::Differences,
    said::{Said, folded},
};
use crate::{
    app::App,
    federation::voice::{Done, Voice},
    id::MembershipId,
    ldap::{Entry, Settings, Trouble},
    storage::{self, Tx, Work},
    upstream::{
        entry::{Class, KnownEntry},
        run::Report,
    },
};

/// Why a reading ends early.
#[derive(Debug)]
pub(super) enum End {
    /// The directory does not let it go on.
    There(Trouble),
    /// What it says cannot be meant.
    Absurd(&'static str),
    /// The server is to stop, or somebody else reads it now.
    Halted,
    /// Something here.
    Here(storage::Error),
}

impl From<Trouble> for End {
    fn from(trouble: Trouble) -> Self {
        Self::There(trouble)
    }
}

impl From<storage::Error> for End {
    fn from(error: storage::Error) -> Self {
        Self::Here(error)
    }
}

/// A reading.
pub(super) struct Pass<'p> {
    pub(super) app: &'p App,
    pub(super) settings: Arc<Settings>,
    pub(super) voice: Voice,
    pub(super) salt: Vec<u8>,
    pub(super) report: Report,
    /// What would be otherwise, where nothing is to be written.
    pub(super) differences: Option<Differences>,
    /// Whom it was told of, as numbers.
    pub(super) seen: HashSet<u64>,
    /// What names mean, as far as it was told of them.
    pub(super) linked: HashMap<u64, Box<str>>,
    /// Names that mean something since.
    pub(super) fresh: HashSet<u64>,
    /// The same names, with those of accounts, where they are asked for.
    pub(super) fresh_names: Option<Vec<(String, Option<String>)>>,
    /// Groups that mean something since.
    pub(super) fresh_groups: Vec<String>,
    /// Whether groups are followed though they say the same.
    pub(super) is_again: bool,
    /// Numbers of groups that somebody came to or left.
    pub(super) numbers: BTreeSet<i64>,
    /// People whom it knows no more, or who may not be let in.
    pub(super) leaving: Vec<KnownEntry>,
    /// Managers whom nobody knew yet.
    pub(super) managers: Vec<(MembershipId, String)>,
    /// Groups with members whom nobody knew yet.
    pub(super) incomplete: Vec<String>,
    /// Whether a part of the directory was not read, so that nobody is missing for certain.
    pub(super) is_partial: bool,
    hasher: RandomState,
}

impl<'p> Pass<'p> {
    pub(super) fn new(app: &'p App, settings: Arc<Settings>, voice: Voice, salt: Vec<u8>) -> Self {
        Self {
            app,
            settings,
            voice,
            salt,
            report: Report::default(),
            differences: None,
            seen: HashSet::new(),
            linked: HashMap::new(),
            fresh: HashSet::new(),
            fresh_names: None,
            fresh_groups: vec![],
            is_again: false,
            numbers: BTreeSet::new(),
            leaving: vec![],
            managers: vec![],
            incomplete: vec![],
            is_partial: false,
            hasher: RandomState::new(),
        }
    }

    /// A short number for a text: very many of them are held at a time.
    pub(super) fn number_of(&self, text: &str) -> u64 {
        self.hasher.hash_one(text)
    }

    /// Reads entries, each once; those that have nothing that stays are faults, and shut out nobody who was known by their name.
    pub(super) async fn said(&mut self, entries: Vec<Entry>, class: Class) -> storage::Result<Vec<Said>> {
        let (mut all, mut unanchored, mut anchors) = (vec![], vec![], HashSet::new());
        let now = self.app.clock.now();
        for entry in entries {
            self.report.read += 1;
            let dn = entry.dn.clone();
            match Said::of(entry, class, (self.settings.preset, self.salt.as_slice(), now), &self.settings.people.names)
            {
                Some(said) if anchors.insert(said.anchor.clone()) => all.push(said),
                Some(_) => {}
                None => {
                    self.report.fail(&dn, "it has no anchor that this account may read");
                    unanchored.push(folded(&dn));
                }
            }
        }
        if !unanchored.is_empty() {
            let mut tx = self.app.storage.read().await?;
            for known in tx.upstream_entries(&self.voice.upstream).of_dns(&unanchored).await? {
                let number = self.number_of(&known.anchor);
                self.seen.insert(number);
            }
        }
        Ok(all)
    }

    /// Runs a unit of work, as long as this reading may write.
    pub(super) async fn write<T, W>(&self, work: W) -> Result<T, End>
    where
        T: Send + 'static,
        W: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, storage::Error> + Send + 'static,
    {
        let (voice, node, now) = (self.voice.clone(), self.app.node.clone(), self.app.clock.now());
        let whole = async move |tx: &mut Tx| {
            if !tx.upstreams().begin_writing((&voice.upstream, voice.version), &node, now).await? {
                return Ok::<_, storage::Error>(None);
            }
            work(tx).await.map(Some)
        };
        let done: Option<T> = self.app.storage.write(move |tx| Box::pin(async move { whole(tx).await })).await?;
        done.ok_or(End::Halted)
    }

    /// What is remembered of these.
    pub(super) async fn known(&self, said: &[Said]) -> storage::Result<HashMap<String, KnownEntry>> {
        let anchors: Vec<String> = said.iter().map(|one| one.anchor.clone()).collect();
        let mut tx = self.app.storage.read().await?;
        let known = tx.upstream_entries(&self.voice.upstream).of_anchors(&anchors).await?;
        Ok(known.into_iter().map(|one| (one.anchor.clone(), one)).collect())
    }

    /// Remembers what a name means.
    pub(super) fn link(&mut self, dn: &str, thing: Option<&str>) {
        if let Some(thing) = thing {
            self.linked.insert(self.number_of(dn), thing.into());
        }
    }

    /// Notes a name that means something since.
    pub(super) fn note_fresh(&mut self, dn: String, account: Option<String>) {
        if dn.is_empty() {
            return;
        }
        self.fresh.insert(self.number_of(&dn));
        if let Some(names) = &mut self.fresh_names {
            names.push((dn, account));
        }
    }

    /// Takes in what a unit of work did.
    pub(super) fn take(&mut self, done: Done) {
        self.report.added += done.added;
        self.report.changed += done.changed;
        for (dn, trouble) in done.faults {
            self.report.fail(&dn, &trouble);
        }
        for (dn, account) in done.renewed {
            self.note_fresh(dn, account);
        }
        for entry in done.entries {
            self.link(&entry.dn, entry.thing.as_deref());
        }
    }
}
