//! Values of settings: how each kind is read and written, and what is left of two when the strictest wins.

use std::{collections::BTreeSet, fmt, time::Duration};

use ipnet::IpNet;
use uuid::Uuid;

use super::{
    demand::{Demands, NotADemand},
    schedule::Schedule,
};
use crate::text::{network, span};

/// What the values of a setting are, and which of two is the stricter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A length of time between two others; the shorter is stricter.
    Shorter(&'static str, &'static str),
    /// A length of time between two others; the longer is stricter.
    Longer(&'static str, &'static str),
    /// A number between two others; the lower is stricter.
    Lower(u64, u64),
    /// A number between two others; the higher is stricter.
    Higher(u64, u64),
    /// `yes` or `no`; `yes` is stricter.
    Flag,
    /// One of these words, which begin with the mildest.
    Choice(&'static [&'static str]),
    /// Words; those that are in all lists remain.
    Words,
    /// Some of these words; those that are in all lists remain.
    Among(&'static [&'static str]),
    /// Models of authenticators (AAGUID); those that are in all lists remain.
    Models,
    /// Address ranges; those that are in all lists remain.
    Networks,
    /// Codes of countries; those that are in all lists remain.
    Countries,
    /// Codes of countries; those that are in any list remain.
    CountriesDenied,
    /// Weekly windows; those that are open together remain.
    Schedule,
    /// How sure a sign-in has to be; all of it remains.
    Demands,
}

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A length of time.
    Span(Duration),
    /// A number.
    Count(u64),
    /// `yes` or `no`.
    Flag(bool),
    /// One word of those that there are.
    Choice(&'static str),
    /// Words.
    Words(BTreeSet<String>),
    /// Address ranges.
    Networks(Vec<IpNet>),
    /// Schedules, all of which have to be open.
    Schedules(Vec<Schedule>),
    /// How sure sign-ins have to be.
    Demands(Demands),
}

/// Why a text is no value of a setting: what is wrong, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}; {instead}")]
pub struct NotAValue {
    /// What is wrong.
    pub what: String,
    /// What to write.
    pub instead: String,
}

/// The most words or address ranges of one value.
const MOST: usize = 256;

impl Kind {
    /// Reads a value.
    ///
    /// # Errors
    /// [`NotAValue`].
    pub fn parse(self, text: &str) -> Result<Value, NotAValue> {
        let text = text.trim();
        let wrong = |what: String| NotAValue { what, instead: self.instead() };
        let other = || wrong(format!("`{}` is not such a value", crate::text::echo(text)));
        match self {
            Self::Shorter(least, most) | Self::Longer(least, most) => {
                let bounds = span::parse(least).unwrap_or_default()..=span::parse(most).unwrap_or(Duration::MAX);
                span::parse(text).filter(|span| bounds.contains(span)).map(Value::Span).ok_or_else(other)
            }
            Self::Lower(least, most) | Self::Higher(least, most) => {
                let number = text.parse().ok().filter(|number| (least..=most).contains(number));
                number.map(Value::Count).ok_or_else(other)
            }
            Self::Flag => match text {
                "yes" => Ok(Value::Flag(true)),
                "no" => Ok(Value::Flag(false)),
                _ => Err(other()),
            },
            Self::Choice(words) => {
                words.iter().find(|word| **word == text).map(|word| Value::Choice(word)).ok_or_else(other)
            }
            Self::Words => {
                let is_word = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
                let words: Vec<&str> = list(text).collect();
                let fits = (1..=MOST).contains(&words.len()) && words.iter().all(is_word);
                fits.then(|| Value::Words(words.into_iter().map(str::to_owned).collect())).ok_or_else(other)
            }
            Self::Countries | Self::CountriesDenied => {
                let is_code = |word: &String| word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
                let read = |one: String| {
                    if is_code(&one) {
                        Ok(one)
                    } else {
                        Err(wrong(format!("`{}` is no code of a country", crate::text::echo(&one))))
                    }
                };
                let codes = list(text).map(str::to_ascii_uppercase).map(read).collect::<Result<BTreeSet<_>, _>>()?;
                if (1..=MOST).contains(&codes.len()) { Ok(Value::Words(codes)) } else { Err(other()) }
            }
            Self::Among(known) => {
                let words: BTreeSet<String> = list(text).map(str::to_owned).collect();
                let fits = !words.is_empty() && words.iter().all(|word| known.contains(&word.as_str()));
                fits.then_some(Value::Words(words)).ok_or_else(other)
            }
            Self::Models => {
                let read = |one: &str| Uuid::try_parse(one).map_err(|_| wrong(format!("`{one}` is not an AAGUID")));
                let models = list(text).map(read).collect::<Result<BTreeSet<_>, _>>()?;
                let fits = (1..=MOST).contains(&models.len());
                fits.then(|| Value::Words(models.iter().map(Uuid::to_string).collect())).ok_or_else(other)
            }
            Self::Networks => {
                let read = |one: &str| network::parse(one).ok_or_else(|| wrong(format!("`{one}` is not a network")));
                let networks = list(text).map(read).collect::<Result<Vec<_>, _>>()?;
                if (1..=MOST).contains(&networks.len()) { Ok(Value::Networks(networks)) } else { Err(other()) }
            }
            Self::Schedule => {
                let schedule = text.parse::<Schedule>().map_err(|error| wrong(error.to_string()))?;
                Ok(Value::Schedules(vec![schedule]))
            }
            Self::Demands => text.parse().map(Value::Demands).map_err(|error: NotADemand| wrong(error.to_string())),
        }
    }

