//! `lanyard domain`: the e-mail domains of an organization.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    scope::{Scope, cell, instant},
};
use crate::{
    directory::{
        Noun,
        domain::{self, Domain, Verification, lookup},
        organization::Organization,
    },
    text::DomainName,
};

/// Domains: e-mail domains that an organization proved to be its own
#[derive(Debug, Args)]
pub(super) struct Domains {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the domains
    #[command(after_help = "Example:\n  lanyard domain list --organization riverside")]
    List,
    /// Claims a domain and says which TXT record proves it
    #[command(after_help = "Example:\n  lanyard domain add riverside.example --organization riverside")]
    Add {
        /// The domain, such as riverside.example
        name: DomainName,
    },
    /// Verifies a claimed domain by its TXT record
    #[command(after_help = "\
Examples:
  lanyard domain verify riverside.example --organization riverside
  lanyard domain verify riverside.example --by-administrator --organization riverside")]
    Verify {
        /// The domain, such as riverside.example
        name: DomainName,
        /// Without looking at DNS: you vouch for it as the server's administrator
        #[arg(long)]
        by_administrator: bool,
    },
    /// Gives a domain up
    #[command(after_help = "Example:\n  lanyard domain remove riverside.example --organization riverside")]
    Remove {
        /// The domain, such as riverside.example
        name: DomainName,
    },
}

/// A domain as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    name: String,
    txt_name: String,
    txt_value: String,
    verified_at: Option<String>,
    verified_by: Option<String>,
}

impl Domains {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => list(shell, &of).await,
            Command::Add { name } => add(shell, &of, name).await,
            Command::Verify { name, by_administrator: true } => verify(shell, &of, name, None).await,
            Command::Verify { name, by_administrator: false } => {
                let claimed = shell.app.storage.read().await?.domains().by_name(&of.id, &name).await?;
                let claimed = claimed.ok_or_else(|| Noun::Domain.unknown(&name))?;
                let records = lookup::txt(&claimed, shell.app.config.outgoing.resolver).await?;
                let is_proved = claimed.verified_at.is_some() || domain::proves(&claimed.proof, &records);
                anyhow::ensure!(
                    is_proved,
                    "no TXT record `{}` with the value `{}` was found; DNS may take some minutes to show it. Where you know \
                     that the domain is the organization's, `--by-administrator` vouches for it",
                    claimed.record_name(),
                    claimed.proof
                );
                verify(shell, &of, name, Some(records)).await
            }
            Command::Remove { name } => remove(shell, &of, name).await,
        }
    }
}

fn shown(one: &Domain) -> Shown {
    Shown {
        name: one.name.to_string(),
        txt_name: one.record_name(),
        txt_value: one.proof.clone(),
        verified_at: instant(one.verified_at),
        verified_by: one.verified_by.clone(),
    }
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let domains = shell.app.storage.read().await?.domains().list(&of.id).await?;
    let shown: Vec<Shown> = domains.iter().map(shown).collect();
    shell.table(&shown, &["domain", "verified", "by"], |one| {
        vec![one.name.clone(), cell(one.verified_at.as_deref()), cell(one.verified_by.as_deref())]
    })
}

async fn add(shell: &Shell, of: &Organization, name: DomainName) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    let claimed = shell.change(move |tx| Box::pin(async move { domain::add(tx, &context, &id, &name).await })).await?;
    let one = shown(&claimed);
    let next = format!("lanyard domain verify {} --organization {}", one.name, of.slug);
    shell.say(format!("Publish this TXT record, then run `{next}`:"));
    shell.show(&one, &[("name", one.txt_name.clone()), ("value", one.txt_value.clone())])
}

async fn verify(
    shell: &Shell,
    of: &Organization,
    name: DomainName,
    records: Option<Vec<String>>,
) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    shell
        .change(move |tx| {
            Box::pin(async move {
                let how = records.as_deref().map_or(Verification::Administrator, Verification::Records);
                domain::verify(tx, &context, &id, &name, how).await.map(|_| ())
            })
        })
        .await?;
    list(shell, of).await
}

async fn remove(shell: &Shell, of: &Organization, name: DomainName) -> anyhow::Result<()> {
    let (context, id) = (shell.context(), of.id.clone());
    shell.change(move |tx| Box::pin(async move { domain::remove(tx, &context, &id, &name).await })).await?;
    list(shell, of).await
}
