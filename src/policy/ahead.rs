//! The rules of an organization as they are, and as they will be: what is tried is rolled back, one change after the other, unless
//! somebody keeps it. Whoever asks what a rule does asks of each.

use super::{
    cached::everybody,
    rule::Rules,
    store::{StoredRule, Trial},
};
use crate::{
    app::App,
    id::OrganizationId,
    setting::Setting,
    storage::{self, Tx},
};

/// The rules beside `setting` that are of the same part as it, such as all of networks: those of now first, then those that are
/// left each time something that is tried of them is over.
pub(super) async fn beside(
    tx: &mut Tx,
    app: &App,
    (organization, setting): (&OrganizationId, Setting),
) -> storage::Result<Vec<Rules>> {
    let is_beside = |other: Setting| part(other) == part(setting);
    let mut present = tx.policy_rules().of(organization).await?;
    present.retain(|one| is_beside(one.rule.setting));
    let mut trials = tx.policy_trials().of(organization).await?;
    trials.retain(|trial| is_beside(trial.setting));
    trials.sort_by_key(|trial| trial.ends_at);
    let formers = if trials.is_empty() { vec![] } else { tx.policy_rules().formers(organization).await? };
    let configured: Vec<_> = everybody(app).into_vec().into_iter().filter(|rule| is_beside(rule.setting)).collect();
    let together = |stored: &[StoredRule]| {
        Rules::of(configured.iter().cloned().chain(stored.iter().map(|one| one.rule.clone())).collect())
    };
    let mut all = vec![together(&present)];
    for over in trials.chunk_by(|one, other| one.ends_at == other.ends_at) {
        for trial in over {
            roll_back(&mut present, trial, &formers);
        }
        all.push(together(&present));
    }
    all.dedup();
    Ok(all)
}

/// What can no more be read stays as it is tried.
fn roll_back(present: &mut Vec<StoredRule>, trial: &Trial, formers: &[StoredRule]) {
    let is_it = |one: &StoredRule| one.rule.setting == trial.setting && one.subject == trial.subject;
    let former = formers.iter().find(|one| is_it(one));
    if trial.former.is_none() || former.is_some() {
        present.retain(|one| !is_it(one));
        present.extend(former.cloned());
    }
}

fn part(setting: Setting) -> Option<&'static str> {
    setting.name().split('.').next()
}
