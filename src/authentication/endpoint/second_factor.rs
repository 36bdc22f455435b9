//! `/login/factor`: the second factor of whoever has one.

use std::time::Duration;

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
        factor::{Factor, Kind},
        flow::Step,
        known_device::Known,
        page::second_factor::{OtherWay, SecondFactorPage, SentStep, Way, masked},
        recovery::factors_changed,
        remembered,
        second_factor::{self, Attempt, Notices, Outcome},
        sending::{self, Asking, Sent},
        store::{Place, Purpose},
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
/// The parameter that asks for a code that is sent, by the kind of its factor.
const BY: &str = "by";
/// After this time there may be room for text messages again.
pub const WHILE: Duration = Duration::from_mins(5);

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
    if form.value("send").is_some() {
        return send((&policies, &authenticator), (&visit, &back, &query), &person, (session, user)).await;
    }
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
        by: sent_by(&query),
        client: back.client(),
        known,
        is_key_wanted,
        notices,
    };
    let again =
        |status, problem| again((&policies, &authenticator), (&visit, &back, &query), &person, (status, problem));
    let texts = &visit.texts().authentication;
    Ok(match second_factor::attempt(&policies, &authenticator, attempt).await? {
        Outcome::Proved(token) => {
            (Cookie::Session.set(visit.site(), token.expose_secret()), onwards(&visit, &back)).into_response()
        }
        Outcome::Refused => again(StatusCode::UNPROCESSABLE_ENTITY, wrong(&visit, &query)).await?,
        Outcome::Full => again(StatusCode::UNPROCESSABLE_ENTITY, Problem::whole(texts.sign_in.full)).await?,
        Outcome::Wait(time) => {
            let problem = Problem::whole((texts.sign_in.throttled)(&visit.language().wait(time)));
            after(time, again(StatusCode::TOO_MANY_REQUESTS, problem).await?)
        }
    })
}

/// A code is sent, and the browser goes on to where it is typed.
async fn send(
    (policies, with): (&Policies, &Authenticator),
    at: (&Visit, &ReturnTo, &Parameters),
    person: &Person,
    (session, user): (Session, User),
) -> Result<Response, Error> {
    let (visit, back, query) = at;
    let Some(kind) = sent_by(query) else { return Ok(onwards(visit, back)) };
    let own = way(&with_return(PATH, &back.seal(visit.site(), visit.browser())), Way::Sent(kind));
    let asking = Asking {
        context: visit_context(&policies.app, visit, Actor::User(user.id.clone())),
        session,
        kind,
        purpose: Purpose::SignIn,
        number: None,
        site: visit.site().clone(),
        language: visit.language_for(user.locale.as_deref()),
    };
    let t = &visit.texts().authentication.sent;
    let (time, problem) = match sending::send(policies, asking).await? {
        Sent::Yes => return Ok(Redirect::to(&own).into_response()),
        Sent::Nowhere => return Ok(onwards(visit, back)),
        Sent::Wait(time) => (time, (t.wait)(&visit.language().wait(time))),
        Sent::Unreachable => (WHILE, t.phone.unreachable.to_owned()),
        Sent::Exhausted => (WHILE, t.phone.exhausted.to_owned()),
    };
    let refused = (StatusCode::TOO_MANY_REQUESTS, Problem::whole(problem));
    Ok(after(time, again((policies, with), at, person, refused).await?))
}

/// An answer to whoever may try again after this time.
#[must_use]
pub fn after(time: Duration, mut response: Response) -> Response {
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(time.as_secs().max(1)));
    response
}

/// By which way a code is sent, where one is asked for that is.
fn sent_by(query: &Parameters) -> Option<Kind> {
    query.value(BY).and_then(Kind::stored).filter(|kind| Kind::SENT.contains(kind))
}

/// The page for another way, whose own address is `own`.
fn way(own: &str, way: Way) -> String {
    match way {
        Way::App | Way::Passkey => own.to_owned(),
        Way::Sent(kind) => format!("{own}&{BY}={}", kind.as_str()),
        Way::Recovery => format!("{own}&{RECOVERY}=1"),
    }
}

