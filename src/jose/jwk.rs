//! The public key of somebody else: a JWK (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).
//!
//! Read once, strictly: text in canonical base64url, integers without leading zeros, coordinates of full length, a point
//! that lies on its curve. A private or symmetric key is refused wherever one turns up: whoever sends it has lost it.

use aws_lc_rs::signature::{ParsedPublicKey, RsaPublicKeyComponents};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use serde_json::{Map, Value};

use super::algorithm::{Alg, Scheme};
use crate::secret::sha256;

/// Certificates in a chain, and bytes of one.
const MAX_CERTIFICATES: usize = 8;
const MAX_CERTIFICATE: usize = 8 * 1024;

/// Longest `kid`.
const MAX_KID: usize = 256;

/// Why a JWK is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadJwk {
    /// Not one JSON object with unique members and bounded depth, or not of the shape of a JWK.
    #[error("it is not a JSON object of the shape of a JWK")]
    Shape,
    /// `kty` or `crv` is not one that is understood.
    #[error("its kty or crv is not supported (RSA, EC with P-256, P-384 or P-521, OKP with Ed25519)")]
    Kind,
    /// A member that belongs to a private or symmetric key.
    #[error("it holds a private or symmetric key; only public keys may be registered")]
    Private,
    /// A member is missing, or of another type.
    #[error("the member `{0}` is missing or of another type")]
    Member(&'static str),
    /// Padding, another alphabet, bits beyond the end, leading zeros or a wrong length.
    #[error("the member `{0}` is not in canonical base64url, or of a wrong length")]
    Encoding(&'static str),
    /// RSA below 2048 or above 8192 bits, a point off the curve.
    #[error("it is not a key that is safe to use (RSA of 2048 to 8192 bits, a point on its curve)")]
    Unsafe,
}

/// A public key with what its owner says about it.
#[derive(Clone)]
pub struct Jwk {
    material: Material,
    /// Parsed once; an RSA key serves six algorithms and is parsed for the one that is asked for.
    curve_key: Option<ParsedPublicKey>,
    /// `kid`.
    pub kid: Option<String>,
    alg: Option<String>,
    usage: Option<String>,
    operations: Option<Vec<String>>,
    /// `x5c` in DER, the certificate of the key first (RFC 7517 §4.7).
    pub certificates: Vec<Vec<u8>>,
    /// `x5t#S256`: SHA-256 of the certificate, in base64url (RFC 7517 §4.9).
    pub certificate_thumbprint: Option<String>,
}

/// The key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Material {
    /// Modulus and exponent, big-endian.
    Rsa {
        /// Modulus.
        n: Vec<u8>,
        /// Public exponent.
        e: Vec<u8>,
    },
    /// A point on a curve of NIST.
    Ec {
        /// Which.
        curve: Curve,
        /// Of full length.
        x: Vec<u8>,
        /// Of full length.
        y: Vec<u8>,
    },
    /// Ed25519.
    Ed25519 {
        /// RFC 8032 §5.1.5.
        x: Vec<u8>,
    },
}

/// A curve of NIST (RFC 7518 §6.2.1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    /// P-256.
    P256,
    /// P-384.
    P384,
    /// P-521.
    P521,
}

impl Curve {
    /// The value of `crv`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// Bytes of a coordinate.
    #[must_use]
    pub const fn coordinate_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    const fn alg(self) -> Alg {
        match self {
            Self::P256 => Alg::Es256,
            Self::P384 => Alg::Es384,
            Self::P521 => Alg::Es512,
        }
    }

    fn named(text: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.name() == text)
    }
}

impl Jwk {
    /// Reads one JWK.
    ///
    /// # Errors
    /// [`BadJwk`].
    pub fn parse(text: &str) -> Result<Self, BadJwk> {
        crate::keys::strict_json::check_object(text.as_bytes()).map_err(|_| BadJwk::Shape)?;
        Self::of(&serde_json::from_str(text).map_err(|_| BadJwk::Shape)?)
    }

    /// Reads a member of a document that [`crate::keys::strict_json`] has passed.
    pub(super) fn of(members: &Map<String, Value>) -> Result<Self, BadJwk> {
        // RFC 7518 §6.2.2, §6.3.2, §6.4.1.
        if ["d", "p", "q", "dp", "dq", "qi", "oth", "k"].iter().any(|private| members.contains_key(*private)) {
            return Err(BadJwk::Private);
        }
        let members = Members(members);
        let material = Material::of(&members)?;
        let kid = members.text("kid")?;
        if kid.is_some_and(|kid| kid.len() > MAX_KID) {
            return Err(BadJwk::Member("kid"));
        }
        Ok(Self {
            curve_key: material.check()?,
            material,
            kid: kid.map(str::to_owned),
            alg: members.text("alg")?.map(str::to_owned),
            usage: members.text("use")?.map(str::to_owned),
            operations: members.texts("key_ops")?.map(|all| all.into_iter().map(str::to_owned).collect()),
            certificates: members.certificates()?,
            certificate_thumbprint: members.text("x5t#S256")?.map(str::to_owned),
        })
    }

