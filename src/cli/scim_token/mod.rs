//! `lanyard scim-token`: the outside systems that push people and groups into an organization, and their tokens.

mod arguments;
mod shown;

use std::time::Duration;

use serde::Serialize;

pub(super) use arguments::ScimTokens;

use self::{
    arguments::{Changed, Command, May},
    shown::{Shown, shown},
};
use super::{
    Shell,
    scope::{cell, instant},
};
use crate::{
    directory::organization::Organization,
    id::ConnectionTokenId,
    scim::{
        caller::ResourceSet,
        connection::{self, ConnectionError, Rights, Told},
        service_provider_config,
    },
    secret::ExposeSecret,
    storage::{Tx, Work},
    text::Slug,
};

impl ScimTokens {
    /// Runs the command.
    pub(in crate::cli) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::Create { name, may, read_only } => create(shell, &of, name, (may, read_only)).await,
            Command::List => list(shell, &of).await,
            Command::Show { name } => show(shell, &of, &name).await,
            Command::Change(changed) => change(shell, &of, changed).await,
            Command::Rotate { name, overlap } => rotate(shell, &of, name, overlap).await,
            Command::Revoke { token } => revoke(shell, &of, token).await,
            Command::Remove { name } => remove(shell, &of, name).await,
        }
    }
}

async fn create(shell: &Shell, of: &Organization, name: Slug, (may, read_only): (May, bool)) -> anyhow::Result<()> {
    let rights = Rights {
        resources: may.resources().unwrap_or(ResourceSet::All),
        may_write: !read_only,
        networks: may.networks,
        roles: may.roles,
        permissions: may.permissions,
        may_verify: may.verify,
        token_life: may.expires,
        precedence: may.precedence.unwrap_or(0),
    };
    let (context, id, called) = (shell.context(), of.id.clone(), name.clone());
    let (_, told) =
        write(shell, move |tx| Box::pin(async move { connection::create(tx, &context, &id, (&called, rights)).await }))
            .await?;
    tell(shell, &name, &told)
}

async fn change(shell: &Shell, of: &Organization, changed: Changed) -> anyhow::Result<()> {
    let (context, id, name) = (shell.context(), of.id.clone(), changed.name.clone());
    let called = name.clone();
    let connection = write(shell, move |tx| {
        Box::pin(async move { connection::change(tx, &context, &id, &called, |rights| changed.apply(rights)).await })
    })
    .await?;
    // The change is made whatever comes of this: the server goes on with it.
    match connection::map_all(&shell.app.storage, &shell.context(), &connection.id).await {
        Ok(0) => {}
        Ok(mapped) => shell.say(format!(
            "What {name} said of {mapped} people before means something else now: their roles follow it."
        )),
        Err(fault) => shell.say(format!(
            "{name} is changed, but not all of its people were gone through; a running server goes on with it: {fault}"
        )),
    }
    show(shell, of, &name).await
}

async fn rotate(shell: &Shell, of: &Organization, name: Slug, overlap: Duration) -> anyhow::Result<()> {
    let (context, id, called) = (shell.context(), of.id.clone(), name.clone());
    let told =
        write(shell, move |tx| Box::pin(async move { connection::rotate(tx, &context, &id, &called, overlap).await }))
            .await?;
    tell(shell, &name, &told)
}

