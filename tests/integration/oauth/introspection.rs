//! Tokens that come back: userinfo (RFC 6750), introspection (RFC 7662), revocation (RFC 7009).

use std::time::Duration;

use axum::http::{StatusCode, header};
use lanyard::{
    app::App,
    audit::Actor,
    directory::{app, assignment, group, membership, organization, user, validity::Validity},
    keys::{Task, jws::key_named, rotation},
    oauth::registrar,
    random::Random,
};
use serde_json::{Value, json};

use super::clinic::{Answer, Clinic, basic, claims, hash, redemption, request};

impl Clinic {
    pub(crate) async fn introspect(&self, caller: &str, token: &Value) -> Value {
        let form = format!("token={}", token.as_str().unwrap());
        let answer = self.post("/oauth2/introspect", &[("authorization", &basic(caller))], &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json()
    }

    async fn revoke(&self, client: &str, token: &Value) -> Answer {
        let form = format!("token={}&token_type_hint=access_token", token.as_str().unwrap());
        self.post("/oauth2/revoke", &[("authorization", &basic(client))], &form).await
    }

    pub(crate) async fn userinfo(&self, token: &Value) -> Answer {
        let bearer = format!("Bearer {}", token.as_str().unwrap());
        self.get("/oauth2/userinfo", &[("authorization", &bearer)]).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_tells_what_the_token_says_whatever_its_form() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for client in ["portal", "opaque"] {
            let tokens = clinic.tokens(&browser, client, "scope=openid+roles").await;
            assert_eq!(tokens["access_token"].as_str().unwrap().contains('.'), client == "portal");
            let told = clinic.introspect("api", &tokens["access_token"]).await;
            assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(client)));
            assert_eq!(
                (&told["scope"], &told["roles"]),
                (&json!("openid roles"), &json!(["practitioner", "supervisor"]))
            );
            assert_eq!(told["sub"], clinic.user("priya").await.as_str());
            clinic.app.clock.advance(Duration::from_secs(301));
            assert_eq!(clinic.introspect("api", &tokens["access_token"]).await, json!({"active": false}));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_caller_that_the_token_is_meant_for_learns_of_it() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let own = clinic.tokens(&browser, "portal", "").await;
        let meant = clinic.tokens(&browser, "portal", "resource=https://api.example").await;
        for (caller, tokens, learns) in [
            ("api", &own, true),
            ("audience", &own, false),
            ("audience", &meant, true),
            ("own", &own, false),
            ("portal", &own, false),
        ] {
            let told = clinic.introspect(caller, &tokens["access_token"]).await;
            assert_eq!(told["active"], learns, "{caller}");
            assert!(learns || told == json!({"active": false}), "{caller}");
        }
        // An ID token is no access token; a refresh token is told of to its holder alone.
        assert_eq!(clinic.introspect("api", &own["id_token"]).await["active"], false);
        assert_eq!(clinic.introspect("api", &own["refresh_token"]).await["active"], false);
        assert_eq!(clinic.introspect("portal", &own["refresh_token"]).await["active"], true);
        assert_eq!(clinic.introspect("api", &json!("nonsense")).await, json!({"active": false}));
        let anonymous = clinic.post("/oauth2/introspect", &[], "client_id=browser&token=x").await;
        assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
        let nothing = clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], "").await;
        assert_eq!(nothing.json()["error"], "invalid_request");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_gone_at_once() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for client in ["portal", "opaque"] {
            for given_back in ["access_token", "refresh_token"] {
                let tokens = clinic.tokens(&browser, client, "").await;
                let others = clinic.revoke("own", &tokens[given_back]).await;
                assert_eq!(others.status, StatusCode::OK);
                assert_eq!(clinic.introspect("api", &tokens["access_token"]).await["active"], true, "another's stays");
                assert_eq!(clinic.revoke(client, &tokens[given_back]).await.status, StatusCode::OK);
                assert_eq!(clinic.introspect("api", &tokens["access_token"]).await["active"], false, "{given_back}");
                assert_eq!(clinic.userinfo(&tokens["access_token"]).await.status, StatusCode::UNAUTHORIZED);
                assert_eq!(clinic.revoke(client, &tokens[given_back]).await.status, StatusCode::OK, "twice");
                assert!(hash(&tokens["access_token"]) != hash(&tokens["refresh_token"]));
            }
        }
        assert_eq!(clinic.recorded("token-revocation").await, 4);
        let unknown = clinic.revoke("portal", &json!("nonsense")).await;
        assert_eq!(unknown.status, StatusCode::OK);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_into_a_token_is_told_when_asked() {
    for clinic in Clinic::each().await {
        let (context, at) = (clinic.context(), clinic.organization("riverside").await);
        let user = clinic.user("priya").await;
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let member = tx.memberships().active(&user, &at, context.now).await?.unwrap();
                    for n in 0..100 {
                        let made =
                            group::create(tx, &context, &at, &format!("team-{n}").parse()?, &"Team".parse()?).await?;
                        group::add_member(tx, &context, &at, &made.id, &member.id).await?;
                    }
                    Ok(())
                })
            })
            .await;
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "scope=openid+groups").await;
        for token in [&tokens["access_token"], &tokens["id_token"]] {
            let claims = claims(token);
            assert_eq!((claims.get("groups"), &claims["overflow"]), (None, &json!(["groups"])));
            // OpenID Connect Core 1.0 §5.6.2.
            let source = claims["_claim_names"]["groups"].as_str().unwrap();
            let place = format!("{}/oauth2/userinfo", super::clinic::ISSUER);
            assert_eq!(claims["_claim_sources"][source], json!({"endpoint": place}));
        }
        let told = clinic.introspect("api", &tokens["access_token"]).await;
        let asked = clinic.userinfo(&tokens["access_token"]).await.json();
        for whole in [told, asked] {
            assert_eq!((whole["groups"].as_array().unwrap().len(), whole.get("overflow")), (101, None));
            assert_eq!(whole.get("_claim_names"), None);
        }
        let opaque = clinic.tokens(&browser, "opaque", "scope=openid+groups").await;
        assert_eq!(clinic.introspect("api", &opaque["access_token"]).await["groups"].as_array().unwrap().len(), 101);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_ends_access_ends_it_at_once() {
    for clinic in Clinic::each().await {
        let context = clinic.context();
        for case in ["client", "person", "organization"] {
            let browser = clinic.browser("priya").await;
            let tokens = clinic.tokens(&browser, "portal", "").await;
            assert_eq!(clinic.introspect("api", &tokens["access_token"]).await["active"], true, "{case}");
            let (context, user, at) =
                (context.clone(), clinic.user("priya").await, clinic.organization("riverside").await);
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        match case {
                            "client" => {
                                registrar::disable(tx, &context, "portal").await?;
                                registrar::enable(tx, &context, "portal").await?;
                            }
                            "person" => {
                                user::disable(tx, &context, &user).await?;
                                user::enable(tx, &context, &user).await?;
                            }
                            _ => organization::disable(tx, &context, &at).await.map(|_| ())?,
                        }
                        Ok(())
                    })
                })
                .await;
            assert_eq!(clinic.introspect("api", &tokens["access_token"]).await["active"], false, "{case}");
            assert_eq!(clinic.userinfo(&tokens["access_token"]).await.status, StatusCode::UNAUTHORIZED, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disabled_organization_ends_its_tokens_for_good_and_nobody_elses() {
    for clinic in Clinic::each().await {
        let (priya, olivia) = (clinic.browser("priya").await, clinic.browser("olivia").await);
        let mut ended = vec![];
        for client in ["portal", "opaque"] {
            ended.push((client, clinic.tokens(&priya, client, "scope=openid+offline_access").await));
            ended.push((client, clinic.tokens(&olivia, client, "organization=riverside").await));
        }
        let kept = clinic.tokens(&olivia, "portal", "organization=harbour&scope=openid+offline_access").await;
        let code = clinic.code(&priya, "portal", "").await;
        let at = clinic.organization("riverside").await;
        let context = clinic.context();
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    organization::disable(tx, &context, &at).await?;
                    organization::enable(tx, &context, &at).await?;
                    Ok(())
                })
            })
            .await;
        for (client, tokens) in &ended {
            assert_eq!(clinic.introspect("api", &tokens["access_token"]).await["active"], false, "{client}");
            let refresh =
                format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
            assert_eq!(clinic.token(client, &refresh).await.json()["error"], "invalid_grant", "{client}");
        }
        assert_eq!(clinic.token("portal", &redemption(&code)).await.json()["error"], "invalid_grant");
        assert_eq!(clinic.introspect("api", &kept["access_token"]).await["active"], true);
        // Olivia goes on in the other practice, and in this one with a new `sid`; Priya signs in anew.
        let again = clinic.tokens(&olivia, "portal", "prompt=none&organization=riverside").await;
        assert_ne!(claims(&again["access_token"])["sid"], claims(&ended[1].1["access_token"])["sid"]);
        let silent = clinic.authorize(&priya, &request("portal", "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_tells_what_the_scope_asks_for() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for client in ["portal", "opaque"] {
            let tokens = clinic.tokens(&browser, client, "scope=openid+email+groups").await;
            let told = clinic.userinfo(&tokens["access_token"]).await;
            assert_eq!(told.status, StatusCode::OK, "{}", told.body);
            let expected = json!({
                "sub": clinic.user("priya").await.as_str(),
                "email": "priya@clinic.example",
                "email_verified": true,
                "groups": ["gps"],
            });
            assert_eq!(told.json(), expected);
            let form = format!("access_token={}", tokens["access_token"].as_str().unwrap());
            assert_eq!(clinic.post("/oauth2/userinfo", &[], &form).await.json(), expected);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn userinfo_refuses_as_rfc_6750_says() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "scope=openid").await;
        let service = clinic.token("service", "grant_type=client_credentials").await.json();
        let header = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        for (case, answer, status, challenge) in [
            ("nothing", clinic.get("/oauth2/userinfo", &[]).await, 401, "Bearer realm=\"lanyard\""),
            ("nonsense", clinic.userinfo(&json!("x")).await, 401, "error=\"invalid_token\""),
            ("an ID token", clinic.userinfo(&tokens["id_token"]).await, 401, "error=\"invalid_token\""),
            ("a service", clinic.userinfo(&service["access_token"]).await, 403, "error=\"insufficient_scope\""),
            (
                "both ways",
                clinic.post("/oauth2/userinfo", &[("authorization", &header)], "access_token=x").await,
                400,
                "",
            ),
        ] {
            assert_eq!(answer.status.as_u16(), status, "{case}: {}", answer.body);
            assert!(answer.header(header::WWW_AUTHENTICATE).contains(challenge), "{case}");
        }
    }
}

