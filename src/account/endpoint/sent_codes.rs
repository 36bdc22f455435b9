//! `/account/security/email`: setting up codes that are mailed, by typing one.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{
    context, frame, language_of,
    notice::Notice,
    security::{allowed, codes_page, word},
};
use crate::{
    account::page::sent_codes::SentCodesPage,
    app::App,
    authentication::{
        endpoint::{Enroller, after},
        enrolling::Confirmed,
        factor::Kind,
        second_factor::digits_of,
        sending::{self, Asking, Confirming, Sent},
        store::{Place, Purpose},
    },
    policy::Policies,
    secret::ExposeSecret,
    web::{CsrfForm, Error, FactorChange, Problem, Visit, cookie::Cookie},
};

/// Where codes by mail are set up.
pub(super) const MAIL: &str = "/account/security/email";

/// `GET /account/security/email`
pub(super) async fn show(
    State(policies): State<Policies>,
    visit: Visit,
    enroller: Enroller,
) -> Result<Response, Error> {
    allowed(&policies, &enroller.person, Kind::Email).await?;
    Ok(enroller.page(page(&policies.app, &visit, &enroller, vec![]).await?))
}

/// `POST /account/security/email`: a code is sent, or was typed.
pub(super) async fn submit(
    State(policies): State<Policies>,
    visit: Visit,
    enroller: Enroller,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    allowed(&policies, &enroller.person, Kind::Email).await?;
    if form.value("send").is_some() {
        return send(&policies, &visit, &enroller).await;
    }
    let (app, person) = (&policies.app, &enroller.person);
    let wrong = Problem::of("code", frame(&visit, person).t.authentication.sent.wrong);
    let Some(digits) = digits_of(form.secret("code").expose_secret()) else {
        return refused(app, &visit, &enroller, wrong).await;
    };
    let typed = Confirming {
        context: context(app, &visit, person),
        session: person.session.clone(),
        kind: Kind::Email,
        digits,
        word: word(&visit, person, FactorChange::MailAdded),
    };
    let (token, codes) = match sending::confirm(&policies, typed).await? {
        Confirmed::Done { token, codes } => (token, codes),
        Confirmed::Wrong | Confirmed::Unfit(_) => return refused(app, &visit, &enroller, wrong).await,
        Confirmed::TooMany => {
            let problem = Problem::whole(frame(&visit, person).t.account.security.too_many);
            return refused(app, &visit, &enroller, problem).await;
        }
        Confirmed::Gone => return Ok(Redirect::to(&enroller.again(&visit)).into_response()),
    };
    let cookie = Cookie::Session.set(visit.site(), token.expose_secret());
    let done = enroller.done(&visit, Some(Notice::MailAdded));
    Ok(match codes {
        Some(codes) => (cookie, codes_page(app, &visit, &enroller, (&codes, done)).await?).into_response(),
        None => (cookie, Redirect::to(&done)).into_response(),
    })
}

async fn send(policies: &Policies, visit: &Visit, enroller: &Enroller) -> Result<Response, Error> {
    let (app, person) = (&policies.app, &enroller.person);
    let asking = Asking {
        context: context(app, visit, person),
        session: person.session.clone(),
        kind: Kind::Email,
        purpose: Purpose::SetUp,
        site: visit.site().clone(),
        language: language_of(visit, &person.user),
    };
    match sending::send(policies, asking).await? {
        Sent::Yes | Sent::Nowhere => Ok(Redirect::to(&enroller.href(visit, MAIL)).into_response()),
        Sent::Wait(time) => {
            let language = language_of(visit, &person.user);
            let wait = (language.strings().authentication.sent.wait)(&language.wait(time));
            let page = page(app, visit, enroller, vec![Problem::whole(wait)]).await?;
            Ok(after(time, (StatusCode::TOO_MANY_REQUESTS, enroller.page(page)).into_response()))
        }
    }
}

async fn refused(app: &App, visit: &Visit, enroller: &Enroller, problem: Problem) -> Result<Response, Error> {
    let page = page(app, visit, enroller, vec![problem]).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, enroller.page(page)).into_response())
}

async fn page(app: &App, visit: &Visit, enroller: &Enroller, problems: Vec<Problem>) -> Result<SentCodesPage, Error> {
    let person = &enroller.person;
    let (user, session, kind) = (&person.user, &person.session, Kind::Email);
    let mut tx = app.storage.read().await?;
    let may = sending::may_set_up(&mut tx, user, session).await?;
    let place = Place { user: &user.id, session: &session.id, kind, purpose: Purpose::SetUp };
    let is_waiting = sending::is_waiting(&mut tx, place, app.clock.now()).await?;
    drop(tx);
    Ok(SentCodesPage {
        frame: frame(visit, person),
        masthead: enroller.masthead(app).await?,
        kind,
        action: enroller.href(visit, MAIL),
        cancel_href: enroller.again(visit),
        to: user.email.as_ref().filter(|_| may).map(ToString::to_string),
        is_waiting,
        problems,
    })
}
