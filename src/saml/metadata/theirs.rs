//! An identity provider, by its metadata. Of several certificates each is believed: that is how certificates change.

use std::time::Duration;

use url::Url;

use crate::{
    clock::Timestamp,
    saml::{
        certificate::{Certificate, Trusted},
        names,
        xml::{Element, Unexpected, instant},
    },
};

/// Entities of a federation at most that are looked through for one.
const MOST_ENTITIES: usize = 500;

/// Certificates and endpoints of an entity at most.
const MOST: usize = 16;

/// How a message travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// In the address.
    Redirect,
    /// In a form that sends itself.
    Post,
}

impl Binding {
    /// As metadata name it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redirect => names::REDIRECT,
            Self::Post => names::POST,
        }
    }
}

/// Where a kind of message is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How.
    pub binding: Binding,
    /// Where.
    pub location: Url,
    /// Where answers are sent instead.
    pub responses: Option<Url>,
}

/// An identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityProvider {
    /// What it is called in every message.
    pub entity_id: String,
    /// Where people sign in; never none.
    pub sign_on: Vec<Endpoint>,
    /// Where they are signed out.
    pub logout: Vec<Endpoint>,
    /// Whose signatures are believed.
    pub certificates: Trusted,
    /// Whether it answers signed requests alone.
    pub wants_signed_requests: bool,
    /// Until when this holds.
    pub valid_until: Option<Timestamp>,
    /// How soon it wants to be asked again.
    pub cache: Option<Duration>,
}

/// Why metadata are not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Something is missing.
    #[error("they are not as the specification has them: {0}")]
    Form(#[from] Unexpected),
    /// They are of somebody else.
    #[error("they do not describe `{0}`")]
    OtherEntity(String),
    /// They describe no identity provider of SAML 2.0.
    #[error("they do not describe an identity provider of SAML 2.0")]
    NoIdentityProvider,
    /// They are over.
    #[error("they were valid until {0}")]
    Expired(Timestamp),
    /// Nobody can be believed.
    #[error("they name no signing certificate that can be used; without one anybody could say who somebody is")]
    NoCertificate,
    /// Nowhere to sign in.
    #[error("they name no address of https to sign in at, by HTTP-Redirect or HTTP-POST")]
    NoEndpoint,
    /// There is too much of something.
    #[error("they hold more entities, certificates or addresses than are read")]
    TooMany,
}

/// Reads metadata of one entity, or of several; of several one has to be named.
///
/// # Errors
/// [`Fault`].
pub fn read(root: Element<'_>, entity_id: Option<&str>, now: Timestamp) -> Result<IdentityProvider, Fault> {
    let entity = entity(root, entity_id)?;
    let called = entity.attribute("entityID").ok_or(Unexpected::Missing("entityID"))?;
    let role = entity
        .named(names::METADATA, "IDPSSODescriptor")
        .find(|role| {
            let protocols = role.attribute("protocolSupportEnumeration").unwrap_or_default();
            protocols.split_ascii_whitespace().any(|protocol| protocol == names::PROTOCOL)
        })
        .ok_or(Fault::NoIdentityProvider)?;
    let around: Vec<Element> = std::iter::successors(Some(role), |element| element.parent()).collect();
    let valid_until = around.iter().filter_map(|element| element.attribute("validUntil").and_then(instant)).min();
    if let Some(end) = valid_until.filter(|end| *end <= now) {
        return Err(Fault::Expired(end));
    }
    let sign_on = endpoints(role, "SingleSignOnService")?;
    if sign_on.is_empty() {
        return Err(Fault::NoEndpoint);
    }
    Ok(IdentityProvider {
        entity_id: called.to_owned(),
        sign_on,
        logout: endpoints(role, "SingleLogoutService")?,
        certificates: Trusted::new(certificates(role)?).ok_or(Fault::NoCertificate)?,
        wants_signed_requests: matches!(role.attribute("WantAuthnRequestsSigned"), Some("true" | "1")),
        valid_until,
        cache: around.iter().filter_map(|element| element.attribute("cacheDuration").and_then(duration)).min(),
    })
}

