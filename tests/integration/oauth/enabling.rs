//! What was disabled and is enabled again: whatever was issued before stays dead, on a node too that had not heard of the
//! disabling when it issued it.

use std::time::Duration;

use axum::http::StatusCode;
use lanyard::{
    app::App,
    audit::{Actor, Context},
    directory::{
        app::{self, Adopt, Requires},
        membership::{self, FirstRoles, NewMembership},
        organization,
        origin::Origin,
        user,
        validity::Validity,
    },
    id::{OrganizationId, UserId},
    oauth::registrar,
    random::Random,
    storage::{Tx, sql},
};
use serde_json::{Value, json};

use super::clinic::{Clinic, Fault, redemption};

/// What is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Case {
    Organization,
    Client(&'static str),
    Activation(&'static str),
    Membership,
    Validity,
    Removal,
    Person,
}

/// Whose membership it is, and where.
#[derive(Debug, Clone)]
struct Place(OrganizationId, UserId);

async fn disable(tx: &mut Tx, context: &Context, case: Case, Place(at, user): &Place) -> Result<(), Fault> {
    let member = tx.memberships().of(at, user).await?.expect("a member").id;
    match case {
        Case::Organization => drop(organization::disable(tx, context, at).await?),
        Case::Client(client) => registrar::disable(tx, context, client).await?,
        Case::Activation(client) => app::deactivate(tx, context, at, client).await?,
        Case::Membership => drop(membership::disable(tx, context, at, &member).await?),
        Case::Validity => {
            let over = Validity::new(None, Some(context.now)).expect("a validity");
            membership::update(tx, context, at, &member, (None, Some(over))).await?;
        }
        Case::Removal => drop(membership::remove(tx, context, at, &member).await?),
        Case::Person => user::disable(tx, context, user).await?,
    }
    Ok(())
}

async fn enable(tx: &mut Tx, context: &Context, case: Case, Place(at, user): &Place) -> Result<(), Fault> {
    let member = tx.memberships().of(at, user).await?.map(|member| member.id);
    match (case, member) {
        (Case::Organization, _) => drop(organization::enable(tx, context, at).await?),
        (Case::Client(client), _) => registrar::enable(tx, context, client).await?,
        (Case::Activation(client), _) => {
            drop(app::activate(tx, context, at, client, (&Adopt::All, &Requires::default())).await?);
        }
        (Case::Membership, Some(member)) => drop(membership::enable(tx, context, at, &member).await?),
        (Case::Validity, Some(member)) => {
            membership::update(tx, context, at, &member, (None, Some(Validity::ALWAYS))).await?;
        }
        (Case::Person, _) => user::enable(tx, context, user).await?,
        _ => {
            let new = NewMembership {
                user: user.clone(),
                kind: "practitioner".parse()?,
                roles: FirstRoles::OfKind,
                validity: Validity::ALWAYS,
                origin: Origin::of(context),
            };
            membership::join(tx, context, at, new).await?;
        }
    }
    Ok(())
}

/// A moment later on another node; the clinic's own hears of it when it looks.
async fn elsewhere(clinic: &Clinic, node: &App, change: Change, case: Case, place: &Place) {
    clinic.app.clock.advance(Duration::from_millis(1));
    let (context, place) = (node.context(Actor::Server), place.clone());
    let done: Result<(), Fault> = node
        .storage
        .write(move |tx| {
            Box::pin(async move {
                match change {
                    Change::Disable => disable(tx, &context, case, &place).await,
                    Change::Enable => enable(tx, &context, case, &place).await,
                }
            })
        })
        .await;
    done.unwrap();
}

#[derive(Debug, Clone, Copy)]
enum Change {
    Disable,
    Enable,
}

async fn place(clinic: &Clinic, slug: &str, who: &str) -> Place {
    Place(clinic.organization(slug).await, clinic.user(who).await)
}

async fn second_node(clinic: &Clinic) -> App {
    App::attach(clinic.app.config.clone(), clinic.app.clock.clone(), Random::system()).await.unwrap()
}

async fn service_token(clinic: &Clinic, client: &str) -> Value {
    let answer = clinic.token(client, "grant_type=client_credentials").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    answer.json()["access_token"].clone()
}

async fn counts(clinic: &Clinic, token: &Value) -> bool {
    clinic.introspect("api", token).await["active"] == true
}

/// Opaque tokens are asked about like signed ones.
async fn make_opaque(clinic: &Clinic, client: &'static str) {
    clinic
        .write(move |tx| {
            Box::pin(async move {
                sql("UPDATE clients SET access_token_format = 'opaque' WHERE id = $1")
                    .bind(client)
                    .execute(tx.connection())
                    .await?;
                Ok(())
            })
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_token_does_not_come_back_with_what_was_enabled_again() {
    for clinic in Clinic::each().await {
        make_opaque(&clinic, "billing").await;
        let (node, place) = (second_node(&clinic).await, place(&clinic, "riverside", "priya").await);
        for client in ["service", "billing"] {
            for case in [Case::Organization, Case::Client(client)] {
                let before = service_token(&clinic, client).await;
                assert!(counts(&clinic, &before).await, "{case:?}");
                elsewhere(&clinic, &node, Change::Disable, case, &place).await;
                // This node has not heard of it.
                clinic.app.clock.advance(Duration::from_millis(1));
                let meanwhile = service_token(&clinic, client).await;
                clinic.app.storage.refresh_revisions().await.unwrap();
                assert!(!counts(&clinic, &before).await && !counts(&clinic, &meanwhile).await, "{case:?}");
                elsewhere(&clinic, &node, Change::Enable, case, &place).await;
                clinic.app.storage.refresh_revisions().await.unwrap();
                for token in [&before, &meanwhile] {
                    assert_eq!(clinic.introspect("api", token).await, json!({"active": false}), "{case:?} {client}");
                }
                let after = service_token(&clinic, client).await;
                assert!(counts(&clinic, &after).await, "{case:?} {client}: what is issued now counts at once");
            }
        }
        node.storage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_was_decided_before_a_disabling_is_not_redeemed_after_it() {
    for clinic in Clinic::each().await {
        let node = second_node(&clinic).await;
        // Her session outlives all of it: she works in the other practice too.
        let place = place(&clinic, "harbour", "olivia").await;
        let app = [Case::Client("portal"), Case::Activation("portal")];
        for case in app.into_iter().chain([Case::Organization, Case::Membership, Case::Validity, Case::Removal]) {
            let browser = clinic.browser("olivia").await;
            let before = clinic.tokens(&browser, "portal", "organization=harbour").await;
            elsewhere(&clinic, &node, Change::Disable, case, &place).await;
            let code = clinic.code(&browser, "portal", "organization=harbour").await;
            elsewhere(&clinic, &node, Change::Enable, case, &place).await;
            clinic.app.storage.refresh_revisions().await.unwrap();
            let refused = clinic.token("portal", &redemption(&code)).await;
            assert_eq!(refused.json()["error"], "invalid_grant", "{case:?}");
            assert!(!counts(&clinic, &before["access_token"]).await, "{case:?}");
            let after = clinic.tokens(&browser, "portal", "organization=harbour").await;
            assert!(counts(&clinic, &after["access_token"]).await, "{case:?}: what is issued now counts at once");
        }
        node.storage.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_person_do_not_come_back_with_what_was_enabled_again() {
    for clinic in Clinic::each().await {
        let (node, place) = (second_node(&clinic).await, place(&clinic, "riverside", "priya").await);
        for client in ["portal", "opaque"] {
            let cases = [
                Case::Organization,
                Case::Client(client),
                Case::Activation(client),
                Case::Membership,
                Case::Removal,
                Case::Person,
            ];
            for case in cases {
                let browser = clinic.browser("priya").await;
                let before = clinic.tokens(&browser, client, "scope=openid+offline_access").await;
                assert!(counts(&clinic, &before["access_token"]).await, "{case:?}");
                let code = clinic.code(&browser, client, "").await;
                elsewhere(&clinic, &node, Change::Disable, case, &place).await;
                elsewhere(&clinic, &node, Change::Enable, case, &place).await;
                clinic.app.storage.refresh_revisions().await.unwrap();
                assert_eq!(clinic.introspect("api", &before["access_token"]).await, json!({"active": false}));
                assert_eq!(clinic.userinfo(&before["access_token"]).await.status, StatusCode::UNAUTHORIZED);
                assert_eq!(clinic.introspect(client, &before["refresh_token"]).await, json!({"active": false}));
                let refresh = before["refresh_token"].as_str().unwrap();
                for form in [format!("grant_type=refresh_token&refresh_token={refresh}"), redemption(&code)] {
                    let refused = clinic.token(client, &form).await;
                    assert_eq!(refused.json()["error"], "invalid_grant", "{case:?} {client}");
                }
            }
        }
        node.storage.close().await;
    }
}
