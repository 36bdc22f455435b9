//! The pages on the way from an authorization request to its answer, and those of signing out. Each shows a view and takes
//! its form; then the browser goes back to where the request is decided anew.

pub mod asked;
pub mod consent;
pub mod denied;
pub mod device;
pub mod form_post;
pub mod organization;
pub mod sign_out;

use axum::{http::Uri, response::Response};

use super::{Provider, authorization::Need, endpoint::resume};
use crate::{
    authentication::endpoint::{Person, SignedIn, send_to_enrolment, send_to_sign_in},
    id::{OrganizationId, UserId},
    web::{self, LocalPath, Parameters, Query, ReturnTo, Visit, return_to},
};

/// The request that a form belongs to, with the person who sent it.
struct Resumed {
    arrived: super::endpoint::Arrived,
    person: SignedIn,
    back: ReturnTo,
}

/// Whom a form is shown to, and in which organization.
fn seen(user: &UserId, organization: Option<&OrganizationId>) -> String {
    format!("{user} {}", organization.map(OrganizationId::as_str).unwrap_or_default())
}

/// Opens the return path of a form: the request goes on only in the browser that began it, with the person signed in to whom
/// the form was shown; else it is decided anew at that path.
async fn resumed(
    provider: &Provider,
    visit: &Visit,
    query: &Parameters,
) -> Result<Result<Resumed, LocalPath>, web::Error> {
    let sealed = query.value(return_to::PARAMETER).unwrap_or_default();
    let back = visit.open_return(sealed).map_err(|_| web::Refusal::FormExpired)?;
    let address: Uri = back.path.as_str().parse().map_err(|_| web::Refusal::FormExpired)?;
    if address.path() != super::metadata::path::AUTHORIZE {
        return Err(web::Refusal::FormExpired.into());
    }
    let arrived = resume(provider, visit, address.query().unwrap_or_default()).await?;
    let person = Person::of(&provider.policies, visit).await?.signed_in();
    let is_theirs = |person: &SignedIn| {
        back.seen.as_deref().and_then(|seen| seen.split(' ').next()) == Some(person.user.id.as_str())
    };
    match person.filter(is_theirs) {
        Some(person) => Ok(Ok(Resumed { arrived, person, back })),
        None => Ok(Err(back.path)),
    }
}

/// Sends a person to prove what a request of a device or a back end needs, and back to its page.
fn send_for(visit: &Visit, need: Need, back: &ReturnTo) -> Response {
    match need {
        Need::SetUp(acr) => send_to_enrolment(visit, acr, back),
        _ => send_to_sign_in(visit, back),
    }
}

/// `GET` of an address that a form posts to (a page after it was opened in another language, or tried again): the request
/// is decided anew.
pub(super) async fn anew(visit: Visit, Query(query): Query) -> Result<LocalPath, web::Refusal> {
    let back = visit.open_return(query.value(return_to::PARAMETER).unwrap_or_default());
    back.map(|back| back.path).map_err(|_| web::Refusal::FormExpired)
}

/// Where a form posts to, with the way back.
fn action(visit: &Visit, path: &str, back: &ReturnTo) -> String {
    format!("{path}?{}={}", return_to::PARAMETER, back.seal(visit.site(), visit.browser()))
}
