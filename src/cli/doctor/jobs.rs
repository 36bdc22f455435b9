//! Jobs: mail and signals that were given up, or that nobody does.

use std::collections::BTreeMap;

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
    let Some(last) = failed.first() else {
        return Finding::ok(CHECK, format!("{waiting} wait, none was given up"));
    };
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for job in failed {
        *kinds.entry(job.kind.as_str()).or_default() += 1;
    }
    let counted: Vec<String> = kinds.iter().map(|(kind, many)| format!("{many} {kind}")).collect();
    let found = format!(
        "given up: {}; the last ({}) at {}: {}",
        counted.join(", "),
        last.kind,
        last.failed_at,
        last.last_error
    );
    Finding::warn(CHECK, found, kinds.keys().map(|kind| advice(kind)).collect::<Vec<_>>().join("; "))
}

/// What to do once the cause was corrected.
fn advice(kind: &str) -> &'static str {
    match kind {
        "send-mail" => {
            "correct what `mail` says, then ask for the letter again (resend the invitation, ask for a new password link)"
        }
        "backchannel-logout" => {
            "an app was not told who left: see `lanyard client logouts APP`, sign them out there by hand, and make its \
             back-channel logout address answer"
        }
        "ping-client" => {
            "an app was not told of an approval: it learns of it when it asks; see its notification address"
        }
        _ => "correct what the job says, and do by hand what it was to do",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cli::doctor::State, clock::Timestamp, id::JobId};

    #[test]
    fn each_kind_of_job_has_its_own_advice() {
        assert_eq!(judge(&[], 3), Finding::ok(CHECK, "3 wait, none was given up"));
        let failed = |kind: &str| Failed {
            id: JobId::from_stored("job_a".into()),
            kind: kind.to_owned(),
            failed_at: Timestamp(1_795_334_400_000),
            last_error: "refused".to_owned(),
        };
        let found = judge(&[failed("backchannel-logout"), failed("send-mail"), failed("send-mail")], 0);
        assert_eq!(found.state, State::Warn);
        assert_eq!(
            found.found,
            "given up: 1 backchannel-logout, 2 send-mail; the last (backchannel-logout) at 2026-11-22T08:00:00Z: refused"
        );
        let advice = found.advice.unwrap();
        assert!(advice.contains("lanyard client logouts APP") && advice.contains("resend the invitation"), "{advice}");
        let logout = judge(&[failed("backchannel-logout")], 0).advice.unwrap();
        assert!(!logout.contains("letter") && !logout.contains("mail"), "{logout}");
        let ping = judge(&[failed("ping-client")], 0).advice.unwrap();
        assert!(ping.contains("notification address") && !ping.contains("logout"), "{ping}");
        let kinds = ["send-mail", "backchannel-logout", "ping-client", "other"].map(super::advice);
        assert_eq!(kinds.iter().collect::<std::collections::BTreeSet<_>>().len(), kinds.len());
    }
}
