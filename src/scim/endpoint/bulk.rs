//! `/Bulk` (RFC 7644 §3.7).

use axum::extract::State;
use serde_json::Value;

use super::{
    Refused, ScimJson,
    body::{Asking, Json},
};
use crate::scim::{
    ServiceProvider,
    bulk::{self, Bulk},
};

pub(super) async fn run(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Json(body): Json,
) -> Result<ScimJson<Value>, Refused> {
    let bulk = Bulk::parse(&body, scim.app.config.scim.bulk_operations)?;
    Ok(ScimJson(bulk::run(&scim.app.storage, asking.request, bulk).await))
}
