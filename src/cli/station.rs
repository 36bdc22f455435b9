//! `lanyard station`: shared workstations, in which one person after the other works.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    scope::{Scope, cell, instant},
};
use crate::{
    directory::{
        organization::Organization,
        station::{self, Station},
    },
    secret::{ExposeSecret, SecretString},
    server,
    text::{Name, Slug},
};

/// Shared workstations: browsers in which one person after the other works
#[derive(Debug, Args)]
pub(super) struct Stations {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the workstations
    #[command(after_help = "Example:\n  lanyard station list --organization riverside")]
    List,
    /// Makes a workstation; open the link within an hour in the browser that is meant
    #[command(
        after_help = "Example:\n  lanyard station create front-desk --name \"Front desk\" --organization riverside"
    )]
    Create {
        /// Short name for commands (letters, digits, `-`, `_`); it never changes
        slug: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
    },
    /// Makes another link, for a browser that takes the place of the one before
    #[command(after_help = "Example:\n  lanyard station link front-desk --organization riverside")]
    Link {
        /// The workstation
        slug: Slug,
    },
    /// Removes a workstation: its browser is one like any other again, and whoever is signed in there is signed out
    #[command(after_help = "Example:\n  lanyard station remove front-desk --organization riverside")]
    Remove {
        /// The workstation
        slug: Slug,
    },
}

/// A workstation as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    slug: String,
    name: String,
    registered_at: Option<String>,
    created_at: Option<String>,
    id: String,
}

/// A link as it is shown: once.
#[derive(Debug, Serialize)]
struct Link {
    slug: String,
    link: String,
}

impl Stations {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => list(shell, &of).await,
            Command::Create { slug, name } => {
                let (token, hash) = shell.app.random.token();
                let (context, id, of_slug) = (shell.context(), of.id.clone(), slug.clone());
                shell
                    .change(move |tx| {
                        Box::pin(async move { station::create(tx, &context, &id, (slug, name), hash).await })
                    })
                    .await?;
                tell(shell, &of_slug, &token).await
            }
            Command::Link { slug } => {
                let (token, hash) = shell.app.random.token();
                let (context, id, of_slug) = (shell.context(), of.id.clone(), slug.clone());
                shell
                    .change(move |tx| Box::pin(async move { station::link(tx, &context, &id, &slug, hash).await }))
                    .await?;
                tell(shell, &of_slug, &token).await
            }
            Command::Remove { slug } => {
                let (context, id) = (shell.context(), of.id.clone());
                shell
                    .change(move |tx| Box::pin(async move { station::remove(tx, &context, &id, &slug).await }))
                    .await?;
                list(shell, &of).await
            }
        }
    }
}

async fn tell(shell: &Shell, slug: &Slug, token: &SecretString) -> anyhow::Result<()> {
    let link = server::site(&shell.app).await?.address_of(&format!("/station/{}", token.expose_secret()));
    let shown = Link { slug: slug.to_string(), link: link.clone() };
    shell.show(&shown, &[("workstation", slug.to_string()), ("link", link)])?;
    shell.say("Open the link within an hour, once, in the browser that is to be this workstation.");
    Ok(())
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let stations = shell.app.storage.read().await?.stations().list(&of.id).await?;
    let shown: Vec<Shown> = stations.into_iter().map(shown).collect();
    shell.table(&shown, &["workstation", "name", "registered"], |one| {
        vec![one.slug.clone(), one.name.clone(), cell(one.registered_at.as_deref())]
    })
}

fn shown(one: Station) -> Shown {
    Shown {
        slug: one.slug.to_string(),
        name: one.name.into(),
        registered_at: instant(one.registered_at),
        created_at: instant(Some(one.created_at)),
        id: one.id.to_string(),
    }
}
