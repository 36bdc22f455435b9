//! `lanyard recovery`: members who have lost every factor. The host asks in the place of an administrator; one of the
//! organization agrees at /account/recoveries.

use anyhow::anyhow;
use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    scope::{self, Scope, cell},
};
use crate::{
    authentication::lost_factors::{
        Asker, Desk, Fault, Open, Party,
        asking::{self, Asked},
    },
    directory::organization::Organization,
    id::RecoveryId,
    server,
    text::Reason,
};

/// Recoveries: letting in members who have lost every second factor and every recovery code
#[derive(Debug, Args)]
pub(super) struct Recoveries {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists what is open, that which ends first before the others
    #[command(after_help = "Example:\n  lanyard recovery list --organization riverside")]
    List,
    /// Asks for a member; an administrator of the organization agrees at /account/recoveries, and the member is mailed a link
    #[command(after_help = "\
Example:
  lanyard recovery request priya@riverside.example --reason \"Lost the phone\" \\
    --organization riverside

The link works once, for 24 hours, in a sign-in whose password was just proved. The member
is told at once, and can stop it. `lanyard user reset-factors` needs nobody who agrees.")]
    Request {
        /// The person: e-mail address, user name or id
        person: String,
        /// Why, in a line
        #[arg(long)]
        reason: Reason,
    },
    /// Ends a request, also one that somebody agreed to: its links no longer work
    #[command(after_help = "Example:\n  lanyard recovery refuse rcv_… --organization riverside")]
    Refuse {
        /// The request: its id, as `lanyard recovery list` tells it
        id: RecoveryId,
    },
}

/// A request as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    user: String,
    person: String,
    reason: String,
    requested_by: Option<String>,
    created_at: String,
    approved_at: Option<String>,
    expires_at: String,
}

impl Recoveries {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List => list(shell, &of).await,
            Command::Request { person, reason } => {
                let user = scope::person(&mut shell.app.storage.read().await?, Some(&of.id), &person).await?.id;
                let asked = Asked { by: Asker::Host(of.id.clone()), user, reason };
                let (context, desk) = (shell.context(), desk(shell).await?);
                let done = shell.app.storage.write::<_, Fault, _>(move |tx| {
                    Box::pin(async move { asking::ask(tx, &context, &desk, asked).await })
                });
                done.await?;
                list(shell, &of).await?;
                shell.say("An administrator of the organization agrees at /account/recoveries; the person was told.");
                Ok(())
            }
            Command::Refuse { id } => {
                let (context, desk, organization) = (shell.context(), desk(shell).await?, of.id.clone());
                let named = id.clone();
                let done = shell.app.storage.write::<_, Fault, _>(move |tx| {
                    Box::pin(async move { asking::end(tx, &context, &desk, (&organization, &id), &Party::Host).await })
                });
                done.await.map_err(|fault| match fault {
                    Fault::Unknown => anyhow!(
                        "there is no request `{named}` that is still open in {}; `lanyard recovery list` names those that are",
                        of.slug
                    ),
                    fault => fault.into(),
                })?;
                list(shell, &of).await
            }
        }
    }
}

/// By whom letters are written here.
pub(super) async fn desk(shell: &Shell) -> anyhow::Result<Desk> {
    Ok(Desk { site: server::site(&shell.app).await?, sealer: shell.app.sealer.clone() })
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let open = shell.app.storage.read().await?.recoveries().of_organization(&of.id, shell.app.clock.now()).await?;
    let shown: Vec<Shown> = open.into_iter().map(shown).collect();
    shell.table(&shown, &["id", "person", "asked by", "agreed", "ends", "reason"], |one| {
        vec![
            one.id.clone(),
            one.person.clone(),
            one.requested_by.clone().unwrap_or_else(|| "the host".to_owned()),
            cell(one.approved_at.as_deref()),
            one.expires_at.clone(),
            one.reason.clone(),
        ]
    })
}

fn shown(Open { recovery, person, requester }: Open) -> Shown {
    Shown {
        id: recovery.id.to_string(),
        user: recovery.user.to_string(),
        person,
        reason: recovery.reason.to_string(),
        requested_by: requester,
        created_at: recovery.created_at.to_string(),
        approved_at: recovery.approved_at.map(|at| at.to_string()),
        expires_at: recovery.expires_at.to_string(),
    }
}
