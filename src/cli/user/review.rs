//! `lanyard user review`: members, invitations and services of an organization that deserve a look, and suspending members
//! for chosen reasons.

use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::{
    audit::Context,
    cli::{
        Shell, paging,
        scope::{Scope, Usage, cell, instant},
    },
    clock::Timestamp,
    config::parse_span,
    directory::{
        self, membership,
        organization::Organization,
        owner::Owner,
        review::{self, Finding, Limits, Reason, Subject, Voice},
    },
    id::MembershipId,
    oauth::client::{Client, GrantType},
    storage::Tx,
    text::EmailAddress,
};

/// Members of one unit of work when many are suspended.
const AT_ONCE: usize = 100;

/// Invitations and services that are looked at.
const MOST: u32 = 1_000;

/// Lists who deserves a look: leavers nobody put out, orphans no source names, who never comes, who holds nothing, …
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lanyard user review --organization riverside
  lanyard user review --unused 180d --reason unused --reason never-signed-in \\
    --organization riverside
  shows who would be suspended; --yes besides suspends them:
    lanyard user review --reason source-ended --disable --organization riverside

Reasons of members, who can be suspended for them: source-ended, source-silent, not-repeated
(with --not-repeated alone), no-source, never-signed-in, unused, no-role, unverified,
cannot-sign-in. Others: still-live, only-owner, old-invitation, service-without-owner. The last
owner stays.")]
pub(super) struct Review {
    /// For this reason alone; may be repeated
    #[arg(long = "reason", value_name = "REASON", value_parser = reason)]
    reasons: Vec<Reason>,
    /// Who has not come for so long is told of
    #[arg(long, default_value = "90d", value_parser = span, value_name = "TIME")]
    unused: Duration,
    /// So does a source that was not heard for so long
    #[arg(long, default_value = "30d", value_parser = span, value_name = "TIME")]
    silent: Duration,
    /// So does a member whom a source did not repeat for so long: for sources that tell everybody again and again
    #[arg(long, value_parser = span, value_name = "TIME")]
    not_repeated: Option<Duration>,
    /// So does an invitation that waits for so long
    #[arg(long, default_value = "14d", value_parser = span, value_name = "TIME")]
    invited: Duration,
    /// After this membership: the next page
    #[arg(long, value_name = "MEMBERSHIP")]
    after: Option<MembershipId>,
    /// At most so many
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    limit: u32,
    /// Suspends the members whom it finds for these reasons; shows them first
    #[arg(long, requires = "reasons", conflicts_with_all = ["after", "limit"])]
    disable: bool,
    /// Says that they were looked at: suspends them now
    #[arg(long, requires = "disable")]
    yes: bool,
}

fn span(text: &str) -> Result<Duration, String> {
    parse_span(text).ok_or_else(|| "write for example 90d: a number with s, m, h or d".to_owned())
}

fn reason(text: &str) -> Result<Reason, String> {
    let names = || Reason::ALL.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
    Reason::named(text).ok_or_else(|| format!("expected one of {}", names()))
}

/// One line of the report.
#[derive(Debug, Serialize)]
struct Shown {
    reason: &'static str,
    since: Option<String>,
    name: String,
    email: Option<String>,
    membership: Option<String>,
    user: Option<String>,
    invitation: Option<String>,
    client: Option<String>,
    sources: Vec<String>,
    /// The command that acts on it.
    command: String,
}

/// What becomes of one member when many are suspended.
#[derive(Debug, Serialize)]
struct Suspended {
    name: String,
    email: Option<String>,
    membership: String,
    reasons: Vec<&'static str>,
    state: &'static str,
}

