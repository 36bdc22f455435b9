//! `/login/password`: user name and password.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};

use super::{Person, address_of, brand_of, page, page_with, passkey, station, visit_context, way_back, with_return};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        arriving::Arriving,
        flow::Step,
        home_realm,
        page::{
            passkey::PasskeyForm,
            sign_in::{OnTheWayPage, OrganizationSignInPage, SignInPage},
        },
        signing_in::{self, Attempt, Fault, Outcome},
    },
    ldap::trouble::Refusal as Refused,
    limit::Network,
    policy::Policies,
    secret::{ExposeSecret, TokenHash},
    storage,
    web::{
        CsrfForm, Error, Frame, Link, Page, Parameters, Problem, Query, Refusal, ReturnTo, Shown, Visit,
        cookie::Cookie, language::strings::federation::Directory,
    },
};

/// `GET /login`: on to whatever step is next. Whoever will need another factor may set it up on the way.
pub(super) async fn enter(visit: Visit, person: Person) -> Response {
    let back = way_back(&visit);
    let is_own = person.known.as_ref().is_some_and(|(session, _)| session.via.is_none());
    match person.step {
        Step::Done if person.to_come.is_some() && is_own => {
            Redirect::to(&address_of(Step::Enrol, &visit, &back)).into_response()
        }
        Step::Done => back.path.into_response(),
        step => Redirect::to(&address_of(step, &visit, &back)).into_response(),
    }
}

/// `GET /login/password`
pub(super) async fn show(
    (State(app), State(with)): (State<App>, State<Authenticator>),
    visit: Visit,
    person: Person,
    Query(query): Query,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    let texts = &visit.texts().authentication;
    let blank = blank((&app, &with), &visit, &back).await?;
    let notice = match (&blank.station, query.value("changed"), query.value(station::DONE)) {
        (_, Some(_), _) => Some(texts.sign_in.password_changed),
        (Some(_), None, Some(_)) => Some(texts.station.done),
        _ => None,
    };
    let again = person.known.as_ref().filter(|_| person.step != Step::SignIn);
    // At a shared workstation nobody is named before they come.
    let again = again.filter(|_| blank.station.is_none());
    let present = again.and_then(|(_, user)| user.email.as_ref()).map(ToString::to_string);
    let user_name = present.unwrap_or_else(|| query.trimmed("login_hint").to_owned());
    let view = SignInPage { notice, is_again: again.is_some(), user_name, ..blank };
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
        arriving: arriving(app, &visit, back.client()),
        network: Network::from(visit.address()),
        organization: organization(app, &visit, &back).await?,
        user_name: form.trimmed("user_name").to_owned(),
        password: form.secret("password"),
    };
    let outcome = match signing_in::attempt(&policies, &authenticator, attempt).await {
        Ok(outcome) => outcome,
        Err(Fault::Busy(_)) => return Err(Refusal::Busy.into()),
        Err(Fault::Storage(error)) => return Err(error.into()),
    };
    let (texts, with, unprocessable) =
        (&visit.texts().authentication.sign_in, (app, &authenticator), StatusCode::UNPROCESSABLE_ENTITY);
    Ok(match outcome {
        Outcome::SignedIn(token) => {
            let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
            let next = with_return("/login", &back.seal(visit.site(), visit.browser()));
            (cookie, Redirect::to(&next)).into_response()
        }
        // The same page for every cause, but for its form token: what was typed is not repeated.
        Outcome::Refused => again(with, &visit, &back, (unprocessable, Problem::whole(texts.wrong))).await?,
        Outcome::Full => again(with, &visit, &back, (unprocessable, Problem::whole(texts.full))).await?,
        Outcome::Closed(refusal) => {
            let problem = Problem::whole(closed(&visit.texts().federation.directory, refusal));
            again(with, &visit, &back, (unprocessable, problem)).await?
        }
        Outcome::Elsewhere(of) => {
            let shown = Shown { organization: Some(of.to_string()), ..back.shown.clone() };
            let problem = Problem::whole(visit.texts().federation.required);
            again(with, &visit, &back.showing(shown), (unprocessable, problem)).await?
        }
        Outcome::Silent => {
            let problem = Problem::whole(visit.texts().federation.directory.silent);
            again(with, &visit, &back, (StatusCode::SERVICE_UNAVAILABLE, problem)).await?
        }
        Outcome::Wait(time) => {
            let wait = HeaderValue::from(time.as_secs().max(1));
            let problem =
                (StatusCode::TOO_MANY_REQUESTS, Problem::whole((texts.throttled)(&visit.language().wait(time))));
            let mut response = again(with, &visit, &back, problem).await?;
            response.headers_mut().insert(header::RETRY_AFTER, wait);
            response
        }
    })
}

/// `GET /login/organization`: whoever has their account elsewhere says whose it is.
pub(super) async fn ask_organization(visit: Visit, Query(query): Query) -> Response {
    let back = way_back(&visit);
    let page_of_it = OrganizationSignInPage::new(&visit, &back, query.trimmed("login_hint").to_owned());
    page(&back, Page(page_of_it))
}

