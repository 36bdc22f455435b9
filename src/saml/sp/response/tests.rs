use std::sync::LazyLock;

use super::*;
use crate::{
    saml::testing::{
        AUTHN, Answer, CONSUMER, Encryption, GCM, IDP, NOW, OTHER, OURS, REQUEST, Signed, THEIRS, US, encrypted,
        identity_provider,
    },
    upstream::mapping::Said as _,
};

const CBC: Encryption = Encryption { content: "http://www.w3.org/2001/04/xmlenc#aes256-cbc", ..GCM };

static FROM: LazyLock<IdentityProvider> = LazyLock::new(identity_provider);

fn expected() -> Expected<'static> {
    static KEYS: LazyLock<[&Credential; 1]> = LazyLock::new(|| [&OURS]);
    Expected {
        from: &FROM,
        entity_id: US,
        consumer: CONSUMER,
        request: Some(REQUEST),
        contexts: &[],
        encrypted: false,
        credentials: &*KEYS,
        now: NOW,
        skew: Duration::from_secs(60),
    }
}

fn consumed(text: &str) -> Result<Assertion, Refusal> {
    let xml = Xml::message(text.as_bytes()).unwrap_or_else(|fault| panic!("{fault}: {text}"));
    consume(&xml, &expected())
}

/// Whether it is refused, and for what: the name of the refusal.
fn refused(text: &str) -> String {
    match consumed(text) {
        Ok(assertion) => format!("TAKEN as {}", assertion.name_id.value),
        Err(refusal) => format!("{refusal:?}"),
    }
}

#[test]
fn what_is_signed_by_whom_we_asked_is_believed() {
    let answer = Answer::default();
    for (case, text) in [
        ("response", answer.written(Signed::Response, &THEIRS)),
        ("assertion", answer.written(Signed::Assertion, &THEIRS)),
        ("both", answer.written(Signed::Both, &THEIRS)),
        ("signed, then encrypted", answer.around(&encrypted(&answer.assertion(Some(&THEIRS)), GCM, &OURS), None)),
        ("encrypted, then signed", answer.around(&encrypted(&answer.assertion(None), CBC, &OURS), Some(&THEIRS))),
        ("all of it", answer.around(&encrypted(&answer.assertion(Some(&THEIRS)), CBC, &OURS), Some(&THEIRS))),
    ] {
        let assertion = consumed(&text).unwrap_or_else(|refusal| panic!("{case}: {refusal}"));
        assert_eq!((assertion.id.as_str(), assertion.issuer.as_str()), ("_assertion", IDP), "{case}");
        assert_eq!(assertion.name_id.value, "ada@hospital.example", "{case}");
        assert_eq!(assertion.values("groups"), ["gps", "Nurses & co"], "{case}");
        assert_eq!(assertion.values("mail"), ["ada@hospital.example"], "{case}: by its friendly name");
        assert_eq!(assertion.values("NameID"), ["ada@hospital.example"], "{case}");
        assert_eq!(assertion.authn.session_index.as_deref(), Some("_s1"), "{case}");
        let class = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
        assert_eq!(assertion.authn.context.as_deref(), Some(class), "{case}");
        assert_eq!(assertion.ends, NOW.plus(Duration::from_secs(360)), "{case}: its end, and how far clocks differ");
    }
}

fn all_refused(answers: Vec<(&str, Answer, &str)>) {
    for (case, answer, expected) in answers {
        for signed in [Signed::Response, Signed::Assertion, Signed::Both] {
            let told = refused(&answer.written(signed, &THEIRS));
            assert!(told.starts_with(expected), "{case}, {signed:?}: {told}");
        }
    }
}

