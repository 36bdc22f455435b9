//! From a request to its outcome: loads what the person may do, runs the checks, and issues the code.

use std::time::Duration;

use super::{
    Denial, Need, Progress, Prompt, Resolved, Situation,
    issue::{Issue, Saved},
    organization::{Member, Wish, counting, resolve},
    prompt::{Consent, Person, first_need},
    request::AuthorizationRequest,
    response::Destination,
    step_up::{Demands, Missing},
};
use crate::{
    audit::{Actor, Context, Event},
    authentication::{allowed::Allowed, assurance, endpoint::SignedIn},
    directory::organization::Organization,
    id::UserId,
    oauth::{
        error::{Code, Refusal, refuse},
        policed::{self, Ruled},
        provider::Provider,
        sector,
        token::id_token::{self, HintError},
    },
    secret::{SecretString, TokenHash},
    setting::{Setting, demand::Level},
    storage,
};

/// How long a family without refresh tokens is kept: longer than any access token lives.
pub(super) const CODE_ONLY: Duration = Duration::from_hours(1);

/// A request that was read, with what the person did for it.
#[derive(Debug, Clone)]
pub struct Asked {
    /// Where the answer goes.
    pub to: Destination,
    /// What was asked.
    pub request: AuthorizationRequest,
    /// What was done so far.
    pub progress: Progress,
    /// The hash of its reference, if it was pushed.
    pub pushed: Option<TokenHash>,
}

/// What becomes of a request.
#[derive(Debug)]
pub enum Outcome {
    /// A code.
    Code(SecretString),
    /// A registered error, for the client.
    Refuse(Refusal),
    /// The person has to do something.
    Interact(Need, Box<Standpoint>),
    /// The person may not use the app; they are told whom to ask.
    Deny(Denial, Box<Standpoint>),
    /// The pushed request was answered before.
    Answered,
}

/// Who is asked, and about what.
#[derive(Debug, Default)]
pub struct Standpoint {
    /// The person.
    pub person: Option<SignedIn>,
    /// Where they would work.
    pub organization: Option<Organization>,
    /// Where they could work.
    pub choices: Vec<Organization>,
}

/// Decides a request.
///
/// # Errors
/// When the database fails.
pub async fn decide(
    provider: &Provider,
    context: &Context,
    asked: &Asked,
    person: Option<SignedIn>,
) -> storage::Result<Outcome> {
    let now = context.now;
    let expected = match expected_person(provider, asked.request.id_token_hint.as_deref()).await? {
        // OpenID Connect Core 1.0 §5.5.1: no other person is an answer.
        Ok(hinted) => asked.request.claims.subject.clone().or(hinted),
        Err(refusal) => return Ok(Outcome::Refuse(refusal)),
    };
    let Some(person) = person else {
        return Ok(interact(asked, Need::SignIn, Standpoint::default()));
    };
    if asked.progress.was_refused {
        return refused(provider, context, asked, &person).await;
    }
    let expected = expected.map(|expected| known_as(provider, asked, &person, &expected));
    let Some((organization, consent)) = circumstances(provider, asked, &person).await? else {
        return Ok(interact(asked, Need::SignIn, Standpoint::default()));
    };
    let ruled = ruled(provider, (&person, &organization), asked).await?;
    let applying = ruled.as_ref().map(Ruled::applying).unwrap_or_default();
    if applying.flag(Setting::UpstreamRequired) && person.session.via.is_none() {
        return Ok(interact(asked, Need::SignIn, standpoint(None, organization)));
    }
    let level = applying.demands().at(now);
    let from = provider.arrival_of(context, &person.session);
    let is_more_asked = from.is_some_and(|from| applying.asks_for_more(from));
    let situation = Situation {
        request: &asked.request,
        is_first_party: asked.to.client.client.is_first_party,
        progress: &asked.progress,
        person: Some(Person {
            user: &person.user.id,
            auth_time: person.session.auth_time,
            missing: missing(provider, (&asked.request.demands, level, is_more_asked), &person).await?,
            expected: expected.as_ref(),
            organization: &organization,
            consent: consent.as_ref(),
            reauthenticate_after: applying.span(Setting::SessionReauthenticate),
        }),
        now,
    };
    if let Some(need) = first_need(&situation) {
        return Ok(interact(asked, need, standpoint(Some(person), organization)));
    }
    match organization {
        Resolved::Chosen(member) => admit(provider, context, asked, (person, *member)).await,
        Resolved::Denied(denial) => deny(provider, context, asked, (denial, person, None)).await,
        Resolved::Choose(_) => Ok(interact(asked, Need::ChooseOrganization, standpoint(Some(person), organization))),
    }
}

