//! Rules about places: networks and countries, for people, apps and services.

use std::{net::SocketAddr, time::Duration};

use axum::{body::Body, extract::ConnectInfo, http::Request};
use lanyard::{audit::store::Query, geography::testing as geography, setting::SubjectKind};

use super::{
    clinic::{Answer, Clinic, basic, redemption, request},
    policies::{RIVERSIDE, pair},
};

/// A request as it comes from that address.
fn from(peer: &str, mut request: Request<Body>) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
    request
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_from_elsewhere_is_stopped_where_they_come_themselves() {
    for clinic in Clinic::each().await {
        clinic.rule("network.allowed", "192.0.2.0/24").await;
        let priya = clinic.browser("priya").await;
        let authorize = async |peer: &str, client: &str| {
            let uri = format!("/oauth2/authorize?{}", request(client, RIVERSIDE));
            clinic.send(from(peer, Request::get(uri).header("cookie", &priya).body(Body::empty()).unwrap())).await
        };
        let redeem = async |peer: &str, client: &str, form: String| {
            let sent = Request::post("/oauth2/token").header("content-type", "application/x-www-form-urlencoded");
            let sent = if client == "browser" { sent } else { sent.header("authorization", basic(client)) };
            clinic.send(from(peer, sent.body(Body::from(form)).unwrap())).await
        };
        let stopped = authorize("198.51.100.1", "portal").await;
        assert_eq!(stopped.status, 403);
        assert!(stopped.body.contains("doesn’t let you work from this network"), "{}", stopped.body);
        // What a help desk finds it by, and nothing of the rule.
        let request = stopped.headers["x-request-id"].to_str().unwrap().to_owned();
        let facts = [request.as_str(), "<code>198.51.100.1</code>", "UTC"];
        assert!(facts.iter().all(|fact| stopped.body.contains(fact)), "{}", stopped.body);
        assert!(!stopped.body.contains("192.0.2"), "{}", stopped.body);
        let query = Query { request: Some(request), limit: 9, ..Query::default() };
        let found = clinic.app.storage.read().await.unwrap().audit().list(query).await.unwrap();
        assert!(found.iter().any(|event| event.action == "policy-refusal"), "{found:?}");
        // The server of an app is no place of the person; the person's own device is.
        let code = authorize("192.0.2.7", "portal").await.parameter("code").unwrap();
        assert_eq!(redeem("198.51.100.1", "portal", redemption(&code)).await.status, 200);
        for (peer, expected) in [("192.0.2.7", 200), ("198.51.100.1", 400)] {
            let code = authorize("192.0.2.7", "browser").await.parameter("code").unwrap();
            let form = format!("{}&client_id=browser", redemption(&code));
            assert_eq!(redeem(peer, "browser", form).await.status, expected, "{peer}");
        }
        assert_eq!(clinic.told("policy-refusal").await, vec![pair("network.allowed", "organization riverside"); 2]);
        // A service is nobody of the organization; a rule for its client is about it.
        let service = "grant_type=client_credentials".to_owned();
        assert_eq!(redeem("198.51.100.1", "service", service.clone()).await.status, 200);
        clinic.rule_for((SubjectKind::Client, "service"), ("network.allowed", "192.0.2.7")).await;
        clinic.rule_for((SubjectKind::Client, "service"), ("token.lifetime", "2m")).await;
        assert_eq!(redeem("198.51.100.1", "service", service.clone()).await.json()["error"], "unauthorized_client");
        assert_eq!(redeem("192.0.2.7", "service", service).await.json()["expires_in"], 120);
    }
}