/// Prints a token, the only time that it can be seen.
fn tell(shell: &Shell, name: &Slug, told: &Told) -> anyhow::Result<()> {
    #[derive(Serialize)]
    struct Made {
        name: String,
        id: String,
        token: String,
        expires_at: Option<String>,
        url: String,
        replaces: Option<Replaced>,
    }
    #[derive(Serialize)]
    struct Replaced {
        id: String,
        ends_at: String,
    }
    let replaces = told.replaces.as_ref();
    let made = Made {
        name: name.to_string(),
        id: told.token.id.to_string(),
        token: told.text.expose_secret().to_owned(),
        expires_at: instant(told.token.expires_at),
        url: service_provider_config::base(&shell.app.config),
        replaces: replaces.map(|(id, end)| Replaced { id: id.to_string(), ends_at: end.to_string() }),
    };
    let expires = made.expires_at.clone().unwrap_or_else(|| "never".to_owned());
    let lines =
        [("url", made.url.clone()), ("token", made.token.clone()), ("id", made.id.clone()), ("expires", expires)];
    shell.show(&made, &lines)?;
    shell.say("Keep the token now: it is not shown again.");
    if let Some((id, end)) = replaces {
        shell.say(format!("The token {id} ends at {end}."));
    }
    Ok(())
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let (all, now) = (shell.app.storage.read().await?.connections().list(&of.id).await?, shell.app.clock.now());
    let shown: Vec<Shown> = all.iter().map(|one| shown(one, now)).collect();
    shell.table(
        &shown,
        &["name", "access", "to", "from", "roles", "precedence", "tokens", "expires", "last used", "uses"],
        |one| {
            let live = one.tokens.iter().filter(|token| token.state == "live").count();
            vec![
                one.name.clone(),
                one.access.to_owned(),
                one.resources.to_owned(),
                or(&one.networks, "anywhere"),
                or(&one.roles, "-"),
                one.precedence.to_string(),
                live.to_string(),
                one.until(),
                cell(one.last_used_at.as_deref()),
                one.uses.to_string(),
            ]
        },
    )
}

async fn show(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let connection = connection::find(&mut tx, &of.id, name).await?;
    let tokens = tx.connections().tokens(&connection.id).await?;
    drop(tx);
    let shown = shown(&(connection, tokens), shell.app.clock.now());
    shell.show(
        &shown,
        &[
            ("name", shown.name.clone()),
            ("id", shown.id.clone()),
            ("access", format!("{} {}", shown.access, shown.resources)),
            ("from", or(&shown.networks, "anywhere")),
            ("roles", or(&shown.roles, "-")),
            ("permissions", or(&shown.permissions, "-")),
            ("registrations", if shown.may_verify { "may verify" } else { "unverified" }.to_owned()),
            ("precedence", shown.precedence.to_string()),
            ("created", shown.created_at.clone()),
        ],
    )?;
    if shell.is_json() {
        return Ok(());
    }
    shell.table(&shown.tokens, &["token", "state", "created", "expires", "last used", "uses"], |token| {
        vec![
            token.id.clone(),
            token.state.to_owned(),
            token.created_at.clone(),
            token.expires_at.clone().unwrap_or_else(|| "never".to_owned()),
            cell(token.last_used_at.as_deref()),
            token.uses.to_string(),
        ]
    })
}

fn or(list: &[String], nothing: &str) -> String {
    if list.is_empty() { nothing.to_owned() } else { list.join(" ") }
}

async fn revoke(shell: &Shell, of: &Organization, token: ConnectionTokenId) -> anyhow::Result<()> {
    let (context, id, revoked) = (shell.context(), of.id.clone(), token.clone());
    write(shell, move |tx| Box::pin(async move { connection::revoke(tx, &context, &id, &revoked).await })).await?;
    shell.say(format!("{token} is revoked."));
    Ok(())
}

async fn remove(shell: &Shell, of: &Organization, name: Slug) -> anyhow::Result<()> {
    let (context, id, called) = (shell.context(), of.id.clone(), name.clone());
    write(shell, move |tx| Box::pin(async move { connection::remove(tx, &context, &id, &called).await })).await?;
    shell.say(format!("{name} is removed, and its tokens have ended. The people whom it brought stay."));
    Ok(())
}

async fn write<T, F>(shell: &Shell, work: F) -> anyhow::Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, ConnectionError> + Send + 'static,
    T: Send + 'static,
{
    Ok(shell.app.storage.write(work).await?)
}
