//! How sure it is who signed in: pure.
//!
//! `amr` lists what was proved (RFC 8176), and `acr` what that comes to.

use super::factor::Kind;
use crate::{session::Proof, setting::demand::Level};

/// The authentication context class reference of a password alone.
pub const PASSWORD: &str = "urn:lanyard:acr:password";
/// That of two factors.
pub const MULTI_FACTOR: &str = "urn:lanyard:acr:multi-factor";

/// That of two factors one of which no other site can ask for: a passkey or a security key.
pub const PHISHING_RESISTANT: &str = "urn:lanyard:acr:phishing-resistant";

/// That of a password in a browser in which its person is not asked for the second factor again. No app asks for it.
pub const REMEMBERED: &str = "urn:lanyard:acr:remembered-device";

/// What apps may ask for, the surest last.
pub const ALL: [&str; 3] = [PASSWORD, MULTI_FACTOR, PHISHING_RESISTANT];

/// What somebody proves at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// A one-time code, of an app or for recovery.
    OneTimeCode,
    /// A one-time code that came to a telephone as a text message.
    TextMessage,
    /// A key that was touched: one that did not ask who its owner is.
    Key,
    /// A passkey that asked for a PIN, a finger or a face: two factors in one.
    VerifiedKey,
}

impl Method {
    const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Password => &["pwd"],
            Self::OneTimeCode => &["otp"],
            Self::TextMessage => &["otp", "sms"],
            Self::Key | Self::VerifiedKey => &["pop", "user"],
        }
    }
}

/// What a session says of how its person signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assurance {
    /// Authentication context class reference.
    pub acr: &'static str,
    /// Authentication methods (RFC 8176 §2).
    pub amr: Vec<String>,
}

impl Assurance {
    /// What a second factor comes to, proved soon after what `amr` names: by a password, or by what an upstream vouches for.
    #[must_use]
    pub fn beside(amr: &[String], method: Method) -> Self {
        let Self { acr, amr: proved } = Self::of(&[Method::Password, method]);
        if amr.iter().any(|word| word == "pwd") {
            return Self { acr, amr: proved };
        }
        let first = amr.iter().filter(|word| *word != "mfa").cloned();
        let mut amr: Vec<String> = vec![];
        for word in first.chain(proved.into_iter().filter(|word| word != "pwd")) {
            if !amr.contains(&word) {
                amr.push(word);
            }
        }
        Self { acr, amr }
    }

    /// What these come to, proved one soon after the other.
    #[must_use]
    pub fn of(methods: &[Method]) -> Self {
        let mut amr: Vec<String> = vec![];
        for method in methods {
            for word in method.amr() {
                if !amr.iter().any(|known| known == word) {
                    amr.push((*word).to_owned());
                }
            }
        }
        let has = |wanted: Method| methods.contains(&wanted);
        let has_key = has(Method::Key) || has(Method::VerifiedKey);
        let has_code = has(Method::OneTimeCode) || has(Method::TextMessage);
        let is_double = has(Method::VerifiedKey) || has(Method::Password) && (has_key || has_code);
        if is_double {
            amr.push("mfa".to_owned());
        }
        let acr = match (is_double, has_key) {
            (true, true) => PHISHING_RESISTANT,
            (true, false) => MULTI_FACTOR,
            (false, _) => PASSWORD,
        };
        Self { acr, amr }
    }
}

impl From<Assurance> for Proof {
    /// All that is asked, by no factor that is named and for no app.
    fn from(said: Assurance) -> Self {
        Self { acr: said.acr.to_owned(), amr: said.amr, ..Self::default() }
    }
}

/// The surest that somebody can prove who has factors of these kinds beside a password.
#[must_use]
pub fn reach(kinds: impl IntoIterator<Item = Kind>) -> &'static str {
    let of_kind = |kind| match kind {
        Kind::Totp | Kind::Email | Kind::Sms => MULTI_FACTOR,
        Kind::Passkey => PHISHING_RESISTANT,
    };
    kinds.into_iter().map(of_kind).fold(PASSWORD, |surest, other| if meets(other, surest) { other } else { surest })
}

/// What a sign-in has to come to where rules ask for this level.
#[must_use]
pub const fn acr(level: Level) -> &'static str {
    match level {
        Level::MultiFactor => MULTI_FACTOR,
        Level::PhishingResistant => PHISHING_RESISTANT,
    }
}

