//! Clients that register themselves (RFC 7591, OpenID Connect Dynamic Client Registration 1.0) and look after what they
//! registered (RFC 7592).
//!
//! Whoever has an initial access token registers clients of its organization, or of the server, within its policy; without
//! one nobody does unless `[registration]` is open. Such a client is never first-party, introspects nothing, and never
//! becomes more than it was: an update keeps it within its first grants and scopes, and as strict as it is ([`tightened`]). The token by which a client looks after
//! its registration stays the same when that is replaced (RFC 7592 §3 leaves it open): a client that loses an answer is not
//! locked out. Secrets are kept as hashes, so they are told once.

pub mod document;
pub mod policy;
pub mod request;
pub mod statement;
pub mod tightened;

use std::borrow::Cow;

use serde_json::{Map, Value, json};

pub use policy::Policy;

use super::{
    client::Client,
    error::{Code, Refusal},
    registrar::{self, RegistrarError},
    registration::Registration,
    sector,
    store::{InitialToken, SelfRegistered},
};
use crate::{
    app::App,
    audit::{Context, Event},
    secret::{ExposeSecret, SecretString, TokenHash},
    storage::{self, Tx},
    text::Slug,
};

/// Why a client is not registered.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// A redirect address.
    #[error("{0}")]
    RedirectUri(String),
    /// Any other member.
    #[error("{0}")]
    Metadata(String),
    /// The software statement.
    #[error("the software statement is refused: {0}")]
    Statement(String),
    /// A statement of somebody who is not trusted here.
    #[error("the software statement is not of an issuer that is trusted here")]
    UnapprovedStatement,
    /// The token in the header.
    #[error("the token is not valid")]
    Token,
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] storage::Error),
}

impl Problem {
    pub(super) fn metadata(why: String) -> Self {
        Self::Metadata(why)
    }

    /// What the client is told; a fault of ours is none of its business.
    ///
    /// # Errors
    /// [`storage::Error`] as it is.
    pub fn refusal(self) -> Result<Refusal, storage::Error> {
        let code = match &self {
            Self::RedirectUri(_) => Code::InvalidRedirectUri,
            Self::Metadata(_) => Code::InvalidClientMetadata,
            Self::Statement(_) => Code::InvalidSoftwareStatement,
            Self::UnapprovedStatement => Code::UnapprovedSoftwareStatement,
            Self::Token => Code::InvalidToken,
            Self::Storage(_) => Code::ServerError,
        };
        match self {
            Self::Storage(fault) => Err(fault),
            // RFC 6749 §5.2 allows neither quotation marks nor anything beyond printable ASCII.
            said => {
                let plain = |c: char| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' };
                let hint: String = said.to_string().chars().map(plain).take(300).collect();
                Ok(Refusal { code, hint: Cow::Owned(hint) })
            }
        }
    }
}

impl From<RegistrarError> for Problem {
    fn from(error: RegistrarError) -> Self {
        match error {
            RegistrarError::Registration(error) => error.into(),
            RegistrarError::Storage(error) => error.into(),
            other => Self::Metadata(other.to_string()),
        }
    }
}

/// Who lets a client in.
#[derive(Debug, Clone)]
pub enum Door {
    /// Whoever gave it an initial access token.
    Token(InitialToken),
    /// Everybody may.
    Open(Policy),
}

impl Door {
    /// What a client may become at most.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        match self {
            Self::Token(token) => &token.policy,
            Self::Open(policy) => policy,
        }
    }
}

/// What is asked for: members, those of a trusted statement among them, and that statement.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The members.
    pub members: Map<String, Value>,
    /// The software statement, as it was sent.
    pub statement: Option<String>,
}

/// The members, those of a trusted statement in place of what the client says itself (RFC 7591 §2.3).
///
/// # Errors
/// [`Problem`].
pub async fn asked(app: &App, mut members: Map<String, Value>) -> Result<Asked, Problem> {
    let statement = match members.remove("software_statement") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        Some(_) => return Err(Problem::Statement("it is not a text".to_owned())),
    };
    if let Some(statement) = &statement {
        members.extend(statement::read(app, statement).await?);
    }
    Ok(Asked { members, statement })
}

/// What the client would be, if it names a sector, which is to be seen to: nobody joins that of others and learns by what
/// names they know people. No address beyond the policy is ever asked.
///
/// # Errors
/// [`Problem`].
pub fn in_sector(policy: &Policy, asked: &Asked) -> Result<Option<Registration>, Problem> {
    let mut described = request::fill(Registration::new("new", "new"), asked.members.clone())?;
    if described.metadata.sector_identifier_uri.is_none() {
        return Ok(None);
    }
    policy.apply(&mut described)?;
    sector::check(&described)?;
    Ok(Some(described))
}

