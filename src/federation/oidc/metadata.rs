//! What a provider says of itself (OpenID Connect Discovery 1.0 §4), kept as long as it says.

use serde::Deserialize;
use url::Url;

use super::{settings::Settings, trouble::Trouble};
use crate::outbound::Outbound;

/// What is used of it.
#[derive(Debug, Clone, Deserialize)]
pub struct Metadata {
    /// Who it is.
    pub issuer: String,
    /// Where browsers are sent.
    pub authorization_endpoint: Url,
    /// Where codes are exchanged.
    pub token_endpoint: Url,
    /// Its keys.
    pub jwks_uri: Url,
    /// Where more is said of somebody.
    pub userinfo_endpoint: Option<Url>,
    /// Whether its answers name it (RFC 9207 §3).
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// That of a provider.
    ///
    /// # Errors
    /// When it cannot be read, is of another issuer, or names an address that may not be called.
    pub async fn of(outbound: &Outbound, settings: &Settings) -> Result<Self, Trouble> {
        let document = outbound.document(&address(&settings.issuer)?).await?;
        let metadata = Self::read(&document.body, &settings.issuer)?;
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            outbound.check(url)?;
        }
        Ok(metadata)
    }

    /// OpenID Connect Discovery §4.3: the issuer is the same to the letter, so that no provider speaks for another.
    fn read(body: &[u8], issuer: &str) -> Result<Self, Trouble> {
        let metadata: Self = serde_json::from_slice(body).map_err(|_| Trouble::Metadata("it lacks what is needed"))?;
        if metadata.issuer == issuer { Ok(metadata) } else { Err(Trouble::Metadata("it is that of another issuer")) }
    }
}

/// OpenID Connect Discovery §4.1: behind the path of the issuer.
fn address(issuer: &str) -> Result<Url, Trouble> {
    let text = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
    Url::parse(&text).map_err(|_| Trouble::Metadata("its issuer is no address"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metadata_of_another_issuer_is_not_used() {
        let of = |issuer: &str| {
            json!({
                "issuer": issuer, "authorization_endpoint": "https://id.example/a", "token_endpoint": "https://id.example/t",
                "jwks_uri": "https://id.example/j", "unknown": {"a": 1},
            })
        };
        for (case, said, expected) in [
            ("the same", of("https://id.example/x"), true),
            ("a slash more", of("https://id.example/x/"), false),
            ("another", of("https://id.example.evil/x"), false),
            ("in capitals", of("https://ID.example/x"), false),
            ("nothing else", json!({"issuer": "https://id.example/x"}), false),
            ("no object", json!([]), false),
        ] {
            let read = Metadata::read(said.to_string().as_bytes(), "https://id.example/x");
            assert_eq!(read.is_ok(), expected, "{case}");
        }
    }

    #[test]
    fn it_lies_behind_the_path_of_the_issuer() {
        for issuer in ["https://login.example/t/v2.0", "https://login.example/t/v2.0/"] {
            let found = address(issuer).expect("an address");
            assert_eq!(found.as_str(), "https://login.example/t/v2.0/.well-known/openid-configuration");
        }
    }
}
