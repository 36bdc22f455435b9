//! The endpoints of the account: each page shows what is the person's own and takes its form.

mod apps;
mod email;
mod enrolment;
mod invitation;
mod invitations;
mod language;
mod name;
mod notice;
mod offer;
mod overview;
mod passkeys;
mod password;
mod recoveries;
mod security;
mod sent_codes;
mod sessions;
mod sign_out;

use axum::{
    Router,
    extract::FromRef,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::page::{Masthead, Tab, form::FormPage};
use crate::{
    app::App,
    audit::{Actor, Context},
    authentication::{
        Authenticator,
        confirming::{Confirmation, confirm},
        endpoint::{SignedIn, visit_context},
        signing_in::Fault,
    },
    directory::{self, invitation as invitation_rules, user::User},
    limit::Network,
    policy::Policies,
    web::{Error, Frame, Language, Page, Parameters, Problem, Refusal, Visit},
};

/// The routes of the account.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    App: FromRef<S>,
    Authenticator: FromRef<S>,
    Policies: FromRef<S>,
{
    Router::new()
        .route("/account", get(overview::show))
        .route("/account/default-organization", get(to_account).post(overview::choose_default))
        .route("/account/name", get(name::show).post(name::save))
        .route("/account/password", get(password::show).post(password::save))
        .route("/account/email", get(email::show).post(email::send))
        .route("/email/{token}", get(email::ask).post(email::confirm))
        .route("/account/language", get(language::show).post(language::save))
        .route(enrolment::PATH, get(enrolment::show))
        .route("/account/security", get(security::show))
        .route("/account/security/apps", get(to_security).post(security::propose))
        .route("/account/security/codes", get(to_security).post(security::make_codes))
        .route("/account/security/devices", get(to_security).post(security::ask_again))
        .route("/account/security/passkeys", get(passkeys::ask).post(passkeys::register))
        .route(sent_codes::MAIL, get(sent_codes::show_mail).post(sent_codes::submit_mail))
        .route(sent_codes::PHONE, get(sent_codes::show_phone).post(sent_codes::submit_phone))
        .route("/account/security/{id}", get(security::set_up).post(security::confirm))
        .route("/account/security/{id}/remove", get(security::ask_removal).post(security::remove))
        .route(recoveries::PATH, get(recoveries::show).post(recoveries::ask))
        .route("/account/recoveries/{id}", get(to_recoveries).post(recoveries::answer))
        .route("/account/sessions", get(sessions::show))
        .route("/account/sessions/{id}/end", get(to_sessions).post(sessions::end))
        .route("/account/sessions/end-others", get(to_sessions).post(sessions::end_others))
        .route("/account/sessions/end-all", get(to_sessions).post(sessions::end_all))
        .route("/account/apps", get(apps::show))
        .route("/account/apps/{client}/withdraw", get(to_apps).post(apps::withdraw))
        .route("/account/invitations", get(invitations::show))
        .route("/account/invitations/{id}", get(to_invitations).post(invitations::answer))
        .route("/invitation/{token}", get(invitation::show).post(invitation::answer))
        .route("/account/sign-out", get(sign_out::ask).post(sign_out::submit))
}

// What a form posts to can be opened as well (an error page in another language, for example): it is the page with the form.

async fn to_account() -> Redirect {
    Redirect::to("/account")
}

async fn to_security() -> Redirect {
    Redirect::to("/account/security")
}

async fn to_recoveries() -> Redirect {
    Redirect::to(recoveries::PATH)
}

async fn to_sessions() -> Redirect {
    Redirect::to("/account/sessions")
}

async fn to_apps() -> Redirect {
    Redirect::to("/account/apps")
}

async fn to_invitations() -> Redirect {
    Redirect::to("/account/invitations")
}

/// The frame of a person's page, in the language they prefer.
fn frame(visit: &Visit, person: &SignedIn) -> Frame {
    Frame::new(visit).in_language(language_of(visit, &person.user))
}

fn language_of(visit: &Visit, user: &User) -> Language {
    visit.language_for(user.locale.as_deref())
}

/// The head of a person's page.
async fn masthead(app: &App, person: &SignedIn, tab: Tab) -> directory::Result<Masthead> {
    let mut tx = app.storage.read().await?;
    let open = invitation_rules::open_of(&mut tx, &person.user, app.clock.now()).await?;
    let asked = tx.deferred_requests().open_of_user(&person.user.id, app.clock.now()).await?;
    let (open_invitations, open_requests) = (open.len(), asked.len());
    let locks_after = person.locks_after.map(|idle| idle.as_secs() + 1);
    Ok(Masthead {
        person: person.user.name.to_string(),
        tab,
        open_invitations,
        open_requests,
        is_on_the_way: false,
        locks_after,
    })
}

/// The context of a change that the person makes.
fn context(app: &App, visit: &Visit, person: &SignedIn) -> Context {
    visit_context(app, visit, Actor::User(person.user.id.clone()))
}

/// A form that was refused, with what is wrong.
fn refused(page: FormPage) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response()
}

/// Why a form that asks for the present password is not accepted.
struct Unconfirmed {
    problem: Problem,
    status: StatusCode,
    retry_after: Option<u64>,
}

impl Unconfirmed {
    /// The form again.
    fn answer(self, page: impl FnOnce(Vec<Problem>) -> FormPage) -> Response {
        let mut response = (self.status, Page(page(vec![self.problem]))).into_response();
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// Compares the field `current_password` with the person's password.
async fn confirmed(
    app: &App,
    authenticator: &Authenticator,
    visit: &Visit,
    person: &SignedIn,
    form: &Parameters,
) -> Result<Option<Unconfirmed>, Error> {
    let (typed, network) = (form.secret("current_password"), Network::from(visit.address()));
    let context = context(app, visit, person);
    let confirmation = match confirm(app, authenticator, context, (&person.user, &typed), network).await {
        Ok(confirmation) => confirmation,
        Err(Fault::Busy(_)) => return Err(Refusal::Busy.into()),
        Err(Fault::Storage(error)) => return Err(error.into()),
    };
    let t = &language_of(visit, &person.user).strings().authentication;
    Ok(match confirmation {
        Confirmation::Given => None,
        Confirmation::Wait(time) => Some(Unconfirmed {
            problem: Problem::whole((t.sign_in.throttled)(&language_of(visit, &person.user).wait(time))),
            status: StatusCode::TOO_MANY_REQUESTS,
            retry_after: Some(time.as_secs().max(1)),
        }),
        Confirmation::Wrong => Some(Unconfirmed {
            problem: Problem::of("current_password", t.password.wrong_current),
            status: StatusCode::UNPROCESSABLE_ENTITY,
            retry_after: None,
        }),
    })
}
