//! `lanyard audit`: what happened, and whether the record of it is whole.

use anyhow::{Context as _, anyhow, bail};
use aws_lc_rs::hmac;
use clap::{Args, Subcommand, builder::PossibleValuesParser};
use serde::Serialize;
use serde_json::value::RawValue;

use super::Shell;
use crate::{
    audit::{Event, Recorded, heads::HeadsFile, store::Query, verify},
    clock::Timestamp,
    id::{EventId, OrganizationId, UserId},
    keys::shared_key::SharedKey,
    secret::ExposeSecret,
    storage::Error,
    text::UserName,
};

/// The audit log
#[derive(Debug, Subcommand)]
pub(super) enum Audit {
    /// Lists events, newest first; the reading is recorded too
    #[command(after_help = "\
Examples:
  lanyard audit list --person olivia@riverside.example --from 2026-11-01
  lanyard audit list --organization riverside --action assignment-creation --json
  lanyard audit list --limit 1000 --before evt_…     the next page")]
    List(List),
    /// Checks that no sealed event was changed, removed or inserted; exits with 1 when one was
    #[command(after_help = "Example:\n  lanyard audit verify --json")]
    Verify,
}

/// Which events.
#[derive(Debug, Args)]
pub(super) struct List {
    /// Of this organization: its id or slug
    #[arg(long)]
    organization: Option<String>,
    /// Concerning this person: an id, an e-mail address or a user name
    #[arg(long)]
    person: Option<String>,
    /// At or after this day or instant (2026-11-22 or 2026-11-22T08:30:00Z)
    #[arg(long, value_parser = Timestamp::parse)]
    from: Option<Timestamp>,
    /// Before this day or instant
    #[arg(long, value_parser = Timestamp::parse)]
    to: Option<Timestamp>,
    /// Of this action: sign-in, token-issue, role-creation, …
    #[arg(long, value_parser = PossibleValuesParser::new(actions()), hide_possible_values = true)]
    action: Option<String>,
    /// Of this HTTP request, as error pages and logs name it
    #[arg(long)]
    request: Option<String>,
    /// Older than this event: the next page
    #[arg(long, value_name = "EVENT")]
    before: Option<EventId>,
    /// At most so many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
}

/// Each action once: success and failure share a name.
fn actions() -> Vec<&'static str> {
    let mut actions = Event::ACTIONS.to_vec();
    actions.dedup();
    actions
}

/// An event as it is shown.
#[derive(Serialize)]
struct Shown<'e> {
    id: &'e str,
    /// The organization's id, or `server`.
    chain: &'e str,
    /// RFC 3339.
    at: String,
    /// Unix milliseconds.
    at_ms: i64,
    action: &'e str,
    outcome: &'e str,
    actor_kind: &'e str,
    actor_id: Option<&'e str>,
    person_id: Option<&'e str>,
    client_id: Option<&'e str>,
    resource: Option<&'e str>,
    request_id: Option<&'e str>,
    address: Option<&'e str>,
    detail: &'e RawValue,
    seal: Option<i64>,
}

impl Audit {
    /// Runs the command.
    pub(super) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        match self {
            Self::List(wanted) => list(shell, wanted).await,
            Self::Verify => verify(shell).await,
        }
    }
}

async fn list(shell: &Shell, wanted: List) -> anyhow::Result<()> {
    let filter = wanted.describe();
    let query = wanted.query(shell).await?;
    let organization = query.organization.clone();
    let events = shell.app.storage.read().await?.audit().list(query).await?;
    record_reading(shell, organization, filter).await?;
    let shown: Vec<Shown<'_>> = events.iter().map(Shown::of).collect::<anyhow::Result<_>>()?;
    shell.table(&shown, &["at", "action", "outcome", "actor", "person", "chain", "detail"], |event| {
        vec![
            event.at.clone(),
            event.action.to_owned(),
            event.outcome.to_owned(),
            event.actor_id.map_or_else(|| event.actor_kind.to_owned(), |id| format!("{} {id}", event.actor_kind)),
            event.person_id.unwrap_or_default().to_owned(),
            event.chain.to_owned(),
            event.detail.get().to_owned(),
        ]
    })
}

