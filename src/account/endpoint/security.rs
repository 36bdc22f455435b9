//! `/account/security`: authenticator apps and recovery codes. Whoever comes here has proved who they are a short while ago.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{context, frame, language_of, masthead, notice::Notice, sent_codes};
use crate::{
    account::page::{
        Tab,
        security::{AppRow, CodesPage, RemovePage, SecurityPage, SentWay, SetUpPage},
    },
    app::App,
    authentication::{
        Authenticator,
        allowed::{Allowed, may_change_the_surest},
        endpoint::{Enroller, FreshlySignedIn, SignedIn},
        enrolling::{self, Confirmed, Confirming, LONGEST_NAME, Proposal},
        factor::{Factor, Kind, recovery_code::RecoveryCode, totp::Seed},
        lost_factors::asking,
        recovery::factors_changed,
        remembered,
        take_back::Word,
    },
    clock::Timestamp,
    id::FactorId,
    jobs::Job,
    policy::Policies,
    secret::ExposeSecret,
    storage,
    web::{CsrfForm, Error, FactorChange, Page, Problem, Query, Refusal, Visit, cookie::Cookie, qr},
};

pub(super) const PATH: &str = "/account/security";
/// Where an authenticator app is asked for.
pub(super) const APPS: &str = "/account/security/apps";

/// `GET /account/security`
pub(super) async fn show(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    Query(query): Query,
) -> Result<Response, Error> {
    let mut page = page((&policies, &with), &visit, &person).await?;
    page.notice = Notice::of(&query).and_then(|notice| notice.text(page.frame.t, None));
    Ok(Page(page).into_response())
}

/// `POST /account/security/apps`: on to setting up an app.
pub(super) async fn propose(
    (State(policies), State(with)): (State<Policies>, State<Authenticator>),
    visit: Visit,
    enroller: Enroller,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let (app, person) = (&policies.app, &enroller.person);
    allowed(&policies, person, Kind::Totp).await?;
    match enrolling::propose(app, context(app, &visit, person), &person.user.id).await? {
        Proposal::Made(id) => Ok(Redirect::to(&enroller.href(&visit, &format!("{PATH}/{id}"))).into_response()),
        Proposal::TooMany => {
            let mut page = page((&policies, &with), &visit, person).await?;
            page.masthead = enroller.masthead(app).await?;
            page.problems = vec![Problem::whole(page.frame.t.account.security.too_many)];
            Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response())
        }
    }
}

/// `GET /account/security/{id}`: the picture of an app that waits to be confirmed.
pub(super) async fn set_up(
    State(app): State<App>,
    visit: Visit,
    enroller: Enroller,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let Some((id, seed)) = proposed(&app, &enroller.person, &id).await? else {
        return Ok(Redirect::to(&enroller.again(&visit)).into_response());
    };
    let name = frame(&visit, &enroller.person).t.account.security.set_up.default_name.to_owned();
    Ok(enroller.page(set_up_page(&app, &visit, &enroller, (&id, &seed), name).await?))
}

/// `POST /account/security/{id}`: a code of the app, and what the person calls it.
pub(super) async fn confirm(
    State(app): State<App>,
    visit: Visit,
    enroller: Enroller,
    Path(id): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (person, elsewhere) = (&enroller.person, || Redirect::to(&enroller.again(&visit)).into_response());
    let Some((id, seed)) = proposed(&app, person, &id).await? else { return Ok(elsewhere()) };
    let t = &frame(&visit, person).t.account.security.set_up;
    let name = Some(form.trimmed("name")).filter(|name| !name.is_empty()).unwrap_or(t.default_name).to_owned();
    let mut again = set_up_page(&app, &visit, &enroller, (&id, &seed), name.clone()).await?;
    let refuse = |problem| {
        again.problems = vec![problem];
        (StatusCode::UNPROCESSABLE_ENTITY, enroller.page(again)).into_response()
    };
    if name.chars().count() > LONGEST_NAME || name.chars().any(char::is_control) {
        return Ok(refuse(Problem::of("name", t.too_long)));
    }
    let context = context(&app, &visit, person);
    let word = word(&visit, person, FactorChange::Added);
    let SignedIn { session, user, .. } = person.clone();
    let typed = Confirming { context, session, user, factor: id, name, code: form.secret("code"), word };
    let (token, codes) = match enrolling::confirm(&app, typed).await? {
        Confirmed::Done { token, codes } => (token, codes),
        Confirmed::Wrong | Confirmed::Unfit(_) => return Ok(refuse(Problem::of("code", t.wrong))),
        Confirmed::TooMany | Confirmed::Gone => return Ok(elsewhere()),
    };
    let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
    let done = enroller.done(&visit, Some(Notice::AppAdded));
    Ok(match codes {
        Some(codes) => (cookie, codes_page(&app, &visit, &enroller, (&codes, done)).await?).into_response(),
        None => (cookie, Redirect::to(&done)).into_response(),
    })
}

