//! Looks up the TXT records that prove a domain.

use std::time::Duration;

use hickory_resolver::{TokioResolver, proto::rr::RData};

use super::Domain;

/// Longest wait for the answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most records that are looked at.
const MOST_RECORDS: usize = 50;

/// The domain name system did not answer.
#[derive(Debug, thiserror::Error)]
pub enum LookupError {
    /// No resolver is set up on this machine.
    #[error("this machine has no usable DNS resolver: {0}")]
    Resolver(String),
    /// An answer could not be had.
    #[error("DNS lookup of {0} failed: {1}")]
    Failed(String, String),
}

/// The TXT records of the name at which the proof has to be published; none when there are none.
///
/// # Errors
/// When no resolver answers within ten seconds.
pub async fn txt(domain: &Domain) -> Result<Vec<String>, LookupError> {
    let resolver = TokioResolver::builder_tokio()
        .and_then(hickory_resolver::ResolverBuilder::build)
        .map_err(|error| LookupError::Resolver(error.to_string()))?;
    // A trailing dot: the machine's search domains must not answer in place of the domain.
    let name = format!("{}.", domain.record_name());
    let failed = |cause: String| LookupError::Failed(domain.record_name(), cause);
    match tokio::time::timeout(PATIENCE, resolver.txt_lookup(name)).await {
        Err(_) => Err(failed("no answer within ten seconds".into())),
        Ok(Err(error)) if error.is_nx_domain() || error.is_no_records_found() => Ok(vec![]),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Ok(Ok(answer)) => {
            Ok(answer.answers().iter().take(MOST_RECORDS).filter_map(|record| text(&record.data)).collect())
        }
    }
}

/// The strings of a TXT record, joined (RFC 7208 §3.3 joins them the same way).
fn text(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else { return None };
    Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect())
}
