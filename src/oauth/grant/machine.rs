//! The one door to `oxide-auth`: its state machines decide about the three grants and the authorization request in the
//! order of RFC 6749, fed with what our store holds and what our client authentication proved.
//!
//! Nothing of it leaves this file. Time is not its business (the machines read the ambient clock: they are given ends that
//! lie beyond every clock, ours are checked outside), nor are tokens: the machines stop where one would be issued.

use std::{
    borrow::Cow,
    time::{Duration, UNIX_EPOCH},
};

use oxide_auth::{
    code_grant::{
        accesstoken::{self, AccessToken},
        authorization::{self, Authorization},
        client_credentials::{self, ClientCredentials},
        error::{AccessTokenError, AccessTokenErrorType},
        refresh::{self, Refresh},
    },
    primitives::{
        grant::{Extensions, Grant},
        registrar::{BoundClient, ExactUrl, PreGrant, RegisteredUrl},
        scope::Scope,
    },
};
use url::Url;

use crate::{
    oauth::{
        error::{Code, Refusal, refuse},
        scope::Scopes,
    },
    web::Parameters,
};

/// What is stored about the code or refresh token that is presented.
#[derive(Debug, Clone, Copy)]
pub struct Stored<'a> {
    /// Whom it was issued to.
    pub client_id: &'a str,
    /// Where the code was sent.
    pub redirect_uri: &'a str,
    /// What was granted.
    pub scopes: &'a Scopes,
}

/// A request as the machines read it: `client_id` is the client that was authenticated.
struct Form<'a> {
    parameters: &'a Parameters,
    client_id: &'a str,
    redirect_uri: &'a str,
}

impl Form<'_> {
    fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.parameters.value(name).map(Cow::Borrowed)
    }
}

/// Checks the response type and the scope of an authorization request whose redirect URI is verified.
///
/// # Errors
/// `unsupported_response_type`, `invalid_scope` (RFC 6749 §4.1.2.1).
pub fn authorize(parameters: &Parameters, client_id: &str, redirect_uri: &str) -> Result<(), Refusal> {
    if parameters.value("response_type").is_none() {
        return Err(refuse(Code::InvalidRequest, "response_type is missing"));
    }
    let form = Form { parameters, client_id, redirect_uri };
    let exact: ExactUrl = redirect_uri.parse().map_err(|_| unexpected())?;
    let mut machine = Authorization::new(&form);
    let mut input = authorization::Input::None;
    loop {
        input = match machine.advance(input) {
            authorization::Output::Bind { client_id, .. } => {
                let redirect_uri = Cow::Owned(RegisteredUrl::Exact(exact.clone()));
                let bound_client = BoundClient { client_id: Cow::Owned(client_id), redirect_uri };
                authorization::Input::Bound { request: &form, bound_client }
            }
            authorization::Output::Extend => authorization::Input::Extended(Extensions::new()),
            authorization::Output::Negotiate { bound_client, scope } => {
                let pre_grant = pre_grant(bound_client.clone(), scope);
                authorization::Input::Negotiated { pre_grant, state: None }
            }
            authorization::Output::Ok { .. } => return Ok(()),
            authorization::Output::Err(authorization::Error::Redirect(url)) => return Err(of_redirect(&url.into())),
            authorization::Output::Err(_) => return Err(unexpected()),
        }
    }
}

/// Decides whether a client may redeem a code (RFC 6749 §4.1.3), time and PKCE apart.
///
/// # Errors
/// `invalid_request`, `invalid_grant`.
pub fn redeem(parameters: &Parameters, client_id: &str, stored: Stored<'_>) -> Result<(), Refusal> {
    // Compared as text first: the machine compares normalized addresses.
    if parameters.value("redirect_uri").is_some_and(|sent| sent != stored.redirect_uri) {
        return Err(refuse(Code::InvalidGrant, "redirect_uri differs from that of the authorization request"));
    }
    let form = Form { parameters, client_id, redirect_uri: stored.redirect_uri };
    let mut machine = AccessToken::new(&form);
    let mut input = accesstoken::Input::None;
    loop {
        input = match machine.advance(input) {
            accesstoken::Output::Authenticate { .. } => accesstoken::Input::Authenticated,
            accesstoken::Output::Recover { .. } => accesstoken::Input::Recovered(Some(Box::new(grant(stored)?))),
            accesstoken::Output::Extend { extensions } => {
                accesstoken::Input::Extended { access_extensions: extensions.clone() }
            }
            accesstoken::Output::Issue { .. } => return Ok(()),
            accesstoken::Output::Ok(_) => return Err(unexpected()),
            accesstoken::Output::Err(mut error) => return Err(of_description(error.description())),
        }
    }
}

