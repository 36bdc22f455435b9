//! `/ServiceProviderConfig`, `/Schemas`, `/ResourceTypes` (RFC 7644 §4): what there is and what it can do, for everybody, so
//! that a system can be set up before it has a token.

use axum::{
    extract::{Path, RawQuery, State},
    http::StatusCode,
};
use serde_json::{Value, json};

use super::{Refused, ScimJson};
use crate::scim::{ResourceType, ScimError, ServiceProvider, error::echo, schema::Schema, service_provider_config};

const LIST: &str = "urn:ietf:params:scim:api:messages:2.0:ListResponse";

pub(super) async fn service_provider_config(
    State(scim): State<ServiceProvider>,
    RawQuery(query): RawQuery,
) -> Result<ScimJson<Value>, Refused> {
    refuse_filter(query.as_deref())?;
    Ok(ScimJson(service_provider_config::document(&scim.app.config, &base(&scim))))
}

pub(super) async fn schemas(
    State(scim): State<ServiceProvider>,
    RawQuery(query): RawQuery,
) -> Result<ScimJson<Value>, Refused> {
    refuse_filter(query.as_deref())?;
    let base = base(&scim);
    Ok(list(&Schema::ALL.map(|schema| schema.to_json(&base))))
}

pub(super) async fn schema(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<ScimJson<Value>, Refused> {
    refuse_filter(query.as_deref())?;
    let found = Schema::by_id(&id).ok_or_else(|| unknown("schema", &id))?;
    Ok(ScimJson(found.to_json(&base(&scim))))
}

pub(super) async fn resource_types(
    State(scim): State<ServiceProvider>,
    RawQuery(query): RawQuery,
) -> Result<ScimJson<Value>, Refused> {
    refuse_filter(query.as_deref())?;
    let base = base(&scim);
    Ok(list(&ResourceType::ALL.map(|one| one.to_json(&base))))
}

pub(super) async fn resource_type(
    State(scim): State<ServiceProvider>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<ScimJson<Value>, Refused> {
    refuse_filter(query.as_deref())?;
    let found = ResourceType::ALL.into_iter().find(|one| one.name() == id);
    Ok(ScimJson(found.ok_or_else(|| unknown("resource type", &id))?.to_json(&base(&scim))))
}

fn base(scim: &ServiceProvider) -> String {
    service_provider_config::base(&scim.app.config)
}

fn unknown(what: &str, id: &str) -> ScimError {
    ScimError::of_status(StatusCode::NOT_FOUND, format!("there is no {what} `{}`", echo(id)))
}

/// All else of a query is ignored; whoever filters must not believe that it was applied.
fn refuse_filter(query: Option<&str>) -> Result<(), ScimError> {
    let names = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).map(|(name, _)| name);
    if names.into_iter().any(|name| name.eq_ignore_ascii_case("filter")) {
        return Err(ScimError::of_status(StatusCode::FORBIDDEN, "what is described here cannot be filtered"));
    }
    Ok(())
}

fn list(resources: &[Value]) -> ScimJson<Value> {
    ScimJson(json!({
        "schemas": [LIST],
        "totalResults": resources.len(),
        "itemsPerPage": resources.len(),
        "startIndex": 1,
        "Resources": resources,
    }))
}
