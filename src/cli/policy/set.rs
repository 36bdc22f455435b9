//! `lanyard policy set` and `unset`.

use super::{list, subject::SubjectArgument};
use crate::{
    cli::{Shell, scope::Usage},
    directory::organization::Organization,
    policy::{
        self,
        changing::{self, Care},
    },
    setting::Setting,
};

/// Sets a rule and lists all.
pub(super) async fn set(
    shell: &Shell,
    of: &Organization,
    (setting, value): (Setting, &str),
    (subject, force): (SubjectArgument, bool),
) -> anyhow::Result<()> {
    let value = setting.kind().parse(value).map_err(|error| Usage(format!("{setting}: {error}")))?;
    let found = subject.find(&mut shell.app.storage.read().await?, (&of.id, &of.slug)).await?;
    let (app, context, id) = (shell.app.clone(), shell.context(), of.id.clone());
    let care = if force { Care::Forced } else { Care::SpareOwners };
    shell
        .app
        .storage
        .write::<_, policy::Error, _>(move |tx| {
            Box::pin(async move {
                let whom = ((found.kind, found.id.as_str()), found.name.as_str());
                changing::set(tx, (&app, &context), &id, whom, (setting, &value, care)).await
            })
        })
        .await?;
    list::list(shell, of).await
}

/// Takes a rule back and lists those that are left.
pub(super) async fn unset(
    shell: &Shell,
    of: &Organization,
    setting: Setting,
    subject: SubjectArgument,
) -> anyhow::Result<()> {
    let found = subject.find(&mut shell.app.storage.read().await?, (&of.id, &of.slug)).await?;
    let (context, id) = (shell.context(), of.id.clone());
    shell
        .app
        .storage
        .write::<_, policy::Error, _>(move |tx| {
            Box::pin(async move {
                let whom = ((found.kind, found.id.as_str()), found.name.as_str());
                changing::unset(tx, &context, &id, whom, setting).await
            })
        })
        .await?;
    list::list(shell, of).await
}
