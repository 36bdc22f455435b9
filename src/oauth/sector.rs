//! Subjects (OpenID Connect Core 1.0 §8): the same person is known to clients by one name, or, where a client registered
//! `pairwise`, by another in each sector, so that apps of different sectors cannot compare whom they know.
//!
//! A sector is a host: that of `sector_identifier_uri`, which lists every redirect URI (§8.1), else that of the redirect
//! URIs, of which there is one then. It counts because codes go nowhere else. Who gets tokens without a redirect, by the word
//! of a person on a page of ours, shows another way that the sector is its own: `sector_identifier_uri` lists the `jwks_uri`
//! whose keys it proves to hold (CIBA Core 1.0 §4), and without that it is a sector of its own. The key behind pairwise
//! subjects is made once and never changes.

use std::collections::BTreeSet;

use url::Url;

use super::{
    client::{AuthenticationMethod, Client, GrantType},
    client_metadata::ClientMetadata,
    redirect_uri::RedirectUri,
    registration::{Registration, RegistrationError},
};
use crate::{app::App, id::UserId, outbound::Outbound};

/// Values of `subject_type`.
pub const TYPES: [&str; 2] = ["public", PAIRWISE];

const PAIRWISE: &str = "pairwise";

/// The person as `client` knows them.
#[must_use]
pub fn subject(app: &App, client: &Client, user: &UserId) -> String {
    match sector_of(client) {
        Some(sector) => app.pseudonym([&sector, user.as_str()]),
        None => user.as_str().to_owned(),
    }
}

/// The sector of a client that has one.
fn sector_of(client: &Client) -> Option<String> {
    if client.metadata.subject_type.as_deref() != Some(PAIRWISE) {
        return None;
    }
    let is_proved = !is_deferred(&client.grant_types) || proves_keys(client.authentication, &client.metadata);
    let shared = match &client.metadata.sector_identifier_uri {
        _ if !is_proved => None,
        Some(uri) => host(uri),
        None if is_deferred(&client.grant_types) => None,
        None => only_host(client.redirect_uris.iter().map(RedirectUri::as_str)),
    };
    // §8.1; a client that is never redirected to, or on the person's own machine, is a sector of its own.
    Some(shared.filter(|host| !is_loopback(host)).unwrap_or_else(|| format!("client {}", client.id)))
}

/// Whether tokens come without a redirect.
fn is_deferred(grant_types: &[GrantType]) -> bool {
    grant_types.iter().any(|grant| matches!(grant, GrantType::DeviceCode | GrantType::Ciba))
}

/// Whether a client shows at each request that the keys at its `jwks_uri` are its own.
fn proves_keys(authentication: AuthenticationMethod, metadata: &ClientMetadata) -> bool {
    authentication.has_keys() && metadata.jwks_uri.is_some()
}

/// The one host of all these.
fn only_host<'u>(uris: impl Iterator<Item = &'u str>) -> Option<String> {
    let hosts: BTreeSet<Option<String>> = uris.map(host).collect();
    if hosts.len() == 1 { hosts.into_iter().next().flatten() } else { None }
}

