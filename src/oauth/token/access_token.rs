//! Access tokens: JWTs by RFC 9068, or random texts whose claims are kept here.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::claims::{Audience, Authentication, Membership};
use crate::{clock::Timestamp, id::FamilyId, oauth::confirmation::Confirmation, random::Random};

/// `jti`: names the token and, for a person's token, the family it belongs to, so that a signed token is found revoked
/// with one read. One of a service begins with its millisecond: `iat` is too coarse to tell what was issued before a
/// disabling.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// A fresh id of a person's token.
    #[must_use]
    pub fn of_family(family: &FamilyId, random: &Random) -> Self {
        Self(format!("{family}.{}", BASE64URL_NOPAD.encode(&random.bytes::<12>())))
    }

    /// A fresh id of a service's token.
    #[must_use]
    pub fn of_service(issued_at: Timestamp, random: &Random) -> Self {
        let mut own = [0; INSTANT + 12];
        own[..INSTANT].copy_from_slice(&issued_at.0.to_be_bytes()[8 - INSTANT..]);
        own[INSTANT..].copy_from_slice(&random.bytes::<12>());
        Self(BASE64URL_NOPAD.encode(&own))
    }

    /// When the authorization behind it began: that of the person, or of the service by itself. The beginning of time for
    /// an id that does not say.
    #[must_use]
    pub fn began_at(&self) -> Timestamp {
        if let Some(family) = self.family() {
            return family.made_at();
        }
        match BASE64URL_NOPAD.decode(self.0.as_bytes()) {
            Ok(own) if own.len() == INSTANT + 12 => {
                Timestamp(own[..INSTANT].iter().fold(0, |millis, byte| millis << 8 | i64::from(*byte)))
            }
            _ => Timestamp(0),
        }
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The family of a person's token.
    #[must_use]
    pub fn family(&self) -> Option<FamilyId> {
        self.0.split_once('.').and_then(|(family, _)| family.parse().ok())
    }
}

/// Bytes of a millisecond.
const INSTANT: usize = 6;

/// The payload of an access token (RFC 9068 §2.2), and what introspection tells of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessTokenClaims<'a> {
    /// Issuer.
    pub iss: Cow<'a, str>,
    /// Whom the token is meant for.
    pub aud: Audience,
    /// The person, or the client on its own behalf.
    pub sub: Cow<'a, str>,
    /// The client.
    pub client_id: Cow<'a, str>,
    /// Unix seconds.
    pub iat: i64,
    /// Unix seconds.
    pub exp: i64,
    /// Its id.
    pub jti: TokenId,
    /// Scopes, separated by spaces.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub scope: Cow<'a, str>,
    /// How the person signed in; absent for client credentials.
    #[serde(flatten)]
    pub authentication: Option<Authentication>,
    /// The key that it is bound to (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Confirmation>,
    /// Who acts for the person (RFC 8693 §4.1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
    /// What was granted in detail (RFC 9396 §9.1).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authorization_details: Vec<Value>,
    /// What holds in the organization.
    #[serde(flatten, borrow)]
    pub membership: Membership<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_id_names_its_family_and_its_instant() {
        let (random, now) = (Random::seeded(1), Timestamp(1_795_320_000_123));
        let family = FamilyId::fresh(now, &random);
        for (id, of, began_at) in [
            (TokenId::of_family(&family, &random), Some(&family), now),
            (TokenId::of_service(now, &random), None, now),
            (TokenId("x.y".into()), None, Timestamp(0)),
            (TokenId("0123456789abcdef".into()), None, Timestamp(0)),
        ] {
            assert_eq!((id.family().as_ref(), id.began_at()), (of, began_at), "{id:?}");
        }
    }

    #[test]
    fn claims_are_read_back() {
        let claims = AccessTokenClaims {
            iss: "https://id".into(),
            aud: Audience::One("api".into()),
            sub: "usr_o".into(),
            client_id: "portal".into(),
            iat: 1,
            exp: 2,
            jti: TokenId("j".into()),
            scope: "openid".into(),
            authentication: Some(Authentication {
                sid: Some("s".into()),
                auth_time: Some(1),
                acr: "1".into(),
                amr: vec!["pwd".into()],
            }),
            cnf: Some(Confirmation::Jkt("k".into())),
            act: None,
            authorization_details: vec![],
            membership: Membership { org_id: Some("org_a".into()), ..Membership::default() },
        };
        let text = serde_json::to_string(&claims).unwrap();
        let read: AccessTokenClaims<'_> = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let service: AccessTokenClaims<'_> =
            serde_json::from_str(r#"{"iss":"i","aud":"a","sub":"c","client_id":"c","iat":1,"exp":2,"jti":"j"}"#)
                .unwrap();
        assert_eq!(service.authentication, None);
    }
}
