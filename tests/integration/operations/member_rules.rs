//! Rules for one member: `lanyard user require-factor`, and `lanyard policy … --member` for all other settings.

use serde_json::{Value, json};

use super::Host;

const PRIYA: &str = "priya@riverside.example";

/// Riverside, where Olivia owns and Priya works; and Harbour, where Noor owns.
fn two() -> Host {
    let host = Host::set_up();
    for command in [
        "org create riverside --name Riverside",
        "org create harbour --name Harbour",
        "user create --name Olivia --email olivia@riverside.example --organization riverside --kind administrative --role owner",
        "user create --name Priya --email priya@riverside.example --organization riverside --kind practitioner --role practitioner",
        "user create --name Desk --user-name desk --one-time-password --organization riverside --kind administrative",
        "user create --name Noor --email noor@harbour.example --organization harbour --kind administrative --role owner",
    ] {
        host.succeed(command);
    }
    host.with("LANYARD_ORGANIZATION", "riverside")
}

/// The rules of Riverside: setting, for whom, value.
fn listed(host: &Host) -> Vec<[String; 3]> {
    let listed = host.json("policy list");
    let one = |rule: &Value| ["setting", "subject", "value"].map(|key| rule[key].as_str().unwrap().to_owned());
    listed.as_array().unwrap().iter().map(one).collect()
}

fn row(setting: &str, subject: &str, value: &str) -> [String; 3] {
    [setting, subject, value].map(str::to_owned)
}

/// What holds for somebody of a setting, and by whose rule.
fn holds(host: &Host, person: &str, setting: &str) -> [String; 2] {
    let answer = host.json(&format!("policy explain --user {person}"));
    let line = answer["settings"].as_array().unwrap().iter().find(|line| line["setting"] == setting).unwrap().clone();
    ["value", "from"].map(|key| line[key].as_str().unwrap().to_owned())
}

#[test]
fn a_second_factor_is_asked_of_one_member() {
    let host = two();
    let asked = host.json(&format!("user require-factor {PRIYA} --kind totp --kind passkey"));
    let member = asked["member"].as_str().unwrap().to_owned();
    assert_eq!((&asked["required"], &asked["told"]), (&json!("multi-factor"), &json!(PRIYA)));
    assert_eq!(asked["kinds"], json!(["totp", "passkey"]));
    let subject = format!("member {PRIYA}");
    let rules = [row("factor.kinds", &subject, "passkey, totp"), row("factor.required", &subject, "multi-factor")];
    assert_eq!(listed(&host), rules);
    assert_eq!(holds(&host, PRIYA, "factor.required"), ["multi-factor", subject.as_str()].map(str::to_owned));
    assert_eq!(holds(&host, "olivia@riverside.example", "factor.required"), ["not asked", "default"]);

    // What is asked is what was said last.
    let said = host.succeed(&format!("user require-factor {PRIYA} --grace 14d"));
    assert!(
        said.contains("multi-factor from 20") && said.contains(&format!("A letter to {PRIYA} is queued")),
        "{said}"
    );
    assert_eq!(listed(&host).len(), 1);
    let said = host.succeed(&format!("user require-factor {PRIYA} --kind passkey"));
    assert!(said.contains("phishing-resistant, by passkey."), "{said}");
    let said = host.succeed(&format!("user require-factor {PRIYA} --kind passkey"));
    assert!(said.contains("nobody is written to"), "{said}");
    let said = host.succeed("user require-factor desk");
    assert!(said.contains("There is no address to write to"), "{said}");
    let said = host.succeed(&format!("user require-factor {PRIYA} --not"));
    assert!(said.contains("Nothing is asked of priya@riverside.example alone any more"), "{said}");
    assert_eq!(listed(&host), [row("factor.required", "member desk", "multi-factor")]);
    assert!(host.fail(&format!("user require-factor {PRIYA} --not")).contains("there is no rule for factor.required"));

    // The log names the member, never the address, and finds what is about the person.
    let told = host.json(&format!("audit list --person {PRIYA} --all"));
    let about = |action: &str| {
        let all = told.as_array().unwrap().iter().filter(|event| event["action"] == action);
        all.map(|event| event["detail"].clone()).collect::<Vec<_>>()
    };
    assert_eq!((about("policy-set").len(), about("policy-removal").len()), (5, 3), "{told}");
    let subjects: Vec<String> = about("policy-set").iter().map(|detail| detail["subject"].to_string()).collect();
    assert_eq!(subjects, vec![format!("\"member {member}\""); 5]);
}

