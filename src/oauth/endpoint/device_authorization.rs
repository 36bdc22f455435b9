//! `POST /oauth2/device_authorization` (RFC 8628 §3.1).

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context};
use crate::{
    oauth::{Provider, device, error::Error, provider::Kept, redirect_uri::Registrant},
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
    if client.client.registrant() == Registrant::Public {
        provider.may_keep(Kept::Device, visit.address())?;
    }
    let answer = device::begin(&provider, &client, &form.parameters, &context).await?;
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(answer)).into_response())
}
