//! Addresses under `/scim/v2` that tell who was let in, before whatever answers there.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use axum::{
    Json, Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, State},
    http::{Request, StatusCode, header},
    routing::any,
};
use lanyard::{
    app::App,
    id::OrganizationId,
    oauth::Provider,
    random::Random,
    scim::{
        ServiceProvider,
        connection::{self, Connection, Rights, Told},
        endpoint::{Refused, caller::caller},
    },
    secret::ExposeSecret,
    storage::testing::databases,
    text::Slug,
    web::{self, Visit},
};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::oauth::clinic::{Answer, Clinic};

pub(super) struct Door {
    pub(super) clinic: Clinic,
    router: Router,
}

/// The addresses that tell who was let in.
fn router(clinic: &Clinic, app: &App) -> Router {
    let scim = ServiceProvider::new(Provider::new(app.clone()));
    let paths = ["/scim/v2/Users", "/scim/v2/Users/{id}", "/scim/v2/Groups", "/scim/v2/Bulk"];
    let told = paths.into_iter().fold(Router::new(), |router, path| router.route(path, any(tell)));
    web::wrap(told.with_state(scim.clone()).merge(lanyard::scim::endpoint::documents(scim)), clinic.site.clone())
}

async fn tell(
    State(scim): State<ServiceProvider>,
    visit: Visit,
    request: Request<Body>,
) -> Result<Json<Value>, Refused> {
    let caller = caller(&scim, &visit, &request.into_parts().0).await?;
    Ok(Json(json!({
        "organization": caller.organization,
        "source": caller.source,
        "name": caller.name,
        "may_write": caller.may_write,
        "users": caller.users,
        "groups": caller.groups,
        "roles": caller.roles,
        "actor": [caller.actor.kind(), caller.actor.id()],
    })))
}

impl Door {
    /// On each database.
    pub(super) async fn each() -> Vec<Self> {
        Self::each_with(&[]).await
    }

    /// The same, configured.
    pub(super) async fn each_with(settings: &[(&str, &str)]) -> Vec<Self> {
        let mut doors = vec![];
        for database in databases().await {
            let clinic = Clinic::configured(database, settings).await;
            let router = router(&clinic, &clinic.app);
            doors.push(Self { clinic, router });
        }
        doors
    }

    /// A second node on the same database; it learns of changes when it looks, once a second.
    pub(super) async fn second_node(&self) -> (App, Router) {
        let app = App::open(self.clinic.app.config.clone(), self.clinic.app.clock.clone(), Random::system()).await;
        let app = app.unwrap();
        app.start_keys().await.unwrap();
        app.storage.refresh_revisions().await.unwrap();
        let router = router(&self.clinic, &app);
        (app, router)
    }

    /// Makes a connection of Riverside; its token.
    pub(super) async fn connect(&self, name: &str, rights: Rights) -> (Connection, String) {
        self.connect_to("riverside", name, rights).await
    }

    pub(super) async fn connect_to(&self, organization: &str, name: &str, rights: Rights) -> (Connection, String) {
        let (context, of) = (self.clinic.context(), self.clinic.organization(organization).await);
        let name: Slug = name.parse().unwrap();
        let made = self.clinic.write(move |tx| {
            Box::pin(async move { Ok(connection::create(tx, &context, &of, (&name, rights)).await?) })
        });
        let (connection, told) = made.await;
        (connection, told.text.expose_secret().to_owned())
    }

    pub(super) async fn rotate(&self, name: &str, overlap: Duration) -> Result<Told, String> {
        let (context, of) = (self.clinic.context(), self.riverside().await);
        let name: Slug = name.parse().unwrap();
        let work = self
            .clinic
            .app
            .storage
            .write(move |tx| Box::pin(async move { connection::rotate(tx, &context, &of, &name, overlap).await }));
        work.await.map_err(|error| error.to_string())
    }

    pub(super) async fn riverside(&self) -> OrganizationId {
        self.clinic.organization("riverside").await
    }

    /// Asks as `Authorization: Bearer`.
    pub(super) async fn ask(&self, method: &str, path: &str, token: &str) -> Answer {
        ask(&self.router, request(method, path, &[("authorization", &format!("Bearer {token}"))])).await
    }

    pub(super) async fn get(&self, token: &str) -> Answer {
        self.ask("GET", "/scim/v2/Users", token).await
    }

    /// Everything under `/scim/v2` as it is served.
    pub(super) fn whole(&self) -> Router {
        let scim = ServiceProvider::new(Provider::new(self.clinic.app.clone()));
        web::wrap(lanyard::scim::endpoint::router(scim), self.clinic.site.clone())
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        ask(&self.router, request).await
    }

    /// What was recorded of failed authentications: the reason with how often each.
    pub(super) async fn failures(&self) -> BTreeMap<String, usize> {
        let query = lanyard::audit::store::Query {
            action: Some("connection-authentication".into()),
            limit: 1000,
            ..Default::default()
        };
        let events = self.clinic.app.storage.read().await.unwrap().audit().list(query).await.unwrap();
        let mut reasons = BTreeMap::new();
        for event in events {
            let detail: Value = serde_json::from_str(&event.detail).unwrap();
            *reasons.entry(detail["reason"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        reasons
    }
}

pub(super) fn request(method: &str, path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.body(Body::empty()).unwrap()
}

/// The same request over a connection from this address.
pub(super) fn from(peer: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 4711)));
    request
}

pub(super) async fn ask(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    Answer { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
}

/// A refusal in the form of RFC 7644 §3.12; its detail.
pub(super) fn refused(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, StatusCode::from_u16(status).unwrap(), "{}", answer.body);
    assert_eq!(answer.header(header::CONTENT_TYPE), "application/scim+json", "{}", answer.body);
    assert_eq!(answer.header(header::CACHE_CONTROL), "no-store");
    let error = answer.json();
    assert_eq!(error["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(error["status"], status.to_string());
    error["detail"].as_str().unwrap().to_owned()
}
