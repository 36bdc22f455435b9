//! Issuers whose assertions about people a client may exchange for tokens (RFC 7523 §2.1), as an administrator named them.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{client_keys::is_address, client_metadata::ClientMetadata, registration::RegistrationError};
use crate::{
    id::OrganizationId,
    jose::{self, Alg, Expected, JwkSet, Typ, Verified},
    outbound::{Outbound, Untrusted},
};

/// The most issuers of one client.
const MOST: usize = 20;

/// Somebody whose word about people counts, for one client.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrustedIssuer {
    /// `iss` of the assertions.
    pub issuer: String,
    /// Public keys by value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Or where they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// Algorithms that it signs with; all of public keys where none is named.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub algorithms: Vec<String>,
    /// What `sub` is.
    pub subject: SubjectIs,
    /// The organizations of which it speaks, by id; that of a client which belongs to one needs no naming.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub organizations: Vec<OrganizationId>,
}

/// What an issuer calls people by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubjectIs {
    /// Their user name or e-mail address here.
    #[default]
    UserName,
    /// Their `sub` here.
    Id,
}

impl TrustedIssuer {
    /// Whether its word counts in an organization, for a client of this owner.
    #[must_use]
    pub fn speaks_of(&self, organization: &OrganizationId, owner: Option<&OrganizationId>) -> bool {
        self.organizations.contains(organization) || (self.organizations.is_empty() && owner == Some(organization))
    }

    /// Checks the form and the signature of an assertion; its claims remain to be checked.
    ///
    /// # Errors
    /// [`Untrusted`].
    pub async fn verify(&self, outbound: &Outbound, assertion: &str) -> Result<Verified, Untrusted> {
        let named: Vec<Alg> = self.algorithms.iter().filter_map(|name| Alg::named(name)).collect();
        let algorithms = if self.algorithms.is_empty() { Alg::ALL } else { &named };
        let expected = Expected { algorithms, typ: Typ::AbsentOr(&["JWT"]) };
        if let Some(jwks) = &self.jwks {
            let keys = JwkSet::parse(&jwks.to_string()).map_err(|_| Untrusted::NoKeys)?;
            return Ok(jose::verify(assertion, &keys, expected)?);
        }
        let address = self.jwks_uri.as_deref().and_then(|uri| uri.parse().ok()).ok_or(Untrusted::NoKeys)?;
        outbound.verify(&address, assertion, expected).await
    }
}

/// What can be known of the issuers at registration.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let wrong = |why: String| Err(RegistrationError::Member { name: "jwt_bearer_issuers".to_owned(), why });
    let issuers = &metadata.jwt_bearer_issuers;
    if issuers.len() > MOST {
        return wrong(format!("more than {MOST} issuers"));
    }
    let names: HashSet<&str> = issuers.iter().map(|one| one.issuer.as_str()).collect();
    if names.len() < issuers.len() || names.contains("") {
        return wrong("each issuer has a name of its own".to_owned());
    }
    for one in issuers {
        match (&one.jwks, &one.jwks_uri) {
            (Some(jwks), None) => {
                if let Err(bad) = JwkSet::parse(&jwks.to_string()) {
                    return wrong(bad.to_string());
                }
            }
            (None, Some(uri)) if is_address(uri) => {}
            (None, Some(_)) => return wrong("jwks_uri is no http address without user and fragment".to_owned()),
            _ => return wrong(format!("{} has jwks or jwks_uri, one of them", one.issuer)),
        }
        if let Some(name) = one.algorithms.iter().find(|name| Alg::named(name).is_none()) {
            return wrong(format!("`{name}` is no algorithm of public keys"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn issuers_are_named_once_with_keys_and_algorithms() {
        let keys =
            json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
        let issuer = |more: Value| {
            let mut all = json!({"issuer": "https://hr.example"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        for (case, given, fits) in [
            ("keys by value", json!([issuer(json!({"jwks": keys}))]), true),
            (
                "keys at an address",
                json!([issuer(json!({"jwks_uri": "https://hr.example/jwks", "subject": "id"}))]),
                true,
            ),
            ("algorithms", json!([issuer(json!({"jwks": keys, "algorithms": ["EdDSA"]}))]), true),
            ("no keys", json!([issuer(json!({}))]), false),
            ("both", json!([issuer(json!({"jwks": keys, "jwks_uri": "https://hr.example/jwks"}))]), false),
            ("no set", json!([issuer(json!({"jwks": []}))]), false),
            ("a file", json!([issuer(json!({"jwks_uri": "file:///etc/passwd"}))]), false),
            ("an HMAC", json!([issuer(json!({"jwks": keys, "algorithms": ["HS256"]}))]), false),
            ("none", json!([issuer(json!({"jwks": keys, "algorithms": ["none"]}))]), false),
            ("twice", json!([issuer(json!({"jwks": keys})), issuer(json!({"jwks": keys}))]), false),
            ("without a name", json!([{"jwks": keys}]), false),
        ] {
            let jwt_bearer_issuers = serde_json::from_value(given).unwrap();
            let metadata = ClientMetadata { jwt_bearer_issuers, ..ClientMetadata::default() };
            assert_eq!(check(&metadata).is_ok(), fits, "{case}");
        }
        for bad in [json!([{"issuer": "a", "subject": "email"}]), json!([{"issuer": "a", "keys": []}]), json!({})] {
            assert!(serde_json::from_value::<Vec<TrustedIssuer>>(bad).is_err());
        }
    }
}
