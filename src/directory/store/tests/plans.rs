//! Statements that find a few rows of large tables by their indexes, on both databases.

use super::super::{memberships::RULES_OF_MEMBER, stations::ASK_AGAIN};
use crate::storage::testing::{databases, plan};

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_with_somebody_is_found_by_an_index() {
    let [trials, rules] = RULES_OF_MEMBER;
    for database in databases().await {
        for (statement, index, table) in [
            (trials, "policy_trials_by_subject", "policy_trials"),
            (rules, "policy_rules_by_subject", "policy_rules"),
            (ASK_AGAIN, "known_devices_remembered", "known_devices"),
        ] {
            let plan = plan(&database.storage, statement, vec!["one".into()]).await;
            assert!(plan.contains(index), "{statement}: {plan}");
            for costly in ["SCAN", "Seq Scan on"] {
                assert!(!plan.contains(&format!("{costly} {table}")), "{statement}: {plan}");
            }
        }
    }
}