#[test]
fn what_is_not_meant_for_us_is_refused() {
    let good = Answer::default;
    all_refused(vec![
        ("wrong audience", Answer { audience: "https://other.example", ..good() }, "Audience"),
        ("wrong recipient", Answer { recipient: "https://other.example/acs", ..good() }, "Confirmation"),
        ("wrong destination", Answer { destination: "https://other.example/acs", ..good() }, "Destination"),
        ("wrong issuer", Answer { issuer: "https://evil.example", ..good() }, "Issuer"),
        ("answers another request", Answer { in_response_to: " InResponseTo=\"_other\"", ..good() }, "InResponseTo"),
        ("answers none", Answer { in_response_to: "", ..good() }, "InResponseTo"),
        ("confirmed to another request", Answer { confirmed_to: " InResponseTo=\"_other\"", ..good() }, "InResponseTo"),
        ("confirmed to none", Answer { confirmed_to: "", ..good() }, "InResponseTo"),
        (
            "holder of a key",
            Answer { method: "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key", ..good() },
            "Confirmation",
        ),
        (
            "sign-in failed",
            Answer { status: "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Responder\"/>", ..good() },
            "Status",
        ),
        ("no status", Answer { status: "", ..good() }, "Form"),
        ("a condition of nobody", Answer { condition: "<x:Only xmlns:x=\"urn:x\"/>", ..good() }, "Condition"),
        (
            "a second audience",
            Answer {
                condition: "<saml:AudienceRestriction><saml:Audience>https://other.example</saml:Audience></saml:AudienceRestriction>",
                ..good()
            },
            "Audience",
        ),
        ("nobody signed in", Answer { authn: "", ..good() }, "Form"),
        ("nobody named", Answer { name_id: String::new(), ..good() }, "Form"),
    ]);
}

#[test]
fn what_is_not_valid_now_is_refused() {
    let good = Answer::default;
    all_refused(vec![
        ("expired", Answer { not_on_or_after: "2026-11-24T09:59:00Z", ..good() }, "Expired"),
        ("not yet valid", Answer { not_before: "2026-11-24T10:01:01Z", ..good() }, "NotYet"),
        ("no instant", Answer { not_before: "now", ..good() }, "Form"),
        (
            "confirmation expired",
            Answer { confirmed_until: " NotOnOrAfter=\"2026-11-24T09:59:00Z\"", ..good() },
            "Expired",
        ),
        ("confirmation without end", Answer { confirmed_until: "", ..good() }, "Confirmation"),
        (
            "confirmation begins later",
            Answer { confirmed_to: " InResponseTo=\"_request\" NotBefore=\"2026-11-24T09:00:00Z\"", ..good() },
            "Confirmation",
        ),
        (
            "signed in later",
            Answer { authn: "<saml:AuthnStatement AuthnInstant=\"2026-11-24T10:02:00Z\"/>", ..good() },
            "NotYet",
        ),
        (
            "session over",
            Answer {
                authn: "<saml:AuthnStatement AuthnInstant=\"2026-11-24T09:00:00Z\" SessionNotOnOrAfter=\"2026-11-24T09:58:00Z\"/>",
                ..good()
            },
            "Expired",
        ),
    ]);
    // Clocks differ by less than what was said.
    for answer in [
        Answer { not_before: "2026-11-24T10:00:59Z", ..good() },
        Answer { not_on_or_after: "2026-11-24T09:59:01Z", ..good() },
        Answer { condition: "<saml:OneTimeUse/>", ..good() },
    ] {
        assert!(consumed(&answer.written(Signed::Response, &THEIRS)).is_ok());
    }
}

#[test]
fn what_was_not_asked_for_is_taken_only_where_that_is_allowed() {
    let unasked = Answer { in_response_to: "", confirmed_to: "", ..Answer::default() };
    for (case, answer, is_taken) in [
        ("unasked", unasked.clone(), true),
        ("an answer to somebody else's request", Answer::default(), false),
        ("half of one", Answer { in_response_to: "", ..Answer::default() }, false),
        ("the other half", Answer { confirmed_to: "", ..Answer::default() }, false),
    ] {
        let xml = Xml::message(answer.written(Signed::Both, &THEIRS).as_bytes()).expect("XML");
        let taken = consume(&xml, &Expected { request: None, ..expected() });
        assert_eq!(taken.is_ok(), is_taken, "{case}: {taken:?}");
    }
    assert!(refused(&unasked.written(Signed::Both, &THEIRS)).starts_with("InResponseTo"));
}

