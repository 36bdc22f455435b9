//! What is answered, and what of it is believed (core §2, §3.3.3; profiles §4.1.4).
//!
//! A response is signed, or its assertion is, or an assertion that is encrypted is inside. What is read is what was signed:
//! of a response around a signed assertion nothing is believed, it can only be refused by it. There is one assertion, from
//! whom we asked, for us, at this address, now, in answer to our request.

mod reading;

pub(super) use reading::name_id;

use std::time::Duration;

use super::assertion::Assertion;
use crate::{
    clock::Timestamp,
    saml::{
        credential::Credential,
        encryption::{self, Around},
        metadata::IdentityProvider,
        names,
        signature::{self, Verified},
        xml::{Element, Unexpected, Xml},
    },
};

/// What an answer has to be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'e> {
    /// From whom.
    pub from: &'e IdentityProvider,
    /// For whom: what we are called.
    pub entity_id: &'e str,
    /// Where it was sent.
    pub consumer: &'e str,
    /// In answer to which request; to none where people may come unasked.
    pub request: Option<&'e str>,
    /// By what means people may have signed in; any where there is none.
    pub contexts: &'e [String],
    /// Whether its assertion has to be encrypted.
    pub encrypted: bool,
    /// Our keys.
    pub credentials: &'e [&'e Credential],
    /// The time here.
    pub now: Timestamp,
    /// How far the clock there may differ.
    pub skew: Duration,
}

