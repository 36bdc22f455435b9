//! The rules of emergency accounts, in the place of those of the organization and the configuration: networks, countries, hours and
//! absence do not stop them, and nobody makes them any weaker.

use super::rule::{Rule, Rules, Subject};
use crate::setting::Setting;

/// Nothing but a key that asks who its owner is; four hours at most, tokens and all.
const RULES: [(Setting, &str); 5] = [
    (Setting::FactorRequired, "phishing-resistant"),
    (Setting::FactorKinds, "passkey"),
    (Setting::FactorPasskeyUserVerification, "required"),
    (Setting::SessionAbsolute, "4h"),
    (Setting::TokenRefresh, "4h"),
];

/// The rules.
///
/// # Panics
/// Never: a test reads the table above.
#[must_use]
pub fn rules() -> Rules {
    let rule = |(setting, value): (Setting, &str)| {
        let value = setting.kind().parse(value).expect("a value of the table above, which a test reads");
        Rule { subject: Subject::Everybody, setting, value }
    };
    Rules::of(RULES.map(rule).into_iter().collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_emergency_account_has_a_key_and_four_hours() {
        let rules = rules();
        assert_eq!(rules.iter().count(), RULES.len());
        assert_eq!(rules.all().span(Setting::SessionAbsolute), Some(Duration::from_hours(4)));
        assert_eq!(rules.all().span(Setting::TokenRefresh), Some(Duration::from_hours(4)));
        assert_eq!(rules.all().span(Setting::FactorRemember), None, "no browser is remembered");
    }
}
