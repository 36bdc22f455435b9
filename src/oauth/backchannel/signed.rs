//! Signed requests (CIBA Core 1.0 §7.1.1): every parameter is in one JWT that the client has signed, and none beside it.
//!
//! Whether a client signs is registered with the algorithm (§4): one that does is not believed without a signature.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    clock::Timestamp,
    jose::{Alg, Expected, NumericDate, Period, Typ},
    oauth::{
        Provider,
        client::{Client, Registered},
        error::{Code, Error, Refusal, refuse},
        profile::Profile,
        request_object,
        token::Audience,
    },
    secret::TokenHash,
    web::Parameters,
};

/// Every parameter of a request (§7.1), with those that other specifications and Lanyard add.
const PARAMETERS: [&str; 11] = [
    "scope",
    "client_notification_token",
    "acr_values",
    "login_hint_token",
    "id_token_hint",
    "login_hint",
    "binding_message",
    "user_code",
    "requested_expiry",
    "organization",
    "resource",
];

/// How long a request may last: as long as it is remembered that it was used.
const LONGEST: Duration = Duration::from_hours(24);

const fn bad(hint: &'static str) -> Refusal {
    refuse(Code::InvalidRequest, hint)
}

/// What is asked: what was signed, where the client signs, and else what was sent. A signed request counts once.
///
/// # Errors
/// `invalid_request`, or a fault.
pub(super) async fn read(
    provider: &Provider,
    client: &Registered,
    sent: &Parameters,
    now: Timestamp,
) -> Result<Parameters, Error> {
    let client = &client.client;
    let algorithm = client.metadata.backchannel_authentication_request_signing_alg.as_deref();
    let (alg, object) = match (algorithm, sent.value("request")) {
        (None, None) => return Ok(sent.clone()),
        (Some(_), None) => return Err(bad("the client signs its requests, and this one has no request").into()),
        (None, Some(_)) => {
            return Err(bad("backchannel_authentication_request_signing_alg is not registered").into());
        }
        (Some(algorithm), Some(object)) => (algorithm, object),
    };
    if sent.iter().any(|(name, _)| PARAMETERS.contains(&name)) {
        return Err(bad("what is asked is in the signed request, and nothing beside it").into());
    }
    let members = opened(provider, client, (object, alg)).await?;
    let about: About = serde_json::from_value(Value::Object(members.clone()))
        .map_err(|_| bad("the signed request needs iss, aud, exp, iat, nbf and jti"))?;
    about.check(&client.id, provider.issuer(), now)?;
    let parameters = parameters(&members)?;
    let used = TokenHash::of(&format!("backchannel request\n{}\n{}", client.id, about.jti));
    let until = about.exp.at();
    let first =
        provider.app.storage.write(move |tx| Box::pin(async move { tx.replays().first_use(used, until).await }));
    if first.await? { Ok(parameters) } else { Err(bad("the signed request was used before").into()) }
}

/// The members of what the client has signed.
async fn opened(
    provider: &Provider,
    client: &Client,
    (object, alg): (&str, &str),
) -> Result<Map<String, Value>, Error> {
    let allowed = Profile::algorithms(client);
    let algorithms: Vec<Alg> = Alg::named(alg).into_iter().filter(|alg| allowed.contains(alg)).collect();
    let expected = Expected { algorithms: &algorithms, typ: Typ::AbsentOr(&[request_object::TYP, "JWT"]) };
    let verified = provider.verify_by_client(client, object, expected).await.map_err(|cause| {
        tracing::info!(client.id, %cause, "A signed backchannel authentication request was refused.");
        bad("the request is not signed by the client, in the way that it registered")
    })?;
    Ok(verified.claims().map_err(|_| bad("the signed request holds no JSON object"))?)
}

/// What a signed request says about itself; all of it has to be there.
#[derive(Debug, Deserialize)]
struct About {
    iss: String,
    #[serde(default)]
    sub: Option<String>,
    aud: Audience,
    exp: NumericDate,
    nbf: NumericDate,
    iat: NumericDate,
    jti: String,
}

