//! `lanyard policy list`.

use serde::Serialize;

use crate::{cli::Shell, directory::organization::Organization, policy::cached};

/// A rule as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    setting: &'static str,
    value: String,
    subject: String,
    set_at: Option<String>,
    set_by: String,
}

/// The rules of an organization, below those of the configuration.
pub(super) async fn list(shell: &Shell, of: &Organization) -> anyhow::Result<()> {
    let own = shell.app.storage.read().await?.policy_rules().of(&of.id).await?;
    let configured = cached::everybody(&shell.app).0.into_iter().map(|rule| Shown {
        setting: rule.setting.name(),
        value: rule.value.to_string(),
        subject: rule.subject.to_string(),
        set_at: None,
        set_by: "configuration".to_owned(),
    });
    let own = own.into_iter().map(|stored| Shown {
        setting: stored.rule.setting.name(),
        value: stored.rule.value.to_string(),
        subject: stored.rule.subject.to_string(),
        set_at: Some(stored.set_at.to_string()),
        set_by: stored.set_by,
    });
    let all: Vec<Shown> = configured.chain(own).collect();
    shell.table(&all, &["setting", "for", "value", "set", "by"], |one| {
        let set_at = one.set_at.clone().unwrap_or_else(|| "-".to_owned());
        vec![one.setting.to_owned(), one.subject.clone(), one.value.clone(), set_at, one.set_by.clone()]
    })
}
