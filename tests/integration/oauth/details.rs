//! What is asked for beyond scopes: rich authorization requests (RFC 9396), single claims (OpenID Connect Core 1.0 §5.5),
//! resources (RFC 8707).

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{
    authorization::submit,
    clinic::{Answer, Clinic, basic, claims, redemption, request},
};

fn encode(value: &Value) -> String {
    form_urlencoded::byte_serialize(value.to_string().as_bytes()).collect()
}

fn error(answer: &Answer) -> Option<String> {
    answer.parameter("error")
}

fn schemas() -> Value {
    let schema = json!({
        "title": "Read a patient's record",
        "type": "object",
        "required": ["actions", "patient"],
        "properties": {
            "type": {"type": "string"},
            "actions": {"title": "May", "type": "array", "items": {"enum": ["read", "write"]}, "minItems": 1},
            "patient": {"title": "Patient", "type": "string", "maxLength": 40},
        },
        "additionalProperties": false,
    });
    json!({"authorization_details_types": ["record"], "authorization_details_schemas": {"record": schema}})
}

fn record(actions: &[&str]) -> Value {
    json!({"type": "record", "actions": actions, "patient": "Ann <1970>"})
}

fn asking(details: &Value) -> String {
    format!("authorization_details={}", encode(details))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_in_detail_is_allowed_by_the_person_and_told_to_the_api() {
    for clinic in Clinic::each().await {
        for client in ["portal", "opaque"] {
            clinic.set(client, schemas()).await;
            let browser = clinic.browser("priya").await;
            let details = json!([record(&["read", "write"])]);
            let silent =
                clinic.authorize(&browser, &request(client, &format!("prompt=none&{}", asking(&details)))).await;
            assert_eq!(error(&silent).as_deref(), Some("consent_required"), "the clinic's own app too");
            let page = clinic.authorize(&browser, &request(client, &asking(&details))).await;
            for words in ["Read a patient&#39;s record", "Patient", "Ann &#60;1970&#62;", "May", "read, write"] {
                assert!(page.body.contains(words), "{words}: {}", page.body);
            }
            let allowed = submit(&clinic, &browser, &page, "decision=allow").await;
            let done = clinic.get(allowed.location(), &[("cookie", &browser)]).await;
            let tokens = clinic.token(client, &redemption(&done.parameter("code").unwrap())).await.json();
            assert_eq!(tokens["authorization_details"], details);
            if client == "portal" {
                assert_eq!(claims(&tokens["access_token"])["authorization_details"], details);
            }
            let token = tokens["access_token"].as_str().unwrap();
            let (api, form) = (basic("api"), format!("token={token}"));
            let told = clinic.post("/oauth2/introspect", &[("authorization", &api)], &form).await;
            assert_eq!(told.json()["authorization_details"], details);
            // The same, or less, is not asked for again; another patient is.
            let again = format!("prompt=none&{}", asking(&json!([record(&["read"])])));
            clinic.tokens(&browser, client, &again).await;
            let other = json!([{"type": "record", "actions": ["read"], "patient": "Bob"}]);
            let more = clinic.authorize(&browser, &request(client, &format!("prompt=none&{}", asking(&other)))).await;
            assert_eq!(error(&more).as_deref(), Some("consent_required"));
        }
    }
}

/// The answer after the person allowed what `more` asks for.
async fn allowed(clinic: &Clinic, browser: &str, client: &str, more: &str) -> Value {
    let page = clinic.authorize(browser, &request(client, more)).await;
    let allowed = clinic.submit(browser, &page, "decision=allow").await;
    let done = clinic.get(allowed.location(), &[("cookie", browser)]).await;
    clinic.token(client, &redemption(&done.parameter("code").unwrap())).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_takes_along_only_what_was_allowed_in_the_other_organization() {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    for clinic in Clinic::each().await {
        let browser = clinic.browser("olivia").await;
        let grants = json!({"grant_types": ["authorization_code", "refresh_token", GRANT]});
        for client in ["portal", "guest"] {
            clinic.set(client, grants.clone()).await;
            clinic.set(client, schemas()).await;
        }
        let details = asking(&json!([record(&["read", "write"])]));
        let claim = format!("claims={}", encode(&json!({"userinfo": {"email": null}})));
        for (client, asked, first) in
            [("portal", &details, ""), ("guest", &details, "scope=openid"), ("guest", &claim, "")]
        {
            let tokens = allowed(&clinic, &browser, client, &format!("organization=riverside&{asked}")).await;
            if !first.is_empty() {
                allowed(&clinic, &browser, client, &format!("prompt=consent&organization=harbour&{first}")).await;
            }
            let form = format!(
                "grant_type={GRANT}&subject_token={}&organization=harbour\
                 &subject_token_type=urn:ietf:params:oauth:token-type:access_token",
                tokens["access_token"].as_str().unwrap()
            );
            let refused = clinic.token(client, &form).await;
            assert_eq!(refused.json()["error"], "consent_required", "{client} {asked}: {}", refused.body);
            allowed(&clinic, &browser, client, &format!("organization=harbour&{asked}")).await;
            let switched = clinic.token(client, &form).await;
            assert_eq!(switched.status, StatusCode::OK, "{client} {asked}: {}", switched.body);
            assert_eq!(switched.json()["authorization_details"], tokens["authorization_details"]);
            // Less than the consent there stays less.
            if asked == &details {
                let less = format!("{form}&{}", asking(&json!([record(&["read"])])));
                let less = clinic.token(client, &less).await.json();
                assert_eq!(less["authorization_details"], json!([record(&["read"])]), "{less}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_switch_brings_no_claim_back_that_a_narrower_token_has_lost() {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    const TYPE: &str = "urn:ietf:params:oauth:token-type:access_token";
    for clinic in Clinic::each().await {
        let browser = clinic.browser("olivia").await;
        clinic.set("portal", json!({"grant_types": ["authorization_code", "refresh_token", GRANT]})).await;
        let claim = format!("claims={}", encode(&json!({"userinfo": {"email": null}})));
        let more = format!("organization=riverside&scope=openid+roles+offline_access&{claim}");
        let tokens = clinic.tokens(&browser, "portal", &more).await;
        let exchanged = async |token: &Value, more: &str| {
            let token = token["access_token"].as_str().unwrap();
            let form = format!("grant_type={GRANT}&subject_token={token}&subject_token_type={TYPE}&{more}");
            clinic.token("portal", &form).await.json()
        };
        let narrow = exchanged(&tokens, "scope=openid").await;
        for (case, token, more, expected) in [
            ("whole", &tokens, "organization=harbour", json!("olivia@clinic.example")),
            ("narrowed before", &narrow, "organization=harbour", Value::Null),
            ("narrowed on the way", &tokens, "organization=harbour&scope=openid", Value::Null),
        ] {
            let there = exchanged(token, more).await;
            let bearer = format!("Bearer {}", there["access_token"].as_str().unwrap());
            let userinfo = clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await.json();
            assert_eq!((&userinfo["email"], userinfo.get("sub").is_some()), (&expected, true), "{case}: {userinfo}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_request_narrows_details_and_never_widens_them() {
    for clinic in Clinic::each().await {
        clinic.set("portal", schemas()).await;
        let browser = clinic.browser("priya").await;
        let granted = json!([record(&["read", "write"])]);
        let page = clinic.authorize(&browser, &request("portal", &asking(&granted))).await;
        submit(&clinic, &browser, &page, "decision=allow").await;
        let all = format!("{}&scope=openid+offline_access", asking(&granted));
        let (code, less) = (clinic.code(&browser, "portal", &all).await, json!([record(&["read"])]));
        for asked in [json!([record(&["read", "delete"])]), json!([{"type": "other"}]), json!({}), json!([])] {
            let wider = clinic.token("portal", &format!("{}&{}", redemption(&code), asking(&asked))).await;
            assert_eq!(
                (wider.status, &wider.json()["error"]),
                (StatusCode::BAD_REQUEST, &json!("invalid_authorization_details"))
            );
        }
        let tokens = clinic.token("portal", &format!("{}&{}", redemption(&code), asking(&less))).await.json();
        assert_eq!(
            (&tokens["authorization_details"], &claims(&tokens["access_token"])["authorization_details"]),
            (&less, &less)
        );
        let refresh = |token: &Value, more: &str| {
            format!("grant_type=refresh_token&refresh_token={}{more}", token.as_str().unwrap())
        };
        let whole = clinic.token("portal", &refresh(&tokens["refresh_token"], "")).await.json();
        assert_eq!(claims(&whole["access_token"])["authorization_details"], granted);
        let narrowed = format!("&{}", asking(&less));
        let narrow = clinic.token("portal", &refresh(&whole["refresh_token"], &narrowed)).await.json();
        assert_eq!(claims(&narrow["access_token"])["authorization_details"], less);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_details_are_refused_wherever_they_are_sent() {
    for clinic in Clinic::each().await {
        clinic.set("portal", schemas()).await;
        clinic.set("service", schemas()).await;
        let browser = clinic.browser("priya").await;
        for (case, details) in [
            ("no JSON", "[".to_owned()),
            ("no list", "{}".into()),
            ("no type", "[{}]".into()),
            ("another type", r#"[{"type":"payment"}]"#.into()),
            ("against the schema", r#"[{"type":"record","actions":[],"patient":"a"}]"#.into()),
            ("deep", format!("[{}]", "[".repeat(4000))),
            ("long", format!(r#"[{{"type":"record","patient":"{}"}}]"#, "x".repeat(5000))),
        ] {
            let details: String = form_urlencoded::byte_serialize(details.as_bytes()).collect();
            let query = format!("authorization_details={details}");
            let answer = clinic.authorize(&browser, &request("portal", &query)).await;
            assert_eq!(error(&answer).as_deref(), Some("invalid_authorization_details"), "{case}");
            let pushed = clinic.push("portal", &request("portal", &query)).await;
            assert_eq!(pushed.json()["error"], "invalid_authorization_details", "{case}");
            let token = clinic.token("service", &format!("grant_type=client_credentials&{query}")).await;
            assert_eq!(token.json()["error"], "invalid_authorization_details", "{case}");
        }
        let undeclared = clinic.authorize(&browser, &request("own", &asking(&json!([record(&["read"])])))).await;
        assert_eq!(error(&undeclared).as_deref(), Some("invalid_authorization_details"));
        let own = json!([record(&["write"])]);
        let token = clinic.token("service", &format!("grant_type=client_credentials&{}", asking(&own))).await.json();
        assert_eq!(
            (&token["authorization_details"], &claims(&token["access_token"])["authorization_details"]),
            (&own, &own)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_learns_the_types_of_apps_for_all_and_nobody_those_of_one_practice() {
    for clinic in Clinic::each().await {
        let metadata = async || clinic.get("/.well-known/oauth-authorization-server", &[]).await.json();
        assert_eq!(metadata().await.get("authorization_details_types_supported"), None);
        clinic.set("own", schemas()).await;
        assert_eq!(metadata().await.get("authorization_details_types_supported"), None);
        clinic.set("portal", schemas()).await;
        assert_eq!(metadata().await["authorization_details_types_supported"], json!(["record"]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn single_claims_are_told_where_they_were_asked_for() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let wish = json!({"id_token": {"email": {"essential": true}, "groups": null}, "userinfo": {"roles": null}});
        let asked = format!("claims={}&scope=openid+offline_access", encode(&wish));
        let tokens = clinic.tokens(&browser, "portal", &asked).await;
        let check = |tokens: &Value| {
            let id_token = claims(&tokens["id_token"]);
            assert_eq!(id_token["email"], "priya@clinic.example");
            assert_eq!((id_token.get("email_verified"), id_token.get("roles")), (None, None));
            assert_eq!(id_token["groups"], json!(["gps"]));
        };
        check(&tokens);
        let token = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let userinfo = clinic.get("/oauth2/userinfo", &[("authorization", &token)]).await.json();
        assert_eq!((userinfo.get("email"), userinfo.get("groups")), (None, None));
        assert_eq!(userinfo["roles"], json!(["practitioner", "supervisor"]));
        let refresh = format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
        check(&clinic.token("portal", &refresh).await.json());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_of_another_companys_app_needs_the_persons_word_as_its_scope_does() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let page = clinic.authorize(&browser, &request("guest", "")).await;
        submit(&clinic, &browser, &page, "decision=allow").await;
        clinic.tokens(&browser, "guest", "prompt=none").await;
        let wish = format!("prompt=none&claims={}", encode(&json!({"userinfo": {"email": null}})));
        let silent = clinic.authorize(&browser, &request("guest", &wish)).await;
        assert_eq!(error(&silent).as_deref(), Some("consent_required"));
        let page = clinic.authorize(&browser, &request("guest", &wish.replace("prompt=none&", ""))).await;
        submit(&clinic, &browser, &page, "decision=allow").await;
        assert!(clinic.authorize(&browser, &request("guest", &wish)).await.parameter("code").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_expect_a_person_and_a_way_to_sign_in() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let (priya, olivia) = (clinic.user("priya").await, clinic.user("olivia").await);
        let sub = |id: &str| json!({"id_token": {"sub": {"value": id}}});
        for (case, wish, expected) in [
            ("her", sub(priya.as_str()), None),
            ("somebody else", sub(olivia.as_str()), Some("login_required")),
            ("nobody", sub("x"), Some("login_required")),
            ("two", json!({"id_token": {"sub": {"values": ["a", "b"]}}}), Some("invalid_request")),
            ("no object", json!([]), Some("invalid_request")),
            (
                "a way that nobody has",
                json!({"id_token": {"acr": {"essential": true, "values": ["urn:other"]}}}),
                Some("unmet_authentication_requirements"),
            ),
            (
                "the way that there is",
                json!({"id_token": {"acr": {"essential": true, "values": ["urn:lanyard:acr:password"]}}}),
                None,
            ),
            ("a wish", json!({"id_token": {"acr": {"values": ["urn:other"]}}}), None),
        ] {
            let query = request("portal", &format!("prompt=none&claims={}", encode(&wish)));
            let answer = clinic.authorize(&browser, &query).await;
            assert_eq!(error(&answer).as_deref(), expected, "{case}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_for_the_resources_that_were_asked_for_or_some_of_them() {
    for clinic in Clinic::each().await {
        clinic
            .set("portal", json!({"resources": ["https://a.example", "https://b.example", "https://c.example"]}))
            .await;
        let browser = clinic.browser("priya").await;
        let asked = "scope=openid+offline_access&resource=https://a.example&resource=https://b.example";
        let aud = |answer: &Value| claims(&answer["access_token"])["aud"].clone();
        let both = clinic.tokens(&browser, "portal", asked).await;
        assert_eq!(aud(&both), json!(["https://a.example", "https://b.example"]));
        let code = clinic.code(&browser, "portal", asked).await;
        let other = clinic.token("portal", &format!("{}&resource=https://c.example", redemption(&code))).await;
        assert_eq!(other.json()["error"], "invalid_target");
        let one = clinic.token("portal", &format!("{}&resource=https://a.example", redemption(&code))).await.json();
        assert_eq!(aud(&one), "https://a.example");
        let refresh = |token: &Value, more: &str| {
            format!("grant_type=refresh_token&refresh_token={}{more}", token.as_str().unwrap())
        };
        let refused = clinic.token("portal", &refresh(&one["refresh_token"], "&resource=https://c.example")).await;
        assert_eq!(refused.json()["error"], "invalid_target");
        let other = clinic.token("portal", &refresh(&one["refresh_token"], "&resource=https://b.example")).await.json();
        assert_eq!(aud(&other), "https://b.example");
        let all = clinic.token("portal", &refresh(&other["refresh_token"], "")).await.json();
        assert_eq!(aud(&all), json!(["https://a.example", "https://b.example"]));
        for bad in ["https://x.example", "https://a.example/", "https://a.example%23f", "a", "%00"] {
            let answer = clinic.authorize(&browser, &request("portal", &format!("resource={bad}"))).await;
            let refused = error(&answer).is_some_and(|error| error == "invalid_target");
            assert!(refused || answer.status == StatusCode::BAD_REQUEST, "{bad}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_that_exchanges_a_token_takes_along_details_of_its_own_types_alone() {
    const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
    for clinic in Clinic::each().await {
        clinic.set("portal", schemas()).await;
        clinic.set("audience", json!({"grant_types": [GRANT]})).await;
        let browser = clinic.browser("priya").await;
        let details = json!([record(&["read"])]);
        let tokens =
            allowed(&clinic, &browser, "portal", &format!("resource=https://api.example&{}", asking(&details))).await;
        let form = format!(
            "grant_type={GRANT}&subject_token={}&subject_token_type=urn:ietf:params:oauth:token-type:access_token",
            tokens["access_token"].as_str().unwrap()
        );
        let told = clinic.token("audience", &form).await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.body);
        assert_eq!(told.json().get("authorization_details"), None, "{}", told.body);
        clinic.set("audience", schemas()).await;
        assert_eq!(clinic.token("audience", &form).await.json()["authorization_details"], details);
    }
}
