//! What rules mean for the sessions and tokens of somebody.

use std::time::Duration;

use super::rule::{Applying, Barrier};
use crate::{
    clock::Timestamp,
    config,
    session::{Crowd, Lifetime, WhenFull},
    setting::{Setting, demand::Level, schedule},
};

/// What tokens rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rests {
    /// When the person let the app in.
    pub authorized_at: Timestamp,
    /// The session that tokens end with: when it began, and when the person last proved who they are. None for what outlives
    /// it (`offline_access`) or never had one.
    pub session: Option<(Timestamp, Timestamp)>,
    /// How sure the sign-in was, beyond a password.
    pub proved: Option<Level>,
}

/// How long tokens may live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// An access token at most so long.
    pub life: Option<Duration>,
    /// No token beyond this.
    pub ends_at: Option<Timestamp>,
    /// A refresh token that was not used for so long is over.
    pub idle: Option<Duration>,
}

impl Bounds {
    /// The same for what rests on a session at a shared workstation, which is over when it was not used for `idle`.
    #[must_use]
    pub fn at_station(self, idle: Duration) -> Self {
        let idle = self.idle_within(idle);
        let life = Some(self.life.map_or(idle / 2, |life| life.min(idle / 2)));
        Self { idle: Some(idle), life, ..self }
    }

    /// How long a refresh token may stay unused: as configured, or shorter.
    #[must_use]
    pub fn idle_within(self, configured: Duration) -> Duration {
        self.idle.map_or(configured, |own| own.min(configured))
    }
}

/// At a shared workstation nobody stays signed in who is gone for so long.
const AT_STATION: Duration = Duration::from_mins(5);

/// No access token lives longer: what opens or closes later is nothing to it.
const LONGEST_TOKEN: Duration = Duration::from_hours(1);

