//! Who is in front of the browser: extractors for every page that needs a person.

use std::time::Duration;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{Method, request::Parts},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    address_of,
    bound::{self, Brought},
    given_way, send_to_sign_in, visit_context,
};
use crate::{
    app::App,
    audit::{Actor, Event},
    authentication::{
        allowed::Allowed,
        assurance,
        flow::{self, Standing, Step},
    },
    clock::Timestamp,
    directory::user::User,
    policy::{Barrier, Policies, password::Asked},
    session::Session,
    setting::Setting,
    storage,
    web::{Error, LocalPath, Refusal, ReturnTo, Visit},
};

/// Whoever the browser's cookie names, and what is left to do.
#[derive(Debug, Clone)]
pub struct Person {
    /// The session and its person, when there is a session at all.
    pub known: Option<(Session, User)>,
    /// Whether that session lives and its person may sign in.
    pub is_live: bool,
    /// The next step of the sign-in.
    pub step: Step,
    /// How sure rules want it to be.
    pub wanted: Option<&'static str>,
    /// From when on rules will want it surer than the person can prove, and how sure then.
    pub to_come: Option<(&'static str, Timestamp)>,
    /// At a shared workstation: how long the session may stay unused.
    pub locks_after: Option<Duration>,
    /// When the password has to be replaced, because of its age.
    pub password_ends_at: Option<Timestamp>,
}

/// A person who has done every step of the sign-in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
    /// At a shared workstation: the session is over when it is not used for so long.
    pub locks_after: Option<Duration>,
    /// When the password has to be replaced, because of its age.
    pub password_ends_at: Option<Timestamp>,
}

/// A person who has proved who they are so lately that they may change what they sign in with.
#[derive(Debug, Clone)]
pub struct FreshlySignedIn(pub SignedIn);

/// A person who may change where their letters go, and their password: whoever has a factor has proved it as lately.
#[derive(Debug, Clone)]
pub struct SurelySignedIn(pub SignedIn);

/// A person who has proved as lately who they are, and may have no more left to do than to set up a factor.
#[derive(Debug, Clone)]
pub struct Enroller {
    /// The person.
    pub person: SignedIn,
    /// Where they are on the way to.
    pub way: Option<ReturnTo>,
    /// How sure rules want the sign-in to be, if it is not yet.
    pub wanted: Option<&'static str>,
    /// From when on they will want it surer, and how sure then.
    pub to_come: Option<(&'static str, Timestamp)>,
}

impl Person {
    /// Loads the person of a visit and decides what is left to do. The use of the session is written down, once a
    /// minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(policies: &Policies, visit: &Visit) -> storage::Result<Self> {
        let app = &policies.app;
        let Some(token) = bound::named(visit) else { return Ok(Self::nobody()) };
        let mut tx = app.storage.read().await?;
        let Some(brought) = Brought::by(&mut tx, token).await? else { return Ok(Self::nobody()) };
        let session = brought.session.clone();
        let user = tx.users().by_id(&session.user).await?;
        let texts_wait = match (&app.config.terms, &user) {
            (Some(terms), Some(user)) => tx.acceptances().is_any_missing(&user.id, &terms.version).await?,
            _ => false,
        };
        drop(tx);
        let rules = policies.of_person(&session.user).await?;
        if !brought.counts(app, (visit, user.as_ref()), &rules.all()).await? {
            return Ok(Self::nobody());
        }
        let (lifetime, now) = (rules.all().lifetime(&app.config.session), app.clock.now());
        let changed_at = user.as_ref().and_then(|user| user.password_changed_at);
        let password_ends_at = Asked::of(&app.config.password, &rules.all()).expires_at(changed_at);
        let proved = assurance::level(&session.acr);
        let (demands, wants) = (rules.all().demands(), |level| assurance::acr(level));
        let (wanted, next) = (demands.at(now), demands.next(proved, now));
        // Who has proved enough is not asked again while the session lasts.
        let is_enough = proved.is_some() && wanted <= proved && next.is_none();
        let reach = if is_enough {
            assurance::PASSWORD
        } else {
            reach(app, &session, &Allowed::of(&rules.all(), app.config.factors)).await?
        };
        let to_come = next.map(|(level, from)| (wants(level), from)).filter(|(acr, _)| !assurance::meets(reach, acr));
        let wanted = wanted.map(wants);
        let standing = Standing {
            session: Some(&session),
            user: user.as_ref(),
            reach,
            wanted,
            password_ends_at,
            texts_wait,
            lifetime,
            now,
        };
        let step = flow::next_step(&standing);
        let locks_after = session.station.as_ref().map(|_| session.idle_within(lifetime));
        if !matches!(step, Step::SignIn | Step::SecondFactor | Step::Enrol)
            && session.is_use_worth_writing(app.clock.now())
        {
            touch(app, &session).await?;
        }
        let is_live = flow::is_live(&standing);
        Ok(Self {
            known: user.map(|user| (session, user)),
            is_live,
            step,
            wanted,
            to_come,
            locks_after,
            password_ends_at,
        })
    }

