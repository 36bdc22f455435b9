use super::*;
use crate::saml::{
    sp::request::{Asking, Force, written},
    testing::{CONSUMER, NOW, OTHER, OURS, THEIRS, US},
    xml::Xml,
};

fn by_hand(more: &str) -> String {
    format!(
        "preset = \"generic\"\n{more}\n[identity_provider]\nentity_id = \"https://idp.example\"\nsign_on_url = \
         \"https://idp.example/sso\"\ncertificates = \"\"\"\n{}\"\"\"\n",
        THEIRS.certificate().pem()
    )
}

fn wrong(text: &str) -> Vec<String> {
    Settings::parse(text, NOW).expect_err("something is wrong").0
}

#[test]
fn what_is_not_said_is_as_the_preset_says() {
    let settings = Settings::parse(&by_hand("roles = [\"gp\"]"), NOW).expect("enough");
    let Source::Here(provider) = &settings.source else { panic!("{:?}", settings.source) };
    assert_eq!((provider.sign_on[0].binding, provider.logout.len()), (Binding::Redirect, 0));
    assert_eq!(settings.request.name_id_format, names::PERSISTENT);
    assert!(settings.request.sign && !settings.response.encrypted && settings.response.unsolicited.is_none());
    assert_eq!(settings.response.clock_skew, Duration::from_secs(60));
    for preset in [Preset::Entra, Preset::Adfs, Preset::Okta, Preset::Google, Preset::Generic] {
        let mut reader = Reader::default();
        let attributes = preset.attributes().iter().map(|(key, texts)| {
            ((*key).to_owned(), OneOrMore::More(texts.iter().map(|text| (*text).to_owned()).collect()))
        });
        let mapping = reader.mapping("people", attributes.collect(), vec![]);
        assert_eq!(reader.done(mapping.attributes.len()), Ok(preset.attributes().len()), "{preset:?}");
    }
}

#[test]
fn without_a_signing_certificate_there_are_no_settings() {
    let idp = "preset = \"generic\"\n[identity_provider]\nentity_id = \"https://idp.example\"\n";
    let metadata = |keys: &str| {
        format!(
            "{idp}metadata = '''<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"https://idp.example\"><IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}<SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect\" Location=\"https://idp.example/sso\"/></IDPSSODescriptor></EntityDescriptor>'''"
        )
    };
    let key = format!(
        "<KeyDescriptor><KeyInfo xmlns=\"{}\"><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
        names::SIGNATURE,
        THEIRS.certificate().base64()
    );
    assert!(Settings::parse(&metadata(&key), NOW).is_ok());
    for (case, text, place) in [
        ("nothing", idp.to_owned(), "identity_provider: say `metadata_url`"),
        ("an address alone", format!("{idp}sign_on_url = \"https://idp.example/sso\""), "identity_provider: say"),
        (
            "no certificate",
            format!("{idp}sign_on_url = \"https://idp.example/sso\"\ncertificates = []"),
            "identity_provider.certificates",
        ),
        (
            "a broken one",
            format!("{idp}sign_on_url = \"https://idp.example/sso\"\ncertificates = \"AAAA\""),
            "identity_provider.certificates",
        ),
        ("none in metadata", metadata(""), "identity_provider.metadata: they name no signing certificate"),
        (
            "of somebody else",
            metadata(&key).replacen("https://idp.example", "https://x.example", 1),
            "identity_provider.metadata: they do not describe",
        ),
        (
            "an entity",
            metadata(&key).replace("<EntityDescriptor", "<!DOCTYPE a><EntityDescriptor"),
            "identity_provider.metadata",
        ),
        ("both", format!("{}\nmetadata_url = \"https://idp.example/m\"", metadata(&key)), "identity_provider: say one"),
        ("plain http", format!("{idp}metadata_url = \"http://idp.example/m\""), "identity_provider.metadata_url"),
    ] {
        let wrong = wrong(&text);
        assert!(wrong[0].starts_with(place), "{case}: {wrong:?}");
    }
}

