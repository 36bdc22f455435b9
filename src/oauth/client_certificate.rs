//! Clients that prove who they are by TLS (RFC 8705 §2): by a certificate of an authority that the server trusts, which names
//! them (`tls_client_auth`), or by one that they made and registered themselves (`self_signed_tls_client_auth`).

use std::{
    fs,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use data_encoding::BASE64URL_NOPAD;
use rustls::{
    RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, UnixTime, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{
    client::{AuthenticationMethod, Client},
    client_metadata::ClientMetadata,
    confirmation::Confirmation,
    distinguished_name,
    provider::Parts,
    registration::RegistrationError,
};
use crate::{clock::Timestamp, secret::sha256, web::ClientCertificate};

/// How long the authorities are kept before their file is read again.
const KEPT: Duration = Duration::from_mins(1);

/// Why a certificate is not believed to be a client's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadCertificate {
    /// The connection had none.
    #[error("no certificate")]
    Missing,
    /// Not X.509.
    #[error("not a certificate that can be read")]
    Unreadable,
    /// `client_certificates.ca_file` is not set or not readable.
    #[error("no authority for certificates is configured")]
    NoAuthority,
    /// Not issued by such an authority, expired, or not for clients.
    #[error("not a valid certificate of a trusted authority")]
    Untrusted,
    /// It names somebody else.
    #[error("the certificate of somebody else")]
    Name,
    /// None of those that the client registered.
    #[error("not a certificate that the client registered")]
    Unregistered,
    /// It has expired, or is not valid yet.
    #[error("the certificate has expired or is not valid yet")]
    Time,
}

/// The authorities, as they were last read.
#[derive(Default)]
pub(super) struct Authorities(Mutex<Option<(Timestamp, Arc<dyn ClientCertVerifier>)>>);

/// What tokens that are bound to `certificate` say (RFC 8705 §3.1).
#[must_use]
pub fn confirmation(certificate: &ClientCertificate) -> Confirmation {
    Confirmation::Certificate(BASE64URL_NOPAD.encode(&sha256(certificate.leaf())))
}

/// Checks that `certificate` is one of `client`.
///
/// # Errors
/// [`BadCertificate`].
pub(super) async fn verify(
    provider: &Parts,
    client: &Client,
    certificate: Option<&ClientCertificate>,
    now: Timestamp,
) -> Result<(), BadCertificate> {
    let certificate = certificate.ok_or(BadCertificate::Missing)?;
    let (_, parsed) = X509Certificate::from_der(certificate.leaf()).map_err(|_| BadCertificate::Unreadable)?;
    if client.authentication == AuthenticationMethod::TlsClientAuth {
        let names = names(&parsed, &client.metadata);
        return if names { trusted(provider, certificate, now) } else { Err(BadCertificate::Name) };
    }
    let keys = provider.keys_of_client(client).await.ok_or(BadCertificate::Unregistered)?;
    let thumbprint = BASE64URL_NOPAD.encode(&sha256(certificate.leaf()));
    let is_registered = keys.keys().iter().any(|key| {
        let by_value = key.certificates.first().is_some_and(|own| own == certificate.leaf());
        by_value || key.certificate_thumbprint.as_deref() == Some(&thumbprint)
    });
    let validity = parsed.validity();
    let is_current = (validity.not_before.timestamp()..=validity.not_after.timestamp()).contains(&now.seconds());
    match (is_registered, is_current) {
        (false, _) => Err(BadCertificate::Unregistered),
        (true, false) => Err(BadCertificate::Time),
        (true, true) => Ok(()),
    }
}

/// RFC 8705 §2.1: a valid chain to an authority that is configured.
fn trusted(provider: &Parts, certificate: &ClientCertificate, now: Timestamp) -> Result<(), BadCertificate> {
    let authorities = authorities(provider, now).ok_or(BadCertificate::NoAuthority)?;
    let leaf = CertificateDer::from(certificate.leaf());
    let chain: Vec<_> = certificate.intermediates().iter().map(|der| CertificateDer::from(&der[..])).collect();
    let seconds = u64::try_from(now.seconds()).map_err(|_| BadCertificate::Untrusted)?;
    let at = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    authorities.verify_client_cert(&leaf, &chain, at).map(drop).map_err(|_| BadCertificate::Untrusted)
}

fn authorities(provider: &Parts, now: Timestamp) -> Option<Arc<dyn ClientCertVerifier>> {
    let mut kept = provider.authorities.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((read_at, authorities)) = kept.as_ref()
        && now.since(*read_at) < KEPT
    {
        return Some(Arc::clone(authorities));
    }
    let file = provider.app.config.client_certificates.ca_file.as_ref()?;
    let read = || -> Result<Arc<dyn ClientCertVerifier>, Box<dyn std::error::Error>> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&fs::read(file)?) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        Ok(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build()?)
    };
    match read() {
        Ok(authorities) => {
            *kept = Some((now, Arc::clone(&authorities)));
            Some(authorities)
        }
        Err(cause) => {
            tracing::error!(file = %file.display(), %cause, "`client_certificates.ca_file` cannot be read.");
            kept.as_ref().map(|(_, authorities)| Arc::clone(authorities))
        }
    }
}