/// `POST /login/organization`
pub(super) async fn choose_organization(
    State(app): State<App>,
    visit: Visit,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    let typed = form.trimmed("user_name");
    if let Some(to) = away(&app, &visit, (&back, typed)).await? {
        // A form leads to no other site than this one; a page does.
        return Ok(Page(OnTheWayPage::new(&visit, to)).into_response());
    }
    let problem = Problem::of("user_name", visit.texts().federation.unknown);
    let view = OrganizationSignInPage {
        problems: vec![problem],
        ..OrganizationSignInPage::new(&visit, &back, typed.to_owned())
    };
    Ok(page_with(StatusCode::UNPROCESSABLE_ENTITY, &back, Page(view)))
}

/// The way to the identity provider of whoever typed this, if there is one.
async fn away(app: &App, visit: &Visit, (back, typed): (&ReturnTo, &str)) -> storage::Result<Option<String>> {
    let upstream = home_realm::of_address(&mut app.storage.read().await?, typed).await?;
    let Some(entrance) = upstream.and_then(|upstream| upstream.entrance()) else { return Ok(None) };
    let way = with_return(&entrance, &back.seal(visit.site(), visit.browser()));
    let hint = Parameters::from([("login_hint", typed)]).encode();
    Ok(Some(format!("{way}&{hint}")))
}

/// What is said to whoever has the right password of an account that its directory lets in no more.
const fn closed(texts: &Directory, refusal: Refused) -> &'static str {
    match refusal {
        Refused::Wrong => texts.silent,
        Refused::Hours => texts.hours,
        Refused::Place => texts.place,
        Refused::PasswordExpired => texts.password_expired,
        Refused::MustChange => texts.must_change,
        Refused::Disabled => texts.disabled,
        Refused::Expired => texts.expired,
        Refused::Locked => texts.locked,
    }
}

/// The organization that is signed in to: the one that the app asked for, or that of the shared workstation.
async fn organization(app: &App, visit: &Visit, back: &ReturnTo) -> storage::Result<Option<String>> {
    if back.shown.organization.is_some() {
        return Ok(back.shown.organization.clone());
    }
    Ok(station::of(app, visit).await?.map(|(_, organization)| organization.id.to_string()))
}

/// The browser that somebody comes in with.
#[must_use]
pub fn arriving(app: &App, visit: &Visit, client: Option<String>) -> Arriving {
    Arriving {
        context: visit_context(app, visit, Actor::Anonymous),
        user_agent: visit.user_agent(),
        present: visit.session_token().map(|token| TokenHash::of(token.expose_secret())),
        client,
        browser: visit.known_browser().map(|browser| TokenHash::of(browser.as_str())),
        site: visit.site().clone(),
    }
}

/// The page once more, with what was wrong.
pub(super) async fn again(
    with: (&App, &Authenticator),
    visit: &Visit,
    back: &ReturnTo,
    (status, problem): (StatusCode, Problem),
) -> Result<Response, Error> {
    let view = SignInPage { problems: vec![problem], ..blank(with, visit, back).await? };
    Ok(page_with(status, back, Page(view)))
}

async fn blank((app, with): (&App, &Authenticator), visit: &Visit, back: &ReturnTo) -> storage::Result<SignInPage> {
    let sealed = back.seal(visit.site(), visit.browser());
    let organization = match &back.shown.organization {
        Some(reference) => app.storage.read().await?.organizations().by_reference(reference).await?,
        None => None,
    };
    let at = station::of(app, visit).await?;
    let here = visit.texts().authentication.station.here;
    let station = at.as_ref().map(|(station, of)| here(station.name.as_str(), of.name.as_str()));
    let organization = organization.or(at.map(|(_, organization)| organization));
    let mut tx = app.storage.read().await?;
    let offered = match &organization {
        Some(organization) => home_realm::offered(&mut tx, organization).await?,
        None => vec![],
    };
    let elsewhere = offered.into_iter().filter_map(|(upstream, label)| {
        let href = with_return(&upstream.entrance()?, &sealed);
        Some(Link { label: (visit.texts().federation.sign_in_with)(&label), href })
    });
    let elsewhere: Vec<Link> = elsewhere.collect();
    let asks = organization.is_none() && tx.upstreams().has_any_to_sign_in().await?;
    drop(tx);
    Ok(SignInPage {
        frame: Frame::new(visit).branded(organization.as_ref().map(brand_of)),
        action: with_return("/login/password", &sealed),
        reset_href: with_return("/password/forgotten", &sealed),
        organization_href: asks.then(|| with_return("/login/organization", &sealed)),
        elsewhere,
        app: back.shown.app.clone(),
        is_again: false,
        notice: None,
        user_name: String::new(),
        passkey: passkey::form(with, visit, back)
            .map(|form| PasskeyForm { is_conditional: form.is_conditional && station.is_none(), ..form }),
        station,
        problems: vec![],
    })
}
