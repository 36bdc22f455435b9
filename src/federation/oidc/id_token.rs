//! What an ID token has to say to be believed (OpenID Connect Core §3.1.3.7).

use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Identity, Trouble, metadata::Metadata, pending::Bound, settings::Settings};
use crate::{
    clock::Timestamp,
    jose::{
        Alg, Expected, Typ, Verified,
        numeric_date::{NumericDate, Period, SKEW},
    },
    outbound::Outbound,
    secret::{ExposeSecret, SecretString, equal},
};

/// The longest name of anything that is remembered.
const LONGEST: usize = 255;

/// Who tokens are for.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub(super) fn names(&self, who: &str) -> bool {
        match self {
            Self::One(one) => one == who,
            Self::Several(all) => all.iter().any(|one| one == who),
        }
    }

    const fn is_alone(&self) -> bool {
        match self {
            Self::One(_) => true,
            Self::Several(all) => all.len() == 1,
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    iat: NumericDate,
    nbf: Option<NumericDate>,
    nonce: Option<String>,
    azp: Option<String>,
    at_hash: Option<String>,
    auth_time: Option<NumericDate>,
    acr: Option<String>,
    #[serde(default)]
    amr: Amr,
    sid: Option<String>,
}

/// `amr`: a list of words; some write one.
#[derive(Deserialize, Default)]
#[serde(untagged)]
enum Amr {
    #[default]
    Nothing,
    One(String),
    Several(Vec<String>),
}

/// What was asked for, which the token has to answer.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// What belongs to the request.
    pub bound: &'a Bound,
    /// How long ago somebody may have proved themselves, in seconds.
    pub max_age: Option<u64>,
    /// What came with the token.
    pub access: &'a SecretString,
}

/// Reads an ID token that came from the token endpoint: its signature is checked all the same, by algorithms that are configured.
///
/// # Errors
/// When it is not believed.
pub async fn read(
    outbound: &Outbound,
    (metadata, settings): (&Metadata, &Settings),
    token: &SecretString,
    asked: Asked<'_>,
    now: Timestamp,
) -> Result<Identity, Trouble> {
    let expected = Expected { algorithms: &settings.algorithms, typ: Typ::AbsentOr(&["JWT"]) };
    let verified = outbound.verify(&metadata.jwks_uri, token.expose_secret(), expected).await?;
    believed(&verified, settings, asked, now)
}

fn believed(verified: &Verified, settings: &Settings, asked: Asked<'_>, now: Timestamp) -> Result<Identity, Trouble> {
    let claims: Claims = verified.claims()?;
    if claims.iss != settings.issuer {
        return Err(Trouble::Claim("iss"));
    }
    if !claims.aud.names(&settings.client_id) {
        return Err(Trouble::Claim("aud"));
    }
    // A token for several says for whom it was made.
    let is_party = claims.azp.as_deref().map_or(claims.aud.is_alone(), |azp| azp == settings.client_id);
    if !is_party {
        return Err(Trouble::Claim("azp"));
    }
    // Clocks differ in both directions.
    let period = Period { ends: Some(claims.exp), begins: claims.nbf, issued: Some(claims.iat) };
    Period { ends: None, ..period }.check(now)?;
    Period { begins: None, issued: None, ..period }.check(now.minus(SKEW))?;
    let is_answer =
        claims.nonce.is_some_and(|nonce| equal(nonce.as_bytes(), asked.bound.nonce.expose_secret().as_bytes()));
    if !is_answer {
        return Err(Trouble::Claim("nonce"));
    }
    if claims.at_hash.is_some_and(|hash| hash != at_hash(verified.header.alg, asked.access.expose_secret())) {
        return Err(Trouble::Claim("at_hash"));
    }
    let auth_time = claims.auth_time.map(NumericDate::at);
    if let Some(seconds) = asked.max_age {
        let oldest = now.minus(std::time::Duration::from_secs(seconds)).minus(SKEW);
        if auth_time.is_none_or(|at| at < oldest) {
            return Err(Trouble::Claim("auth_time"));
        }
    }
    if !is_name(&claims.sub) {
        return Err(Trouble::Claim("sub"));
    }
    if claims.sid.as_deref().is_some_and(|sid| !is_name(sid)) {
        return Err(Trouble::Claim("sid"));
    }
    let amr = match claims.amr {
        Amr::Nothing => vec![],
        Amr::One(word) => vec![word],
        Amr::Several(words) => words,
    };
    let said: Map<String, Value> = verified.claims()?;
    Ok(Identity { subject: claims.sub, session: claims.sid, auth_time, acr: claims.acr, amr, claims: said })
}

/// What the database can remember.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST && !text.contains('\0')
}