/// What the sign-in lacks of how sure the request and the rules of the organization want it.
pub(super) async fn missing(
    provider: &Provider,
    (demands, level, is_more_asked): (&Demands, Option<Level>, bool),
    person: &SignedIn,
) -> storage::Result<Option<Missing>> {
    let (acr, by_rule) = (person.session.acr.as_str(), level.map(assurance::acr));
    let is_met = by_rule.is_none_or(|wanted| assurance::obeys(acr, wanted));
    if demands.are_met_by(acr) && is_met && !is_more_asked {
        return Ok(None);
    }
    let factors = provider.app.storage.read().await?.factors().of_user(&person.user.id).await?;
    let reach = Allowed::of_person(&provider.policies, &person.user.id).await?.reach(&factors);
    if is_more_asked && !assurance::meets(reach, assurance::MULTI_FACTOR) {
        // The rule about places stops whoever could not prove more: no factor is set up from elsewhere.
        return Ok(None);
    }
    let by_place = is_more_asked.then_some(Missing::Proof(assurance::MULTI_FACTOR));
    Ok(demands.missing(acr, (reach, by_rule)).or(by_place))
}

/// Whom the app expects. A hint that is not ours is refused.
async fn expected_person(provider: &Provider, hint: Option<&str>) -> storage::Result<Result<Option<String>, Refusal>> {
    let Some(hint) = hint else { return Ok(Ok(None)) };
    match id_token::hint(&provider.app, hint).await {
        Ok(hint) => Ok(Ok(hint.map(|hint| hint.sub))),
        Err(HintError::Foreign(_)) => Ok(Err(id_token::NOT_OURS)),
        Err(HintError::Storage(fault)) => Err(fault),
    }
}

/// The person who is signed in, if `subject` is what the app knows them by; or else nobody.
fn known_as(provider: &Provider, asked: &Asked, person: &SignedIn, subject: &str) -> UserId {
    let own = sector::subject(&provider.app, &asked.to.client.client, &person.user.id);
    // The subject of another sector names nobody here: otherwise two apps could find out that they know the same person.
    if subject == own { person.user.id.clone() } else { UserId::from_stored(String::new()) }
}

async fn circumstances(
    provider: &Provider,
    asked: &Asked,
    person: &SignedIn,
) -> storage::Result<Option<(Resolved, Option<Consent>)>> {
    let members = provider.memberships(&person.user.id).await?;
    let all = members.len();
    let requested = asked.request.organization.as_deref();
    let Some(members) = counting(&person.session, requested, members) else { return Ok(None) };
    let wish = Wish { chosen: asked.progress.organization.as_ref(), requested };
    let client = &asked.to.client;
    let are_others = members.len() < all;
    let organization = resolve(wish, &person.user, members, client);
    if are_others && organization == Resolved::Denied(Denial::NoOrganization) {
        return Ok(None);
    }
    let needs_consent = !client.client.is_first_party
        || asked.request.prompts_for(Prompt::Consent)
        || !asked.request.authorization_details.is_empty();
    let consent = match &organization {
        Resolved::Chosen(member) if needs_consent => {
            let mut tx = provider.app.storage.read().await?;
            tx.consents().find(&person.user.id, &client.client.id, &member.1.id).await?
        }
        _ => None,
    };
    Ok(Some((organization, consent)))
}

/// The rules for the person in the organization, where that is known.
async fn ruled(
    provider: &Provider,
    (person, organization): (&SignedIn, &Resolved),
    asked: &Asked,
) -> storage::Result<Option<Ruled>> {
    let Resolved::Chosen(member) = organization else { return Ok(None) };
    provider.ruled((&person.user.id, &member.1.id), &asked.to.client.client).await.map(Some)
}

fn standpoint(person: Option<SignedIn>, organization: Resolved) -> Standpoint {
    match organization {
        Resolved::Chosen(member) => Standpoint { person, organization: Some(member.1), choices: vec![] },
        Resolved::Choose(choices) => Standpoint { person, organization: None, choices },
        Resolved::Denied(_) => Standpoint { person, ..Standpoint::default() },
    }
}

