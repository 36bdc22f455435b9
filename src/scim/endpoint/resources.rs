//! `/Users` and `/Groups` (RFC 7644 §3).

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};

use super::{
    Refused, ScimText,
    body::{Asked, Asking, Json},
    resource::{created, not_modified, whole, without_body},
};
use crate::scim::{ServiceProvider, failure::Failure, list, operations::Operations};

pub(super) async fn list<S: Operations>(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Asked(query): Asked,
) -> Result<ScimText, Refused> {
    let mut tx = scim.app.storage.read().await?;
    Ok(ScimText(list::answer::<S>(&mut tx, &asking.request, &query).await?))
}

pub(super) async fn get<S: Operations>(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
) -> Result<Response, Refused> {
    let projection = asked.projection(S::KIND)?;
    let mut tx = scim.app.storage.read().await?;
    let is_whole = projection.wants(S::KIND, S::HEAVY);
    let resource = S::get(&mut tx, &asking.request, (&id, is_whole)).await?;
    if asking.if_none_match.is_some_and(|known| known.have(&resource.version)) {
        return Ok(not_modified(&resource.version));
    }
    Ok(whole(&resource, &projection))
}

pub(super) async fn create<S: Operations>(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    let projection = asked.projection(S::KIND)?;
    let made =
        scim.app.storage.insist(move |tx| Box::pin(async move { S::create(tx, &asking.request, body).await })).await?;
    Ok(created(&made, &projection))
}

pub(super) async fn replace<S: Operations>(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    let projection = asked.projection(S::KIND)?;
    let resource = scim
        .app
        .storage
        .insist(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                S::replace(tx, &request, (&id, body, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(whole(&resource, &projection))
}

pub(super) async fn patch<S: Operations>(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    let projection = asked.projection(S::KIND)?;
    let names_attributes = asked.names_attributes();
    let is_whole = names_attributes && projection.wants(S::KIND, S::HEAVY);
    let (resource, is_told) = scim
        .app
        .storage
        .insist(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                match S::patch(tx, &request, (&id, &body, if_match.as_ref())).await? {
                    Some(resource) => Ok::<_, Failure>((resource, true)),
                    None => Ok((S::get(tx, &request, (&id, is_whole)).await?, names_attributes)),
                }
            })
        })
        .await?;
    // RFC 7644 §3.5.2.
    Ok(if is_told { whole(&resource, &projection) } else { without_body(&resource.version) })
}

pub(super) async fn delete<S: Operations>(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    asking: Asking,
) -> Result<Response, Refused> {
    scim.app
        .storage
        .insist(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                S::delete(tx, &request, (&id, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
