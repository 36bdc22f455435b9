//! A server with two practices, people and clients, and a browser that visits it. Nobody signs in by password here: a
//! session is begun directly.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{HeaderMap, Request, StatusCode, header},
};
use lanyard::{
    app::App,
    audit::{Actor, Context},
    authentication::assurance::{Assurance, Method},
    clock::{Clock, Timestamp},
    config::{Config, Sources},
    directory::{
        app::{self, Adopt, Requires},
        group, location,
        membership::{self, FirstRoles, NewMembership, RoleAt},
        organization,
        origin::Origin,
        user::{self, NewUser},
        validity::Validity,
    },
    id::{MembershipId, OrganizationId, UserId},
    keys::Algorithm,
    mail::Mailer,
    oauth::{
        Provider,
        client::{AccessTokenFormat, AuthenticationMethod, GrantType, Introspects},
        endpoint, registrar,
        registration::Registration,
    },
    random::Random,
    secret::{ExposeSecret, SecretSlice, TokenHash},
    server::Stopper,
    session::{Authenticated, Lifetime},
    storage::{Tx, sql, testing::Database},
    web::{self, Site, TrustedProxies, cookie::Cookie},
    worker::Worker,
};
use serde_json::Value;
use tower::ServiceExt;

use crate::harness::leftovers;

pub(crate) const ISSUER: &str = "http://localhost:8080";
pub(crate) const REDIRECT: &str = "https://app.example/cb";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// Secret of every confidential client.
pub(crate) const SECRET: &str = "a-secret-of-the-tests";

pub(crate) struct Clinic {
    pub(crate) app: App,
    pub(crate) site: Site,
    router: Router,
    keys: tempfile::TempDir,
    may_leave_jobs: AtomicBool,
    _database: Arc<Database>,
}

impl Drop for Clinic {
    fn drop(&mut self) {
        leftovers::check(&self.app, self.may_leave_jobs.load(Ordering::Relaxed));
    }
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: header::HeaderName) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION)
    }

    /// A parameter of the address that the browser is sent to.
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let url = url::Url::parse(ISSUER).unwrap().join(self.location()).unwrap();
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }
}

impl Clinic {
    pub(crate) async fn open(database: Database) -> Self {
        Self::configured(database, &[]).await
    }

    /// The same with settings of its own.
    pub(crate) async fn configured(database: Database, settings: &[(&str, &str)]) -> Self {
        let keys = tempfile::tempdir().unwrap();
        let sources = Sources::none()
            .with("database.url", database.settings.url.clone())
            .with("outgoing.allowed_networks", "127.0.0.0/8")
            .with("keys.folder", keys.path().display().to_string())
            .with("audit.heads_file", keys.path().join("heads").display().to_string());
        let sources = settings.iter().fold(sources, |sources, (key, value)| sources.with(key, *value));
        let config = Config::load(&sources).unwrap();
        let clock = Clock::fixed(Timestamp(1_795_320_000_000));
        let proxies = TrustedProxies::new(config.server.trusted_proxies.clone(), config.server.forwarded_by)
            .with_certificates_by(config.client_certificates.header.as_deref());
        let app = App::open(config, clock.clone(), Random::system()).await.unwrap();
        app.start_keys().await.unwrap();
        let site = Site::new(ISSUER.parse().unwrap(), &SecretSlice::from(vec![7; 32]), clock, Random::system());
        let site = site.behind(proxies);
        let provider = Provider::new(app.clone());
        let router = web::wrap(endpoint::router(provider.clone()), site.clone()).merge(endpoint::documents(provider));
        let clinic =
            Self { app, site, router, keys, may_leave_jobs: AtomicBool::default(), _database: Arc::new(database) };
        let context = clinic.context();
        clinic.write(move |tx| Box::pin(async move { furnish(tx, &context).await })).await;
        clinic
    }

    /// Says that this test is not about the jobs that it causes.
    pub(crate) fn leaves_jobs(&self) {
        self.may_leave_jobs.store(true, Ordering::Relaxed);
    }

    /// A clinic on each database.
    pub(crate) async fn each() -> Vec<Self> {
        let mut clinics = vec![];
        for database in lanyard::storage::testing::databases().await {
            clinics.push(Self::open(database).await);
        }
        clinics
    }

    pub(crate) fn context(&self) -> Context {
        assert!(self.keys.path().is_dir());
        self.app.context(Actor::Server)
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> T
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t mut Tx) -> lanyard::storage::Work<'t, T, Fault> + Send + 'static,
    {
        self.app.storage.write(work).await.unwrap_or_else(|fault| panic!("{fault}"))
    }

