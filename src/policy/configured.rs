//! What the sections of the configuration say of things that rules may only make stricter: `[session]`, `[tokens]`,
//! `[password]`, `[factors]` and `[sms]`. What `[policy]` says is a rule for everybody, as any other.

use super::{factors, rule::Applying};
use crate::{
    config::Config,
    setting::{Setting, Value},
};

/// The outer limit of a setting; none where a rule says it alone. An access token may have another of its client.
#[must_use]
pub fn limit(config: &Config, setting: Setting) -> Option<Value> {
    let count = |number: usize| Some(Value::Count(u64::try_from(number).unwrap_or(u64::MAX)));
    match setting {
        Setting::FactorKinds => Some(Value::Words(factors::kinds(config.factors))),
        Setting::PasswordMinLength => count(config.password.min_length),
        Setting::PasswordStrength => count(config.password.strength.into()),
        Setting::SessionAbsolute => Some(Value::Span(config.session.absolute)),
        Setting::SessionFresh => Some(Value::Span(config.session.fresh)),
        Setting::SessionIdle => Some(Value::Span(config.session.idle)),
        Setting::TokenLifetime => Some(Value::Span(config.tokens.access_token)),
        Setting::TokenRefresh => Some(Value::Span(config.tokens.refresh_absolute)),
        _ => None,
    }
}

/// A setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InForce {
    /// What it comes to.
    pub value: Value,
    /// For whom the rules are that it comes from; none where the limit says it.
    pub rules: String,
    /// Whether the limit has a share in it.
    pub is_limited: bool,
}

impl Applying<'_> {
    /// What a setting comes to by rules and a limit; `None` where neither says anything.
    #[must_use]
    pub fn in_force(&self, setting: Setting, limit: Option<Value>) -> Option<InForce> {
        let of_rules = |value| InForce { value, rules: self.named(setting), is_limited: false };
        match (self.value(setting), limit) {
            (None, None) => None,
            (Some(own), None) => Some(of_rules(own)),
            (None, Some(limit)) => Some(InForce { value: limit, rules: String::new(), is_limited: true }),
            (Some(own), Some(limit)) => {
                let value = setting.kind().strictest(&own, &limit);
                let rules = if value == limit && value != own { String::new() } else { self.named(setting) };
                Some(InForce { is_limited: value != own, rules, value })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::rule::{
            Rules,
            tests::{organization, rule},
        },
        *,
    };

    #[test]
    fn the_stricter_of_rules_and_configuration_is_in_force() {
        let here = "organization riverside";
        for (setting, rules, limit, expected) in [
            (Setting::SessionIdle, vec![], None, None),
            (Setting::SessionIdle, vec!["1h"], None, Some(("1h", here, false))),
            (Setting::SessionIdle, vec![], Some("2h"), Some(("2h", "", true))),
            (Setting::SessionIdle, vec!["1h"], Some("2h"), Some(("1h", here, false))),
            (Setting::SessionIdle, vec!["3h"], Some("2h"), Some(("2h", "", true))),
            (Setting::SessionIdle, vec!["2h"], Some("2h"), Some(("2h", here, false))),
            (Setting::PasswordMinLength, vec!["8"], Some("12"), Some(("12", "", true))),
            (Setting::PasswordMinLength, vec!["20"], Some("12"), Some(("20", here, false))),
            (Setting::FactorKinds, vec!["sms, totp"], Some("passkey, totp"), Some(("totp", here, true))),
            (Setting::FactorKinds, vec!["sms"], Some("passkey, totp"), Some(("nothing", here, true))),
        ] {
            let rules: Vec<_> = rules.into_iter().map(|value| rule(organization(), setting, value)).collect();
            let limit = limit.map(|text| setting.kind().parse(text).unwrap());
            let found = Rules::of(rules.clone()).all().in_force(setting, limit);
            let found = found.map(|found| (found.value.to_string(), found.rules, found.is_limited));
            let expected = expected.map(|(value, rules, is)| (value.to_owned(), rules.to_owned(), is));
            assert_eq!(found, expected, "{rules:?}");
        }
    }
}
