//! Which changes concern an app: read off the audit log, in the order of its seals.
//!
//! No change is without its event, written in the transaction of the change: so the log is the outbox. An app reads it from
//! where it left off, and what it concerns is noted in the same unit as how far it has read. Nothing is written for an
//! organization without apps, and nothing while somebody changes the directory.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    plan::Look,
    store::Rank,
    target::{Progress, Target},
    thing::Thing,
};
use crate::{
    audit::{Chain, Recorded},
    clock::Timestamp,
    id::{GroupId, MembershipId, UserId},
    storage::{Result, Tx},
};

/// Seals that are read at a time; so often how far it was read is written down while nothing concerns the app.
const STRIDE: i64 = 20;

/// An app that is so far behind is compared as a whole.
pub const TOO_FAR: i64 = 5_000;

/// Memberships that turn at a time.
const MOST_TURNS: u32 = 1_000;

/// Actions of the log of an organization.
const OF_ORGANIZATION: [&str; 16] = [
    "organization-update",
    "membership-creation",
    "membership-update",
    "membership-claim",
    "membership-disabling",
    "membership-enabling",
    "membership-removal",
    "invitation-acceptance",
    "group-creation",
    "group-update",
    "group-removal",
    "group-join",
    "group-leave",
    "user-update",
    "user-disabling",
    "user-enabling",
];

/// Actions of the log of the server: about people, in whatever organization.
const OF_SERVER: [&str; 6] =
    ["user-update", "email-change", "user-disabling", "user-enabling", "user-validity", "user-deletion"];

/// Whom a change concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Member(MembershipId),
    Person(UserId),
    Group(GroupId),
    /// A group lies in another one, or no longer: whichever those were.
    Groups,
    /// Who lies in which group is another matter than before: everybody.
    All,
}

/// Whom an event concerns, and how urgent it is.
fn subjects(event: &Recorded, is_by_group: bool) -> Vec<(Subject, Rank)> {
    let resource = || event.resource.clone().unwrap_or_default();
    let member = |rank| vec![(Subject::Member(MembershipId::from_stored(resource())), rank)];
    let group = || (Subject::Group(GroupId::from_stored(resource())), Rank::Group);
    let person = |rank| event.person_id.clone().map(|id| (Subject::Person(UserId::from_stored(id)), rank));
    match event.action.as_str() {
        // An update may have set another end.
        "membership-disabling" | "membership-removal" | "membership-update" => member(Rank::Leaver),
        "membership-creation" | "membership-claim" | "membership-enabling" => member(Rank::Person),
        "group-join" => [Some(group()), person(Rank::Person)].into_iter().flatten().collect(),
        "group-leave" => [Some(group()), person(Rank::Leaver)].into_iter().flatten().collect(),
        "group-update" | "group-removal" if is_by_group => vec![group(), (Subject::All, Rank::Person)],
        "group-update" | "group-removal" => vec![group(), (Subject::Groups, Rank::Group)],
        "organization-update" if is_switch(event) => vec![(Subject::All, Rank::Leaver)],
        "organization-update" => vec![],
        "group-creation" => vec![group()],
        "user-disabling" | "user-validity" | "user-deletion" => person(Rank::Leaver).into_iter().collect(),
        _ => person(Rank::Person).into_iter().collect(),
    }
}

/// Whether an organization was disabled or enabled.
fn is_switch(event: &Recorded) -> bool {
    let detail: Value = serde_json::from_str(&event.detail).unwrap_or_default();
    matches!(detail["attributes"].as_str(), Some("disabled" | "enabled"))
}

/// What is new for an app.
#[derive(Debug, Default)]
pub struct News {
    subjects: BTreeMap<Subject, Rank>,
    turned: Vec<MembershipId>,
    seals: (i64, i64),
    is_far: bool,
    has_more: bool,
}

impl News {
    /// Whether it is worth a run.
    #[must_use]
    pub fn is_worth_a_run(&self, progress: &Progress) -> bool {
        let read = (self.seals.0 - progress.seal).max(self.seals.1 - progress.server_seal);
        self.is_far || !self.subjects.is_empty() || !self.turned.is_empty() || read >= STRIDE
    }
}

/// Reads on in both logs.
///
/// # Errors
/// When the database fails.
pub async fn read(tx: &mut Tx, target: &Target, progress: &Progress, now: Timestamp) -> Result<News> {
    let own = Chain::of(Some(&target.organization));
    let (last, last_of_server) = (tx.audit().last_seal(&own).await?, tx.audit().last_seal(&Chain::of(None)).await?);
    if last - progress.seal > TOO_FAR || last_of_server - progress.server_seal > TOO_FAR {
        return Ok(News { seals: (last, last_of_server), is_far: true, ..News::default() });
    }
    let upto = last.min(progress.seal + STRIDE);
    let upto_of_server = last_of_server.min(progress.server_seal + STRIDE);
    let mut news = News {
        seals: (upto.max(progress.seal), upto_of_server.max(progress.server_seal)),
        has_more: upto < last || upto_of_server < last_of_server,
        ..News::default()
    };
    let is_by_group = !target.people.is_empty();
    let events = tx.audit().of_seals(&own, (progress.seal, upto), &OF_ORGANIZATION).await?;
    let of_server = tx.audit().of_seals(&Chain::of(None), (progress.server_seal, upto_of_server), &OF_SERVER).await?;
    for (subject, rank) in events.iter().chain(&of_server).flat_map(|event| subjects(event, is_by_group)) {
        let known = news.subjects.entry(subject).or_insert(rank);
        *known = rank.min(*known);
    }
    news.turned = tx.scope(&target.id, &target.organization, now).turned(progress.looked_at, MOST_TURNS).await?;
    Ok(news)
}

