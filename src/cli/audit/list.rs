//! `lanyard audit list`: which events are asked for.

use anyhow::Context as _;
use clap::{Args, builder::PossibleValuesParser};

use super::table;
use crate::{
    audit::{Event, store::Query},
    cli::{
        Shell,
        paging::{self, Extent},
        scope,
    },
    clock::Timestamp,
    id::{EventId, OrganizationId, UserId},
    storage::Error,
    text::UserName,
};

/// Which events.
#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Only of this organization: its slug or id
    #[arg(long, value_name = "SLUG")]
    organization: Option<String>,
    /// Only what concerns this person: e-mail address, user name or id
    #[arg(long)]
    person: Option<String>,
    /// At or after this day or instant (2026-11-22 or 2026-11-22T08:30:00Z)
    #[arg(long, value_name = "DAY", value_parser = Timestamp::parse)]
    from: Option<Timestamp>,
    /// Before this day or instant
    #[arg(long, value_name = "DAY", value_parser = Timestamp::parse)]
    to: Option<Timestamp>,
    /// Only this action: sign-in, token-issue, role-creation, …; a wrong one is answered with all there are
    #[arg(long, value_parser = PossibleValuesParser::new(actions()), hide_possible_values = true)]
    action: Option<String>,
    /// Only of this HTTP request, as error pages and the log name it
    #[arg(long)]
    request: Option<String>,
    /// Older than this event: the next page
    #[arg(long, value_name = "EVENT")]
    before: Option<EventId>,
    /// Shows all there is of each event, with ids, in lines of any length
    #[arg(long)]
    wide: bool,
    #[command(flatten)]
    extent: Extent,
}

/// Each action once: success and failure share a name.
fn actions() -> Vec<&'static str> {
    let mut actions = Event::ACTIONS.to_vec();
    actions.dedup();
    actions
}

/// Shows the events, and records that they were read.
pub(super) async fn list(shell: &Shell, wanted: List) -> anyhow::Result<()> {
    let (filter, width) = (wanted.describe(), if wanted.wide { table::Width::Any } else { table::Width::Terminal });
    let (extent, query) = (wanted.extent, wanted.query(shell).await?);
    let page = async |before, limit| {
        let query = Query { before, limit, ..query.clone() };
        Ok(shell.app.storage.read().await?.audit().list(query).await?)
    };
    let events = extent.read(query.before.clone(), page, |event| event.id.clone()).await?;
    record_reading(shell, query.organization, filter).await?;
    table::show(shell, &events.entries, width).await?;
    if let Some(last) = events.rest_after {
        paging::tell_more("--before", last.as_str());
    }
    Ok(())
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
            ("limit", Some(self.extent.describe())),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| format!("{name}={value}")))
        .collect::<Vec<_>>()
        .join(" ")
    }

    async fn query(self, shell: &Shell) -> anyhow::Result<Query> {
        let organization = match &self.organization {
            Some(reference) => Some(scope::organization(shell, reference).await?.id),
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
            ..Query::default()
        })
    }
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
