//! Refreshing (RFC 6749 §6) with rotation (RFC 9700 §4.14.2): each token is used once; a replay revokes the family, not the
//! session. A client that lost the answer on the network may repeat once, within [`REPEAT_WINDOW`] and while the successor
//! was not used; the lost successor is dead then, so that a thief gains nothing.

use std::time::Duration;

use super::{
    Exchange,
    machine::{self, Stored},
    standing::{Rest, Standing},
};
use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    oauth::{
        error::{Code, Error, Refusal, refuse},
        redirect_uri::Registrant,
        store::StoredRefreshToken,
        token::{Draft, TokenResponse, life::refresh_token_end},
    },
    secret::TokenHash,
    storage::{self, Tx},
};

/// How long a client may repeat a refresh whose answer it lost.
pub const REPEAT_WINDOW: Duration = Duration::from_secs(10);

const REPLAYED: Refusal = refuse(Code::InvalidGrant, "the refresh token was already used");
const UNBOUND: Refusal = refuse(Code::InvalidGrant, "the refresh token is bound to a key that was not proved");
const GONE: Refusal = refuse(Code::InvalidGrant, "the refresh token has expired or was revoked");

/// Exchanges a refresh token for new tokens.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub async fn rotate(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let Exchange { provider, client, parameters, ref context, .. } = exchange;
    let (storage, now) = (&provider.app.storage, context.now);
    let hash = TokenHash::of(parameters.required("refresh_token").map_err(Refusal::from)?);
    let token = storage.read().await?.refresh_tokens().by_hash(hash).await?;
    let token = token.ok_or(machine::UNKNOWN)?;
    // Refresh tokens are bound to no address: any that parses will do.
    let stored =
        Stored { client_id: &token.family.client_id, redirect_uri: provider.issuer(), scopes: &token.family.scopes };
    let scopes = machine::refresh(parameters, &client.client.id, stored)?;
    let context = context.by(Actor::Client(client.client.id.clone()));
    match usage(&token, now) {
        Usage::Gone => return Err(GONE.into()),
        Usage::Replay => {
            storage.write(move |tx| Box::pin(async move { revoke_replayed(tx, &context, &token).await })).await?;
            return Err(REPLAYED.into());
        }
        Usage::First | Usage::Repeat => {}
    }
    let bound = token.family.particulars.confirmation.as_ref();
    let is_public = client.client.registrant() == Registrant::Public;
    if is_public && bound.is_some() && bound != exchange.confirmation.as_ref() {
        return Err(UNBOUND.into());
    }

    let family = token.family.clone();
    let last = Some(token.created_at);
    let (standing, draft, bounds) = Standing::drafted(&exchange, (&family, last), &scopes).await?;
    let (text, hash) = provider.app.random.token();
    let idle = bounds.idle_within(provider.tokens().refresh_idle);
    let end = refresh_token_end(idle, now, family.expires_at, family.session_end);
    let (rotation, draft) = storage
        .write(move |tx| {
            Box::pin(async move { Ok::<_, Error>((save(tx, &context, &token, (&draft, hash, end)).await?, draft)) })
        })
        .await?;
    match rotation {
        Usage::First | Usage::Repeat => {
            let rest = Rest { scopes, nonce: None, refresh_token: Some(text) };
            standing.respond(&exchange, &family, &draft, rest)
        }
        Usage::Replay => Err(REPLAYED.into()),
        Usage::Gone => Err(GONE.into()),
    }
}

/// What presenting a token means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Usage {
    /// It was not used before.
    First,
    /// It was used just now; perhaps the answer was lost. The database has the last word.
    Repeat,
    /// It was used before: one of the two holders is a thief.
    Replay,
    /// It has expired or was revoked.
    Gone,
}

fn usage(token: &StoredRefreshToken, now: Timestamp) -> Usage {
    if !token.family.is_live(now) {
        return Usage::Gone;
    }
    match token.used_at {
        None if now < token.expires_at => Usage::First,
        None => Usage::Gone,
        Some(used_at) if now.since(used_at) <= REPEAT_WINDOW && token.repeated_at.is_none() => Usage::Repeat,
        Some(_) => Usage::Replay,
    }
}

async fn save(
    tx: &mut Tx,
    context: &Context,
    token: &StoredRefreshToken,
    (draft, next, end): (&Draft, TokenHash, Timestamp),
) -> storage::Result<Usage> {
    let now = context.now;
    let usage = if tx.refresh_tokens().take(token.hash, now).await? {
        Usage::First
    } else if tx.refresh_tokens().repeat(token.hash, now, REPEAT_WINDOW).await? {
        Usage::Repeat
    } else {
        return refused(tx, context, token).await;
    };
    let family = &token.family;
    tx.refresh_tokens().insert_successor(next, token, now, end).await?;
    draft.save(tx.additions(), &family.client_id, Some(&family.id));
    let event = Event::TokenRefresh {
        user: family.user.clone(),
        client: family.client_id.clone(),
        family: family.id.clone(),
        token: draft.id.as_str().to_owned(),
    };
    tx.record(context, Some(&family.organization), &event);
    Ok(usage)
}

/// Somebody else was quicker since the token was read: with the same token, or by revoking it.
async fn refused(tx: &mut Tx, context: &Context, token: &StoredRefreshToken) -> storage::Result<Usage> {
    let Some(token) = tx.refresh_tokens().by_hash(token.hash).await? else { return Ok(Usage::Gone) };
    if token.used_at.is_none() || !token.family.is_live(context.now) {
        return Ok(Usage::Gone);
    }
    revoke_replayed(tx, context, &token).await?;
    Ok(Usage::Replay)
}

async fn revoke_replayed(tx: &mut Tx, context: &Context, token: &StoredRefreshToken) -> storage::Result<()> {
    let family = &token.family;
    if tx.families().revoke(&family.id, context.now).await? {
        let (user, client) = (family.user.clone(), family.client_id.clone());
        tx.record(context, Some(&family.organization), &Event::TokenReplay { user, client, family: family.id.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::testing::family;

    #[test]
    fn a_token_is_used_once_and_repeated_only_at_once() {
        let now = Timestamp(100_000);
        for (case, used_at, repeated_at, expires_at, revoked_at, expected) in [
            ("new", None, None, 200_000, None, Usage::First),
            ("expired", None, None, 100_000, None, Usage::Gone),
            ("used just now", Some(90_000), None, 200_000, None, Usage::Repeat),
            ("used a moment ago", Some(89_999), None, 200_000, None, Usage::Replay),
            ("repeated already", Some(99_000), Some(99_500), 200_000, None, Usage::Replay),
            ("revoked", None, None, 200_000, Some(1), Usage::Gone),
            ("used and revoked", Some(1), None, 200_000, Some(1), Usage::Gone),
        ] {
            let mut family = family("portal", "usr_o", "a");
            family.revoked_at = revoked_at.map(Timestamp);
            let token = StoredRefreshToken {
                hash: TokenHash::of("r"),
                family,
                created_at: Timestamp(0),
                expires_at: Timestamp(expires_at),
                used_at: used_at.map(Timestamp),
                repeated_at: repeated_at.map(Timestamp),
            };
            assert_eq!(usage(&token, now), expected, "{case}");
        }
    }
}
