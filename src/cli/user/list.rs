//! `lanyard user list`: persons of the server, or of one organization.

use serde::Serialize;

use crate::{
    cli::{Shell, scope::cell},
    directory::store::PersonFilter,
};

/// A person in the list.
#[derive(Debug, Serialize)]
struct Shown {
    user: String,
    name: String,
    email: Option<String>,
    user_name: Option<String>,
    state: &'static str,
    created_at: String,
}

/// Prints them.
pub(super) async fn list(shell: &Shell, filter: PersonFilter) -> anyhow::Result<()> {
    let people = shell.app.storage.read().await?.people().list(filter).await?;
    let shown: Vec<Shown> = people
        .into_iter()
        .map(|one| Shown {
            user: one.id.into(),
            name: one.name.into(),
            email: one.email.map(String::from),
            user_name: one.user_name.map(String::from),
            state: if one.disabled_at.is_some() { "disabled" } else { "active" },
            created_at: one.created_at.to_string(),
        })
        .collect();
    shell.table(&shown, &["name", "e-mail", "user name", "state", "user"], |one| {
        vec![
            one.name.clone(),
            cell(one.email.as_deref()),
            cell(one.user_name.as_deref()),
            one.state.to_owned(),
            one.user.clone(),
        ]
    })
}
