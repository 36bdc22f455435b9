//! When something is open: weekly windows in a time zone, between two dates, but for some days.
//!
//! A window is made of civil time, so that `mon-fri 07:00-19:00` begins at seven in summer and in winter. In the night in
//! which clocks go forward nothing is open at the times that do not exist; in the night in which they go back a time that
//! comes twice is the same both times. What ends at or before it begins ends on the next day, and counts for the day on
//! which it began.

use std::{fmt, str::FromStr, time::Duration};

use jiff::{
    civil::{Date, DateTime, Time},
    tz::TimeZone,
};

use crate::clock::Timestamp;

/// Windows of one time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    windows: Vec<Window>,
    zone: TimeZone,
    /// The first day.
    from: Option<Date>,
    /// The first day after it.
    until: Option<Date>,
    except: Vec<Date>,
}

/// A part of some days of the week; minutes of the day, days from Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Window {
    days: (i8, i8),
    opens: i16,
    closes: i16,
}

/// Why a text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotASchedule {
    /// There is no `in ZONE`.
    #[error("it names no time zone")]
    NoZone,
    /// Nobody knows the zone.
    #[error("`{0}` is no time zone such as Europe/Copenhagen")]
    Zone(String),
    /// That is no window.
    #[error("`{0}` is no window such as `mon-fri 07:00-19:00`")]
    Window(String),
    /// That is no date.
    #[error("`{0}` is no date such as 2026-12-24")]
    Date(String),
    /// Nothing that may stand there.
    #[error("`{0}` is not `from`, `until` or `except`")]
    Word(String),
    /// It ends before it begins.
    #[error("it ends before it begins")]
    Backwards,
    /// There are too many windows.
    #[error("it has more than {MOST} windows")]
    TooMany,
}

/// The most windows, and the most days that are left out.
const MOST: usize = 64;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
const DAY: i16 = 24 * 60;

impl FromStr for Schedule {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        let folded = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (windows, rest) = folded.split_once(" in ").ok_or(NotASchedule::NoZone)?;
        let windows = windows.split(',').map(|one| one.trim().parse()).collect::<Result<Vec<Window>, _>>()?;
        let mut words = rest.split(' ');
        let zone = words.next().unwrap_or_default();
        let known = TimeZone::get(zone).ok().filter(|zone| zone.iana_name().is_some());
        let zone = known.ok_or_else(|| NotASchedule::Zone(zone.to_owned()))?;
        let mut schedule = Self { windows, zone, from: None, until: None, except: vec![] };
        schedule.limit(words)?;
        if schedule.windows.len() > MOST || schedule.except.len() > MOST {
            return Err(NotASchedule::TooMany);
        }
        match (schedule.from, schedule.until) {
            (Some(from), Some(until)) if until <= from => Err(NotASchedule::Backwards),
            _ => Ok(schedule),
        }
    }
}

