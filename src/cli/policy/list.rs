//! `lanyard policy list`.

use serde::Serialize;

use super::subject::Names;
use crate::{
    cli::Shell,
    directory::organization::Organization,
    policy::{
        cached, changing,
        store::{StoredRule, Trial},
    },
};

/// A rule as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    setting: &'static str,
    value: String,
    subject: String,
    set_at: Option<String>,
    set_by: String,
    /// Until when it is tried.
    tried_until: Option<String>,
}

/// The rules of an organization, below those of the configuration.
pub(super) async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let own = tx.policy_rules().of(&of.id).await?;
    let trials = tx.policy_trials().of(&of.id).await?;
    let subjects = own.iter().map(|stored| &stored.subject).chain(trials.iter().map(|trial| &trial.subject));
    let names = Names::stored(&mut tx, subjects).await?;
    drop(tx);
    let configured = cached::everybody(&shell.app).into_vec().into_iter().map(|rule| Shown {
        setting: rule.setting.name(),
        value: rule.value.to_string(),
        subject: rule.subject.to_string(),
        set_at: None,
        set_by: "configuration".to_owned(),
        tried_until: None,
    });
    let is_tried =
        |trial: &Trial, stored: &StoredRule| trial.setting == stored.rule.setting && trial.subject == stored.subject;
    // What is taken back for a while is there again later.
    let taken_back = trials.iter().filter(|trial| !own.iter().any(|stored| is_tried(trial, stored)));
    let taken_back = taken_back.map(|trial| Shown {
        setting: trial.setting.name(),
        value: String::new(),
        subject: names.put(&changing::named(trial.subject.0, &trial.name)),
        set_at: None,
        set_by: String::new(),
        tried_until: Some(trial.ends_at.to_string()),
    });
    let own = own.iter().map(|stored| Shown {
        setting: stored.rule.setting.name(),
        value: stored.rule.value.to_string(),
        subject: names.put(&stored.rule.subject.to_string()),
        set_at: Some(stored.set_at.to_string()),
        set_by: stored.set_by.clone(),
        tried_until: trials.iter().find(|trial| is_tried(trial, stored)).map(|trial| trial.ends_at.to_string()),
    });
    let all: Vec<Shown> = configured.chain(own).chain(taken_back).collect();
    shell.table(&all, &["setting", "for", "value", "set", "by", "tried until"], |one| {
        let set_at = one.set_at.clone().unwrap_or_else(|| "-".to_owned());
        let until = one.tried_until.clone().unwrap_or_else(|| "-".to_owned());
        vec![one.setting.to_owned(), one.subject.clone(), one.value.clone(), set_at, one.set_by.clone(), until]
    })
}
