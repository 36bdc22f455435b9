//! Reading an authorization request, once its redirect URI is verified.

use super::{
    response::{Destination, ResponseMode},
    step_up::Demands,
};
use crate::{
    oauth::{
        authorization_details::{self, Details},
        client::{Client, GrantType},
        dpop::is_thumbprint,
        error::{Code, Refusal, refuse},
        pkce::CodeChallenge,
        requested_claims::{self, ClaimsRequest},
        scope::{Scope, Scopes},
    },
    web::Parameters,
};

/// The longest `nonce` that is stored, in bytes as the ID token writes it.
const LONGEST_NONCE: usize = 2048;

/// Every parameter that the endpoint reads, for the check that none is sent twice.
pub const PARAMETERS: &[&str] = &[
    "response_type",
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "response_mode",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "ui_locales",
    "id_token_hint",
    "login_hint",
    "acr_values",
    "organization",
    "resource",
    "dpop_jkt",
    "claims",
    "authorization_details",
    "display",
    "request",
    "request_uri",
    "registration",
];

/// A value of `prompt` (OpenID Connect Core 1.0 §3.1.2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prompt {
    /// No page may be shown.
    None,
    /// The person signs in anew.
    Login,
    /// The person is asked for consent anew.
    Consent,
    /// The person chooses an account.
    SelectAccount,
}

impl Prompt {
    /// Every value, in the order of the metadata.
    pub const ALL: [Self; 4] = [Self::None, Self::Login, Self::Consent, Self::SelectAccount];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Login => "login",
            Self::Consent => "consent",
            Self::SelectAccount => "select_account",
        }
    }
}

/// An authorization request whose parameters were all read.
#[derive(Debug, Clone)]
pub struct AuthorizationRequest {
    /// What is granted if the person agrees.
    pub scopes: Scopes,
    /// Goes into the ID token unchanged.
    pub nonce: Option<String>,
    /// RFC 7636; `None` only where an administrator waived it.
    pub challenge: Option<CodeChallenge>,
    /// What the person is asked even if it is known.
    pub prompts: Vec<Prompt>,
    /// The longest time since the person proved who they are, in seconds.
    pub max_age: Option<i64>,
    /// What to prefill on the sign-in page.
    pub login_hint: Option<String>,
    /// An earlier ID token of the person that is expected.
    pub id_token_hint: Option<String>,
    /// Id or slug of the organization.
    pub organization: Option<String>,
    /// Resources that access tokens are for (RFC 8707).
    pub resources: Vec<String>,
    /// What is asked for in detail (RFC 9396).
    pub authorization_details: Details,
    /// Single claims that are asked for.
    pub claims: ClaimsRequest,
    /// How sure the sign-in has to be.
    pub demands: Demands,
    /// Thumbprint of the key that redeems the code (RFC 9449 §10).
    pub dpop_jkt: Option<String>,
}

impl AuthorizationRequest {
    /// Reads the parameters.
    ///
    /// # Errors
    /// The registered code, to be sent to the client.
    pub fn parse(to: &Destination, parameters: &Parameters) -> Result<Self, Refusal> {
        let client = &to.client.client;
        refuse_unsupported(parameters)?;
        refuse_repeated(parameters)?;
        if parameters.value("response_mode").is_some_and(|mode| ResponseMode::ALL.iter().all(|own| own.name() != mode))
        {
            return Err(refuse(Code::InvalidRequest, "unknown response_mode"));
        }
        client.allows(GrantType::AuthorizationCode)?;
        let prompts = prompts(parameters.value("prompt"))?;
        let nonce = nonce(parameters.value("nonce"))?;
        let resources: Vec<String> = parameters.values("resource").map(str::to_owned).collect();
        client.grant_resources(&resources)?;
        let text = |name: &str| parameters.value(name).map(str::to_owned);
        let claims = requested_claims::parse(parameters.value("claims"), &client.scopes)?;
        Ok(Self {
            scopes: scopes(client, parameters, &prompts)?,
            challenge: challenge(client, parameters, nonce.is_some())?,
            nonce,
            prompts,
            max_age: max_age(parameters.value("max_age"))?.or(client.metadata.default_max_age),
            login_hint: text("login_hint"),
            id_token_hint: text("id_token_hint"),
            organization: text("organization"),
            resources,
            authorization_details: authorization_details::parse(
                parameters.value("authorization_details"),
                authorization_details::types(&client.metadata),
            )?,
            demands: Demands::of(&claims, acr_values(client, parameters))?,
            claims,
            dpop_jkt: dpop_jkt(parameters.value("dpop_jkt"))?,
        })
    }

