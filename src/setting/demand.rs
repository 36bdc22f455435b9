//! How sure sign-ins have to be, at once or from some day on.

use std::{fmt, str::FromStr};

use crate::clock::Timestamp;

/// How sure a sign-in is beyond a password, the surest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Two factors.
    MultiFactor,
    /// Two factors of which no other site can ask for one: a passkey or a security key.
    PhishingResistant,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 2] = [Self::MultiFactor, Self::PhishingResistant];

    /// As it is typed and shown.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MultiFactor => "multi-factor",
            Self::PhishingResistant => "phishing-resistant",
        }
    }
}

/// One demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Demand {
    level: Level,
    /// At once, where there is none.
    from: Option<Timestamp>,
}

/// What several rules ask for: all of it. In order of time, and none that another makes needless.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demands(Vec<Demand>);

impl Demands {
    /// How sure sign-ins have to be now.
    #[must_use]
    pub fn at(&self, now: Timestamp) -> Option<Level> {
        let due = self.0.iter().filter(|demand| demand.from.is_none_or(|from| from <= now));
        due.map(|demand| demand.level).max()
    }

    /// The surest that is asked for, now or later.
    #[must_use]
    pub fn highest(&self) -> Option<Level> {
        self.0.iter().map(|demand| demand.level).max()
    }

    /// When more will be asked for than `proved`, and how much then.
    #[must_use]
    pub fn next(&self, proved: Option<Level>, now: Timestamp) -> Option<(Level, Timestamp)> {
        let to_come = self.0.iter().filter_map(|demand| Some((demand.level, demand.from?)));
        to_come.filter(|(level, from)| *from > now && Some(*level) > proved).min_by_key(|(_, from)| *from)
    }

    /// These and others.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        let mut all: Vec<Demand> = self.0.iter().chain(&other.0).copied().collect();
        all.sort_by_key(|demand| (demand.from, std::cmp::Reverse(demand.level)));
        let mut kept: Vec<Demand> = vec![];
        for demand in all {
            if kept.iter().all(|earlier| earlier.level < demand.level) {
                kept.push(demand);
            }
        }
        Self(kept)
    }
}

/// Why a text is no demand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotADemand {
    /// That is no level.
    #[error("`{0}` is not such a level")]
    Level(String),
    /// That is no day.
    #[error("`{0}` is no day such as 2026-12-01")]
    Day(String),
    /// Nothing that may stand there.
    #[error("`{0}` is not `from`")]
    Word(String),
}

impl FromStr for Demands {
    type Err = NotADemand;

    fn from_str(text: &str) -> Result<Self, NotADemand> {
        let mut words = text.split_whitespace();
        let mut next = || words.next().map(crate::text::echo);
        let name = next().unwrap_or_default();
        let level = Level::ALL.into_iter().find(|level| level.name() == name).ok_or(NotADemand::Level(name))?;
        let from = match next() {
            None => None,
            Some(word) if word != "from" => return Err(NotADemand::Word(word)),
            Some(_) => {
                let day = next().unwrap_or_default();
                Some(instant(&day).ok_or(NotADemand::Day(day))?)
            }
        };
        match next() {
            None => Ok(Self(vec![Demand { level, from }])),
            Some(word) => Err(NotADemand::Word(word)),
        }
    }
}

/// An instant, or a day, which begins at midnight of UTC.
fn instant(text: &str) -> Option<Timestamp> {
    Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z"))).ok()
}

