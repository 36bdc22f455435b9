//! A client that signs who it is (RFC 7523 §2.2 and §3, OpenID Connect Core 1.0 §9, `private_key_jwt`).
//!
//! `client_secret_jwt` is not offered: secrets are stored as hashes, and a key is better than a secret.

use std::time::Duration;

use serde::Deserialize;

use super::{client::Client, profile::Profile, provider::Parts, token::Audience};
use crate::{
    clock::Timestamp,
    jose::{self, Alg, Expected, NumericDate, Period, Typ, Untimely},
    outbound::Untrusted,
    secret::TokenHash,
    storage,
};

/// The value of `client_assertion_type`.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far ahead an assertion may end, and how old it may be: it is remembered for that long.
const LONGEST: Duration = Duration::from_hours(1);

/// The longest `jti`, in bytes.
const LONGEST_ID: usize = 512;

/// Why an assertion is not believed; for the log and the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAssertion {
    /// Its form, its signature, or the keys.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// `iss` and `sub` are the client's id.
    #[error("iss and sub are not the client")]
    Issuer,
    /// `aud` is this server.
    #[error("aud is neither the issuer nor the endpoint")]
    Audience,
    /// It is not of now; [`LONGEST`] is how long it may last, and how old it may be.
    #[error(transparent)]
    Untimely(#[from] Untimely),
    /// `jti` names nothing.
    #[error("jti is empty or longer than 512 bytes")]
    Id,
    /// It was used before.
    #[error("it was used before")]
    Replayed,
}

/// What the claims must say.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    iat: Option<NumericDate>,
    jti: String,
}

/// The client that an assertion says it comes from, for a request that does not name it (RFC 7521 §4.2).
#[must_use]
pub fn client_named(assertion: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    // PostgreSQL takes no NUL, and no client has one in its id.
    let subject = jose::unverified_claims::<Subject>(assertion).ok()?.sub;
    (!subject.is_empty() && !subject.contains('\0')).then_some(subject)
}

/// Checks an assertion of `client` that was presented at the endpoint with this path, and uses it up.
///
/// # Errors
/// When the database fails.
pub(super) async fn verify(
    provider: &Parts,
    client: &Client,
    assertion: &str,
    (path, now): (&str, Timestamp),
) -> storage::Result<Result<(), BadAssertion>> {
    let claims = match claims(provider, client, assertion).await {
        Ok(claims) => claims,
        Err(bad) => return Ok(Err(bad)),
    };
    let server = &provider.app.config.server.issuer;
    let for_certificates = provider.app.config.client_certificates.address.as_ref();
    let mut audiences = vec![server.as_str().to_owned()];
    // FAPI 2.0 Security Profile §5.3.2.1: the issuer alone, so that no other server can make use of what it is sent.
    if Profile::of(client).is_none() {
        for base in [server].into_iter().chain(for_certificates) {
            audiences.extend([base.at(super::metadata::path::TOKEN), base.at(path)]);
        }
    }
    if let Err(bad) = claims.check(&client.id, &audiences, now) {
        return Ok(Err(bad));
    }
    let used = TokenHash::of(&format!("client assertion\n{}\n{}", client.id, claims.jti));
    let until = claims.exp.at();
    let first =
        provider.app.storage.write(move |tx| Box::pin(async move { tx.replays().first_use(used, until).await }));
    Ok(if first.await? { Ok(()) } else { Err(BadAssertion::Replayed) })
}

async fn claims(provider: &Parts, client: &Client, assertion: &str) -> Result<Claims, BadAssertion> {
    let only = client.metadata.token_endpoint_auth_signing_alg.as_deref().map(Alg::named);
    let only = only.map(|alg| alg.into_iter().collect::<Vec<_>>());
    // Clients write `JWT`, nothing, or what draft-ietf-oauth-rfc7523bis wants.
    let typ = Typ::AbsentOr(&["JWT", "client-authentication+jwt"]);
    let expected = Expected { algorithms: only.as_deref().unwrap_or(Profile::algorithms(client)), typ };
    let verified = provider.verify_by_client(client, assertion, expected).await?;
    Ok(verified.claims().map_err(Untrusted::from)?)
}

impl Claims {
    /// RFC 7523 §3, points 1 to 7.
    fn check(&self, client: &str, audiences: &[String], now: Timestamp) -> Result<(), BadAssertion> {
        if self.iss != client || self.sub != client {
            return Err(BadAssertion::Issuer);
        }
        if !audiences.iter().any(|own| self.aud.names(own)) {
            return Err(BadAssertion::Audience);
        }
        Period { ends: Some(self.exp), begins: self.nbf, issued: self.iat }.check_short(LONGEST, now)?;
        if self.jti.is_empty() || self.jti.len() > LONGEST_ID { Err(BadAssertion::Id) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn claims_name_the_client_the_server_and_a_short_life() {
        let audiences = ["https://id.example".to_owned(), "https://id.example/oauth2/token".to_owned()];
        let with = |name: &str, value: Value| {
            let mut claims = json!({"iss": "app", "sub": "app", "aud": "https://id.example", "exp": 1060, "jti": "1"});
            claims[name] = value;
            claims
        };
        for (case, claims, expected) in [
            ("as it should be", with("iat", json!(1000)), Ok(())),
            ("the token endpoint", with("aud", json!("https://id.example/oauth2/token")), Ok(())),
            ("a list", with("aud", json!(["https://a.example", "https://id.example"])), Ok(())),
            ("a fraction", with("exp", json!(1000.5)), Ok(())),
            ("the clock of the client is ahead", with("iat", json!(1059)), Ok(())),
            ("another issuer", with("iss", json!("other")), Err(BadAssertion::Issuer)),
            ("another subject", with("sub", json!("other")), Err(BadAssertion::Issuer)),
            ("another server", with("aud", json!("https://other.example")), Err(BadAssertion::Audience)),
            ("almost this server", with("aud", json!("https://id.example/")), Err(BadAssertion::Audience)),
            ("nobody", with("aud", json!([])), Err(BadAssertion::Audience)),
            ("expired", with("exp", json!(1000)), Err(Untimely::Expired.into())),
            ("an hour and more", with("exp", json!(4601)), Err(Untimely::TooLong.into())),
            ("for ever", with("exp", json!(1e300)), Err(Untimely::TooLong.into())),
            ("not yet", with("nbf", json!(1061)), Err(Untimely::NotYet.into())),
            ("from the future", with("iat", json!(1061)), Err(Untimely::NotYet.into())),
            ("from long ago", with("iat", json!(-2601)), Err(Untimely::TooOld.into())),
            ("without a name", with("jti", json!("")), Err(BadAssertion::Id)),
            ("with a long one", with("jti", json!("j".repeat(513))), Err(BadAssertion::Id)),
        ] {
            let claims: Claims = serde_json::from_value(claims).unwrap();
            assert_eq!(claims.check("app", &audiences, Timestamp::from_seconds(1000)), expected, "{case}");
        }
        for (name, value) in [
            ("iss", json!(["app"])),
            ("sub", json!(7)),
            ("sub", Value::Null),
            ("aud", json!({"a": "https://id.example"})),
            ("aud", json!([["https://id.example"]])),
            ("exp", json!("1060")),
            ("exp", Value::Null),
            ("nbf", json!("1")),
            ("iat", json!([])),
            ("jti", json!(1)),
        ] {
            assert!(serde_json::from_value::<Claims>(with(name, value.clone())).is_err(), "{name}: {value}");
        }
    }
}
