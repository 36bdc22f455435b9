//! Keys that tests sign with, made once, as making an RSA key takes its time; and an identity provider that answers.

use std::sync::LazyLock;

use aws_lc_rs::{
    aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    cipher::{AES_128, AES_256, EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey},
    iv::FixedLength,
    rsa::{
        OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey,
        PublicEncryptingKey,
    },
};
use data_encoding::BASE64;

use crate::{
    clock::Timestamp,
    random::Random,
    saml::{
        certificate::Trusted,
        credential::Credential,
        metadata::{Binding, Endpoint, IdentityProvider},
        signature::{blank, sign},
    },
};

/// The time of these tests: 2026-11-24T10:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_795_514_400);

/// What we are called, and where answers are sent.
pub(crate) const US: &str = "https://id.clinic.example/saml/ups_1/metadata";
/// Where answers are sent.
pub(crate) const CONSUMER: &str = "https://id.clinic.example/saml/ups_1/acs";
/// Who answers.
pub(crate) const IDP: &str = "https://idp.hospital.example/metadata";
/// What was asked.
pub(crate) const REQUEST: &str = "_request";

/// The identity provider's key.
pub(crate) static THEIRS: LazyLock<Credential> = LazyLock::new(|| key("idp.hospital.example"));

/// Ours.
pub(crate) static OURS: LazyLock<Credential> = LazyLock::new(|| key("id.clinic.example"));

/// An attacker's.
pub(crate) static OTHER: LazyLock<Credential> = LazyLock::new(|| key("evil.example"));

fn key(name: &str) -> Credential {
    Credential::generate(name, NOW, &Random::system()).expect("a key")
}

/// The certificate of a key, believed.
pub(crate) fn trusted(key: &Credential) -> Trusted {
    Trusted::new(vec![key.certificate().clone()]).expect("one")
}

/// The identity provider.
pub(crate) fn identity_provider() -> IdentityProvider {
    let endpoint = |path: &str| Endpoint {
        binding: Binding::Redirect,
        location: format!("https://idp.hospital.example{path}").parse().expect("an address"),
        responses: None,
    };
    IdentityProvider {
        entity_id: IDP.to_owned(),
        sign_on: vec![endpoint("/sso")],
        logout: vec![endpoint("/slo")],
        certificates: trusted(&THEIRS),
        wants_signed_requests: false,
        valid_until: None,
        cache: None,
    }
}

/// An answer of it, with what differs from a good one.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) destination: &'static str,
    pub(crate) status: &'static str,
    pub(crate) issuer: &'static str,
    pub(crate) in_response_to: &'static str,
    pub(crate) name_id: String,
    pub(crate) recipient: &'static str,
    pub(crate) confirmed_to: &'static str,
    pub(crate) confirmed_until: &'static str,
    pub(crate) method: &'static str,
    pub(crate) not_before: &'static str,
    pub(crate) not_on_or_after: &'static str,
    pub(crate) audience: &'static str,
    pub(crate) condition: &'static str,
    pub(crate) advice: String,
    pub(crate) authn: &'static str,
    pub(crate) attributes: String,
}

/// How somebody signed in.
pub(crate) const AUTHN: &str = "<saml:AuthnStatement AuthnInstant=\"2026-11-24T09:59:50Z\" SessionIndex=\"_s1\" \
    SessionNotOnOrAfter=\"2026-11-24T18:00:00Z\"><saml:AuthnContext><saml:AuthnContextClassRef>\
    urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport</saml:AuthnContextClassRef></saml:AuthnContext>\
    </saml:AuthnStatement>";

impl Default for Answer {
    fn default() -> Self {
        Self {
            destination: CONSUMER,
            status: "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
            issuer: IDP,
            in_response_to: " InResponseTo=\"_request\"",
            name_id: "ada@hospital.example".to_owned(),
            recipient: CONSUMER,
            confirmed_to: " InResponseTo=\"_request\"",
            confirmed_until: " NotOnOrAfter=\"2026-11-24T10:05:00Z\"",
            method: "urn:oasis:names:tc:SAML:2.0:cm:bearer",
            not_before: "2026-11-24T09:59:00Z",
            not_on_or_after: "2026-11-24T10:05:00Z",
            audience: US,
            condition: "",
            advice: String::new(),
            authn: AUTHN,
            attributes: "<saml:Attribute Name=\"urn:oid:0.9.2342.19200300.100.1.3\" FriendlyName=\"mail\">\
                <saml:AttributeValue>ada@hospital.example</saml:AttributeValue></saml:Attribute>\
                <saml:Attribute Name=\"groups\"><saml:AttributeValue>gps</saml:AttributeValue>\
                <saml:AttributeValue>Nurses &amp; co</saml:AttributeValue></saml:Attribute>"
                .to_owned(),
        }
    }
}

/// What is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signed {
    /// Nothing.
    Nothing,
    /// The response.
    Response,
    /// The assertion.
    Assertion,
    /// Both.
    Both,
}

