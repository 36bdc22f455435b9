//! Traces to a collector by OTLP over HTTP (OpenTelemetry Protocol 1.x, `POST /v1/traces`, protobuf).

use std::{future::poll_fn, pin::pin, time::Duration};

use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SdkTracerProvider, SpanData},
};
use tokio::runtime::Handle;
use url::Url;

use super::StartError;

/// The longest that one batch may take.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Collects spans into batches and sends them to `endpoint`, or to its `/v1/traces` when it names no path.
pub(super) fn provider(endpoint: &Url) -> Result<SdkTracerProvider, StartError> {
    let mut endpoint = endpoint.clone();
    if endpoint.path() == "/" {
        endpoint.set_path("/v1/traces");
    }
    let client = reqwest::Client::builder().timeout(TIMEOUT).redirect(reqwest::redirect::Policy::none()).build()?;
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_endpoint(endpoint.as_str())
        .with_timeout(TIMEOUT)
        .build()?;
    let resource = Resource::builder().with_service_name("lanyard").build();
    let exporter = OnRuntime { exporter, runtime: Handle::current() };
    Ok(SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build())
}

/// Lends the Tokio runtime to the exporter: batches are sent from a plain thread, where the HTTP client finds none.
#[derive(Debug)]
struct OnRuntime {
    exporter: SpanExporter,
    runtime: Handle,
}

impl opentelemetry_sdk::trace::SpanExporter for OnRuntime {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let mut export = pin!(self.exporter.export(batch));
        poll_fn(|context| {
            let _entered = self.runtime.enter();
            export.as_mut().poll(context)
        })
        .await
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
