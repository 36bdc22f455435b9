//! The name of every text; a text with a blank is a function of what fills it.

pub mod account;
pub mod authentication;
pub mod federation;
pub mod letter;
pub mod recovery;

use account::Account;
use authentication::Authentication;
use federation::Federation;
use letter::Letters;
use recovery::Recovery;

/// All texts of one language.
#[derive(Debug)]
pub struct Strings {
    /// What every page shares.
    pub chrome: Chrome,
    /// Error pages.
    pub errors: Errors,
    /// How long ago.
    pub ago: Ago,
    /// How long something takes.
    pub wait: Wait,
    /// What forms say about their fields.
    pub form: Form,
    /// The steps of signing in.
    pub authentication: Authentication,
    /// Signing in by an account of the organization.
    pub federation: Federation,
    /// The person's own pages.
    pub account: Account,
    /// Whoever has lost every second factor.
    pub recovery: Recovery,
    /// Mails.
    pub letters: Letters,
}

/// A heading with the sentence below it.
#[derive(Debug)]
pub struct Said {
    /// The heading.
    pub title: &'static str,
    /// What it means, and what to do next.
    pub text: &'static str,
}

/// What every page shares.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by what it says")]
pub struct Chrome {
    pub skip_to_content: &'static str,
    pub language: &'static str,
    pub powered_by: &'static str,
}

/// What forms say about their fields.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by what it says")]
pub struct Form {
    pub problems: &'static str,
    pub fill_in: fn(&str) -> String,
    pub email_malformed: &'static str,
    pub show_password: &'static str,
    pub hide_password: &'static str,
    pub cancel: &'static str,
    pub save: &'static str,
    pub saved: &'static str,
    pub until: fn(&str) -> String,
}

/// Error pages.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by the refusal it tells of")]
pub struct Errors {
    pub not_found: Said,
    pub method_not_allowed: Said,
    pub bad_request: Said,
    pub app: Said,
    pub app_sign_out: Said,
    pub form_expired: Said,
    pub content_type: Said,
    pub too_large: Said,
    pub too_slow: Said,
    pub link_invalid: Said,
    pub forbidden: Said,
    pub too_many_attempts: Said,
    pub busy: Said,
    pub fault: Said,
    pub try_again: &'static str,
    pub to_account: &'static str,
    pub for_support: &'static str,
    pub request_id: &'static str,
    pub time: &'static str,
    pub address: &'static str,
    pub detail: &'static str,
}

/// How long something takes, rounded up.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by what it says")]
pub struct Wait {
    pub a_second: &'static str,
    pub seconds: fn(u64) -> String,
    pub a_minute: &'static str,
    pub minutes: fn(u64) -> String,
    pub an_hour: &'static str,
    pub hours: fn(u64) -> String,
}

/// How long ago.
#[derive(Debug)]
#[expect(missing_docs, reason = "each text is named by its unit")]
pub struct Ago {
    pub just_now: &'static str,
    pub minutes: fn(u64) -> String,
    pub an_hour: &'static str,
    pub hours: fn(u64) -> String,
    pub a_day: &'static str,
    pub days: fn(u64) -> String,
}
