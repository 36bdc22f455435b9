//! Choosing the organization to work in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{action, resumed};
use crate::{
    authentication::{
        endpoint::{address_of, brand_of},
        flow::Step,
        page::organization::{Choice, OrganizationPage},
    },
    directory::organization::Organization,
    oauth::{
        Provider,
        authorization::{
            Progress,
            flow::{Asked, Standpoint},
        },
    },
    web::{self, CsrfForm, Frame, Page, Query, RedirectOrigin, RedirectsTo, ReturnTo, Visit},
};

/// Where the form posts to.
pub const PATH: &str = "/oauth2/organization";

/// The page; the person's default comes first.
#[must_use]
pub fn show(visit: &Visit, asked: &Asked, (standpoint, back): (Standpoint, &ReturnTo)) -> Response {
    let default = standpoint.person.and_then(|person| person.user.default_organization);
    let mut choices: Vec<Choice> = standpoint
        .choices
        .iter()
        .map(|organization| choice(organization, default.as_ref() == Some(&organization.id)))
        .collect();
    choices.sort_by_key(|choice| !choice.is_default);
    let page = OrganizationPage {
        frame: Frame::new(visit),
        action: action(visit, PATH, back),
        app: Some(asked.to.client.client.name.clone()),
        choices,
        other_person_href: address_of(Step::SignIn, visit, back),
    };
    (RedirectsTo(RedirectOrigin::of(&asked.to.redirect.url())), Page(page)).into_response()
}

fn choice(organization: &Organization, is_default: bool) -> Choice {
    let slug = organization.slug.as_str().to_owned();
    Choice { slug, brand: brand_of(organization), detail: String::new(), is_default }
}

/// The choice that was made.
pub(in crate::oauth) async fn choose(
    State(provider): State<Provider>,
    visit: Visit,
    Query(query): Query,
    CsrfForm(form): CsrfForm,
) -> Result<Response, web::Error> {
    let mut resumed = resumed(&provider, &visit, &query).await?;
    let chosen = form.value("organization").unwrap_or_default();
    let now = provider.app.clock.now();
    let members = provider.app.storage.read().await?.memberships().active_of_user(&resumed.person.user.id, now).await?;
    let chosen = members.into_iter().find(|(_, organization)| organization.slug.as_str() == chosen);
    let (_, organization) = chosen.ok_or(web::Refusal::Forbidden)?;
    let progress = &resumed.arrived.progress;
    resumed.arrived.progress = Progress { organization: Some(organization.id), ..progress.clone() };
    Ok(resumed.arrived.address(&provider, &visit).await?.into_response())
}