#[test]
fn what_was_asked_for_has_to_be_kept() {
    let answer = Answer::default();
    let xml = Xml::message(answer.written(Signed::Both, &THEIRS).as_bytes()).expect("XML");
    let strong = ["urn:oasis:names:tc:SAML:2.0:ac:classes:X509".to_owned()];
    let taken = consume(&xml, &Expected { contexts: &strong, ..expected() });
    assert!(matches!(taken, Err(Refusal::Context(_))), "{taken:?}");
    let taken = consume(&xml, &Expected { encrypted: true, ..expected() });
    assert_eq!(taken, Err(Refusal::Plain));
    let sealed = answer.around(&encrypted(&answer.assertion(None), CBC, &OURS), Some(&THEIRS));
    let xml = Xml::message(sealed.as_bytes()).expect("XML");
    assert!(consume(&xml, &Expected { encrypted: true, ..expected() }).is_ok());
}

/// What attackers do with a response of somebody who may sign in, to be somebody else: the eight ways of "On Breaking SAML"
/// (Somorovsky et al., 2012).
#[test]
fn signature_wrapping_is_refused() {
    for (case, text) in wrapped() {
        let told = refused(&text);
        assert!(told.starts_with("Signature(") || told.starts_with("Assertions("), "{case}: {told}");
    }
}

fn wrapped() -> [(&'static str, String); 8] {
    let answer = Answer::default();
    let evil = Answer { name_id: "owner@hospital.example".to_owned(), ..Answer::default() };
    let response = answer.written(Signed::Response, &THEIRS);
    let signature = part(&response, "<ds:Signature ", "</ds:Signature>");
    let original = response.replace(signature, "");
    let evil_response =
        evil.written(Signed::Nothing, &THEIRS).replace("_response", "_evil").replace("_assertion", "_evil2");
    let issuer = format!("<saml:Issuer>{IDP}</saml:Issuer>");
    let into = |document: &str, inside: &str| document.replacen(&issuer, &format!("{issuer}{inside}"), 1);
    let in_signature =
        signature.replace("</ds:Signature>", &format!("<ds:Object>{original}</ds:Object></ds:Signature>"));

    let signed = answer.assertion(Some(&THEIRS));
    let own = part(&signed, "<ds:Signature ", "</ds:Signature>");
    let bare = signed.replace(own, "");
    let evil_assertion = evil.assertion(None).replace("_assertion", "_evil");
    let evil_signed = into(&evil_assertion, own);
    let around = |inside: String| answer.around(&inside, None);
    [
        ("XSW1: the original in the signature of another response", into(&evil_response, &in_signature)),
        (
            "XSW2: the original before the signature of another response",
            into(&evil_response, &format!("{original}{signature}")),
        ),
        ("XSW3: another assertion before the signed one", around(format!("{evil_assertion}{signed}"))),
        (
            "XSW4: the signed assertion in another one",
            around(evil_assertion.replace("</saml:Assertion>", &format!("{signed}</saml:Assertion>"))),
        ),
        (
            "XSW5: the signature moved to another assertion, the original behind it",
            around(format!("{evil_signed}{bare}")),
        ),
        (
            "XSW6: the original in the signature of another assertion",
            around(evil_signed.replace("</ds:Signature>", &format!("{bare}</ds:Signature>"))),
        ),
        ("XSW7: another assertion in extensions", {
            let extensions = format!("<samlp:Extensions>{evil_signed}</samlp:Extensions>");
            around(signed.clone()).replacen("<samlp:Status>", &format!("{extensions}<samlp:Status>"), 1)
        }),
        ("XSW8: the original as an object of the signature of another assertion", {
            around(evil_signed.replace("</ds:Signature>", &format!("<ds:Object>{bare}</ds:Object></ds:Signature>")))
        }),
    ]
}

fn part<'t>(text: &'t str, from: &str, to: &str) -> &'t str {
    let first = text.find(from).expect("it is there");
    &text[first..first + text[first..].find(to).expect("it ends") + to.len()]
}

