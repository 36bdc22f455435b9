//! OpenID Connect upstreams: whoever comes through one, and who does not: the attacks of RFC 9700 and of OpenID Connect Core §16.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use axum::{body::Body, http::Response};
use data_encoding::BASE64URL_NOPAD;
use lanyard::{
    audit::Actor,
    config::Sources,
    jose::Alg,
    secret::sha256,
    upstream::{
        Kind, Upstream, UpstreamError,
        registry::{self, NewUpstream, State},
    },
};
use serde_json::{Value, json};
use url::Url;

use crate::harness::{
    Answer, Browser, TestApp,
    client_key::{ClientKey, encode, hmac_signed},
    portal::request,
    receiver::Receiver,
    unit,
};

const GWEN: &str = "gwen@riverside.example";
const CALLBACK: &str = "/federation/{}/callback";

/// What the provider answers, path by path.
type Answers = Arc<Mutex<BTreeMap<String, (&'static str, String)>>>;

/// Riverside trusts a provider, which says what the test wants.
struct Trusting {
    app: TestApp,
    upstream: Upstream,
    receiver: Receiver,
    answers: Answers,
    key: ClientKey,
}

/// Somebody who was sent there.
struct Sent {
    browser: Browser,
    asked: BTreeMap<String, String>,
}

impl Trusting {
    async fn each(more: &str) -> Vec<Self> {
        let mut all = vec![];
        let near = |sources: Sources| sources.with("outgoing.allowed_networks", "127.0.0.0/8");
        for app in TestApp::each_with(near).await {
            app.leaves_jobs();
            let (receiver, answers) = (Receiver::start().await, Answers::default());
            let own = Arc::clone(&answers);
            receiver.answers_by(move |path| {
                let (path, _) = path.split_once('?').map_or((path, ""), |parts| parts);
                let found = own.lock().expect("no panic before").get(path).cloned();
                let (kind, body) = found.unwrap_or(("text/plain", String::new()));
                let status = if body.is_empty() { 404 } else { 200 };
                Response::builder()
                    .status(status)
                    .header("content-type", kind)
                    .body(Body::from(body))
                    .expect("an answer")
            });
            let settings =
                format!("issuer = '{}'\nclient_id = 'lanyard'\nalgorithms = ['ES256']\n{more}", receiver.address);
            let upstream = create(&app, settings).await;
            let trusting = Self { app, upstream, receiver, answers, key: ClientKey::generate(Alg::Es256) };
            trusting.says_what_it_is(&json!({}));
            trusting.says("/jwks", &json!({"keys": [trusting.key.jwk()]}));
            all.push(trusting);
        }
        all
    }

    fn says(&self, path: &str, body: &Value) {
        self.says_text(path, ("application/json", body.to_string()));
    }

    fn says_text(&self, path: &str, answer: (&'static str, String)) {
        self.answers.lock().expect("no panic before").insert(path.to_owned(), answer);
    }

    fn says_what_it_is(&self, changes: &Value) {
        let at = |path: &str| format!("{}{path}", self.receiver.address);
        let mut said = json!({
            "issuer": self.receiver.address, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
            "jwks_uri": at("/jwks"), "userinfo_endpoint": at("/userinfo"),
            "authorization_response_iss_parameter_supported": true,
        });
        change(&mut said, changes);
        self.says("/.well-known/openid-configuration", &said);
    }

    /// Somebody is sent there.
    async fn sends(&self, way: &str) -> Sent {
        self.sends_away(self.app.known_browser(), way).await
    }

    async fn sends_away(&self, mut browser: Browser, way: &str) -> Sent {
        let answer = browser.get(&format!("/federation/{}/start{way}", self.upstream.id)).await;
        let address: Url = answer.location().expect("they are sent away").parse().expect("an address");
        Sent { browser, asked: address.query_pairs().into_owned().collect() }
    }

    /// The claims of an ID token for them.
    fn claims(&self, sent: &Sent) -> Value {
        let now = self.app.app.clock.now().seconds();
        json!({
            "iss": self.receiver.address, "sub": "gwen-1", "aud": "lanyard", "iat": now, "exp": now + 300,
            "nonce": sent.asked["nonce"], "sid": "there-1", "email": GWEN, "email_verified": true, "name": "Gwen Li",
            "amr": ["pwd", "mfa"],
        })
    }

    /// The provider exchanges the next code for this.
    fn gives(&self, id_token: &str) {
        let said = json!({"access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "id_token": id_token});
        self.says("/token", &said);
        self.says("/userinfo", &json!({"sub": "gwen-1"}));
    }

    fn signed(&self, claims: &Value) -> String {
        self.key.sign(&json!({"alg": "ES256"}), claims)
    }

    /// They come back with this in their address.
    async fn comes_back(&self, sent: &mut Sent, parameters: &[(&str, &str)]) -> Answer {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish();
        let path = CALLBACK.replace("{}", self.upstream.id.as_str());
        sent.browser.get(&format!("{path}?{query}")).await
    }

    /// They come back as they should, with this token.
    async fn is_brought_back(&self, sent: &mut Sent, id_token: &str) -> Answer {
        self.gives(id_token);
        let (state, issuer) = (sent.asked["state"].clone(), self.receiver.address.clone());
        self.comes_back(sent, &[("state", &state), ("iss", &issuer), ("code", "c-1")]).await
    }

    /// Somebody is let in.
    async fn lets_in(&self) -> Sent {
        let mut sent = self.sends("").await;
        let token = self.signed(&self.claims(&sent));
        let answer = self.is_brought_back(&mut sent, &token).await;
        answer.expect(200, "One moment");
        sent
    }

    /// A page that says nothing useful, and an event that says all.
    async fn expect_refusal(&self, case: &str, answer: &Answer, reason: &str) {
        assert_eq!(answer.status, 403, "{case}: {}", answer.body);
        assert!(!answer.body.contains(reason), "{case}");
        let request = answer.headers["x-request-id"].to_str().expect("an id").to_owned();
        let query = lanyard::audit::store::Query { request: Some(request), limit: 9, ..Default::default() };
        let found = self.app.read().await.audit().list(query).await.expect("read");
        let told: Vec<String> = found.iter().map(|event| event.detail.clone()).collect();
        assert!(matches!(told.as_slice(), [one] if one.contains(reason)), "{case}: {told:?}");
    }
}

fn change(value: &mut Value, changes: &Value) {
    for (name, new) in changes.as_object().expect("an object") {
        value[name] = new.clone();
    }
}

async fn create(app: &TestApp, settings: String) -> Upstream {
    let (context, sealer) = (app.app.context(Actor::Server), app.app.sealer.clone());
    let of = app.organization("riverside").await;
    let done: registry::Result<_> = unit!(app, |tx| {
        let (name, secret) = ("hospital".parse().expect("a name"), "hush".to_owned().into());
        let new = NewUpstream { name, kind: Kind::Oidc, settings, domains: vec![], secret, precedence: 0 };
        let upstream = registry::create(tx, &context, &sealer, &of, new).await?;
        registry::switch(tx, &context, &upstream, State::Live).await?;
        let live = tx.upstreams().by_id(&upstream.id).await?.expect("it is there");
        Ok::<_, UpstreamError>(live)
    });
    done.expect("created")
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_comes_and_goes_on_to_the_app() {
    for trusting in Trusting::each("[sign_in]\ntrusted = { mfa = 'multi-factor' }").await {
        let mut browser = trusting.app.known_browser();
        let page = browser.open(&request("scope=openid&organization=riverside&login_hint=gwen&prompt=login")).await;
        let way = page.link("/federation/");
        let way = way.split_once("/start").unwrap_or_else(|| panic!("{way}")).1;
        let mut sent = trusting.sends_away(browser, way).await;
        for (name, value) in [("login_hint", "gwen"), ("prompt", "login"), ("code_challenge_method", "S256")] {
            assert_eq!(sent.asked[name], value);
        }
        assert_eq!(
            sent.asked["redirect_uri"],
            format!(
                "{}/federation/{}/callback",
                trusting.app.app.config.server.issuer.as_str().trim_end_matches('/'),
                trusting.upstream.id
            )
        );
        let token = trusting.signed(&trusting.claims(&sent));
        let answer = trusting.is_brought_back(&mut sent, &token).await;
        answer.expect(200, "One moment");
        sent.browser.open("/account").await.expect(200, "Gwen Li");

        // The code was redeemed by this client alone, with the verifier of the challenge.
        let sent_there =
            trusting.receiver.received().into_iter().find(|one| one.path == "/token").expect("an exchange");
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(sent_there.body.as_bytes()).into_owned().collect();
        assert_eq!((form["code"].as_str(), form["grant_type"].as_str()), ("c-1", "authorization_code"));
        let challenge = BASE64URL_NOPAD.encode(&sha256(form["code_verifier"].as_bytes()));
        assert_eq!(challenge, sent.asked["code_challenge"]);
        assert_eq!(sent_there.headers["authorization"], "Basic bGFueWFyZDpodXNo");
        assert!(!form.contains_key("client_secret"));
    }
}

/// Makes a token of claims that are good.
type Make<'m> = Box<dyn Fn(&Trusting, Value) -> String + 'm>;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_word_of_the_provider_for_us_now_lets_nobody_in() {
    for trusting in Trusting::each("").await {
        let other = ClientKey::generate(Alg::Es256);
        let public = trusting.key.jwk().to_string();
        let changed = |changes: Value| -> Make<'_> {
            Box::new(move |trusting: &Trusting, mut claims: Value| {
                change(&mut claims, &changes);
                trusting.signed(&claims)
            })
        };
        let now = trusting.app.app.clock.now().seconds();
        let none: Make<'_> =
            Box::new(|_, claims| format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims.to_string())));
        let hmac: Make<'_> = Box::new(|_, claims| hmac_signed(&json!({"alg": "HS256"}), &claims, public.as_bytes()));
        let secret: Make<'_> = Box::new(|_, claims| hmac_signed(&json!({"alg": "HS256"}), &claims, b"hush"));
        let foreign: Make<'_> = Box::new(|_, claims| other.sign(&json!({"alg": "ES256"}), &claims));
        let brought: Make<'_> = Box::new(|_, claims| other.sign(&json!({"alg": "ES256", "jwk": other.jwk()}), &claims));
        for (case, make, reason) in [
            ("alg none", none, "algorithm"),
            ("HS256 with the public key", hmac, "algorithm"),
            ("HS256 with the client secret", secret, "algorithm"),
            ("another key", foreign, "not believed"),
            ("a key that it brings", brought, "key of its own"),
            ("another audience", changed(json!({"aud": "other"})), "`aud`"),
            ("another party", changed(json!({"aud": ["lanyard", "other"], "azp": "other"})), "`azp`"),
            ("another issuer", changed(json!({"iss": "https://evil.example"})), "`iss`"),
            ("expired", changed(json!({"exp": now - 120})), "expired"),
            ("the nonce of another sign-in", changed(json!({"nonce": "other"})), "`nonce`"),
            ("no nonce", changed(json!({"nonce": null})), "`nonce`"),
            ("another access token", changed(json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"})), "`at_hash`"),
        ] {
            let mut sent = trusting.sends("").await;
            let token = make(&trusting, trusting.claims(&sent));
            let answer = trusting.is_brought_back(&mut sent, &token).await;
            trusting.expect_refusal(case, &answer, reason).await;
        }
        // An ID token that was good once is none for another sign-in: nonce replay.
        let mut sent = trusting.sends("").await;
        let token = trusting.signed(&trusting.claims(&sent));
        trusting.is_brought_back(&mut sent, &token).await.expect(200, "One moment");
        let mut again = trusting.sends("").await;
        let answer = trusting.is_brought_back(&mut again, &token).await;
        trusting.expect_refusal("a token once more", &answer, "`nonce`").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_is_good_once_in_its_browser_at_its_provider_and_for_a_while() {
    const REASON: &str = "sent there with this `state`";
    for trusting in Trusting::each("").await {
        let mut sent = trusting.sends("").await;
        let token = trusting.signed(&trusting.claims(&sent));
        // Another browser: that of whoever was made to open a link.
        let mut victim = Sent { browser: trusting.app.browser(), asked: sent.asked.clone() };
        victim.browser.get("/login/password").await;
        let answer = trusting.is_brought_back(&mut victim, &token).await;
        trusting.expect_refusal("another browser", &answer, REASON).await;
        let mut nobody = Sent { browser: trusting.app.browser(), asked: sent.asked.clone() };
        let answer = trusting.is_brought_back(&mut nobody, &token).await;
        trusting.expect_refusal("no cookie", &answer, REASON).await;
        // It was used up by neither, and is by its own.
        trusting.is_brought_back(&mut sent, &token).await.expect(200, "One moment");
        let answer = trusting.is_brought_back(&mut sent, &token).await;
        trusting.expect_refusal("once more", &answer, REASON).await;
        for (case, parameters) in [("none", vec![("code", "c-1")]), ("made up", vec![("code", "c-1"), ("state", "s")])]
        {
            let answer = trusting.comes_back(&mut sent, &parameters).await;
            trusting.expect_refusal(case, &answer, REASON).await;
        }
        let mut late = trusting.sends("").await;
        trusting.app.wait(std::time::Duration::from_secs(31 * 60));
        let token = trusting.signed(&trusting.claims(&late));
        let answer = trusting.is_brought_back(&mut late, &token).await;
        trusting.expect_refusal("too late", &answer, REASON).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_of_another_provider_is_refused_before_its_code_is_sent_anywhere() {
    for trusting in Trusting::each("").await {
        for (case, issuer) in [("another issuer", Some("https://evil.example")), ("none, though it says one", None)] {
            let mut sent = trusting.sends("").await;
            let state = sent.asked["state"].clone();
            let mut parameters = vec![("state", state.as_str()), ("code", "c-1")];
            parameters.extend(issuer.map(|issuer| ("iss", issuer)));
            let answer = trusting.comes_back(&mut sent, &parameters).await;
            trusting.expect_refusal(case, &answer, "names another issuer").await;
        }
        assert!(trusting.receiver.received().iter().all(|one| one.path != "/token"), "mix-up: no code was sent");
        let mut sent = trusting.sends("").await;
        let (state, issuer) = (sent.asked["state"].clone(), trusting.receiver.address.clone());
        let parameters = [("state", state.as_str()), ("iss", &issuer), ("error", "access_denied"), ("code", "c-1")];
        let answer = trusting.comes_back(&mut sent, &parameters).await;
        trusting.expect_refusal("it said no", &answer, "answered `access_denied`").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_lies_or_sends_too_much_lets_nobody_in() {
    for trusting in Trusting::each("").await {
        let mut sent = trusting.sends("").await;
        trusting.gives(&trusting.signed(&trusting.claims(&sent)));
        trusting.says("/userinfo", &json!({"sub": "olivia-1", "email": "olivia@riverside.example"}));
        let (state, issuer) = (sent.asked["state"].clone(), trusting.receiver.address.clone());
        let back = [("state", state.as_str()), ("iss", &issuer), ("code", "c-1")];
        let answer = trusting.comes_back(&mut sent, &back).await;
        trusting.expect_refusal("userinfo of somebody else", &answer, "somebody else").await;

        for (case, path, answer, reason) in [
            ("megabytes of tokens", "/token", ("application/json", "x".repeat(2_000_000)), "longer than"),
            ("no tokens", "/token", ("application/json", json!({"error": "invalid_grant"}).to_string()), "no tokens"),
            ("a page", "/token", ("text/html", "<html>".to_owned()), "no tokens"),
            ("megabytes of userinfo", "/userinfo", ("application/json", "x".repeat(2_000_000)), "longer than"),
        ] {
            let mut sent = trusting.sends("").await;
            trusting.gives(&trusting.signed(&trusting.claims(&sent)));
            trusting.says_text(path, answer);
            let state = sent.asked["state"].clone();
            let back = [("state", state.as_str()), ("iss", &issuer), ("code", "c-1")];
            let answer = trusting.comes_back(&mut sent, &back).await;
            trusting.expect_refusal(case, &answer, reason).await;
        }
        // What says that it is another is not asked for tokens.
        trusting.says_what_it_is(&json!({"issuer": "https://evil.example"}));
        trusting.app.wait(std::time::Duration::from_secs(3600));
        let mut browser = trusting.app.known_browser();
        let answer = browser.get(&format!("/federation/{}/start", trusting.upstream.id)).await;
        trusting.expect_refusal("metadata of another", &answer, "another issuer").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_not_verified_makes_nobody_somebody_else() {
    for trusting in Trusting::each("").await {
        let mut sent = trusting.sends("").await;
        let mut claims = trusting.claims(&sent);
        change(
            &mut claims,
            &json!({"email": "olivia@riverside.example", "email_verified": false, "preferred_username": "eve"}),
        );
        let token = trusting.signed(&claims);
        trusting.is_brought_back(&mut sent, &token).await;
        assert!(!sent.browser.open("/account").await.body.contains("Olivia"), "she owns Riverside");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_that_a_token_has_no_room_for_are_asked_for_page_by_page() {
    const RULES: &str =
        "roles = ['practitioner']\n[[people.rules]]\nattribute = 'groups'\nequals = 'g-2'\nroles = 'practitioner'";
    for trusting in Trusting::each(RULES).await {
        // Where they are asked for is a setting; where a token says that they lie is no place for an access token.
        let graph = format!("{RULES}\n[groups]\nendpoint = '{}/groups'", trusting.receiver.address);
        for (case, next, lets_in) in [
            ("two pages", format!("{}/groups/2", trusting.receiver.address), true),
            ("a page elsewhere", "http://127.0.0.1:9/groups/2".to_owned(), false),
            ("without end", format!("{}/groups?page=1", trusting.receiver.address), false),
        ] {
            reset(&trusting, &graph).await;
            trusting.says("/groups", &json!({"value": [{"id": "g-1"}], "@odata.nextLink": next}));
            trusting.says("/groups/2", &json!({"value": [{"id": "g-2", "displayName": "GPs"}]}));
            let mut sent = trusting.sends("").await;
            let mut claims = trusting.claims(&sent);
            let sources = json!({"src1": {"endpoint": "http://127.0.0.1:9/"}});
            change(&mut claims, &json!({"_claim_names": {"groups": "src1"}, "_claim_sources": sources}));
            let token = trusting.signed(&claims);
            let answer = trusting.is_brought_back(&mut sent, &token).await;
            if lets_in {
                assert!(answer.onward().is_some(), "{case}: {}", answer.body);
                let tokens =
                    trusting.app.tokens(&mut sent.browser, "scope=openid%20roles&organization=riverside").await;
                let told = crate::oauth::clinic::claims(&tokens["access_token"]);
                assert_eq!(told["roles"], json!(["practitioner"]), "{told}");
            } else {
                trusting.expect_refusal(case, &answer, "groups could not be read").await;
            }
        }
    }
}

/// The same provider, told of otherwise.
async fn reset(trusting: &Trusting, more: &str) {
    let (context, sealer) = (trusting.app.app.context(Actor::Server), trusting.app.app.sealer.clone());
    let settings =
        format!("issuer = '{}'\nclient_id = 'lanyard'\nalgorithms = ['ES256']\n{more}", trusting.receiver.address);
    let before = trusting.upstream.clone();
    let done: registry::Result<_> = unit!(trusting.app, |tx| {
        let changes = registry::Changes { settings: Some((settings, vec![])), ..Default::default() };
        registry::change(tx, &context, &sealer, &before, changes).await
    });
    done.expect("changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_signs_out_there_is_signed_out_here() {
    for trusting in Trusting::each("").await {
        let address = |end: &str| format!("/federation/{}/{end}", trusting.upstream.id);
        let told = async |claims: Value| {
            let now = trusting.app.app.clock.now().seconds();
            let mut said = json!({
                "iss": trusting.receiver.address, "aud": "lanyard", "iat": now, "exp": now + 120, "jti": "j-1", "sid": "there-1",
                "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            });
            change(&mut said, &claims);
            let token = trusting.key.sign(&json!({"alg": "ES256", "typ": "logout+jwt"}), &said);
            trusting
                .app
                .browser()
                .post(&address("backchannel-logout"), &[("logout_token", &token)])
                .await
                .status
                .as_u16()
        };
        let mut gwen = trusting.lets_in().await;
        let is_in = async |sent: &mut Sent| sent.browser.open("/account").await.body.contains("Gwen Li");
        for (case, claims) in [
            ("another issuer", json!({"iss": "https://evil.example"})),
            ("for another", json!({"aud": "other"})),
            ("an ID token", json!({"nonce": "n", "events": null})),
            ("expired", json!({"exp": 1})),
        ] {
            assert_eq!(told(claims).await, 400, "{case}");
        }
        assert_eq!(trusting.app.browser().post(&address("backchannel-logout"), &[]).await.status, 400);
        assert_eq!(told(json!({"sid": "there-2", "jti": "j-0"})).await, 200, "of a session that nobody has");
        assert!(is_in(&mut gwen).await);
        assert_eq!(told(json!({})).await, 200);
        assert!(!is_in(&mut gwen).await);
        let mut gwen = trusting.lets_in().await;
        assert_eq!(told(json!({})).await, 400, "the same once more");
        assert!(is_in(&mut gwen).await);
        // By what stays of the person, and in a frame that another site opens.
        assert_eq!(told(json!({"sid": null, "sub": "gwen-1", "jti": "j-2"})).await, 200);
        assert!(!is_in(&mut gwen).await);
        let mut gwen = trusting.lets_in().await;
        let frame = address("frontchannel-logout");
        for query in ["?sid=there-1", "?iss=https%3A%2F%2Fevil.example&sid=there-1", ""] {
            trusting.app.browser().get(&format!("{frame}{query}")).await;
            assert!(is_in(&mut gwen).await, "{query}");
        }
        let issuer: String = url::form_urlencoded::byte_serialize(trusting.receiver.address.as_bytes()).collect();
        assert_eq!(trusting.app.browser().get(&format!("{frame}?iss={issuer}&sid=there-1")).await.status, 200);
        assert!(!is_in(&mut gwen).await);
    }
}
