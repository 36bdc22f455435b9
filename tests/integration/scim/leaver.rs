//! Whoever leaves a practice is out there with the same unit, by whatever way, and it is known who was told.

use lanyard::{
    clock::Timestamp,
    directory::{membership, user},
    id::OrganizationId,
    oauth::store::State,
};
use serde_json::{Value, json};

use super::push::{Push, patch};
use crate::oauth::{
    backchannel_logout::listening,
    clinic::{Clinic, basic, redemption},
};

/// The ways to leave, and whether the person is out of every practice by it.
const WAYS: [(&str, bool); 4] =
    [("PATCH active: false", false), ("DELETE", false), ("membership disable", false), ("user disable", true)];

async fn leave(push: &Push, way: &str, riverside: &OrganizationId) {
    let clinic = &push.door.clinic;
    let (context, of, user) = (clinic.context(), riverside.clone(), clinic.user("priya").await);
    let member = clinic.app.storage.read().await.unwrap().memberships().of(&of, &user).await.unwrap().unwrap().id;
    let path = format!("/Users/{member}");
    let inactive = patch(json!([{"op": "replace", "path": "active", "value": false}]));
    match way {
        "PATCH active: false" => drop(push.told("PATCH", &path, &inactive, 200).await),
        "DELETE" => drop(push.told("DELETE", &path, &Value::Null, 204).await),
        "membership disable" => {
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        membership::disable(tx, &context, &of, &member).await?;
                        Ok(())
                    })
                })
                .await;
        }
        _ => clinic.write(move |tx| Box::pin(async move { Ok(user::disable(tx, &context, &user).await?) })).await,
    }
}

async fn is_active(clinic: &Clinic, tokens: &Value) -> bool {
    let form = format!("token={}", tokens["access_token"].as_str().unwrap());
    clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &form).await.json()["active"] == true
}

async fn status(clinic: &Clinic, form: &str) -> u16 {
    clinic.token("calendar", form).await.status.as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_leaves_is_out_with_the_same_unit_and_apps_are_told() {
    for (way, is_everywhere) in WAYS {
        for push in Push::each().await {
            let clinic = &push.door.clinic;
            clinic.leaves_jobs();
            clinic.joins("priya", "harbour").await;
            listening(clinic, "calendar", "http://127.0.0.1:1").await;
            let (user, riverside) = (clinic.user("priya").await, clinic.organization("riverside").await);
            let (browser, at) = (clinic.browser("priya").await, ["organization=riverside", "organization=harbour"]);
            let (mut tokens, mut refreshes, mut codes) = (vec![], vec![], vec![]);
            for practice in at {
                let issued = clinic.tokens(&browser, "calendar", practice).await;
                assert!(is_active(clinic, &issued).await);
                let refresh = issued["refresh_token"].as_str().expect("a refresh token").to_owned();
                refreshes.push(format!("grant_type=refresh_token&refresh_token={refresh}"));
                tokens.push(issued);
                codes.push(redemption(&clinic.code(&browser, "calendar", practice).await));
            }

            leave(&push, way, &riverside).await;

            let (out, on) = ((false, 400, 400), (true, 200, 200));
            for (practice, expected) in [(0, out), (1, if is_everywhere { out } else { on })] {
                let found = (
                    is_active(clinic, &tokens[practice]).await,
                    status(clinic, &refreshes[practice]).await,
                    status(clinic, &codes[practice]).await,
                );
                assert_eq!(found, expected, "{way} at {}: access token, refresh token, code", at[practice]);
            }
            let mut tx = clinic.app.storage.read().await.unwrap();
            let sessions = tx.sessions().of_user(&user).await.unwrap().len();
            assert_eq!(sessions, usize::from(!is_everywhere), "{way}: sessions that go on");
            let receipts = tx.logouts().of_user(&user, None, Timestamp(0), 10).await.unwrap();
            assert!(receipts.iter().all(|told| told.logout.state == State::Waiting(0, None)), "{way}: {receipts:?}");
            let mut told: Vec<_> = receipts.iter().map(|told| told.organization.as_str()).collect();
            told.sort_unstable();
            assert_eq!(told, if is_everywhere { &["harbour", "riverside"][..] } else { &["riverside"] }, "{way}");
            drop(tx);
            let request = format!("{}&prompt=none", at[0]);
            let answer = clinic.authorize(&browser, &crate::oauth::clinic::request("calendar", &request)).await;
            assert!(answer.parameter("code").is_none() && answer.parameter("error").is_some(), "{way}");
        }
    }
}
