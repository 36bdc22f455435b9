//! What is asked of a new password (NIST SP 800-63B-4 §3.1.1.2): length, nothing that is known or about the person, and no
//! easy guess; as options of an organization kinds of characters and expiry.
//!
//! [`Asked`] is what rules and configuration come to for somebody, [`check`] judges a text by it, purely; [`known`] reads the
//! lists, [`strength`] estimates, [`mod@fold`] says what looks alike.

pub mod fold;
pub mod known;
pub mod strength;

use std::{fmt, time::Duration};

use self::{fold::fold, strength::Weak};
use super::rule::Applying;
use crate::{clock::Timestamp, config, setting::Setting};

/// Why a password was refused; a page says it in the person's language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Fewer characters than this.
    TooShort(usize),
    /// More bytes than this.
    TooLong(usize),
    /// It is little more than the person's name, address or clinic.
    Context,
    /// One character or a short piece over and over, or a row of the keyboard.
    Trivial,
    /// It is in a list of passwords that others were robbed of.
    Known,
    /// It is guessed too soon.
    Weak(Weak),
    /// Fewer kinds of characters than this.
    Kinds(usize),
    /// It is the one before.
    Same,
    /// It is one of those before that.
    Former,
}

impl fmt::Display for Problem {
    /// For the command line; pages have their own texts.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort(least) => write!(f, "the password needs at least {least} characters"),
            Self::TooLong(most) => write!(f, "the password may have at most {most} bytes"),
            Self::Context => f.write_str("the password is too close to the name, the address or the clinic"),
            Self::Trivial => f.write_str("the password is too easy to guess"),
            Self::Known => f.write_str("the password is in a list of known passwords"),
            Self::Weak(weak) => weak.fmt(f),
            Self::Kinds(least) => {
                write!(f, "the password needs {least} of: capital letters, small letters, digits, symbols")
            }
            Self::Same => f.write_str("the password is the present one"),
            Self::Former => f.write_str("the password was used before"),
        }
    }
}

/// What is asked of the new password of somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// The fewest characters.
    pub least: usize,
    /// The lowest score, 0 to 4.
    pub strength: u8,
    /// The fewest kinds of characters.
    pub kinds: usize,
    /// When it has to be replaced.
    pub max_age: Option<Duration>,
    /// How many former ones it must not be.
    pub history: usize,
}

impl Asked {
    /// What the configuration asks, and rules that hold for somebody.
    #[must_use]
    pub fn of(config: &config::Password, rules: &Applying<'_>) -> Self {
        let count = |setting| rules.count(setting).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        let strength = u8::try_from(count(Setting::PasswordStrength)).unwrap_or_default();
        Self {
            least: config.min_length.max(count(Setting::PasswordMinLength)),
            strength: config.strength.max(strength),
            kinds: count(Setting::PasswordComposition),
            max_age: rules.span(Setting::PasswordMaxAge),
            history: count(Setting::PasswordHistory),
        }
    }

    /// When a password that was set at `changed_at` has to be replaced; `None`: never.
    #[must_use]
    pub fn expires_at(&self, changed_at: Option<Timestamp>) -> Option<Timestamp> {
        Some(changed_at?.plus(self.max_age?))
    }
}

