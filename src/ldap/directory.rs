//! A directory that is read by its service account: the first of its servers that answers.
//!
//! Who proves a password does so on a connection of their own, which ends with the answer: whoever binds anew changes who
//! speaks for everybody on a connection.

use std::{borrow::Cow, sync::Arc};

use rustls::ClientConfig;

use super::{
    connection::{Connection, Entry, Offered, Page, Query, Server, escaped},
    preset::Preset,
    settings::Settings,
    trouble::{Refusal, Trouble},
};
use crate::{outbound::Outbound, secret::SecretString, upstream::mapping::Said};

/// A description of a directory, with the password of the account that reads it.
#[derive(Debug, Clone)]
pub struct Directory {
    /// The description.
    pub settings: Arc<Settings>,
    outbound: Outbound,
    tls: Arc<ClientConfig>,
    password: SecretString,
}

/// A connection of the account that reads.
#[derive(Debug)]
pub struct Reader<'d> {
    /// The directory.
    pub directory: &'d Directory,
    /// The connection.
    pub connection: Connection,
    /// The server that it leads to.
    pub server: &'d Server,
}

/// What was asked for by its name is no more than this.
const MOST_FOUND: usize = 10_000;

/// Groups of a page: each may have very many members.
const GROUPS: u16 = 100;

/// What a directory says of itself (RFC 4512 §5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    entry: Entry,
}

impl Directory {
    /// A directory.
    ///
    /// # Errors
    /// [`Trouble::Forbidden`] when its authorities hold no certificates.
    pub fn new(settings: Arc<Settings>, outbound: Outbound, password: SecretString) -> Result<Self, Trouble> {
        let tls = Arc::new(outbound.tls(settings.authorities.as_deref())?);
        Ok(Self { settings, outbound, tls, password })
    }

    /// Opens a connection of the account that reads, to the first server that answers.
    ///
    /// # Errors
    /// The [`Trouble`] with the last server, or that which every server would have.
    pub async fn read(&self) -> Result<Reader<'_>, Trouble> {
        let mut last = Trouble::Unreachable("no server is named".to_owned());
        for server in &self.settings.servers {
            match self.read_at(server).await {
                Ok(reader) => return Ok(reader),
                Err(trouble) if trouble.is_of_the_server() => {
                    tracing::debug!(server = %server.url, %trouble, "A server of a directory does not answer.");
                    last = trouble;
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(last)
    }

    /// The same, at one of its servers.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn read_at<'d>(&'d self, server: &'d Server) -> Result<Reader<'d>, Trouble> {
        let mut connection = self.open(server).await?;
        connection.bind(&self.settings.bind_dn, &self.password).await?;
        Ok(Reader { directory: self, connection, server })
    }

    /// A connection of nobody yet.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn open(&self, server: &Server) -> Result<Connection, Trouble> {
        Connection::open(&self.outbound, server, (Arc::clone(&self.tls), self.settings.patience)).await
    }

