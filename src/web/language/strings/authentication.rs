//! The texts of signing in, invitations, and signing out.
#![expect(missing_docs, reason = "each text is named by what it says")]

use super::Said;

/// The steps of signing in.
#[derive(Debug)]
pub struct Authentication {
    pub tagline: &'static str,
    pub sign_in: SignIn,
    pub second_factor: SecondFactor,
    pub sent: SentCodes,
    pub station: Station,
    pub passkey: Passkey,
    pub take_back: TakeBack,
    pub organization: OrganizationChoice,
    pub consent: Consent,
    pub password: Password,
    pub reset: Reset,
    pub terms: Terms,
    pub invitation: Invitation,
    pub sign_out: SignOut,
    pub no_access: NoAccess,
    pub device: Device,
    pub asked: Asked,
}

/// User name and password.
#[derive(Debug)]
pub struct SignIn {
    pub title: &'static str,
    pub continue_to: fn(&str) -> String,
    pub user_name: &'static str,
    pub password: &'static str,
    pub forgot: &'static str,
    pub submit: &'static str,
    pub wrong: &'static str,
    pub throttled: fn(&str) -> String,
    pub full: &'static str,
    pub again: Said,
    pub again_unasked: &'static str,
    pub password_changed: &'static str,
}

/// A code beside the password.
#[derive(Debug)]
pub struct SecondFactor {
    pub title: &'static str,
    pub lead: &'static str,
    pub lead_with_both: &'static str,
    pub lead_with_passkey: &'static str,
    pub lead_key_wanted: &'static str,
    pub lost_key: &'static str,
    pub use_passkey: &'static str,
    pub code: &'static str,
    pub submit: &'static str,
    pub wrong: &'static str,
    pub wrong_recovery: &'static str,
    pub use_recovery: &'static str,
    pub recovery_lead: &'static str,
    pub recovery_code: &'static str,
    pub no_codes: &'static str,
    pub remember: fn(u64) -> String,
    pub use_app: &'static str,
}

/// Codes that are sent.
#[derive(Debug)]
pub struct SentCodes {
    pub mail: SentBy,
    pub text: SentBy,
    pub send: &'static str,
    pub again: &'static str,
    pub wait: fn(&str) -> String,
    pub wrong: &'static str,
    pub submit: &'static str,
    pub mail_closed: &'static str,
    pub mail_not_now: &'static str,
    pub phone: Phone,
}

/// The way by which they are.
#[derive(Debug)]
pub struct SentBy {
    pub choose: &'static str,
    pub before: fn(&str) -> String,
    pub sent: fn(&str) -> String,
    pub title: &'static str,
    pub none: &'static str,
    pub add: &'static str,
    pub offer: &'static str,
    pub was_added: &'static str,
}

/// Telephones.
#[derive(Debug)]
pub struct Phone {
    pub lead: &'static str,
    pub number: &'static str,
    pub hint: &'static str,
    pub wrong: &'static str,
    pub unreachable: &'static str,
    pub exhausted: &'static str,
    pub message: fn(&str, &str) -> String,
}

/// A shared workstation.
#[derive(Debug)]
pub struct Station {
    pub title: &'static str,
    pub lead: fn(&str, &str) -> String,
    pub submit: &'static str,
    pub here: fn(&str, &str) -> String,
    pub done: &'static str,
    pub away: Said,
    pub go_on: &'static str,
}

/// Asking for a passkey.
#[derive(Debug)]
pub struct Passkey {
    pub use_one: &'static str,
    pub failed: &'static str,
    pub wrong: &'static str,
    pub closed: &'static str,
    pub too_late: &'static str,
    pub unsupported: &'static str,
}

/// Taking an account back.
#[derive(Debug)]
pub struct TakeBack {
    pub title: &'static str,
    pub lead: &'static str,
    pub submit: &'static str,
}

/// Choosing an organization.
#[derive(Debug)]
pub struct OrganizationChoice {
    pub title: &'static str,
    pub lead: &'static str,
    pub lead_for: fn(&str) -> String,
    pub default: &'static str,
    pub none: Said,
    pub other_person: &'static str,
}

/// What an app may learn and do.
#[derive(Debug)]
pub struct Consent {
    pub title: fn(&str) -> String,
    pub lead: fn(&str) -> String,
    pub stranger: &'static str,
    pub will: fn(&str) -> String,
    pub allow: &'static str,
    pub deny: &'static str,
    pub withdraw_later: &'static str,
    pub scopes: Scopes,
}

/// What each scope means.
#[derive(Debug)]
pub struct Scopes {
    pub openid: &'static str,
    pub profile: &'static str,
    pub email: &'static str,
    pub address: &'static str,
    pub phone: &'static str,
    pub offline_access: &'static str,
    pub organization: &'static str,
    pub roles: &'static str,
    pub groups: &'static str,
    pub locations: &'static str,
    pub entitlements: &'static str,
    pub identifiers: &'static str,
    pub practitioner: &'static str,
    pub own_profile: &'static str,
    pub other: fn(&str) -> String,
}

