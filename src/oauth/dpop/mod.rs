//! DPoP (RFC 9449): a request shows that whoever sends it holds a key, and a token that is bound to that key is worth
//! nothing without it.
//!
//! A proof is checked against the issuer's address as configured, whatever proxy stands before it, and used once, on
//! whichever node. It is fresh by the nonce of the server, or without one by its own time.

pub mod nonce;
pub mod used;

use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use url::Url;

use self::used::Use;
use super::{
    error::{Code, Error, Refusal, TooMany},
    provider::Parts,
};
use crate::{
    clock::Timestamp,
    jose::{self, Alg, Expected, NumericDate, Typ},
    secret::{TokenHash, sha256},
    web::Site,
};

/// How far the time of a proof without a nonce may lie from ours, in both directions.
const WINDOW: Duration = Duration::from_mins(1);

/// The longest `jti`, in bytes.
const LONGEST_ID: usize = 512;

/// The algorithms of proofs.
pub const ALGORITHMS: &[Alg] = Alg::ALL;

/// The request that a proof must be for.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The method.
    pub method: &'static str,
    /// The addresses that the endpoint is known by.
    pub addresses: &'a [String],
    /// The access token that comes with it.
    pub access_token: Option<&'a str>,
    /// What it may be signed with.
    pub algorithms: &'static [Alg],
    /// Whether it has to hold a nonce.
    pub is_nonce_demanded: bool,
    /// The present instant.
    pub now: Timestamp,
}

/// Why a proof is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadProof {
    /// Its form, its key or its signature.
    #[error("the DPoP proof is refused: {0}")]
    Token(#[from] jose::Refusal),
    /// `htm`.
    #[error("htm of the DPoP proof is not the method of the request")]
    Method,
    /// `htu`.
    #[error("htu of the DPoP proof is not the address of the endpoint")]
    Address,
    /// `iat`.
    #[error("iat of the DPoP proof is more than a minute away from now")]
    Time,
    /// `jti`.
    #[error("jti of the DPoP proof is empty or longer than 512 bytes")]
    Id,
    /// `ath`.
    #[error("ath of the DPoP proof is not the hash of the access token")]
    AccessToken,
    /// `nonce` is missing or old.
    #[error("the DPoP proof needs the nonce of the header DPoP-Nonce")]
    Nonce,
    /// It was used before.
    #[error("the DPoP proof was used before")]
    Replayed,
}

impl From<BadProof> for Refusal {
    fn from(bad: BadProof) -> Self {
        let code = if bad == BadProof::Nonce { Code::UseDpopNonce } else { Code::InvalidDpopProof };
        Self { code, hint: bad.to_string().into() }
    }
}

/// Members of a proof (RFC 9449 §4.2).
#[derive(Debug, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: NumericDate,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// A proof that was not used up yet.
#[derive(Debug)]
struct Proof {
    jkt: String,
    used: TokenHash,
    until: Timestamp,
    has_nonce: bool,
}

/// Checks a proof and uses it up: the thumbprint of the key that the sender holds.
///
/// # Errors
/// `invalid_dpop_proof`, `use_dpop_nonce`, or a fault.
pub async fn prove(provider: &Parts, site: &Site, proof: &str, asked: Asked<'_>) -> Result<String, Error> {
    let instance = provider.proofs.instance();
    let Proof { jkt, used, until, has_nonce } = check((site, instance), proof, asked).map_err(Refusal::from)?;
    let remembered = if has_nonce { provider.proofs.remember(&used, asked.now) } else { None };
    let is_first = match remembered {
        Some(Use::Full) => return Err(TooMany(nonce::LIFE).into()),
        Some(what) => what == Use::First,
        None => {
            let storage = &provider.app.storage;
            storage.write(move |tx| Box::pin(async move { tx.replays().first_use(used, until).await })).await?
        }
    };
    if is_first { Ok(jkt) } else { Err(Refusal::from(BadProof::Replayed).into()) }
}

