//! Rules of organizations, as apps, APIs and people meet them.

use std::time::Duration;

use axum::http::header::WWW_AUTHENTICATE;
use lanyard::{
    audit::store::Query,
    authentication::assurance,
    directory::membership,
    id::{FactorId, UserId},
    policy::changing::{self, Care},
    session::EndReason,
    setting::{Setting, SubjectKind},
    storage::sql,
};
use serde_json::Value;

use super::clinic::{Answer, Clinic, basic, claims, request};

impl Clinic {
    /// Riverside sets a rule for the whole organization.
    pub(crate) async fn rule(&self, setting: &str, value: &str) {
        self.rule_for((SubjectKind::Organization, ""), (setting, value)).await;
    }

    pub(crate) async fn rule_for(&self, (kind, id): (SubjectKind, &str), (setting, value): (&str, &str)) {
        let id = id.to_owned();
        let (app, context, at) = (self.app.clone(), self.context(), self.organization("riverside").await);
        let setting: Setting = setting.parse().unwrap();
        let value = setting.kind().parse(value).unwrap();
        self.write(move |tx| {
            Box::pin(async move {
                let id = match kind {
                    SubjectKind::Role => tx.roles().by_slug(&at, &id.parse()?).await?.unwrap().id.to_string(),
                    SubjectKind::Member if !id.starts_with("mem_") => {
                        let user = tx.users().by_login_name(&format!("{id}@clinic.example").parse()?).await?.unwrap();
                        tx.memberships().of(&at, &user.id).await?.unwrap().id.to_string()
                    }
                    _ => id,
                };
                let whom = ((kind, id.as_str()), id.as_str());
                changing::set(tx, (&app, &context), &at, whom, (setting, &value, Care::Forced)).await?;
                Ok(())
            })
        })
        .await;
    }

    /// As if the person had set up a factor.
    pub(super) async fn has(&self, name: &str, kind: &'static str) {
        let (user, context) = (self.user(name).await, self.context());
        self.write(move |tx| {
            Box::pin(async move {
                let insert = "INSERT INTO factors (id, user_id, kind, name, sealed_secret, created_at, confirmed_at) \
                              VALUES ($1, $2, $3, $3, $4, $5, $5)";
                let id = FactorId::fresh(context.now, &context.random);
                let insert = sql(insert).bind(id.as_str().to_owned()).bind(user.as_str().to_owned()).bind(kind);
                insert.bind(vec![0_u8]).bind(context.now.0).execute(tx.connection()).await?;
                Ok(())
            })
        })
        .await;
    }

    /// As if the person had proved a second factor in every browser.
    pub(super) async fn sure(&self, name: &str) {
        let user = self.user(name).await;
        self.write(move |tx| {
            Box::pin(async move {
                let change = sql("UPDATE sessions SET acr = $1 WHERE user_id = $2").bind(assurance::MULTI_FACTOR);
                change.bind(user.as_str().to_owned()).execute(tx.connection()).await?;
                Ok(())
            })
        })
        .await;
    }

    pub(super) async fn refresh(&self, client: &str, tokens: &Value) -> Answer {
        let form = format!("grant_type=refresh_token&refresh_token={}", tokens["refresh_token"].as_str().unwrap());
        self.token(client, &form).await
    }

    pub(super) async fn is_active(&self, token: &Value) -> bool {
        let form = format!("token={}", token.as_str().unwrap());
        let told = self.post("/oauth2/introspect", &[("authorization", &basic("api"))], &form).await.json();
        told["active"] == true
    }

    /// What rules stopped or ended: the action, the setting and for whom the rules are.
    pub(super) async fn told(&self, action: &str) -> Vec<(String, String)> {
        let query = Query { action: Some(action.into()), limit: 100, ..Query::default() };
        let events = self.app.storage.read().await.unwrap().audit().list(query).await.unwrap();
        let detail = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        let told = events.iter().map(|event| detail(&event.detail));
        told.map(|one| [&one["setting"], &one["rules"]].map(|text| text.as_str().unwrap().to_owned()).into()).collect()
    }
}

pub(super) fn pair(setting: &str, rules: &str) -> (String, String) {
    (setting.to_owned(), rules.to_owned())
}

fn minutes(number: u64) -> Duration {
    Duration::from_mins(number)
}

