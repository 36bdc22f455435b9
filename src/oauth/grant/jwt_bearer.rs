//! JWT assertions as grants (RFC 7523 §2.1 and §3): somebody whom an administrator trusts for this client says whom it acts
//! for. The access token lives as long as any, and is all that the client gets: there is no refresh token and no session,
//! the next assertion is exchanged again.

use std::time::Duration;

use serde::Deserialize;

use super::{Exchange, standing::Standing};
use crate::{
    audit::{Actor, Context, Event},
    clock::Timestamp,
    directory::user::User,
    id::{FamilyId, SessionId, Sid},
    jose::{self, NumericDate, Period, SKEW, Untimely},
    oauth::{
        authorization::{
            Resolved,
            organization::{Member, Wish, resolve},
        },
        client::GrantType,
        confirmation::Confirmation,
        device,
        error::{Code, Error, Refusal, refuse},
        metadata::path,
        scope::{Scope, Scopes},
        store::{Family, Particulars},
        token::{
            Audience, Draft, TokenResponse,
            life::{access_token_end, issued_at, void_before},
        },
        trusted_issuer::{SubjectIs, TrustedIssuer},
    },
    secret::TokenHash,
    storage::{self, Tx},
};

/// How far ahead an assertion may end, and how old it may be: it is remembered for that long.
const LONGEST: Duration = Duration::from_mins(10);

/// The longest `jti` and `sub`, in bytes.
const LONGEST_NAME: usize = 512;

/// OpenID Connect Core 1.0 §2: nobody proved who they are to us.
const ACR: &str = "0";

/// RFC 7523 §3.1, one answer to whatever is wrong with an assertion.
const BAD: Refusal = refuse(Code::InvalidGrant, "the assertion does not count, or not for this client");

/// What an assertion says.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: NumericDate,
    #[serde(default)]
    nbf: Option<NumericDate>,
    #[serde(default)]
    iat: Option<NumericDate>,
    jti: String,
}

/// Why an assertion is not believed; for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum BadAssertion {
    #[error("aud is neither the issuer nor the token endpoint")]
    Audience,
    #[error(transparent)]
    Untimely(#[from] Untimely),
    #[error("sub or jti is empty or too long")]
    Name,
}

impl Claims {
    /// RFC 7523 §3, points 2 to 7.
    fn check(&self, audiences: &[String], now: Timestamp) -> Result<(), BadAssertion> {
        if !audiences.iter().any(|own| self.aud.names(own)) {
            return Err(BadAssertion::Audience);
        }
        Period { ends: Some(self.exp), begins: self.nbf, issued: self.iat }.check_short(LONGEST, now)?;
        // PostgreSQL takes no NUL.
        let is_name = |text: &str| !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains('\0');
        if is_name(&self.sub) && is_name(&self.jti) { Ok(()) } else { Err(BadAssertion::Name) }
    }
}

/// Exchanges an assertion for an access token.
///
/// # Errors
/// The registered code of the refusal, or a fault.
pub async fn exchange(exchange: Exchange<'_>) -> Result<TokenResponse, Error> {
    let client = &exchange.client.client;
    let assertion = exchange.parameters.required("assertion").map_err(Refusal::from)?;
    let scopes = device::scopes(client, exchange.parameters.value("scope"))?.without(Scope::OfflineAccess);
    let resources: Vec<String> = exchange.parameters.values("resource").map(str::to_owned).collect();
    client.grant_resources(&resources)?;
    let (issuer, claims) = believed(&exchange, assertion).await?;
    let now = exchange.context.now;
    let user = person(&exchange, issuer.subject, &claims.sub).await?.filter(|user| user.is_active(now)).ok_or(BAD)?;
    let member = member(&exchange, issuer, &user).await?;
    let family = Family { resources, ..family(&exchange, &user, (&member, &scopes)) };
    let (_, draft, _) = Standing::drafted(&exchange, (&family, None), &scopes).await?;

    // Once, by whichever client of all that trust its issuer.
    let id = TokenHash::of(&format!("jwt bearer\n{}\n{}", claims.iss, claims.jti));
    let replay = (id, claims.exp.at().plus(SKEW));
    let context = exchange.context.by(Actor::Client(client.id.clone()));
    let saving = exchange.provider.app.storage.write(move |tx| {
        Box::pin(async move { Ok::<_, Error>(save(tx, &context, replay, (&family, &draft)).await?.then_some(draft)) })
    });
    let draft = saving.await?.ok_or(BAD)?;
    Ok(TokenResponse {
        access_token: draft.finish(),
        token_type: Confirmation::token_type(exchange.confirmation.as_ref()),
        expires_in: draft.expires_in,
        scope: scopes.to_string(),
        authorization_details: draft.authorization_details.clone(),
        ..TokenResponse::default()
    })
}

/// The issuer of an assertion, and what it says.
async fn believed<'e>(exchange: &Exchange<'e>, assertion: &str) -> Result<(&'e TrustedIssuer, Claims), Error> {
    #[derive(Deserialize)]
    struct Named {
        iss: String,
    }
    let client = &exchange.client.client;
    let distrust = |cause: &dyn std::fmt::Display| {
        tracing::info!(client.id, %cause, "An assertion about a person was not believed.");
        Error::from(BAD)
    };
    let named = jose::unverified_claims::<Named>(assertion).map_err(|bad| distrust(&bad))?.iss;
    let issuer = client.metadata.jwt_bearer_issuers.iter().find(|trusted| trusted.issuer == named);
    let issuer = issuer.ok_or_else(|| distrust(&"nobody trusts its issuer"))?;
    let verified = issuer.verify(&exchange.provider.app.outbound, assertion).await.map_err(|bad| distrust(&bad))?;
    let claims: Claims = verified.claims().map_err(|bad| distrust(&bad))?;
    let server = &exchange.provider.app.config.server.issuer;
    let audiences = [server.as_str().to_owned(), server.at(path::TOKEN)];
    claims.check(&audiences, exchange.context.now).map_err(|bad| distrust(&bad))?;
    Ok((issuer, claims))
}

