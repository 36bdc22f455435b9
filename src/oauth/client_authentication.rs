//! Client authentication (RFC 6749 §2.3): read what was presented, then prove it against what is registered.
//!
//! Exactly one method per request, and only the one that the client is registered for. An unknown client and a wrong
//! secret cost and answer the same.

use std::{ops::Deref, sync::Arc};

use data_encoding::BASE64;

use super::{
    client::{AuthenticationMethod, Registered},
    client_assertion::{self, BadAssertion},
    client_certificate::{self, BadCertificate},
    error::{Code, Refusal, refuse},
    provider::Parts,
};
use crate::{
    clock::Timestamp,
    secret::{ExposeSecret, SecretString, TokenHash},
    storage,
    web::{Parameters, Visit},
};

/// What a request presents.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `client_id`.
    pub client_id: String,
    /// How it was presented.
    pub method: AuthenticationMethod,
    /// The secret or the assertion.
    presented: Option<SecretString>,
}

/// Why a client was not believed; for the log and the audit, never for the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// No client of this id.
    #[error("unknown client")]
    Unknown,
    /// The client is disabled.
    #[error("disabled client")]
    Disabled,
    /// Another method than the registered one.
    #[error("wrong authentication method")]
    Method,
    /// None of its secrets.
    #[error("wrong secret")]
    Secret,
    /// Not an assertion of the client for this server, or used before.
    #[error("bad assertion: {0}")]
    Assertion(#[from] BadAssertion),
    /// Not a certificate of the client.
    #[error("bad certificate: {0}")]
    Certificate(#[from] BadCertificate),
}

/// A client whose request was proved to be its own, as far as its kind can prove it; only [`Credentials::prove`] makes one.
#[derive(Debug, Clone)]
pub struct AuthenticatedClient(Arc<Registered>);

impl AuthenticatedClient {
    /// The client, to be kept.
    #[must_use]
    pub fn registered(&self) -> Arc<Registered> {
        Arc::clone(&self.0)
    }
}

impl Deref for AuthenticatedClient {
    type Target = Registered;
    fn deref(&self) -> &Registered {
        &self.0
    }
}

impl Credentials {
    /// Reads the `Authorization` header and the parameters of a form.
    ///
    /// # Errors
    /// `invalid_request` for more than one method (RFC 6749 §2.3), `invalid_client` for none or an unknown one.
    pub fn read(authorization: Option<&str>, parameters: &Parameters) -> Result<Self, Refusal> {
        let (id, secret) = (parameters.value("client_id"), parameters.value("client_secret"));
        if let Some(assertion) = assertion(parameters)? {
            if authorization.is_some() || secret.is_some() {
                return Err(SEVERAL);
            }
            let id = id.map(str::to_owned).or_else(|| client_assertion::client_named(assertion));
            let client_id = id.ok_or(refuse(Code::InvalidClient, "the assertion names no client"))?;
            let method = AuthenticationMethod::PrivateKeyJwt;
            return Ok(Self { client_id, method, presented: Some(assertion.into()) });
        }
        let Some(header) = authorization else {
            let id = id.ok_or(refuse(Code::InvalidClient, "the client did not say who it is"))?;
            let method = if secret.is_some() { AuthenticationMethod::SecretPost } else { AuthenticationMethod::None };
            return Ok(Self { client_id: id.to_owned(), method, presented: secret.map(Into::into) });
        };
        let basic =
            Self::basic(header).ok_or(refuse(Code::InvalidClient, "the Authorization header is not HTTP Basic"))?;
        if secret.is_some() {
            return Err(SEVERAL);
        }
        if id.is_some_and(|id| id != basic.client_id) {
            return Err(refuse(Code::InvalidRequest, "client_id differs from that of the Authorization header"));
        }
        Ok(basic)
    }

    /// RFC 6749 §2.3.1: id and secret are form-encoded before they are joined.
    fn basic(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let text = String::from_utf8(BASE64.decode(encoded.trim().as_bytes()).ok()?).ok()?;
        let (id, secret) = text.split_once(':')?;
        let (client_id, secret) = (form_decoded(id)?, form_decoded(secret)?);
        let method = AuthenticationMethod::SecretBasic;
        (!client_id.is_empty()).then(|| Self { client_id, method, presented: Some(secret.into()) })
    }

    /// Proves them against what is registered under the id, `None` when nothing is, for a request at this moment.
    ///
    /// # Errors
    /// When the database fails. The answer to every [`Failure`] is [`refused`].
    pub async fn prove(
        &self,
        provider: &Parts,
        registered: Option<Arc<Registered>>,
        (visit, now): (&Visit, Timestamp),
    ) -> storage::Result<Result<AuthenticatedClient, Failure>> {
        let registered = match self.check(registered, now) {
            Ok(registered) => registered,
            Err(failure) => return Ok(Err(failure)),
        };
        if self.method == AuthenticationMethod::PrivateKeyJwt {
            let assertion = self.presented.as_ref().map_or("", |assertion| assertion.expose_secret());
            let used = client_assertion::verify(provider, &registered.client, assertion, (visit.path(), now)).await?;
            if let Err(bad) = used {
                return Ok(Err(bad.into()));
            }
        }
        if registered.client.authentication.has_certificate() {
            let certificate = visit.certificate();
            if let Err(bad) = client_certificate::verify(provider, &registered.client, certificate, now).await {
                return Ok(Err(bad.into()));
            }
        }
        Ok(Ok(AuthenticatedClient(registered)))
    }

    /// Whether this is how the client is registered: one with a certificate says no more than its id.
    fn is_the_way(&self, registered: AuthenticationMethod) -> bool {
        registered == self.method || (registered.has_certificate() && self.method == AuthenticationMethod::None)
    }

    /// All that can be said without the keys of the client.
    fn check(&self, registered: Option<Arc<Registered>>, now: Timestamp) -> Result<Arc<Registered>, Failure> {
        // Hashed before anything is known, so that an unknown client costs what a wrong secret does.
        let presented = TokenHash::of(self.presented.as_ref().map_or("", |secret| secret.expose_secret()));
        let registered = registered.ok_or(Failure::Unknown)?;
        let matches = registered
            .secrets
            .iter()
            .filter(|secret| secret.is_live(now))
            .fold(false, |found, secret| found | secret.hash.matches(presented));
        if registered.client.disabled_at.is_some() {
            Err(Failure::Disabled)
        } else if !self.is_the_way(registered.client.authentication) {
            Err(Failure::Method)
        } else if self.method.has_secret() && !matches {
            Err(Failure::Secret)
        } else {
            Ok(registered)
        }
    }
}

const SEVERAL: Refusal = refuse(Code::InvalidRequest, "the client authenticates in more than one way");

/// RFC 7521 §4.2.
fn assertion(parameters: &Parameters) -> Result<Option<&str>, Refusal> {
    match (parameters.value("client_assertion"), parameters.value("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(assertion), Some(client_assertion::TYPE)) => Ok(Some(assertion)),
        _ => Err(refuse(Code::InvalidClient, "client_assertion needs client_assertion_type of a JWT")),
    }
}

/// What a client that was not believed is told.
#[must_use]
pub const fn refused() -> Refusal {
    refuse(Code::InvalidClient, "client authentication failed")
}

fn form_decoded(text: &str) -> Option<String> {
    let parameters = Parameters::parse(format!("v={}", text.replace('&', "%26")).as_bytes()).ok()?;
    Some(parameters.value("v").unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::{
        super::client::{Client, Secret, tests::client},
        *,
    };
    use crate::id::ClientSecretId;

    fn read(header: Option<&str>, body: &str) -> Result<(String, AuthenticationMethod, String), Code> {
        Credentials::read(header, &Parameters::parse(body.as_bytes()).unwrap())
            .map(|c| (c.client_id, c.method, c.presented.map_or(String::new(), |s| s.expose_secret().to_owned())))
            .map_err(|refusal| refusal.code)
    }

    #[test]
    fn one_method_is_read() {
        use AuthenticationMethod::{None as Public, PrivateKeyJwt, SecretBasic, SecretPost};
        // {"sub":"a"}
        let named = "e30.eyJzdWIiOiJhIn0.x";
        let typ = format!("client_assertion_type={}", client_assertion::TYPE);
        let basic = |text: &str| format!("Basic {}", BASE64.encode(text.as_bytes()));
        let ok = |id: &str, method, secret: &str| Ok((id.to_owned(), method, secret.to_owned()));
        for (case, header, body, expected) in [
            ("public", None, "client_id=a", ok("a", Public, "")),
            ("an empty secret is none", None, "client_id=a&client_secret=", ok("a", Public, "")),
            ("post", None, "client_id=a&client_secret=s", ok("a", SecretPost, "s")),
            ("basic", Some(basic("a:s")), "", ok("a", SecretBasic, "s")),
            ("basic is form-decoded", Some(basic("a%3Ab:s%2B+x%26")), "", ok("a:b", SecretBasic, "s+ x&")),
            ("a colon in the secret", Some(basic("a:s:t")), "", ok("a", SecretBasic, "s:t")),
            ("basic with the id again", Some(basic("a:s")), "client_id=a", ok("a", SecretBasic, "s")),
            ("basic with another id", Some(basic("a:s")), "client_id=b", Err(Code::InvalidRequest)),
            ("two methods", Some(basic("a:s")), "client_secret=s", Err(Code::InvalidRequest)),
            ("nothing", None, "", Err(Code::InvalidClient)),
            ("a secret alone", None, "client_secret=s", Err(Code::InvalidClient)),
            ("another scheme", Some("Bearer x".into()), "client_id=a", Err(Code::InvalidClient)),
            ("no base64", Some("Basic ***".into()), "", Err(Code::InvalidClient)),
            ("no colon", Some(basic("a")), "", Err(Code::InvalidClient)),
            ("a broken escape", Some(basic("a:%zz")), "", Err(Code::InvalidClient)),
            ("no id", Some(basic(":s")), "", Err(Code::InvalidClient)),
            ("an assertion", None, &format!("client_id=a&client_assertion=x&{typ}"), ok("a", PrivateKeyJwt, "x")),
            ("without an id", None, &format!("client_assertion={named}&{typ}"), ok("a", PrivateKeyJwt, named)),
            ("that names nobody", None, &format!("client_assertion=x&{typ}"), Err(Code::InvalidClient)),
            ("without its type", None, "client_id=a&client_assertion=x", Err(Code::InvalidClient)),
            ("a type alone", None, &format!("client_id=a&{typ}"), Err(Code::InvalidClient)),
            (
                "of another type",
                None,
                "client_id=a&client_assertion=x&client_assertion_type=saml",
                Err(Code::InvalidClient),
            ),
            (
                "and a secret",
                None,
                &format!("client_id=a&client_secret=s&client_assertion=x&{typ}"),
                Err(Code::InvalidRequest),
            ),
            ("and Basic", Some(basic("a:s")), &format!("client_assertion=x&{typ}"), Err(Code::InvalidRequest)),
        ] {
            assert_eq!(read(header.as_deref(), body), expected, "{case}");
        }
    }

    #[test]
    fn only_the_registered_method_with_a_live_secret_is_believed() {
        use AuthenticationMethod::{None as Public, PrivateKeyJwt, SecretBasic, SecretPost};
        let now = Timestamp(100);
        let secret = |text: &str, expires_at| Secret {
            id: ClientSecretId::from_stored("sec_x".into()),
            hash: TokenHash::of(text),
            created_at: Timestamp(0),
            expires_at,
        };
        let registered = |authentication, disabled_at| {
            let client = Client { authentication, disabled_at, ..client() };
            let secrets = match authentication {
                Public => vec![],
                _ => {
                    vec![secret("old", Some(Timestamp(100))), secret("two", Some(Timestamp(101))), secret("new", None)]
                }
            };
            Some(Arc::new(Registered { client, secrets, activations: HashMap::new() }))
        };
        for (case, method, text, given, expected) in [
            ("the secret", SecretBasic, "new", registered(SecretBasic, None), None),
            ("the other secret", SecretBasic, "two", registered(SecretBasic, None), None),
            ("an expired secret", SecretBasic, "old", registered(SecretBasic, None), Some(Failure::Secret)),
            ("a wrong secret", SecretBasic, "x", registered(SecretBasic, None), Some(Failure::Secret)),
            ("another method", SecretPost, "new", registered(SecretBasic, None), Some(Failure::Method)),
            ("none where one is due", Public, "", registered(SecretBasic, None), Some(Failure::Method)),
            ("public", Public, "", registered(Public, None), None),
            ("a public one with a secret", SecretPost, "x", registered(Public, None), Some(Failure::Method)),
            ("disabled", SecretBasic, "new", registered(SecretBasic, Some(Timestamp(1))), Some(Failure::Disabled)),
            ("unknown", SecretBasic, "new", None, Some(Failure::Unknown)),
            (
                "an assertion where a secret is due",
                PrivateKeyJwt,
                "new",
                registered(SecretBasic, None),
                Some(Failure::Method),
            ),
            (
                "a secret where an assertion is due",
                SecretBasic,
                "new",
                registered(PrivateKeyJwt, None),
                Some(Failure::Method),
            ),
        ] {
            let presented = (method != Public).then(|| text.into());
            let credentials = Credentials { client_id: "portal".into(), method, presented };
            assert_eq!(credentials.check(given, now).err(), expected, "{case}");
        }
    }
}
