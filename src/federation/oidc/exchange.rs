//! A code for tokens (RFC 6749 §4.1.3), as a client that proves itself (OpenID Connect Core §9).

use std::{pin::Pin, time::Duration};

use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClientId, ClientSecret, HttpRequest, HttpResponse, IssuerUrl,
    JsonWebKeySet, OAuth2TokenResponse as _, PkceCodeVerifier, RedirectUrl, RequestTokenError, TokenResponse as _,
    TokenUrl, core::CoreClient,
};
use rustls::pki_types::{PrivatePkcs8KeyDer, pem::PemObject as _};
use serde::Serialize;
use url::Url;

use super::{
    metadata::Metadata,
    pending::Bound,
    settings::{Authentication, Settings},
    trouble::Trouble,
};
use crate::{
    clock::Timestamp,
    keys::{Algorithm, SigningKey, jws::Typ},
    outbound::{Fault, Outbound},
    random::Random,
    secret::{ExposeSecret, SecretString},
    text,
};

/// How long what proves this client is good.
const ASSERTION: Duration = Duration::from_mins(1);

/// RFC 7523 §2.2.
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What a code was exchanged for.
#[derive(Debug)]
pub struct Tokens {
    /// What lets us ask more.
    pub access: SecretString,
    /// Who it is; not yet believed.
    pub id: SecretString,
}

/// This server, as the provider knows it.
#[derive(Debug)]
pub struct Party<'p> {
    /// What it does by.
    pub settings: &'p Settings,
    /// The secret, or the private key, that it proves itself by.
    pub secret: &'p SecretString,
    /// Where its answers go.
    pub callback: &'p Url,
}

/// Exchanges a code.
///
/// # Errors
/// When the provider is not reached, or gives no tokens.
pub async fn redeem(
    (outbound, random, now): (&Outbound, &Random, Timestamp),
    metadata: &Metadata,
    party: &Party<'_>,
    (code, bound): (&str, &Bound),
) -> Result<Tokens, Trouble> {
    let settings = party.settings;
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| Trouble::Metadata("its issuer is no address"))?;
    let mut client = CoreClient::new(ClientId::new(settings.client_id.clone()), issuer, JsonWebKeySet::default())
        .set_token_uri(TokenUrl::from_url(metadata.token_endpoint.clone()))
        .set_redirect_uri(RedirectUrl::from_url(party.callback.clone()))
        .set_auth_type(match settings.authentication {
            Authentication::ClientSecretBasic => AuthType::BasicAuth,
            Authentication::ClientSecretPost | Authentication::PrivateKeyJwt => AuthType::RequestBody,
        });
    let mut assertion = None;
    if settings.authentication == Authentication::PrivateKeyJwt {
        assertion = Some(asserted(party, random, now)?);
    } else {
        client = client.set_client_secret(ClientSecret::new(party.secret.expose_secret().to_owned()));
    }
    let mut request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(bound.verifier.expose_secret().to_owned()));
    if let Some(assertion) = assertion {
        request = request.add_extra_param("client_assertion_type", JWT_BEARER);
        request = request.add_extra_param("client_assertion", assertion);
    }
    let answer = request.request_async(&Carrier(outbound.clone())).await.map_err(|error| match error {
        RequestTokenError::ServerResponse(said) => Trouble::NoTokens(text::echo(said.error().as_ref())),
        RequestTokenError::Request(fault) => Trouble::Fault(fault),
        RequestTokenError::Parse(..) => Trouble::NoTokens("its answer cannot be read".to_owned()),
        RequestTokenError::Other(cause) => Trouble::NoTokens(text::echo(&cause)),
    })?;
    let id = answer.id_token().ok_or(Trouble::NoIdToken)?.to_string();
    Ok(Tokens { access: answer.access_token().secret().clone().into(), id: id.into() })
}

/// What proves this client, for this provider alone (RFC 7523 §3).
fn asserted(party: &Party<'_>, random: &Random, now: Timestamp) -> Result<String, Trouble> {
    #[derive(Serialize)]
    struct Claims<'c> {
        iss: &'c str,
        sub: &'c str,
        aud: &'c str,
        jti: &'c str,
        iat: i64,
        exp: i64,
    }
    let key = private_key(party.secret).ok_or(Trouble::PrivateKey)?;
    let (id, _) = random.token();
    let client = party.settings.client_id.as_str();
    let claims = Claims {
        iss: client,
        sub: client,
        aud: &party.settings.issuer,
        jti: id.expose_secret(),
        iat: now.seconds(),
        exp: now.plus(ASSERTION).seconds(),
    };
    // Its `typ` is `JWT`.
    Ok(key.sign(Typ::IdToken, &claims))
}

/// The key that a client proves itself by: PKCS #8, as PEM.
#[must_use]
pub fn private_key(pem: &SecretString) -> Option<SigningKey> {
    let der = PrivatePkcs8KeyDer::from_pem_slice(pem.expose_secret().as_bytes()).ok()?;
    let of = |algorithm| SigningKey::from_pkcs8(algorithm, der.secret_pkcs8_der()).ok();
    [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256].into_iter().find_map(of)
}

/// The way out, in the shape that the library asks for.
struct Carrier(Outbound);

impl<'c> AsyncHttpClient<'c> for Carrier {
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Fault>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let answer = self.0.carry(request).await?;
            let mut response = HttpResponse::new(answer.body);
            let unreadable = |_| Fault::Unreachable("its answer has no status".to_owned());
            *response.status_mut() = http::StatusCode::from_u16(answer.status).map_err(unreadable)?;
            if let Ok(kind) = http::HeaderValue::try_from(answer.content_type) {
                response.headers_mut().insert(http::header::CONTENT_TYPE, kind);
            }
            Ok(response)
        })
    }
}
