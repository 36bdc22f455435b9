//! The backchannel authentication request (OpenID Connect Client-Initiated Backchannel Authentication Core 1.0 §7): a back
//! end asks a person, who decides on the pages of their account; meanwhile it polls, or is pinged.
//!
//! `acr_values` is a wish (§7.1) that no more can be done about than what the person's session holds: the ID token says by
//! `acr` what that was, and the client decides.

mod hint;
mod letter;
mod signed;

use std::{sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    Provider,
    authorization::{
        Denial,
        admission::{Admission, admission},
    },
    client::{GrantType, Registered},
    client_keys::is_address,
    client_metadata::ClientMetadata,
    device,
    error::{Code, Error, Refusal, refuse},
    registration::RegistrationError,
    scope::Scope,
    store::{Asks, Decision, DeferredRequest},
};
use crate::{
    audit::{Actor, Context, Event},
    directory::user::User,
    id::{DeferredId, UserId},
    jobs::Job,
    jose::Alg,
    keys::{SealedColumn, Sealer},
    secret::ExposeSecret,
    storage::{self, Tx},
    web::{Parameters, Site},
};

/// How clients may learn that a decision was made; tokens are never pushed.
pub const DELIVERY_MODES: [&str; 2] = ["poll", "ping"];

/// How long a person has, unless the client asks for less.
const LIFE: Duration = Duration::from_mins(10);
/// How long the client waits between two questions, in seconds.
const INTERVAL: i64 = 5;
/// The longest message that a page shows, in characters.
const LONGEST_MESSAGE: usize = 100;
/// The longest notification token (CIBA §7.1).
const LONGEST_TOKEN: usize = 1024;

const UNKNOWN: Refusal = refuse(Code::UnknownUserId, "nobody of that name uses the client");

/// What the client is answered (§7.3).
#[derive(Serialize)]
pub struct Answer {
    auth_req_id: String,
    expires_in: u64,
    interval: i64,
}

/// What a ping needs, as it is sealed.
#[derive(Serialize, Deserialize)]
struct Notification {
    token: String,
    auth_req_id: String,
}

/// Keeps the request of a client.
///
/// # Errors
/// The registered code of the refusal (§13), or a fault.
pub async fn begin(
    provider: &Provider,
    site: &Site,
    client: &Registered,
    sent: &Parameters,
    context: &Context,
) -> Result<Answer, Error> {
    let registered = &client.client;
    registered.allows(GrantType::Ciba)?;
    let parameters = &signed::read(provider, client, sent, context.now).await?;
    let life = life(parameters.value("requested_expiry"))?;
    let binding_message = message(parameters.value("binding_message"))?;
    let token = notification_token(&registered.metadata, parameters.value("client_notification_token"))?;
    let scopes = device::scopes(registered, parameters.value("scope"))?;
    if !scopes.has(Scope::OpenId) {
        return Err(refuse(Code::InvalidScope, "scope lacks openid").into());
    }
    let resources: Vec<String> = parameters.values("resource").map(str::to_owned).collect();
    registered.grant_resources(&resources)?;
    let user = hint::person(provider, registered, parameters).await?;
    let user = user.filter(|user| user.is_active(context.now)).ok_or(UNKNOWN)?;
    let (secret, hash) = provider.app.random.token();
    let auth_req_id = secret.expose_secret().to_owned();
    let id = DeferredId::fresh(context.now, &context.random);
    let notification =
        token.map(|token| sealed(&provider.app.sealer, &id, &Notification { token, auth_req_id: auth_req_id.clone() }));
    let mut request = DeferredRequest {
        id,
        hash,
        client_id: registered.id.clone(),
        asks: Asks::Person { user: user.id.clone(), binding_message, notification },
        organization: parameters.value("organization").map(str::to_owned),
        scopes,
        resources,
        interval: INTERVAL,
        polled_at: None,
        created_at: context.now,
        expires_at: context.now.plus(life),
        decision: Decision::Pending,
    };
    request.organization = Some(place(provider, client, &request, &user).await?);
    let (context, sealer) = (context.by(Actor::Client(registered.id.clone())), Arc::clone(&provider.app.sealer));
    let letter = letter::letter(site, &user);
    let keeping = provider.app.storage.write(move |tx| {
        Box::pin(async move { keep(tx, (&context, &sealer), (&request, &user.id), letter.as_ref()).await })
    });
    if !keeping.await? {
        return Err(refuse(Code::AccessDenied, "the person has too many requests to decide about").into());
    }
    Ok(Answer { auth_req_id, expires_in: life.as_secs(), interval: INTERVAL })
}

