//! Clients that are described by a document at the address which is their id
//! (draft-ietf-oauth-client-id-metadata-document-03).
//!
//! Nobody registers them: whoever first asks in their name has the document read, from a host that the operator named, and
//! a client made of it, within bounds. It is held to what anybody could register: never first-party, without a secret, on
//! hosts of its own. A document is read by many servers, so that scopes and grants which are not for everybody here are
//! left out, not refused.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::{Asked, Policy, Problem, bare, request, tightened};
use crate::{
    app::App,
    audit::Context,
    clock::Timestamp,
    config::DocumentHost,
    directory::app::{self, Adopt, Requires},
    id::OrganizationId,
    oauth::{
        client::AuthenticationMethod,
        client_id_url::ClientIdUrl,
        registrar::{self, RegistrarError},
        registration::Registration,
    },
    outbound::documents::Document,
    secret::TokenHash,
    storage::Tx,
    text::Slug,
};

/// The longest document, in bytes: the draft advises 5 KB, and keys by value may take more.
const LONGEST: usize = 16 * 1024;

/// The most clients that may come like this, ever and within an hour: nobody fills the database by asking.
pub const MOST: i64 = 1000;
const MOST_LATELY: i64 = 60;
const LATELY: Duration = Duration::from_hours(1);

/// How long a client goes on after its document was last read: a day longer than any document may be kept.
pub const GRACE: Duration = Duration::from_hours(48);

/// How old the note of the last reading may get before it is written anew.
const NOTED: Duration = Duration::from_hours(1);

/// What is known of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Of its text and of what the operator allows: a change of either has it looked at anew.
    pub digest: TokenHash,
    /// When it was last read.
    pub read_at: Timestamp,
}

impl Reading {
    /// What is to be known of a document that was just read.
    #[must_use]
    pub fn of(document: &Document, host: &DocumentHost) -> Self {
        let text = String::from_utf8_lossy(&document.body);
        let digest = TokenHash::of(&format!("{}\n{}\n{text}", host.authority, host.others.join(" ")));
        Self { digest, read_at: document.read_at }
    }

    /// Whether the client goes on though the document cannot be read.
    #[must_use]
    pub fn is_good_for(self, now: Timestamp) -> bool {
        now < self.read_at.plus(GRACE)
    }

    /// Whether this says nothing that is worth writing down after `before`, which another node may have read later.
    #[must_use]
    pub fn is_no_news_after(self, before: Self) -> bool {
        self.read_at <= before.read_at || (self.digest == before.digest && self.read_at < before.read_at.plus(NOTED))
    }
}

/// What clients on a host may be at most.
#[must_use]
pub fn policy(id: &ClientIdUrl, host: &DocumentHost) -> Policy {
    let methods = [AuthenticationMethod::None, AuthenticationMethod::PrivateKeyJwt];
    let own = [id.host().to_owned()];
    Policy {
        authentication_methods: methods.iter().map(|method| method.name().to_owned()).collect(),
        hosts: own.into_iter().chain(host.others.clone()).collect(),
        ..Policy::default()
    }
}

/// Reads a document.
///
/// # Errors
/// [`Problem`].
pub async fn read(app: &App, (id, policy): (&ClientIdUrl, &Policy), document: &Document) -> Result<Asked, Problem> {
    let is_json = document.content_type == "application/json"
        || (document.content_type.starts_with("application/") && document.content_type.ends_with("+json"));
    if !is_json || document.body.len() > LONGEST {
        return Err(Problem::metadata("the document is not application/json of at most 16 KiB".to_owned()));
    }
    let mut members = request::members(&document.body)?;
    check_own(id, &members)?;
    narrow(&mut members, "grant_types", &policy.grant_types);
    narrow(&mut members, "response_types", &["code".to_owned()]);
    // The default of RFC 7591 §2 is a secret, which nobody could have agreed on (§4.1).
    members.entry("token_endpoint_auth_method").or_insert_with(|| json!(AuthenticationMethod::None.name()));
    let mut asked = super::asked(app, members).await?;
    // Redirect URIs are on one host anyhow; one more address would be asked again at every request.
    asked.members.remove("sector_identifier_uri");
    super::see_to_statement(app, &asked)?;
    Ok(asked)
}

