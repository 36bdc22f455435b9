//! Answers as tokens, signed and encrypted as the client registered: of the authorization endpoint (JARM), of userinfo
//! (OpenID Connect Core 1.0 §5.3.2), of introspection (RFC 9701), and encrypted ID tokens (§2).

use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    authorization::response::{Answer, Destination},
    client::Client,
    client_metadata::ClientMetadata,
    error::{Code, Error, Refusal, refuse},
    profile::Profile,
    provider::Provider,
    registration::RegistrationError,
};
use crate::{
    jose::{
        JwkSet,
        jwe::{self, ContentEncryption, Encryption, KeyManagement},
    },
    keys::{Algorithm, Typ},
};

/// How long an answer in a browser is good for (JARM §2.1 recommends at most ten minutes).
const LIFE: Duration = Duration::from_mins(10);

const NO_KEY: Refusal = refuse(Code::InvalidRequest, "the client has no key that its answers can be encrypted to");

/// How one kind of answer is registered.
#[derive(Debug, Clone, Copy)]
pub struct Form<'a> {
    name: &'static str,
    signed: Option<&'a str>,
    alg: Option<&'a str>,
    enc: Option<&'a str>,
}

impl Form<'_> {
    fn signature(&self) -> Option<Algorithm> {
        self.signed.and_then(|name| name.parse().ok())
    }

    fn encryption(&self) -> Option<Encryption> {
        let alg = KeyManagement::named(self.alg?)?;
        let enc = self.enc.and_then(ContentEncryption::named).unwrap_or(ContentEncryption::A128CbcHs256);
        Some(Encryption { alg, enc })
    }
}

impl ClientMetadata {
    fn authorization_form(&self) -> Form<'_> {
        Form {
            name: "authorization",
            signed: self.authorization_signed_response_alg.as_deref(),
            alg: self.authorization_encrypted_response_alg.as_deref(),
            enc: self.authorization_encrypted_response_enc.as_deref(),
        }
    }

    fn id_token_form(&self) -> Form<'_> {
        let (alg, enc) = (&self.id_token_encrypted_response_alg, &self.id_token_encrypted_response_enc);
        Form { name: "id_token", signed: None, alg: alg.as_deref(), enc: enc.as_deref() }
    }

    fn userinfo_form(&self) -> Form<'_> {
        Form {
            name: "userinfo",
            signed: self.userinfo_signed_response_alg.as_deref(),
            alg: self.userinfo_encrypted_response_alg.as_deref(),
            enc: self.userinfo_encrypted_response_enc.as_deref(),
        }
    }

    fn introspection_form(&self) -> Form<'_> {
        Form {
            name: "introspection",
            signed: self.introspection_signed_response_alg.as_deref(),
            alg: self.introspection_encrypted_response_alg.as_deref(),
            enc: self.introspection_encrypted_response_enc.as_deref(),
        }
    }
}

/// The answer in a browser as one parameter, `response`, where its way asks for that (JARM §2.1).
///
/// # Errors
/// [`Error::NoKey`], or a refusal where the client has no key to encrypt to.
pub async fn authorization(provider: &Provider, to: &Destination, answer: Answer) -> Result<Answer, Error> {
    if !to.mode.is_signed() {
        return Ok(answer);
    }
    let (client, now) = (&to.client.client, provider.app.clock.now());
    let mut claims: Map<String, Value> =
        answer.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
    claims.insert("iss".to_owned(), provider.issuer().into());
    claims.insert("aud".to_owned(), client.id.as_str().into());
    claims.insert("exp".to_owned(), now.plus(LIFE).seconds().into());
    let form = client.metadata.authorization_form();
    let signed = sign((provider, client), Typ::AuthorizationResponse, &claims, form)?;
    Ok(vec![("response", encrypted(provider, client, signed, form).await?)])
}

/// Userinfo as a token, if the client registered that.
///
/// # Errors
/// [`Error::NoKey`], or a refusal where the client has no key to encrypt to.
///
/// # Panics
/// Never: claims are JSON.
pub async fn userinfo(provider: &Provider, client: &Client, claims: &impl Serialize) -> Result<Option<String>, Error> {
    let form = client.metadata.userinfo_form();
    let mut claims = serde_json::to_value(claims).expect("claims are JSON");
    match (form.signed, form.alg) {
        (None, None) => Ok(None),
        (None, Some(_)) => {
            let content = claims.to_string();
            encrypt(provider, client, (content.as_bytes(), None), form).await.map(Some)
        }
        (Some(_), _) => {
            claims["iss"] = provider.issuer().into();
            claims["aud"] = client.id.as_str().into();
            let signed = sign((provider, client), Typ::UserInfo, &claims, form)?;
            encrypted(provider, client, signed, form).await.map(Some)
        }
    }
}

