//! What the server is started for, which decides whether the demo's published secrets are accepted.

use crate::secret;

/// The secrets of the demo; everybody can read them.
pub const DEMO_SECRETS: [&str; 5] =
    ["Lanyard-demo-2026!", "calendar-demo-secret", "reporting-demo-secret", "resource-demo-secret", "scim-demo-token"];

/// What the server is started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Purpose {
    /// Real use.
    #[default]
    Serve,
    /// `lanyard demo`, with secrets that are published on purpose.
    Demo,
}

impl Purpose {
    /// Whether `text` is a published secret that must not be used here.
    #[must_use]
    pub fn refuses(self, text: &str) -> bool {
        self == Self::Serve && DEMO_SECRETS.iter().any(|demo| secret::equal(demo.as_bytes(), text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demo_secrets_are_for_the_demo_alone() {
        for (purpose, text, refused) in [
            (Purpose::Serve, "Lanyard-demo-2026!", true),
            (Purpose::Serve, "scim-demo-token", true),
            (Purpose::Serve, "anything else", false),
            (Purpose::Demo, "scim-demo-token", false),
        ] {
            assert_eq!(purpose.refuses(text), refused, "{purpose:?} {text}");
        }
    }
}
