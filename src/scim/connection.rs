//! Connections: the outside systems that push people and groups into an organization, and the tokens they do it with.
//!
//! A connection says what its system may read and write, from which addresses, and which roles it may assign: never
//! `owner`. It has one token, or two while the one follows the other, so that nobody is shut out by a rotation. Whoever
//! removes a connection ends its tokens; the people whom it brought stay.
//!
//! Each operation runs in the caller's unit of work and records its event there. How a request becomes a caller is
//! `endpoint/caller.rs`.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;

use super::caller::ResourceSet;
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    directory::{self, owner::OWNER},
    id::{ConnectionId, ConnectionTokenId, OrganizationId},
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::{self, Tx},
    text::Slug,
};

/// The most live tokens of one connection: the old one and its successor.
pub const MOST_TOKENS: usize = 2;

/// An outside system and what it may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its id.
    pub id: ConnectionId,
    /// The organization that it pushes into.
    pub organization: OrganizationId,
    /// What the organization calls it: unique among those that were not removed.
    pub name: Slug,
    /// What it may do.
    pub rights: Rights,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was removed.
    pub removed_at: Option<Timestamp>,
}

/// What an outside system may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rights {
    /// What it may see at all.
    pub resources: ResourceSet,
    /// Whether it may change that.
    pub may_write: bool,
    /// Where it may call from; from anywhere when empty.
    pub networks: Vec<IpNet>,
    /// The roles that it may assign.
    pub roles: Vec<Slug>,
    /// How long its tokens live; until they are revoked when `None`.
    pub token_life: Option<Duration>,
}

impl Default for Rights {
    /// Reads and writes people and groups from anywhere, and assigns no role.
    fn default() -> Self {
        Self { resources: ResourceSet::All, may_write: true, networks: vec![], roles: vec![], token_life: None }
    }
}

impl Rights {
    /// Whether a request may come from this address.
    #[must_use]
    pub fn admit(&self, address: IpAddr) -> bool {
        self.networks.is_empty() || self.networks.iter().any(|network| network.contains(&address.to_canonical()))
    }

    /// The names of what differs, for the audit log.
    fn changed(&self, other: &Self) -> String {
        let members = [
            ("resources", self.resources != other.resources),
            ("may_write", self.may_write != other.may_write),
            ("networks", self.networks != other.networks),
            ("roles", self.roles != other.roles),
            ("token_life", self.token_life != other.token_life),
        ];
        members.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name).collect::<Vec<_>>().join(" ")
    }
}

/// What an outside system authenticates with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: ConnectionTokenId,
    /// Whose it is.
    pub connection: ConnectionId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it expires, if ever.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// How often it was used, as far as it was written down: up to a minute ago.
    pub uses: i64,
    /// When it was last used, likewise.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// Whether it counts now.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

/// A token with its text, the only time that it can be seen.
#[derive(Debug)]
pub struct Told {
    /// The token.
    pub token: Token,
    /// Its text.
    pub text: SecretString,
    /// The token that it follows, with the instant at which that ends.
    pub replaces: Option<(ConnectionTokenId, Timestamp)>,
}

/// Why nothing was changed; the message is for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The organization.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// No such connection.
    #[error("there is no connection `{0}`")]
    Unknown(String),
    /// No such token.
    #[error("there is no token `{0}` that counts; `lanyard scim-token show NAME` shows those of a connection")]
    UnknownToken(ConnectionTokenId),
    /// The name is in use.
    #[error(
        "there is a connection `{0}` already; choose another name, or let its token be followed by a new one: \
         `lanyard scim-token rotate {0}`"
    )]
    Taken(Slug),
    /// Two are live already.
    #[error(
        "the connection has {MOST_TOKENS} live tokens already ({}): wait until the first has ended, or revoke the one that is \
         not in use: `lanyard scim-token revoke TOKEN`", list(.0)
    )]
    TooManyTokens(Vec<Token>),
    /// No outside source makes owners.
    #[error("no outside system may assign `{OWNER}`; an owner makes owners")]
    Owner,
    /// No such role.
    #[error("there is no role `{0}`")]
    UnknownRole(Slug),
}

