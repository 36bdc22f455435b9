//! That somebody signed out at a provider: the logout token that it sends (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6).

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{
    Trouble,
    id_token::{Audience, is_name},
    metadata::Metadata,
    settings::Settings,
};
use crate::{
    audit::Context,
    clock::Timestamp,
    id::UpstreamId,
    jose::{
        Expected, Typ, Verified,
        numeric_date::{NumericDate, Period, SKEW},
    },
    outbound::Outbound,
    secret::TokenHash,
    storage::{self, Tx},
    upstream::Upstream,
};

/// The event that a logout token tells of.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// How long a logout token may be good: it is remembered until then.
const LONGEST: Duration = Duration::from_hours(1);

/// Whose sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// One session, as the provider calls it.
    Session(String),
    /// All of somebody, by what stays of them.
    Subject(String),
}

/// A logout token that is believed, and was not used yet.
#[derive(Debug, PartialEq, Eq)]
pub struct SignedOut {
    /// Whose sessions end.
    pub whose: Whose,
    id: String,
    until: Timestamp,
}

impl SignedOut {
    /// Uses it up; whether it was not before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn use_up(&self, tx: &mut Tx, upstream: &UpstreamId) -> storage::Result<bool> {
        let used = TokenHash::of(&format!("logout token\n{upstream}\n{}", self.id));
        tx.replays().first_use(used, self.until).await
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: NumericDate,
    exp: NumericDate,
    jti: String,
    events: Map<String, Value>,
    sub: Option<String>,
    sid: Option<String>,
    nonce: Option<Value>,
}

/// Reads a logout token.
///
/// # Errors
/// When it is not believed.
pub async fn read(
    outbound: &Outbound,
    (metadata, settings): (&Metadata, &Settings),
    token: &str,
    now: Timestamp,
) -> Result<SignedOut, Trouble> {
    let expected = Expected { algorithms: &settings.algorithms, typ: Typ::AbsentOr(&["logout+jwt", "JWT"]) };
    let verified = outbound.verify(&metadata.jwks_uri, token, expected).await?;
    believed(&verified, settings, now)
}

/// Ends what began there: a session, or all of somebody's.
///
/// # Errors
/// When the database fails.
pub async fn end(tx: &mut Tx, context: &Context, (upstream, whose): (&Upstream, &Whose)) -> storage::Result<()> {
    match whose {
        Whose::Session(name) => tx.sessions().end_upstream_session(context, (&upstream.id, name)).await,
        Whose::Subject(subject) => {
            let known = tx.upstream_entries(&upstream.id).of_anchors(std::slice::from_ref(subject)).await?.pop();
            let Some(member) = known.and_then(|known| known.membership()) else { return Ok(()) };
            let Some(member) = tx.memberships().by_id(&upstream.organization, &member).await? else { return Ok(()) };
            tx.sessions().end_of_upstream(context, (&upstream.id, &member.user_id)).await
        }
    }
}

fn believed(verified: &Verified, settings: &Settings, now: Timestamp) -> Result<SignedOut, Trouble> {
    let claims: Claims = verified.claims()?;
    if claims.iss != settings.issuer {
        return Err(Trouble::Claim("iss"));
    }
    if !claims.aud.names(&settings.client_id) {
        return Err(Trouble::Claim("aud"));
    }
    Period { ends: None, begins: None, issued: Some(claims.iat) }.check(now)?;
    Period { ends: Some(claims.exp), begins: None, issued: Some(claims.iat) }.check_short(LONGEST, now.minus(SKEW))?;
    // An ID token is no logout token, and the other way round.
    if claims.nonce.is_some() {
        return Err(Trouble::Claim("nonce"));
    }
    if !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(Trouble::Claim("events"));
    }
    if !is_name(&claims.jti) {
        return Err(Trouble::Claim("jti"));
    }
    let named = |claim: Option<String>| claim.filter(|text| is_name(text));
    let whose = match (named(claims.sid), named(claims.sub)) {
        (Some(sid), _) => Whose::Session(sid),
        (None, Some(sub)) => Whose::Subject(sub),
        (None, None) => return Err(Trouble::Claim("sid")),
    };
    Ok(SignedOut { whose, id: claims.jti, until: claims.exp.at().plus(SKEW) })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::jose::{Alg, JwkSet, testing::ClientKey, verify};

    const NOW: i64 = 1_800_000_000;

    #[test]
    fn a_logout_token_has_to_say_all_that_makes_it_one() {
        let key = ClientKey::generate(Alg::Es256);
        let keys = JwkSet::parse(&json!({"keys": [key.jwk()]}).to_string()).expect("keys");
        let settings = Settings::parse("issuer = 'https://id.example'\nclient_id = 'lanyard'\nalgorithms = ['ES256']");
        let settings = settings.expect("settings");
        let (session, subject) = (Whose::Session("s1".into()), Whose::Subject("ada".into()));
        for (case, changes, expected) in [
            ("of a session", json!({}), Ok(session)),
            ("of somebody", json!({"sid": null}), Ok(subject)),
            ("of nobody", json!({"sid": null, "sub": null}), Err("sid")),
            ("another issuer", json!({"iss": "https://evil.example"}), Err("iss")),
            ("for another", json!({"aud": ["other"]}), Err("aud")),
            ("an ID token", json!({"nonce": "n"}), Err("nonce")),
            ("no event", json!({"events": {}}), Err("events")),
            ("another event", json!({"events": {"urn:other": {}}}), Err("events")),
            ("no object", json!({"events": {EVENT: true}}), Err("events")),
            ("no id", json!({"jti": ""}), Err("jti")),
            ("expired", json!({"exp": NOW - 61}), Err("expired")),
            ("for ever", json!({"exp": NOW + 40_000}), Err("too long")),
            ("of tomorrow", json!({"iat": NOW + 4000}), Err("not valid yet")),
        ] {
            let mut claims = json!({
                "iss": "https://id.example", "aud": "lanyard", "iat": NOW, "exp": NOW + 120, "jti": "j1", "sub": "ada", "sid": "s1",
                "events": {EVENT: {}},
            });
            for (name, value) in changes.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            let token = key.sign(&json!({"alg": "ES256", "typ": "logout+jwt"}), &claims);
            let expecting = Expected { algorithms: &settings.algorithms, typ: Typ::AbsentOr(&["logout+jwt", "JWT"]) };
            let verified = verify(&token, &keys, expecting).expect("it is signed");
            match (believed(&verified, &settings, Timestamp::from_seconds(NOW)), expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found.whose, expected, "{case}"),
                (Err(trouble), Err(part)) => assert!(trouble.to_string().contains(part), "{case}: {trouble}"),
                (found, _) => panic!("{case}: {found:?}"),
            }
        }
    }
}