/// RFC 9449 §4.3, but for the last point.
fn check(server: (&Site, &str), proof: &str, asked: Asked<'_>) -> Result<Proof, BadProof> {
    let expected = Expected { algorithms: asked.algorithms, typ: Typ::Exactly("dpop+jwt") };
    let verified = jose::verify_with_embedded_jwk(proof, expected)?;
    let claims: Claims = verified.claims()?;
    if claims.htm != asked.method {
        return Err(BadProof::Method);
    }
    if !asked.addresses.iter().any(|address| is_same(&claims.htu, address)) {
        return Err(BadProof::Address);
    }
    if claims.jti.is_empty() || claims.jti.len() > LONGEST_ID {
        return Err(BadProof::Id);
    }
    let hash = asked.access_token.map(|token| BASE64URL_NOPAD.encode(&sha256(token.as_bytes())));
    if hash.is_some() && hash != claims.ath {
        return Err(BadProof::AccessToken);
    }
    let until = claims.fresh_until(server, asked)?;
    let jkt = verified.key.thumbprint();
    let used = TokenHash::of(&format!("dpop proof\n{jkt}\n{}", claims.jti));
    Ok(Proof { used, jkt, until, has_nonce: claims.nonce.is_some() })
}

impl Claims {
    /// When it is fresh no more. With a nonce of ours the clock of the sender does not matter (RFC 9449 §11.1).
    fn fresh_until(&self, server: (&Site, &str), asked: Asked<'_>) -> Result<Timestamp, BadProof> {
        let (iat, now) = (self.iat.at(), asked.now);
        match &self.nonce {
            Some(nonce) => nonce::end(nonce, server, now).ok_or(BadProof::Nonce),
            None if asked.is_nonce_demanded => Err(BadProof::Nonce),
            None if iat < now.minus(WINDOW) || iat > now.plus(WINDOW) => Err(BadProof::Time),
            None => Ok(iat.plus(WINDOW).plus(Duration::from_secs(1))),
        }
    }
}

