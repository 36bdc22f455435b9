//! Setting a rule and taking it back, each with its audit event. What would stop every owner is refused.

use std::{collections::BTreeMap, time::Duration};

use super::{
    cached,
    place::Arrival,
    rule::{Applying, Rule, Rules, Whom},
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::{self, access::Access, membership},
    geography::Place,
    id::{MembershipId, OrganizationId, UserId},
    setting::{Setting, SubjectKind, Value, schedule},
    storage::{self, Tx},
};

/// Why a rule was not set; the message is fit for whoever asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
    /// Something of the directory is not there.
    #[error(transparent)]
    Directory(#[from] directory::Error),
    /// A setting that is not for such a subject.
    #[error("{0} cannot be set for a {kind}; it is for a whole {list}", kind = .1.name(), list = subjects(*.0))]
    NotFor(Setting, SubjectKind),
    /// An emergency account has rules of its own.
    #[error("an emergency account has rules of its own, which nobody changes")]
    EmergencyAccount,
    /// Every owner would be stopped.
    #[error(
        "with this rule {0} would stop every owner of the organization, at every time or from wherever they are signed in \
         now; correct it, or add --force"
    )]
    StopsOwners(Setting),
    /// Nobody knows in which country an address is.
    #[error(
        "there is no file of countries, so {0} would stop whoever comes from a public address, or nobody: set `[network] \
         countries`, or add --force"
    )]
    CountriesUnknown(Setting),
    /// Whoever sets it would be stopped.
    #[error("with this rule {0} would stop you, at every time or from where you are now; correct it, or add --force")]
    StopsSetter(Setting),
    /// Nothing is tried.
    #[error("no change is being tried there; `lanyard policy list` shows those that are")]
    NoTrial,
    /// There is no such rule.
    #[error("there is no rule for {0} there; `lanyard policy list` shows those that there are")]
    NoRule(Setting),
}

fn subjects(setting: Setting) -> String {
    setting.row().subjects.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

/// For whom a rule is set: the kind, and its id; the organization itself has none.
pub type For<'a> = (SubjectKind, &'a str);

/// How long somebody may have to wait until it is open.
const LONGEST_WAIT: Duration = Duration::from_hours(14 * 24);

/// Sets a rule, over the one that there is; its former value. Who is `forced` may stop every owner. What was tried of it is
/// tried no more.
///
/// # Errors
/// When the setting is not for such a subject, when there is no such member, for an emergency account, and when every owner
/// would be stopped.
pub async fn set(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    organization: &OrganizationId,
    (subject, name): (For<'_>, &str),
    (setting, value, care): (Setting, &Value, Care),
) -> Result<Option<String>, Error> {
    if !setting.row().subjects.contains(&subject.0) {
        return Err(Error::NotFor(setting, subject.0));
    }
    let is_of_countries = matches!(setting, Setting::NetworkCountries | Setting::NetworkCountriesDenied);
    if is_of_countries && care == Care::SpareOwners && !app.countries.are_known() {
        return Err(Error::CountriesUnknown(setting));
    }
    tx.organizations().lock(organization).await?;
    let user = person(tx, organization, subject).await?;
    if let Some(user) = &user
        && tx.emergency_accounts().of_user(user).await?.is_some()
    {
        return Err(Error::EmergencyAccount);
    }
    let former = tx.policy_rules().value(organization, subject, setting).await?;
    tx.policy_trials().end(organization, subject, setting).await?;
    tx.policy_rules().put(context, organization, subject, (setting, value)).await?;
    if care == Care::SpareOwners {
        let change = Change::of(cached::read(tx, app, organization).await?, setting, &named(subject.0, name));
        if stops_every_owner(tx, app, (organization, &change), context.now).await? {
            return Err(Error::StopsOwners(setting));
        }
        if stops_setter(tx, app, context, (organization, &change)).await? {
            return Err(Error::StopsSetter(setting));
        }
    }
    let event = Event::PolicySet {
        user: named_in_log(user),
        setting: setting.name().to_owned(),
        subject: named(subject.0, name),
        from: former.clone().unwrap_or_default(),
        to: value.to_string(),
    };
    tx.record(context, Some(organization), &event);
    Ok(former)
}

/// Whether a rule may stop every owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Care {
    /// It may not.
    SpareOwners,
    /// Whoever sets it means it.
    Forced,
}

