//! Jobs: mail and signals that were given up, or that nobody does.

use super::{Finding, unreadable};
use crate::{jobs::Failed, storage::Storage};

const CHECK: &str = "jobs";

/// Failed jobs that are looked at.
const MOST: i64 = 100;

pub(super) async fn look(storage: &Storage) -> Finding {
    let asked = async {
        let mut tx = storage.read().await?;
        Ok::<_, crate::storage::Error>((tx.jobs().failed(MOST).await?, tx.jobs().waiting().await?))
    };
    match asked.await {
        Ok((failed, waiting)) => judge(&failed, waiting),
        Err(error) => unreadable(CHECK, error),
    }
}

fn judge(failed: &[Failed], waiting: i64) -> Finding {
    match failed.first() {
        None => Finding::ok(CHECK, format!("{waiting} wait, none was given up")),
        Some(last) => Finding::warn(
            CHECK,
            format!(
                "{} were given up, the last ({}) at {}: {}",
                failed.len(),
                last.kind,
                last.failed_at,
                last.last_error
            ),
            "correct the cause, then ask for the mail again (resend the invitation, ask for a new password link)",
        ),
    }
}
