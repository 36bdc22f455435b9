//! What has to be done: the directory as it is, against what is remembered of an app.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    decision::{Operation, Standing, decide},
    ending::is_to_leave,
    problem::Problem,
    projection,
    push::Task,
    store::{Pushed, Rank},
    target::Target,
    thing::Thing,
};
use crate::{
    clock::Timestamp,
    directory::provisioning::{Known, KnownGroup},
    id::{GroupId, MembershipId},
    scim::{Document, ResourceType, document::say_schemas},
    storage::{Result, Tx},
    text::Slug,
};

/// Rows that are looked at together.
const BATCH: u32 = 200;

/// What comes of a look at one person or group.
#[derive(Debug)]
pub enum Planned {
    /// Something, or nothing, is to be done.
    Task(Box<Task>),
    /// The mapping makes no document.
    Refused(Box<Pushed>, Problem),
}

/// What is to be done about these.
///
/// # Errors
/// When the database fails.
pub async fn tasks(
    tx: &mut Tx,
    (target, slug): (&Target, &Slug),
    rows: Vec<Pushed>,
    now: Timestamp,
) -> Result<Vec<Planned>> {
    let (mut people, mut groups) = (vec![], vec![]);
    for row in &rows {
        match &row.thing {
            Thing::Person(id) => people.push(id.clone()),
            Thing::Group(id) => groups.push(id.clone()),
        }
    }
    let of = &target.organization;
    let mut scope = tx.scope(&target.id, of, now);
    let standings: HashMap<MembershipId, Standing> = scope.people(&people).await?.into_iter().collect();
    let wanted_groups = scope.groups(&groups, target.settings.every_group).await?;
    let known = tx.member_records().by_ids(of, &people).await?;
    let known: HashMap<MembershipId, Known> = known.into_iter().map(|one| (one.membership.id.clone(), one)).collect();
    let known_groups = tx.group_records().by_ids(of, &wanted_groups).await?;
    let known_groups: HashMap<GroupId, KnownGroup> =
        known_groups.into_iter().map(|one| (one.group.id.clone(), one)).collect();
    let plan = |mut pushed: Pushed| {
        let (standing, document) = match &pushed.thing {
            Thing::Person(id) => {
                let standing = standings.get(id).copied().unwrap_or(Standing::Unwanted);
                let document = known.get(id).map(|known| target.settings.mapping.document(known, slug));
                if let (None, Some(Ok(document))) = (&pushed.name, &document) {
                    pushed.name = document.get("userName").and_then(Value::as_str).map(str::to_owned);
                }
                match document.filter(|_| standing == Standing::Wanted) {
                    Some(document) => (standing, Some(document)),
                    None => (standing.min_wanted(), None),
                }
            }
            Thing::Group(id) => match known_groups.get(id) {
                Some(known) => (Standing::Wanted, Some(Ok(group(known)))),
                None => (Standing::Erased, None),
            },
        };
        match document.transpose() {
            Ok(document) => {
                let digest = document.as_ref().map(projection::digest);
                let operation = decide(standing, pushed.remembered(), digest.as_deref(), target.settings.leaver);
                if is_to_leave(&pushed.thing, standing, operation) {
                    pushed.rank = Rank::Leaver;
                }
                Planned::Task(Box::new(Task { pushed, standing, operation, document }))
            }
            Err(problem) => Planned::Refused(Box::new(pushed), problem),
        }
    };
    Ok(rows.into_iter().map(plan).collect())
}

impl Standing {
    /// Whoever is wanted and not there any more when they are read is not wanted.
    const fn min_wanted(self) -> Self {
        match self {
            Self::Wanted => Self::Unwanted,
            other => other,
        }
    }
}

/// What the app is told of a group, but for its members.
fn group(known: &KnownGroup) -> Document {
    let mut document = Document::new();
    document.insert("displayName".to_owned(), json!(known.group.name.as_str()));
    document.insert("externalId".to_owned(), json!(known.group.id.as_str()));
    say_schemas(ResourceType::Group, &mut document);
    document
}

/// Where a look at everybody has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Look {
    known: Option<String>,
    people: Option<String>,
    groups: Option<String>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Stage {
    #[default]
    Known,
    NewPeople,
    NewGroups,
    Done,
}

impl Look {
    /// The next ones of all whom the app has and all whom it is to have; none at the end. Only keys are kept in between.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self, tx: &mut Tx, target: &Target, now: Timestamp) -> Result<Option<Vec<Pushed>>> {
        loop {
            let after = |place: &Option<String>| place.clone().unwrap_or_default();
            let of = &target.organization;
            let (rows, place, following) = match self.stage {
                Stage::Known => {
                    let rows = tx.pushed(&target.id).page(&after(&self.known), BATCH).await?;
                    (rows, &mut self.known, Stage::NewPeople)
                }
                Stage::NewPeople => {
                    let found = tx.scope(&target.id, of, now).new_people(&after(&self.people), BATCH).await?;
                    let rows = found.into_iter().map(|id| Pushed::nothing(Thing::Person(id))).collect();
                    (rows, &mut self.people, Stage::NewGroups)
                }
                Stage::NewGroups => {
                    let every = target.settings.every_group;
                    let found = tx.scope(&target.id, of, now).new_groups(every, &after(&self.groups), BATCH).await?;
                    let rows = found.into_iter().map(|id| Pushed::nothing(Thing::Group(id))).collect();
                    (rows, &mut self.groups, Stage::Done)
                }
                Stage::Done => return Ok(None),
            };
            let rows: Vec<Pushed> = rows;
            match rows.last() {
                Some(last) => {
                    *place = Some(last.thing.id().to_owned());
                    return Ok(Some(rows));
                }
                None => self.stage = following,
            }
        }
    }
}

/// What is to be looked at again of what was planned: whatever is not as it should be, and every group for its members.
#[must_use]
pub fn marks(planned: &[Planned]) -> Vec<(Thing, Rank)> {
    let mark = |one: &Planned| match one {
        Planned::Refused(pushed, _) => Some((pushed.thing.clone(), Rank::Person)),
        Planned::Task(task) => {
            let rank = match (&task.pushed.thing, task.operation) {
                (Thing::Group(_), _) => Rank::Group,
                (_, Operation::Keep) => return None,
                (_, Operation::Deactivate | Operation::Delete) => Rank::Leaver,
                _ => Rank::Person,
            };
            Some((task.pushed.thing.clone(), rank))
        }
    };
    planned.iter().filter_map(mark).collect()
}
