//! A connection to a directory: opened, bound, asked. The only place that knows the library.
//!
//! `relay` is what lies between the library and the network, `control` what is said beside a search, `entry` what comes
//! back. A connection is one identity: whoever binds as somebody else opens another. Each question has a time limit; after
//! an answer that did not come or was broken the connection is given up.

mod control;
mod entry;
mod relay;

use std::{sync::Arc, time::Duration};

use ldap3::{
    Ldap, LdapConnAsync, LdapConnSettings, LdapError, LdapResult, ResultEntry, Scope, StdStream,
    asn1::StructureTag,
    controls::{Control, RawControl},
};
use rustls::ClientConfig;
use url::Url;

pub use self::{
    control::{Change, Offered},
    entry::Entry,
};
use super::trouble::{Trouble, of_result};
use crate::{
    outbound::Outbound,
    secret::{ExposeSecret as _, SecretString},
};

/// Entries of a page: what is held at a time.
pub const PAGE: u16 = 500;

/// Answers to one question: pages are smaller, changes may be many.
const MOST: usize = 100_000;

/// Where a directory answers, and how it is spoken to.
#[derive(Debug, Clone)]
pub struct Server {
    /// `ldaps://HOST[:PORT]`, or `ldap://HOST[:PORT]`.
    pub url: Url,
    /// With `ldap`: whether TLS begins on the same connection (StartTLS, RFC 4511 §4.14).
    pub start_tls: bool,
}

impl Server {
    /// Whether what is said can be read on the way.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.url.scheme() == "ldap" && !self.start_tls
    }

    fn place(&self) -> (&str, u16) {
        let usual = if self.url.scheme() == "ldaps" { 636 } else { 389 };
        (self.url.host_str().unwrap_or_default(), self.url.port().unwrap_or(usual))
    }
}

/// A search.
#[derive(Debug, Clone)]
pub struct Query<'q> {
    /// Where it begins.
    pub base: &'q str,
    /// Below it too, or that entry alone.
    pub is_deep: bool,
    /// RFC 4515.
    pub filter: &'q str,
    /// What is wanted of each entry.
    pub attributes: &'q [&'q str],
}

/// Some entries, and how to go on.
#[derive(Debug, Default)]
pub struct Page {
    /// What was found.
    pub entries: Vec<Entry>,
    /// Where the next page begins; none after the last.
    pub next: Option<Vec<u8>>,
    /// Other directories that would know more (RFC 4511 §4.5.3).
    pub referrals: Vec<String>,
    /// Entries that could not be read to their end, each with why.
    pub unread: Vec<(Entry, Trouble)>,
}

/// Changes of what a search finds, by RFC 4533.
#[derive(Debug, Default)]
pub struct Synced {
    /// Entries that were added or changed, each with its UUID.
    pub changed: Vec<(Vec<u8>, Entry)>,
    /// What was told of others.
    pub others: Vec<Change>,
    /// What the next time begins with.
    pub cookie: Option<Vec<u8>>,
    /// Whether deletions were told; otherwise all that was not named is gone.
    pub tells_deletes: bool,
}

/// An open connection.
#[derive(Debug)]
pub struct Connection {
    ldap: Ldap,
    patience: Duration,
}

