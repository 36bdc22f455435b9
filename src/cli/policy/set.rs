//! `lanyard policy set`, `unset`, `preset` and `keep`.

use super::{
    list,
    subject::{Found, Names, SubjectArgument},
};
use crate::{
    authentication::requiring,
    cli::{Shell, print, recovery, scope::Usage},
    directory::{access::Access, organization::Organization},
    id::MembershipId,
    policy::{
        self, cached,
        changing::{self, Care, Effect, Outcome},
        effect,
        preset::{self, Preset},
        trial,
    },
    setting::{Setting, SubjectKind, Value},
};

/// How a change is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Even if it stops every owner.
    pub(super) is_forced: bool,
    /// For ten minutes.
    pub(super) is_trial: bool,
}

/// Sets a rule and lists all.
pub(super) async fn set(
    shell: &Shell,
    of: &Organization,
    (setting, value): (Setting, &str),
    (subject, manner): (SubjectArgument, Manner),
) -> anyhow::Result<()> {
    let value = setting.kind().parse(value).map_err(|error| Usage(format!("{setting}: {error}")))?;
    change(shell, of, (setting, Some(value)), (subject, manner)).await
}

/// Takes a rule back and lists those that are left.
pub(super) async fn unset(
    shell: &Shell,
    of: &Organization,
    setting: Setting,
    (subject, manner): (SubjectArgument, Manner),
) -> anyhow::Result<()> {
    change(shell, of, (setting, None), (subject, manner)).await
}

async fn change(
    shell: &Shell,
    of: &Organization,
    (setting, value): (Setting, Option<Value>),
    (subject, manner): (SubjectArgument, Manner),
) -> anyhow::Result<()> {
    let found = subject.find(&mut shell.app.storage.read().await?, (&of.id, &of.slug)).await?;
    let (whom, wanted) = (found.clone(), value.clone());
    let (app, context, organization) = (shell.app.clone(), shell.context(), of.clone());
    // Whoever is asked for a second factor alone is told so; not where it may be over in ten minutes.
    let is_told = found.kind == SubjectKind::Member && setting == Setting::FactorRequired && !manner.is_trial;
    let desk = if is_told { Some(recovery::desk(shell).await?) } else { None };
    let care = if manner.is_forced { Care::Forced } else { Care::SpareOwners };
    let outcome = shell
        .app
        .storage
        .write::<_, policy::Error, _>(move |tx| {
            Box::pin(async move {
                let (whom, id) = (((found.kind, found.id.as_str()), found.name.as_str()), &organization.id);
                let outcome = match &value {
                    value if manner.is_trial => {
                        trial::begin(tx, (&app, &context), id, whom, (setting, value.as_ref(), care)).await?
                    }
                    Some(value) => changing::set(tx, (&app, &context), id, whom, (setting, value, care)).await?,
                    None => {
                        let removed = changing::unset_with_care(tx, (&app, &context), id, whom, (setting, care));
                        Outcome::removal(removed.await?)
                    }
                };
                if let Some(desk) = desk {
                    let change = (outcome.former.as_deref(), value.as_ref());
                    requiring::tell(tx, &context, &desk, (&organization, &found.id), change).await?;
                }
                Ok(outcome)
            })
        })
        .await?;
    if outcome.is_unchecked {
        print::aside("No owner has signed in lately, so it could not be checked whether this stops all of them.");
    }
    if let Some(value) = wanted {
        tell_effect(shell, of, (setting, &value, &whom), outcome.effect).await?;
    }
    if manner.is_trial && outcome.effect != Effect::Unchanged {
        print::aside("It is tried for ten minutes, and then as it was before; `lanyard policy keep` keeps it.");
    }
    list::list(shell, of).await
}

/// Says where a rule changes nothing: what it said before, and what is as strict without it.
async fn tell_effect(
    shell: &Shell,
    of: &Organization,
    (setting, value, whom): (Setting, &Value, &Found),
    effect: Effect,
) -> anyhow::Result<()> {
    match effect {
        Effect::Changed => {}
        Effect::Unchanged => print::aside(format!("Nothing changes: {setting} is {value} there already.")),
        Effect::Kept => print::aside(format!("{setting} was tried there as {value}, and is kept now.")),
    }
    let mut tx = shell.app.storage.read().await?;
    let rules = cached::read(&mut tx, &shell.app, &of.id).await?;
    let names = Names::in_rules(&mut tx, &rules).await?;
    let access = if whom.kind == SubjectKind::Member {
        let id = MembershipId::from_stored(whom.id.clone());
        let held = tx.access().of_member(&id, shell.app.clock.now()).await?;
        Some(Access { member: Some(id), ..held })
    } else {
        None
    };
    drop(tx);
    let subject = changing::named(whom.kind, &whom.name);
    let found = effect::regardless(&shell.app.config, &rules, (setting, &subject), access.as_ref());
    if let Some(found) = found {
        let people = if whom.kind == SubjectKind::Client { " for people" } else { "" };
        let rules = names.put(&found.rules);
        let from = |one| if ["", "everybody"].contains(&one) { "the configuration" } else { one };
        let from = rules.split(", ").map(from).collect::<Vec<_>>().join(", ");
        let value = found.value;
        print::aside(format!("It makes nothing stricter{people}: {setting} is {value} there all the same, by {from}."));
    }
    Ok(())
}

/// Sets the rules of a preset and lists all.
pub(super) async fn preset(
    shell: &Shell,
    of: &Organization,
    chosen: &'static Preset,
    subject: SubjectArgument,
) -> anyhow::Result<()> {
    let found = subject.find(&mut shell.app.storage.read().await?, (&of.id, &of.slug)).await?;
    let (app, context, id) = (shell.app.clone(), shell.context(), of.id.clone());
    let work = shell.app.storage.write::<_, policy::Error, _>(move |tx| {
        Box::pin(async move {
            let whom = ((found.kind, found.id.as_str()), found.name.as_str());
            preset::apply(tx, (&app, &context), &id, whom, chosen).await
        })
    });
    work.await?;
    list::list(shell, of).await
}

/// Keeps what is tried and lists all.
pub(super) async fn keep(
    shell: &Shell,
    of: &Organization,
    setting: Option<Setting>,
    subject: SubjectArgument,
) -> anyhow::Result<()> {
    if setting.is_none() && subject.is_given() {
        return Err(Usage("name the setting, or leave out for whom: then all that is tried is kept".to_owned()).into());
    }
    let found = subject.find(&mut shell.app.storage.read().await?, (&of.id, &of.slug)).await?;
    let (context, organization, desk) = (shell.context(), of.clone(), recovery::desk(shell).await?);
    let work = shell.app.storage.write::<_, policy::Error, _>(move |tx| {
        Box::pin(async move {
            let which = setting.map(|setting| ((found.kind, found.id.as_str()), setting));
            let kept = trial::keep(tx, &context, &organization.id, which).await?;
            requiring::tell_kept(tx, &context, &desk, (&organization, &kept)).await
        })
    });
    work.await?;
    list::list(shell, of).await
}
