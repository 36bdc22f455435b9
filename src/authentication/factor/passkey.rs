//! Passkeys and security keys (W3C Web Authentication Level 3): the only door to the library that speaks it.
//!
//! A ceremony begins with options for the browser and a state that its answer is compared with; whoever keeps the state sees
//! to it that it is used once. A key that asks who its owner is (a PIN, a finger, a face) and did so when it was registered
//! signs in alone; any other stands beside a password.

use std::collections::BTreeSet;

use serde::{Serialize, de::DeserializeOwned};
use url::Url;
use uuid::Uuid;
use webauthn_rs::{
    Webauthn, WebauthnBuilder,
    prelude::{
        AttestationMetadata, AuthenticationResult, Credential, DiscoverableAuthentication, Passkey,
        PublicKeyCredential, RegisterPublicKeyCredential, SecurityKey, SecurityKeyAuthentication,
        SecurityKeyRegistration, WebauthnError,
    },
};
use webauthn_rs_proto::{AttestationConveyancePreference, ResidentKeyRequirement, UserVerificationPolicy};

use crate::id::UserId;

/// The site that passkeys are for. A site without a name (an IP address) has none.
#[derive(Debug)]
pub struct RelyingParty(Option<Webauthn>);

/// What a ceremony begins with.
#[derive(Debug, Clone)]
pub struct Ceremony {
    /// For the browser: `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON` (§5.1.8–9).
    pub options: String,
    /// What the answer is compared with.
    pub state: String,
}

/// What rules ask of passkeys.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Whether each has to ask who its owner is.
    pub verification: bool,
    /// The models (AAGUID) that one registers.
    pub models: Option<BTreeSet<String>>,
}

/// What was registered of a passkey.
#[derive(Debug, Clone)]
pub struct Key(Credential);

/// What a browser answered.
#[derive(Debug)]
pub struct Answer(PublicKeyCredential);

/// A key was proved.
#[derive(Debug)]
pub struct Proof {
    result: AuthenticationResult,
}

/// Why an answer was refused; for auditors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub &'static str);

/// Why a key is refused that did not ask who its owner is.
pub const NOT_VERIFIED: Refused = Refused("not-verified");
/// Why a key is refused whose model rules do not list, or that does not say it.
pub const OTHER_MODEL: Refused = Refused("other-model");

impl From<WebauthnError> for Refused {
    fn from(error: WebauthnError) -> Self {
        Self(match error {
            WebauthnError::InvalidRPOrigin | WebauthnError::InvalidRPIDHash => "key-of-another-site",
            WebauthnError::MismatchedChallenge => "wrong-challenge",
            WebauthnError::UserNotVerified => NOT_VERIFIED.0,
            WebauthnError::CredentialPossibleCompromise => "copied-key",
            _ => "wrong-key",
        })
    }
}

impl RelyingParty {
    /// The site at `issuer`.
    #[must_use]
    pub fn of(issuer: &Url) -> Self {
        let origin = Url::parse(&issuer.origin().ascii_serialization()).ok();
        let site = origin
            .and_then(|origin| WebauthnBuilder::new(origin.domain()?, &origin).ok()?.rp_name("Lanyard").build().ok());
        Self(site)
    }

    /// Whether it can have passkeys.
    #[must_use]
    pub const fn has_keys(&self) -> bool {
        self.0.is_some()
    }

    /// Begins to register a key, which none of the `known` is.
    #[must_use]
    pub fn register(
        &self,
        user: &UserId,
        (name, shown): (&str, &str),
        known: &[Key],
        asked: &Asked,
    ) -> Option<Ceremony> {
        let known = known.iter().map(|key| key.0.cred_id.clone()).collect();
        let (mut options, state) = self
            .0
            .as_ref()?
            .start_securitykey_registration(handle_of(user)?, name, shown, Some(known), None, None)
            .ok()?;
        let wanted = &mut options.public_key;
        // Any authenticator will do, and one that can signs in without a name.
        wanted.hints = None;
        if let Some(selection) = &mut wanted.authenticator_selection {
            selection.resident_key = Some(ResidentKeyRequirement::Preferred);
            if asked.verification {
                selection.user_verification = UserVerificationPolicy::Required;
            }
        }
        if asked.models.is_some() {
            wanted.attestation = Some(AttestationConveyancePreference::Direct);
        }
        // A key without a PIN could not be used as long as it has none.
        if let Some(extensions) = &mut wanted.extensions {
            extensions.cred_protect = None;
        }
        ceremony(&options.public_key, &state)
    }

