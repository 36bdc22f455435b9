//! Subjects (OpenID Connect Core 1.0 §8): the same person is known to clients by one name, or, where a client registered
//! `pairwise`, by another in each sector, so that apps of different sectors cannot compare whom they know.
//!
//! A sector is a host: that of `sector_identifier_uri`, which lists every redirect URI (§8.1), else that of the redirect
//! URIs, of which there is one then. The key behind pairwise subjects is made once and never changes.

use url::Url;

use super::{
    client::Client,
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
    let redirects = client.redirect_uris.iter().map(super::redirect_uri::RedirectUri::as_str);
    let named = client.metadata.sector_identifier_uri.as_deref().into_iter();
    // §8.1; a client that is never redirected to, or on the person's own machine, is a sector of its own.
    let hosts = named.chain(redirects).filter_map(host);
    let mut shared = hosts.filter(|host| !is_loopback(host));
    Some(shared.next().unwrap_or_else(|| format!("client {}", client.id)))
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
        return if is_https { Ok(()) } else { Err(wrong("sector_identifier_uri", "it is an https address")) };
    }
    let mut hosts: Vec<_> = registration.redirect_uris.iter().filter_map(|uri| host(uri)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    if metadata.subject_type.as_deref() == Some(PAIRWISE) && hosts.len() > 1 {
        return Err(wrong("subject_type", "redirect URIs of more than one host need sector_identifier_uri"));
    }
    Ok(())
}

/// Sees that `sector_identifier_uri`, if there is one, lists every redirect URI (OpenID Connect Registration 1.0 §5).
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
    match registration.redirect_uris.iter().find(|uri| !listed.contains(uri)) {
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
            (Some("private"), None, &["https://a.example/cb"], None),
        ] {
            let mut app = Registration::new("app", "App");
            app.metadata.subject_type = kind.map(str::to_owned);
            app.metadata.sector_identifier_uri = sector.map(str::to_owned);
            app.redirect_uris = redirects.iter().map(|uri| (*uri).to_owned()).collect();
            assert_eq!(check(&app).ok(), expected, "{kind:?} {sector:?} {redirects:?}");
        }
    }
}
