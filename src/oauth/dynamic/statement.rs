//! Software statements (RFC 7591 §2.3): what somebody whom the operator trusts says of a piece of software.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Problem, request::MEMBERS};
use crate::{
    app::App,
    config::StatementIssuer,
    jose::{self, Alg, Expected, NumericDate, Period, Typ},
};

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
    let expected = Expected { algorithms: &ALGORITHMS, typ: Typ::AbsentOr(&["JWT", "software-statement+jwt"]) };
    let verified = app.outbound.verify(jwks_uri, statement, expected).await.map_err(|untrusted| invalid(&untrusted))?;
    let claims: Claims = verified.claims().map_err(|refusal| invalid(&refusal))?;
    let period = Period { ends: claims.exp, begins: claims.nbf, issued: claims.iat };
    period.check(app.clock.now()).map_err(|untimely| invalid(&untimely))?;
    Ok(metadata(verified.claims().map_err(|refusal| invalid(&refusal))?))
}

/// The metadata of a statement that was believed when the client brought it.
///
/// # Errors
/// `invalid_software_statement` for what cannot have been believed.
pub fn read_before(statement: &str) -> Result<Map<String, Value>, Problem> {
    let claims = jose::unverified_claims(statement).map_err(|refusal| Problem::Statement(refusal.to_string()))?;
    Ok(metadata(claims))
}

/// What is said of the software: the rest is about the statement itself, or nobody's business.
fn metadata(mut claims: Map<String, Value>) -> Map<String, Value> {
    claims.retain(|name, _| MEMBERS.contains(&name.as_str()) || name == "response_types");
    claims
}
