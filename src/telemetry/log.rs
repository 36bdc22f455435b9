//! Lines of the log: JSON for machines, text for people.

use tracing::Subscriber;
use tracing_subscriber::{EnvFilter, Layer, fmt::MakeWriter, registry::LookupSpan};

use crate::config::{self, LogFormat};

/// Writes events with the fields of the request they belong to.
pub(super) fn layer<S, W>(config: &config::Telemetry, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    // The directives were checked with the configuration.
    let filter = EnvFilter::builder().parse_lossy(&config.log_level);
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match config.log_format {
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(true).with_span_list(false).with_filter(filter).boxed()
        }
        LogFormat::Text => lines.with_ansi(false).with_filter(filter).boxed(),
    }
}
