//! What a client is answered that asks whether a person has decided yet (RFC 8628 §3.4 and §3.5; CIBA Core 1.0 §10.1 and
//! §11): it keeps its pace or has to slow down, and once the person has agreed it gets its tokens, one time.

use std::time::Duration;

use super::{
    Exchange, machine,
    standing::{Rest, Standing},
};
use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    id::FamilyId,
    oauth::{
        client::GrantType,
        error::{Code, Error, Refusal, refuse},
        store::{Asks, Decision, DeferredRequest, Family},
        token::{Draft, TokenResponse, life::refresh_token_end},
    },
    secret::TokenHash,
    storage::{self, Tx},
};

const PENDING: Refusal = refuse(Code::AuthorizationPending, "the person has not decided yet");
const TOO_FAST: Refusal = refuse(Code::SlowDown, "the client asks too often; it waits five seconds longer from now on");
const EXPIRED: Refusal = refuse(Code::ExpiredToken, "nobody decided in time");
const REFUSED: Refusal = refuse(Code::AccessDenied, "the person did not allow it");
const USED: Refusal = refuse(Code::InvalidGrant, "the tokens were fetched already");

/// What a client that is too fast waits longer, in seconds (RFC 8628 §3.5).
const SLOWER: i64 = 5;
/// Who asks again sooner than this is told to wait, and nothing is written.
const FLOOD: Duration = Duration::from_secs(1);

/// How much sooner than its interval a question may arrive, in milliseconds: the way is not always equally long.
const GRACE: i64 = 500;

/// Answers the question about the request behind `secret`; `whom` tells requests of this grant from others.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub(super) async fn answer(
    exchange: Exchange<'_>,
    secret: &str,
    (grant_type, whom): (GrantType, fn(&Asks) -> bool),
) -> Result<TokenResponse, Error> {
    let (storage, now) = (&exchange.provider.app.storage, exchange.context.now);
    let context = exchange.context.by(Actor::Client(exchange.client.client.id.clone()));
    let request = storage.read().await?.deferred_requests().by_hash(TokenHash::of(secret)).await?;
    let is_own = |request: &DeferredRequest| request.client_id == exchange.client.client.id && whom(&request.asks);
    let request = request.filter(is_own).ok_or(machine::UNKNOWN)?;
    match state(&request, now) {
        State::Pending if request.polled_at.is_some_and(|last| now.since(last) < FLOOD) => Err(TOO_FAST.into()),
        State::Pending => {
            let work = async move |tx: &mut Tx| tx.deferred_requests().poll(request.hash, now, (GRACE, SLOWER)).await;
            let in_time = storage.write(move |tx| Box::pin(async move { work(tx).await })).await?;
            Err(if in_time { PENDING } else { TOO_FAST }.into())
        }
        State::Expired => Err(EXPIRED.into()),
        State::Refused => Err(REFUSED.into()),
        State::Redeemed(family) => {
            let family = storage.read().await?.families().by_id(&family).await?;
            let family = family.filter(|family| family.revoked_at.is_none()).ok_or(USED)?;
            storage.write(move |tx| Box::pin(async move { revoke_replayed(tx, &context, &family).await })).await?;
            Err(USED.into())
        }
        State::Allowed(family) => {
            let family = storage.read().await?.families().by_id(&family).await?.ok_or(EXPIRED)?;
            redeem(exchange, &context, (request, family), grant_type).await
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Pending,
    Expired,
    Refused,
    Allowed(FamilyId),
    Redeemed(FamilyId),
}

fn state(request: &DeferredRequest, now: Timestamp) -> State {
    match &request.decision {
        Decision::Redeemed(family) => State::Redeemed(family.clone()),
        Decision::Refused => State::Refused,
        _ if now >= request.expires_at => State::Expired,
        Decision::Allowed(family) => State::Allowed(family.clone()),
        Decision::Pending => State::Pending,
    }
}

async fn redeem(
    exchange: Exchange<'_>,
    context: &Context,
    (request, family): (DeferredRequest, Family),
    grant_type: GrantType,
) -> Result<TokenResponse, Error> {
    let (provider, now, context) = (exchange.provider, exchange.context.now, context.clone());
    if !family.is_live(now) {
        return Err(refuse(Code::InvalidGrant, "the authorization was revoked").into());
    }
    let mut family = family;
    family.particulars.confirmation = exchange.binding().cloned();
    let (standing, draft, bounds) = Standing::drafted(&exchange, (&family, None), &family.scopes).await?;
    let is_refreshed = exchange.client.client.allows(GrantType::RefreshToken).is_ok();
    let refresh = is_refreshed.then(|| provider.app.random.token());
    let idle = bounds.idle_within(provider.tokens().refresh_idle);
    let end = refresh_token_end(idle, now, family.expires_at, family.session_end);
    let next = refresh.as_ref().map(|(_, hash)| (*hash, end));
    let saved = family.clone();
    let (taken, draft) = provider
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let about = (request.hash, saved, grant_type);
                Ok::<_, Error>((save(tx, &context, about, (&draft, next)).await?, draft))
            })
        })
        .await?;
    if !taken {
        return Err(USED.into());
    }
    let rest = Rest { scopes: family.scopes.clone(), nonce: None, refresh_token: refresh.map(|(text, _)| text) };
    standing.respond(&exchange, &family, &draft, rest)
}

