use std::time::Duration;

use super::*;
use crate::{
    clock::Timestamp,
    random::Random,
    saml::{
        credential::Credential,
        names, signature,
        testing::{CONSUMER, NOW, OTHER, OURS, THEIRS, US, trusted},
        xml::Xml,
    },
};

fn key(purpose: &str, text: &str) -> String {
    format!(
        "<md:KeyDescriptor{purpose}><ds:KeyInfo xmlns:ds=\"{}\"><ds:X509Data><ds:X509Certificate>{text}\
         </ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>",
        names::SIGNATURE
    )
}

fn described(attributes: &str, inside: &str) -> String {
    format!(
        "<md:EntityDescriptor xmlns:md=\"{}\" entityID=\"https://idp.example\"{attributes}><!-- ours --><md:IDPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:1.1:protocol {}\">{inside}</md:IDPSSODescriptor>\
         </md:EntityDescriptor>",
        names::METADATA,
        names::PROTOCOL
    )
}

fn sign_on(binding: &str, location: &str) -> String {
    format!("<md:SingleSignOnService Binding=\"{binding}\" Location=\"{location}\"/>")
}

fn good() -> String {
    format!(
        "{}{}{}{}",
        key(" use=\"signing\"", &THEIRS.certificate().base64()),
        key("", &format!("\n {}\n", OTHER.certificate().base64())),
        key(" use=\"encryption\"", &OURS.certificate().base64()),
        sign_on(names::REDIRECT, "https://idp.example/sso"),
    )
}

fn read_text(text: &str, entity: Option<&str>) -> Result<IdentityProvider, Fault> {
    let xml = Xml::metadata(text.as_bytes()).expect("XML");
    read(xml.tree().root(), entity, NOW)
}

#[test]
fn an_identity_provider_is_read_with_all_its_signing_certificates() {
    let soap = sign_on("urn:oasis:names:tc:SAML:2.0:bindings:SOAP", "https://idp.example/soap");
    let logout = format!(
        "<md:SingleLogoutService Binding=\"{}\" Location=\"https://idp.example/slo\" ResponseLocation=\"https://idp.example/slo2\"/>",
        names::POST
    );
    let attributes = " validUntil=\"2026-12-24T10:00:00Z\" cacheDuration=\"P1DT2H30M\"";
    let text = described(attributes, &format!("{}{soap}{logout}", good()));
    let found = read_text(&text, Some("https://idp.example")).expect("read");
    assert_eq!(found.certificates.all(), [THEIRS.certificate().clone(), OTHER.certificate().clone()]);
    assert_eq!(found.sign_on.len(), 1, "SOAP is not spoken");
    assert_eq!(found.logout[0].responses.as_ref().map(url::Url::as_str), Some("https://idp.example/slo2"));
    assert_eq!(found.valid_until, Some(NOW.plus(Duration::from_secs(30 * 86_400))));
    assert_eq!(found.cache, Some(Duration::from_secs(26 * 3600 + 1800)));
    // One of several, in a federation.
    let other = described("", &good()).replace("https://idp.example", "https://other.example");
    let all = format!("<md:EntitiesDescriptor xmlns:md=\"{}\">{text}{other}</md:EntitiesDescriptor>", names::METADATA);
    assert_eq!(
        read_text(&all, Some("https://other.example")).map(|idp| idp.entity_id).as_deref(),
        Ok("https://other.example")
    );
    assert!(matches!(read_text(&all, None), Err(Fault::Form(_))), "it has to be named");
    assert_eq!(
        read_text(&all, Some("https://third.example")),
        Err(Fault::OtherEntity("https://third.example".to_owned()))
    );
    assert!(
        matches!(
            read_text(
                &format!("{}{text}{text}{}", &all[..=all.find('>').expect("one")], "</md:EntitiesDescriptor>"),
                Some("https://idp.example")
            ),
            Err(Fault::Form(_))
        ),
        "there twice"
    );
}