    /// What to write for a value of this kind.
    #[must_use]
    pub fn instead(self) -> String {
        match self {
            Self::Shorter(least, most) | Self::Longer(least, most) => {
                format!("write a number and a unit from {least} to {most}: s, m, h or d")
            }
            Self::Lower(least, most) | Self::Higher(least, most) => {
                format!("write a whole number from {least} to {most}")
            }
            Self::Flag => "write `yes` or `no`".to_owned(),
            Self::Choice(words) => format!("write one of {}", words.join(", ")),
            Self::Words => "write words with commas between them".to_owned(),
            Self::Countries | Self::CountriesDenied => {
                "write codes of ISO 3166 with commas between them: `DK, SE`".to_owned()
            }
            Self::Among(words) => format!("write one or more of {}, with commas between them", words.join(", ")),
            Self::Models => {
                "write for example `ee882879-721c-4913-9775-3dfcce97072a`, with commas between them".to_owned()
            }
            Self::Networks => "write for example `10.0.0.0/8, 192.0.2.7, 2001:db8::/32`".to_owned(),
            Self::Schedule => {
                "write for example `mon-fri 07:00-19:00, sat 08:00-12:00 in Europe/Copenhagen`, and behind it, if need \
                 be, `from 2026-12-01`, `until 2027-01-01` or `except 2026-12-24 2026-12-25`"
                    .to_owned()
            }
            Self::Demands => {
                "write `multi-factor` or `phishing-resistant`, and behind it, if need be, `from 2026-12-01`".to_owned()
            }
        }
    }

    /// What stricter means, in words.
    #[must_use]
    pub fn stricter(self) -> String {
        match self {
            Self::Shorter(..) => "shorter".to_owned(),
            Self::Longer(..) => "longer".to_owned(),
            Self::Lower(..) => "lower".to_owned(),
            Self::Higher(..) => "higher".to_owned(),
            Self::Flag => "`yes`".to_owned(),
            Self::Choice(words) => format!("the later of {}", words.join(", ")),
            Self::CountriesDenied => "what is in any of them".to_owned(),
            Self::Words | Self::Among(_) | Self::Models | Self::Networks | Self::Countries => {
                "what is in all of them".to_owned()
            }
            Self::Schedule => "open by all of them".to_owned(),
            Self::Demands => "surer, and earlier".to_owned(),
        }
    }

