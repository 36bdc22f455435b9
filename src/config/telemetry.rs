//! `[telemetry]`: logs, who may read metrics, and traces where a collector is named.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;
use url::Url;

use super::{
    check::{Check, Wrong, wrong},
    network::networks,
};

/// Logs, metrics and traces.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// How a line of the log looks.
    pub log_format: LogFormat,
    /// What is logged, as directives (`info`, `lanyard=debug,sqlx=warn`).
    pub log_level: String,
    /// The collector of traces (OTLP over HTTP), for example `http://localhost:4318`.
    pub otlp_endpoint: Option<Url>,
    /// Who may read `/metrics`.
    pub metrics_networks: Vec<IpNet>,
}

/// How a line of the log looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line, for machines.
    Json,
    /// Text, for people.
    Text,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Raw {
    log_format: String,
    log_level: String,
    otlp_endpoint: String,
    metrics_networks: Vec<String>,
}

impl Default for Raw {
    fn default() -> Self {
        Self {
            log_format: "text".to_owned(),
            log_level: "info".to_owned(),
            otlp_endpoint: String::new(),
            metrics_networks: vec!["127.0.0.0/8".to_owned(), "::1".to_owned()],
        }
    }
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check) -> Option<Telemetry> {
        let log_format = check.take("telemetry.log_format", log_format(&self.log_format));
        let log_level = check.take("telemetry.log_level", log_level(self.log_level));
        let otlp_endpoint = check.take("telemetry.otlp_endpoint", otlp_endpoint(&self.otlp_endpoint));
        let metrics_networks = check.take("telemetry.metrics_networks", networks(&self.metrics_networks));
        Some(Telemetry {
            log_format: log_format?,
            log_level: log_level?,
            otlp_endpoint: otlp_endpoint?,
            metrics_networks: metrics_networks?,
        })
    }
}

fn log_format(text: &str) -> Result<LogFormat, Wrong> {
    match text {
        "json" => Ok(LogFormat::Json),
        "text" => Ok(LogFormat::Text),
        other => Err(wrong(format!("`{other}` is no format"), "write `json` or `text`")),
    }
}

fn log_level(text: String) -> Result<String, Wrong> {
    match EnvFilter::builder().parse(&text) {
        Ok(_) => Ok(text),
        Err(error) => Err(wrong(format!("`{text}`: {error}"), "write for example `info` or `lanyard=debug,sqlx=warn`")),
    }
}

fn otlp_endpoint(text: &str) -> Result<Option<Url>, Wrong> {
    if text.is_empty() {
        return Ok(None);
    }
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => Ok(Some(url)),
        _ => Err(wrong("is not a web address", "write for example `http://localhost:4318`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_directives() {
        for (text, accepted) in [("info", true), ("lanyard=debug,sqlx=warn", true), ("lanyard=loud", false)] {
            assert_eq!(log_level(text.to_owned()).is_ok(), accepted, "{text}");
        }
    }
}
