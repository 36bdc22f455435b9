//! Dates as people write them.
//!
//! Instants are told in UTC: without a script the browser's time zone is unknown.

use time::OffsetDateTime;

use super::Language;
use crate::clock::Timestamp;

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DANISH: [&str; 12] = [
    "januar",
    "februar",
    "marts",
    "april",
    "maj",
    "juni",
    "juli",
    "august",
    "september",
    "oktober",
    "november",
    "december",
];
const SPANISH: [&str; 12] = [
    "enero",
    "febrero",
    "marzo",
    "abril",
    "mayo",
    "junio",
    "julio",
    "agosto",
    "septiembre",
    "octubre",
    "noviembre",
    "diciembre",
];

impl Language {
    /// The day, like "22 November 2026".
    #[must_use]
    pub fn date(self, at: Timestamp) -> String {
        let Ok(at) = OffsetDateTime::from_unix_timestamp(at.seconds()) else { return at.to_string() };
        let (day, month, year) = (at.day(), usize::from(u8::from(at.month())) - 1, at.year());
        match self {
            Self::English => format!("{day} {} {year}", ENGLISH[month]),
            Self::Danish => format!("{day}. {} {year}", DANISH[month]),
            Self::Spanish => format!("{day} de {} de {year}", SPANISH[month]),
        }
    }

    /// The day and the time, like "22 November 2026, 08:30 UTC".
    #[must_use]
    pub fn date_and_time(self, at: Timestamp) -> String {
        let minutes = at.seconds().div_euclid(60);
        let (hour, minute) = (minutes.div_euclid(60).rem_euclid(24), minutes.rem_euclid(60));
        format!("{}, {hour:02}:{minute:02} UTC", self.date(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let at = Timestamp::parse("2026-11-22T08:05:59Z").expect("an instant");
        for (language, expected) in [
            (Language::English, "22 November 2026, 08:05 UTC"),
            (Language::Danish, "22. november 2026, 08:05 UTC"),
            (Language::Spanish, "22 de noviembre de 2026, 08:05 UTC"),
        ] {
            assert_eq!(language.date_and_time(at), expected);
        }
        assert_eq!(Language::English.date(Timestamp(i64::MAX)), Timestamp(i64::MAX).to_string());
    }
}
