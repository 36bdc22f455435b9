//! Tokens of connections: one that follows another, and one that ends.

use std::time::Duration;

use super::{Connection, ConnectionError, MOST_TOKENS, Result, find};
use crate::{
    audit::{Context, Event},
    clock::Timestamp,
    id::{ConnectionId, ConnectionTokenId, OrganizationId},
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::Tx,
    text::Slug,
};

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
    add(tx, context, &connection, (context.random.token().0, replaces)).await
}

pub(super) async fn add(
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