    const fn nobody() -> Self {
        let (wanted, to_come, locks_after, password_ends_at) = (None, None, None, None);
        Self { known: None, is_live: false, step: Step::SignIn, wanted, to_come, locks_after, password_ends_at }
    }

    /// The person, when every step is done.
    #[must_use]
    pub fn signed_in(self) -> Option<SignedIn> {
        let (session, user) = self.known.filter(|_| self.step == Step::Done)?;
        let (locks_after, password_ends_at) = (self.locks_after, self.password_ends_at);
        Some(SignedIn { session, user, locks_after, password_ends_at })
    }
}

/// The surest that the person of a session can prove.
async fn reach(app: &App, session: &Session, allowed: &Allowed) -> storage::Result<&'static str> {
    let factors = app.storage.read().await?.factors().of_user(&session.user).await?;
    Ok(allowed.reach(&factors))
}

async fn touch(app: &App, session: &Session) -> storage::Result<()> {
    let (id, now) = (session.id.clone(), app.clock.now());
    app.storage.write(move |tx| Box::pin(async move { tx.sessions().touch(&id, now).await })).await
}

impl<S> FromRequestParts<S> for Person
where
    S: Send + Sync,
    Policies: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        Self::of(&Policies::from_ref(state), &visit).await.map_err(|error| Error::from(error).into_response())
    }
}

impl<S> FromRequestParts<S> for SignedIn
where
    S: Send + Sync,
    Policies: FromRef<S>,
{
    type Rejection = Response;

    /// A GET is sent through the sign-in and back (without its query, where that is too long to be kept), and so is whoever
    /// is signed in and has a step to do that was not there when their form was opened: they fill it in once more. A POST of
    /// nobody is told that its form has expired, since its content is gone.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let person = Person::from_request_parts(parts, state).await?;
        let (step, is_live) = (person.step, person.is_live);
        let person = person.signed_in().ok_or_else(|| sent_to((step, is_live), &visit, parts))?;
        is_own(&Policies::from_ref(state), &visit, &person.session).await?;
        Ok(person)
    }
}

/// Whoever came in by the word of one organization does not see on their own pages, nor change there, what is another's as well.
async fn is_own(policies: &Policies, visit: &Visit, session: &Session) -> Result<(), Response> {
    let Some(via) = &session.via else { return Ok(()) };
    let path = visit.path();
    if path != "/account" && !path.starts_with("/account/") {
        return Ok(());
    }
    let failed = |error: storage::Error| Error::from(error).into_response();
    let mut tx = policies.app.storage.read().await.map_err(failed)?;
    let ever = tx.memberships().organizations_ever(&session.user).await.map_err(failed)?;
    // Invitations are those of others.
    let is_theirs_alone =
        !path.starts_with("/account/invitations") && ever.iter().all(|organization| *organization == via.organization);
    if is_theirs_alone { Ok(()) } else { Err(Refusal::OwnSignIn.into_response()) }
}

/// The answer to whoever has a step to do first.
fn sent_to((step, is_live): (Step, bool), visit: &Visit, parts: &Parts) -> Response {
    if !is_live && !matches!(parts.method, Method::GET | Method::HEAD) {
        return Refusal::FormExpired.into_response();
    }
    match LocalPath::parse(visit.target()).or_else(|_| LocalPath::parse(parts.uri.path())) {
        Ok(back) => Redirect::to(&address_of(step, visit, &ReturnTo::new(back, visit.site()))).into_response(),
        Err(_) => Refusal::NotFound.into_response(),
    }
}

impl<S> FromRequestParts<S> for FreshlySignedIn
where
    S: Send + Sync,
    Policies: FromRef<S>,
{
    type Rejection = Response;

    /// Whoever proved it too long ago does so again and comes back; what a form held is filled in once more.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let person = SignedIn::from_request_parts(parts, state).await?;
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if is_fresh(&Policies::from_ref(state), &visit, &person.session).await? {
            return Ok(Self(person));
        }
        Err(sent_to_prove_it(parts, state).await)
    }
}

