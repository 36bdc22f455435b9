//! `POST /oauth2/par` (RFC 9126 §2), and the browser that comes with a reference to what was pushed (§4).

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{NO_STORE, authenticate, authorize::app_error, client_form::ClientForm, context, possession};
use crate::{
    clock::Timestamp,
    oauth::{
        Provider,
        authorization::{
            AuthorizationRequest, Destination,
            pushed::{LIFE, PREFIX, PushedRequest},
            request::PARAMETERS,
        },
        client_authentication::AuthenticatedClient,
        confirmation::Confirmation,
        error::{Code, Error, Refusal, refuse},
        grant::machine,
        provider::Kept,
        redirect_uri::Registrant,
        request_object::{self, SIGNED},
    },
    secret::{ExposeSecret, TokenHash},
    web::{self, Parameters, Visit},
};

/// The longest request, form-encoded, in bytes.
const LONGEST: usize = 16 * 1024;

/// What proves the client and is no part of the request.
const CREDENTIALS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

/// Where a reference leads nowhere: unknown, expired, used, or another client's.
pub(super) const GONE: Refusal = refuse(Code::InvalidRequest, "request_uri is unknown, expired or already used");

#[derive(Serialize)]
struct Pushed {
    request_uri: String,
    expires_in: u64,
}

pub(super) async fn push(State(provider): State<Provider>, visit: Visit, form: ClientForm) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let client = authenticate(&provider, (&visit, &context), &form.credentials()?).await?;
    let confirmation = match form.proof() {
        Some(proof) => possession::confirmation(&provider, &visit, &client.client, Some(proof)).await?,
        None => None,
    };
    let request = checked((&provider, &client), (&form.parameters, confirmation.as_ref()), context.now).await?;
    if client.client.registrant() == Registrant::Public {
        // Whoever knows its id can push: as much as by POST to the authorization endpoint.
        provider.may_keep(Kept::Pushed, visit.address())?;
    }
    let (reference, hash) = provider.app.random.token();
    provider.app.storage.append(move |additions| additions.pushed_request(hash, &request)).await?;
    let request_uri = format!("{PREFIX}{}", reference.expose_secret());
    let body = Json(Pushed { request_uri, expires_in: LIFE.as_secs() });
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, NO_STORE)], body).into_response())
}

/// The request, whose code will be bound to the key that was proved (RFC 9449 §10.1).
fn bound(parameters: Parameters, confirmation: Option<&Confirmation>) -> Result<Parameters, Refusal> {
    match (confirmation, parameters.value("dpop_jkt")) {
        (Some(Confirmation::Jkt(jkt)), Some(asked)) if asked != jkt => {
            Err(refuse(Code::InvalidDpopProof, "dpop_jkt is not the key of the DPoP proof"))
        }
        (Some(Confirmation::Jkt(jkt)), None) => Ok(parameters.with("dpop_jkt", jkt)),
        _ => Ok(parameters),
    }
}

/// The request, if the authorization endpoint would take it (RFC 9126 §2.1): its parameters, or those of a request object
/// (§3).
async fn checked(
    (provider, client): (&Provider, &AuthenticatedClient),
    (form, confirmation): (&Parameters, Option<&Confirmation>),
    now: Timestamp,
) -> Result<PushedRequest, Error> {
    if form.value("request_uri").is_some() {
        return Err(refuse(Code::InvalidRequest, "request_uri cannot be pushed").into());
    }
    let client_id = client.client.id.clone();
    let parameters = match form.value("request") {
        Some(object) => request_object::open(provider, client, object, now).await?,
        None => CREDENTIALS.iter().chain([&SIGNED]).fold(form.clone(), |form, name| form.without(name)),
    };
    let parameters = bound(parameters.with("client_id", &client_id), confirmation)?;
    let to = Destination::verify(client.registered(), &parameters)?;
    machine::authorize(&parameters, &client_id, to.redirect.as_str())?;
    AuthorizationRequest::parse(&to, &parameters)?;
    let parameters = parameters.encode();
    if parameters.len() > LONGEST {
        return Err(refuse(Code::InvalidRequest, "the request is longer than 16 KiB").into());
    }
    Ok(PushedRequest { client_id, parameters, created_at: now })
}

/// A reference as a browser brings it.
pub(super) struct Reference {
    client_id: String,
    request_uri: String,
}

impl Reference {
    /// Reads `request_uri`; `None` where it is none of ours.
    ///
    /// # Errors
    /// `invalid_request` unless exactly one client comes with exactly one reference.
    pub(super) fn of(sent: &Parameters) -> Result<Option<Self>, Refusal> {
        if !sent.values("request_uri").any(|uri| uri.starts_with(PREFIX)) {
            return Ok(None);
        }
        let only = |name: &'static str| {
            let mut values = sent.values(name);
            match (values.next(), values.next()) {
                (Some(value), None) => Ok(value.to_owned()),
                _ => Err(refuse(Code::InvalidRequest, "request_uri comes with client_id, each of them once")),
            }
        };
        Ok(Some(Self { client_id: only("client_id")?, request_uri: only("request_uri")? }))
    }

    /// What the browser carries around: nothing else that was sent counts (RFC 9101 §5).
    pub(super) fn carried(&self) -> Parameters {
        Parameters::from([("client_id", self.client_id.as_str()), ("request_uri", self.request_uri.as_str())])
    }

    /// The hash of its random part.
    pub(super) fn hash(&self) -> TokenHash {
        TokenHash::of(self.request_uri.strip_prefix(PREFIX).unwrap_or_default())
    }

    /// The parameters that were pushed.
    ///
    /// # Errors
    /// A page for what leads nowhere, or a fault.
    pub(super) async fn fetch(&self, provider: &Provider, started_at: Timestamp) -> Result<Parameters, web::Error> {
        let found = provider.app.storage.read().await?.pushed_requests().find(self.hash()).await?;
        let now = provider.app.clock.now();
        let own = |request: &PushedRequest| request.client_id == self.client_id && request.is_open(started_at, now);
        let request = found.filter(own).ok_or_else(|| app_error(&GONE))?;
        Parameters::parse_repeatable(request.parameters.as_bytes(), PARAMETERS)
            .map_err(|error| app_error(&error.into()))
    }
}