/// §4 and §4.1: the document is about this client, and holds nothing secret.
fn check_own(id: &ClientIdUrl, members: &Map<String, Value>) -> Result<(), Problem> {
    if members.get("client_id").and_then(Value::as_str) != Some(id.url().as_str()) {
        return Err(Problem::metadata("client_id in the document is not its address".to_owned()));
    }
    match members.keys().find(|name| name.starts_with("client_secret")) {
        Some(name) => Err(Problem::metadata(format!("the document holds {name}"))),
        None => Ok(()),
    }
}

/// Leaves out of a list what is for other servers.
fn narrow(members: &mut Map<String, Value>, name: &str, allowed: &[String]) {
    if let Some(Value::Array(values)) = members.get_mut(name) {
        values.retain(|value| value.as_str().is_none_or(|text| allowed.iter().any(|one| one == text)));
    }
}

/// The client that a document describes, in place of what it was.
fn described(
    present: Option<Registration>,
    (id, policy): (&ClientIdUrl, &Policy),
    asked: Asked,
) -> Result<Registration, Problem> {
    let name = id.host();
    let bare = match &present {
        Some(present) => Registration { name: name.to_owned(), is_first_party: false, ..bare(present) },
        None => Registration::new(id.url().as_str(), name),
    };
    let mut registration = request::fill(bare, asked.members)?;
    if registration.scopes.is_empty() {
        registration.scopes.clone_from(&policy.scopes);
    }
    policy.apply(&mut registration)?;
    if registration.grant_types.is_empty() {
        return Err(Problem::metadata("none of its grant types is allowed".to_owned()));
    }
    Ok(match present {
        Some(present) => tightened::no_looser(&present, registration),
        None => registration,
    })
}

/// Makes a client of a document, for the organizations that want any; one that was made in the meantime is left alone.
///
/// # Errors
/// [`Problem`], also where there are too many.
pub async fn provision(
    tx: &mut Tx,
    context: &Context,
    (id, policy): (&ClientIdUrl, &Policy),
    (asked, reading): (Asked, Reading),
    organizations: &[Slug],
) -> Result<(), Problem> {
    let (all, lately) = tx.client_documents().count(context.now.minus(LATELY)).await?;
    if all >= MOST || lately >= MOST_LATELY {
        return Err(Problem::metadata("too many clients have come by documents; try again later".to_owned()));
    }
    let registration = described(None, (id, policy), asked)?;
    let client = match registrar::register(tx, context, registration).await {
        Ok(client) => client.id,
        Err(RegistrarError::Taken(_)) => return Ok(()),
        Err(other) => return Err(other.into()),
    };
    // `created_at` is when the client came; the document may have been read before.
    tx.client_documents().put(&client, Reading { read_at: context.now, ..reading }).await?;
    for organization in named(tx, organizations).await? {
        let open = (Adopt::All, Requires::default());
        let activated = app::activate(tx, context, &organization, &client, (&open.0, &open.1)).await;
        activated.map_err(|error| Problem::metadata(error.to_string()))?;
    }
    Ok(())
}

/// The organizations that the operator named; few, and only when a client comes.
async fn named(tx: &mut Tx, slugs: &[Slug]) -> Result<Vec<OrganizationId>, Problem> {
    let mut found = vec![];
    for slug in slugs {
        if let Some(organization) = tx.organizations().by_slug(slug).await? {
            found.push(organization.id);
        } else {
            tracing::warn!(%slug, "registration.document_organizations names no organization.");
        }
    }
    Ok(found)
}