/// A request of a browser at that address.
pub(super) async fn authorize_from(clinic: &Clinic, peer: &str, (cookies, query): (&str, &str)) -> Answer {
    let uri = format!("/oauth2/authorize?{}", request("portal", query));
    clinic.send(from(peer, Request::get(uri).header("cookie", cookies).body(Body::empty()).unwrap())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_from_another_country_is_stopped_by_a_file_that_may_change_at_any_time() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    for database in lanyard::storage::testing::databases().await {
        std::fs::write(&file, geography::file(&[("192.0.2.0/24", "DK"), ("198.51.100.0/24", "RU")])).unwrap();
        let clinic = Clinic::configured(database, &[("network.countries", file.to_str().unwrap())]).await;
        let priya = clinic.browser("priya").await;
        let status = async |peer: &str| authorize_from(&clinic, peer, (&priya, RIVERSIDE)).await.status.as_u16();
        clinic.rule("network.countries", "DK, SE").await;
        for (peer, expected) in [
            ("192.0.2.7", 303),
            ("198.51.100.7", 403),
            ("203.0.113.7", 403),
            ("10.1.2.3", 303),
            ("::ffff:198.51.100.7", 403),
            ("2001:db8::1", 403),
        ] {
            assert_eq!(status(peer).await, expected, "{peer}");
        }
        let page = authorize_from(&clinic, "198.51.100.7", (&priya, RIVERSIDE)).await;
        assert!(page.body.contains("doesn’t let you work from"), "{}", page.body);
        let silent = authorize_from(&clinic, "198.51.100.7", (&priya, "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("access_denied"));
        assert!(clinic.told("policy-refusal").await.iter().all(|one| one.0 == "network.countries"));

        // The network has changed hands; then the file is broken, and nothing changes.
        let next = geography::file(&[("192.0.2.0/24", "DK"), ("198.51.100.0/23", "SE")]);
        for content in [next.clone(), next[..40].to_vec()] {
            std::fs::write(&file, content).unwrap();
            clinic.app.countries.refresh();
            assert_eq!(status("198.51.100.7").await, 303);
        }
        clinic.rule_for((SubjectKind::Client, "portal"), ("network.countries_denied", "SE, RU")).await;
        assert_eq!((status("198.51.100.7").await, status("192.0.2.7").await), (403, 303));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_the_node_finds_later_counts_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("countries.mmdb");
    for database in lanyard::storage::testing::databases().await {
        std::fs::remove_file(&file).ok();
        let clinic = Clinic::configured(database, &[("network.countries", file.to_str().unwrap())]).await;
        clinic.leaves_jobs();
        assert!(!clinic.app.countries.are_known());
        std::fs::write(&file, geography::file(&[("192.0.2.0/24", "DK")])).unwrap();
        clinic
            .working(async {
                while !clinic.app.countries.are_known() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_from_elsewhere_may_be_let_in_with_a_word_in_the_log_or_with_more_than_a_password() {
    for clinic in Clinic::each().await {
        clinic.rule("network.allowed", "192.0.2.0/24").await;
        clinic.rule("network.otherwise", "alert").await;
        let priya = clinic.browser("priya").await;
        let status =
            async |cookies: &str, peer: &str| authorize_from(&clinic, peer, (cookies, RIVERSIDE)).await.status.as_u16();
        assert_eq!((status(&priya, "192.0.2.7").await, clinic.recorded("policy-alert").await), (303, 0));
        assert_eq!((status(&priya, "198.51.100.7").await, clinic.recorded("policy-alert").await), (303, 1));
        assert_eq!(clinic.told("policy-alert").await, [pair("network.allowed", "organization riverside")]);
        clinic.rule_for((SubjectKind::Role, "practitioner"), ("network.otherwise", "step-up")).await;
        assert_eq!(status(&priya, "198.51.100.7").await, 403, "a password alone");
        clinic.has("priya", "totp").await;
        let away = authorize_from(&clinic, "198.51.100.7", (&priya, RIVERSIDE)).await;
        assert!(away.location().starts_with("/login/"), "whoever has a second factor signs in with it: {}", away.body);
        let silent = authorize_from(&clinic, "198.51.100.7", (&priya, "prompt=none")).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        clinic.sure("priya").await;
        assert_eq!(status(&priya, "198.51.100.7").await, 303, "two factors");
        clinic.rule("network.otherwise", "deny").await;
        assert_eq!(status(&priya, "198.51.100.7").await, 403, "the strictest wins");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_for_the_vpn_alone_is_closed_everywhere_else() {
    for clinic in Clinic::each().await {
        clinic.rule_for((SubjectKind::Client, "portal"), ("network.allowed", "203.0.113.9")).await;
        let priya = clinic.browser("priya").await;
        for (peer, client, expected) in
            [("203.0.113.9", "portal", 303), ("203.0.113.10", "portal", 403), ("203.0.113.10", "opaque", 303)]
        {
            let uri = format!("/oauth2/authorize?{}", request(client, RIVERSIDE));
            let sent = Request::get(uri).header("cookie", &priya).body(Body::empty()).unwrap();
            assert_eq!(clinic.send(from(peer, sent)).await.status.as_u16(), expected, "{client} from {peer}");
        }
    }
}