/// Between the moment at which the database knows of a revocation and the one at which this node has dropped the key, a
/// token still verifies; what was kept of it then must not outlive the key.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_a_revoked_key_is_not_accepted_from_memory() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let token = clinic.tokens(&browser, "portal", "").await["access_token"].clone();
        let (app, kid) = (clinic.app.clone(), key_named(token.as_str().unwrap()).unwrap());
        let (policy, now) = (app.keyring.policy(), app.clock.now());
        let prepared = rotation::prepare(&app.storage, &app.sealer, policy, Task::Revoke(kid), now).await.unwrap();
        clinic
            .write(move |tx| Box::pin(async move { Ok(rotation::carry_out(tx, &prepared).await.map(|_| ())?) }))
            .await;
        assert_eq!(clinic.introspect("api", &token).await["active"], true, "this node has not looked yet");
        app.keyring.refresh(&app.storage, &app.sealer).await.unwrap();
        assert_eq!(clinic.introspect("api", &token).await, json!({"active": false}));
        assert_eq!(clinic.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_another_node_revokes_ends_its_tokens_at_the_next_look() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let token = clinic.tokens(&browser, "portal", "").await["access_token"].clone();
        assert_eq!(clinic.introspect("api", &token).await["active"], true);
        let app = &clinic.app;
        let second = App::attach(app.config.clone(), app.clock.clone(), Random::system()).await.unwrap();
        second.start_keys().await.unwrap();
        second.change_keys(Task::Revoke(key_named(token.as_str().unwrap()).unwrap()), Actor::Server).await.unwrap();
        app.storage.refresh_revisions().await.unwrap();
        app.keyring.refresh(&app.storage, &app.sealer).await.unwrap();
        assert_eq!(clinic.introspect("api", &token).await, json!({"active": false}));
        assert_eq!(clinic.userinfo(&token).await.status, StatusCode::UNAUTHORIZED);
        second.storage.close().await;
    }
}