impl Schedule {
    /// Reads what stands behind the zone.
    fn limit<'t>(&mut self, words: impl Iterator<Item = &'t str>) -> Result<(), NotASchedule> {
        let date = |word: &str| word.parse::<Date>().map_err(|_| NotASchedule::Date(word.to_owned()));
        let mut words = words.peekable();
        while let Some(word) = words.next() {
            let place = match word.to_ascii_lowercase().as_str() {
                "from" => &mut self.from,
                "until" => &mut self.until,
                "except" => {
                    self.except.push(date(words.next().unwrap_or_default())?);
                    while let Some(next) = words.next_if(|next| next.starts_with(|c: char| c.is_ascii_digit())) {
                        self.except.push(date(next)?);
                    }
                    continue;
                }
                _ => return Err(NotASchedule::Word(word.to_owned())),
            };
            *place = Some(date(words.next().unwrap_or_default())?);
        }
        Ok(())
    }

    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else { return false };
        let civil = self.zone.to_datetime(instant);
        let minute = i16::from(civil.hour()) * 60 + i16::from(civil.minute());
        let today = civil.date();
        let begun_today = |window: &Window| minute >= window.opens && (minute < window.closes || window.is_overnight());
        let begun_before = |window: &Window| window.is_overnight() && minute < window.closes;
        let is_in = |day: Date, test: &dyn Fn(&Window) -> bool| {
            self.holds_on(day) && self.windows.iter().any(|window| window.is_of(day) && test(window))
        };
        is_in(today, &begun_today) || today.yesterday().is_ok_and(|day| is_in(day, &begun_before))
    }

    fn holds_on(&self, day: Date) -> bool {
        self.from.is_none_or(|from| from <= day)
            && self.until.is_none_or(|until| day < until)
            && !self.except.contains(&day)
    }

    /// Instants after `at`, within `reach`, at which it may open or close.
    fn turns(&self, at: Timestamp, reach: Duration) -> Vec<Timestamp> {
        let Ok(instant) = jiff::Timestamp::from_millisecond(at.0) else { return vec![] };
        let end = at.plus(reach);
        let is_within = |turn: &Timestamp| at < *turn && *turn <= end;
        // Clocks that are put forward or back skip and repeat what is between.
        let shifts = self.zone.following(instant).map(|shift| Timestamp(shift.timestamp().as_millisecond()));
        let mut turns: Vec<Timestamp> = shifts.take_while(is_within).collect();
        let mut day = self.zone.to_datetime(instant).date().yesterday().ok();
        while let Some(date) =
            day.filter(|date| self.instants(*date, 0).into_iter().flatten().all(|begin| begin <= end))
        {
            for window in self.windows.iter().filter(|window| window.is_of(date) && self.holds_on(date)) {
                let closes = if window.is_overnight() { window.closes + DAY } else { window.closes };
                let edges = [window.opens, closes].into_iter().flat_map(|minute| self.instants(date, minute));
                turns.extend(edges.flatten().filter(is_within));
            }
            day = date.tomorrow().ok();
        }
        turns
    }

    /// When it is so many minutes after the beginning of a day: twice where clocks are put back.
    fn instants(&self, day: Date, minutes: i16) -> [Option<Timestamp>; 2] {
        let day = if minutes >= DAY { day.tomorrow() } else { Ok(day) };
        let minutes = minutes % DAY;
        let time = Time::new(i8::try_from(minutes / 60).unwrap_or(0), i8::try_from(minutes % 60).unwrap_or(0), 0, 0);
        let (Ok(day), Ok(time)) = (day, time) else { return [None, None] };
        let civil = self.zone.to_ambiguous_timestamp(DateTime::from_parts(day, time));
        let stamp = |instant: jiff::Timestamp| Timestamp(instant.as_millisecond());
        [civil.earlier().ok().map(stamp), civil.later().ok().map(stamp)]
    }
}

/// Whether all of several schedules are open.
#[must_use]
pub fn are_open(schedules: &[Schedule], at: Timestamp) -> bool {
    schedules.iter().all(|schedule| schedule.is_open(at))
}

/// When several schedules, all of which have to be open, open or close next; `None` when they do not within `reach`.
#[must_use]
pub fn next_turn(schedules: &[Schedule], at: Timestamp, reach: Duration) -> Option<Timestamp> {
    let present = are_open(schedules, at);
    let mut turns: Vec<Timestamp> = schedules.iter().flat_map(|schedule| schedule.turns(at, reach)).collect();
    turns.sort_unstable();
    turns.into_iter().find(|turn| are_open(schedules, *turn) != present)
}

impl Window {
    fn is_overnight(self) -> bool {
        self.closes <= self.opens
    }

    /// Whether it begins on that day.
    fn is_of(self, day: Date) -> bool {
        let day = day.weekday().to_monday_zero_offset();
        let (first, last) = self.days;
        if first <= last { (first..=last).contains(&day) } else { day >= first || day <= last }
    }
}

impl FromStr for Window {
    type Err = NotASchedule;

    fn from_str(text: &str) -> Result<Self, NotASchedule> {
        let read = || {
            let (days, times) = text.split_once(' ')?;
            let (opens, closes) = times.split_once('-')?;
            let (opens, closes) = (minutes(opens)?, minutes(closes)?);
            (opens < DAY).then_some(Self { days: days_of(days)?, opens, closes })
        };
        read().ok_or_else(|| NotASchedule::Window(text.to_owned()))
    }
}

fn days_of(text: &str) -> Option<(i8, i8)> {
    let text = text.to_ascii_lowercase();
    if text == "daily" {
        return Some((0, 6));
    }
    let day = |name: &str| i8::try_from(DAYS.iter().position(|day| *day == name)?).ok();
    match text.split_once('-') {
        Some((first, last)) => Some((day(first)?, day(last)?)),
        None => day(&text).map(|day| (day, day)),
    }
}

