//! What can be set for an organization and for whom: one table of all settings, each with its kind of value, whom a rule
//! for it may be for, what holds without a rule, and what it does.
//!
//! A setting more is a line more in `settings!` and a line more in the README, which a test compares with it. Who has
//! rules and which of them hold for somebody is `policy`'s; whoever enforces a setting asks there for its value. This
//! module stands in the ground because the configuration sets rules for everybody by the same words.

pub mod demand;
pub mod schedule;
pub mod value;

use std::{fmt, str::FromStr};

pub use value::{Kind, NotAValue, Value};

/// Whom a rule is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// Everybody in an organization.
    Organization,
    /// Whoever was assigned a role there, wherever it holds, directly or by a group.
    Role,
    /// Whoever is in a group, or in one that lies in it.
    Group,
    /// Whoever uses an app.
    Client,
    /// Whoever was assigned a role at a location, or at one that lies in it.
    Location,
    /// One member alone.
    Member,
}

impl SubjectKind {
    /// Every kind.
    pub const ALL: [Self; 6] =
        [Self::Organization, Self::Role, Self::Group, Self::Client, Self::Location, Self::Member];

    /// As stored and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Organization => "organization",
            Self::Role => "role",
            Self::Group => "group",
            Self::Client => "client",
            Self::Location => "location",
            Self::Member => "member",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// One line of the table.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The setting.
    pub setting: Setting,
    /// Its name.
    pub name: &'static str,
    /// What its values are.
    pub kind: Kind,
    /// Whom a rule may be for.
    pub subjects: &'static [SubjectKind],
    /// What holds without a rule.
    pub default: &'static str,
    /// What it does.
    pub about: &'static str,
}

const ALL: &[SubjectKind] = &SubjectKind::ALL;
/// Of a whole session, whichever app it is used with.
const PEOPLE: &[SubjectKind] =
    &[SubjectKind::Organization, SubjectKind::Role, SubjectKind::Group, SubjectKind::Location, SubjectKind::Member];

macro_rules! settings {
    ($($setting:ident $name:literal $kind:expr, $subjects:ident, $default:literal, $about:literal;)*) => {
        /// A setting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Setting {
            $(#[doc = $about] $setting,)*
        }

        /// All settings, by name.
        pub const ROWS: &[Row] = &[$(Row {
            setting: Setting::$setting,
            name: $name,
            kind: $kind,
            subjects: $subjects,
            default: $default,
            about: $about,
        },)*];
    };
}