async fn record_reading(shell: &Shell, organization: Option<OrganizationId>, filter: String) -> Result<(), Error> {
    let context = shell.context();
    let event = Event::AuditReading { filter };
    shell
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                tx.record(&context, organization.as_ref(), &event);
                Ok(())
            })
        })
        .await
}

async fn verify(shell: &Shell) -> anyhow::Result<()> {
    let key = shell.app.shared_key(SharedKey::AuditHeads).await?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.expose_secret());
    let heads = HeadsFile::at(shell.app.config.audit.heads_file.clone());
    let report = verify::verify(&shell.app.storage, &key, &heads).await?;
    let heads_state = if heads.path().exists() { "compared" } else { "not there" };
    shell.show(
        &report,
        &[
            ("chains", report.chains.to_string()),
            ("links", report.links.to_string()),
            ("events", report.events.to_string()),
            ("heads", format!("{} ({heads_state})", heads.path().display())),
        ],
    )?;
    if shell.app.storage.read().await?.audit().is_any_unsealed().await? {
        shell.say("Some events are not sealed yet: the server seals them within a second, when it runs.");
    }
    if report.links > 0 && !heads.path().exists() {
        bail!(
            "the file of heads {} is missing: without it nobody can tell whether the log was cut off; bring it back from a backup",
            heads.path().display()
        );
    }
    if report.findings.is_empty() {
        shell.say("The audit log is whole.");
        return Ok(());
    }
    for finding in &report.findings {
        shell.say(format!("{} link {}: {}", finding.chain, finding.seal, finding.what));
    }
    Err(anyhow!("the audit log is not whole: {} findings", report.findings.len()))
}

impl List {
    /// As it is recorded: what was asked for, in the words of the command line.
    fn describe(&self) -> String {
        let instant = |at: &Option<Timestamp>| at.map(|at| at.to_string());
        [
            ("organization", self.organization.clone()),
            ("person", self.person.clone()),
            ("from", instant(&self.from)),
            ("to", instant(&self.to)),
            ("action", self.action.clone()),
            ("request", self.request.clone()),
            ("before", self.before.as_ref().map(ToString::to_string)),
            ("limit", Some(self.limit.to_string())),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
        .collect::<Vec<_>>()
        .join(" ")
    }

    async fn query(self, shell: &Shell) -> anyhow::Result<Query> {
        let organization = match &self.organization {
            Some(reference) => Some(organization(shell, reference).await?),
            None => None,
        };
        let person = match &self.person {
            Some(reference) => Some(person(shell, reference).await?),
            None => None,
        };
        Ok(Query {
            organization,
            person,
            action: self.action,
            request: self.request,
            from: self.from,
            to: self.to,
            before: self.before,
            limit: self.limit,
        })
    }
}

async fn organization(shell: &Shell, reference: &str) -> anyhow::Result<OrganizationId> {
    let found = shell.app.storage.read().await?.organizations().by_reference(reference).await?;
    found.map(|found| found.id).with_context(|| format!("there is no organization `{reference}`"))
}

/// Ids are taken as they are: events of erased people are still there.
async fn person(shell: &Shell, reference: &str) -> anyhow::Result<String> {
    if let Ok(id) = reference.parse::<UserId>() {
        return Ok(id.into());
    }
    let name: UserName = reference.parse().with_context(|| format!("`{reference}`"))?;
    let found = shell.app.storage.read().await?.users().by_login_name(&name).await?;
    found.map(|user| user.id.into()).with_context(|| format!("nobody signs in as `{reference}`"))
}

impl<'e> Shown<'e> {
    fn of(event: &'e Recorded) -> anyhow::Result<Self> {
        Ok(Self {
            id: event.id.as_str(),
            chain: event.chain.as_str(),
            at: event.at.to_string(),
            at_ms: event.at.0,
            action: &event.action,
            outcome: &event.outcome,
            actor_kind: &event.actor_kind,
            actor_id: event.actor_id.as_deref(),
            person_id: event.person_id.as_deref(),
            client_id: event.client_id.as_deref(),
            resource: event.resource.as_deref(),
            request_id: event.request_id.as_deref(),
            address: event.address.as_deref(),
            detail: serde_json::from_str(&event.detail).with_context(|| format!("event {}", event.id))?,
            seal: event.seal,
        })
    }
}
