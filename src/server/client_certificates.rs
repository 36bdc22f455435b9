//! TLS that asks apps for a certificate (RFC 8705), on a listener of its own.
//!
//! Any certificate is taken whose key the app holds, also one that it made itself: what it is worth decides the protocol,
//! with what the app registered. Without a certificate the connection is as good as any other.

use std::{io, sync::Arc};

use axum::{Extension, middleware::AddExtension};
use axum_server::accept::Accept;
use futures_util::future::BoxFuture;
use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, UnixTime},
    server::danger::{ClientCertVerified, ClientCertVerifier},
};
use tokio_rustls::server::TlsStream;
use tower::Layer;

use crate::web::ClientCertificate;

/// Asks for a certificate and checks that the app holds its key.
#[derive(Debug)]
pub(super) struct AnyCertificate(WebPkiSupportedAlgorithms);

impl AnyCertificate {
    pub(super) fn verifier() -> Arc<dyn ClientCertVerifier> {
        Arc::new(Self(aws_lc_rs::default_provider().signature_verification_algorithms))
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}

/// Accepts as `inner` does and gives each request the certificate of its connection.
#[derive(Debug, Clone)]
pub(super) struct TellCertificate<A>(pub(super) A);

impl<A, I, S, T> Accept<I, S> for TellCertificate<A>
where
    A: Accept<I, S, Stream = TlsStream<T>>,
    A::Future: Send + 'static,
    A::Service: Send,
    T: Send,
{
    type Stream = TlsStream<T>;
    type Service = AddExtension<A::Service, Option<ClientCertificate>>;
    type Future = BoxFuture<'static, io::Result<(Self::Stream, Self::Service)>>;

    fn accept(&self, stream: I, service: S) -> Self::Future {
        let accepted = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepted.await?;
            let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let certificate = ClientCertificate::of_chain(chain.iter().map(|der| der.to_vec()).collect());
            Ok((stream, Extension(certificate).layer(service)))
        })
    }
}