impl Review {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell, scope: &Scope) -> anyhow::Result<()> {
        let of = scope.organization(shell).await?;
        let now = shell.app.clock.now();
        let voices = shell.app.storage.read().await?.reviews().voices(&of.id, now).await?;
        if self.disable { self.suspend(shell, &of, &voices).await } else { self.list(shell, &of, &voices).await }
    }

    fn limits(&self) -> Limits {
        let (unused, silent) = (self.unused, self.silent);
        Limits { unused, silent, repeated: self.not_repeated, invited: self.invited }
    }

    fn wants(&self, reason: Reason) -> bool {
        self.reasons.is_empty() || self.reasons.contains(&reason)
    }

    async fn list(&self, shell: &Shell, of: &Organization, voices: &[Voice]) -> anyhow::Result<()> {
        let (limits, now) = (self.limits(), shell.app.clock.now());
        let mut tx = shell.app.storage.read().await?;
        let mut shown = if self.after.is_none() { self.beside(&mut tx, of, (voices, now)).await? } else { vec![] };
        let (mut after, mut is_cut) = (self.after.clone(), false);
        while !is_cut {
            let (found, last) = review::page(&mut tx, &of.id, (voices, &limits, now), after.as_ref()).await?;
            if last.is_none() {
                break;
            }
            after = last;
            for (subject, findings) in found {
                let wanted: Vec<Finding> = findings.into_iter().filter(|one| self.wants(one.reason)).collect();
                if !wanted.is_empty() && shown.len() >= self.limit as usize {
                    is_cut = true;
                    break;
                }
                shown.extend(wanted.into_iter().map(|finding| member(&subject, finding, of)));
            }
        }
        let last = shown.iter().rev().find_map(|one| one.membership.clone());
        shell.table(&shown, &["why", "since", "name", "e-mail", "source", "what to do"], |one| {
            vec![
                one.reason.to_owned(),
                cell(one.since.as_deref()),
                one.name.clone(),
                cell(one.email.as_deref()),
                cell(Some(one.sources.join(", ")).filter(|names| !names.is_empty()).as_deref()),
                one.command.clone(),
            ]
        })?;
        if let Some(last) = last.filter(|_| is_cut) {
            paging::tell_more("--after", &last);
        }
        Ok(())
    }

    /// What is told of the organization as a whole: owners, invitations, services.
    async fn beside(
        &self,
        tx: &mut Tx,
        of: &Organization,
        (voices, now): (&[Voice], Timestamp),
    ) -> anyhow::Result<Vec<Shown>> {
        let mut shown = vec![];
        if self.wants(Reason::OnlyOwner)
            && let [only] = tx.assignments().lasting_owners(&of.id, now).await?.as_slice()
            && let Some(person) = tx.users().by_id(&only.user).await?
        {
            shown.push(Shown {
                name: person.name.into(),
                email: person.email.map(String::from),
                membership: None,
                user: Some(only.user.to_string()),
                ..blank(Reason::OnlyOwner, format!("lanyard role assign owner PERSON --organization {}", of.slug))
            });
        }
        if self.wants(Reason::OldInvitation) {
            let before = now.minus(self.invited);
            for one in tx.reviews().unanswered(&of.id, before, MOST).await? {
                let source = one.origin.filter(directory::origin::Origin::is_outside);
                let name_of = |voice: &&Voice| Some(&voice.origin) == source.as_ref();
                let command = format!("lanyard invitation revoke {} --organization {}", one.invitation, of.slug);
                shown.push(Shown {
                    since: instant(Some(one.created_at)),
                    email: Some(one.email.into()),
                    membership: None,
                    invitation: Some(one.invitation.into()),
                    sources: voices.iter().filter(name_of).map(|voice| voice.name.clone()).collect(),
                    ..blank(Reason::OldInvitation, command)
                });
            }
        }
        if self.wants(Reason::ServiceWithoutOwner) {
            shown.extend(services(tx, of, now).await?);
        }
        Ok(shown)
    }

    async fn suspend(&self, shell: &Shell, of: &Organization, voices: &[Voice]) -> anyhow::Result<()> {
        if let Some(other) = self.reasons.iter().find(|reason| !reason.is_of_active_member()) {
            Err(Usage(format!("nobody is suspended for {}: see the command in its line of the report", other.name())))?;
        }
        let (limits, now, mut after) = (self.limits(), shell.app.clock.now(), None);
        let mut owners = shell.app.storage.read().await?.assignments().lasting_owners(&of.id, now).await?;
        let (mut shown, mut done, mut staying) = (vec![], 0_usize, vec![]);
        loop {
            let mut tx = shell.app.storage.read().await?;
            let (found, last) = review::page(&mut tx, &of.id, (voices, &limits, now), after.as_ref()).await?;
            drop(tx);
            if last.is_none() {
                break;
            }
            after = last;
            let wanted: Vec<(Subject, Vec<Reason>)> =
                found.into_iter().map(|(subject, all)| (subject, self.chosen(&all))).collect();
            let wanted: Vec<_> = wanted.into_iter().filter(|(_, reasons)| !reasons.is_empty()).collect();
            let states = if self.yes { disable(shell, of, &wanted).await? } else { foresee(&mut owners, &wanted) };
            for ((subject, reasons), state) in wanted.into_iter().zip(states) {
                done += usize::from([SUSPENDED, TO_BE_SUSPENDED].contains(&state));
                if state == STAYS {
                    staying.push(called(&subject));
                }
                if shown.len() < self.limit as usize {
                    shown.push(suspended(subject, reasons, state));
                }
            }
        }
        shell.table(&shown, &["name", "e-mail", "why", "state", "membership"], |one| {
            let email = cell(one.email.as_deref());
            vec![one.name.clone(), email, one.reasons.join(", "), one.state.to_owned(), one.membership.clone()]
        })?;
        shell.say(match (done, self.yes) {
            (0, _) => "Nobody is to be suspended.".to_owned(),
            (_, true) => format!("Suspended: {done} of the members of {}.", of.slug),
            (_, false) => format!("Would be suspended: {done} of the members of {}. Add --yes to do it.", of.slug),
        });
        for owner in staying {
            shell.say(format!(
                "{owner} stays: the last owner of {0}. First another one: `lanyard role assign owner PERSON --organization {0}`.",
                of.slug
            ));
        }
        Ok(())
    }

    /// The reasons that were asked for.
    fn chosen(&self, findings: &[Finding]) -> Vec<Reason> {
        findings.iter().map(|one| one.reason).filter(|reason| self.reasons.contains(reason)).collect()
    }
}

