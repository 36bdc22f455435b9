//! Signatures that are almost right.

use super::*;

#[test]
fn rsa_paddings_are_not_mixed_up() {
    use crate::secret::ExposeSecret;
    // The same RSA key under both algorithms: each accepts its own padding alone.
    let pkcs8 = key(Algorithm::Rs256).to_pkcs8().expect("PKCS #8");
    let as_pss = Arc::new(SigningKey::from_pkcs8(Algorithm::Ps256, pkcs8.expose_secret()).expect("a key"));
    let keyring = of(Ring::new([Arc::clone(key(Algorithm::Rs256)), Arc::clone(&as_pss)], Vec::new()));
    let [rs_header, payload, _] = parts(&token(Algorithm::Rs256)).map(str::to_owned);
    let ps_token = as_pss.sign(Typ::AccessToken, &claims());
    let [ps_header, ..] = parts(&ps_token);
    assert!(keyring.verify(&ps_token, Typ::AccessToken).is_ok());
    for forged in [
        as_pss.sign_text(format!("{rs_header}.{payload}")),
        key(Algorithm::Rs256).sign_text(format!("{ps_header}.{payload}")),
    ] {
        assert_eq!(keyring.verify(&forged, Typ::AccessToken).err(), Some(Refusal::BadSignature));
    }
}

#[test]
fn an_es256_signature_has_one_form() {
    let keyring = keyring();
    for _ in 0..50 {
        let token = token(Algorithm::Es256);
        let [header, payload, signature] = parts(&token);
        let mut mirrored: [u8; 64] =
            BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url").try_into().expect("64 bytes");
        low_s_mirror(&mut mirrored);
        let forged = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&mirrored));
        assert!(keyring.verify(&token, Typ::AccessToken).is_ok());
        assert_eq!(keyring.verify(&forged, Typ::AccessToken).err(), Some(Refusal::BadSignature));
    }
}

/// (r, s) → (r, n − s).
fn low_s_mirror(signature: &mut [u8; 64]) {
    const ORDER: &str = "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";
    let order = data_encoding::HEXUPPER.decode(ORDER.as_bytes()).expect("hexadecimal");
    let mut borrow = 0;
    for (s, n) in signature[32..].iter_mut().zip(order).rev() {
        let difference = i16::from(n) - i16::from(*s) - borrow;
        borrow = i16::from(difference < 0);
        *s = u8::try_from(difference.rem_euclid(256)).expect("a byte");
    }
}

#[test]
fn empty_and_degenerate_signatures_are_refused() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let ours = token(algorithm);
        let [header, payload, signature] = parts(&ours);
        let length = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url").len();
        let mut order = vec![0; 64];
        order[..32].copy_from_slice(
            &data_encoding::HEXUPPER
                .decode(b"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551")
                .expect("hex"),
        );
        let mut one = vec![0; length];
        one[length - 1] = 1;
        let raw = BASE64URL_NOPAD.decode(signature.as_bytes()).expect("base64url");
        let der = [&[0x30, 68, 2, 32][..], &raw[..32], &[2, 32], &raw[32..64]].concat();
        let longer = [&raw[..], &[0]].concat();
        for bad in [
            vec![],
            vec![0; length],
            vec![0xff; length],
            one,
            order,
            der,
            longer,
            raw[..length - 1].to_vec(),
            raw[1..].to_vec(),
        ] {
            let token = format!("{header}.{payload}.{}", BASE64URL_NOPAD.encode(&bad));
            assert_eq!(
                keyring.verify(&token, Typ::AccessToken).err(),
                Some(Refusal::BadSignature),
                "{algorithm} {bad:?}"
            );
        }
    }
}

#[test]
fn any_changed_character_is_refused() {
    let keyring = keyring();
    for algorithm in Algorithm::ALL {
        let ours = token(algorithm);
        for index in 0..ours.len() {
            for other in ["A", "b", "-", "_", "0", "=", "+", "/", ".", " ", "\n", "é", "\0", ""] {
                let mut changed = ours.clone();
                changed.replace_range(index..=index, other);
                assert!(changed == ours || keyring.verify(&changed, Typ::AccessToken).is_err(), "{index} {other:?}");
            }
        }
    }
}
