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

/// Pages of one question, and answers to one that is asked until there is no more.
const MOST_PAGES: usize = 100_000;

/// Anchors are compared this often at least, where deletions are not told.
const COMPARE_EVERY: Duration = Duration::from_secs(300);

/// Comparing takes so long a pause for each entry: half a minute for 3,000.
const PAUSE: Duration = Duration::from_millis(10);

/// Clocks of directories differ by so much.
const SKEW: Duration = Duration::from_secs(120);

/// Whatever may be a person or a group, deleted ones, too: filters of the settings say who is, afterwards.
const THINGS: &str = "(|(objectClass=user)(objectClass=group)(objectClass=organizationalUnit)(objectClass=container))";

/// What holds others, by `objectClass`: when it is moved or renamed, nobody tells of those in it.
const HOLDERS: [&str; 4] = ["organizationalunit", "container", "domain", "organization"];

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
    /// Whether something changed that holds others.
    has_moved_holders: bool,
    /// All anchors that there are, where they were compared.
    pub(super) present: Option<BTreeSet<String>>,
    /// The next place.
    pub(super) place: Option<Place>,
}

impl Place {
    /// The place where a whole reading begins.
    pub(super) async fn of(reader: &mut Reader<'_>, now: Timestamp) -> Result<Self, Trouble> {
        let root = reader.root().await?;
        let contexts: Vec<String> = root.contexts().map(str::to_owned).collect();
        let compare_at = Some(now.0);
        match reader.directory.settings.preset {
            Preset::ActiveDirectory => {
                let context = contexts.first().ok_or(Trouble::Broken("it names no part of itself"))?;
                let compare_at = if reader.sees_deleted(context).await? { None } else { compare_at };
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
                for context in read_contexts(reader, &contexts)? {
                    anchors(reader, (&context, &filter), &mut changes).await?;
                }
                Some(By::Time { since: now.minus(SKEW).0 })
            }
        };
        // A cookie of another server would hide what that one has not heard of yet: each whole reading begins anew.
        let is_told = changes.anchors.len() <= MOST && !changes.has_moved_holders;
        let Some(by) = next.filter(|_| is_told) else { return Ok(None) };
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
    for _ in 0..MOST_PAGES {
        let query = Query { base: context, is_deep: true, filter: THINGS, attributes: &["objectGUID"] };
        match reader.connection.dir_sync(&query, (0, &cookie)).await {
            Ok((_, has_more, next)) if !has_more => return Ok(Some(BASE64.encode(&next))),
            Ok((_, _, next)) if next == cookie => return Err(Trouble::Broken("its changes do not end")),
            Ok((_, _, next)) => cookie = next,
            Err(Trouble::Denied(_) | Trouble::Unsupported(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        }
    }
    Err(Trouble::Broken("its changes do not end"))
}

/// The cookies with which changes begin; none where a part of the directory does not tell them.
async fn sync_begins(
    reader: &mut Reader<'_>,
    contexts: &[String],
) -> Result<Option<BTreeMap<String, String>>, Trouble> {
    let mut cookies = BTreeMap::new();
    for context in read_contexts(reader, contexts)? {
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
    for _ in 0..MOST_PAGES {
        let query = Query { base: &context, is_deep: true, filter: THINGS, attributes: &wanted };
        let (entries, has_more, next) = match reader.connection.dir_sync(&query, (0, &cookie)).await {
            Ok(told) => told,
            Err(Trouble::Denied(_) | Trouble::Unsupported(..) | Trouble::Other(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        add(reader, &entries, changes);
        if !has_more {
            return Ok(Some(By::DirSync { cookie: BASE64.encode(&next) }));
        }
        if next == cookie || changes.anchors.len() > MOST {
            return Ok(None);
        }
        cookie = next;
    }
    Err(Trouble::Broken("its changes do not end"))
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
    anchors(reader, (&context, &filter), changes).await?;
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
        let query = Query { base: context, is_deep: true, filter: "(objectClass=*)", attributes: &["objectClass"] };
        let synced = match reader.connection.sync(&query, Some(&cookie)).await {
            Ok(synced) => synced,
            // e-syncRefreshRequired, and cookies of another server (RFC 4533 §2.6, §3.3.2).
            Err(Trouble::Other(..) | Trouble::Unsupported(..)) => return Ok(None),
            Err(trouble) => return Err(trouble),
        };
        let mut present = BTreeSet::new();
        for (uuid, entry) in &synced.changed {
            changes.anchors.insert(anchor_of(uuid, Preset::OpenLdap));
            changes.has_moved_holders |= is_holder(entry);
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
async fn anchors(reader: &mut Reader<'_>, (base, filter): (&str, &str), found: &mut Changes) -> Result<(), Trouble> {
    let wanted = [reader.directory.settings.preset.anchor(), "objectClass"];
    let (mut from, mut pages) = (None, 0);
    loop {
        let query = Query { base, is_deep: true, filter, attributes: &wanted };
        let page = reader.connection.page(&query, from.as_deref()).await?;
        add(reader, &page.entries, found);
        from = page.next;
        pages += 1;
        if from.is_none() {
            return Ok(());
        }
        if pages > MOST_PAGES {
            return Err(Trouble::Broken("its pages do not end"));
        }
    }
}

/// All anchors that there are.
async fn present(reader: &mut Reader<'_>) -> Result<BTreeSet<String>, Trouble> {
    let settings = &reader.directory.settings;
    let people = settings.people.bases.iter().map(|base| (base.clone(), settings.people.filter.clone()));
    let groups = settings.groups.bases.iter().map(|base| (base.clone(), settings.groups.filter.clone()));
    let mut present = Changes::default();
    for (base, filter) in people.chain(groups).collect::<Vec<_>>() {
        anchors(reader, (&base, &filter), &mut present).await?;
    }
    Ok(present.anchors)
}

fn add(reader: &Reader<'_>, entries: &[Entry], found: &mut Changes) {
    let preset = reader.directory.settings.preset;
    found.anchors.extend(entries.iter().filter_map(|entry| anchor(entry, preset)));
    found.has_moved_holders |= entries.iter().any(is_holder);
}

/// Whether it holds others. Of what has changed DirSync may tell the name alone.
fn is_holder(entry: &Entry) -> bool {
    entry.dn.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("OU="))
        || entry.texts("objectClass").any(|class| HOLDERS.contains(&class.to_lowercase().as_str()))
}

/// The naming contexts in which anything is read.
fn read_contexts(reader: &Reader<'_>, contexts: &[String]) -> Result<Vec<String>, Trouble> {
    let settings = &reader.directory.settings;
    let mut found = vec![];
    for base in settings.people.bases.iter().chain(&settings.groups.bases) {
        let holds = |context: &&String| plain(base).ends_with(&plain(context));
        let context = contexts.iter().filter(holds).max_by_key(|context| context.len());
        let context = context.ok_or(Trouble::Broken("a base lies in no part of it (`namingContexts`)"))?;
        if !found.contains(context) {
            found.push(context.clone());
        }
    }
    Ok(found)
}

/// A name of an entry without what means nothing in it.
fn plain(dn: &str) -> String {
    dn.to_lowercase().split(',').map(str::trim).collect::<Vec<_>>().join(",")
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