impl About {
    fn check(&self, client: &str, issuer: &str, now: Timestamp) -> Result<(), Refusal> {
        let period = Period { ends: Some(self.exp), begins: Some(self.nbf), issued: Some(self.iat) };
        if self.iss != client {
            Err(bad("iss of the signed request is not the client"))
        } else if self.sub.as_deref() == Some(client) {
            Err(bad("a signed request has no sub: it could be taken for a client assertion"))
        } else if !self.aud.names(issuer) {
            Err(bad("aud of the signed request is not this server"))
        } else if period.check_short(LONGEST, now).is_err() {
            Err(bad("the signed request has expired, is not valid yet, or lasts more than a day"))
        } else if self.jti.is_empty() || self.jti.len() > 512 {
            Err(bad("jti of the signed request is empty or longer than 512 bytes"))
        } else {
            Ok(())
        }
    }
}

/// The parameters among the members: texts, a number for `requested_expiry`, a list for `resource`.
fn parameters(members: &Map<String, Value>) -> Result<Parameters, Refusal> {
    const MALFORMED: Refusal = bad("a member of the signed request is no parameter");
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in members.iter().filter(|(name, _)| PARAMETERS.contains(&name.as_str())) {
        match (name.as_str(), value) {
            (_, Value::String(text)) => drop(encoded.append_pair(name, text)),
            ("requested_expiry", Value::Number(seconds)) => drop(encoded.append_pair(name, &seconds.to_string())),
            ("resource", Value::Array(resources)) => {
                for resource in resources {
                    encoded.append_pair(name, resource.as_str().ok_or(MALFORMED)?);
                }
            }
            _ => return Err(MALFORMED),
        }
    }
    Parameters::parse_repeatable(encoded.finish().as_bytes(), &["resource"]).map_err(|_| MALFORMED)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_signed_request_is_the_clients_own_for_us_and_of_now() {
        let now = Timestamp::from_seconds(10_000);
        let good = json!({"iss": "app", "aud": "https://id", "exp": 10_060, "nbf": 10_000, "iat": 10_000, "jti": "1"});
        for (case, name, value, fits) in [
            ("as it should be", "aud", json!(["https://x", "https://id"]), true),
            ("our clock is behind", "nbf", json!(10_060), true),
            ("another client", "iss", json!("other"), false),
            ("a client assertion", "sub", json!("app"), false),
            ("another server", "aud", json!("https://x"), false),
            ("nobody", "aud", json!([]), false),
            ("expired", "exp", json!(10_000), false),
            ("for ever", "exp", json!(96_401), false),
            ("a text for a date", "exp", json!("10060"), false),
            ("not yet", "nbf", json!(10_061), false),
            ("from the future", "iat", json!(10_061), false),
            ("no name", "jti", json!(""), false),
            ("a long one", "jti", json!("x".repeat(513)), false),
            ("a number", "jti", json!(7), false),
        ] {
            let mut claims = good.clone();
            claims[name] = value;
            let about = serde_json::from_value::<About>(claims).ok();
            assert_eq!(about.is_some_and(|about| about.check("app", "https://id", now).is_ok()), fits, "{case}");
        }
        for name in ["iss", "aud", "exp", "nbf", "iat", "jti"] {
            let mut claims = good.clone();
            claims.as_object_mut().unwrap().remove(name);
            assert!(serde_json::from_value::<About>(claims).is_err(), "{name}");
        }
    }

    #[test]
    fn members_become_parameters() {
        for (members, expected) in [
            (json!({"iss": "a", "exp": 1, "scope": "openid", "x": [{}]}), Some("scope=openid")),
            (json!({"requested_expiry": 60}), Some("requested_expiry=60")),
            (json!({"requested_expiry": "60"}), Some("requested_expiry=60")),
            (
                json!({"resource": ["https://a", "https://b"]}),
                Some("resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb"),
            ),
            (json!({"requested_expiry": [60]}), None),
            (json!({"scope": ["openid"]}), None),
            (json!({"login_hint": null}), None),
            (json!({"login_hint": 7}), None),
            (json!({"binding_message": true}), None),
            (json!({"resource": [1]}), None),
            (json!({"login_hint": "\u{0}"}), None),
        ] {
            let read = parameters(members.as_object().unwrap()).ok().map(|parameters| parameters.encode());
            assert_eq!(read.as_deref(), expected, "{members}");
        }
    }
}
