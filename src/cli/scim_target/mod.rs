//! `lanyard scim-target`: apps that the people and groups of an organization are pushed to.

mod arguments;
mod shown;
mod told;

pub(super) use arguments::ScimTargets;

use std::time::Duration;

use self::{
    arguments::{Changed, Command, How, token},
    shown::{facts, pause, shown},
};
use super::{Shell, print, scope::cell};
use crate::{
    directory::organization::Organization,
    scim::outbound::{
        preview, run,
        run::{Kind, Order, Report, Watch},
        target::{self, Settings, State, Target, TargetError, Wanted},
    },
    storage::{Tx, Work},
    text::Slug,
};

/// How long a command waits for a server that pushes to the same app.
const PATIENCE: Duration = Duration::from_secs(60);

impl ScimTargets {
    /// Runs the command.
    pub(in crate::cli) async fn run(self, shell: &Shell) -> anyhow::Result<()> {
        let of = self.scope.organization(shell).await?;
        match self.command {
            Command::Create { name, url, token_file, how } => {
                let wanted = Wanted {
                    url,
                    token: Some(token(&token_file)?),
                    settings: how.settings(Settings::default()),
                    people: how.people.clone(),
                    groups: how.groups,
                };
                create(shell, &of, name, wanted).await
            }
            Command::List => list(shell, &of).await,
            Command::Show { name } => show(shell, &of, &name).await,
            Command::Change(changed) => change(shell, &of, *changed).await,
            Command::Test { name } => test(shell, &of, &name).await,
            Command::Preview { name, limit } => {
                let target = find(shell, &of, &name).await?;
                let found = preview::preview(&shell.app, &target, limit as usize).await?;
                told::preview(shell, &target, &found)
            }
            Command::Sync { name, confirm } => {
                let order = Order { kind: Kind::Sync, ..order(shell, confirm) };
                pushed(shell, &of, &name, order).await
            }
            Command::Reconcile { name, remove_unknown, confirm } => {
                let order = Order { kind: Kind::Reconcile, removes_unknown: remove_unknown, ..order(shell, confirm) };
                pushed(shell, &of, &name, order).await
            }
            Command::Errors { name, length } => {
                let target = find(shell, &of, &name).await?;
                told::errors(shell, &target, length).await?;
                if let Some(pause) = pause(&target, &of) {
                    shell.say(pause);
                }
                Ok(())
            }
            Command::Pause { name } => switch(shell, &of, &name, State::Paused).await,
            Command::Resume { name } => switch(shell, &of, &name, State::Live).await,
            Command::Remove { name } => remove(shell, &of, &name).await,
        }
    }
}

async fn find(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<Target> {
    Ok(target::find(&mut shell.app.storage.read().await?, &of.id, name).await?)
}

async fn create(shell: &Shell, of: &Organization, name: Slug, wanted: Wanted) -> anyhow::Result<()> {
    see(shell, &wanted)?;
    let (context, id, called, sealer) = (shell.context(), of.id.clone(), name.clone(), shell.app.sealer.clone());
    write(shell, move |tx| {
        Box::pin(async move { target::create(tx, &context, &sealer, &id, (&called, wanted)).await.map(drop) })
    })
    .await?;
    show(shell, of, &name).await?;
    shell.say(format!(
        "Nothing is pushed yet. Whether address and token are right: `lanyard scim-target test {name}`. What would be \
         pushed: `preview`. Begin: `resume`."
    ));
    Ok(())
}

/// An address that may not be called is said at once, not in the first run.
fn see(shell: &Shell, wanted: &Wanted) -> anyhow::Result<()> {
    Ok(shell.app.outbound.check(&wanted.url)?)
}

async fn change(shell: &Shell, of: &Organization, changed: Changed) -> anyhow::Result<()> {
    let before = find(shell, of, &changed.name).await?;
    let all = shell.app.storage.read().await?.groups().list(&of.id).await?;
    let slugs = |ids: &[crate::id::GroupId]| {
        all.iter().filter(|group| ids.contains(&group.id)).map(|group| group.slug.clone()).collect::<Vec<_>>()
    };
    let How { people, groups, all_groups, .. } = &changed.how;
    let kept = |new: &[Slug], nothing: bool, old: &[crate::id::GroupId]| match (new, nothing) {
        (_, true) => vec![],
        ([], false) => slugs(old),
        (new, false) => new.to_vec(),
    };
    let wanted = Wanted {
        url: changed.url.clone().unwrap_or_else(|| before.url.clone()),
        token: changed.token_file.as_deref().map(token).transpose()?,
        settings: changed.settings(before.settings.clone()),
        people: kept(people, changed.no_people, &before.people),
        groups: kept(groups, changed.no_group || *all_groups, &before.groups),
    };
    see(shell, &wanted)?;
    let (context, sealer) = (shell.context(), shell.app.sealer.clone());
    write(shell, move |tx| {
        Box::pin(async move { target::change(tx, &context, &sealer, &before, wanted).await.map(drop) })
    })
    .await?;
    show(shell, of, &changed.name).await
}

async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let groups = tx.groups().list(&of.id).await?;
    let (mut all, mut pauses) = (vec![], vec![]);
    for target in tx.targets().list(&of.id).await? {
        let counts = tx.pushed(&target.id).counts().await?;
        pauses.extend(pause(&target, of));
        all.push(shown(&target, counts, &groups));
    }
    drop(tx);
    shell.table(&all, &["name", "state", "url", "people", "left", "groups", "waiting", "refused"], |one| {
        let counts = &one.counts;
        let numbers = [counts.people, counts.left, counts.groups, counts.waiting, counts.troubled];
        [one.name.clone(), one.state.to_owned(), one.url.clone()]
            .into_iter()
            .chain(numbers.map(|number| number.to_string()))
            .collect()
    })?;
    for pause in pauses {
        shell.say(pause);
    }
    Ok(())
}

