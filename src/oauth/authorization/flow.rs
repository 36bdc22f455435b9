//! From a request to its outcome: loads what the person may do, runs the checks, and issues the code.

use std::time::Duration;

use super::{
    Denial, Need, Progress, Prompt, Resolved, Situation,
    organization::{Member, Wish, resolve},
    prompt::{Consent, Person, first_need},
    request::AuthorizationRequest,
    response::Destination,
    step_up::Missing,
};
use crate::{
    audit::{Actor, Context, Event},
    authentication::{assurance, endpoint::SignedIn},
    directory::{membership::Membership, organization::Organization},
    id::{FamilyId, UserId},
    oauth::{
        client::GrantType,
        confirmation::Confirmation,
        error::{Code, Refusal, refuse},
        policed,
        profile::Profile,
        provider::Provider,
        scope::Scope,
        sector,
        store::{Family, Particulars, StoredCode},
        token::{
            id_token::{self, HintError},
            life::{issued_at, void_before},
        },
    },
    secret::{SecretString, TokenHash},
    setting::Setting,
    storage::{self, Tx},
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
    let (organization, consent) = circumstances(provider, asked, &person).await?;
    let reauthenticate_after = reauthenticate_after(provider, (&person, &organization), asked).await?;
    let situation = Situation {
        request: &asked.request,
        is_first_party: asked.to.client.client.is_first_party,
        progress: &asked.progress,
        person: Some(Person {
            user: &person.user.id,
            auth_time: person.session.auth_time,
            missing: missing(provider, &asked.request, &person).await?,
            expected: expected.as_ref(),
            organization: &organization,
            consent: consent.as_ref(),
            reauthenticate_after,
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

/// What the sign-in lacks of how sure the request wants it.
async fn missing(
    provider: &Provider,
    request: &AuthorizationRequest,
    person: &SignedIn,
) -> storage::Result<Option<Missing>> {
    let acr = person.session.acr.as_str();
    if request.demands.are_met_by(acr) {
        return Ok(None);
    }
    let has_factor = provider.app.storage.read().await?.factors().has_any(&person.user.id).await?;
    let reach = if has_factor { assurance::MULTI_FACTOR } else { assurance::PASSWORD };
    Ok(request.demands.missing(acr, reach))
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
) -> storage::Result<(Resolved, Option<Consent>)> {
    let members = provider.memberships(&person.user.id).await?;
    let wish = Wish { chosen: asked.progress.organization.as_ref(), requested: asked.request.organization.as_deref() };
    let client = &asked.to.client;
    let organization = resolve(wish, &person.user, members, client);
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
    Ok((organization, consent))
}

/// How long after a sign-in the rules of the organization ask for another one.
async fn reauthenticate_after(
    provider: &Provider,
    (person, organization): (&SignedIn, &Resolved),
    asked: &Asked,
) -> storage::Result<Option<Duration>> {
    let Resolved::Chosen(member) = organization else { return Ok(None) };
    let ruled = provider.ruled((&person.user.id, &member.1.id), &asked.to.client.client).await?;
    Ok(ruled.applying().span(Setting::SessionReauthenticate))
}

fn standpoint(person: Option<SignedIn>, organization: Resolved) -> Standpoint {
    match organization {
        Resolved::Chosen(member) => Standpoint { person, organization: Some(member.1), choices: vec![] },
        Resolved::Choose(choices) => Standpoint { person, organization: None, choices },
        Resolved::Denied(_) => Standpoint { person, ..Standpoint::default() },
    }
}

fn interact(asked: &Asked, need: Need, standpoint: Standpoint) -> Outcome {
    // Nobody sets a factor up on the way to an app.
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
    if let Some(barrier) = ruled.applying().barrier(context.now, policed::address(context)) {
        return deny(provider, context, asked, (Denial::Policy(barrier), person, Some(organization))).await;
    }
    let (code, hash) = provider.app.random.token();
    let issue = Issue::new(provider, asked, &person, (&membership, &organization), context);
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

/// A code with its authorization, ready to be written.
struct Issue {
    family: Family,
    code: StoredCode,
    may_switch: bool,
    pushed: Option<TokenHash>,
}

/// What became of it, whatever else happened at the same moment.
enum Saved {
    /// It counts.
    Issued,
    /// The session has ended since it was looked at.
    SessionEnded,
    /// The pushed request has been answered with another code.
    AnsweredBefore,
}

impl Issue {
    fn new(
        provider: &Provider,
        asked: &Asked,
        person: &SignedIn,
        (membership, organization): (&Membership, &Organization),
        context: &Context,
    ) -> Self {
        let client = &asked.to.client.client;
        let now = issued_at(context.now, client, Some(void_before(membership, organization)));
        let tokens = provider.tokens();
        let is_refreshed = client.grant_types.contains(&GrantType::RefreshToken);
        let family = Family {
            id: FamilyId::fresh(now, &context.random),
            client_id: client.id.clone(),
            user: person.user.id.clone(),
            organization: organization.id.clone(),
            session: person.session.id.clone(),
            // Found or made in the unit of work.
            sid: crate::id::Sid::fresh(now, &context.random),
            is_offline: asked.request.scopes.has(Scope::OfflineAccess),
            scopes: asked.request.scopes.clone(),
            resources: asked.request.resources.clone(),
            auth_time: person.session.auth_time,
            acr: person.session.acr.clone(),
            amr: person.session.amr.clone(),
            particulars: Particulars {
                authorization_details: asked.request.authorization_details.clone(),
                claims: asked.request.claims.claims.clone(),
                confirmation: asked.request.dpop_jkt.clone().map(Confirmation::Jkt),
                ..Particulars::default()
            },
            created_at: now,
            expires_at: now.plus(if is_refreshed { tokens.refresh_absolute } else { CODE_ONLY }),
            revoked_at: None,
            session_began_at: None,
            session_end: None,
        };
        let code = StoredCode {
            hash: TokenHash::of(""),
            family: family.clone(),
            redirect_uri: asked.to.redirect.as_str().to_owned(),
            challenge: asked.request.challenge.clone(),
            nonce: asked.request.nonce.clone(),
            expires_at: now.plus(Profile::code_life(client, tokens.authorization_code)),
            used_at: None,
        };
        // Who belongs to one organization alone names none, chooses none and has no default.
        let may_switch = asked.request.organization.is_some()
            || asked.progress.organization.is_some()
            || person.user.default_organization.is_some();
        Self { family, code, may_switch, pushed: asked.pushed }
    }

    /// Writes them down.
    async fn save(mut self, tx: &mut Tx, context: &Context, hash: TokenHash) -> storage::Result<Saved> {
        if !tx.sessions().hold(&self.family.session).await? {
            return Ok(Saved::SessionEnded);
        }
        if let Some(pushed) = self.pushed
            && !tx.pushed_requests().take(pushed).await?
        {
            return Ok(Saved::AnsweredBefore);
        }
        let family = &mut self.family;
        let before = tx.families().before(family).await?;
        family.sid = match before.sid {
            Some(sid) => sid,
            None => tx.sessions().sid(context, &family.session, &family.organization).await?,
        };
        let is_switch = self.may_switch && before.is_switch;
        tx.families().insert(family).await?;
        self.code.hash = hash;
        tx.authorization_codes().insert(&self.code);
        if is_switch {
            let (user, session, client) = (family.user.clone(), family.session.clone(), family.client_id.clone());
            tx.record(context, Some(&family.organization), &Event::Switch { user, session, client });
        }
        let event = Event::Authorization {
            user: family.user.clone(),
            client: family.client_id.clone(),
            family: family.id.clone(),
            scope: family.scopes.to_string(),
        };
        tx.record(context, Some(&family.organization), &event);
        Ok(Saved::Issued)
    }
}
