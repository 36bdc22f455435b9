//! Who registers apps: the organizations that the configuration names are there.

use super::{Finding, unreadable};
use crate::{
    config::Config,
    storage::{self, Storage},
    text::Slug,
};

const CHECK: &str = "registration";

pub(super) async fn look(config: &Config, storage: &Storage) -> Option<Finding> {
    let named = &config.registration.document_organizations;
    if named.is_empty() {
        return None;
    }
    Some(match missing(storage, named).await {
        Err(error) => unreadable(CHECK, error),
        Ok(missing) if missing.is_empty() => {
            Finding::ok(CHECK, "every organization of document_organizations is there")
        }
        Ok(missing) => Finding::warn(
            CHECK,
            format!("`registration.document_organizations` names {}: no such organization", missing.join(", ")),
            "write the short names that `lanyard org list` shows",
        ),
    })
}

/// Few are named, each by its own query.
async fn missing(storage: &Storage, named: &[Slug]) -> storage::Result<Vec<String>> {
    let mut tx = storage.read().await?;
    let mut missing = vec![];
    for slug in named {
        if tx.organizations().by_slug(slug).await?.is_none() {
            missing.push(slug.to_string());
        }
    }
    Ok(missing)
}
