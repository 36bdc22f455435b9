//! The Redirect binding (bindings §3.4): a message in an address, compressed, with a signature over the text of the query as
//! it was sent. Nothing is decoded and encoded again before that is checked: others write escapes differently.

use data_encoding::{BASE64, BASE64_NOPAD};
use form_urlencoded::byte_serialize;
use url::Url;

use super::{
    certificate::Trusted,
    credential::Credential,
    deflate, names,
    signature::{Detached, DetachedFault, Verified, verify_detached},
    xml::{self, Xml},
};

/// The longest relay state: 80 bytes by the specification, but others send more.
const LONGEST_RELAY_STATE: usize = 512;

/// The longest query that is looked at, in bytes.
const LONGEST: usize = 32 * 1024;

/// What a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It asks for something.
    Request,
    /// It answers.
    Response,
}

impl Kind {
    /// The name of its parameter, here and in forms.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Why a query carries no message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A parameter is missing, there twice, or not encoded as it should be.
    #[error("the parameter `{0}` is missing, there twice, or not what the specification says")]
    Parameter(&'static str),
    /// What does not come out of it.
    #[error(transparent)]
    Deflate(#[from] deflate::Fault),
    /// What came out is not read.
    #[error(transparent)]
    Xml(#[from] xml::Fault),
    /// It is not signed.
    #[error("it is not signed")]
    Unsigned,
    /// The signature.
    #[error(transparent)]
    Signature(#[from] DetachedFault),
}

/// A message that came in an address and was signed.
#[derive(Debug, PartialEq, Eq)]
pub struct Received {
    /// Whether it asks or answers.
    pub kind: Kind,
    /// It.
    pub message: Verified,
    /// What the sender wants back.
    pub relay_state: Option<String>,
}

/// The address to which a browser carries a message; signed where there is a key.
#[must_use]
pub fn address(to: &Url, (kind, xml): (Kind, &str), relay_state: Option<&str>, key: Option<&Credential>) -> Url {
    let message = BASE64.encode(&deflate::deflate(xml.as_bytes()));
    let mut query = format!("{}={}", kind.parameter(), encoded(&message));
    if let Some(state) = relay_state {
        query = format!("{query}&RelayState={}", encoded(state));
    }
    if let Some(key) = key {
        query = format!("{query}&SigAlg={}", encoded(names::RSA_SHA256));
        let signature = BASE64.encode(&key.sign(query.as_bytes()));
        query = format!("{query}&Signature={}", encoded(&signature));
    }
    let mut address = to.clone();
    let before = to.query().filter(|before| !before.is_empty()).map(|before| format!("{before}&")).unwrap_or_default();
    address.set_query(Some(&format!("{before}{query}")));
    address
}

/// Reads a signed message from a raw query.
///
/// # Errors
/// [`Fault`].
pub fn read(query: &str, trusted: &Trusted) -> Result<Received, Fault> {
    if query.len() > LONGEST {
        return Err(Fault::Parameter("SAMLRequest"));
    }
    let (request, response) = (raw(query, "SAMLRequest")?, raw(query, "SAMLResponse")?);
    let (kind, raw_message) = match (request, response) {
        (Some(text), None) => (Kind::Request, text),
        (None, Some(text)) => (Kind::Response, text),
        _ => return Err(Fault::Parameter("SAMLRequest")),
    };
    if raw(query, "SAMLEncoding")?.is_some_and(|encoding| !encoding.ends_with("DEFLATE")) {
        return Err(Fault::Parameter("SAMLEncoding"));
    }
    let compressed = bytes(raw_message, kind.parameter())?;
    let message = Xml::message(&deflate::inflate(&compressed, xml::LARGEST_MESSAGE)?)?;
    let relay_state = raw(query, "RelayState")?;
    let (Some(raw_algorithm), Some(raw_signature)) = (raw(query, "SigAlg")?, raw(query, "Signature")?) else {
        return Err(Fault::Unsigned);
    };
    let state = relay_state.map(|state| format!("&RelayState={state}")).unwrap_or_default();
    let signed = format!("{}={raw_message}{state}&SigAlg={raw_algorithm}", kind.parameter());
    let (algorithm, signature) = (decoded(raw_algorithm), bytes(raw_signature, "Signature")?);
    let detached = Detached { algorithm: &algorithm, signature: &signature, signed: &signed };
    let relay_state = relay_state.map(decoded);
    if relay_state.as_ref().is_some_and(|state| state.len() > LONGEST_RELAY_STATE) {
        return Err(Fault::Parameter("RelayState"));
    }
    Ok(Received { kind, message: verify_detached(message, &detached, trusted)?, relay_state })
}

/// The one value of a parameter as it was sent.
fn raw<'q>(query: &'q str, name: &'static str) -> Result<Option<&'q str>, Fault> {
    let pairs = query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let mut values = pairs.filter(|(key, _)| decoded(key) == name);
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        // A name that is escaped would not be in what was signed.
        (Some((key, value)), None) if key == name => Ok(Some(value)),
        _ => Err(Fault::Parameter(name)),
    }
}

fn decoded(text: &str) -> String {
    let pair = format!("x={text}");
    form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn encoded(text: &str) -> String {
    byte_serialize(text.as_bytes()).collect()
}

/// Base64 as others write it: with line ends, and without padding.
fn bytes(raw: &str, name: &'static str) -> Result<Vec<u8>, Fault> {
    let text: String = decoded(raw).split_ascii_whitespace().collect();
    BASE64_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| Fault::Parameter(name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::saml::testing::{OTHER, OURS, trusted};

    const MESSAGE: &str = "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_1\"/>";

    fn sent(relay_state: Option<&str>, key: Option<&Credential>) -> String {
        let to = Url::parse("https://idp.example/slo?tenant=1").expect("an address");
        let address = address(&to, (Kind::Request, MESSAGE), relay_state, key);
        address.query().expect("a query").to_owned()
    }

    #[test]
    fn what_was_sent_is_read() {
        for state in [None, Some("abc"), Some("a b&c=d+e%"), Some("ø")] {
            let query = sent(state, Some(&OURS));
            let received = read(&query, &trusted(&OURS)).expect("signed");
            assert_eq!((received.kind, received.relay_state.as_deref()), (Kind::Request, state));
            assert_eq!(received.message.tree().root().attribute("ID"), Some("_1"));
        }
        // As .NET writes it: what was signed is the text itself.
        let lower = |query: &str| query.replace("%2B", "%2b").replace("%2F", "%2f").replace("%3D", "%3d");
        let unsigned = lower(&sent(Some("x/y"), None)).replace("tenant=1&", "");
        let signed = format!("{unsigned}&SigAlg={}", lower(&encoded(names::RSA_SHA256)));
        let signature = encoded(&BASE64.encode(&OURS.sign(signed.as_bytes())));
        assert!(read(&format!("{signed}&Signature={signature}"), &trusted(&OURS)).is_ok());
    }

    #[test]
    fn what_is_changed_unsigned_or_doubled_is_refused() {
        let good = sent(Some("state"), Some(&OURS));
        let bomb = encoded(&BASE64.encode(&deflate::deflate(&vec![b' '; 8 << 20])));
        let hmac = good.replace(&encoded(names::RSA_SHA256), &encoded("http://www.w3.org/2000/09/xmldsig#hmac-sha1"));
        let sha1 = good.replace(&encoded(names::RSA_SHA256), &encoded("http://www.w3.org/2000/09/xmldsig#rsa-sha1"));
        for (case, query, expected) in [
            ("unsigned", sent(None, None), Fault::Unsigned),
            ("by another key", sent(None, Some(&OTHER)), Fault::Signature(DetachedFault::Invalid)),
            (
                "other state",
                good.replace("RelayState=state", "RelayState=other"),
                Fault::Signature(DetachedFault::Invalid),
            ),
            ("no state", good.replace("&RelayState=state", ""), Fault::Signature(DetachedFault::Invalid)),
            ("two states", format!("{good}&RelayState=x"), Fault::Parameter("RelayState")),
            ("two signatures", format!("{good}&Signature=x"), Fault::Parameter("Signature")),
            ("two messages", format!("{good}&SAMLRequest=x"), Fault::Parameter("SAMLRequest")),
            ("an answer, too", format!("{good}&SAMLResponse=x"), Fault::Parameter("SAMLRequest")),
            ("an escaped name", good.replace("SAMLRequest", "SAML%52equest"), Fault::Parameter("SAMLRequest")),
            ("nothing", String::new(), Fault::Parameter("SAMLRequest")),
            ("another encoding", format!("{good}&SAMLEncoding=x"), Fault::Parameter("SAMLEncoding")),
            ("no base64", "SAMLRequest=%00".to_owned(), Fault::Parameter("SAMLRequest")),
            ("not compressed", "SAMLRequest=AAAA".to_owned(), Fault::Deflate(deflate::Fault::Broken)),
            ("a bomb", format!("SAMLRequest={bomb}"), Fault::Deflate(deflate::Fault::TooLarge)),
            ("long", "x".repeat(LONGEST + 1), Fault::Parameter("SAMLRequest")),
        ] {
            assert_eq!(read(&query, &trusted(&OURS)), Err(expected), "{case}");
        }
        for (case, query) in [("HMAC with the public key", hmac), ("SHA-1", sha1)] {
            let refused = matches!(read(&query, &trusted(&OURS)), Err(Fault::Signature(DetachedFault::Algorithm(_))));
            assert!(refused, "{case}");
        }
    }
}
