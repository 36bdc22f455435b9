//! What every page shares: its language and texts, the organization's brand, its stylesheets, its form tokens.

use std::net::IpAddr;

use askama::Template;
use axum::{
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{
    accent::Accent,
    assets,
    error::Fault,
    language::{self, Language, strings::Strings},
    visit::Visit,
};
use crate::id::RequestId;

/// A page that a handler returns.
pub struct Page<T>(pub T);

impl<T: Template> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        match self.0.render() {
            Ok(html) => {
                let content_type = HeaderValue::from_static("text/html; charset=utf-8");
                ([(header::CONTENT_TYPE, content_type)], html).into_response()
            }
            Err(error) => Fault::new(&error).into_response(),
        }
    }
}

/// How an organization presents itself on the pages of its people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brand {
    /// The organization's name.
    pub name: String,
    /// A path of this site that serves the logo.
    pub logo: Option<String>,
    /// The accent colour.
    pub accent: Option<Accent>,
}

impl Brand {
    /// The first letter of the name, shown where there is no logo.
    #[must_use]
    pub fn initial(&self) -> String {
        self.name.chars().find(|c| c.is_alphanumeric()).map(|c| c.to_uppercase().collect()).unwrap_or_default()
    }
}

/// What `layout.html` needs; every view struct has one in a field `frame`.
#[derive(Clone)]
pub struct Frame {
    visit: Visit,
    language: Language,
    /// The texts of the page's language.
    pub t: &'static Strings,
    /// The organization, where one is known.
    pub brand: Option<Brand>,
    /// Where the page can be opened, if not at the address that the visit asked for.
    found_at: Option<&'static str>,
}

/// A language that the page can be switched to.
pub struct LanguageLink {
    /// Its name in itself.
    pub name: &'static str,
    /// Its tag (RFC 5646).
    pub tag: &'static str,
    /// The address that switches.
    pub href: String,
    /// Whether the page is in it already.
    pub is_current: bool,
}

impl Frame {
    /// A frame in the visit's language, without a brand.
    #[must_use]
    pub fn new(visit: &Visit) -> Self {
        Self { visit: visit.clone(), language: visit.language(), t: visit.texts(), brand: None, found_at: None }
    }

    /// The same frame for an organization.
    #[must_use]
    pub fn branded(self, brand: Option<Brand>) -> Self {
        Self { brand, ..self }
    }

    /// The same frame for a page that answers a form, and can be opened at `path` of this site.
    #[must_use]
    pub fn found_at(self, path: &'static str) -> Self {
        Self { found_at: Some(path), ..self }
    }

    /// The same frame in `language`, the one a signed-in person prefers.
    #[must_use]
    pub fn in_language(self, language: Language) -> Self {
        Self { language, t: language.strings(), ..self }
    }

    /// The language of the page.
    #[must_use]
    pub fn language(&self) -> Language {
        self.language
    }

    /// The visit that the page answers.
    #[must_use]
    pub fn visit(&self) -> &Visit {
        &self.visit
    }

    /// What a help desk finds the request by, as the audit log and the log name it.
    #[must_use]
    pub fn request_id(&self) -> &RequestId {
        self.visit.request_id()
    }

    /// When the page was made.
    #[must_use]
    pub fn time(&self) -> String {
        self.language.date_and_time(self.visit.site().clock().now())
    }

    /// The address that the request came from, as rules about networks see it.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.visit.address()
    }

    /// The tag for `<html lang>`.
    #[must_use]
    pub fn tag(&self) -> &'static str {
        self.language.tag()
    }

    /// The name in the page's head: the organization's, else the product's.
    #[must_use]
    pub fn site_name(&self) -> &str {
        self.brand.as_ref().map_or("Lanyard", |brand| &brand.name)
    }

    /// The address of an embedded asset.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    /// The address of the stylesheet with the organization's colours, if it has an accent.
    #[must_use]
    pub fn accent_stylesheet(&self) -> Option<String> {
        self.brand.as_ref()?.accent.map(assets::accent_address)
    }

    /// The value of the hidden field of the form that posts to `action`.
    #[must_use]
    pub fn csrf(&self, action: &str) -> String {
        self.visit.csrf_token(action)
    }

    /// The languages to switch to, each back to this very page.
    #[must_use]
    pub fn languages(&self) -> Vec<LanguageLink> {
        Language::ALL
            .into_iter()
            .map(|other| LanguageLink {
                name: other.own_name(),
                tag: other.tag(),
                href: language::switch_address(other, self.found_at.unwrap_or_else(|| self.visit.target())),
                is_current: other == self.language,
            })
            .collect()
    }
}