/// The level that a sign-in comes to; none by a password alone.
#[must_use]
pub fn level(acr: &str) -> Option<Level> {
    let obeyed = if acr == REMEMBERED { MULTI_FACTOR } else { acr };
    Level::ALL.into_iter().find(|level| self::acr(*level) == obeyed)
}

/// Whether rules that want `wanted` are content: they take a browser that a rule lets be remembered for two factors.
#[must_use]
pub fn obeys(acr: &str, wanted: &str) -> bool {
    meets(acr, wanted) || acr == REMEMBERED && wanted == MULTI_FACTOR
}

/// Whether `acr` is at least as sure as `wanted`; what nobody knows is met by itself alone.
#[must_use]
pub fn meets(acr: &str, wanted: &str) -> bool {
    let known = [PASSWORD, REMEMBERED, MULTI_FACTOR, PHISHING_RESISTANT];
    let rank = |text: &str| known.iter().position(|known| *known == text);
    acr == wanted || matches!((rank(acr), rank(wanted)), (Some(has), Some(wants)) if has >= wants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_proved_and_no_more() {
        for (methods, acr, amr) in [
            (&[Method::Password][..], PASSWORD, "pwd"),
            (&[Method::Password, Method::Password], PASSWORD, "pwd"),
            (&[Method::Password, Method::OneTimeCode], MULTI_FACTOR, "pwd otp mfa"),
            (&[Method::Password, Method::TextMessage], MULTI_FACTOR, "pwd otp sms mfa"),
            (&[Method::Password, Method::Key], PHISHING_RESISTANT, "pwd pop user mfa"),
            (&[Method::VerifiedKey], PHISHING_RESISTANT, "pop user mfa"),
            (&[Method::Key], PASSWORD, "pop user"),
        ] {
            let assurance = Assurance::of(methods);
            assert_eq!((assurance.acr, assurance.amr.join(" ").as_str()), (acr, amr), "{methods:?}");
        }
    }

    #[test]
    fn whoever_has_a_key_can_prove_most() {
        for (kinds, expected) in [
            (&[][..], PASSWORD),
            (&[Kind::Totp][..], MULTI_FACTOR),
            (&[Kind::Passkey, Kind::Totp][..], PHISHING_RESISTANT),
        ] {
            assert_eq!(reach(kinds.iter().copied()), expected, "{kinds:?}");
        }
    }

    #[test]
    fn what_rules_ask_for_is_in_the_order_of_what_is_proved() {
        for level in Level::ALL {
            assert_eq!(super::level(acr(level)), Some(level));
        }
        assert_eq!(super::level(PASSWORD), None);
        assert!(Level::ALL.is_sorted() && Level::ALL.map(acr) == ALL[1..]);
    }

    #[test]
    fn the_surer_meets_what_the_less_sure_does() {
        for (acr, wanted, expected) in [
            (PASSWORD, PASSWORD, true),
            (MULTI_FACTOR, PASSWORD, true),
            (MULTI_FACTOR, MULTI_FACTOR, true),
            (PASSWORD, MULTI_FACTOR, false),
            (PHISHING_RESISTANT, MULTI_FACTOR, true),
            (REMEMBERED, PASSWORD, true),
            (REMEMBERED, MULTI_FACTOR, false),
            (MULTI_FACTOR, PHISHING_RESISTANT, false),
            (PASSWORD, "urn:other", false),
            ("urn:other", PASSWORD, false),
            ("urn:other", "urn:other", true),
        ] {
            assert_eq!(meets(acr, wanted), expected, "{acr} {wanted}");
        }
    }

    #[test]
    fn rules_take_a_remembered_browser_for_two_factors_and_for_no_passkey() {
        for (acr, wanted, expected) in [
            (REMEMBERED, MULTI_FACTOR, true),
            (REMEMBERED, PHISHING_RESISTANT, false),
            (PASSWORD, MULTI_FACTOR, false),
            (PHISHING_RESISTANT, MULTI_FACTOR, true),
        ] {
            assert_eq!(obeys(acr, wanted), expected, "{acr} {wanted}");
        }
        assert_eq!((level(REMEMBERED), level(PASSWORD)), (Some(Level::MultiFactor), None));
    }
}
