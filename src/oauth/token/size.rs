//! How large a signed token may be: it travels in headers, of which servers take 8 KiB.
//!
//! What makes a token too large is left out whole and named in `overflow`, the heaviest list first; introspection and
//! userinfo have all of it.

use std::borrow::Cow;

use serde::Serialize;

use super::{AccessTokenClaims, IdTokenClaims, Membership, Person};
use crate::oauth::{
    error::{Code, Refusal, refuse},
    scope::Scopes,
};

/// The most bytes of a signed token.
pub const MOST: usize = 8 * 1024;

/// The most bytes of its payload: in base64 a third more, beside a header and the longest signature (RSA, 2,048 bits).
const MOST_PAYLOAD: usize = 5_700;

/// Claims of which some can be left out.
pub trait Shed: Serialize {
    /// Leaves out what weighs most; `false` when there is nothing left to leave out.
    fn shed(&mut self) -> bool;

    /// Says where what was left out is told.
    fn refer(&mut self, scopes: &Scopes);
}

impl Shed for AccessTokenClaims<'_> {
    fn shed(&mut self) -> bool {
        self.membership.shed()
    }

    fn refer(&mut self, scopes: &Scopes) {
        self.membership.refer(&self.iss, scopes);
    }
}

impl Shed for IdTokenClaims<'_> {
    fn shed(&mut self) -> bool {
        self.membership.shed() || self.person.shed(&mut self.membership.overflow)
    }

    fn refer(&mut self, scopes: &Scopes) {
        self.membership.refer(self.iss, scopes);
    }
}

/// The claims as JSON, without what does not fit.
///
/// # Errors
/// When scopes and resources alone are too much.
///
/// # Panics
/// Never: claims are JSON.
pub fn payload(claims: &mut impl Shed, scopes: &Scopes) -> Result<Vec<u8>, Refusal> {
    loop {
        claims.refer(scopes);
        let payload = serde_json::to_vec(claims).expect("claims are JSON");
        if payload.len() <= MOST_PAYLOAD {
            return Ok(payload);
        }
        if !claims.shed() {
            return Err(refuse(Code::InvalidRequest, "the token would be too large; ask for less"));
        }
    }
}

impl Membership<'_> {
    /// Leaves out the heaviest list, so that the rest fits; `false` when there is none left.
    fn shed(&mut self) -> bool {
        let lists = [
            ("roles", weight(self.roles.as_ref())),
            ("groups", weight(self.groups.as_ref())),
            ("locations", weight(self.locations.as_ref())),
            ("assignments", weight(self.assignments.as_ref())),
            ("entitlements", weight(self.entitlements.as_ref())),
            ("identifiers", weight(self.identifiers.as_ref())),
            ("location_identifiers", weight(self.location_identifiers.as_ref())),
        ];
        let heaviest = lists.into_iter().max_by_key(|(_, weight)| *weight);
        let Some((name, _)) = heaviest.filter(|(_, weight)| *weight > 0) else { return false };
        match name {
            "roles" => self.roles = None,
            "groups" => self.groups = None,
            "locations" => self.locations = None,
            "assignments" => self.assignments = None,
            "entitlements" => self.entitlements = None,
            "identifiers" => self.identifiers = None,
            _ => self.location_identifiers = None,
        }
        self.overflow.push(Cow::Borrowed(name));
        true
    }
}

impl Person<'_> {
    /// Leaves out what may be long, so that the rest fits; `false` when nothing of it is left.
    fn shed(&mut self, overflow: &mut Vec<Cow<'static, str>>) -> bool {
        let name = match (self.picture.take(), self.address.take()) {
            (Some(_), address) => {
                self.address = address;
                "picture"
            }
            (None, Some(_)) => "address",
            (None, None) => return false,
        };
        overflow.push(Cow::Borrowed(name));
        true
    }
}

