//! What a signature of a message looks like. Everything else is refused before the library sees it: what nobody sends cannot
//! be used to say one thing to whoever checks and another to whoever reads.

use crate::saml::{
    certificate::Kind,
    names,
    xml::{Element, Unexpected},
};

/// Signatures of a message at most: of the response, and of its assertion.
const MOST: usize = 2;

const SIGNATURE_METHODS: [&str; 6] = [
    names::RSA_SHA256,
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
];

const DIGEST_METHODS: [&str; 3] =
    [names::SHA256, "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2001/04/xmlenc#sha512"];

/// How a signature is not as it may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misshapen {
    /// It lies elsewhere than right inside the message or its assertion.
    #[error("a signature lies where none belongs")]
    Misplaced,
    /// There are too many.
    #[error("there are more signatures than one of the message and one of its assertion")]
    TooMany,
    /// It signs something else than the element that it lies in.
    #[error("a signature does not refer to the element that it lies in")]
    Reference,
    /// How it was made.
    #[error("a signature is made by `{0}`, which is not accepted")]
    Algorithm(String),
    /// How what it signs is changed before.
    #[error("a signature changes what it signs by other transforms than the usual two")]
    Transforms,
    /// Something is missing, or there that does not belong there.
    #[error("a signature is not as the specification has it: {0}")]
    Form(#[from] Unexpected),
    /// Something that does not belong there.
    #[error("there is `{0}` in a signature, which is not accepted")]
    Surplus(String),
}

/// What a message says is signed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'x> {
    /// The outermost element.
    pub(super) element: Element<'x>,
    /// The kind of key.
    pub(super) kind: Kind,
}

/// The outermost element that is signed, once every signature was looked at; none where there is no signature.
pub(super) fn signed(root: Element<'_>) -> Result<Option<Signed<'_>>, Misshapen> {
    let signatures: Vec<_> = root.all().filter(|element| element.is(names::SIGNATURE, "Signature")).collect();
    if signatures.len() > MOST {
        return Err(Misshapen::TooMany);
    }
    let mut outermost = None;
    for signature in signatures {
        let around = signature.parent().filter(|parent| may_be_signed(*parent, root)).ok_or(Misshapen::Misplaced)?;
        around.only(names::SIGNATURE, "Signature")?;
        let kind = refers(signature, around)?;
        if outermost.is_none() || around.is_same(root) {
            outermost = Some(Signed { element: around, kind });
        }
    }
    Ok(outermost)
}

/// The root itself, or an assertion right below a response.
fn may_be_signed(element: Element, root: Element) -> bool {
    let is_below = element.parent().is_some_and(|parent| parent.is_same(root));
    element.is_same(root)
        || is_below && element.is(names::ASSERTION, "Assertion") && root.is(names::PROTOCOL, "Response")
}

/// Checks one signature; gives the kind of key that made it.
fn refers(signature: Element, around: Element) -> Result<Kind, Misshapen> {
    for element in signature.elements() {
        match element.name() {
            (names::SIGNATURE, "SignedInfo" | "SignatureValue" | "KeyInfo") => {}
            (_, other) => return Err(Misshapen::Surplus(other.to_owned())),
        }
    }
    signature.only(names::SIGNATURE, "SignatureValue")?;
    let info = signature.only(names::SIGNATURE, "SignedInfo")?;
    for element in info.elements() {
        match element.name() {
            (names::SIGNATURE, "CanonicalizationMethod" | "SignatureMethod" | "Reference") => {}
            (_, other) => return Err(Misshapen::Surplus(other.to_owned())),
        }
    }
    one_of(info.only(names::SIGNATURE, "CanonicalizationMethod")?, &[names::EXCLUSIVE_C14N], Parameters::Prefixes)?;
    let method = info.only(names::SIGNATURE, "SignatureMethod")?;
    one_of(method, &SIGNATURE_METHODS, Parameters::None)?;
    let reference = info.only(names::SIGNATURE, "Reference")?;
    let named = reference.attribute("URI").and_then(|uri| uri.strip_prefix('#')).filter(|id| !id.is_empty());
    if named.is_none() || named != around.attribute("ID") {
        return Err(Misshapen::Reference);
    }
    one_of(reference.only(names::SIGNATURE, "DigestMethod")?, &DIGEST_METHODS, Parameters::None)?;
    transforms(reference.only(names::SIGNATURE, "Transforms")?)?;
    let is_rsa = method.attribute("Algorithm").is_some_and(|algorithm| algorithm.contains("#rsa-"));
    Ok(if is_rsa { Kind::Rsa } else { Kind::Ec })
}

/// Without the signature, then in canonical form: these two, in this order.
fn transforms(transforms: Element) -> Result<(), Misshapen> {
    let all: Vec<_> = transforms.elements().collect();
    let [enveloped, canonical] = all.as_slice() else { return Err(Misshapen::Transforms) };
    let expected =
        [(enveloped, names::ENVELOPED, Parameters::None), (canonical, names::EXCLUSIVE_C14N, Parameters::Prefixes)];
    for (transform, algorithm, parameters) in expected {
        let is_transform = transform.is(names::SIGNATURE, "Transform");
        if !is_transform || one_of(*transform, &[algorithm], parameters).is_err() {
            return Err(Misshapen::Transforms);
        }
    }
    Ok(())
}

/// What may lie in an algorithm.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parameters {
    /// Nothing: no length of a MAC, no style sheet, no path.
    None,
    /// The prefixes that are kept (`InclusiveNamespaces`).
    Prefixes,
}

fn one_of(element: Element, allowed: &[&str], parameters: Parameters) -> Result<(), Misshapen> {
    let algorithm = element.attribute("Algorithm").unwrap_or_default();
    if !allowed.contains(&algorithm) {
        return Err(Misshapen::Algorithm(algorithm.chars().take(100).collect()));
    }
    for inside in element.elements() {
        let is_prefixes = inside.is(names::EXCLUSIVE_C14N, "InclusiveNamespaces") && inside.elements().next().is_none();
        if parameters == Parameters::None || !is_prefixes {
            return Err(Misshapen::Surplus(inside.name().1.to_owned()));
        }
    }
    Ok(())
}