fn interact(asked: &Asked, need: Need, standpoint: Standpoint) -> Outcome {
    // What an app asks for, nobody sets up on the way to it; what rules ask for is set up.
    if asked.request.prompts_for(Prompt::None) || matches!(need, Need::Enrol(_)) {
        Outcome::Refuse(need.refusal())
    } else {
        Outcome::Interact(need, Box::new(standpoint))
    }
}

/// The organization is known; whether the app is open to the person there, and the code if it is.
async fn admit(
    provider: &Provider,
    context: &Context,
    asked: &Asked,
    (person, (membership, organization)): (SignedIn, Member),
) -> storage::Result<Outcome> {
    let requirement = asked.to.client.serves(&organization.id).unwrap_or_default();
    if !requirement.is_empty() {
        let access = provider.app.storage.read().await?.access().of_member(&membership.id, context.now).await?;
        if !requirement.is_met_by(&access) {
            return deny(provider, context, asked, (Denial::Requirement, person, Some(organization))).await;
        }
    }
    let ruled = provider.ruled((&person.user.id, &organization.id), &asked.to.client.client).await?;
    let from = provider.arrival_of(context, &person.session);
    if let Some(barrier) = ruled.applying().barrier(context.now, from) {
        return deny(provider, context, asked, (Denial::Policy(barrier), person, Some(organization))).await;
    }
    let who = (asked.to.client.client.id.as_str(), &person.user.id);
    provider
        .alert(&context.by(Actor::User(person.user.id.clone())), who, &organization.id, (&ruled.applying(), from))
        .await?;
    let (code, hash) = provider.app.random.token();
    let issue = Issue::new(provider, asked, &person, &(membership, organization), context).await?;
    let context = context.by(Actor::User(person.user.id.clone()));
    let saved = provider.app.storage.write(move |tx| Box::pin(async move { issue.save(tx, &context, hash).await }));
    match saved.await? {
        Saved::Issued => Ok(Outcome::Code(code)),
        Saved::SessionEnded => Ok(interact(asked, Need::SignIn, Standpoint::default())),
        Saved::AnsweredBefore => Ok(Outcome::Answered),
    }
}

async fn refused(provider: &Provider, context: &Context, asked: &Asked, person: &SignedIn) -> storage::Result<Outcome> {
    record_denial(provider, context, asked, (&Denial::Refused, person, None)).await?;
    Ok(Outcome::Refuse(refuse(Code::AccessDenied, "the person did not allow it")))
}

async fn deny(
    provider: &Provider,
    context: &Context,
    asked: &Asked,
    (denial, person, organization): (Denial, SignedIn, Option<Organization>),
) -> storage::Result<Outcome> {
    record_denial(provider, context, asked, (&denial, &person, organization.as_ref())).await?;
    if asked.request.prompts_for(Prompt::None) {
        return Ok(Outcome::Refuse(denied()));
    }
    Ok(Outcome::Deny(denial, Box::new(Standpoint { person: Some(person), organization, choices: vec![] })))
}

/// What an app is told of every denial alike.
#[must_use]
pub const fn denied() -> Refusal {
    refuse(Code::AccessDenied, "the person may not use the app there")
}

async fn record_denial(
    provider: &Provider,
    context: &Context,
    asked: &Asked,
    (denial, person, organization): (&Denial, &SignedIn, Option<&Organization>),
) -> storage::Result<()> {
    let (user, client) = (person.user.id.clone(), asked.to.client.client.id.clone());
    let reason = denial.reason().to_owned();
    let event = match denial {
        Denial::Policy(barrier) => policed::refusal(barrier.clone(), (&client, user.to_string()), 1),
        Denial::Refused => Event::AuthorizationFailure { user, client, reason },
        _ if asked.request.organization.is_some() => Event::SwitchFailure { user, client, reason },
        _ => Event::AuthorizationFailure { user, client, reason },
    };
    let (context, at) = (context.by(Actor::User(person.user.id.clone())), organization.map(|at| at.id.clone()));
    provider
        .app
        .storage
        .write(move |tx| {
            tx.record(&context, at.as_ref(), &event);
            Box::pin(async { Ok(()) })
        })
        .await
}
