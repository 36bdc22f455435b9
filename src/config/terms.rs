//! `[terms]`: the texts that people accept, asked again when their version changes.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use url::Url;

use super::check::{Check, Wrong, wrong};

/// The texts that people accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// A name for this wording, for example its date.
    pub version: String,
    /// The terms of use.
    pub terms: Document,
    /// The privacy notice.
    pub privacy: Document,
}

/// Where a text is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// A page elsewhere.
    Page(Url),
    /// A plain text file, shown on a page of Lanyard.
    File(PathBuf),
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Raw {
    version: String,
    terms: String,
    privacy: String,
}

impl Raw {
    #[expect(
        clippy::option_option,
        reason = "the outer one says whether the section is right, the inner one whether there are terms"
    )]
    pub(super) fn interpret(self, check: &mut Check) -> Option<Option<Terms>> {
        if self.version.is_empty() && self.terms.is_empty() && self.privacy.is_empty() {
            return Some(None);
        }
        let version = check.take("terms.version", version(self.version));
        let terms = check.take("terms.terms", document(&self.terms));
        let privacy = check.take("terms.privacy", document(&self.privacy));
        Some(Some(Terms { version: version?, terms: terms?, privacy: privacy? }))
    }
}

fn version(text: String) -> Result<String, Wrong> {
    if text.is_empty() || text.len() > 64 {
        return Err(wrong(
            "is missing or longer than 64 characters",
            "write a name of this wording, for example `2026-11-22`",
        ));
    }
    Ok(text)
}

fn document(text: &str) -> Result<Document, Wrong> {
    let instead = "write an https address or the path of a text file";
    match Url::parse(text) {
        Ok(url) if url.scheme() == "https" => Ok(Document::Page(url)),
        Ok(_) => Err(wrong(format!("`{text}` is not an https address"), instead)),
        Err(_) if text.is_empty() => Err(wrong("is missing while `terms.version` is set", instead)),
        Err(_) => Ok(Document::File(text.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_a_page_or_a_file() {
        for (text, accepted) in [
            ("https://clinic.example/terms", true),
            ("texts/terms.txt", true),
            ("http://clinic.example/terms", false),
            ("javascript:alert(1)", false),
            ("", false),
        ] {
            assert_eq!(document(text).is_ok(), accepted, "{text}");
        }
    }
}
