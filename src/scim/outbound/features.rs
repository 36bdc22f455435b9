//! What an app can do, as it says itself (RFC 7643 §5).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What an app can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// PATCH.
    pub patch: bool,
    /// Filters.
    pub filter: bool,
    /// Lists by cursor (RFC 9865).
    pub cursor: bool,
}

impl Default for Features {
    /// Of an app that says nothing.
    fn default() -> Self {
        Self { patch: true, filter: true, cursor: false }
    }
}

impl Features {
    /// Of an app that says this of itself.
    #[must_use]
    pub fn of(document: &Value) -> Self {
        let supports = |name: &str, otherwise| document[name]["supported"].as_bool().unwrap_or(otherwise);
        let cursor = document["pagination"]["cursor"].as_bool().unwrap_or(false);
        Self { patch: supports("patch", true), filter: supports("filter", true), cursor }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_an_app_can_do_is_what_it_says() {
        let usual = Features::default();
        for (said, expected) in [
            (json!({}), usual),
            (json!({"patch": {"supported": false}}), Features { patch: false, ..usual }),
            (json!({"filter": {"supported": false, "maxResults": 0}}), Features { filter: false, ..usual }),
            (json!({"pagination": {"cursor": true, "index": true}}), Features { cursor: true, ..usual }),
            (json!({"patch": "yes", "pagination": []}), usual),
        ] {
            assert_eq!(Features::of(&said), expected, "{said}");
        }
    }
}
