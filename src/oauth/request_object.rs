//! Request objects (RFC 9101): an authorization request that the client has signed, and perhaps encrypted, by value or at an
//! address that it registered. What the object says counts, and nothing beside it.
//!
//! An object is opened once, when it arrives; what it said is kept here while the person signs in. One with a `jti` is used
//! once.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use url::Url;

use super::{
    authorization::request::PARAMETERS,
    client::{Client, Registered},
    client_metadata::ClientMetadata,
    error::{Code, Error, Refusal, refuse},
    profile::Profile,
    provider::Provider,
    registration::RegistrationError,
    token::Audience,
};
use crate::{
    clock::Timestamp,
    jose::{
        Alg, Expected, NumericDate, Period, Typ,
        jwe::{self, ContentEncryption, KeyManagement},
    },
    secret::TokenHash,
    web::Parameters,
};

/// The parameter by which we remember that a request came as a signed object; it is taken from nobody.
pub const SIGNED: &str = "signed_request";

/// `typ` of a request object (§10.8).
pub const TYP: &str = "oauth-authz-req+jwt";

/// How long an object that is used once may be remembered.
const LONGEST: Duration = Duration::from_hours(24);

/// FAPI 2.0 Message Signing §5.3.2.
const STRICT_LIFE: Duration = Duration::from_mins(60);

/// Members that are about the object, not the request.
const OWN: [&str; 6] = ["iss", "aud", "exp", "nbf", "iat", "jti"];

const fn bad(hint: &'static str) -> Refusal {
    refuse(Code::InvalidRequestObject, hint)
}

/// Where a request says what it wants.
pub enum Source {
    /// In its own parameters.
    Parameters,
    /// In an object with these.
    Object(Parameters),
    /// In an object that does not count.
    Refused(Refusal),
}

/// Finds the object of a request, at most one.
///
/// # Errors
/// When the database fails.
pub async fn find(provider: &Provider, sent: &Parameters, now: Timestamp) -> Result<Source, Error> {
    let named = |name: &str| sent.iter().any(|(own, value)| own == name && !value.is_empty());
    if !named("request") && !named("request_uri") {
        return Ok(Source::Parameters);
    }
    let client = match sent.value("client_id") {
        Some(id) => provider.client(id).await?.filter(|client| client.client.disabled_at.is_none()),
        None => None,
    };
    // Whoever finds no client, or two, says so on a page.
    let Some(client) = client else { return Ok(Source::Parameters) };
    let single = |name: &str| sent.values(name).count() <= 1;
    if (named("request") && named("request_uri")) || !single("request") || !single("request_uri") {
        return Ok(Source::Refused(refuse(Code::InvalidRequest, "there is more than one request object")));
    }
    let opened = match (sent.value("request"), sent.value("request_uri")) {
        (Some(object), _) => open(provider, &client, object, now).await,
        (_, Some(address)) => match fetch(provider, &client.client, address).await {
            Ok(object) => open(provider, &client, &object, now).await,
            Err(refusal) => Err(refusal.into()),
        },
        _ => return Ok(Source::Parameters),
    };
    match opened {
        Ok(parameters) => Ok(Source::Object(parameters)),
        Err(Error::Refused(refusal)) => Ok(Source::Refused(refusal)),
        Err(fault) => Err(fault),
    }
}

/// What lies at a registered address (§5.2.2, OpenID Connect Core 1.0 §6.2).
async fn fetch(provider: &Provider, client: &Client, address: &str) -> Result<String, Refusal> {
    const UNREADABLE: Refusal = refuse(Code::InvalidRequestUri, "there is no request object at request_uri");
    if !client.metadata.request_uris.iter().any(|own| own == address) {
        return Err(refuse(Code::InvalidRequestUri, "request_uri is not registered for this client"));
    }
    let url: Url = address.parse().map_err(|_| UNREADABLE)?;
    // Strangers can ask for it: they take no more than a few of the places that keys and logouts need.
    let Ok(_place) = provider.fetching.try_acquire() else {
        return Err(refuse(Code::InvalidRequestUri, "too many request objects are being read; try again"));
    };
    let answer = provider.app.outbound.get(&url).await.map_err(|cause| {
        tracing::warn!(client.id, %cause, "A request object cannot be read.");
        UNREADABLE
    })?;
    if !answer.is_success() {
        return Err(UNREADABLE);
    }
    String::from_utf8(answer.body.clone()).map(|text| text.trim().to_owned()).map_err(|_| UNREADABLE)
}