    /// What remains of two values of this kind.
    ///
    /// # Panics
    /// Never: values are read by their kind.
    #[must_use]
    pub fn strictest(self, one: &Value, other: &Value) -> Value {
        let rank = |word: &str| match self {
            Self::Choice(words) => words.iter().position(|known| *known == word),
            _ => None,
        };
        match (one, other) {
            (Value::Span(one), Value::Span(other)) => {
                let is_longer = matches!(self, Self::Longer(..));
                Value::Span(if is_longer { *one.max(other) } else { *one.min(other) })
            }
            (Value::Count(one), Value::Count(other)) => {
                let is_higher = matches!(self, Self::Higher(..));
                Value::Count(if is_higher { *one.max(other) } else { *one.min(other) })
            }
            (Value::Flag(one), Value::Flag(other)) => Value::Flag(*one || *other),
            (Value::Choice(one), Value::Choice(other)) => {
                Value::Choice(if rank(one) >= rank(other) { one } else { other })
            }
            (Value::Words(one), Value::Words(other)) if self == Self::CountriesDenied => Value::Words(one | other),
            (Value::Words(one), Value::Words(other)) => Value::Words(one & other),
            (Value::Networks(one), Value::Networks(other)) => Value::Networks(network::intersection(one, other)),
            (Value::Schedules(one), Value::Schedules(other)) => {
                let more = other.iter().filter(|schedule| !one.contains(schedule));
                Value::Schedules(one.iter().chain(more).cloned().collect())
            }
            (Value::Demands(one), Value::Demands(other)) => Value::Demands(one.with(other)),
            _ => unreachable!("values of one setting are of one kind"),
        }
    }
}

fn list(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ' ']).map(str::trim).filter(|one| !one.is_empty())
}

