//! Asking a person whether an app may have what it asks for.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};

use super::{action, resumed, seen};
use crate::{
    audit::{Actor, Event},
    authentication::{
        endpoint::brand_of,
        page::consent::{ConsentPage, Detail},
    },
    oauth::{
        Provider,
        authorization::{
            Progress, Resolved,
            flow::{Asked, Standpoint},
            organization::{Wish, resolve},
            prompt::Consent,
        },
        authorization_details::{readable, types},
        client_id_url::ClientIdUrl,
        endpoint::context,
    },
    web::{self, CsrfForm, Frame, Page, Query, RedirectOrigin, RedirectsTo, ReturnTo, Visit},
};

/// Where the form posts to.
pub const PATH: &str = "/oauth2/consent";

/// The page.
#[must_use]
pub fn show(visit: &Visit, asked: &Asked, (standpoint, back): (Standpoint, &ReturnTo)) -> Response {
    let texts = &visit.texts().authentication.consent.scopes;
    let organization = standpoint.organization.as_ref();
    let client = &asked.to.client.client;
    let details = readable(&asked.request.authorization_details, types(&client.metadata));
    let person = standpoint.person.as_ref().map(|person| &person.user.id);
    let at = organization.map(|organization| &organization.id);
    let back = &person.map_or_else(|| back.clone(), |person| back.clone().seen_by(seen(person, at)));
    let page = ConsentPage {
        frame: Frame::new(visit).branded(organization.map(brand_of)),
        action: action(visit, PATH, back),
        app: client.name.clone(),
        host: ClientIdUrl::parse(&client.id).ok().map(|id| id.host().to_owned()),
        organization: organization.map(|organization| organization.name.as_str().to_owned()).unwrap_or_default(),
        scopes: asked.request.told().for_people().map(|scope| texts.describe(scope)).collect(),
        details: details.into_iter().map(|one| Detail { title: one.title, lines: one.lines }).collect(),
    };
    (RedirectsTo(RedirectOrigin::of(&asked.to.redirect.url())), Page(page)).into_response()
}

/// The decision. What is allowed is read from the request again, never from the form.
pub(in crate::oauth) async fn decide(
    State(provider): State<Provider>,
    visit: Visit,
    Query(query): Query,
    CsrfForm(form): CsrfForm,
) -> Result<Response, web::Error> {
    let mut resumed = match resumed(&provider, &visit, &query).await? {
        Ok(resumed) => resumed,
        Err(anew) => return Ok(anew.into_response()),
    };
    if form.value("decision") != Some("allow") {
        resumed.arrived.progress = Progress { was_refused: true, ..resumed.arrived.progress.clone() };
        return Ok(resumed.arrived.address(&provider, &visit).await?.into_response());
    }
    let to = resumed.arrived.destination(&provider).await?;
    let request = resumed.arrived.request(&provider, &to).map_err(|_| web::Refusal::FormExpired)?;
    let context = context(&provider, &visit);
    let user = resumed.person.user;
    let members = provider.app.storage.read().await?.memberships().active_of_user(&user.id, context.now).await?;
    let wish =
        Wish { chosen: resumed.arrived.progress.organization.as_ref(), requested: request.organization.as_deref() };
    let Resolved::Chosen(member) = resolve(wish, &user, members, &to.client) else {
        return Ok(resumed.arrived.address(&provider, &visit).await?.into_response());
    };
    // The page has shown another organization than the one that would be meant now.
    if resumed.back.seen != Some(seen(&user.id, Some(&member.1.id))) {
        return Ok(resumed.back.path.into_response());
    }
    let (context, client) = (context.by(Actor::User(user.id.clone())), to.client.client.id.clone());
    provider
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let (at, scope) = (member.1.id, request.scopes.to_string());
                let before = tx.consents().find(&user.id, &client, &at).await?;
                let allowed = Consent::given(&request, before, context.now);
                tx.consents().put(&user.id, &client, &at, &allowed).await?;
                let event = Event::Consent { user: user.id, client, scope };
                tx.record(&context, Some(&at), &event);
                Ok::<_, crate::storage::Error>(())
            })
        })
        .await?;
    Ok(resumed.arrived.address(&provider, &visit).await?.into_response())
}
