use super::*;
use crate::saml::testing::{Encryption, GCM, OTHER, OURS, encrypted};

const TEXT: &str = "<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_1\"/>";

fn opened(text: &str, credentials: &[&Credential], around: Around) -> Result<Xml, Fault> {
    let xml = Xml::message(text.as_bytes()).expect("XML");
    open(xml.tree().root(), credentials, around)
}

fn content(name: &'static str) -> Encryption {
    Encryption { content: name, ..GCM }
}

#[test]
fn what_was_encrypted_to_us_opens_with_either_of_our_keys() {
    let oaep_sha256 = Encryption {
        key: "http://www.w3.org/2009/xmlenc11#rsa-oaep",
        parameters: "<ds:DigestMethod xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\" \
                     Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/><x:MGF \
                     xmlns:x=\"http://www.w3.org/2009/xmlenc11#\" Algorithm=\"http://www.w3.org/2009/xmlenc11#mgf1sha256\"/>",
        ..GCM
    };
    for (how, around) in [
        (GCM, Around::Unsigned),
        (oaep_sha256, Around::Unsigned),
        (content("http://www.w3.org/2009/xmlenc11#aes128-gcm"), Around::Unsigned),
        (content("http://www.w3.org/2001/04/xmlenc#aes128-cbc"), Around::Signed),
        (content("http://www.w3.org/2001/04/xmlenc#aes256-cbc"), Around::Signed),
    ] {
        let text = encrypted(TEXT, how, &OURS);
        for credentials in [&[&*OURS][..], &[&*OTHER, &*OURS]] {
            assert_eq!(
                opened(&text, credentials, around).map(|xml| xml.as_str().to_owned()).as_deref(),
                Ok(TEXT),
                "{how:?}"
            );
        }
        assert_eq!(opened(&text, &[&OTHER], around), Err(Fault::Closed), "{how:?}");
        assert_eq!(opened(&text, &[], around), Err(Fault::Closed), "{how:?}");
    }
}

#[test]
fn the_key_may_lie_beside_the_content() {
    let text = encrypted(TEXT, GCM, &OURS);
    let (first, last) = (text.find("<xenc:EncryptedKey>").expect("one"), text.find("</ds:KeyInfo>").expect("one"));
    let key = text[first..last]
        .replace("<xenc:EncryptedKey>", "<xenc:EncryptedKey xmlns:xenc=\"http://www.w3.org/2001/04/xmlenc#\">");
    let beside = format!("{}<ds:RetrievalMethod URI=\"#k\"/>{}", &text[..first], &text[last..]);
    let beside = beside.replace("</saml:EncryptedAssertion>", &format!("{key}</saml:EncryptedAssertion>"));
    assert!(opened(&beside, &[&OURS], Around::Unsigned).is_ok());
}

#[test]
fn what_leaks_is_not_opened() {
    for (case, how, around, expected) in [
        (
            "CBC that nobody signed",
            content("http://www.w3.org/2001/04/xmlenc#aes256-cbc"),
            Around::Unsigned,
            Fault::Unprotected,
        ),
        (
            "RSA 1.5",
            Encryption { key: "http://www.w3.org/2001/04/xmlenc#rsa-1_5", ..GCM },
            Around::Signed,
            Fault::Algorithm("http://www.w3.org/2001/04/xmlenc#rsa-1_5".to_owned()),
        ),
        (
            "another content",
            content("http://www.w3.org/2001/04/xmlenc#tripledes-cbc"),
            Around::Signed,
            Fault::Algorithm("http://www.w3.org/2001/04/xmlenc#tripledes-cbc".to_owned()),
        ),
        (
            "a label",
            Encryption { parameters: "<xenc:OAEPparams>AA==</xenc:OAEPparams>", ..GCM },
            Around::Signed,
            Fault::Algorithm(GCM.key.to_owned()),
        ),
    ] {
        assert_eq!(opened(&encrypted(TEXT, how, &OURS), &[&OURS], around), Err(expected), "{case}");
    }
}

#[test]
fn truncated_and_changed_ciphertexts_have_one_answer() {
    for how in [GCM, content("http://www.w3.org/2001/04/xmlenc#aes128-cbc")] {
        let text = encrypted(TEXT, how, &OURS);
        let (first, last) =
            (text.rfind("<xenc:CipherValue>").expect("one") + 18, text.rfind("</xenc:CipherValue>").expect("one"));
        let ciphertext = BASE64.decode(&text.as_bytes()[first..last]).expect("base64");
        for length in 0..ciphertext.len() {
            let cut = format!("{}{}{}", &text[..first], BASE64.encode(&ciphertext[..length]), &text[last..]);
            assert_eq!(opened(&cut, &[&OURS], Around::Signed), Err(Fault::Closed), "{length} bytes of {how:?}");
        }
        let bad = format!("{}*{}", &text[..first], &text[last..]);
        assert_eq!(opened(&bad, &[&OURS], Around::Signed), Err(Fault::Closed));
        let short_key = text.replacen("<xenc:CipherValue>", "<xenc:CipherValue>AAAA", 1);
        assert_eq!(opened(&short_key, &[&OURS], Around::Signed), Err(Fault::Closed));
    }
    let comment = encrypted("<a>x<!-- -->y</a>", GCM, &OURS);
    assert_eq!(opened(&comment, &[&OURS], Around::Signed), Err(Fault::Closed), "guarded as all else");
    let many = encrypted(TEXT, GCM, &OURS);
    let (first, last) = (many.find("<xenc:EncryptedKey>").expect("one"), many.find("</ds:KeyInfo>").expect("one"));
    let many = many.replace(&many[first..last], &many[first..last].repeat(9));
    assert!(opened(&many, &[&OURS], Around::Signed).is_err(), "each costs a decryption");
}
