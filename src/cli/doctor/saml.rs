//! Our certificates for SAML: one that ends soon is replaced in time.

use super::{Finding, unreadable};
use crate::{clock::Timestamp, saml::our_keys::ends_soon, storage::Storage};

const CHECK: &str = "saml keys";

/// Nothing where SAML is not used.
pub(super) async fn look(storage: &Storage, now: Timestamp) -> Option<Finding> {
    let asked = async { storage.read().await?.saml_keys().all().await };
    match asked.await {
        Ok(keys) => keys.first().map(|key| judge(&key.id, key.ends_at, now)),
        Err(error) => Some(unreadable(CHECK, error)),
    }
}

fn judge(key: &str, ends_at: Timestamp, now: Timestamp) -> Finding {
    if !ends_soon(ends_at, now) {
        return Finding::ok(CHECK, format!("the certificate of {key} holds until {ends_at}"));
    }
    let advice = "`lanyard saml-key announce` makes a successor; identity providers then read our metadata again";
    Finding::warn(CHECK, format!("the certificate of {key} ends {ends_at}"), advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::State;

    #[test]
    fn a_certificate_that_ends_within_thirty_days_is_told() {
        let now = Timestamp::parse("2026-11-24").expect("a day");
        for (ends, state) in [("2026-12-25", State::Ok), ("2026-12-24", State::Warn), ("2026-11-01", State::Warn)] {
            let found = judge("k", Timestamp::parse(ends).expect("a day"), now);
            assert_eq!(found.state, state, "{ends}");
            assert_eq!(found.advice.is_some(), state == State::Warn);
        }
    }
}
