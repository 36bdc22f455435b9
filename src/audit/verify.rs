//! Verification: finds any sealed event that was changed, removed or inserted, and any chain that was cut off.

use aws_lc_rs::hmac;
use serde::Serialize;

use super::{
    Chain, Recorded,
    chain::Head,
    heads::{HeadsFile, LastHeads},
};
use crate::storage::{Storage, Tx};

/// What is wrong with a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Which chain.
    pub chain: Chain,
    /// At which link.
    pub seal: i64,
    /// What was found, in words.
    pub what: String,
    /// Where the chain was cut off: its last link, as the file of heads knows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known: Option<i64>,
}

impl Finding {
    fn new(chain: &Chain, seal: i64, what: String) -> Self {
        Self { chain: chain.clone(), seal, what, known: None }
    }
}

/// What verification saw.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Chains that were read.
    pub chains: usize,
    /// Links that were checked.
    pub links: usize,
    /// Events that were checked.
    pub events: usize,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

/// Why a verification could not be made.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] crate::storage::Error),
    /// The file of heads cannot be read.
    #[error("the file of heads cannot be read: {0}")]
    Heads(#[from] std::io::Error),
}

/// Verifies every chain, in bounded memory.
///
/// # Errors
/// When database or file of heads cannot be read; what is wrong with the log is in the report.
pub async fn verify(storage: &Storage, key: &hmac::Key, heads: &HeadsFile) -> Result<Report, VerifyError> {
    // The file is read first: the database can only be ahead of it by what was sealed since.
    let outside = heads.last()?;
    let mut tx = storage.read().await?;
    let mut report = Report::default();
    let mut chains = tx.audit().chains().await?;
    chains.extend(outside.keys().filter(|chain| !chains.contains(chain)).cloned().collect::<Vec<_>>());
    for chain in chains {
        report.chains += 1;
        verify_chain(&mut tx, key, &chain, &outside, &mut report).await?;
    }
    Ok(report)
}

async fn verify_chain(
    tx: &mut Tx,
    key: &hmac::Key,
    chain: &Chain,
    outside: &LastHeads,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let mut head = Head::empty(chain.clone());
    let expected = outside.get(chain);
    loop {
        let links = tx.audit().links(chain, head.seal).await?;
        let Some((last, _)) = links.last() else { break };
        let mut events = tx.audit().sealed_events(chain, head.seal + 1, last.seal).await?;
        for (stored, mac) in &links {
            let rest = events.split_off(events.partition_point(|event| event.seal <= Some(stored.seal)));
            report.links += 1;
            report.events += events.len();
            if let Some(what) = wrong(&head, stored, &events, key, mac) {
                report.findings.push(Finding::new(chain, stored.seal, what));
            }
            if let Some((outer, outer_mac)) = expected
                && outer.seal == stored.seal
                && (outer != stored || outer_mac != mac)
            {
                let what = "differs from the file of heads".to_owned();
                report.findings.push(Finding::new(chain, stored.seal, what));
            }
            head = stored.clone();
            events = rest;
        }
    }
    if let Some((outer, _)) = expected
        && outer.seal > head.seal
    {
        let what = format!("the chain was cut off: the file of heads knows link {}", outer.seal);
        let finding = Finding::new(chain, head.seal, what);
        report.findings.push(Finding { known: Some(outer.seal), ..finding });
    }
    let orphans = tx.audit().orphans(chain, head.seal).await?;
    if orphans > 0 {
        let what = format!("{orphans} events claim links that do not exist");
        report.findings.push(Finding::new(chain, head.seal, what));
    }
    Ok(())
}

/// What is wrong with one link, given the one before it and its events.
fn wrong(before: &Head, stored: &Head, events: &[Recorded], key: &hmac::Key, mac: &[u8]) -> Option<String> {
    if stored.seal != before.seal + 1 {
        return Some(format!("links {} to {} are missing", before.seal + 1, stored.seal - 1));
    }
    let computed = before.next(events);
    if computed.events != stored.events {
        return Some(format!("covers {} events but {} are there", stored.events, computed.events));
    }
    if computed.hash != stored.hash {
        return Some("an event was changed or exchanged".to_owned());
    }
    (!stored.is_authentic(key, mac)).then(|| "its MAC is not ours: the link was forged".to_owned())
}
