//! `/oauth2/register` (RFC 7591 §3) and `/oauth2/register/{client_id}` (RFC 7592 §2).

use axum::{
    Json,
    extract::{FromRequest, Path, Request, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::{NO_STORE, client_form::authorization, context};
use crate::{
    audit::{Context, Event},
    limit::{Network, Verdict},
    oauth::{
        Provider,
        dynamic::{self, Asked, Door, Policy, Problem, Told, request},
        error::{Code, Error, Refusal, TooMany, refuse},
        registration::Registration,
        sector,
    },
    secret::{ExposeSecret, SecretString, TokenHash},
    storage,
    web::{
        Visit,
        form::{BodyFault, read_body},
    },
};

/// The bearer token of a request, and what it sent.
pub(super) struct Sent {
    token: Option<SecretString>,
    body: Vec<u8>,
}

impl<S: Sync> FromRequest<S> for Sent {
    type Rejection = Refusal;

    async fn from_request(request: Request, _: &S) -> Result<Self, Refusal> {
        let (token, is_json) = (bearer(request.headers())?, is_json(request.headers()));
        let body = read_body(request).await.map_err(|fault| match fault {
            BodyFault::TooLarge => refuse(Code::InvalidClientMetadata, "the body is larger than 64 KiB"),
            BodyFault::EndedEarly => refuse(Code::InvalidClientMetadata, "the body ended early"),
        })?;
        if !body.is_empty() && !is_json {
            return Err(refuse(Code::InvalidClientMetadata, "the body must be application/json"));
        }
        Ok(Self { token, body })
    }
}

fn bearer(headers: &HeaderMap) -> Result<Option<SecretString>, Refusal> {
    let Some(sent) = authorization(headers)? else { return Ok(None) };
    let (scheme, token) = sent.split_once(' ').unwrap_or_default();
    if scheme.eq_ignore_ascii_case("bearer") { Ok(Some(token.trim().into())) } else { Ok(None) }
}

fn is_json(headers: &HeaderMap) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/json")
}

/// `POST /oauth2/register`
pub(super) async fn register(State(provider): State<Provider>, visit: Visit, sent: Sent) -> Result<Response, Error> {
    slow_down(&provider, &visit)?;
    let context = context(&provider, &visit);
    let told = registered(&provider, context.clone(), sent).await;
    answer((&provider, &visit), context, told.map(|told| (StatusCode::CREATED, told))).await
}

/// Charges the network of whoever registers, or replaces what was registered: outside addresses are asked for it.
fn slow_down(provider: &Provider, visit: &Visit) -> Result<(), TooMany> {
    match provider.registering.attempt(Network::from(visit.address()).octets()) {
        Verdict::Allowed => Ok(()),
        Verdict::Wait(time) => Err(TooMany(time)),
    }
}

async fn registered(provider: &Provider, context: Context, sent: Sent) -> Result<Told, Problem> {
    let door = door(provider, sent.token, &context).await?;
    let asked = dynamic::asked(&provider.app, request::members(&sent.body)?).await?;
    dynamic::see_to_statement(&provider.app, &asked)?;
    see_to_sector(provider, door.policy(), &asked).await?;
    provider
        .app
        .storage
        .write(move |tx| Box::pin(async move { dynamic::register(tx, &context, door, asked).await }))
        .await
}

/// Sees that the client belongs to the sector that it names. Whoever asks learns nothing of why an address does not answer.
async fn see_to_sector(provider: &Provider, policy: &Policy, asked: &Asked) -> Result<(), Problem> {
    let Some(described) = dynamic::in_sector(policy, asked)? else { return Ok(()) };
    // They take no more than a few of the places that keys and logouts need.
    let Ok(_place) = provider.fetching.try_acquire() else {
        return Err(Problem::Metadata("too many addresses are being read; try again".to_owned()));
    };
    sector::verify(&provider.app.outbound, &described).await.map_err(|cause| {
        tracing::info!(%cause, "A client is not in the sector that it names.");
        Problem::Metadata("sector_identifier_uri leads to no list of the addresses of this client".to_owned())
    })
}

/// Who lets the client in: a token counts before what everybody may.
async fn door(provider: &Provider, token: Option<SecretString>, context: &Context) -> Result<Door, Problem> {
    if let Some(token) = token {
        let hash = TokenHash::of(token.expose_secret());
        let found = provider.app.storage.read().await?.initial_tokens().by_hash(hash, context.now).await?;
        return found.map(Door::Token).ok_or(Problem::Token);
    }
    if provider.app.config.registration.is_open {
        Ok(Door::Open(dynamic::Policy::default()))
    } else {
        Err(Problem::Token)
    }
}

/// `GET /oauth2/register/{client_id}`
pub(super) async fn show(
    State(provider): State<Provider>,
    visit: Visit,
    Path(client): Path<String>,
    sent: Sent,
) -> Result<Response, Error> {
    let shown = async {
        let token = sent.token.ok_or(Problem::Token)?;
        let (client, kept) = dynamic::own(&mut provider.app.storage.read().await?, &client, &token).await?;
        Ok(Told { client, secret: None, token, statement: kept.statement })
    };
    let told = shown.await.map(|told| (StatusCode::OK, told));
    answer((&provider, &visit), context(&provider, &visit), told).await
}

/// `PUT /oauth2/register/{client_id}`
pub(super) async fn replace(
    State(provider): State<Provider>,
    visit: Visit,
    Path(client): Path<String>,
    sent: Sent,
) -> Result<Response, Error> {
    slow_down(&provider, &visit)?;
    let context = context(&provider, &visit);
    let by = context.clone();
    let replaced = async {
        let token = sent.token.ok_or(Problem::Token)?;
        // Nobody else learns what is wrong with the rest, or has a statement looked into.
        let (present, kept) = dynamic::own(&mut provider.app.storage.read().await?, &client, &token).await?;
        let asked = dynamic::asked_again(&provider.app, request::members(&sent.body)?, &kept).await?;
        see_to_sector(&provider, &kept.policy.within(&Registration::of(present)), &asked).await?;
        let work = provider
            .app
            .storage
            .write(move |tx| Box::pin(async move { dynamic::replace(tx, &by, (&client, token), asked).await }));
        work.await
    };
    let told = replaced.await.map(|told| (StatusCode::OK, told));
    answer((&provider, &visit), context, told).await
}

/// `DELETE /oauth2/register/{client_id}`
pub(super) async fn remove(
    State(provider): State<Provider>,
    visit: Visit,
    Path(client): Path<String>,
    sent: Sent,
) -> Result<Response, Error> {
    let context = context(&provider, &visit);
    let by = context.clone();
    let removed = async {
        let token = sent.token.ok_or(Problem::Token)?;
        let work = provider
            .app
            .storage
            .write(move |tx| Box::pin(async move { dynamic::remove(tx, &by, &client, &token).await }));
        work.await
    };
    match removed.await {
        Ok(()) => Ok((StatusCode::NO_CONTENT, [(header::CACHE_CONTROL, NO_STORE)]).into_response()),
        Err(problem) => answer((&provider, &visit), context, Err(problem)).await,
    }
}

/// Tells the client what it is now, or why not.
async fn answer(
    (provider, visit): (&Provider, &Visit),
    context: Context,
    told: Result<(StatusCode, Told), Problem>,
) -> Result<Response, Error> {
    let problem = match told {
        Ok((status, told)) => {
            let body = Json(dynamic::information(&told, provider.issuer()));
            return Ok((status, [(header::CACHE_CONTROL, NO_STORE)], body).into_response());
        }
        Err(problem) => problem,
    };
    let refusal = problem.refusal()?;
    record(provider, visit, &context, &refusal).await?;
    Err(refusal.into())
}

/// Counts a refusal, and writes it down unless too many came from one network.
pub(super) async fn record(
    provider: &Provider,
    visit: &Visit,
    context: &Context,
    refusal: &Refusal,
) -> storage::Result<()> {
    if let Some(times) = provider.failures.count(("register".to_owned(), Network::from(visit.address()))) {
        let event = Event::ClientRegistrationFailure { reason: refusal.to_string(), times };
        let context = context.clone();
        provider.app.storage.append(move |additions| additions.record(&context, None, &event)).await?;
    }
    Ok(())
}