impl Connection {
    /// Connects, with TLS where the server is to be spoken to so.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn open(
        outbound: &Outbound,
        server: &Server,
        (tls, patience): (Arc<ClientConfig>, Duration),
    ) -> Result<Self, Trouble> {
        let opening = async {
            let (host, _) = server.place();
            let mut stream = outbound.connect(server.place(), server.is_plain()).await?;
            if server.is_plain() {
                return Ok::<_, Trouble>(relay::relay(stream)?);
            }
            if server.start_tls {
                relay::start_tls(&mut stream).await.map_err(|error| Trouble::Untrusted(error.to_string()))?;
            }
            let stream = relay::tls(host, stream, tls).await;
            Ok::<_, Trouble>(relay::relay(stream.map_err(|error| Trouble::Untrusted(error.to_string()))?)?)
        };
        let stream = tokio::time::timeout(patience, opening).await.map_err(|_| Trouble::Late(patience))??;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(stream));
        let (connection, ldap) =
            LdapConnAsync::with_settings(settings, "ldapi:///").await.map_err(trouble(patience))?;
        tokio::spawn(async move {
            // Whoever asked hears of it.
            let _ = connection.drive().await;
        });
        Ok(Self { ldap, patience })
    }

    /// Proves who speaks from now on.
    ///
    /// # Errors
    /// [`Trouble::Credentials`] for a wrong password, and at once for an empty one: directories take that for a question that
    /// nobody asked, and agree (RFC 4513 §5.1.2).
    pub async fn bind(&mut self, dn: &str, password: &SecretString) -> Result<(), Trouble> {
        if password.expose_secret().is_empty() || dn.is_empty() {
            return Err(Trouble::Credentials(super::trouble::Refusal::Wrong));
        }
        let bound = self.ldap.with_timeout(self.patience).simple_bind(dn, password.expose_secret()).await;
        done(&bound.map_err(trouble(self.patience))?)
    }

    /// The entry `dn`, if there is one; that of the empty name tells what the directory offers.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn read(&mut self, dn: &str, attributes: &[&str]) -> Result<Option<Entry>, Trouble> {
        let query = Query { base: dn, is_deep: false, filter: "(objectClass=*)", attributes };
        match self.ask(&query, vec![]).await {
            Ok((answers, _)) => Ok(answers.into_iter().find_map(|(answer, _)| entry_of(answer))),
            Err(Trouble::NoSuchEntry(_)) => Ok(None),
            Err(trouble) => Err(trouble),
        }
    }

    /// One page of what `query` finds, from `from` on.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn page(&mut self, query: &Query<'_>, from: Option<&[u8]>) -> Result<Page, Trouble> {
        self.page_with(query, vec![control::page(PAGE, from.unwrap_or_default())]).await
    }

    /// The same, of so many entries.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn page_of(&mut self, query: &Query<'_>, size: u16, from: Option<&[u8]>) -> Result<Page, Trouble> {
        self.page_with(query, vec![control::page(size, from.unwrap_or_default())]).await
    }

    /// The same, with what was deleted (Active Directory).
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn page_with_deleted(&mut self, query: &Query<'_>, from: Option<&[u8]>) -> Result<Page, Trouble> {
        self.page_with(query, vec![control::page(PAGE, from.unwrap_or_default()), control::show_deleted()]).await
    }

    async fn page_with(&mut self, query: &Query<'_>, controls: Vec<RawControl>) -> Result<Page, Trouble> {
        let (answers, said) = self.ask(query, controls).await?;
        // It was asked for pages and nothing else: whoever does not say whether there are more has not told all.
        let next = control::next_page(&said).ok_or(Trouble::Broken("it does not say whether there are more pages"))?;
        let mut page = Page { next: Some(next).filter(|cookie| !cookie.is_empty()), ..Page::default() };
        for (answer, _) in answers {
            if answer.id == REFERENCE {
                page.referrals.extend(ldap3::parse_refs(answer));
            } else if answer.id == ENTRY {
                page.entries.push(entry_of(answer).ok_or(Trouble::Broken("an entry cannot be read"))?);
            }
        }
        Ok(page)
    }

    /// Changes below a naming context since `cookie` (Active Directory), and whether there are more.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn dir_sync(
        &mut self,
        query: &Query<'_>,
        (flags, cookie): (i64, &[u8]),
    ) -> Result<(Vec<Entry>, bool, Vec<u8>), Trouble> {
        let (answers, said) = self.ask(query, vec![control::dir_sync(flags, cookie)]).await?;
        let (has_more, cookie) = control::next_changes(&said).ok_or(Trouble::Broken("its answer has no cookie"))?;
        Ok((answers.into_iter().filter_map(|(answer, _)| entry_of(answer)).collect(), has_more, cookie))
    }

    /// Where changes of what `query` finds begin (RFC 4533): what it finds is passed by.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn sync_place(&mut self, query: &Query<'_>) -> Result<Option<Vec<u8>>, Trouble> {
        let (mut place, controls) = (None, vec![control::sync(None)]);
        let said = self
            .each(query, controls, |answer, _| {
                if answer.id == INTERMEDIATE {
                    place = control::sync_info(answer).and_then(|info| info.cookie).or_else(|| place.take());
                }
                true
            })
            .await?;
        Ok(control::sync_done(&said).and_then(|(cookie, _)| cookie).or(place))
    }

    /// Changes of what `query` finds since `cookie` (RFC 4533, `refreshOnly`).
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn sync(&mut self, query: &Query<'_>, cookie: Option<&[u8]>) -> Result<Synced, Trouble> {
        let (answers, said) = self.ask(query, vec![control::sync(cookie)]).await?;
        let mut synced = Synced::default();
        for (answer, beside) in answers {
            match answer.id {
                INTERMEDIATE => {
                    let info =
                        control::sync_info(answer).ok_or(Trouble::Broken("it tells of changes in no known way"))?;
                    synced.others.extend(info.changes);
                    synced.cookie = info.cookie.or(synced.cookie);
                }
                REFERENCE => {}
                _ => match (control::sync_state(&beside), entry_of(answer)) {
                    (Some(Change::Changed(uuid)), Some(entry)) => synced.changed.push((uuid, entry)),
                    (Some(other), _) => synced.others.push(other),
                    (None, _) => return Err(Trouble::Broken("an entry does not say what became of it")),
                },
            }
        }
        if let Some((cookie, tells_deletes)) = control::sync_done(&said) {
            synced.cookie = cookie.or(synced.cookie);
            synced.tells_deletes = tells_deletes;
        }
        Ok(synced)
    }

    async fn ask(
        &mut self,
        query: &Query<'_>,
        controls: Vec<RawControl>,
    ) -> Result<(Vec<(StructureTag, Vec<Control>)>, Vec<Control>), Trouble> {
        let mut answers = vec![];
        let said = self
            .each(query, controls, |answer, beside| {
                answers.push((answer, beside));
                answers.len() <= MOST
            })
            .await?;
        Ok((answers, said))
    }

    /// Hands over each answer as it comes, until enough was taken; what is said beside the last.
    async fn each(
        &mut self,
        query: &Query<'_>,
        controls: Vec<RawControl>,
        mut take: impl FnMut(StructureTag, Vec<Control>) -> bool,
    ) -> Result<Vec<Control>, Trouble> {
        let scope = if query.is_deep { Scope::Subtree } else { Scope::Base };
        let patience = self.patience;
        let asked = self.ldap.with_timeout(patience).with_controls(controls);
        let search = asked.streaming_search(query.base, scope, query.filter, query.attributes.to_vec());
        let mut stream = search.await.map_err(trouble(patience))?;
        while let Some(ResultEntry { 0: answer, 1: beside, .. }) = stream.next().await.map_err(trouble(patience))? {
            if !take(answer, beside) {
                return Err(Trouble::Broken("its answer does not end"));
            }
        }
        let result = stream.finish().await;
        done(&result)?;
        Ok(result.ctrls)
    }
}

