//! What a run would do, without doing it: the app is read, nothing is written anywhere.

use serde::Serialize;
use serde_json::Value;

use super::{
    brake::{Crowd, WINDOW},
    decision::Operation,
    plan::{self, Look, Planned},
    problem::Problem,
    projection::{Difference, differences, leaves},
    push::{Task, name_of},
    remote::{self, Remote},
    run,
    target::{Result, Target},
    thing::Thing,
};
use crate::{app::App, scim::ResourceType, text::Slug};

/// What would happen.
#[derive(Debug, Default, Serialize)]
pub struct Preview {
    /// Would be created.
    pub create: u64,
    /// Would be changed.
    pub change: u64,
    /// Would be deactivated or removed.
    pub leave: u64,
    /// Are as they should be.
    pub keep: u64,
    /// Make no document.
    pub refused: u64,
    /// Whether so many would leave that somebody has to say that it is meant.
    pub is_braked: bool,
    /// Some of it, one by one.
    pub steps: Vec<Step>,
    /// Why the app could not be compared.
    pub problem: Option<Problem>,
}

/// What would happen to one.
#[derive(Debug, Serialize)]
pub struct Step {
    /// `create`, `adopt`, `change`, `deactivate`, `delete` or `refuse`.
    pub what: &'static str,
    /// `user` or `group`.
    pub kind: &'static str,
    /// The id here.
    pub id: String,
    /// What it is called there.
    pub name: Option<String>,
    /// What would be written; only what is otherwise there, where it is there.
    pub differences: Vec<Difference>,
    /// Why nothing can be written.
    pub problem: Option<Problem>,
}

/// Looks at everybody; tells `most` of those to whom something would happen.
///
/// # Errors
/// When the database fails or the token cannot be opened.
pub async fn preview(app: &App, target: &Target, most: usize) -> Result<Preview> {
    let slug = {
        let of = app.storage.read().await?.organizations().by_id(&target.organization).await?;
        of.map_or_else(|| target.name.clone(), |of| of.slug)
    };
    let mut preview = Preview::default();
    let mut tasks = vec![];
    count(app, (target, &slug), &mut preview, (&mut tasks, most)).await?;
    let remote = run::remote(app, target).await?;
    for task in tasks {
        let step = if preview.problem.is_none() { compared(&remote, &task).await } else { Ok(plain(&task)) };
        match step {
            Ok(step) => preview.steps.push(step),
            Err(problem) => {
                preview.steps.push(plain(&task));
                preview.problem = Some(problem);
            }
        }
    }
    Ok(preview)
}

async fn count(
    app: &App,
    (target, slug): (&Target, &Slug),
    preview: &mut Preview,
    (tasks, most): (&mut Vec<Task>, usize),
) -> Result<()> {
    let (mut look, now) = (Look::default(), app.clock.now());
    let mut tx = app.storage.read().await?;
    let mut leaving = 0;
    while let Some(rows) = look.next(&mut tx, target, now).await? {
        for one in plan::tasks(&mut tx, (target, slug), rows, now).await? {
            let task = match one {
                Planned::Refused(pushed, problem) => {
                    preview.refused += 1;
                    if preview.steps.len() < most {
                        preview.steps.push(refused(&pushed.thing, problem));
                    }
                    continue;
                }
                Planned::Task(task) => *task,
            };
            let is_person = task.pushed.thing.kind() == ResourceType::User;
            match task.operation {
                Operation::Keep | Operation::Forget => {
                    preview.keep += u64::from(task.operation == Operation::Keep);
                    continue;
                }
                Operation::Create | Operation::Find => preview.create += 1,
                Operation::Update => preview.change += 1,
                Operation::Deactivate | Operation::Delete => {
                    preview.leave += 1;
                    leaving += u64::from(is_person && task.pushed.is_live);
                }
            }
            if tasks.len() < most {
                tasks.push(task);
            }
        }
    }
    let since = now.minus(WINDOW).max(target.progress.confirmed_at);
    let (live, left) = tx.pushed(&target.id).crowd(since).await?;
    preview.is_braked = Crowd { live, leaving, left }.is_too_many(target.settings.brake);
    Ok(())
}

fn refused(thing: &Thing, problem: Problem) -> Step {
    let (kind, id) = (thing.stored_kind(), thing.id().to_owned());
    Step { what: "refuse", kind, id, name: None, differences: vec![], problem: Some(problem) }
}

fn name(task: &Task) -> Option<String> {
    let document = task.document.as_ref()?;
    document.get(name_of(task.pushed.thing.kind())).and_then(Value::as_str).map(str::to_owned)
}

/// A step, without a look at the app.
fn plain(task: &Task) -> Step {
    let what = match task.operation {
        Operation::Create | Operation::Find => "create",
        Operation::Deactivate => "deactivate",
        Operation::Delete => "delete",
        Operation::Update | Operation::Keep | Operation::Forget => "change",
    };
    let new = |(path, wanted): (String, &Value)| Difference { path, there: Value::Null, wanted: wanted.clone() };
    let differences = match task.operation {
        Operation::Create | Operation::Find => {
            task.document.as_ref().map(|document| leaves(document).into_iter().map(new).collect()).unwrap_or_default()
        }
        _ => vec![],
    };
    let thing = &task.pushed.thing;
    Step { what, kind: thing.stored_kind(), id: thing.id().to_owned(), name: name(task), differences, problem: None }
}

/// A step, with what the app has.
async fn compared(remote: &Remote, task: &Task) -> std::result::Result<Step, Problem> {
    let kind = task.pushed.thing.kind();
    let mut step = plain(task);
    let there = if let Some(id) = &task.pushed.remote_id {
        remote.get(kind, id).await.map_err(|failure| failure.problem)?.map(|(there, _)| there)
    } else {
        let Some(name) = &step.name else { return Ok(step) };
        let mut found = remote.find(kind, name_of(kind), name).await.map_err(|failure| failure.problem)?;
        if found.len() == 1 && found.first().and_then(remote::id).is_some() { found.pop() } else { None }
    };
    let Some(there) = there else { return Ok(step) };
    if step.what == "create" {
        step.what = "adopt";
    }
    match &task.document {
        Some(document) => step.differences = differences(document, &there),
        None => step.name = there.get(name_of(kind)).and_then(Value::as_str).map(str::to_owned),
    }
    Ok(step)
}
