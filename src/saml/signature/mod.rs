//! Signatures of XML (XML Signature; core §5), and the only door to them.
//!
//! [`verify`] looks at every signature of a message itself before the library does: each lies right inside the root or the
//! assertion that it signs, refers to that one element by its ID, and is made by algorithms of a short list (`shape`). The library
//! then checks them with configured keys alone: a key that the message carries is never looked at. What comes out is
//! [`Verified`]: the very bytes that were digested, parsed anew. Nothing else of a message is read afterwards.
//!
//! Detached signatures are those of the Redirect binding (bindings §3.4.4.1).

mod detached;
mod shape;

use samael::crypto::{AllowedSignatureAlgorithm, CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

pub use self::{
    detached::{Detached, DetachedFault, verify_detached},
    shape::Misshapen,
};
use super::{
    certificate::Trusted,
    credential::Credential,
    names,
    xml::{Tree, Xml, escaped},
};

const ALLOWED: [AllowedSignatureAlgorithm; 6] = [
    AllowedSignatureAlgorithm::RsaSha256,
    AllowedSignatureAlgorithm::RsaSha384,
    AllowedSignatureAlgorithm::RsaSha512,
    AllowedSignatureAlgorithm::EcdsaSha256,
    AllowedSignatureAlgorithm::EcdsaSha384,
    AllowedSignatureAlgorithm::EcdsaSha512,
];

/// Why a message is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// There is no signature.
    #[error("it is not signed")]
    Unsigned,
    /// A signature is not as it may be.
    #[error(transparent)]
    Misshapen(#[from] Misshapen),
    /// A signature does not hold with any of the certificates.
    #[error("its signature is not one by a configured certificate, or it was changed since")]
    Invalid,
}

/// What was signed, and nothing beside it: the canonical form of one element without its signature, or a message whose
/// address was signed.
///
/// Only [`verify`] and [`verify_detached`] make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified(Xml);

impl Verified {
    /// What was signed.
    #[must_use]
    pub fn tree(&self) -> Tree<'_> {
        self.0.tree()
    }
}

/// Checks every signature of a message and gives what the outermost one signs.
///
/// # Errors
/// [`Fault`].
pub fn verify(xml: &Xml, trusted: &Trusted) -> Result<Verified, Fault> {
    let tree = xml.tree();
    let signed = shape::signed(tree.root())?.ok_or(Fault::Unsigned)?;
    // The library gives up at the first key of another kind.
    let fitting = trusted.all().iter().filter(|certificate| certificate.kind() == signed.kind);
    let certificates: Vec<_> = fitting.map(|certificate| CertificateDer::from(certificate.der().to_vec())).collect();
    let digested = Crypto::reduce_xml_to_signed_with_allowed_algorithms(
        xml.as_str(),
        &certificates,
        ReduceMode::PreDigest,
        Some(&ALLOWED),
    );
    let verified = Xml::metadata(digested.map_err(|_| Fault::Invalid)?.as_bytes()).map_err(|_| Fault::Invalid)?;
    let is_meant = {
        let tree = verified.tree();
        let root = tree.root();
        root.name() == signed.element.name() && root.attribute("ID") == signed.element.attribute("ID")
    };
    if is_meant { Ok(Verified(verified)) } else { Err(Fault::Invalid) }
}

/// A signature that is still to be made, of the element with this ID in which it will lie.
#[must_use]
pub fn blank(id: &str, credential: &Credential) -> String {
    let (id, certificate) = (escaped(id), credential.certificate().base64());
    format!(
        "<ds:Signature xmlns:ds=\"{dsig}\"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm=\"{c14n}\"/>\
         <ds:SignatureMethod Algorithm=\"{rsa}\"/><ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{enveloped}\"/><ds:Transform Algorithm=\"{c14n}\"/></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{sha256}\"/><ds:DigestValue/></ds:Reference></ds:SignedInfo><ds:SignatureValue/>\
         <ds:KeyInfo><ds:X509Data><ds:X509Certificate>{certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>\
         </ds:Signature>",
        dsig = names::SIGNATURE,
        c14n = names::EXCLUSIVE_C14N,
        rsa = names::RSA_SHA256,
        enveloped = names::ENVELOPED,
        sha256 = names::SHA256,
    )
}

/// The library would not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("libxmlsec1 did not sign: is libxmlsec1-openssl installed?")]
pub struct SigningFault;

/// Makes the [`blank`] signature of a document.
///
/// # Errors
/// [`SigningFault`].
pub fn sign(xml: &str, credential: &Credential) -> Result<String, SigningFault> {
    let signed = Crypto::sign_xml(xml, credential.der()).map_err(|_| SigningFault)?;
    let body = signed.strip_prefix("<?xml").and_then(|rest| rest.split_once("?>")).map_or(&*signed, |(_, body)| body);
    Ok(body.trim().to_owned())
}

#[cfg(test)]
mod tests;