fn wrong(visit: &Visit, query: &Parameters) -> Problem {
    let texts = &visit.texts().authentication;
    let wrong = match (query.value(RECOVERY), sent_by(query)) {
        (Some(_), _) => texts.second_factor.wrong_recovery,
        (None, Some(_)) => texts.sent.wrong,
        (None, None) => texts.second_factor.wrong,
    };
    Problem::of("code", wrong)
}

/// Whole days, the last one that began too.
const fn days(span: Duration) -> u64 {
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
    let (session, user) = waiting(person).ok_or(Refusal::FormExpired)?;
    let own = with_return(PATH, &back.seal(visit.site(), visit.browser()));
    let (app, allowed) = (&policies.app, Allowed::of_person(policies, &session.user).await?);
    let factors = app.storage.read().await?.factors().of_user(&session.user).await?;
    let proving = allowed.proving(&factors);
    let passkey = if proving.contains(&Kind::Passkey) {
        passkey::form_of((app, with), (visit, back), session, &allowed.of_keys).await?
    } else {
        None
    };
    // By a recovery code, whoever has lost the key sets up another.
    let may_enrol = person.wanted.is_some() && assurance::meets(&session.acr, assurance::MULTI_FACTOR);
    let has_app = proving.contains(&Kind::Totp);
    let is_key_wanted = passkey.is_some() && person.wanted == Some(assurance::PHISHING_RESISTANT);
    let first = match (has_app && !is_key_wanted, passkey.is_some()) {
        (true, _) => Some(Way::App),
        (false, true) => Some(Way::Passkey),
        (false, false) => None,
    };
    let sent = Kind::SENT.into_iter().filter(|kind| proving.contains(kind) && !is_key_wanted).map(Way::Sent);
    let ways: Vec<Way> = first.into_iter().chain(sent).chain([Way::Recovery]).collect();
    let chosen = chosen(&ways, query);
    let passkey = passkey.filter(|_| matches!(chosen, Way::App | Way::Passkey));
    let days = match station::of(app, visit).await? {
        None if chosen != Way::Recovery => remembered::span(policies, &session.user).await?.map(days),
        _ => None,
    };
    let other = |other: &Way| OtherWay { href: way(&own, *other), way: *other };
    Ok(SecondFactorPage {
        frame: Frame::new(visit),
        action: way(&own, chosen),
        others: ways.iter().filter(|one| **one != chosen).map(other).collect(),
        other_person_href: address_of(Step::SignIn, visit, back),
        way: chosen,
        sent: sent_step(app, (session, user), (chosen, &factors)).await?,
        is_mail_closed: factors.iter().any(|one| one.kind == Kind::Email && one.closed_at.is_some()),
        days,
        passkey,
        has_app: has_app && !is_key_wanted,
        is_key_wanted: is_key_wanted && chosen != Way::Recovery,
        lost_href: may_enrol.then(|| address_of(Step::Enrol, visit, back)),
        problems,
    })
}

/// The way that the page is for: the one that was asked for, or else the first.
fn chosen(ways: &[Way], query: &Parameters) -> Way {
    let asked = match (query.value(RECOVERY), sent_by(query)) {
        (Some(_), _) => Some(Way::Recovery),
        (None, Some(kind)) => Some(Way::Sent(kind)),
        (None, None) => None,
    };
    asked.filter(|way| ways.contains(way)).or_else(|| ways.first().copied()).unwrap_or(Way::Recovery)
}

async fn sent_step(
    app: &App,
    (session, user): (&Session, &User),
    (chosen, factors): (Way, &[Factor]),
) -> storage::Result<Option<SentStep>> {
    let Way::Sent(kind) = chosen else { return Ok(None) };
    let place = Place { user: &user.id, session: &session.id, kind, purpose: Purpose::SignIn };
    let mut tx = app.storage.read().await?;
    let is_waiting = sending::waiting(&mut tx, &app.sealer, place, app.clock.now()).await?.is_some();
    let to = match kind {
        // Its name shows no more of a number than this.
        Kind::Sms => factors.iter().find(|one| one.kind == kind).map(|one| one.name.clone()).unwrap_or_default(),
        _ => masked(user.email.as_ref().map_or("", |email| email.as_str())),
    };
    Ok(Some(SentStep { kind, to, is_waiting }))
}
