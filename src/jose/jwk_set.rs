//! The keys that somebody registers or publishes (RFC 7517 §5).

use serde_json::{Map, Value};

use super::{
    algorithm::Alg,
    jwk::{BadJwk, Jwk},
};
use crate::keys::strict_json;

/// Most keys in a set.
pub const MAX_KEYS: usize = 64;

/// Most bytes of a set.
pub const MAX_LEN: usize = 64 * 1024;

/// How many keys are tried for a token that does not say which one signed it.
const MAX_TRIED: usize = 8;

/// Why a set is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadJwkSet {
    /// Longer than [`MAX_LEN`].
    #[error("it is longer than 64 KiB")]
    TooLong,
    /// Not a strict JSON object with a list `keys` of objects.
    #[error("it is not a JSON object with a list of keys, each member once")]
    Shape,
    /// More than [`MAX_KEYS`].
    #[error("it holds more than 64 keys")]
    TooMany,
    /// None of the keys is of a kind that is understood.
    #[error("it holds no key that is supported (RSA, EC with P-256, P-384 or P-521, OKP with Ed25519)")]
    Empty,
    /// One of the keys is refused.
    #[error("one of its keys is refused: {0}")]
    Key(#[from] BadJwk),
}

/// Public keys.
#[derive(Debug, Clone)]
pub struct JwkSet(Vec<Jwk>);

impl JwkSet {
    /// Reads a set. Keys of unknown kinds are passed over (RFC 7517 §5); a bad one of a known kind spoils the set, so that
    /// whoever registers it learns of it.
    ///
    /// # Errors
    /// [`BadJwkSet`].
    pub fn parse(text: &str) -> Result<Self, BadJwkSet> {
        Self::read(text, |bad| *bad != BadJwk::Kind)
    }

    /// Reads a set that lies elsewhere: a bad key is passed over, so that it shuts out nobody who signs with another; a
    /// private one spoils the set all the same.
    ///
    /// # Errors
    /// [`BadJwkSet`].
    pub fn of_others(text: &str) -> Result<Self, BadJwkSet> {
        Self::read(text, |bad| *bad == BadJwk::Private)
    }

    fn read(text: &str, spoils: impl Fn(&BadJwk) -> bool) -> Result<Self, BadJwkSet> {
        if text.len() > MAX_LEN {
            return Err(BadJwkSet::TooLong);
        }
        strict_json::check_object(text.as_bytes()).map_err(|_| BadJwkSet::Shape)?;
        let document: Map<String, Value> = serde_json::from_str(text).map_err(|_| BadJwkSet::Shape)?;
        let members = document.get("keys").and_then(Value::as_array).ok_or(BadJwkSet::Shape)?;
        if members.len() > MAX_KEYS {
            return Err(BadJwkSet::TooMany);
        }
        let mut keys = Vec::with_capacity(members.len());
        for member in members {
            match Jwk::of(member.as_object().ok_or(BadJwkSet::Shape)?) {
                Ok(key) => keys.push(key),
                Err(bad) if spoils(&bad) => return Err(bad.into()),
                Err(_) => {}
            }
        }
        if keys.is_empty() { Err(BadJwkSet::Empty) } else { Ok(Self(keys)) }
    }

    /// All of them.
    #[must_use]
    pub fn keys(&self) -> &[Jwk] {
        &self.0
    }

    /// Whether one is called `kid`.
    #[must_use]
    pub fn names(&self, kid: &str) -> bool {
        self.0.iter().any(|key| key.kid.as_deref() == Some(kid))
    }

    /// The keys that may have made a signature, of which a few are tried: a name rules out those of other names.
    pub(super) fn candidates<'a>(&'a self, alg: Alg, kid: Option<&'a str>) -> impl Iterator<Item = &'a Jwk> {
        self.0
            .iter()
            .filter(move |key| key.kid.as_deref().is_none_or(|own| kid.is_none_or(|kid| kid == own)))
            .filter(move |key| key.may_verify(alg))
            .take(MAX_TRIED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","kid":"a"}"#;

    #[test]
    fn a_bad_key_of_others_shuts_out_nobody_but_a_private_one_does() {
        let weak = r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#;
        let private = KEY.replace("\"kid\"", "\"d\":\"AA\",\"kid\"");
        for (keys, strict, lenient) in [
            (KEY.to_owned(), true, true),
            (format!("{weak},{KEY}"), false, true),
            (weak.to_owned(), false, false),
            (format!("{private},{KEY}"), false, false),
        ] {
            let set = format!(r#"{{"keys":[{keys}]}}"#);
            assert_eq!((JwkSet::parse(&set).is_ok(), JwkSet::of_others(&set).is_ok()), (strict, lenient), "{keys}");
        }
    }

    #[test]
    fn a_set_is_read_strictly() {
        let set = |keys: &str| format!(r#"{{"keys":[{keys}]}}"#);
        let unknown = r#"{"kty":"OKP","crv":"Ed448","x":"AA"}"#;
        for (case, text, expected) in [
            ("one key", set(KEY), Ok(1)),
            ("keys of unknown kinds", set(&format!(r#"{unknown},{KEY},{{"kty":"AKP"}}"#)), Ok(1)),
            ("64 keys", set(&[KEY; 64].join(",")), Ok(64)),
            ("65 keys", set(&[KEY; 65].join(",")), Err(BadJwkSet::TooMany)),
            ("none", set(""), Err(BadJwkSet::Empty)),
            ("none that is known", set(unknown), Err(BadJwkSet::Empty)),
            (
                "a secret among them",
                set(&format!(r#"{KEY},{{"kty":"oct","k":"AA"}}"#)),
                Err(BadJwkSet::Key(BadJwk::Private)),
            ),
            ("a broken one", set(r#"{"kty":"OKP","crv":"Ed25519"}"#), Err(BadJwkSet::Key(BadJwk::Member("x")))),
            ("keys is no list", r#"{"keys":{}}"#.into(), Err(BadJwkSet::Shape)),
            ("a key is no object", set("1"), Err(BadJwkSet::Shape)),
            ("no keys", "{}".into(), Err(BadJwkSet::Shape)),
            ("keys twice", format!(r#"{{"keys":[{KEY}],"keys":[]}}"#), Err(BadJwkSet::Shape)),
            ("no JSON", "keys".into(), Err(BadJwkSet::Shape)),
            ("too long", format!("{}{}", set(KEY), " ".repeat(MAX_LEN)), Err(BadJwkSet::TooLong)),
        ] {
            assert_eq!(JwkSet::parse(&text).map(|set| set.keys().len()), expected, "{case}");
        }
    }
}
