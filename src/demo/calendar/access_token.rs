//! Checking an access token in an API: the steps of RFC 9068 §4, in order.

use serde::Deserialize;

use super::{
    Calendar,
    jwt::{self, Audience, Refused, SKEW},
    relying_party::RoleAt,
};

/// What the API reads of a token.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    aud: Audience,
    exp: i64,
    pub(super) sub: String,
    #[serde(default)]
    pub(super) org_id: String,
    #[serde(default)]
    pub(super) assignments: Vec<RoleAt>,
}

/// Checks `token` and answers its claims.
pub(super) async fn check(app: &Calendar, token: &str, audience: &str) -> Result<Claims, Refused> {
    let claims: Claims = jwt::claims(app, token, "at+jwt").await?;
    if claims.iss != app.0.provider.issuer() {
        return Err(Refused::Invalid("it is from another issuer"));
    }
    if !claims.aud.contains(audience) {
        return Err(Refused::Invalid("it is meant for somebody else"));
    }
    if claims.exp + SKEW <= app.0.clock.now().seconds() {
        return Err(Refused::Invalid("it has expired"));
    }
    Ok(claims)
}
