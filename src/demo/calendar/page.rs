//! The app's pages.

use std::sync::PoisonError;

use askama::Template;
use axum::{
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    Calendar,
    relying_party::{self, Answer, Pending, Refused, SignedIn},
};
use crate::{
    demo::clinic::{CLINICS, Clinic, PASSWORD, PEOPLE, Person},
    secret::{ExposeSecret, TokenHash},
};

#[derive(Template)]
#[template(path = "demo/welcome.html")]
struct Welcome<'a> {
    issuer: &'a str,
    password: &'static str,
    people: &'static [Person],
    problem: Option<String>,
}

#[derive(Template)]
#[template(path = "demo/home.html")]
struct Home {
    person: SignedIn,
    organization: String,
    clinics: &'static [Clinic],
    sites: Vec<Site>,
    problem: Option<String>,
}

struct Site {
    name: &'static str,
    appointments: Result<Vec<Shown>, String>,
}

#[derive(Deserialize)]
struct Shown {
    time: String,
    patient: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    problem: Option<String>,
}

/// `GET /`
pub(super) async fn home(State(app): State<Calendar>, headers: HeaderMap, Query(said): Query<Said>) -> Response {
    let problem = said.problem.map(|problem| problem.chars().take(300).collect());
    let Some(person) = current(&app, &headers).await else {
        let issuer = app.0.provider.issuer();
        return show(&Welcome { issuer, password: PASSWORD, people: &PEOPLE, problem });
    };
    let organization = app.slug_of(&person.claims.org_id).unwrap_or_default().to_owned();
    let mut sites = vec![];
    if let Some(clinic) = CLINICS.iter().find(|clinic| clinic.slug == organization) {
        for (slug, name) in clinic.locations {
            sites.push(Site { name, appointments: appointments(&app, &person, &organization, slug).await });
        }
    }
    show(&Home { person, organization, clinics: &CLINICS, sites, problem })
}

/// Asks the app's own API, with the person's token, as any other part of the app would.
async fn appointments(
    app: &Calendar,
    person: &SignedIn,
    organization: &str,
    location: &str,
) -> Result<Vec<Shown>, String> {
    let mut address = app.0.address.join("/api/appointments").map_err(|error| error.to_string())?;
    address.query_pairs_mut().append_pair("organization", organization).append_pair("location", location);
    let (_, mut answer) =
        app.0.provider.get_json(address, &person.access_token).await.map_err(|error| error.to_string())?;
    if let Some(why) = answer["error_description"].as_str().or(answer["error"].as_str()) {
        return Err(why.to_owned());
    }
    serde_json::from_value(answer["appointments"].take()).map_err(|error| error.to_string())
}

#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    organization: Option<String>,
}

/// `GET /login`
pub(super) async fn login(State(app): State<Calendar>, Query(wish): Query<Wish>) -> Response {
    leave(&app, relying_party::begin(&app, wish.organization.as_deref(), false).await)
}

/// `GET /switch?organization=…`: another practice, without signing in again.
pub(super) async fn switch(State(app): State<Calendar>, Query(wish): Query<Wish>) -> Response {
    leave(&app, relying_party::begin(&app, wish.organization.as_deref(), true).await)
}

fn leave(app: &Calendar, begun: Result<(url::Url, Pending), Refused>) -> Response {
    match begun {
        Ok((address, pending)) => {
            let token = app.remember(&app.0.pending, pending);
            let cookie = set_cookie(app, "calendar-pending", token.expose_secret(), 600);
            ([(header::SET_COOKIE, cookie)], Redirect::to(address.as_str())).into_response()
        }
        Err(refused) => back_home(&refused.to_string()),
    }
}

/// `GET /callback`
pub(super) async fn callback(
    State(app): State<Calendar>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Response {
    let pending = cookie(&app, &headers, "calendar-pending")
        .and_then(|token| app.0.pending.lock().unwrap_or_else(PoisonError::into_inner).remove(&TokenHash::of(&token)));
    let Some(pending) = pending else { return back_home(&Refused::Unknown.to_string()) };
    let quietly = pending.quietly;
    let error = answer.error.clone();
    match relying_party::finish(&app, pending, answer).await {
        Ok(person) => {
            end_session(&app, &headers);
            let token = app.remember(&app.0.sessions, person);
            let cookie = set_cookie(&app, "calendar-session", token.expose_secret(), 43_200);
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Err(_) if quietly && error.as_deref() == Some("access_denied") => {
            back_home("You are not a member of that practice.")
        }
        Err(refused) => back_home(&refused.to_string()),
    }
}

/// `GET /logout`: ends the app's session, then Lanyard's.
pub(super) async fn logout(State(app): State<Calendar>, headers: HeaderMap) -> Response {
    let Some(person) = end_session(&app, &headers) else { return Redirect::to("/").into_response() };
    let Ok(mut address) = url::Url::parse(app.0.provider.issuer()) else { return Redirect::to("/").into_response() };
    address.set_path("/oauth2/logout");
    address
        .query_pairs_mut()
        .append_pair("id_token_hint", &person.id_token)
        .append_pair("post_logout_redirect_uri", app.0.address.as_str());
    let cookie = set_cookie(&app, "calendar-session", "", 0);
    ([(header::SET_COOKIE, cookie)], Redirect::to(address.as_str())).into_response()
}

/// `GET /calendar.css`
pub(super) async fn stylesheet() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("../../../templates/demo/calendar.css"))
}

/// `GET /calendar.svg`, and what browsers ask for by themselves.
pub(super) async fn icon() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("../../../templates/demo/calendar.svg"))
}

pub(super) fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(text) => ([(header::CACHE_CONTROL, "no-store")], Html(text)).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

fn back_home(problem: &str) -> Response {
    let query: String = form_urlencoded::Serializer::new(String::new()).append_pair("problem", problem).finish();
    Redirect::to(&format!("/?{query}")).into_response()
}

/// The person of the app's session, with tokens that are still good; the session ends when Lanyard gives no more.
async fn current(app: &Calendar, headers: &HeaderMap) -> Option<SignedIn> {
    let key = TokenHash::of(&cookie(app, headers, "calendar-session")?);
    let sessions = || app.0.sessions.lock().unwrap_or_else(PoisonError::into_inner);
    let person = sessions().get(&key).cloned()?;
    match relying_party::renew(app, person.clone()).await {
        Ok(Some(person)) => {
            sessions().insert(key, person.clone());
            Some(person)
        }
        Ok(None) => {
            sessions().remove(&key);
            None
        }
        Err(_) => Some(person),
    }
}

fn end_session(app: &Calendar, headers: &HeaderMap) -> Option<SignedIn> {
    let token = cookie(app, headers, "calendar-session")?;
    app.0.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(&TokenHash::of(&token))
}

/// Cookies do not know ports: the name carries it, so that two demos do not disturb each other.
fn cookie_name(app: &Calendar, name: &str) -> String {
    format!("{name}-{}", app.0.address.port_or_known_default().unwrap_or(0))
}

fn cookie(app: &Calendar, headers: &HeaderMap, name: &str) -> Option<String> {
    let name = cookie_name(app, name);
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|line| line.split("; ")).filter_map(|pair| pair.split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

fn set_cookie(app: &Calendar, name: &str, value: &str, seconds: u32) -> String {
    format!("{}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}", cookie_name(app, name))
}
