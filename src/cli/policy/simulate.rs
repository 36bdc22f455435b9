//! `lanyard policy simulate`: the sign-ins to apps of the last days, against rules as they would be. Nothing is changed:
//! the unit of work in which the rules are set is taken back.
//!
//! What people hold, and whether they have a second factor, is as it is now; where and when they came is as the audit log
//! says.

use std::collections::{BTreeMap, BTreeSet};

use clap::Args;
use serde::Serialize;

use super::subject::{Found, Names, SubjectArgument};
use crate::{
    app::App,
    audit::{Context, Event, Recorded, store::Query},
    cli::{Shell, print, scope::Usage},
    clock::Timestamp,
    directory::{access::Access, organization::Organization},
    id::{EventId, OrganizationId, UserId},
    policy::{
        self, Arrival, Barrier, Rules, Whom, cached,
        changing::{self, Care},
    },
    setting::{Setting, Value},
    storage::{self, Tx},
};

/// Events that are read at a time.
const PAGE: u32 = 500;
/// Progress is told each time that so many were looked at.
const STRIDE: u64 = 20_000;

/// The settings that stop somebody who comes.
const STOPPING: [Setting; 5] = [
    Setting::NetworkAllowed,
    Setting::NetworkCountries,
    Setting::NetworkCountriesDenied,
    Setting::NetworkOtherwise,
    Setting::ScheduleWindows,
];

/// Other rules, and how far back.
#[derive(Debug, Args)]
pub(super) struct Trial {
    /// A rule as it would be: a setting that stops somebody, and its value; may be repeated
    #[arg(long = "set", value_name = "SETTING=VALUE", value_parser = change)]
    set: Vec<(Setting, Value)>,
    /// A rule that would be taken back; may be repeated
    #[arg(long, value_name = "SETTING")]
    unset: Vec<Setting>,
    #[command(flatten)]
    subject: SubjectArgument,
    /// How many days back
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=366))]
    days: u16,
    /// How many of those who would have been stopped are listed, the latest first; all are counted
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    limit: u16,
}

fn change(text: &str) -> Result<(Setting, Value), String> {
    let (setting, value) = text.split_once('=').ok_or("write SETTING=VALUE")?;
    let setting: Setting = setting.trim().parse().map_err(|error: crate::setting::UnknownSetting| error.to_string())?;
    let value = setting.kind().parse(value).map_err(|error| format!("{setting}: {error}"))?;
    Ok((setting, value))
}

/// What it comes to.
#[derive(Debug, Serialize)]
struct Answer {
    since: String,
    /// Sign-ins to apps that were looked at.
    looked_at: u64,
    /// Those that would have been stopped.
    stopped: u64,
    /// How many people that are.
    people: usize,
    stops: Vec<Stop>,
}

#[derive(Debug, Serialize)]
struct Stop {
    at: String,
    person: String,
    person_id: String,
    client: String,
    address: Option<String>,
    country: Option<String>,
    setting: &'static str,
    rules: String,
}

/// What is known of a person in the organization; nothing of who is no member any more.
type Known = BTreeMap<UserId, Option<(Access, bool)>>;

/// Answers.
pub(super) async fn simulate(shell: &Shell, of: &Organization, trial: Trial) -> anyhow::Result<()> {
    let other = trial.set.iter().map(|(setting, _)| setting).chain(&trial.unset).find(|one| !STOPPING.contains(one));
    if let Some(setting) = other {
        let names = STOPPING.map(Setting::name).join(", ");
        return Err(Usage(format!("{setting} stops nobody who comes; simulate {names}")).into());
    }
    let (now, limit) = (shell.app.clock.now(), usize::from(trial.limit));
    let since = now.minus(std::time::Duration::from_hours(24 * u64::from(trial.days)));
    record_reading(shell, &of.id, trial.days).await?;
    let rules = as_they_would_be(shell, of, trial).await?;
    let (mut known, mut people) = (Known::new(), BTreeSet::new());
    let mut answer = Answer { since: since.to_string(), looked_at: 0, stopped: 0, people: 0, stops: vec![] };
    let mut before: Option<EventId> = None;
    loop {
        let events = page(shell, &of.id, (since, before)).await?;
        learn(&shell.app, &of.id, (&events, now), &mut known).await?;
        for event in &events {
            answer.looked_at += 1;
            let Some((user, barrier)) = judged(&shell.app, &rules, &known, event) else { continue };
            answer.stopped += 1;
            people.insert(user);
            if answer.stops.len() < limit {
                answer.stops.push(stop(&shell.app, event, barrier));
            }
        }
        before = events.last().map(|event| event.id.clone());
        if events.len() < PAGE as usize {
            break;
        }
        if answer.looked_at.is_multiple_of(STRIDE) {
            let back_to = events.last().map(|event| event.at.to_string()).unwrap_or_default();
            print::aside(format!("{} sign-ins looked at, back to {back_to}", answer.looked_at));
        }
    }
    answer.people = people.len();
    let names = Names::in_rules(&mut shell.app.storage.read().await?, &rules).await?;
    answer.stops.iter_mut().for_each(|stop| stop.rules = names.put(&stop.rules));
    show(shell, answer).await
}