/// Writes the request down and tells the person; `false` when too many wait for them.
async fn keep(
    tx: &mut Tx,
    (context, sealer): (&Context, &Sealer),
    (request, user): (&DeferredRequest, &UserId),
    letter: Option<&Job>,
) -> storage::Result<bool> {
    let open = tx.deferred_requests().open_of_user(user, context.now).await?;
    let own = open.iter().filter(|other| other.client_id == request.client_id).count();
    if open.len() >= MOST_OPEN || own >= MOST_OPEN_OF_CLIENT {
        return Ok(false);
    }
    tx.deferred_requests().insert(request).await?;
    let event = Event::BackchannelRequest { user: user.clone(), client: request.client_id.clone() };
    tx.record(context, None, &event);
    let Some(letter) = letter else { return Ok(true) };
    if tx.deferred_requests().mail((&request.id, user), letter::PAUSE, context.now).await? {
        tx.jobs().enqueue(context, sealer, letter).await?;
    }
    Ok(true)
}

fn sealed(sealer: &Sealer, id: &DeferredId, notification: &Notification) -> Vec<u8> {
    let plain = serde_json::to_vec(notification).expect("texts are JSON");
    sealer.seal(SealedColumn::NOTIFICATION, id.as_str(), &plain)
}

/// Requests that wait for one person: as many as their page lists.
const MOST_OPEN: usize = 50;
/// Those of one client, so that none takes the places of others.
const MOST_OPEN_OF_CLIENT: usize = 10;

/// The organization in which the person would let the client in. Whoever is in none that uses the client is as unknown as
/// whoever does not exist.
async fn place(
    provider: &Provider,
    client: &Registered,
    request: &DeferredRequest,
    user: &User,
) -> Result<String, Error> {
    match admission(provider, (client, request), (user, None), (None, None)).await? {
        Admission::Open(member) => Ok(member.1.id.to_string()),
        Admission::Choose(_) => {
            Err(refuse(Code::InvalidRequest, "the person has several: organization is missing").into())
        }
        Admission::Denied(Denial::Requirement | Denial::Policy(_), _) => {
            Err(refuse(Code::AccessDenied, "the person may not use the client there").into())
        }
        Admission::Denied(..) => Err(UNKNOWN.into()),
    }
}

fn life(asked: Option<&str>) -> Result<Duration, Refusal> {
    let Some(asked) = asked else { return Ok(LIFE) };
    let is_number = asked.len() <= 9 && asked.bytes().all(|byte| byte.is_ascii_digit());
    match asked.parse() {
        Ok(seconds) if is_number && seconds > 0 => Ok(Duration::from_secs(seconds).min(LIFE)),
        _ => Err(refuse(Code::InvalidRequest, "requested_expiry is not a number of seconds")),
    }
}

