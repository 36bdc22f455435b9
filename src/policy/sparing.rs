//! Whom a rule that was just set would stop: every owner, or whoever sets it; and whether it leaves owners, whoever sets it or the
//! one member whom it is for a second factor to set up. Such a rule needs more than a word.
//!
//! A rule of places is held against the addresses from which people are signed in; where somebody is not, against the one from
//! which they were last in the last month. It is asked of the rules as they are, and as they will be when what is tried is over
//! ([`ahead`](super::ahead)).

use std::{collections::BTreeMap, time::Duration};

use super::{
    place::{Arrival, PLACES},
    rule::{Applying, Rule, Rules, Subject, Whom},
};
use crate::{
    app::App,
    audit::{Actor, Context},
    clock::Timestamp,
    directory::{access::Access, owner::Owner},
    geography::Place,
    id::{OrganizationId, UserId},
    setting::{Setting, Value, schedule},
    storage::{self, Tx},
};

/// How long somebody may have to wait until it is open.
const LONGEST_WAIT: Duration = Duration::from_hours(14 * 24);

/// Who was signed in so long ago counts no more; sessions are kept no longer.
const LATELY: Duration = Duration::from_hours(30 * 24);

/// Whether somebody comes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coming {
    In,
    /// At no time within two weeks, or from none of the addresses that they come from.
    Stopped,
    /// It depends on where they come from, and nobody knows.
    Unknown,
}

/// What becomes of the owners of an organization, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owners {
    /// Some of them come in, or there are none that the rule is about.
    Spared,
    /// Of none it is known where they come from.
    Unknown,
    /// All are stopped of whom it is known.
    Stopped,
}

impl Owners {
    fn of(all: &[Coming]) -> Self {
        match () {
            () if all.is_empty() || all.contains(&Coming::In) => Self::Spared,
            () if all.contains(&Coming::Stopped) => Self::Stopped,
            () => Self::Unknown,
        }
    }
}

/// A rule that was just set, among the rules beside which it may stop somebody: those of hours, of places, or of factors.
pub(super) struct Change {
    itself: Rules,
    /// Those of now, and those of each time to come.
    beside: Vec<Rules>,
}

impl Change {
    /// By the rules beside it, those of now first.
    pub(super) fn of(beside: Vec<Rules>, setting: Setting, subject: &str) -> Self {
        let is_itself = |rule: &&Rule| rule.setting == setting && rule.subject.to_string() == subject;
        let itself = beside.first().into_iter().flat_map(Rules::iter).filter(is_itself).cloned().collect();
        Self { itself: Rules::of(itself), beside }
    }

    /// The same of a rule that was taken back, by the rules of before and of now: what follows without it may be stricter.
    pub(super) fn without(before: Vec<Rules>, now: Vec<Rules>, setting: Setting, subject: &str) -> Self {
        Self { itself: Self::of(before, setting, subject).itself, beside: now }
    }

    /// Whether it holds for somebody; whoever is stopped without it is not stopped by it.
    fn covers(&self, access: &Access) -> bool {
        !self.itself.applying(Whom { access: Some(access), client: None }).is_empty()
    }

    /// Whether somebody is stopped at some time who comes from these places.
    fn stops(&self, access: &Access, known: &[Place], now: Timestamp) -> bool {
        self.beside.iter().any(|rules| leave(rules, access, known, now) == Coming::Stopped)
    }

    /// Whether nothing is left that somebody could set up.
    fn leaves_no_factor(&self, access: &Access, app: &App) -> bool {
        let whom = Whom { access: Some(access), client: None };
        self.beside.iter().any(|rules| rules.applying(whom).leave_no_factor(app.config.factors))
    }
}

/// What becomes of somebody who comes from these places.
fn leave(rules: &Rules, access: &Access, known: &[Place], now: Timestamp) -> Coming {
    coming(&rules.applying(Whom { access: Some(access), client: None }), known, now)
}

/// What becomes of the owners by a change.
pub(super) async fn owners(
    tx: &mut Tx,
    app: &App,
    (organization, change): (&OrganizationId, &Change),
    now: Timestamp,
) -> storage::Result<Owners> {
    let (owners, accesses) = held_by_owners(tx, organization, now).await?;
    // An organization without an owner is looked after by the server's administrator.
    if !accesses.iter().any(|access| change.covers(access)) {
        return Ok(Owners::Spared);
    }
    let people: Vec<UserId> = owners.into_iter().map(|owner| owner.user).collect();
    let known = places(tx, app, (&people, now)).await?;
    let of = |user: &UserId| known.get(user).map_or(&[][..], Vec::as_slice);
    let by = |rules: &Rules| {
        let all = people.iter().zip(&accesses).map(|(user, access)| leave(rules, access, of(user), now));
        Owners::of(&all.collect::<Vec<_>>())
    };
    Ok(change.beside.iter().map(by).max().unwrap_or(Owners::Spared))
}