/// The rules with the change, of which nothing stays.
async fn as_they_would_be(shell: &Shell, of: &Organization, trial: Trial) -> anyhow::Result<Rules> {
    let found = trial.subject.find(&mut shell.app.storage.read().await?, (&of.id, &of.slug)).await?;
    let (app, context, at) = (shell.app.clone(), shell.context(), of.id.clone());
    let change = (trial.set, trial.unset);
    let tried = shell.app.storage.write::<std::convert::Infallible, Tried, _>(move |tx| {
        Box::pin(async move {
            match applied(tx, (&app, &context), (&at, &found), change).await {
                Ok(rules) => Err(Tried::Rules(rules)),
                Err(error) => Err(Tried::Refused(error)),
            }
        })
    });
    match tried.await {
        Ok(never) => match never {},
        Err(Tried::Rules(rules)) => Ok(rules),
        Err(Tried::Refused(error)) => Err(error.into()),
    }
}

/// Why a trial ends without a change.
enum Tried {
    Rules(Rules),
    Refused(policy::Error),
}

impl From<storage::Error> for Tried {
    fn from(fault: storage::Error) -> Self {
        Self::Refused(fault.into())
    }
}

async fn applied(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    (at, found): (&OrganizationId, &Found),
    (set, unset): (Vec<(Setting, Value)>, Vec<Setting>),
) -> Result<Rules, policy::Error> {
    let whom = ((found.kind, found.id.as_str()), found.name.as_str());
    for setting in unset {
        changing::unset(tx, context, at, whom, setting).await?;
    }
    for (setting, value) in set {
        changing::set(tx, (app, context), at, whom, (setting, &value, Care::Forced)).await?;
    }
    Ok(cached::read(tx, app, at).await?)
}

/// Some sign-ins to apps, the latest first.
async fn page(
    shell: &Shell,
    organization: &OrganizationId,
    (since, before): (Timestamp, Option<EventId>),
) -> storage::Result<Vec<Recorded>> {
    let query = Query {
        organization: Some(organization.clone()),
        action: Some("authorization".to_owned()),
        from: Some(since),
        before,
        limit: PAGE,
        ..Query::default()
    };
    shell.app.storage.read().await?.audit().list(query).await
}

/// Reads what is not known yet of the people of some events, all at once.
async fn learn(
    app: &App,
    organization: &OrganizationId,
    (events, now): (&[Recorded], Timestamp),
    known: &mut Known,
) -> storage::Result<()> {
    let ids = events.iter().filter_map(|event| event.person_id.as_deref()?.parse::<UserId>().ok());
    let new: BTreeSet<UserId> = ids.filter(|id| !known.contains_key(id)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let mut tx = app.storage.read().await?;
    let members = tx.policy_rules().members(organization, &new.iter().cloned().collect::<Vec<_>>()).await?;
    let memberships: Vec<_> = members.iter().map(|member| member.membership.clone()).collect();
    let holdings = tx.access().holdings_of(&memberships, now).await?;
    known.extend(new.into_iter().map(|id| (id, None)));
    for (member, holdings) in members.into_iter().zip(holdings) {
        known.insert(member.user, Some((holdings.access(now), member.has_factor)));
    }
    Ok(())
}

fn judged(app: &App, rules: &Rules, known: &Known, event: &Recorded) -> Option<(UserId, Barrier)> {
    let user: UserId = event.person_id.as_deref()?.parse().ok()?;
    let (access, is_sure) = known.get(&user)?.as_ref()?;
    let place = event.address.as_deref().and_then(|text| text.parse().ok()).map(|address| app.place_of(address));
    let from =
        place.map(|place| Arrival { place, is_sure: *is_sure, unexpected: crate::session::Unexpected::default() });
    let whom = Whom { access: Some(access), client: event.client_id.as_deref() };
    let barrier = rules.applying(whom).barrier(event.at, from)?;
    Some((user, barrier))
}

fn stop(app: &App, event: &Recorded, barrier: Barrier) -> Stop {
    let id = event.person_id.clone().unwrap_or_default();
    Stop {
        at: event.at.to_string(),
        person: id.clone(),
        person_id: id,
        client: event.client_id.clone().unwrap_or_default(),
        country: event.address.as_ref().and_then(|text| app.country_of(text)),
        address: event.address.clone(),
        setting: barrier.setting.name(),
        rules: barrier.rules,
    }
}

async fn show(shell: &Shell, mut answer: Answer) -> anyhow::Result<()> {
    let mut ids: Vec<String> = answer.stops.iter().map(|stop| stop.person_id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let names = shell.app.storage.read().await?.names_of_users(&ids).await?;
    for stop in &mut answer.stops {
        stop.person = names.get(&stop.person_id).cloned().unwrap_or_else(|| stop.person_id.clone());
    }
    if shell.is_json() {
        return shell.show(&answer, &[]);
    }
    shell.table(&answer.stops, &["at", "person", "app", "from", "setting", "rules"], |stop| {
        let country = stop.country.as_ref().map(|country| format!(" ({country})")).unwrap_or_default();
        let from = format!("{}{country}", stop.address.as_deref().unwrap_or("-"));
        let [setting, rules] = [stop.setting.to_owned(), stop.rules.clone()];
        vec![stop.at.clone(), stop.person.clone(), stop.client.clone(), from, setting, rules]
    })?;
    let Answer { looked_at, stopped, people, since, .. } = &answer;
    shell.say(format!(
        "Of {looked_at} sign-ins to apps since {since}, {stopped} of {people} people would have been stopped."
    ));
    Ok(())
}

async fn record_reading(shell: &Shell, organization: &OrganizationId, days: u16) -> storage::Result<()> {
    let (context, at) = (shell.context(), organization.clone());
    let event = Event::AuditReading { filter: format!("policy simulate days={days}") };
    let recording = shell.app.storage.write(move |tx| {
        Box::pin(async move {
            tx.record(&context, Some(&at), &event);
            Ok(())
        })
    });
    recording.await
}
