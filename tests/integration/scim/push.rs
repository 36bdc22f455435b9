//! An outside system of Riverside that pushes, over the router as it is served.

use std::sync::Arc;

use axum::{Router, body::Body, http::Request};
use lanyard::{
    directory::domain::{self, Verification},
    jobs::{Job, Lane},
    scim::connection::Rights,
};
use serde_json::{Value, json};

use super::door::{Door, ask};
use crate::oauth::clinic::Answer;

pub(super) const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
pub(super) const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

pub(super) struct Push {
    pub(super) door: Door,
    router: Router,
    token: String,
}

impl Push {
    /// On each database; Riverside owns `riverside.example`.
    pub(super) async fn each() -> Vec<Self> {
        Self::each_with(&[]).await
    }

    /// The same, configured.
    pub(super) async fn each_with(settings: &[(&str, &str)]) -> Vec<Self> {
        let mut all = vec![];
        for door in Door::each_with(settings).await {
            let roles = vec!["billing".parse().unwrap()];
            let (_, token) = door.connect("entra", Rights { roles, ..Rights::default() }).await;
            let (context, of) = (door.clinic.context(), door.riverside().await);
            door.clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let name = "riverside.example".parse().unwrap();
                        if tx.domains().owner(&name).await?.is_none() {
                            domain::add(tx, &context, &of, &name).await?;
                            domain::verify(tx, &context, &of, &name, Verification::Administrator).await?;
                        }
                        Ok(())
                    })
                })
                .await;
            let router = door.whole();
            all.push(Self { door, router, token });
        }
        all
    }

    /// The same as a system of another organization.
    pub(super) async fn of(&self, organization: &str) -> String {
        self.door.connect_to(organization, "okta", Rights::default()).await.1
    }

    /// Its token.
    pub(super) fn token(&self) -> String {
        self.token.clone()
    }

    /// The answer, with this body unless it is null, by another token where one is given.
    pub(super) async fn ask_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        (body, headers): (&Value, &[(&str, &str)]),
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/scim/v2{path}"))
            .header("authorization", format!("Bearer {token}"))
            .header("content-type", "application/scim+json");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        ask(&self.router, request.body(body).unwrap()).await
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_as(&self.token, method, path, (body, &[])).await
    }

    pub(super) async fn ask_if(&self, method: &str, path: &str, body: &Value, header: (&str, &str)) -> Answer {
        self.ask_as(&self.token, method, path, (body, &[header])).await
    }

    /// The body of an answer of this status.
    pub(super) async fn told(&self, method: &str, path: &str, body: &Value, status: u16) -> Value {
        let answer = self.ask(method, path, body).await;
        assert_eq!(answer.status.as_u16(), status, "{method} {path} {body}: {}", answer.body);
        if answer.body.is_empty() { Value::Null } else { answer.json() }
    }

    /// Whom letters wait for; they are taken.
    pub(super) async fn letters(&self) -> Vec<String> {
        let app = &self.door.clinic.app;
        let (node, sealer, now) = (app.node.clone(), Arc::clone(&app.sealer), app.clock.now());
        let leased = app.storage.write::<_, lanyard::storage::Error, _>(move |tx| {
            Box::pin(async move {
                let leased = tx.jobs().lease((&node, &sealer), now, (Some(Lane::Mail), 100)).await?;
                for job in &leased {
                    tx.jobs().complete(&job.id, &node).await?;
                }
                Ok(leased)
            })
        });
        let to = |job: Job| if let Job::SendMail { to, .. } = job { to } else { panic!("a letter") };
        let mut all: Vec<String> = leased.await.unwrap().into_iter().map(|leased| to(leased.job.unwrap())).collect();
        all.sort();
        all
    }

    /// A person in Riverside's own domain; the id.
    pub(super) async fn person(&self, name: &str) -> String {
        let body = json!({
            "schemas": [USER], "userName": format!("{name}@riverside.example"), "displayName": name,
            "externalId": format!("ext-{name}"), "emails": [{"value": format!("{name}@riverside.example"), "type": "work"}],
        });
        self.told("POST", "/Users", &body, 201).await["id"].as_str().unwrap().to_owned()
    }

    /// A refusal: its status and `scimType`.
    pub(super) async fn refused(&self, method: &str, path: &str, body: &Value) -> (u16, Option<String>) {
        let answer = self.ask(method, path, body).await;
        let error = answer.json();
        assert_eq!(error["schemas"][0], "urn:ietf:params:scim:api:messages:2.0:Error", "{method} {path}: {error}");
        assert!(!error["detail"].as_str().unwrap().is_empty());
        (answer.status.as_u16(), error["scimType"].as_str().map(str::to_owned))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "callers write JSON in place")]
pub(super) fn patch(operations: Value) -> Value {
    json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations})
}