/// The owners, each with what they hold.
async fn held_by_owners(
    tx: &mut Tx,
    organization: &OrganizationId,
    now: Timestamp,
) -> storage::Result<(Vec<Owner>, Vec<Access>)> {
    let owners = tx.assignments().lasting_owners(organization, now).await?;
    let memberships: Vec<_> = owners.iter().map(|owner| owner.membership.clone()).collect();
    let holdings = tx.access().holdings_of(&memberships, now).await?;
    Ok((owners, holdings.into_iter().map(|holdings| holdings.access(now)).collect()))
}

/// Where people come from: where they are signed in, or were last.
async fn places(
    tx: &mut Tx,
    app: &App,
    (people, now): (&[UserId], Timestamp),
) -> storage::Result<BTreeMap<UserId, Vec<Place>>> {
    let mut known: BTreeMap<UserId, Vec<Place>> = BTreeMap::new();
    let learn = |known: &mut BTreeMap<UserId, Vec<Place>>, found: Vec<(UserId, String)>| {
        for (user, address) in found {
            known.entry(user).or_default().extend(address.parse().map(|address| app.place_of(address)));
        }
    };
    learn(&mut known, tx.whereabouts().addresses(people, now).await?);
    let away: Vec<UserId> = people.iter().filter(|user| !known.contains_key(*user)).cloned().collect();
    learn(&mut known, tx.whereabouts().last_addresses(&away, now.minus(LATELY)).await?);
    Ok(known)
}

/// Whether the member who sets it would be stopped where they are, or at every time.
pub(super) async fn stops_setter(
    tx: &mut Tx,
    app: &App,
    context: &Context,
    (organization, change): (&OrganizationId, &Change),
) -> storage::Result<bool> {
    let Some(access) = held_by_setter(tx, context, organization).await? else { return Ok(false) };
    let place = context.address.as_ref().and_then(|address| address.parse().ok()).map(|address| app.place_of(address));
    Ok(change.covers(&access) && change.stops(&access, place.as_slice(), context.now))
}

/// What the member holds who sets it; none for whoever is not one.
async fn held_by_setter(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
) -> storage::Result<Option<Access>> {
    let Actor::User(user) = &context.actor else { return Ok(None) };
    let members = tx.policy_rules().members(organization, std::slice::from_ref(user)).await?;
    match members.first() {
        Some(member) => tx.access().of_member(&member.membership, context.now).await.map(Some),
        None => Ok(None),
    }
}

/// Whether a rule that was just set, of this setting, lets only those in whom an upstream knows, and that is no owner: nobody is
/// left who could mend it, but an emergency account.
pub(super) async fn needs_an_upstream(
    tx: &mut Tx,
    (organization, change): (&OrganizationId, &Change),
    now: Timestamp,
) -> storage::Result<bool> {
    let asked = |access: &Access| {
        let whom = Whom { access: Some(access), client: None };
        change.beside.iter().any(|rules| rules.applying(whom).flag(Setting::UpstreamRequired))
    };
    let (owners, accesses) = held_by_owners(tx, organization, now).await?;
    let people: Vec<UserId> = owners.iter().map(|owner| owner.user.clone()).collect();
    let linked = tx.whereabouts().linked(organization, &people).await?;
    let is_left = |(user, access): (&UserId, &Access)| !asked(access) || linked.contains(user);
    Ok(!people.is_empty() && !people.iter().zip(&accesses).any(is_left))
}

/// The settings that say what can be set up, and what has to be.
const FACTORS: [Setting; 3] = [Setting::FactorKinds, Setting::FactorPasskeyModels, Setting::FactorRequired];

/// Who has no second factor left to set up by a change, of whoever sets it ("you"), the owners and, where it is for one member,
/// that one: the name.
pub(super) async fn without_factor(
    tx: &mut Tx,
    app: &App,
    context: &Context,
    (organization, change): (&OrganizationId, &Change),
) -> storage::Result<Option<String>> {
    let Some(rule) = change.itself.iter().find(|rule| FACTORS.contains(&rule.setting)) else { return Ok(None) };
    let is_left_without = |access: &Access| change.covers(access) && change.leaves_no_factor(access, app);
    if held_by_setter(tx, context, organization).await?.is_some_and(|access| is_left_without(&access)) {
        return Ok(Some("you".to_owned()));
    }
    let found = if let Subject::Member(id) = &rule.subject {
        let held = tx.access().of_member(id, context.now).await?;
        // The rule is for them while they are suspended, too.
        let access = Access { member: Some(id.clone()), ..held };
        is_left_without(&access).then(|| id.to_string())
    } else {
        let (owners, accesses) = held_by_owners(tx, organization, context.now).await?;
        let mut all = owners.iter().zip(&accesses);
        all.find(|(_, access)| is_left_without(access)).map(|(owner, _)| owner.membership.to_string())
    };
    let Some(id) = found else { return Ok(None) };
    Ok(tx.login_names_of_members(std::slice::from_ref(&id)).await?.remove(&id).or(Some(id)))
}

