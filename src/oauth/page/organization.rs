//! Choosing the organization to work in.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{action, resumed, seen};
use crate::{
    authentication::{
        endpoint::{address_of, brand_of},
        flow::Step,
        page::organization::{Choice, OrganizationPage},
    },
    directory::{organization::Organization, store::NamedLevel, user::User},
    oauth::{
        Provider,
        authorization::{
            Progress,
            flow::{Asked, Standpoint},
        },
    },
    storage,
    web::{self, CsrfForm, Frame, Page, Query, RedirectOrigin, RedirectsTo, ReturnTo, Visit},
};

/// Where the form posts to.
pub const PATH: &str = "/oauth2/organization";

/// The page with the person's level in each; their default comes first.
///
/// # Errors
/// When the database fails.
pub async fn show(
    provider: &Provider,
    visit: &Visit,
    asked: &Asked,
    (standpoint, back): (Standpoint, &ReturnTo),
) -> storage::Result<Response> {
    let frame = Frame::new(visit);
    let person = standpoint.person.as_ref().map(|person| &person.user);
    let shown = person.map_or_else(|| back.clone(), |person| back.clone().seen_by(seen(&person.id, None)));
    let page = OrganizationPage {
        action: action(visit, PATH, &shown),
        app: Some(asked.to.client.client.name.clone()),
        choices: choices(provider, &frame, person, &standpoint.choices).await?,
        other_person_href: address_of(Step::SignIn, visit, back),
        frame,
    };
    Ok((RedirectsTo(RedirectOrigin::of(&asked.to.redirect.url())), Page(page)).into_response())
}

/// The organizations with the person's level in each; their default comes first.
///
/// # Errors
/// When the database fails.
pub async fn choices(
    provider: &Provider,
    frame: &Frame,
    person: Option<&User>,
    organizations: &[Organization],
) -> storage::Result<Vec<Choice>> {
    let (mut levels, mut default) = (vec![], None);
    if let Some(person) = person {
        let now = provider.app.clock.now();
        levels = provider.app.storage.read().await?.levels().of_user(&person.id, now).await?;
        default = person.default_organization.as_ref();
    }
    let choice = |organization: &Organization| Choice {
        slug: organization.slug.as_str().to_owned(),
        brand: brand_of(organization),
        detail: level(frame, levels.iter().filter(|level| level.organization == organization.id)),
        is_default: default == Some(&organization.id),
    };
    let mut choices: Vec<Choice> = organizations.iter().map(choice).collect();
    choices.sort_by_key(|choice| !choice.is_default);
    Ok(choices)
}

/// The roles in one organization, each with its place, in a few words.
fn level<'l>(frame: &Frame, levels: impl Iterator<Item = &'l NamedLevel>) -> String {
    let texts = &frame.t.account.memberships;
    let roles: Vec<String> = levels
        .map(|level| {
            let place = level.location.as_ref().map_or(texts.everywhere, |location| location.as_str());
            format!("{} ({place})", level.role)
        })
        .collect();
    if roles.is_empty() { texts.no_role.to_owned() } else { roles.join(" · ") }
}

/// The choice that was made.
pub(in crate::oauth) async fn choose(
    State(provider): State<Provider>,
    visit: Visit,
    Query(query): Query,
    CsrfForm(form): CsrfForm,
) -> Result<Response, web::Error> {
    let mut resumed = match resumed(&provider, &visit, &query).await? {
        Ok(resumed) => resumed,
        Err(anew) => return Ok(anew.into_response()),
    };
    let chosen = form.value("organization").unwrap_or_default();
    let now = provider.app.clock.now();
    let members = provider.app.storage.read().await?.memberships().active_of_user(&resumed.person.user.id, now).await?;
    let chosen = members.into_iter().find(|(_, organization)| organization.slug.as_str() == chosen);
    let (_, organization) = chosen.ok_or(web::Refusal::Forbidden)?;
    let progress = &resumed.arrived.progress;
    resumed.arrived.progress = Progress { organization: Some(organization.id), ..progress.clone() };
    Ok(resumed.arrived.address(&provider, &visit).await?.into_response())
}
