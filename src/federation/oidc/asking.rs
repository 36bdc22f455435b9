//! The authorization request: where a browser is sent (OpenID Connect Core §3.1.2.1), with PKCE by S256 always.

use std::time::Duration;

use openidconnect::{
    AuthUrl, AuthenticationContextClass, ClientId, CsrfToken, IssuerUrl, JsonWebKeySet, LoginHint, Nonce,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
    core::{CoreAuthPrompt, CoreAuthenticationFlow, CoreClient},
};
use url::Url;

use super::{metadata::Metadata, pending::Bound, settings::Settings, trouble::Trouble};
use crate::secret::ExposeSecret;

/// What is passed on of what an app, or a rule, asks for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// `prompt`: those of Core §3.1.2.1 that are known.
    pub prompt: Vec<String>,
    /// `max_age`, in seconds.
    pub max_age: Option<u64>,
    /// `login_hint`.
    pub login_hint: Option<String>,
    /// `acr_values`.
    pub acr_values: Vec<String>,
}

/// Where a browser is sent.
///
/// # Errors
/// When an address is none.
pub fn address(
    (metadata, settings): (&Metadata, &Settings),
    callback: &Url,
    bound: &Bound,
    wish: &Wish,
) -> Result<Url, Trouble> {
    let issuer = IssuerUrl::new(settings.issuer.clone()).map_err(|_| Trouble::Metadata("its issuer is no address"))?;
    let client = CoreClient::new(ClientId::new(settings.client_id.clone()), issuer, JsonWebKeySet::default())
        .set_auth_uri(AuthUrl::from_url(metadata.authorization_endpoint.clone()))
        .set_redirect_uri(RedirectUrl::from_url(callback.clone()));
    let text = |secret: &crate::secret::SecretString| secret.expose_secret().to_owned();
    let (state, nonce) = (CsrfToken::new(text(&bound.state)), Nonce::new(text(&bound.nonce)));
    let verifier = PkceCodeVerifier::new(text(&bound.verifier));
    let mut request = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    for scope in settings.scopes.iter().filter(|scope| *scope != "openid") {
        request = request.add_scope(Scope::new(scope.clone()));
    }
    for prompt in wish.prompt.iter().filter_map(|word| prompt(word)) {
        request = request.add_prompt(prompt);
    }
    for acr in &wish.acr_values {
        request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
    }
    if let Some(seconds) = wish.max_age {
        request = request.set_max_age(Duration::from_secs(seconds));
    }
    if let Some(hint) = &wish.login_hint {
        request = request.set_login_hint(LoginHint::new(hint.clone()));
    }
    Ok(request.url().0)
}

fn prompt(word: &str) -> Option<CoreAuthPrompt> {
    match word {
        "none" => Some(CoreAuthPrompt::None),
        "login" => Some(CoreAuthPrompt::Login),
        "consent" => Some(CoreAuthPrompt::Consent),
        "select_account" => Some(CoreAuthPrompt::SelectAccount),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_is_asked_for_is_passed_on() {
        let settings = Settings::parse("issuer = 'https://id.example'\nclient_id = 'lanyard'\nscopes = ['email']")
            .expect("settings");
        let metadata: Metadata = serde_json::from_value(serde_json::json!({
            "issuer": "https://id.example", "authorization_endpoint": "https://id.example/a?tenant=1",
            "token_endpoint": "https://id.example/t", "jwks_uri": "https://id.example/j",
        }))
        .expect("metadata");
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned();
        let bound = Bound { state: "s".to_owned().into(), nonce: "n".to_owned().into(), verifier: verifier.into() };
        let wish = Wish {
            prompt: vec!["login".into(), "nonsense".into()],
            max_age: Some(0),
            login_hint: Some("ada@hospital.example&prompt=none".into()),
            acr_values: vec!["one".into(), "two".into()],
        };
        let callback = "https://lanyard.example/federation/ups_1/callback".parse().expect("an address");
        let url = address((&metadata, &settings), &callback, &bound, &wish).expect("an address");
        let asked: BTreeMap<String, String> = url.query_pairs().into_owned().collect();
        let expected = [
            ("acr_values", "one two"),
            ("client_id", "lanyard"),
            // RFC 7636, appendix B.
            ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
            ("code_challenge_method", "S256"),
            ("login_hint", "ada@hospital.example&prompt=none"),
            ("max_age", "0"),
            ("nonce", "n"),
            ("prompt", "login"),
            ("redirect_uri", callback.as_str()),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", "s"),
            ("tenant", "1"),
        ];
        assert_eq!(asked, expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
        let plain = address((&metadata, &settings), &callback, &bound, &Wish::default()).expect("an address");
        assert!(["prompt", "max_age", "login_hint", "acr_values"].iter().all(|name| !plain.as_str().contains(name)));
    }
}
