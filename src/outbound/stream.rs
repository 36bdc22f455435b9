//! Connections for protocols other than HTTP, under the same guard: the address that was judged is the one that is called.

use std::{io::BufReader, sync::Arc};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, pem::PemObject},
};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;

use super::{Fault, LONGEST, Outbound, address::is_open};

impl Outbound {
    /// A connection to `host`, a name or an address. One that stays without TLS (`plain`) leads into allowed networks only.
    ///
    /// # Errors
    /// [`Fault::Forbidden`], and [`Fault::Unreachable`] after five seconds.
    pub async fn connect(&self, (host, port): (&str, u16), plain: bool) -> Result<TcpStream, Fault> {
        let connecting = async {
            let bare = host.trim_start_matches('[').trim_end_matches(']');
            let found = tokio::net::lookup_host((bare, port)).await;
            let found: Vec<_> = found.map_err(|error| unreachable(host, &error))?.collect();
            let open: Vec<_> = found.into_iter().filter(|one| is_open(one.ip(), &self.0.allowed, plain)).collect();
            if open.is_empty() {
                let why = if plain {
                    "without TLS, only networks in `outgoing.allowed_networks` are called"
                } else {
                    "its address is private and not in `outgoing.allowed_networks`"
                };
                return Err(Fault::Forbidden(format!("{host} may not be called: {why}")));
            }
            let stream = TcpStream::connect(&*open).await.map_err(|error| unreachable(host, &error))?;
            stream.set_nodelay(true).map_err(|error| unreachable(host, &error))?;
            Ok(stream)
        };
        let late = || Fault::Unreachable(format!("{host} did not answer within {} seconds", LONGEST.as_secs()));
        tokio::time::timeout(LONGEST, connecting).await.unwrap_or_else(|_| Err(late()))
    }

    /// TLS to servers whose certificates come from `authorities` (PEM) alone; without those, from whom this machine and
    /// `outgoing.ca_file` trust.
    ///
    /// # Errors
    /// [`Fault::Forbidden`] for text that holds no certificates, and when none of this machine can be read.
    pub fn tls(&self, authorities: Option<&str>) -> Result<ClientConfig, Fault> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| Fault::Forbidden(error.to_string()))?;
        if let Some(pem) = authorities {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(pem.as_bytes())? {
                roots.add(certificate).map_err(|error| Fault::Forbidden(error.to_string()))?;
            }
            return Ok(builder.with_root_certificates(roots).with_no_client_auth());
        }
        let extra = match self.0.ca_file.as_deref() {
            Some(file) => {
                let pem = std::fs::read(file);
                certificates(&pem.map_err(|error| Fault::Forbidden(format!("outgoing.ca_file: {error}")))?)?
            }
            None => vec![],
        };
        let verifier = Verifier::new_with_extra_roots(extra, provider);
        let verifier = verifier.map_err(|error| Fault::Forbidden(error.to_string()))?;
        Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth())
    }
}

/// The certificates of a PEM text.
///
/// # Errors
/// [`Fault::Forbidden`] when there is none, or one that cannot be read.
fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Fault> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_reader_iter(BufReader::new(pem)).collect();
    match read {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(Fault::Forbidden("there is no certificate in PEM form in it".to_owned())),
        Err(error) => Err(Fault::Forbidden(format!("its certificates cannot be read: {error}"))),
    }
}

fn unreachable(host: &str, error: &std::io::Error) -> Fault {
    Fault::Unreachable(format!("{host}: {error}"))
}
