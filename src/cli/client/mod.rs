//! `lanyard client`: the apps and services that may ask for tokens.

mod arguments;
mod declaration;
mod logouts;
mod members;
mod registration_token;
mod roles;

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value};

pub(super) use arguments::Client;

use arguments::{Description, SecretCommand};

use super::{
    Shell, print,
    scope::{self, Scope},
};
use crate::{
    directory::app::{self, Adopt, Requires},
    id::ClientSecretId,
    oauth::{
        client::{AccessTokenFormat, Client as Registered, Secret},
        redirect_uri::RedirectUri,
        registrar::{self, Addresses, RegistrarError},
        registration::Registration,
        sector,
    },
    secret::{ExposeSecret, SecretString},
    storage::{Tx, Work},
};

impl Client {
    /// Runs the command.
    pub(in crate::cli) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Self::Create(description) => create(shell, *description).await,
            Self::Show { id } => show(shell, &id).await,
            Self::List { organization } => list(shell, organization.as_deref()).await,
            Self::Disable { id } => disable(shell, id).await,
            Self::Enable { id } => enable(shell, id).await,
            Self::Redirects { id, uris, after_logout } => redirects(shell, id, Addresses { uris, after_logout }).await,
            Self::Set { id, members } => members::set(shell, id, &members).await,
            Self::Secret(SecretCommand::Add { id, days }) => add_secret(shell, id, days).await,
            Self::Secret(SecretCommand::Revoke { id, secret }) => revoke_secret(shell, id, secret).await,
            Self::Give { id, role } => roles::change(shell, id, role, roles::Change::Give).await,
            Self::Take { id, role } => roles::change(shell, id, role, roles::Change::Take).await,
            Self::Declare { id, file } => declaration::declare(shell, id, &file).await,
            Self::Activate { id, scope, roles, groups, locations } => {
                activate(shell, (id, &scope), Requires { roles, groups, locations }).await
            }
            Self::RegistrationToken(command) => command.run(shell).await,
            Self::Logouts { id, length } => logouts::list(shell, &id, length).await,
            Self::Deactivate { id, scope } => deactivate(shell, (id, &scope)).await,
        }
    }
}

async fn create(shell: &Shell, description: Description) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Created {
        client_id: String,
        client_secret: Option<String>,
    }
    let waived = description.without_pkce;
    let registration = registration(shell, description).await?;
    let context = shell.context();
    let (client, secret) = write(shell, move |tx| {
        Box::pin(async move {
            let client = registrar::register(tx, &context, registration).await?;
            let secret = match client.authentication {
                method if !method.has_secret() => None,
                _ => Some(registrar::add_secret(tx, &context, &client.id, None).await?.1),
            };
            Ok((client, secret))
        })
    })
    .await?;
    if waived {
        print::aside(format!(
            "Warning: {} works without PKCE. Whoever steals one of its codes can use it unless the app checks the nonce \
             of every ID token. Let it use PKCE as soon as it can.",
            client.id
        ));
    }
    let created = Created { client_id: client.id, client_secret: secret.as_ref().map(exposed) };
    let told = created.client_secret.clone().unwrap_or_else(|| "none: it uses PKCE alone".to_owned());
    shell.show(&created, &[("client_id", created.client_id.clone()), ("client_secret", told)])?;
    if client.organization.is_none() {
        shell.say(format!(
            "Organizations use it after `lanyard client activate {} --organization SLUG`.",
            created.client_id
        ));
    }
    Ok(())
}

