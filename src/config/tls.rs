//! `[tls]`: the certificate that the server shows; without one it speaks plain HTTP.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::check::{Check, wrong};

/// PEM files; read at start and again when they change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate and its intermediates, the leaf first.
    pub certificate: PathBuf,
    /// The private key of the leaf.
    pub key: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
pub(super) struct Raw {
    certificate: String,
    key: String,
}

impl Raw {
    #[expect(
        clippy::option_option,
        reason = "the outer one says whether the section is right, the inner one whether there is TLS"
    )]
    pub(super) fn interpret(self, check: &mut Check) -> Option<Option<Tls>> {
        match (self.certificate.is_empty(), self.key.is_empty()) {
            (true, true) => Some(None),
            (false, false) => Some(Some(Tls { certificate: self.certificate.into(), key: self.key.into() })),
            (true, false) => check.take("tls.key", Err(wrong("has no certificate", "set `tls.certificate` too"))),
            (false, true) => check.take("tls.certificate", Err(wrong("has no private key", "set `tls.key` too"))),
        }
    }
}
