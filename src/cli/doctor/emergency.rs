//! Emergency accounts let somebody in on the day when they are needed: each has a key, and was not used.

use super::{Finding, unreadable};
use crate::storage::{self, Storage};

const CHECK: &str = "emergency";

pub(super) async fn look(storage: &Storage) -> Option<Finding> {
    match accounts(storage).await {
        Err(error) => Some(unreadable(CHECK, error)),
        Ok((0, _)) => None,
        Ok((_, idle)) if idle.is_empty() => Some(Finding::ok(CHECK, "every emergency account is ready")),
        Ok((_, idle)) => Some(Finding::warn(
            CHECK,
            format!("emergency accounts that let nobody in: {}", idle.join(", ")),
            "register their keys, or `lanyard emergency rotate NAME --organization SLUG`",
        )),
    }
}

/// How many there are, and those that are not ready, with their organizations.
async fn accounts(storage: &Storage) -> storage::Result<(usize, Vec<String>)> {
    let mut tx = storage.read().await?;
    let all = tx.emergency_accounts().all().await?;
    let organizations = tx.organizations().list().await?;
    let slug = |id| organizations.iter().find(|one| one.id == id).map(|one| one.slug.to_string()).unwrap_or_default();
    let count = all.len();
    let idle = all.into_iter().filter(|one| one.state() != "ready");
    let idle = idle.map(|one| format!("{} of {} ({})", one.slug, slug(one.organization.clone()), one.state()));
    Ok((count, idle.take(20).collect()))
}
