//! How soon a leaver is out, from end to end: two nodes on PostgreSQL, fifty apps of which ten are dead, and a directory
//! that says by SCIM that somebody has left.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, extract::State, http::Uri};
use lanyard::{
    app::App,
    audit::Actor,
    demo::clinic::RESOURCE_API,
    directory::{
        app::{self, Adopt, Requires},
        domain::{self, Verification},
        membership::{self, FirstRoles, NewMembership},
        origin::Origin,
        validity::Validity,
    },
    id::OrganizationId,
    oauth::{client::AuthenticationMethod, registrar, registration::Registration},
    scim::connection::{self, Rights},
    secret::ExposeSecret,
    session::{Authenticated, Lifetime, Proof},
    storage::{Tx, testing},
};
use reqwest::{Client, redirect};
use serde_json::{Value, json};

use super::{Host, Server, server::free_port};
use crate::{
    durability::{SECRET, furnish},
    harness::family,
};

const APPS: usize = 50;
/// Apps that refuse connections, and as many that take them and stay silent.
const DEAD: usize = 5;
const LEAVERS: usize = 24;
const REDIRECT: &str = "https://app.example/cb";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const DAY: Duration = Duration::from_hours(24);

/// When each call arrived at the apps that listen, and at which.
type Calls = Arc<Mutex<Vec<(Instant, String)>>>;