#[test]
fn the_answer_says_what_becomes_of_the_kinds() {
    let host = two();
    let subject = format!("member {PRIYA}");
    let again = format!("policy set factor.kinds totp --member {PRIYA}");
    host.succeed(&again);
    let said = host.succeed(&format!("user require-factor {PRIYA}"));
    assert!(said.contains("factor.kinds is taken back, which was totp for them alone"), "{said}");
    assert!(said.contains(&format!("`lanyard policy set factor.kinds 'totp' --member {PRIYA}`")), "{said}");
    host.succeed(&again);
    assert_eq!(host.json(&format!("user require-factor {PRIYA} --not"))["former_kinds"], "totp");
    assert!(listed(&host).is_empty());

    let said = host.succeed(&format!("user require-factor {PRIYA} --kind totp,passkey"));
    assert!(said.contains("multi-factor, by passkey, totp. A letter to"), "{said}");
    let said = host.succeed(&format!("user require-factor {PRIYA} --kind totp"));
    assert!(said.contains("multi-factor, by totp. Before, factor.kinds was passkey, totp for them alone."), "{said}");
    assert!(said.contains(&format!("A letter to {PRIYA} is queued")), "{said}");
    let said = host.succeed(&format!("user require-factor {PRIYA} --kind totp"));
    assert!(said.contains("by totp. It was so before, and nobody is written to."), "{said}");
    let rules = [row("factor.kinds", &subject, "totp"), row("factor.required", &subject, "multi-factor")];
    assert_eq!(listed(&host), rules);
}

#[test]
fn every_setting_of_people_is_set_for_one_member() {
    let host = two();
    let subject = format!("member {PRIYA}");
    host.succeed("policy set session.idle 1h");
    for (setting, value) in [("session.idle", "15m"), ("token.lifetime", "2m"), ("password.min_length", "20")] {
        host.succeed(&format!("policy set {setting} {value} --member {PRIYA}"));
        assert_eq!(holds(&host, PRIYA, setting), [value, subject.as_str()].map(str::to_owned));
    }
    host.succeed(&format!("policy set session.idle 5m --member {PRIYA} --try"));
    assert!(host.json("policy list").as_array().unwrap().iter().any(|one| one["tried_until"].is_string()));
    host.succeed(&format!("policy keep session.idle --member {PRIYA}"));
    host.succeed(&format!("policy unset session.idle --member {PRIYA}"));
    assert_eq!(holds(&host, PRIYA, "session.idle"), ["1h", "organization riverside"].map(str::to_owned));
    host.succeed(&format!("policy preset composition-and-expiry --member {PRIYA}"));
    assert_eq!(holds(&host, PRIYA, "password.history"), ["5", subject.as_str()].map(str::to_owned));
    host.succeed(&format!("policy simulate --set network.allowed=10.0.0.0/8 --member {PRIYA}"));
    let stopped = host.succeed(&format!("policy set network.allowed 10.0.0.0/8 --member {PRIYA}"));
    assert!(stopped.contains(&subject), "{stopped}");
    let said = host.succeed(&format!("policy explain --user {PRIYA} --from-ip 192.0.2.7"));
    assert!(said.contains(&format!("network.allowed for {subject}.")), "{said}");
    // An only owner is every owner.
    let never = "mon\t07:00-19:00\tin\tUTC\tuntil\t2020-01-01";
    let said = host.fail(&format!("policy set schedule.windows {never} --member olivia@riverside.example"));
    assert!(said.contains("would stop every owner"), "{said}");
}

#[test]
fn whoever_is_no_member_or_has_rules_of_their_own_has_none() {
    let host = two();
    host.succeed("emergency create safe");
    let safe = host.json("emergency list")[0]["user"].as_str().unwrap().to_owned();
    let before = listed(&host);
    for (command, code, says) in [
        ("user require-factor noor@harbour.example", 1, "there is no member `noor@harbour.example`"),
        ("user require-factor nobody@riverside.example", 1, "there is no member `nobody@riverside.example`"),
        ("policy set session.idle 5m --member noor@harbour.example", 1, "there is no member `noor@harbour.example`"),
        (&format!("user require-factor {safe}"), 1, "an emergency account has rules of its own"),
        (&format!("policy set session.idle 5m --member {safe}"), 1, "an emergency account has rules of its own"),
        (&format!("user require-factor {PRIYA} --kind sms"), 1, "nothing that this person may set up is multi-factor"),
        (&format!("user require-factor {PRIYA} --kind smoke"), 2, "expected one of totp, passkey, email, sms"),
        (&format!("user require-factor {PRIYA} --grace soon"), 2, "write a number and a unit such as 14d"),
        (&format!("user require-factor {PRIYA} --not --grace 14d"), 2, "cannot be used with"),
        (&format!("policy set session.idle 5m --member {PRIYA} --role owner"), 2, "cannot be used with"),
    ] {
        let said = host.run(command);
        assert_eq!(said.code, Some(code), "{command}: {}", said.err);
        assert!(said.err.contains(says), "{command}: {}", said.err);
    }
    assert_eq!(listed(&host), before, "nothing was changed");
}