fn minutes(text: &str) -> Option<i16> {
    let (hours, minutes) = text.split_once(':')?;
    let number = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten().map(i16::from);
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (minutes < 60 && hours * 60 + minutes <= DAY).then_some(hours * 60 + minutes)
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, window) in self.windows.iter().enumerate() {
            write!(f, "{}{window}", if place == 0 { "" } else { ", " })?;
        }
        write!(f, " in {}", self.zone.iana_name().unwrap_or_default())?;
        for (word, date) in [("from", self.from), ("until", self.until)] {
            if let Some(date) = date {
                write!(f, " {word} {date}")?;
            }
        }
        for (place, date) in self.except.iter().enumerate() {
            write!(f, "{} {date}", if place == 0 { " except" } else { "" })?;
        }
        Ok(())
    }
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |day: i8| usize::try_from(day).ok().and_then(|day| DAYS.get(day).copied()).unwrap_or_default();
        match self.days {
            (0, 6) => f.write_str("daily")?,
            (first, last) if first == last => f.write_str(name(first))?,
            (first, last) => write!(f, "{}-{}", name(first), name(last))?,
        }
        let time = |minutes: i16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        write!(f, " {}-{}", time(self.opens), time(self.closes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEEK: Duration = Duration::from_hours(24 * 8);

    fn schedule(text: &str) -> Schedule {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn schedules_are_read_as_people_write_them() {
        for (text, expected) in [
            ("mon-fri 07:00-19:00 in Europe/Copenhagen", Ok("mon-fri 07:00-19:00 in Europe/Copenhagen")),
            ("Mon-Sun 00:00-24:00  in europe/madrid", Ok("daily 00:00-24:00 in Europe/Madrid")),
            ("sat 08:00-12:00,tue 22:00-06:00 in UTC", Ok("sat 08:00-12:00, tue 22:00-06:00 in UTC")),
            (
                "daily 08:00-12:00 in UTC until 2027-01-01 from 2026-12-01 except 2026-12-24 2026-12-25",
                Ok("daily 08:00-12:00 in UTC from 2026-12-01 until 2027-01-01 except 2026-12-24 2026-12-25"),
            ),
            ("mon-fri 07:00-19:00", Err("it names no time zone")),
            (
                "mon-fri 07:00-19:00 in Europe/Nowhere",
                Err("`Europe/Nowhere` is no time zone such as Europe/Copenhagen"),
            ),
            ("mon-fri 7-19 in UTC", Err("`mon-fri 7-19` is no window such as `mon-fri 07:00-19:00`")),
            ("mon-fry 07:00-19:00 in UTC", Err("`mon-fry 07:00-19:00` is no window such as `mon-fri 07:00-19:00`")),
            ("mon 24:00-25:00 in UTC", Err("`mon 24:00-25:00` is no window such as `mon-fri 07:00-19:00`")),
            ("mon 07:00-19:60 in UTC", Err("`mon 07:00-19:60` is no window such as `mon-fri 07:00-19:00`")),
            ("mon 07:00-19:00 in UTC on 2026-12-24", Err("`on` is not `from`, `until` or `except`")),
            ("mon 07:00-19:00 in UTC from tomorrow", Err("`tomorrow` is no date such as 2026-12-24")),
            ("mon 07:00-19:00 in UTC from", Err("`` is no date such as 2026-12-24")),
            ("mon 07:00-19:00 in UTC from 2026-12-02 until 2026-12-02", Err("it ends before it begins")),
            ("", Err("it names no time zone")),
        ] {
            let read = text.parse::<Schedule>();
            let read = read.as_ref().map(ToString::to_string).map_err(ToString::to_string);
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{text}");
        }
        let many = format!("{} in UTC", vec!["mon 07:00-08:00"; 65].join(", "));
        assert_eq!(many.parse::<Schedule>(), Err(NotASchedule::TooMany));
    }

    #[test]
    fn a_window_is_open_in_civil_time() {
        let office = "mon-fri 07:00-19:00 in Europe/Copenhagen";
        let night = "fri 22:00-06:00 in Europe/Copenhagen";
        let advent = "daily 00:00-24:00 in UTC from 2026-12-01 until 2026-12-25 except 2026-12-06";
        for (text, now, expected) in [
            // 23 November 2026 is a Monday; Copenhagen is an hour ahead, in July two.
            (office, "2026-11-23T05:59:59Z", false),
            (office, "2026-11-23T06:00:00Z", true),
            (office, "2026-11-23T17:59:59Z", true),
            (office, "2026-11-23T18:00:00Z", false),
            (office, "2026-11-22T12:00:00Z", false),
            (office, "2026-07-06T04:59:59Z", false),
            (office, "2026-07-06T05:00:00Z", true),
            (night, "2026-11-27T20:59:59Z", false),
            (night, "2026-11-27T21:00:00Z", true),
            (night, "2026-11-28T04:59:59Z", true),
            (night, "2026-11-28T05:00:00Z", false),
            (night, "2026-11-28T22:00:00Z", false),
            ("sat-mon 10:00-11:00 in UTC", "2026-11-23T10:30:00Z", true),
            ("sat-mon 10:00-11:00 in UTC", "2026-11-24T10:30:00Z", false),
            (advent, "2026-11-30T23:59:59Z", false),
            (advent, "2026-12-01T00:00:00Z", true),
            (advent, "2026-12-06T12:00:00Z", false),
            (advent, "2026-12-24T23:59:59Z", true),
            (advent, "2026-12-25T00:00:00Z", false),
            // A night belongs to the day on which it began.
            ("daily 20:00-04:00 in UTC except 2026-12-24", "2026-12-25T03:00:00Z", false),
            ("daily 20:00-04:00 in UTC except 2026-12-24", "2026-12-24T03:00:00Z", true),
        ] {
            assert_eq!(schedule(text).is_open(at(now)), expected, "{text} at {now}");
        }
    }

    #[test]
    fn it_turns_when_the_clock_of_the_place_says_so() {
        for (text, now, expected) in [
            ("mon-fri 07:00-19:00 in Europe/Copenhagen", "2026-11-23T12:00:00Z", Some("2026-11-23T18:00:00Z")),
            ("mon-fri 07:00-19:00 in Europe/Copenhagen", "2026-11-27T18:00:00Z", Some("2026-11-30T06:00:00Z")),
            ("mon-tue 00:00-24:00 in UTC", "2026-11-23T12:00:00Z", Some("2026-11-25T00:00:00Z")),
            ("daily 00:00-24:00 in UTC", "2026-11-23T12:00:00Z", None),
            // Copenhagen goes from 02:00 to 03:00 on 28 March 2027, and from 03:00 back to 02:00 on 31 October.
            ("daily 00:00-02:30 in Europe/Copenhagen", "2027-03-28T00:00:00Z", Some("2027-03-28T01:00:00Z")),
            ("daily 02:15-08:00 in Europe/Copenhagen", "2027-03-28T00:00:00Z", Some("2027-03-28T01:00:00Z")),
            ("daily 00:00-02:30 in Europe/Copenhagen", "2027-10-30T22:00:00Z", Some("2027-10-31T00:30:00Z")),
            ("daily 00:00-02:30 in Europe/Copenhagen", "2027-10-31T00:30:00Z", Some("2027-10-31T01:00:00Z")),
            ("daily 00:00-02:30 in Europe/Copenhagen", "2027-10-31T01:00:00Z", Some("2027-10-31T01:30:00Z")),
            ("daily 02:30-08:00 in Europe/Copenhagen", "2027-10-31T00:30:00Z", Some("2027-10-31T01:00:00Z")),
        ] {
            let found = next_turn(&[schedule(text)], at(now), WEEK);
            assert_eq!(found, expected.map(at), "{text} at {now}: {found:?}");
        }
    }

    #[test]
    fn whatever_the_hour_it_turns_when_it_opens_or_closes() {
        let several = [
            vec!["mon-fri 07:00-19:00 in Europe/Copenhagen"],
            vec!["daily 22:30-02:30 in Europe/Copenhagen", "daily 00:30-23:59 in America/New_York"],
            vec!["sat 02:15-02:45, sun 01:30-02:45 in Europe/Madrid except 2027-03-27"],
        ];
        for (schedules, begin) in several.iter().flat_map(|one| [(one, "2027-03-26"), (one, "2027-10-29")]) {
            let schedules: Vec<Schedule> = schedules.iter().map(|text| schedule(text)).collect();
            let minute = |number: u64| at(begin).plus(Duration::from_mins(number));
            let (mut next, mut turned) = (next_turn(&schedules, at(begin), WEEK), 0);
            for number in 1..4 * 24 * 60 {
                let has_turned = are_open(&schedules, minute(number)) != are_open(&schedules, minute(number - 1));
                assert_eq!(has_turned, next == Some(minute(number)), "{begin} + {number}");
                if has_turned {
                    turned += 1;
                    next = next_turn(&schedules, minute(number), WEEK);
                }
            }
            assert!(turned > 1, "{begin}");
        }
    }

    #[test]
    fn several_are_open_together_alone() {
        let both = ["mon-fri 07:00-19:00 in UTC", "daily 12:00-22:00 in UTC"].map(schedule);
        let morning = at("2026-11-23T08:00:00Z");
        assert!(!are_open(&both, morning));
        assert_eq!(next_turn(&both, morning, WEEK), Some(at("2026-11-23T12:00:00Z")));
        assert_eq!(next_turn(&both, at("2026-11-23T12:00:00Z"), WEEK), Some(at("2026-11-23T19:00:00Z")));
        let never = ["mon 07:00-08:00 in UTC", "tue 07:00-08:00 in UTC"].map(schedule);
        assert_eq!(next_turn(&never, morning, WEEK), None);
        assert!(are_open(&[], morning));
    }
}