/// The same for a client that is registered: the statement that it came with goes on to count, whenever that expires, until
/// it sends another. Nobody sheds what was vouched for.
///
/// # Errors
/// [`Problem`].
pub async fn asked_again(app: &App, members: Map<String, Value>, kept: &SelfRegistered) -> Result<Asked, Problem> {
    let mut asked = asked(app, members).await?;
    if asked.statement.is_none()
        && let Some(statement) = &kept.statement
    {
        asked.members.extend(statement::read_before(statement)?);
        asked.statement = Some(statement.clone());
    }
    see_to_statement(app, &asked)?;
    Ok(asked)
}

/// Sees that there is a statement where the operator wants one.
///
/// # Errors
/// [`Problem::Statement`].
pub fn see_to_statement(app: &App, asked: &Asked) -> Result<(), Problem> {
    if asked.statement.is_none() && app.config.registration.requires_statement {
        return Err(Problem::Statement("there is none".to_owned()));
    }
    Ok(())
}

/// A client with what only it is told.
#[derive(Debug)]
pub struct Told {
    /// The client.
    pub client: Client,
    /// A secret that was just made.
    pub secret: Option<SecretString>,
    /// The token by which it looks after its registration.
    pub token: SecretString,
    /// Its software statement.
    pub statement: Option<String>,
}

