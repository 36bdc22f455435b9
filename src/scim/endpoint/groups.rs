//! `/Groups` (RFC 7644 §3).

use super::{
    Refused, ScimText,
    body::{Asked, Asking, Json},
    resource::{created, not_modified, whole, without_body},
};
use crate::scim::{
    ResourceType, ServiceProvider, groups,
    list::{self, Groups},
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

const KIND: ResourceType = ResourceType::Group;

pub(super) async fn list(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Asked(query): Asked,
) -> Result<ScimText, Refused> {
    let mut tx = scim.app.storage.read().await?;
    Ok(ScimText(list::answer::<Groups>(&mut tx, &asking.request, &query).await?))
}

pub(super) async fn get(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let mut tx = scim.app.storage.read().await?;
    let is_whole = projection.wants(KIND, "members");
    let resource = groups::get(&mut tx, &asking.request, (&id, is_whole)).await?;
    if asking.if_none_match.is_some_and(|known| known.have(&resource.version)) {
        return Ok(not_modified(&resource.version));
    }
    Ok(whole(&resource, &projection))
}

pub(super) async fn create(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let made = scim
        .app
        .storage
        .write(move |tx| Box::pin(async move { groups::create(tx, &asking.request, body).await }))
        .await?;
    Ok(created(&made, &projection))
}

pub(super) async fn replace(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let resource = scim
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                groups::replace(tx, &request, (&id, body, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(whole(&resource, &projection))
}

pub(super) async fn patch(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let names_attributes = asked.names_attributes();
    let is_whole = names_attributes && projection.wants(KIND, "members");
    let resource = scim
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                groups::patch(tx, &request, (&id, &body, if_match.as_ref())).await?;
                groups::get(tx, &request, (&id, is_whole)).await
            })
        })
        .await?;
    // RFC 7644 §3.5.2: a group of very many members is not told again to whoever adds one.
    Ok(if names_attributes { whole(&resource, &projection) } else { without_body(&resource.version) })
}

pub(super) async fn delete(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
) -> Result<Response, Refused> {
    scim.app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                groups::delete(tx, &request, (&id, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
