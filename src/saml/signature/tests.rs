use super::*;
use crate::saml::testing::{Answer, OTHER, Signed, THEIRS, trusted};

fn message(text: &str) -> Xml {
    Xml::message(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}

fn checked(text: &str) -> Result<Verified, Fault> {
    verify(&message(text), &trusted(&THEIRS))
}

#[test]
fn what_is_read_is_what_was_signed_and_the_outermost_of_it() {
    for (signed, outermost) in
        [(Signed::Response, "Response"), (Signed::Assertion, "Assertion"), (Signed::Both, "Response")]
    {
        let verified = checked(&Answer::default().written(signed, &THEIRS)).expect("signed");
        assert_eq!(verified.tree().root().name().1, outermost, "{signed:?}");
        assert!(verified.tree().root().optional(names::SIGNATURE, "Signature").expect("one").is_none(), "{signed:?}");
    }
    // Not a letter of what lies around it.
    let verified = checked(&Answer::default().written(Signed::Assertion, &THEIRS)).expect("signed");
    assert!(!verified.0.as_str().contains("Status"));
}

#[test]
fn a_signature_by_nobody_or_of_something_else_does_not_hold() {
    let good = Answer::default().written(Signed::Both, &THEIRS);
    let by_other = Answer::default().written(Signed::Both, &OTHER);
    for (case, text) in [
        ("another name", good.replace("ada@hospital", "eve@hospital")),
        ("a key carried in the message", by_other.clone()),
        // The right certificate beside a signature by another key, and the other way round.
        (
            "the certificate of the right one",
            by_other.replace(&OTHER.certificate().base64(), &THEIRS.certificate().base64()),
        ),
        ("response by another, assertion by the right one", {
            Answer::default().around(&Answer::default().assertion(Some(&THEIRS)), Some(&OTHER))
        }),
        ("assertion by another, response by the right one", {
            Answer::default().around(&Answer::default().assertion(Some(&OTHER)), Some(&THEIRS))
        }),
        ("a digest of something else", good.replacen("<ds:DigestValue>", "<ds:DigestValue>AAAA", 1)),
    ] {
        assert_ne!(text, good, "{case}");
        assert_eq!(checked(&text), Err(Fault::Invalid), "{case}");
    }
    assert_eq!(checked(&Answer::default().written(Signed::Nothing, &THEIRS)), Err(Fault::Unsigned));
    let both = Trusted::new(vec![OTHER.certificate().clone(), THEIRS.certificate().clone()]).expect("two");
    assert!(verify(&message(&good), &both).is_ok(), "certificates change: old and new side by side");
}

#[test]
fn a_signature_that_is_made_otherwise_is_refused() {
    let algorithm = |text: &str| Misshapen::Algorithm(text.to_owned());
    let surplus = |text: &str| Misshapen::Surplus(text.to_owned());
    let sha1 = "http://www.w3.org/2000/09/xmldsig#sha1";
    let rsa_sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
    let hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
    let inclusive = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
    let enveloped = format!("<ds:Transform Algorithm=\"{}\"/>", names::ENVELOPED);
    let canonical = format!("<ds:Transform Algorithm=\"{}\"/>", names::EXCLUSIVE_C14N);
    let xslt = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"><x/></ds:Transform>";
    let xpath = "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><ds:XPath>1</ds:XPath></ds:Transform>";
    let method = format!("<ds:SignatureMethod Algorithm=\"{}\"/>", names::RSA_SHA256);
    let good = Answer::default().written(Signed::Response, &THEIRS);
    for (case, from, to, expected) in [
        ("RSA with SHA-1", names::RSA_SHA256, rsa_sha1, algorithm(rsa_sha1)),
        ("HMAC with the public key", names::RSA_SHA256, hmac, algorithm(hmac)),
        (
            "a short MAC",
            &method[..],
            &method.replace("/>", "><ds:HMACOutputLength>1</ds:HMACOutputLength></ds:SignatureMethod>"),
            surplus("HMACOutputLength"),
        ),
        ("a digest by SHA-1", names::SHA256, sha1, algorithm(sha1)),
        (
            "another canonical form",
            &format!("Method Algorithm=\"{}\"", names::EXCLUSIVE_C14N),
            &format!("Method Algorithm=\"{inclusive}\""),
            algorithm(inclusive),
        ),
        ("no transform", &format!("{enveloped}{canonical}"), "", Misshapen::Transforms),
        ("one transform", &canonical, "", Misshapen::Transforms),
        ("the other one", &enveloped, "", Misshapen::Transforms),
        ("a style sheet", &canonical, xslt, Misshapen::Transforms),
        ("a path", &enveloped, xpath, Misshapen::Transforms),
        ("a third one", &canonical, &format!("{canonical}{xslt}"), Misshapen::Transforms),
        ("all of the document", "URI=\"#_response\"", "URI=\"\"", Misshapen::Reference),
        ("nothing named", " URI=\"#_response\"", "", Misshapen::Reference),
        ("the assertion", "URI=\"#_response\"", "URI=\"#_assertion\"", Misshapen::Reference),
        ("a pointer", "URI=\"#_response\"", "URI=\"#xpointer(/)\"", Misshapen::Reference),
        ("a file", "URI=\"#_response\"", "URI=\"file:///etc/hostname\"", Misshapen::Reference),
        ("an object", "</ds:KeyInfo>", "</ds:KeyInfo><ds:Object/>", surplus("Object")),
        (
            "two references",
            "</ds:Reference>",
            "</ds:Reference><ds:Reference URI=\"#_assertion\"/>",
            Misshapen::Form(crate::saml::xml::Unexpected::Repeated("Reference")),
        ),
    ] {
        let text = good.replacen(from, to, 1);
        assert_ne!(text, good, "{case}");
        assert_eq!(checked(&text), Err(Fault::Misshapen(expected)), "{case}");
    }
}

#[test]
fn a_signature_lies_where_it_belongs() {
    let answer = Answer::default();
    let signed = answer.assertion(Some(&THEIRS));
    let (first, last) =
        (signed.find("<ds:Signature ").expect("one"), signed.find("</ds:Signature>").expect("one") + 15);
    let signature = &signed[first..last];
    for (case, text, expected) in [
        (
            "in an advice",
            answer.around(&format!("<saml:Assertion><saml:Advice>{signed}</saml:Advice></saml:Assertion>"), None),
            Misshapen::Misplaced,
        ),
        (
            "in extensions",
            answer.around(&format!("<samlp:Extensions>{signed}</samlp:Extensions>"), None),
            Misshapen::Misplaced,
        ),
        (
            "in the status",
            answer.around("", None).replace("</samlp:Status>", &format!("{signature}</samlp:Status>")),
            Misshapen::Misplaced,
        ),
        (
            "twice",
            signed.replace(signature, &format!("{signature}{signature}")),
            Misshapen::Form(crate::saml::xml::Unexpected::Repeated("Signature")),
        ),
        ("three times", signed.replace(signature, &signature.repeat(3)), Misshapen::TooMany),
    ] {
        assert_eq!(checked(&text), Err(Fault::Misshapen(expected)), "{case}");
    }
}

#[test]
fn an_elliptic_curve_signs_as_well() {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("a key");
    let certificate = rcgen::CertificateParams::default().self_signed(&key).expect("a certificate");
    let certificate = crate::saml::certificate::Certificate::of_der(certificate.der()).expect("a certificate");
    let ecdsa = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
    let text = format!("<a ID=\"_1\">{}<b/></a>", blank("_1", &THEIRS).replace(names::RSA_SHA256, ecdsa));
    let signed = Crypto::sign_xml(text, key.serialized_der()).expect("signed");
    let trusted = Trusted::new(vec![THEIRS.certificate().clone(), certificate]).expect("two");
    assert!(verify(&message(&signed), &trusted).is_ok());
    assert_eq!(verify(&message(&signed.replace("<b/>", "<c/>")), &trusted), Err(Fault::Invalid));
}
