//! `lanyard emergency`: accounts for the day on which nobody else comes in.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    scope::{Scope, cell, instant},
};
use crate::{
    authentication,
    directory::{emergency::Account, organization::Organization},
    secret::{ExposeSecret, SecretString},
    server,
    text::Slug,
};

/// Emergency accounts: owners with a security key alone, for the day on which nobody else comes in
#[derive(Debug, Args)]
pub(super) struct Emergencies {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists the accounts, and whether each is ready, spent, or has no key yet; those that were removed are not listed
    #[command(after_help = "Example:\n  lanyard emergency list --organization riverside")]
    List,
    /// Makes an account, two at most; open the link within 24 hours and register a security key, which goes into the safe
    #[command(after_help = "Example:\n  lanyard emergency create safe --organization riverside")]
    Create {
        /// Short name for commands (letters, digits, `-`, `_`)
        slug: Slug,
    },
    /// Makes another link: the key before signs nobody in any more, and a spent account is ready once it has another key
    #[command(after_help = "Example:\n  lanyard emergency rotate safe --organization riverside")]
    Rotate {
        /// The account
        slug: Slug,
    },
    /// Removes an account, with its key and its sessions; its name may be given again
    #[command(after_help = "Example:\n  lanyard emergency remove safe --organization riverside")]
    Remove {
        /// The account
        slug: Slug,
    },
}

/// An account as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    slug: String,
    state: &'static str,
    set_up_at: Option<String>,
    spent_at: Option<String>,
    link_expires_at: Option<String>,
    user: String,
}

/// A link as it is shown: once.
#[derive(Debug, Serialize)]
struct Link {
    slug: String,
    link: String,
}

impl Emergencies {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        let ((token, hash), context, id) = (shell.app.random.token(), shell.context(), of.id.clone());
        let (app, site) = (shell.app.clone(), server::site(&shell.app).await?);
        match self.command {
            Command::List => list(shell, &of).await,
            Command::Create { slug } => {
                let account = shell
                    .change(move |tx| {
                        Box::pin(async move {
                            authentication::emergency::create(tx, (&app, &site), &context, &id, (slug, hash)).await
                        })
                    })
                    .await?;
                tell(shell, &account, &token).await
            }
            Command::Rotate { slug } => {
                let account = shell
                    .change(move |tx| {
                        Box::pin(async move {
                            authentication::emergency::rotate(tx, (&app, &site), &context, &id, (&slug, hash)).await
                        })
                    })
                    .await?;
                tell(shell, &account, &token).await
            }
            Command::Remove { slug } => {
                shell
                    .change(move |tx| {
                        Box::pin(async move {
                            authentication::emergency::remove(tx, (&app, &site), &context, &id, &slug).await
                        })
                    })
                    .await?;
                list(shell, &of).await
            }
        }
    }
}

async fn tell(shell: &Shell, account: &Account, token: &SecretString) -> anyhow::Result<()> {
    let link = server::site(&shell.app).await?.address_of(&format!("/emergency/{}", token.expose_secret()));
    let shown = Link { slug: account.slug.to_string(), link: link.clone() };
    shell.show(&shown, &[("account", account.slug.to_string()), ("link", link)])?;
    shell.say("Open the link within 24 hours, once, and register a security key that asks for a PIN or a finger. Keep it in a safe.");
    Ok(())
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let accounts = shell.app.storage.read().await?.emergency_accounts().list(&of.id).await?;
    let shown: Vec<Shown> = accounts.iter().map(shown).collect();
    let now = shell.app.clock.now().to_string();
    shell.table(&shown, &["account", "state", "key since", "used"], |one| {
        vec![one.slug.clone(), words(one, &now), cell(one.set_up_at.as_deref()), cell(one.spent_at.as_deref())]
    })
}

/// The state, and what is to be done for it to be ready.
fn words(one: &Shown, now: &str) -> String {
    match (one.state, one.link_expires_at.as_deref()) {
        ("spent", _) => "spent: rotate it".to_owned(),
        ("no key", Some(until)) if now < until => format!("no key yet: open its link before {until}"),
        ("no key", _) => "no key yet, and its link is over: rotate it".to_owned(),
        (state, _) => state.to_owned(),
    }
}

fn shown(one: &Account) -> Shown {
    Shown {
        state: one.state(),
        slug: one.slug.to_string(),
        set_up_at: instant(one.set_up_at),
        spent_at: instant(one.spent_at),
        link_expires_at: instant(one.link_expires_at),
        user: one.user.to_string(),
    }
}