    /// Registers one more client, as those that every test has.
    pub(crate) async fn enroll(&self, registration: Registration) {
        let (context, at) =
            (self.context(), [self.organization("riverside").await, self.organization("harbour").await]);
        self.write(move |tx| Box::pin(async move { enroll(tx, &context, registration, [&at[0], &at[1]]).await })).await;
    }

    /// Sends the first form of a page with more fields.
    pub(crate) async fn submit(&self, cookies: &str, page: &Answer, fields: &str) -> Answer {
        let text = |before: &str, from: &str| {
            let rest = from.split(before).nth(1).unwrap_or_else(|| panic!("no {before}: {from}"));
            rest.split('"').next().unwrap_or_default().replace("&#38;", "&")
        };
        let form = page.body.split("<form").nth(1).and_then(|rest| rest.split("</form>").next());
        let form = form.unwrap_or_else(|| panic!("{} {} no form: {}", page.status, page.location(), page.body));
        let hidden = form.split("<input type=\"hidden\"").skip(1);
        let hidden = hidden.map(|input| (text("name=\"", input), text("value=\"", input)));
        let fixed = form_urlencoded::Serializer::new(String::new()).extend_pairs(hidden).finish();
        self.post(&text("action=\"", form), &[("cookie", cookies)], &format!("{fixed}&{fields}")).await
    }

    pub(crate) async fn user(&self, name: &str) -> UserId {
        let name = format!("{name}@clinic.example").parse().unwrap();
        self.app.storage.read().await.unwrap().users().by_login_name(&name).await.unwrap().unwrap().id
    }

    /// Somebody of the clinic works in that practice as well.
    pub(crate) async fn joins(&self, name: &str, slug: &str) -> MembershipId {
        let (context, user, at) = (self.context(), self.user(name).await, self.organization(slug).await);
        self.write(move |tx| Box::pin(async move { join(tx, &context, &at, (&user, &[])).await })).await
    }

    /// The same, in a role everywhere.
    pub(crate) async fn joins_as(&self, name: &str, slug: &str, role: &'static str) -> MembershipId {
        let (context, user, at) = (self.context(), self.user(name).await, self.organization(slug).await);
        self.write(move |tx| Box::pin(async move { join(tx, &context, &at, (&user, &[(role, None)])).await })).await
    }

