//! `lanyard doctor`: looks at everything that a node needs and says, a line each, what to do. Changes nothing.

mod audit;
mod clock;
mod countries;
mod database;
mod disk;
mod emergency;
mod jobs;
mod keys;
mod logouts;
mod mail;
mod passwords;
mod reach;
mod registration;
mod saml;
mod scim_tokens;
mod targets;
mod upstreams;

use std::path::Path;

use anyhow::bail;
use clap::Args;
use serde::Serialize;

use super::{Output, print};
use crate::{
    clock::Clock,
    config::{Config, Sources},
    storage::Storage,
};

/// Checks configuration, database, clock, keys, audit log, mail, proxies and disk, and says what to do
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  lanyard doctor --json

Exits with 1 when something fails; a warning alone does not. A running server is not disturbed.")]
pub(super) struct Doctor {}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Ok,
    /// It works, but somebody should look at it.
    Warn,
    /// It does not work, or is not safe.
    Fail,
}

/// What was looked at, what was found and what to do.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    check: &'static str,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, state: State::Ok, found: found.into(), advice: None }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Warn, found: found.into(), advice: Some(advice.into()) }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { check, state: State::Fail, found: found.into(), advice: Some(advice.into()) }
    }
}

impl Doctor {
    /// Runs the command.
    pub(super) async fn run(self, config: Option<&Path>, output: Output) -> anyhow::Result<()> {
        let findings = match Config::load(&Sources::of_process(config)) {
            Ok(config) => look(&config).await,
            Err(problems) => {
                let wrong = |problem: &crate::config::Problem| {
                    Finding::fail("configuration", problem.to_string(), "nothing else is checked before")
                };
                problems.0.iter().map(wrong).collect()
            }
        };
        match output {
            Output::Json => print::line(serde_json::to_string_pretty(&findings)?)?,
            Output::Text => print::text(findings.iter().map(line).collect::<String>())?,
        }
        match findings.iter().filter(|finding| finding.state == State::Fail).count() {
            0 => Ok(()),
            1 => bail!("one check failed"),
            many => bail!("{many} checks failed"),
        }
    }
}

async fn look(config: &Config) -> Vec<Finding> {
    let now = Clock::System.now();
    let mut findings = vec![Finding::ok("configuration", format!("issuer {}", config.server.issuer))];
    findings.extend(reach::look(config));
    let (found, storage) = database::look(config).await;
    findings.extend(found);
    if let Some(storage) = storage {
        findings.push(clock::look(&storage, now).await);
        findings.extend(keys::look(config, &storage, now).await);
        findings.extend(audit::look(config, &storage, now).await);
        findings.push(jobs::look(&storage).await);
        findings.extend(registration::look(config, &storage).await);
        findings.push(logouts::look(&storage, now).await);
        findings.extend(scim_tokens::look(config, &storage, now).await);
        findings.push(targets::look(&storage).await);
        findings.push(upstreams::look(&storage).await);
        findings.extend(saml::look(&storage, now).await);
        findings.extend(emergency::look(&storage).await);
        storage.close().await;
    } else {
        findings.push(keys::look_at_master_key(config));
    }
    findings.push(mail::look(config).await);
    findings.extend(passwords::look(config));
    findings.extend(countries::look(config, now));
    findings.extend(disk::look(config));
    findings
}

fn line(finding: &Finding) -> String {
    let state = match finding.state {
        State::Ok => "ok",
        State::Warn => "warn",
        State::Fail => "FAIL",
    };
    let advice = finding.advice.as_ref().map(|advice| format!(" → {advice}")).unwrap_or_default();
    format!("{state:4}  {:13}  {}{advice}\n", finding.check, finding.found)
}

/// What a check of the database comes to when it cannot be made.
fn unreadable(check: &'static str, error: impl std::fmt::Display) -> Finding {
    Finding::fail(check, error.to_string(), "see what the database says; nothing was changed")
}

/// A database that can be asked.
type Open = Option<Storage>;
