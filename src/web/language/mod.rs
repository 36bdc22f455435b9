//! The languages that pages and mails speak, and how one is chosen: by the app (`ui_locales`), by the person (a cookie), by
//! the browser (`Accept-Language`), else English.
//!
//! [`strings::Strings`] names every text; each language is one value of it, so that a missing translation does not compile.

pub mod danish;
mod date;
pub mod english;
pub mod spanish;
pub mod strings;

use std::{str::FromStr, time::Duration};

use axum::{
    extract::Path,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{cookie::Cookie, error::Refusal, form::Query, parameters::Parameters, return_to::LocalPath, visit::Visit};
use strings::Strings;

/// Where the language is switched.
pub const ROUTE: &str = "/language/{tag}";

/// A language of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub enum Language {
    /// English.
    #[default]
    #[serde(rename = "en")]
    English,
    /// Danish.
    #[serde(rename = "da")]
    Danish,
    /// Spanish.
    #[serde(rename = "es")]
    Spanish,
}

/// A tag of a language that is not spoken here.
#[derive(Debug, Clone, Copy, thiserror::Error, PartialEq, Eq)]
#[error("the languages are en, da and es")]
pub struct NotSpoken;

impl Language {
    /// Every language, in the order they are offered.
    pub const ALL: [Self; 3] = [Self::English, Self::Danish, Self::Spanish];

    /// The tag (RFC 5646).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Danish => "da",
            Self::Spanish => "es",
        }
    }

    /// The language's name in itself.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::English => "English",
            Self::Danish => "Dansk",
            Self::Spanish => "Español",
        }
    }

    /// All texts.
    #[must_use]
    pub fn strings(self) -> &'static Strings {
        match self {
            Self::English => &english::STRINGS,
            Self::Danish => &danish::STRINGS,
            Self::Spanish => &spanish::STRINGS,
        }
    }

    /// The language to answer in; each argument is a preference as it was sent, the first that names a language we speak
    /// decides.
    #[must_use]
    pub fn negotiate(ui_locales: Option<&str>, chosen: Option<&str>, accept_language: Option<&str>) -> Self {
        let accepted = || accept_language.and_then(Self::of_accept_language);
        Self::chosen(ui_locales, chosen).or_else(accepted).unwrap_or_default()
    }

    /// The language that the app or the person asked for in so many words.
    #[must_use]
    pub fn chosen(ui_locales: Option<&str>, cookie: Option<&str>) -> Option<Self> {
        let asked = ui_locales.and_then(|list| list.split_ascii_whitespace().find_map(Self::of_range));
        asked.or_else(|| cookie.and_then(|tag| tag.parse().ok()))
    }

    /// RFC 9110 §12.5.4; among equal weights the first wins.
    fn of_accept_language(header: &str) -> Option<Self> {
        let mut best = None;
        for element in header.split(',').take(50) {
            let (range, weight) = weighted(element);
            let is_better = best.is_none_or(|(_, known)| weight > known);
            if let Some(language) = Self::of_range(range).filter(|_| weight > 0 && is_better) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }

    /// RFC 4647 §3.4, lookup by the primary subtag.
    #[must_use]
    pub fn of_range(range: &str) -> Option<Self> {
        range.split('-').next().and_then(|primary| primary.parse().ok())
    }

    /// How long something takes, in words ("3 minutes"), rounded up.
    #[must_use]
    pub fn wait(self, time: Duration) -> String {
        let wait = &self.strings().wait;
        let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
        match (seconds, seconds.div_ceil(60)) {
            (0..=1, _) => wait.a_second.to_owned(),
            (2..=59, _) => (wait.seconds)(seconds),
            (60, _) => wait.a_minute.to_owned(),
            (_, minutes @ ..=59) => (wait.minutes)(minutes),
            (_, 60) => wait.an_hour.to_owned(),
            (_, minutes) => (wait.hours)(minutes.div_ceil(60)),
        }
    }

    /// How long ago something was, in words ("3 hours ago").
    #[must_use]
    pub fn ago(self, age: Duration) -> String {
        let ago = &self.strings().ago;
        let minutes = age.as_secs() / 60;
        match minutes {
            0..=1 => ago.just_now.to_owned(),
            2..=59 => (ago.minutes)(minutes),
            60..=119 => ago.an_hour.to_owned(),
            120..=1439 => (ago.hours)(minutes / 60),
            1440..=2879 => ago.a_day.to_owned(),
            _ => (ago.days)(minutes / 1440),
        }
    }
}

