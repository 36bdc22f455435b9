//! What a client gets: access tokens (RFC 9068 or opaque), ID tokens, refresh tokens, and the claims in them.
//!
//! [`claims`] and [`person`] are the contract with apps, [`access_token`], [`id_token`] and [`logout_token`] put claims into
//! tokens, [`size`] says how much fits, [`life`] for how long, [`response`] is the answer of the token endpoint, [`check`] is for people who write validators.

/// Takes away the claims that are not told.
macro_rules! clear_unless {
    ($claims:ident, $told:ident, $($name:ident),*) => {
        $(if !$told.tells(stringify!($name)) {
            $claims.$name = None;
        })*
    };
}

pub mod access_token;
pub mod check;
pub mod claims;
pub mod draft;
pub mod id_token;
pub mod life;
pub mod logout_token;
pub mod person;
pub mod registration;
pub mod response;
pub mod size;

pub use access_token::{AccessTokenClaims, TokenId};
pub use claims::{Audience, Authentication, Membership};
pub use draft::{Draft, Subject, Wanted};
pub use id_token::IdTokenClaims;
pub use person::Person;
pub use response::TokenResponse;