/// Makes a client what its document says now.
///
/// # Errors
/// [`Problem`].
pub async fn renew(
    tx: &mut Tx,
    context: &Context,
    (id, policy): (&ClientIdUrl, &Policy),
    (asked, reading): (Asked, Reading),
) -> Result<(), Problem> {
    let client = id.url().as_str();
    let present = tx.clients().by_id(client).await?.map(Registration::of);
    let registration = described(present, (id, policy), asked)?;
    registrar::change(tx, context, client, ("document".to_owned(), move |_| Ok(registration))).await?;
    tx.client_documents().put(client, reading).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::client::GrantType;

    fn id() -> ClientIdUrl {
        ClientIdUrl::parse("https://app.example/client").unwrap()
    }

    fn host() -> DocumentHost {
        DocumentHost { authority: "app.example".into(), others: vec!["127.0.0.1".into()] }
    }

    /// What becomes of a document with these members more.
    fn client(more: &Value) -> Result<Registration, Problem> {
        let (id, mut members) = (id(), Map::new());
        members.insert("client_id".into(), json!("https://app.example/client"));
        members.insert("redirect_uris".into(), json!(["https://app.example/cb"]));
        members.insert("token_endpoint_auth_method".into(), json!("none"));
        members.extend(more.as_object().unwrap().clone());
        check_own(&id, &members)?;
        let policy = policy(&id, &host());
        narrow(&mut members, "grant_types", &policy.grant_types);
        narrow(&mut members, "response_types", &["code".to_owned()]);
        let registration = described(None, (&id, &policy), Asked { members, statement: None })?;
        registration.clone().check(Timestamp(0)).map_err(Problem::from)?;
        Ok(registration)
    }

    #[test]
    fn a_document_describes_an_app_without_rights() {
        let made = client(&json!({
            "grant_types": ["authorization_code", "refresh_token", "client_credentials", "urn:example:other"],
            "response_types": ["code", "token"], "scope": "openid profile roles example:read",
            "redirect_uris": ["https://app.example/cb", "http://127.0.0.1/cb"],
            "first_party": true, "introspects": "all", "resources": ["https://api.example"], "token_exchange": {},
        }));
        let made = made.unwrap();
        assert_eq!((made.id.as_str(), made.name.as_str()), ("https://app.example/client", "app.example"));
        assert_eq!(made.grant_types, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
        assert_eq!(made.scopes, ["openid", "profile"]);
        assert!(!made.is_first_party && made.resources.is_empty() && made.metadata.token_exchange.is_none());
        assert_eq!(client(&json!({"client_name": "Roster"})).unwrap().name, "Roster");
    }

    #[test]
    fn a_document_that_is_not_the_clients_own_is_refused() {
        let key = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        let mut private = key.clone();
        private["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let keyed = |jwks: Value| json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwks]}});
        for (more, fits) in [
            (json!({}), true),
            (keyed(key), true),
            (keyed(private), false),
            (json!({"client_id": "https://app.example/other"}), false),
            (json!({"client_id": "https://app.example/client/"}), false),
            (json!({"client_id": null}), false),
            (json!({"client_id": ["https://app.example/client"]}), false),
            (json!({"client_secret": "x"}), false),
            (json!({"client_secret_expires_at": 0}), false),
            (json!({"token_endpoint_auth_method": "client_secret_basic"}), false),
            (json!({"token_endpoint_auth_method": "client_secret_jwt"}), false),
            (json!({"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a"}), false),
            (json!({"token_endpoint_auth_method": "private_key_jwt"}), false),
            (json!({"redirect_uris": []}), false),
            (json!({"redirect_uris": ["https://other.example/cb"]}), false),
            (json!({"redirect_uris": ["https://app.example.evil.example/cb"]}), false),
            (json!({"redirect_uris": ["https://app.example/*"]}), false),
            (json!({"redirect_uris": ["com.example.app:/cb"]}), false),
            (json!({"post_logout_redirect_uris": ["https://other.example/"]}), false),
            (json!({"jwks_uri": "https://other.example/jwks"}), false),
            (json!({"logo_uri": "https://other.example/logo"}), false),
            (json!({"grant_types": ["client_credentials"]}), false),
            (json!({"grant_types": "authorization_code"}), false),
            (json!({"scope": "roles"}), false),
        ] {
            let made = client(&more);
            assert_eq!(made.is_ok(), fits, "{more}: {made:?}");
        }
    }
}
