//! `lanyard admin recover`: an owner who has lost every factor, and has no second administrator to ask.

use anyhow::bail;
use clap::Subcommand;
use serde::Serialize;

use super::{
    Shell,
    scope::{self, instant},
};
use crate::{
    authentication::lost_factors::{
        Desk, Fault, Recovery,
        on_host::{self, Asked},
    },
    clock::Timestamp,
    id::UserId,
    secret::ExposeSecret,
    server,
    text::Reason,
};

/// What only the host's operator does
#[derive(Debug, Subcommand)]
pub(super) enum Admin {
    /// Lets somebody in who has lost every second factor and every recovery code, after a delay (`[recovery] delay`)
    #[command(after_help = "\
Example:
  lanyard admin recover olivia@riverside.example
  lanyard admin recover olivia@riverside.example --cancel

Everybody who may object is told at once, and can stop it. When the delay is over the person
is mailed a link, which works once, for 24 hours, together with their password; the same
command shows one then, once, for whoever has no mail any more.")]
    Recover {
        /// The person: e-mail address, user name or id
        person: String,
        /// Why, in a line, for the audit log
        #[arg(long, default_value = "asked for on the host")]
        reason: Reason,
        /// Ends it: its links no longer work
        #[arg(long)]
        cancel: bool,
    },
}

/// Where it stands.
#[derive(Debug, Serialize)]
struct Shown {
    state: &'static str,
    id: String,
    due_at: Option<String>,
    link: Option<String>,
}

impl Admin {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let Self::Recover { person, reason, cancel } = self;
        let user = scope::user(&mut shell.app.storage.read().await?, &person).await?.id;
        if cancel { end(shell, user).await } else { recover(shell, user, reason).await }
    }
}

async fn recover(shell: &Shell, user: UserId, reason: Reason) -> anyhow::Result<()> {
    let (context, desk, delay) = (shell.context(), desk(shell).await?, shell.app.config.recovery.delay);
    let site = desk.site.clone();
    let asked = shell
        .app
        .storage
        .write::<_, Fault, _>(move |tx| {
            Box::pin(async move { on_host::ask(tx, &context, &desk, (&user, reason, delay)).await })
        })
        .await?;
    let (state, recovery, link) = match asked {
        Asked::Begun(recovery) => ("begun", recovery, None),
        Asked::Waits(recovery) => ("waiting", recovery, None),
        Asked::Due(recovery, link) => {
            ("due", recovery, Some(site.address_of(&format!("/recovery/{}", link.expose_secret()))))
        }
        Asked::Shown(_) => bail!("the link was shown already, and is not kept; end this with --cancel, and begin anew"),
    };
    print(shell, state, &recovery, link)
}

fn print(shell: &Shell, state: &'static str, recovery: &Recovery, link: Option<String>) -> anyhow::Result<()> {
    let due = instant(recovery.due_at).unwrap_or_default();
    let shown = Shown { state, id: recovery.id.to_string(), due_at: instant(recovery.due_at), link: link.clone() };
    if shell.is_json() {
        return shell.show(&shown, &[]);
    }
    match link {
        Some(link) => {
            shell.show(&shown, &[("link", link)])?;
            shell.say("This link is shown once. It works once, for 24 hours, together with the person's password; one that was mailed no longer does.");
        }
        None => shell.say(format!(
            "{} It is due at {due} (in {}); then the person is mailed a link, and this command shows one.",
            if state == "begun" { "Everybody who may object is told, and can stop it." } else { "It waits." },
            left(recovery.due_at, shell.app.clock.now())
        )),
    }
    Ok(())
}

/// Hours and minutes that are left.
fn left(due_at: Option<Timestamp>, now: Timestamp) -> String {
    let minutes = due_at.map(|due| due.since(now).as_secs().div_ceil(60)).unwrap_or_default();
    format!("{} h {} min", minutes / 60, minutes % 60)
}

async fn end(shell: &Shell, user: UserId) -> anyhow::Result<()> {
    let (context, desk) = (shell.context(), desk(shell).await?);
    let id = shell
        .app
        .storage
        .write::<_, Fault, _>(move |tx| Box::pin(async move { on_host::cancel(tx, &context, &desk, &user).await }))
        .await?;
    if shell.is_json() {
        return shell.show(&Shown { state: "cancelled", id: id.to_string(), due_at: None, link: None }, &[]);
    }
    shell.say("It has ended: nobody gets in by it.");
    Ok(())
}

async fn desk(shell: &Shell) -> anyhow::Result<Desk> {
    Ok(Desk { site: server::site(&shell.app).await?, sealer: shell.app.sealer.clone() })
}
