//! What `lanyard policy set` says of a rule that changes nothing, and `explain` of all that keeps somebody out.

use serde_json::{Value, json};

use super::Host;

fn riverside() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "location create north --name North",
        "location create quay --name Quay --in north",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --role practitioner@quay",
        "client create rota --name Rota --redirect-uri https://rota.example/cb --access-token-seconds 180",
        "client activate rota --organization riverside",
    ] {
        host.succeed(command);
    }
    host
}

const PRIYA: &str = "priya@riverside.example";
const DAY: &str = "--at 2026-11-23T12:00:00Z";
const NIGHT: &str = "--at 2026-11-23T20:00:00Z";
const SURE: &str = "--acr urn:lanyard:acr:multi-factor";

/// What `policy set` says beside the list.
fn said(host: &Host, rule: &str) -> String {
    let said = host.run(&format!("policy set {rule}"));
    assert_eq!(said.code, Some(0), "{rule}: {}", said.err);
    said.err.trim().to_owned()
}

#[test]
fn a_rule_that_changes_nothing_says_what_is_in_force_and_by_what() {
    let host = riverside().with("LANYARD_PASSWORD__MIN_LENGTH", "12").with("LANYARD_POLICY__SESSION__CONCURRENT", "3");
    let nothing = |what: &str| format!("It makes nothing stricter: {what}.");
    for (rule, expected) in [
        ("password.min_length 13", String::new()),
        ("password.min_length 13", "Nothing changes: password.min_length is 13 there already.".to_owned()),
        ("password.min_length 13 --try", "Nothing changes: password.min_length is 13 there already.".to_owned()),
        ("password.min_length 8", nothing("password.min_length is 12 there all the same, by the configuration")),
        ("password.min_length 12", nothing("password.min_length is 12 there all the same, by the configuration")),
        ("password.min_length 16", String::new()),
        (
            "password.min_length 14 --role owner",
            nothing("password.min_length is 16 there all the same, by organization riverside"),
        ),
        (
            &format!("password.min_length 14 --member {PRIYA}"),
            nothing("password.min_length is 16 there all the same, by organization riverside"),
        ),
        ("password.min_length 20 --role practitioner", String::new()),
        (
            &format!("password.min_length 18 --member {PRIYA}"),
            nothing("password.min_length is 20 there all the same, by role practitioner"),
        ),
        ("session.concurrent 5", nothing("session.concurrent is 3 there all the same, by the configuration")),
        ("session.idle 1h", String::new()),
        (
            "session.idle 2h --client rota",
            "It makes nothing stricter for people: session.idle is 1h there all the same, by organization riverside."
                .to_owned(),
        ),
        ("session.idle 30m --location north", String::new()),
        ("session.idle 45m --location quay", nothing("session.idle is 30m there all the same, by location north")),
        ("token.lifetime 15m", String::new()),
        (
            "network.allowed 10.0.0.0/8",
            "No owner has signed in lately, so it could not be checked whether this stops all of them.".to_owned(),
        ),
    ] {
        assert_eq!(said(&host, rule), expected, "{rule}");
    }
    let tried = said(&host, "session.idle 20m --try");
    assert!(tried.starts_with("It is tried for ten minutes"), "{tried}");
    assert_eq!(said(&host, "session.idle 20m"), "session.idle was tried there as 20m, and is kept now.");
    let counted = host.json("audit list --action policy-set --all").as_array().unwrap().len();
    assert_eq!(counted, 16, "what changed");
}

#[test]
fn kinds_that_have_none_in_common_need_force() {
    let host = riverside();
    host.succeed("policy set factor.kinds totp");
    let said = host.fail("policy set factor.kinds passkey --role owner");
    assert!(said.contains("would leave olivia@riverside.example no second factor to set up"), "{said}");
    assert!(said.contains("--force"), "{said}");
    let said = host.fail(&format!("policy set factor.kinds passkey --member {PRIYA}"));
    assert!(said.contains(&format!("would leave {PRIYA} no second factor")), "{said}");
    assert_eq!(host.json("policy list").as_array().unwrap().len(), 1, "nothing was changed");
    host.succeed("policy set factor.kinds passkey --role owner --force");
}

