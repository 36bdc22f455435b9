//! Who is in front of the browser: extractors for every page that needs a person.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{Method, request::Parts},
    response::{IntoResponse, Response},
};

use super::{address_of, send_to_sign_in};
use crate::{
    app::App,
    authentication::{
        assurance,
        flow::{self, Standing, Step},
    },
    directory::user::User,
    policy::{Policies, password::Asked},
    secret::{ExposeSecret, TokenHash},
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
    /// The next step of the sign-in.
    pub step: Step,
}

/// A person who has done every step of the sign-in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub session: Session,
    /// The person.
    pub user: User,
}

/// A person who has proved who they are so lately that they may change what they sign in with.
#[derive(Debug, Clone)]
pub struct FreshlySignedIn(pub SignedIn);

impl Person {
    /// Loads the person of a visit and decides what is left to do. The use of the session is written down, once a
    /// minute.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn of(policies: &Policies, visit: &Visit) -> storage::Result<Self> {
        let app = &policies.app;
        let Some(token) = visit.session_token() else { return Ok(Self { known: None, step: Step::SignIn }) };
        let mut tx = app.storage.read().await?;
        let Some(session) = tx.sessions().by_token(TokenHash::of(token.expose_secret())).await? else {
            return Ok(Self { known: None, step: Step::SignIn });
        };
        let user = tx.users().by_id(&session.user).await?;
        let texts_wait = match (&app.config.terms, &user) {
            (Some(terms), Some(user)) => tx.acceptances().is_any_missing(&user.id, &terms.version).await?,
            _ => false,
        };
        // Who has proved a second factor has one, and is not asked again while the session lasts.
        let is_proved = assurance::meets(&session.acr, assurance::MULTI_FACTOR);
        let has_second_factor = !is_proved && tx.factors().has_any(&session.user).await?;
        drop(tx);
        let rules = policies.of_person(&session.user).await?;
        let (lifetime, now) = (rules.all().lifetime(&app.config.session), app.clock.now());
        let changed_at = user.as_ref().and_then(|user| user.password_changed_at);
        let password_ends_at = Asked::of(&app.config.password, &rules.all()).expires_at(changed_at);
        let standing = Standing {
            session: Some(&session),
            user: user.as_ref(),
            has_second_factor,
            password_ends_at,
            texts_wait,
            lifetime,
            now,
        };
        let step = flow::next_step(&standing);
        if !matches!(step, Step::SignIn | Step::SecondFactor) && session.is_use_worth_writing(app.clock.now()) {
            touch(app, &session).await?;
        }
        Ok(Self { known: user.map(|user| (session, user)), step })
    }

    /// The person, when every step is done.
    #[must_use]
    pub fn signed_in(self) -> Option<SignedIn> {
        let (session, user) = self.known.filter(|_| self.step == Step::Done)?;
        Some(SignedIn { session, user })
    }
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

    /// A GET is sent through the sign-in and back (without its query, where that is too long to be kept); a POST is told
    /// that its form has expired, since its content is gone.
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let person = Person::from_request_parts(parts, state).await?;
        let step = person.step;
        if let Some(signed_in) = person.signed_in() {
            return Ok(signed_in);
        }
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            return Err(Refusal::FormExpired.into_response());
        }
        let back = LocalPath::parse(visit.target()).or_else(|_| LocalPath::parse(parts.uri.path()));
        let back = back.map_err(|_| Refusal::NotFound.into_response())?;
        let address = address_of(step, &visit, &ReturnTo::new(back, visit.site()));
        Err(axum::response::Redirect::to(&address).into_response())
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
        let policies = Policies::from_ref(state);
        let app = &policies.app;
        let rules = policies.of_person(&person.user.id).await.map_err(|error| Error::from(error).into_response())?;
        let fresh = rules.all().within(app.config.session.fresh, Setting::SessionFresh);
        if app.clock.now().since(person.session.auth_time) < fresh {
            return Ok(Self(person));
        }
        let visit = Visit::from_request_parts(parts, state).await.map_err(IntoResponse::into_response)?;
        let back = LocalPath::parse(parts.uri.path()).map_err(|_| Refusal::NotFound.into_response())?;
        Err(send_to_sign_in(&visit, &ReturnTo::new(back, visit.site())))
    }
}