async fn registration(shell: &Shell, given: Description) -> anyhow::Result<Registration> {
    let organization = match &given.organization {
        Some(reference) => Some(scope::organization(shell, reference).await?.id),
        None => None,
    };
    let defaults = Registration::new(&given.id, &given.name);
    Ok(Registration {
        organization,
        authentication: given.auth.into(),
        is_first_party: given.first_party,
        grant_types: given.grant_types(),
        scopes: if given.scopes.is_empty() { defaults.scopes.clone() } else { given.scopes },
        redirect_uris: given.redirect_uris,
        post_logout_redirect_uris: given.post_logout_redirect_uris,
        backchannel_logout_uri: given.backchannel_logout_uri,
        audience: given.audience,
        resources: given.resources,
        id_token_algorithm: given.id_token_alg,
        access_token_algorithm: given.access_token_alg,
        access_token_format: if given.opaque { AccessTokenFormat::Opaque } else { AccessTokenFormat::Jwt },
        access_token_life: given.access_token_seconds.map(Duration::from_secs),
        is_pkce_waived: given.without_pkce,
        introspects: given.introspects.into(),
        ..defaults
    })
}

/// A client as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    client_id: String,
    name: String,
    owner: Option<String>,
    authentication: &'static str,
    first_party: bool,
    grants: Vec<&'static str>,
    scopes: Vec<String>,
    redirect_uris: Vec<String>,
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    pkce: &'static str,
    metadata: Map<String, Value>,
    disabled_at: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    secrets: Vec<ShownSecret>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    used_by: Vec<String>,
}

#[derive(Debug, Serialize)]
struct ShownSecret {
    id: String,
    created_at: String,
    expires_at: Option<String>,
}

impl Shown {
    fn of(client: &Registered) -> Self {
        let texts = |uris: &[RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
        Self {
            client_id: client.id.clone(),
            name: client.name.clone(),
            owner: client.organization.as_ref().map(ToString::to_string),
            authentication: client.authentication.name(),
            first_party: client.is_first_party,
            grants: client.grant_types.iter().map(|grant| grant.name()).collect(),
            scopes: client.scopes.iter().map(str::to_owned).collect(),
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
            backchannel_logout_uri: client.backchannel_logout_uri.clone(),
            pkce: if client.is_pkce_waived { "waived" } else { "required" },
            metadata: members::registered(client),
            disabled_at: client.disabled_at.map(|at| at.to_string()),
            secrets: vec![],
            used_by: vec![],
        }
    }
}

async fn show(shell: &Shell, id: &str) -> anyhow::Result<()> {
    let found = shell.app.storage.read().await?.clients().registered(id).await?;
    let found = found.ok_or_else(|| RegistrarError::Unknown(id.to_owned()))?;
    let secrets = found.secrets.iter().map(|secret: &Secret| ShownSecret {
        id: secret.id.to_string(),
        created_at: secret.created_at.to_string(),
        expires_at: secret.expires_at.map(|at| at.to_string()),
    });
    let used_by = found.activations.keys().map(ToString::to_string).collect();
    let shown = Shown { secrets: secrets.collect(), used_by, ..Shown::of(&found.client) };
    let secrets: Vec<&str> = shown.secrets.iter().map(|secret| secret.id.as_str()).collect();
    shell.show(
        &shown,
        &[
            ("client_id", shown.client_id.clone()),
            ("name", shown.name.clone()),
            ("owner", shown.owner.clone().unwrap_or_else(|| "the server".to_owned())),
            ("authentication", shown.authentication.to_owned()),
            ("grants", shown.grants.join(" ")),
            ("scopes", shown.scopes.join(" ")),
            ("redirect URIs", shown.redirect_uris.join(" ")),
            ("after logout", shown.post_logout_redirect_uris.join(" ")),
            ("told of logouts at", shown.backchannel_logout_uri.clone().unwrap_or_default()),
            ("PKCE", shown.pkce.to_owned()),
            ("registered", members::shown(&shown.metadata)),
            ("secrets", secrets.join(" ")),
            ("used by", shown.used_by.join(" ")),
            ("disabled", shown.disabled_at.clone().unwrap_or_else(|| "no".to_owned())),
        ],
    )
}

async fn list(shell: &Shell, owner: Option<&str>) -> anyhow::Result<()> {
    const PAGE: u32 = 500;
    let owner = match owner {
        Some(reference) => Some(scope::organization(shell, reference).await?.id),
        None => None,
    };
    let (mut shown, mut after) = (vec![], String::new());
    loop {
        let page = shell.app.storage.read().await?.clients().list(owner.as_ref(), &after, PAGE).await?;
        shown.extend(page.iter().map(Shown::of));
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after.clone_from(&last.id),
            _ => break,
        }
    }
    shell.table(&shown, &["client_id", "name", "authentication", "grants", "owner", "disabled"], |client| {
        vec![
            client.client_id.clone(),
            client.name.clone(),
            client.authentication.to_owned(),
            client.grants.join(" "),
            client.owner.clone().unwrap_or_default(),
            client.disabled_at.clone().unwrap_or_default(),
        ]
    })
}