    /// The key itself.
    #[must_use]
    pub const fn material(&self) -> &Material {
        &self.material
    }

    /// `alg`, when it names one.
    #[must_use]
    pub fn alg(&self) -> Option<&str> {
        self.alg.as_deref()
    }

    /// Whether its owner means it for signatures by `alg`, and it can make them.
    #[must_use]
    pub fn may_verify(&self, alg: Alg) -> bool {
        self.usage.as_deref().is_none_or(|usage| usage == "sig")
            && self.may_operate(&["verify"])
            && self.alg.as_deref().is_none_or(|own| own == alg.name() || same_by_two_names(own, alg))
            && self.material.fits(alg)
    }

    /// Whether its owner means it for encryption to them by `alg`.
    #[must_use]
    pub fn may_encrypt(&self, alg: &str) -> bool {
        self.usage.as_deref().is_none_or(|usage| usage == "enc")
            && self.may_operate(&["encrypt", "wrapKey", "deriveKey", "deriveBits"])
            && self.alg.as_deref().is_none_or(|own| own == alg)
    }

    fn may_operate(&self, wanted: &[&str]) -> bool {
        self.operations.as_ref().is_none_or(|all| all.iter().any(|operation| wanted.contains(&operation.as_str())))
    }

    /// Checks a signature; the caller asked [`Jwk::may_verify`].
    pub(super) fn is_signed(&self, alg: Alg, text: &str, signature: &[u8]) -> bool {
        match (&self.material, alg.scheme(), &self.curve_key) {
            (Material::Rsa { n, e }, Scheme::Rsa(parameters), _) => {
                RsaPublicKeyComponents { n, e }.verify(parameters, text.as_bytes(), signature).is_ok()
            }
            (Material::Ec { .. }, Scheme::Ecdsa(_), Some(key))
            | (Material::Ed25519 { .. }, Scheme::Ed25519, Some(key)) => {
                key.verify_sig(text.as_bytes(), signature).is_ok()
            }
            _ => false,
        }
    }

    /// RFC 7638 §3: SHA-256 of the required members, in base64url.
    #[must_use]
    pub fn thumbprint(&self) -> String {
        let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
        let members = match &self.material {
            Material::Rsa { n, e } => format!(r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#, text(e), text(n)),
            Material::Ec { curve, x, y } => {
                format!(r#"{{"crv":"{}","kty":"EC","x":"{}","y":"{}"}}"#, curve.name(), text(x), text(y))
            }
            Material::Ed25519 { x } => format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, text(x)),
        };
        text(&sha256(members.as_bytes()))
    }
}

/// RFC 9864: a key that says `EdDSA` may be used under the new name, and the other way about.
fn same_by_two_names(own: &str, alg: Alg) -> bool {
    matches!((own, alg), ("EdDSA", Alg::Ed25519) | ("Ed25519", Alg::EdDsa))
}

impl std::fmt::Debug for Jwk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Jwk({})", self.thumbprint())
    }
}

impl Material {
    fn of(members: &Members<'_>) -> Result<Self, BadJwk> {
        match (members.required("kty")?, members.text("crv")?) {
            ("RSA", _) => Ok(Self::Rsa { n: members.integer("n")?, e: members.integer("e")? }),
            ("EC", Some(name)) => {
                let curve = Curve::named(name).ok_or(BadJwk::Kind)?;
                let coordinate = |name| members.bytes_of_len(name, curve.coordinate_len());
                Ok(Self::Ec { curve, x: coordinate("x")?, y: coordinate("y")? })
            }
            ("OKP", Some("Ed25519")) => Ok(Self::Ed25519 { x: members.bytes_of_len("x", 32)? }),
            ("EC" | "OKP", None) => Err(BadJwk::Member("crv")),
            _ => Err(BadJwk::Kind),
        }
    }

    fn fits(&self, alg: Alg) -> bool {
        match (self, alg.scheme()) {
            (Self::Rsa { .. }, Scheme::Rsa(_)) | (Self::Ed25519 { .. }, Scheme::Ed25519) => true,
            (Self::Ec { curve, .. }, Scheme::Ecdsa(_)) => curve.alg() == alg,
            _ => false,
        }
    }

