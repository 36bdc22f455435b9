//! Connections: the outside systems that push people and groups into an organization, and the tokens they do it with.
//!
//! A connection says what its system may read and write, from which addresses, and which roles it may assign (never
//! `owner`), which permissions of apps it may grant, and whether it may verify registrations. It has one token, or two while the one follows the other, so that nobody is shut out by a rotation. Whoever
//! removes a connection ends its tokens; the people whom it brought stay.
//!
//! `rights`: what its system may do. `waiting`: what it said before it might. `token`: what it authenticates with. Each operation runs in the caller's unit of work and records its event there. How a request becomes a caller is
//! `endpoint/caller.rs`.

mod rights;
mod token;
mod waiting;

pub use self::{
    rights::Rights,
    token::{Token, Told, revoke, rotate},
    waiting::{Step, map_all, map_some},
};

use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::{self, origin::Origin, owner::OWNER, permission, provisioning},
    id::{ConnectionId, ConnectionTokenId, OrganizationId},
    secret::SecretString,
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
    let told = token::add(tx, context, &connection, (context.random.token().0, None)).await?;
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
    token::add(tx, context, &connection, (text, None)).await?;
    Ok(connection)
}

async fn found(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (name, rights): (&Slug, Rights),
) -> Result<Connection> {
    check_roles(tx, organization, &rights.roles).await?;
    permission::check_outside(tx, organization, &rights.permissions).await?;
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

/// Changes what a connection may do; its next request is judged by that. What it said before and may say now waits: whoever
/// calls goes on with [`map_all`], or leaves that to the server.
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
    permission::check_outside(tx, organization, &connection.rights.permissions).await?;
    tx.connections().update(&connection).await?;
    let source = Origin::of(&context.by(Actor::Connection(connection.id.to_string())));
    for slug in before.rights.roles.iter().filter(|slug| !connection.rights.roles.contains(slug)) {
        if let Some(role) = tx.roles().by_slug(organization, slug).await? {
            provisioning::look_again_at(tx, organization, (&role.id, Some(&source))).await?;
        }
    }
    if before.rights.may_map(&connection.rights) {
        provisioning::look_again(tx, organization).await?;
    }
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
