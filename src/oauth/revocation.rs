//! Revocation (RFC 7009): a client gives back its own token. A refresh token takes its whole family with it.

use super::{Provider, bearer, client_authentication::AuthenticatedClient};
use crate::{
    audit::{Actor, Context, Event},
    id::OrganizationId,
    secret::TokenHash,
    storage::{self, Tx},
};

/// Revokes `token` if it is the client's own; any other is left as it is, and the answer is the same (RFC 7009 §2.2).
///
/// # Errors
/// When the database fails.
pub async fn revoke(
    provider: &Provider,
    client: &AuthenticatedClient,
    token: &str,
    context: &Context,
) -> storage::Result<()> {
    let context = context.by(Actor::Client(client.client.id.clone()));
    let (storage, hash) = (&provider.app.storage, TokenHash::of(token));
    let refresh = storage.read().await?.refresh_tokens().by_hash(hash).await?;
    if let Some(refresh) = refresh {
        let family = refresh.family;
        if family.client_id != client.client.id || family.revoked_at.is_some() {
            return Ok(());
        }
        return storage
            .write(move |tx| {
                Box::pin(async move {
                    tx.families().revoke(&family.id, context.now).await?;
                    record(tx, &context, &family.organization, (family.user.as_str(), family.id.as_str()));
                    Ok(())
                })
            })
            .await;
    }
    let Some(live) = bearer::live(provider, token, context.now).await? else { return Ok(()) };
    if live.facts.client_id != client.client.id {
        return Ok(());
    }
    let family = match live.facts.jti.family() {
        Some(family) => provider.family(&family).await?,
        None => None,
    };
    let subject = family.map_or_else(|| live.facts.sub.clone(), |family| family.user.as_str().to_owned());
    let is_signed = token.contains('.');
    storage
        .write(move |tx| {
            Box::pin(async move {
                let facts = &live.facts;
                if is_signed {
                    tx.access_tokens().revoke_signed(&facts.jti, context.now, facts.expires_at());
                } else {
                    tx.access_tokens().revoke_opaque(hash, context.now).await?;
                }
                record(tx, &context, &facts.org_id, (&subject, facts.jti.as_str()));
                Ok(())
            })
        })
        .await
}

fn record(tx: &mut Tx, context: &Context, organization: &OrganizationId, (subject, token): (&str, &str)) {
    let Actor::Client(client) = &context.actor else { return };
    let user = if subject == client { String::new() } else { subject.to_owned() };
    let event = Event::TokenRevocation { user, client: client.clone(), token: token.to_owned() };
    tx.record(context, Some(organization), &event);
}
