//! Keys of clients: the same that the tests of `jose` use.

use lanyard::jose::Alg;

#[path = "../../../src/jose/testing.rs"]
#[allow(dead_code, reason = "each side uses what it needs")]
mod testing;

pub(crate) use testing::{ClientKey, encode, hmac_signed};
