//! Redeeming an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5). A code that is used twice revokes all tokens that came
//! from it (RFC 6749 §4.1.2).

use super::{
    Exchange,
    machine::{self, Stored},
    standing::{Rest, Standing},
};
use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    oauth::{
        bearer::Ground,
        client::GrantType,
        error::{Code, Error, Refusal, refuse},
        store::StoredCode,
        token::{Draft, TokenResponse, life::refresh_token_end},
    },
    secret::{ExposeSecret, TokenHash},
    storage::{self, Tx},
    web::Parameters,
};

const USED: Refusal = refuse(Code::InvalidGrant, "the code was already used");

/// Exchanges a code for tokens.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub async fn redeem(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let Exchange { provider, client, parameters, ref context, .. } = exchange;
    let (storage, now) = (&provider.app.storage, context.now);
    let hash = TokenHash::of(parameters.required("code").map_err(Refusal::from)?);
    let (revocations, ground) = (provider.revocations(), Ground::of(provider));
    let code = storage.read().await?.authorization_codes().by_hash(hash).await?;
    let code = code.ok_or(machine::UNKNOWN)?;
    let stored =
        Stored { client_id: &code.family.client_id, redirect_uri: &code.redirect_uri, scopes: &code.family.scopes };
    machine::redeem(parameters, &client.client.id, stored)?;
    let context = context.by(Actor::Client(client.client.id.clone()));
    if code.used_at.is_some() && code.family.revoked_at.is_some() {
        return Err(USED.into());
    }
    if code.used_at.is_some() {
        storage.write(move |tx| Box::pin(async move { revoke_replayed(tx, &context, &code).await })).await?;
        return Err(USED.into());
    }
    check(&code, parameters, now)?;
    let bound = code.family.particulars.confirmation.as_ref();
    if bound.is_some() && bound != exchange.confirmation.as_ref() {
        return Err(refuse(Code::InvalidGrant, "the code is bound to a key that was not proved").into());
    }

    let binding = exchange.binding().filter(|_| bound.is_none()).cloned();
    let mut code = code;
    code.family.particulars.confirmation = code.family.particulars.confirmation.or_else(|| binding.clone());
    let family = code.family.clone();
    let (standing, draft, bounds) = Standing::drafted(&exchange, (&family, None), &family.scopes).await?;
    let refresh = client.client.allows(GrantType::RefreshToken).is_ok().then(|| provider.app.random.token());
    let idle = bounds.idle_within(provider.tokens().refresh_idle);
    let refresh_end = refresh_token_end(idle, now, family.expires_at, family.session_end);
    let rest = Rest {
        scopes: family.scopes.clone(),
        nonce: code.nonce.clone(),
        refresh_token: refresh.as_ref().map(|(text, _)| text.clone()),
    };
    let is_bound_now = binding.is_some();
    let next = refresh.map(|(_, hash)| (hash, refresh_end));
    let (redemption, draft) = storage
        .write(move |tx| {
            Box::pin(async move {
                if is_bound_now {
                    tx.families().bind(&code.family).await?;
                }
                Ok::<_, Error>((save(tx, &context, &code, (&draft, next)).await?, draft))
            })
        })
        .await?;
    match redemption {
        Redemption::Granted => {
            let answer = standing.respond(&exchange, &family, &draft, rest)?;
            provider.keep_family(&family, revocations);
            ground.keep(provider, answer.access_token.expose_secret(), draft.payload()).await;
            Ok(answer)
        }
        Redemption::Replayed => Err(USED.into()),
        Redemption::Gone => Err(refuse(Code::InvalidGrant, "the code has expired or was revoked").into()),
    }
}

/// What became of the code, whoever else tried at the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Redemption {
    Granted,
    Replayed,
    Gone,
}

fn check(code: &StoredCode, parameters: &Parameters, now: Timestamp) -> Result<(), Refusal> {
    let verifier = parameters.value("code_verifier");
    if now >= code.expires_at || !code.family.is_live(now) {
        return Err(refuse(Code::InvalidGrant, "the code has expired or was revoked"));
    }
    match (&code.challenge, verifier) {
        (Some(challenge), Some(verifier)) if challenge.is_met_by(verifier) => Ok(()),
        (Some(_), Some(_)) => Err(refuse(Code::InvalidGrant, "code_verifier does not match code_challenge")),
        (Some(_), None) => Err(refuse(Code::InvalidRequest, "code_verifier is missing")),
        // RFC 9700 §2.1.1: a verifier without a challenge is a downgrade.
        (None, Some(_)) => Err(refuse(Code::InvalidGrant, "the authorization request held no code_challenge")),
        // RFC 6749 §4.1.3: without PKCE, the address binds the code.
        (None, None) if parameters.value("redirect_uri").is_none() => {
            Err(refuse(Code::InvalidRequest, "redirect_uri is missing"))
        }
        (None, None) => Ok(()),
    }
}

async fn save(
    tx: &mut Tx,
    context: &Context,
    code: &StoredCode,
    (draft, next): (&Draft, Option<(TokenHash, Timestamp)>),
) -> storage::Result<Redemption> {
    if !tx.authorization_codes().take(code.hash, context.now).await? {
        return match tx.authorization_codes().family_if_used(code.hash).await? {
            Some(_) => revoke_replayed(tx, context, code).await.map(|()| Redemption::Replayed),
            None => Ok(Redemption::Gone),
        };
    }
    let family = &code.family;
    draft.save(tx.additions(), &family.client_id, Some(&family.id));
    if let Some((hash, expires_at)) = next {
        tx.refresh_tokens().insert_first(hash, &family.id, context.now, expires_at);
    }
    let event = Event::TokenIssue {
        user: family.user.as_str().to_owned(),
        client: family.client_id.clone(),
        grant_type: GrantType::AuthorizationCode.name(),
        token: draft.id.as_str().to_owned(),
    };
    tx.record(context, Some(&family.organization), &event);
    Ok(Redemption::Granted)
}

async fn revoke_replayed(tx: &mut Tx, context: &Context, code: &StoredCode) -> storage::Result<()> {
    let family = &code.family;
    if tx.families().revoke(&family.id, context.now).await? {
        let (user, client) = (family.user.clone(), family.client_id.clone());
        tx.record(context, Some(&family.organization), &Event::CodeReplay { user, client, family: family.id.clone() });
    }
    Ok(())
}
