//! What a source calls a member or a group: an id of its own, which it gives to one of each.

use super::Speaker;
use crate::{
    directory::{Error, Noun, Result, store::ExternalKind},
    storage::Tx,
};

/// Sets it, or takes it away.
///
/// # Errors
/// When the source calls another one so.
pub(super) async fn set(
    tx: &mut Tx,
    speaker: Speaker<'_>,
    resource: (ExternalKind, &str),
    id: Option<&str>,
) -> Result<()> {
    let is_set = tx.external_ids().set((speaker.organization, &speaker.source()), resource, id).await?;
    if is_set { Ok(()) } else { Err(taken(id.unwrap_or_default())) }
}

/// Sets them of people or things that are new.
///
/// # Errors
/// The same.
pub(super) async fn add(tx: &mut Tx, speaker: Speaker<'_>, kind: ExternalKind, all: &[(&str, &str)]) -> Result<()> {
    let is_set = tx.external_ids().add((speaker.organization, &speaker.source()), kind, all).await?;
    if is_set { Ok(()) } else { Err(taken(all.first().map_or("", |(_, id)| id))) }
}

fn taken(id: &str) -> Error {
    Error::Taken(Noun::ExternalId, id.to_owned())
}
