//! `POST /oauth2/device_authorization` (RFC 8628 §3.1).

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context};
use crate::{
    limit::{Network, Verdict},
    oauth::{
        Provider, device,
        error::{Code, Error, refuse},
    },
    web::Visit,
};

pub(super) async fn device_authorization(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let client = authenticate(&provider, (&visit, &context), &form.credentials()?).await?;
    // A public client proves nothing: what strangers have kept is bounded.
    if let Verdict::Wait(_) = provider.keeping.attempt(Network::from(visit.address()).octets()) {
        return Err(refuse(Code::TemporarilyUnavailable, "too many requests from this network").into());
    }
    let answer = device::begin(&provider, &client, &form.parameters, &context).await?;
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(answer)).into_response())
}