    /// The one person whom somebody means who typed `name`; none where there is nobody, or more than one.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn find(&self, reader: &mut Reader<'_>, name: &str) -> Result<Option<Entry>, Trouble> {
        let value = escaped(name.trim().as_bytes());
        let named = self.settings.people.names.iter();
        let named = named.fold(String::new(), |all, attribute| all + "(" + attribute + "=" + &value + ")");
        let filter = format!("(&{}(|{named}))", self.settings.people.filter);
        let wanted = self.wanted_of_people();
        let mut found = vec![];
        for base in &self.settings.people.bases {
            let query = Query { base, is_deep: true, filter: &filter, attributes: &wanted };
            let mut from = None;
            while found.len() < 2 {
                let page = reader.connection.page(&query, from.as_deref()).await?;
                found.extend(page.entries);
                from = page.next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// Lets the directory compare the password of an entry.
    ///
    /// # Errors
    /// [`Trouble::Credentials`] when it is another, or may not be used; others when nobody could be asked.
    pub async fn prove(&self, server: &Server, dn: &str, password: &SecretString) -> Result<(), Trouble> {
        // A name without an entry would be nobody, who is let in everywhere (RFC 4513 §5.1.1).
        if dn.is_empty() {
            return Err(Trouble::Credentials(Refusal::Wrong));
        }
        self.open(server).await?.bind(dn, password).await
    }

    /// What is wanted of a person's entry.
    #[must_use]
    pub fn wanted_of_people(&self) -> Vec<&str> {
        let preset = self.settings.preset;
        let mut wanted: Vec<&str> = self.settings.people.mapping.names().into_iter().collect();
        wanted.push(preset.anchor());
        wanted.extend(preset.states());
        wanted.extend(self.settings.people.names.iter().map(String::as_str));
        wanted
    }

    /// What is wanted of a group's entry.
    #[must_use]
    pub fn wanted_of_groups(&self) -> Vec<&str> {
        let preset = self.settings.preset;
        let (members, by_account) = preset.members();
        let own = ["cn", "objectSid", preset.anchor()];
        own.into_iter()
            .chain(members.iter().copied())
            .chain(by_account)
            .chain(preset.states().iter().copied())
            .collect()
    }
}

impl Reader<'_> {
    /// What the directory says of itself.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn root(&mut self) -> Result<Root, Trouble> {
        const WANTED: &[&str] = &[
            "supportedControl",
            "namingContexts",
            "defaultNamingContext",
            "highestCommittedUSN",
            "dsServiceName",
            "vendorName",
            "supportedCapabilities",
        ];
        let entry = self.connection.read("", WANTED).await?;
        entry.map(|entry| Root { entry }).ok_or(Trouble::Broken("it says nothing of itself"))
    }

