//! The texts of mails.
#![expect(missing_docs, reason = "each text is named by what it says")]

/// Mails.
#[derive(Debug)]
pub struct Letters {
    pub greeting: fn(&str) -> String,
    pub greeting_nameless: &'static str,
    pub link_hint: &'static str,
    pub closing: &'static str,
    pub why: fn(&str) -> String,
    pub why_invited: fn(&str) -> String,
    pub invitation: Invitation,
    pub reset: Reset,
    pub verification: Verification,
    pub password_changed: Changed,
    pub email_changed: Changed,
    pub welcome: Welcome,
    pub request: Waiting,
    pub factors: Factors,
    pub required: Required,
    pub locked: Locked,
    pub new_device: NewDevice,
    pub code: Code,
    pub suspicion: Suspicions,
    pub recovery: Recovery,
}

/// An offer of membership.
#[derive(Debug)]
pub struct Invitation {
    pub subject: fn(&str) -> String,
    pub lead: fn(&str, &str) -> String,
    pub lead_nameless: fn(&str) -> String,
    pub new_person: &'static str,
    pub existing: &'static str,
    pub button: &'static str,
    pub expires: fn(&str) -> String,
    pub ignore: &'static str,
}

/// A link to a new password.
#[derive(Debug)]
pub struct Reset {
    pub subject: &'static str,
    pub lead: &'static str,
    pub button: &'static str,
    pub expires: &'static str,
    pub ignore: &'static str,
}

/// A link that proves an address.
#[derive(Debug)]
pub struct Verification {
    pub subject: &'static str,
    pub lead: fn(&str) -> String,
    pub button: &'static str,
    pub expires: &'static str,
    pub ignore: &'static str,
}

/// Word of a change, so that it cannot happen unnoticed.
#[derive(Debug)]
pub struct Changed {
    pub subject: &'static str,
    pub lead: fn(&str) -> String,
    pub effect: &'static str,
    pub not_you: &'static str,
    pub button: &'static str,
}

/// Word of a sign-in in a browser in which the person never did.
#[derive(Debug)]
pub struct NewDevice {
    pub subject: &'static str,
    pub lead: &'static str,
    pub facts: fn(&str, &str, &str) -> String,
    pub yours: &'static str,
    pub not_you: &'static str,
    pub button: &'static str,
}

/// A code to type.
#[derive(Debug)]
pub struct Code {
    pub subject: &'static str,
    pub lead: fn(&str) -> String,
    pub expires: &'static str,
    pub facts: fn(&str, &str, &str) -> String,
    pub never: &'static str,
    pub not_you: &'static str,
    pub button: &'static str,
}

/// Word that an account is locked.
#[derive(Debug)]
pub struct Locked {
    pub subject: &'static str,
    pub lead: &'static str,
    pub until: fn(&str) -> String,
    pub lasting: &'static str,
    pub known: &'static str,
    pub not_you: &'static str,
    pub button: &'static str,
}

/// Word of a change of what the person proves themselves with.
#[derive(Debug)]
pub struct Factors {
    pub added: Word,
    pub removed: Word,
    pub passkey_added: Word,
    pub passkey_removed: Word,
    pub passkey_closed: Word,
    pub mail_added: Word,
    pub mail_removed: Word,
    pub text_added: Word,
    pub text_removed: Word,
    pub last_removed: Word,
    pub reset: Word,
    pub taken_back: Word,
    pub undo: Undo,
    pub codes_made: Word,
    pub code_used: Word,
    pub codes_guessed: Word,
    pub not_you: &'static str,
    pub button: &'static str,
}

/// How whoever did not do it gets their account back.
#[derive(Debug)]
pub struct Undo {
    pub lead: &'static str,
    pub button: &'static str,
    pub expires: &'static str,
}

/// What has happened, when, and what follows from it.
#[derive(Debug)]
pub struct Word {
    pub subject: &'static str,
    pub lead: fn(&str) -> String,
    pub effect: &'static str,
}

/// Word that an organization asks one person for a second step, or does so no more.
#[derive(Debug)]
pub struct Required {
    pub subject: &'static str,
    pub lead: fn(&str) -> String,
    pub lead_key: fn(&str) -> String,
    pub at_once: &'static str,
    pub from: fn(&str) -> String,
    pub ready: &'static str,
    pub button: &'static str,
    pub lifted_subject: &'static str,
    pub lifted_lead: fn(&str) -> String,
    pub lifted_effect: &'static str,
}

/// Word that an app asks for an approval.
#[derive(Debug)]
pub struct Waiting {
    pub subject: &'static str,
    pub lead: &'static str,
    pub button: &'static str,
    pub expires: &'static str,
    pub not_you: &'static str,
}

/// The first mail of a new member.
#[derive(Debug)]
pub struct Welcome {
    pub subject: fn(&str) -> String,
    pub lead: fn(&str) -> String,
    pub next: &'static str,
    pub button: &'static str,
}

/// Word to whoever looks after an organization that something looks like an attack.
#[derive(Debug)]
pub struct Suspicions {
    pub unexpected: &'static str,
    pub failing: &'static str,
    pub country: fn(&str, &str) -> String,
    pub travel: fn(&str, &str, &str) -> String,
    pub device: fn(&str) -> String,
    pub theft: fn(&str) -> String,
    pub failures: fn(&str, i64) -> String,
    pub spraying: fn(i64) -> String,
    pub facts: fn(&str, &str) -> String,
    pub on_host: fn(&str) -> String,
    pub ask: &'static str,
    pub nobody_in: &'static str,
    pub emergency: &'static str,
    pub emergency_lead: fn(&str, &str) -> String,
    pub emergency_next: &'static str,
    pub emergency_made: &'static str,
    pub emergency_made_lead: fn(&str, &str) -> String,
    pub emergency_rotated: &'static str,
    pub emergency_rotated_lead: fn(&str, &str) -> String,
    pub emergency_link_next: &'static str,
    pub emergency_key: &'static str,
    pub emergency_key_lead: fn(&str, &str) -> String,
    pub emergency_key_next: &'static str,
    pub emergency_removed: &'static str,
    pub emergency_removed_lead: fn(&str, &str) -> String,
    pub emergency_removed_next: &'static str,
    pub once: &'static str,
    pub button: &'static str,
}

/// Word of a request to let somebody in who has lost every second factor: to the person, and to whoever looks after members.
#[derive(Debug)]
pub struct Recovery {
    pub asked_subject: &'static str,
    pub asked_lead: fn(&str) -> String,
    pub asked_next: &'static str,
    pub asked_stop: &'static str,
    pub stop: &'static str,
    pub open_until: fn(&str) -> String,
    pub agreed_subject: &'static str,
    pub agreed_lead: &'static str,
    pub agreed_effect: &'static str,
    pub agreed_button: &'static str,
    pub agreed_expires: &'static str,
    pub agreed_not_you: &'static str,
    pub shown_lead: &'static str,
    pub shown_effect: &'static str,
    pub ended_subject: &'static str,
    pub ended_lead: &'static str,
    pub ended_effect: &'static str,
    pub account: &'static str,
    pub delayed_lead: fn(&str) -> String,
    pub delayed_at: fn(&str) -> String,
    pub delayed_stop: &'static str,
    pub news_subject: fn(&str) -> String,
    pub news_asked: fn(&str) -> String,
    pub news_asked_next: &'static str,
    pub news_agreed: fn(&str) -> String,
    pub news_ended: fn(&str) -> String,
    pub news_used: fn(&str) -> String,
    pub news_next: &'static str,
    pub news_button: &'static str,
}