/// Decides whether a client may refresh (RFC 6749 §6), time and replay apart; the scope of the new access token.
///
/// # Errors
/// `invalid_request`, `invalid_grant`, `invalid_scope`.
pub fn refresh(parameters: &Parameters, client_id: &str, stored: Stored<'_>) -> Result<Scopes, Refusal> {
    let form = Form { parameters, client_id, redirect_uri: stored.redirect_uri };
    let wanted = || parameters.value("scope").map(|scope| Cow::Owned(scope.to_owned()));
    let mut machine = Refresh::new(&form);
    let mut input = refresh::Input::None;
    loop {
        input = match machine.advance(input) {
            refresh::Output::Unauthenticated { .. } => refresh::Input::Authenticated { scope: wanted() },
            refresh::Output::RecoverRefresh { .. } => {
                refresh::Input::Recovered { scope: wanted(), grant: Some(Box::new(grant(stored)?)) }
            }
            refresh::Output::Refresh { grant, .. } => return Scopes::parse(&grant.scope.to_string()),
            refresh::Output::Ok(_) => return Err(unexpected()),
            refresh::Output::Err(mut error) => return Err(of_description(error.description())),
        }
    }
}

/// Decides about client credentials (RFC 6749 §4.4); the scope that was asked for.
///
/// # Errors
/// `invalid_request`, `invalid_scope`.
pub fn client_credentials(parameters: &Parameters, client_id: &str) -> Result<Option<Scopes>, Refusal> {
    // The machine calls a malformed scope an invalid request.
    let scope = parameters.value("scope").map(Scopes::parse).transpose()?;
    let form = Form { parameters, client_id, redirect_uri: "https://client.invalid/" };
    let mut machine = ClientCredentials::new(&form);
    let mut input = client_credentials::Input::None;
    loop {
        input = match machine.advance(input) {
            client_credentials::Output::Authenticate { .. } => client_credentials::Input::Authenticated,
            client_credentials::Output::Binding { client_id } => {
                let client_id = Cow::Owned(client_id.to_owned());
                let exact: ExactUrl = form.redirect_uri.parse().map_err(|_| unexpected())?;
                let redirect_uri = Cow::Owned(RegisteredUrl::Exact(exact));
                client_credentials::Input::Bound { bound_client: BoundClient { client_id, redirect_uri } }
            }
            client_credentials::Output::Extend => client_credentials::Input::Extended { extensions: Extensions::new() },
            client_credentials::Output::Negotiate { bound_client, scope } => {
                client_credentials::Input::Negotiated { pre_grant: pre_grant(bound_client.clone(), scope) }
            }
            client_credentials::Output::Ok { .. } => return Ok(scope),
            client_credentials::Output::Err(mut error) => return Err(of_description(error.description())),
        }
    }
}

fn pre_grant(bound: BoundClient<'static>, scope: Option<Scope>) -> PreGrant {
    PreGrant {
        client_id: bound.client_id.into_owned(),
        redirect_uri: bound.redirect_uri.into_owned(),
        scope: scope.unwrap_or_else(no_scope),
    }
}

fn grant(stored: Stored<'_>) -> Result<Grant, Refusal> {
    // 9999-12-31: beyond every clock.
    let until = (UNIX_EPOCH + Duration::from_secs(253_402_300_799)).into();
    Ok(Grant {
        owner_id: String::new(),
        client_id: stored.client_id.to_owned(),
        scope: stored.scopes.to_string().parse().unwrap_or_else(|_| no_scope()),
        redirect_uri: Url::parse(stored.redirect_uri).map_err(|_| unexpected())?,
        until,
        extensions: Extensions::new(),
    })
}

fn no_scope() -> Scope {
    "".parse().expect("an empty list is a scope")
}

/// One text, so that nobody learns that another client holds what they guess at.
pub(super) const UNKNOWN: Refusal =
    refuse(Code::InvalidGrant, "the grant is unknown, or was not issued to this client for this redirect_uri");

fn of_description(error: Option<&mut AccessTokenError>) -> Refusal {
    match error.map(AccessTokenError::kind) {
        Some(AccessTokenErrorType::InvalidGrant) => UNKNOWN,
        Some(AccessTokenErrorType::InvalidScope) => refuse(Code::InvalidScope, "scope is more than was granted"),
        Some(AccessTokenErrorType::UnsupportedGrantType) => refuse(Code::UnsupportedGrantType, "unknown grant_type"),
        Some(AccessTokenErrorType::UnauthorizedClient) => {
            refuse(Code::UnauthorizedClient, "the client may not do this")
        }
        Some(AccessTokenErrorType::InvalidClient) => refuse(Code::InvalidClient, "client authentication failed"),
        _ => refuse(Code::InvalidRequest, "a parameter is missing or malformed"),
    }
}

fn of_redirect(url: &Url) -> Refusal {
    match url.query_pairs().find(|(name, _)| name == "error").map(|(_, value)| value.into_owned()).as_deref() {
        Some("unsupported_response_type") => refuse(Code::UnsupportedResponseType, "response_type must be code"),
        Some("invalid_scope") => refuse(Code::InvalidScope, "scope is not a list of scope tokens"),
        _ => unexpected(),
    }
}

fn unexpected() -> Refusal {
    refuse(Code::InvalidRequest, "the request is malformed")
}

impl authorization::Request for Form<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn client_id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.client_id))
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.text("scope")
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.redirect_uri))
    }
    fn state(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn response_type(&self) -> Option<Cow<'_, str>> {
        self.text("response_type")
    }
    fn extension(&self, name: &str) -> Option<Cow<'_, str>> {
        self.text(name)
    }
}

