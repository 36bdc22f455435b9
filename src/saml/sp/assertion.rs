//! What an identity provider says of somebody, once all of it was checked.

use std::borrow::Cow;

use crate::{clock::Timestamp, saml::names, upstream::mapping::Said};

/// What is believed. Only `response` makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// Its ID: it is taken once.
    pub id: String,
    /// Until when it might be sent again.
    pub ends: Timestamp,
    /// Who says so.
    pub issuer: String,
    /// Of whom.
    pub name_id: NameId,
    /// What.
    pub attributes: Vec<Attribute>,
    /// How they signed in.
    pub authn: Authn,
}

/// A name of somebody (core §2.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameId {
    /// It.
    pub value: String,
    /// What kind of name it is.
    pub format: String,
    /// Within which domain it is one.
    pub name_qualifier: Option<String>,
    /// For which service it is one.
    pub sp_name_qualifier: Option<String>,
}

/// Something that is said of somebody (core §2.7.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name: often an address or an object identifier.
    pub name: String,
    /// What people call it.
    pub friendly_name: Option<String>,
    /// Its values.
    pub values: Vec<String>,
}

/// How somebody signed in there (core §2.7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authn {
    /// When.
    pub instant: Timestamp,
    /// Their session there, to be signed out of.
    pub session_index: Option<String>,
    /// Until when they may stay.
    pub session_until: Option<Timestamp>,
    /// By what means, in the words of the identity provider.
    pub context: Option<String>,
}

impl NameId {
    /// The name with what qualifies it: no two people of one identity provider have the same.
    #[must_use]
    pub fn subject(&self) -> String {
        let plain = |text: &str| text.replace('%', "%25").replace('!', "%21");
        let qualifier = |text: &Option<String>| plain(text.as_deref().unwrap_or_default());
        match (&self.name_qualifier, &self.sp_name_qualifier) {
            (None, None) => plain(&self.value),
            (name, service) => format!("{}!{}!{}", qualifier(name), qualifier(service), plain(&self.value)),
        }
    }

    /// Whether it is another one each time: nobody is found again by it.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.format == names::TRANSIENT
    }
}

impl Said for Assertion {
    /// By the name of an attribute or by what people call it; `NameID` is the name of the subject.
    fn values(&self, name: &str) -> Vec<Cow<'_, str>> {
        if name == "NameID" {
            return vec![self.name_id.value.as_str().into()];
        }
        let is_meant = |attribute: &&Attribute| attribute.name == name;
        let by_name: Vec<_> = self.attributes.iter().filter(is_meant).flat_map(|found| &found.values).collect();
        let values = if by_name.is_empty() {
            let is_meant = |attribute: &&Attribute| attribute.friendly_name.as_deref() == Some(name);
            self.attributes.iter().filter(is_meant).flat_map(|found| &found.values).collect()
        } else {
            by_name
        };
        values.into_iter().map(|value| value.as_str().into()).collect()
    }
}