async fn show(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let target = target::find(&mut tx, &of.id, name).await?;
    let groups = tx.groups().list(&of.id).await?;
    let counts = tx.pushed(&target.id).counts().await?;
    drop(tx);
    let shown = shown(&target, counts, &groups);
    shell.show(&shown, &facts(&shown))?;
    if let Some(pause) = pause(&target, of) {
        shell.say(pause);
    }
    Ok(())
}

async fn test(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<()> {
    let target = find(shell, of, name).await?;
    let remote = run::remote(&shell.app, &target).await?;
    let features = remote.features().await.map_err(|failure| TargetError::App(failure.problem))?;
    remote.see_users().await.map_err(|failure| TargetError::App(failure.problem))?;
    let yes = |is: bool| if is { "yes" } else { "no" }.to_owned();
    shell.show(
        &features,
        &[
            ("lets us read users", yes(true)),
            ("changes parts (PATCH)", yes(features.patch)),
            ("filters", yes(features.filter)),
            ("lists by cursor", yes(features.cursor)),
        ],
    )
}

fn order(shell: &Shell, is_confirmed: bool) -> Order {
    Order { kind: Kind::Sync, is_confirmed, removes_unknown: false, by: shell.context().actor }
}

async fn pushed(shell: &Shell, of: &Organization, name: &Slug, order: Order) -> anyhow::Result<()> {
    let target = find(shell, of, name).await?;
    if let Some(pause) = pause(&target, of) {
        print::aside(format!("{pause} This run alone is made."));
    }
    let is_json = shell.is_json();
    let tell = move |report: &Report| {
        if !is_json {
            let Report { created, changed, left, failed, .. } = report;
            print::aside(format!("… {created} created, {changed} changed, {left} left, {failed} refused"));
        }
    };
    let report = in_turn(shell, &target, order, Watch { halt: &|| false, tell: &tell }).await?;
    told::report(shell, &target, report)
}

/// Runs when the server, which may push at the moment, has done so: mostly that takes seconds.
async fn in_turn(shell: &Shell, target: &Target, order: Order, watch: Watch<'_>) -> Result<Report, TargetError> {
    for turn in 0..PATIENCE.as_secs() {
        match run::run(&shell.app, &target.id, order.clone(), watch).await {
            Err(TargetError::Busy(name)) if turn == 0 => print::aside(format!("The server pushes to {name}; waiting…")),
            Err(TargetError::Busy(_)) => {}
            done => return done,
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    run::run(&shell.app, &target.id, order, watch).await
}

async fn switch(shell: &Shell, of: &Organization, name: &Slug, state: State) -> anyhow::Result<()> {
    let (target, context) = (find(shell, of, name).await?, shell.context());
    let has_changed =
        write(shell, move |tx| Box::pin(async move { target::switch(tx, &context, &target, state).await })).await?;
    shell.say(match (state, has_changed) {
        (State::Paused, true) => {
            format!("Nothing is pushed to {name} any more; what changes meanwhile follows with `resume`.")
        }
        (State::Paused, false) => format!("{name} was paused already."),
        (State::Live, true) => {
            format!("{name} is pushed to: a running server begins within a second, and compares everything first.")
        }
        (State::Live, false) => format!("{name} was pushed to already."),
    });
    Ok(())
}

async fn remove(shell: &Shell, of: &Organization, name: &Slug) -> anyhow::Result<()> {
    let (target, context) = (find(shell, of, name).await?, shell.context());
    write(shell, move |tx| Box::pin(async move { target::remove(tx, &context, &target).await })).await?;
    shell.say(format!("{name} is removed. Whoever is in the app stays there: remove its token over there, too."));
    Ok(())
}

async fn write<T, F>(shell: &Shell, work: F) -> anyhow::Result<T>
where
    F: for<'t> FnOnce(&'t mut Tx) -> Work<'t, T, TargetError> + Send + 'static,
    T: Send + 'static,
{
    Ok(shell.app.storage.write(work).await?)
}

/// The words of a list, or what it means that there are none.
fn or(list: &[String], nothing: &str) -> String {
    if list.is_empty() { nothing.to_owned() } else { list.join(" ") }
}

/// A text that may be absent.
fn text(value: Option<&String>) -> String {
    cell(value.map(String::as_str))
}
