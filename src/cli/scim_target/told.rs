//! What a run came to, what it would come to, and whom an app refused.

use anyhow::bail;
use serde::Serialize;
use serde_json::Value;

use crate::{
    cli::{Shell, paging::Length, scope::instant},
    scim::outbound::{
        Target,
        preview::{Preview, Step},
        problem::{Problem, Trouble},
        run::Report,
        store::Pushed,
        thing::Thing,
    },
    storage,
};

/// Tells what a run came to; one that the app ended has failed.
pub(super) fn report(shell: &Shell, target: &Target, report: Report) -> anyhow::Result<()> {
    let facts = [
        ("created", report.created),
        ("changed", report.changed),
        ("left", report.left),
        ("refused", report.failed),
        ("repaired", report.drift),
        ("known to the app alone", report.unknown),
    ];
    let lines: Vec<(&str, String)> = facts.into_iter().map(|(name, count)| (name, count.to_string())).collect();
    shell.show(&report, &lines)?;
    let name = &target.name;
    if !report.strangers.is_empty() {
        shell.say(format!("Known to the app alone: {}", report.strangers.join(", ")));
    }
    if !report.kept.is_empty() {
        shell.say(format!("The app keeps: {}", report.kept.join(", ")));
    }
    if report.failed > report.kept.len() as u64 {
        shell.say(format!("What to do about those who were refused: `lanyard scim-target errors {name}`."));
    }
    if let Some(problem) = report.problem {
        bail!("{problem}; {}", problem.advice());
    }
    if let Some(leaving) = report.braked {
        bail!(
            "{leaving} people are to leave at once, so nobody did. Look at `lanyard scim-target preview {name}`; if it is meant, \
             repeat this with --confirm"
        );
    }
    Ok(())
}

/// Tells what would happen.
pub(super) fn preview(shell: &Shell, target: &Target, preview: &Preview) -> anyhow::Result<()> {
    if shell.is_json() {
        return shell.show(preview, &[]);
    }
    for step in &preview.steps {
        tell(shell, step);
    }
    let Preview { create, change, leave, keep, refused, .. } = preview;
    let rest = (create + change + leave + refused).saturating_sub(preview.steps.len() as u64);
    if rest > 0 {
        shell.say(format!("… and {rest} more (--limit N tells more of them)"));
    }
    shell.say(format!(
        "Would create or adopt {create}, change {change}, take out {leave}; {keep} are as they should be, {refused} cannot be \
         written. Nothing was changed."
    ));
    if preview.is_braked {
        shell.say(format!(
            "More than {} % would leave: nobody does before `lanyard scim-target sync {} --confirm`.",
            target.settings.brake, target.name
        ));
    }
    match &preview.problem {
        Some(problem) => bail!("the app could not be compared: {problem}; {}", problem.advice()),
        None => Ok(()),
    }
}

fn tell(shell: &Shell, step: &Step) {
    let name = step.name.as_deref().unwrap_or(&step.id);
    shell.say(format!("{:10} {:5} {name}", step.what, step.kind));
    if let Some(problem) = &step.problem {
        shell.say(format!("             {problem} → {}", problem.advice()));
    }
    for one in &step.differences {
        match &one.there {
            Value::Null => shell.say(format!("           + {} {}", one.path, one.wanted)),
            there => shell.say(format!("           ~ {} {there} → {}", one.path, one.wanted)),
        }
    }
}

/// One who was refused.
#[derive(Debug, Serialize)]
struct Refused {
    id: String,
    kind: &'static str,
    name: Option<String>,
    trouble: &'static str,
    detail: String,
    at: String,
    attempts: i64,
    next_at: Option<String>,
    what_to_do: &'static str,
}

/// Lists whom the app refused, the app itself first.
pub(super) async fn errors(shell: &Shell, target: &Target, length: Length) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let mut rows = tx.pushed(&target.id).troubled(length.and_one()).await?;
    let is_cut = length.cut(&mut rows);
    let names = names(&mut tx, target, &rows).await?;
    drop(tx);
    let mut all: Vec<Refused> = vec![];
    let progress = &target.progress;
    if let Some((problem, at)) = &progress.trouble {
        let next = Some(progress.due_at).filter(|_| target.paused_at.is_none());
        all.push(refused(
            target.id.to_string(),
            ("app", Some(target.name.to_string())),
            (problem, *at),
            (progress.failures, next),
        ));
    }
    for row in &rows {
        let Some((problem, at)) = &row.trouble else { continue };
        let kind = if matches!(row.thing, Thing::Group(_)) { "group" } else { "user" };
        let name = names.iter().find(|(thing, _)| *thing == row.thing).map(|(_, name)| name.clone());
        let waits = problem.trouble == Trouble::Braked || target.paused_at.is_some();
        let next = if waits { None } else { row.due_at };
        all.push(refused(row.thing.id().to_owned(), (kind, name), (problem, *at), (row.attempts, next)));
    }
    tell_refused(shell, &all)?;
    length.tell(is_cut);
    Ok(())
}

fn tell_refused(shell: &Shell, all: &[Refused]) -> anyhow::Result<()> {
    if shell.is_json() || all.is_empty() {
        return shell.table(all, &[], |_| vec![]);
    }
    for one in all {
        let name = one.name.as_deref().unwrap_or(&one.id);
        shell.say(format!("{} {name}: {}", one.kind, one.detail));
        let next = one.next_at.as_ref().map_or_else(|| "not by itself".to_owned(), Clone::clone);
        shell.say(format!("  refused {} ({} times), tried again {next}", one.at, one.attempts.max(1)));
        shell.say(format!("  → {}", one.what_to_do));
    }
    Ok(())
}

fn refused(
    id: String,
    (kind, name): (&'static str, Option<String>),
    (problem, at): (&Problem, crate::clock::Timestamp),
    (attempts, next): (i64, Option<crate::clock::Timestamp>),
) -> Refused {
    Refused {
        id,
        kind,
        name,
        trouble: problem.trouble.name(),
        detail: problem.detail.clone(),
        at: at.to_string(),
        attempts,
        next_at: instant(next),
        what_to_do: problem.advice(),
    }
}

/// What these are called here.
async fn names(tx: &mut storage::Tx, target: &Target, rows: &[Pushed]) -> storage::Result<Vec<(Thing, String)>> {
    let (mut people, mut groups) = (vec![], vec![]);
    for row in rows {
        match &row.thing {
            Thing::Person(id) => people.push(id.clone()),
            Thing::Group(id) => groups.push(id.clone()),
        }
    }
    let people = tx.member_records().by_ids(&target.organization, &people).await?;
    let groups = tx.group_records().by_ids(&target.organization, &groups).await?;
    let person = people.into_iter().map(|one| (Thing::Person(one.membership.id.clone()), one.user_name()));
    let group = groups.into_iter().map(|one| (Thing::Group(one.group.id.clone()), one.group.name.to_string()));
    Ok(person.chain(group).collect())
}