async fn person(exchange: &Exchange<'_>, subject: SubjectIs, named: &str) -> storage::Result<Option<User>> {
    let mut tx = exchange.provider.app.storage.read().await?;
    match subject {
        SubjectIs::Id => match named.parse() {
            Ok(id) => tx.users().by_id(&id).await,
            Err(_) => Ok(None),
        },
        SubjectIs::UserName => match named.parse() {
            Ok(name) => tx.users().by_login_name(&name).await,
            Err(_) => Ok(None),
        },
    }
}

/// Where the person works with this client, of the organizations that the issuer speaks of.
async fn member(exchange: &Exchange<'_>, issuer: &TrustedIssuer, user: &User) -> Result<Member, Error> {
    let mut members = exchange.provider.memberships(&user.id).await?;
    members.retain(|(_, at)| issuer.speaks_of(&at.id, exchange.client.client.organization.as_ref()));
    let wish = Wish { chosen: None, requested: exchange.parameters.value("organization") };
    match resolve(wish, user, members, exchange.client) {
        Resolved::Chosen(member) => Ok(*member),
        Resolved::Choose(_) => {
            Err(refuse(Code::InvalidRequest, "the person has several: organization is missing").into())
        }
        Resolved::Denied(_) => Err(BAD.into()),
    }
}

/// An authorization that lasts as long as its one access token.
fn family(exchange: &Exchange<'_>, user: &User, ((membership, at), scopes): (&Member, &Scopes)) -> Family {
    let (client, context) = (&exchange.client.client, &exchange.context);
    let now = issued_at(context.now, client, Some(void_before(membership, at)));
    Family {
        id: FamilyId::fresh(now, &context.random),
        client_id: client.id.clone(),
        user: user.id.clone(),
        organization: at.id.clone(),
        // There is none: nobody is in front of a browser.
        session: SessionId::from_stored(String::new()),
        sid: Sid::fresh(now, &context.random),
        is_offline: true,
        scopes: scopes.clone(),
        resources: vec![],
        // Nobody has proved anything to us, at no time: what rests on no session is bound by no rule about one.
        auth_time: Timestamp(0),
        acr: ACR.to_owned(),
        amr: vec![],
        particulars: Particulars::default(),
        created_at: now,
        expires_at: access_token_end(client, exchange.provider.tokens(), now, &[]),
        revoked_at: None,
        is_at_station: false,
        session_began_at: None,
        session_end: None,
    }
}

/// Writes it down; `false` when the assertion was used before.
async fn save(
    tx: &mut Tx,
    context: &Context,
    (id, until): (TokenHash, Timestamp),
    (family, draft): (&Family, &Draft),
) -> storage::Result<bool> {
    if !tx.replays().first_use(id, until).await? {
        return Ok(false);
    }
    tx.families().insert(family).await?;
    draft.save(tx.additions(), &family.client_id, Some(&family.id));
    let (user, client) = (family.user.clone(), family.client_id.clone());
    let event = Event::Authorization {
        user: user.clone(),
        client: client.clone(),
        family: family.id.clone(),
        scope: family.scopes.to_string(),
    };
    tx.record(context, Some(&family.organization), &event);
    let (grant_type, token) = (GrantType::JwtBearer.name(), draft.id.as_str().to_owned());
    let event = Event::TokenIssue { user: user.as_str().to_owned(), client, grant_type, token };
    tx.record(context, Some(&family.organization), &event);
    Ok(true)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn an_assertion_names_this_server_and_lives_for_minutes() {
        let audiences = ["https://id.example".to_owned(), "https://id.example/oauth2/token".to_owned()];
        let with = |name: &str, value: Value| {
            let mut claims = json!({"iss": "hr", "sub": "priya", "aud": "https://id.example", "exp": 1060, "jti": "1"});
            claims[name] = value;
            claims
        };
        for (case, claims, expected) in [
            ("as it should be", with("iat", json!(1000)), Ok(())),
            ("the token endpoint", with("aud", json!(["https://id.example/oauth2/token"])), Ok(())),
            ("another server", with("aud", json!("https://other.example")), Err(BadAssertion::Audience)),
            ("expired", with("exp", json!(1000)), Err(Untimely::Expired.into())),
            ("ten minutes and more", with("exp", json!(1601)), Err(Untimely::TooLong.into())),
            ("for ever", with("exp", json!(1e300)), Err(Untimely::TooLong.into())),
            ("not yet", with("nbf", json!(1061)), Err(Untimely::NotYet.into())),
            ("from long ago", with("iat", json!(399)), Err(Untimely::TooOld.into())),
            ("about nobody", with("sub", json!("")), Err(BadAssertion::Name)),
            ("a NUL", with("sub", json!("a\u{0}")), Err(BadAssertion::Name)),
            ("without a name", with("jti", json!("")), Err(BadAssertion::Name)),
        ] {
            let claims: Claims = serde_json::from_value(claims).unwrap();
            assert_eq!(claims.check(&audiences, Timestamp::from_seconds(1000)), expected, "{case}");
        }
        for (name, value) in [("sub", json!(["priya"])), ("jti", json!(1)), ("exp", json!("1060")), ("aud", json!({}))]
        {
            assert!(serde_json::from_value::<Claims>(with(name, value.clone())).is_err(), "{name}: {value}");
        }
    }
}
