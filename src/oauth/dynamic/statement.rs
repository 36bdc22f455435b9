//! Software statements (RFC 7591 §2.3): what somebody whom the operator trusts says of a piece of software.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Problem;
use crate::{
    app::App,
    config::StatementIssuer,
    jose::{self, Alg, Expected, JwkSet, NumericDate, Period, Typ},
};

/// Claims of a statement that are about itself.
const OF_ITSELF: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

const ALGORITHMS: [Alg; 4] = [Alg::Es256, Alg::Ps256, Alg::Rs256, Alg::EdDsa];

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    exp: Option<NumericDate>,
    nbf: Option<NumericDate>,
    iat: Option<NumericDate>,
}

/// The metadata that a trusted statement vouches for.
///
/// # Errors
/// `unapproved_software_statement` for one of somebody who is not trusted, `invalid_software_statement` for any other.
pub async fn read(app: &App, statement: &str) -> Result<Map<String, Value>, Problem> {
    let invalid = |why: &dyn std::fmt::Display| Problem::Statement(why.to_string());
    let named: Claims = jose::unverified_claims(statement).map_err(|refusal| invalid(&refusal))?;
    let trusted = app.config.registration.statement_issuers.iter().find(|one| one.issuer == named.iss);
    let StatementIssuer { jwks_uri, .. } = trusted.ok_or(Problem::UnapprovedStatement)?;
    let document = app.outbound.document(jwks_uri).await.map_err(|_| invalid(&"its keys cannot be read"))?;
    let keys = JwkSet::parse(&String::from_utf8_lossy(&document.body)).map_err(|bad| invalid(&bad))?;
    let expected = Expected { algorithms: &ALGORITHMS, typ: Typ::AbsentOr(&["JWT", "software-statement+jwt"]) };
    let verified = jose::verify(statement, &keys, expected).map_err(|refusal| invalid(&refusal))?;
    let claims: Claims = verified.claims().map_err(|refusal| invalid(&refusal))?;
    let period = Period { ends: claims.exp, begins: claims.nbf, issued: claims.iat };
    period.check(app.clock.now()).map_err(|untimely| invalid(&untimely))?;
    let mut members: Map<String, Value> = verified.claims().map_err(|refusal| invalid(&refusal))?;
    members.retain(|name, _| !OF_ITSELF.contains(&name.as_str()));
    Ok(members)
}
