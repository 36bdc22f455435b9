//! The TLS certificate of an app: of the connection itself, or as a trusted proxy passes it on.
//!
//! Anybody can send the header of a proxy, so it counts from `server.trusted_proxies` alone, and only the one that is
//! configured. Three ways to write it are read: RFC 9440 (`:base64:`), PEM in percent-encoding (nginx,
//! `$ssl_client_escaped_cert`), and PEM with spaces where lines ended (Apache httpd, `%{SSL_CLIENT_CERT}s`).
//!
//! That the app holds the private key was proved to whoever ended TLS; whose certificate it is, and whether it counts, is for
//! the protocol to say.

use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};
use data_encoding::BASE64;

use super::parameters;

/// The longest certificate, in bytes of DER.
const LONGEST: usize = 16 * 1024;

/// A certificate in DER, with the intermediates that came along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate(Arc<[Vec<u8>]>);

impl ClientCertificate {
    /// A chain as TLS delivers it, the certificate of the app first; `None` when it is empty.
    #[must_use]
    pub fn of_chain(chain: Vec<Vec<u8>>) -> Option<Self> {
        (!chain.is_empty()).then(|| Self(chain.into()))
    }

    /// The certificate of the app.
    #[must_use]
    pub fn leaf(&self) -> &[u8] {
        &self.0[0]
    }

    /// What came along.
    #[must_use]
    pub fn intermediates(&self) -> &[Vec<u8>] {
        &self.0[1..]
    }

    /// The one in the header `name`; `None` when there is none, or anything but one.
    #[must_use]
    pub fn forwarded(name: &HeaderName, headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(name).iter();
        let (first, None) = (values.next()?.to_str().ok()?, values.next()) else { return None };
        Self::of_chain(vec![der(first.trim())?])
    }
}

fn der(text: &str) -> Option<Vec<u8>> {
    if let Some(inner) = text.strip_prefix(':') {
        return decoded(inner.strip_suffix(':')?);
    }
    // A `+` of base64 is no space here.
    let pem = if text.contains('%') {
        parameters::decode(text.replace('+', "%2B").as_bytes()).ok()?
    } else {
        text.to_owned()
    };
    let inner = pem.trim().strip_prefix("-----BEGIN CERTIFICATE-----")?.strip_suffix("-----END CERTIFICATE-----")?;
    decoded(&inner.split_ascii_whitespace().collect::<String>())
}

fn decoded(base64: &str) -> Option<Vec<u8>> {
    BASE64.decode(base64.as_bytes()).ok().filter(|der| !der.is_empty() && der.len() <= LONGEST)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_certificate_is_read_as_proxies_write_it() {
        // Four bytes are no certificate, and nobody asks that here.
        let der = [0xfb, 0xef, 0xff, 1];
        let base64 = BASE64.encode(&der);
        assert!(base64.contains('+') && base64.contains('/'), "{base64}");
        let pem = format!("-----BEGIN CERTIFICATE-----\n{base64}\n-----END CERTIFICATE-----\n");
        let escaped: String = form_urlencoded::byte_serialize(pem.as_bytes()).collect::<String>().replace('+', "%20");
        for (case, sent, expected) in [
            ("RFC 9440", format!(":{base64}:"), true),
            ("nginx", escaped.clone(), true),
            ("nginx leaves a plus alone", escaped.replace("%2B", "+"), true),
            ("Apache httpd", pem.replace('\n', " "), true),
            ("nothing", String::new(), false),
            ("(null)", "(null)".into(), false),
            ("half of RFC 9440", format!(":{base64}"), false),
            ("bare", base64.clone(), false),
            ("broken", pem.replace('\n', " ").replace("END", "FIN"), false),
            ("empty", "::".into(), false),
            ("long", format!(":{}:", BASE64.encode(&vec![1; LONGEST + 1])), false),
            ("a broken escape", escaped.replace("%0A", "%zz"), false),
        ] {
            let name = HeaderName::from_static("client-cert");
            let mut headers = HeaderMap::new();
            headers.insert(&name, HeaderValue::from_str(&sent).unwrap());
            let found = ClientCertificate::forwarded(&name, &headers);
            assert_eq!(found.as_ref().map(|found| found.leaf() == der), expected.then_some(true), "{case}");
            headers.append(&name, HeaderValue::from_str(&sent).unwrap());
            assert_eq!(ClientCertificate::forwarded(&name, &headers), None, "{case} twice");
        }
    }
}