/// What introspection tells a caller, as a token (RFC 9701 §5).
///
/// # Errors
/// [`Error::NoKey`], or a refusal where the caller has no key to encrypt to.
pub async fn introspection(provider: &Provider, caller: &Client, told: &str) -> Result<String, Error> {
    let told: Value = serde_json::from_str(told).unwrap_or_else(|_| json!({"active": false}));
    let now = provider.app.clock.now().seconds();
    let claims = json!({"iss": provider.issuer(), "aud": caller.id, "iat": now, "token_introspection": told});
    let form = caller.metadata.introspection_form();
    let signed = sign((provider, caller), Typ::Introspection, &claims, form)?;
    encrypted(provider, caller, signed, form).await
}

/// Whether introspection of the caller is always signed.
#[must_use]
pub fn signs_introspection(caller: &Client) -> bool {
    caller.metadata.introspection_signed_response_alg.is_some()
}

/// An ID token on its way to the client.
///
/// # Errors
/// A refusal where the client has no key to encrypt to.
pub async fn id_token(provider: &Provider, client: &Client, signed: String) -> Result<String, Error> {
    encrypted(provider, client, signed, client.metadata.id_token_form()).await
}

/// Sees that an ID token can be encrypted, before anything is used up for it.
///
/// # Errors
/// A refusal where the client has no key to encrypt to.
pub async fn check_id_token(provider: &Provider, client: &Client) -> Result<(), Error> {
    if client.metadata.id_token_encrypted_response_alg.is_none() {
        return Ok(());
    }
    id_token(provider, client, String::new()).await.map(drop)
}

fn sign(
    (provider, client): (&Provider, &Client),
    typ: Typ,
    claims: &impl Serialize,
    form: Form<'_>,
) -> Result<String, Error> {
    // FAPI 2.0 Security Profile §5.4: no RS256.
    let usual = Profile::of(client).map_or(Algorithm::Rs256, |_| Algorithm::Ps256);
    Ok(provider.signer(form.signature().unwrap_or(usual))?.sign(typ, claims))
}

async fn encrypted(provider: &Provider, client: &Client, signed: String, form: Form<'_>) -> Result<String, Error> {
    if form.alg.is_none() {
        return Ok(signed);
    }
    encrypt(provider, client, (signed.as_bytes(), Some("JWT")), form).await
}

async fn encrypt(
    provider: &Provider,
    client: &Client,
    (content, cty): (&[u8], Option<&str>),
    form: Form<'_>,
) -> Result<String, Error> {
    let encryption = form.encryption().ok_or(NO_KEY)?;
    let keys = provider.keys_of_client(client).await.ok_or(NO_KEY)?;
    jwe::encrypt(content, &keys, encryption, (cty, &provider.app.random)).map_err(|_| NO_KEY.into())
}

/// What can be known of a client's answers when it is registered.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let forms = [
        metadata.authorization_form(),
        metadata.id_token_form(),
        metadata.userinfo_form(),
        metadata.introspection_form(),
    ];
    for form in forms {
        let wrong = |member: &str, why: &str| {
            Err(RegistrationError::Member { name: format!("{}_{member}", form.name), why: why.to_owned() })
        };
        if form.signed.is_some_and(|name| name.parse::<Algorithm>().is_err()) {
            return wrong("signed_response_alg", "it is one of RS256, PS256, ES256, EdDSA");
        }
        if form.alg.is_some_and(|name| KeyManagement::named(name).is_none()) {
            return wrong(
                "encrypted_response_alg",
                "it is one of ECDH-ES, ECDH-ES+A128KW, ECDH-ES+A256KW, RSA-OAEP-256",
            );
        }
        if form.enc.is_some_and(|name| ContentEncryption::named(name).is_none())
            || (form.enc.is_some() && form.alg.is_none())
        {
            return wrong("encrypted_response_enc", "no such algorithm, or the member with _alg is missing");
        }
        let Some(alg) = form.alg.and_then(KeyManagement::named) else { continue };
        let fits = match (&metadata.jwks, &metadata.jwks_uri) {
            (Some(jwks), _) => JwkSet::parse(&jwks.to_string()).is_ok_and(|keys| jwe::can_encrypt(&keys, alg)),
            (None, address) => address.is_some(),
        };
        if !fits {
            return wrong("encrypted_response_alg", "no key in jwks or jwks_uri can be encrypted to like this");
        }
    }
    Ok(())
}
