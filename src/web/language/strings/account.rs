//! The texts of the person's own pages.
#![expect(missing_docs, reason = "each text is named by what it says")]

/// The person's own pages.
#[derive(Debug)]
pub struct Account {
    pub title: &'static str,
    pub navigation: &'static str,
    pub overview: &'static str,
    pub security: Security,
    pub sessions: &'static str,
    pub apps: &'static str,
    pub invitations: &'static str,
    pub sign_out: &'static str,
    pub lock: &'static str,
    pub profile: Profile,
    pub memberships: Memberships,
    pub devices: Devices,
    pub consents: Consents,
    pub invited: Invited,
    pub email: Email,
    pub language: LanguageChoice,
}

/// Who the person is.
#[derive(Debug)]
pub struct Profile {
    pub greeting: fn(&str) -> String,
    pub title: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub change_name: &'static str,
    pub managed: &'static str,
    pub kept: fn(&str) -> String,
    pub user_name: &'static str,
    pub email: &'static str,
    pub unverified: &'static str,
    pub change_email: &'static str,
    pub password: &'static str,
    pub password_age: fn(&str) -> String,
    pub password_until: fn(&str) -> String,
    pub change_password: &'static str,
    pub change_language: &'static str,
}

/// Memberships and one's own level in each.
#[derive(Debug)]
pub struct Memberships {
    pub title: &'static str,
    pub lead: &'static str,
    pub level: &'static str,
    pub no_role: &'static str,
    pub everywhere: &'static str,
    pub groups: &'static str,
    pub is_default: &'static str,
    pub make_default: &'static str,
    pub default_changed: fn(&str) -> String,
    pub none: &'static str,
}

/// What the person signs in with.
#[derive(Debug)]
pub struct Security {
    pub title: &'static str,
    pub lead: &'static str,
    pub lead_with_factor: &'static str,
    pub keys: Keys,
    pub apps: &'static str,
    pub none: &'static str,
    pub added: fn(&str) -> String,
    pub used: fn(&str) -> String,
    pub add: &'static str,
    pub too_many: &'static str,
    pub remove: &'static str,
    pub remove_title: fn(&str) -> String,
    pub remove_lead: &'static str,
    pub remove_last_lead: &'static str,
    pub was_added: &'static str,
    pub was_removed: &'static str,
    pub codes: &'static str,
    pub codes_left: fn(usize) -> String,
    pub make_codes: &'static str,
    pub make_codes_lead: &'static str,
    pub enrolment: Enrolment,
    pub remembered: &'static str,
    pub remembered_count: fn(usize) -> String,
    pub ask_again: &'static str,
    pub asked_again: &'static str,
    pub key_first: &'static str,
    pub set_up: SetUp,
    pub codes_page: CodesPage,
}

/// Choosing a second step that is asked for.
#[derive(Debug)]
pub struct Enrolment {
    pub title: &'static str,
    pub lead: &'static str,
    pub lead_later: fn(&str) -> String,
    pub lead_key: &'static str,
    pub lead_key_later: fn(&str) -> String,
    pub key: &'static str,
    pub app: &'static str,
    pub none: &'static str,
    pub later: &'static str,
}

/// Passkeys.
#[derive(Debug)]
pub struct Keys {
    pub title: &'static str,
    pub none: &'static str,
    pub add: &'static str,
    pub add_title: &'static str,
    pub add_lead: &'static str,
    pub unsupported: &'static str,
    pub failed: &'static str,
    pub known: &'static str,
    pub submit: &'static str,
    pub name: &'static str,
    pub default_name: &'static str,
    pub wrong: &'static str,
    pub unverified: &'static str,
    pub other_model: &'static str,
    pub closed: fn(&str) -> String,
    pub was_added: &'static str,
}

/// Setting up an authenticator app.
#[derive(Debug)]
pub struct SetUp {
    pub title: &'static str,
    pub scan: &'static str,
    pub picture: &'static str,
    pub open: &'static str,
    pub type_it: &'static str,
    pub confirm: &'static str,
    pub name: &'static str,
    pub name_hint: &'static str,
    pub default_name: &'static str,
    pub code: &'static str,
    pub submit: &'static str,
    pub wrong: &'static str,
    pub too_long: &'static str,
}

/// Recovery codes, shown once.
#[derive(Debug)]
pub struct CodesPage {
    pub title: &'static str,
    pub lead: &'static str,
    pub once: &'static str,
    pub done: &'static str,
}

/// Browsers and devices that are signed in.
#[derive(Debug)]
pub struct Devices {
    pub lead: &'static str,
    pub this: &'static str,
    pub unknown: &'static str,
    pub signed_in: fn(&str) -> String,
    pub last_used: fn(&str) -> String,
    pub address: fn(&str) -> String,
    pub sign_out: &'static str,
    pub sign_out_others: &'static str,
    pub sign_out_everywhere: &'static str,
    pub ended: &'static str,
    pub past: &'static str,
    pub past_lead: &'static str,
    pub signed_out: fn(&str) -> String,
    pub app_out: fn(&str, &str) -> String,
    pub app_waits: fn(&str, &str) -> String,
    pub app_failed: fn(&str, &str) -> String,
}

/// Apps that were given consent.
#[derive(Debug)]
pub struct Consents {
    pub lead: &'static str,
    pub none: &'static str,
    pub since: fn(&str) -> String,
    pub withdraw: &'static str,
    pub withdrawn: fn(&str) -> String,
}

/// Invitations that wait for an answer.
#[derive(Debug)]
pub struct Invited {
    pub lead: &'static str,
    pub none: &'static str,
    pub accepted: fn(&str) -> String,
    pub rejected: fn(&str) -> String,
}

/// Another e-mail address.
#[derive(Debug)]
pub struct Email {
    pub title: &'static str,
    pub lead: fn(&str) -> String,
    pub new: &'static str,
    pub submit: &'static str,
    pub sent: fn(&str) -> String,
    pub changed: &'static str,
    pub taken: &'static str,
}

/// The language of pages and mails.
#[derive(Debug)]
pub struct LanguageChoice {
    pub title: &'static str,
    pub lead: &'static str,
}
