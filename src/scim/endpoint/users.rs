//! `/Users` (RFC 7644 §3).

use super::{
    Refused, ScimText,
    body::{Asked, Asking, Json},
    resource::{created, not_modified, whole},
};
use crate::scim::{
    ResourceType, ServiceProvider,
    list::{self, Users},
    users,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

const KIND: ResourceType = ResourceType::User;

pub(super) async fn list(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Asked(query): Asked,
) -> Result<ScimText, Refused> {
    let mut tx = scim.app.storage.read().await?;
    Ok(ScimText(list::answer::<Users>(&mut tx, &asking.request, &query).await?))
}

pub(super) async fn get(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let mut tx = scim.app.storage.read().await?;
    let resource = users::get(&mut tx, &asking.request, &id).await?;
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
        .write(move |tx| Box::pin(async move { users::create(tx, &asking.request, body).await }))
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
                users::replace(tx, &request, (&id, body, if_match.as_ref())).await
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
    let (resource, _) = scim
        .app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                users::patch(tx, &request, (&id, &body, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(whole(&resource, &projection))
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
                users::delete(tx, &request, (&id, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
