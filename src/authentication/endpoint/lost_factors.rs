//! `/recovery/{token}`: whoever has lost every factor goes on with the password; `/recovery/stop/{token}` ends it.

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};

use super::{Person, address_of, page, second_factor::known, second_factor::onwards, visit_context, way_back};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        flow::Step,
        lost_factors::{
            Desk, Recovery,
            letting_in::{self, Link, Using},
        },
        page::lost_factors::{LostFactorsPage, StopRecoveryPage},
    },
    directory::user::User,
    policy::Policies,
    secret::{ExposeSecret, TokenHash},
    session::Session,
    storage,
    web::{CsrfForm, Error, Frame, LocalPath, Message, Page, Refusal, ReturnTo, Visit, cookie::Cookie},
};

/// Where the links that let people in lead to.
const PATH: &str = "/recovery/";

/// Whether a sign-in is on the way to such a link: it is used where the second factor would be asked for.
pub(super) fn leads_there(back: &ReturnTo) -> bool {
    back.path.as_str().starts_with(PATH)
}

/// `GET /recovery/{token}`
pub(super) async fn ask(
    State(app): State<App>,
    visit: Visit,
    person: Person,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let recovery = open(&app, Link::LetsIn(TokenHash::of(&token))).await?;
    let action = format!("{PATH}{token}");
    let back = ReturnTo::new(LocalPath::parse(&action).map_err(|_| Refusal::LinkInvalid)?, visit.site());
    let is_ready = ready(&app, &person, &recovery).is_some();
    let sign_in_href = (!is_ready).then(|| address_of(Step::SignIn, &visit, &back));
    Ok(page(&back, Page(LostFactorsPage { frame: Frame::new(&visit), action, sign_in_href })))
}

/// `POST /recovery/{token}`: on without a second factor, or no further.
pub(super) async fn act(
    State(policies): State<Policies>,
    visit: Visit,
    person: Person,
    Path(token): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (app, link) = (&policies.app, TokenHash::of(&token));
    let recovery = open(app, Link::LetsIn(link)).await?;
    match form.value("answer") {
        Some("stop") => return stopped(app, &visit, Link::LetsIn(link)).await,
        Some("go-on") => {}
        _ => return Err(Refusal::BadRequest("say `go-on` or `stop`".into()).into()),
    }
    // Somebody else, or nobody, is here: they are told nothing of whose link it is.
    let (session, user) = ready(app, &person, &recovery).cloned().ok_or(Refusal::FormExpired)?;
    let context = visit_context(app, &visit, Actor::User(user.id.clone()));
    let using = Using { context, session, link, known: known(app, &visit, &user), desk: desk(app, &visit) };
    let token = letting_in::let_in(&policies, using).await?.ok_or(Refusal::LinkInvalid)?;
    let next = onwards(&visit, &way_back(&visit));
    Ok((Cookie::Session.set(visit.site(), token.expose_secret()), next).into_response())
}

/// `GET /recovery/stop/{token}`
pub(super) async fn ask_stop(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    open(&app, Link::Stops(TokenHash::of(&token))).await?;
    let action = format!("{PATH}stop/{token}");
    Ok(Page(StopRecoveryPage { frame: Frame::new(&visit), action }).into_response())
}

/// `POST /recovery/stop/{token}`
pub(super) async fn stop(
    State(app): State<App>,
    visit: Visit,
    Path(token): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    stopped(&app, &visit, Link::Stops(TokenHash::of(&token))).await
}

async fn stopped(app: &App, visit: &Visit, link: Link) -> Result<Response, Error> {
    let (context, desk) = (visit_context(app, visit, Actor::Anonymous), desk(app, visit));
    let is_stopped = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move { letting_in::stop(tx, &context, &desk, link).await })
        })
        .await?;
    if !is_stopped {
        return Err(Refusal::LinkInvalid.into());
    }
    let frame = Frame::new(visit);
    let said = &frame.t.recovery.link.stopped;
    Ok(Page(Message::new(frame, said)).into_response())
}

async fn open(app: &App, link: Link) -> Result<Recovery, Error> {
    let found = link.find(&mut app.storage.read().await?, app.clock.now()).await?;
    Ok(found.ok_or(Refusal::LinkInvalid)?.recovery)
}

/// The person of the link, whose password was proved just now.
fn ready<'p>(app: &App, person: &'p Person, recovery: &Recovery) -> Option<&'p (Session, User)> {
    let known = person.known.as_ref().filter(|_| person.step != Step::SignIn)?;
    letting_in::is_ready(recovery, &known.0, app.clock.now()).then_some(known)
}

fn desk(app: &App, visit: &Visit) -> Desk {
    Desk { site: visit.site().clone(), sealer: app.sealer.clone() }
}