/// `GET /account/security/{id}/remove`: the question before.
pub(super) async fn ask_removal(
    State(app): State<App>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    Path(id): Path<String>,
) -> Result<Response, Error> {
    let apps = app.storage.read().await?.factors().of_user(&person.user.id).await?;
    let chosen = apps.iter().find(|one| one.id.as_str() == id).ok_or(Refusal::NotFound)?;
    let masthead = masthead(&app, &person, Tab::Security).await?;
    let action = format!("{PATH}/{}/remove", chosen.id);
    let (name, is_last) = (chosen.name.clone(), apps.len() == 1);
    Ok(Page(RemovePage { frame: frame(&visit, &person), masthead, action, name, is_last }).into_response())
}

/// `POST /account/security/{id}/remove`: one of the person's own; any other answers as if it did not exist.
pub(super) async fn remove(
    State(policies): State<Policies>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    Path(id): Path<String>,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let id: FactorId = id.parse().map_err(|_| Refusal::NotFound)?;
    let app = &policies.app;
    let context = context(app, &visit, &person);
    let factors = app.storage.read().await?.factors().of_user(&person.user.id).await?;
    let kind = factors.iter().find(|factor| factor.id == id).map(|factor| factor.kind);
    if kind == Some(Kind::Passkey) && !may_change_the_surest(&policies, &person.session).await? {
        return Ok(Notice::KeyFirst.at(PATH).into_response());
    }
    let what = match kind {
        Some(Kind::Passkey) => [FactorChange::PasskeyRemoved, FactorChange::LastPasskeyRemoved],
        Some(Kind::Sms) => [FactorChange::TextRemoved, FactorChange::LastTextRemoved],
        Some(Kind::Email) => [FactorChange::MailRemoved, FactorChange::LastMailRemoved],
        Some(Kind::Totp) | None => [FactorChange::Removed, FactorChange::LastRemoved],
    };
    let [removed, last_removed] = what.map(|what| notice(&visit, &person, what, context.now));
    let sealer = app.sealer.clone();
    let is_removed = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                let is_removed = enrolling::remove(tx, &context, (&person.user.id, &id), "person").await?;
                let is_last = is_removed && !tx.factors().has_any(&person.user.id).await?;
                let notice = if is_last { last_removed } else { removed };
                if let Some(notice) = notice.filter(|_| is_removed) {
                    tx.jobs().enqueue(&context, &sealer, &notice).await?;
                }
                Ok(is_removed)
            })
        })
        .await?;
    if is_removed { Ok(Notice::AppRemoved.at(PATH).into_response()) } else { Err(Refusal::NotFound.into()) }
}

/// `POST /account/security/codes`: new recovery codes, shown once. Only for whoever has a factor that they stand in for.
pub(super) async fn make_codes(
    State(policies): State<Policies>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let app = &policies.app;
    if !may_change_the_surest(&policies, &person.session).await? {
        return Ok(Notice::KeyFirst.at(PATH).into_response());
    }
    let context = context(app, &visit, &person);
    let notice = notice(&visit, &person, FactorChange::CodesMade, context.now);
    let (sealer, user) = (app.sealer.clone(), person.user.id.clone());
    let codes = app
        .storage
        .write::<_, storage::Error, _>(move |tx| {
            Box::pin(async move {
                if !tx.factors().has_any(&user).await? {
                    return Ok(None);
                }
                if let Some(notice) = notice {
                    tx.jobs().enqueue(&context, &sealer, &notice).await?;
                }
                enrolling::issue_codes(tx, &context, &user).await.map(Some)
            })
        })
        .await?;
    match codes {
        Some(codes) => {
            let enroller = Enroller { person, way: None, wanted: None, to_come: None };
            Ok(codes_page(app, &visit, &enroller, (&codes, PATH.to_owned())).await?.into_response())
        }
        None => Ok(Redirect::to(PATH).into_response()),
    }
}

/// `POST /account/security/devices`: the second factor is asked for everywhere again.
pub(super) async fn ask_again(
    State(app): State<App>,
    visit: Visit,
    FreshlySignedIn(person): FreshlySignedIn,
    CsrfForm(_): CsrfForm,
) -> Result<Response, Error> {
    let context = context(&app, &visit, &person);
    let done: storage::Result<u64> = app
        .storage
        .write(move |tx| {
            Box::pin(async move { remembered::ask_again(tx, &context, (&person.user.id, "person")).await })
        })
        .await;
    done?;
    Ok(Notice::AskedAgain.at(PATH).into_response())
}