fn list(tokens: &[Token]) -> String {
    let one = |token: &Token| match token.expires_at {
        Some(end) => format!("{} until {end}", token.id),
        None => token.id.to_string(),
    };
    tokens.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// What a [`Result`] of this module holds.
pub type Result<T> = std::result::Result<T, ConnectionError>;

/// Makes a connection with its first token.
///
/// # Errors
/// [`ConnectionError`].
pub async fn create(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (name, rights): (&Slug, Rights),
) -> Result<(Connection, Told)> {
    let connection = found(tx, context, organization, (name, rights)).await?;
    let told = add_token(tx, context, &connection, (context.random.token().0, None)).await?;
    Ok((connection, told))
}

/// Makes a connection whose token was chosen elsewhere: that of the demo. It has to be as random as one of ours where it is
/// not published anyhow, since only its plain SHA-256 is kept.
///
/// # Errors
/// [`ConnectionError`].
pub async fn create_with_token(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (name, rights): (&Slug, Rights),
    text: SecretString,
) -> Result<Connection> {
    let connection = found(tx, context, organization, (name, rights)).await?;
    add_token(tx, context, &connection, (text, None)).await?;
    Ok(connection)
}

async fn found(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (name, rights): (&Slug, Rights),
) -> Result<Connection> {
    check_roles(tx, organization, &rights.roles).await?;
    let connection = Connection {
        id: ConnectionId::fresh(context.now, &context.random),
        organization: organization.clone(),
        name: name.clone(),
        rights,
        created_at: context.now,
        removed_at: None,
    };
    if !tx.connections().insert(&connection).await? {
        return Err(ConnectionError::Taken(name.clone()));
    }
    let event = Event::ConnectionCreation { connection: connection.id.clone(), name: name.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(connection)
}

/// Changes what a connection may do; its next request is judged by that.
///
/// # Errors
/// [`ConnectionError`].
pub async fn change(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    name: &Slug,
    change: impl FnOnce(Rights) -> Rights,
) -> Result<Connection> {
    let before = find(tx, organization, name).await?;
    let connection = Connection { rights: change(before.rights.clone()), ..before.clone() };
    let attributes = before.rights.changed(&connection.rights);
    if attributes.is_empty() {
        return Ok(connection);
    }
    check_roles(tx, organization, &connection.rights.roles).await?;
    tx.connections().update(&connection).await?;
    let event = Event::ConnectionUpdate { connection: connection.id.clone(), attributes };
    tx.record(context, Some(organization), &event);
    Ok(connection)
}

/// Removes a connection: its tokens end, the people whom it brought stay.
///
/// # Errors
/// [`ConnectionError`].
pub async fn remove(tx: &mut Tx, context: &Context, organization: &OrganizationId, name: &Slug) -> Result<()> {
    let connection = find(tx, organization, name).await?;
    tx.connections().remove(&connection.id, context.now).await?;
    let event = Event::ConnectionRemoval { connection: connection.id, name: name.to_string() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

/// Makes the token that follows the present one, which ends after `overlap`.
///
/// # Errors
/// [`ConnectionError`].
pub async fn rotate(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    name: &Slug,
    overlap: Duration,
) -> Result<Told> {
    // Two at once see each other.
    tx.organizations().lock(organization).await?;
    let connection = find(tx, organization, name).await?;
    let tokens = tx.connections().tokens(&connection.id).await?;
    let live: Vec<Token> = tokens.into_iter().filter(|token| token.is_live(context.now)).collect();
    if live.len() >= MOST_TOKENS {
        return Err(ConnectionError::TooManyTokens(live));
    }
    let mut replaces = None;
    if let Some(present) = live.into_iter().next() {
        let end = context.now.plus(overlap);
        let end = present.expires_at.map_or(end, |sooner| sooner.min(end));
        tx.connections().end_token(&present.id, end).await?;
        replaces = Some((present.id, end));
    }
    add_token(tx, context, &connection, (context.random.token().0, replaces)).await
}

async fn add_token(
    tx: &mut Tx,
    context: &Context,
    connection: &Connection,
    (text, replaces): (SecretString, Option<(ConnectionTokenId, Timestamp)>),
) -> Result<Told> {
    let token = Token {
        id: ConnectionTokenId::fresh(context.now, &context.random),
        connection: connection.id.clone(),
        created_at: context.now,
        expires_at: connection.rights.token_life.map(|life| context.now.plus(life)),
        revoked_at: None,
        uses: 0,
        last_used_at: None,
    };
    tx.connections().insert_token(&token, TokenHash::of(text.expose_secret())).await?;
    let (earlier, until) = replaces.as_ref().map(|(id, end)| (id.to_string(), end.to_string())).unwrap_or_default();
    let event = Event::ConnectionTokenCreation {
        connection: connection.id.clone(),
        token: token.id.clone(),
        replaces: earlier,
        until,
    };
    tx.record(context, Some(&connection.organization), &event);
    Ok(Told { token, text, replaces })
}

/// Revokes a token at once.
///
/// # Errors
/// [`ConnectionError`].
pub async fn revoke(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    token: &ConnectionTokenId,
) -> Result<()> {
    let revoked = tx.connections().revoke_token(organization, token, context.now).await?;
    let connection = revoked.ok_or_else(|| ConnectionError::UnknownToken(token.clone()))?;
    let event = Event::ConnectionTokenRevocation { connection, token: token.clone() };
    tx.record(context, Some(organization), &event);
    Ok(())
}

/// The connection of this name that was not removed.
///
/// # Errors
/// [`ConnectionError::Unknown`], or when the database fails.
pub async fn find(tx: &mut Tx, organization: &OrganizationId, name: &Slug) -> Result<Connection> {
    let found = tx.connections().by_name(organization, name).await?;
    found.ok_or_else(|| ConnectionError::Unknown(name.to_string()))
}

async fn check_roles(tx: &mut Tx, organization: &OrganizationId, roles: &[Slug]) -> Result<()> {
    if roles.iter().any(|role| role.as_str() == OWNER) {
        return Err(ConnectionError::Owner);
    }
    if roles.is_empty() {
        return Ok(());
    }
    let known = tx.roles().list(organization).await?;
    match roles.iter().find(|role| !known.iter().any(|one| one.slug == **role)) {
        Some(unknown) => Err(ConnectionError::UnknownRole(unknown.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_is_used_from_its_networks_alone() {
        let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<IpNet>>();
        for (allowed, address, expected) in [
            (&[][..], "203.0.113.9", true),
            (&["192.0.2.0/24"], "192.0.2.7", true),
            (&["192.0.2.0/24"], "192.0.3.7", false),
            (&["192.0.2.0/24"], "::ffff:192.0.2.7", true),
            (&["2001:db8::/32", "192.0.2.0/24"], "2001:db8::1", true),
            (&["2001:db8::/32"], "192.0.2.7", false),
        ] {
            let rights = Rights { networks: networks(allowed), ..Rights::default() };
            assert_eq!(rights.admit(address.parse().unwrap()), expected, "{allowed:?} {address}");
        }
    }

    #[test]
    fn a_token_counts_until_it_expires_or_is_revoked() {
        let token = Token {
            id: ConnectionTokenId::from_stored("sct_a".into()),
            connection: ConnectionId::from_stored("scn_a".into()),
            created_at: Timestamp(0),
            expires_at: None,
            revoked_at: None,
            uses: 0,
            last_used_at: None,
        };
        for (expires, revoked, expected) in
            [(None, None, true), (Some(11), None, true), (Some(10), None, false), (None, Some(9), false)]
        {
            let (expires_at, revoked_at) = (expires.map(Timestamp), revoked.map(Timestamp));
            let token = Token { expires_at, revoked_at, ..token.clone() };
            assert_eq!(token.is_live(Timestamp(10)), expected, "{expires:?} {revoked:?}");
        }
    }

    #[test]
    fn what_was_changed_is_named() {
        let before = Rights::default();
        let after = Rights { may_write: false, roles: vec!["billing".parse().unwrap()], ..before.clone() };
        assert_eq!(before.changed(&after), "may_write roles");
        assert_eq!(before.changed(&before), "");
    }
}
