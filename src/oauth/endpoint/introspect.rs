//! `POST /oauth2/introspect` (RFC 7662 §2).

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
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
        redirect_uri::Registrant,
        signed_answer,
    },
    web::Visit,
};

pub(super) async fn introspect(
    State(provider): State<Provider>,
    visit: Visit,
    headers: HeaderMap,
    form: ClientForm,
) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let credentials = form.credentials()?;
    // RFC 7662 §2.1: not for anonymous callers, who could scan for tokens.
    if credentials.method == AuthenticationMethod::None && visit.certificate().is_none() {
        return Err(client_authentication::refused().into());
    }
    let caller = authenticate(&provider, (&visit, &context), &credentials).await?;
    if caller.client.registrant() == Registrant::Public {
        return Err(client_authentication::refused().into());
    }
    let token = form.parameters.required("token").map_err(Refusal::from)?;
    let told = tell(&provider, &caller, token, context.now).await?;
    if wants_token(&headers) || signed_answer::signs_introspection(&caller.client) {
        let jwt = signed_answer::introspection(&provider, &caller.client, &told).await?;
        let signed = HeaderValue::from_static(SIGNED);
        return Ok(([(header::CONTENT_TYPE, signed), (header::CACHE_CONTROL, NO_STORE)], jwt).into_response());
    }
    let json = HeaderValue::from_static("application/json");
    Ok(([(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, NO_STORE)], told).into_response())
}

/// RFC 9701 §4.
const SIGNED: &str = "application/token-introspection+jwt";

fn wants_token(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types =
        accepted.flat_map(|list| list.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim());
    types.any(|one| one.eq_ignore_ascii_case(SIGNED))
}
