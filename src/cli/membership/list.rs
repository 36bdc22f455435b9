//! `lanyard membership list`: members of an organization.

use serde::Serialize;

use super::show::state;
use crate::{
    cli::{
        Shell,
        paging::{self, Extent},
        scope::cell,
    },
    directory::{organization::Organization, store::MemberFilter},
};

/// A member in the list.
#[derive(Debug, Serialize)]
struct Shown {
    membership: String,
    user: String,
    name: String,
    email: Option<String>,
    /// What their source calls them, where they have not joined.
    pending_as: Option<String>,
    kind: String,
    state: &'static str,
}

/// Prints them.
pub(super) async fn list(shell: &Shell, of: &Organization, filter: MemberFilter, extent: Extent) -> anyhow::Result<()> {
    let now = shell.app.clock.now();
    let page = async |after, limit| {
        let filter = MemberFilter { after, limit, ..filter.clone() };
        Ok(shell.app.storage.read().await?.memberships().list(&of.id, filter).await?)
    };
    let members = extent.read(filter.after.clone(), page, |one| one.membership.id.clone()).await?;
    let shown: Vec<Shown> = members
        .entries
        .into_iter()
        .map(|one| Shown {
            state: match one.user_disabled_at {
                Some(_) => "person disabled",
                None => state(&one.membership, one.entrance, now),
            },
            membership: one.membership.id.into(),
            user: one.membership.user_id.into(),
            name: one.name.into(),
            email: one.email.map(String::from),
            pending_as: one.pending_as,
            kind: one.membership.kind.into(),
        })
        .collect();
    shell.table(&shown, &["name", "e-mail", "kind", "state", "membership"], |one| {
        vec![
            one.name.clone(),
            cell(one.email.clone().or_else(|| Some(format!("{} (pending)", one.pending_as.as_ref()?))).as_deref()),
            one.kind.clone(),
            one.state.to_owned(),
            one.membership.clone(),
        ]
    })?;
    if let Some(last) = members.rest_after {
        paging::tell_more("--after", last.as_str());
    }
    Ok(())
}
