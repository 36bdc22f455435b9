//! An app that the person may not use: why, whom to ask, and the way back to the app with `access_denied`.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    authentication::{endpoint::brand_of, page::no_access::NoAccessPage},
    directory::organization::Organization,
    oauth::{
        Provider,
        authorization::{
            Denial, Destination,
            flow::{Standpoint, denied},
        },
        client::Registered,
        endpoint::fault,
        signed_answer,
    },
    web::{self, Frame, Link, Page, Visit},
};

/// The page.
///
/// # Errors
/// When the answer to the app cannot be signed.
pub async fn show(
    provider: &Provider,
    visit: &Visit,
    (to, denial, standpoint): (&Destination, Denial, Standpoint),
) -> Result<Response, web::Error> {
    let client = &to.client.client;
    let organization = standpoint.organization.as_ref();
    let requirement = organization.and_then(|organization| to.client.serves(&organization.id)).unwrap_or_default();
    let wanted = [requirement.roles, requirement.groups, requirement.locations].concat().join(", ");
    let mut links = vec![];
    if !to.mode.is_form() {
        let answer = to.refusal(provider.issuer(), &denied());
        let href = to.redirect.with(&signed_answer::authorization(provider, to, answer).await.map_err(fault)?);
        links.push(Link { href, label: client.name.clone() });
    }
    let page = NoAccessPage {
        frame: Frame::new(visit).branded(organization.map(brand_of)),
        app: client.name.clone(),
        organization: organization.map(|organization| organization.name.as_str().to_owned()),
        missing: (denial == Denial::Requirement).then_some(wanted),
        stopped: denial.stopped(),
        is_recorded: true,
        people: vec![],
        links,
    };
    Ok((StatusCode::FORBIDDEN, Page(page)).into_response())
}

/// The same for a request of a device or a back end, which goes on waiting: there is no way back to an app.
#[must_use]
pub fn told(
    frame: Frame,
    client: &Registered,
    (denial, organization): (&Denial, Option<&Organization>),
    is_recorded: bool,
) -> Response {
    let requirement = organization.and_then(|organization| client.serves(&organization.id)).unwrap_or_default();
    let wanted = [requirement.roles, requirement.groups, requirement.locations].concat().join(", ");
    let page = NoAccessPage {
        frame: frame.branded(organization.map(brand_of)),
        app: client.client.name.clone(),
        organization: organization.map(|organization| organization.name.to_string()),
        missing: (*denial == Denial::Requirement).then_some(wanted),
        stopped: denial.stopped(),
        is_recorded,
        people: vec![],
        links: vec![],
    };
    (StatusCode::FORBIDDEN, Page(page)).into_response()
}
