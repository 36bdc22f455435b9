//! The endpoints of signing in. Each does one step and sends the browser to what [`flow`](super::flow) decides.

mod bound;
mod change_password;
mod chosen_password;
mod emergency;
mod logo;
mod lost_factors;
mod passkey;
mod person;
mod recovery;
mod second_factor;
mod sign_in;
mod station;
mod take_back;
mod texts;

use axum::{
    Router,
    extract::FromRef,
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};

use super::{Authenticator, flow::Step};
use crate::{
    app::App,
    audit::{Actor, Context},
    directory::organization::Organization,
    policy::Policies,
    web::{Brand, LocalPath, Parameters, RedirectsTo, ReturnTo, Visit, return_to},
};

pub use chosen_password::{chosen_password, differing, problem_of};
pub use passkey::{given, sealed_state};
pub use person::{Enroller, FreshlySignedIn, Person, SignedIn, SurelySignedIn};
pub use second_factor::{WHILE, after};
pub use sign_in::arriving;

/// The routes of signing in.
pub fn router<S>() -> Router<S>
where
    S: Clone + Send + Sync + 'static,
    App: FromRef<S>,
    Authenticator: FromRef<S>,
    Policies: FromRef<S>,
{
    Router::new()
        .route("/login", get(sign_in::enter))
        .route("/login/password", get(sign_in::show).post(sign_in::submit))
        .route("/login/organization", get(sign_in::ask_organization).post(sign_in::choose_organization))
        .route("/login/factor", get(second_factor::show).post(second_factor::submit))
        .route("/login/passkey", get(sign_in::enter).post(passkey::submit))
        .route("/login/passkey/options", get(passkey::renew))
        .route("/login/change-password", get(change_password::show).post(change_password::submit))
        .route("/login/texts", get(texts::show).post(texts::submit))
        .route("/login/texts/{document}", get(texts::document))
        .route("/login/away", get(station::away))
        .route("/station/{token}", get(station::ask).post(station::register))
        .route("/brand/{logo}", get(logo::serve))
        .route("/password/forgotten", get(recovery::ask).post(recovery::send))
        .route("/take-back/{token}", get(take_back::ask).post(take_back::act))
        .route("/emergency/{token}", get(emergency::ask).post(emergency::register))
        .route("/recovery/{token}", get(lost_factors::ask).post(lost_factors::act))
        .route("/recovery/stop/{token}", get(lost_factors::ask_stop).post(lost_factors::stop))
        .route("/password/{token}", get(recovery::choose).post(recovery::set))
}

/// The address of a step's page, with the way back.
#[must_use]
pub fn address_of(step: Step, visit: &Visit, back: &ReturnTo) -> String {
    let path = step.path().unwrap_or("/account");
    with_return(path, &back.seal(visit.site(), visit.browser()))
}

/// Sends a browser that needs a person to sign in, and back to `back` afterwards.
#[must_use]
pub fn send_to_sign_in(visit: &Visit, back: &ReturnTo) -> Response {
    Redirect::to(&address_of(Step::SignIn, visit, back)).into_response()
}

/// Sends a person to set up a factor by which the sign-in is as sure as `acr`, and back to `back` afterwards.
#[must_use]
pub fn send_to_enrolment(visit: &Visit, acr: &'static str, back: &ReturnTo) -> Response {
    let address = address_of(Step::Enrol, visit, back);
    Redirect::to(&format!("{address}&{}", Parameters::from([("acr_values", acr)]).encode())).into_response()
}

/// The way back that a page was given, if this browser may use it.
#[must_use]
pub fn given_way(visit: &Visit) -> Option<ReturnTo> {
    let query = visit.target().split_once('?').map_or("", |(_, query)| query);
    let parameters = Parameters::parse(query.as_bytes()).unwrap_or_default();
    parameters.value(return_to::PARAMETER).and_then(|text| visit.open_return(text).ok())
}

/// The same; the account where there is none.
fn way_back(visit: &Visit) -> ReturnTo {
    given_way(visit).unwrap_or_else(|| {
        let account = LocalPath::parse("/account").expect("a path of this site");
        ReturnTo::new(account, visit.site())
    })
}

/// An address with a way back.
#[must_use]
pub fn with_return(path: &str, sealed: &str) -> String {
    format!("{path}?{}={sealed}", return_to::PARAMETER)
}

/// A page whose form may end at the app that `back` leads to.
fn page(back: &ReturnTo, page: impl IntoResponse) -> Response {
    (RedirectsTo(back.app.clone()), page).into_response()
}

/// The same with another status, for a form that was refused.
fn page_with(status: StatusCode, back: &ReturnTo, page: impl IntoResponse) -> Response {
    (status, RedirectsTo(back.app.clone()), page).into_response()
}

/// The context of a change that a visitor makes.
#[must_use]
pub fn visit_context(app: &App, visit: &Visit, actor: Actor) -> Context {
    Context {
        request: Some(visit.request_id().clone()),
        address: Some(visit.address().to_string()),
        ..app.context(actor)
    }
}

/// How an organization presents itself on pages.
#[must_use]
pub fn brand_of(organization: &Organization) -> Brand {
    let accent = organization.accent.as_ref().and_then(|accent| accent.as_str().parse().ok());
    // A picture of another site would tell that site who signs in where: only our own copy is shown.
    Brand { name: organization.name.as_str().to_owned(), logo: logo::path_of(organization), accent }
}