settings! {
    FactorKinds "factor.kinds" Kind::Among(&["email", "passkey", "sms", "totp"]), PEOPLE, "`passkey, totp`, and what `[factors]` and `[sms]` let in",
        "which kinds of second factors people set up and use; whoever has none of them goes on with what they have";
    FactorPasskeyModels "factor.passkey_models" Kind::Models, PEOPLE, "every model",
        "the models (AAGUID) of passkeys that people set up; what says nothing of its model is none of them";
    FactorPasskeyUserVerification "factor.passkey_user_verification" Kind::Choice(&["preferred", "required"]), PEOPLE,
        "`preferred`", "whether a passkey beside a password asks for a PIN, a finger or a face too";
    FactorRemember "factor.remember" Kind::Shorter("0d", "365d"), PEOPLE, "never",
        "for how long a browser is not asked for a second factor again, where its person says so; `0d` is never";
    FactorRequired "factor.required" Kind::Demands, ALL, "not asked",
        "how sure sign-ins have to be, at once or from a day on; whoever lacks a factor for it sets one up at the next sign-in";
    InactivitySuspend "inactivity.suspend" Kind::Shorter("1d", "730d"), PEOPLE, "never",
        "a member who was not here for so long is suspended; the last owner stays";
    LockoutAfter "lockout.after" Kind::Lower(3, 100), PEOPLE, "never",
        "after how many failed sign-ins in a row an account is locked, but for browsers in which its person is known";
    LockoutFor "lockout.for" Kind::Longer("1m", "365d"), PEOPLE, "15m",
        "for how long it is";
    LockoutUnlock "lockout.unlock" Kind::Choice(&["by-itself", "administrator"]), PEOPLE, "`by-itself`",
        "whether a lock ends by itself or lasts until an administrator ends it";
    NetworkAllowed "network.allowed" Kind::Networks, ALL, "every address",
        "the addresses from which apps can be signed in to";
    NetworkCountries "network.countries" Kind::Countries, ALL, "every country",
        "the countries from which apps can be signed in to; private addresses are in none, and not meant";
    NetworkCountriesDenied "network.countries_denied" Kind::CountriesDenied, ALL, "none",
        "the countries from which apps cannot be signed in to";
    NetworkOtherwise "network.otherwise" Kind::Choice(&["alert", "step-up", "deny"]), ALL, "`deny`",
        "what becomes of whoever comes from another network or country: let in and written down, let in with a second factor, or stopped";
    PasswordComposition "password.composition" Kind::Higher(2, 4), PEOPLE, "not asked",
        "how many of capital letters, small letters, digits and symbols a new password has";
    PasswordHistory "password.history" Kind::Higher(1, 10), PEOPLE, "the present one alone",
        "how many former passwords a new one must not be; they are kept, as hashes, from when this is set";
    PasswordMaxAge "password.max_age" Kind::Shorter("1d", "3650d"), PEOPLE, "never",
        "a password that is older has to be replaced at the next sign-in";
    PasswordMinLength "password.min_length" Kind::Higher(8, 64), PEOPLE, "`[password] min_length`",
        "how many characters a new password has";
    PasswordStrength "password.strength" Kind::Higher(1, 4), PEOPLE, "`[password] strength`",
        "how hard a new password is to guess, from 1 to 4, by an estimate (zxcvbn)";
    ScheduleWindows "schedule.windows" Kind::Schedule, ALL, "always open",
        "when apps can be signed in to and get tokens; at its end people are signed out of apps";
    SessionAbsolute "session.absolute" Kind::Shorter("5m", "365d"), ALL, "`[session] absolute`",
        "a session ends so long after it began, however much it is used";
    SessionBinding "session.binding" Kind::Choice(&["none", "device", "address-range"]), PEOPLE, "`none`",
        "where the cookie of a session counts: anywhere, in the kind of browser and system in which it began, or there and in its range of addresses";
    SessionConcurrent "session.concurrent" Kind::Lower(1, 50), PEOPLE, "any number",
        "in how many browsers and devices a person is signed in at a time";
    SessionFresh "session.fresh" Kind::Shorter("1m", "12h"), PEOPLE, "`[session] fresh`",
        "how long after they signed in people may change what they sign in with; then they sign in again first";
    SessionIdle "session.idle" Kind::Shorter("2m", "90d"), ALL, "`[session] idle`",
        "a session that was not used for so long ends, and so does what an app did not refresh for so long";
    SessionNewDevice "session.new_device" Kind::Choice(&["allow", "second-factor"]), PEOPLE, "`allow`",
        "what a browser in which the person is not known, while others are, opens apps with: a password, or a second factor";
    SessionReauthenticate "session.reauthenticate" Kind::Shorter("2m", "365d"), ALL, "never",
        "how long after they signed in people sign in again before they go on in an app";
    SessionWhenFull "session.when_full" Kind::Choice(&["end-oldest", "refuse"]), PEOPLE, "`end-oldest`",
        "what happens when somebody is signed in as often as `session.concurrent` allows, and signs in once more";
    SignalsStepUp "signals.step_up" Kind::Flag, PEOPLE, "`no`",
        "whether apps open to whoever signed in unexpectedly (from a new country, from too far away, in a new browser) only with a second factor";
    StationIdle "station.idle" Kind::Shorter("2m", "4h"), PEOPLE, "5m",
        "a session at a shared workstation that was not used for so long ends";
    TokenLifetime "token.lifetime" Kind::Shorter("1m", "15m"), ALL, "of the client, or `[tokens] access_token`",
        "how long an access token lives";
    TokenRefresh "token.refresh" Kind::Shorter("5m", "365d"), ALL, "`[tokens] refresh_absolute`",
        "how long an app goes on by itself before the person lets it in anew, `offline_access` or not";
    UpstreamRequired "upstream.required" Kind::Flag, PEOPLE, "`no`",
        "whether people come into the organization through its directory or identity provider alone, and not by what is kept here";
}

impl Setting {
    /// Its line of the table.
    #[must_use]
    pub fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// What its values are.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.row().kind
    }
}

/// There is no setting of this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no setting `{typed}`; {}", self.advice())]
pub struct UnknownSetting {
    typed: String,
}

impl UnknownSetting {
    fn advice(&self) -> String {
        let near = ROWS.iter().map(|row| (strsim::osa_distance(&self.typed, row.name), row.name)).min();
        match near {
            Some((distance, name)) if distance <= (name.len() / 3).max(2) => format!("did you mean `{name}`?"),
            _ => format!("there is {}", ROWS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ")),
        }
    }
}

impl FromStr for Setting {
    type Err = UnknownSetting;

    fn from_str(text: &str) -> Result<Self, UnknownSetting> {
        let row = ROWS.iter().find(|row| row.name == text);
        row.map(|row| row.setting).ok_or_else(|| UnknownSetting { typed: crate::text::echo(text) })
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_found_by_its_name_and_in_its_place() {
        for row in ROWS {
            assert_eq!(row.name.parse(), Ok(row.setting), "{}", row.name);
            assert_eq!(row.setting.row().name, row.name);
            assert!(row.name.split('.').count() == 2 && !row.subjects.is_empty(), "{}", row.name);
        }
        assert!(ROWS.is_sorted_by_key(|row| row.name), "by name");
    }

    #[test]
    fn a_mistyped_one_is_mended() {
        for (typed, expected) in [
            ("session.idel", "there is no setting `session.idel`; did you mean `session.idle`?"),
            ("idle", "there is no setting `idle`; there is factor.kinds, factor.passkey_models"),
        ] {
            let said = typed.parse::<Setting>().unwrap_err().to_string();
            assert!(said.starts_with(expected), "{said}");
        }
    }
}
