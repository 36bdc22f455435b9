//! Whether a rule changes anything for those whom it is for. It does not where what the configuration says, and rules that hold for
//! all of them, are as strict without it.

use super::{
    configured::{self, InForce},
    rule::{Rule, Rules, Subject, Whom},
};
use crate::{config::Config, directory::access::Access, setting::Setting};

/// What is in force whether there is this rule or not; `None` where the rule makes something stricter, or may for some of them.
/// Of one member all is known that they hold.
#[must_use]
pub fn regardless(
    config: &Config,
    rules: &Rules,
    (setting, subject): (Setting, &str),
    member: Option<&Access>,
) -> Option<InForce> {
    let itself = rules.iter().find(|rule| rule.setting == setting && rule.subject.to_string() == subject)?;
    // The limit of an access token is that of each client.
    let limit = configured::limit(config, setting).filter(|_| setting != Setting::TokenLifetime);
    let holds = |rule: &&Rule| match member {
        Some(access) => rule.subject.covers(Whom { access: Some(access), client: None }),
        None => rule.subject.includes(&itself.subject),
    };
    let mut beside: Vec<Rule> = rules.iter().filter(|rule| rule.setting == setting).filter(holds).cloned().collect();
    beside.retain(|rule| rule != itself);
    let without = Rules::of(beside.clone());
    beside.push(itself.clone());
    let with = Rules::of(beside).all().in_force(setting, limit.clone())?;
    without.all().in_force(setting, limit).filter(|without| without.value == with.value)
}

impl Subject {
    /// Whether a rule for this holds for all people for whom one for the other holds.
    fn includes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Everybody | Self::Organization(_), _) => true,
            (Self::Location(_, within), Self::Location(slug, _)) => within.contains(slug),
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::rule::tests::{organization, rule},
        *,
    };
    use crate::config::Sources;

    #[test]
    fn a_rule_that_is_no_stricter_than_what_holds_changes_nothing() {
        use Setting::{
            NetworkAllowed as At, PasswordMinLength as Length, ScheduleWindows as Hours, SessionIdle as Idle,
        };
        let config =
            Config::load(&Sources::none().with("session.idle", "2h").with("password.min_length", "12")).unwrap();
        let role = |slug: &str| Subject::Role(slug.parse().unwrap());
        let site = |slug: &str, within: &[&str]| {
            Subject::Location(slug.parse().unwrap(), within.iter().map(|one| one.parse().unwrap()).collect())
        };
        let (here, all) = ("organization riverside", Subject::Everybody);
        for (setting, itself, others, expected) in [
            (Length, (organization(), "8"), vec![], Some(("12", ""))),
            (Length, (organization(), "12"), vec![], Some(("12", ""))),
            (Length, (organization(), "13"), vec![], None),
            (Length, (role("owner"), "14"), vec![(organization(), "16")], Some(("16", here))),
            (Length, (role("owner"), "16"), vec![(organization(), "14")], None),
            (Length, (organization(), "14"), vec![(role("owner"), "16")], None),
            (Length, (role("gp"), "14"), vec![(role("owner"), "16")], None),
            (Idle, (organization(), "1h"), vec![(all.clone(), "30m")], Some(("30m", "everybody"))),
            (
                Idle,
                (site("quay", &["quay"]), "1h"),
                vec![(site("north", &["north", "quay"]), "1h")],
                Some(("1h", "location north")),
            ),
            (Idle, (site("north", &["north", "quay"]), "1h"), vec![(site("quay", &["quay"]), "30m")], None),
            (At, (role("gp"), "10.0.0.0/8"), vec![(organization(), "10.1.0.0/16")], Some(("10.1.0.0/16", here))),
            (At, (role("gp"), "10.1.0.0/16"), vec![(organization(), "10.0.0.0/8")], None),
            (At, (organization(), "0.0.0.0/0"), vec![], None),
            (Hours, (role("gp"), "mon 07:00-09:00 in UTC"), vec![(organization(), "mon 07:00-08:00 in UTC")], None),
        ] {
            let subject = itself.0.to_string();
            let rules = others.into_iter().chain([itself]).map(|(of, value)| rule(of, setting, value)).collect();
            let found = regardless(&config, &Rules::of(rules), (setting, &subject), None);
            let found = found.map(|found| (found.value.to_string(), found.rules));
            assert_eq!(found, expected.map(|(value, from)| (value.to_owned(), from.to_owned())), "{setting} {subject}");
        }
    }

    #[test]
    fn of_one_member_all_is_known() {
        const PRIYA: &str = "mem_019e1f0a2b3c7d4e8f90a1b2c3d4e5f6";
        let config = Config::load(&Sources::none()).unwrap();
        let member = Subject::Member(PRIYA.parse().unwrap());
        let holds = |roles: &[&str]| Access {
            member: Some(PRIYA.parse().unwrap()),
            roles: roles.iter().map(|one| one.parse().unwrap()).collect(),
            ..Access::default()
        };
        for (held, expected) in [(&["gp"][..], Some("20")), (&[], None)] {
            let rules = Rules::of(vec![
                rule(member.clone(), Setting::PasswordMinLength, "18"),
                rule(Subject::Role("gp".parse().unwrap()), Setting::PasswordMinLength, "20"),
            ]);
            let what = (Setting::PasswordMinLength, format!("member {PRIYA}"));
            let found = regardless(&config, &rules, (what.0, &what.1), Some(&holds(held)));
            assert_eq!(found.map(|found| found.value.to_string()).as_deref(), expected, "{held:?}");
        }
    }
}