impl fmt::Display for Demands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Demand { level, from }) in self.0.iter().enumerate() {
            let glue = if index == 0 { "" } else { " and " };
            write!(f, "{glue}{}", level.name())?;
            if let Some(from) = from {
                let text = from.to_string();
                write!(f, " from {}", text.strip_suffix("T00:00:00Z").unwrap_or(&text))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO: Option<Level> = Some(Level::MultiFactor);
    const KEY: Option<Level> = Some(Level::PhishingResistant);

    fn all(texts: &[&str]) -> Demands {
        texts.iter().map(|text| text.parse().expect(text)).fold(Demands::default(), |all, one| all.with(&one))
    }

    #[test]
    fn what_is_asked_for_grows_from_day_to_day() {
        let day = |text: &str| instant(text).unwrap();
        for (texts, at, expected, proved, next) in [
            (&[][..], "2026-12-01", None, None, None),
            (&["multi-factor"][..], "2026-12-01", TWO, None, None),
            (&["multi-factor from 2026-12-01"][..], "2026-11-30", None, None, Some((TWO, "2026-12-01"))),
            (&["multi-factor from 2026-12-01"][..], "2026-11-30", None, TWO, None),
            (&["multi-factor from 2026-12-01"][..], "2026-12-01", TWO, None, None),
            (&["phishing-resistant from 2026-12-01"][..], "2026-11-30", None, TWO, Some((KEY, "2026-12-01"))),
            (&["phishing-resistant", "multi-factor from 2026-12-01"][..], "2026-11-30", KEY, KEY, None),
            (
                &["multi-factor", "phishing-resistant from 2027-01-01"][..],
                "2026-12-01",
                TWO,
                TWO,
                Some((KEY, "2027-01-01")),
            ),
        ] {
            let demands = all(texts);
            assert_eq!(demands.at(day(at)), expected, "{texts:?} at {at}");
            let found = demands.next(proved, day(at)).map(|(level, from)| (Some(level), from));
            assert_eq!(found, next.map(|(level, from)| (level, day(from))), "{texts:?} at {at}");
        }
    }

    #[test]
    fn the_surest_is_known_whenever_it_is_asked_for() {
        for (texts, expected) in [
            (&[][..], None),
            (&["multi-factor from 2099-12-01"][..], TWO),
            (&["multi-factor", "phishing-resistant from 2099-12-01"][..], KEY),
            (&["phishing-resistant", "multi-factor"][..], KEY),
        ] {
            assert_eq!(all(texts).highest(), expected, "{texts:?}");
        }
    }

    #[test]
    fn of_several_those_remain_that_another_does_not_make_needless() {
        for (texts, expected) in [
            (&["multi-factor", "multi-factor"][..], "multi-factor"),
            (&["multi-factor from 2026-12-01", "multi-factor"][..], "multi-factor"),
            (&["phishing-resistant", "multi-factor from 2026-12-01"][..], "phishing-resistant"),
            (
                &["phishing-resistant from 2027-01-01", "multi-factor from 2026-12-01"][..],
                "multi-factor from 2026-12-01 and phishing-resistant from 2027-01-01",
            ),
            (
                &["phishing-resistant from 2026-12-01", "multi-factor from 2026-12-01"][..],
                "phishing-resistant from 2026-12-01",
            ),
        ] {
            assert_eq!(all(texts).to_string(), expected, "{texts:?}");
        }
    }

    #[test]
    fn they_are_written_as_they_are_read() {
        for (text, expected) in [
            ("multi-factor", Ok("multi-factor")),
            (" phishing-resistant   from 2026-12-01 ", Ok("phishing-resistant from 2026-12-01")),
            ("multi-factor from 2026-12-01T07:00:00+01:00", Ok("multi-factor from 2026-12-01T06:00:00Z")),
            ("", Err("`` is not such a level")),
            ("password", Err("`password` is not such a level")),
            ("multi-factor soon", Err("`soon` is not `from`")),
            ("multi-factor from soon", Err("`soon` is no day such as 2026-12-01")),
            ("multi-factor from", Err("`` is no day such as 2026-12-01")),
            ("multi-factor from 2026-13-01", Err("`2026-13-01` is no day such as 2026-12-01")),
            ("multi-factor from 2026-12-01 on", Err("`on` is not `from`")),
        ] {
            let read = text.parse::<Demands>().map(|demands| demands.to_string()).map_err(|error| error.to_string());
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{text}");
        }
    }
}
