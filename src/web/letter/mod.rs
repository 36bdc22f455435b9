//! The letters that people get by mail: their words and their look, as text and as HTML. Sending is `mail`'s.
//!
//! A letter says who it is for and why it came, holds at most one link, and says what happens when it is ignored.

mod factors;
mod recovery;

use askama::Template;

pub use recovery::{EmergencyNews, RecoveryNews, RecoveryStep};

use super::{
    accent::Accent,
    device::Device,
    frame::Brand,
    language::{Language, strings::letter::Letters},
    site::Site,
};
use crate::clock::Timestamp;

pub use factors::FactorChange;

/// A finished letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Which letter it is, for logs and counters.
    pub kind: &'static str,
    /// The subject line.
    pub subject: String,
    /// The plain text.
    pub text: String,
    /// The HTML.
    pub html: String,
}

/// What all letters to one person share: language, sender's site, organization, the person's name.
#[derive(Debug, Clone)]
pub struct Letterhead {
    language: Language,
    origin: String,
    brand: Option<Brand>,
    name: Option<String>,
}

/// What an invitation says.
#[derive(Debug, Clone, Copy)]
pub struct Invited<'a> {
    /// The organization's name.
    pub organization: &'a str,
    /// Who invites; unknown when a directory or the command line does.
    pub invited_by: Option<&'a str>,
    /// Whether the address belongs to somebody who can sign in.
    pub has_account: bool,
    /// The absolute address of the invitation.
    pub href: &'a str,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// What looks like an attack.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "fields are named by what they hold: names of people, codes of countries, numbers")]
