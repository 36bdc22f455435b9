//! `lanyard config`: what is configured and where each value comes from. Opens neither database nor keys.

use std::path::Path;

use anyhow::{Context as _, anyhow};
use clap::Subcommand;
use figment::{
    Figment,
    providers::{Format as _, Toml},
};

use super::{Output, print};
use crate::{
    config::{self, Sources},
    geography,
    policy::password::known::Known,
};

/// The configuration
#[derive(Debug, Subcommand)]
pub(super) enum Config {
    /// Says whether the configuration is right, and how to correct it; exits with 1 when it is not
    #[command(after_help = "Example:\n  lanyard --config /etc/lanyard.toml config check")]
    Check,
    /// Prints every value with the place it comes from; secrets are left out
    #[command(after_help = "\
Examples:
  lanyard config show
  lanyard config show --defaults > lanyard.toml     a file to begin with")]
    Show {
        /// As if nothing were configured: all keys there are
        #[arg(long)]
        defaults: bool,
    },
}

impl Config {
    /// Runs the command.
    pub(super) fn run(&self, file: Option<&Path>, output: Output) -> anyhow::Result<()> {
        match self {
            Self::Check => check(&Sources::of_process(file), output),
            Self::Show { defaults: true } => show(&Sources::none(), output),
            Self::Show { defaults: false } => show(&Sources::of_process(file), output),
        }
    }
}

fn check(sources: &Sources, output: Output) -> anyhow::Result<()> {
    let problems: Vec<String> = match config::Config::load(sources) {
        Ok(config) => {
            let known = Known::open(config.password.known_passwords.as_deref());
            let known = known.err().map(|fault| format!("password.known_passwords: {fault}"));
            let countries = config.network.countries.as_deref().map(geography::made_at);
            let countries = countries.and_then(Result::err).map(|fault| format!("network.countries: {fault}"));
            known.into_iter().chain(countries).collect()
        }
        Err(problems) => problems.0.iter().map(ToString::to_string).collect(),
    };
    if output == Output::Json {
        print::line(serde_json::to_string_pretty(&serde_json::json!({ "problems": problems }))?)?;
    } else if problems.is_empty() {
        match sources.file() {
            Some(file) => print::line(format!("The configuration is right: {}.", file.display()))?,
            None => print::line(format!(
                "There is no {} here, and none is named: what is set by variables and the defaults is right.",
                Sources::DEFAULT_FILE
            ))?,
        }
    } else {
        for problem in &problems {
            print::line(problem)?;
        }
    }
    match problems.len() {
        0 => Ok(()),
        1 => Err(anyhow!("the configuration has a problem")),
        many => Err(anyhow!("the configuration has {many} problems")),
    }
}

fn show(sources: &Sources, output: Output) -> anyhow::Result<()> {
    let text = config::Config::describe(sources)?;
    if output == Output::Text {
        return Ok(print::text(text)?);
    }
    let value: serde_json::Value =
        Figment::from(Toml::string(&text)).extract().context("the configuration has no JSON form")?;
    Ok(print::line(serde_json::to_string_pretty(&value)?)?)
}