/// Notes what is new, with how far the log was read; whether it goes on. Where it concerns everybody, they are looked at.
///
/// # Errors
/// When the database fails.
pub async fn note(tx: &mut Tx, target: &Target, progress: &mut Progress, now: Timestamp) -> Result<bool> {
    let news = read(tx, target, progress, now).await?;
    let (mut marks, mut people, mut groups) = (BTreeMap::<Thing, Rank>::new(), BTreeMap::new(), BTreeSet::new());
    let mut are_groups = false;
    let mut is_all = news.is_far || news.turned.len() >= MOST_TURNS as usize;
    for (subject, rank) in news.subjects {
        match subject {
            Subject::Member(id) => drop(marks.insert(Thing::Person(id), rank)),
            Subject::Person(id) => drop(people.insert(id, rank)),
            Subject::Group(id) => drop(groups.insert(id)),
            Subject::Groups => are_groups = true,
            Subject::All => is_all = true,
        }
    }
    let mut scope = tx.scope(&target.id, &target.organization, now);
    let ids: Vec<UserId> = people.keys().cloned().collect();
    for (user, id) in scope.memberships_of(&ids).await? {
        let rank = people.get(&user).copied().unwrap_or(Rank::Person);
        let known = marks.entry(Thing::Person(id)).or_insert(rank);
        *known = rank.min(*known);
    }
    let groups: Vec<GroupId> = groups.into_iter().collect();
    let enclosing = scope.enclosing(&groups).await?;
    marks.extend(enclosing.into_iter().map(|id| (Thing::Group(id), Rank::Group)));
    marks.extend(news.turned.into_iter().map(|id| (Thing::Person(id), Rank::Leaver)));
    let marks: Vec<(Thing, Rank)> = marks.into_iter().collect();
    tx.pushed(&target.id).mark(&marks, now).await?;
    if are_groups {
        tx.pushed(&target.id).mark_groups(now).await?;
    }
    (progress.seal, progress.server_seal) = news.seals;
    progress.looked_at = now;
    if is_all {
        progress.survey = Some(Look::default());
    }
    tx.targets().noted(&target.id, progress).await?;
    Ok(news.has_more)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::{Context, Event},
        id::EventId,
        random::Random,
    };

    fn recorded(action: &str, person: Option<&str>, resource: Option<&str>) -> Recorded {
        let context = Context::server(Timestamp(0), Random::seeded(1));
        Recorded {
            id: EventId::fresh(context.now, &context.random),
            chain: Chain::of(None),
            at: context.now,
            action: action.to_owned(),
            outcome: "success".to_owned(),
            actor_kind: "server".to_owned(),
            actor_id: None,
            person_id: person.map(str::to_owned),
            client_id: None,
            resource: resource.map(str::to_owned),
            request_id: None,
            address: None,
            detail: "{}".to_owned(),
            seal: Some(1),
        }
    }

    #[test]
    fn an_event_says_whom_it_concerns_and_how_urgent_it_is() {
        let member = |id: &str, rank| (Subject::Member(MembershipId::from_stored(id.to_owned())), rank);
        let person = |id: &str, rank| (Subject::Person(UserId::from_stored(id.to_owned())), rank);
        let group = |id: &str| (Subject::Group(GroupId::from_stored(id.to_owned())), Rank::Group);
        for (action, is_by_group, expected) in [
            ("membership-removal", false, vec![member("r", Rank::Leaver)]),
            ("membership-disabling", false, vec![member("r", Rank::Leaver)]),
            ("membership-update", false, vec![member("r", Rank::Leaver)]),
            ("membership-enabling", false, vec![member("r", Rank::Person)]),
            ("group-join", false, vec![group("r"), person("p", Rank::Person)]),
            ("group-leave", true, vec![group("r"), person("p", Rank::Leaver)]),
            ("group-creation", true, vec![group("r")]),
            ("group-update", false, vec![group("r"), (Subject::Groups, Rank::Group)]),
            ("group-update", true, vec![group("r"), (Subject::All, Rank::Person)]),
            ("user-disabling", false, vec![person("p", Rank::Leaver)]),
            ("user-deletion", false, vec![person("p", Rank::Leaver)]),
            ("email-change", false, vec![person("p", Rank::Person)]),
            ("invitation-acceptance", false, vec![person("p", Rank::Person)]),
        ] {
            assert_eq!(subjects(&recorded(action, Some("p"), Some("r")), is_by_group), expected, "{action}");
        }
        assert_eq!(subjects(&recorded("user-update", None, None), false), []);
        for (attributes, expected) in [("name", vec![]), ("disabled", vec![(Subject::All, Rank::Leaver)])] {
            let detail = format!(r#"{{"attributes": "{attributes}"}}"#);
            let event = Recorded { detail, ..recorded("organization-update", None, Some("org_a")) };
            assert_eq!(subjects(&event, false), expected, "{attributes}");
        }
    }

    /// An action that is spelled otherwise would never be seen.
    #[test]
    fn every_action_that_is_looked_for_exists() {
        for action in OF_ORGANIZATION.iter().chain(&OF_SERVER) {
            assert!(Event::ACTIONS.contains(action), "{action}");
        }
    }
}
