//! One form for each ES256 signature.
//!
//! With (r, s), (r, n − s) is a signature of the same text under ECDSA. Ours have the smaller of the two and no other is
//! accepted from our own keys, so that nobody can make a second text of a token without the private key.

use data_encoding::BASE64URL_NOPAD;

/// The order n of the group of P-256 (SP 800-186 §3.2.1.3).
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// ⌊n / 2⌋.
const HALF: [u8; 32] = [
    0x7f, 0xff, 0xff, 0xff, 0x80, 0x00, 0x00, 0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xde, 0x73, 0x7d,
    0x56, 0xd3, 0x8b, 0xcf, 0x42, 0x79, 0xdc, 0xe5, 0x61, 0x7e, 0x31, 0x92, 0xa8,
];

/// Whether the ES256 signature of `token`, a JWT in its compact form, is the one of the two that Lanyard makes.
#[must_use]
pub fn has_low_s(token: &str) -> bool {
    let signature = token.rsplit_once('.').and_then(|(_, text)| BASE64URL_NOPAD.decode(text.as_bytes()).ok());
    signature.is_some_and(|signature| is_low(&signature))
}

/// Whether s of `signature` (r ‖ s, 64 bytes, RFC 7518 §3.4) is the smaller of the two.
pub(super) fn is_low(signature: &[u8]) -> bool {
    signature.get(32..64).is_some_and(|s| *s <= HALF[..])
}

/// Puts the smaller s in its place; a signature is public, so that time need not be constant.
pub(super) fn lower(signature: &mut [u8; 64]) {
    if is_low(signature) {
        return;
    }
    let mut borrow = 0;
    for (s, n) in signature[32..].iter_mut().zip(ORDER).rev() {
        let (difference, under) = n.overflowing_sub(*s);
        let (difference, under_again) = difference.overflowing_sub(borrow);
        (*s, borrow) = (difference, u8::from(under || under_again));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signature(s: [u8; 32]) -> [u8; 64] {
        let mut signature = [9; 64];
        signature[32..].copy_from_slice(&s);
        signature
    }

    fn lowered(s: [u8; 32]) -> [u8; 32] {
        let mut signature = signature(s);
        lower(&mut signature);
        assert_eq!(signature[..32], [9; 32], "r stays");
        signature[32..].try_into().expect("32 bytes")
    }

    fn number(low: u8) -> [u8; 32] {
        let mut number = [0; 32];
        number[31] = low;
        number
    }

    #[test]
    fn the_smaller_of_the_two_is_taken() {
        let mut above_half = HALF;
        above_half[31] += 1;
        let mut order_less_300 = ORDER;
        (order_less_300[30], order_less_300[31]) = (0x24, 0x25);
        let mut three_hundred = number(0x2c);
        three_hundred[30] = 1;
        for (s, expected) in [
            (number(1), number(1)),
            (HALF, HALF),
            (above_half, HALF),
            (ORDER, number(0)),
            (order_less_300, three_hundred),
        ] {
            assert_eq!(lowered(s), expected);
            assert!(is_low(&signature(expected)));
        }
        assert!(!is_low(&signature(above_half)));
        assert!(!is_low(&[0; 63]));
    }
}
