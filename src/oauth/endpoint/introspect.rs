//! `POST /oauth2/introspect` (RFC 7662 §2).

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context};
use crate::{
    oauth::{
        Provider,
        client::AuthenticationMethod,
        client_authentication,
        error::{Error, Refusal},
        introspection::introspect as tell,
    },
    web::Visit,
};

pub(super) async fn introspect(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let credentials = form.credentials()?;
    // RFC 7662 §2.1: not for anonymous callers, who could scan for tokens.
    if credentials.method == AuthenticationMethod::None {
        return Err(client_authentication::refused().into());
    }
    let caller = authenticate(&provider, (&visit, &context), &credentials).await?;
    let token = form.parameters.required("token").map_err(Refusal::from)?;
    let told = tell(&provider, &caller, token, context.now).await?;
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, NO_STORE)], told).into_response())
}
