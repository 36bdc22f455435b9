//! Clients whose id is the address of a document (draft-ietf-oauth-client-id-metadata-document-03), against a real server of
//! such documents.

use std::{fs, time::Duration};

use axum::{
    body::Body,
    http::{Response, StatusCode, header},
};
use lanyard::{
    directory::app::{self, Adopt, Requires},
    jose::Alg,
    storage::testing::databases,
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::clinic::{Answer, CHALLENGE, Clinic, VERIFIER, claims};
use crate::harness::{client_key::ClientKey, receiver::Receiver};

const CALLBACK: &str = "https://localhost/cb";

/// A clinic that takes documents of a server, which Riverside uses.
struct Setting {
    clinic: Clinic,
    server: Receiver,
    /// The id of the app.
    id: String,
    _folder: tempfile::TempDir,
}

impl Setting {
    /// On each database.
    async fn each(organizations: &str) -> Vec<Self> {
        let mut all = vec![];
        for database in databases().await {
            let (server, certificate) = Receiver::start_secure().await;
            let folder = tempfile::tempdir().unwrap();
            let file = folder.path().join("ca.pem");
            fs::write(&file, certificate).unwrap();
            let host = server.address["https://".len()..].to_owned();
            let settings = [
                ("outgoing.ca_file", file.to_str().unwrap()),
                ("registration.document_hosts", &format!("[\"{host}\"]")),
                ("registration.document_organizations", organizations),
            ];
            let clinic = Clinic::configured(database, &settings).await;
            let id = format!("{}/client.json", server.address);
            all.push(Self { clinic, server, id, _folder: folder });
        }
        all
    }

    fn query(&self, more: &str) -> String {
        let id = encoded(&self.id);
        format!(
            "response_type=code&client_id={id}&redirect_uri={CALLBACK}&scope=openid&state=s\
             &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
        )
    }

    fn document(&self, more: &Value) -> Value {
        let mut document = json!({
            "client_id": self.id, "client_name": "Roster", "redirect_uris": [CALLBACK],
            "id_token_signed_response_alg": "ES256",
        });
        document.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        document
    }

    /// Has the server answer with a document.
    fn publish(&self, document: &Value) {
        self.server.will_answer(json_answer(document.to_string()));
    }

    /// Somebody allows the app; the code that it gets.
    async fn allow(&self, browser: &str) -> String {
        let asked = self.clinic.authorize(browser, &self.query("")).await;
        assert_eq!(asked.status, StatusCode::OK, "{} {}", asked.location(), asked.body);
        let back = self.clinic.submit(browser, &asked, "decision=allow").await;
        let back = self.clinic.get(back.location(), &[("cookie", browser)]).await;
        back.parameter("code").unwrap_or_else(|| panic!("{} {}", back.status, back.body))
    }

    async fn redeem(&self, code: &str, more: &str) -> Answer {
        let form =
            format!("grant_type=authorization_code&code={code}&redirect_uri={CALLBACK}&code_verifier={VERIFIER}{more}");
        self.clinic.post("/oauth2/token", &[], &form).await
    }

    /// Clients that came by a document.
    async fn clients(&self) -> Vec<String> {
        let clients = self.clinic.app.storage.read().await.unwrap().clients().list(None, "", 1000).await.unwrap();
        clients.into_iter().map(|client| client.id).filter(|id| id.starts_with("https:")).collect()
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn json_answer(body: String) -> Response<Body> {
    let answer = Response::builder().header("content-type", "application/json").header("cache-control", "max-age=600");
    answer.body(Body::from(body)).unwrap()
}

/// Refused on a page, and never by a redirect.
fn is_refused_on_a_page(answer: &Answer) -> bool {
    answer.status == StatusCode::BAD_REQUEST && answer.location().is_empty() && answer.body.contains("invalid_client")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_nobody_registered_signs_somebody_in() {
    for setting in Setting::each("[\"riverside\"]").await {
        let clinic = &setting.clinic;
        let metadata = clinic.get("/.well-known/openid-configuration", &[]).await.json();
        assert_eq!(metadata["client_id_metadata_document_supported"], true);
        let wishes = json!({
            "grant_types": ["authorization_code", "refresh_token", "client_credentials"], "scope": "openid roles",
            "first_party": true, "introspects": "all",
        });
        setting.publish(&setting.document(&wishes));
        let (made, used) = (clinic.recorded("client-creation").await, clinic.recorded("client-activation").await);
        let browser = clinic.browser("priya").await;
        let page = clinic.authorize(&browser, &setting.query("")).await;
        assert!(page.body.contains("<strong>localhost</strong>") && page.body.contains("Roster"), "{}", page.body);
        assert!(page.body.contains("Nobody here has checked this app"), "{}", page.body);
        let code = setting.allow(&browser).await;
        let tokens = setting.redeem(&code, &format!("&client_id={}", encoded(&setting.id))).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
        let tokens = tokens.json();
        let access = claims(&tokens["access_token"]);
        assert_eq!((&access["client_id"], &access["scope"]), (&json!(setting.id), &json!("openid")));
        assert_eq!(claims(&tokens["id_token"])["aud"], json!(setting.id));

        let pushed = clinic.post("/oauth2/par", &[], &setting.query("")).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "{}", pushed.body);
        let uri = encoded(pushed.json()["request_uri"].as_str().unwrap());
        let short = format!("client_id={}&request_uri={uri}", encoded(&setting.id));
        let back = clinic.authorize(&browser, &short).await;
        assert!(back.parameter("code").is_some(), "{} {}", back.status, back.body);
        let service = format!("grant_type=client_credentials&client_id={}", encoded(&setting.id));
        assert_eq!(clinic.post("/oauth2/token", &[], &service).await.json()["error"], "unauthorized_client");
        let introspection = format!("token=x&client_id={}", encoded(&setting.id));
        assert_ne!(clinic.post("/oauth2/introspect", &[], &introspection).await.status, StatusCode::OK);
        assert_eq!(setting.server.received().len(), 1, "kept");
        assert_eq!(setting.clients().await, [setting.id.as_str()]);
        assert_eq!(
            [clinic.recorded("client-creation").await, clinic.recorded("client-activation").await],
            [made + 1, used + 1]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_with_a_key_proves_itself_everywhere() {
    for setting in Setting::each("[\"riverside\"]").await {
        let (clinic, key) = (&setting.clinic, ClientKey::generate(Alg::Es256));
        let keyed = json!({"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key.jwk()]}});
        setting.publish(&setting.document(&keyed));
        let now = clinic.app.clock.now().seconds();
        let proof = |by: &ClientKey, jti: &str| {
            let said = json!({
                "iss": setting.id, "sub": setting.id, "aud": "http://localhost:8080", "exp": now + 60, "jti": jti,
            });
            let assertion = by.sign(&json!({"alg": "ES256"}), &said);
            format!(
                "&client_assertion={assertion}\
                 &client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            )
        };
        let other = ClientKey::generate(Alg::Es256);
        let stranger = clinic.post("/oauth2/par", &[], &setting.query(&proof(&other, "0"))).await;
        assert_eq!(stranger.json()["error"], "invalid_client", "{}", stranger.body);
        let pushed = clinic.post("/oauth2/par", &[], &setting.query(&proof(&key, "1"))).await;
        assert_eq!(pushed.status, StatusCode::CREATED, "the very first request: {}", pushed.body);
        let code = setting.allow(&clinic.browser("priya").await).await;
        let public = setting.redeem(&code, &format!("&client_id={}", encoded(&setting.id))).await;
        assert_eq!(public.json()["error"], "invalid_client", "{}", public.body);
        let tokens = setting.redeem(&code, &proof(&key, "2")).await;
        assert_eq!(tokens.status, StatusCode::OK, "{}", tokens.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn organizations_activate_such_an_app_like_any_other() {
    for setting in Setting::each("[]").await {
        let (clinic, browser) = (&setting.clinic, setting.clinic.browser("priya").await);
        setting.publish(&setting.document(&json!({})));
        let denied = clinic.authorize(&browser, &setting.query("")).await;
        assert_eq!((denied.status, denied.location()), (StatusCode::FORBIDDEN, ""), "{}", denied.body);
        let (context, at, id) = (clinic.context(), clinic.organization("riverside").await, setting.id.clone());
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    app::activate(tx, &context, &at, &id, (&Adopt::All, &Requires::default())).await?;
                    Ok(())
                })
            })
            .await;
        setting.allow(&browser).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_document_changes_the_app_and_a_missing_one_ends_it_in_two_days() {
    for setting in Setting::each("[\"riverside\"]").await {
        let (clinic, server) = (&setting.clinic, &setting.server);
        let authorize = async || {
            let browser = clinic.browser("priya").await;
            clinic.authorize(&browser, &setting.query("")).await
        };
        setting.publish(&setting.document(&json!({})));
        assert!(authorize().await.body.contains("Roster"));
        clinic.app.clock.advance(Duration::from_mins(9));
        assert!(authorize().await.body.contains("Roster"));
        assert_eq!(server.received().len(), 1, "for ten minutes");
        clinic.app.clock.advance(Duration::from_mins(2));
        setting.publish(&setting.document(&json!({"client_name": "Rota"})));
        let updates = clinic.recorded("client-update").await;
        assert!(authorize().await.body.contains("Rota"));
        assert_eq!(clinic.recorded("client-update").await, updates + 1);
        clinic.app.clock.advance(Duration::from_mins(11));
        setting.publish(&setting.document(&json!({"client_name": "Rota"})));
        assert!(authorize().await.body.contains("Rota"));
        assert_eq!(clinic.recorded("client-update").await, updates + 1, "nothing is new");

        // What is wrong does not count, and what is right again counts within a minute.
        clinic.app.clock.advance(Duration::from_mins(11));
        setting.publish(&setting.document(&json!({"client_name": "Evil", "redirect_uris": ["https://evil.example/"]})));
        assert!(authorize().await.body.contains("Rota"));
        clinic.app.clock.advance(Duration::from_secs(61));
        setting.publish(&setting.document(&json!({"client_name": "Right"})));
        assert!(authorize().await.body.contains("Right"));

        for _ in 0..100 {
            server.will_say(404);
        }
        clinic.app.clock.advance(Duration::from_hours(47));
        assert!(authorize().await.body.contains("Right"), "for a while");
        clinic.app.clock.advance(Duration::from_hours(2));
        assert!(is_refused_on_a_page(&authorize().await));
        let form = format!("grant_type=refresh_token&refresh_token=x&client_id={}", encoded(&setting.id));
        let refused = clinic.post("/oauth2/token", &[], &form).await;
        assert_eq!((refused.status, &refused.json()["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
    }
}

/// What a server may answer that describes no client.
fn bad_answers(setting: &Setting) -> Vec<(&'static str, Response<Body>)> {
    let with = |more: Value| json_answer(setting.document(&more).to_string());
    let typed =
        |kind: &str, body: String| Response::builder().header("content-type", kind).body(Body::from(body)).unwrap();
    let good = || setting.document(&json!({})).to_string();
    let status = |status: u16| Response::builder().status(status).header("content-type", "application/json");
    let twice = good().replacen('{', &format!("{{\"client_id\":\"{}\",", setting.id), 1);
    vec![
        ("another id", with(json!({"client_id": format!("{}x", setting.id)}))),
        ("no id", json_answer(json!({"redirect_uris": [CALLBACK]}).to_string())),
        ("a secret", with(json!({"client_secret": "x"}))),
        ("a way of secrets", with(json!({"token_endpoint_auth_method": "client_secret_post"}))),
        ("addresses elsewhere", with(json!({"redirect_uris": ["https://evil.example/"]}))),
        ("keys elsewhere", with(json!({"jwks_uri": "https://evil.example/"}))),
        ("a member twice", json_answer(twice)),
        ("no JSON", json_answer("<html>".to_owned())),
        ("a list", json_answer("[]".to_owned())),
        ("nothing", json_answer(String::new())),
        (
            "nested deeply",
            with(serde_json::from_str(&format!("{{\"a\":{}{}}}", "[".repeat(40), "]".repeat(40))).unwrap()),
        ),
        ("a page", typed("text/html", good())),
        ("too long", with(json!({"made_up": "x".repeat(20_000)}))),
        ("far too long", with(json!({"made_up": "x".repeat(100_000)}))),
        (
            "a redirect",
            status(302)
                .header("location", format!("{}/other", setting.server.address))
                .body(Body::from(good()))
                .unwrap(),
        ),
        ("not there", status(404).body(Body::from(good())).unwrap()),
        ("another success", status(203).body(Body::from(good())).unwrap()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_documents_make_no_client() {
    for setting in Setting::each("[\"riverside\"]").await {
        let (clinic, server) = (&setting.clinic, &setting.server);
        for (case, answer) in bad_answers(&setting) {
            // Past what is remembered of the last failure, and of what this network asked.
            clinic.app.clock.advance(Duration::from_mins(11));
            server.will_answer(answer);
            let browser = clinic.browser("priya").await;
            let page = clinic.authorize(&browser, &setting.query("")).await;
            assert!(is_refused_on_a_page(&page), "{case}: {} {} {}", page.status, page.location(), page.body);
            let silent = clinic.authorize(&browser, &setting.query("&prompt=none")).await;
            assert!(is_refused_on_a_page(&silent), "{case}");
            for path in ["/oauth2/par", "/oauth2/token"] {
                let refused = clinic.post(path, &[], &setting.query("")).await;
                assert_eq!(
                    (refused.status.as_u16(), &refused.json()["error"]),
                    (401, &json!("invalid_client")),
                    "{case}"
                );
            }
        }
        assert_eq!(setting.clients().await, Vec::<String>::new());
        assert!(clinic.recorded("client-registration").await > 0, "what was refused is written down");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_addresses_are_not_even_read() {
    for setting in Setting::each("[\"riverside\"]").await {
        let (clinic, server) = (&setting.clinic, &setting.server);
        let host = &server.address["https://".len()..];
        for id in [
            format!("http://{host}/client.json"),
            format!("https://{host}"),
            format!("https://{host}/a/../client.json"),
            format!("https://{host}/%2e%2e/client.json"),
            format!("https://{host}/client.json?a=b"),
            format!("https://{host}/client.json#a"),
            format!("https://user:pass@{host}/client.json"),
            format!("https://{}/client.json", host.replace("localhost", "127.0.0.1")),
            format!("https://{}/client.json", host.replace("localhost", "LOCALHOST")),
            "https://localhost/client.json".to_owned(),
            "https://evil.example/client.json".to_owned(),
            "https://169.254.169.254/client.json".to_owned(),
            "https://[::1]/client.json".to_owned(),
            "https:".to_owned(),
            format!("https://{host}/{}", "x".repeat(5000)),
        ] {
            clinic.app.clock.advance(Duration::from_mins(5));
            let query = setting.query("").replace(&encoded(&setting.id), &encoded(&id));
            let browser = clinic.browser("priya").await;
            let page = clinic.authorize(&browser, &query).await;
            assert_eq!((page.status, page.location()), (StatusCode::BAD_REQUEST, ""), "{id}: {}", page.body);
            let refused = clinic.post("/oauth2/par", &[], &query).await;
            assert_eq!((refused.status.as_u16(), &refused.json()["error"]), (401, &json!("invalid_client")), "{id}");
        }
        assert!(server.received().is_empty());
        assert_eq!(setting.clients().await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_ends_in_a_page() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = format!("localhost:{}", silent.local_addr().unwrap().port());
    for database in databases().await {
        let hosts = format!("[\"{host}\"]");
        let clinic = Clinic::configured(database, &[("registration.document_hosts", &hosts)]).await;
        let query = format!("response_type=code&client_id=https://{host}/a&redirect_uri={CALLBACK}");
        assert!(is_refused_on_a_page(&clinic.authorize(&clinic.stranger(), &query).await));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_setting_an_address_is_no_client() {
    for clinic in Clinic::each().await {
        let metadata = clinic.get("/.well-known/openid-configuration", &[]).await.json();
        assert!(metadata.get("client_id_metadata_document_supported").is_none());
        let query = format!("response_type=code&client_id=https://localhost/a&redirect_uri={CALLBACK}");
        let page = clinic.authorize(&clinic.stranger(), &query).await;
        assert!(
            page.status == StatusCode::BAD_REQUEST && page.body.contains("the client is not known"),
            "{}",
            page.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_make_no_more_than_sixty_clients_an_hour_and_a_network_fewer() {
    for setting in Setting::each("[]").await {
        let (clinic, address) = (&setting.clinic, setting.server.address.clone());
        setting.server.answers_by(move |path| {
            json_answer(json!({"client_id": format!("{address}{path}"), "redirect_uris": [CALLBACK]}).to_string())
        });
        let ask = async |at: usize| {
            let id = format!("{}/{at}", setting.server.address);
            let query = setting.query("").replace(&encoded(&setting.id), &encoded(&id));
            clinic.authorize(&clinic.stranger(), &query).await
        };
        for at in 0..30 {
            let sent = ask(at).await;
            assert_eq!(sent.status, StatusCode::SEE_OTHER, "{at}: to the sign-in: {}", sent.body);
        }
        let slower = ask(30).await;
        assert_eq!(slower.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(!slower.header(header::RETRY_AFTER).is_empty());
        for at in 30..60 {
            clinic.app.clock.advance(Duration::from_secs(31));
            assert_eq!(ask(at).await.status, StatusCode::SEE_OTHER, "{at}");
        }
        clinic.app.clock.advance(Duration::from_secs(31));
        assert!(is_refused_on_a_page(&ask(60).await));
        assert_eq!(setting.clients().await.len(), 60);
        assert_eq!(ask(7).await.status, StatusCode::SEE_OTHER, "those that are known are not concerned");
        clinic.app.clock.advance(Duration::from_hours(1));
        assert_eq!(ask(60).await.status, StatusCode::SEE_OTHER);
    }
}