async fn disable(shell: &Shell, id: String) -> anyhow::Result<()> {
    let (context, client) = (shell.context(), id.clone());
    write(shell, move |tx| Box::pin(async move { registrar::disable(tx, &context, &client).await })).await?;
    shell.say(format!("{id} is disabled; its tokens have ended."));
    Ok(())
}

async fn enable(shell: &Shell, id: String) -> anyhow::Result<()> {
    let (context, client) = (shell.context(), id.clone());
    write(shell, move |tx| Box::pin(async move { registrar::enable(tx, &context, &client).await })).await?;
    shell.say(format!("{id} is enabled."));
    Ok(())
}

async fn redirects(shell: &Shell, id: String, addresses: Addresses) -> anyhow::Result<()> {
    let (context, client) = (shell.context(), id.clone());
    if !addresses.after_logout
        && let Some(before) = shell.app.storage.read().await?.clients().by_id(&id).await?
    {
        let changed = Registration { redirect_uris: addresses.uris.clone(), ..Registration::of(before) };
        sector::verify(&shell.app.outbound, &changed).await?;
    }
    write(shell, move |tx| {
        Box::pin(async move { registrar::replace_addresses(tx, &context, &client, addresses).await })
    })
    .await?;
    show(shell, &id).await
}

async fn add_secret(shell: &Shell, id: String, days: Option<u64>) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Added {
        id: String,
        client_secret: String,
    }
    let (context, life) = (shell.context(), days.map(|days| Duration::from_hours(24 * days.min(36_500))));
    let (secret, text) =
        write(shell, move |tx| Box::pin(async move { registrar::add_secret(tx, &context, &id, life).await })).await?;
    let added = Added { id: secret.to_string(), client_secret: exposed(&text) };
    shell.show(&added, &[("id", added.id.clone()), ("client_secret", added.client_secret.clone())])
}

async fn revoke_secret(shell: &Shell, id: String, secret: ClientSecretId) -> anyhow::Result<()> {
    let (context, revoked) = (shell.context(), secret.clone());
    write(shell, move |tx| Box::pin(async move { registrar::revoke_secret(tx, &context, &id, &revoked).await }))
        .await?;
    shell.say(format!("{secret} is revoked."));
    Ok(())
}

async fn activate(shell: &Shell, (id, at): (String, &Scope), requires: Requires) -> anyhow::Result<()> {
    let (context, organization) = (shell.context(), at.organization(shell).await?);
    let told = format!("{} uses {id} now.", organization.name);
    let work = shell.app.storage.write(move |tx| {
        Box::pin(async move { app::activate(tx, &context, &organization.id, &id, (&Adopt::All, &requires)).await })
    });
    work.await?;
    shell.say(told);
    Ok(())
}

async fn deactivate(shell: &Shell, (id, at): (String, &Scope)) -> anyhow::Result<()> {
    let (context, organization) = (shell.context(), at.organization(shell).await?);
    let told = format!("{} no longer uses {id}.", organization.name);
    let work = shell
        .app
        .storage
        .write(move |tx| Box::pin(async move { app::deactivate(tx, &context, &organization.id, &id).await }));
    work.await?;
    shell.say(told);
    Ok(())
}

async fn write<T, F>(shell: &Shell, work: F) -> anyhow::Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, RegistrarError> + Send + 'static,
    T: Send + 'static,
{
    Ok(shell.app.storage.write(work).await?)
}

fn exposed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}
