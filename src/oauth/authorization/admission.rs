//! Letting an app in without a redirect: a person decides on a page of ours about a request that a device or a back end
//! made (RFC 8628, CIBA), by the rules of the authorization request. The authorization begins in the session of whoever
//! allowed it, and ends with it unless `offline_access` was granted.

use std::sync::Arc;

use super::{
    Denial, Need, Resolved,
    flow::{CODE_ONLY, missing},
    organization::{Member, Wish, resolve},
    prompt::{self, Consent},
    step_up::Demands,
};
use crate::{
    audit::{Actor, Context, Event},
    authentication::endpoint::SignedIn,
    directory::{organization::Organization, user::User},
    id::{FamilyId, OrganizationId, Sid},
    oauth::{
        client::{Client, GrantType, Registered},
        policed,
        provider::Provider,
        store::{Before, DeferredRequest, Family, Particulars},
        token::life::{issued_at, void_before},
    },
    policy::Arrival,
    secret::TokenHash,
    session::Session,
    setting::Setting,
    storage::{self, Tx},
};

/// Whether an app is open to a person, and where.
#[derive(Debug)]
pub enum Admission {
    /// It is, there.
    Open(Box<Member>),
    /// The person has to choose among these.
    Choose(Vec<Organization>),
    /// It is not.
    Denied(Denial, Option<Box<Organization>>),
}

/// Finds where the person would let the app in; `chosen` is what they chose on a page, `from` where they are, if they are
/// there themselves.
///
/// # Errors
/// When the database fails.
pub async fn admission(
    provider: &Provider,
    (client, request): (&Registered, &DeferredRequest),
    (user, chosen): (&User, Option<&OrganizationId>),
    (session, from): (Option<&Session>, Option<Arrival>),
) -> storage::Result<Admission> {
    let mut members = provider.memberships(&user.id).await?;
    members.retain(|(_, at)| session.is_none_or(|session| session.counts_in(&at.id)));
    let wish = Wish { chosen, requested: request.organization.as_deref() };
    let (membership, organization) = match resolve(wish, user, members, client) {
        Resolved::Chosen(member) => *member,
        Resolved::Choose(organizations) => return Ok(Admission::Choose(organizations)),
        Resolved::Denied(denial) => return Ok(Admission::Denied(denial, None)),
    };
    let requirement = client.serves(&organization.id).unwrap_or_default();
    if !requirement.is_empty() {
        let now = provider.app.clock.now();
        let access = provider.app.storage.read().await?.access().of_member(&membership.id, now).await?;
        if !requirement.is_met_by(&access) {
            return Ok(Admission::Denied(Denial::Requirement, Some(Box::new(organization))));
        }
    }
    let ruled = provider.ruled((&user.id, &organization.id), &client.client).await?;
    if let Some(barrier) = ruled.applying().barrier(provider.app.clock.now(), from) {
        return Ok(Admission::Denied(Denial::Policy(barrier), Some(Box::new(organization))));
    }
    Ok(Admission::Open(Box::new((membership, organization))))
}

/// What the person has to prove before they let the app in where it is `considered`: a sign-in that is recent enough for the
/// app (`default_max_age`) and the rules (`session.reauthenticate`), and as sure as the rules want it (`factor.required`).
/// Who is stopped where they are for want of a second factor that they have proves it first.
///
/// # Errors
/// When the database fails.
pub async fn need(
    provider: &Provider,
    context: &Context,
    (client, request): (&Client, &DeferredRequest),
    person: &SignedIn,
    considered: &Admission,
) -> storage::Result<Option<Need>> {
    let (at, is_open) = match considered {
        Admission::Open(member) => (&member.1.id, true),
        Admission::Denied(Denial::Policy(_), Some(at)) => (&at.id, false),
        Admission::Choose(_) | Admission::Denied(..) => return Ok(None),
    };
    if !person.session.counts_in(at) {
        return Ok(Some(Need::SignIn));
    }
    let ruled = provider.ruled((&person.user.id, at), client).await?;
    let applying = ruled.applying();
    if applying.flag(Setting::UpstreamRequired) && person.session.via.is_none() {
        return Ok(Some(Need::SignIn));
    }
    let from = provider.arrival_of(context, &person.session);
    let is_more_asked = from.is_some_and(|from| applying.asks_for_more(from));
    if !is_open && !is_more_asked {
        return Ok(None);
    }
    let by_rule = applying.span(Setting::SessionReauthenticate).and_then(|after| i64::try_from(after.as_secs()).ok());
    let times = (request.created_at, provider.app.clock.now());
    let recent = |max_age| prompt::is_recent(person.session.auth_time, max_age, times);
    if !client.metadata.default_max_age.into_iter().chain(by_rule).min().is_none_or(recent) {
        return Ok(Some(Need::SignIn));
    }
    let asked = (&Demands::default(), applying.demands().at(times.1), is_more_asked);
    Ok(missing(provider, asked, person).await?.map(Need::from))
}

/// Writes down that somebody let an app in from elsewhere, where rules allow that.
///
/// # Errors
/// When the database fails.
pub async fn note_place(
    provider: &Provider,
    context: &Context,
    (client, person): (&Client, &SignedIn),
    at: &OrganizationId,
) -> storage::Result<()> {
    let ruled = provider.ruled((&person.user.id, at), client).await?;
    let from = provider.arrival_of(context, &person.session);
    provider.alert(context, (&client.id, &person.user.id), at, (&ruled.applying(), from)).await
}

