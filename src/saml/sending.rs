//! Messages on their way to another party by the browser: in an address (Redirect), or in a form that sends itself (POST).

use data_encoding::{BASE64, HEXLOWER};
use url::Url;

use super::{
    credential::Credential,
    metadata::Binding,
    redirect::{self, Kind},
    signature::{SigningFault, blank, sign},
};
use crate::random::Random;

/// A message that has not been signed: its signature belongs between the two texts (behind the `Issuer`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Whether it asks or answers.
    pub kind: Kind,
    /// Its ID.
    pub id: String,
    /// What stands before the signature.
    pub(super) before: String,
    /// What stands behind it.
    pub(super) after: String,
}

/// What a browser is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outgoing {
    /// It goes to this address.
    Address(Url),
    /// It sends this form.
    Form {
        /// Where to.
        action: Url,
        /// The name of the field with the message.
        parameter: &'static str,
        /// The message in base64.
        message: String,
        /// What is to come back, in the field `RelayState`.
        relay_state: Option<String>,
    },
}

impl Message {
    /// It without a signature.
    #[must_use]
    pub fn unsigned(&self) -> String {
        format!("{}{}", self.before, self.after)
    }

    /// It with a signature inside.
    ///
    /// # Errors
    /// [`SigningFault`].
    pub fn signed(&self, key: &Credential) -> Result<String, SigningFault> {
        sign(&format!("{}{}{}", self.before, blank(&self.id, key), self.after), key)
    }

    /// It on its way, signed where there is a key.
    ///
    /// # Errors
    /// [`SigningFault`].
    pub fn sent(
        &self,
        (to, binding): (&Url, Binding),
        relay_state: Option<&str>,
        key: Option<&Credential>,
    ) -> Result<Outgoing, SigningFault> {
        if binding == Binding::Redirect {
            return Ok(Outgoing::Address(redirect::address(to, (self.kind, &self.unsigned()), relay_state, key)));
        }
        let text = key.map_or_else(|| Ok(self.unsigned()), |key| self.signed(key))?;
        Ok(Outgoing::Form {
            action: to.clone(),
            parameter: self.kind.parameter(),
            message: BASE64.encode(text.as_bytes()),
            relay_state: relay_state.map(str::to_owned),
        })
    }
}

/// An ID of 128 random bits; it begins as a name of XML does.
#[must_use]
pub fn fresh_id(random: &Random) -> String {
    format!("_{}", HEXLOWER.encode(&random.bytes::<16>()))
}
