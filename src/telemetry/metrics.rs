//! Counters for Prometheus (text exposition format 0.0.4).
//!
//! Labels are fixed when the program is written: their names and values are `'static`, but for routes, which come from
//! the router's table and are bounded here as well.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwap;
pub use metrics::{Counter, Gauge};
use metrics::{Histogram, Key, Label, Level, Metadata, Recorder};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle, PrometheusRecorder};

/// Upper bounds of the durations of requests, in seconds: from a cached key set to a password hash that waited.
const DURATIONS: [f64; 11] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

/// Routes that are counted apart; further ones count as `other`.
const MOST_ROUTES: usize = 1000;

/// Samples kept until they are sorted into the histograms.
const MOST_SAMPLES: u32 = 8192;

/// The program's counters; cheap to clone.
#[derive(Clone)]
pub struct Metrics(Arc<Inner>);

struct Inner {
    recorder: PrometheusRecorder,
    handle: PrometheusHandle,
    routes: ArcSwap<HashMap<String, Arc<Route>>>,
    samples: AtomicU32,
}

/// The counters of one route.
struct Route {
    /// By the first digit of the status, from `1xx` to `5xx`.
    statuses: [Counter; 5],
    duration: Histogram,
}

impl Metrics {
    /// Counters that begin at zero.
    ///
    /// # Panics
    /// Never: the buckets are a constant that is not empty.
    #[must_use]
    pub fn new() -> Self {
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &DURATIONS)
            .expect("the buckets are a constant that is not empty")
            .build_recorder();
        recorder.describe_counter("lanyard_http_requests_total".into(), None, "Requests by route and status.".into());
        recorder.describe_histogram(
            "lanyard_http_request_duration_seconds".into(),
            None,
            "Time from a request to its answer, by route.".into(),
        );
        let handle = recorder.handle();
        Self(Arc::new(Inner { recorder, handle, routes: ArcSwap::default(), samples: AtomicU32::new(0) }))
    }

    /// The counter `name` (`lanyard_…_total`) with fixed labels; keep it where it is used.
    pub fn counter(&self, name: &'static str, help: &'static str, labels: &[(&'static str, &'static str)]) -> Counter {
        self.0.recorder.describe_counter(name.into(), None, help.into());
        self.0.recorder.register_counter(&key(name, labels), &METADATA)
    }

    /// The gauge `name` (`lanyard_…`) with fixed labels; keep it where it is used.
    pub fn gauge(&self, name: &'static str, help: &'static str, labels: &[(&'static str, &'static str)]) -> Gauge {
        self.0.recorder.describe_gauge(name.into(), None, help.into());
        self.0.recorder.register_gauge(&key(name, labels), &METADATA)
    }

    /// Counts one answered request; `route` is the template of the route, never the path that was asked for.
    pub fn request(&self, route: &str, status: u16, took: Duration) {
        let known = self.0.routes.load().get(route).cloned();
        let route = known.unwrap_or_else(|| self.0.add_route(route));
        if let Some(class) = route.statuses.get(usize::from(status / 100).wrapping_sub(1)) {
            class.increment(1);
        }
        route.duration.record(took.as_secs_f64());
        // Samples wait in memory until somebody sorts them; without a scraper that is whoever reaches the limit.
        if self.0.samples.fetch_add(1, Ordering::Relaxed) >= MOST_SAMPLES {
            self.0.samples.store(0, Ordering::Relaxed);
            self.0.handle.run_upkeep();
        }
    }

    /// All counters as Prometheus reads them.
    #[must_use]
    pub fn render(&self) -> String {
        self.0.handle.render()
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

impl Inner {
    fn add_route(&self, name: &str) -> Arc<Route> {
        let name = if self.routes.load().len() < MOST_ROUTES { name } else { "other" };
        let class = |status| key("lanyard_http_requests_total", &[("status", status)]);
        let class = |status| class(status).with_extra_labels(vec![Label::new("route", name.to_owned())]);
        let duration =
            Key::from_parts("lanyard_http_request_duration_seconds", vec![Label::new("route", name.to_owned())]);
        let route = Arc::new(Route {
            statuses: ["1xx", "2xx", "3xx", "4xx", "5xx"]
                .map(|status| self.recorder.register_counter(&class(status), &METADATA)),
            duration: self.recorder.register_histogram(&duration, &METADATA),
        });
        self.routes.rcu(|routes| {
            let mut routes = HashMap::clone(routes);
            routes.insert(name.to_owned(), route.clone());
            routes
        });
        route
    }
}

const METADATA: Metadata<'static> = Metadata::new("lanyard", Level::INFO, None);

fn key(name: &'static str, labels: &[(&'static str, &'static str)]) -> Key {
    Key::from_parts(name, labels.iter().map(|(name, value)| Label::from_static_parts(name, value)).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_route_and_class_of_status() {
        let metrics = Metrics::new();
        for (route, status) in
            [("/oauth2/token", 200), ("/oauth2/token", 204), ("/oauth2/token", 401), ("/healthz", 200)]
        {
            metrics.request(route, status, Duration::from_millis(2));
        }
        let text = metrics.render();
        for line in [
            "# TYPE lanyard_http_requests_total counter",
            r#"lanyard_http_requests_total{status="2xx",route="/oauth2/token"} 2"#,
            r#"lanyard_http_requests_total{status="4xx",route="/oauth2/token"} 1"#,
            r#"lanyard_http_request_duration_seconds_bucket{route="/oauth2/token",le="0.001"} 0"#,
            r#"lanyard_http_request_duration_seconds_bucket{route="/oauth2/token",le="0.0025"} 3"#,
            r#"lanyard_http_request_duration_seconds_count{route="/healthz"} 1"#,
        ] {
            assert!(text.lines().any(|found| found == line), "{line}\n{text}");
        }
    }

    #[test]
    fn counters_carry_fixed_labels() {
        let metrics = Metrics::new();
        metrics.counter("lanyard_sign_ins_total", "Sign-ins.", &[("outcome", "failed")]).increment(3);
        metrics.gauge("lanyard_jobs_waiting", "Jobs that wait.", &[]).set(7.0);
        let text = metrics.render();
        assert!(text.contains("lanyard_sign_ins_total{outcome=\"failed\"} 3\n"), "{text}");
        assert!(text.contains("lanyard_jobs_waiting 7\n"), "{text}");
    }

    #[test]
    fn the_number_of_routes_is_bounded() {
        let metrics = Metrics::new();
        for number in 0..MOST_ROUTES + 500 {
            metrics.request(&format!("/{number}"), 200, Duration::ZERO);
        }
        assert_eq!(metrics.0.routes.load().len(), MOST_ROUTES + 1);
        assert!(metrics.render().contains(r#"lanyard_http_requests_total{status="2xx",route="other"} 500"#));
    }

    #[test]
    fn samples_are_sorted_without_a_scraper() {
        let metrics = Metrics::new();
        for _ in 0..=2 * MOST_SAMPLES {
            metrics.request("/healthz", 200, Duration::ZERO);
        }
        assert!(metrics.0.samples.load(Ordering::Relaxed) <= MOST_SAMPLES);
        let count =
            format!("lanyard_http_request_duration_seconds_count{{route=\"/healthz\"}} {}", 2 * MOST_SAMPLES + 1);
        assert!(metrics.render().contains(&count), "{}", metrics.render());
    }
}
