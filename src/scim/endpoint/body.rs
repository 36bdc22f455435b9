//! What comes with a request: a JSON body, a query, the versions that a client knows.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequest, FromRequestParts, Request as HttpRequest},
    http::{HeaderMap, HeaderName, StatusCode, header, request::Parts},
};

use super::{
    Refused,
    caller::{Person, caller, person},
};
use crate::{
    authentication::endpoint::visit_context,
    id::UserId,
    scim::{
        Caller, Document, ResourceType, ScimError, ServiceProvider, document, projection::Projection, query::ListQuery,
        request::Request, version::Versions,
    },
    web::{
        Visit,
        form::{BodyFault, read_body_within},
    },
};

/// A body of a media type that SCIM knows (RFC 7644 §3.1); `server.body_limit` bounds it.
pub(super) struct Json(pub(super) Document);

impl<S> FromRequest<S> for Json
where
    ServiceProvider: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request(request: HttpRequest, state: &S) -> Result<Self, Refused> {
        let sent = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = sent.map(|text| text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
        if !matches!(media_type.as_deref(), None | Some("application/scim+json" | "application/json")) {
            let detail = "the body must be application/scim+json or application/json";
            return Err(ScimError::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail).into());
        }
        let most = ServiceProvider::from_ref(state).app.config.server.body_limit;
        let body = read_body_within(request, most).await.map_err(|fault| match fault {
            BodyFault::TooLarge => too_large(most),
            BodyFault::EndedEarly => ScimError::of_status(StatusCode::BAD_REQUEST, fault.to_string()),
        })?;
        Ok(Self(document::parse(&body)?))
    }
}

/// RFC 7644 §3.7.4.
fn too_large(most: usize) -> ScimError {
    let detail = format!("the body is too large: it exceeds maxPayloadSize ({most} bytes)");
    ScimError::of_status(StatusCode::PAYLOAD_TOO_LARGE, detail)
}

/// The parameters of the address (RFC 7644 §3.4.2).
pub(super) struct Asked(pub(super) ListQuery);

impl Asked {
    /// What of a resource is answered (RFC 7644 §3.9).
    pub(super) fn projection(&self, kind: ResourceType) -> Result<Projection, ScimError> {
        self.0.projection(&[kind])
    }

    /// Whether attributes were named.
    pub(super) fn names_attributes(&self) -> bool {
        !self.0.attributes.is_empty() || !self.0.excluded_attributes.is_empty()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        let pairs: Vec<_> = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).collect();
        let pairs = pairs.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        Ok(Self(ListQuery::from_pairs(pairs)?))
    }
}

/// Who asks, when and where, with the versions that they know.
pub(super) struct Asking {
    pub(super) request: Request,
    pub(super) if_match: Option<Versions>,
    pub(super) if_none_match: Option<Versions>,
}

impl<S> FromRequestParts<S> for Asking
where
    ServiceProvider: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let (scim, visit) = (ServiceProvider::from_ref(state), visited(parts, state).await?);
        let caller = caller(&scim, &visit, parts).await?;
        Ok(Self::by(caller, (&scim, &visit), &parts.headers))
    }
}

impl Asking {
    fn by(caller: Caller, (scim, visit): (&ServiceProvider, &Visit), headers: &HeaderMap) -> Self {
        let context = visit_context(&scim.app, visit, caller.actor.clone());
        let request = Request {
            caller,
            context,
            site: visit.site().clone(),
            sealer: Arc::clone(&scim.app.sealer),
            scans: scim.scans.clone(),
        };
        let versions = |name| versions(headers, &name);
        Self { request, if_match: versions(header::IF_MATCH), if_none_match: versions(header::IF_NONE_MATCH) }
    }
}

/// The site that a request was sent to, and from where.
async fn visited<S: Send + Sync>(parts: &mut Parts, state: &S) -> Result<Visit, ScimError> {
    let visit = Visit::from_request_parts(parts, state).await;
    visit.map_err(|status| ScimError::of_status(status, "nobody is visited"))
}

/// A person who asks for their own resource.
pub(super) struct OfPerson {
    pub(super) user: UserId,
    pub(super) asking: Asking,
}

impl<S> FromRequestParts<S> for OfPerson
where
    ServiceProvider: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refused> {
        let (scim, visit) = (ServiceProvider::from_ref(state), visited(parts, state).await?);
        let Person { user, caller } = person(&scim, &visit, parts).await?;
        Ok(Self { user, asking: Asking::by(caller, (&scim, &visit), &parts.headers) })
    }
}

fn versions(headers: &HeaderMap, name: &HeaderName) -> Option<Versions> {
    Versions::parse(headers.get_all(name).iter().filter_map(|value| value.to_str().ok()))
}
