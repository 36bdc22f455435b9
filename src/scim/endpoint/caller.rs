//! Who sends a request: an outside system with a token of its connection, a service client with an access token for the
//! scope `scim` (RFC 7644 §2, RFC 6750), or at `/Me` a person with one for the scope `scim:me` (RFC 7644 §3.11).
//!
//! First who it is, then whether it may call from where it does, how often it calls, and last whether it may do this. Right
//! tokens are always heard: outside systems share the networks of their makers, so only what is wrong is slowed down.

use std::{borrow::Cow, sync::Arc};

use axum::http::{HeaderMap, StatusCode, header, request::Parts};

use super::Refused;
use crate::{
    audit::{Actor, Event},
    authentication::endpoint::visit_context,
    directory::origin::Origin,
    id::{OrganizationId, UserId},
    limit::{Network, Verdict},
    oauth::{
        self,
        bearer::LiveToken,
        dpop,
        error::{Challenge, Code, Error, Refusal, refuse},
        scope::{Scope, Scopes},
    },
    scim::{BASE, Caller, ResourceType, ScimError, ServiceProvider, caller::Wanted, store::Admitted},
    secret::TokenHash,
    storage,
    web::Visit,
};

/// Whoever asks for resources of the organization.
///
/// # Errors
/// `401` for who is not let in, `403` for what they may not do or from where they do it, `429`, and when the database fails.
pub async fn caller(scim: &ServiceProvider, visit: &Visit, parts: &Parts) -> Result<Caller, Refused> {
    let proved = match presented(scim, visit, parts).await {
        Ok(Presented::OfConnection(admitted)) => Ok((system(&admitted), Some(admitted))),
        Ok(Presented::Access(token)) => service(scim, &token).map(|caller| (caller, None)).map_err(Failure::Refused),
        Err(failure) => Err(failure),
    };
    let (caller, admitted) = match proved {
        Ok(proved) => proved,
        Err(failure) => return Err(refusal_of(scim, visit, (failure, Scope::Scim)).await?),
    };
    watch(scim, visit, (&caller, admitted.as_deref())).await?;
    Wanted::of(parts.method.as_str(), visit.path()).check(&caller)?;
    Ok(caller)
}

/// A person on their own behalf (RFC 7644 §3.11).
pub(super) struct Person {
    pub(super) user: UserId,
    /// The person as somebody who asks: of nobody else, and of no group.
    pub(super) caller: Caller,
}

/// Whoever asks for their own resource.
pub(super) async fn person(scim: &ServiceProvider, visit: &Visit, parts: &Parts) -> Result<Person, Refused> {
    let person = match presented(scim, visit, parts).await {
        Ok(Presented::OfConnection(admitted)) => {
            watch(scim, visit, (&system(&admitted), Some(&admitted))).await?;
            return Err(nobody());
        }
        Ok(Presented::Access(token)) if is_of_service(&token) => return Err(nobody()),
        Ok(Presented::Access(token)) => Person::entering(scim, &token).await,
        Err(failure) => Err(failure),
    };
    let person = match person {
        Ok(person) => person,
        Err(failure) => return Err(refusal_of(scim, visit, (failure, Scope::ScimMe)).await?),
    };
    watch(scim, visit, (&person.caller, None)).await?;
    Ok(person)
}

/// Whether somebody may call from where they do, and as often; uses of tokens of connections are counted. Nothing is
/// answered before, wherever such a token is shown.
async fn watch(
    scim: &ServiceProvider,
    visit: &Visit,
    (caller, admitted): (&Caller, Option<&Admitted>),
) -> Result<(), Refused> {
    if let Some(admitted) = admitted {
        check_network(scim, visit, admitted).await?;
    }
    if let Verdict::Wait(wait) = scim.rate.take(caller.source.as_str()) {
        return Err(Refused::too_often(wait));
    }
    if let Some(admitted) = admitted {
        scim.app.uses.note(&admitted.token.id, scim.app.clock.now());
    }
    Ok(())
}

fn nobody() -> Refused {
    let detail = "whoever asks is a system and no person, and has no resource of its own; ask for /Users or /Groups";
    ScimError::of_status(StatusCode::NOT_FOUND, detail).into()
}

/// What was presented and counts.
enum Presented {
    /// A token of a connection.
    OfConnection(Arc<Admitted>),
    /// An access token.
    Access(Arc<LiveToken>),
}