    /// The key that was registered, where it is as rules ask. Of its model, the statement of its maker is verified, and that
    /// it is about this key; not who signed for the maker.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn registered(&self, state: &str, answer: &str, asked: &Asked) -> Result<Key, Refused> {
        let (site, state) = self.ready::<SecurityKeyRegistration>(state)?;
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).map_err(|_| Refused("unreadable"))?;
        let key = Credential::from(site.finish_securitykey_registration(&answer, &state)?);
        if asked.verification && !key.user_verified {
            return Err(NOT_VERIFIED);
        }
        if asked.models.as_ref().is_some_and(|models| !is_among(&key.attestation.metadata, models)) {
            return Err(OTHER_MODEL);
        }
        Ok(Key(key))
    }

    /// Asks whoever it is for a key that signs in alone.
    #[must_use]
    pub fn ask_anybody(&self) -> Option<Ceremony> {
        let (options, state) = self.0.as_ref()?.start_discoverable_authentication().ok()?;
        ceremony(&options.public_key, &state)
    }

    /// Asks for one of `keys`.
    #[must_use]
    pub fn ask(&self, keys: &[Key], asked: &Asked) -> Option<Ceremony> {
        let keys: Vec<SecurityKey> = keys.iter().map(|key| key.0.clone().into()).collect();
        let (mut options, state) = self.0.as_ref()?.start_securitykey_authentication(&keys).ok()?;
        options.public_key.hints = None;
        if asked.verification {
            options.public_key.user_verification = UserVerificationPolicy::Required;
        }
        ceremony(&options.public_key, &state)
    }

    /// Whether the answer to [`RelyingParty::ask_anybody`] is by `key`, which verified its owner then and now.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn alone(&self, state: &str, answer: &Answer, key: &Key) -> Result<Proof, Refused> {
        let (site, state) = self.ready::<DiscoverableAuthentication>(state)?;
        // Whoever finds a key without a PIN gives it one.
        if !key.0.user_verified {
            return Err(Refused("not-verified"));
        }
        let result = site.finish_discoverable_authentication_v2(&answer.0, state, Passkey::from(key.0.clone()))?;
        if result.user_verified() { Ok(Proof { result }) } else { Err(Refused("not-verified")) }
    }

    /// Whether the answer to [`RelyingParty::ask`] is by one of those keys.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn beside(&self, state: &str, answer: &Answer) -> Result<Proof, Refused> {
        let (site, state) = self.ready::<SecurityKeyAuthentication>(state)?;
        Ok(Proof { result: site.finish_securitykey_authentication(&answer.0, &state)? })
    }

    fn ready<S: DeserializeOwned>(&self, state: &str) -> Result<(&Webauthn, S), Refused> {
        let site = self.0.as_ref().ok_or(Refused("no-keys-here"))?;
        Ok((site, serde_json::from_str(state).map_err(|_| Refused("another-ceremony"))?))
    }
}

impl Key {
    /// As it is kept.
    ///
    /// # Panics
    /// Never: bytes and flags have a JSON form.
    #[must_use]
    pub fn kept(&self) -> Vec<u8> {
        serde_json::to_vec(&self.0).expect("bytes and flags have a JSON form")
    }

    /// What [`Key::kept`] wrote.
    #[must_use]
    pub fn from_kept(kept: &[u8]) -> Option<Self> {
        serde_json::from_slice(kept).ok().map(Self)
    }

    /// What its device calls it.
    #[must_use]
    pub fn id(&self) -> &[u8] {
        self.0.cred_id.as_slice()
    }

    /// Whether it asked who its owner is when it was registered: then it signs in alone.
    #[must_use]
    pub const fn verifies(&self) -> bool {
        self.0.user_verified
    }

    /// How often it was used, as it says; zero for those that do not count.
    #[must_use]
    pub fn counter(&self) -> i64 {
        self.0.counter.into()
    }

    /// The key as it is after it was proved.
    #[must_use]
    pub fn after(self, proof: &Proof) -> Self {
        let mut key = Passkey::from(self.0);
        key.update_credential(&proof.result);
        Self(key.into())
    }
}

impl Answer {
    /// Reads what a browser sent: `AuthenticationResponseJSON` (§5.1.8).
    ///
    /// # Errors
    /// [`Refused`].
    pub fn read(text: &str) -> Result<Self, Refused> {
        serde_json::from_str(text).map(Self).map_err(|_| Refused("unreadable"))
    }

    /// What the device calls the key.
    #[must_use]
    pub fn key_id(&self) -> &[u8] {
        self.0.get_credential_id()
    }

    /// Whether the key says that it is this person's; one that says nothing stands beside a password alone.
    #[must_use]
    pub fn is_of(&self, user: &UserId) -> bool {
        let said = self.0.get_user_unique_id();
        handle_of(user).is_some_and(|handle| said == Some(handle.as_bytes().as_slice()))
    }
}

impl Proof {
    /// Whether the key asked who its owner is.
    #[must_use]
    pub fn is_verified(&self) -> bool {
        self.result.user_verified()
    }

    /// What the device calls the key.
    #[must_use]
    pub fn key_id(&self) -> &[u8] {
        self.result.cred_id().as_slice()
    }

    /// How often the key was used, as it says.
    #[must_use]
    pub fn counter(&self) -> i64 {
        self.result.counter().into()
    }
}

/// The same person by the name that keys know them by: no address, which changes and is nobody's business (§14.6.1).
fn handle_of(user: &UserId) -> Option<Uuid> {
    let (_, digits) = user.as_str().split_once('_')?;
    Uuid::try_parse(digits).ok()
}

/// Whether the model that was stated is one of these.
fn is_among(stated: &AttestationMetadata, models: &BTreeSet<String>) -> bool {
    match stated {
        AttestationMetadata::Packed { aaguid } | AttestationMetadata::Tpm { aaguid, .. } => {
            models.contains(&aaguid.to_string())
        }
        _ => false,
    }
}

fn ceremony(options: &impl Serialize, state: &impl Serialize) -> Option<Ceremony> {
    Some(Ceremony { options: serde_json::to_string(options).ok()?, state: serde_json::to_string(state).ok()? })
}

#[cfg(test)]
mod tests;
