//! What every command has: configuration, the open application, and a way to print.

use std::{fmt::Write as _, path::Path, sync::OnceLock};

use anyhow::Context as _;
use serde::Serialize;

use super::print;
use crate::{
    app::{App, set_up},
    audit::{self, Actor},
    clock::Clock,
    config::{Config, Sources},
    id::OrganizationId,
    random::Random,
};

/// How a command prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// Tables and sentences.
    Text,
    /// JSON, one document.
    Json,
}

/// An open application with somebody at a terminal before it.
pub struct Shell {
    /// The application.
    pub app: App,
    output: Output,
    organization: OnceLock<OrganizationId>,
}

impl Shell {
    /// Loads the configuration and opens the application where it was set up; makes nothing and brings nothing up to date.
    ///
    /// # Errors
    /// When the configuration is wrong, and when there is no database of this program or no master key; the message says
    /// where it looked and what to do.
    pub async fn open(config: Option<&Path>, output: Output) -> anyhow::Result<Self> {
        let shell = Self::attach(config, output).await?;
        set_up::see_schema(&shell.app.storage, &shell.app.config).await?;
        Ok(shell)
    }

    /// As [`Self::open`], with a database of whatever program.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn attach(config: Option<&Path>, output: Output) -> anyhow::Result<Self> {
        let config = Config::load(&Sources::of_process(config))?;
        set_up::see_files(&config)?;
        let app = App::attach(config, Clock::System, Random::system()).await.context("the database does not open")?;
        Ok(Self::of(app, output))
    }

    /// Loads the configuration and opens the application, with all that it lacks made and brought up to date.
    ///
    /// # Errors
    /// When the configuration is wrong or the database does not open; the message says what to do.
    pub async fn set_up(config: Option<&Path>, output: Output) -> anyhow::Result<Self> {
        let config = Config::load(&Sources::of_process(config))?;
        let app = App::open(config, Clock::System, Random::system()).await.context("Lanyard does not start")?;
        Ok(Self::of(app, output))
    }

    /// A shell before an application that is open.
    #[must_use]
    pub fn of(app: App, output: Output) -> Self {
        Self { app, output, organization: OnceLock::new() }
    }

    /// Keeps which organization the command is about, for whoever explains what went wrong.
    pub fn is_about(&self, organization: &OrganizationId) {
        let _ = self.organization.set(organization.clone());
    }

    /// Which organization the command is about, as far as it came.
    #[must_use]
    pub fn organization(&self) -> Option<&OrganizationId> {
        self.organization.get()
    }

    /// Whether it prints JSON.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.output == Output::Json
    }

    /// The context of changes by this command.
    #[must_use]
    pub fn context(&self) -> audit::Context {
        self.app.context(Actor::Host(account()))
    }

    /// Prints a sentence; nothing with `--json`.
    pub fn say(&self, sentence: impl AsRef<str>) {
        if self.output == Output::Text
            && let Err(error) = print::line(sentence)
        {
            complain(&error.into());
        }
    }

    /// Prints rows as a table with a header, or the values as JSON.
    ///
    /// # Errors
    /// When a value has no JSON form.
    pub fn table<T: Serialize>(
        &self,
        values: &[T],
        head: &[&str],
        row: impl Fn(&T) -> Vec<String>,
    ) -> anyhow::Result<()> {
        match self.output {
            Output::Json => print::line(serde_json::to_string_pretty(values)?)?,
            Output::Text if values.is_empty() => print::line("None.")?,
            Output::Text => print::text(table(head, &values.iter().map(row).collect::<Vec<_>>()))?,
        }
        Ok(())
    }

    /// Prints one value: as lines of `name  value`, or as JSON.
    ///
    /// # Errors
    /// When the value has no JSON form.
    pub fn show<T: Serialize>(&self, value: &T, lines: &[(&str, String)]) -> anyhow::Result<()> {
        match self.output {
            Output::Json => print::line(serde_json::to_string_pretty(value)?)?,
            Output::Text => {
                let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
                let lines = lines.iter().map(|(name, value)| format!("{name:width$}  {value}\n"));
                print::text(lines.collect::<Vec<_>>().concat())?;
            }
        }
        Ok(())
    }
}

/// A runtime for one command.
pub(super) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime does not start")
}

/// Says what went wrong, with its causes, on standard error.
pub(super) fn complain(error: &anyhow::Error) {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Many errors end with their cause already.
        if !text.contains(&cause) {
            text.push_str(if text.is_empty() { "" } else { ": " });
            text.push_str(&cause);
        }
    }
    print::aside(format!("lanyard: {text}"));
}

fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let mut widths: Vec<usize> = head.iter().map(|cell| cell.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let head: Vec<String> = head.iter().map(|cell| cell.to_uppercase()).collect();
    for row in std::iter::once(&head).chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            let _ = write!(line, "{cell:width$}  ");
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// The system account that runs the command; what the environment says of it could be anybody's name.
fn account() -> String {
    let id = rustix::process::getuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    named(&accounts, id).map_or_else(|| format!("uid {id}"), str::to_owned)
}

/// The name of an account in the text of passwd(5).
fn named(accounts: &str, id: u32) -> Option<&str> {
    accounts.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, found) = (fields.next()?, fields.nth(1)?);
        (found.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["åse".to_owned(), "1".to_owned()], vec!["b".to_owned(), "22".to_owned()]];
        assert_eq!(table(&["name", "n"], &rows), "NAME  N\nåse   1\nb     22\n");
    }

    #[test]
    fn an_account_has_the_name_that_the_system_knows() {
        let accounts = "root:x:0:0:root:/root:/bin/bash\n\n# none\nida:x:1000:1000::/home/ida:/bin/sh\nodd:x\n";
        for (id, expected) in [(0, Some("root")), (1000, Some("ida")), (7, None)] {
            assert_eq!(named(accounts, id), expected, "{id}");
        }
    }
}