impl fmt::Display for Value {
    /// As it is typed; what remains of schedules is joined by `and`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let joined = |items: Vec<String>, glue: &str| {
            if items.is_empty() { "nothing".to_owned() } else { items.join(glue) }
        };
        match self {
            Self::Span(span) => f.write_str(&span::print(*span)),
            Self::Count(number) => write!(f, "{number}"),
            Self::Flag(flag) => f.write_str(if *flag { "yes" } else { "no" }),
            Self::Choice(word) => f.write_str(word),
            Self::Words(words) => f.write_str(&joined(words.iter().cloned().collect(), ", ")),
            Self::Networks(all) => f.write_str(&joined(all.iter().map(ToString::to_string).collect(), ", ")),
            Self::Schedules(all) => f.write_str(&joined(all.iter().map(ToString::to_string).collect(), " and ")),
            Self::Demands(demands) => write!(f, "{demands}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Kind = Kind::Shorter("2m", "90d");
    const KINDS: Kind = Kind::Among(&["passkey", "totp"]);
    const CHOICE: Kind = Kind::Choice(&["end-oldest", "refuse"]);

    #[test]
    fn values_are_written_as_they_are_read() {
        for (kind, text, expected) in [
            (SPAN, "15m", Some("15m")),
            (SPAN, " 120 m ", Some("2h")),
            (SPAN, "1m", None),
            (SPAN, "91d", None),
            (SPAN, "often", None),
            (Kind::Lower(1, 50), "3", Some("3")),
            (Kind::Lower(1, 50), "0", None),
            (Kind::Higher(1, 50), "51", None),
            (Kind::Flag, "yes", Some("yes")),
            (Kind::Flag, "true", None),
            (CHOICE, "refuse", Some("refuse")),
            (CHOICE, "Refuse", None),
            (Kind::Words, "b, a,a", Some("a, b")),
            (Kind::Words, "", None),
            (Kind::Words, "a;b", None),
            (Kind::Countries, "se dk, SE", Some("DK, SE")),
            (Kind::Countries, "DNK", None),
            (Kind::CountriesDenied, "", None),
            (Kind::CountriesDenied, "dé", None),
            (KINDS, "totp,passkey", Some("passkey, totp")),
            (KINDS, "", None),
            (KINDS, "totp, push", None),
            (
                Kind::Models,
                "EE882879-721C-4913-9775-3DFCCE97072A, ee882879721c491397753dfcce97072a",
                Some("ee882879-721c-4913-9775-3dfcce97072a"),
            ),
            (Kind::Models, "yubikey", None),
            (Kind::Models, "", None),
            (Kind::Networks, "10.1.2.3/8,::1", Some("10.0.0.0/8, ::1/128")),
            (Kind::Networks, "10.0.0.0/8 clinic.example", None),
            (Kind::Networks, " ", None),
            (Kind::Schedule, "mon 07:00-08:00 in UTC", Some("mon 07:00-08:00 in UTC")),
            (Kind::Schedule, "mornings", None),
            (Kind::Demands, "multi-factor from 2026-12-01", Some("multi-factor from 2026-12-01")),
            (Kind::Demands, "password", None),
        ] {
            let read = kind.parse(text);
            assert_eq!(read.as_ref().ok().map(ToString::to_string).as_deref(), expected, "{text}: {read:?}");
            if let Ok(value) = read {
                assert_eq!(kind.parse(&value.to_string()), Ok(value), "{text}");
            }
        }
    }

    #[test]
    fn the_strictest_wins_whichever_comes_first() {
        for (kind, one, other, expected) in [
            (SPAN, "15m", "1h", "15m"),
            (Kind::Longer("1h", "90d"), "2h", "1d", "1d"),
            (Kind::Lower(1, 50), "3", "5", "3"),
            (Kind::Higher(1, 50), "3", "5", "5"),
            (Kind::Flag, "yes", "no", "yes"),
            (Kind::Flag, "no", "no", "no"),
            (CHOICE, "end-oldest", "refuse", "refuse"),
            (Kind::Words, "a, b", "b, c", "b"),
            (Kind::Words, "a", "c", "nothing"),
            (Kind::Countries, "DK, SE", "SE, NO", "SE"),
            (Kind::CountriesDenied, "DK, SE", "SE, NO", "DK, NO, SE"),
            (Kind::Networks, "10.0.0.0/8", "10.1.0.0/16, 192.0.2.7", "10.1.0.0/16"),
            (Kind::Networks, "10.0.0.0/8", "192.0.2.7", "nothing"),
            (Kind::Schedule, "mon 07:00-08:00 in UTC", "mon 07:00-08:00 in UTC", "mon 07:00-08:00 in UTC"),
            (
                Kind::Demands,
                "multi-factor",
                "phishing-resistant from 2026-12-01",
                "multi-factor and phishing-resistant from 2026-12-01",
            ),
        ] {
            let (first, second) = (kind.parse(one).unwrap(), kind.parse(other).unwrap());
            assert_eq!(kind.strictest(&first, &second).to_string(), expected, "{one} and {other}");
            assert_eq!(kind.strictest(&second, &first).to_string(), expected, "{other} and {one}");
        }
        let schedule = |text| Kind::Schedule.parse(text).unwrap();
        let both = Kind::Schedule
            .strictest(&schedule("mon 07:00-08:00 in UTC"), &schedule("tue 07:00-08:00 in Europe/Copenhagen"));
        assert_eq!(both.to_string(), "mon 07:00-08:00 in UTC and tue 07:00-08:00 in Europe/Copenhagen");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_to_write() {
        let said = |kind: Kind, text| kind.parse(text).unwrap_err().to_string();
        assert_eq!(
            said(SPAN, "soon"),
            "`soon` is not such a value; write a number and a unit from 2m to 90d: s, m, h or d"
        );
        assert!(said(Kind::Networks, "10.0.0.0/33").starts_with("`10.0.0.0/33` is not a network; write for example"));
        assert!(said(Kind::Schedule, "mon 07:00-08:00 in Nowhere").starts_with("`Nowhere` is no time zone"));
    }
}
