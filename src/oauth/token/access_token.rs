//! Access tokens: JWTs by RFC 9068, or random texts whose claims are kept here.

use std::borrow::Cow;

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};

use super::claims::{Audience, Authentication, Membership};
use crate::{id::FamilyId, random::Random};

/// `jti`: names the token and, for a person's token, the family it belongs to, so that a signed token is found revoked
/// with one read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TokenId(String);

impl TokenId {
    /// A fresh id.
    #[must_use]
    pub fn fresh(family: Option<&FamilyId>, random: &Random) -> Self {
        let own = BASE64URL_NOPAD.encode(&random.bytes::<12>());
        Self(match family {
            Some(family) => format!("{family}.{own}"),
            None => own,
        })
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
    /// What holds in the organization.
    #[serde(flatten, borrow)]
    pub membership: Membership<'a>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_token_id_names_its_family() {
        let random = Random::seeded(1);
        let family = FamilyId::fresh(Timestamp(1), &random);
        assert_eq!(TokenId::fresh(Some(&family), &random).family(), Some(family));
        assert_eq!(TokenId::fresh(None, &random).family(), None);
        assert_eq!(TokenId("x.y".into()).family(), None);
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
                sid: "s".into(),
                auth_time: 1,
                acr: "1".into(),
                amr: vec!["pwd".into()],
            }),
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