/// The apps that listen; their address.
async fn listen(calls: Calls) -> String {
    async fn take(State(calls): State<Calls>, uri: Uri) {
        calls.lock().expect("no panic before").push((Instant::now(), uri.path().to_owned()));
    }
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback(take).with_state(calls);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[derive(Debug)]
struct Fault(String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

async fn write<T, F>(app: &App, work: F) -> T
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> lanyard::storage::Work<'t, T, Fault> + Send + 'static,
{
    app.storage.write(work).await.unwrap_or_else(|Fault(fault)| panic!("{fault}"))
}

fn name(app: usize) -> String {
    format!("app-{app:02}")
}

/// Registers the apps, each told at the address of its number, and activates them in both practices.
async fn register(app: &App, addresses: Vec<String>, practices: [OrganizationId; 2]) {
    let context = app.context(Actor::Server);
    write(app, move |tx| {
        Box::pin(async move {
            for (number, address) in addresses.into_iter().enumerate() {
                let registration = Registration {
                    is_first_party: true,
                    authentication: AuthenticationMethod::SecretBasic,
                    redirect_uris: vec![REDIRECT.to_owned()],
                    backchannel_logout_uri: Some(format!("{address}/{}", name(number))),
                    ..Registration::new(&name(number), &name(number))
                };
                let client = registrar::register(tx, &context, registration).await?;
                registrar::put_secret(tx, &context, &client.id, (&SECRET.into(), None)).await?;
                for practice in &practices {
                    app::activate(tx, &context, practice, &client.id, (&Adopt::All, &Requires::default())).await?;
                }
            }
            Ok(())
        })
    })
    .await;
}

/// The token of a directory that pushes into Riverside, which owns the domain of its people.
async fn directory(app: &App, riverside: OrganizationId) -> String {
    let context = app.context(Actor::Server);
    write(app, move |tx| {
        Box::pin(async move {
            let domain = "leavers.example".parse()?;
            domain::add(tx, &context, &riverside, &domain).await?;
            domain::verify(tx, &context, &riverside, &domain, Verification::Administrator).await?;
            let (_, told) = connection::create(tx, &context, &riverside, (&"it".parse()?, Rights::default())).await?;
            Ok(told.text.expose_secret().to_owned())
        })
    })
    .await
}

/// What somebody who is signed in holds.
struct Signed {
    cookie: String,
    /// Refresh tokens of the first app, at Riverside and at Harbour.
    refresh: [String; 2],
}

/// Somebody has a session in which every app got tokens at Riverside, and the first at Harbour.
async fn signs_in(app: &App, email: &str, [riverside, harbour]: [OrganizationId; 2]) -> Signed {
    let (context, login) = (app.context(Actor::Server), email.to_owned());
    let [cookie, here, there] = [app.random.token(), app.random.token(), app.random.token()];
    write(app, move |tx| {
        Box::pin(async move {
            let user = tx.users().by_login_name(&login.parse()?).await?.expect("pushed").id;
            let new = NewMembership {
                user: user.clone(),
                kind: "practitioner".parse()?,
                roles: FirstRoles::Exactly(vec![]),
                validity: Validity::ALWAYS,
                origin: Origin::of(&context),
            };
            membership::join(tx, &context, &harbour, new).await?;
            let who = Authenticated {
                user: user.clone(),
                proof: Proof::default(),
                user_agent: "test".to_owned(),
                browser: None,
                via: None,
            };
            let session = tx
                .sessions()
                .begin(&context, cookie.1, who, Lifetime { idle: DAY, absolute: DAY, at_station: DAY })
                .await?;
            for (practice, apps, first) in [(&riverside, APPS, here.1), (&harbour, 1, there.1)] {
                let sid = tx.sessions().sid(&context, &session.id, practice).await?.expect("it counts there");
                let mut first = Some(first);
                for number in 0..apps {
                    let family = family(&context, &name(number), (&session, practice, &sid));
                    tx.families().insert(&family).await?;
                    if let Some(hash) = first.take() {
                        tx.refresh_tokens().insert_first(hash, &family.id, context.now, context.now.plus(DAY));
                    }
                }
            }
            Ok(())
        })
    })
    .await;
    let text = |token: &lanyard::secret::SecretString| token.expose_secret().to_owned();
    Signed { cookie: text(&cookie.0), refresh: [text(&here.0), text(&there.0)] }
}

/// Two nodes, and whoever asks them.
struct Nodes {
    http: Client,
    running: Vec<Server>,
    scim: String,
    /// The name of the session's cookie.
    cookie: String,
}

impl Nodes {
    async fn token(&self, node: usize, form: &[(&str, &str)]) -> (u16, Value) {
        let asked = self.http.post(format!("{}/oauth2/token", self.running[node].address));
        let answer = asked.basic_auth(name(0), Some(SECRET)).form(form).send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON"))
    }

    async fn refresh(&self, node: usize, token: &str) -> (u16, Value) {
        self.token(node, &[("grant_type", "refresh_token"), ("refresh_token", token)]).await
    }

    async fn redeem(&self, node: usize, code: &str) -> u16 {
        let grant = ("grant_type", "authorization_code");
        self.token(node, &[grant, ("code", code), ("redirect_uri", REDIRECT), ("code_verifier", VERIFIER)]).await.0
    }

    async fn is_active(&self, node: usize, token: &Value) -> bool {
        let asked = self.http.post(format!("{}/oauth2/introspect", self.running[node].address));
        let asked = asked.basic_auth(RESOURCE_API.0, Some(SECRET));
        let answer = asked.form(&[("token", token.as_str().expect("a token"))]).send().await.expect("an answer");
        serde_json::from_str::<Value>(&answer.text().await.expect("a body")).expect("JSON")["active"] == true
    }

    /// Where a browser with this session is sent that asks for the first app at Riverside.
    async fn authorize(&self, node: usize, cookie: &str) -> String {
        let address = &self.running[node].address;
        let query = format!(
            "response_type=code&client_id={}&redirect_uri={REDIRECT}&state=s&nonce=n&scope=openid&prompt=none\
             &organization=riverside&code_challenge={CHALLENGE}&code_challenge_method=S256",
            name(0)
        );
        let asked = self.http.get(format!("{address}/oauth2/authorize?{query}"));
        let answer = asked.header("cookie", format!("{}={cookie}", self.cookie)).send().await.expect("an answer");
        answer.headers().get("location").map_or_else(String::new, |to| to.to_str().expect("text").to_owned())
    }

    /// The body of a SCIM answer of this status.
    async fn scim(&self, method: reqwest::Method, path: &str, (body, status): (&Value, u16)) -> Value {
        let asked = self.http.request(method, format!("{}/scim/v2{path}", self.running[0].address));
        let asked = asked.bearer_auth(&self.scim).header("content-type", "application/scim+json");
        let answer = asked.body(body.to_string()).send().await.expect("an answer");
        let found = answer.status().as_u16();
        let body = answer.text().await.expect("a body");
        assert_eq!(found, status, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    }
}

fn code(location: &str) -> Option<&str> {
    location.split(['?', '&']).find_map(|part| part.strip_prefix("code="))
}

/// What was measured of one leaver.
struct Measured {
    /// From the answer to the last app that listens.
    told: Duration,
    /// From the answer until the other node knew.
    elsewhere: Duration,
}

async fn leaves(nodes: &Nodes, app: &App, calls: &Calls, email: &str) -> Measured {
    let [riverside, harbour] = practices(app).await;
    let user = json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": email, "displayName": email,
        "emails": [{"value": email, "type": "work"}], "active": true,
    });
    let id = nodes.scim(reqwest::Method::POST, "/Users", (&user, 201)).await["id"].clone();
    let held = signs_in(app, email, [riverside, harbour]).await;
    let (_, here) = nodes.refresh(0, &held.refresh[0]).await;
    let (_, there) = nodes.refresh(1, &held.refresh[1]).await;
    for node in [0, 1] {
        assert!(
            nodes.is_active(node, &here["access_token"]).await && nodes.is_active(node, &there["access_token"]).await
        );
    }
    let location = nodes.authorize(1, &held.cookie).await;
    let code = code(&location).unwrap_or_else(|| panic!("no code: {location}")).to_owned();

    calls.lock().expect("no panic before").clear();
    let out = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
        "Operations": [{"op": "replace", "path": "active", "value": false}],
    });
    let path = format!("/Users/{}", id.as_str().expect("an id"));
    nodes.scim(reqwest::Method::PATCH, &path, (&out, 200)).await;
    let answered = Instant::now();
    assert!(!nodes.is_active(0, &here["access_token"]).await, "at once on the node that answered");
    // Neither a token nor a session is of use there: what a node keeps of people is looked at within a second.
    while nodes.is_active(1, &here["access_token"]).await || !nodes.authorize(1, &held.cookie).await.contains("error=")
    {
        assert!(answered.elapsed() < Duration::from_secs(5), "the other node does not learn of it");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let elsewhere = answered.elapsed();
    while calls.lock().expect("no panic before").len() < APPS - 2 * DEAD {
        assert!(answered.elapsed() < Duration::from_secs(20), "{} apps were told", calls.lock().expect("calls").len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let arrived = calls.lock().expect("no panic before").clone();
    let last = arrived.iter().map(|(at, _)| *at).max().expect("calls");
    let told = last.saturating_duration_since(answered);

    for node in [0, 1] {
        assert_eq!(nodes.redeem(node, &code).await, 400, "a code");
        assert_eq!(nodes.refresh(node, here["refresh_token"].as_str().expect("rotated")).await.0, 400);
        let location = nodes.authorize(node, &held.cookie).await;
        assert!(location.contains("error="), "the session is of no use there: {location}");
        assert!(nodes.is_active(node, &there["access_token"]).await, "the other practice goes on");
    }
    assert_eq!(nodes.refresh(0, there["refresh_token"].as_str().expect("rotated")).await.0, 200);
    let mut apps: Vec<_> = arrived.into_iter().map(|(_, path)| path).collect();
    apps.sort();
    let expected: Vec<_> = (0..APPS - 2 * DEAD).map(|number| format!("/{}", name(number))).collect();
    assert_eq!(apps, expected, "each that listens, once");
    Measured { told, elsewhere }
}

async fn practices(app: &App) -> [OrganizationId; 2] {
    let mut tx = app.storage.read().await.expect("a connection");
    let [riverside, harbour] = ["riverside", "harbour"];
    [
        tx.organizations().by_reference(riverside).await.expect("read").expect("the demo has it").id,
        tx.organizations().by_reference(harbour).await.expect("read").expect("the demo has it").id,
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leaver_is_out_of_every_app_within_a_second_and_dead_apps_delay_nobody() {
    let (database, ports) = (testing::postgres().await, [free_port(), free_port()]);
    let host = Host::new()
        .with("LANYARD_DATABASE__URL", &database.settings.url)
        .with("LANYARD_OUTGOING__ALLOWED_NETWORKS", "127.0.0.0/8")
        .with("LANYARD_SERVER__ISSUER", &format!("http://localhost:{}", ports[0]));
    let app = host.app().await;
    furnish(&app, "priya@riverside.example").await;
    let calls = Calls::default();
    let listening = listen(Arc::clone(&calls)).await;
    let silent = [(); DEAD].map(|()| std::net::TcpListener::bind("127.0.0.1:0").expect("a port"));
    let addresses = std::iter::repeat_n(listening, APPS - 2 * DEAD)
        .chain(std::iter::repeat_n("http://127.0.0.1:1".to_owned(), DEAD))
        .chain(silent.iter().map(|silent| format!("http://{}", silent.local_addr().expect("an address"))));
    let at = practices(&app).await;
    register(&app, addresses.collect(), at.clone()).await;
    let scim = directory(&app, at[0].clone()).await;

    let http = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
    let cookie = format!("lanyard-session-{}", ports[0]);
    let mut nodes = Nodes { http: http.clone(), running: vec![], scim, cookie };
    for port in ports {
        let node = Server::spawn(&host, port, &[]);
        let address = node.address.clone();
        nodes.running.push(node.ready(&http, &address).await);
    }
    let (mut told, mut elsewhere) = (vec![], vec![]);
    for number in 0..LEAVERS {
        let measured = leaves(&nodes, &app, &calls, &format!("leaver-{number}@leavers.example")).await;
        told.push(measured.told);
        elsewhere.push(measured.elsewhere);
    }
    told.sort_unstable();
    elsewhere.sort_unstable();
    let shown = |name: &str, all: &[Duration]| {
        println!("{name}: p50 {:?}, slowest {:?} of {LEAVERS}", all[all.len() / 2], all[all.len() - 1]);
    };
    shown("from the SCIM answer to the last of 40 apps told", &told);
    shown("from the SCIM answer until the other node says inactive", &elsewhere);
    assert!(told[LEAVERS - 1] <= Duration::from_secs(1), "{told:?}");
    assert!(elsewhere[LEAVERS - 1] <= Duration::from_millis(1500), "{elsewhere:?}");

    // The dead ones wait with what they said; whoever asks sees it.
    let receipts = host.json("user receipts leaver-0@leavers.example --organization riverside");
    let states: Vec<_> = receipts.as_array().expect("a list").iter().map(|one| one["state"].clone()).collect();
    let many = |state: &str| states.iter().filter(|one| **one == state).count();
    assert_eq!((many("delivered"), many("waiting")), (APPS - 2 * DEAD, 2 * DEAD));
    app.storage.close().await;
}
