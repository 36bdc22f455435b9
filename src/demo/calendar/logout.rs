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
    Ok(claims)
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
