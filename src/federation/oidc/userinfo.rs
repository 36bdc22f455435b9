//! What userinfo says besides (OpenID Connect Core §5.3): of the same person, or of nobody.

use http::Method;
use serde_json::{Map, Value};
use url::Url;

use super::{Identity, Trouble, metadata::Metadata, settings::Settings};
use crate::{
    jose::{Expected, Typ},
    outbound::{Bounds, Call, Outbound},
    secret::{ExposeSecret, SecretString},
};

/// Claims that only the ID token says: they are about the sign-in, not about the person.
const OF_THE_SIGN_IN: [&str; 13] =
    ["iss", "aud", "exp", "iat", "nbf", "nonce", "azp", "at_hash", "auth_time", "acr", "amr", "sid", "sub"];

/// Asks, and adds what is said.
///
/// # Errors
/// When it cannot be read, or is of somebody else.
pub async fn add(
    outbound: &Outbound,
    (metadata, settings): (&Metadata, &Settings),
    access: &SecretString,
    identity: &mut Identity,
) -> Result<(), Trouble> {
    let Some(endpoint) = &metadata.userinfo_endpoint else { return Ok(()) };
    let said = asked(outbound, (metadata, settings), (endpoint, access)).await?;
    join(identity, said)
}

async fn asked(
    outbound: &Outbound,
    (metadata, settings): (&Metadata, &Settings),
    (endpoint, access): (&Url, &SecretString),
) -> Result<Map<String, Value>, Trouble> {
    let unreadable = |why: String| Trouble::Besides("userinfo", why);
    let bearer = access.expose_secret();
    let call = Call {
        method: Method::GET,
        media_type: "application/json",
        body: None,
        bearer,
        if_match: None,
        bounds: Bounds::default(),
    };
    let answer = outbound.call(endpoint, call).await?;
    if !answer.is_success() {
        return Err(unreadable(format!("it answered {}", answer.status)));
    }
    if answer.content_type == "application/jwt" {
        let token = String::from_utf8_lossy(&answer.body);
        let expected = Expected { algorithms: &settings.algorithms, typ: Typ::AbsentOr(&["JWT", "userinfo+jwt"]) };
        return Ok(outbound.verify(&metadata.jwks_uri, token.trim(), expected).await?.claims()?);
    }
    serde_json::from_slice(&answer.body).map_err(|_| unreadable("it is no JSON object".to_owned()))
}

/// OpenID Connect Core §5.3.4: the same `sub`, or nothing of it is used.
fn join(identity: &mut Identity, said: Map<String, Value>) -> Result<(), Trouble> {
    if said.get("sub").and_then(Value::as_str) != Some(identity.subject.as_str()) {
        return Err(Trouble::AnotherSubject);
    }
    for (name, value) in said {
        if !OF_THE_SIGN_IN.contains(&name.as_str()) {
            identity.claims.insert(name, value);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_said_of_somebody_else_is_not_used() {
        let object = |value: Value| value.as_object().cloned().unwrap_or_default();
        for (case, said, expected) in [
            ("the same", json!({"sub": "ada", "email": "new@b.example", "acr": "sure"}), Some("new@b.example")),
            ("somebody else", json!({"sub": "eve", "email": "new@b.example"}), None),
            ("nobody", json!({"email": "new@b.example"}), None),
            ("a number", json!({"sub": 1}), None),
        ] {
            let mut identity = Identity {
                subject: "ada".into(),
                session: None,
                auth_time: None,
                acr: None,
                amr: vec![],
                claims: object(json!({"sub": "ada", "email": "old@b.example", "acr": "weak"})),
            };
            let joined = join(&mut identity, object(said));
            assert_eq!(joined.is_ok(), expected.is_some(), "{case}");
            assert_eq!(identity.claims["email"], expected.unwrap_or("old@b.example"), "{case}");
            assert_eq!(identity.claims["acr"], "weak", "{case}");
        }
    }
}
