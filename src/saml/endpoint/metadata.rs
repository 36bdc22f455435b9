//! `GET /saml/{upstream}/metadata`: what an administrator of the identity provider takes over (metadata §4.1).

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Response},
};

use super::Saml;
use crate::{
    saml::{
        metadata::{ServiceProvider, written},
        our_keys::OurKeys,
        sp::peer::{LIFE, Peer},
    },
    web::{Error, Refusal},
};

/// Also of an upstream that is paused: it is set up over there before it begins here.
pub(super) async fn show(State(saml): State<Saml>, Path(id): Path<String>) -> Result<Response, Error> {
    let app = &saml.app;
    let peer = Peer::find(app, &id).await?.ok_or(Refusal::NotFound)?;
    let (keys, until, random) = (OurKeys::obtain(app).await?, app.clock.now().plus(LIFE), app.random.clone());
    let work = move || written(&ServiceProvider::of(&peer, &keys.all()), until, &random);
    let text = tokio::task::spawn_blocking(work).await??;
    Ok(([(header::CONTENT_TYPE, "application/samlmetadata+xml")], text).into_response())
}