impl Applying<'_> {
    /// How long tokens may live that are issued now.
    ///
    /// # Errors
    /// The rule by which none may be issued any more; whether somebody may come at all, [`Applying::barrier`] says.
    pub fn bounds(&self, rests: Rests, now: Timestamp) -> Result<Bounds, Barrier> {
        if self.is_empty() {
            return Ok(Bounds::default());
        }
        let after = |since: Option<Timestamp>, setting| Some((since?.plus(self.span(setting)?), setting));
        let session = rests.session;
        let ends = [
            after(session.map(|(began, _)| began), Setting::SessionAbsolute),
            after(session.map(|(_, proved)| proved), Setting::SessionReauthenticate),
            after(Some(rests.authorized_at), Setting::TokenRefresh),
        ];
        let first = ends.into_iter().flatten().min();
        if let Some((_, setting)) = first.filter(|(end, _)| *end <= now) {
            return Err(self.by(setting));
        }
        let demands = self.demands();
        if demands.at(now) > rests.proved {
            return Err(self.by(Setting::FactorRequired));
        }
        let asks_more = demands.next(rests.proved, now).map(|(_, from)| from);
        let schedules = self.schedules(Setting::ScheduleWindows);
        let closes = schedule::next_turn(&schedules, now, LONGEST_TOKEN);
        let idle = session.and_then(|_| self.span(Setting::SessionIdle));
        let own = self.span(Setting::TokenLifetime);
        Ok(Bounds {
            // Whoever is at work refreshes before they count as idle.
            life: [own, idle.map(|idle| idle / 2)].into_iter().flatten().min(),
            ends_at: [first.map(|(end, _)| end), closes, asks_more].into_iter().flatten().min(),
            idle,
        })
    }

    /// How long a session may live: as configured, or shorter.
    #[must_use]
    pub fn lifetime(&self, configured: &config::Session) -> Lifetime {
        Lifetime {
            idle: self.within(configured.idle, Setting::SessionIdle),
            absolute: self.within(configured.absolute, Setting::SessionAbsolute),
            at_station: self.idle_at_station(),
        }
    }

    /// How long a session at a shared workstation may stay unused.
    #[must_use]
    pub fn idle_at_station(&self) -> Duration {
        self.span(Setting::StationIdle).unwrap_or(AT_STATION)
    }

    /// A length of time as configured, or shorter.
    #[must_use]
    pub fn within(&self, configured: Duration, setting: Setting) -> Duration {
        self.span(setting).map_or(configured, |own| own.min(configured))
    }

    /// How many sessions somebody may have at a time; `None`: any number.
    #[must_use]
    pub fn crowd(&self) -> Option<Crowd> {
        let most = usize::try_from(self.count(Setting::SessionConcurrent)?).ok()?;
        let refuses = self.choice(Setting::SessionWhenFull) == Some("refuse");
        Some(Crowd { most, when_full: if refuses { WhenFull::Refuse } else { WhenFull::EndOldest } })
    }

    /// The rule by which the part of a session in an organization is over, although nobody has come: it is too old, its
    /// sign-in is not sure enough any more, or the organization is closed.
    #[must_use]
    pub fn end_of_part(&self, (began, proved): (Timestamp, Option<Level>), now: Timestamp) -> Option<Barrier> {
        if self.is_empty() {
            return None;
        }
        let absolute = self.span(Setting::SessionAbsolute);
        let is_over = absolute.is_some_and(|absolute| began.plus(absolute) <= now);
        let is_unsure = self.demands().at(now) > proved;
        match (is_over, is_unsure) {
            (true, _) => Some(self.by(Setting::SessionAbsolute)),
            (false, true) => Some(self.by(Setting::FactorRequired)),
            (false, false) => self.barrier(now, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::rule::{
            Rules, Subject,
            tests::{organization, rule},
        },
        *,
    };

    fn minutes(number: u64) -> Duration {
        Duration::from_mins(number)
    }

    fn at(number: u64) -> Timestamp {
        // Monday, 23 November 2026, 08:00 UTC.
        Timestamp::parse("2026-11-23T08:00:00Z").unwrap().plus(minutes(number))
    }

    /// A session that began at 0 min, a sign-in at 10 min, an app let in at 20 min; now is 60 min.
    #[test]
    fn tokens_end_with_what_rules_say_first() {
        let with_session = Rests { authorized_at: at(20), session: Some((at(0), at(10))), proved: None };
        let sure = Rests { proved: Some(Level::MultiFactor), ..with_session };
        let offline = Rests { session: None, ..with_session };
        let bounds = |life, ends_at, idle| Ok(Bounds { life, ends_at, idle });
        for (case, rules, rests, expected) in [
            ("nothing", vec![], with_session, bounds(None, None, None)),
            ("life", vec![(Setting::TokenLifetime, "2m")], offline, bounds(Some(minutes(2)), None, None)),
            (
                "idle",
                vec![(Setting::SessionIdle, "6m"), (Setting::TokenLifetime, "5m")],
                with_session,
                bounds(Some(minutes(3)), None, Some(minutes(6))),
            ),
            ("idle, offline", vec![(Setting::SessionIdle, "6m")], offline, bounds(None, None, None)),
            ("absolute", vec![(Setting::SessionAbsolute, "61m")], with_session, bounds(None, Some(at(61)), None)),
            ("too old", vec![(Setting::SessionAbsolute, "60m")], with_session, Err("session.absolute")),
            ("absolute, offline", vec![(Setting::SessionAbsolute, "60m")], offline, bounds(None, None, None)),
            ("proved", vec![(Setting::SessionReauthenticate, "51m")], with_session, bounds(None, Some(at(61)), None)),
            (
                "proved long ago",
                vec![(Setting::SessionReauthenticate, "50m")],
                with_session,
                Err("session.reauthenticate"),
            ),
            ("let in", vec![(Setting::TokenRefresh, "41m")], offline, bounds(None, Some(at(61)), None)),
            ("let in long ago", vec![(Setting::TokenRefresh, "40m")], offline, Err("token.refresh")),
            (
                "closing",
                vec![(Setting::ScheduleWindows, "daily 08:00-09:30 in UTC"), (Setting::SessionAbsolute, "2h")],
                with_session,
                bounds(None, Some(at(90)), None),
            ),
            (
                "closing late",
                vec![(Setting::ScheduleWindows, "daily 08:00-22:00 in UTC")],
                with_session,
                bounds(None, None, None),
            ),
            ("not sure", vec![(Setting::FactorRequired, "multi-factor")], with_session, Err("factor.required")),
            ("not sure, offline", vec![(Setting::FactorRequired, "multi-factor")], offline, Err("factor.required")),
            ("sure", vec![(Setting::FactorRequired, "multi-factor")], sure, bounds(None, None, None)),
            (
                "sure for now",
                vec![(Setting::FactorRequired, "phishing-resistant from 2026-11-24")],
                sure,
                bounds(None, Some(at(16 * 60)), None),
            ),
        ] {
            let rules: Vec<_> = rules.into_iter().map(|(what, value)| rule(organization(), what, value)).collect();
            let found = Rules::of(rules).all().bounds(rests, at(60)).map_err(|barrier| barrier.setting.name());
            assert_eq!(found, expected, "{case}");
        }
    }

    #[test]
    fn the_configuration_is_the_outer_limit_of_a_session() {
        let configured = config::Session { idle: minutes(120), absolute: minutes(720), fresh: minutes(10) };
        for (idle, absolute, expected) in [("15m", "8h", (15, 480)), ("3h", "1d", (120, 720))] {
            let rules = Rules::of(vec![
                rule(organization(), Setting::SessionIdle, idle),
                rule(Subject::Everybody, Setting::SessionAbsolute, absolute),
            ]);
            let lifetime = rules.all().lifetime(&configured);
            assert_eq!((lifetime.idle, lifetime.absolute), (minutes(expected.0), minutes(expected.1)));
        }
    }

    #[test]
    fn sessions_are_counted_where_a_rule_says_so() {
        let crowd = |rules: &[(Setting, &str)]| {
            Rules::of(rules.iter().map(|(what, value)| rule(organization(), *what, value)).collect()).all().crowd()
        };
        let refuse = (Setting::SessionWhenFull, "refuse");
        assert_eq!(crowd(&[refuse]), None);
        let found = crowd(&[(Setting::SessionConcurrent, "2"), (Setting::SessionConcurrent, "3")]);
        assert_eq!(found, Some(Crowd { most: 2, when_full: WhenFull::EndOldest }));
        let found = crowd(&[(Setting::SessionConcurrent, "3"), (Setting::SessionWhenFull, "end-oldest"), refuse]);
        assert_eq!(found, Some(Crowd { most: 3, when_full: WhenFull::Refuse }));
    }

    #[test]
    fn a_part_of_a_session_ends_by_age_and_at_closing_time() {
        let rules = Rules::of(vec![
            rule(organization(), Setting::SessionAbsolute, "1h"),
            rule(organization(), Setting::ScheduleWindows, "daily 08:00-09:30 in UTC"),
        ]);
        for (began, now, expected) in [
            (0, 59, None),
            (0, 60, Some(Setting::SessionAbsolute)),
            (40, 89, None),
            (40, 90, Some(Setting::ScheduleWindows)),
        ] {
            let found = rules.all().end_of_part((at(began), None), at(now)).map(|barrier| barrier.setting);
            assert_eq!(found, expected, "{began} {now}");
        }
    }

    #[test]
    fn it_ends_when_it_is_not_sure_enough_any_more() {
        let rules =
            Rules::of(vec![rule(organization(), Setting::FactorRequired, "multi-factor from 2026-11-23T09:00:00Z")]);
        let unsure = Some(Setting::FactorRequired);
        for (proved, now, expected) in [(None, 59, None), (None, 60, unsure), (Some(Level::MultiFactor), 60, None)] {
            let found = rules.all().end_of_part((at(0), proved), at(now)).map(|barrier| barrier.setting);
            assert_eq!(found, expected, "{proved:?} {now}");
        }
    }
}