    /// That it is a key, and a safe one; parsed where one algorithm goes with it.
    fn check(&self) -> Result<Option<ParsedPublicKey>, BadJwk> {
        match self {
            Self::Rsa { n, e } => {
                let components = RsaPublicKeyComponents { n, e };
                let Scheme::Rsa(parameters) = Alg::Rs256.scheme() else { return Err(BadJwk::Unsafe) };
                let bits = n.len() * 8 - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
                // An even exponent, or one of 1, is no key; a long one is there to cost time.
                let sound = (2048..=8192).contains(&bits) && e.len() <= 8 && e.last().is_some_and(|low| low % 2 == 1);
                let parsed = (sound && *e != [1]).then(|| components.to_parsed_public_key(parameters));
                parsed.and_then(Result::ok).map(|_| None).ok_or(BadJwk::Unsafe)
            }
            Self::Ec { curve, x, y } => {
                let point = [&[4], &x[..], &y[..]].concat();
                ParsedPublicKey::new(curve.alg().of_curve(), point).map(Some).map_err(|_| BadJwk::Unsafe)
            }
            Self::Ed25519 { x } => {
                ParsedPublicKey::new(Alg::Ed25519.of_curve(), x).map(Some).map_err(|_| BadJwk::Unsafe)
            }
        }
    }
}

/// The members of a JWK, read by name and type.
struct Members<'a>(&'a Map<String, Value>);