/// Whether somebody is let in at some time within two weeks, and from one of the addresses that they come from.
fn coming(applying: &Applying<'_>, known: &[Place], now: Timestamp) -> Coming {
    let schedules = applying.schedules(Setting::ScheduleWindows);
    let is_never_open =
        !schedule::are_open(&schedules, now) && schedule::next_turn(&schedules, now, LONGEST_WAIT).is_none();
    // A second factor can be set up.
    let is_elsewhere = |place: &Place| {
        applying
            .stopped_at(Arrival { place: *place, is_sure: true, unexpected: crate::session::Unexpected::default() })
            .is_some()
    };
    let is_nowhere = !known.is_empty() && known.iter().all(is_elsewhere);
    match () {
        () if is_never_open || is_nowhere || admits_nowhere(applying) => Coming::Stopped,
        () if known.is_empty() && asks_where(applying) => Coming::Unknown,
        () => Coming::In,
    }
}

/// Whether somebody is stopped who comes from elsewhere.
fn asks_where(applying: &Applying<'_>) -> bool {
    denies(applying) && PLACES.into_iter().any(|setting| applying.value(setting).is_some())
}

fn denies(applying: &Applying<'_>) -> bool {
    applying.choice(Setting::NetworkOtherwise).is_none_or(|otherwise| otherwise == "deny")
}

/// Whether nothing is left of the networks, or of the countries, that are allowed.
fn admits_nowhere(applying: &Applying<'_>) -> bool {
    let is_empty = |setting| match applying.value(setting) {
        Some(Value::Networks(networks)) => networks.is_empty(),
        Some(Value::Words(countries)) => countries.is_empty(),
        _ => false,
    };
    denies(applying) && (is_empty(Setting::NetworkAllowed) || is_empty(Setting::NetworkCountries))
}

#[cfg(test)]
mod tests {
    use super::{
        super::rule::tests::{organization, rule},
        *,
    };

    const IN: Coming = Coming::In;
    const STOPPED: Coming = Coming::Stopped;
    const UNKNOWN: Coming = Coming::Unknown;

    #[test]
    fn somebody_is_stopped_who_never_comes_in_and_where_nobody_knows_it_is_said() {
        let now = Timestamp::parse("2026-11-23T22:00:00Z").unwrap();
        let place = |text: &str, country: Option<&str>| Place {
            address: text.parse().unwrap(),
            country: country.map(|code| code.parse().unwrap()),
        };
        let at = |text: &str| place(text, None);
        for (rules, known, expected) in [
            (vec![], vec![], IN),
            (vec![(Setting::ScheduleWindows, "mon-fri 07:00-19:00 in UTC")], vec![], IN),
            (vec![(Setting::ScheduleWindows, "daily 07:00-19:00 in UTC until 2026-11-20")], vec![], STOPPED),
            (
                vec![
                    (Setting::ScheduleWindows, "mon 07:00-19:00 in UTC"),
                    (Setting::ScheduleWindows, "tue 07:00-19:00 in UTC"),
                ],
                vec![],
                STOPPED,
            ),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8")], vec![], UNKNOWN),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8"), (Setting::NetworkOtherwise, "step-up")], vec![], IN),
            (vec![(Setting::NetworkOtherwise, "deny")], vec![], IN),
            (vec![(Setting::NetworkCountriesDenied, "DK")], vec![], UNKNOWN),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8")], vec![at("10.1.1.1"), at("192.0.2.7")], IN),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8")], vec![at("192.0.2.7")], STOPPED),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8"), (Setting::NetworkAllowed, "192.0.2.0/24")], vec![], STOPPED),
            (
                vec![(Setting::NetworkAllowed, "10.0.0.0/8"), (Setting::NetworkOtherwise, "alert")],
                vec![at("192.0.2.7")],
                IN,
            ),
            (vec![(Setting::NetworkCountries, "SE")], vec![place("192.0.2.7", Some("DK"))], STOPPED),
            (vec![(Setting::NetworkCountries, "SE, DK")], vec![place("192.0.2.7", Some("DK"))], IN),
            (vec![(Setting::NetworkCountriesDenied, "DK")], vec![place("192.0.2.7", Some("DK")), at("192.0.2.8")], IN),
            (vec![(Setting::NetworkCountries, "SE"), (Setting::NetworkCountries, "DK")], vec![], STOPPED),
        ] {
            let rules = Rules::of(rules.into_iter().map(|(what, value)| rule(organization(), what, value)).collect());
            assert_eq!(coming(&rules.all(), &known, now), expected, "{rules:?} {known:?}");
        }
    }

    #[test]
    fn owners_are_stopped_unless_one_is_known_to_come_in() {
        for (all, expected) in [
            (&[][..], Owners::Spared),
            (&[STOPPED, IN], Owners::Spared),
            (&[UNKNOWN, IN], Owners::Spared),
            (&[STOPPED], Owners::Stopped),
            (&[UNKNOWN, STOPPED, UNKNOWN], Owners::Stopped),
            (&[UNKNOWN, UNKNOWN], Owners::Unknown),
        ] {
            assert_eq!(Owners::of(all), expected, "{all:?}");
        }
    }
}
