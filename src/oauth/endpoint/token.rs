//! `POST /oauth2/token` (RFC 6749 §3.2).

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context, possession};
use crate::{
    oauth::{
        Provider,
        error::Error,
        grant::{Exchange, exchange},
        profile::Profile,
        signed_answer,
    },
    secret::ExposeSecret,
    web::Visit,
};

pub(super) async fn token(State(provider): State<Provider>, visit: Visit, form: ClientForm) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let client = authenticate(&provider, (&visit, &context), &form.credentials()?).await?;
    let confirmation = possession::confirmation(&provider, &visit, &client.client, form.proof()).await?;
    let parameters = &form.parameters;
    let exchanged = Exchange { provider: &provider, client: &client, parameters, confirmation, context };
    Profile::check_token(&client.client, exchanged.confirmation.is_some())?;
    signed_answer::check_id_token(&provider, &client.client).await?;
    let mut tokens = exchange(exchanged).await?;
    if let Some(signed) = &tokens.id_token {
        let sent = signed_answer::id_token(&provider, &client.client, signed.expose_secret().to_owned()).await?;
        tokens.id_token = Some(sent.into());
    }
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(tokens)).into_response())
}
