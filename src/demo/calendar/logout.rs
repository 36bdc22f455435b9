//! `POST /backchannel-logout`: Lanyard says that a session has ended, and the app ends its own (OpenID Connect Back-Channel
//! Logout 1.0 §2.6 to §2.8).

use std::{collections::HashMap, sync::PoisonError};

use axum::{
    Form,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Calendar,
    jwt::{self, Audience, Refused, SKEW},
};
use crate::demo::clinic::CALENDAR;

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

#[derive(Debug, Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    logout_token: String,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    aud: Audience,
    iat: i64,
    exp: i64,
    jti: String,
    sid: Option<String>,
    sub: Option<String>,
    nonce: Option<Value>,
    events: HashMap<String, Value>,
}

/// `POST /backchannel-logout`
pub(super) async fn told(State(app): State<Calendar>, Form(sent): Form<Sent>) -> Response {
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    match check(&app, &sent.logout_token).await {
        Ok(claims) => {
            end(&app, &claims);
            (StatusCode::OK, no_store).into_response()
        }
        Err(Refused::Unreachable(why)) => (StatusCode::SERVICE_UNAVAILABLE, no_store, why.to_string()).into_response(),
        Err(refused) => (StatusCode::BAD_REQUEST, no_store, refused.to_string()).into_response(),
    }
}

/// The steps of §2.6.
async fn check(app: &Calendar, token: &str) -> Result<Claims, Refused> {
    let claims: Claims = jwt::claims(app, token, "logout+jwt").await?;
    let now = app.0.clock.now().seconds();
    let (by_us, for_us) = (claims.iss == app.0.provider.issuer(), claims.aud.contains(CALENDAR.0));
    if !by_us || !for_us {
        return Err(Refused::Invalid("it is not from Lanyard for this app"));
    }
    if claims.exp + SKEW <= now || claims.iat > now + SKEW {
        return Err(Refused::Invalid("it is not of now"));
    }
    if claims.nonce.is_some() || !claims.events.get(EVENT).is_some_and(Value::is_object) {
        return Err(Refused::Invalid("it is not about a logout"));
    }
    if claims.sid.is_none() && claims.sub.is_none() {
        return Err(Refused::Invalid("it names nobody"));
    }
    if !is_first(app, &claims, now) {
        return Err(Refused::Invalid("it was used before"));
    }
    Ok(claims)
}

/// Remembers a token as long as it could be sent again.
fn is_first(app: &Calendar, claims: &Claims, now: i64) -> bool {
    let mut told = app.0.told.lock().unwrap_or_else(PoisonError::into_inner);
    told.retain(|_, exp| *exp + SKEW > now);
    told.insert(claims.jti.clone(), claims.exp).is_none()
}