impl Scopes {
    /// What `scope` lets an app do, in words.
    #[must_use]
    pub fn describe(&self, scope: &str) -> String {
        let known = match scope {
            "openid" => self.openid,
            "profile" => self.profile,
            "email" => self.email,
            "address" => self.address,
            "phone" => self.phone,
            "offline_access" => self.offline_access,
            "organization" => self.organization,
            "roles" => self.roles,
            "groups" => self.groups,
            "locations" => self.locations,
            "entitlements" => self.entitlements,
            "identifiers" => self.identifiers,
            "practitioner" => self.practitioner,
            "scim:me" => self.own_profile,
            other => return (self.other)(other),
        };
        known.to_owned()
    }
}

/// Letting a device in by the code that it shows.
#[derive(Debug)]
pub struct Device {
    pub title: &'static str,
    pub lead: &'static str,
    pub code: &'static str,
    pub code_hint: &'static str,
    pub submit: &'static str,
    pub wrong: &'static str,
    pub confirm_title: fn(&str) -> String,
    pub confirm_lead: fn(&str) -> String,
    pub same_code: &'static str,
    pub warning: &'static str,
    pub allowed: Said,
    pub refused: Said,
}

/// What back ends ask a person.
#[derive(Debug)]
pub struct Asked {
    pub title: &'static str,
    pub lead: &'static str,
    pub none: &'static str,
    pub message: &'static str,
    pub warning: &'static str,
    pub allowed: &'static str,
    pub refused: &'static str,
    pub gone: &'static str,
    pub account: &'static str,
}

/// Setting a password.
#[derive(Debug)]
pub struct Password {
    pub title: &'static str,
    pub lead: &'static str,
    pub forced_title: &'static str,
    pub forced_lead: &'static str,
    pub expired_lead: &'static str,
    pub current: &'static str,
    pub new: &'static str,
    pub repeat: &'static str,
    pub rules: fn(usize) -> String,
    pub submit: &'static str,
    pub changed: &'static str,
    pub wrong_current: &'static str,
    pub too_short: fn(usize) -> String,
    pub too_long: &'static str,
    pub too_common: &'static str,
    pub former: &'static str,
    pub kinds: fn(usize) -> String,
    pub weak: &'static str,
    /// Keys, repetition, common, sequence, date, word, name.
    pub weak_why: [&'static str; 7],
    /// Capitals, backwards, substitution.
    pub weak_tricks: [&'static str; 3],
    pub about_you: &'static str,
    pub same: &'static str,
    pub differ: &'static str,
}

/// A forgotten password.
#[derive(Debug)]
pub struct Reset {
    pub title: &'static str,
    pub lead: &'static str,
    pub user_name: &'static str,
    pub submit: &'static str,
    pub back: &'static str,
    pub sent: Said,
    pub sent_hint: &'static str,
    pub no_mailbox: &'static str,
    pub choose: Said,
    pub set: &'static str,
}

/// Terms and privacy texts.
#[derive(Debug)]
pub struct Terms {
    pub title: &'static str,
    pub lead: &'static str,
    pub changed_lead: &'static str,
    pub version: fn(&str) -> String,
    pub new_window: &'static str,
    pub accept: &'static str,
    pub accept_first: &'static str,
    pub submit: &'static str,
    pub decline: &'static str,
    pub terms: &'static str,
    pub privacy: &'static str,
}

/// An offer of membership.
#[derive(Debug)]
pub struct Invitation {
    pub title: fn(&str) -> String,
    pub invited_by: fn(&str) -> String,
    pub offered: &'static str,
    pub everywhere: &'static str,
    pub expires: fn(&str) -> String,
    pub accept: &'static str,
    pub reject: &'static str,
    pub as_person: fn(&str) -> String,
    pub other_person: &'static str,
    pub new_lead: &'static str,
    pub name: &'static str,
    pub email: &'static str,
    pub create: &'static str,
    pub have_account: Said,
    pub sign_in_to_accept: &'static str,
    pub rejected: Said,
    pub wrong_person: Said,
}

/// The end of a session.
#[derive(Debug)]
pub struct SignOut {
    pub confirm_title: &'static str,
    pub confirm_lead: fn(&str) -> String,
    pub submit: &'static str,
    pub stay: &'static str,
    pub done: Said,
    pub onward: &'static str,
    pub again: &'static str,
    pub back_to: fn(&str) -> String,
}

/// A door that stays closed, and who has the key.
#[derive(Debug)]
pub struct NoAccess {
    pub title: fn(&str) -> String,
    pub lead: fn(&str, &str) -> String,
    pub lead_without_organization: fn(&str) -> String,
    pub closed_title: fn(&str) -> String,
    pub closed: fn(&str) -> String,
    pub unusual_title: fn(&str) -> String,
    pub unusual: fn(&str) -> String,
    pub elsewhere_title: fn(&str) -> String,
    pub elsewhere: fn(&str) -> String,
    pub ask: &'static str,
    pub ask_administrator: &'static str,
    pub other_organization: &'static str,
    pub back: &'static str,
    pub needs: &'static str,
}
