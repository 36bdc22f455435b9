//! TLS 1.2 and 1.3 from certificate files, read again when they change.

use std::{fmt, fs, io, path::Path, sync::Arc, time::Duration};

use axum_server::tls_rustls::RustlsConfig;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoClientAuth, danger::ClientCertVerifier},
};
use tokio::signal::unix::{SignalKind, signal};

use super::{Stop, client_certificates::AnyCertificate};
use crate::{config, secret::sha256};

/// How often the files are looked at.
const POLL: Duration = Duration::from_mins(1);

/// The certificate that the server shows, from the files it is renewed in.
#[derive(Debug)]
pub struct Certificate {
    files: config::Tls,
    shown: RustlsConfig,
    asking: RustlsConfig,
    fingerprint: [u8; 32],
}

/// A certificate that cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("`{key}` {path}: {cause}")]
    File {
        /// The key of the configuration.
        key: &'static str,
        /// The file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The private key is not that of the certificate, or of a kind that TLS does not use.
    #[error("the key of `tls.key` does not fit the certificate of `tls.certificate`: {0}")]
    Mismatch(#[from] rustls::Error),
}

/// Makes aws-lc-rs the cryptography of every TLS connection of this process; a second call changes nothing.
pub fn install_crypto_provider() {
    let _ = aws_lc_rs::default_provider().install_default();
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// [`CertificateError`] names the key of the configuration to correct.
    pub fn load(files: &config::Tls) -> Result<Self, CertificateError> {
        let ([shown, asking], fingerprint) = read(files)?;
        let [shown, asking] = [shown, asking].map(RustlsConfig::from_config);
        Ok(Self { files: files.clone(), shown, asking, fingerprint })
    }

    /// What new connections show, always the newest.
    #[must_use]
    pub fn shown(&self) -> RustlsConfig {
        self.shown.clone()
    }

    /// The same, asking apps for a certificate of theirs.
    #[must_use]
    pub fn asking(&self) -> RustlsConfig {
        self.asking.clone()
    }

    /// Looks at the files each minute and at SIGHUP, until the server stops. A file that is wrong changes nothing: the
    /// last good certificate stays.
    pub async fn keep_fresh(mut self, stop: Stop) {
        let mut hangup = signal(SignalKind::hangup()).ok();
        let mut ticks = tokio::time::interval_at(tokio::time::Instant::now() + POLL, POLL);
        loop {
            tokio::select! {
                () = stop.requested() => return,
                _ = ticks.tick() => {}
                Some(()) = async { hangup.as_mut()?.recv().await } => {}
            }
            match self.refresh() {
                Ok(true) => tracing::info!("The renewed TLS certificate is shown from now on."),
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "The TLS certificate cannot be renewed; the last one stays."),
            }
        }
    }

    /// Shows the files' certificate if they changed, and says whether they did.
    fn refresh(&mut self) -> Result<bool, CertificateError> {
        if fingerprint(&self.files)? == self.fingerprint {
            return Ok(false);
        }
        let ([shown, asking], fingerprint) = read(&self.files)?;
        self.shown.reload_from_config(shown);
        self.asking.reload_from_config(asking);
        self.fingerprint = fingerprint;
        Ok(true)
    }
}

/// Files are a few kilobytes: comparing their content sees every change, whatever a tool does to their times.
fn fingerprint(files: &config::Tls) -> Result<[u8; 32], CertificateError> {
    let certificate = contents("tls.certificate", &files.certificate)?;
    let key = contents("tls.key", &files.key)?;
    Ok(sha256(&[sha256(&certificate), sha256(&key)].concat()))
}

/// For browsers and everybody, and for apps that have a certificate.
type Configs = [Arc<ServerConfig>; 2];

fn read(files: &config::Tls) -> Result<(Configs, [u8; 32]), CertificateError> {
    let fingerprint = fingerprint(files)?;
    let chain = contents("tls.certificate", &files.certificate)?;
    let chain = CertificateDer::pem_slice_iter(&chain)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| fault("tls.certificate", &files.certificate, &error))?;
    if chain.is_empty() {
        return Err(fault("tls.certificate", &files.certificate, &"holds no certificate in PEM"));
    }
    let key = contents("tls.key", &files.key)?;
    let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| fault("tls.key", &files.key, &error))?;
    let shown = server_config(chain.clone(), key.clone_key(), Arc::new(NoClientAuth))?;
    let asking = server_config(chain, key, AnyCertificate::verifier())?;
    Ok(([Arc::new(shown), Arc::new(asking)], fingerprint))
}

fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    apps: Arc<dyn ClientCertVerifier>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(apps)
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    // Tickets spare returning clients the signature, without memory here.
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(config)
}

fn contents(key: &'static str, path: &Path) -> Result<Vec<u8>, CertificateError> {
    fs::read(path).map_err(|error: io::Error| fault(key, path, &error))
}

fn fault(key: &'static str, path: &Path, cause: &dyn fmt::Display) -> CertificateError {
    CertificateError::File { key, path: path.display().to_string(), cause: cause.to_string() }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};

    use super::*;

    fn certificate() -> CertifiedKey<KeyPair> {
        generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate")
    }

    struct Files {
        _folder: tempfile::TempDir,
        config: config::Tls,
    }

    impl Files {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let config = config::Tls { certificate: folder.path().join("tls.crt"), key: folder.path().join("tls.key") };
            Self { _folder: folder, config }
        }

        fn write(&self, certificate: &str, key: &str) {
            fs::write(&self.config.certificate, certificate).expect("written");
            fs::write(&self.config.key, key).expect("written");
        }
    }

    #[test]
    fn wrong_files_are_named_with_their_key() {
        let (one, other) = (certificate(), certificate());
        let files = Files::new();
        let missing = Certificate::load(&files.config).expect_err("missing").to_string();
        assert!(missing.starts_with("`tls.certificate` ") && missing.contains("No such file"), "{missing}");
        for (certificate, key, expected) in [
            ("", one.signing_key.serialize_pem(), "holds no certificate in PEM"),
            (one.cert.pem().as_str(), String::new(), "`tls.key` "),
            (one.cert.pem().as_str(), other.signing_key.serialize_pem(), "does not fit the certificate"),
        ] {
            files.write(certificate, &key);
            let error = Certificate::load(&files.config).expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn a_certificate_is_renewed_when_both_files_fit() {
        let (old, new, files) = (certificate(), certificate(), Files::new());
        files.write(&old.cert.pem(), &old.signing_key.serialize_pem());
        let mut shown = Certificate::load(&files.config).expect("a certificate");
        let before = shown.shown().get_inner();
        assert!(!shown.refresh().expect("unchanged"));
        files.write(&new.cert.pem(), &old.signing_key.serialize_pem());
        assert!(shown.refresh().is_err(), "one of two files is written");
        assert!(Arc::ptr_eq(&before, &shown.shown().get_inner()), "the last good one stays");
        files.write(&new.cert.pem(), &new.signing_key.serialize_pem());
        assert!(shown.refresh().expect("renewed"));
        assert!(!Arc::ptr_eq(&before, &shown.shown().get_inner()));
        assert!(!shown.refresh().expect("unchanged"));
    }
}
