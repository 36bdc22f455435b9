//! What administrators do with clients: register, disable, enable, and the life of secrets. Each runs in the caller's unit
//! of work and records its event there.

use std::time::Duration;

use super::{
    client::{Client, Secret},
    registration::{Registration, RegistrationError},
};
use crate::{
    audit::{Context, Event},
    id::ClientSecretId,
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::{self, Tx},
};

/// The most live secrets of one client: the old one and its successor.
pub const MOST_SECRETS: usize = 2;

/// Why nothing was changed; the message is for the administrator.
#[derive(Debug, thiserror::Error)]
pub enum RegistrarError {
    /// The description of the client breaks a rule.
    #[error(transparent)]
    Registration(#[from] RegistrationError),
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// The id is taken.
    #[error("there is a client `{0}` already")]
    Taken(String),
    /// No such client.
    #[error("there is no client `{0}`")]
    Unknown(String),
    /// No such secret.
    #[error("the client has no live secret `{0}`")]
    UnknownSecret(ClientSecretId),
    /// A public client keeps no secret, and one that has keys needs none.
    #[error("a client with this `token_endpoint_auth_method` has no secret")]
    Public,
    /// Two are live already.
    #[error("the client has {MOST_SECRETS} live secrets; revoke one first")]
    TooManySecrets,
}

/// Registers a client.
///
/// # Errors
/// [`RegistrarError`].
pub async fn register(tx: &mut Tx, context: &Context, registration: Registration) -> Result<Client, RegistrarError> {
    let client = registration.check(context.now)?;
    if !tx.clients().insert(&client).await? {
        return Err(RegistrarError::Taken(client.id));
    }
    tx.record(context, client.organization.as_ref(), &Event::ClientCreation { client: client.id.clone() });
    Ok(client)
}

/// Addresses in place of those that a client has.
#[derive(Debug, Clone)]
pub struct Addresses {
    /// The addresses, exactly.
    pub uris: Vec<String>,
    /// Those to go to after signing out, not those that codes are sent to.
    pub after_logout: bool,
}

/// Replaces the redirect URIs of a client.
///
/// # Errors
/// [`RegistrarError`].
pub async fn replace_addresses(
    tx: &mut Tx,
    context: &Context,
    id: &str,
    Addresses { uris, after_logout }: Addresses,
) -> Result<(), RegistrarError> {
    let attributes = if after_logout { "post_logout_redirect_uris" } else { "redirect_uris" };
    let replace = move |mut registration: Registration| {
        if after_logout {
            registration.post_logout_redirect_uris = uris;
        } else {
            registration.redirect_uris = uris;
        }
        Ok(registration)
    };
    change(tx, context, id, (attributes.to_owned(), replace)).await.map(drop)
}

/// Changes what a client registered; all rules are checked anew. `attributes` are the names of the members, for the audit.
///
/// # Errors
/// [`RegistrarError`].
pub async fn change(
    tx: &mut Tx,
    context: &Context,
    id: &str,
    (attributes, change): (String, impl FnOnce(Registration) -> Result<Registration, RegistrationError>),
) -> Result<Client, RegistrarError> {
    let before = find(tx, id).await?;
    let client = Client {
        created_at: before.created_at,
        disabled_at: before.disabled_at,
        tokens_void_before: before.tokens_void_before,
        ..change(Registration::of(before))?.check(context.now)?
    };
    tx.clients().update(&client).await?;
    let event = Event::ClientUpdate { client: client.id.clone(), attributes };
    tx.record(context, client.organization.as_ref(), &event);
    Ok(client)
}

/// Disables a client; its refresh tokens end and its access tokens are no longer active.
///
/// # Errors
/// [`RegistrarError`].
pub async fn disable(tx: &mut Tx, context: &Context, id: &str) -> Result<(), RegistrarError> {
    let client = find(tx, id).await?;
    if tx.clients().set_disabled(id, Some(context.now), context.now).await? {
        tx.families().revoke_all_of_client(id, context.now).await?;
        switched(tx, context, &client, "disabled");
    }
    Ok(())
}

/// Enables a client again; its tokens stay ended.
///
/// # Errors
/// [`RegistrarError`].
pub async fn enable(tx: &mut Tx, context: &Context, id: &str) -> Result<(), RegistrarError> {
    let client = find(tx, id).await?;
    if tx.clients().set_disabled(id, None, context.now).await? {
        switched(tx, context, &client, "enabled");
    }
    Ok(())
}

/// Makes a secret of 256 bits and returns it, the only time that it can be seen.
///
/// # Errors
/// [`RegistrarError`].
pub async fn add_secret(
    tx: &mut Tx,
    context: &Context,
    id: &str,
    life: Option<Duration>,
) -> Result<(ClientSecretId, SecretString), RegistrarError> {
    let (text, _) = context.random.token();
    let secret = put_secret(tx, context, id, (&text, life)).await?;
    Ok((secret, text))
}

/// Stores a secret that was chosen elsewhere: that of a demo, or of a client that moves here. It must be as random as one
/// of ours, since only its plain SHA-256 is kept.
///
/// # Errors
/// [`RegistrarError`].
pub async fn put_secret(
    tx: &mut Tx,
    context: &Context,
    id: &str,
    (text, life): (&SecretString, Option<Duration>),
) -> Result<ClientSecretId, RegistrarError> {
    let client = find(tx, id).await?;
    if !client.authentication.has_secret() {
        return Err(RegistrarError::Public);
    }
    let in_use = tx.clients().secrets(id).await?.iter().filter(|secret| secret.is_live(context.now)).count();
    if in_use >= MOST_SECRETS {
        return Err(RegistrarError::TooManySecrets);
    }
    let secret = Secret {
        id: ClientSecretId::fresh(context.now, &context.random),
        hash: TokenHash::of(text.expose_secret()),
        created_at: context.now,
        expires_at: life.map(|life| context.now.plus(life)),
    };
    tx.clients().insert_secret(id, &secret).await?;
    let event = Event::SecretCreation { client: client.id.clone(), secret: secret.id.clone() };
    tx.record(context, client.organization.as_ref(), &event);
    Ok(secret.id)
}

/// Revokes a secret.
///
/// # Errors
/// [`RegistrarError`].
pub async fn revoke_secret(
    tx: &mut Tx,
    context: &Context,
    id: &str,
    secret: &ClientSecretId,
) -> Result<(), RegistrarError> {
    let client = find(tx, id).await?;
    if !tx.clients().revoke_secret(id, secret, context.now).await? {
        return Err(RegistrarError::UnknownSecret(secret.clone()));
    }
    let event = Event::SecretRevocation { client: client.id.clone(), secret: secret.clone() };
    tx.record(context, client.organization.as_ref(), &event);
    Ok(())
}

async fn find(tx: &mut Tx, id: &str) -> Result<Client, RegistrarError> {
    tx.clients().by_id(id).await?.ok_or_else(|| RegistrarError::Unknown(id.to_owned()))
}

fn switched(tx: &mut Tx, context: &Context, client: &Client, state: &str) {
    let event = Event::ClientSwitch { client: client.id.clone(), state: state.to_owned() };
    tx.record(context, client.organization.as_ref(), &event);
}