/// RFC 9449 §4.3, point 9: after normalisation, without query and fragment.
fn is_same(htu: &str, address: &str) -> bool {
    let normal = |text: &str| {
        let mut url = Url::parse(text).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    htu == address || (normal(htu).is_some() && normal(htu) == normal(address))
}

/// Whether `text` can be the thumbprint of a key (RFC 9449 §10): SHA-256 in canonical base64url.
#[must_use]
pub fn is_thumbprint(text: &str) -> bool {
    BASE64URL_NOPAD.decode(text.as_bytes()).is_ok_and(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::{clock::Clock, jose::testing::ClientKey, random::Random, secret::SecretSlice};

    const NOW: Timestamp = Timestamp(1_795_320_000_000);

    fn site() -> Site {
        let secret = SecretSlice::from(vec![7; 32]);
        Site::new("https://id.example".parse().unwrap(), &secret, Clock::fixed(NOW), Random::seeded(1))
    }

    fn claims() -> Value {
        json!({"jti": "1", "htm": "POST", "htu": "https://id.example/oauth2/token", "iat": NOW.seconds()})
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = claims();
        claims[name] = value;
        claims
    }

    fn asked(addresses: &[String]) -> Asked<'_> {
        Asked {
            method: "POST",
            addresses,
            access_token: None,
            algorithms: ALGORITHMS,
            is_nonce_demanded: false,
            now: NOW,
        }
    }

    #[test]
    fn each_claim_must_be_of_this_request() {
        let (site, key) = (site(), ClientKey::generate(Alg::Es256));
        let addresses = ["https://id.example/oauth2/token".to_owned()];
        let header = json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.jwk()});
        let sign = |claims: &Value| key.sign(&header, claims);
        let at = |seconds: i64| json!(NOW.seconds() + seconds);
        for (case, claims, expected) in [
            ("as it should be", claims(), None),
            ("a query", with("htu", json!("https://id.example/oauth2/token?a=b#c")), None),
            ("another spelling", with("htu", json!("HTTPS://ID.example:443/oauth2/x/../token")), None),
            ("a minute ago", with("iat", at(-60)), None),
            ("an unknown claim", with("x", json!([1])), None),
            ("a hash that nobody asked for", with("ath", json!("x")), None),
            ("another method", with("htm", json!("GET")), Some(BadProof::Method)),
            ("a method in small letters", with("htm", json!("post")), Some(BadProof::Method)),
            ("another endpoint", with("htu", json!("https://id.example/oauth2/userinfo")), Some(BadProof::Address)),
            ("another host", with("htu", json!("https://evil.example/oauth2/token")), Some(BadProof::Address)),
            ("another scheme", with("htu", json!("http://id.example/oauth2/token")), Some(BadProof::Address)),
            ("another port", with("htu", json!("https://id.example:8443/oauth2/token")), Some(BadProof::Address)),
            ("a user", with("htu", json!("https://a@id.example/oauth2/token")), Some(BadProof::Address)),
            ("no address", with("htu", json!("/oauth2/token")), Some(BadProof::Address)),
            ("too old", with("iat", at(-61)), Some(BadProof::Time)),
            ("from the future", with("iat", at(61)), Some(BadProof::Time)),
            ("for ever", with("iat", json!(1e300)), Some(BadProof::Time)),
            ("no name", with("jti", json!("")), Some(BadProof::Id)),
            ("a long name", with("jti", json!("j".repeat(513))), Some(BadProof::Id)),
            ("somebody's nonce", with("nonce", json!("x")), Some(BadProof::Nonce)),
            ("an instant as text", with("iat", json!("1")), Some(BadProof::Token(jose::Refusal::Claims))),
            ("a number as name", with("jti", json!(1)), Some(BadProof::Token(jose::Refusal::Claims))),
            ("a list of methods", with("htm", json!(["POST"])), Some(BadProof::Token(jose::Refusal::Claims))),
            ("no method", with("htm", Value::Null), Some(BadProof::Token(jose::Refusal::Claims))),
            ("a list of nonces", with("nonce", json!([])), Some(BadProof::Token(jose::Refusal::Claims))),
        ] {
            assert_eq!(check((&site, ""), &sign(&claims), asked(&addresses)).err(), expected, "{case}");
        }
        let bound = Asked { access_token: Some("token"), ..asked(&addresses) };
        let hash = "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A";
        for (ath, expected) in
            [(json!(hash), None), (json!("x"), Some(BadProof::AccessToken)), (Value::Null, Some(BadProof::AccessToken))]
        {
            assert_eq!(check((&site, ""), &sign(&with("ath", ath)), bound).err(), expected);
        }
    }

    #[test]
    fn a_nonce_of_ours_stands_for_the_time() {
        let (site, key) = (site(), ClientKey::generate(Alg::EdDsa));
        let addresses = ["https://id.example/oauth2/token".to_owned()];
        let demanded = Asked { is_nonce_demanded: true, ..asked(&addresses) };
        let header = json!({"typ": "dpop+jwt", "alg": "EdDSA", "jwk": key.jwk()});
        assert_eq!(check((&site, ""), &key.sign(&header, &claims()), demanded).err(), Some(BadProof::Nonce));
        let mut slow = with("nonce", json!(nonce::offered(&site, "", NOW)));
        slow["iat"] = json!(7);
        let proof = check((&site, ""), &key.sign(&header, &slow), demanded).unwrap();
        assert_eq!(proof.jkt, jose::Jwk::parse(&key.jwk().to_string()).unwrap().thumbprint());
        let late = Asked { now: NOW.plus(Duration::from_mins(5)), ..demanded };
        assert_eq!(check((&site, ""), &key.sign(&header, &slow), late).err(), Some(BadProof::Nonce));
    }

    #[test]
    fn a_thumbprint_is_a_hash() {
        assert!(is_thumbprint("PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A"));
        for text in
            ["", "x", "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-B", "PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A="]
        {
            assert!(!is_thumbprint(text), "{text}");
        }
    }
}
