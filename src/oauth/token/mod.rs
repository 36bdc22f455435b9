//! What a client gets: access tokens (RFC 9068 or opaque), ID tokens, refresh tokens, and the claims in them.
//!
//! [`claims`] is the contract with apps, [`access_token`], [`id_token`] and [`logout_token`] put claims into tokens, [`size`] says how much
//! fits, [`life`] for how long, [`response`] is the answer of the token endpoint.

pub mod access_token;
pub mod claims;
pub mod draft;
pub mod id_token;
pub mod life;
pub mod logout_token;
pub mod response;
pub mod size;

pub use access_token::{AccessTokenClaims, TokenId};
pub use claims::{Audience, Authentication, Membership, Person};
pub use draft::{Draft, Subject, Wanted};
pub use id_token::IdTokenClaims;
pub use response::TokenResponse;
