//! Where an answer may be sent: registered addresses, matched character by character.
//!
//! RFC 9700 §2.1 (exact match), RFC 6749 §3.1.2 (no fragment), RFC 8252 §7 (private-use schemes, loopback with any port).

use url::{Host, Url};

/// A registered redirect URI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectUri(String);

/// Who may register which addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registrant {
    /// A client that keeps a secret.
    Confidential,
    /// A browser app or a native app.
    Public,
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum RedirectUriError {
    /// No absolute address.
    #[error("`{0}` is not an absolute address")]
    NotAbsolute(String),
    /// RFC 6749 §3.1.2.
    #[error("`{0}` has a fragment")]
    Fragment(String),
    /// A user name or a password in the address.
    #[error("`{0}` holds a user name or password")]
    Credentials(String),
    /// `http` beyond the loopback addresses.
    #[error("`{0}` must be https, or http on a loopback address")]
    Insecure(String),
    /// A scheme that is neither of the web nor a reversed domain name (RFC 8252 §7.1).
    #[error(
        "`{0}` must be https, or for a public client a private-use scheme with a dot such as com.example.app:/callback"
    )]
    Scheme(String),
    /// A wildcard, white space, or something beyond ASCII.
    #[error("`{0}` contains a character that is not allowed in a registered address")]
    Character(String),
    /// Longer than an address needs to be.
    #[error("an address is longer than {} bytes", RedirectUri::LONGEST)]
    TooLong,
}

impl RedirectUri {
    /// The longest address, in bytes.
    pub const LONGEST: usize = 2000;

    /// Checks an address for registration; it is kept exactly as it was written.
    ///
    /// # Errors
    /// [`RedirectUriError`].
    pub fn parse(text: &str, registrant: Registrant) -> Result<Self, RedirectUriError> {
        let url = plain(text)?;
        match url.scheme() {
            "https" if url.host().is_some() => {}
            "http" if is_loopback(&url) => {}
            "http" => return Err(RedirectUriError::Insecure(text.to_owned())),
            scheme if registrant == Registrant::Public && scheme.contains('.') => {}
            _ => return Err(RedirectUriError::Scheme(text.to_owned())),
        }
        Ok(Self(text.to_owned()))
    }

    /// An address read from the database.
    #[must_use]
    pub const fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `requested` is this address: the same text, and for a public client on a loopback address the same but
    /// for the port (RFC 8252 §7.3).
    #[must_use]
    pub fn matches(&self, requested: &str, registrant: Registrant) -> bool {
        let any_port = || {
            let (own, asked) = (without_loopback_port(&self.0), without_loopback_port(requested));
            own.is_some() && own == asked
        };
        self.0 == requested || (registrant == Registrant::Public && any_port())
    }

    /// Scheme, host and port as a browser writes them in `Origin`; `None` for a private-use scheme.
    #[must_use]
    pub fn origin(&self) -> Option<String> {
        let origin = Url::parse(&self.0).ok()?.origin();
        origin.is_tuple().then(|| origin.ascii_serialization())
    }
}

/// A redirect URI that was found among those of the client: only [`super::client::Client::verify_redirect`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedRedirect(String);