/// Words that a password must not rest on: names, addresses, the clinic.
pub type Context<'a> = &'a [&'a str];

/// Checks a new password, but for lists and former ones. It costs a quarter of a millisecond: not for threads that answer
/// requests.
///
/// # Errors
/// The first [`Problem`].
pub fn check(password: &str, asked: &Asked, context: Context<'_>) -> Result<(), Problem> {
    fits(password, asked.least)?;
    let folded = fold(password);
    if is_trivial(&folded) {
        return Err(Problem::Trivial);
    }
    if rests_on(&folded, context, asked.least) {
        return Err(Problem::Context);
    }
    if kinds_of(password) < asked.kinds {
        return Err(Problem::Kinds(asked.kinds));
    }
    let words: Vec<&str> = words_of(context).collect();
    strength::judge(password, &words, asked.strength).map_err(Problem::Weak)
}

/// Whether it is neither too short nor too long, which costs nothing to know.
///
/// # Errors
/// [`Problem::TooLong`] and [`Problem::TooShort`].
pub fn fits(password: &str, least: usize) -> Result<(), Problem> {
    if password.len() > config::Password::MAX_BYTES {
        return Err(Problem::TooLong(config::Password::MAX_BYTES));
    }
    if password.chars().count() < least { Err(Problem::TooShort(least)) } else { Ok(()) }
}

/// How many kinds of characters it has: capital letters, other letters, digits, all else.
fn kinds_of(password: &str) -> usize {
    let kind = |c: char| match c {
        c if c.is_uppercase() => 0,
        c if c.is_alphabetic() => 1,
        c if c.is_numeric() => 2,
        _ => 3,
    };
    (0..4).filter(|wanted| password.chars().any(|c| kind(c) == *wanted)).count()
}

fn words_of(context: Context<'_>) -> impl Iterator<Item = &str> {
    let words = context.iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.filter(|word| word.chars().count() >= 4)
}

/// Whether too little is left of the password when the context's words are taken out.
fn rests_on(folded: &str, context: Context<'_>, least: usize) -> bool {
    let mut rest = folded.to_owned();
    // The longest first: nothing is left of `riverside` where `river` is a word too.
    let mut words: Vec<String> = words_of(context).map(fold).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    for word in words {
        rest = rest.replace(&word, "");
    }
    rest.len() < folded.len() && rest.chars().filter(|c| c.is_alphanumeric()).count() * 2 < least
}

/// A short piece over and over, or runs along the alphabet, the digits or the keyboard.
fn is_trivial(folded: &str) -> bool {
    const ROWS: [&str; 6] =
        ["abcdefghijklmnopqrstuvwxyz", "01234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "passwordpassword"];
    let letters: Vec<char> = folded.chars().collect();
    let repeats = (1..=4).any(|piece| letters.iter().skip(piece).zip(&letters).all(|(a, b)| a == b));
    let mut rest = folded.to_owned();
    for row in ROWS {
        let backwards: String = row.chars().rev().collect();
        for length in (4..=row.len()).rev() {
            for start in 0..=row.len() - length {
                rest = rest.replace(&row[start..start + length], "").replace(&backwards[start..start + length], "");
            }
        }
    }
    repeats || rest.chars().count() < 4
}

#[cfg(test)]
mod tests {
    use super::{
        super::rule::{
            Rules, Subject,
            tests::{organization, rule},
        },
        strength::Weakness,
        *,
    };
    use crate::config::{Config, Sources};

    const ASKED: Asked = Asked { least: 15, strength: 3, kinds: 0, max_age: None, history: 0 };

    #[test]
    fn passwords_are_judged_by_length_and_context() {
        let context = ["Olivia Riverside", "olivia@riverside.example", "Riverside Clinic"];
        for (password, expected) in [
            ("Lanyard-demo-2026!", Ok(())),
            ("correct horse battery", Ok(())),
            ("blåbærgrød med fløde", Ok(())),
            ("short", Err(Problem::TooShort(15))),
            ("fourteen chars", Err(Problem::TooShort(15))),
            ("aaaaaaaaaaaaaaaaaaaa", Err(Problem::Trivial)),
            ("abababababababababab", Err(Problem::Trivial)),
            ("qwertyuiop1234567890", Err(Problem::Trivial)),
            ("passwordpassword123", Err(Problem::Trivial)),
            ("раsswordраssword123", Err(Problem::Trivial)),
            ("OliviaRiverside2026", Err(Problem::Context)),
            ("ÓliviaRíversidé2026", Err(Problem::Context)),
            ("Оlivia-Ｒiverside-26", Err(Problem::Context)),
        ] {
            assert_eq!(check(password, &ASKED, &context), expected, "{password}");
        }
        assert_eq!(check(&"x1y2z3".repeat(200), &ASKED, &[]), Err(Problem::TooLong(1024)));
    }

    #[test]
    fn an_easy_guess_is_refused_with_its_reason() {
        let weak = |strength| check("chocolatechocolate", &Asked { strength, ..ASKED }, &[]);
        assert_eq!(weak(0), Ok(()));
        let Err(Problem::Weak(why)) = weak(3) else { panic!("{:?}", weak(3)) };
        assert_eq!(why.why, Some(Weakness::Repetition));
    }

    #[test]
    fn kinds_of_characters_are_counted() {
        for (password, expected) in [("", 0), ("aaa", 1), ("Aa", 2), ("Aa1", 3), ("Aa1 ", 4), ("Åé٣~", 4), ("密码", 1)]
        {
            assert_eq!(kinds_of(password), expected, "{password}");
        }
        let asked = Asked { kinds: 3, ..ASKED };
        assert_eq!(check("four unrelated words", &asked, &[]), Err(Problem::Kinds(3)));
        assert_eq!(check("Four unrelated words", &asked, &[]), Ok(()));
    }

    #[test]
    fn the_strictest_of_configuration_and_rules_is_asked() {
        let config = Config::load(&Sources::none()).unwrap().password;
        let days = |days: u64| Duration::from_hours(24 * days);
        for (rules, expected) in [
            (vec![], ASKED),
            (vec![(Setting::PasswordMinLength, "12"), (Setting::PasswordStrength, "2")], ASKED),
            (
                vec![(Setting::PasswordMinLength, "16"), (Setting::PasswordStrength, "4")],
                Asked { least: 16, strength: 4, ..ASKED },
            ),
            (
                vec![(Setting::PasswordComposition, "3"), (Setting::PasswordComposition, "2")],
                Asked { kinds: 3, ..ASKED },
            ),
            (vec![(Setting::PasswordMaxAge, "90d")], Asked { max_age: Some(days(90)), ..ASKED }),
        ] {
            let rules: Vec<_> = rules.into_iter().map(|(what, value)| rule(organization(), what, value)).collect();
            assert_eq!(Asked::of(&config, &Rules::of(rules.clone()).all()), expected, "{rules:?}");
        }
        let both = Rules::of(vec![
            rule(organization(), Setting::PasswordMaxAge, "90d"),
            rule(Subject::Everybody, Setting::PasswordMaxAge, "30d"),
        ]);
        let asked = Asked::of(&config, &both.all());
        assert_eq!(asked.expires_at(Some(Timestamp(0))), Some(Timestamp(0).plus(days(30))));
        assert_eq!(asked.expires_at(None), None);
    }
}
