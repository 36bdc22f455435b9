//! The arithmetic of the chain: pure, so that the verifier and the sealer cannot disagree.

use aws_lc_rs::{digest, hmac};

use super::{Chain, Recorded};

/// The end of a chain after some link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Which chain.
    pub chain: Chain,
    /// The number of the link; the first is 1, and 0 is the empty chain.
    pub seal: i64,
    /// How many events the link covers.
    pub events: i64,
    /// SHA-256 over the previous hash and the link's events.
    pub hash: Vec<u8>,
}

impl Head {
    /// The chain before its first link.
    #[must_use]
    pub fn empty(chain: Chain) -> Self {
        Self { chain, seal: 0, events: 0, hash: vec![0; 32] }
    }

    /// The head after one more link that covers `events`, in the order of their ids.
    #[must_use]
    pub fn next(&self, events: &[Recorded]) -> Self {
        let mut hash = digest::Context::new(&digest::SHA256);
        hash.update(&self.hash);
        for event in events {
            let bytes = canonical(event);
            hash.update(&(bytes.len() as u64).to_be_bytes());
            hash.update(&bytes);
        }
        Self {
            chain: self.chain.clone(),
            seal: self.seal + 1,
            events: i64::try_from(events.len()).unwrap_or(i64::MAX),
            hash: hash.finish().as_ref().to_vec(),
        }
    }

    /// The MAC that binds link, number and hash to a key outside the database.
    #[must_use]
    pub fn mac(&self, key: &hmac::Key) -> Vec<u8> {
        hmac::sign(key, &self.message()).as_ref().to_vec()
    }

    /// Checks a stored MAC in constant time.
    #[must_use]
    pub fn is_authentic(&self, key: &hmac::Key, mac: &[u8]) -> bool {
        hmac::verify(key, &self.message(), mac).is_ok()
    }

    fn message(&self) -> Vec<u8> {
        let mut message = format!("{}\n{}\n{}\n", self.chain, self.seal, self.events).into_bytes();
        message.extend_from_slice(&self.hash);
        message
    }
}

/// Every column but the seal, each with its length, so that no two events read alike.
fn canonical(event: &Recorded) -> Vec<u8> {
    let at = event.at.0.to_string();
    let columns = [
        Some(event.id.as_str()),
        Some(event.chain.as_str()),
        Some(at.as_str()),
        Some(event.action.as_str()),
        Some(event.outcome.as_str()),
        Some(event.actor_kind.as_str()),
        event.actor_id.as_deref(),
        event.person_id.as_deref(),
        event.client_id.as_deref(),
        event.resource.as_deref(),
        event.request_id.as_deref(),
        event.address.as_deref(),
        Some(event.detail.as_str()),
    ];
    let mut out = Vec::with_capacity(256);
    for column in columns {
        let Some(text) = column else {
            out.push(0);
            continue;
        };
        out.push(1);
        out.extend_from_slice(&(text.len() as u64).to_be_bytes());
        out.extend_from_slice(text.as_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, id::EventId};

    fn event(detail: &str, resource: Option<&str>) -> Recorded {
        Recorded {
            id: EventId::from_stored("evt_1".into()),
            chain: Chain::of(None),
            at: Timestamp(1),
            action: "sign-in".into(),
            outcome: "success".into(),
            actor_kind: "server".into(),
            actor_id: None,
            person_id: None,
            client_id: None,
            resource: resource.map(str::to_owned),
            request_id: None,
            address: None,
            detail: detail.into(),
            seal: None,
        }
    }

    #[test]
    fn any_difference_changes_the_hash() {
        let base = Head::empty(Chain::of(None)).next(&[event("{}", None)]);
        for other in [event("{ }", None), event("{}", Some("")), event("{}", Some("x"))] {
            assert_ne!(base.hash, Head::empty(Chain::of(None)).next(&[other]).hash);
        }
        assert_ne!(base.hash, Head::empty(Chain::of(None)).next(&[]).hash);
        assert_ne!(base.hash, base.next(&[event("{}", None)]).hash);
    }

    #[test]
    fn a_mac_fits_its_head_and_key_alone() {
        let key = |byte| hmac::Key::new(hmac::HMAC_SHA256, &[byte; 32]);
        let head = Head::empty(Chain::of(None)).next(&[event("{}", None)]);
        let mac = head.mac(&key(1));
        assert!(head.is_authentic(&key(1), &mac));
        assert!(!head.is_authentic(&key(2), &mac));
        assert!(!Head { seal: 9, ..head }.is_authentic(&key(1), &mac));
    }
}
