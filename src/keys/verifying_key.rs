//! The public half of a signing key, parsed once.

use std::fmt;

use aws_lc_rs::signature::ParsedPublicKey;

use super::{
    algorithm::Algorithm,
    jwk::{BadJwk, Jwk, KeyId},
    jws::{Compact, Headers, Refusal, Typ, VerifiedToken},
    low_s,
};

/// Checks the tokens that one key has signed.
pub struct VerifyingKey {
    algorithm: Algorithm,
    jwk: Jwk,
    headers: Headers,
    parsed: ParsedPublicKey,
}

impl VerifyingKey {
    /// # Errors
    /// [`BadJwk`] when the members do not belong together.
    pub fn parse(jwk: Jwk) -> Result<Self, BadJwk> {
        let (algorithm, parsed) = jwk.parse()?;
        Ok(Self { algorithm, headers: Headers::of(algorithm, jwk.id()), jwk, parsed })
    }

    /// The one algorithm of this key.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its `kid`.
    #[must_use]
    pub const fn id(&self) -> &KeyId {
        self.jwk.id()
    }

    /// The key as the JWKS shows it.
    #[must_use]
    pub const fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    pub(super) fn header(&self, typ: Typ) -> &str {
        self.headers.of_typ(typ)
    }

    /// Which kind of token of this key begins with `header`.
    pub(super) fn typ_of(&self, header: &str) -> Option<Typ> {
        self.headers.typ_of(header)
    }

    /// Checks form, kind and signature of a token by this very key, whether it is published or not.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn verify_text(&self, token: &str, expected: Typ) -> Result<VerifiedToken, Refusal> {
        let compact = Compact::split(token)?;
        match self.typ_of(compact.header) {
            Some(typ) if typ == expected => self.verify(&compact),
            Some(_) => Err(Refusal::WrongTyp),
            None => Err(Refusal::ForeignHeader),
        }
    }

    /// Checks a token whose header is one of this key's.
    pub(super) fn verify(&self, token: &Compact<'_>) -> Result<VerifiedToken, Refusal> {
        let signature = token.signature()?;
        if self.algorithm == Algorithm::Es256 && !low_s::is_low(&signature) {
            return Err(Refusal::BadSignature);
        }
        self.parsed.verify_sig(token.signed.as_bytes(), &signature).map_err(|_| Refusal::BadSignature)?;
        Ok(VerifiedToken { kid: self.id().clone(), payload: token.payload()? })
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({} {})", self.algorithm, self.id())
    }
}
