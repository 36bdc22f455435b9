//! Rules, for whom they hold, and what remains of several: the strictest wins.

use std::{collections::BTreeSet, fmt, time::Duration};

use ipnet::IpNet;

use super::place::Arrival;
use crate::{
    clock::Timestamp,
    directory::access::Access,
    id::MembershipId,
    setting::{
        Setting, Value,
        demand::Demands,
        schedule::{self, Schedule},
    },
    text::Slug,
};

/// A setting with its value for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// For whom.
    pub subject: Subject,
    /// What.
    pub setting: Setting,
    /// To what it is set.
    pub value: Value,
}

/// For whom a rule is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// All people of the server, by the configuration.
    Everybody,
    /// All people of the organization of this slug.
    Organization(Slug),
    /// Whoever was assigned the role, directly or by a group; not whoever's role inherits it.
    Role(Slug),
    /// Whoever is in the group, or in one that lies in it.
    Group(Slug),
    /// Whoever uses the client.
    Client(String),
    /// Whoever was assigned a role at a location or at one that lies in it; not whoever's role holds there from above.
    Location(Slug, BTreeSet<Slug>),
    /// One member alone, whatever they hold.
    Member(MembershipId),
}

/// Who wants something.
#[derive(Debug, Clone, Copy, Default)]
pub struct Whom<'a> {
    /// What the person holds in the organization; none for a service, which only rules for its client are about.
    pub access: Option<&'a Access>,
    /// The app; none for what is of no app, such as the session of a browser.
    pub client: Option<&'a str>,
}

impl Subject {
    pub(super) fn covers(&self, whom: Whom<'_>) -> bool {
        let holds = |test: &dyn Fn(&Access) -> bool| whom.access.is_some_and(test);
        match self {
            Self::Everybody | Self::Organization(_) => whom.access.is_some(),
            Self::Role(slug) => holds(&|access| access.roles.contains(slug)),
            Self::Group(slug) => holds(&|access| access.groups.contains(slug)),
            Self::Client(id) => whom.client == Some(id),
            Self::Location(_, within) => holds(&|access| {
                let mut places = access.assignments.iter().filter_map(|one| one.at.location.as_ref());
                places.any(|place| within.contains(place))
            }),
            Self::Member(id) => holds(&|access| access.member.as_ref() == Some(id)),
        }
    }
}

impl Subject {
    /// The member whom it is alone.
    fn member(&self) -> Option<&MembershipId> {
        if let Self::Member(id) = self { Some(id) } else { None }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Everybody => f.write_str("everybody"),
            Self::Organization(slug) => write!(f, "organization {slug}"),
            Self::Role(slug) => write!(f, "role {slug}"),
            Self::Group(slug) => write!(f, "group {slug}"),
            Self::Client(id) => write!(f, "client {id}"),
            Self::Location(slug, _) => write!(f, "location {slug}"),
            Self::Member(id) => write!(f, "member {id}"),
        }
    }
}

/// All rules of an organization, with those of the configuration. Those that are for one member alone stand behind the others, by
/// member: somebody costs what is for them, however many others have rules of their own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rules {
    all: Vec<Rule>,
    /// How many are not for one member alone.
    shared: usize,
}

impl Rules {
    /// These.
    #[must_use]
    pub fn of(mut all: Vec<Rule>) -> Self {
        all.sort_by(|one, other| one.subject.member().cmp(&other.subject.member()));
        let shared = all.partition_point(|rule| rule.subject.member().is_none());
        Self { all, shared }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Rule> {
        self.all.iter()
    }

    /// Each of them, to be put together with others.
    #[must_use]
    pub fn into_vec(self) -> Vec<Rule> {
        self.all
    }

    /// Those that hold for somebody.
    #[must_use]
    pub fn applying(&self, whom: Whom<'_>) -> Applying<'_> {
        let (shared, own) = self.all.split_at(self.shared);
        let member = whom.access.and_then(|access| access.member.as_ref());
        let begin = own.partition_point(|rule| rule.subject.member() < member);
        let own = own[begin..].iter().take_while(|rule| rule.subject.member() == member);
        Applying(shared.iter().chain(own).filter(|rule| rule.subject.covers(whom)).collect())
    }

    /// All of them, which were found to hold before.
    #[must_use]
    pub fn all(&self) -> Applying<'_> {
        Applying(self.all.iter().collect())
    }
}

/// Rules that hold for somebody.
#[derive(Debug, Clone, Default)]
pub struct Applying<'r>(Vec<&'r Rule>);