pub enum Suspicion<'a> {
    /// A sign-in from a new country.
    Country { name: &'a str, country: &'a str },
    /// A sign-in from too far away.
    Travel { name: &'a str, country: &'a str, former: &'a str },
    /// A sign-in in a new browser.
    Device { name: &'a str },
    /// A cookie that was used by two.
    Theft { name: &'a str },
    /// Many failed sign-ins to one account.
    Failures { name: &'a str, times: i64 },
    /// Failed sign-ins to many accounts.
    Spraying { times: i64 },
}

#[derive(Template)]
#[template(path = "letter/letter.html")]
struct Html<'a> {
    tag: &'static str,
    subject: &'a str,
    sender: &'a str,
    fill: String,
    ink: String,
    t: &'static Letters,
    body: &'a Body,
}

#[derive(Template)]
#[template(path = "letter/letter.txt")]
struct Text<'a> {
    t: &'static Letters,
    body: &'a Body,
}

/// Greeting, what it is about, the one link, what else is good to know, and why the letter came.
struct Body {
    greeting: String,
    before: Vec<String>,
    button: &'static str,
    href: String,
    after: Vec<String>,
    why: String,
}

impl Letterhead {
    /// Letters in `language` from `site`.
    #[must_use]
    pub fn new(language: Language, site: &Site) -> Self {
        Self { language, origin: site.origin().to_owned(), brand: None, name: None }
    }

    /// In the name of an organization.
    #[must_use]
    pub fn branded(self, brand: Option<Brand>) -> Self {
        Self { brand, ..self }
    }

    /// To a person whose name is known.
    #[must_use]
    pub fn addressed_to(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// An offer of membership.
    #[must_use]
    pub fn invitation(&self, invited: Invited<'_>) -> Letter {
        let t = &self.texts().invitation;
        let lead = match invited.invited_by {
            Some(name) => (t.lead)(name, invited.organization),
            None => (t.lead_nameless)(invited.organization),
        };
        let next = if invited.has_account { t.existing } else { t.new_person };
        let expires = (t.expires)(&self.language.date(invited.expires_at));
        let body = self.body(vec![lead, next.into()], (t.button, invited.href), vec![expires, t.ignore.into()]);
        let why = if invited.has_account { body.why } else { (self.texts().why_invited)(&self.origin) };
        self.write("invitation", &(t.subject)(invited.organization), &Body { why, ..body })
    }

    /// A link to a new password.
    #[must_use]
    pub fn password_reset(&self, href: &str) -> Letter {
        let t = &self.texts().reset;
        let body = self.body(vec![t.lead.into()], (t.button, href), vec![t.expires.into(), t.ignore.into()]);
        self.write("password-reset", t.subject, &body)
    }

    /// A link that proves that `email` is the person's.
    #[must_use]
    pub fn email_verification(&self, email: &str, href: &str) -> Letter {
        let t = &self.texts().verification;
        let body = self.body(vec![(t.lead)(email)], (t.button, href), vec![t.expires.into(), t.ignore.into()]);
        self.write("email-verification", t.subject, &body)
    }

    /// Word that the password was changed at `at`; `href` leads to a new one.
    #[must_use]
    pub fn password_changed(&self, at: Timestamp, href: &str) -> Letter {
        let t = &self.texts().password_changed;
        let lead = (t.lead)(&self.language.date_and_time(at));
        let body = self.body(vec![lead, t.effect.into(), t.not_you.into()], (t.button, href), Vec::new());
        self.write("password-changed", t.subject, &body)
    }

    /// Word that an account is locked, until when (or until an administrator unlocks it); `href` leads to a new password.
    #[must_use]
    pub fn account_locked(&self, until: Option<Timestamp>, href: &str) -> Letter {
        let t = &self.texts().locked;
        let lasts = match until {
            Some(until) => (t.until)(&self.language.date_and_time(until)),
            None => t.lasting.to_owned(),
        };
        let body = self.body(vec![t.lead.into(), lasts, t.known.into()], (t.button, href), vec![t.not_you.into()]);
        self.write("account-locked", t.subject, &body)
    }

    /// Word that somebody signed in at `at` in a browser in which the person never did; `href` leads to their devices.
    #[must_use]
    pub fn new_device(&self, user_agent: &str, address: &str, at: Timestamp, href: &str) -> Letter {
        let t = &self.texts().new_device;
        let device = Device::of(user_agent).name();
        let device = device.unwrap_or_else(|| self.language.strings().account.devices.unknown.to_owned());
        let facts = (t.facts)(&device, address, &self.language.date_and_time(at));
        let body = self.body(vec![t.lead.into(), facts, t.yours.into()], (t.button, href), vec![t.not_you.into()]);
        self.write("new-device", t.subject, &body)
    }

    /// A code for who signs in, or sets codes up, on a device from an address at an instant; `href` leads to a new password.
    #[must_use]
    pub fn code(&self, code: &str, (user_agent, from, at): (&str, &str, Timestamp), href: &str) -> Letter {
        let t = &self.texts().code;
        let device = Device::of(user_agent).name();
        let device = device.unwrap_or_else(|| self.language.strings().account.devices.unknown.to_owned());
        let facts = (t.facts)(&device, from, &self.language.date_and_time(at));
        let before = vec![(t.lead)(code), t.expires.into(), facts, t.never.into(), t.not_you.into()];
        self.write("code", t.subject, &self.body(before, (t.button, href), Vec::new()))
    }

    /// Word that something looks like an attack, which came from `address` at `at`; `href` leads to the reader's account.
    #[must_use]
    pub fn suspicion(&self, what: &Suspicion<'_>, (address, at): (&str, Timestamp), href: &str) -> Letter {
        let t = &self.texts().suspicion;
        let (lead, is_sign_in) = match *what {
            Suspicion::Country { name, country } => ((t.country)(name, country), true),
            Suspicion::Travel { name, country, former } => ((t.travel)(name, former, country), true),
            Suspicion::Device { name } => ((t.device)(name), true),
            Suspicion::Theft { name } => ((t.theft)(name), true),
            Suspicion::Failures { name, times } => ((t.failures)(name, times), false),
            Suspicion::Spraying { times } => ((t.spraying)(times), false),
        };
        let (subject, advice) = if is_sign_in { (t.unexpected, t.ask) } else { (t.failing, t.nobody_in) };
        let facts = (t.facts)(address, &self.language.date_and_time(at));
        let body = self.body(vec![lead, facts, advice.into()], (t.button, href), vec![t.once.into()]);
        self.write("suspicion", subject, &body)
    }

    /// Word to the former address that another one was confirmed at `at`; `href` leads to the account.
    #[must_use]
    pub fn email_changed(&self, at: Timestamp, href: &str) -> Letter {
        let t = &self.texts().email_changed;
        let lead = (t.lead)(&self.language.date_and_time(at));
        let body = self.body(vec![lead, t.effect.into(), t.not_you.into()], (t.button, href), Vec::new());
        self.write("email-changed", t.subject, &body)
    }

    /// The same, where `href` takes the account back from whoever did.
    #[must_use]
    pub fn email_moved(&self, at: Timestamp, href: &str) -> Letter {
        let (t, undo) = (&self.texts().email_changed, &self.texts().factors.undo);
        let before = vec![(t.lead)(&self.language.date_and_time(at)), t.effect.into(), undo.lead.into()];
        let body = self.body(before, (undo.button, href), vec![undo.expires.into()]);
        self.write("email-changed", t.subject, &body)
    }

    /// The first letter of a new member of `organization`; `href` leads to the account.
    #[must_use]
    pub fn welcome(&self, organization: &str, href: &str) -> Letter {
        let t = &self.texts().welcome;
        let body = self.body(vec![(t.lead)(organization), t.next.into()], (t.button, href), Vec::new());
        self.write("welcome", &(t.subject)(organization), &body)
    }

    /// Word that an app asks for an approval; `href` leads to where it is decided.
    #[must_use]
    pub fn request_waiting(&self, href: &str) -> Letter {
        let t = &self.texts().request;
        let body = self.body(vec![t.lead.into()], (t.button, href), vec![t.expires.into(), t.not_you.into()]);
        self.write("request-waiting", t.subject, &body)
    }

    fn texts(&self) -> &'static Letters {
        &self.language.strings().letters
    }

    fn body(&self, before: Vec<String>, (button, href): (&'static str, &str), after: Vec<String>) -> Body {
        let t = self.texts();
        let greeting = self.name.as_deref().map_or_else(|| t.greeting_nameless.to_owned(), t.greeting);
        Body { greeting, before, button, href: href.to_owned(), after, why: (t.why)(&self.origin) }
    }

    fn write(&self, kind: &'static str, subject: &str, body: &Body) -> Letter {
        let t = self.texts();
        // A header has one line, whatever an organization is called.
        let subject: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let accent = self.brand.as_ref().and_then(|brand| brand.accent);
        let (fill, ink) = accent.unwrap_or(Accent::LANYARD).fill_and_ink();
        let (tag, sender) = (self.language.tag(), self.brand.as_ref().map_or("Lanyard", |brand| &brand.name));
        let html = Html { tag, subject: &subject, sender, fill, ink, t, body }.to_string();
        let text = Text { t, body }.to_string();
        Letter { kind, subject, text, html }
    }
}

#[cfg(test)]
mod tests;
