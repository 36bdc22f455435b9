//! The keys of others at an address (RFC 7517 §5): fetched as any document, read once for each of them, and sought once more,
//! at most once a minute, for a token that none of them has signed. What a token says is for whoever asked.

use std::sync::Arc;

use url::Url;

use super::{
    Outbound,
    documents::{Document, Unavailable},
};
use crate::jose::{self, Expected, JwkSet, Refusal, Verified, jwk_set::BadJwkSet};

/// Why there are no keys; for logs and administrators, never for strangers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoKeys {
    /// There is no document.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// It is no key set.
    #[error(transparent)]
    Bad(#[from] BadJwkSet),
}

/// Why a token is not believed to be of whoever has the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// There are none that can be used.
    #[error("there are no keys that can be used")]
    NoKeys,
    /// The token.
    #[error(transparent)]
    Token(#[from] Refusal),
}

impl Outbound {
    /// The keys at `address`.
    ///
    /// # Errors
    /// [`NoKeys`].
    pub async fn keys(&self, address: &Url) -> Result<Arc<JwkSet>, NoKeys> {
        read(&*self.document(address).await?)
    }

    /// Checks the form and the signature of a token by the keys at `address`; its claims remain to be checked.
    ///
    /// # Errors
    /// [`Untrusted`].
    pub async fn verify(&self, address: &Url, token: &str, expected: Expected<'_>) -> Result<Verified, Untrusted> {
        let unreadable = |cause: NoKeys| {
            tracing::warn!(%address, %cause, "Keys of others cannot be read.");
            Untrusted::NoKeys
        };
        let keys = self.keys(address).await.map_err(unreadable)?;
        match jose::verify(token, &keys, expected) {
            Err(refusal @ (Refusal::UnknownKey | Refusal::BadSignature)) => {
                let newer = self.newer_document(address).await.map_err(NoKeys::from).and_then(|found| read(&found));
                match newer.map_err(unreadable) {
                    Ok(newer) if !Arc::ptr_eq(&newer, &keys) => Ok(jose::verify(token, &newer, expected)?),
                    _ => Err(refusal.into()),
                }
            }
            verified => Ok(verified?),
        }
    }
}

/// A bad key among others shuts out nobody who signs with another.
fn read(document: &Document) -> Result<Arc<JwkSet>, NoKeys> {
    let parse = || JwkSet::of_others(&String::from_utf8_lossy(&document.body)).map(Arc::new);
    Ok(document.keys.get_or_init(parse).clone()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::{
        clock::{Clock, Timestamp},
        config::Outgoing,
        jose::{Alg, Typ, testing::ClientKey},
    };

    const EXPECTED: Expected<'_> = Expected { algorithms: &[Alg::EdDsa], typ: Typ::AbsentOr(&[]) };

    /// A server that answers with one body after the other, and the last again and again.
    async fn server(bodies: Vec<String>) -> Url {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/jwks", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let mut bodies = bodies.into_iter().peekable();
            let mut last = String::new();
            while let Ok((mut stream, _)) = listener.accept().await {
                last = bodies.next().unwrap_or(last);
                let _ = stream.read(&mut [0; 4096]).await;
                let status = if last.is_empty() { "500 Down" } else { "200 OK" };
                let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", last.len());
                let _ = stream.write_all(format!("{head}{last}").as_bytes()).await;
            }
        });
        address.parse().unwrap()
    }

    fn set(keys: &[Value]) -> String {
        json!({ "keys": keys }).to_string()
    }

    #[tokio::test]
    async fn keys_are_read_leniently_and_sought_once_more() {
        let [old, new] = [(); 2].map(|()| ClientKey::generate(Alg::EdDsa));
        let weak = json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"});
        let secret = json!({"kty": "oct", "k": "AA"});
        let (unknown, none) = (Untrusted::Token(Refusal::BadSignature), Untrusted::NoKeys);
        for (case, bodies, at_once, later) in [
            ("the key", vec![set(&[new.jwk()])], Ok(()), Ok(())),
            ("beside a bad one", vec![set(&[weak.clone(), new.jwk()])], Ok(()), Ok(())),
            ("beside a secret", vec![set(&[secret, new.jwk()])], Err(none), Err(none)),
            ("another", vec![set(&[old.jwk()])], Err(unknown), Err(unknown)),
            ("it comes later", vec![set(&[old.jwk()]), set(&[old.jwk(), new.jwk()])], Err(unknown), Ok(())),
            ("none comes later", vec![set(&[old.jwk()]), String::new()], Err(unknown), Err(unknown)),
            ("nonsense comes later", vec![set(&[old.jwk()]), "{}".to_owned()], Err(unknown), Err(unknown)),
            ("only a bad one", vec![set(&[weak])], Err(none), Err(none)),
            ("no set", vec!["<html>".to_owned()], Err(none), Err(none)),
            ("no server", vec![String::new(), set(&[new.jwk()])], Err(none), Ok(())),
        ] {
            let (address, clock) = (server(bodies).await, Clock::fixed(Timestamp(0)));
            let config = Outgoing { allowed_networks: vec!["127.0.0.0/8".parse().unwrap()], ..Outgoing::default() };
            let outbound = Outbound::new(&config, clock.clone());
            let token = new.sign(&json!({"alg": "EdDSA"}), &json!({}));
            let verify = async || outbound.verify(&address, &token, EXPECTED).await.map(drop);
            assert_eq!(verify().await, at_once, "{case}");
            assert_eq!(verify().await, at_once, "{case}: not twice in a minute");
            clock.advance(Duration::from_secs(61));
            assert_eq!(verify().await, later, "{case}, later");
        }
    }
}