    /// The scopes that the person is asked about: those of the request, and those that bring the claims it names.
    #[must_use]
    pub fn told(&self) -> Scopes {
        self.scopes.union(&self.claims.claims.scopes())
    }

    /// Whether `prompt` holds this value.
    #[must_use]
    pub fn prompts_for(&self, prompt: Prompt) -> bool {
        self.prompts.contains(&prompt)
    }
}

/// RFC 9449 §10.
fn dpop_jkt(text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if !is_thumbprint(text) => {
            Err(refuse(Code::InvalidRequest, "dpop_jkt is not the thumbprint of a key"))
        }
        text => Ok(text.map(str::to_owned)),
    }
}

/// OpenID Connect Core 1.0 §3.1.2.6; a request object was opened before.
fn refuse_unsupported(parameters: &Parameters) -> Result<(), Refusal> {
    if parameters.value("registration").is_some() {
        return Err(refuse(Code::RegistrationNotSupported, "this parameter is not supported"));
    }
    Ok(())
}

/// RFC 6749 §3.1: none twice; RFC 8707 §2 lets `resource` come again.
fn refuse_repeated(parameters: &Parameters) -> Result<(), Refusal> {
    let is_repeated = |name: &&&str| parameters.iter().filter(|(own, _)| own == *name).count() > 1;
    match PARAMETERS.iter().filter(|name| **name != "resource").find(is_repeated) {
        Some(_) => Err(refuse(Code::InvalidRequest, "a parameter is sent more than once")),
        None => Ok(()),
    }
}

fn prompts(text: Option<&str>) -> Result<Vec<Prompt>, Refusal> {
    let mut prompts = Vec::new();
    for word in text.unwrap_or_default().split(' ').filter(|word| !word.is_empty()) {
        let known = Prompt::ALL.into_iter().find(|prompt| prompt.name() == word);
        let prompt = known.ok_or(refuse(Code::InvalidRequest, "prompt holds an unknown value"))?;
        if !prompts.contains(&prompt) {
            prompts.push(prompt);
        }
    }
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(refuse(Code::InvalidRequest, "prompt=none stands alone"));
    }
    Ok(prompts)
}

fn nonce(text: Option<&str>) -> Result<Option<String>, Refusal> {
    match text {
        Some(nonce) if json_len(nonce) > LONGEST_NONCE => Err(refuse(Code::InvalidRequest, "nonce is too long")),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// Without its quotes; control characters become six bytes each.
fn json_len(text: &str) -> usize {
    serde_json::Value::from(text).to_string().len() - 2
}

fn max_age(text: Option<&str>) -> Result<Option<i64>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let is_number = text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(seconds) if is_number => Ok(Some(seconds)),
        _ => Err(refuse(Code::InvalidRequest, "max_age is not a number of seconds")),
    }
}

fn challenge(client: &Client, parameters: &Parameters, has_nonce: bool) -> Result<Option<CodeChallenge>, Refusal> {
    match parameters.value("code_challenge") {
        Some(challenge) => CodeChallenge::parse(challenge, parameters.value("code_challenge_method")).map(Some),
        // RFC 9700 §2.1.1: a confidential client may rely on the nonce instead.
        None if client.is_pkce_waived && has_nonce => Ok(None),
        None => Err(refuse(Code::InvalidRequest, "code_challenge is missing (PKCE, S256)")),
    }
}

/// OpenID Connect Core 1.0 §3.1.2.1, or what the client registered for requests that say nothing.
fn acr_values<'a>(client: &'a Client, parameters: &'a Parameters) -> Vec<&'a str> {
    match parameters.value("acr_values") {
        Some(text) => text.split_ascii_whitespace().collect(),
        None => client.metadata.default_acr_values.iter().map(String::as_str).collect(),
    }
}

