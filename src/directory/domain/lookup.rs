//! Looks up the TXT records that prove a domain.

use std::{net::SocketAddr, time::Duration};

use hickory_resolver::{
    TokioResolver,
    config::{ConnectionConfig, NameServerConfig, ResolverConfig},
    net::runtime::TokioRuntimeProvider,
    proto::rr::RData,
};

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

/// The TXT records of the name at which the proof has to be published; none when there are none. Asks `server`, or those
/// that this machine is set up with.
///
/// # Errors
/// When no resolver answers within ten seconds.
pub async fn txt(domain: &Domain, server: Option<SocketAddr>) -> Result<Vec<String>, LookupError> {
    let builder = match server {
        Some(server) => Ok(TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default())),
        None => TokioResolver::builder_tokio(),
    };
    let resolver = builder
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

/// Over TCP where an answer is too long for UDP (RFC 7766).
fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()].map(|mut connection| {
        connection.port = server.port();
        connection
    });
    ResolverConfig::from_name_servers(vec![NameServerConfig::new(server.ip(), true, connections.to_vec())])
}

/// The strings of a TXT record, joined (RFC 7208 §3.3 joins them the same way).
fn text(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else { return None };
    Some(txt.txt_data.iter().map(|part| String::from_utf8_lossy(part)).collect())
}
