//! Somebody made an account up with an address that is another's; its owner takes it over by a mailed link, and nothing is
//! left of whoever had it.

use lanyard::{
    authentication::{
        new_password::Prepared,
        recovery::{self, Notices},
    },
    clock::Timestamp,
    directory::email_change,
    oauth::{authorization::prompt::Consent, scope::Scopes},
    secret::{ExposeSecret, TokenHash},
    storage::sql,
};
use serde_json::Value;

use super::clinic::{Clinic, basic, redemption};

async fn is_active(clinic: &Clinic, tokens: &Value) -> bool {
    let form = format!("token={}", tokens["access_token"].as_str().unwrap());
    clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &form).await.json()["active"] == true
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_an_account_over_by_a_mailed_link_is_alone_in_it() {
    for is_proved in [false, true] {
        for clinic in Clinic::each().await {
            clinic.leaves_jobs();
            let (user, at) = (clinic.user("priya").await, clinic.organization("riverside").await);
            let person = user.clone();
            let proved_at = is_proved.then_some(1_i64);
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let query = sql("UPDATE users SET email_verified_at = $2 WHERE id = $1");
                        query.bind(person.to_string()).bind(proved_at).execute(tx.connection()).await?;
                        Ok(())
                    })
                })
                .await;
            // Signed in, with tokens, a code, an app that is allowed, and a change of the address on its way.
            let browser = clinic.browser("priya").await;
            let tokens = clinic.tokens(&browser, "portal", "organization=riverside").await;
            let opaque = clinic.tokens(&browser, "opaque", "organization=riverside").await;
            assert!(is_active(&clinic, &tokens).await && is_active(&clinic, &opaque).await);
            let refresh =
                format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
            let code = redemption(&clinic.code(&browser, "portal", "organization=riverside").await);
            let (context, person, of) = (clinic.context(), user.clone(), at.clone());
            let (link, hash) = clinic.app.random.token();
            let away = clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let scopes: Scopes = ["openid".to_owned()].into_iter().collect();
                        let consent = Consent { scopes, authorization_details: vec![], granted_at: context.now };
                        tx.consents().put(&person, "guest", &of, &consent).await?;
                        tx.password_links().insert(&person, hash, context.now).await?;
                        Ok(email_change::request(tx, &context, &person, &"away@squatter.example".parse()?).await?)
                    })
                })
                .await;

            let link = (TokenHash::of(link.expose_secret()), None);
            let context = clinic.context();
            let prepared = Prepared { hash: "$x$".into(), by: "reset", keeps: 0 };
            recovery::set_password(&clinic.app, context.clone(), link, prepared, Notices::default()).await.unwrap();

            assert!(!is_active(&clinic, &tokens).await && !is_active(&clinic, &opaque).await);
            for form in [&refresh, &code] {
                assert_eq!(clinic.token("portal", form).await.status, 400, "{form}");
            }
            let mut tx = clinic.app.storage.read().await.unwrap();
            assert!(tx.sessions().of_user(&user).await.unwrap().is_empty());
            let allowed = tx.consents().find(&user, "guest", &at).await.unwrap();
            assert_eq!(allowed.is_some(), is_proved, "what a person allowed whose address was proved stays");
            let after = tx.users().by_id(&user).await.unwrap().unwrap();
            let expected = if is_proved { Timestamp(1) } else { context.now };
            assert_eq!(after.email_verified_at, Some(expected), "the link proves the address");
            drop(tx);
            let away = TokenHash::of(away.expose_secret());
            let moved = clinic
                .app
                .storage
                .write(move |tx| Box::pin(async move { email_change::confirm(tx, &context, away).await }));
            assert!(moved.await.is_err(), "nobody moves the login away any more");
            assert_eq!(clinic.user("priya").await, user);
        }
    }
}
