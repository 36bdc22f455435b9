//! `POST /oauth2/revoke` (RFC 7009 §2).

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context};
use crate::{
    oauth::{
        Provider,
        error::{Error, Refusal},
        revocation::revoke as give_back,
    },
    web::Visit,
};

pub(super) async fn revoke(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let client = authenticate(&provider, (&visit, &context), &form.credentials()?).await?;
    let token = form.parameters.required("token").map_err(Refusal::from)?;
    give_back(&provider, &client, token, &context).await?;
    Ok((StatusCode::OK, [(header::CACHE_CONTROL, NO_STORE)]).into_response())
}
