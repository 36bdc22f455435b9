//! Where the answer to an authorization request goes, and how (RFC 6749 §4.1.2, RFC 9207, OAuth 2.0 Form Post Response
//! Mode, JWT Secured Authorization Response Mode).

use std::sync::Arc;

use crate::{
    oauth::{
        client::Registered,
        error::{Code, Refusal, refuse},
        redirect_uri::VerifiedRedirect,
    },
    web::Parameters,
};

/// How the answer travels through the browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseMode {
    /// In the query of the redirect URI.
    Query,
    /// In a form that the browser posts to the redirect URI.
    FormPost,
    /// In the query, signed (JARM §2.3.1).
    QueryJwt,
    /// In a form, signed (JARM §2.3.3).
    FormPostJwt,
    /// Signed, where answers with codes go: in the query (JARM §2.3.4).
    Jwt,
}

impl ResponseMode {
    /// Every mode, in the order of the metadata.
    pub const ALL: [Self; 5] = [Self::Query, Self::FormPost, Self::QueryJwt, Self::FormPostJwt, Self::Jwt];

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::FormPost => "form_post",
            Self::QueryJwt => "query.jwt",
            Self::FormPostJwt => "form_post.jwt",
            Self::Jwt => "jwt",
        }
    }

    /// Whether the answer is one token.
    #[must_use]
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::QueryJwt | Self::FormPostJwt | Self::Jwt)
    }

    /// Whether a form carries it.
    #[must_use]
    pub const fn is_form(self) -> bool {
        matches!(self, Self::FormPost | Self::FormPostJwt)
    }
}

/// Parameters of an answer.
pub type Answer = Vec<(&'static str, String)>;

/// The client and the verified address that a request is answered to.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Who asked.
    pub client: Arc<Registered>,
    /// Where the answer goes.
    pub redirect: VerifiedRedirect,
    /// How it travels.
    pub mode: ResponseMode,
    /// What the client wants back unchanged.
    pub state: Option<String>,
}

impl Destination {
    /// Verifies the redirect URI; until then nothing may be sent anywhere (RFC 6749 §4.1.2.1).
    ///
    /// # Errors
    /// `invalid_request`, to be shown on a page.
    pub fn verify(client: Arc<Registered>, parameters: &Parameters) -> Result<Self, Refusal> {
        let requested =
            parameters.value("redirect_uri").ok_or(refuse(Code::InvalidRequest, "redirect_uri is missing"))?;
        let redirect = client
            .client
            .verify_redirect(requested)
            .ok_or(refuse(Code::InvalidRequest, "redirect_uri is not registered for this client"))?;
        let asked = parameters.value("response_mode");
        let mode = ResponseMode::ALL.into_iter().find(|mode| asked == Some(mode.name())).unwrap_or(ResponseMode::Query);
        Ok(Self { client, redirect, mode, state: parameters.value("state").map(str::to_owned) })
    }

    /// The answer with a code (RFC 6749 §4.1.2; `iss` by RFC 9207).
    #[must_use]
    pub fn code(&self, issuer: &str, code: &str) -> Answer {
        self.answer(issuer, vec![("code", code.to_owned())])
    }

    /// The answer that refuses (RFC 6749 §4.1.2.1).
    #[must_use]
    pub fn refusal(&self, issuer: &str, refusal: &Refusal) -> Answer {
        let hint = ("error_description", refusal.hint.clone().into_owned());
        self.answer(issuer, vec![("error", refusal.code.name().to_owned()), hint])
    }

    fn answer(&self, issuer: &str, mut parameters: Answer) -> Answer {
        parameters.extend(self.state.clone().map(|state| ("state", state)));
        parameters.push(("iss", issuer.to_owned()));
        parameters
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::oauth::client::tests::client;

    fn verify(query: &str) -> Result<Destination, Refusal> {
        let registered = Registered { client: client(), secrets: vec![], activations: HashMap::new() };
        Destination::verify(Arc::new(registered), &Parameters::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn only_a_registered_address_is_answered() {
        for (query, fits) in [
            ("redirect_uri=https%3A%2F%2Fapp.example%2Fcb", true),
            ("redirect_uri=https%3A%2F%2Fapp.example%2Fcb%2F", false),
            ("redirect_uri=https%3A%2F%2Fevil.example%2Fcb", false),
            ("", false),
        ] {
            assert_eq!(verify(query).is_ok(), fits, "{query}");
        }
    }

    #[test]
    fn an_answer_carries_state_and_issuer() {
        let there = verify("redirect_uri=https://app.example/cb&state=a%26b&response_mode=form_post").unwrap();
        assert_eq!(there.mode, ResponseMode::FormPost);
        assert_eq!(
            there.redirect.with(&there.code("https://id.example", "c")),
            "https://app.example/cb?code=c&state=a%26b&iss=https%3A%2F%2Fid.example"
        );
        let refused = there.refusal("https://id.example", &refuse(Code::LoginRequired, "sign in"));
        assert_eq!(refused[0], ("error", "login_required".to_owned()));
    }
}
