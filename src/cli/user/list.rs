//! `lanyard user list`: persons of the server, or of one organization.

use serde::Serialize;

use crate::{
    cli::{
        Shell,
        paging::{self, Extent},
        scope::cell,
    },
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
pub(super) async fn list(shell: &Shell, filter: PersonFilter, extent: Extent) -> anyhow::Result<()> {
    let page = async |after, limit| {
        let filter = PersonFilter { after, limit, ..filter.clone() };
        Ok(shell.app.storage.read().await?.people().list(filter).await?)
    };
    let people = extent.read(filter.after.clone(), page, |one| one.id.clone()).await?;
    let shown: Vec<Shown> = people
        .entries
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
    })?;
    if let Some(last) = people.rest_after {
        paging::tell_more("--after", last.as_str());
    }
    Ok(())
}