/// What a person allows: ready to be written down.
pub struct Allowing {
    request: DeferredRequest,
    client: Arc<Registered>,
    family: Family,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowed {
    /// It is written.
    Done,
    /// The request was decided before, or has expired.
    TooLate,
    /// The session has ended.
    SignedOut,
}

impl Allowing {
    /// The authorization that `person` gives as a member of an organization.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn new(
        provider: &Provider,
        context: &Context,
        (client, request): (Arc<Registered>, DeferredRequest),
        (person, member): (&SignedIn, &Member),
    ) -> storage::Result<Self> {
        let now = issued_at(context.now, &client.client, Some(void_before(&member.0, &member.1)));
        let is_refreshed = client.client.grant_types.contains(&GrantType::RefreshToken);
        let life = if is_refreshed { provider.tokens().refresh_absolute } else { CODE_ONLY };
        let session = &person.session;
        let family = Family {
            id: FamilyId::fresh(now, &context.random),
            client_id: client.client.id.clone(),
            user: person.user.id.clone(),
            organization: member.1.id.clone(),
            session: session.id.clone(),
            // Found or made in the unit of work.
            sid: Sid::fresh(now, &context.random),
            is_offline: provider.outlives_the_session(&request.scopes, &person.user.id).await?,
            scopes: request.scopes.clone(),
            resources: request.resources.clone(),
            auth_time: session.auth_time,
            acr: session.acr.clone(),
            amr: session.amr.clone(),
            particulars: Particulars::default(),
            created_at: now,
            expires_at: now.plus(life),
            revoked_at: None,
            is_at_station: false,
            session_began_at: None,
            session_end: None,
        };
        Ok(Self { request, client, family })
    }

    /// Writes it down; an app that is not the clinic's own is remembered as allowed.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn save(mut self, tx: &mut Tx, context: &Context) -> storage::Result<Allowed> {
        if begin(tx, context, &mut self.family).await?.is_none() {
            return Ok(Allowed::SignedOut);
        }
        let (family, client) = (&self.family, &self.client.client);
        if !tx.deferred_requests().decide(&self.request.id, Some(&family.id), context.now).await? {
            tx.families().revoke(&family.id, context.now).await?;
            return Ok(Allowed::TooLate);
        }
        if !client.is_first_party {
            let before = tx.consents().find(&family.user, &client.id, &family.organization).await?;
            let allowed = Consent::of_scopes(&family.scopes, context.now).beside(before);
            tx.consents().put(&family.user, &client.id, &family.organization, &allowed).await?;
            let (user, scope) = (family.user.clone(), family.scopes.to_string());
            let event = Event::Consent { user, client: client.id.clone(), scope };
            tx.record(context, Some(&family.organization), &event);
        }
        let event = Event::Authorization {
            user: family.user.clone(),
            client: client.id.clone(),
            family: family.id.clone(),
            scope: family.scopes.to_string(),
        };
        tx.record(context, Some(&family.organization), &event);
        Ok(Allowed::Done)
    }
}

/// Writes down that the person said no; `false` when the request was decided before, or has expired.
///
/// # Errors
/// When the database fails.
pub async fn refuse(
    tx: &mut Tx,
    context: &Context,
    (person, request): (&SignedIn, &DeferredRequest),
) -> storage::Result<bool> {
    if !tx.deferred_requests().decide(&request.id, None, context.now).await? {
        return Ok(false);
    }
    let reason = Denial::Refused.reason().to_owned();
    let (user, client) = (person.user.id.clone(), request.client_id.clone());
    tx.record(context, None, &Event::AuthorizationFailure { user, client, reason });
    Ok(true)
}

/// Writes down that a person was not let in: once for each request, however often they look at its page;
/// `false` when it was before.
///
/// # Errors
/// When the database fails.
pub async fn record_denial(
    provider: &Provider,
    context: &Context,
    (person, request): (&SignedIn, &DeferredRequest),
    (denial, organization): (&Denial, Option<&OrganizationId>),
) -> storage::Result<bool> {
    let (user, client) = (person.user.id.clone(), request.client_id.clone());
    let event = match denial {
        Denial::Policy(barrier) => policed::refusal(barrier.clone(), (&client, user.to_string()), 1),
        _ => Event::AuthorizationFailure { user, client, reason: denial.reason().to_owned() },
    };
    let (context, at) = (context.by(Actor::User(person.user.id.clone())), organization.cloned());
    let told = TokenHash::of(&format!("denied\n{}\n{}\n{}", request.id, person.user.id, denial.reason()));
    let until = request.expires_at;
    let recording = provider.app.storage.write(move |tx| {
        Box::pin(async move {
            let is_first = tx.replays().first_use(told, until).await?;
            if is_first {
                tx.record(&context, at.as_ref(), &event);
            }
            Ok(is_first)
        })
    });
    recording.await
}

/// Begins an authorization in its session, which is held until the commit; `None` when that has ended. Where the session
/// was used before.
///
/// # Errors
/// When the database fails.
pub async fn begin(tx: &mut Tx, context: &Context, family: &mut Family) -> storage::Result<Option<Before>> {
    if !tx.sessions().hold(&family.session).await? {
        return Ok(None);
    }
    let before = tx.families().before(family).await?;
    family.sid = match &before.sid {
        Some(sid) => sid.clone(),
        None => match tx.sessions().sid(context, &family.session, &family.organization).await? {
            Some(sid) => sid,
            None => return Ok(None),
        },
    };
    tx.families().insert(family).await?;
    Ok(Some(before))
}
