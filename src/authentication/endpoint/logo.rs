//! `/brand/{name}`: the pictures of organizations, each under the hash of its content and so for ever the same.

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use crate::{
    app::App,
    directory::organization::Organization,
    web::{Error, Refusal},
};

/// `GET /brand/{name}`
pub(super) async fn serve(State(app): State<App>, Path(name): Path<String>) -> Result<Response, Error> {
    let picture = app.storage.read().await?.logos().by_name(&name).await?.ok_or(Refusal::NotFound)?;
    let headers =
        [(header::CONTENT_TYPE, picture.media_type), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, picture.bytes).into_response())
}

/// The path of an organization's picture.
pub(super) fn path_of(organization: &Organization) -> Option<String> {
    organization.logo_uri.as_ref().map(|uri| uri.as_str().to_owned())
}
