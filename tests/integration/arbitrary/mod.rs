//! Arbitrary and mutated requests at every endpoint, page and form, on both databases: only documented answers come back,
//! in time, without a fault or a panic.

mod oauth;
mod pages;
mod scim;
mod watch;

use std::{path::Path, time::Duration};

use proptest::prelude::*;

/// Routes that answer operators alone; `server/operations.rs` tests them.
const OPERATIONS: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

fn settings() -> ProptestConfig {
    ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() }
}

/// What `asked` answers, unless it hangs.
fn in_time<T>(runtime: &tokio::runtime::Runtime, asked: impl Future<Output = T>) -> Result<T, TestCaseError> {
    let answered = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(20), asked).await });
    answered.map_err(|_| TestCaseError::fail("no answer within twenty seconds"))
}

#[test]
fn no_route_is_left_out() {
    let mut routes = vec![];
    routes_below(Path::new("src"), &mut routes);
    assert!(routes.len() > 40, "{routes:?}");
    let tables = oauth::ANSWERS.iter().chain(&pages::ANSWERS).chain(&scim::ANSWERS).map(|(path, _)| *path);
    let known: Vec<&str> = tables.chain(OPERATIONS).collect();
    let left_out: Vec<_> = routes.iter().filter(|route| !known.contains(&route.as_str())).collect();
    assert!(left_out.is_empty(), "nobody throws arbitrary requests at {left_out:?}");
}

/// Paths in `.route("…"` and in constants that name one, outside of tests and the demo.
fn routes_below(folder: &Path, routes: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            if !entry.ends_with("demo") {
                routes_below(&entry, routes);
            }
            continue;
        }
        if entry.extension().is_none_or(|extension| extension != "rs") || entry.ends_with("tests.rs") {
            continue;
        }
        let text = std::fs::read_to_string(&entry).expect("text");
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        let calls = code.split(".route(").skip(1).map(str::trim_start);
        let constants = code.split(": &str = ").skip(1);
        let paths = calls.chain(constants).filter_map(|rest| rest.strip_prefix("\"/")?.split('"').next());
        // A prefix that others put a name behind is no route.
        routes.extend(paths.filter(|path| path.is_empty() || !path.ends_with('/')).map(|path| format!("/{path}")));
    }
}
