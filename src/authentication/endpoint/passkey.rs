//! `/login/passkey`: a passkey alone, or beside the password.

use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};

use super::{Person, second_factor, sign_in, visit_context, way_back, with_return};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        factor::passkey::{Asked, Ceremony},
        page::passkey::PasskeyForm,
        with_passkey::{Alone, Beside, Given, Outcome, alone, beside, keys_of},
    },
    clock::Timestamp,
    limit::Network,
    policy::Policies,
    secret::{ExposeSecret, SecretString, TokenHash},
    session::Session,
    storage,
    web::{CsrfForm, Error, Parameters, Problem, Refusal, ReturnTo, Visit, cookie::Cookie, sealed},
};

const PATH: &str = "/login/passkey";
/// Where another ceremony is had.
const RENEWAL: &str = "/login/passkey/options";
/// How long a ceremony is good.
const LIFE: std::time::Duration = std::time::Duration::from_mins(10);
const ALONE: &str = "passkey alone";

/// A ceremony on its way through the browser.
#[derive(Serialize, Deserialize)]
struct Opened {
    state: String,
    until: Timestamp,
}

/// What a ceremony is for: this session's person, or whoever answers.
fn purpose_of(session: &Session) -> String {
    format!("passkey beside the password of {}", session.id)
}

/// A ceremony for this browser and purpose alone.
#[must_use]
pub fn sealed_state(visit: &Visit, purpose: &str, state: String) -> String {
    let until = visit.site().clock().now().plus(LIFE);
    sealed::seal(&Opened { state, until }, visit.site(), (visit.browser(), purpose))
}

/// What a browser answered to a ceremony that was made for it and this purpose, and is not too old.
#[must_use]
pub fn given(visit: &Visit, purpose: &str, form: &Parameters) -> Option<Given> {
    let sealed = form.value("state")?;
    let Opened { state, until } = sealed::open(sealed, visit.site(), (visit.browser(), purpose))?;
    let is_good = visit.site().clock().now() < until;
    is_good.then(|| Given { state, until, answer: form.value("answer").unwrap_or_default().to_owned() })
}

/// The form of the sign-in page.
pub(super) fn form(with: &Authenticator, visit: &Visit, back: &ReturnTo) -> Option<PasskeyForm> {
    let Ceremony { options, state } = with.relying_party.ask_anybody()?;
    Some(PasskeyForm {
        action: with_return(PATH, &back.seal(visit.site(), visit.browser())),
        options,
        state: sealed_state(visit, ALONE, state),
        renew: RENEWAL.to_owned(),
        is_conditional: true,
    })
}

/// The form of the second factor, for whoever has passkeys.
pub(super) async fn form_of(
    (app, with): (&App, &Authenticator),
    (visit, back): (&Visit, &ReturnTo),
    session: &Session,
    asked: &Asked,
) -> storage::Result<Option<PasskeyForm>> {
    let kept = app.storage.read().await?.factors().keys(&session.user).await?;
    let keys = keys_of(&app.sealer, &kept);
    let ceremony = if keys.is_empty() { None } else { with.relying_party.ask(&keys, asked) };
    Ok(ceremony.map(|Ceremony { options, state }| PasskeyForm {
        action: with_return(PATH, &back.seal(visit.site(), visit.browser())),
        options,
        state: sealed_state(visit, &purpose_of(session), state),
        renew: String::new(),
        is_conditional: false,
    }))
}

/// Another ceremony for a page that stands open.
#[derive(Serialize)]
struct Another {
    options: String,
    state: String,
}

/// `GET /login/passkey/options`
pub(super) async fn renew(State(with): State<Authenticator>, visit: Visit) -> Result<Response, Error> {
    let Ceremony { options, state } = with.relying_party.ask_anybody().ok_or(Refusal::NotFound)?;
    Ok(Json(Another { options, state: sealed_state(&visit, ALONE, state) }).into_response())
}

/// `POST /login/passkey`
pub(super) async fn submit(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    person: Person,
    CsrfForm(typed): CsrfForm,
) -> Result<Response, Error> {
    let app = &policies.app;
    let back = way_back(&visit);
    if let Some((session, user)) = second_factor::waiting(&person)
        && let Some(given) = given(&visit, &purpose_of(session), &typed)
    {
        let context = visit_context(app, &visit, Actor::User(user.id.clone()));
        let (client, known) = (back.client(), second_factor::known(app, &visit, user));
        let (session, user, site) = (session.clone(), user.clone(), visit.site().clone());
        let attempt = Beside { context, session, user, given, client, known, site };
        let outcome = beside(&policies, &with, attempt).await?;
        if let Outcome::SignedIn(token) = outcome {
            return Ok(go_on(&visit, &back, &token));
        }
        let at = (&visit, &back, &Parameters::default());
        return second_factor::again((&policies, &with), at, &person, said(&visit, &outcome)).await;
    }
    let Some(given) = given(&visit, ALONE, &typed) else {
        let late = Problem::whole(visit.texts().authentication.passkey.too_late);
        let late = (StatusCode::UNPROCESSABLE_ENTITY, late);
        return sign_in::again((app, &with), &visit, &back, late).await;
    };
    let attempt = Alone {
        context: visit_context(app, &visit, Actor::Anonymous),
        network: Network::from(visit.address()),
        user_agent: visit.user_agent(),
        present: visit.session_token().map(|token| TokenHash::of(token.expose_secret())),
        given,
        client: back.client(),
        browser: visit.known_browser().map(|browser| TokenHash::of(browser.as_str())),
        site: visit.site().clone(),
    };
    match alone(&policies, &with, attempt).await? {
        Outcome::SignedIn(token) => Ok(go_on(&visit, &back, &token)),
        outcome => {
            let mut response = sign_in::again((app, &with), &visit, &back, said(&visit, &outcome)).await?;
            if let Outcome::Wait(time) = outcome {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs().max(1)));
            }
            Ok(response)
        }
    }
}

/// On to whatever step is next, with the session's new secret.
fn go_on(visit: &Visit, back: &ReturnTo, token: &SecretString) -> Response {
    let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
    (cookie, second_factor::onwards(visit, back)).into_response()
}

/// What a page says of an attempt that did not succeed.
fn said(visit: &Visit, outcome: &Outcome) -> (StatusCode, Problem) {
    let t = &visit.texts().authentication;
    match outcome {
        Outcome::Wait(time) => {
            (StatusCode::TOO_MANY_REQUESTS, Problem::whole((t.sign_in.throttled)(&visit.language().wait(*time))))
        }
        Outcome::Full => (StatusCode::UNPROCESSABLE_ENTITY, Problem::whole(t.sign_in.full)),
        Outcome::Closed => (StatusCode::UNPROCESSABLE_ENTITY, Problem::whole(t.passkey.closed)),
        _ => (StatusCode::UNPROCESSABLE_ENTITY, Problem::whole(t.passkey.wrong)),
    }
}