/// What a rule stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Barrier {
    /// By which setting.
    pub setting: Setting,
    /// For whom the rules are that stop it.
    pub rules: String,
}

impl<'r> Applying<'r> {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Rules for whom they are.
    pub fn iter(&self) -> impl Iterator<Item = &'r Rule> {
        self.0.iter().copied()
    }

    fn of(&self, setting: Setting) -> impl Iterator<Item = &'r Rule> {
        self.0.iter().copied().filter(move |rule| rule.setting == setting)
    }

    /// What a setting comes to; `None` where no rule sets it.
    #[must_use]
    pub fn value(&self, setting: Setting) -> Option<Value> {
        strictest(setting, self.of(setting).map(|rule| &rule.value))
    }

    /// The rules that it comes from: those without which it would be another, and those that say the same.
    #[must_use]
    pub fn causes(&self, setting: Setting) -> Vec<&'r Rule> {
        let result = self.value(setting);
        let others = |of: &'r Rule| self.of(setting).filter(move |rule| !std::ptr::eq(*rule, of));
        let without = |rule: &'r Rule| strictest(setting, others(rule).map(|rule| &rule.value));
        let is_cause = |rule: &&'r Rule| Some(&rule.value) == result.as_ref() || without(rule) != result;
        self.of(setting).filter(is_cause).collect()
    }

    /// The same, in words.
    #[must_use]
    pub fn named(&self, setting: Setting) -> String {
        self.causes(setting).iter().map(|rule| rule.subject.to_string()).collect::<Vec<_>>().join(", ")
    }

    /// A setting that is a length of time.
    #[must_use]
    pub fn span(&self, setting: Setting) -> Option<Duration> {
        match self.value(setting)? {
            Value::Span(span) => Some(span),
            _ => None,
        }
    }

    /// A setting that is a number.
    #[must_use]
    pub fn count(&self, setting: Setting) -> Option<u64> {
        match self.value(setting)? {
            Value::Count(number) => Some(number),
            _ => None,
        }
    }

    /// A setting that is one of some words.
    #[must_use]
    pub fn choice(&self, setting: Setting) -> Option<&'static str> {
        match self.value(setting)? {
            Value::Choice(word) => Some(word),
            _ => None,
        }
    }

    /// A setting that is yes or no.
    #[must_use]
    pub fn flag(&self, setting: Setting) -> bool {
        self.value(setting) == Some(Value::Flag(true))
    }

    /// A setting that lists words.
    #[must_use]
    pub fn words(&self, setting: Setting) -> Option<BTreeSet<String>> {
        match self.value(setting)? {
            Value::Words(words) => Some(words),
            _ => None,
        }
    }

    /// A setting that lists address ranges.
    #[must_use]
    pub fn networks(&self, setting: Setting) -> Option<Vec<IpNet>> {
        match self.value(setting)? {
            Value::Networks(networks) => Some(networks),
            _ => None,
        }
    }

    /// Schedules, all of which have to be open.
    #[must_use]
    pub fn schedules(&self, setting: Setting) -> Vec<Schedule> {
        match self.value(setting) {
            Some(Value::Schedules(schedules)) => schedules,
            _ => vec![],
        }
    }

    /// How sure sign-ins have to be.
    #[must_use]
    pub fn demands(&self) -> Demands {
        match self.value(Setting::FactorRequired) {
            Some(Value::Demands(demands)) => demands,
            _ => Demands::default(),
        }
    }

    /// What stops somebody who comes at `now`, and `from` there where they came themselves.
    #[must_use]
    pub fn barrier(&self, now: Timestamp, from: Option<Arrival>) -> Option<Barrier> {
        if self.is_empty() {
            return None;
        }
        let is_closed = !schedule::are_open(&self.schedules(Setting::ScheduleWindows), now);
        if is_closed {
            return Some(self.by(Setting::ScheduleWindows));
        }
        self.stopped_at(from?)
    }

    /// All that stops somebody who comes then and from there, what [`barrier`](Self::barrier) names first.
    #[must_use]
    pub fn barriers(&self, now: Timestamp, from: Option<Arrival>) -> Vec<Barrier> {
        let is_closed = !schedule::are_open(&self.schedules(Setting::ScheduleWindows), now);
        let hours = is_closed.then_some(Setting::ScheduleWindows);
        let places = from.into_iter().flat_map(|from| self.all_that_stops(from));
        hours.into_iter().chain(places).map(|setting| self.by(setting)).collect()
    }

    /// The rules of one setting as what stops something.
    #[must_use]
    pub fn by(&self, setting: Setting) -> Barrier {
        Barrier { setting, rules: self.named(setting) }
    }
}

