//! `lanyard token check`: whether an access token holds, and if not, why; for people who write validators.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::Value;

use super::{Output, Shell, print, scope::Usage};
use crate::{
    clock::{Clock, Timestamp},
    jose::JwkSet,
    oauth::{
        Provider, bearer,
        confirmation::Confirmation,
        token::check::{Expectations, Held, Reason, check},
    },
};

/// Access tokens
#[derive(Debug, Subcommand)]
pub(super) enum Token {
    /// Says whether an access token holds, and if not, why; exits with 1 when it does not
    #[command(after_help = "\
Examples:
  by the keys of this server, and whether it was revoked:
    lanyard token check eyJ…
    pbpaste | lanyard token check -
  by keys in a file, without a server, as an API would:
    lanyard token check --jwks jwks.json --issuer https://id.clinic.example \\
      --audience https://records.clinic.example --at 2026-11-22T08:00:00Z eyJ…")]
    Check(Check),
}

/// What is checked, and against what.
#[derive(Debug, Args)]
pub(super) struct Check {
    /// The token, or `-` to read it from the input, where no other user of this machine sees it
    token: String,
    /// The keys: a JWK set in a file; those of this server when not said
    #[arg(long, value_name = "FILE", requires = "issuer")]
    jwks: Option<PathBuf>,
    /// The issuer that it has to be of; that of this server when not said
    #[arg(long, value_name = "URL")]
    issuer: Option<String>,
    /// The audience that it has to be for; any when not said
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// As if it were that time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    at: Option<Timestamp>,
}

/// What is found, as JSON.
#[derive(Debug, Serialize)]
struct Finding {
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound_to: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claims: Option<Value>,
}

impl Token {
    /// Runs the command.
    pub(super) async fn run(self, config: Option<&Path>, output: Output) -> anyhow::Result<()> {
        let Self::Check(asked) = self;
        let token = asked.token()?;
        let finding = match &asked.jwks {
            Some(file) => Finding::of(check(&token, &keys(file)?, asked.expectations(asked.issuer.as_deref()))),
            None => by_the_server(&Shell::open(config, output).await?, &asked, &token).await?,
        };
        finding.show(output)
    }
}

impl Check {
    fn token(&self) -> anyhow::Result<String> {
        if self.token != "-" {
            return Ok(self.token.clone());
        }
        let mut text = String::new();
        std::io::stdin().take(64 * 1024).read_to_string(&mut text).context("the input is no text")?;
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }

    fn expectations<'a>(&'a self, issuer: Option<&'a str>) -> Expectations<'a> {
        Expectations {
            issuer: issuer.unwrap_or_default(),
            audience: self.audience.as_deref(),
            now: self.at.unwrap_or_else(|| Clock::System.now()),
        }
    }
}

fn keys(file: &Path) -> anyhow::Result<JwkSet> {
    let text = fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    JwkSet::parse(&text).map_err(|bad| Usage(format!("{} is no key set: {bad}", file.display())).into())
}

/// By the keys in the database; what holds may have been revoked.
async fn by_the_server(shell: &Shell, asked: &Check, token: &str) -> anyhow::Result<Finding> {
    shell.app.keyring.refresh(&shell.app.storage, &shell.app.sealer).await?;
    let keys = JwkSet::parse(&String::from_utf8_lossy(shell.app.keyring.jwks().body()))?;
    let issuer = asked.issuer.as_deref().unwrap_or(shell.app.config.server.issuer.as_str());
    let checked = check(token, &keys, asked.expectations(Some(issuer)));
    if checked.is_ok() && asked.at.is_none() {
        let provider = Provider::new(shell.app.clone());
        if bearer::live(&provider, token, shell.app.clock.now()).await?.is_none() {
            return Ok(Finding {
                explanation: Some(
                    "this server does not count it any more: it was revoked, or its session ended".into(),
                ),
                ..Finding::refused("revoked")
            });
        }
    }
    Ok(Finding::of(checked))
}

impl Finding {
    fn refused(reason: &'static str) -> Self {
        Self { verdict: "refuse", reason: Some(reason), explanation: None, bound_to: None, claims: None }
    }

    fn of(checked: Result<Held, Reason>) -> Self {
        match checked {
            Ok(Held { claims, bound_to }) => Self {
                verdict: "accept",
                reason: None,
                explanation: None,
                bound_to: bound_to.map(|bound| match bound {
                    Confirmation::Jkt(_) => "jkt",
                    Confirmation::Certificate(_) => "x5t#S256",
                }),
                claims: Some(claims),
            },
            Err(reason) => Self { explanation: Some(reason.to_string()), ..Self::refused(reason.code()) },
        }
    }

    fn show(self, output: Output) -> anyhow::Result<()> {
        if output == Output::Json {
            print::line(serde_json::to_string_pretty(&self)?)?;
        } else if let Some(claims) = &self.claims {
            print::line(match self.bound_to {
                Some("jkt") => "It holds, for whoever proves to have the key that it is bound to (DPoP).",
                Some(_) => "It holds, for whoever has the certificate that it is bound to (mutual TLS).",
                None => "It holds.",
            })?;
            print::line(serde_json::to_string_pretty(claims)?)?;
        }
        match (self.reason, self.explanation) {
            (Some(reason), Some(explanation)) => bail!("{explanation} ({reason})"),
            _ => Ok(()),
        }
    }
}