impl<S> FromRequestParts<S> for SurelySignedIn
where
    S: Send + Sync,
    Policies: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let person = SignedIn::from_request_parts(parts, state).await?;
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        if is_sure(&Policies::from_ref(state), &visit, &person.session).await? {
            return Ok(Self(person));
        }
        Err(sent_to_prove_it(parts, state).await)
    }
}

/// The answer to whoever proves once more who they are, and comes back.
async fn sent_to_prove_it<S: Send + Sync>(parts: &mut Parts, state: &S) -> Response {
    let visit = match Visit::from_request_parts(parts, state).await {
        Ok(visit) => visit,
        Err(error) => return error.into_response(),
    };
    match LocalPath::parse(parts.uri.path()) {
        Ok(back) => send_to_sign_in(&visit, &ReturnTo::new(back, visit.site())),
        Err(_) => Refusal::NotFound.into_response(),
    }
}

/// Whoever has a factor proves it, and not the password alone; whoever has none is not where they never were.
async fn is_sure(policies: &Policies, visit: &Visit, session: &Session) -> Result<bool, Response> {
    let failed = |error: storage::Error| Error::from(error).into_response();
    let is_fresh = is_fresh(policies, visit, session).await?;
    let mut tx = policies.app.storage.read().await.map_err(failed)?;
    let has_factor = tx.factors().has_any(&session.user).await.map_err(failed)?;
    Ok(!has_factor || is_fresh && assurance::meets(&session.acr, assurance::MULTI_FACTOR))
}

/// In a browser that is remembered, whoever changes what they sign in with proves the factor too.
async fn is_fresh(policies: &Policies, visit: &Visit, session: &Session) -> Result<bool, Response> {
    if session.acr == assurance::REMEMBERED {
        return Ok(false);
    }
    let app = &policies.app;
    let rules = policies.of_person(&session.user).await.map_err(|error| Error::from(error).into_response())?;
    // Whoever knows a password alone sets up no second factor from where the person never was.
    let is_sure = assurance::meets(&session.acr, assurance::MULTI_FACTOR);
    if let Some(setting) = rules.all().doubt(session.unexpected).filter(|_| !is_sure) {
        let stopped = note_stop(policies, visit, (session, rules.all().by(setting))).await;
        stopped.map_err(|error| Error::from(error).into_response())?;
        return Err(Refusal::Forbidden.into_response());
    }
    let fresh = rules.all().within(app.config.session.fresh, Setting::SessionFresh);
    Ok(app.clock.now().since(session.auth_time) < fresh)
}

/// Writes down which rule kept somebody from changing what they sign in with.
async fn note_stop(policies: &Policies, visit: &Visit, (session, barrier): (&Session, Barrier)) -> storage::Result<()> {
    let Some(times) = policies.recurring.count((session.user.to_string(), barrier.setting)) else { return Ok(()) };
    let context = visit_context(&policies.app, visit, Actor::User(session.user.clone()));
    let (user, client, setting) = (session.user.to_string(), String::new(), barrier.setting.name().to_owned());
    let event = Event::PolicyRefusal { user, client, setting, rules: barrier.rules, times };
    policies.app.storage.append(move |additions| additions.record(&context, None, &event)).await
}

impl<S> FromRequestParts<S> for Enroller
where
    S: Send + Sync,
    Policies: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let Person { known, is_live, step, wanted, to_come, locks_after, password_ends_at } =
            Person::from_request_parts(parts, state).await?;
        // Whoever came by a recovery code may have lost the key that is asked for.
        let may = |session: &Session| match step {
            Step::Done | Step::Enrol => true,
            Step::SecondFactor => assurance::meets(&session.acr, assurance::MULTI_FACTOR),
            _ => false,
        };
        let known = known.filter(|(session, _)| may(session));
        let (session, user) = known.ok_or_else(|| sent_to((step, is_live), &visit, parts))?;
        is_own(&Policies::from_ref(state), &visit, &session).await?;
        let way = given_way(&visit);
        if is_fresh(&Policies::from_ref(state), &visit, &session).await? {
            let wanted = wanted.filter(|_| step != Step::Done);
            return Ok(Self {
                person: SignedIn { session, user, locks_after, password_ends_at },
                way,
                wanted,
                to_come,
            });
        }
        let path = LocalPath::parse(parts.uri.path()).map_err(|_| Refusal::NotFound.into_response())?;
        // Whoever is on the way somewhere is sent here from there once more.
        Err(send_to_sign_in(&visit, &way.unwrap_or_else(|| ReturnTo::new(path, visit.site()))))
    }
}
