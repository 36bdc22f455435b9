//! Validates access tokens of Lanyard in an API, with jsonwebtoken and reqwest.
//!
//! ```text
//! validate ISSUER AUDIENCE
//! ```
//!
//! For each line `TOKEN` or `TOKEN ORGANIZATION ROLE LOCATION` of the input it prints `accepted`, `forbidden` or
//! `refused: …`. In an API, one [`Validator`] is made at start and `refused` is answered with 401, `forbidden` with 403.

use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, jwk::JwkSet};
use serde::Deserialize;
use tokio::sync::Mutex;

/// Chosen here, not by the token.
const ALGORITHMS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];

/// What the API reads of a token.
#[derive(Deserialize)]
struct Claims {
    org_id: String,
    #[serde(default)]
    assignments: Vec<Assignment>,
}

#[derive(Deserialize)]
struct Assignment {
    role: String,
    /// Where it was assigned; the whole organization without one.
    location: Option<String>,
    /// Of a region: itself and every place below it.
    #[serde(default)]
    locations: Vec<String>,
}

impl Assignment {
    fn holds_at(&self, location: &str) -> bool {
        self.location.as_deref().is_none_or(|own| own == location) || self.locations.iter().any(|one| one == location)
    }
}

impl Claims {
    /// Whether the role holds at the location; `roles` and `locations` must never be combined for this.
    fn holds(&self, organization: &str, role: &str, location: &str) -> bool {
        let fits = |one: &Assignment| one.role == role && one.holds_at(location);
        self.org_id == organization && self.assignments.iter().any(fits)
    }
}

#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

/// Answers the claims of a token, or why it is none.
struct Validator {
    issuer: String,
    audience: String,
    jwks_uri: String,
    keys: Mutex<Option<(Instant, JwkSet)>>,
}

impl Validator {
    async fn new(issuer: &str, audience: &str) -> anyhow::Result<Self> {
        let address = format!("{issuer}/.well-known/openid-configuration");
        let metadata: Metadata = reqwest::get(address).await?.error_for_status()?.json().await?;
        ensure!(metadata.issuer == issuer, "{issuer} calls itself {}", metadata.issuer);
        let (issuer, audience) = (issuer.to_owned(), audience.to_owned());
        Ok(Self { issuer, audience, jwks_uri: metadata.jwks_uri, keys: Mutex::default() })
    }

    async fn validate(&self, token: &str) -> anyhow::Result<Claims> {
        let header = decode_header(token)?;
        let typ = header.typ.unwrap_or_default().to_ascii_lowercase();
        // An ID token is no access token.
        ensure!(matches!(typ.as_str(), "at+jwt" | "application/at+jwt"), "it is not an access token");
        ensure!(ALGORITHMS.contains(&header.alg), "its algorithm is not accepted here");
        let mut rules = Validation::new(header.alg);
        rules.leeway = 60;
        rules.set_issuer(&[&self.issuer]);
        rules.set_audience(&[&self.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let key = self.key(&header.kid.context("it names no key")?).await?;
        Ok(decode::<Claims>(token, &key, &rules)?.claims)
    }

    /// Keys are kept for ten minutes; an unknown id fetches them again, at most once in 30 seconds.
    async fn key(&self, kid: &str) -> anyhow::Result<DecodingKey> {
        let mut keys = self.keys.lock().await;
        let is_fresh = keys.as_ref().is_some_and(|(fetched_at, known)| {
            let limit = if known.find(kid).is_some() { 600 } else { 30 };
            fetched_at.elapsed() < Duration::from_secs(limit)
        });
        if !is_fresh {
            let fetched = reqwest::get(&self.jwks_uri).await?.error_for_status()?.json().await?;
            *keys = Some((Instant::now(), fetched));
        }
        match keys.as_ref().and_then(|(_, known)| known.find(kid)) {
            Some(key) => Ok(DecodingKey::from_jwk(key)?),
            None => bail!("its key is not one of the issuer's"),
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let [issuer, audience] = std::env::args().skip(1).collect::<Vec<_>>().try_into().ok().context("ISSUER AUDIENCE")?;
    let validator = Validator::new(&issuer, &audience).await?;
    for line in std::io::stdin().lines() {
        let line = line?;
        let mut words = line.split(' ');
        let token = words.next().unwrap_or_default();
        match (validator.validate(token).await, words.collect::<Vec<_>>().as_slice()) {
            (Err(fault), _) => println!("refused: {fault}"),
            (Ok(claims), [organization, role, location]) if !claims.holds(organization, role, location) => {
                println!("forbidden");
            }
            (Ok(_), _) => println!("accepted"),
        }
    }
    Ok(())
}