/// §7.1: a message that fits on a page, in one line.
fn message(asked: Option<&str>) -> Result<Option<String>, Refusal> {
    match asked {
        Some(text) if text.chars().count() > LONGEST_MESSAGE || text.chars().any(char::is_control) => {
            Err(refuse(Code::InvalidBindingMessage, "binding_message is longer than 100 characters, or no line"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// §7.1: needed by whoever is pinged, a bearer token (RFC 6750 §2.1).
fn notification_token(metadata: &ClientMetadata, sent: Option<&str>) -> Result<Option<String>, Refusal> {
    if !is_pinged(metadata) {
        return Ok(None);
    }
    let is_bearer = |text: &&str| {
        text.len() <= LONGEST_TOKEN
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte))
    };
    let token = sent.filter(is_bearer);
    let bad = refuse(Code::InvalidRequest, "client_notification_token is missing or no bearer token");
    token.map(|token| Some(token.to_owned())).ok_or(bad)
}

fn is_pinged(metadata: &ClientMetadata) -> bool {
    metadata.backchannel_token_delivery_mode.as_deref() == Some("ping")
}

/// The job that tells the client of a decision (§10.2), where it wants to be told.
#[must_use]
pub fn ping(sealer: &Sealer, client: &Registered, request: &DeferredRequest) -> Option<Job> {
    let Asks::Person { notification: Some(kept), .. } = &request.asks else { return None };
    let url = client.client.metadata.backchannel_client_notification_endpoint.clone()?;
    let plain = sealer.open(SealedColumn::NOTIFICATION, request.id.as_str(), kept).ok()?;
    let Notification { token, auth_req_id } = serde_json::from_slice(plain.expose_secret()).ok()?;
    Some(Job::PingClient { url, token, auth_req_id })
}

/// What can be known at registration (§4).
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(metadata: &ClientMetadata) -> Result<(), RegistrationError> {
    let wrong = |name: &str, why: &str| Err(RegistrationError::Member { name: name.to_owned(), why: why.to_owned() });
    let endpoint = metadata.backchannel_client_notification_endpoint.as_deref();
    match metadata.backchannel_token_delivery_mode.as_deref() {
        Some(mode) if !DELIVERY_MODES.contains(&mode) => {
            return wrong("backchannel_token_delivery_mode", "poll or ping; tokens are not pushed");
        }
        Some("ping") if endpoint.is_none() => {
            return wrong("backchannel_client_notification_endpoint", "ping needs one");
        }
        _ => {}
    }
    if endpoint.is_some_and(|uri| !is_address(uri) || Url::parse(uri).is_err()) {
        return wrong("backchannel_client_notification_endpoint", "not an http address without user and fragment");
    }
    let algorithm = "backchannel_authentication_request_signing_alg";
    match metadata.backchannel_authentication_request_signing_alg.as_deref() {
        Some(name) if Alg::named(name).is_none() => return wrong(algorithm, "no such algorithm of public keys"),
        Some(_) if metadata.jwks.is_none() && metadata.jwks_uri.is_none() => {
            return wrong(algorithm, "it needs jwks or jwks_uri");
        }
        _ => {}
    }
    if metadata.backchannel_user_code_parameter {
        return wrong("backchannel_user_code_parameter", "people have no codes here");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_asks_of_a_person_is_bounded() {
        for (asked, expected) in [
            (None, Some(600)),
            (Some("60"), Some(60)),
            (Some("86400"), Some(600)),
            (Some("0"), None),
            (Some("-1"), None),
            (Some("+1"), None),
            (Some("99999999999999999999"), None),
            (Some("soon"), None),
        ] {
            assert_eq!(life(asked).ok().map(|life| life.as_secs()), expected, "{asked:?}");
        }
        for (text, fits) in [("W4SCT", true), ("Æøå 🦀", true), ("a\nb", false), (&"x".repeat(101), false)] {
            assert_eq!(message(Some(text)).is_ok(), fits, "{text}");
        }
    }

    #[test]
    fn whoever_is_pinged_says_where_and_with_what() {
        let with = |mode: Option<&str>, endpoint: Option<&str>| ClientMetadata {
            backchannel_token_delivery_mode: mode.map(str::to_owned),
            backchannel_client_notification_endpoint: endpoint.map(str::to_owned),
            ..ClientMetadata::default()
        };
        let at = Some("https://app.example/ciba");
        for (mode, endpoint, fits) in [
            (None, None, true),
            (Some("poll"), None, true),
            (Some("ping"), at, true),
            (Some("ping"), None, false),
            (Some("ping"), Some("file:///etc/passwd"), false),
            (Some("push"), at, false),
        ] {
            assert_eq!(check(&with(mode, endpoint)).is_ok(), fits, "{mode:?} {endpoint:?}");
        }
        let pinged = with(Some("ping"), at);
        for (token, fits) in [(Some("8d67dc78-7faa-4d41-aabd-67707b374255"), true), (None, false), (Some("a b"), false)]
        {
            assert_eq!(notification_token(&pinged, token).is_ok(), fits, "{token:?}");
        }
        assert_eq!(notification_token(&with(None, None), Some("a b")), Ok(None));
    }

    #[test]
    fn whoever_signs_says_with_which_key() {
        for (algorithm, jwks_uri, fits) in [
            (Some("ES256"), Some("https://app.example/jwks"), true),
            (Some("ES256"), None, false),
            (Some("HS256"), Some("https://app.example/jwks"), false),
            (Some("none"), Some("https://app.example/jwks"), false),
            (None, None, true),
        ] {
            let metadata = ClientMetadata {
                backchannel_authentication_request_signing_alg: algorithm.map(str::to_owned),
                jwks_uri: jwks_uri.map(str::to_owned),
                ..ClientMetadata::default()
            };
            assert_eq!(check(&metadata).is_ok(), fits, "{algorithm:?} {jwks_uri:?}");
        }
    }
}
