//! Where what an identity provider is comes from: an address of metadata, metadata, or single settings.

use serde::Deserialize;
use url::Url;

use crate::{
    clock::Timestamp,
    saml::{
        certificate::{Certificate, Trusted},
        metadata::{self, Binding, Endpoint, IdentityProvider},
        signature,
        xml::{self, Xml},
    },
    upstream::mapping::{OneOrMore, Reader},
};

/// Certificates that may be written down.
const MOST_CERTIFICATES: usize = 16;

/// Where what an identity provider is comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// It is all written here.
    Here(Box<IdentityProvider>),
    /// Its metadata are fetched, again and again.
    Address(Address),
}

/// Metadata at an address.
#[derive(Debug, Clone)]
pub struct Address {
    /// Where.
    pub url: Url,
    /// Whom they have to describe.
    pub entity_id: String,
    /// Who has to have signed them; TLS alone vouches for them where there is none.
    pub signed_by: Option<Trusted>,
}

impl Address {
    /// What was fetched, if it is what it should be.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn read(&self, fetched: &[u8], now: Timestamp) -> Result<IdentityProvider, String> {
        let xml = Xml::metadata(fetched).map_err(|fault| fault.to_string())?;
        let read = |tree: &xml::Tree| {
            metadata::read(tree.root(), Some(&self.entity_id), now).map_err(|fault| fault.to_string())
        };
        match &self.signed_by {
            None => read(&xml.tree()),
            Some(trusted) => {
                let verified = signature::verify(&xml, trusted).map_err(|fault| fault.to_string())?;
                read(&verified.tree())
            }
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawIdentityProvider {
    entity_id: String,
    metadata_url: Option<String>,
    metadata_signed_by: Option<OneOrMore>,
    metadata: Option<String>,
    sign_on_url: Option<String>,
    logout_url: Option<String>,
    binding: Option<RawBinding>,
    certificates: Option<OneOrMore>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum RawBinding {
    Redirect,
    Post,
}

const PLACE: &str = "identity_provider";

impl RawIdentityProvider {
    /// How requests are to be sent.
    pub(super) fn binding(&self) -> Option<Binding> {
        self.binding.map(|binding| match binding {
            RawBinding::Redirect => Binding::Redirect,
            RawBinding::Post => Binding::Post,
        })
    }

    /// By an address, by metadata, or by single settings: one of the three; none where something is wrong.
    pub(super) fn source(self, reader: &mut Reader, now: Timestamp) -> Option<Source> {
        if self.entity_id.trim().is_empty() || self.entity_id.len() > 1024 {
            reader.wrong("identity_provider.entity_id", "say what it is called, as it writes it itself");
            return None;
        }
        let by_hand = self.sign_on_url.is_some() || self.certificates.is_some() || self.logout_url.is_some();
        match (&self.metadata_url, &self.metadata) {
            (Some(_), None) if !by_hand => self.by_address(reader),
            (None, Some(_)) if !by_hand && self.metadata_signed_by.is_none() => self.by_metadata(reader, now),
            (None, None) if self.metadata_signed_by.is_none() => self.by_hand(reader),
            (None, _) if self.metadata_signed_by.is_some() => {
                reader.wrong("identity_provider.metadata_signed_by", "this goes with `metadata_url`");
                None
            }
            _ => {
                reader.wrong(PLACE, "say one of `metadata_url`, `metadata`, and single settings such as `sign_on_url`");
                None
            }
        }
    }

    fn by_address(self, reader: &mut Reader) -> Option<Source> {
        let text = self.metadata_url.unwrap_or_default();
        let url = metadata::address(&text);
        if url.is_none() {
            reader.wrong("identity_provider.metadata_url", format_args!("`{text}` is no address of https"));
        }
        let signed_by = match self.metadata_signed_by {
            None => None,
            Some(texts) => Some(certificates(reader, "identity_provider.metadata_signed_by", texts)?),
        };
        Some(Source::Address(Address { url: url?, entity_id: self.entity_id, signed_by }))
    }

    fn by_metadata(self, reader: &mut Reader, now: Timestamp) -> Option<Source> {
        let text = self.metadata.unwrap_or_default();
        let read = Xml::metadata(text.as_bytes()).map_err(|fault| fault.to_string()).and_then(|xml| {
            metadata::read(xml.tree().root(), Some(&self.entity_id), now).map_err(|fault| fault.to_string())
        });
        match read {
            Ok(described) => Some(Source::Here(Box::new(described))),
            Err(fault) => {
                reader.wrong("identity_provider.metadata", fault);
                None
            }
        }
    }

    fn by_hand(self, reader: &mut Reader) -> Option<Source> {
        let binding = self.binding().unwrap_or(Binding::Redirect);
        let sign_on = endpoint(reader, "identity_provider.sign_on_url", self.sign_on_url, binding);
        let logout = endpoint(reader, "identity_provider.logout_url", self.logout_url, binding);
        let Some(texts) = self.certificates else {
            reader.wrong(
                PLACE,
                "say `metadata_url`, `metadata`, or `sign_on_url` and `certificates`: without a certificate anybody could \
                 say who somebody is",
            );
            return None;
        };
        let certificates = certificates(reader, "identity_provider.certificates", texts);
        if sign_on.is_empty() {
            reader.wrong("identity_provider.sign_on_url", "say where people sign in");
            return None;
        }
        Some(Source::Here(Box::new(IdentityProvider {
            entity_id: self.entity_id,
            sign_on,
            logout,
            certificates: certificates?,
            wants_signed_requests: false,
            valid_until: None,
            cache: None,
        })))
    }
}

fn endpoint(reader: &mut Reader, place: &str, text: Option<String>, binding: Binding) -> Vec<Endpoint> {
    let Some(text) = text else { return vec![] };
    if let Some(location) = metadata::address(&text) {
        return vec![Endpoint { binding, location, responses: None }];
    }
    reader.wrong(place, format_args!("`{text}` is no address of https"));
    vec![]
}

fn certificates(reader: &mut Reader, place: &str, texts: OneOrMore) -> Option<Trusted> {
    let texts = texts.all();
    if texts.is_empty() || texts.len() > MOST_CERTIFICATES {
        reader.wrong(place, format_args!("name from 1 to {MOST_CERTIFICATES} certificates"));
        return None;
    }
    let (mut certificates, count) = (vec![], texts.len());
    for text in texts {
        match Certificate::parse(&text) {
            Ok(certificate) => certificates.push(certificate),
            Err(fault) => reader.wrong(place, fault),
        }
    }
    if certificates.len() == count { Trusted::new(certificates) } else { None }
}