/// What rules say of factors, where they let the person set up one of this kind.
pub(super) async fn allowed(policies: &Policies, person: &SignedIn, kind: Kind) -> Result<Allowed, Error> {
    let allowed = Allowed::of_person(policies, &person.user.id).await?;
    if allowed.holds(kind) { Ok(allowed) } else { Err(Refusal::Forbidden.into()) }
}

async fn page(
    (policies, with): (&Policies, &Authenticator),
    visit: &Visit,
    person: &SignedIn,
) -> Result<SecurityPage, Error> {
    let (app, allowed) = (&policies.app, Allowed::of_person(policies, &person.user.id).await?);
    let masthead = masthead(app, person, Tab::Security).await?;
    let mut tx = app.storage.read().await?;
    let factors = tx.factors().of_user(&person.user.id).await?;
    let codes_left = tx.recovery_codes().left(&person.user.id).await?;
    let (now, span) = (app.clock.now(), remembered::span(policies, &person.user.id).await?);
    let remembered = match span {
        Some(span) => tx.known_devices().remembered(&person.user.id, now.minus(span)).await?,
        None => 0,
    };
    let context = context(app, visit, person);
    let looks_after_others = !asking::organizations(&mut tx, &context, &person.user.id).await?.is_empty();
    drop(tx);
    let row = |factor: &Factor| AppRow {
        id: factor.id.to_string(),
        kind: factor.kind,
        name: factor.name.clone(),
        added: now.since(factor.created_at),
        used: factor.last_used_at.map(|at| now.since(at)),
        closed: factor.closed_at.map(|at| now.since(at)),
    };
    let rows = |kind| factors.iter().filter(|one| one.kind == kind).map(row).collect::<Vec<_>>();
    let sent = Kind::SENT.into_iter().map(|kind| {
        let has = factors.iter().any(|one| one.kind == kind && one.closed_at.is_none());
        let may = !has && allowed.holds(kind) && sent_codes::has_address(&person.user, kind);
        SentWay { kind, rows: rows(kind), href: may.then(|| sent_codes::path(kind)) }
    });
    Ok(SecurityPage {
        frame: frame(visit, person),
        masthead,
        notice: None,
        keys: rows(Kind::Passkey),
        can_have_keys: with.relying_party.has_keys() && allowed.holds(Kind::Passkey),
        can_have_apps: allowed.holds(Kind::Totp),
        apps: rows(Kind::Totp),
        sent: sent.filter(|way| way.href.is_some() || !way.rows.is_empty()).collect(),
        remembered,
        codes_left,
        looks_after_others,
        problems: vec![],
    })
}

async fn proposed(app: &App, person: &SignedIn, id: &str) -> Result<Option<(FactorId, Seed)>, Error> {
    let Ok(id) = id.parse::<FactorId>() else { return Ok(None) };
    let seed = enrolling::proposed(app, &person.user.id, &id).await?;
    Ok(seed.map(|seed| (id, seed)))
}

async fn set_up_page(
    app: &App,
    visit: &Visit,
    enroller: &Enroller,
    (id, seed): (&FactorId, &Seed),
    name: String,
) -> Result<SetUpPage, Error> {
    let person = &enroller.person;
    let site = visit.site().issuer().host_str().unwrap_or_default();
    let account = person.user.email.as_ref().map_or(person.user.name.as_str(), |email| email.as_str());
    let address = seed.address(site, account);
    Ok(SetUpPage {
        frame: frame(visit, person),
        masthead: enroller.masthead(app).await?,
        action: enroller.href(visit, &format!("{PATH}/{id}")),
        cancel_href: enroller.again(visit),
        picture: picture(&address),
        address,
        seed: seed.text().into(),
        name,
        problems: vec![],
    })
}

/// A QR code as a part of a page (SVG); nothing where the text is too long for one.
fn picture(text: &str) -> String {
    let document = qr::picture(text, 240).unwrap_or_default();
    // Within a page there is no XML declaration.
    document.split_once("?>").map_or_else(String::new, |(_, picture)| picture.to_owned())
}

pub(super) async fn codes_page(
    app: &App,
    visit: &Visit,
    enroller: &Enroller,
    (codes, done_href): (&[RecoveryCode], String),
) -> Result<Page<CodesPage>, Error> {
    let masthead = enroller.masthead(app).await?;
    let codes = codes.iter().map(RecoveryCode::shown).collect();
    Ok(Page(CodesPage { frame: frame(visit, &enroller.person), masthead, codes, done_href }))
}

/// Word that a factor was set up.
pub(super) fn word(visit: &Visit, person: &SignedIn, what: FactorChange) -> Word {
    Word { site: visit.site().clone(), language: language_of(visit, &person.user), what }
}

fn notice(visit: &Visit, person: &SignedIn, what: FactorChange, at: Timestamp) -> Option<Job> {
    factors_changed((visit.site(), language_of(visit, &person.user)), &person.user, what, at)
}