/// Ends the sessions that it names: one, or all of the person.
fn end(app: &Calendar, claims: &Claims) {
    let mut sessions = app.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    sessions.retain(|_, person| match (&claims.sid, &claims.sub) {
        (Some(sid), _) => person.claims.sid != *sid,
        (None, Some(sub)) => person.subject != *sub,
        (None, None) => true,
    });
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use axum::{Json, Router, routing::get};
    use serde_json::json;
    use tokio::net::TcpListener;
    use url::Url;

    use super::*;
    use crate::{
        clock::{Clock, Timestamp},
        demo::calendar::{
            Setup,
            relying_party::{ClinicClaims, SignedIn},
        },
        jose::{Alg, testing::ClientKey},
        random::Random,
        secret::{ExposeSecret, TokenHash},
    };

    const NOW: i64 = 1_795_320_000;

    /// A server that publishes `key`, and the app that believes it.
    async fn app(key: &ClientKey) -> Calendar {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let mut jwk = key.jwk();
        jwk["kid"] = json!("k");
        jwk["use"] = json!("sig");
        let metadata = json!({
            "issuer": issuer,
            "authorization_endpoint": format!("{issuer}/authorize"),
            "jwks_uri": format!("{issuer}/jwks"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || Json(metadata)))
            .route("/jwks", get(async move || Json(json!({"keys": [jwk]}))));
        tokio::spawn(async move { axum::serve(listener, router).await });
        let setup = Setup {
            issuer: issuer.parse().unwrap(),
            address: Url::parse("http://app.example").unwrap(),
            mail: std::path::PathBuf::new(),
            gateway: None,
            organizations: HashMap::new(),
            clock: Clock::fixed(Timestamp::from_seconds(NOW)),
            random: Random::seeded(1),
        };
        Calendar::new(setup).unwrap()
    }

    /// Somebody is signed in, with this `sub` and `sid`.
    fn signed_in(app: &Calendar, subject: &str, sid: &str) -> TokenHash {
        let person = SignedIn {
            name: String::new(),
            email: String::new(),
            subject: subject.to_owned(),
            claims: ClinicClaims { sid: sid.to_owned(), ..ClinicClaims::default() },
            id_token: String::new(),
            access_token: String::new(),
            refresh_token: None,
            expires_at: Timestamp::from_seconds(NOW + 300),
        };
        TokenHash::of(app.remember(&app.0.sessions, person).expose_secret())
    }

    fn said(app: &Calendar, jti: &str) -> Value {
        json!({
            "iss": app.0.provider.issuer(), "aud": CALENDAR.0, "iat": NOW, "exp": NOW + 120, "jti": jti, "sid": "s1",
            "sub": "priya", "events": {EVENT: {}},
        })
    }

    fn header() -> Value {
        json!({"alg": "ES256", "typ": "logout+jwt", "kid": "k"})
    }

    async fn tell(app: &Calendar, token: String) -> u16 {
        told(State(app.clone()), Form(Sent { logout_token: token })).await.status().as_u16()
    }

    fn people(app: &Calendar) -> Vec<TokenHash> {
        app.0.sessions.lock().unwrap().keys().copied().collect()
    }

    #[tokio::test]
    async fn a_logout_token_ends_the_session_that_it_names_once() {
        let key = ClientKey::generate(Alg::Es256);
        let app = app(&key).await;
        let (_, other) = (signed_in(&app, "priya", "s1"), signed_in(&app, "priya", "s2"));
        let stranger = signed_in(&app, "max", "s3");
        let token = key.sign(&header(), &said(&app, "1"));
        assert_eq!(tell(&app, token.clone()).await, 200);
        let left = people(&app);
        assert!(left.len() == 2 && left.contains(&other) && left.contains(&stranger));
        signed_in(&app, "priya", "s1");
        assert_eq!(tell(&app, token).await, 400, "a replay");
        assert_eq!(people(&app).len(), 3);
        let mut of_everything = said(&app, "2");
        of_everything.as_object_mut().unwrap().remove("sid");
        assert_eq!(tell(&app, key.sign(&header(), &of_everything)).await, 200);
        assert_eq!(people(&app), [stranger], "without a sid all of the person's");
    }

    #[tokio::test]
    async fn a_token_that_is_no_logout_token_for_this_app_ends_nothing() {
        let (key, foreign) = (ClientKey::generate(Alg::Es256), ClientKey::generate(Alg::Es256));
        let app = app(&key).await;
        signed_in(&app, "priya", "s1");
        let good = said(&app, "1");
        let with = |name: &str, value: Value| {
            let mut claims = good.clone();
            let members = claims.as_object_mut().unwrap();
            if value.is_null() {
                members.remove(name)
            } else {
                members.insert(name.to_owned(), value)
            };
            claims
        };
        for (case, claims) in [
            ("a wrong issuer", with("iss", json!("https://other.example"))),
            ("another app", with("aud", json!("clinic-portal"))),
            ("no event", with("events", Value::Null)),
            ("another event", with("events", json!({"https://other.example/event": {}}))),
            ("an event that is no object", with("events", json!({EVENT: true}))),
            ("a nonce, as an ID token has", with("nonce", json!("n"))),
            ("expired", with("exp", json!(NOW - 60))),
            ("from the future", with("iat", json!(NOW + 61))),
            ("no jti", with("jti", Value::Null)),
        ] {
            assert_eq!(tell(&app, key.sign(&header(), &claims)).await, 400, "{case}");
        }
        let mut nobody = with("sid", Value::Null);
        nobody.as_object_mut().unwrap().remove("sub");
        for (case, token) in [
            ("it names nobody", key.sign(&header(), &nobody)),
            ("a foreign signature", foreign.sign(&header(), &good)),
            ("an unknown key", key.sign(&json!({"alg": "ES256", "typ": "logout+jwt", "kid": "x"}), &good)),
            ("an ID token", key.sign(&json!({"alg": "ES256", "typ": "JWT", "kid": "k"}), &good)),
            ("no algorithm", key.sign(&json!({"alg": "none", "typ": "logout+jwt", "kid": "k"}), &good)),
            ("nothing", String::new()),
        ] {
            assert_eq!(tell(&app, token).await, 400, "{case}");
        }
        assert_eq!(people(&app).len(), 1);
        assert_eq!(tell(&app, key.sign(&header(), &good)).await, 200, "nothing of it was used up");
    }
}