fn strictest<'v>(setting: Setting, values: impl Iterator<Item = &'v Value>) -> Option<Value> {
    values.cloned().reduce(|one, other| setting.kind().strictest(&one, &other))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::directory::access::{Assigned, RoleAt};
    use crate::geography::Place;

    pub(in crate::policy) fn rule(subject: Subject, setting: Setting, value: &str) -> Rule {
        Rule { subject, setting, value: setting.kind().parse(value).unwrap() }
    }

    pub(in crate::policy) fn organization() -> Subject {
        Subject::Organization("riverside".parse().unwrap())
    }

    fn role(slug: &str) -> Subject {
        Subject::Role(slug.parse().unwrap())
    }

    fn location(slug: &str, within: &[&str]) -> Subject {
        Subject::Location(slug.parse().unwrap(), within.iter().map(|one| one.parse().unwrap()).collect())
    }

    const PRIYA: &str = "mem_019e1f0a2b3c7d4e8f90a1b2c3d4e5f6";
    const OLIVIA: &str = "mem_019e1f0a2b3c7d4e8f90a1b2c3d4e5f7";

    fn member(id: &str) -> Subject {
        Subject::Member(id.parse().unwrap())
    }

    /// Priya: a practitioner at Main Street, in the group of general practitioners.
    fn priya() -> Access {
        let at = RoleAt { role: "practitioner".parse().unwrap(), location: Some("main-street".parse().unwrap()) };
        Access {
            member: Some(PRIYA.parse().unwrap()),
            roles: vec!["practitioner".parse().unwrap()],
            groups: vec!["gps".parse().unwrap()],
            assignments: vec![Assigned { at, locations: vec![] }],
            ..Access::default()
        }
    }

    #[test]
    fn a_rule_holds_for_whom_it_is() {
        let (priya, owner) = (priya(), Access { roles: vec!["owner".parse().unwrap()], ..Access::default() });
        let of = |access, client| Whom { access: Some(access), client };
        for (subject, whom, expected) in [
            (Subject::Everybody, of(&priya, None), true),
            (organization(), of(&priya, None), true),
            (organization(), Whom { access: None, client: Some("portal") }, false),
            (role("practitioner"), of(&priya, None), true),
            (role("owner"), of(&priya, None), false),
            (Subject::Group("gps".parse().unwrap()), of(&priya, None), true),
            (Subject::Group("gps".parse().unwrap()), of(&owner, None), false),
            (Subject::Client("portal".into()), of(&priya, Some("portal")), true),
            (Subject::Client("portal".into()), of(&priya, Some("calendar")), false),
            (Subject::Client("portal".into()), of(&priya, None), false),
            (Subject::Client("portal".into()), Whom { access: None, client: Some("portal") }, true),
            (location("main-street", &["main-street"]), of(&priya, None), true),
            (location("north", &["north", "main-street"]), of(&priya, None), true),
            (location("quay", &["quay"]), of(&priya, None), false),
            (location("main-street", &["main-street"]), of(&owner, None), false),
            (member(PRIYA), of(&priya, None), true),
            (member(PRIYA), of(&priya, Some("portal")), true),
            (member(OLIVIA), of(&priya, None), false),
            (member(PRIYA), of(&owner, None), false),
            (member(PRIYA), Whom { access: None, client: Some("portal") }, false),
        ] {
            let rules = Rules::of(vec![rule(subject, Setting::SessionIdle, "15m")]);
            assert_eq!(!rules.applying(whom).is_empty(), expected, "{rules:?} {whom:?}");
        }
    }

    #[test]
    fn of_many_rules_for_one_member_each_their_own_hold() {
        let id = |number: u32| format!("mem_{number:032x}");
        let own = |number| rule(member(&id(number)), Setting::SessionConcurrent, &(number % 50 + 1).to_string());
        let all: Vec<Rule> = (0..40).rev().map(own).collect();
        let shared = rule(organization(), Setting::SessionIdle, "15m");
        for (case, rules) in [
            ("before", [vec![shared.clone()], all.clone()].concat()),
            ("behind", [all.clone(), vec![shared]].concat()),
            ("twice", [all.clone(), vec![rule(organization(), Setting::SessionIdle, "15m")], all].concat()),
        ] {
            let rules = Rules::of(rules);
            for number in 0..=40 {
                let access = Access { member: Some(id(number).parse().unwrap()), ..Access::default() };
                let applying = rules.applying(Whom { access: Some(&access), client: None });
                let expected = (number < 40).then(|| u64::from(number) + 1);
                assert_eq!(applying.count(Setting::SessionConcurrent), expected, "{case} {number}");
                assert!(applying.span(Setting::SessionIdle).is_some(), "{case} {number}");
            }
            let nobody = Access::default();
            let applying = rules.applying(Whom { access: Some(&nobody), client: None });
            assert_eq!((applying.iter().count(), rules.all().iter().count()), (1, rules.iter().count()), "{case}");
        }
    }

    #[test]
    fn the_strictest_wins_and_it_is_known_whose_rule_it_is() {
        let access = priya();
        let whom = Whom { access: Some(&access), client: Some("portal") };
        for (setting, rules, expected, causes) in [
            (Setting::SessionIdle, vec![], None, ""),
            (
                Setting::SessionIdle,
                vec![(organization(), "1h"), (member(PRIYA), "20m"), (member(OLIVIA), "5m")],
                Some("20m"),
                "member mem_019e1f0a2b3c7d4e8f90a1b2c3d4e5f6",
            ),
            (
                Setting::SessionIdle,
                vec![(organization(), "1h"), (role("owner"), "5m")],
                Some("1h"),
                "organization riverside",
            ),
            (
                Setting::SessionIdle,
                vec![(Subject::Everybody, "2h"), (organization(), "15m"), (role("practitioner"), "15m")],
                Some("15m"),
                "organization riverside, role practitioner",
            ),
            (
                Setting::NetworkAllowed,
                vec![
                    (Subject::Everybody, "0.0.0.0/0"),
                    (organization(), "10.0.0.0/8"),
                    (role("practitioner"), "10.1.0.0/16"),
                ],
                Some("10.1.0.0/16"),
                "role practitioner",
            ),
            (
                Setting::NetworkAllowed,
                vec![
                    (organization(), "10.0.0.0/8, 192.0.2.0/24"),
                    (role("practitioner"), "10.1.0.0/16, 198.51.100.0/24"),
                ],
                Some("10.1.0.0/16"),
                "organization riverside, role practitioner",
            ),
            (
                Setting::ScheduleWindows,
                vec![
                    (organization(), "daily 06:00-22:00 in UTC"),
                    (Subject::Client("portal".into()), "mon-fri 07:00-19:00 in UTC"),
                ],
                Some("daily 06:00-22:00 in UTC and mon-fri 07:00-19:00 in UTC"),
                "organization riverside, client portal",
            ),
        ] {
            let rules = Rules::of(rules.into_iter().map(|(subject, value)| rule(subject, setting, value)).collect());
            let applying = rules.applying(whom);
            assert_eq!(applying.value(setting).map(|value| value.to_string()).as_deref(), expected, "{rules:?}");
            assert_eq!(applying.named(setting), causes, "{rules:?}");
        }
    }

    fn arrival(address: &str) -> Arrival {
        Arrival {
            place: Place { address: address.parse().unwrap(), country: None },
            is_sure: false,
            unexpected: crate::session::Unexpected::default(),
        }
    }

    #[test]
    fn somebody_is_stopped_outside_of_hours_and_networks() {
        let rules = Rules::of(vec![
            rule(organization(), Setting::ScheduleWindows, "mon-fri 07:00-19:00 in UTC"),
            rule(role("practitioner"), Setting::NetworkAllowed, "10.0.0.0/8, 2001:db8::/32"),
        ]);
        let access = priya();
        let applying = rules.applying(Whom { access: Some(&access), client: None });
        for (at, from, expected) in [
            ("2026-11-23T12:00:00Z", None, None),
            ("2026-11-23T12:00:00Z", Some("10.1.2.3"), None),
            ("2026-11-23T12:00:00Z", Some("::ffff:10.1.2.3"), None),
            ("2026-11-23T12:00:00Z", Some("2001:db8::1"), None),
            ("2026-11-23T12:00:00Z", Some("192.0.2.7"), Some(("network.allowed", "role practitioner"))),
            ("2026-11-23T20:00:00Z", Some("192.0.2.7"), Some(("schedule.windows", "organization riverside"))),
        ] {
            let found = applying.barrier(Timestamp::parse(at).unwrap(), from.map(arrival));
            let found = found.as_ref().map(|barrier| (barrier.setting.name(), barrier.rules.as_str()));
            assert_eq!(found, expected, "{at} from {from:?}");
        }
    }
}