pub(super) const RIVERSIDE: &str = "organization=riverside";

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_by_the_strictest_rule_of_all_memberships() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("olivia").await;
        clinic.rule("session.idle", "10m").await;
        clinic.app.clock.advance(minutes(9));
        let at_harbour = request("portal", "organization=harbour");
        assert!(clinic.authorize(&browser, &at_harbour).await.parameter("code").is_some());
        clinic.app.clock.advance(minutes(10));
        let silent = clinic.authorize(&browser, &format!("{at_harbour}&prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));

        // Who is in no such role is not meant.
        clinic.rule("session.idle", "90d").await;
        clinic.rule_for((SubjectKind::Role, "practitioner"), ("session.absolute", "1h")).await;
        let (olivia, priya) = (clinic.browser("olivia").await, clinic.browser("priya").await);
        clinic.app.clock.advance(minutes(61));
        assert!(clinic.authorize(&olivia, &request("portal", RIVERSIDE)).await.parameter("code").is_some());
        assert!(clinic.authorize(&priya, &request("portal", "")).await.location().starts_with("/login"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_with_the_session_that_rules_allow() {
    for clinic in Clinic::each().await {
        let browser = clinic.browser("priya").await;
        let tokens = clinic.tokens(&browser, "portal", "").await;
        let offline = clinic.tokens(&browser, "portal", "scope=openid+offline_access").await;
        clinic.rule("session.absolute", "20m").await;
        clinic.app.clock.advance(minutes(18));
        let next = clinic.refresh("portal", &tokens).await.json();
        assert_eq!(next["expires_in"], 120, "no token lives beyond the session");
        assert!(clinic.is_active(&next["access_token"]).await);
        clinic.app.clock.advance(minutes(2));
        assert!(!clinic.is_active(&next["access_token"]).await);
        let refused = clinic.refresh("portal", &next).await;
        assert_eq!((refused.status.as_u16(), refused.json()["error"].clone()), (400, "invalid_grant".into()));
        assert_eq!(clinic.told("policy-refusal").await, [pair("session.absolute", "organization riverside")]);
        let offline = clinic.refresh("portal", &offline).await.json();
        assert!(offline["access_token"].is_string(), "offline_access outlives the session: {offline}");
        clinic.rule("token.refresh", "20m").await;
        assert_eq!(clinic.refresh("portal", &offline).await.json()["error"], "invalid_grant");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_does_not_refresh_is_idle() {
    for clinic in Clinic::each().await {
        clinic.rule_for((SubjectKind::Client, "portal"), ("session.idle", "6m")).await;
        let browser = clinic.browser("priya").await;
        let [portal, other] =
            [clinic.tokens(&browser, "portal", "").await, clinic.tokens(&browser, "opaque", "").await];
        assert_eq!(
            [&portal["expires_in"], &other["expires_in"]],
            [180, 300],
            "half the idle time, so that apps come before"
        );
        clinic.app.clock.advance(minutes(5));
        let portal = clinic.refresh("portal", &portal).await.json();
        clinic.app.clock.advance(minutes(6));
        assert_eq!(clinic.refresh("portal", &portal).await.json()["error"], "invalid_grant");
        assert!(clinic.refresh("opaque", &other).await.json()["access_token"].is_string());
        assert_eq!(clinic.told("policy-refusal").await.len(), 0, "the token had expired by then");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_that_wants_a_second_factor_gets_no_token_by_a_password_from_that_day_on() {
    for clinic in Clinic::each().await {
        let priya = clinic.browser("priya").await;
        let day = clinic.app.clock.now().plus(minutes(3)).to_string();
        clinic
            .rule_for((SubjectKind::Client, "portal"), ("factor.required", &format!("multi-factor from {day}")))
            .await;
        let tokens = clinic.tokens(&priya, "portal", "").await;
        assert_eq!(tokens["expires_in"], 180, "not beyond that day");
        let offline = clinic.tokens(&priya, "portal", "scope=openid+offline_access").await;
        clinic.app.clock.advance(minutes(2));
        let tokens = clinic.refresh("portal", &tokens).await.json();
        assert!(clinic.is_active(&tokens["access_token"]).await);
        clinic.app.clock.advance(minutes(1));
        assert!(!clinic.is_active(&tokens["access_token"]).await);
        for tokens in [&tokens, &offline] {
            assert_eq!(clinic.refresh("portal", tokens).await.json()["error"], "invalid_grant");
        }
        let told = clinic.told("policy-refusal").await;
        assert_eq!(told, vec![pair("factor.required", "client portal"); 2]);

        let answer = clinic.authorize(&priya, &request("portal", "")).await;
        let asked = answer.location();
        assert!(asked.starts_with("/account/enrolment?return=") && asked.contains("acr_values=urn"), "{asked}");
        let silent = clinic.authorize(&priya, &request("portal", "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("interaction_required"));
        assert!(clinic.authorize(&priya, &request("opaque", "")).await.parameter("code").is_some(), "another app");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_signed_in_by_a_password_is_signed_out_where_more_is_wanted() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        let priya = clinic.browser("priya").await;
        let tokens = clinic.tokens(&priya, "portal", "").await;
        let userinfo = async |tokens: &Value| {
            let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
            clinic.get("/oauth2/userinfo", &[("authorization", &bearer)]).await
        };
        assert_eq!(userinfo(&tokens).await.status, 200);
        clinic.rule("factor.required", "multi-factor").await;
        let refused = userinfo(&tokens).await;
        let challenge = refused.headers[WWW_AUTHENTICATE].to_str().unwrap().to_owned();
        assert_eq!(refused.status, 401);
        assert!(
            challenge.contains("insufficient_user_authentication")
                && challenge.contains("acr_values=\"urn:lanyard:acr:multi-factor\""),
            "{challenge}"
        );
        clinic
            .working(async {
                while clinic.recorded("policy-sign-out").await == 0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
            .await;
        assert_eq!(clinic.told("policy-sign-out").await, [pair("factor.required", "organization riverside")]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_come_for_as_long_as_rules_say_is_suspended() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        clinic.rule("inactivity.suspend", "14d").await;
        clinic.rule_for((SubjectKind::Role, "practitioner"), ("inactivity.suspend", "10d")).await;
        let days = |number: u64| Duration::from_hours(24 * number);
        let suspended = async |number: usize| {
            let done = async {
                while clinic.recorded("policy-suspension").await < number {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            };
            clinic.working(done).await;
            clinic.told("policy-suspension").await.into_iter().map(|(_, rules)| rules).collect::<Vec<_>>()
        };
        clinic.app.clock.advance(days(5));
        clinic.tokens(&clinic.browser("priya").await, "portal", RIVERSIDE).await;
        clinic.app.clock.advance(days(9));
        assert_eq!(suspended(1).await, ["organization riverside"], "Sam, who never came");
        clinic.app.clock.advance(days(1));
        assert_eq!(suspended(2).await.len(), 2, "Priya, who came once");
        for (who, is_in) in [("priya", false), ("sam", false), ("olivia", true)] {
            let answer = clinic.authorize(&clinic.browser(who).await, &request("portal", RIVERSIDE)).await;
            assert_eq!(answer.parameter("code").is_some(), is_in, "{who}: the last owner stays");
        }

        // Whoever is let in again has as long again.
        let (sam, at) = (clinic.user("sam").await, clinic.organization("riverside").await);
        let context = clinic.context();
        clinic
            .write(move |tx| {
                Box::pin(async move {
                    let member = tx.memberships().of(&at, &sam).await?.expect("a member");
                    membership::enable(tx, &context, &at, &member.id).await?;
                    Ok(())
                })
            })
            .await;
        clinic.app.clock.advance(days(13));
        clinic.working(tokio::time::sleep(Duration::from_secs(2))).await;
        assert_eq!(clinic.recorded("policy-suspension").await, 2);
        clinic.app.clock.advance(days(1));
        assert_eq!(suspended(3).await.len(), 3);
    }
}

/// The clock of the clinic begins on Sunday, 22 November 2026, at 04:00 UTC.
const NIGHT: &str = "daily 03:00-05:00 in UTC";

#[tokio::test(flavor = "multi_thread")]
async fn outside_of_hours_nobody_gets_in_and_tokens_end_at_closing_time() {
    for clinic in Clinic::each().await {
        clinic.rule_for((SubjectKind::Role, "practitioner"), ("schedule.windows", NIGHT)).await;
        let (olivia, priya) = (clinic.browser("olivia").await, clinic.browser("priya").await);
        let mut tokens = clinic.tokens(&priya, "portal", "").await;
        let offline = clinic.tokens(&priya, "portal", "scope=openid+offline_access").await;
        clinic.app.clock.advance(minutes(58));
        tokens = clinic.refresh("portal", &tokens).await.json();
        assert_eq!(tokens["expires_in"], 120, "not beyond closing time");
        clinic.app.clock.advance(minutes(2));
        assert!(!clinic.is_active(&tokens["access_token"]).await);
        assert_eq!(clinic.refresh("portal", &tokens).await.json()["error"], "invalid_grant");
        assert_eq!(clinic.refresh("portal", &offline).await.json()["error"], "invalid_grant");
        let page = clinic.authorize(&priya, &request("portal", RIVERSIDE)).await;
        assert_eq!(page.status, 403);
        assert!(
            page.body.contains("is closed for you at this time") && page.body.contains("administrator"),
            "{}",
            page.body
        );
        let silent = clinic.authorize(&priya, &request("portal", "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("access_denied"));
        assert!(clinic.authorize(&olivia, &request("portal", RIVERSIDE)).await.parameter("code").is_some());
        let told = clinic.told("policy-refusal").await;
        assert_eq!(told, vec![pair("schedule.windows", "role practitioner"); 4]);

        // In the next night what outlives sessions goes on.
        clinic.app.clock.advance(Duration::from_hours(22));
        assert!(clinic.refresh("portal", &offline).await.json()["access_token"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn at_closing_time_whoever_is_signed_in_is_signed_out_there_alone() {
    for clinic in Clinic::each().await {
        clinic.leaves_jobs();
        clinic.joins("priya", "harbour").await;
        clinic.rule("schedule.windows", NIGHT).await;
        let priya = clinic.browser("priya").await;
        clinic.tokens(&priya, "portal", RIVERSIDE).await;
        let elsewhere = clinic.tokens(&priya, "portal", "organization=harbour").await;
        clinic.tokens(&priya, "portal", "organization=riverside&scope=openid+offline_access").await;
        clinic.app.clock.advance(minutes(60));
        clinic
            .working(async {
                while clinic.recorded("policy-sign-out").await == 0 {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            })
            .await;
        assert_eq!(clinic.told("policy-sign-out").await, [pair("schedule.windows", "organization riverside")]);
        assert!(clinic.refresh("portal", &elsewhere).await.json()["access_token"].is_string());
        let live: Vec<_> = {
            let riverside = clinic.organization("riverside").await;
            clinic.app.storage.read().await.unwrap().sessions().live_parts(&riverside, "", 10).await.unwrap()
        };
        assert!(live.is_empty(), "{live:?}");
        assert_eq!(EndReason::TooMany.as_str(), "too-many");

        // In the next night the session of the browser goes on, with another `sid`.
        clinic.app.clock.advance(Duration::from_hours(22));
        let priya = clinic.browser("priya").await;
        assert!(clinic.tokens(&priya, "portal", RIVERSIDE).await["access_token"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_sign_in_again_after_so_long_before_they_go_on_in_an_app() {
    for clinic in Clinic::each().await {
        clinic.rule_for((SubjectKind::Client, "portal"), ("session.reauthenticate", "30m")).await;
        let old = clinic.browser_since("priya", minutes(29)).await;
        let tokens = clinic.tokens(&old, "portal", "").await;
        assert_eq!(tokens["expires_in"], 60, "not beyond the time after which they sign in again");
        clinic.app.clock.advance(minutes(2));
        let silent = clinic.authorize(&old, &request("portal", "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        assert!(clinic.authorize(&old, &request("portal", "")).await.location().starts_with("/login"));
        assert_eq!(clinic.refresh("portal", &tokens).await.json()["error"], "invalid_grant");
        assert!(clinic.authorize(&old, &request("opaque", "")).await.parameter("code").is_some(), "another app");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_access_token_lives_as_long_as_the_strictest_rule_says() {
    for clinic in Clinic::each().await {
        clinic.rule("token.lifetime", "4m").await;
        clinic.rule_for((SubjectKind::Role, "supervisor"), ("token.lifetime", "2m")).await;
        for (who, expected) in [("olivia", 240), ("priya", 120)] {
            let browser = clinic.browser(who).await;
            let tokens = clinic.tokens(&browser, "portal", RIVERSIDE).await;
            let claims = claims(&tokens["access_token"]);
            assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), expected, "{who}");
        }
        // Nothing of it holds in another organization.
        let elsewhere = clinic.tokens(&clinic.browser("olivia").await, "portal", "organization=harbour").await;
        assert_eq!(elsewhere["expires_in"], 300);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_are_found_with_whether_they_have_a_second_factor() {
    for clinic in Clinic::each().await {
        clinic.has("priya", "totp").await;
        let (priya, sam) = (clinic.user("priya").await, clinic.user("sam").await);
        let nobody = UserId::from_stored("usr_nobody".to_owned());
        let mut tx = clinic.app.storage.read().await.unwrap();
        let at = tx.organizations().by_reference("riverside").await.unwrap().unwrap().id;
        let all = [priya.clone(), sam.clone(), nobody];
        let found = tx.policy_rules().members(&at, &all).await.unwrap();
        let mut found: Vec<_> = found.into_iter().map(|member| (member.user, member.has_factor)).collect();
        found.sort();
        let mut expected = vec![(priya, true), (sam, false)];
        expected.sort();
        assert_eq!(found, expected);
        let harbour = tx.organizations().by_reference("harbour").await.unwrap().unwrap().id;
        let there = tx.policy_rules().members(&harbour, &all[1..]).await.unwrap();
        assert_eq!(there.len(), 0, "Sam is a member of riverside alone");
    }
}