/// Writes down that the tokens were fetched; `false` when somebody else was quicker, whose tokens end then.
async fn save(
    tx: &mut Tx,
    context: &Context,
    (hash, family, grant_type): (TokenHash, Family, GrantType),
    (draft, next): (&Draft, Option<(TokenHash, Timestamp)>),
) -> storage::Result<bool> {
    if !tx.deferred_requests().take(hash, context.now).await? {
        revoke_replayed(tx, context, &family).await?;
        return Ok(false);
    }
    if family.particulars.confirmation.is_some() {
        tx.families().bind(&family).await?;
    }
    draft.save(tx.additions(), &family.client_id, Some(&family.id));
    if let Some((hash, expires_at)) = next {
        tx.refresh_tokens().insert_first(hash, &family.id, context.now, expires_at);
    }
    let event = Event::TokenIssue {
        user: family.user.as_str().to_owned(),
        client: family.client_id.clone(),
        grant_type: grant_type.name(),
        token: draft.id.as_str().to_owned(),
    };
    tx.record(context, Some(&family.organization), &event);
    Ok(true)
}

/// Whoever asks a second time, or who asked first, is not the client.
async fn revoke_replayed(tx: &mut Tx, context: &Context, family: &Family) -> storage::Result<()> {
    if tx.families().revoke(&family.id, context.now).await? {
        let (user, client) = (family.user.clone(), family.client_id.clone());
        tx.record(context, Some(&family.organization), &Event::CodeReplay { user, client, family: family.id.clone() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::DeferredId, oauth::scope::Scopes};

    #[test]
    fn a_request_is_decided_before_it_expires_and_redeemed_once() {
        let family = || FamilyId::from_stored("fam_x".into());
        for (case, decision, now, expected) in [
            ("new", Decision::Pending, 99, State::Pending),
            ("nobody came", Decision::Pending, 100, State::Expired),
            ("refused", Decision::Refused, 99, State::Refused),
            ("refused, asked late", Decision::Refused, 100, State::Refused),
            ("allowed", Decision::Allowed(family()), 99, State::Allowed(family())),
            ("allowed, asked late", Decision::Allowed(family()), 100, State::Expired),
            ("used", Decision::Redeemed(family()), 99, State::Redeemed(family())),
            ("used long ago", Decision::Redeemed(family()), 100, State::Redeemed(family())),
        ] {
            let request = DeferredRequest {
                id: DeferredId::from_stored("ask_x".into()),
                hash: TokenHash::of("x"),
                client_id: "kiosk".into(),
                asks: Asks::Whoever("BCDFGHJK".parse().unwrap()),
                organization: None,
                scopes: Scopes::default(),
                resources: vec![],
                interval: 5,
                polled_at: None,
                created_at: Timestamp(0),
                expires_at: Timestamp(100),
                decision,
            };
            assert_eq!(state(&request, Timestamp(now)), expected, "{case}");
        }
    }
}