fn entity<'x>(root: Element<'x>, entity_id: Option<&str>) -> Result<Element<'x>, Fault> {
    let mut entities = root.all().filter(|element| element.is(names::METADATA, "EntityDescriptor"));
    let is_one = root.is(names::METADATA, "EntityDescriptor");
    if !is_one && !root.is(names::METADATA, "EntitiesDescriptor") {
        return Err(Unexpected::Missing("EntityDescriptor").into());
    }
    let Some(wanted) = entity_id else {
        let first = entities.next().ok_or(Unexpected::Missing("EntityDescriptor"))?;
        return if entities.next().is_some() {
            Err(Unexpected::Repeated("EntityDescriptor").into())
        } else {
            Ok(first)
        };
    };
    let mut found = None;
    for (count, entity) in entities.enumerate() {
        if count >= MOST_ENTITIES {
            return Err(Fault::TooMany);
        }
        if entity.attribute("entityID") == Some(wanted) && found.replace(entity).is_some() {
            return Err(Unexpected::Repeated("EntityDescriptor").into());
        }
    }
    found.ok_or_else(|| Fault::OtherEntity(wanted.to_owned()))
}

/// Certificates for signing: those without a use are for both. One that cannot be used is passed over, as another may be.
fn certificates(role: Element<'_>) -> Result<Vec<Certificate>, Fault> {
    let signing = role
        .named(names::METADATA, "KeyDescriptor")
        .filter(|key| key.attribute("use").is_none_or(|purpose| purpose == "signing"));
    let texts = signing
        .flat_map(|key| key.named(names::SIGNATURE, "KeyInfo"))
        .flat_map(|info| info.named(names::SIGNATURE, "X509Data"))
        .flat_map(|data| data.named(names::SIGNATURE, "X509Certificate"));
    let mut certificates = vec![];
    for (count, text) in texts.enumerate() {
        if count >= MOST {
            return Err(Fault::TooMany);
        }
        certificates.extend(Certificate::parse(&text.text()?).ok());
    }
    Ok(certificates)
}

/// Endpoints of bindings that we speak. Plain http is for trying out on this machine alone.
fn endpoints(role: Element<'_>, name: &'static str) -> Result<Vec<Endpoint>, Fault> {
    let mut endpoints = vec![];
    for (count, element) in role.named(names::METADATA, name).enumerate() {
        if count >= MOST {
            return Err(Fault::TooMany);
        }
        let binding = match element.attribute("Binding") {
            Some(names::REDIRECT) => Binding::Redirect,
            Some(names::POST) => Binding::Post,
            _ => continue,
        };
        let Some(location) = element.attribute("Location").and_then(address) else { continue };
        let responses = element.attribute("ResponseLocation").and_then(address);
        endpoints.push(Endpoint { binding, location, responses });
    }
    Ok(endpoints)
}

/// An address to which browsers are sent: by TLS, or on this machine.
pub(in crate::saml) fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let is_here = match url.host()? {
        url::Host::Domain(name) => name == "localhost",
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    };
    let is_plain_address = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (is_plain_address && (url.scheme() == "https" || url.scheme() == "http" && is_here)).then_some(url)
}

/// A length of time (XML Schema part 2, §3.2.6): `P1DT12H`.
fn duration(text: &str) -> Option<Duration> {
    let (days, time) = text.trim().strip_prefix('P')?.split_once('T').unwrap_or((text.trim().get(1..)?, ""));
    let days = sum(days, &[('Y', 365 * 86_400), ('M', 30 * 86_400), ('D', 86_400)])?;
    let time = sum(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
    Some(Duration::from_secs(days.checked_add(time)?))
}

fn sum(text: &str, units: &[(char, u64)]) -> Option<u64> {
    let (mut rest, mut total) = (text, 0_u64);
    while !rest.is_empty() {
        let end = rest.find(|letter: char| letter.is_ascii_alphabetic())?;
        let number: u64 = rest[..end].split('.').next()?.parse().ok()?;
        let unit = rest[end..].chars().next()?;
        let (_, seconds) = units.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.checked_mul(*seconds)?)?;
        rest = &rest[end + 1..];
    }
    Some(total)
}