/// Takes a rule back; its value.
///
/// # Errors
/// When there is none.
pub async fn unset(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    (subject, name): (For<'_>, &str),
    setting: Setting,
) -> Result<String, Error> {
    tx.organizations().lock(organization).await?;
    let former = tx.policy_rules().value(organization, subject, setting).await?;
    let former = former.ok_or(Error::NoRule(setting))?;
    let user = named_in_log(person(tx, organization, subject).await?);
    tx.policy_trials().end(organization, subject, setting).await?;
    tx.policy_rules().delete(organization, subject, setting).await?;
    let (setting, subject) = (setting.name().to_owned(), named(subject.0, name));
    let event = Event::PolicyRemoval { user, setting, subject, from: former.clone() };
    tx.record(context, Some(organization), &event);
    Ok(former)
}

/// The person whom a rule is about that is for one member alone, kept as they are until the commit: nobody leaves meanwhile
/// and leaves a rule behind.
pub(super) async fn person(
    tx: &mut Tx,
    organization: &OrganizationId,
    (kind, id): For<'_>,
) -> Result<Option<UserId>, Error> {
    if kind != SubjectKind::Member {
        return Ok(None);
    }
    let id = MembershipId::from_stored(id.to_owned());
    Ok(Some(membership::existing(tx, organization, &id).await?.user_id))
}

/// The same, as the audit log has it.
pub(super) fn named_in_log(user: Option<UserId>) -> String {
    user.map(String::from).unwrap_or_default()
}

/// For whom a rule is, in words.
#[must_use]
pub fn named(kind: SubjectKind, name: &str) -> String {
    format!("{} {name}", kind.name())
}

/// A rule that was just set, among the rules beside which it may stop somebody: those of hours, or those of places.
struct Change {
    itself: Rules,
    beside: Rules,
}

impl Change {
    fn of(rules: Rules, setting: Setting, subject: &str) -> Self {
        let part = |setting: Setting| setting.name().split('.').next();
        let beside: Vec<_> = rules.into_vec().into_iter().filter(|rule| part(rule.setting) == part(setting)).collect();
        let is_itself = |rule: &&Rule| rule.setting == setting && rule.subject.to_string() == subject;
        Self { itself: Rules::of(beside.iter().filter(is_itself).cloned().collect()), beside: Rules::of(beside) }
    }

    /// Whether it holds for somebody; whoever is stopped without it is not stopped by it.
    fn covers(&self, access: &Access) -> bool {
        !self.itself.applying(Whom { access: Some(access), client: None }).is_empty()
    }

    /// Whether somebody who comes from these places is stopped since.
    fn leaves_stopped(&self, access: &Access, known: &[Place], now: Timestamp) -> bool {
        is_stopped(&self.beside.applying(Whom { access: Some(access), client: None }), known, now)
    }
}

async fn stops_every_owner(
    tx: &mut Tx,
    app: &App,
    (organization, change): (&OrganizationId, &Change),
    now: Timestamp,
) -> storage::Result<bool> {
    let owners = tx.assignments().lasting_owners(organization, now).await?;
    let memberships: Vec<_> = owners.iter().map(|owner| owner.membership.clone()).collect();
    let holdings = tx.access().holdings_of(&memberships, now).await?;
    let people: Vec<UserId> = owners.iter().map(|owner| owner.user.clone()).collect();
    let mut known: BTreeMap<UserId, Vec<Place>> = BTreeMap::new();
    for (user, address) in tx.policy_rules().addresses(&people).await? {
        known.entry(user).or_default().extend(address.parse().map(|address| app.place_of(address)));
    }
    let accesses: Vec<Access> = holdings.into_iter().map(|holdings| holdings.access(now)).collect();
    let mut all = people.iter().zip(&accesses);
    let is_stopped = |(user, access): (&UserId, &Access)| {
        change.leaves_stopped(access, known.get(user).map_or(&[], Vec::as_slice), now)
    };
    // An organization without an owner is looked after by the server's administrator.
    Ok(accesses.iter().any(|access| change.covers(access)) && all.all(is_stopped))
}

/// Whether the member who sets it would be stopped where they are, or at every time.
async fn stops_setter(
    tx: &mut Tx,
    app: &App,
    context: &Context,
    (organization, change): (&OrganizationId, &Change),
) -> storage::Result<bool> {
    let Actor::User(user) = &context.actor else { return Ok(false) };
    let members = tx.policy_rules().members(organization, std::slice::from_ref(user)).await?;
    let Some(member) = members.first() else { return Ok(false) };
    let access = tx.access().of_member(&member.membership, context.now).await?;
    let place = context.address.as_ref().and_then(|address| address.parse().ok()).map(|address| app.place_of(address));
    Ok(change.covers(&access) && change.leaves_stopped(&access, place.as_slice(), context.now))
}

/// Whether somebody is let in at no time within two weeks, or from none of the addresses that they come from.
fn is_stopped(applying: &Applying<'_>, known: &[Place], now: Timestamp) -> bool {
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
    is_never_open || is_nowhere || admits_nowhere(applying)
}

/// Whether nothing is left of the networks, or of the countries, that are allowed.
fn admits_nowhere(applying: &Applying<'_>) -> bool {
    let is_empty = |setting| match applying.value(setting) {
        Some(Value::Networks(networks)) => networks.is_empty(),
        Some(Value::Words(countries)) => countries.is_empty(),
        _ => false,
    };
    let is_denied = applying.choice(Setting::NetworkOtherwise).is_none_or(|otherwise| otherwise == "deny");
    is_denied && (is_empty(Setting::NetworkAllowed) || is_empty(Setting::NetworkCountries))
}

#[cfg(test)]
mod tests {
    use super::{
        super::rule::tests::{organization, rule},
        *,
    };

    #[test]
    fn somebody_is_stopped_who_never_comes_in() {
        let now = Timestamp::parse("2026-11-23T22:00:00Z").unwrap();
        let place = |text: &str, country: Option<&str>| Place {
            address: text.parse().unwrap(),
            country: country.map(|code| code.parse().unwrap()),
        };
        let at = |text: &str| place(text, None);
        for (rules, known, expected) in [
            (vec![], vec![], false),
            (vec![(Setting::ScheduleWindows, "mon-fri 07:00-19:00 in UTC")], vec![], false),
            (vec![(Setting::ScheduleWindows, "daily 07:00-19:00 in UTC until 2026-11-20")], vec![], true),
            (
                vec![
                    (Setting::ScheduleWindows, "mon 07:00-19:00 in UTC"),
                    (Setting::ScheduleWindows, "tue 07:00-19:00 in UTC"),
                ],
                vec![],
                true,
            ),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8")], vec![], false),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8")], vec![at("10.1.1.1"), at("192.0.2.7")], false),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8")], vec![at("192.0.2.7")], true),
            (vec![(Setting::NetworkAllowed, "10.0.0.0/8"), (Setting::NetworkAllowed, "192.0.2.0/24")], vec![], true),
            (
                vec![(Setting::NetworkAllowed, "10.0.0.0/8"), (Setting::NetworkOtherwise, "alert")],
                vec![at("192.0.2.7")],
                false,
            ),
            (vec![(Setting::NetworkCountries, "SE")], vec![place("192.0.2.7", Some("DK"))], true),
            (vec![(Setting::NetworkCountries, "SE, DK")], vec![place("192.0.2.7", Some("DK"))], false),
            (
                vec![(Setting::NetworkCountriesDenied, "DK")],
                vec![place("192.0.2.7", Some("DK")), at("192.0.2.8")],
                false,
            ),
            (vec![(Setting::NetworkCountries, "SE"), (Setting::NetworkCountries, "DK")], vec![], true),
        ] {
            let rules = Rules::of(rules.into_iter().map(|(what, value)| rule(organization(), what, value)).collect());
            assert_eq!(is_stopped(&rules.all(), &known, now), expected, "{rules:?} {known:?}");
        }
    }
}
