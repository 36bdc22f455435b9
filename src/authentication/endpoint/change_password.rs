//! `/login/change-password`: a one-time password has to be replaced before anything else.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{Person, page, page_with, visit_context, way_back, with_return};
use crate::{
    app::App,
    audit::Actor,
    authentication::{
        Authenticator,
        flow::Step,
        new_password::{self, Prepared},
        page::password::{PasswordPage, Reason},
    },
    directory,
    limit::Network,
    policy,
    secret::ExposeSecret,
    web::{CsrfForm, Error, Frame, Page, Problem, Refusal, ReturnTo, Visit},
};

/// `GET /login/change-password`
pub(super) async fn show(State(app): State<App>, visit: Visit, person: Person) -> Response {
    let back = way_back(&visit);
    match (&person.known, person.step) {
        (Some((_, user)), Step::ChangePassword) => {
            let user_name = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
            page(&back, Page(view(&app, &visit, &back, user_name, vec![])))
        }
        _ => Redirect::to(&with_return("/login", &back.seal(visit.site(), visit.browser()))).into_response(),
    }
}

/// `POST /login/change-password`
pub(super) async fn submit(
    State(app): State<App>,
    State(authenticator): State<Authenticator>,
    visit: Visit,
    person: Person,
    CsrfForm(form): CsrfForm,
) -> Result<Response, Error> {
    let back = way_back(&visit);
    let next = Redirect::to(&with_return("/login", &back.seal(visit.site(), visit.browser())));
    let (Some((session, user)), Step::ChangePassword) = (person.known, person.step) else {
        return Ok(next.into_response());
    };
    let user_name = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
    let again = |problem| {
        let view = view(&app, &visit, &back, user_name.clone(), vec![problem]);
        page_with(StatusCode::UNPROCESSABLE_ENTITY, &back, Page(view))
    };
    let typed = form.secret("new_password");
    if typed.expose_secret() != form.secret("repeated_password").expose_secret() {
        return Ok(again(Problem::of("repeated_password", visit.texts().authentication.password.differ)));
    }
    let network = Network::from(visit.address());
    let hash = match new_password::prepare(&app, &authenticator, &typed, &new_password::about(&user), network).await {
        Ok(hash) => hash,
        Err(new_password::Fault::Busy(_)) => return Err(Refusal::Busy.into()),
        Err(new_password::Fault::Policy(problem)) => return Ok(again(problem_of(&visit, problem))),
    };
    let context = visit_context(&app, &visit, Actor::User(user.id.clone()));
    app.storage
        .write::<_, directory::Error, _>(move |tx| {
            Box::pin(async move {
                let prepared = Prepared { hash, by: "person" };
                new_password::set(tx, &context, &user.id, prepared, Some(&session.id)).await
            })
        })
        .await?;
    Ok(next.into_response())
}

/// What the policy says, in the person's language.
pub(crate) fn problem_of(visit: &Visit, problem: policy::password::Problem) -> Problem {
    use policy::password::Problem as Policy;
    let texts = &visit.texts().authentication.password;
    let text = match problem {
        Policy::TooShort(least) => (texts.too_short)(least),
        Policy::TooLong(_) => texts.too_long.to_owned(),
        Policy::Context => texts.about_you.to_owned(),
        Policy::Trivial => texts.too_common.to_owned(),
        Policy::Same => texts.same.to_owned(),
    };
    Problem::of("new_password", text)
}

fn view(app: &App, visit: &Visit, back: &ReturnTo, user_name: String, problems: Vec<Problem>) -> PasswordPage {
    PasswordPage {
        frame: Frame::new(visit),
        action: with_return("/login/change-password", &back.seal(visit.site(), visit.browser())),
        reason: Reason::MustChange,
        user_name,
        least: app.config.password.min_length,
        problems,
    }
}