/// Why nobody was authenticated.
enum Failure {
    /// No token was sent.
    Missing,
    /// One of a connection that counts no more, and why.
    Ended(Arc<Admitted>, &'static str),
    /// Anything else that opens nothing here.
    Refused(Refusal),
    /// The person has to sign in anew, or better (RFC 9470 §3).
    StepUp(Challenge),
    /// Our doing.
    Fault(storage::Error),
}

impl From<storage::Error> for Failure {
    fn from(fault: storage::Error) -> Self {
        Self::Fault(fault)
    }
}

async fn presented(scim: &ServiceProvider, visit: &Visit, parts: &Parts) -> Result<Presented, Failure> {
    if let Some(token) = connection_token(&parts.headers)
        && let Some(admitted) = scim.token(TokenHash::of(token)).await?
    {
        return match admitted.ended(scim.app.clock.now()) {
            None => Ok(Presented::OfConnection(admitted)),
            Some(why) => Err(Failure::Ended(admitted, why)),
        };
    }
    match oauth::endpoint::of_request(&scim.oauth, visit, (&parts.method, &parts.headers)).await {
        Ok(token) => Ok(Presented::Access(token)),
        Err(Error::Storage(fault)) => Err(fault.into()),
        // RFC 6750 §3.1: no token, no code.
        Err(Error::Refused(refusal)) if refusal.hint.is_empty() => Err(Failure::Missing),
        Err(Error::Refused(refusal)) => Err(Failure::Refused(refusal)),
        Err(_) => Err(Failure::Refused(refuse(Code::InvalidToken, "the access token is not valid"))),
    }
}

/// What may be a token of a connection: one that is signed is none.
fn connection_token(headers: &HeaderMap) -> Option<&str> {
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(only), None) = (sent.next(), sent.next()) else { return None };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.contains('.')).then_some(token)
}

fn system(Admitted { connection, .. }: &Admitted) -> Caller {
    let (rights, actor) = (&connection.rights, Actor::Connection(connection.id.to_string()));
    Caller {
        organization: connection.organization.clone(),
        source: Origin::by(&actor),
        name: connection.name.to_string(),
        may_write: rights.may_write,
        users: rights.resources.has(ResourceType::User),
        groups: rights.resources.has(ResourceType::Group),
        roles: rights.roles.clone(),
        permissions: rights.permissions.clone(),
        may_verify: rights.may_verify,
        actor,
    }
}

/// A service on its own behalf, in the organization that owns it. It assigns no roles: nobody has said which.
fn service(scim: &ServiceProvider, token: &LiveToken) -> Result<Caller, Refusal> {
    let (facts, client) = (&token.facts, &token.client.client);
    check_audience(scim, token)?;
    if !is_of_service(token) || !Scopes::parse(&facts.scope)?.has(Scope::Scim) {
        return Err(refuse(Code::InsufficientScope, "the access token is not one of a service with the scope scim"));
    }
    let owner: &OrganizationId = client
        .organization
        .as_ref()
        .filter(|owner| **owner == facts.org_id)
        .ok_or(refuse(Code::InsufficientScope, "the client belongs to no organization"))?;
    let actor = Actor::Client(client.id.clone());
    Ok(Caller {
        organization: owner.clone(),
        source: Origin::by(&actor),
        name: client.id.clone(),
        may_write: true,
        users: true,
        groups: true,
        roles: vec![],
        permissions: vec![],
        may_verify: false,
        actor,
    })
}

impl Person {
    /// Whoever may go on by the rules of the organization, too.
    async fn entering(scim: &ServiceProvider, token: &LiveToken) -> Result<Self, Failure> {
        let person = Self::of(scim, token).map_err(Failure::Refused)?;
        let (provider, now) = (&scim.oauth, scim.app.clock.now());
        let ended = || Failure::Refused(refuse(Code::InvalidToken, "the access token is not valid"));
        let family = token.facts.jti.family().ok_or_else(ended)?;
        let family = provider.family(&family).await?.filter(|family| family.is_live(now)).ok_or_else(ended)?;
        match provider.entrant((&family, &token.client.client), now).await {
            Ok(_) => Ok(person),
            Err(Error::StepUp(wanted)) => Err(Failure::StepUp(wanted)),
            Err(Error::Storage(fault)) => Err(fault.into()),
            Err(_) => Err(ended()),
        }
    }

    /// In the organization that the token speaks of.
    fn of(scim: &ServiceProvider, token: &LiveToken) -> Result<Self, Refusal> {
        check_audience(scim, token)?;
        let facts = &token.facts;
        let lacking =
            || refuse(Code::InsufficientScope, "the access token is not one of a person with the scope scim:me");
        if !Scopes::parse(&facts.scope)?.has(Scope::ScimMe) {
            return Err(lacking());
        }
        let user: UserId = facts.sub.parse().map_err(|_| lacking())?;
        let actor = Actor::User(user.clone());
        let caller = Caller {
            organization: facts.org_id.clone(),
            source: Origin::by(&actor),
            name: user.to_string(),
            may_write: true,
            users: false,
            groups: false,
            roles: vec![],
            permissions: vec![],
            may_verify: false,
            actor,
        };
        Ok(Self { user, caller })
    }
}

fn is_of_service(token: &LiveToken) -> bool {
    token.facts.sub == token.client.client.id && token.facts.jti.family().is_none()
}

