//! `lanyard invitation`: offers of membership by mail.

use clap::{Args, Subcommand};
use serde::Serialize;

use super::{
    Shell,
    paging::{self, Extent},
    scope::{RoleArgument, Scope, ShownRole, instant, queued, roles_json, roles_text},
};
use crate::{
    authentication::invitation as letter,
    directory::{
        self, Noun,
        invitation::{self, Invitation, NewInvitation},
        organization::Organization,
    },
    id::InvitationId,
    server,
    storage::Tx,
    text::{EmailAddress, Slug},
};

/// Invitations: offers of membership by mail, open for seven days
#[derive(Debug, Args)]
pub(super) struct Invitations {
    #[command(flatten)]
    scope: Scope,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Lists invitations, newest first
    #[command(after_help = "\
Examples:
  lanyard invitation list --organization riverside
  lanyard invitation list --organization riverside --before inv_…     the next page")]
    List {
        /// Older than this invitation: the next page
        #[arg(long, value_name = "INVITATION")]
        before: Option<InvitationId>,
        #[command(flatten)]
        extent: Extent,
    },
    /// Invites somebody: mails a link by which they accept or reject
    #[command(after_help = "\
Examples:
  lanyard invitation send priya@riverside.example --kind practitioner --organization riverside
  lanyard invitation send bob@riverside.example --kind contractor --role inventory@harbour-quay \\
    --organization riverside")]
    Send {
        /// The e-mail address of whom is invited
        email: EmailAddress,
        /// Kind of membership: practitioner, administrative, hirer, contractor, or one of your own (`lanyard org kinds`)
        #[arg(long)]
        kind: Slug,
        /// A role, in place of the kind's default ones: ROLE for the whole organization, or ROLE@LOCATION; may be repeated
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<RoleArgument>,
        /// Without any role for now
        #[arg(long, conflicts_with = "roles")]
        no_role: bool,
    },
    /// Sends an invitation again: a new link for seven days, the former one is void
    #[command(after_help = "Example:\n  lanyard invitation resend priya@riverside.example --organization riverside")]
    Resend {
        /// The invited address, or the id of the invitation
        invitation: String,
    },
    /// Takes an invitation back
    #[command(after_help = "Example:\n  lanyard invitation revoke priya@riverside.example --organization riverside")]
    Revoke {
        /// The invited address, or the id of the invitation
        invitation: String,
    },
}

/// An invitation as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    email: String,
    kind: String,
    /// `null`: those of the kind.
    roles: Option<Vec<ShownRole>>,
    #[serde(skip)]
    roles_text: String,
    state: &'static str,
    sent: i64,
    created_at: String,
    expires_at: String,
    accepted_at: Option<String>,
    rejected_at: Option<String>,
    revoked_at: Option<String>,
}

impl Invitations {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::List { before, extent } => list(shell, &of, (before, extent)).await,
            Command::Send { email, kind, roles, no_role } => {
                let roles = roles.into_iter().map(|RoleArgument(at)| at).collect::<Vec<_>>();
                let roles = (no_role || !roles.is_empty()).then_some(roles);
                send(shell, of, NewInvitation { email, kind, roles, invited_by: None }).await
            }
            Command::Resend { invitation } => resend(shell, of, invitation).await,
            Command::Revoke { invitation } => revoke(shell, &of, invitation).await,
        }
    }
}

async fn list(
    shell: &Shell,
    of: &Organization,
    (before, extent): (Option<InvitationId>, Extent),
) -> anyhow::Result<()> {
    let page = async |before: Option<InvitationId>, limit| {
        Ok(shell.app.storage.read().await?.invitations().list(&of.id, before.as_ref(), limit).await?)
    };
    let all = extent.read(before, page, |one| one.id.clone()).await?;
    let shown: Vec<Shown> = all.entries.iter().map(|one| shown(shell, one)).collect();
    shell.table(&shown, &["e-mail", "kind", "roles", "state", "expires", "sent", "id"], |one| {
        vec![
            one.email.clone(),
            one.kind.clone(),
            one.roles_text.clone(),
            one.state.to_owned(),
            one.expires_at.clone(),
            one.sent.to_string(),
            one.id.clone(),
        ]
    })?;
    if let Some(last) = all.rest_after {
        paging::tell_more("--before", last.as_str());
    }
    Ok(())
}

fn shown(shell: &Shell, one: &Invitation) -> Shown {
    Shown {
        id: one.id.to_string(),
        email: one.email.to_string(),
        kind: one.kind.to_string(),
        roles: one.roles.as_deref().map(roles_json),
        roles_text: one.roles.as_deref().map_or_else(|| "of the kind".to_owned(), roles_text),
        state: one.state(shell.app.clock.now()).as_str(),
        sent: one.sent,
        created_at: one.created_at.to_string(),
        expires_at: one.expires_at.to_string(),
        accepted_at: instant(one.accepted_at),
        rejected_at: instant(one.rejected_at),
        revoked_at: instant(one.revoked_at),
    }
}

async fn send(shell: &Shell, of: Organization, new: NewInvitation) -> anyhow::Result<()> {
    let (context, sealer, site) = (shell.context(), shell.app.sealer.clone(), server::site(&shell.app).await?);
    let made = shell
        .change(move |tx| {
            Box::pin(async move {
                let (invitation, token) = invitation::create(tx, &context, &of.id, new).await?;
                letter::send(tx, &context, (&site, &sealer), &of, (&invitation, &token)).await?;
                Ok(invitation)
            })
        })
        .await?;
    sent(shell, &made)
}

async fn resend(shell: &Shell, of: Organization, reference: String) -> anyhow::Result<()> {
    let (context, sealer, site) = (shell.context(), shell.app.sealer.clone(), server::site(&shell.app).await?);
    let again = shell
        .change(move |tx| {
            Box::pin(async move {
                let id = find(tx, &of, &reference).await?;
                let (invitation, token) = invitation::resend(tx, &context, &of.id, &id).await?;
                letter::send(tx, &context, (&site, &sealer), &of, (&invitation, &token)).await?;
                Ok(invitation)
            })
        })
        .await?;
    sent(shell, &again)
}

fn sent(shell: &Shell, one: &Invitation) -> anyhow::Result<()> {
    shell.say(queued("The invitation", one.email.as_str()));
    let shown = shown(shell, one);
    shell.show(&shown, &[("invitation", shown.id.clone()), ("expires", shown.expires_at.clone())])
}

async fn revoke(shell: &Shell, of: &Organization, reference: String) -> anyhow::Result<()> {
    let (context, of) = (shell.context(), of.clone());
    let revoked = shell
        .change(move |tx| {
            Box::pin(async move {
                let id = find(tx, &of, &reference).await?;
                invitation::revoke(tx, &context, &of.id, &id).await
            })
        })
        .await?;
    let shown = shown(shell, &revoked);
    shell.show(&shown, &[("invitation", shown.id.clone()), ("state", shown.state.to_owned())])
}

/// An unanswered invitation by its id or by the address.
async fn find(tx: &mut Tx, of: &Organization, reference: &str) -> directory::Result<InvitationId> {
    if let Ok(id) = reference.parse() {
        return Ok(id);
    }
    let email = reference.parse::<EmailAddress>().map_err(|_| Noun::Invitation.unknown(reference))?;
    let found = tx.invitations().unanswered(&of.id, &email).await?;
    Ok(found.ok_or_else(|| Noun::Invitation.unknown(reference))?.id)
}
