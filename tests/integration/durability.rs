//! What was acknowledged is there: a server is killed under load, a hundred times on each database, and after each
//! start every write whose answer arrived is found.
//!
//! The real binary serves; services fetch tokens (each leaves an audit event, in commits that many share) and apps refresh
//! theirs (whose answer is the only key to the next). SIGKILL leaves nothing time to finish; PostgreSQL itself stays up.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use data_encoding::BASE64URL_NOPAD;
use lanyard::{
    app::App,
    audit::{Actor, store::Query},
    authentication::factor::hasher::Hasher,
    clock::Timestamp,
    demo::{clinic, seed},
    oauth::{
        registrar::{self, RegistrarError},
        scope::Scopes,
        store::Family,
    },
    random::Random,
    scim::connection,
    secret::ExposeSecret,
    session::{Authenticated, Lifetime, Proof},
    storage::{self, testing},
};
use reqwest::Client;
use serde_json::Value;

use crate::{
    harness::family,
    operations::{Host, Server},
};

const KILLS: u64 = 100;
/// Services that fetch tokens at once.
const SERVICES: usize = 6;
/// Apps that refresh at once.
const APPS: usize = 3;
/// Secret of every client.
pub(crate) const SECRET: &str = "a-secret-of-the-tests";

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute or two: tests/alone runs it"]
async fn every_acknowledged_write_survives_a_hundred_kills_on_sqlite() {
    survive(Host::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes a minute or two: tests/alone runs it"]
async fn every_acknowledged_write_survives_a_hundred_kills_on_postgres() {
    let database = testing::postgres().await;
    survive(Host::new().with("LANYARD_DATABASE__URL", &database.settings.url)).await;
}

/// Answers that arrived while one server ran.
#[derive(Default)]
struct Acknowledged {
    tokens: Vec<String>,
    refreshed: usize,
}

async fn survive(host: Host) {
    std::fs::create_dir_all(host.path("data")).expect("a folder");
    let app = host.app().await;
    let mut refresh_tokens = furnish(&app, "olivia@riverside.example").await;
    let (mut tokens, mut refreshed) = (0, 0);
    let mut server = Server::start(&host).await;
    for round in 0..KILLS {
        let began = app.clock.now();
        let load = Load::begin(&server.address, &refresh_tokens);
        // Spread over a quarter of a second, so that kills meet commits at every stage.
        tokio::time::sleep(Duration::from_millis(20 + round * 37 % 250)).await;
        server.kill();
        let acknowledged = load.end(&mut refresh_tokens).await;
        server = Server::start(&host).await;

        let missing = missing(&app, began, &acknowledged.tokens).await;
        assert!(missing.is_empty(), "kill {round}: {} of {} are lost", missing.len(), acknowledged.tokens.len());
        let http = Client::new();
        for token in &mut refresh_tokens {
            // The last token that arrived works; if its successor was lost on the way, it works once more.
            *token = refresh(&http, &server.address, token).await.expect("the server answers");
        }
        tokens += acknowledged.tokens.len();
        refreshed += acknowledged.refreshed;
    }
    server.kill();
    println!("{tokens} tokens and {refreshed} refreshed tokens were acknowledged; all are there.");
    assert!(tokens > 200 && refreshed > 50, "there was load: {tokens} {refreshed}");
    app.storage.close().await;
    host.seal().await;
    assert!(host.succeed("audit verify").contains("The audit log is whole."));
}

/// The demo's clinics, and a person with a family of refresh tokens for each app.
pub(crate) async fn furnish(app: &App, email: &'static str) -> Vec<String> {
    app.start_keys().await.expect("keys");
    app.tend_keys().await.expect("keys");
    let hasher = Hasher::start(app.config.password.hashing, Random::system());
    seed::fill(app, &hasher, 8081).await.expect("filled");
    keep_secrets(app).await;
    let context = app.context(Actor::Server);
    let (texts, stored): (Vec<_>, Vec<_>) = (0..APPS).map(|_| app.random.token()).unzip();
    let written: storage::Result<()> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let name = email.parse().expect("a name");
                let user = tx.users().by_login_name(&name).await?.expect("the demo has this person");
                let organization = tx.organizations().by_reference("riverside").await?.expect("the demo has it");
                let who = Authenticated {
                    user: user.id.clone(),
                    proof: Proof::default(),
                    user_agent: "test".to_owned(),
                    browser: None,
                    via: None,
                };
                let day = Duration::from_hours(24);
                let cookie = context.random.token().1;
                let session = tx
                    .sessions()
                    .begin(&context, cookie, who, Lifetime { idle: day, absolute: day, at_station: day })
                    .await?;
                let sid = tx.sessions().sid(&context, &session.id, &organization.id).await?.expect("it counts there");
                for hash in stored {
                    let family = Family {
                        scopes: Scopes::parse("openid profile").expect("scopes"),
                        ..family(&context, clinic::CALENDAR.0, (&session, &organization.id, &sid))
                    };
                    tx.families().insert(&family).await?;
                    tx.refresh_tokens().insert_first(hash, &family.id, context.now, context.now.plus(day));
                }
                Ok(())
            })
        })
        .await;
    written.expect("written");
    texts.iter().map(|text| text.expose_secret().to_owned()).collect()
}

