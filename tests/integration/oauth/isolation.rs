//! Tenants are apart at every endpoint: what belongs to another organization answers as what does not exist, also for
//! Olivia, who works in two.

use axum::http::StatusCode;
use lanyard::{
    directory::{
        app::{self, Adopt, Requires},
        group, organization,
    },
    oauth::{
        client::{AuthenticationMethod, GrantType, Introspects},
        registrar,
        registration::Registration,
    },
};
use serde_json::Value;

use super::clinic::{Answer, Clinic, REDIRECT, SECRET, basic, claims, redemption, request};

impl Clinic {
    /// A third practice in which nobody of ours works, and apps that Harbour owns: one for people, one that may
    /// introspect, and a service.
    async fn with_neighbours() -> Vec<Self> {
        let clinics = Self::each().await;
        for clinic in &clinics {
            let (context, harbour) = (clinic.context(), clinic.organization("harbour").await);
            clinic
                .write(move |tx| {
                    Box::pin(async move {
                        let third = organization::create(tx, &context, &"third".parse()?, &"Third".parse()?).await?;
                        let open = (Adopt::All, Requires::default());
                        app::activate(tx, &context, &third.id, "portal", (&open.0, &open.1)).await?;
                        let harbours = |id: &str| Registration {
                            organization: Some(harbour.clone()),
                            authentication: AuthenticationMethod::SecretBasic,
                            is_first_party: true,
                            ..Registration::new(id, id)
                        };
                        for registration in [
                            Registration { redirect_uris: vec![REDIRECT.to_owned()], ..harbours("physio") },
                            Registration {
                                introspects: Introspects::All,
                                grant_types: vec![],
                                ..harbours("harbour-api")
                            },
                            Registration { grant_types: vec![GrantType::ClientCredentials], ..harbours("harbour-job") },
                        ] {
                            let client = registrar::register(tx, &context, registration).await?;
                            registrar::put_secret(tx, &context, &client.id, (&SECRET.into(), None)).await?;
                        }
                        let made = group::create(tx, &context, &harbour, &"physios".parse()?, &"P".parse()?).await?;
                        let user = tx.users().by_login_name(&"olivia@clinic.example".parse()?).await?.unwrap();
                        let member = tx.memberships().active(&user.id, &harbour, context.now).await?.unwrap();
                        group::add_member(tx, &context, &harbour, &made.id, &member.id).await?;
                        Ok(())
                    })
                })
                .await;
        }
        clinics
    }
}

/// Status, address and body, without what differs in each answer and without the name that was asked for.
fn told(answer: &Answer, name: &str) -> (u16, String, Vec<String>) {
    let own = |line: &&str| !["req_", "name=\"csrf\"", "return=", "/language/"].iter().any(|part| line.contains(part));
    let body = answer.body.replace(name, "X").lines().filter(own).map(str::to_owned).collect();
    (answer.status.as_u16(), answer.location().replace(name, "X"), body)
}