#[test]
fn without_a_certificate_to_believe_nothing_is_taken() {
    let at = sign_on(names::REDIRECT, "https://idp.example/sso");
    let weak = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    let weak = rcgen::CertificateParams::default().self_signed(&weak).expect("a certificate");
    let weak = data_encoding::BASE64.encode(weak.der());
    for (case, text, expected) in [
        ("no key", described("", &at), Fault::NoCertificate),
        ("no certificate", described("", &format!("{}{at}", key("", ""))), Fault::NoCertificate),
        ("of a kind that cannot be used", described("", &format!("{}{at}", key("", &weak))), Fault::NoCertificate),
        (
            "for encryption",
            described("", &format!("{}{at}", key(" use=\"encryption\"", &THEIRS.certificate().base64()))),
            Fault::NoCertificate,
        ),
        ("nowhere", described("", &good().replace(&at, "")), Fault::NoEndpoint),
        (
            "plain http",
            described("", &good().replace("https://idp.example/sso", "http://idp.example/sso")),
            Fault::NoEndpoint,
        ),
        (
            "a script",
            described("", &good().replace("https://idp.example/sso", "javascript:alert(1)")),
            Fault::NoEndpoint,
        ),
        ("many certificates", described("", &format!("{}{at}", key("", "x").repeat(17))), Fault::TooMany),
        ("over", described(" validUntil=\"2026-11-24T10:00:00Z\"", &good()), Fault::Expired(NOW)),
        ("a service", described("", &good()).replace("IDPSSODescriptor", "SPSSODescriptor"), Fault::NoIdentityProvider),
        ("SAML 1.1 alone", described("", &good()).replace(names::PROTOCOL, "urn:x"), Fault::NoIdentityProvider),
    ] {
        assert_eq!(read_text(&text, None), Err(expected), "{case}");
    }
    assert!(read_text("<a/>", None).is_err());
    let here = described("", &good().replace("https://idp.example/sso", "http://localhost:8090/sso"));
    assert!(read_text(&here, None).is_ok(), "to try it out on this machine");
}

#[test]
fn ours_are_signed_and_name_both_keys_while_one_follows_the_other() {
    let keys: [&Credential; 2] = [&OURS, &OTHER];
    let mut us = ServiceProvider {
        entity_id: US,
        consumer: CONSUMER,
        logout: Some("https://id.clinic.example/saml/ups_1/slo?a=1&b=2"),
        credentials: &keys,
        wants_encryption: true,
        signs_requests: true,
        name_id_format: names::PERSISTENT,
    };
    let until = NOW.plus(Duration::from_secs(86_400));
    let text = written(&us, until, &Random::seeded(1)).expect("written");
    let verified = signature::verify(&Xml::metadata(text.as_bytes()).expect("XML"), &trusted(&OURS)).expect("signed");
    let tree = verified.tree();
    assert_eq!(tree.root().attribute("entityID"), Some(US));
    assert_eq!(tree.root().attribute("validUntil"), Some("2026-11-25T10:00:00Z"));
    let role = tree.root().only(names::METADATA, "SPSSODescriptor").expect("one");
    let uses: Vec<_> = role.named(names::METADATA, "KeyDescriptor").filter_map(|key| key.attribute("use")).collect();
    assert_eq!(uses, ["signing", "signing", "encryption", "encryption"]);
    let consumer = role.only(names::METADATA, "AssertionConsumerService").expect("one");
    assert_eq!((consumer.attribute("Location"), consumer.attribute("Binding")), (Some(CONSUMER), Some(names::POST)));
    us.wants_encryption = false;
    let text = written(&us, until, &Random::seeded(1)).expect("written");
    assert!(!text.contains("use=\"encryption\""), "whoever reads a key for that encrypts");
    us.credentials = &[];
    assert!(written(&us, until, &Random::seeded(1)).is_err());
}

#[test]
fn certificates_end() {
    let life = Duration::from_secs(crate::saml::credential::LIFE_DAYS * 86_400);
    assert_eq!(OURS.certificate().ends(), NOW.plus(life));
    let read = Credential::read(crate::secret::ExposeSecret::expose_secret(OURS.pkcs8()), OURS.certificate().der());
    assert!(read.is_ok());
    let mixed = Credential::read(crate::secret::ExposeSecret::expose_secret(OURS.pkcs8()), OTHER.certificate().der());
    assert!(mixed.is_err(), "a key and a certificate that do not belong together");
    let parsed = crate::saml::certificate::Certificate::parse(&OURS.certificate().pem()).expect("PEM");
    assert_eq!(&parsed, OURS.certificate());
    assert!(Timestamp::parse("2026-11-24T10:00:00Z") == Ok(NOW));
}