/// Bytes of a list as JSON.
fn weight(list: Option<&impl Serialize>) -> usize {
    list.and_then(|list| serde_json::to_vec(list).ok()).map_or(0, |json| json.len())
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::{
        directory::access::Access,
        keys::{Algorithm, SigningKey, Typ},
        oauth::{
            testing::{access, member, user},
            token::{Audience, TokenId, claims::Extent, draft::authentication},
        },
        random::Random,
        text::Slug,
    };

    fn slugs(count: usize) -> Vec<Slug> {
        (0..count).map(|n| format!("{}{n:02}", "s".repeat(62)).parse().unwrap()).collect()
    }

    fn holding(groups: usize, locations: usize) -> Access {
        Access { groups: slugs(groups), locations: slugs(locations), ..access("clinician", "gps", "main") }
    }

    #[test]
    fn the_largest_payload_makes_a_token_of_no_more_than_8_kib() {
        for algorithm in [Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa] {
            let key = SigningKey::generate(algorithm).unwrap();
            for typ in [Typ::AccessToken, Typ::IdToken] {
                let length = key.sign_payload(typ, &[b' '; MOST_PAYLOAD]).len();
                assert!(length <= MOST, "{algorithm:?} {typ:?}: {length}");
            }
        }
    }

    #[test]
    fn the_heaviest_lists_are_left_out_until_the_rest_fits() {
        let scopes = Scopes::parse("roles").unwrap();
        for (groups, locations, resources, expected) in [
            (30, 30, 1, Some("")),
            (60, 30, 1, Some("groups")),
            (60, 90, 1, Some("locations")),
            (90, 91, 1, Some("locations groups")),
            (1, 1, 90, None),
        ] {
            let (_, at) = member("usr_o", "a");
            let access = holding(groups, locations);
            let mut claims = AccessTokenClaims {
                iss: "https://id".into(),
                aud: Audience::Many(vec![format!("https://{}", "r".repeat(60)); resources]),
                sub: "usr_o".into(),
                client_id: "portal".into(),
                iat: 1,
                exp: 2,
                jti: TokenId::of_service(crate::clock::Timestamp(1), &Random::seeded(1)),
                scope: "roles".into(),
                authentication: None,
                cnf: None,
                act: None,
                authorization_details: vec![],
                membership: Membership::of_access_token(&at, &access, &scopes, Extent::Bounded),
            };
            let fitted = payload(&mut claims, &scopes);
            assert_eq!(fitted.is_ok(), expected.is_some(), "{groups} {locations} {resources}");
            let Some(expected) = expected else { continue };
            let said: Value = serde_json::from_slice(&fitted.unwrap()).unwrap();
            assert_eq!(claims.membership.overflow.join(" "), expected, "{groups} {locations}");
            for name in ["groups", "locations", "roles", "assignments"] {
                assert_eq!(said.get(name).is_none(), expected.contains(name), "{groups} {locations}: {name}");
            }
        }
    }

    #[test]
    fn an_id_token_leaves_out_a_long_picture_when_no_list_is_left() {
        let (_, at) = member("usr_o", "a");
        let (mut person, access) = (user("usr_o"), holding(90, 90));
        let (picture, address) = (format!("https://x.example/{}", "p".repeat(1900)), "\n".repeat(500));
        (person.picture, person.postal_address) = (Some(picture), Some(address));
        let name = || Some("\"".repeat(200));
        (person.given_name, person.family_name) = (name(), name());
        let scopes = Scopes::parse("openid profile email address groups locations").unwrap();
        let authentication = authentication(&crate::oauth::testing::family("portal", "usr_o", "a"));
        let nonce = "n".repeat(2048);
        let mut claims = IdTokenClaims {
            iss: "https://id",
            sub: "usr_o",
            aud: "portal",
            iat: 1,
            exp: 2,
            nonce: Some(&nonce),
            at_hash: "h".repeat(22),
            authentication: &authentication,
            person: Person::by_scope(&person, &scopes),
            membership: Membership::by_scope(&at, &access, &scopes, Extent::Bounded),
        };
        assert!(payload(&mut claims, &scopes).unwrap().len() <= MOST_PAYLOAD);
        let left_out = claims.membership.overflow.join(" ");
        assert_eq!(left_out, "locations groups assignments picture");
        assert!(claims.person.address.is_some());
    }
}