/// Opens an object of `client`, and uses it up if it is for one use.
///
/// # Errors
/// `invalid_request_object`, or a fault.
pub async fn open(provider: &Provider, client: &Registered, object: &str, now: Timestamp) -> Result<Parameters, Error> {
    let client = &client.client;
    let signed = decrypt(provider, client, object)?;
    let only = client.metadata.request_object_signing_alg.as_deref().map(|name| Vec::from_iter(Alg::named(name)));
    let profile = Profile::of(client);
    let algorithms = only.as_deref().unwrap_or(Profile::algorithms(client));
    let expected = Expected { algorithms, typ: Typ::AbsentOr(&[TYP, "JWT"]) };
    let verified = provider.verify_by_client(client, &signed, expected).await.map_err(|cause| {
        tracing::info!(client.id, %cause, "A request object was refused.");
        bad("the request object is not signed by the client, in a way that it registered")
    })?;
    let about: About = verified.claims().map_err(|_| bad("a claim of the request object is of another type"))?;
    about.check(&client.id, provider.issuer(), now)?;
    if profile == Some(Profile::MessageSigning) {
        about.check_strictly(now)?;
    }
    let members: Map<String, Value> = verified.claims().map_err(|_| bad("the request object holds no JSON object"))?;
    let parameters = parameters(&members)?.with(SIGNED, "1");
    if let (Some(jti), Some(exp)) = (&about.jti, about.exp) {
        let (used, until) = (TokenHash::of(&format!("request object\n{}\n{jti}", client.id)), exp.at());
        if until > now.plus(LONGEST) {
            return Err(bad("the request object has a jti and would last more than a day").into());
        }
        let first =
            provider.app.storage.write(move |tx| Box::pin(async move { tx.replays().first_use(used, until).await }));
        if !first.await? {
            return Err(bad("the request object was used before").into());
        }
    }
    Ok(parameters)
}

/// What is signed in an object that may be encrypted to us.
fn decrypt(provider: &Provider, client: &Client, object: &str) -> Result<String, Refusal> {
    let wanted = client.metadata.request_object_encryption_alg.as_deref();
    if object.split('.').count() != 5 {
        let is_missing = wanted.is_some();
        return if is_missing { Err(bad("the request object is not encrypted")) } else { Ok(object.to_owned()) };
    }
    let opened = provider.app.encryption().decrypt(object).map_err(|cause| {
        tracing::info!(client.id, %cause, "A request object was not opened.");
        bad("the request object cannot be decrypted")
    })?;
    if wanted.is_some_and(|wanted| opened.alg.name() != wanted)
        || client.metadata.request_object_encryption_enc.as_deref().is_some_and(|wanted| opened.enc.name() != wanted)
    {
        return Err(bad("the request object is encrypted in another way than registered"));
    }
    String::from_utf8(opened.content).map_err(|_| bad("the request object holds no signed object"))
}

/// What an object says about itself.
#[derive(Debug, Deserialize)]
struct About {
    client_id: String,
    #[serde(default)]
    iss: Option<String>,
    #[serde(default)]
    sub: Option<String>,
    #[serde(default)]
    aud: Option<Audience>,
    #[serde(default)]
    exp: Option<NumericDate>,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    iat: Option<NumericDate>,
    #[serde(default)]
    jti: Option<String>,
}

impl About {
    /// §4, §6.3, §10.8.
    fn check(&self, client: &str, issuer: &str, now: Timestamp) -> Result<(), Refusal> {
        let period = Period { ends: self.exp, begins: self.nbf, issued: self.iat };
        if self.client_id != client {
            Err(bad("client_id of the request object is not that of the request"))
        } else if self.iss.as_deref().is_some_and(|iss| iss != client) {
            Err(bad("iss of the request object is not the client"))
        } else if self.sub.as_deref() == Some(client) {
            Err(bad("a request object has no sub: it could be taken for a client assertion"))
        } else if self.aud.as_ref().is_some_and(|aud| !aud.names(issuer)) {
            Err(bad("aud of the request object is not this server"))
        } else if period.check(now).is_err() {
            Err(bad("the request object has expired, or is not valid yet"))
        } else if self.jti.as_ref().is_some_and(|jti| jti.is_empty() || jti.len() > 512) {
            Err(bad("jti of the request object is empty or longer than 512 bytes"))
        } else {
            Ok(())
        }
    }

    /// FAPI 2.0 Message Signing §5.3.2: `aud`, `nbf` not older than an hour, `exp` within an hour of it.
    fn check_strictly(&self, now: Timestamp) -> Result<(), Refusal> {
        let (Some(_), Some(nbf), Some(exp)) = (&self.aud, self.nbf, self.exp) else {
            return Err(bad("the request object needs aud, nbf and exp"));
        };
        if nbf.at() < now.minus(STRICT_LIFE) || exp.at() > nbf.at().plus(STRICT_LIFE) {
            return Err(bad("the request object is older, or lasts longer, than an hour"));
        }
        Ok(())
    }
}

/// The parameters that the members of an object mean (§4): texts as they are, JSON as its text, lists of resources one by
/// one.
fn parameters(members: &Map<String, Value>) -> Result<Parameters, Refusal> {
    const MALFORMED: Refusal = bad("a member of the request object is no parameter");
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    for (name, value) in members.iter().filter(|(name, _)| !OWN.contains(&name.as_str())) {
        match (name.as_str(), value) {
            ("request" | "request_uri", _) => return Err(bad("a request object holds no other one")),
            (SIGNED, _) => return Err(MALFORMED),
            (_, Value::String(text)) => drop(encoded.append_pair(name, text)),
            (_, Value::Number(_) | Value::Bool(_))
            | ("claims", Value::Object(_))
            | ("authorization_details", Value::Array(_)) => {
                encoded.append_pair(name, &value.to_string());
            }
            ("resource", Value::Array(resources)) => {
                for resource in resources {
                    encoded.append_pair(name, resource.as_str().ok_or(MALFORMED)?);
                }
            }
            // No parameter of ours.
            (name, _) if !PARAMETERS.contains(&name) => {}
            _ => return Err(MALFORMED),
        }
    }
    Parameters::parse_repeatable(encoded.finish().as_bytes(), &["resource"]).map_err(|_| MALFORMED)
}

