//! `/.search`: a query in a body, so that it is in no log (RFC 7644 §3.4.3).

use axum::extract::State;

use super::{
    Refused, ScimText,
    body::{Asking, Json},
};
use crate::scim::{
    ServiceProvider,
    list::{self, Source},
    query::ListQuery,
};

pub(super) async fn all(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Json(body): Json,
) -> Result<ScimText, Refused> {
    let query = ListQuery::from_search_request(&body)?;
    let mut tx = scim.app.storage.read().await?;
    Ok(ScimText(list::answer_of_all(&mut tx, &asking.request, &query).await?))
}

pub(super) async fn of<S: Source>(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Json(body): Json,
) -> Result<ScimText, Refused> {
    let query = ListQuery::from_search_request(&body)?;
    let mut tx = scim.app.storage.read().await?;
    Ok(ScimText(list::answer::<S>(&mut tx, &asking.request, &query).await?))
}
