//! Trying a change of a rule: ten minutes later the rule is again what it was, unless somebody keeps the change. So whoever
//! has shut themselves out by it only waits.
//!
//! What was before is written down with the change, so that it survives a restart and any node rolls it back; one does.

use std::time::Duration;

use super::{
    changing::{self, Care, Effect, Error, For, Outcome, kept, named, named_in_log, person},
    store::Trial,
};
use crate::{
    app::App,
    audit::{Actor, Context, Event},
    id::OrganizationId,
    setting::{Setting, Value},
    storage::Tx,
};

/// How long a change is tried.
pub const LENGTH: Duration = Duration::from_mins(10);

/// Sets a rule for a while, or takes it back for a while (no value); what became of it. Nothing is tried where the rule says so
/// already, unless that is tried: then it is for longer.
///
/// # Errors
/// As [`changing::set`] and [`changing::unset`].
pub async fn begin(
    tx: &mut Tx,
    (app, context): (&App, &Context),
    organization: &OrganizationId,
    (subject, name): (For<'_>, &str),
    (setting, value, care): (Setting, Option<&Value>, Care),
) -> Result<Outcome, Error> {
    tx.organizations().lock(organization).await?;
    let before = tx.policy_trials().end(organization, subject, setting).await?;
    let whom = (subject, name);
    let outcome = if let Some(value) = value {
        changing::set(tx, (app, context), organization, whom, (setting, value, care)).await?
    } else {
        match changing::unset_with_care(tx, (app, context), organization, whom, (setting, care)).await {
            // It is tried without already.
            Err(Error::NoRule(_)) if before.is_some() => Outcome::removal(None),
            removed => Outcome::removal(removed?),
        }
    };
    if outcome.effect == Effect::Unchanged && before.is_none() {
        // There is nothing to try.
        return Ok(outcome);
    }
    let trial = Trial {
        organization: organization.clone(),
        subject: (subject.0, subject.1.to_owned()),
        name: name.to_owned(),
        setting,
        // What was tried before was not there before.
        former: before.map_or_else(|| outcome.former.clone(), |before| before.former),
        ends_at: context.now.plus(LENGTH),
    };
    tx.policy_trials().put(&trial).await?;
    let event = Event::PolicyTrial {
        user: named_in_log(person(tx, organization, subject).await?),
        setting: setting.name().to_owned(),
        subject: named(subject.0, name),
        former: trial.former.unwrap_or_default(),
        until: trial.ends_at.to_string(),
    };
    tx.record(context, Some(organization), &event);
    Ok(Outcome { effect: Effect::Changed, ..outcome })
}

/// Keeps what is tried in an organization, all of it or one change; what that was.
///
/// # Errors
/// When nothing is tried there.
pub async fn keep(
    tx: &mut Tx,
    context: &Context,
    organization: &OrganizationId,
    which: Option<(For<'_>, Setting)>,
) -> Result<Vec<Trial>, Error> {
    tx.organizations().lock(organization).await?;
    let all = tx.policy_trials().of(organization).await?;
    let is_meant = |trial: &Trial| {
        // What is over is over, though nobody has rolled it back yet.
        trial.ends_at > context.now
            && which.is_none_or(|((kind, id), setting)| {
                trial.setting == setting && trial.subject.0 == kind && trial.subject.1 == id
            })
    };
    let found: Vec<Trial> = all.into_iter().filter(is_meant).collect();
    if found.is_empty() {
        return Err(Error::NoTrial);
    }
    for trial in &found {
        let subject = (trial.subject.0, trial.subject.1.as_str());
        tx.policy_trials().end(organization, subject, trial.setting).await?;
        let user = person(tx, organization, subject).await?;
        let event = kept(user, trial.setting, (subject.0, &trial.name));
        tx.record(context, Some(organization), &event);
    }
    Ok(found)
}

/// Rolls back what is over; how much that was. Of two nodes one does it.
///
/// # Errors
/// When the database fails.
pub async fn roll_back(app: &App) -> Result<usize, Error> {
    let context = app.context(Actor::Server);
    let over = app.storage.read().await?.policy_trials().over(context.now).await?;
    let mut rolled_back = 0;
    for organization in over {
        let (context, at) = (context.clone(), organization.clone());
        let work = app.storage.write::<_, Error, _>(move |tx| Box::pin(async move { undo(tx, &context, &at).await }));
        match work.await {
            Ok(count) => rolled_back += count,
            // What cannot be taken back in one organization keeps no other waiting.
            Err(error) => tracing::error!(%organization, %error, "A change that was tried could not be taken back."),
        }
    }
    Ok(rolled_back)
}

async fn undo(tx: &mut Tx, context: &Context, organization: &OrganizationId) -> Result<usize, Error> {
    tx.organizations().lock(organization).await?;
    let over = tx.policy_trials().take(organization, context.now).await?;
    let mut rolled_back = 0;
    for trial in &over {
        let (subject, setting) = ((trial.subject.0, trial.subject.1.as_str()), trial.setting);
        let tried = tx.policy_rules().value(organization, subject, setting).await?;
        let former = match trial.former.as_deref().map(|text| setting.kind().parse(text)) {
            // No rule at all would let in whom neither stops.
            Some(Err(_)) => {
                tracing::error!(%organization, %setting, "What a rule was before cannot be read; it stays as it was tried.");
                let user = person(tx, organization, subject).await?;
                tx.record(context, Some(organization), &kept(user, setting, (subject.0, &trial.name)));
                continue;
            }
            Some(Ok(value)) => Some(value),
            None => None,
        };
        match &former {
            Some(value) => tx.policy_rules().put(context, organization, subject, (setting, value)).await?,
            None => tx.policy_rules().delete(organization, subject, setting).await?,
        }
        let event = Event::PolicyRollback {
            user: named_in_log(person(tx, organization, subject).await?),
            setting: setting.name().to_owned(),
            subject: named(trial.subject.0, &trial.name),
            from: tried.unwrap_or_default(),
            to: trial.former.clone().unwrap_or_default(),
        };
        tx.record(context, Some(organization), &event);
        rolled_back += 1;
    }
    Ok(rolled_back)
}