/// OpenID Connect Core §3.1.3.6: the left half of a hash, that of the algorithm of the token.
fn at_hash(alg: Alg, access: &str) -> String {
    let algorithm = match alg {
        Alg::Rs256 | Alg::Ps256 | Alg::Es256 => &SHA256,
        Alg::Rs384 | Alg::Ps384 | Alg::Es384 => &SHA384,
        Alg::Rs512 | Alg::Ps512 | Alg::Es512 | Alg::EdDsa | Alg::Ed25519 => &SHA512,
    };
    let hash = digest(algorithm, access.as_bytes());
    let hash = hash.as_ref();
    BASE64URL_NOPAD.encode(&hash[..hash.len() / 2])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        jose::{JwkSet, testing::ClientKey, verify},
        secret::SecretString,
    };

    const NOW: i64 = 1_800_000_000;

    fn settings() -> Settings {
        Settings::parse("issuer = 'https://id.example'\nclient_id = 'lanyard'\nalgorithms = ['ES256']")
            .expect("settings")
    }

    fn bound() -> Bound {
        let text = |text: &str| SecretString::from(text.to_owned());
        Bound { state: text("state"), nonce: text("nonce"), verifier: text("verifier") }
    }

    #[test]
    fn a_token_has_to_say_all_that_makes_it_ours_and_of_now() {
        let key = ClientKey::generate(Alg::Es256);
        let keys = JwkSet::parse(&json!({"keys": [key.jwk()]}).to_string()).expect("keys");
        let (access, bound, settings) = (SecretString::from("access".to_owned()), bound(), settings());
        let hash = at_hash(Alg::Es256, "access");
        let whole = || {
            json!({
                "iss": "https://id.example", "sub": "ada", "aud": "lanyard", "exp": NOW + 300, "iat": NOW, "nonce": "nonce",
                "at_hash": hash, "auth_time": NOW - 30, "sid": "s1", "acr": "two", "amr": ["pwd", "otp"],
            })
        };
        for (case, changes, expected) in [
            ("all is well", json!({}), None),
            ("another issuer", json!({"iss": "https://id.example/"}), Some("iss")),
            ("for another", json!({"aud": "other"}), Some("aud")),
            ("for nobody", json!({"aud": []}), Some("aud")),
            ("for us alone, in a list", json!({"aud": ["lanyard"]}), None),
            ("for several", json!({"aud": ["lanyard", "other"]}), Some("azp")),
            ("for several, made for us", json!({"aud": ["lanyard", "other"], "azp": "lanyard"}), None),
            ("for several, made for another", json!({"aud": ["lanyard", "other"], "azp": "other"}), Some("azp")),
            ("for us, made for another", json!({"azp": "other"}), Some("azp")),
            ("of another sign-in", json!({"nonce": "other"}), Some("nonce")),
            ("of none", json!({"nonce": null}), Some("nonce")),
            ("with another access token", json!({"at_hash": "AAAA"}), Some("at_hash")),
            ("without a hash", json!({"at_hash": null}), None),
            ("of long ago", json!({"auth_time": NOW - 200}), Some("auth_time")),
            ("of nobody knows when", json!({"auth_time": null}), Some("auth_time")),
            ("of nobody", json!({"sub": ""}), Some("sub")),
            ("what no database takes", json!({"sub": "a\u{0}b"}), Some("sub")),
            ("a session without end", json!({"sid": "s".repeat(256)}), Some("sid")),
            ("one word", json!({"amr": "pwd"}), None),
            ("expired a moment ago, by our clock", json!({"exp": NOW - 30}), None),
            ("expired", json!({"exp": NOW - 61}), Some("expired")),
            ("of tomorrow", json!({"iat": NOW + 3600}), Some("not valid yet")),
            ("not yet", json!({"nbf": NOW + 3600}), Some("not valid yet")),
            ("without an end", json!({"exp": null}), Some("claims")),
            ("without a beginning", json!({"iat": null}), Some("claims")),
        ] {
            let mut claims = whole();
            for (name, value) in changes.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            let token = key.sign(&json!({"alg": "ES256"}), &claims);
            let expecting = Expected { algorithms: &settings.algorithms, typ: Typ::AbsentOr(&["JWT"]) };
            let verified = verify(&token, &keys, expecting).expect("it is signed");
            let asked = Asked { bound: &bound, max_age: Some(60), access: &access };
            let found = believed(&verified, &settings, asked, Timestamp::from_seconds(NOW));
            match (found, expected) {
                (Ok(identity), None) => assert_eq!(identity.subject, "ada", "{case}"),
                (Err(trouble), Some(part)) => assert!(trouble.to_string().contains(part), "{case}: {trouble}"),
                (found, _) => panic!("{case}: {found:?}"),
            }
        }
    }
}