/// OpenID Connect Core 1.0 §11: `offline_access` is left out unless the person was asked, or the app is the clinic's own.
fn scopes(client: &Client, parameters: &Parameters, prompts: &[Prompt]) -> Result<Scopes, Refusal> {
    let requested = Scopes::parse(parameters.value("scope").unwrap_or_default())?;
    if requested.is_empty() {
        return Err(refuse(Code::InvalidScope, "scope is missing"));
    }
    client.grant_scope(&requested)?;
    let was_asked = client.is_first_party || prompts.contains(&Prompt::Consent);
    if was_asked && client.grant_types.contains(&GrantType::RefreshToken) {
        Ok(requested)
    } else {
        Ok(requested.without(Scope::OfflineAccess))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{collections::HashMap, sync::Arc};

    use super::*;
    use crate::oauth::client::{Registered, tests::client};

    const CHALLENGE: &str = "code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

    fn parse(client: Client, query: &str) -> Result<AuthorizationRequest, Refusal> {
        let query = format!("redirect_uri=https://app.example/cb&{query}");
        let parameters = Parameters::parse_repeatable(query.as_bytes(), PARAMETERS).unwrap();
        let registered = Registered { client, secrets: vec![], activations: HashMap::new() };
        AuthorizationRequest::parse(&Destination::verify(Arc::new(registered), &parameters)?, &parameters)
    }

    /// A request as tests of the checks want it.
    pub(crate) fn request(query: &str) -> AuthorizationRequest {
        let query = if query.contains("scope=") { query.to_owned() } else { format!("scope=openid&{query}") };
        parse(client(), &format!("{CHALLENGE}&{query}")).unwrap()
    }

    #[test]
    fn each_parameter_has_its_error() {
        use Code::{InvalidRequest, InvalidScope, InvalidTarget};
        for (case, query, expected) in [
            ("plain", "scope=openid", None),
            (
                "every scope",
                "scope=openid+profile+email+address+phone+offline_access+roles+groups+organization+locations+entitlements\
                 +identifiers+practitioner",
                None,
            ),
            ("no scope", "", Some(InvalidScope)),
            ("another scope", "scope=openid+admin", Some(InvalidScope)),
            ("no token", "scope=openid+%22", Some(InvalidScope)),
            ("prompt", "scope=openid&prompt=login+consent", None),
            ("an unknown prompt", "scope=openid&prompt=create", Some(InvalidRequest)),
            ("none with another", "scope=openid&prompt=none+login", Some(InvalidRequest)),
            ("max_age", "scope=openid&max_age=0", None),
            ("a negative max_age", "scope=openid&max_age=-1", Some(InvalidRequest)),
            ("a huge max_age", "scope=openid&max_age=99999999999999999999", Some(InvalidRequest)),
            ("no number", "scope=openid&max_age=soon", Some(InvalidRequest)),
            ("a key", "scope=openid&dpop_jkt=0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", None),
            ("no key", "scope=openid&dpop_jkt=key", Some(InvalidRequest)),
            ("a resource", "scope=openid&resource=https://api.example", None),
            ("another resource", "scope=openid&resource=https://other.example", Some(InvalidTarget)),
            ("a response mode", "scope=openid&response_mode=form_post", None),
            ("another response mode", "scope=openid&response_mode=fragment", Some(InvalidRequest)),
            ("registration", "scope=openid&registration=%7B%7D", Some(Code::RegistrationNotSupported)),
            ("repeated", "scope=openid&nonce=a&nonce=b", Some(InvalidRequest)),
        ] {
            let found = parse(client(), &format!("{CHALLENGE}&{query}")).err().map(|refusal| refusal.code);
            assert_eq!(found, expected, "{case}");
        }
        for (nonce, most) in [("n", LONGEST_NONCE), ("%22", LONGEST_NONCE / 2)] {
            let parsed = |times| parse(client(), &format!("{CHALLENGE}&scope=openid&nonce={}", nonce.repeat(times)));
            assert_eq!((parsed(most).is_ok(), parsed(most + 1).is_ok()), (true, false), "{nonce}");
        }
    }

    #[test]
    fn pkce_is_waived_only_by_an_administrator_and_with_a_nonce() {
        for (waived, query, fits) in [
            (false, "scope=openid", false),
            (false, "scope=openid&nonce=n", false),
            (true, "scope=openid&nonce=n", true),
            (true, "scope=openid", false),
            (true, "scope=openid&nonce=n&code_challenge=x&code_challenge_method=plain", false),
        ] {
            let client = Client { is_pkce_waived: waived, ..client() };
            assert_eq!(parse(client, query).is_ok(), fits, "{waived} {query}");
        }
    }

    #[test]
    fn offline_access_needs_the_persons_word_or_the_clinics_own_app() {
        for (first_party, query, kept) in [
            (true, "scope=openid+offline_access", true),
            (false, "scope=openid+offline_access", false),
            (false, "scope=openid+offline_access&prompt=consent", true),
        ] {
            let client = Client { is_first_party: first_party, ..client() };
            let request = parse(client, &format!("{CHALLENGE}&{query}")).unwrap();
            assert_eq!(request.scopes.has(Scope::OfflineAccess), kept, "{first_party} {query}");
        }
    }
}
