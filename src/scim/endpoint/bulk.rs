//! `/Bulk` (RFC 7644 §3.7).

use axum::extract::State;
use serde_json::Value;

use super::{
    Refused, ScimJson,
    body::{Asking, Json},
};
use crate::{
    limit::Verdict,
    scim::{
        ServiceProvider,
        bulk::{self, Bulk},
    },
};

pub(super) async fn run(
    State(scim): State<ServiceProvider>,
    asking: Asking,
    Json(body): Json,
) -> Result<ScimJson<Value>, Refused> {
    let bulk = Bulk::parse(&body, scim.app.config.scim.bulk_operations)?;
    // As a request it was counted once already; none is worth more than a burst.
    let more = bulk.worth().min(scim.app.config.scim.burst) - 1;
    if let Verdict::Wait(wait) = scim.rate.take_many(asking.request.caller.source.as_str(), more) {
        return Err(Refused::too_often(wait));
    }
    Ok(ScimJson(bulk::run(&scim.app.storage, asking.request, bulk).await))
}
