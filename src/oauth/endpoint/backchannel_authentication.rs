//! `POST /oauth2/backchannel-authentication` (CIBA Core 1.0 §7).

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{NO_STORE, authenticate, client_form::ClientForm, context};
use crate::{
    oauth::{
        Provider, backchannel,
        error::{Code, Error, Refusal},
    },
    web::Visit,
};

pub(super) async fn backchannel_authentication(
    State(provider): State<Provider>,
    visit: Visit,
    form: ClientForm,
) -> Result<Response, Refused> {
    let context = context(&provider, &visit);
    let client = authenticate(&provider, (&visit, &context), &form.credentials()?).await?;
    let answer = backchannel::begin(&provider, visit.site(), &client, &form.parameters, &context).await?;
    Ok(([(header::CACHE_CONTROL, NO_STORE)], Json(answer)).into_response())
}

/// A refusal as §13 answers it: `access_denied` with 403, which the token endpoint answers with 400.
pub(super) struct Refused(Error);

impl<E: Into<Error>> From<E> for Refused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let is_denied = matches!(&self.0, Error::Refused(Refusal { code: Code::AccessDenied, .. }));
        let mut response = self.0.into_response();
        if is_denied {
            *response.status_mut() = StatusCode::FORBIDDEN;
        }
        response
    }
}
