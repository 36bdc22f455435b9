//! What has changed in a directory since a *place*: which entries, by their anchors. What they say now is read afterwards, so
//! that whoever left the part of the directory that is read is seen to be missing there.
//!
//! Active Directory tells changes by DirSync where the account may ("Replicating Directory Changes"), and by `uSNChanged`
//! otherwise; others by RFC 4533, or by `modifyTimestamp`. Where deletions are not told for certain, anchors are compared: each
//! time in a small directory, every five minutes in a large one.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

use super::said::{anchor, anchor_of};
use crate::{
    clock::Timestamp,
    ldap::{Change, Entry, Offered, Preset, Query, Reader, Trouble},
};

/// So many changes at once are read as a whole.
pub(super) const MOST: usize = 20_000;

/// Anchors are compared this often at least, where deletions are not told.
const COMPARE_EVERY: Duration = Duration::from_secs(300);

/// Comparing takes so long a pause for each entry: half a minute for 3,000.
const PAUSE: Duration = Duration::from_millis(10);

/// Clocks of directories differ by so much.
const SKEW: Duration = Duration::from_secs(120);

/// Whatever may be a person or a group, deleted ones, too: filters of the settings say who is, afterwards.
const THINGS: &str = "(|(objectClass=user)(objectClass=group))";

/// How far changes were followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    by: By,
    /// When anchors are compared next; never where deletions are told.
    compare_at: Option<i64>,
}

/// How changes are told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum By {
    /// By DirSync: the cookie, which every controller knows.
    DirSync { cookie: String },
    /// By the counter of one controller.
    Usn { server: String, last: i64 },
    /// By RFC 4533: a cookie for each naming context.
    Sync { cookies: BTreeMap<String, String> },
    /// By the time of the last change.
    Time { since: i64 },
}

/// What has changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Anchors of what was added, changed or deleted.
    pub(super) anchors: BTreeSet<String>,
    /// All anchors that there are, where they were compared.
    pub(super) present: Option<BTreeSet<String>>,
    /// The next place.
    pub(super) place: Option<Place>,
}

impl Place {
    /// The place where a whole reading begins.
    pub(super) async fn of(reader: &mut Reader<'_>, before: Option<&Self>, now: Timestamp) -> Result<Self, Trouble> {
        let root = reader.root().await?;
        let contexts: Vec<String> = root.contexts().map(str::to_owned).collect();
        let compare_at = Some(now.0);
        match reader.directory.settings.preset {
            Preset::ActiveDirectory => {
                let context = contexts.first().ok_or(Trouble::Broken("it names no part of itself"))?;
                let compare_at = if reader.sees_deleted(context).await? { None } else { compare_at };
                if let Some(Self { by: by @ By::DirSync { .. }, .. }) = before {
                    // The changes since then come again, and say nothing new.
                    return Ok(Self { by: by.clone(), compare_at });
                }
                let is_offered = root.offers(Offered::DirSync);
                if is_offered && let Some(cookie) = dir_sync_begins(reader, context).await? {
                    return Ok(Self { by: By::DirSync { cookie }, compare_at });
                }
                let (last, server) = root.last_change().ok_or(Trouble::Broken("it does not count its changes"))?;
                Ok(Self { by: By::Usn { server: server.to_owned(), last }, compare_at: Some(now.0) })
            }
            Preset::OpenLdap => {
                let cookies = if root.offers(Offered::Sync) { sync_begins(reader, &contexts).await? } else { None };
                Ok(match cookies {
                    Some(cookies) => Self { by: By::Sync { cookies }, compare_at: None },
                    None => Self { by: By::Time { since: now.minus(SKEW).0 }, compare_at },
                })
            }
        }
    }

    /// What has changed since; none where that cannot be told, and all is to be read.
    pub(super) async fn changes(&self, reader: &mut Reader<'_>, now: Timestamp) -> Result<Option<Changes>, Trouble> {
        let mut changes = Changes::default();
        let next = match &self.by {
            By::DirSync { cookie } => by_dir_sync(reader, cookie, &mut changes).await?,
            By::Usn { server, last } => by_usn(reader, (server, *last), &mut changes).await?,
            By::Sync { cookies } => by_sync(reader, cookies, &mut changes).await?,
            By::Time { since } => {
                let contexts: Vec<String> = reader.root().await?.contexts().map(str::to_owned).collect();
                let filter = format!("(modifyTimestamp>={})", generalized(Timestamp(*since)));
                for context in read_contexts(reader, &contexts) {
                    anchors(reader, (&context, &filter), &mut changes.anchors).await?;
                }
                Some(By::Time { since: now.minus(SKEW).0 })
            }
        };
        let Some(by) = next.filter(|_| changes.anchors.len() <= MOST) else { return Ok(None) };
        let mut compare_at = self.compare_at;
        if compare_at.is_some_and(|at| at <= now.0) {
            let present = present(reader).await?;
            let pause = PAUSE.saturating_mul(u32::try_from(present.len()).unwrap_or(u32::MAX)).min(COMPARE_EVERY);
            compare_at = Some(now.plus(pause).0);
            changes.present = Some(present);
        }
        changes.place = Some(Self { by, compare_at });
        Ok(Some(changes))
    }
}