fn line(answer: &Value, setting: &str) -> (String, String) {
    let lines = answer["settings"].as_array().unwrap();
    let line = lines.iter().find(|line| line["setting"] == setting).unwrap();
    (line["value"].as_str().unwrap().to_owned(), line["from"].as_str().unwrap().to_owned())
}

#[test]
fn every_line_of_an_explanation_has_a_value() {
    let host = riverside().with("LANYARD_PASSWORD__MIN_LENGTH", "12");
    host.succeed("policy set factor.kinds sms,totp --role practitioner");
    host.succeed("policy set password.strength 1");
    let answer = host.json(&format!("policy explain --user {PRIYA}"));
    for one in answer["settings"].as_array().unwrap() {
        assert!(!one["value"].as_str().unwrap().contains('['), "{one}");
    }
    let mut found = vec![];
    for setting in ["password.min_length", "password.strength", "factor.kinds", "token.lifetime", "session.fresh"] {
        let (value, from) = line(&answer, setting);
        found.push(format!("{setting}: {value} ({from})"));
    }
    let expected = [
        "password.min_length: 12 (configuration)",
        "password.strength: 3 (configuration)",
        "factor.kinds: totp (role practitioner, configuration)",
        "token.lifetime: 5m (configuration)",
        "session.fresh: 10m (configuration)",
    ];
    assert_eq!(found, expected);
    let with_app = host.json(&format!("policy explain --user {PRIYA} --client rota"));
    assert_eq!(line(&with_app, "token.lifetime"), ("3m".to_owned(), "client rota".to_owned()));

    host.succeed("emergency create safe");
    let safe = host.json("emergency list")[0]["user"].as_str().unwrap().to_owned();
    let answer = host.json(&format!("policy explain --user {safe}"));
    assert_eq!(line(&answer, "session.absolute"), ("4h".to_owned(), "emergency account".to_owned()));
    assert_eq!(line(&answer, "factor.kinds"), ("passkey".to_owned(), "emergency account".to_owned()));
}

#[test]
fn an_explanation_names_all_that_keeps_somebody_out() {
    let host = riverside();
    for rule in [
        "schedule.windows mon-fri\t07:00-19:00\tin\tUTC --role practitioner",
        "network.allowed 10.0.0.0/8 --member priya@riverside.example",
        "factor.required multi-factor --role practitioner",
    ] {
        host.succeed(&format!("policy set {rule}"));
    }
    let explain = |more: &str| host.json(&format!("policy explain --user {PRIYA} {more}"));
    let what = |answer: &Value| -> Vec<String> {
        let all = answer["obstacles"].as_array().unwrap();
        all.iter().map(|one| one["what"].as_str().unwrap().to_owned()).collect()
    };
    for (more, expected) in [
        (format!("{DAY} {SURE}"), &[][..]),
        (format!("{DAY} {SURE} --from-ip 10.1.2.3"), &[]),
        (DAY.to_owned(), &["factor.required"]),
        (format!("{DAY} --from-ip 192.0.2.7"), &["network.allowed", "factor.required"]),
        (format!("{NIGHT} --from-ip 192.0.2.7"), &["schedule.windows", "network.allowed", "factor.required"]),
    ] {
        let answer = explain(&more);
        assert_eq!(what(&answer), expected, "{more}");
        assert_eq!(answer["is_let_in"], json!(expected.is_empty()), "{more}");
    }
    let everything = format!("{NIGHT} --from-ip 192.0.2.7");
    let verdict = |host: &Host| {
        let said = host.succeed(&format!("policy explain --user {PRIYA} {everything}"));
        said.split("Would not be let in at 2026-11-23T20:00:00Z").nth(1).unwrap().to_owned()
    };
    let network = format!("network.allowed for member {PRIYA}");
    assert_eq!(
        verdict(&host),
        format!(
            ":\n- schedule.windows for role practitioner; open again at 2026-11-24T07:00:00Z\n- {network}\n- factor.required \
             for role practitioner; they have to prove urn:lanyard:acr:multi-factor, and to set it up where they have not\n"
        )
    );
    // Whoever is suspended holds no role; what is for them alone stays.
    host.succeed(&format!("membership disable {PRIYA}"));
    assert_eq!(verdict(&host), format!(":\n- the membership is disabled\n- {network}\n"));
}