/// Whether a text is a filter (RFC 4515).
#[must_use]
pub fn is_filter(text: &str) -> bool {
    ldap3::parse_filter(text).is_ok()
}

/// A value as it is written into a filter, so that none of its characters means anything there (RFC 4515 §3).
#[must_use]
pub fn escaped(value: &[u8]) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" @.-_".contains(&byte);
    let one = |byte: &u8| if plain(*byte) { char::from(*byte).to_string() } else { format!("\\{byte:02x}") };
    value.iter().map(one).collect()
}

/// Numbers of messages (RFC 4511 §4.5.2, §4.13).
const ENTRY: u64 = 4;
const REFERENCE: u64 = 19;
const INTERMEDIATE: u64 = 25;

/// `SearchResultEntry`; what is broken is no entry.
fn entry_of(answer: StructureTag) -> Option<Entry> {
    if answer.id != ENTRY {
        return None;
    }
    let mut parts = answer.expect_constructed()?.into_iter();
    let dn = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
    let attributes = parts.next()?.expect_constructed()?.into_iter().filter_map(|attribute| {
        let mut parts = attribute.expect_constructed()?.into_iter();
        let name = String::from_utf8(parts.next()?.expect_primitive()?).ok()?;
        let values = parts.next()?.expect_constructed()?;
        Some((name, values.into_iter().filter_map(StructureTag::expect_primitive).collect()))
    });
    Some(Entry::new(dn, attributes))
}

fn done(result: &LdapResult) -> Result<(), Trouble> {
    if result.rc == 0 { Ok(()) } else { Err(of_result(result.rc, &result.text, &result.matched, &result.refs)) }
}

fn trouble(patience: Duration) -> impl Fn(LdapError) -> Trouble {
    move |error| match error {
        LdapError::Timeout { .. } => Trouble::Late(patience),
        LdapError::FilterParsing => Trouble::Broken("the filter is none of RFC 4515"),
        LdapError::Io { source } => Trouble::Unreachable(source.to_string()),
        _ => Trouble::Unreachable("it ended the connection".to_owned()),
    }
}