    /// Whether the account certainly sees what was deleted (Active Directory): it sees something.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn sees_deleted(&mut self, context: &str) -> Result<bool, Trouble> {
        let base = format!("CN=Deleted Objects,{context}");
        let filter = "(&(isDeleted=TRUE)(objectClass=user))";
        let query = Query { base: &base, is_deep: true, filter, attributes: &["objectGUID"] };
        match self.connection.page_with_deleted(&query, None).await {
            Ok(page) => Ok(!page.entries.is_empty()),
            Err(Trouble::Denied(_) | Trouble::NoSuchEntry(_) | Trouble::Unsupported(..)) => Ok(false),
            Err(trouble) => Err(trouble),
        }
    }

    /// People below one of the bases, a page at a time.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn people(&mut self, base: &str, from: Option<&[u8]>) -> Result<Page, Trouble> {
        let wanted = self.directory.wanted_of_people();
        let filter = &self.directory.settings.people.filter;
        self.connection.page(&Query { base, is_deep: true, filter, attributes: &wanted }, from).await
    }

    /// Groups below one of the bases, a page at a time, each with all its members.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn groups(&mut self, base: &str, from: Option<&[u8]>) -> Result<Page, Trouble> {
        let filter = self.directory.settings.groups.filter.clone();
        self.groups_where(base, &filter, from).await
    }

    /// Those of these anchors, as filters have them.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn people_of(&mut self, base: &str, anchors: &[String]) -> Result<Vec<Entry>, Trouble> {
        let settings = &self.directory.settings;
        let filter = format!("(&{}{})", settings.people.filter, any_of(settings.preset.anchor(), anchors));
        let wanted = self.directory.wanted_of_people();
        let query = Query { base, is_deep: true, filter: &filter, attributes: &wanted };
        let (mut found, mut from) = (vec![], None);
        loop {
            let page = self.connection.page(&query, from.as_deref()).await?;
            found.extend(page.entries);
            from = page.next;
            if from.is_none() || found.len() > MOST_FOUND {
                return Ok(found);
            }
        }
    }

    /// Groups of which `name` has one of these values, as filters have them.
    ///
    /// # Errors
    /// [`Trouble`].
    pub async fn groups_of(&mut self, base: &str, (name, values): (&str, &[String])) -> Result<Page, Trouble> {
        let filter = format!("(&{}{})", self.directory.settings.groups.filter, any_of(name, values));
        let (mut found, mut from) = (Page::default(), None);
        loop {
            let page = self.groups_where(base, &filter, from.as_deref()).await?;
            found.entries.extend(page.entries);
            found.unread.extend(page.unread);
            from = page.next;
            if from.is_none() {
                return Ok(found);
            }
            if found.entries.len() > MOST_FOUND {
                return Err(Trouble::Broken("its pages do not end"));
            }
        }
    }

    async fn groups_where(&mut self, base: &str, filter: &str, from: Option<&[u8]>) -> Result<Page, Trouble> {
        let wanted = self.directory.wanted_of_groups();
        let query = Query { base, is_deep: true, filter, attributes: &wanted };
        let mut page = self.connection.page_of(&query, GROUPS, from).await?;
        for mut group in std::mem::take(&mut page.entries) {
            match self.complete(&mut group).await {
                Ok(()) => page.entries.push(group),
                // It is that of this group alone.
                Err(trouble @ (Trouble::Broken(_) | Trouble::NoSuchEntry(_))) => page.unread.push((group, trouble)),
                Err(trouble) => return Err(trouble),
            }
        }
        Ok(page)
    }

    /// Reads the rest of lists that came in parts.
    async fn complete(&mut self, group: &mut Entry) -> Result<(), Trouble> {
        for name in self.directory.settings.preset.members().0 {
            let Some((mut values, mut next)) = group.take_range(name) else { continue };
            while let Some(from) = next {
                let part = format!("{name};range={from}-*");
                let found = self.connection.read(&group.dn, &[&part]).await?;
                let taken = found.and_then(|mut found| found.take_range(name));
                let (more, after) = taken.ok_or(Trouble::Broken("a long list of members breaks off"))?;
                // Whoever tells the same part for ever would be asked for ever.
                if after.is_some_and(|after| after <= from) {
                    return Err(Trouble::Broken("a long list of members does not end"));
                }
                values.extend(more);
                next = after;
            }
            group.add(name, values);
        }
        Ok(())
    }
}

/// An anchor as a filter has it (RFC 4515).
#[must_use]
pub fn in_filter(anchor: &str, preset: Preset) -> String {
    match preset {
        Preset::ActiveDirectory => {
            let bytes = anchor.as_bytes().chunks(2).filter_map(|pair| str::from_utf8(pair).ok());
            bytes.flat_map(|pair| ["\\", pair]).collect()
        }
        Preset::OpenLdap => escaped(anchor.as_bytes()),
    }
}

/// A filter (RFC 4515) for one of these values, which are written as filters have them.
fn any_of(name: &str, values: &[String]) -> String {
    values.iter().fold("(|".to_owned(), |all, value| all + "(" + name + "=" + value + ")") + ")"
}

impl Root {
    /// Whether it offers something beside plain searches.
    #[must_use]
    pub fn offers(&self, offered: Offered) -> bool {
        self.entry.texts("supportedControl").any(|oid| oid == offered.oid())
    }

    /// Names below which its entries lie.
    pub fn contexts(&self) -> impl Iterator<Item = &str> {
        self.entry.texts("defaultNamingContext").chain(self.entry.texts("namingContexts"))
    }

    /// The number of its last change, in Active Directory, and which of its controllers counts so.
    #[must_use]
    pub fn last_change(&self) -> Option<(i64, &str)> {
        Some((self.entry.number("highestCommittedUSN")?, self.entry.text("dsServiceName")?))
    }
}

impl Said for Entry {
    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        if name.eq_ignore_ascii_case("dn") {
            return vec![self.dn.as_str().into()];
        }
        self.texts(name).map(Cow::from).collect()
    }
}
