//! Lines of the log: JSON for machines, text for people.

use std::fmt;

use tracing::{Subscriber, span::Record};
use tracing_subscriber::{
    EnvFilter, Layer,
    field::RecordFields,
    fmt::{
        FormatFields, FormattedFields, MakeWriter,
        format::{DefaultFields, JsonFields, Writer},
    },
    registry::LookupSpan,
};

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
            let lines = lines.json().flatten_event(true).with_current_span(true).with_span_list(false);
            lines.fmt_fields(AsOpened(JsonFields::new())).with_filter(filter).boxed()
        }
        LogFormat::Text => {
            lines.with_ansi(false).fmt_fields(AsOpened(DefaultFields::new())).with_filter(filter).boxed()
        }
    }
}

/// The fields that a span was opened with. What is recorded later (its name, the status of an answer) is for traces, and
/// adding to JSON costs every request a reading and a writing of all of it.
struct AsOpened<F>(F);

impl<'writer, F: FormatFields<'writer>> FormatFields<'writer> for AsOpened<F> {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'writer>, fields: R) -> fmt::Result {
        self.0.format_fields(writer, fields)
    }

    fn add_fields(&self, _: &'writer mut FormattedFields<Self>, _: &Record<'_>) -> fmt::Result {
        Ok(())
    }
}
