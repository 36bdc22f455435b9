//! What a user agent says about a device, in words that its owner recognises.
//!
//! A hint for the list of devices, never a proof: user agents say what they like.

/// A browser on a system; either may be unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Device {
    /// "Firefox", "Safari", …
    pub browser: Option<&'static str>,
    /// "Windows", "iPhone", …
    pub system: Option<&'static str>,
}

/// Marks in the order they decide: most browsers also call themselves by their forebears' names.
const BROWSERS: [(&str, &str); 9] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

impl Device {
    /// Reads a user agent (RFC 9110 §10.1.5).
    #[must_use]
    pub fn of(user_agent: &str) -> Self {
        let first = |marks: &[(&str, &'static str)]| {
            marks.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
        };
        Self { browser: first(&BROWSERS), system: first(&SYSTEMS) }
    }

    /// Whether it is held in the hand.
    #[must_use]
    pub fn is_handheld(self) -> bool {
        matches!(self.system, Some("iPhone" | "iPad" | "Android"))
    }

    /// Its name: the browser, then the system.
    #[must_use]
    pub fn name(self) -> Option<String> {
        let parts: Vec<_> = [self.browser, self.system].into_iter().flatten().collect();
        (!parts.is_empty()).then(|| parts.join(" · "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_as_their_owners_know_them() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36 Edg/131.0",
                Some("Edge · Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148 Safari/604.1",
                Some("Safari · iPhone"),
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", Some("Firefox · Linux")),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/131.0 Mobile Safari/537.36",
                Some("Chrome · Android"),
            ),
            ("curl/8.11", None),
            ("", None),
        ] {
            assert_eq!(Device::of(user_agent).name().as_deref(), expected, "{user_agent}");
        }
    }
}