impl VerifiedRedirect {
    pub(super) fn proved(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Exactly as it was requested.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// As a URL, for its origin alone.
    ///
    /// # Panics
    /// Never: it was parsed at registration.
    #[must_use]
    pub fn url(&self) -> Url {
        Url::parse(&self.0).expect("a registered address parses")
    }

    /// The address with `parameters` in its query (RFC 6749 §4.1.2), beside those it has.
    #[must_use]
    pub fn with(&self, parameters: &[(&'static str, String)]) -> String {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let joint = match self.0.find('?') {
            None => "?",
            Some(at) if at + 1 == self.0.len() => "",
            Some(_) => "&",
        };
        format!("{}{joint}{encoded}", self.0)
    }
}

fn plain(text: &str) -> Result<Url, RedirectUriError> {
    if text.len() > RedirectUri::LONGEST {
        return Err(RedirectUriError::TooLong);
    }
    if !text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'*' | b'\\' | b'"' | b'<' | b'>')) {
        return Err(RedirectUriError::Character(text.chars().filter(|c| !c.is_control()).collect()));
    }
    if text.contains('#') {
        return Err(RedirectUriError::Fragment(text.to_owned()));
    }
    let url = Url::parse(text).map_err(|_| RedirectUriError::NotAbsolute(text.to_owned()))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(RedirectUriError::Credentials(text.to_owned()));
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// `http://127.0.0.1:8081/cb` → (`http://127.0.0.1`, `/cb`).
fn without_loopback_port(text: &str) -> Option<(&'static str, &str)> {
    let host = ["http://127.0.0.1", "http://[::1]"].into_iter().find(|host| text.starts_with(host))?;
    let rest = &text[host.len()..];
    let Some(port_and_path) = rest.strip_prefix(':') else {
        return rest.starts_with(['/', '?']).then_some((host, rest));
    };
    let path = port_and_path.trim_start_matches(|c: char| c.is_ascii_digit());
    let port = &port_and_path[..port_and_path.len() - path.len()];
    (port.parse::<u16>().is_ok() && (path.is_empty() || path.starts_with(['/', '?']))).then_some((host, path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Registrant::{Confidential, Public};

    #[test]
    fn only_safe_addresses_are_registered() {
        for (text, confidential, public) in [
            ("https://app.example/cb", true, true),
            ("https://app.example", true, true),
            ("https://app.example/cb?tenant=1", true, true),
            ("http://127.0.0.1:8081/cb", true, true),
            ("http://[::1]/cb", true, true),
            ("http://localhost:8081/cb", true, true),
            ("com.example.app:/callback", false, true),
            ("http://app.example/cb", false, false),
            ("http://localhost.evil.example/cb", false, false),
            ("https://app.example/cb#x", false, false),
            ("https://app.example/cb#", false, false),
            ("https://user@app.example/cb", false, false),
            ("https://*.app.example/cb", false, false),
            ("javascript:alert(1)", false, false),
            ("data:text/html,x", false, false),
            ("myapp:/callback", false, false),
            ("/callback", false, false),
            ("", false, false),
            ("https://app.example/c b", false, false),
            ("https://app.example/\u{e6}", false, false),
        ] {
            assert_eq!(RedirectUri::parse(text, Confidential).is_ok(), confidential, "confidential {text}");
            assert_eq!(RedirectUri::parse(text, Public).is_ok(), public, "public {text}");
        }
        let long = format!("https://app.example/{}", "a".repeat(RedirectUri::LONGEST));
        assert_eq!(RedirectUri::parse(&long, Public), Err(RedirectUriError::TooLong));
    }

    #[test]
    fn addresses_match_character_by_character() {
        for (own, requested, confidential, public) in [
            ("https://a.example/cb", "https://a.example/cb", true, true),
            ("https://a.example/cb", "https://a.example/cb/", false, false),
            ("https://a.example/cb", "https://a.example/cb?x=1", false, false),
            ("https://a.example/cb", "https://A.example/cb", false, false),
            ("https://a.example/cb", "https://a.example:443/cb", false, false),
            ("https://a.example/cb", "https://a.example/./cb", false, false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/cb", false, true),
            ("http://127.0.0.1:80/cb", "http://127.0.0.1:5000/cb", false, true),
            ("http://[::1]/cb", "http://[::1]:5000/cb", false, true),
            ("http://127.0.0.1/cb", "http://127.0.0.1:5000/other", false, false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", false, false),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", false, false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", false, false),
            ("http://127.0.0.1/cb", "http://[::1]/cb", false, false),
            ("http://localhost/cb", "http://localhost:5000/cb", false, false),
        ] {
            let uri = RedirectUri::from_stored(own.to_owned());
            assert_eq!(uri.matches(requested, Confidential), confidential, "confidential {requested}");
            assert_eq!(uri.matches(requested, Public), public, "public {requested}");
        }
    }

    #[test]
    fn an_answer_joins_the_query_that_is_there() {
        for (uri, expected) in [
            ("https://a.example", "https://a.example?code=x+y"),
            ("https://a.example/cb?t=1", "https://a.example/cb?t=1&code=x+y"),
            ("https://a.example/cb?", "https://a.example/cb?code=x+y"),
            ("com.example.app:/cb", "com.example.app:/cb?code=x+y"),
        ] {
            assert_eq!(VerifiedRedirect::proved(uri).with(&[("code", "x y".into())]), expected);
        }
    }
}
