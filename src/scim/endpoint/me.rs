//! `/Me` (RFC 7644 §3.11): the resource of the person whose access token it is.

use axum::{
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use super::{
    Refused,
    body::{Asked, Asking, Json, OfPerson},
    resource::{not_modified, whole},
};
use crate::scim::{
    Projection, ResourceType, ScimError, ServiceProvider,
    me::{self, Change},
    resource::Resource,
};

const KIND: ResourceType = ResourceType::User;

pub(super) async fn get(
    State(scim): State<ServiceProvider>,
    OfPerson { user, asking }: OfPerson,
    asked: Asked,
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let mut tx = scim.app.storage.read().await?;
    let own = me::get(&mut tx, &asking.request, &user).await?;
    if asking.if_none_match.is_some_and(|known| known.have(&own.version)) {
        return Ok(not_modified(&own.version));
    }
    Ok(located(&own, &projection))
}

pub(super) async fn replace(
    State(scim): State<ServiceProvider>,
    person: OfPerson,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    change(scim, person, (asked, Change::Replace(body))).await
}

pub(super) async fn patch(
    State(scim): State<ServiceProvider>,
    person: OfPerson,
    asked: Asked,
    Json(body): Json,
) -> Result<Response, Refused> {
    change(scim, person, (asked, Change::Patch(body))).await
}

async fn change(
    scim: ServiceProvider,
    OfPerson { user, asking }: OfPerson,
    (asked, change): (Asked, Change),
) -> Result<Response, Refused> {
    let projection = asked.projection(KIND)?;
    let own = scim
        .app
        .storage
        .insist(move |tx| {
            Box::pin(async move {
                let Asking { request, if_match, .. } = asking;
                me::change(tx, &request, &user, (change, if_match.as_ref())).await
            })
        })
        .await?;
    Ok(located(&own, &projection))
}

/// Nobody comes by themselves.
pub(super) async fn create(_: OfPerson) -> Refused {
    ScimError::of_status(StatusCode::NOT_IMPLEMENTED, "nobody makes themselves a member here").into()
}

/// Nobody goes by themselves.
pub(super) async fn delete(_: OfPerson) -> Refused {
    let detail = "nobody ends their own membership here; whoever administers the organization does";
    ScimError::of_status(StatusCode::FORBIDDEN, detail).into()
}

/// RFC 7644 §3.11: the answer says where the resource is.
fn located(own: &Resource, projection: &Projection) -> Response {
    let mut response = whole(own, projection);
    if let Ok(location) = HeaderValue::from_str(&own.location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}
