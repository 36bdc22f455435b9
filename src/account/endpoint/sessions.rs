//! `/account/sessions`: browsers and devices that are signed in, each with its own sign-out.

use std::time::Duration;

use axum::{
    extract::{Path, State},
    response::{IntoResponse, Response},
};
use url::Url;

use super::{
    context, frame, masthead,
    notice::Notice,
    sign_out::{self, Reach},
};
use crate::{
    account::{
        names::Names,
        page::{
            Tab,
            sessions::{AppState, PastSession, SessionRow, SessionsPage, ToldApp},
        },
    },
    app::App,
    authentication::{endpoint::SignedIn, page::sign_out::signed_out},
    clock::Timestamp,
    id::SessionId,
    oauth::store::{State as Telling, Told},
    policy::Policies,
    session::{EndReason, Lifetime, Liveness, Session},
    storage,
    web::{CsrfForm, Error, Page, Query, Refusal, Visit, device::Device},
};

const PATH: &str = "/account/sessions";

/// How long it is told which apps learned of the end of a session.
const RECENTLY: Duration = Duration::from_hours(7 * 24);
/// The most of that on one page.
const MOST_TOLD: u32 = 50;

/// `GET /account/sessions`
pub(super) async fn show(
    State(policies): State<Policies>,
    visit: Visit,
    person: SignedIn,
    Query(query): Query,
) -> Result<Response, Error> {
    let app = &policies.app;
    let frame = frame(&visit, &person);
    let masthead = masthead(app, &person, Tab::Sessions).await?;
    let (now, lifetime) = (app.clock.now(), policies.lifetime(&person.user.id).await?);
    let mut tx = app.storage.read().await?;
    let all = tx.sessions().of_user(&person.user.id).await?;
    let told = tx.logouts().of_user(&person.user.id, None, now.minus(RECENTLY), MOST_TOLD).await?;
    let organizations: Vec<_> = told.iter().map(|told| told.logout.organization.clone()).collect();
    let names = tx.names().of(&organizations, &[]).await?;
    drop(tx);
    let mut live: Vec<&Session> = all.iter().filter(|session| is_live(session, lifetime, now)).collect();
    live.sort_by_key(|session| session.id != person.session.id);
    let sessions = live.into_iter().map(|session| row(app, session, &person.session.id, now)).collect();
    let notice = Notice::of(&query).and_then(|notice| notice.text(frame.t, None));
    let past = past(told, &names, now);
    Ok(Page(SessionsPage { frame, masthead, notice, sessions, past }).into_response())
}

/// `POST /account/sessions/{id}/end`: one of the person's own; any other answers as if it did not exist.
pub(super) async fn end(
    State(policies): State<Policies>,
    visit: Visit,
    person: SignedIn,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let app = &policies.app;
    let id: SessionId = id.parse().map_err(|_| Refusal::NotFound)?;
    let found = app.storage.read().await?.sessions().by_id(&id).await?;
    let lifetime = policies.lifetime(&person.user.id).await?;
    let is_own = |session: &Session| session.user == person.user.id && is_live(session, lifetime, app.clock.now());
    let own = found.filter(is_own);
    let session = own.ok_or(Refusal::NotFound)?;
    let context = context(app, &visit, &person);
    if session.id == person.session.id {
        let apps = sign_out::end(app, context, session, Reach::This).await?;
        return Ok(gone(&visit, apps));
    }
    app.storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move { tx.sessions().end(&context, &session, EndReason::Remote).await })
        })
        .await?;
    Ok(Notice::Ended.at(PATH).into_response())
}

/// `POST /account/sessions/end-all`: this one too.
pub(super) async fn end_all(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let context = context(&app, &visit, &person);
    let apps = sign_out::end(&app, context, person.session, Reach::Everywhere).await?;
    Ok(gone(&visit, apps))
}

/// Nobody is signed in here any more.
fn gone(visit: &Visit, apps: Vec<Url>) -> Response {
    let to = apps.is_empty().then(|| "/account/sign-out".to_owned());
    signed_out(visit, apps, to)
}

/// `POST /account/sessions/end-others`
pub(super) async fn end_others(
    State(app): State<App>,
    visit: Visit,
    person: SignedIn,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let context = context(&app, &visit, &person);
    app.storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let (user, this) = (&person.user.id, &person.session.id);
                tx.sessions().end_all_of_user(&context, user, Some(this), EndReason::Remote).await
            })
        })
        .await?;
    Ok(Notice::Ended.at(PATH).into_response())
}

fn is_live(session: &Session, lifetime: Lifetime, now: Timestamp) -> bool {
    session.liveness(now, lifetime) == Liveness::Live
}

fn row(app: &App, session: &Session, this: &SessionId, now: Timestamp) -> SessionRow {
    let device = Device::of(&session.user_agent);
    SessionRow {
        id: session.id.to_string(),
        device,
        is_this: session.id == *this,
        is_handheld: device.is_handheld(),
        address: match app.country_of(&session.address) {
            Some(country) => format!("{} ({country})", session.address),
            None => session.address.clone(),
        },
        begun: now.since(session.created_at),
        used: now.since(session.last_seen_at),
    }
}

/// What apps were told, session by session, the last that ended first.
fn past(told: Vec<Told>, names: &Names, now: Timestamp) -> Vec<PastSession> {
    let mut sessions: Vec<(SessionId, PastSession)> = vec![];
    for told in told {
        let Told { session, user_agent, app, logout, .. } = told;
        let state = match logout.state {
            Telling::Delivered(_) => AppState::Out,
            Telling::Waiting(..) => AppState::Waits,
            Telling::Failed(..) => AppState::Failed,
        };
        let organization = names.brand(&logout.organization).map(|brand| brand.name).unwrap_or_default();
        let app = ToldApp { name: app, organization, state };
        if let Some((_, known)) = sessions.iter_mut().find(|(id, _)| *id == session) {
            known.apps.push(app);
            continue;
        }
        let device = Device::of(&user_agent);
        let ended = now.since(logout.created_at);
        sessions.push((session, PastSession { device, is_handheld: device.is_handheld(), ended, apps: vec![app] }));
    }
    sessions.into_iter().map(|(_, session)| session).collect()
}
