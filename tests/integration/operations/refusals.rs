//! Requests that are refused: the id that somebody reads from an error page is found in the log.

use std::fs;

use reqwest::Client;

use super::{Host, Server};

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_found_in_the_log_by_the_id_on_its_page() {
    let host = Host::new().with("LANYARD_TELEMETRY__LOG_FORMAT", "json");
    let server = Server::start(&host).await;
    let http = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let authorize = "/oauth2/authorize?client_id=stranger&state=unspeakable";
    let mut expected = vec![];
    for (path, status, route, code) in [
        ("/unspeakable?code=unspeakable", 404, None, "not_found"),
        ("/invitation/unspeakable", 410, Some("/invitation/{token}"), "link_invalid"),
        (authorize, 400, Some("/oauth2/authorize"), "invalid_request"),
    ] {
        let answer = http.get(format!("{}{path}", server.address)).header("accept", "text/html").send().await.unwrap();
        assert_eq!(answer.status(), status, "{path}");
        let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert!(answer.text().await.unwrap().contains(&id), "{path}");
        expected.push((id, status, route, code));
    }
    let form = [("grant_type", "authorization_code"), ("code", "unspeakable"), ("client_id", "unspeakable")];
    let answer = http.post(format!("{}/oauth2/token", server.address)).form(&form).send().await.unwrap();
    let id = answer.headers()["x-request-id"].to_str().unwrap().to_owned();
    expected.push((id, answer.status().as_u16(), Some("/oauth2/token"), "invalid_client"));

    let log = fs::read_to_string(host.path("log")).unwrap();
    for (id, status, route, code) in expected {
        let lines: Vec<&str> = log.lines().filter(|line| line.contains(&id)).collect();
        let [line] = lines[..] else { panic!("{id} once in\n{log}") };
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["level"], &line["message"]), (&"INFO".into(), &"A request was refused.".into()));
        assert_eq!((&line["error.code"], &line["status"]), (&code.into(), &status.into()), "{line}");
        assert_eq!(line["span"]["http.route"].as_str(), route, "{line}");
    }
    assert!(!log.contains("unspeakable"), "{log}");
}
