//! `lanyard user factors`, `reset-factors` and `forget-devices`: what a person signs in with beside the password.

use serde::Serialize;

use super::{change, language_of};
use crate::{
    authentication::{enrolling, factor::Factor, recovery::factors_changed, remembered},
    cli::{Shell, scope},
    directory::tenancy::Aspect,
    id::OrganizationId,
    server,
    session::EndReason,
    web::FactorChange,
};

/// One factor as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    kind: &'static str,
    name: String,
    created_at: String,
    last_used_at: Option<String>,
    closed_at: Option<String>,
}

/// All of a person.
#[derive(Debug, Serialize)]
struct All {
    factors: Vec<Shown>,
    recovery_codes_left: usize,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done {
    removed: usize,
}

/// In how many browsers the factor is asked for again.
#[derive(Debug, Serialize)]
struct Forgotten {
    forgotten: u64,
}

impl From<Factor> for Shown {
    fn from(factor: Factor) -> Self {
        Self {
            id: factor.id.into(),
            kind: factor.kind.as_str(),
            name: factor.name,
            created_at: factor.created_at.to_string(),
            last_used_at: factor.last_used_at.map(|at| at.to_string()),
            closed_at: factor.closed_at.map(|at| at.to_string()),
        }
    }
}

/// Prints them, and how many recovery codes are left.
pub(super) async fn factors(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let mut tx = shell.app.storage.read().await?;
    let user = scope::person(&mut tx, by, person).await?;
    let shown: Vec<Shown> = tx.factors().of_user(&user.id).await?.into_iter().map(Shown::from).collect();
    let left = tx.recovery_codes().left(&user.id).await?;
    drop(tx);
    if shell.is_json() {
        return shell.show(&All { factors: shown, recovery_codes_left: left }, &[]);
    }
    shell.table(&shown, &["id", "kind", "name", "created", "last used"], |one| {
        let last = one.last_used_at.clone().unwrap_or_else(|| "never".to_owned());
        vec![one.id.clone(), one.kind.to_owned(), one.name.clone(), one.created_at.clone(), last]
    })?;
    for closed in shown.iter().filter(|one| one.closed_at.is_some()) {
        let at = closed.closed_at.as_deref().unwrap_or_default();
        shell.say(format!("{} was closed at {at}: it counted back, so there may be a copy of it.", closed.id));
    }
    match shown.as_slice() {
        [] => shell.say("The password alone signs this person in."),
        _ => shell.say(format!("Recovery codes left: {left}.")),
    }
    Ok(())
}

/// Removes all, ends every session and tells the person.
pub(super) async fn reset(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let (site, sealer) = (server::site(&shell.app).await?, shell.app.sealer.clone());
    let removed = change(shell, by, person, Aspect::Login, move |tx, context, user| {
        Box::pin(async move {
            tx.users().keep_still(&user.id).await?;
            if tx.factors().has_any(&user.id).await? {
                tx.sessions().end_all_of_user(context, &user.id, None, EndReason::Administrator).await?;
            }
            let removed = enrolling::reset(tx, context, &user.id, "administrator").await?;
            let notice = factors_changed((&site, language_of(user)), user, FactorChange::Reset, context.now);
            if let Some(notice) = notice.filter(|_| removed > 0) {
                tx.jobs().enqueue(context, &sealer, &notice).await?;
            }
            Ok(removed)
        })
    })
    .await?;
    if shell.is_json() {
        return shell.show(&Done { removed }, &[]);
    }
    match removed {
        0 => shell.say("There was none: the password alone signs this person in."),
        count => shell.say(format!(
            "Removed: {count}, and the recovery codes. The person is signed out everywhere, and the password alone signs \
             them in until they set an app up at /account/security."
        )),
    }
    Ok(())
}

/// Asks for the second factor everywhere again.
pub(super) async fn forget_devices(shell: &Shell, by: Option<&OrganizationId>, person: &str) -> anyhow::Result<()> {
    let forgotten = change(shell, by, person, Aspect::Login, move |tx, context, user| {
        Box::pin(async move { Ok(remembered::ask_again(tx, context, (&user.id, "administrator")).await?) })
    })
    .await?;
    if shell.is_json() {
        return shell.show(&Forgotten { forgotten }, &[]);
    }
    shell.say(format!("Browsers in which the second factor is asked for again: {forgotten}."));
    Ok(())
}