/// Why an answer is refused: for the audit log, not for whoever sent it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is no response.
    #[error("it is no response of SAML 2.0")]
    NoResponse,
    /// Something is missing, or there twice.
    #[error("it is not as the specification has it: {0}")]
    Form(#[from] Unexpected),
    /// The signature.
    #[error(transparent)]
    Signature(#[from] signature::Fault),
    /// The encryption.
    #[error(transparent)]
    Encryption(#[from] encryption::Fault),
    /// Its assertion was to be encrypted.
    #[error("its assertion is not encrypted, which the settings ask for")]
    Plain,
    /// Not exactly one assertion.
    #[error("it holds {0} assertions instead of one")]
    Assertions(usize),
    /// Nobody signed in.
    #[error("the identity provider says that nobody signed in: {0}")]
    Status(String),
    /// From somebody else.
    #[error("it comes from `{0}`, who was not asked")]
    Issuer(String),
    /// Sent to somewhere else.
    #[error("it was meant for the address `{0}`")]
    Destination(String),
    /// For somebody else.
    #[error("it was not meant for this service: no audience is ours")]
    Audience,
    /// To another request.
    #[error("it does not answer the request that was sent")]
    InResponseTo,
    /// The time.
    #[error("it is not valid yet, or clocks differ: {0}")]
    NotYet(&'static str),
    /// The time.
    #[error("it is not valid any more, or clocks differ: {0}")]
    Expired(&'static str),
    /// A condition that nobody here understands.
    #[error("it holds only under a condition that is not understood: `{0}`")]
    Condition(String),
    /// Nobody may show it but somebody else.
    #[error("nothing in it lets whoever shows it be its subject: {0}")]
    Confirmation(&'static str),
    /// By other means than were asked for.
    #[error("people signed in by `{0}`, which was not asked for")]
    Context(String),
    /// There is too much of something.
    #[error("it tells more than is read")]
    TooMany,
}

/// Checks an answer.
///
/// # Errors
/// [`Refusal`].
pub fn consume(xml: &Xml, expected: &Expected<'_>) -> Result<Assertion, Refusal> {
    let tree = xml.tree();
    let outer = tree.root();
    if !outer.is(names::PROTOCOL, "Response") {
        return Err(Refusal::NoResponse);
    }
    match signature::verify(xml, &expected.from.certificates) {
        Ok(verified) if verified.tree().root().is(names::PROTOCOL, "Response") => signed_response(&verified, expected),
        Ok(verified) => {
            envelope(outer, expected, Around::Unsigned)?;
            if expected.encrypted {
                return Err(Refusal::Plain);
            }
            reading::assertion(verified.tree().root(), expected)
        }
        Err(signature::Fault::Unsigned) => unsigned_response(outer, expected),
        Err(fault) => Err(fault.into()),
    }
}

/// All of it was signed.
fn signed_response(verified: &Verified, expected: &Expected<'_>) -> Result<Assertion, Refusal> {
    let tree = verified.tree();
    match envelope(tree.root(), expected, Around::Signed)? {
        Inside::Encrypted(encrypted) => {
            let opened = encryption::open(encrypted, expected.credentials, Around::Signed)?;
            // A signature that is there has to hold.
            match signature::verify(&opened, &expected.from.certificates) {
                Ok(verified) => reading::assertion(verified.tree().root(), expected),
                Err(signature::Fault::Unsigned) => reading::assertion(opened.tree().root(), expected),
                Err(fault) => Err(fault.into()),
            }
        }
        Inside::Plain(_) if expected.encrypted => Err(Refusal::Plain),
        Inside::Plain(assertion) => reading::assertion(assertion, expected),
    }
}

/// Nothing that can be seen was signed: what is encrypted in it has to be.
fn unsigned_response(outer: Element<'_>, expected: &Expected<'_>) -> Result<Assertion, Refusal> {
    let Inside::Encrypted(encrypted) = envelope(outer, expected, Around::Unsigned)? else {
        return Err(signature::Fault::Unsigned.into());
    };
    let opened = encryption::open(encrypted, expected.credentials, Around::Unsigned)?;
    let verified = signature::verify(&opened, &expected.from.certificates)?;
    reading::assertion(verified.tree().root(), expected)
}

/// The one assertion of a response.
enum Inside<'x> {
    Plain(Element<'x>),
    Encrypted(Element<'x>),
}

/// Checks what stands around an assertion.
fn envelope<'x>(response: Element<'x>, expected: &Expected<'_>, around: Around) -> Result<Inside<'x>, Refusal> {
    if response.attribute("Version") != Some("2.0") {
        return Err(Refusal::NoResponse);
    }
    status(response)?;
    match response.attribute("Destination") {
        Some(destination) if destination == expected.consumer => {}
        // Bindings §3.5.5.2: whoever signs a message says where it goes.
        None if around == Around::Unsigned => {}
        other => return Err(Refusal::Destination(reading::short(other.unwrap_or_default()))),
    }
    if let Some(issuer) = response.optional(names::ASSERTION, "Issuer")? {
        reading::issuer(issuer, expected)?;
    }
    if response.attribute("InResponseTo") != expected.request {
        return Err(Refusal::InResponseTo);
    }
    let mut plain = response.named(names::ASSERTION, "Assertion");
    let mut encrypted = response.named(names::ASSERTION, "EncryptedAssertion");
    match (plain.next(), encrypted.next(), plain.count() + encrypted.count()) {
        (Some(assertion), None, 0) => Ok(Inside::Plain(assertion)),
        (None, Some(assertion), 0) => Ok(Inside::Encrypted(assertion)),
        (first, second, more) => {
            Err(Refusal::Assertions(usize::from(first.is_some()) + usize::from(second.is_some()) + more))
        }
    }
}

/// Core §3.2.2.
fn status(response: Element<'_>) -> Result<(), Refusal> {
    let status = response.only(names::PROTOCOL, "Status")?;
    let code = status.only(names::PROTOCOL, "StatusCode")?;
    if code.attribute("Value") == Some(names::SUCCESS) {
        return Ok(());
    }
    let second = code.optional(names::PROTOCOL, "StatusCode")?.and_then(|code| code.attribute("Value"));
    let message = status.optional(names::PROTOCOL, "StatusMessage")?.and_then(|message| message.text().ok());
    let parts = [code.attribute("Value").map(str::to_owned), second.map(str::to_owned), message];
    Err(Refusal::Status(reading::short(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))))
}

#[cfg(test)]
mod tests;