impl<'a> Members<'a> {
    fn text(&self, name: &'static str) -> Result<Option<&'a str>, BadJwk> {
        self.0.get(name).map(|value| value.as_str().ok_or(BadJwk::Member(name))).transpose()
    }

    fn required(&self, name: &'static str) -> Result<&'a str, BadJwk> {
        self.text(name)?.ok_or(BadJwk::Member(name))
    }

    fn texts(&self, name: &'static str) -> Result<Option<Vec<&'a str>>, BadJwk> {
        let Some(value) = self.0.get(name) else { return Ok(None) };
        let items = value.as_array().ok_or(BadJwk::Member(name))?;
        items.iter().map(|item| item.as_str().ok_or(BadJwk::Member(name))).collect::<Result<_, _>>().map(Some)
    }

    fn bytes(&self, name: &'static str) -> Result<Vec<u8>, BadJwk> {
        // `data-encoding` refuses padding, white space and trailing bits that are not zero.
        BASE64URL_NOPAD.decode(self.required(name)?.as_bytes()).map_err(|_| BadJwk::Encoding(name))
    }

    fn bytes_of_len(&self, name: &'static str, len: usize) -> Result<Vec<u8>, BadJwk> {
        self.bytes(name).and_then(|bytes| if bytes.len() == len { Ok(bytes) } else { Err(BadJwk::Encoding(name)) })
    }

    /// RFC 7518 §2, `Base64urlUInt`: as few bytes as there can be.
    fn integer(&self, name: &'static str) -> Result<Vec<u8>, BadJwk> {
        let bytes = self.bytes(name)?;
        if bytes.first().is_none_or(|first| *first == 0) { Err(BadJwk::Encoding(name)) } else { Ok(bytes) }
    }

    fn certificates(&self) -> Result<Vec<Vec<u8>>, BadJwk> {
        let encoded = self.texts("x5c")?.unwrap_or_default();
        if encoded.len() > MAX_CERTIFICATES {
            return Err(BadJwk::Member("x5c"));
        }
        let decode = |text: &str| {
            let der = BASE64.decode(text.as_bytes()).map_err(|_| BadJwk::Encoding("x5c"))?;
            if der.len() <= MAX_CERTIFICATE { Ok(der) } else { Err(BadJwk::Encoding("x5c")) }
        };
        encoded.into_iter().map(decode).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RSA_N: &str = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCi\
        FV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7\
        d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-\
        csFCur-kEgU8awapJzKnqDKgw";
    const ED_X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const P256: (&str, &str) =
        ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");

    fn rsa(more: &str) -> String {
        format!(r#"{{"kty":"RSA","e":"AQAB","n":"{RSA_N}"{more}}}"#)
    }

    fn ec(more: &str) -> String {
        format!(r#"{{"kty":"EC","crv":"P-256","x":"{}","y":"{}"{more}}}"#, P256.0, P256.1)
    }

    fn ed(more: &str) -> String {
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{ED_X}"{more}}}"#)
    }

    #[test]
    fn thumbprints_are_those_of_the_specifications() {
        // RFC 7638 §3.1, RFC 8037 §A.3; the point is that of RFC 7515 §A.3.
        assert_eq!(Jwk::parse(&rsa("")).unwrap().thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
        assert_eq!(Jwk::parse(&ed("")).unwrap().thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        let named = Jwk::parse(&ec(r#","kid":"a","alg":"ES256","use":"sig","extra":{"a":[1]}"#)).unwrap();
        assert_eq!(named.thumbprint(), Jwk::parse(&ec("")).unwrap().thumbprint());
        assert_eq!(named.kid.as_deref(), Some("a"));
    }

    #[test]
    fn a_key_serves_what_its_kind_its_owner_and_its_alg_say() {
        use Alg::{Ed25519, EdDsa, Es256, Es384, Ps512, Rs256};
        for (case, key, alg, expected) in [
            ("RSA", rsa(""), Rs256, true),
            ("RSA serves PSS too", rsa(""), Ps512, true),
            ("unless it says otherwise", rsa(r#","alg":"RS256""#), Ps512, false),
            ("RSA is no curve", rsa(""), Es256, false),
            ("a key on P-256", ec(""), Es256, true),
            ("the curve decides", ec(""), Es384, false),
            ("a key for encryption", ec(r#","use":"enc""#), Es256, false),
            ("a key for signatures", ec(r#","use":"sig","key_ops":["verify"]"#), Es256, true),
            ("a key to derive with", ec(r#","key_ops":["deriveBits"]"#), Es256, false),
            ("an unknown alg", ec(r#","alg":"ECDH-ES""#), Es256, false),
            ("Ed25519", ed(""), EdDsa, true),
            ("Ed25519 by its new name", ed(r#","alg":"EdDSA""#), Ed25519, true),
            ("Ed25519 is no RSA", ed(""), Rs256, false),
        ] {
            assert_eq!(Jwk::parse(&key).unwrap().may_verify(alg), expected, "{case}");
        }
        assert!(Jwk::parse(&ec(r#","use":"enc","alg":"ECDH-ES""#)).unwrap().may_encrypt("ECDH-ES"));
        assert!(!Jwk::parse(&ec(r#","use":"sig""#)).unwrap().may_encrypt("ECDH-ES"));
    }

    #[test]
    fn anything_but_a_strict_public_key_is_refused() {
        use BadJwk::{Encoding, Kind, Member, Private, Shape, Unsafe};
        for (case, text, expected) in [
            ("no JSON", "{".into(), Shape),
            ("a list", "[]".into(), Shape),
            ("a member twice", ed(r#","kid":"a","kid":"b""#), Shape),
            ("deeply nested", ed(&format!(r#","a":{}1{}"#, "[".repeat(50), "]".repeat(50))), Shape),
            ("no kty", r#"{"crv":"Ed25519"}"#.into(), Member("kty")),
            ("kty is no text", r#"{"kty":1}"#.into(), Member("kty")),
            ("a secret", r#"{"kty":"oct","k":"AAAA"}"#.into(), Private),
            ("a secret without its value", r#"{"kty":"oct"}"#.into(), Kind),
            ("a private key on a curve", ec(r#","d":"AAAA""#), Private),
            ("a private RSA key", rsa(r#","p":"AAAA""#), Private),
            ("even an empty one", rsa(r#","d":null"#), Private),
            ("another curve", ec("").replace("P-256", "secp256k1"), Kind),
            ("another form of Edwards", ed("").replace("Ed25519", "X25519"), Kind),
            ("no curve", ed("").replace("crv", "curve"), Member("crv")),
            ("no coordinate", ec("").replace("\"y\"", "\"z\""), Member("y")),
            ("padding", ed("").replace(ED_X, &format!("{ED_X}=")), Encoding("x")),
            ("trailing bits", ed("").replace(ED_X, &ED_X.replace("URo", "URp")), Encoding("x")),
            ("the other alphabet", ed("").replace(ED_X, &ED_X.replace('_', "/")), Encoding("x")),
            ("a short coordinate", ec("").replace(P256.0, "AAAA"), Encoding("x")),
            ("off the curve", ec("").replace(P256.0, P256.1), Unsafe),
            ("zero", ec("").replace(P256.0, &"A".repeat(43)).replace(P256.1, &"A".repeat(43)), Unsafe),
            ("a leading zero", rsa("").replace("AQAB", "AAEAAQ"), Encoding("e")),
            ("exponent 1", rsa("").replace("AQAB", "AQ"), Unsafe),
            ("an even exponent", rsa("").replace("AQAB", "AQAC"), Unsafe),
            ("a long exponent", rsa("").replace("AQAB", RSA_N), Unsafe),
            ("1024 bits", rsa("").replace(RSA_N, &RSA_N[..172]), Unsafe),
            ("a kid of another type", ed(r#","kid":7"#), Member("kid")),
            ("a long kid", ed(&format!(r#","kid":"{}""#, "k".repeat(257))), Member("kid")),
            ("a use of another type", ed(r#","use":["sig"]"#), Member("use")),
            ("operations of another type", ed(r#","key_ops":"verify""#), Member("key_ops")),
            ("a certificate that is none", ed(r#","x5c":["%"]"#), Encoding("x5c")),
        ] {
            assert_eq!(Jwk::parse(&text).err(), Some(expected), "{case}: {text}");
        }
    }
}
