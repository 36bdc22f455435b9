//! `/login/factor`: the second factor of whoever has one.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{
    Person, address_of, lost_factors, page, page_with, passkey, station, visit_context, way_back, with_return,
};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        allowed::Allowed,
        assurance,
        factor::Kind,
        flow::Step,
        lockout::Known,
        page::second_factor::SecondFactorPage,
        recovery::factors_changed,
        remembered,
        second_factor::{self, Attempt, Notices, Outcome},
    },
    clock::Timestamp,
    directory::user::User,
    limit::Network,
    policy::Policies,
    secret::{ExposeSecret, TokenHash},
    session::Session,
    storage,
    web::{
        CsrfForm, Error, FactorChange, Frame, Page, Parameters, Problem, Query, Refusal, ReturnTo, Visit,
        cookie::Cookie,
    },
};

const PATH: &str = "/login/factor";
/// The parameter that asks for a recovery code.
const RECOVERY: &str = "recovery";

/// `GET /login/factor`
pub(super) async fn show(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    person: Person,
    Query(query): Query,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    Ok(match waiting(&person) {
        // With the link in a letter, whoever has lost every factor goes on there.
        Some(_) if lost_factors::leads_there(&back) => back.path.into_response(),
        Some(_) => page(&back, Page(view((&policies, &with), (&visit, &back, &query), &person, vec![]).await?)),
        None => onwards(&visit, &back),
    })
}

/// `POST /login/factor`
pub(super) async fn submit(
    (State(policies), State(authenticator)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    person: Person,
    Query(query): Query,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let app = &policies.app;
    let back = way_back(&visit);
    let Some((session, user)) = waiting(&person).cloned() else { return Ok(onwards(&visit, &back)) };
    let context = visit_context(app, &visit, Actor::User(user.id.clone()));
    let notices = notices(&visit, &user, context.now);
    let is_key_wanted = person.wanted == Some(assurance::PHISHING_RESISTANT) && has_keys(app, &user).await?;
    let network = Network::from(visit.address());
    let span = remembered::span(&policies, &user.id).await?.filter(|_| form.value("remember").is_some());
    let known = known(app, &visit, &user).map(|known| if span.is_some() { known.remembered() } else { known });
    let attempt = Attempt {
        context,
        network,
        session,
        user,
        code: form.secret("code"),
        client: back.client(),
        known,
        is_key_wanted,
        notices,
    };
    let again =
        |status, problem| again((&policies, &authenticator), (&visit, &back, &query), &person, (status, problem));
    let texts = &visit.texts().authentication;
    let wrong =
        if query.value(RECOVERY).is_some() { texts.second_factor.wrong_recovery } else { texts.second_factor.wrong };
    Ok(match second_factor::attempt(&policies, &authenticator, attempt).await? {
        Outcome::Proved(token) => {
            (Cookie::Session.set(visit.site(), token.expose_secret()), onwards(&visit, &back)).into_response()
        }
        Outcome::Refused => again(StatusCode::UNPROCESSABLE_ENTITY, Problem::of("code", wrong)).await?,
        Outcome::Full => again(StatusCode::UNPROCESSABLE_ENTITY, Problem::whole(texts.sign_in.full)).await?,
        Outcome::Wait(time) => {
            let problem = Problem::whole((texts.sign_in.throttled)(&visit.language().wait(time)));
            let mut response = again(StatusCode::TOO_MANY_REQUESTS, problem).await?;
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs().max(1)));
            response
        }
    })
}

/// Whole days, the last one that began too.
const fn days(span: std::time::Duration) -> u64 {
    span.as_secs().div_ceil(86_400)
}

async fn has_keys(app: &App, user: &User) -> storage::Result<bool> {
    Ok(!app.storage.read().await?.factors().keys(&user.id).await?.is_empty())
}

/// The browser, in which the person is about to have signed in.
pub(super) fn known(app: &App, visit: &Visit, user: &User) -> Option<Known> {
    let browser = visit.known_browser().map(|browser| TokenHash::of(browser.as_str()));
    Known::of(app, visit.site(), user, browser)
}

/// Whoever this step is for.
pub(super) fn waiting(person: &Person) -> Option<&(Session, User)> {
    person.known.as_ref().filter(|_| person.step == Step::SecondFactor)
}

/// The page once more, with what was wrong.
pub(super) async fn again(
    with: (&Policies, &Authenticator),
    at: (&Visit, &ReturnTo, &Parameters),
    person: &Person,
    (status, problem): (StatusCode, Problem),
) -> Result<Response, Error> {
    Ok(page_with(status, at.1, Page(view(with, at, person, vec![problem]).await?)))
}

pub(super) fn onwards(visit: &Visit, back: &ReturnTo) -> Response {
    Redirect::to(&with_return("/login", &back.seal(visit.site(), visit.browser()))).into_response()
}

/// Word to the person of what may happen, in their language.
fn notices(visit: &Visit, user: &User, at: Timestamp) -> Notices {
    let to = (visit.site(), visit.language_for(user.locale.as_deref()));
    Notices {
        recovery: factors_changed(to, user, FactorChange::CodeUsed, at),
        guessing: factors_changed(to, user, FactorChange::CodesGuessed, at),
    }
}

async fn view(
    (policies, with): (&Policies, &Authenticator),
    (visit, back, query): (&Visit, &ReturnTo, &Parameters),
    person: &Person,
    problems: Vec<Problem>,
) -> Result<SecondFactorPage, Error> {
    let (session, _) = waiting(person).ok_or(Refusal::FormExpired)?;
    let own = with_return(PATH, &back.seal(visit.site(), visit.browser()));
    let recovery = format!("{own}&{RECOVERY}=1");
    let (app, allowed) = (&policies.app, Allowed::of_person(policies, &session.user).await?);
    let proving = allowed.proving(&app.storage.read().await?.factors().of_user(&session.user).await?);
    let passkey = if proving.contains(&Kind::Passkey) {
        passkey::form_of((app, with), (visit, back), session, &allowed.of_keys).await?
    } else {
        None
    };
    // By a recovery code, whoever has lost the key sets up another.
    let may_enrol = person.wanted.is_some() && assurance::meets(&session.acr, assurance::MULTI_FACTOR);
    let has_app = proving.contains(&Kind::Totp);
    // Whoever has only what is closed has the recovery codes.
    let has_other = has_app || passkey.is_some();
    let is_recovery = query.value(RECOVERY).is_some() || !has_other;
    let (action, other_href) = if is_recovery { (recovery, own) } else { (own, recovery) };
    let passkey = passkey.filter(|_| !is_recovery);
    let is_key_wanted = passkey.is_some() && person.wanted == Some(assurance::PHISHING_RESISTANT);
    let days = match station::of(app, visit).await? {
        None if !is_recovery => remembered::span(policies, &session.user).await?.map(days),
        _ => None,
    };
    Ok(SecondFactorPage {
        frame: Frame::new(visit),
        action,
        other_href: has_other.then_some(other_href),
        other_person_href: address_of(Step::SignIn, visit, back),
        is_recovery,
        days,
        passkey,
        has_app: has_app && !is_key_wanted,
        is_key_wanted,
        lost_href: may_enrol.then(|| address_of(Step::Enrol, visit, back)),
        problems,
    })
}
