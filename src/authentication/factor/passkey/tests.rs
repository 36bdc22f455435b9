//! Registering and answering with a passkey of software, rightly and wrongly.

use webauthn_authenticator_rs::{AuthenticatorBackend, WebauthnAuthenticator, softpasskey::SoftPasskey};
use webauthn_rs_proto::{
    CreationChallengeResponse, PublicKeyCredentialCreationOptions, PublicKeyCredentialRequestOptions,
};

use super::*;
use crate::{clock::Timestamp, random::Random};

fn site(issuer: &str) -> RelyingParty {
    RelyingParty::of(&Url::parse(issuer).unwrap())
}

fn person(seed: u64) -> UserId {
    UserId::fresh(Timestamp(1_795_000_000_000), &Random::seeded(seed))
}

fn registered(device: &mut impl AuthenticatorBackend, user: &UserId) -> Key {
    let (site, origin) = (site("https://id.example"), Url::parse("https://id.example").unwrap());
    let Ceremony { options, state } = site.register(user, ("ada", "Ada"), &[], &Asked::default()).unwrap();
    let mut public_key: PublicKeyCredentialCreationOptions = serde_json::from_str(&options).unwrap();
    public_key.authenticator_selection.as_mut().unwrap().user_verification = UserVerificationPolicy::Required;
    let options = CreationChallengeResponse { public_key };
    let answer = device.do_registration(origin, options).unwrap();
    site.registered(&state, &serde_json::to_string(&answer).unwrap(), &Asked::default()).unwrap()
}

fn answer(device: &mut impl AuthenticatorBackend, origin: &str, options: &str) -> Answer {
    let mut options: PublicKeyCredentialRequestOptions = serde_json::from_str(options).unwrap();
    options.user_verification = UserVerificationPolicy::Required;
    // The device alone: a browser would give no other site an answer.
    Answer(device.perform_auth(Url::parse(origin).unwrap(), options, 1000).unwrap())
}

#[test]
fn a_key_is_registered_and_proved_beside_a_password() {
    let (site, mut device, user) = (site("https://id.example"), SoftPasskey::new(true), person(1));
    let key = registered(&mut device, &user);
    let key = Key::from_kept(&key.kept()).unwrap();
    assert!(key.verifies());
    let Ceremony { options, state } = site.ask(std::slice::from_ref(&key), &Asked::default()).unwrap();
    let given = answer(&mut device, "https://id.example", &options);
    let proof = site.beside(&state, &given).unwrap();
    assert!(proof.is_verified());
    assert_eq!((proof.key_id(), given.key_id()), (key.id(), key.id()));
    assert!(key.counter() <= key.clone().after(&proof).counter());
    let other = site.ask(std::slice::from_ref(&key), &Asked::default()).unwrap();
    assert_eq!(site.beside(&other.state, &given).unwrap_err(), Refused("wrong-challenge"));
}

#[test]
fn another_site_is_told_apart_however_it_is_called() {
    let (mut device, user) = (SoftPasskey::new(true), person(2));
    let key = registered(&mut device, &user);
    let Ceremony { options, state } =
        site("https://id.example").ask(std::slice::from_ref(&key), &Asked::default()).unwrap();
    for origin in ["https://evil.id.example", "https://badid.example", "https://id.example:8443", "http://id.example"] {
        let given = answer(&mut device, origin, &options);
        let refused = site("https://id.example").beside(&state, &given).unwrap_err();
        assert_eq!(refused, Refused("key-of-another-site"), "{origin}");
    }
}

#[test]
fn a_site_without_a_name_has_no_keys() {
    for (issuer, expected) in [
        ("https://id.example/auth", true),
        ("http://localhost:8080", true),
        ("http://127.0.0.1:8080", false),
        ("http://[::1]:8080", false),
    ] {
        assert_eq!(site(issuer).has_keys(), expected, "{issuer}");
        assert_eq!(site(issuer).ask_anybody().is_some(), expected, "{issuer}");
    }
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    for text in ["", "{}", "[]", "{\"id\":1}", &"[".repeat(10_000)] {
        assert_eq!(Answer::read(text).unwrap_err(), Refused("unreadable"), "{}", text.len());
        let refused = site("https://id.example").registered("{}", text, &Asked::default()).unwrap_err();
        assert_eq!(refused, Refused("another-ceremony"));
    }
}

#[test]
fn a_model_counts_where_its_maker_states_it() {
    let models = BTreeSet::from(["ee882879-721c-4913-9775-3dfcce97072a".to_owned()]);
    let of = |text: &str| Uuid::try_parse(text).unwrap();
    let listed = of("ee882879-721c-4913-9775-3dfcce97072a");
    for (stated, expected) in [
        (AttestationMetadata::Packed { aaguid: listed }, true),
        (AttestationMetadata::Tpm { aaguid: listed, firmware_version: 1 }, true),
        (AttestationMetadata::Packed { aaguid: of("ee882879-721c-4913-9775-3dfcce97072b") }, false),
        (AttestationMetadata::None, false),
        (AttestationMetadata::AndroidKey { is_km_tee: true, is_attest_tee: true }, false),
    ] {
        assert_eq!(is_among(&stated, &models), expected, "{stated:?}");
    }
}

#[test]
fn what_rules_ask_is_asked_of_the_device_and_of_its_answer() {
    let asked = Asked { verification: true, models: Some(BTreeSet::new()) };
    let (site, mut device, user) = (site("https://id.example"), SoftPasskey::new(false), person(1));
    let Ceremony { options, state } = site.register(&user, ("ada", "Ada"), &[], &asked).unwrap();
    let mut public_key: PublicKeyCredentialCreationOptions = serde_json::from_str(&options).unwrap();
    let wanted = public_key.authenticator_selection.as_mut().unwrap();
    assert_eq!(wanted.user_verification, UserVerificationPolicy::Required);
    assert!(matches!(public_key.attestation, Some(AttestationConveyancePreference::Direct)));
    // A device that pays no heed.
    wanted.user_verification = UserVerificationPolicy::Preferred;
    let options = CreationChallengeResponse { public_key };
    let answer = device.do_registration(Url::parse("https://id.example").unwrap(), options).unwrap();
    let answer = serde_json::to_string(&answer).unwrap();
    let only = |verification, models: Option<&str>| Asked {
        verification,
        models: models.map(|model| BTreeSet::from([model.to_owned()])),
    };
    for (asked, expected) in [
        (only(true, None), Some(NOT_VERIFIED)),
        (only(false, Some("00000000-0000-0000-0000-000000000000")), Some(OTHER_MODEL)),
        (only(false, None), None),
    ] {
        assert_eq!(site.registered(&state, &answer, &asked).err(), expected, "{asked:?}");
    }
    let key = site.registered(&state, &answer, &Asked::default()).unwrap();
    let asking = site.ask(&[key], &only(true, None)).unwrap();
    assert!(asking.options.contains("\"userVerification\":\"required\""), "{}", asking.options);
}
