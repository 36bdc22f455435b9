//! `/login/password`: user name and password.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{Person, address_of, brand_of, page, page_with, visit_context, way_back, with_return};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        flow::Step,
        page::sign_in::SignInPage,
        signing_in::{self, Attempt, Fault, Outcome},
    },
    limit::Network,
    policy::Policies,
    secret::{ExposeSecret, TokenHash},
    storage,
    web::{CsrfForm, Error, Frame, Page, Problem, Query, Refusal, ReturnTo, Visit, cookie::Cookie},
};

/// `GET /login`: on to whatever step is next.
pub(super) async fn enter(visit: Visit, person: Person) -> Response {
    let back = way_back(&visit);
    match person.step {
        Step::Done => back.path.into_response(),
        step => Redirect::to(&address_of(step, &visit, &back)).into_response(),
    }
}

/// `GET /login/password`
pub(super) async fn show(
    State(app): State<App>,
    visit: Visit,
    person: Person,
    Query(query): Query,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    let notice = query.value("changed").map(|_| visit.texts().authentication.sign_in.password_changed);
    let again = person.known.as_ref().filter(|_| person.step != Step::SignIn);
    let present = again.and_then(|(_, user)| user.email.as_ref()).map(ToString::to_string);
    let user_name = present.unwrap_or_else(|| query.trimmed("login_hint").to_owned());
    let view = SignInPage { notice, is_again: again.is_some(), user_name, ..blank(&app, &visit, &back).await? };
    Ok(page(&back, Page(view)))
}

/// `POST /login/password`
pub(super) async fn submit(
    State(policies): State<Policies>,
    State(authenticator): State<Authenticator>,
    visit: Visit,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let app = &policies.app;
    let back = way_back(&visit);
    let attempt = Attempt {
        context: visit_context(app, &visit, Actor::Anonymous),
        network: Network::from(visit.address()),
        user_agent: visit.user_agent(),
        present: visit.session_token().map(|token| TokenHash::of(token.expose_secret())),
        user_name: form.trimmed("user_name").to_owned(),
        password: form.secret("password"),
    };
    let outcome = match signing_in::attempt(&policies, &authenticator, attempt).await {
        Ok(outcome) => outcome,
        Err(Fault::Busy(_)) => return Err(Refusal::Busy.into()),
        Err(Fault::Storage(error)) => return Err(error.into()),
    };
    let texts = &visit.texts().authentication.sign_in;
    Ok(match outcome {
        Outcome::SignedIn(token) => {
            let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
            let next = with_return("/login", &back.seal(visit.site(), visit.browser()));
            (cookie, Redirect::to(&next)).into_response()
        }
        // The same page for every cause, but for its form token: what was typed is not repeated.
        Outcome::Refused => {
            let view = SignInPage { problems: vec![Problem::whole(texts.wrong)], ..blank(app, &visit, &back).await? };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &back, Page(view))
        }
        Outcome::Full => {
            let view = SignInPage { problems: vec![Problem::whole(texts.full)], ..blank(app, &visit, &back).await? };
            page_with(StatusCode::UNPROCESSABLE_ENTITY, &back, Page(view))
        }
        Outcome::Wait(time) => {
            let view =
                SignInPage { problems: vec![Problem::whole(texts.throttled)], ..blank(app, &visit, &back).await? };
            let wait = HeaderValue::from(time.as_secs().max(1));
            let mut response = page_with(StatusCode::TOO_MANY_REQUESTS, &back, Page(view));
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            response
        }
    })
}

async fn blank(app: &App, visit: &Visit, back: &ReturnTo) -> storage::Result<SignInPage> {
    let sealed = back.seal(visit.site(), visit.browser());
    let organization = match &back.shown.organization {
        Some(reference) => app.storage.read().await?.organizations().by_reference(reference).await?,
        None => None,
    };
    Ok(SignInPage {
        frame: Frame::new(visit).branded(organization.as_ref().map(brand_of)),
        action: with_return("/login/password", &sealed),
        reset_href: with_return("/password/forgotten", &sealed),
        app: back.shown.app.clone(),
        is_again: false,
        notice: None,
        user_name: String::new(),
        problems: vec![],
    })
}