/// The cookie with which changes begin; none where the account may not have it.
async fn dir_sync_begins(reader: &mut Reader<'_>, context: &str) -> Result<Option<String>, Trouble> {
    let mut cookie = vec![];
    loop {
        let query = Query { base: context, is_deep: true, filter: THINGS, attributes: &["objectGUID"] };
        match reader.connection.dir_sync(&query, (0, &cookie)).await {
            Ok((_, has_more, next)) if !has_more => return Ok(Some(BASE64.encode(&next))),
            Ok((_, _, next)) if next == cookie => return Err(Trouble::Broken("its changes do not end")),
            Ok((_, _, next)) => cookie = next,
            Err(Trouble::Denied(_) | Trouble::Unsupported(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        }
    }
}

/// The cookies with which changes begin; none where a part of the directory does not tell them.
async fn sync_begins(
    reader: &mut Reader<'_>,
    contexts: &[String],
) -> Result<Option<BTreeMap<String, String>>, Trouble> {
    let mut cookies = BTreeMap::new();
    for context in read_contexts(reader, contexts) {
        let query = Query { base: &context, is_deep: true, filter: "(objectClass=*)", attributes: &["1.1"] };
        match reader.connection.sync_place(&query).await {
            Ok(Some(cookie)) => drop(cookies.insert(context, BASE64.encode(&cookie))),
            Ok(None) | Err(Trouble::Denied(_) | Trouble::Unsupported(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        }
    }
    Ok((!cookies.is_empty()).then_some(cookies))
}

async fn by_dir_sync(reader: &mut Reader<'_>, cookie: &str, changes: &mut Changes) -> Result<Option<By>, Trouble> {
    let Ok(mut cookie) = BASE64.decode(cookie.as_bytes()) else { return Ok(None) };
    let root = reader.root().await?;
    let context = root.contexts().next().unwrap_or_default().to_owned();
    // Whatever is compared may have changed: others are not told. Whoever is moved has another `name`.
    let mut wanted = vec!["name", "isDeleted"];
    wanted.extend(reader.directory.wanted_of_people());
    wanted.extend(reader.directory.wanted_of_groups());
    wanted.sort_unstable();
    wanted.dedup();
    loop {
        let query = Query { base: &context, is_deep: true, filter: THINGS, attributes: &wanted };
        let (entries, has_more, next) = match reader.connection.dir_sync(&query, (0, &cookie)).await {
            Ok(told) => told,
            Err(Trouble::Denied(_) | Trouble::Unsupported(..) | Trouble::Other(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        add(reader, &entries, &mut changes.anchors);
        if !has_more {
            return Ok(Some(By::DirSync { cookie: BASE64.encode(&next) }));
        }
        if next == cookie || changes.anchors.len() > MOST {
            return Ok(None);
        }
        cookie = next;
    }
}

async fn by_usn(
    reader: &mut Reader<'_>,
    (server, last): (&str, i64),
    changes: &mut Changes,
) -> Result<Option<By>, Trouble> {
    let root = reader.root().await?;
    let Some((present, answers)) = root.last_change() else { return Ok(None) };
    // Each controller counts by itself; one that was restored counts anew.
    if answers != server || present < last {
        return Ok(None);
    }
    let context = root.contexts().next().unwrap_or_default().to_owned();
    let filter = format!("(&{THINGS}(uSNChanged>={}))", last.saturating_add(1));
    anchors(reader, (&context, &filter), &mut changes.anchors).await?;
    Ok(Some(By::Usn { server: server.to_owned(), last: present }))
}

async fn by_sync(
    reader: &mut Reader<'_>,
    cookies: &BTreeMap<String, String>,
    changes: &mut Changes,
) -> Result<Option<By>, Trouble> {
    let mut next = BTreeMap::new();
    for (context, cookie) in cookies {
        let Ok(cookie) = BASE64.decode(cookie.as_bytes()) else { return Ok(None) };
        let query = Query { base: context, is_deep: true, filter: "(objectClass=*)", attributes: &["1.1"] };
        let synced = match reader.connection.sync(&query, Some(&cookie)).await {
            Ok(synced) => synced,
            // e-syncRefreshRequired, and cookies of another server (RFC 4533 §2.6, §3.3.2).
            Err(Trouble::Other(..) | Trouble::Unsupported(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        let mut present = BTreeSet::new();
        for (uuid, _) in &synced.changed {
            changes.anchors.insert(anchor_of(uuid, Preset::OpenLdap));
        }
        for change in &synced.others {
            match change {
                Change::Present(uuid) => drop(present.insert(anchor_of(uuid, Preset::OpenLdap))),
                Change::Changed(uuid) | Change::Deleted(uuid) => {
                    changes.anchors.insert(anchor_of(uuid, Preset::OpenLdap));
                }
            }
        }
        // It told what there still is, and nothing of what there was.
        if !synced.tells_deletes && !present.is_empty() {
            changes.present.get_or_insert_default().extend(present);
        }
        let cookie = synced.cookie.unwrap_or(cookie);
        next.insert(context.clone(), BASE64.encode(&cookie));
    }
    if let Some(present) = &mut changes.present {
        // With several contexts, those that told of deletions did not say what there is.
        if cookies.len() > 1 {
            return Ok(None);
        }
        present.extend(changes.anchors.iter().cloned());
    }
    Ok(Some(By::Sync { cookies: next }))
}

/// Reads the anchors of all that a filter finds.
async fn anchors(
    reader: &mut Reader<'_>,
    (base, filter): (&str, &str),
    found: &mut BTreeSet<String>,
) -> Result<(), Trouble> {
    let wanted = [reader.directory.settings.preset.anchor()];
    let mut from = None;
    loop {
        let query = Query { base, is_deep: true, filter, attributes: &wanted };
        let page = reader.connection.page(&query, from.as_deref()).await?;
        add(reader, &page.entries, found);
        from = page.next;
        if from.is_none() {
            return Ok(());
        }
    }
}

/// All anchors that there are.
async fn present(reader: &mut Reader<'_>) -> Result<BTreeSet<String>, Trouble> {
    let settings = &reader.directory.settings;
    let people = settings.people.bases.iter().map(|base| (base.clone(), settings.people.filter.clone()));
    let groups = settings.groups.bases.iter().map(|base| (base.clone(), settings.groups.filter.clone()));
    let mut present = BTreeSet::new();
    for (base, filter) in people.chain(groups).collect::<Vec<_>>() {
        anchors(reader, (&base, &filter), &mut present).await?;
    }
    Ok(present)
}

fn add(reader: &Reader<'_>, entries: &[Entry], found: &mut BTreeSet<String>) {
    let preset = reader.directory.settings.preset;
    found.extend(entries.iter().filter_map(|entry| anchor(entry, preset)));
}

/// The naming contexts in which anything is read.
fn read_contexts(reader: &Reader<'_>, contexts: &[String]) -> Vec<String> {
    let settings = &reader.directory.settings;
    let bases: Vec<String> =
        settings.people.bases.iter().chain(&settings.groups.bases).map(|base| base.to_lowercase()).collect();
    let holds = |context: &&String| bases.iter().any(|base| base.ends_with(&context.to_lowercase()));
    contexts.iter().filter(holds).cloned().collect()
}

/// RFC 4517 §3.3.13.
fn generalized(at: Timestamp) -> String {
    let text = at.to_string();
    let digits: String = text.chars().take_while(|c| *c != '.').filter(char::is_ascii_digit).collect();
    format!("{}Z", &digits[..digits.len().min(14)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_directories_do() {
        for (text, expected) in
            [("2026-11-23T08:09:10Z", "20261123080910Z"), ("2026-11-23T08:09:10.5Z", "20261123080910Z")]
        {
            assert_eq!(generalized(Timestamp::parse(text).unwrap()), expected);
        }
    }

    #[test]
    fn a_place_is_kept_as_text() {
        for (by, compare_at) in [
            (By::DirSync { cookie: "AA==".to_owned() }, None),
            (By::Usn { server: "CN=NTDS".to_owned(), last: 17 }, Some(1)),
            (By::Sync { cookies: [("dc=x".to_owned(), "AA==".to_owned())].into() }, None),
            (By::Time { since: 1 }, Some(2)),
        ] {
            let place = Place { by, compare_at };
            let text = serde_json::to_string(&place).unwrap();
            assert_eq!(serde_json::from_str::<Place>(&text).unwrap(), place, "{text}");
        }
    }
}