impl accesstoken::Request for Form<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        self.text("code")
    }
    fn authorization(&self) -> accesstoken::Authorization<'_> {
        accesstoken::Authorization::Username(Cow::Borrowed(self.client_id))
    }
    /// Folded into `authorization`: the machine calls both together a duplicate.
    fn client_id(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn redirect_uri(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.redirect_uri))
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.text("grant_type")
    }
    fn extension(&self, name: &str) -> Option<Cow<'_, str>> {
        self.text(name)
    }
}

impl refresh::Request for Form<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn refresh_token(&self) -> Option<Cow<'_, str>> {
        self.text("refresh_token")
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.text("scope")
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.text("grant_type")
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((Cow::Borrowed(self.client_id), Cow::Borrowed(b"")))
    }
    fn extension(&self, name: &str) -> Option<Cow<'_, str>> {
        self.text(name)
    }
}

impl client_credentials::Request for Form<'_> {
    fn valid(&self) -> bool {
        true
    }
    fn authorization(&self) -> Option<(Cow<'_, str>, Cow<'_, [u8]>)> {
        Some((Cow::Borrowed(self.client_id), Cow::Borrowed(b"")))
    }
    fn scope(&self) -> Option<Cow<'_, str>> {
        self.text("scope")
    }
    fn grant_type(&self) -> Option<Cow<'_, str>> {
        self.text("grant_type")
    }
    /// Credentials in the body were read and proved before; the machine would take them for a second method.
    fn extension(&self, _: &str) -> Option<Cow<'_, str>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const URI: &str = "https://app.example/cb";

    fn parameters(query: &str) -> Parameters {
        Parameters::parse(query.as_bytes()).unwrap()
    }

    #[test]
    fn only_codes_are_answered() {
        for (query, expected) in [
            ("response_type=code&scope=openid", None),
            ("scope=openid", Some(Code::InvalidRequest)),
            ("response_type=token&scope=openid", Some(Code::UnsupportedResponseType)),
            ("response_type=code+id_token&scope=openid", Some(Code::UnsupportedResponseType)),
            ("response_type=code&scope=a%C3%A9", Some(Code::InvalidScope)),
        ] {
            for uri in [URI, "com.example.app:/cb", "http://127.0.0.1:8081/cb"] {
                let found = authorize(&parameters(query), "a", uri).err().map(|refusal| refusal.code);
                assert_eq!(found, expected, "{query} {uri}");
            }
        }
    }

    #[test]
    fn a_code_is_for_its_client_and_its_address() {
        let scopes = Scopes::parse("openid email").unwrap();
        let stored = Stored { client_id: "a", redirect_uri: URI, scopes: &scopes };
        let body = "grant_type=authorization_code&code=c";
        for (case, client, body, expected) in [
            ("the same", "a", format!("{body}&redirect_uri={URI}"), None),
            ("without the address", "a", body.to_owned(), None),
            ("another address", "a", format!("{body}&redirect_uri={URI}/"), Some(Code::InvalidGrant)),
            (
                "the same address, written otherwise",
                "a",
                format!("{body}&redirect_uri=https://app.example:443/cb"),
                Some(Code::InvalidGrant),
            ),
            ("another client", "b", format!("{body}&redirect_uri={URI}"), Some(Code::InvalidGrant)),
            ("no code", "a", "grant_type=authorization_code".to_owned(), Some(Code::InvalidRequest)),
        ] {
            assert_eq!(redeem(&parameters(&body), client, stored).err().map(|r| r.code), expected, "{case}");
        }
    }

    #[test]
    fn a_refresh_narrows_and_never_widens() {
        let scopes = Scopes::parse("openid email").unwrap();
        let stored = Stored { client_id: "a", redirect_uri: URI, scopes: &scopes };
        for (client, scope, expected) in [
            ("a", "", Ok("email openid")),
            ("a", "&scope=openid", Ok("openid")),
            ("a", "&scope=openid+roles", Err(Code::InvalidScope)),
            ("a", "&scope=%22", Err(Code::InvalidScope)),
            ("b", "", Err(Code::InvalidGrant)),
        ] {
            let body = format!("grant_type=refresh_token&refresh_token=r{scope}");
            let found = refresh(&parameters(&body), client, stored).map(|s| s.to_string()).map_err(|r| r.code);
            assert_eq!(found, expected.map(str::to_owned), "{client} {scope}");
        }
    }

    #[test]
    fn client_credentials_need_nothing_but_the_client() {
        for (body, expected) in [
            ("grant_type=client_credentials", Ok(None)),
            ("grant_type=client_credentials&client_id=a&client_secret=s&scope=x", Ok(Some("x".to_owned()))),
            ("grant_type=client_credentials&scope=%22", Err(Code::InvalidScope)),
        ] {
            let found = client_credentials(&parameters(body), "a");
            assert_eq!(found.map(|s| s.map(|s| s.to_string())).map_err(|r| r.code), expected, "{body}");
        }
    }
}
