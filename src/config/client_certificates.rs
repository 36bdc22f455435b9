//! `[client_certificates]`: apps that prove themselves by TLS (RFC 8705), on a listener of its own or through a proxy.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    check::{Check, Wrong, authorities, wrong},
    server::{Issuer, Listen, listen_address},
};

/// How certificates of apps come in, and whose count.
#[derive(Debug, Clone, Default)]
pub struct ClientCertificates {
    /// Where certificates are asked for; browsers never come here, so that no person is asked for one.
    pub listen: Vec<Listen>,
    /// The address that apps know that listener, or that of a proxy, by (`mtls_endpoint_aliases`).
    pub address: Option<Issuer>,
    /// Who may have issued the certificates of `tls_client_auth`.
    pub ca_file: Option<PathBuf>,
    /// The header in which the proxies of `server.trusted_proxies` pass the certificate of the app on.
    pub header: Option<String>,
}

impl ClientCertificates {
    /// Whether certificates can come in at all.
    #[must_use]
    pub fn are_taken(&self) -> bool {
        !self.listen.is_empty() || self.header.is_some()
    }
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Raw {
    listen: Vec<String>,
    address: String,
    ca_file: String,
    header: String,
}

impl Raw {
    pub(super) fn interpret(self, check: &mut Check, has_tls: bool) -> Option<ClientCertificates> {
        let (has_listener, has_header) = (!self.listen.is_empty(), !self.header.trim().is_empty());
        let has_address = !self.address.trim().is_empty();
        let listen = self.listen.iter().map(|text| listen_address(text.trim())).collect::<Result<Vec<_>, _>>();
        let listen =
            listen.and_then(|listen| if listen.is_empty() || has_tls { Ok(listen) } else { Err(without_tls()) });
        let listen = check.take("client_certificates.listen", listen);
        let address = Some(self.address.trim()).filter(|text| !text.is_empty());
        let address = check.take("client_certificates.address", address.map(Issuer::parse).transpose());
        let header = check.take("client_certificates.header", header(self.header.trim()));
        let ca_file = check.take("client_certificates.ca_file", authorities(&self.ca_file));
        let way_in = match (has_listener, has_address, has_header) {
            (true, false, false) => check.take("client_certificates.address", Err(without_address())),
            (false, true, false) => check.take("client_certificates.listen", Err(without_way_in())),
            _ => Some(()),
        };
        way_in?;
        Some(ClientCertificates { listen: listen?, address: address?, ca_file: ca_file?, header: header? })
    }
}

fn without_address() -> Wrong {
    wrong(
        "is missing while `client_certificates.listen` is set",
        "write the address by which apps know that listener, for example `https://mtls.clinic.example`",
    )
}

fn without_way_in() -> Wrong {
    wrong(
        "is missing while `client_certificates.address` is set",
        "write where certificates are asked for, for example `0.0.0.0:8443`, or set `client_certificates.header`",
    )
}

fn without_tls() -> Wrong {
    wrong("needs a certificate of the server", "set `tls.certificate` and `tls.key` too")
}

fn header(text: &str) -> Result<Option<String>, Wrong> {
    let is_name = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match text {
        "" => Ok(None),
        text if is_name => Ok(Some(text.to_ascii_lowercase())),
        other => Err(wrong(format!("`{other}` is no name of a header"), "write for example `client-cert`")),
    }
}
