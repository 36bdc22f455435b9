//! What Lanyard says of itself as a service provider: signed, with the certificate in use before the one that comes next.

use super::Binding;
use crate::{
    clock::Timestamp,
    random::Random,
    saml::{
        credential::Credential,
        names,
        signature::{SigningFault, blank, sign},
        sp::peer::Peer,
        xml::escaped,
    },
};

/// Ways in which content may be encrypted to us, the best first.
const CONTENT: [&str; 4] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
];

/// Us.
#[derive(Debug)]
pub struct ServiceProvider<'s> {
    /// What we are called in every message.
    pub entity_id: &'s str,
    /// Where responses are sent, in a form.
    pub consumer: &'s str,
    /// Where people are signed out, if they can be.
    pub logout: Option<&'s str>,
    /// Our keys: the one in use, then the one that comes or the one that goes.
    pub credentials: &'s [&'s Credential],
    /// Whether assertions are to be encrypted to us: whoever reads a key for that encrypts.
    pub wants_encryption: bool,
    /// Whether requests are signed.
    pub signs_requests: bool,
    /// What names we ask for.
    pub name_id_format: &'s str,
}

impl<'s> ServiceProvider<'s> {
    /// Us as an identity provider knows us.
    #[must_use]
    pub fn of(peer: &'s Peer, credentials: &'s [&'s Credential]) -> Self {
        Self {
            entity_id: &peer.addresses.entity_id,
            consumer: &peer.addresses.consumer,
            logout: None,
            credentials,
            wants_encryption: peer.settings.response.encrypted,
            signs_requests: peer.settings.request.sign,
            name_id_format: &peer.settings.request.name_id_format,
        }
    }
}

/// Our metadata.
///
/// # Errors
/// [`SigningFault`]; also when there is no key.
pub fn written(us: &ServiceProvider<'_>, until: Timestamp, random: &Random) -> Result<String, SigningFault> {
    let current = us.credentials.first().ok_or(SigningFault)?;
    let id = format!("_{}", data_encoding::HEXLOWER.encode(&random.bytes::<16>()));
    let keys: String = us.credentials.iter().map(|key| key_descriptor(key, "signing", "")).collect();
    let methods: String = CONTENT.map(|method| format!("<md:EncryptionMethod Algorithm=\"{method}\"/>")).concat();
    let methods =
        format!("<md:EncryptionMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p\"/>{methods}");
    let opening = us.credentials.iter().filter(|_| us.wants_encryption);
    let opening: String = opening.map(|key| key_descriptor(key, "encryption", &methods)).collect();
    let logout = us.logout.iter().flat_map(|at| {
        [Binding::Redirect, Binding::Post].map(|binding| endpoint("SingleLogoutService", binding, at, ""))
    });
    let logout: String = logout.collect();
    let document = format!(
        "<md:EntityDescriptor xmlns:md=\"{md}\" ID=\"{id}\" entityID=\"{entity}\" validUntil=\"{until}\" \
         cacheDuration=\"PT6H\">{signature}<md:SPSSODescriptor AuthnRequestsSigned=\"{signs}\" \
         WantAssertionsSigned=\"true\" protocolSupportEnumeration=\"{protocol}\">{keys}{opening}{logout}\
         <md:NameIDFormat>{format}</md:NameIDFormat>{consumer}</md:SPSSODescriptor></md:EntityDescriptor>",
        md = names::METADATA,
        entity = escaped(us.entity_id),
        signature = blank(&id, current),
        signs = us.signs_requests,
        protocol = names::PROTOCOL,
        format = escaped(us.name_id_format),
        consumer = endpoint("AssertionConsumerService", Binding::Post, us.consumer, " index=\"0\" isDefault=\"true\""),
    );
    sign(&document, current)
}

fn key_descriptor(key: &Credential, purpose: &str, methods: &str) -> String {
    format!(
        "<md:KeyDescriptor use=\"{purpose}\"><ds:KeyInfo xmlns:ds=\"{dsig}\"><ds:X509Data><ds:X509Certificate>\
         {certificate}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>{methods}</md:KeyDescriptor>",
        dsig = names::SIGNATURE,
        certificate = key.certificate().base64(),
    )
}

fn endpoint(name: &str, binding: Binding, location: &str, more: &str) -> String {
    format!("<md:{name} Binding=\"{}\" Location=\"{}\"{more}/>", binding.name(), escaped(location))
}
