//! Form tokens: proof that a form was filled in on a page we gave to this very browser, and that no other site posted it.
//!
//! A token is a MAC over the browser's cookie and the path the form posts to. Nothing is stored. It is masked with fresh
//! random bytes, so that it differs in each answer and a compressed page does not give it away (BREACH).

use axum::http::{HeaderMap, header};
use data_encoding::BASE64URL_NOPAD;

use super::{site::Site, visit::Browser};
use crate::secret::equal;

/// The name of the hidden field.
pub const FIELD: &str = "csrf";

const PURPOSE: &str = "csrf";
const MAC: usize = 32;

/// A token for the form that `browser` will post to `action` (a path without its query).
#[must_use]
pub fn token(site: &Site, browser: &Browser, action: &str) -> String {
    let mask: [u8; MAC] = site.random().bytes();
    let mac = site.mac(PURPOSE, &[browser.as_str(), path_of(action)]);
    let mut bytes = [0; 2 * MAC];
    for (index, (mask, mac)) in mask.iter().zip(mac).enumerate() {
        bytes[index] = *mask;
        bytes[MAC + index] = mask ^ mac;
    }
    BASE64URL_NOPAD.encode(&bytes)
}

/// Whether `token` was made for this browser and action.
#[must_use]
pub fn is_valid(site: &Site, browser: &Browser, action: &str, token: &str) -> bool {
    let Some(bytes) = decode(token) else { return false };
    let (mask, masked) = bytes.split_at(MAC);
    let mac: Vec<u8> = mask.iter().zip(masked).map(|(mask, masked)| mask ^ masked).collect();
    equal(&mac, &site.mac(PURPOSE, &[browser.as_str(), path_of(action)]))
}

fn decode(token: &str) -> Option<[u8; 2 * MAC]> {
    BASE64URL_NOPAD.decode(token.as_bytes()).ok()?.try_into().ok()
}

fn path_of(action: &str) -> &str {
    action.split_once('?').map_or(action, |(path, _)| path)
}

/// Whether the browser says that this request began on our own pages.
///
/// `Sec-Fetch-Site` cannot be set by a page and decides alone where it is sent; else `Origin` must be ours. Where neither
/// is sent (old browsers, programs) the form token has to do.
#[must_use]
pub fn is_same_origin(site: &Site, headers: &HeaderMap) -> bool {
    if let Some(from) = headers.get("sec-fetch-site") {
        return from == "same-origin" || from == "none";
    }
    headers.get(header::ORIGIN).is_none_or(|origin| origin.as_bytes() == site.origin().as_bytes())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;
    use crate::web::site::tests::site;

    #[test]
    fn a_token_is_good_for_its_browser_and_form_alone() {
        let site = site("https://id.example");
        let (mine, other) = (Browser::fresh(site.random()), Browser::fresh(site.random()));
        let token = token(&site, &mine, "/login?return=x");
        assert!(is_valid(&site, &mine, "/login", &token));
        assert!(!is_valid(&site, &other, "/login", &token));
        assert!(!is_valid(&site, &mine, "/account", &token));
        for bad in ["", "x", &token[1..], &"A".repeat(86), "ä"] {
            assert!(!is_valid(&site, &mine, "/login", bad), "{bad}");
        }
    }

    #[test]
    fn a_token_differs_in_each_answer() {
        let site = site("https://id.example");
        let browser = Browser::fresh(site.random());
        assert_ne!(token(&site, &browser, "/login"), token(&site, &browser, "/login"));
    }

    #[test]
    fn a_post_from_another_origin_is_seen() {
        let site = site("https://id.example");
        for (fetch_site, origin, expected) in [
            (None, None, true),
            (Some("same-origin"), Some("https://id.example"), true),
            (Some("none"), None, true),
            (Some("same-site"), Some("https://app.id.example"), false),
            (Some("cross-site"), Some("https://id.example"), false),
            (None, Some("https://id.example"), true),
            (None, Some("https://id.example.evil"), false),
            (None, Some("http://id.example"), false),
            (None, Some("null"), false),
        ] {
            let mut headers = HeaderMap::new();
            let mut put = |name: &'static str, value: Option<&'static str>| {
                if let Some(value) = value {
                    headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
                }
            };
            put("sec-fetch-site", fetch_site);
            put("origin", origin);
            assert_eq!(is_same_origin(&site, &headers), expected, "{fetch_site:?} {origin:?}");
        }
    }
}