/// RFC 9068 §4: a token for another API opens nothing here.
fn check_audience(scim: &ServiceProvider, token: &LiveToken) -> Result<(), Refusal> {
    let issuer = scim.oauth.issuer();
    if token.facts.aud.names(issuer) || token.facts.aud.names(&format!("{issuer}{BASE}")) {
        return Ok(());
    }
    Err(refuse(Code::InvalidToken, "the access token is meant for another resource"))
}

/// A token that is used from elsewhere may be stolen: that is written down.
async fn check_network(scim: &ServiceProvider, visit: &Visit, admitted: &Admitted) -> Result<(), Refused> {
    if admitted.connection.rights.admit(visit.address()) {
        return Ok(());
    }
    record(scim, visit, Some(admitted), "it may not be used from this address").await?;
    let detail = format!("this connection may not be used from {}", visit.address());
    Err(ScimError::of_status(StatusCode::FORBIDDEN, detail).into())
}

/// What whoever was not authenticated is told. A wrong token is counted against its network, and answered the later the more
/// there were.
async fn refusal_of(
    scim: &ServiceProvider,
    visit: &Visit,
    (failure, scope): (Failure, Scope),
) -> Result<Refused, Refused> {
    let (known, refusal) = match failure {
        Failure::Missing => return Ok(challenge(&refuse(Code::InvalidToken, ""), scope)),
        Failure::Fault(fault) => return Err(fault.into()),
        Failure::StepUp(wanted) => return Ok(step_up(wanted)),
        Failure::Refused(refusal) if refusal.code != Code::InvalidToken => return Ok(challenge(&refusal, scope)),
        Failure::Refused(refusal) => (None, refusal),
        Failure::Ended(admitted, why) => {
            (Some(admitted), Refusal { code: Code::InvalidToken, hint: Cow::Borrowed(why) })
        }
    };
    record(scim, visit, known.as_deref(), &refusal.hint).await?;
    if let Verdict::Wait(wait) = scim.failures.attempt(Network::from(visit.address()).octets()) {
        return Ok(Refused::too_many(wait, "too many wrong tokens come from this network; try again later"));
    }
    Ok(challenge(&refusal, scope))
}

/// RFC 9470 §3.
fn step_up(wanted: Challenge) -> Refused {
    let Refusal { code, hint } = Challenge::REFUSAL;
    let (name, more) = (code.name(), wanted.parameters());
    let challenge = format!(r#"Bearer realm="scim", error="{name}", error_description="{hint}"{more}"#);
    Refused::challenging(ScimError::of_status(StatusCode::UNAUTHORIZED, hint), vec![challenge])
}

/// RFC 6750 §3, RFC 9449 §7.1.
fn challenge(refusal: &Refusal, scope: Scope) -> Refused {
    let status = match refusal.code {
        Code::InvalidToken | Code::InvalidDpopProof | Code::UseDpopNonce => StatusCode::UNAUTHORIZED,
        Code::InsufficientScope => StatusCode::FORBIDDEN,
        _ => return ScimError::of_status(StatusCode::BAD_REQUEST, refusal.hint.clone()).into(),
    };
    let (code, hint) = (refusal.code.name(), &refusal.hint);
    if hint.is_empty() {
        let error = ScimError::of_status(status, "an access token is needed: Authorization: Bearer TOKEN");
        return Refused::challenging(error, vec![r#"Bearer realm="scim""#.to_owned()]);
    }
    let is_about_scope = refusal.code == Code::InsufficientScope;
    let scope = if is_about_scope { format!(r#", scope="{}""#, scope.name()) } else { String::new() };
    let said = format!(r#"realm="scim", error="{code}", error_description="{hint}"{scope}"#);
    let algorithms = dpop::ALGORITHMS.iter().map(|alg| alg.name()).collect::<Vec<_>>().join(" ");
    let is_about_proof = matches!(refusal.code, Code::InvalidDpopProof | Code::UseDpopNonce);
    let challenge =
        if is_about_proof { format!(r#"DPoP {said}, algs="{algorithms}""#) } else { format!("Bearer {said}") };
    Refused::challenging(ScimError::of_status(status, hint.clone()), vec![challenge])
}

/// Writes a failed authentication down, unless many came from the same network.
async fn record(scim: &ServiceProvider, visit: &Visit, known: Option<&Admitted>, reason: &str) -> storage::Result<()> {
    let connection = known.map(|admitted| admitted.connection.id.to_string()).unwrap_or_default();
    let network = Network::from(visit.address());
    let Some(times) = scim.recorded.count((connection.clone(), network)) else { return Ok(()) };
    let organization = known.map(|admitted| admitted.connection.organization.clone());
    let event = Event::ConnectionAuthenticationFailure { connection, reason: reason.to_owned(), times };
    let context = visit_context(&scim.app, visit, Actor::Anonymous);
    scim.app.storage.append(move |additions| additions.record(&context, organization.as_ref(), &event)).await
}