/// RFC 8705 §2.1.2: the one name that the client registered.
fn names(certificate: &X509Certificate<'_>, metadata: &ClientMetadata) -> bool {
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let has = |is_it: &dyn Fn(&GeneralName<'_>) -> bool| {
        alternative.iter().any(|names| names.value.general_names.iter().any(is_it))
    };
    match registered_name(metadata) {
        Some(("tls_client_auth_subject_dn", text)) => distinguished_name::matches(text, certificate.subject()),
        Some(("tls_client_auth_san_dns", text)) => {
            has(&|name| matches!(name, GeneralName::DNSName(own) if own.eq_ignore_ascii_case(text)))
        }
        Some(("tls_client_auth_san_uri", text)) => has(&|name| matches!(name, GeneralName::URI(own) if *own == text)),
        Some(("tls_client_auth_san_email", text)) => {
            has(&|name| matches!(name, GeneralName::RFC822Name(own) if *own == text))
        }
        Some(("tls_client_auth_san_ip", text)) => text.parse::<IpAddr>().is_ok_and(|address| {
            let octets = match address {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            has(&|name| matches!(name, GeneralName::IPAddress(own) if *own == octets))
        }),
        _ => false,
    }
}

/// The only one of the members that name a certificate; `None` when there is none or more than one.
fn registered_name(metadata: &ClientMetadata) -> Option<(&'static str, &str)> {
    let members = [
        ("tls_client_auth_subject_dn", &metadata.tls_client_auth_subject_dn),
        ("tls_client_auth_san_dns", &metadata.tls_client_auth_san_dns),
        ("tls_client_auth_san_uri", &metadata.tls_client_auth_san_uri),
        ("tls_client_auth_san_ip", &metadata.tls_client_auth_san_ip),
        ("tls_client_auth_san_email", &metadata.tls_client_auth_san_email),
    ];
    let mut given = members.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
    let first = given.next()?;
    given.next().is_none().then_some(first)
}

/// What can be known at registration.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(method: AuthenticationMethod, metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let wrong = |name: &str, why: &str| Err(RegistrationError::Member { name: name.to_owned(), why: why.to_owned() });
    match registered_name(metadata) {
        None if method == AuthenticationMethod::TlsClientAuth => wrong(
            "token_endpoint_auth_method",
            "tls_client_auth needs exactly one of tls_client_auth_subject_dn and tls_client_auth_san_*",
        ),
        Some((name @ "tls_client_auth_subject_dn", text)) if !distinguished_name::is_readable(text) => {
            wrong(name, "not a distinguished name by RFC 4514, for example `CN=app,O=Clinic,C=AU`")
        }
        Some((name @ "tls_client_auth_san_ip", text)) if text.parse::<IpAddr>().is_err() => {
            wrong(name, "not an IP address")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SanType};

    use super::*;

    fn certificate() -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CountryName, "AU");
        params.distinguished_name.push(DnType::OrganizationName, "Riverside, Inc.");
        params.distinguished_name.push(DnType::CommonName, "roster");
        params.subject_alt_names = vec![
            SanType::DnsName("roster.clinic.example".try_into().unwrap()),
            SanType::URI("https://roster.clinic.example/app".try_into().unwrap()),
            SanType::Rfc822Name("roster@clinic.example".try_into().unwrap()),
            SanType::IpAddress("192.0.2.7".parse().unwrap()),
        ];
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn one_registered_name_must_be_in_the_certificate() {
        let der = certificate();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        let named = |member: &str, value: &str| -> ClientMetadata {
            serde_json::from_value(serde_json::json!({ member: value })).unwrap()
        };
        for (member, value, expected) in [
            ("tls_client_auth_subject_dn", "CN=roster,O=Riverside\\, Inc.,C=AU", true),
            ("tls_client_auth_subject_dn", "cn=roster, o=\"Riverside\\, Inc.\"", false),
            ("tls_client_auth_subject_dn", "C=AU,O=Riverside\\, Inc.,CN=roster", false),
            ("tls_client_auth_subject_dn", "CN=roster", false),
            ("tls_client_auth_subject_dn", "CN=Roster,O=Riverside\\, Inc.,C=AU", false),
            ("tls_client_auth_san_dns", "ROSTER.clinic.example", true),
            ("tls_client_auth_san_dns", "clinic.example", false),
            ("tls_client_auth_san_uri", "https://roster.clinic.example/app", true),
            ("tls_client_auth_san_uri", "https://roster.clinic.example/", false),
            ("tls_client_auth_san_email", "roster@clinic.example", true),
            ("tls_client_auth_san_email", "other@clinic.example", false),
            ("tls_client_auth_san_ip", "192.0.2.7", true),
            ("tls_client_auth_san_ip", "192.0.2.8", false),
        ] {
            assert_eq!(names(&parsed, &named(member, value)), expected, "{member} {value}");
        }
        assert!(!names(&parsed, &ClientMetadata::default()));
        let mut two = named("tls_client_auth_san_ip", "192.0.2.7");
        two.tls_client_auth_san_dns = Some("roster.clinic.example".into());
        assert!(!names(&parsed, &two), "which of them counts is not said");
        assert!(check(AuthenticationMethod::TlsClientAuth, &two).is_err());
        assert!(check(AuthenticationMethod::TlsClientAuth, &named("tls_client_auth_san_ip", "192.0.2.7")).is_ok());
        assert!(check(AuthenticationMethod::SecretBasic, &named("tls_client_auth_san_ip", "host")).is_err());
        assert!(check(AuthenticationMethod::TlsClientAuth, &named("tls_client_auth_subject_dn", "roster")).is_err());
    }
}
