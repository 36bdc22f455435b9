//! `/password/forgotten` and `/password/{token}`: a new password by a link in a mail.

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{chosen_password, page, page_with, visit_context, way_back, with_return};
use crate::{
    audit::Actor,
    authentication::{
        Authenticator,
        new_password::{Measure, Prepared},
        page::{
            password::{PasswordPage, Reason},
            reset::{ResetPage, sent_page},
        },
        recovery::{self, Notices},
    },
    clock::Timestamp,
    directory::{self, user::User},
    limit::{Network, Verdict},
    policy::Policies,
    policy::password::Asked,
    secret::TokenHash,
    web::{CsrfForm, Error, FactorChange, Frame, Letterhead, Page, Problem, Query, Refusal, Visit, cookie::Cookie},
};

/// The page that asks who forgot the password.
const PATH: &str = "/password/forgotten";

/// The parameter of the page that follows.
const SENT: &str = "sent";

/// `GET /password/forgotten`: the form, or what follows it.
pub(super) async fn ask(visit: Visit, Query(query): Query) -> Response {
    let back = way_back(&visit);
    let sealed = back.seal(visit.site(), visit.browser());
    let (frame, back_href) = (Frame::new(&visit), with_return("/login/password", &sealed));
    if query.value(SENT).is_some() {
        return page(&back, Page(sent_page(frame, &back_href)));
    }
    page(&back, Page(ResetPage { frame, action: with_return(PATH, &sealed), back_href, problems: vec![] }))
}

/// `POST /password/forgotten`: the answer is the same for everybody, and comes before the work.
pub(super) async fn send(
    State(policies): State<Policies>,
    State(authenticator): State<Authenticator>,
    visit: Visit,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    let name = form.trimmed("user_name").to_lowercase();
    if let Verdict::Wait(time) =
        authenticator.limit.attempt(&format!("recovery {name}"), Network::from(visit.address()))
    {
        return Err(Refusal::TooManyAttempts(time).into());
    }
    let (context, site, language) =
        (visit_context(&policies.app, &visit, Actor::Anonymous), visit.site().clone(), visit.language());
    tokio::spawn(async move {
        if let Err(error) = recovery::send_link(&policies, &site, language, context, &name).await {
            tracing::error!(error = %error, "A link to a new password could not be mailed.");
        }
    });
    let sent = with_return(PATH, &back.seal(visit.site(), visit.browser()));
    Ok(Redirect::to(&format!("{sent}&{SENT}=1")).into_response())
}

/// `GET /password/{token}`
pub(super) async fn choose(
    State(policies): State<Policies>,
    visit: Visit,
    Path(token): Path<String>,
) -> Result<Response, Error> {
    let user = recovery::owner(&policies.app, TokenHash::of(&token)).await?.ok_or(Refusal::LinkInvalid)?;
    let user_name = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
    let asked = Measure::of(&policies, &user).await?.asked;
    Ok(Page(view(asked, &visit, &token, user_name, vec![])).into_response())
}

/// `POST /password/{token}`
pub(super) async fn set(
    State(policies): State<Policies>,
    State(authenticator): State<Authenticator>,
    visit: Visit,
    Path(token): Path<String>,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let (app, link) = (&policies.app, TokenHash::of(&token));
    let user = recovery::owner(app, link).await?.ok_or(Refusal::LinkInvalid)?;
    let user_name = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
    let measure = Measure::of(&policies, &user).await?;
    let again = |problem| {
        let back = way_back(&visit);
        page_with(
            StatusCode::UNPROCESSABLE_ENTITY,
            &back,
            Page(view(measure.asked, &visit, &token, user_name.clone(), vec![problem])),
        )
    };
    let hash = match chosen_password(app, &authenticator, &visit, &form, &measure).await? {
        Ok(hash) => hash,
        Err(problem) => return Ok(again(problem)),
    };
    let context = visit_context(app, &visit, Actor::Anonymous);
    let notices = notices(&visit, &user, context.now);
    let prepared = Prepared { hash, by: "reset", keeps: measure.asked.history };
    let browser = visit.known_browser().map(|browser| TokenHash::of(browser.as_str()));
    match recovery::set_password(app, context, (link, browser), prepared, notices).await {
        Ok(_) => Ok((Cookie::Session.clear(visit.site()), Redirect::to("/login/password?changed=1")).into_response()),
        Err(directory::Error::Unknown(..)) => Err(Refusal::LinkInvalid.into()),
        Err(error) => Err(error.into()),
    }
}

/// Word to the person of what was changed, in their language.
fn notices(visit: &Visit, user: &User, at: Timestamp) -> Notices {
    let (language, site) = (visit.language_for(user.locale.as_deref()), visit.site());
    let letterhead = Letterhead::new(language, site).addressed_to(user.name.as_str());
    let password = letterhead.password_changed(at, &site.address_of("/password/forgotten"));
    let mail = |letter| user.email.as_ref().map(|email| recovery::mail(email.as_str(), letter));
    Notices {
        password: mail(password),
        factors: recovery::factors_changed((site, language), user, FactorChange::Reset, at),
    }
}

fn view(asked: Asked, visit: &Visit, token: &str, user_name: String, problems: Vec<Problem>) -> PasswordPage {
    PasswordPage {
        frame: Frame::new(visit),
        action: format!("/password/{token}"),
        reason: Reason::Forgotten,
        user_name,
        asked,
        problems,
    }
}
