//! Signing out in the browser (OpenID Connect Front-Channel Logout 1.0): the page after a sign-out loads an address of each
//! app that got tokens in the session, in a frame that nobody sees.
//!
//! Browsers increasingly keep cookies from frames of other sites, so this reaches apps of the clinic's own site and little
//! more: the back channel is the sure way. Nothing waits for an app here.

use serde::Deserialize;
use url::Url;

use super::{
    client_metadata::ClientMetadata,
    redirect_uri::{RedirectUri, Registrant},
    registration::RegistrationError,
};
use crate::{
    id::{SessionId, Sid},
    storage::{self, Tx},
};

/// Frames of one page, and apps that are looked at for them.
const MOST_FRAMES: usize = 32;
const MOST_APPS: u32 = 200;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Member {
    frontchannel_logout_uri: Option<String>,
}

/// What the browser loads when this session ends: read before it does.
///
/// # Errors
/// When the database fails.
pub async fn frames(tx: &mut Tx, session: &SessionId, issuer: &str) -> storage::Result<Vec<Url>> {
    let apps = tx.logouts().apps_of_session(session, MOST_APPS).await?;
    Ok(apps.iter().filter_map(|(metadata, sid)| frame(metadata, issuer, sid)).take(MOST_FRAMES).collect())
}

/// §3: the app's address with `iss` and `sid` in its query, whether it requires them or not.
fn frame(metadata: &str, issuer: &str, sid: &Sid) -> Option<Url> {
    let member: Member = serde_json::from_str(metadata).ok()?;
    let mut address = Url::parse(&member.frontchannel_logout_uri?).ok()?;
    address.query_pairs_mut().append_pair("iss", issuer).append_pair("sid", sid.as_str());
    Some(address)
}

/// §2: an address of the web, on the origin of one of the redirect addresses.
///
/// # Errors
/// [`RegistrationError::Member`].
pub fn check(metadata: &ClientMetadata, redirect_uris: &[String]) -> Result<(), RegistrationError> {
    let refused = |why: String| RegistrationError::Member { name: "frontchannel_logout_uri".to_owned(), why };
    let Some(text) = &metadata.frontchannel_logout_uri else { return Ok(()) };
    let address = RedirectUri::parse(text, Registrant::Confidential).map_err(|error| refused(error.to_string()))?;
    let origins = redirect_uris.iter().map(|uri| RedirectUri::from_stored(uri.clone()).origin());
    if origins.into_iter().any(|origin| origin.is_some() && origin == address.origin()) {
        Ok(())
    } else {
        Err(refused("it has to be on the origin of one of redirect_uris".to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_names_the_issuer_and_the_session() {
        let sid = Sid::from_stored("sid_a".to_owned());
        for (metadata, expected) in [
            ("{}", None),
            (r#"{"frontchannel_logout_uri":7}"#, None),
            (
                r#"{"frontchannel_logout_uri":"https://a.example/out"}"#,
                Some("https://a.example/out?iss=https%3A%2F%2Fid.example&sid=sid_a"),
            ),
            (
                r#"{"frontchannel_logout_uri":"https://a.example/out?x=1","dpop_bound_access_tokens":true}"#,
                Some("https://a.example/out?x=1&iss=https%3A%2F%2Fid.example&sid=sid_a"),
            ),
        ] {
            let made = frame(metadata, "https://id.example", &sid).map(String::from);
            assert_eq!(made.as_deref(), expected, "{metadata}");
        }
    }

    #[test]
    fn an_address_is_on_an_origin_of_the_app() {
        let redirects = ["https://a.example/cb".to_owned(), "com.example.app:/cb".to_owned()];
        for (address, accepted) in [
            (None, true),
            (Some("https://a.example/out"), true),
            (Some("https://a.example:443/out?x=1"), true),
            (Some("https://b.example/out"), false),
            (Some("https://a.example:8443/out"), false),
            (Some("http://a.example/out"), false),
            (Some("com.example.app:/out"), false),
            (Some("javascript:alert(1)"), false),
            (Some("https://a.example/out#x"), false),
            (Some(""), false),
        ] {
            let metadata =
                ClientMetadata { frontchannel_logout_uri: address.map(str::to_owned), ..ClientMetadata::default() };
            assert_eq!(check(&metadata, &redirects).is_ok(), accepted, "{address:?}");
        }
    }
}