#[test]
fn what_lies_around_a_signed_assertion_is_not_believed() {
    let answer = Answer::default();
    let signed = answer.assertion(Some(&THEIRS));
    let evil = Answer { name_id: "owner@hospital.example".to_owned(), ..Answer::default() };
    // Unsigned response with signed advice: the assertion that counts is not the one that was signed.
    let advice = format!("<saml:Advice>{signed}</saml:Advice>");
    let advised = Answer { advice, ..evil.clone() }.assertion(None).replacen("_assertion", "_evil", 1);
    let told = refused(&answer.around(&advised, None));
    assert!(told.starts_with("Signature("), "{told}");
    for (case, text, expected) in [
        ("unsigned", answer.written(Signed::Nothing, &THEIRS), "Signature(Unsigned)"),
        ("by another key", answer.written(Signed::Both, &OTHER), "Signature(Invalid)"),
        (
            "two signed ones",
            answer.around(&format!("{signed}{}", evil.assertion(None).replace("_assertion", "_2")), None),
            "Assertions(2)",
        ),
        (
            "a plain one beside an encrypted one",
            answer.around(&format!("{signed}{}", encrypted(&signed, GCM, &OURS)), None),
            "Assertions(2)",
        ),
        ("none", answer.around("", Some(&THEIRS)), "Assertions(0)"),
        (
            "encrypted by anybody",
            answer.around(&encrypted(&evil.assertion(None), GCM, &OURS), None),
            "Signature(Unsigned)",
        ),
        (
            "encrypted and signed by another",
            answer.around(&encrypted(&evil.assertion(Some(&OTHER)), GCM, &OURS), None),
            "Signature(Invalid)",
        ),
        (
            "signed by another inside a signed one",
            answer.around(&encrypted(&evil.assertion(Some(&OTHER)), GCM, &OURS), Some(&THEIRS)),
            "Signature(Invalid)",
        ),
        ("encrypted by CBC, unsigned", answer.around(&encrypted(&signed, CBC, &OURS), None), "Encryption(Unprotected)"),
        ("the assertion alone", signed.clone(), "NoResponse"),
    ] {
        let told = refused(&text);
        assert!(told.starts_with(expected), "{case}: {told}");
    }
    let issuer = answer.written(Signed::Assertion, &THEIRS).replacen(IDP, "https://evil.example", 1);
    assert!(refused(&issuer).starts_with("Issuer"), "it can be refused by it");
}

#[test]
fn a_name_is_not_cut_by_a_comment() {
    let answer = Answer { name_id: "owner@hospital.example.evil.example".to_owned(), ..Answer::default() };
    let text = answer.written(Signed::Both, &THEIRS).replace("hospital.example.evil", "hospital.example<!-- -->.evil");
    assert!(Xml::message(text.as_bytes()).is_err(), "canonical forms leave comments out: the signature would hold");
    let nested = answer.written(Signed::Both, &THEIRS).replace("hospital.example.evil", "hospital.example<x/>.evil");
    assert_eq!(refused(&nested), "Signature(Invalid)");
}

#[test]
fn values_of_attributes_are_text_within_bounds() {
    let value = |text: &str| format!("<saml:AttributeValue>{text}</saml:AttributeValue>");
    let attribute = |values: &str| Answer {
        attributes: format!("<saml:Attribute Name=\"a\">{values}</saml:Attribute>"),
        ..Answer::default()
    };
    let nested = attribute(&format!("{}{}{}", value("<x/>"), value(" "), value("b")));
    let taken = consumed(&nested.written(Signed::Both, &THEIRS)).expect("taken");
    assert_eq!(taken.values("a"), ["b"], "what is no text is passed over");
    let long = attribute(&value(&"x".repeat(9000)));
    assert_eq!(consumed(&long.written(Signed::Both, &THEIRS)), Err(Refusal::TooMany));
    let twice = Answer { authn: AUTHN, attributes: attribute(&value("1")).attributes.repeat(2), ..Answer::default() };
    assert_eq!(consumed(&twice.written(Signed::Both, &THEIRS)).expect("taken").values("a"), ["1", "1"]);
}
