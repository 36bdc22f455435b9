//! Presets: several rules about passwords in one step.

use super::{
    Error,
    changing::{self, Care, For},
};
use crate::{app::App, audit::Context, id::OrganizationId, setting::Setting, storage::Tx};

/// Rules that belong together.
#[derive(Debug)]
pub struct Preset {
    /// Its name.
    pub name: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// What each setting is set to; where there is nothing, what the configuration says holds.
    pub rules: &'static [(Setting, Option<&'static str>)],
}

/// Those that there are; what holds without a rule is the first.
pub const PRESETS: [Preset; 2] = [
    Preset {
        name: "nist-800-63b",
        about: "long and unknown to guessers, replaced when it may be in other hands (NIST SP 800-63B-4 §3.1.1)",
        rules: &[
            (Setting::PasswordComposition, None),
            (Setting::PasswordHistory, None),
            (Setting::PasswordMaxAge, None),
            (Setting::PasswordMinLength, None),
            (Setting::PasswordStrength, None),
        ],
    },
    Preset {
        name: "composition-and-expiry",
        about: "besides, three kinds of characters, another one every 90 days, none of the last five: where a contract asks for it",
        rules: &[
            (Setting::PasswordComposition, Some("3")),
            (Setting::PasswordHistory, Some("5")),
            (Setting::PasswordMaxAge, Some("90d")),
            (Setting::PasswordMinLength, None),
            (Setting::PasswordStrength, None),
        ],
    },
];

/// The preset of this name.
///
/// # Errors
/// Which there are.
pub fn named(name: &str) -> Result<&'static Preset, String> {
    let names = || PRESETS.iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
    PRESETS.iter().find(|preset| preset.name == name).ok_or_else(|| format!("expected one of {}", names()))
}

/// Sets the rules of a preset over those that there are, in one unit.
///
/// # Errors
/// When the database fails.
///
/// # Panics
/// Never: a test reads every value.
pub async fn apply(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    organization: &OrganizationId,
    whom: (For<'_>, &str),
    preset: &'static Preset,
) -> Result<(), Error> {
    for (setting, value) in preset.rules {
        match value {
            Some(text) => {
                let value = setting.kind().parse(text).expect("a value of this setting");
                changing::set(tx, (app, context), organization, whom, (*setting, &value, Care::SpareOwners)).await?;
            }
            None => match changing::unset(tx, context, organization, whom, *setting).await {
                Ok(_) | Err(Error::NoRule(_)) => {}
                Err(error) => return Err(error),
            },
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setting::SubjectKind;

    #[test]
    fn every_preset_says_something_of_the_same_settings() {
        let settings = |preset: &Preset| preset.rules.iter().map(|(setting, _)| *setting).collect::<Vec<_>>();
        for preset in &PRESETS {
            assert_eq!(settings(preset), settings(&PRESETS[0]), "{}", preset.name);
            for (setting, value) in preset.rules {
                let read = value.map(|value| setting.kind().parse(value));
                assert!(read.is_none_or(|read| read.is_ok()), "{setting} {value:?}");
                assert!(setting.row().subjects.contains(&SubjectKind::Role) && setting.name().starts_with("password."));
            }
        }
        assert_eq!(named("nist-800-63b").map(|preset| preset.name), Ok("nist-800-63b"));
        assert_eq!(named("iso").unwrap_err(), "expected one of nist-800-63b, composition-and-expiry");
    }
}