/// Registers a client.
///
/// # Errors
/// [`Problem`].
pub async fn register(tx: &mut Tx, context: &Context, door: Door, asked: Asked) -> Result<Told, Problem> {
    let (policy, organization, by) = match door {
        Door::Open(policy) => (policy, None, None),
        Door::Token(token) => {
            // Counted in the unit that registers: two at once do not share the last use.
            if !tx.initial_tokens().take(&token.id, context.now).await? {
                return Err(Problem::Token);
            }
            (token.policy, token.organization, Some(token.id))
        }
    };
    let id = format!("c-{}", data_encoding::HEXLOWER.encode(&context.random.bytes::<12>()));
    let fresh = Registration { organization, ..Registration::new(&id, &id) };
    let mut registration = request::fill(fresh, asked.members)?;
    if registration.scopes.is_empty() {
        registration.scopes.clone_from(&policy.scopes);
    }
    policy.apply(&mut registration)?;
    let client = registrar::register(tx, context, registration).await?;
    let secret = secret_for(tx, context, &client).await?;
    let (token, hash) = context.random.token();
    let kept = SelfRegistered { client_id: client.id.clone(), policy, statement: asked.statement, registered_by: by };
    tx.self_registered().insert(&kept, hash).await?;
    let event = Event::ClientRegistration {
        client: client.id.clone(),
        token: kept.registered_by.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    tx.record(context, client.organization.as_ref(), &event);
    Ok(Told { client, secret, token, statement: kept.statement })
}

/// The registration that `token` looks after; one of a client that is disabled has none.
///
/// # Errors
/// [`Problem::Token`], whatever is wrong with it.
pub async fn own(tx: &mut Tx, client_id: &str, token: &SecretString) -> Result<(Client, SelfRegistered), Problem> {
    client_id.parse::<Slug>().map_err(|_| Problem::Token)?;
    let found = tx.self_registered().by_token(client_id, TokenHash::of(token.expose_secret())).await?;
    let found = found.ok_or(Problem::Token)?;
    let client = tx.clients().by_id(client_id).await?.filter(|client| client.disabled_at.is_none());
    Ok((client.ok_or(Problem::Token)?, found))
}

/// Replaces what a client registered (RFC 7592 §2.2): what is not named falls back to its default.
///
/// # Errors
/// [`Problem`].
pub async fn replace(
    tx: &mut Tx,
    context: &Context,
    (client_id, token): (&str, SecretString),
    asked: Asked,
) -> Result<Told, Problem> {
    let (client, kept) = own(tx, client_id, &token).await?;
    check_echo(tx, &client, &asked.members).await?;
    let present = Registration::of(client);
    let policy = kept.policy.within(&present);
    let mut registration = request::fill(bare(&present), asked.members)?;
    if registration.scopes.is_empty() {
        registration.scopes.clone_from(&present.scopes);
    }
    policy.apply(&mut registration)?;
    let registration = tightened::no_looser(&present, registration);
    let attributes = "registration".to_owned();
    let client = registrar::change(tx, context, client_id, (attributes, move |_| Ok(registration))).await?;
    let secret = secret_for(tx, context, &client).await?;
    tx.self_registered().set_statement(client_id, asked.statement.as_deref()).await?;
    Ok(Told { client, secret, token, statement: asked.statement })
}

/// What remains of a client when all that it registered itself is taken away.
fn bare(present: &Registration) -> Registration {
    Registration {
        name: present.id.clone(),
        redirect_uris: vec![],
        post_logout_redirect_uris: vec![],
        backchannel_logout_uri: None,
        metadata: request::kept_by_administrators(&present.metadata),
        ..present.clone()
    }
}

/// RFC 7592 §2.2: the client names itself, repeats its secret rightly or not at all, and none of what the server alone sets.
async fn check_echo(tx: &mut Tx, client: &Client, members: &Map<String, Value>) -> Result<(), Problem> {
    if members.get("client_id").and_then(Value::as_str) != Some(&client.id) {
        return Err(Problem::metadata("client_id is missing or that of another client".to_owned()));
    }
    for name in
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"]
    {
        if members.contains_key(name) {
            return Err(Problem::metadata(format!("{name} must not be sent")));
        }
    }
    let Some(secret) = members.get("client_secret") else { return Ok(()) };
    let hash = secret.as_str().map(TokenHash::of);
    let own = tx.clients().secrets(&client.id).await?;
    if own.iter().any(|one| Some(one.hash) == hash) {
        Ok(())
    } else {
        Err(Problem::metadata("client_secret is not that of the client".to_owned()))
    }
}

/// A secret for a client that now needs one; a client that needs none any more loses its own.
async fn secret_for(tx: &mut Tx, context: &Context, client: &Client) -> Result<Option<SecretString>, Problem> {
    let present = tx.clients().secrets(&client.id).await?;
    if client.authentication.has_secret() {
        if present.iter().any(|secret| secret.is_live(context.now)) {
            return Ok(None);
        }
        return Ok(Some(registrar::add_secret(tx, context, &client.id, None).await?.1));
    }
    // At most two.
    for secret in present {
        registrar::revoke_secret(tx, context, &client.id, &secret.id).await?;
    }
    Ok(None)
}

/// Ends a client for good (RFC 7592 §2.3): its tokens, its secrets and the right to look after it.
///
/// # Errors
/// [`Problem`].
pub async fn remove(tx: &mut Tx, context: &Context, client_id: &str, token: &SecretString) -> Result<(), Problem> {
    own(tx, client_id, token).await?;
    registrar::disable(tx, context, client_id).await?;
    tx.self_registered().remove(client_id).await?;
    Ok(())
}

/// What the client is told (RFC 7591 §3.2.1, RFC 7592 §3): all that is registered.
#[must_use]
pub fn information(told: &Told, issuer: &str) -> Value {
    let client = &told.client;
    let texts =
        |uris: &[super::redirect_uri::RedirectUri]| uris.iter().map(|uri| json!(uri.as_str())).collect::<Value>();
    let mut members = json!({
        "client_id": client.id,
        "client_id_issued_at": client.created_at.seconds(),
        "client_name": client.name,
        "token_endpoint_auth_method": client.authentication.name(),
        "grant_types": client.grant_types.iter().map(|grant| grant.name()).collect::<Vec<_>>(),
        "response_types": if client.redirect_uris.is_empty() { json!([]) } else { json!(["code"]) },
        "scope": client.scopes.to_string(),
        "redirect_uris": texts(&client.redirect_uris),
        "post_logout_redirect_uris": texts(&client.post_logout_redirect_uris),
        "id_token_signed_response_alg": client.id_token_algorithm.name(),
        "registration_access_token": told.token.expose_secret(),
        "registration_client_uri": format!("{issuer}{}/{}", super::metadata::path::REGISTER, client.id),
    });
    let mut set = |name: &str, value: Value| members[name] = value;
    if let Some(uri) = &client.backchannel_logout_uri {
        set("backchannel_logout_uri", json!(uri));
    }
    if let Some(secret) = &told.secret {
        set("client_secret", json!(secret.expose_secret()));
        set("client_secret_expires_at", json!(0));
    }
    if let Some(statement) = &told.statement {
        set("software_statement", json!(statement));
    }
    if let Ok(Value::Object(others)) = serde_json::to_value(&client.metadata) {
        for (name, value) in others {
            if request::MEMBERS.contains(&name.as_str()) {
                set(&name, value);
            }
        }
    }
    members
}
