//! What the server tells its operators: logs, metrics and, where a collector is configured, traces.
//!
//! Nothing that a client sends becomes a metric label, and no token, code, password or text of a request is logged. The
//! HTTP middleware that uses this lives in `web/`.

mod log;
mod metrics;
mod request;
mod trace;

use std::io;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::{
    Layer, filter, fmt::MakeWriter, layer::SubscriberExt, registry::LookupSpan, util::SubscriberInitExt,
};

pub use self::{
    metrics::{Counter, Gauge, Metrics},
    request::RequestSpan,
};
use crate::config;

/// Logs and traces of this process, from [`Telemetry::start`] to [`Telemetry::stop`].
#[derive(Debug)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
}

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The exporter of traces could not be made.
    #[error("traces cannot be sent to the configured collector: {0}")]
    Exporter(#[from] opentelemetry_otlp::ExporterBuildError),
    /// The exporter's HTTP client could not be made.
    #[error("no HTTP client for traces: {0}")]
    Client(#[from] reqwest::Error),
    /// This process logs already.
    #[error("logging was started before: {0}")]
    Twice(#[from] tracing_subscriber::util::TryInitError),
}

impl Telemetry {
    /// Starts logging to standard error, and tracing where a collector is configured; within a Tokio runtime.
    ///
    /// # Errors
    /// [`StartError`], also when it was started before in this process.
    pub fn start(config: &config::Telemetry) -> Result<Self, StartError> {
        let traces = config.otlp_endpoint.as_ref().map(trace::provider).transpose()?;
        subscriber(config, traces.as_ref(), io::stderr).try_init()?;
        Ok(Self { traces })
    }

    /// Sends what is still to be sent; takes as long as the collector does, at most five seconds.
    pub async fn stop(self) {
        let Some(traces) = self.traces else { return };
        // The provider waits for its own thread, which needs this runtime to send.
        let stopped = tokio::task::spawn_blocking(move || traces.shutdown()).await;
        if !matches!(stopped, Ok(Ok(()))) {
            tracing::warn!("The last traces were not sent.");
        }
    }
}

/// The subscriber that writes to `writer` and, with `traces`, exports the spans of this crate.
fn subscriber<W>(config: &config::Telemetry, traces: Option<&SdkTracerProvider>, writer: W) -> impl Subscriber + use<W>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::registry().with(log::layer(config, writer)).with(traces.map(exported))
}

/// Only spans of this crate: the exporter's own connection would otherwise trace itself.
fn exported<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let own = filter::filter_fn(|metadata| metadata.is_span() && metadata.target().starts_with("lanyard"));
    tracing_opentelemetry::layer().with_tracer(provider.tracer("lanyard")).with_filter(own)
}

#[cfg(test)]
mod tests;
