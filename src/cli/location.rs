//! `lanyard location`: the sites of an organization.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    scope::{self, Scope, cell, instant},
};
use crate::{
    directory::{
        identifier::{self, Identifier},
        location::{self, Location},
        organization::Organization,
    },
    text::{Name, Slug},
};

/// Locations: the sites of an organization, in a tree
#[derive(Debug, Args)]
pub(super) struct Locations {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the locations with their identifiers
    #[command(after_help = "Example:\n  lanyard location list --organization riverside")]
    List,
    /// Creates a location
    #[command(
        after_help = "Example:\n  lanyard location create main-street --name \"Main Street\" --in north --organization riverside"
    )]
    Create {
        /// Short name for commands and tokens (letters, digits, `-`, `_`); it never changes
        slug: Slug,
        /// As people write it
        #[arg(long)]
        name: Name,
        /// The location that it lies in
        #[arg(long = "in", value_name = "LOCATION")]
        parent: Option<Slug>,
    },
    /// Gives a location another name; its slug stays
    #[command(
        after_help = "Example:\n  lanyard location rename main-street \"Main Street, ground floor\" --organization riverside"
    )]
    Rename {
        /// The location: its slug
        slug: Slug,
        /// The name
        name: Name,
    },
    /// Moves a location in the tree, with all below it
    #[command(
        after_help = "Example:\n  lanyard location move main-street --in south --organization riverside\n  lanyard location move main-street --to-top --organization riverside"
    )]
    Move {
        /// The location: its slug
        slug: Slug,
        /// The location that it comes to lie in
        #[arg(long = "in", value_name = "LOCATION", required_unless_present = "to_top")]
        parent: Option<Slug>,
        /// To the top of the tree
        #[arg(long, conflicts_with = "parent")]
        to_top: bool,
    },
    /// Closes a location: roles assigned there hold no more
    #[command(after_help = "Example:\n  lanyard location close main-street --organization riverside")]
    Close {
        /// The location: its slug
        slug: Slug,
    },
    /// Opens a closed location; roles assigned there hold again
    #[command(after_help = "Example:\n  lanyard location reopen main-street --organization riverside")]
    Reopen {
        /// The location: its slug
        slug: Slug,
    },
    /// Sets an identifier of a location, or of a member at a location; without a value it is removed
    #[command(after_help = "\
Examples:
  lanyard location identify main-street provider_number 0123456 --organization riverside
  lanyard location identify main-street provider_number 0123456A --member priya@riverside.example \\
    --organization riverside")]
    Identify {
        /// The location: its slug
        slug: Slug,
        /// The type of the identifier, such as `provider_number`
        kind: Slug,
        /// The value
        value: Option<String>,
        /// Of this member
        #[arg(long, value_name = "PERSON")]
        member: Option<String>,
    },
}

/// A location as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    slug: String,
    name: String,
    r#in: Option<String>,
    identifiers: Vec<ShownIdentifier>,
    closed_at: Option<String>,
    id: String,
}

#[derive(Debug, Serialize)]
struct ShownIdentifier {
    kind: String,
    value: String,
}

impl Locations {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => {}
            Command::Create { slug, name, parent } => create(shell, &of, (slug, name), parent).await?,
            Command::Rename { slug, name } => rename(shell, &of, slug, name).await?,
            Command::Move { slug, parent, .. } => move_under(shell, &of, slug, parent).await?,
            Command::Close { slug } => switch(shell, &of, slug, "close").await?,
            Command::Reopen { slug } => switch(shell, &of, slug, "reopen").await?,
            Command::Identify { slug, kind, value, member } => {
                identify(shell, &of, (slug, member), (kind, value)).await?;
            }
        }
        list(shell, &of).await
    }
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let locations = tx.locations().list(&of.id).await?;
    let identifiers = tx.identifiers().of_locations(&of.id).await?;
    let shown: Vec<Shown> = locations.iter().map(|one| shown(one, &locations, &identifiers)).collect();
    shell.table(&shown, &["location", "name", "in", "identifiers", "state"], |one| {
        let identifiers: Vec<String> = one.identifiers.iter().map(|id| format!("{} {}", id.kind, id.value)).collect();
        let state = if one.closed_at.is_some() { "closed" } else { "open" };
        vec![one.slug.clone(), one.name.clone(), cell(one.r#in.as_deref()), identifiers.join(", "), state.to_owned()]
    })
}

fn shown(one: &Location, all: &[Location], identifiers: &[Identifier]) -> Shown {
    let parent = all.iter().find(|other| Some(&other.id) == one.parent_id.as_ref());
    let own = identifiers.iter().filter(|identifier| identifier.location == one.id);
    Shown {
        slug: one.slug.to_string(),
        name: one.name.to_string(),
        r#in: parent.map(|parent| parent.slug.to_string()),
        identifiers: own
            .map(|identifier| ShownIdentifier { kind: identifier.kind.to_string(), value: identifier.value.clone() })
            .collect(),
        closed_at: instant(one.closed_at),
        id: one.id.to_string(),
    }
}

async fn create(
    shell: &Shell,
    of: &Organization,
    (slug, name): (Slug, Name),
    parent: Option<Slug>,
) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let parent = scope::place(tx, &of, parent.as_ref()).await?;
                location::create(tx, &context, &of, (&slug, &name), parent.as_ref()).await.map(|_| ())
            })
        })
        .await
}

async fn rename(shell: &Shell, of: &Organization, slug: Slug, name: Name) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let site = scope::location(tx, &of, &slug).await?;
                location::rename(tx, &context, &of, &site.id, &name).await.map(|_| ())
            })
        })
        .await
}

async fn move_under(shell: &Shell, of: &Organization, slug: Slug, parent: Option<Slug>) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let site = scope::location(tx, &of, &slug).await?;
                let parent = scope::place(tx, &of, parent.as_ref()).await?;
                location::move_under(tx, &context, &of, &site.id, parent.as_ref()).await.map(|_| ())
            })
        })
        .await
}

async fn switch(shell: &Shell, of: &Organization, slug: Slug, to: &'static str) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let site = scope::location(tx, &of, &slug).await?;
                if to == "close" {
                    location::close(tx, &context, &of, &site.id).await.map(|_| ())
                } else {
                    location::reopen(tx, &context, &of, &site.id).await.map(|_| ())
                }
            })
        })
        .await
}

async fn identify(
    shell: &Shell,
    of: &Organization,
    (slug, member): (Slug, Option<String>),
    (kind, value): (Slug, Option<String>),
) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let site = scope::location(tx, &of, &slug).await?;
                let member = match member {
                    Some(reference) => Some(scope::member(tx, &of, &reference).await?.id),
                    None => None,
                };
                identifier::set(tx, &context, &of, (&site.id, member.as_ref()), (&kind, value.as_deref())).await
            })
        })
        .await
}