/// A language range and its weight in thousandths.
fn weighted(element: &str) -> (&str, u32) {
    let (range, parameters) = element.split_once(';').unwrap_or((element, ""));
    let quality = parameters.trim().strip_prefix("q=").unwrap_or("1");
    let thousandths = quality.parse::<f32>().ok().filter(|q| (0.0..=1.0).contains(q)).map_or(0.0, |q| q * 1000.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
    let weight = thousandths as u32;
    (range.trim(), weight)
}

impl FromStr for Language {
    type Err = NotSpoken;

    fn from_str(tag: &str) -> Result<Self, NotSpoken> {
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(tag)).ok_or(NotSpoken)
    }
}

/// The address that switches to `language` and comes back to `target`.
#[must_use]
pub fn switch_address(language: Language, target: &str) -> String {
    let query = match Parameters::parse(target.split_once('?').map_or(&b""[..], |(_, query)| query.as_bytes())) {
        Ok(parameters) => parameters.without("ui_locales").encode(),
        Err(_) => String::new(),
    };
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let back = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    format!("/language/{}?{}", language.tag(), Parameters::from([("to", back.as_str())]).encode())
}

/// Remembers the language in a cookie and goes back to the page the person was on.
pub async fn switch(visit: Visit, Path(tag): Path<String>, Query(query): Query) -> Result<impl IntoResponse, Refusal> {
    let language: Language = tag.parse().map_err(|_| Refusal::NotFound)?;
    let to =
        LocalPath::parse(query.value("to").unwrap_or("/")).map_err(|error| Refusal::BadRequest(error.to_string()))?;
    let answer: Response = (Cookie::Language.set(visit.site(), language.tag()), to).into_response();
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::{Language::*, *};

    #[test]
    fn the_first_preference_that_names_a_language_decides() {
        for (ui_locales, cookie, accept, expected) in [
            (None, None, None, English),
            (Some("da"), Some("es"), Some("en"), Danish),
            (Some("fr-CA es-419 da"), None, None, Spanish),
            (Some("fr"), Some("es"), Some("da"), Spanish),
            (None, Some("xx"), Some("da-DK"), Danish),
            (None, None, Some("fr, da;q=0.5, es;q=0.8"), Spanish),
            (None, None, Some("DA"), Danish),
            (None, None, Some("es;q=0, da;q=0.1"), Danish),
            (None, None, Some("es;q=NaN,da;q=7,,;;"), English),
            (None, None, Some("*"), English),
            (Some(""), Some(""), Some(""), English),
        ] {
            assert_eq!(
                Language::negotiate(ui_locales, cookie, accept),
                expected,
                "{ui_locales:?} {cookie:?} {accept:?}"
            );
        }
    }

    #[test]
    fn switching_comes_back_to_the_same_page_without_the_old_wish() {
        for (target, expected) in [
            ("/login", "/language/da?to=%2Flogin"),
            ("/login?a=1&ui_locales=es", "/language/da?to=%2Flogin%3Fa%3D1"),
            ("/login?a=1&a=2", "/language/da?to=%2Flogin"),
        ] {
            assert_eq!(switch_address(Danish, target), expected);
        }
    }

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        for (seconds, expected) in [
            (10, "just now"),
            (10 * 60, "10 minutes ago"),
            (90 * 60, "1 hour ago"),
            (5 * 3600, "5 hours ago"),
            (30 * 3600, "yesterday"),
            (72 * 3600, "3 days ago"),
        ] {
            assert_eq!(English.ago(Duration::from_secs(seconds)), expected);
        }
    }
}