/// What a token rests on can be over before it expires: by the calendar, and by an organization that stops using the app.
#[tokio::test(flavor = "multi_thread")]
async fn a_token_counts_no_longer_than_the_membership_and_the_app_that_it_rests_on() {
    for clinic in Clinic::each().await {
        for case in ["membership", "app"] {
            let browser = clinic.browser("priya").await;
            let tokens = clinic.tokens(&browser, "portal", "scope=openid+offline_access").await;
            let (context, user, at) =
                (clinic.context(), clinic.user("priya").await, clinic.organization("riverside").await);
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let soon = Validity::new(None, Some(context.now.plus(Duration::from_secs(60)))).unwrap();
                        let member = tx.memberships().of(&at, &user).await?.unwrap();
                        match case {
                            "membership" => {
                                membership::update(tx, &context, &at, &member.id, (None, Some(soon)))
                                    .await
                                    .map(|_| ())?;
                            }
                            _ => app::deactivate(tx, &context, &at, "portal").await?,
                        }
                        Ok(())
                    })
                })
                .await;
            if case == "membership" {
                assert_eq!(clinic.introspect("api", &tokens["access_token"]).await["active"], true);
                clinic.app.clock.advance(Duration::from_secs(60));
            }
            assert_eq!(clinic.introspect("api", &tokens["access_token"]).await, json!({"active": false}), "{case}");
            assert_eq!(clinic.introspect("portal", &tokens["refresh_token"]).await, json!({"active": false}), "{case}");
            assert_eq!(clinic.userinfo(&tokens["access_token"]).await.status, StatusCode::UNAUTHORIZED, "{case}");
            let (context, user, at) =
                (clinic.context(), clinic.user("priya").await, clinic.organization("riverside").await);
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let member = tx.memberships().of(&at, &user).await?.unwrap();
                        membership::update(tx, &context, &at, &member.id, (None, Some(Validity::ALWAYS))).await?;
                        Ok(())
                    })
                })
                .await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn introspection_tells_of_no_role_that_was_taken_since() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        for client in ["portal", "opaque"] {
            let tokens = clinic.tokens(&browser, client, "scope=openid+roles").await;
            let before = clinic.introspect("api", &tokens["access_token"]).await["roles"].clone();
            assert_eq!(before.as_array().unwrap().len(), if client == "portal" { 2 } else { 1 });
            let (context, user, at) =
                (clinic.context(), clinic.user("priya").await, clinic.organization("riverside").await);
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let member = tx.memberships().of(&at, &user).await?.unwrap();
                        let held = tx.assignments().of_member(&at, &member.id).await?;
                        assignment::end(tx, &context, &at, &held[0].assignment.id).await?;
                        Ok(())
                    })
                })
                .await;
            let after = clinic.introspect("api", &tokens["access_token"]).await["roles"].clone();
            assert_eq!(after.as_array().unwrap().len() + 1, before.as_array().unwrap().len(), "{client}: {after}");
        }
    }
}