/// The apps on one person's own machine have nothing in common but its name.
fn is_loopback(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

fn host(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

/// What can be known at registration without asking anybody.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(registration: &Registration) -> Result<(), RegistrationError> {
    let metadata = &registration.metadata;
    if metadata.subject_type.as_deref().is_some_and(|name| !TYPES.contains(&name)) {
        return Err(wrong("subject_type", "it is `public` or `pairwise`"));
    }
    if let Some(uri) = &metadata.sector_identifier_uri {
        let is_https = Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        let is_deferred = is_deferred(&registration.grant_types);
        return if !is_https {
            Err(wrong("sector_identifier_uri", "it is an https address"))
        } else if is_deferred && !proves_keys(registration.authentication, metadata) {
            Err(wrong(
                "sector_identifier_uri",
                "an app of devices or of CIBA needs a jwks_uri, by which it authenticates",
            ))
        } else if !is_deferred && registration.redirect_uris.is_empty() {
            Err(wrong("sector_identifier_uri", "there is no redirect URI that it could list"))
        } else {
            Ok(())
        };
    }
    let hosts: BTreeSet<_> = registration.redirect_uris.iter().map(|uri| host(uri)).collect();
    if metadata.subject_type.as_deref() == Some(PAIRWISE) && hosts.len() > 1 {
        // One that has no host counts like another: whoever adds it to that of others gets the codes.
        return Err(wrong("subject_type", "redirect URIs of more than one host need sector_identifier_uri"));
    }
    Ok(())
}

/// Sees that `sector_identifier_uri`, if there is one, lists every redirect URI (OpenID Connect Registration 1.0 §5), and the
/// address of the keys where tokens come without a redirect (CIBA Core 1.0 §4).
///
/// # Errors
/// [`RegistrationError::Member`].
pub async fn verify(outbound: &Outbound, registration: &Registration) -> Result<(), RegistrationError> {
    let Some(uri) = &registration.metadata.sector_identifier_uri else { return Ok(()) };
    let url = Url::parse(uri).map_err(|_| wrong("sector_identifier_uri", "it is an https address"))?;
    let answer = outbound.get(&url).await;
    let answer = answer.map_err(|fault| wrong("sector_identifier_uri", &fault.to_string()))?;
    let listed = answer.is_success().then(|| serde_json::from_slice::<Vec<String>>(&answer.body).ok()).flatten();
    let listed = listed.ok_or_else(|| wrong("sector_identifier_uri", "there is no JSON list of addresses"))?;
    let keys = registration.metadata.jwks_uri.iter().filter(|_| is_deferred(&registration.grant_types));
    match registration.redirect_uris.iter().chain(keys).find(|uri| !listed.contains(uri)) {
        Some(missing) => Err(wrong("sector_identifier_uri", &format!("it does not list {missing}"))),
        None => Ok(()),
    }
}

fn wrong(name: &str, why: &str) -> RegistrationError {
    RegistrationError::Member { name: name.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::{client::tests::client, redirect_uri::Registrant};

    #[test]
    fn a_sector_is_a_host() {
        for (kind, sector, redirects, expected) in [
            (None, None, &["https://a.example/cb"][..], Some(())),
            (Some("public"), None, &["https://a.example/cb", "https://b.example/cb"], Some(())),
            (Some("pairwise"), None, &["https://a.example/cb", "https://a.example/other"], Some(())),
            (Some("pairwise"), None, &["https://a.example/cb", "https://b.example/cb"], None),
            (
                Some("pairwise"),
                Some("https://s.example/list"),
                &["https://a.example/cb", "https://b.example/cb"],
                Some(()),
            ),
            (Some("pairwise"), Some("s.example"), &["https://a.example/cb"], None),
            (Some("pairwise"), Some("https://s.example/list"), &[], None),
            (Some("pairwise"), None, &["https://a.example/cb", "com.example.app:/cb"], None),
            (Some("pairwise"), None, &["com.example.app:/cb", "com.example.app:/other"], Some(())),
            (Some("private"), None, &["https://a.example/cb"], None),
        ] {
            let mut app = Registration::new("app", "App");
            app.metadata.subject_type = kind.map(str::to_owned);
            app.metadata.sector_identifier_uri = sector.map(str::to_owned);
            app.redirect_uris = redirects.iter().map(|uri| (*uri).to_owned()).collect();
            assert_eq!(check(&app).ok(), expected, "{kind:?} {sector:?} {redirects:?}");
        }
    }

    #[test]
    fn who_gets_tokens_without_a_redirect_proves_its_keys() {
        let (code, device) = (vec![GrantType::AuthorizationCode], vec![GrantType::DeviceCode]);
        let (basic, keys) = (AuthenticationMethod::SecretBasic, AuthenticationMethod::PrivateKeyJwt);
        let list = Some("https://s.example/list".to_owned());
        for (case, grant_types, authentication, sector_identifier_uri, redirects, expected) in [
            ("one host", &code, basic, None, &["https://a.example/cb"][..], "a.example"),
            ("listed", &code, basic, list.clone(), &["https://a.example/cb"], "s.example"),
            ("a scheme beside it", &code, basic, None, &["https://a.example/cb", "com.example.app:/cb"], "client app"),
            ("a loopback address", &code, basic, None, &["http://127.0.0.1/cb"], "client app"),
            ("a device", &device, keys, None, &["https://a.example/cb"], "client app"),
            ("a device with a list", &device, basic, list.clone(), &["https://a.example/cb"], "client app"),
            ("a device with keys", &device, keys, list.clone(), &[], "s.example"),
        ] {
            let metadata = ClientMetadata {
                subject_type: Some(PAIRWISE.to_owned()),
                sector_identifier_uri,
                jwks_uri: Some("https://a.example/jwks".to_owned()),
                ..ClientMetadata::default()
            };
            let parse = |uri: &&str| RedirectUri::parse(uri, Registrant::Public).unwrap();
            let client = Client {
                id: "app".to_owned(),
                grant_types: grant_types.clone(),
                authentication,
                redirect_uris: redirects.iter().map(parse).collect(),
                metadata: Box::new(metadata),
                ..client()
            };
            assert_eq!(sector_of(&client).as_deref(), Some(expected), "{case}");
        }
    }
}
