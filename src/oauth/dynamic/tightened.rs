//! What an administrator tightened, which a client that describes itself anew does not undo: what it is bound to, and how it
//! proves who it is.

use crate::oauth::{client::AuthenticationMethod, registration::Registration};

/// What is asked for, but nowhere less strict than it is at present.
#[must_use]
pub fn no_looser(present: &Registration, mut asked: Registration) -> Registration {
    if strength(asked.authentication) < strength(present.authentication) {
        asked.authentication = present.authentication;
    }
    let (before, now) = (&present.metadata, &mut asked.metadata);
    now.dpop_bound_access_tokens |= before.dpop_bound_access_tokens;
    now.tls_client_certificate_bound_access_tokens |= before.tls_client_certificate_bound_access_tokens;
    now.require_pushed_authorization_requests |= before.require_pushed_authorization_requests;
    now.require_signed_request_object |= before.require_signed_request_object;
    now.default_max_age = before.default_max_age.into_iter().chain(now.default_max_age).min();
    asked
}

/// Nothing, a secret that is sent along, a key that never is.
const fn strength(method: AuthenticationMethod) -> u8 {
    match method {
        AuthenticationMethod::None => 0,
        AuthenticationMethod::SecretBasic | AuthenticationMethod::SecretPost => 1,
        AuthenticationMethod::PrivateKeyJwt
        | AuthenticationMethod::TlsClientAuth
        | AuthenticationMethod::SelfSignedTlsClientAuth => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_gives_way_to_one_that_is_as_strong() {
        use AuthenticationMethod as M;
        let with = |authentication| Registration { authentication, ..Registration::new("app", "App") };
        for (present, asked, expected) in [
            (M::None, M::SecretBasic, M::SecretBasic),
            (M::SecretBasic, M::SecretPost, M::SecretPost),
            (M::SecretBasic, M::None, M::SecretBasic),
            (M::PrivateKeyJwt, M::SecretBasic, M::PrivateKeyJwt),
            (M::SelfSignedTlsClientAuth, M::PrivateKeyJwt, M::PrivateKeyJwt),
            (M::TlsClientAuth, M::None, M::TlsClientAuth),
        ] {
            assert_eq!(no_looser(&with(present), with(asked)).authentication, expected, "{present:?} {asked:?}");
        }
    }

    #[test]
    fn a_rule_stays_and_an_age_only_falls() {
        let aged = |age| {
            let mut app = Registration::new("app", "App");
            app.metadata.default_max_age = age;
            app
        };
        for (present, asked, expected) in [
            (None, None, None),
            (None, Some(9), Some(9)),
            (Some(9), None, Some(9)),
            (Some(9), Some(90), Some(9)),
            (Some(9), Some(0), Some(0)),
        ] {
            assert_eq!(no_looser(&aged(present), aged(asked)).metadata.default_max_age, expected);
        }
        let mut strict = aged(None);
        strict.metadata.dpop_bound_access_tokens = true;
        strict.metadata.tls_client_certificate_bound_access_tokens = true;
        strict.metadata.require_pushed_authorization_requests = true;
        strict.metadata.require_signed_request_object = true;
        assert_eq!(no_looser(&strict, aged(None)).metadata, strict.metadata);
        assert_eq!(no_looser(&aged(None), strict.clone()).metadata, strict.metadata);
    }
}