/// Replaces the demo's published secrets, which `serve` refuses.
async fn keep_secrets(app: &App) {
    let context = app.context(Actor::Server);
    let replaced: Result<(), RegistrarError> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                for client in [clinic::CALENDAR.0, clinic::REPORTING.0, clinic::RESOURCE_API.0] {
                    for published in tx.clients().secrets(client).await? {
                        registrar::revoke_secret(tx, &context, client, &published.id).await?;
                    }
                    registrar::put_secret(tx, &context, client, (&SECRET.into(), None)).await?;
                }
                Ok(())
            })
        })
        .await;
    replaced.expect("replaced");
    let context = app.context(Actor::Server);
    let removed: connection::Result<()> = app
        .storage
        .write(move |tx| {
            Box::pin(async move {
                let riverside = tx.organizations().by_reference("riverside").await?.expect("the demo has it");
                let name = "demo".parse().expect("a name");
                connection::remove(tx, &context, &riverside.id, &name).await
            })
        })
        .await;
    removed.expect("removed");
}

/// Requests from all sides until the server is gone.
struct Load {
    services: Vec<tokio::task::JoinHandle<()>>,
    apps: Vec<tokio::task::JoinHandle<(String, usize)>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

impl Load {
    fn begin(address: &str, refresh_tokens: &[String]) -> Self {
        let http = Client::new();
        let tokens = Arc::new(Mutex::new(vec![]));
        let services = (0..SERVICES).map(|_| {
            let (http, address, tokens) = (http.clone(), address.to_owned(), Arc::clone(&tokens));
            tokio::spawn(async move {
                while let Some(token) = fetch(&http, &address).await {
                    tokens.lock().expect("no panic").push(token);
                }
            })
        });
        let apps = refresh_tokens.iter().map(|first| {
            let (http, address, mut last) = (http.clone(), address.to_owned(), first.clone());
            tokio::spawn(async move {
                let mut count = 0;
                while let Some(next) = refresh(&http, &address, &last).await {
                    (last, count) = (next, count + 1);
                }
                (last, count)
            })
        });
        Self { services: services.collect(), apps: apps.collect(), tokens }
    }

    async fn end(self, refresh_tokens: &mut [String]) -> Acknowledged {
        for service in self.services {
            service.await.expect("no refusal");
        }
        let mut acknowledged = Acknowledged::default();
        for (app, token) in self.apps.into_iter().zip(refresh_tokens) {
            let (last, count) = app.await.expect("no refusal");
            *token = last;
            acknowledged.refreshed += count;
        }
        acknowledged.tokens = std::mem::take(&mut *self.tokens.lock().expect("no panic"));
        acknowledged
    }
}

/// A token for a service, by its `jti`; none when the server went away before it answered.
pub(crate) async fn fetch(http: &Client, address: &str) -> Option<String> {
    let answer = post(http, address, clinic::REPORTING.0, &[("grant_type", "client_credentials")]).await?;
    let payload = answer["access_token"].as_str()?.split('.').nth(1)?.to_owned();
    let claims: Value = serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).ok()?).ok()?;
    Some(claims["jti"].as_str()?.to_owned())
}

/// The next refresh token; none when the server went away before it answered.
pub(crate) async fn refresh(http: &Client, address: &str, token: &str) -> Option<String> {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    Some(post(http, address, clinic::CALENDAR.0, &form).await?["refresh_token"].as_str()?.to_owned())
}

async fn post(http: &Client, address: &str, client: &str, form: &[(&str, &str)]) -> Option<Value> {
    let request = http.post(format!("{address}/oauth2/token")).basic_auth(client, Some(SECRET)).form(form);
    let answer = request.send().await.ok()?;
    let status = answer.status();
    let body = answer.text().await.ok()?;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).ok()
}

/// Acknowledged tokens that the audit log does not know.
async fn missing(app: &App, began: Timestamp, tokens: &[String]) -> Vec<String> {
    let from = Some(began.minus(Duration::from_secs(1)));
    let query = Query { action: Some("token-issue".to_owned()), from, limit: 1_000_000, ..Query::default() };
    let events = app.storage.read().await.expect("a connection").audit().list(query).await.expect("events");
    let known: HashSet<&str> = events.iter().filter_map(|event| event.resource.as_deref()).collect();
    tokens.iter().filter(|token| !known.contains(token.as_str())).cloned().collect()
}
