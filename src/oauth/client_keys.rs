//! The public keys of a client: registered by value (`jwks`) or at an address (`jwks_uri`), never both (RFC 7591 §2).

use std::sync::Arc;

use url::Url;

use super::{
    client::{AuthenticationMethod, Client},
    client_metadata::ClientMetadata,
    provider::Parts,
    registration::RegistrationError,
};
use crate::{
    jose::{self, Alg, Expected, JwkSet, Verified},
    outbound::{Untrusted, key_sets::NoKeys},
};

impl Parts {
    /// Checks the form and the signature of a token by the keys of `client`; its claims remain to be checked.
    ///
    /// # Errors
    /// [`Untrusted`].
    pub async fn verify_by_client(
        &self,
        client: &Client,
        token: &str,
        expected: Expected<'_>,
    ) -> Result<Verified, Untrusted> {
        if let Some(address) = address(client) {
            return self.app.outbound.verify(&address, token, expected).await;
        }
        let keys = self.registered_keys(client).ok_or(Untrusted::NoKeys)?;
        Ok(jose::verify(token, &keys, expected)?)
    }

    /// The keys of `client`; `None` when there are none that can be used.
    pub async fn keys_of_client(&self, client: &Client) -> Option<Arc<JwkSet>> {
        let Some(address) = address(client) else { return self.registered_keys(client) };
        let log = |cause: &NoKeys| {
            tracing::warn!(client.id, %cause, "The keys of a client cannot be read from its jwks_uri.");
        };
        self.app.outbound.keys(&address).await.inspect_err(log).ok()
    }

    /// Those that it registered by value, parsed once.
    fn registered_keys(&self, client: &Client) -> Option<Arc<JwkSet>> {
        let moment = self.client_keys.moment(&self.app);
        if let Some(found) = self.client_keys.find(client.id.as_str(), moment) {
            return Some(found);
        }
        let keys = Arc::new(JwkSet::parse(&client.metadata.jwks.as_ref()?.to_string()).ok()?);
        self.client_keys.keep(client.id.clone(), Arc::clone(&keys), moment);
        Some(keys)
    }
}

fn address(client: &Client) -> Option<Url> {
    client.metadata.jwks_uri.as_deref().and_then(|uri| uri.parse().ok())
}

/// What can be known of the keys at registration.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(method: AuthenticationMethod, metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let wrong = |name: &str, why: String| Err(RegistrationError::Member { name: name.to_owned(), why });
    match (&metadata.jwks, &metadata.jwks_uri) {
        (Some(_), Some(_)) => return wrong("jwks_uri", "jwks is registered too; one of them is enough".to_owned()),
        (None, None) if method.has_keys() => {
            return wrong("token_endpoint_auth_method", format!("{} needs jwks or jwks_uri", method.name()));
        }
        (Some(jwks), None) => {
            if let Err(bad) = JwkSet::parse(&jwks.to_string()) {
                return wrong("jwks", bad.to_string());
            }
        }
        (None, Some(uri)) if !is_address(uri) => {
            return wrong("jwks_uri", "not an http address without user and fragment".to_owned());
        }
        (None, _) => {}
    }
    match &metadata.token_endpoint_auth_signing_alg {
        Some(name) if Alg::named(name).is_none() => {
            wrong("token_endpoint_auth_signing_alg", "no such algorithm of public keys".to_owned())
        }
        _ => Ok(()),
    }
}

/// An address that keys can be read from.
pub(super) fn is_address(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        let is_plain = url.fragment().is_none() && url.username().is_empty() && url.password().is_none();
        matches!(url.scheme(), "https" | "http") && url.has_host() && is_plain
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn keys_are_registered_in_one_way_and_public() {
        let ed25519 = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let good = json!({ "keys": [ed25519] });
        let mut private = good.clone();
        private["keys"][0]["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let (keyed, basic) = (AuthenticationMethod::PrivateKeyJwt, AuthenticationMethod::SecretBasic);
        let at = "https://app.example/jwks";
        let metadata = |jwks: Option<&Value>, uri: Option<&str>, alg: Option<&str>| ClientMetadata {
            jwks: jwks.cloned(),
            jwks_uri: uri.map(str::to_owned),
            token_endpoint_auth_signing_alg: alg.map(str::to_owned),
            ..ClientMetadata::default()
        };
        for (case, method, given, refused) in [
            ("by value", keyed, metadata(Some(&good), None, None), None),
            ("at an address", keyed, metadata(None, Some(at), Some("PS256")), None),
            ("with a secret none are needed", basic, metadata(None, None, None), None),
            ("but may be there", basic, metadata(Some(&good), None, None), None),
            ("none", keyed, metadata(None, None, None), Some("token_endpoint_auth_method")),
            ("both", keyed, metadata(Some(&good), Some(at), None), Some("jwks_uri")),
            ("private", keyed, metadata(Some(&private), None, None), Some("jwks")),
            ("no set", keyed, metadata(Some(&json!([])), None, None), Some("jwks")),
            ("no address", keyed, metadata(None, Some("file:///etc/passwd"), None), Some("jwks_uri")),
            ("a fragment", keyed, metadata(None, Some("https://a.example/#a"), None), Some("jwks_uri")),
            ("a user", keyed, metadata(None, Some("https://a:b@a.example/"), None), Some("jwks_uri")),
            (
                "none as algorithm",
                keyed,
                metadata(Some(&good), None, Some("none")),
                Some("token_endpoint_auth_signing_alg"),
            ),
            ("an HMAC", keyed, metadata(Some(&good), None, Some("HS256")), Some("token_endpoint_auth_signing_alg")),
        ] {
            let found = match check(method, &given) {
                Ok(()) => None,
                Err(RegistrationError::Member { name, .. }) => Some(name),
                Err(other) => panic!("{case}: {other}"),
            };
            assert_eq!(found.as_deref(), refused, "{case}");
        }
    }
}