    pub(crate) async fn organization(&self, slug: &str) -> OrganizationId {
        let slug = slug.parse().unwrap();
        self.app.storage.read().await.unwrap().organizations().by_slug(&slug).await.unwrap().unwrap().id
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let request = headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let request = headers.iter().fold(Request::post(path), |request, (name, value)| request.header(*name, *value));
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// A confidential client at the token endpoint.
    pub(crate) async fn token(&self, client: &str, form: &str) -> Answer {
        self.post("/oauth2/token", &[("authorization", &basic(client))], form).await
    }

    /// Cookies of a browser in which the person is signed in.
    pub(crate) async fn browser(&self, login_name: &str) -> String {
        self.browser_since(login_name, Duration::ZERO).await
    }

    /// The same, for a sign-in that was `ago`.
    pub(crate) async fn browser_since(&self, login_name: &str, ago: Duration) -> String {
        let user = self.user(login_name).await;
        let (token, hash) = self.app.random.token();
        let context = Context { now: self.app.clock.now().minus(ago), ..self.context() };
        let who = Authenticated {
            user,
            proof: Assurance::of(&[Method::Password]).into(),
            user_agent: "test".into(),
            browser: None,
            via: None,
        };
        let lifetime = Lifetime {
            idle: Duration::from_hours(2),
            absolute: Duration::from_hours(12),
            at_station: Duration::from_hours(2),
        };
        let now = self.app.clock.now();
        self.write(move |tx| {
            Box::pin(async move {
                let session = tx.sessions().begin(&context, hash, who, lifetime).await?;
                Ok(tx.sessions().touch(&session.id, now).await?)
            })
        })
        .await;
        self.cookies(token.expose_secret())
    }

    fn cookies(&self, session: &str) -> String {
        let browser = format!("{}={}", Cookie::Browser.name(&self.site), "b".repeat(43));
        if session.is_empty() { browser } else { format!("{browser}; {}={session}", Cookie::Session.name(&self.site)) }
    }

    /// A browser in which nobody is signed in.
    pub(crate) fn stranger(&self) -> String {
        self.cookies("")
    }

    pub(crate) async fn authorize(&self, cookies: &str, query: &str) -> Answer {
        self.get(&format!("/oauth2/authorize?{query}"), &[("cookie", cookies)]).await
    }

    /// A code for a client, without any page.
    pub(crate) async fn code(&self, cookies: &str, client: &str, more: &str) -> String {
        let answer = self.authorize(cookies, &request(client, more)).await;
        answer.parameter("code").unwrap_or_else(|| panic!("{} {} {}", answer.status, answer.location(), answer.body))
    }

    /// Sets members of what a client registered, as `lanyard client set` does.
    pub(crate) async fn set(&self, client: &str, members: Value) {
        let (context, client) = (self.context(), client.to_owned());
        let change = move |mut registration: Registration| {
            let Value::Object(members) = members else { panic!("members by name") };
            for (name, value) in members {
                registration.set(&name, value)?;
            }
            Ok(registration)
        };
        self.write(move |tx| {
            Box::pin(async move {
                let named = ("some".to_owned(), change);
                registrar::change(tx, &context, &client, named).await?;
                Ok(())
            })
        })
        .await;
    }

    /// Pushes a request of a confidential client.
    pub(crate) async fn push(&self, client: &str, form: &str) -> Answer {
        self.post("/oauth2/par", &[("authorization", &basic(client))], form).await
    }

    /// Tokens for a client.
    pub(crate) async fn tokens(&self, cookies: &str, client: &str, more: &str) -> Value {
        let code = self.code(cookies, client, more).await;
        let answer = self.token(client, &redemption(&code)).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    /// The work of this node while `until` is awaited.
    pub(crate) async fn working<T>(&self, until: impl Future<Output = T>) -> T {
        let mailer = Mailer::new(&self.app.config.mail, self.app.clock.clone(), self.app.random.clone()).unwrap();
        let (stopper, stop) = Stopper::new();
        let worker = Worker::new(self.app.clone(), mailer).await.unwrap();
        let working = tokio::spawn(worker.run(stop));
        let done = tokio::time::timeout(Duration::from_secs(20), until).await.expect("done in time");
        stopper.stop();
        working.await.unwrap();
        done
    }

    /// How many requests are kept in the database.
    pub(crate) async fn kept_requests(&self) -> i64 {
        let mut tx = self.app.storage.read().await.unwrap();
        let row = sql("SELECT COUNT(*) AS n FROM stored_requests").fetch_one(tx.connection()).await;
        row.unwrap().try_get("n").unwrap()
    }

    /// How often an action was recorded.
    pub(crate) async fn recorded(&self, action: &str) -> usize {
        let query = lanyard::audit::store::Query { action: Some(action.into()), limit: 1000, ..Default::default() };
        self.app.storage.read().await.unwrap().audit().list(query).await.unwrap().len()
    }
}

/// A request of `client` with PKCE.
pub(crate) fn request(client: &str, more: &str) -> String {
    let scope = if more.contains("scope=") { "" } else { "&scope=openid" };
    format!(
        "response_type=code&client_id={client}&redirect_uri={REDIRECT}&state=s&nonce=n\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{scope}&{more}"
    )
}

pub(crate) fn redemption(code: &str) -> String {
    format!("grant_type=authorization_code&code={code}&redirect_uri={REDIRECT}&code_verifier={VERIFIER}")
}

pub(crate) fn basic(client: &str) -> String {
    format!("Basic {}", data_encoding::BASE64.encode(format!("{client}:{SECRET}").as_bytes()))
}

/// The claims of a signed token.
pub(crate) fn claims(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&data_encoding::BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

/// Whatever went wrong while furnishing.
#[derive(Debug)]
pub(crate) struct Fault(String);

impl<E: std::error::Error> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

async fn furnish(tx: &mut Tx, context: &Context) -> Result<(), Fault> {
    let riverside = practice(tx, context, "riverside", &["main-street", "harbour-quay"]).await?;
    let harbour = practice(tx, context, "harbour", &["pier"]).await?;
    let olivia = person(tx, context, "olivia").await?;
    let priya = person(tx, context, "priya").await?;
    join(tx, context, &riverside, (&olivia, &[("owner", None)])).await?;
    join(tx, context, &harbour, (&olivia, &[("practitioner", None)])).await?;
    let roles = [("practitioner", Some("main-street")), ("supervisor", Some("harbour-quay"))];
    let member = join(tx, context, &riverside, (&priya, &roles)).await?;
    let gps = group::create(tx, context, &riverside, &"gps".parse()?, &"GPs".parse()?).await?;
    group::add_member(tx, context, &riverside, &gps.id, &member).await?;
    let stranger = person(tx, context, "sam").await?;
    join(tx, context, &riverside, (&stranger, &[])).await?;
    person(tx, context, "nobody").await?;
    group::create(tx, context, &harbour, &"surgeons".parse()?, &"Surgeons".parse()?).await?;
    for registration in clients(&riverside) {
        enroll(tx, context, registration, [&riverside, &harbour]).await?;
    }
    Ok(())
}

/// Registers a client; one that belongs to nobody is open to both practices, a theatre's at Harbour to surgeons alone.
async fn enroll(
    tx: &mut Tx,
    context: &Context,
    registration: Registration,
    [riverside, harbour]: [&OrganizationId; 2],
) -> Result<(), Fault> {
    let client = registrar::register(tx, context, registration).await?;
    if client.authentication != AuthenticationMethod::None {
        registrar::put_secret(tx, context, &client.id, (&SECRET.into(), None)).await?;
    }
    if client.organization.is_none() {
        let open = (Adopt::All, Requires::default());
        app::activate(tx, context, riverside, &client.id, (&open.0, &open.1)).await?;
        let wanted = Requires { groups: vec!["surgeons".parse()?], ..Requires::default() };
        let requires = if client.id.starts_with("theatre") { wanted } else { Requires::default() };
        app::activate(tx, context, harbour, &client.id, (&open.0, &requires)).await?;
    }
    Ok(())
}

/// A first-party app with a secret.
pub(crate) fn app(id: &str) -> Registration {
    Registration {
        is_first_party: true,
        authentication: AuthenticationMethod::SecretBasic,
        redirect_uris: vec![REDIRECT.to_owned()],
        post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
        resources: vec!["https://api.example".to_owned()],
        id_token_algorithm: Algorithm::Es256,
        access_token_algorithm: Algorithm::EdDsa,
        ..Registration::new(id, id)
    }
}

fn clients(riverside: &OrganizationId) -> Vec<Registration> {
    vec![
        app("portal"),
        Registration { access_token_format: AccessTokenFormat::Opaque, ..app("opaque") },
        Registration { is_first_party: false, ..app("guest") },
        Registration { is_pkce_waived: true, ..app("legacy") },
        Registration { organization: Some(riverside.clone()), ..app("own") },
        app("theatre"),
        Registration { authentication: AuthenticationMethod::None, ..app("browser") },
        Registration { authentication: AuthenticationMethod::SecretPost, ..app("poster") },
        Registration { introspects: Introspects::All, ..app("api") },
        Registration { introspects: Introspects::Own, audience: Some("https://api.example".into()), ..app("audience") },
        Registration {
            organization: Some(riverside.clone()),
            grant_types: vec![GrantType::ClientCredentials],
            scopes: vec!["reports.read".into(), "roles".into()],
            redirect_uris: vec![],
            ..app("service")
        },
        Registration {
            organization: Some(riverside.clone()),
            grant_types: vec![GrantType::ClientCredentials],
            scopes: vec!["identifiers".into()],
            redirect_uris: vec![],
            ..app("billing")
        },
    ]
}

async fn practice(tx: &mut Tx, context: &Context, slug: &str, sites: &[&str]) -> Result<OrganizationId, Fault> {
    let made = organization::create(tx, context, &slug.parse()?, &slug.parse()?).await?;
    for site in sites {
        location::create(tx, context, &made.id, (&site.parse()?, &site.parse()?), None).await?;
    }
    Ok(made.id)
}

async fn person(tx: &mut Tx, context: &Context, name: &str) -> Result<UserId, Fault> {
    let new = NewUser {
        name: name.parse()?,
        email: Some(format!("{name}@clinic.example").parse()?),
        email_is_verified: true,
        user_name: None,
        password: None,
        locale: None,
    };
    Ok(user::create(tx, context, new).await?.id)
}

async fn join(
    tx: &mut Tx,
    context: &Context,
    at: &OrganizationId,
    (user, roles): (&UserId, &[(&str, Option<&str>)]),
) -> Result<MembershipId, Fault> {
    let mut first = vec![];
    for (role, location) in roles {
        first.push(RoleAt { role: role.parse()?, location: location.map(str::parse).transpose()? });
    }
    let new = NewMembership {
        user: user.clone(),
        kind: "practitioner".parse()?,
        roles: FirstRoles::Exactly(first),
        validity: Validity::ALWAYS,
        origin: Origin::of(context),
    };
    Ok(membership::join(tx, context, at, new).await?.id)
}

/// Whether a token is that of a hash, for tests that look into tables.
pub(crate) fn hash(token: &Value) -> TokenHash {
    TokenHash::of(token.as_str().unwrap())
}
