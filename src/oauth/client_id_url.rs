//! A client id that is the address of a document about the client (draft-ietf-oauth-client-id-metadata-document-03 §3).
//!
//! Ids are compared as texts, so an address has one spelling here: the one that a URL parser answers with. That rules out dot
//! segments, however they are written, and a missing path. Queries, which the draft advises against, are refused, so that one
//! document is one client; addresses in place of names, since nobody on the consent page knows them.

use url::{Host, Url};

/// Such an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientIdUrl(Url);

/// Why a text is no such id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnId {
    /// Another scheme.
    #[error("it is not https")]
    Scheme,
    /// Longer than [`ClientIdUrl::LONGEST`].
    #[error("it is longer than 300 bytes")]
    TooLong,
    /// No address, or one that is spelled differently: with dot segments, without a path, in upper case.
    #[error("it is not a plain address with a path")]
    Spelling,
    /// A user or a password.
    #[error("it holds a user")]
    User,
    /// A fragment or a query.
    #[error("it holds a fragment or a query")]
    Tail,
    /// An IP address.
    #[error("its host is not a name")]
    Host,
}

impl ClientIdUrl {
    /// Bytes.
    pub const LONGEST: usize = 300;

    /// Whether this is meant to be one: no other client id begins like that.
    #[must_use]
    pub fn is_meant(id: &str) -> bool {
        id.starts_with("https:")
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`NotAnId`].
    pub fn parse(id: &str) -> Result<Self, NotAnId> {
        if id.len() > Self::LONGEST {
            return Err(NotAnId::TooLong);
        }
        let url = Url::parse(id).map_err(|_| NotAnId::Spelling)?;
        if url.scheme() != "https" {
            Err(NotAnId::Scheme)
        } else if !url.username().is_empty() || url.password().is_some() || id.contains('@') {
            Err(NotAnId::User)
        } else if url.query().is_some() || url.fragment().is_some() {
            Err(NotAnId::Tail)
        } else if !matches!(url.host(), Some(Host::Domain(_))) {
            Err(NotAnId::Host)
        } else if url.as_str() != id || id.contains('%') {
            Err(NotAnId::Spelling)
        } else {
            Ok(Self(url))
        }
    }

    /// Where the document is.
    #[must_use]
    pub const fn url(&self) -> &Url {
        &self.0
    }

    /// The name that people see.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host, with the port where it is not that of https.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.0.authority()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        use NotAnId as E;
        let long = format!("https://app.example/{}", "x".repeat(300));
        for (id, expected) in [
            ("https://app.example/client.json", Ok(("app.example", "app.example"))),
            ("https://app.example/", Ok(("app.example", "app.example"))),
            ("https://app.example:8443/a/b", Ok(("app.example", "app.example:8443"))),
            ("https://localhost:8443/a", Ok(("localhost", "localhost:8443"))),
            ("https://app.example", Err(E::Spelling)),
            ("https://APP.example/a", Err(E::Spelling)),
            ("HTTPS://app.example/a", Err(E::Spelling)),
            ("https://app.example:443/a", Err(E::Spelling)),
            ("https://app.example/a/../b", Err(E::Spelling)),
            ("https://app.example/./b", Err(E::Spelling)),
            ("https://app.example/%2e%2e/b", Err(E::Spelling)),
            ("https://app.example/a%2fb", Err(E::Spelling)),
            ("https://app.example\\a", Err(E::Spelling)),
            ("https:app.example/a", Err(E::Spelling)),
            (" https://app.example/a", Err(E::Spelling)),
            ("https://app.example/a b", Err(E::Spelling)),
            ("https://bücher.example/a", Err(E::Spelling)),
            ("https://app.example/a?", Err(E::Tail)),
            ("https://app.example/a?b=c", Err(E::Tail)),
            ("https://app.example/a#", Err(E::Tail)),
            ("https://app.example/a#b", Err(E::Tail)),
            ("https://user@app.example/a", Err(E::User)),
            ("https://@app.example/a", Err(E::User)),
            ("https://user:pass@app.example/a", Err(E::User)),
            ("https://93.184.215.14/a", Err(E::Host)),
            ("https://2130706433/a", Err(E::Host)),
            ("https://[::1]/a", Err(E::Host)),
            ("http://app.example/a", Err(E::Scheme)),
            ("ftp://app.example/a", Err(E::Scheme)),
            ("portal", Err(E::Spelling)),
            ("", Err(E::Spelling)),
            (&long, Err(E::TooLong)),
        ] {
            let read = ClientIdUrl::parse(id);
            let read = read.as_ref().map(|id| (id.host(), id.authority())).map_err(|error| *error);
            assert_eq!(read, expected, "{id}");
        }
    }
}
