//! Which second factors rules leave somebody to set up. Of several rules the kinds and models remain that all of them name,
//! which may be none: then nobody for whom they hold could ever set one up.

use std::collections::BTreeSet;

use super::rule::Applying;
use crate::{
    config::Factors,
    setting::{Kind, Setting, demand::Level},
};

const PASSKEY: &str = "passkey";

/// The kinds of second factors that there are at all, by the configuration.
#[must_use]
pub fn kinds(factors: Factors) -> BTreeSet<String> {
    let Kind::Among(names) = Setting::FactorKinds.kind() else { return BTreeSet::new() };
    let is_there = |name: &&&str| match **name {
        "email" => factors.email,
        "sms" => factors.sms,
        _ => true,
    };
    names.iter().filter(is_there).map(|name| (*name).to_owned()).collect()
}

impl Applying<'_> {
    /// Whether rules leave nothing to set up: no kind of factor (no passkey where no model is left), or nothing that is as sure
    /// as they ask, now or later.
    #[must_use]
    pub fn leave_no_factor(&self, factors: Factors) -> bool {
        let there = kinds(factors);
        let mut left = match self.words(Setting::FactorKinds) {
            Some(named) => &there & &named,
            None => there,
        };
        if self.words(Setting::FactorPasskeyModels).is_some_and(|models| models.is_empty()) {
            left.remove(PASSKEY);
        }
        let is_short = self.demands().highest() == Some(Level::PhishingResistant) && !left.contains(PASSKEY);
        left.is_empty() || is_short
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

    const MODEL: &str = "ee882879-721c-4913-9775-3dfcce97072a";
    const OTHER: &str = "cb69481e-8ff7-4039-93ec-0a2729a154a8";

    #[test]
    fn rules_may_leave_nothing_to_set_up() {
        use Setting::{FactorKinds as Kinds, FactorPasskeyModels as Models, FactorRequired as Required};
        let none = Factors::default();
        for (rules, factors, expected) in [
            (vec![], none, false),
            (vec![(Kinds, "totp")], none, false),
            (vec![(Kinds, "totp"), (Kinds, "passkey")], none, true),
            (vec![(Kinds, "totp, passkey"), (Kinds, "passkey")], none, false),
            (vec![(Kinds, "sms")], none, true),
            (vec![(Kinds, "sms")], Factors { sms: true, ..none }, false),
            (vec![(Kinds, "email, sms")], Factors { sms: true, ..none }, false),
            (vec![(Kinds, "email")], Factors { sms: true, ..none }, true),
            (vec![(Models, MODEL)], none, false),
            (vec![(Models, MODEL), (Models, OTHER)], none, false),
            (vec![(Models, MODEL), (Models, OTHER), (Kinds, "passkey")], none, true),
            (vec![(Models, MODEL), (Models, OTHER), (Required, "phishing-resistant")], none, true),
            (vec![(Models, MODEL), (Models, OTHER), (Kinds, "totp")], none, false),
            (vec![(Kinds, "totp"), (Required, "multi-factor")], none, false),
            (vec![(Kinds, "totp"), (Required, "phishing-resistant")], none, true),
            (vec![(Kinds, "totp"), (Required, "phishing-resistant from 2099-01-01")], none, true),
            (vec![(Kinds, "totp, passkey"), (Required, "phishing-resistant")], none, false),
        ] {
            let rules = Rules::of(rules.into_iter().map(|(what, value)| rule(organization(), what, value)).collect());
            assert_eq!(rules.all().leave_no_factor(factors), expected, "{rules:?} {factors:?}");
        }
    }

    #[test]
    fn the_configuration_says_which_kinds_there_are() {
        for (email, sms, expected) in [
            (false, false, "passkey totp"),
            (true, false, "email passkey totp"),
            (true, true, "email passkey sms totp"),
        ] {
            let found = kinds(Factors { email, sms }).into_iter().collect::<Vec<_>>().join(" ");
            assert_eq!(found, expected);
        }
    }
}