impl Answer {
    /// Its assertion.
    pub(crate) fn assertion(&self, key: Option<&Credential>) -> String {
        let signature = key.map(|key| blank("_assertion", key)).unwrap_or_default();
        let text = format!(
            "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_assertion\" Version=\"2.0\" \
             IssueInstant=\"2026-11-24T10:00:00Z\"><saml:Issuer>{}</saml:Issuer>{signature}<saml:Subject>\
             <saml:NameID Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\">{}</saml:NameID>\
             <saml:SubjectConfirmation Method=\"{}\"><saml:SubjectConfirmationData Recipient=\"{}\"{}{}/>\
             </saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore=\"{}\" NotOnOrAfter=\"{}\">\
             <saml:AudienceRestriction><saml:Audience>{}</saml:Audience></saml:AudienceRestriction>{}\
             </saml:Conditions>{}{}<saml:AttributeStatement>{}</saml:AttributeStatement></saml:Assertion>",
            self.issuer,
            self.name_id,
            self.method,
            self.recipient,
            self.confirmed_to,
            self.confirmed_until,
            self.not_before,
            self.not_on_or_after,
            self.audience,
            self.condition,
            self.advice,
            self.authn,
            self.attributes,
        );
        key.map_or(Ok(text.clone()), |key| sign(&text, key)).expect("signed")
    }

    /// A response around this.
    pub(crate) fn around(&self, inside: &str, key: Option<&Credential>) -> String {
        let signature = key.map(|key| blank("_response", key)).unwrap_or_default();
        let text = format!(
            "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
             xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_response\" Version=\"2.0\" \
             IssueInstant=\"2026-11-24T10:00:00Z\" Destination=\"{}\"{}><saml:Issuer>{}</saml:Issuer>{signature}\
             <samlp:Status>{}</samlp:Status>{inside}</samlp:Response>",
            self.destination, self.in_response_to, self.issuer, self.status,
        );
        key.map_or(Ok(text.clone()), |key| sign(&text, key)).expect("signed")
    }

    /// It, signed by a key.
    pub(crate) fn written(&self, signed: Signed, key: &Credential) -> String {
        let inner = matches!(signed, Signed::Assertion | Signed::Both).then_some(key);
        let outer = matches!(signed, Signed::Response | Signed::Both).then_some(key);
        self.around(&self.assertion(inner), outer)
    }
}

/// How something is encrypted: the ends of the names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Encryption {
    pub(crate) content: &'static str,
    pub(crate) key: &'static str,
    pub(crate) parameters: &'static str,
}

/// As everybody can.
pub(crate) const GCM: Encryption = Encryption {
    content: "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    key: "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    parameters: "",
};

/// An `EncryptedAssertion` to the owner of a key.
pub(crate) fn encrypted(text: &str, how: Encryption, to: &Credential) -> String {
    let length = if how.content.contains("128") { 16 } else { 32 };
    let secret = vec![7; length];
    let content = if how.content.ends_with("gcm") { gcm(&secret, text) } else { cbc(&secret, text) };
    let public = || PublicEncryptingKey::from_der(to.certificate().key()).expect("a key");
    let mut room = vec![0; 384];
    let wrapped = if how.key.ends_with("rsa-1_5") {
        Pkcs1PublicEncryptingKey::new(public()).expect("a key").encrypt(&secret, &mut room).expect("short").to_vec()
    } else {
        let oaep = if how.parameters.contains("mgf1sha256") { &OAEP_SHA256_MGF1SHA256 } else { &OAEP_SHA1_MGF1SHA1 };
        let public = OaepPublicEncryptingKey::new(public()).expect("a key");
        public.encrypt(oaep, &secret, &mut room, None).expect("short").to_vec()
    };
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"><xenc:EncryptedData \
         xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\" Type=\"http://www.w3.org/2001/04/xmlenc#Element\">\
         <xenc:EncryptionMethod Algorithm=\"{}\"/><ds:KeyInfo xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
         <xenc:EncryptedKey><xenc:EncryptionMethod Algorithm=\"{}\">{}</xenc:EncryptionMethod><xenc:CipherData>\
         <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>\
         <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData></saml:EncryptedAssertion>",
        how.content,
        how.key,
        how.parameters,
        BASE64.encode(&wrapped),
        BASE64.encode(&content),
    )
}

fn gcm(secret: &[u8], text: &str) -> Vec<u8> {
    let algorithm = if secret.len() == 16 { &AES_128_GCM } else { &AES_256_GCM };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, secret).expect("a key"));
    let mut body = text.as_bytes().to_vec();
    let nonce = Nonce::assume_unique_for_key([9; NONCE_LEN]);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut body).expect("short");
    [&[9; NONCE_LEN][..], &body].concat()
}

fn cbc(secret: &[u8], text: &str) -> Vec<u8> {
    let algorithm = if secret.len() == 16 { &AES_128 } else { &AES_256 };
    let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, secret).expect("a key"));
    let mut body = text.as_bytes().to_vec();
    let vector = EncryptionContext::Iv128(FixedLength::from([9; 16]));
    key.expect("a key").less_safe_encrypt(&mut body, vector).expect("short");
    [&[9; 16][..], &body].concat()
}
