//! Signed local return paths: how a page sends a browser to sign in and gets it back.
//!
//! The path travels through the browser [`sealed`]. It holds for one hour, in the browser it was made for, and only for
//! paths of this site, so that it never becomes an open redirect (RFC 9700 §4.11).

use std::{fmt, time::Duration};

use axum::response::{IntoResponse, Redirect, Response};
use serde::{Deserialize, Serialize};

use super::{headers::RedirectOrigin, sealed, site::Site, visit::Browser};
use crate::clock::Timestamp;

/// The name of the parameter that carries a signed return path.
pub const PARAMETER: &str = "return";

const PURPOSE: &str = "return-to";
const LIFE: Duration = Duration::from_hours(1);
const MAX_PATH: usize = 8 * 1024;

/// A path of this site with its query: what a browser resolves to our own origin, whatever it is resolved against.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct LocalPath(String);

/// Text that is not a path of this site.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("not a path of this site")]
pub struct NotLocal;

impl LocalPath {
    /// Accepts `/`, or `/` and then visible ASCII without `\`, where the second character is not `/`.
    pub fn parse(text: &str) -> Result<Self, NotLocal> {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        let is_rooted = text.starts_with('/') && !text.starts_with("//");
        if is_plain && is_rooted && text.len() <= MAX_PATH { Ok(Self(text.to_owned())) } else { Err(NotLocal) }
    }

    /// The path and its query.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LocalPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LocalPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl IntoResponse for LocalPath {
    /// 303 See Other to this path.
    fn into_response(self) -> Response {
        Redirect::to(&self.0).into_response()
    }
}

/// Where to go back to, and since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    /// The page that decides again when the browser comes back.
    pub path: LocalPath,
    /// When the browser was sent away. A session whose `auth_time` is older does not answer a request for a new sign-in.
    pub started_at: Timestamp,
    /// The verified origin of the app at which the flow ends: every form on the way names it ([`super::RedirectsTo`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<RedirectOrigin>,
    /// What the pages on the way show: the app's name and the organization that it asked for.
    #[serde(default)]
    pub shown: Shown,
    /// Whom a form was shown to, and in which organization: nobody else answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<String>,
}

/// What the pages of a flow show of whom it is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// The app's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app: Option<String>,
    /// Its client id, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// The organization that the app asked for, by id or slug.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organization: Option<String>,
}

/// Why a return path was refused.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
pub enum ReturnToError {
    /// Not one of ours, changed on the way, or made for another browser.
    #[error("the return path was not made by this site for this browser")]
    Forged,
    /// Older than one hour.
    #[error("the return path is older than one hour")]
    Expired,
}

impl ReturnTo {
    /// Back to `path`, beginning now.
    #[must_use]
    pub fn new(path: LocalPath, site: &Site) -> Self {
        Self { path, started_at: site.clock().now(), app: None, shown: Shown::default(), seen: None }
    }

    /// The same, for a flow that ends at an app.
    #[must_use]
    pub fn ending_at(self, app: RedirectOrigin) -> Self {
        Self { app: Some(app), ..self }
    }

    /// The same, with what the pages on the way show.
    #[must_use]
    pub fn showing(self, shown: Shown) -> Self {
        Self { shown, ..self }
    }

    /// The same, for a form that was shown to somebody.
    #[must_use]
    pub fn seen_by(self, seen: String) -> Self {
        Self { seen: Some(seen), ..self }
    }

    /// The client that sent the person, where one did.
    #[must_use]
    pub fn client(&self) -> Option<String> {
        self.shown.client.clone()
    }

    /// The signed text that [`ReturnTo::open`] accepts from the same browser.
    #[must_use]
    pub fn seal(&self, site: &Site, browser: &Browser) -> String {
        sealed::seal(self, site, (browser, PURPOSE))
    }

    /// Reads what [`ReturnTo::seal`] wrote.
    pub fn open(text: &str, site: &Site, browser: &Browser) -> Result<Self, ReturnToError> {
        let opened: Self = sealed::open(text, site, (browser, PURPOSE)).ok_or(ReturnToError::Forged)?;
        let age = site.clock().now().since(opened.started_at);
        if age > LIFE { Err(ReturnToError::Expired) } else { Ok(opened) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;
    use crate::web::site::tests::site;

    #[test]
    fn only_paths_of_this_site_are_local() {
        for (text, expected) in [
            ("/", true),
            ("/oauth2/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb", true),
            ("/a//b", true),
            ("/../../etc", true),
            ("", false),
            ("account", false),
            ("//evil.example", false),
            ("/\\evil.example", false),
            ("\\/evil.example", false),
            ("/\t/evil.example", false),
            ("/\n/evil.example", false),
            (" /a", false),
            ("/a b", false),
            ("/ä", false),
            ("https://evil.example/", false),
            ("javascript:alert(1)", false),
        ] {
            assert_eq!(LocalPath::parse(text).is_ok(), expected, "{text:?}");
        }
        assert!(LocalPath::parse(&format!("/{}", "a".repeat(MAX_PATH))).is_err());
    }

    #[test]
    fn a_return_path_comes_back_to_its_browser_within_an_hour() {
        let site = site("https://id.example");
        let (mine, other) = (Browser::fresh(site.random()), Browser::fresh(site.random()));
        let there = ReturnTo::new(LocalPath::parse("/oauth2/authorize?x=1").expect("local"), &site);
        let sealed = there.seal(&site, &mine);
        assert_eq!(ReturnTo::open(&sealed, &site, &mine), Ok(there));
        assert_eq!(ReturnTo::open(&sealed, &site, &other), Err(ReturnToError::Forged));
        for bad in ["", ".", "a.b", &sealed[1..], &sealed[..sealed.len() - 1], "ä.ö"] {
            assert_eq!(ReturnTo::open(bad, &site, &mine), Err(ReturnToError::Forged), "{bad}");
        }
        site.clock().advance(LIFE);
        assert!(ReturnTo::open(&sealed, &site, &mine).is_ok());
        site.clock().advance(Duration::from_millis(1));
        assert_eq!(ReturnTo::open(&sealed, &site, &mine), Err(ReturnToError::Expired));
    }

    proptest! {
        #[test]
        fn no_local_path_leaves_the_origin(text in "[/\\\\.:@a-z?#%\t ]{0,12}|/.{0,30}|\\PC{0,30}") {
            if let Ok(path) = LocalPath::parse(&text) {
                for base in ["https://id.example/", "http://localhost:8080/login/password?x=//y"] {
                    let base = Url::parse(base).expect("well-formed");
                    let resolved = base.join(path.as_str()).expect("a local path resolves");
                    prop_assert_eq!(resolved.origin(), base.origin());
                }
            }
        }

        #[test]
        fn no_changed_text_opens(index in 0usize..400, byte in 0x21u8..0x7f) {
            let site = site("https://id.example");
            let browser = Browser::fresh(site.random());
            let sealed = ReturnTo::new(LocalPath::parse("/account").expect("local"), &site).seal(&site, &browser);
            let mut changed = sealed.clone().into_bytes();
            let index = index % changed.len();
            changed[index] = byte;
            let changed = String::from_utf8(changed).expect("ASCII");
            prop_assume!(changed != sealed);
            prop_assert_eq!(ReturnTo::open(&changed, &site, &browser), Err(ReturnToError::Forged));
        }
    }
}
