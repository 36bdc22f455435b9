//! `POST /oauth2/backchannel-authentication` (CIBA Core 1.0 §7).

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context};
use crate::{
    oauth::{
        Provider, backchannel,
        error::{Code, Error, refuse},
    },
    web::Visit,
};

pub(super) async fn backchannel_authentication(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let client = authenticate(&provider, (&visit, &context), &form.credentials()?).await?;
    if form.parameters.value("request").is_some() {
        return Err(refuse(Code::InvalidRequest, "signed requests are not supported here").into());
    }
    let answer = backchannel::begin(&provider, &client, &form.parameters, &context).await?;
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(answer)).into_response())
}
