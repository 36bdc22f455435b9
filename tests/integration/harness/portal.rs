//! The demo's portal as an app on somebody's device: it fetches tokens by a browser and uses them.

use axum::{
    body::Body,
    http::{Request, header},
};
use lanyard::demo::clinic::PORTAL;
use serde_json::Value;

use super::{Answer, Browser, TestApp};

const REDIRECT: &str = "http://localhost:8081/spa";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An authorization request of the portal, with more parameters.
pub(crate) fn request(more: &str) -> String {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([("response_type", "code"), ("client_id", PORTAL), ("redirect_uri", REDIRECT), ("state", "s")])
        .extend_pairs([("code_challenge", CHALLENGE), ("code_challenge_method", "S256")])
        .finish();
    format!("/oauth2/authorize?{query}&{more}")
}

impl TestApp {
    /// Tokens for whoever is signed in, without any page.
    pub(crate) async fn tokens(&self, browser: &mut Browser, more: &str) -> Value {
        // ID tokens of the portal are signed with RS256, whose key takes long to make: only these tests wait for it.
        self.app.tend_keys().await.expect("keys");
        let answer = browser.get(&request(more)).await;
        let location = answer.location().unwrap_or_else(|| panic!("{}: {}", answer.status, answer.body));
        let url = url::Url::parse(location).unwrap_or_else(|_| panic!("no app: {location}"));
        let code = url.query_pairs().find(|(name, _)| name == "code").unwrap_or_else(|| panic!("{location}")).1;
        let fields = [("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", REDIRECT)];
        let answer = self
            .browser()
            .post("/oauth2/token", &[&fields[..], &[("code_verifier", VERIFIER), ("client_id", PORTAL)]].concat())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        serde_json::from_str(&answer.body).expect("JSON")
    }

    /// What the token endpoint says to a refresh token.
    pub(crate) async fn refresh(&self, tokens: &Value) -> Answer {
        let token = tokens["refresh_token"].as_str().expect("a refresh token");
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", PORTAL)];
        self.browser().post("/oauth2/token", &fields).await
    }

    /// What userinfo says to an access token.
    pub(crate) async fn userinfo(&self, tokens: &Value) -> Answer {
        let bearer = format!("Bearer {}", tokens["access_token"].as_str().expect("an access token"));
        let request = Request::get("/oauth2/userinfo").header(header::AUTHORIZATION, bearer);
        self.browser().send("/oauth2/userinfo", request, Body::empty()).await
    }
}
