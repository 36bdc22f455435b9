//! What rules say of where somebody comes from: addresses (`network.allowed`), countries (`network.countries` and
//! `network.countries_denied`), and what becomes of whoever comes from elsewhere (`network.otherwise`).
//!
//! A private address is in no country, and no rule about countries stops it. An address of which the country is not known
//! is in none of those that are allowed, and in none of those that are denied.

use super::rule::{Applying, Barrier};
use crate::{
    geography::Place,
    session::Unexpected,
    setting::{Setting, Value},
};

/// Somebody who comes themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// From there.
    pub place: Place,
    /// Whether they proved more than a password.
    pub is_sure: bool,
    /// What about their sign-in was unexpected.
    pub unexpected: Unexpected,
}

/// The settings that say where people may come from.
pub(super) const PLACES: [Setting; 3] =
    [Setting::NetworkAllowed, Setting::NetworkCountries, Setting::NetworkCountriesDenied];

/// What `network.otherwise` asks of whoever comes from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Otherwise {
    /// They come in, and it is written down.
    Alert,
    /// Whoever proved more than a password comes in.
    StepUp,
    /// Nobody comes in.
    Deny,
}

impl Applying<'_> {
    /// What stops somebody because of where they come from, or of how unexpectedly.
    #[must_use]
    pub fn stopped_at(&self, from: Arrival) -> Option<Barrier> {
        self.all_that_stops(from).next().map(|setting| self.by(setting))
    }

    /// The rule that wants to know where somebody is; whoever cannot be asked is not let in by it.
    #[must_use]
    pub fn asks_where(&self) -> Option<Barrier> {
        let asks = |setting: &Setting| self.value(*setting).is_some();
        let any = Unexpected { place: true, device: true };
        PLACES.into_iter().find(asks).or_else(|| self.doubt(any)).map(|setting| self.by(setting))
    }

    /// By which setting more has to be proved after an unexpected sign-in.
    #[must_use]
    pub fn doubt(&self, unexpected: Unexpected) -> Option<Setting> {
        if (unexpected.place || unexpected.device) && self.flag(Setting::SignalsStepUp) {
            return Some(Setting::SignalsStepUp);
        }
        let is_by_device = unexpected.device && self.choice(Setting::SessionNewDevice) == Some("second-factor");
        is_by_device.then_some(Setting::SessionNewDevice)
    }

    /// Whether somebody who is stopped would come in if they proved more than a password.
    #[must_use]
    pub fn asks_for_more(&self, from: Arrival) -> bool {
        let sure = Arrival { is_sure: true, ..from };
        self.stopped_at(from).is_some() && self.stopped_at(sure).is_none()
    }

    /// By which rule it is worth writing down where somebody came from who was let in all the same.
    #[must_use]
    pub fn alert(&self, from: Arrival) -> Option<Barrier> {
        self.outside(from.place).filter(|_| self.lets_in(from)).map(|setting| self.by(setting))
    }

    /// All that stops somebody because of where they come from, or of how unexpectedly.
    pub(super) fn all_that_stops(&self, from: Arrival) -> impl Iterator<Item = Setting> + '_ {
        let lets_in = self.lets_in(from);
        let by_place = self.all_outside(from.place).filter(move |_| !lets_in);
        by_place.chain(self.doubt(from.unexpected).filter(|_| !from.is_sure))
    }

    /// The setting by which this is elsewhere.
    fn outside(&self, place: Place) -> Option<Setting> {
        self.all_outside(place).next()
    }

    fn all_outside(&self, place: Place) -> impl Iterator<Item = Setting> + '_ {
        PLACES.into_iter().filter(move |setting| self.is_outside(*setting, place))
    }

    fn is_outside(&self, setting: Setting, place: Place) -> bool {
        match self.value(setting) {
            Some(Value::Networks(networks)) => {
                let address = place.address.to_canonical();
                !networks.iter().any(|one| one.contains(&address))
            }
            // A private address is in no country.
            Some(Value::Words(codes)) if !place.is_private() => {
                let is_named = place.country.is_some_and(|country| codes.contains(country.code()));
                is_named == (setting == Setting::NetworkCountriesDenied)
            }
            _ => false,
        }
    }

    fn lets_in(&self, from: Arrival) -> bool {
        let otherwise = match self.choice(Setting::NetworkOtherwise) {
            Some("alert") => Otherwise::Alert,
            Some("step-up") => Otherwise::StepUp,
            _ => Otherwise::Deny,
        };
        otherwise == Otherwise::Alert || (otherwise == Otherwise::StepUp && from.is_sure)
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

    fn found(rules: &[(Setting, &str)], address: &str, (country, is_sure): (Option<&str>, bool)) -> (String, String) {
        let rules = Rules::of(rules.iter().map(|(setting, value)| rule(organization(), *setting, value)).collect());
        let country = country.map(|code| code.parse().unwrap());
        let from = Arrival {
            place: Place { address: address.parse().unwrap(), country },
            is_sure,
            unexpected: Unexpected::default(),
        };
        let name = |barrier: Option<Barrier>| barrier.map(|one| one.setting.name().to_owned()).unwrap_or_default();
        (name(rules.all().stopped_at(from)), name(rules.all().alert(from)))
    }

    #[test]
    fn somebody_is_stopped_by_where_they_come_from() {
        use Setting::{NetworkAllowed as At, NetworkCountries as In, NetworkCountriesDenied as Not};
        for (case, rules, address, country, expected) in [
            ("no rule", vec![], "192.0.2.7", Some("DK"), ""),
            ("in it", vec![(In, "DK, SE")], "192.0.2.7", Some("SE"), ""),
            ("in small letters", vec![(In, "dk")], "192.0.2.7", Some("DK"), ""),
            ("elsewhere", vec![(In, "DK, SE")], "192.0.2.7", Some("NO"), "network.countries"),
            ("in both", vec![(In, "DK, SE"), (In, "DK")], "192.0.2.7", Some("SE"), "network.countries"),
            ("in none of both", vec![(In, "SE"), (In, "DK")], "192.0.2.7", Some("SE"), "network.countries"),
            ("not known", vec![(In, "DK")], "192.0.2.7", None, "network.countries"),
            ("private", vec![(In, "DK")], "10.1.2.3", None, ""),
            ("private, mapped", vec![(In, "DK")], "::ffff:192.168.1.1", None, ""),
            ("private, outside", vec![(In, "DK"), (At, "10.2.0.0/16")], "10.1.2.3", None, "network.allowed"),
            ("denied", vec![(Not, "RU")], "192.0.2.7", Some("RU"), "network.countries_denied"),
            ("denied by either", vec![(Not, "RU"), (Not, "KP")], "192.0.2.7", Some("KP"), "network.countries_denied"),
            ("another than denied", vec![(Not, "RU")], "192.0.2.7", Some("DK"), ""),
            ("not known, not denied", vec![(Not, "RU")], "192.0.2.7", None, ""),
            ("allowed and denied", vec![(In, "DK"), (Not, "DK")], "192.0.2.7", Some("DK"), "network.countries_denied"),
        ] {
            assert_eq!(found(&rules, address, (country, true)).0, expected, "{case}");
        }
    }

    #[test]
    fn whoever_comes_unexpectedly_proves_more_where_rules_say_so() {
        let place = Place { address: "192.0.2.7".parse().unwrap(), country: None };
        let (any, browser) = ((Setting::SignalsStepUp, "yes"), (Setting::SessionNewDevice, "second-factor"));
        let (elsewhere, new) = ([true, false], [false, true]);
        for (case, set, [place_is, device_is], is_sure, expected) in [
            ("no rule", None, [true, true], false, false),
            ("nothing unexpected", Some(any), [false, false], false, false),
            ("proved", Some(any), [true, true], true, false),
            ("a place", Some(any), elsewhere, false, true),
            ("a browser", Some(any), new, false, true),
            ("of browsers alone, a place", Some(browser), elsewhere, false, false),
            ("of browsers alone", Some(browser), new, false, true),
            ("of browsers alone, proved", Some(browser), new, true, false),
        ] {
            let rules =
                Rules::of(set.map(|(setting, value)| rule(organization(), setting, value)).into_iter().collect());
            let from = Arrival { place, is_sure, unexpected: Unexpected { place: place_is, device: device_is } };
            assert_eq!(rules.all().stopped_at(from).is_some(), expected, "{case}");
            assert_eq!(rules.all().asks_for_more(from), expected, "{case}");
        }
    }

    #[test]
    fn whoever_comes_from_elsewhere_is_denied_unless_rules_ask_for_less() {
        use Setting::{NetworkAllowed as At, NetworkOtherwise as Else};
        let (stopped, noted, free) = (("network.allowed", ""), ("", "network.allowed"), ("", ""));
        for (case, rules, address, is_sure, expected) in [
            ("no word", vec![], "192.0.2.7", true, stopped),
            ("alert", vec![(Else, "alert")], "192.0.2.7", false, noted),
            ("step-up, a password", vec![(Else, "step-up")], "192.0.2.7", false, stopped),
            ("step-up, two factors", vec![(Else, "step-up")], "192.0.2.7", true, noted),
            ("the strictest", vec![(Else, "alert"), (Else, "step-up")], "192.0.2.7", false, stopped),
            ("deny", vec![(Else, "alert"), (Else, "deny")], "192.0.2.7", true, stopped),
            ("inside", vec![(Else, "alert")], "10.1.2.3", false, free),
        ] {
            let rules: Vec<_> = rules.into_iter().chain([(At, "10.0.0.0/8")]).collect();
            let found = found(&rules, address, (None, is_sure));
            assert_eq!((found.0.as_str(), found.1.as_str()), expected, "{case}");
        }
    }
}