#[tokio::test(flavor = "multi_thread")]
async fn authorization_tells_no_organization_from_one_that_does_not_exist() {
    for clinic in Clinic::with_neighbours().await {
        let (harbour, third) = (clinic.organization("harbour").await, clinic.organization("third").await);
        for (person, theirs) in [
            ("priya", "harbour"),
            ("priya", harbour.as_str()),
            ("priya", "third"),
            ("olivia", "third"),
            ("olivia", third.as_str()),
            ("nobody", "harbour"),
        ] {
            let nobodys = if theirs.starts_with("org_") { "org_00000000000000000000000000000000" } else { "nowhere" };
            let browser = clinic.browser(person).await;
            for client in ["portal", "own", "guest"] {
                for prompt in ["prompt=none", "prompt=consent", ""] {
                    let ask = |organization: &str| request(client, &format!("{prompt}&organization={organization}"));
                    let one = clinic.authorize(&browser, &ask(theirs)).await;
                    let other = clinic.authorize(&browser, &ask(nobodys)).await;
                    assert_eq!(told(&one, theirs), told(&other, nobodys), "{person} {client} {prompt} {theirs}");
                    let refused =
                        one.location().contains("error=access_denied") || one.body.contains("error=access_denied");
                    assert!(refused, "{person} {client} {prompt} {theirs}: {} {}", one.location(), one.body);
                }
            }
        }
        // Somebody who is not signed in learns nothing before the sign-in.
        for prompt in ["prompt=none", ""] {
            let ask = |organization: &str| request("portal", &format!("{prompt}&organization={organization}"));
            let one = clinic.authorize(&clinic.stranger(), &ask("harbour")).await;
            let other = clinic.authorize(&clinic.stranger(), &ask("nowhere")).await;
            assert_eq!(one.status, other.status, "{prompt}");
            let path = |answer: &Answer| answer.location().split(['?', '=']).next().unwrap().to_owned();
            assert_eq!(path(&one), path(&other), "{prompt}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_other_organization_can_be_chosen_on_the_page() {
    for clinic in Clinic::with_neighbours().await {
        let browser = clinic.browser("olivia").await;
        let page = clinic.authorize(&browser, &request("portal", "")).await;
        assert!(page.body.contains("value=\"harbour\"") && !page.body.contains("third"), "{}", page.body);
        let between =
            |before: &str| page.body.split(before).nth(1).unwrap().split('"').next().unwrap().replace("&#38;", "&");
        let (action, csrf) = (between("method=\"post\" action=\""), between("name=\"csrf\" value=\""));
        let mut answers = vec![];
        for organization in ["third", "nowhere"] {
            let form = format!("csrf={csrf}&organization={organization}");
            let answer = clinic.post(&action, &[("cookie", &browser)], &form).await;
            answers.push(told(&answer, organization));
        }
        assert_eq!((answers[0].0, &answers[0]), (403, &answers[1]));
    }
}

/// What an app of Harbour is told of tokens that an app of Riverside holds.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_another_organizations_app_answer_as_unknown_ones() {
    for clinic in Clinic::with_neighbours().await {
        let browser = clinic.browser("priya").await;
        let code = clinic.code(&browser, "own", "").await;
        let held = clinic.tokens(&browser, "own", "").await;
        let text = |name: &str| held[name].as_str().unwrap().to_owned();
        let (access, refresh) = (text("access_token"), text("refresh_token"));
        for (case, path, caller, form, theirs, nobodys) in [
            ("a code", "/oauth2/token", "physio", redemption("X"), &code, "unknown"),
            (
                "a refresh token",
                "/oauth2/token",
                "physio",
                "grant_type=refresh_token&refresh_token=X".into(),
                &refresh,
                "x",
            ),
            ("introspection", "/oauth2/introspect", "physio", "token=X".into(), &access, "x.y.z"),
            ("introspection", "/oauth2/introspect", "harbour-api", "token=X".into(), &access, "x.y.z"),
            ("introspection", "/oauth2/introspect", "harbour-api", "token=X".into(), &refresh, "x"),
            ("revocation", "/oauth2/revoke", "physio", "token=X".into(), &access, "x.y.z"),
            ("revocation", "/oauth2/revoke", "physio", "token=X".into(), &refresh, "x"),
            ("revocation", "/oauth2/revoke", "harbour-job", "token=X".into(), &refresh, "x"),
        ] {
            let one = clinic.post(path, &[("authorization", &basic(caller))], &form.replace('X', theirs)).await;
            let other = clinic.post(path, &[("authorization", &basic(caller))], &form.replace('X', nobodys)).await;
            assert_eq!((one.status, &one.body), (other.status, &other.body), "{case} by {caller}");
        }
        // All of it is as good as before.
        assert_eq!(clinic.token("own", &redemption(&code)).await.status, StatusCode::OK);
        let told =
            clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &format!("token={access}")).await;
        assert_eq!(told.json()["active"], true);
        let next = clinic.token("own", &format!("grant_type=refresh_token&refresh_token={refresh}")).await;
        assert_eq!(next.status, StatusCode::OK, "{}", next.body);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_a_person_of_two_organizations_name_one_of_them() {
    const EVERYTHING: &str = "scope=openid+profile+email+roles+groups+organization+locations+entitlements";
    for clinic in Clinic::with_neighbours().await {
        let browser = clinic.browser("olivia").await;
        let (riverside, harbour) = (clinic.organization("riverside").await, clinic.organization("harbour").await);
        for (at, own, others) in [
            (
                "harbour",
                ["physios", "practitioner", "pier"],
                [riverside.as_str(), "riverside", "owner", "harbour-quay", "gps"],
            ),
            (
                "riverside",
                ["owner", "main-street", "harbour-quay"],
                [harbour.as_str(), "\"harbour\"", "practitioner", "pier", "physios"],
            ),
        ] {
            let tokens = clinic.tokens(&browser, "portal", &format!("{EVERYTHING}&organization={at}")).await;
            let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
            let introspected = format!("token={}", tokens["access_token"].as_str().unwrap());
            let told: Vec<Value> = vec![
                claims(&tokens["access_token"]),
                claims(&tokens["id_token"]),
                clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await.json(),
                clinic.post("/oauth2/introspect", &[("authorization", &basic("api"))], &introspected).await.json(),
            ];
            for said in told.iter().map(Value::to_string) {
                assert!(own.iter().all(|word| said.contains(word)), "{at}: {own:?} in {said}");
                let leaked: Vec<_> = others.iter().filter(|word| said.contains(**word)).collect();
                assert!(leaked.is_empty(), "{at}: {leaked:?} in {said}");
            }
            let meant = if at == "harbour" { "harbour-api" } else { "physio" };
            let answer = clinic.post("/oauth2/introspect", &[("authorization", &basic(meant))], &introspected).await;
            assert_eq!(answer.json()["active"], at == "harbour", "{at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_name_another_organization() {
    for clinic in Clinic::with_neighbours().await {
        let mut answers = vec![];
        for organization in ["harbour", "nowhere"] {
            let form = format!("grant_type=client_credentials&organization={organization}");
            let answer = clinic.token("service", &form).await;
            let tokens = answer.json();
            let of = tokens.get("access_token").map(|token| claims(token)["org_name"].clone());
            answers.push((answer.status, of, tokens.get("error").cloned()));
        }
        assert_eq!(answers[0], answers[1]);
        assert_ne!(answers[0].1, Some("harbour".into()));
    }
}

/// The page after signing out goes to the address of the app that the hint names, whoever sends it.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_signed_out_by_a_hint_of_another_organization() {
    for clinic in Clinic::with_neighbours().await {
        let (priya, olivia) = (clinic.browser("priya").await, clinic.browser("olivia").await);
        let hint = clinic.tokens(&priya, "own", "").await["id_token"].as_str().unwrap().to_owned();
        let page = clinic.get(&format!("/oauth2/logout?id_token_hint={hint}"), &[("cookie", &olivia)]).await;
        assert!(page.body.contains("action=\"/oauth2/logout/confirm\""), "she is asked: {}", page.body);
        for name in ["riverside", "Riverside", "priya"] {
            assert!(!page.body.contains(name), "{name}: {}", page.body);
        }
        clinic.tokens(&olivia, "portal", "prompt=none&organization=harbour").await;
    }
}