/// What can be known of a client's request objects when it is registered.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let wrong = |name: &str, why: &str| Err(RegistrationError::Member { name: name.to_owned(), why: why.to_owned() });
    let (alg, enc) = (&metadata.request_object_encryption_alg, &metadata.request_object_encryption_enc);
    if metadata.request_object_signing_alg.as_deref().is_some_and(|name| Alg::named(name).is_none()) {
        return wrong("request_object_signing_alg", "no such algorithm of public keys");
    }
    if alg.as_deref().is_some_and(|name| KeyManagement::named(name).is_none_or(|alg| !jwe::OURS.contains(&alg))) {
        return wrong("request_object_encryption_alg", "it is one of ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW");
    }
    if enc.as_deref().is_some_and(|name| ContentEncryption::named(name).is_none()) || (enc.is_some() && alg.is_none()) {
        return wrong(
            "request_object_encryption_enc",
            "no such algorithm, or request_object_encryption_alg is missing",
        );
    }
    if metadata.require_signed_request_object && metadata.jwks.is_none() && metadata.jwks_uri.is_none() {
        return wrong("require_signed_request_object", "it needs jwks or jwks_uri");
    }
    let is_address = |text: &String| Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "https" | "http"));
    if metadata.request_uris.len() > 20 || !metadata.request_uris.iter().all(is_address) {
        return wrong("request_uris", "it lists at most 20 addresses");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_become_parameters() {
        let read = |members: Value| parameters(members.as_object().unwrap());
        for (members, expected) in [
            (json!({"iss": "a", "exp": 1, "scope": "openid email", "max_age": 60}), "max_age=60&scope=openid+email"),
            (json!({"claims": {"id_token": null}}), "claims=%7B%22id_token%22%3Anull%7D"),
            (json!({"authorization_details": [{}]}), "authorization_details=%5B%7B%7D%5D"),
            (json!({"resource": ["https://a", "https://b"]}), "resource=https%3A%2F%2Fa&resource=https%3A%2F%2Fb"),
            (json!({"unknown": {"a": [1]}}), ""),
        ] {
            assert_eq!(read(members).unwrap().encode(), expected);
        }
        for members in [
            json!({"request": "x"}),
            json!({"request_uri": "x"}),
            json!({"signed_request": "1"}),
            json!({"scope": ["openid"]}),
            json!({"scope": null}),
            json!({"claims": [1]}),
            json!({"resource": [1]}),
            json!({"state": "\u{0}"}),
            json!({"state": "x".repeat(40_000)}),
        ] {
            assert_eq!(
                read(members.clone()).map_err(|refusal| refusal.code),
                Err(Code::InvalidRequestObject),
                "{members:.50}"
            );
        }
    }

    #[test]
    fn an_object_is_the_clients_own_for_us_and_of_now() {
        let now = Timestamp::from_seconds(10_000);
        for (case, more, plain, strict) in [
            ("bare", json!({}), true, false),
            ("as FAPI wants it", json!({"aud": "https://id", "nbf": 10_000, "exp": 10_060}), true, true),
            (
                "the issuer among others",
                json!({"aud": ["https://x", "https://id"], "nbf": 9_000, "exp": 10_060}),
                true,
                true,
            ),
            ("another server", json!({"aud": "https://x"}), false, false),
            ("nobody", json!({"aud": []}), false, false),
            ("another client", json!({"client_id": "other"}), false, false),
            ("another issuer", json!({"iss": "other"}), false, false),
            ("the client as subject", json!({"sub": "app"}), false, false),
            ("expired", json!({"exp": 10_000}), false, false),
            ("not yet", json!({"nbf": 10_061}), false, false),
            ("from the future", json!({"iat": 10_061}), false, false),
            ("an empty jti", json!({"jti": ""}), false, false),
            ("long", json!({"aud": "https://id", "nbf": 10_000, "exp": 13_601}), true, false),
            ("old", json!({"aud": "https://id", "nbf": 6_399, "exp": 10_060}), true, false),
        ] {
            let mut claims = json!({"client_id": "app", "iss": "app"});
            claims.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let about: About = serde_json::from_value(claims).unwrap();
            assert_eq!(about.check("app", "https://id", now).is_ok(), plain, "{case}");
            assert_eq!(plain && about.check_strictly(now).is_ok(), strict, "{case}");
        }
        for bad in [
            json!({"client_id": 7}),
            json!({}),
            json!({"client_id": "a", "exp": "1"}),
            json!({"client_id": "a", "aud": 1}),
        ] {
            assert!(serde_json::from_value::<About>(bad.clone()).is_err(), "{bad}");
        }
    }
}
