//! How sure it is who signed in: pure.
//!
//! `amr` lists what was proved (RFC 8176), and `acr` what that comes to.

/// The authentication context class reference of a password alone.
pub const PASSWORD: &str = "urn:lanyard:acr:password";
/// That of two factors.
pub const MULTI_FACTOR: &str = "urn:lanyard:acr:multi-factor";

/// What `acr` may say, the surest last.
pub const ALL: [&str; 2] = [PASSWORD, MULTI_FACTOR];

/// What somebody proves at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A password.
    Password,
    /// A one-time code, of an app or for recovery.
    OneTimeCode,
}

impl Method {
    const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::OneTimeCode => "otp",
        }
    }
}

/// What a session says of how its person signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assurance {
    /// Authentication context class reference.
    pub acr: &'static str,
    /// Authentication methods (RFC 8176 §2).
    pub amr: Vec<String>,
}

impl Assurance {
    /// What these come to, proved one soon after the other.
    #[must_use]
    pub fn of(methods: &[Method]) -> Self {
        let mut amr: Vec<String> = vec![];
        for method in methods {
            if !amr.iter().any(|known| known == method.amr()) {
                amr.push(method.amr().to_owned());
            }
        }
        if amr.len() > 1 {
            amr.push("mfa".to_owned());
        }
        let acr = if amr.len() > 1 { MULTI_FACTOR } else { PASSWORD };
        Self { acr, amr }
    }
}

/// Whether `acr` is at least as sure as `wanted`; what nobody knows is met by itself alone.
#[must_use]
pub fn meets(acr: &str, wanted: &str) -> bool {
    let rank = |text: &str| ALL.iter().position(|known| *known == text);
    acr == wanted || matches!((rank(acr), rank(wanted)), (Some(has), Some(wants)) if has >= wants)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_proved_and_no_more() {
        for (methods, acr, amr) in [
            (&[Method::Password][..], PASSWORD, "pwd"),
            (&[Method::Password, Method::Password], PASSWORD, "pwd"),
            (&[Method::Password, Method::OneTimeCode], MULTI_FACTOR, "pwd otp mfa"),
        ] {
            let assurance = Assurance::of(methods);
            assert_eq!((assurance.acr, assurance.amr.join(" ").as_str()), (acr, amr), "{methods:?}");
        }
    }

    #[test]
    fn the_surer_meets_what_the_less_sure_does() {
        for (acr, wanted, expected) in [
            (PASSWORD, PASSWORD, true),
            (MULTI_FACTOR, PASSWORD, true),
            (MULTI_FACTOR, MULTI_FACTOR, true),
            (PASSWORD, MULTI_FACTOR, false),
            (PASSWORD, "urn:other", false),
            ("urn:other", PASSWORD, false),
            ("urn:other", "urn:other", true),
        ] {
            assert_eq!(meets(acr, wanted), expected, "{acr} {wanted}");
        }
    }
}
