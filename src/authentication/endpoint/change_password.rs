//! `/login/change-password`: a one-time password has to be replaced before anything else.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};

use super::{Person, chosen_password, page, page_with, visit_context, way_back, with_return};
use crate::{
    audit::Actor,
    authentication::{
        Authenticator,
        flow::Step,
        new_password::{self, Measure, Prepared},
        page::password::{PasswordPage, Reason},
    },
    directory::{self, user::User},
    policy::Policies,
    policy::password::Asked,
    web::{CsrfForm, Error, Frame, Page, Problem, ReturnTo, Visit},
};

/// `GET /login/change-password`
pub(super) async fn show(State(policies): State<Policies>, visit: Visit, person: Person) -> Result<Response, Error> {
    let back = way_back(&visit);
    Ok(match (&person.known, person.step) {
        (Some((_, user)), Step::ChangePassword) => {
            let user_name = user.email.as_ref().map(ToString::to_string).unwrap_or_default();
            let asked = Measure::of(&policies, user).await?.asked;
            page(&back, Page(view((asked, reason(&policies, user)), &visit, &back, user_name, vec![])))
        }
        _ => Redirect::to(&with_return("/login", &back.seal(visit.site(), visit.browser()))).into_response(),
    })
}

/// `POST /login/change-password`
pub(super) async fn submit(
    State(policies): State<Policies>,
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
    let (app, measure, why) = (&policies.app, Measure::of(&policies, &user).await?, reason(&policies, &user));
    let again = |problem| {
        let view = view((measure.asked, why), &visit, &back, user_name.clone(), vec![problem]);
        page_with(StatusCode::UNPROCESSABLE_ENTITY, &back, Page(view))
    };
    let hash = match chosen_password(app, &authenticator, &visit, &form, &measure).await? {
        Ok(hash) => hash,
        Err(problem) => return Ok(again(problem)),
    };
    let context = visit_context(app, &visit, Actor::User(user.id.clone()));
    app.storage
        .write::<_, directory::Error, _>(move |tx| {
            Box::pin(async move {
                let prepared = Prepared { hash, by: "person", keeps: measure.asked.history };
                new_password::set(tx, &context, &user.id, prepared, Some(&session.id)).await
            })
        })
        .await?;
    Ok(next.into_response())
}

/// Why another password is asked for.
fn reason(policies: &Policies, user: &User) -> Reason {
    let is_temporary = user.must_change_password(policies.app.clock.now());
    if is_temporary { Reason::MustChange } else { Reason::Expired }
}

fn view(
    (asked, reason): (Asked, Reason),
    visit: &Visit,
    back: &ReturnTo,
    user_name: String,
    problems: Vec<Problem>,
) -> PasswordPage {
    PasswordPage {
        frame: Frame::new(visit),
        action: with_return("/login/change-password", &back.seal(visit.site(), visit.browser())),
        reason,
        user_name,
        asked,
        problems,
    }
}
