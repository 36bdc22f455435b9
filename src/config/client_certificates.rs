//! `[client_certificates]`: apps that prove themselves by TLS (RFC 8705), on a listener of its own or through a proxy.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{
    check::{Check, Wrong, wrong},
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
        let listen = self.listen.iter().map(|text| listen_address(text.trim())).collect::<Result<Vec<_>, _>>();
        let listen =
            listen.and_then(|listen| if listen.is_empty() || has_tls { Ok(listen) } else { Err(without_tls()) });
        let listen = check.take("client_certificates.listen", listen);
        let address = Some(self.address.trim()).filter(|text| !text.is_empty());
        let address = check.take("client_certificates.address", address.map(Issuer::parse).transpose());
        let header = check.take("client_certificates.header", header(self.header.trim()));
        let ca_file = Some(self.ca_file.trim()).filter(|path| !path.is_empty()).map(PathBuf::from);
        Some(ClientCertificates { listen: listen?, address: address?, ca_file, header: header? })
    }
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