#[test]
fn all_that_is_wrong_is_told_with_its_place() {
    let text = by_hand("roles = [\"gp\", \"owner\", \"No Role\"]")
        .replace("https://idp.example/sso", "ftp://idp.example")
        + "[request]\ncomparison = \"some\"\nname_id_format = \"transient\"\nauthn_context = \" \"\n[response]\nclock_skew = \"1h\"\n[idp_initiated]\napp = \" \"\nstart = \"x\"\n[people.attributes]\nusrName = \"{uid}\"\n";
    let places: Vec<String> =
        wrong(&text).iter().map(|line| line.split(": ").next().unwrap_or_default().to_owned()).collect();
    assert_eq!(
        places,
        [
            "identity_provider.sign_on_url",
            "identity_provider.sign_on_url",
            "request.comparison",
            "request.authn_context",
            "request.name_id_format",
            "response.clock_skew",
            "idp_initiated.start",
            "idp_initiated.app",
            "people.attributes.usrName",
            "roles",
            "roles",
        ]
    );
    for (case, text, part) in [
        ("unknown", format!("colour = 1\n{}", by_hand("")), "colour"),
        ("unknown inside", by_hand("") + "[request]\nsing = true", "request.sing"),
        ("another preset", by_hand("").replace("generic", "novell"), "novell"),
        ("no TOML", "preset = ".to_owned(), ""),
    ] {
        let wrong = wrong(&text).join("\n");
        assert!(wrong.contains(part), "{case}: {wrong}");
    }
}

#[test]
fn fetched_metadata_are_of_whom_they_should_be_and_signed_where_that_is_asked_for() {
    let signed = {
        let certificate = THEIRS.certificate().base64();
        let text = format!(
            "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" ID=\"_m\" entityID=\"https://idp.example\">{}<IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><KeyDescriptor><KeyInfo xmlns=\"{}\"><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"https://idp.example/sso\"/></IDPSSODescriptor></EntityDescriptor>",
            crate::saml::signature::blank("_m", &OTHER),
            names::SIGNATURE
        );
        crate::saml::signature::sign(&text, &OTHER).expect("signed")
    };
    let address = |signed_by: Option<&str>| {
        let signed_by = signed_by.map(|pem| format!("metadata_signed_by = '''{pem}'''")).unwrap_or_default();
        let text = format!(
            "preset = \"entra\"\n[identity_provider]\nentity_id = \"https://idp.example\"\nmetadata_url = \"https://idp.example/m\"\n{signed_by}"
        );
        match Settings::parse(&text, NOW).expect("settings").source {
            Source::Address(address) => address,
            Source::Here(_) => panic!("an address"),
        }
    };
    let (anybody, other, ours) =
        (address(None), address(Some(&OTHER.certificate().pem())), address(Some(&OURS.certificate().pem())));
    assert!(anybody.read(signed.as_bytes(), NOW).is_ok() && other.read(signed.as_bytes(), NOW).is_ok());
    for (case, address, text) in [
        ("by another", &ours, signed.clone()),
        ("changed", &other, signed.replace("/sso", "/ssp")),
        ("of another", &anybody, signed.replace("entityID=\"https://idp", "entityID=\"https://x")),
        ("a page", &anybody, "<html><br></html>".to_owned()),
    ] {
        assert!(address.read(text.as_bytes(), NOW).is_err(), "{case}");
    }
}

#[test]
fn a_request_says_who_asks_and_for_what_and_nothing_breaks_out_of_it() {
    let settings = Settings::parse(
        &(by_hand("") + "[request]\nauthn_context = [\"urn:a\", \"urn:<b>\"]\ncomparison = \"minimum\""),
        NOW,
    )
    .expect("settings");
    let asking = Asking {
        entity_id: US,
        consumer: CONSUMER,
        destination: "https://idp.example/sso?a=1&b=\"2\"",
        force: Force::Anew,
    };
    let random = crate::random::Random::seeded(1);
    let message = written(&asking, &settings.request, NOW, &random);
    for text in [message.unsigned(), message.signed(&OURS).expect("signed")] {
        let xml = Xml::message(text.as_bytes()).expect("XML");
        let tree = xml.tree();
        let root = tree.root();
        assert!(root.is(names::PROTOCOL, "AuthnRequest"));
        for (name, expected) in [
            ("ID", message.id.as_str()),
            ("IssueInstant", "2026-11-24T10:00:00Z"),
            ("Destination", asking.destination),
            ("AssertionConsumerServiceURL", CONSUMER),
            ("ForceAuthn", "true"),
        ] {
            assert_eq!(root.attribute(name), Some(expected), "{name}");
        }
        assert_eq!(root.only(names::ASSERTION, "Issuer").and_then(crate::saml::xml::Element::text).as_deref(), Ok(US));
        let contexts = root.only(names::PROTOCOL, "RequestedAuthnContext").expect("one");
        let contexts: Vec<_> = contexts.elements().map(|context| context.text().expect("text")).collect();
        assert_eq!(contexts, ["urn:a", "urn:<b>"]);
    }
    assert_ne!(written(&asking, &settings.request, NOW, &random).id, message.id);
    assert_eq!(message.id.len(), 33, "128 bits");
}