const SUSPENDED: &str = "suspended";
const TO_BE_SUSPENDED: &str = "to be suspended";
const STAYS: &str = "stays: the last owner";

/// What would become of each, as it does in this order: the last of the owners stays.
fn foresee(owners: &mut Vec<Owner>, wanted: &[(Subject, Vec<Reason>)]) -> Vec<&'static str> {
    let state = |(subject, _): &(Subject, Vec<Reason>)| match owners
        .iter()
        .position(|owner| owner.membership == subject.membership)
    {
        Some(_) if owners.len() == 1 => STAYS,
        Some(owner) => {
            owners.swap_remove(owner);
            TO_BE_SUSPENDED
        }
        None => TO_BE_SUSPENDED,
    };
    wanted.iter().map(state).collect()
}

fn called(subject: &Subject) -> String {
    match &subject.email {
        Some(email) => format!("{} ({email})", subject.name),
        None => subject.name.to_string(),
    }
}

fn suspended(subject: Subject, reasons: Vec<Reason>, state: &'static str) -> Suspended {
    Suspended {
        name: subject.name.into(),
        email: subject.email.map(String::from),
        membership: subject.membership.into(),
        reasons: reasons.into_iter().map(Reason::name).collect(),
        state,
    }
}

/// Suspends them, some in each unit of work; answers what became of each.
async fn disable(
    shell: &Shell,
    of: &Organization,
    wanted: &[(Subject, Vec<Reason>)],
) -> anyhow::Result<Vec<&'static str>> {
    let mut states = vec![];
    for some in wanted.chunks(AT_ONCE) {
        let ids: Vec<MembershipId> = some.iter().map(|(subject, _)| subject.membership.clone()).collect();
        let (context, of) = (shell.context(), of.clone());
        states.extend(shell.change(move |tx| Box::pin(disable_some(tx, context, of, ids))).await?);
    }
    Ok(states)
}

async fn disable_some(
    tx: &mut Tx,
    context: Context,
    of: Organization,
    ids: Vec<MembershipId>,
) -> directory::Result<Vec<&'static str>> {
    let mut states = vec![];
    for id in ids {
        states.push(match membership::disable(tx, &context, &of.id, &id).await {
            Ok(_) => SUSPENDED,
            Err(directory::Error::LastOwner) => STAYS,
            Err(directory::Error::Unknown(..)) => "has left meanwhile",
            Err(error) => return Err(error),
        });
    }
    Ok(states)
}

/// Services that no active member is a contact of.
async fn services(tx: &mut Tx, of: &Organization, now: Timestamp) -> anyhow::Result<Vec<Shown>> {
    let is_service =
        |client: &Client| client.disabled_at.is_none() && client.grant_types.contains(&GrantType::ClientCredentials);
    let mut services = tx.clients().list(Some(&of.id), "", MOST).await?;
    services.retain(is_service);
    let contacts = |client: &Client| -> Vec<String> {
        let parsed = client.metadata.contacts.iter().filter_map(|text| text.parse::<EmailAddress>().ok());
        parsed.map(String::from).collect()
    };
    let addresses: Vec<String> = services.iter().flat_map(contacts).collect();
    let active = tx.memberships().active_among(&of.id, &addresses, now).await?;
    services.retain(|client| !contacts(client).iter().any(|address| active.contains(address)));
    Ok(services
        .into_iter()
        .map(|client| Shown {
            since: instant(Some(client.created_at)),
            name: client.name,
            email: client.metadata.contacts.first().cloned(),
            membership: None,
            client: Some(client.id.clone()),
            ..blank(Reason::ServiceWithoutOwner, format!("lanyard client set {} 'contacts=[\"ADDRESS\"]'", client.id))
        })
        .collect())
}

fn member(subject: &Subject, finding: Finding, of: &Organization) -> Shown {
    let command = match finding.reason {
        Reason::NoRole => format!("lanyard role assign ROLE {}", subject.membership),
        Reason::Unverified => format!("lanyard user recover {}", subject.user),
        Reason::CannotSignIn if !subject.is_pending => format!("lanyard user password {}", subject.user),
        Reason::CannotSignIn => match &subject.said_address {
            Some(address) => format!("lanyard invitation send {address} --kind {}", subject.kind),
            None => format!("lanyard user email {} ADDRESS", subject.user),
        },
        _ => format!("lanyard membership disable {}", subject.membership),
    };
    Shown {
        since: instant(finding.since),
        name: subject.name.to_string(),
        email: subject.email.as_ref().map(ToString::to_string),
        membership: Some(subject.membership.to_string()),
        user: Some(subject.user.to_string()),
        sources: finding.sources,
        ..blank(finding.reason, format!("{command} --organization {}", of.slug))
    }
}

fn blank(reason: Reason, command: String) -> Shown {
    Shown {
        reason: reason.name(),
        since: None,
        name: String::new(),
        email: None,
        membership: None,
        user: None,
        invitation: None,
        client: None,
        sources: vec![],
        command,
    }
}
