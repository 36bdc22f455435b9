//! What travels through a browser and has to come back as it was: `base64url(JSON).base64url(MAC)`, good in the browser that
//! it was made for and for one purpose. Whoever opens it looks how old it is.

use data_encoding::BASE64URL_NOPAD;
use serde::{Serialize, de::DeserializeOwned};

use super::{site::Site, visit::Browser};
use crate::secret::equal;

/// The text that [`open`] accepts from the same browser for the same purpose.
///
/// # Panics
/// Never: what is sealed has a JSON form.
#[must_use]
pub fn seal(content: &impl Serialize, site: &Site, (browser, purpose): (&Browser, &str)) -> String {
    let json = serde_json::to_vec(content).expect("it has a JSON form");
    let payload = BASE64URL_NOPAD.encode(&json);
    let mac = site.mac(purpose, &[browser.as_str(), &payload]);
    format!("{payload}.{}", BASE64URL_NOPAD.encode(&mac))
}

/// Reads what [`seal`] wrote; nothing of what was changed on the way, or made for another browser or purpose.
#[must_use]
pub fn open<T: DeserializeOwned>(text: &str, site: &Site, (browser, purpose): (&Browser, &str)) -> Option<T> {
    let (payload, mac) = text.split_once('.')?;
    let mac = BASE64URL_NOPAD.decode(mac.as_bytes()).ok()?;
    if !equal(&mac, &site.mac(purpose, &[browser.as_str(), payload])) {
        return None;
    }
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::site::tests::site;

    #[test]
    fn it_comes_back_to_its_browser_and_purpose_alone() {
        let site = site("https://id.example");
        let (mine, other) = (Browser::fresh(site.random()), Browser::fresh(site.random()));
        let sealed = seal(&("a", 1), &site, (&mine, "one"));
        let opened = |text: &str, whose, purpose| open::<(String, u8)>(text, &site, (whose, purpose));
        assert_eq!(opened(&sealed, &mine, "one"), Some(("a".to_owned(), 1)));
        assert_eq!(opened(&sealed, &other, "one"), None);
        assert_eq!(opened(&sealed, &mine, "two"), None);
        assert_eq!(opened(&sealed[1..], &mine, "one"), None);
    }
}
